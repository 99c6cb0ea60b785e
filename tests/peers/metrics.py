#!/usr/bin/env python3
"""Metrics after runs full of faults, beside what the server of the faults wrote down itself; and promtool's opinion.

    tests/peers/metrics.py TIDINGS SERVE_CORPUS.py FOLDER_OF_FEEDS PROMTOOL

Each fault is one source with an address of its own; those that ask for a wait have a host of their own, since a wait is its
host's. Eight runs in four days of pretended time. Then each source's counters are held against the lines of the server's log
with its address, status by status, and all of them against the whole log. Leaves with 1 if a figure differs.
"""
import collections
import http.server
import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time

PROGRAM, SERVER, FEEDS, PROMTOOL = sys.argv[1:5]
broken = []

# By the outcome that each is to be counted under; None: more than one, in turn.
FAULTS = {
    "404": "status", "410": "gone", "401": "status", "403": "status", "500": "status", "502": "status", "503": "status",
    "status,code=418": "status", "flap,pattern=5|5|ok": None, "failfirst,n=1": None, "redditblock": "status",
    "reset": "broken", "shortlen": "broken", "closeearly": "broken", "badchunk": "broken", "twolengths": "broken",
    "truncgzip": "broken", "badgzip": "broken",
    "soft404": "not-a-feed", "emptybody": "not-a-feed", "challenge": "not-a-feed", "noloc": "redirect",
    "filescheme": "forbidden", "private": "forbidden", "big,mb=50": "too-large", "gzipbomb,mb=1024": "too-large",
    "infinite": "too-large", "truncxml": None, "no304": None, "etagonly": None, "lmonly": None, "weaketag": None,
    "bad304": "broken", "charset": None, "utf16": None,
    "429": "waiting", "429,retry_after=date": "waiting", "503,retry_after=60": "waiting", "ghsecondary": "waiting",
}
WAITS = [fault for fault, outcome in FAULTS.items() if outcome == "waiting"]
TIMES = ["2026-11-21T12:00:00Z", "2026-11-21T13:00:00Z", "2026-11-21T13:01:00Z", "2026-11-21T15:00:00Z",
         "2026-11-21T20:00:00Z", "2026-11-22T12:00:00Z", "2026-11-23T12:00:00Z", "2026-11-24T18:00:00Z"]


class Hanging(http.server.BaseHTTPRequestHandler):
    """Says nothing for longer than anybody waits. A server of ours: that of the faults writes down only what it answered."""
    asked = collections.Counter()

    def do_GET(self):
        Hanging.asked[self.path] += 1
        time.sleep(30)

    def log_message(self, *_):
        pass


def check(holds, words):
    print(("holds   " if holds else "BROKEN  ") + words)
    if not holds:
        broken.append(words)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def samples(page):
    """By family, then by its labels as a sorted tuple."""
    found = collections.defaultdict(dict)
    for line in page.splitlines():
        if line.startswith("#"):
            continue
        name, labels, value = re.fullmatch(r"([a-z_]+)(?:\{(.*)\})? (\S+)", line).groups()
        pairs = re.findall(r'([a-z]+)="((?:[^"\\]|\\.)*)"', labels or "")
        found[name][tuple(sorted(pairs))] = float(value)
    return found


with tempfile.TemporaryDirectory() as folder:
    work = pathlib.Path(folder)
    feeds = sorted(path.relative_to(FEEDS) for path in pathlib.Path(FEEDS).rglob("*")
                   if path.suffix in (".xml", ".rss", ".atom") and path.stat().st_size < 500_000
                   and b"<item" in path.read_bytes())[:10]
    port, log = free_port(), work / "log.jsonl"
    server = subprocess.Popen([sys.executable, SERVER, "--root", FEEDS, "--port", str(port), "--hosts",
                               str(len(WAITS) + 3), "--log", log], stdout=subprocess.PIPE, text=True)
    try:
        server.stdout.readline()
        sources = {f"good {number}": (2, f"/f/{feed}") for number, feed in enumerate(feeds)}
        for number, fault in enumerate(FAULTS):
            host = WAITS.index(fault) + 4 if fault in WAITS else number % 2 + 2
            sources[fault] = (host, f"/x/{fault}/{feeds[0]}")
        hanging = http.server.ThreadingHTTPServer(("127.0.0.2", 0), Hanging)
        hanging.daemon_threads = True
        threading.Thread(target=hanging.serve_forever, daemon=True).start()
        home = work / "home"
        home.mkdir()
        (home / "tidings.toml").write_text('[model]\nendpoint = "off"\n[network]\nallow = ["127.0.0.0/8"]\ngap = "10ms"\n'
                                           'total_timeout = "5s"\n')
        (home / "sources.toml").write_text("".join(
            f'[[source]]\nname = {json.dumps(name)}\nfrom.feed = {json.dumps(f"http://127.0.0.{host}:{port}{path}")}\n'
            f'every = "1h"\ntrust = "expert"\n' for name, (host, path) in sources.items())
            + f'[[source]]\nname = "hang"\nfrom.feed = "http://127.0.0.2:{hanging.server_address[1]}/hang"\nevery = "1h"\n')
        FAULTS["hang"] = "timeout"
        sources["hang"] = (2, "/hang")
        reports = []
        for now in TIMES:
            process = subprocess.run([PROGRAM, "--home", home, "--now", now, "--json", "run"], capture_output=True, text=True)
            reports.append(json.loads(process.stdout))
        page = subprocess.run([PROGRAM, "--home", home, "--now", TIMES[-1], "status", "--metrics"], capture_output=True,
                              text=True, check=True).stdout
    finally:
        server.terminate()
        server.wait()
    promtool = subprocess.run([PROMTOOL, "check", "metrics"], input=page, capture_output=True, text=True)
    said = (promtool.stdout + promtool.stderr).strip()
    check(promtool.returncode == 0 and not said, f"promtool check metrics: exit {promtool.returncode}, {said or 'not a word'}")
    found = samples(page)
    fetches = collections.defaultdict(collections.Counter)
    for labels, value in found["tidings_source_fetches_total"].items():
        labels = dict(labels)
        fetches[labels["source"]][labels["outcome"]] += int(value)
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    logged = collections.defaultdict(collections.Counter)
    for line in lines:
        logged[line["target"]][line["status"]] += 1
    for path, number in Hanging.asked.items():
        logged[path]["no answer"] = number
    differing = 0
    for name, (_, path) in sources.items():
        ours, theirs = {key: value for key, value in fetches[name].items() if value}, logged[path]
        outcome = FAULTS.get(name)
        equal = sum(ours.values()) == sum(theirs.values()) and (outcome is None or set(ours) == {outcome})
        equal = equal and ours.get("not_modified", 0) == (0 if name == "bad304" else theirs.get(304, 0))
        differing += not equal
        print(f"{'' if equal else 'BROKEN '}{name:26} {ours} beside {dict(theirs)}")
    check(differing == 0, f"{len(sources) - differing} of {len(sources)} sources are counted as the server logged them")
    ours, theirs = sum(sum(counter.values()) for counter in fetches.values()), len(lines) + sum(Hanging.asked.values())
    check(ours == theirs, f"turns in all: {ours}; requests in the servers' logs: {theirs}")
    by_report = collections.Counter()
    for report in reports:
        for source in report["sources"]:
            if source["status"] != "not_due":
                by_report[source["fault"]["kind"] if source["status"] == "fault" else source["status"]] += 1
    by_metric = collections.Counter()
    for counter in fetches.values():
        by_metric.update(counter)
    by_metric = +by_metric
    # `run --json` calls a source that is gone by its kind, too.
    check(by_report == by_metric, f"by outcome: {dict(by_metric)}; the runs' own reports: {dict(by_report)}")
    runs = {dict(labels)["outcome"]: int(value) for labels, value in found["tidings_runs_total"].items()}
    asked = sum(any(source["status"] != "not_due" for source in report["sources"]) for report in reports)
    check(sum(runs.values()) == len(TIMES) and runs["good"] + runs["unanswered"] == asked, f"runs: {runs} of {len(TIMES)}")
    items = sum(value for value in found["tidings_source_items_total"].values())
    new = sum(source["new"] for report in reports for source in report["sources"])
    check(items == new == found["tidings_items_indexed"][()], f"items: {items:.0f}, told new by the runs: {new}, indexed: "
          f"{found['tidings_items_indexed'][()]:.0f}")
    print(f"{len(page.splitlines())} lines, {len(page)} bytes, {len(found)} families")
sys.exit(1 if broken else 0)
