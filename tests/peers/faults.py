#!/usr/bin/env python3
"""Every fault a hostile feed server knows, all at once beside 33 good feeds.

    tests/peers/faults.py TIDINGS SERVE_CORPUS.py FOLDER_OF_FEEDS

TIDINGS is the program, SERVE_CORPUS.py a loopback server of feeds with faults by path, FOLDER_OF_FEEDS what it serves. The
faults are spread over 127.0.0.2 to 127.0.0.4 (those that ask for a wait on 127.0.0.4 alone, since a wait is its whole
host's), the good feeds over all three. Runs twice, prints one line for each fault, then 30 feeds of 19 MB; leaves with 1 if
a promise is broken.
"""
import http.server
import json
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

PROGRAM, SERVER, FEEDS = sys.argv[1:4]
TOTAL_SECONDS = 20
MOST_MB = 150
broken = []

# What each is to come to: entries of the feed it spoils ("all", "some"), a number of its own, or kinds of fault.
FAULTS = {
    "404": "status", "410": "status", "401": "status", "403": "status", "500": "status", "502": "status", "503": "status",
    "status,code=418": "status", "flap,pattern=5|5|ok": "status", "failfirst,n=1": "status", "ghrate": "status",
    "redditblock": "status", "challenge,code=503": "status",
    "429": "waiting", "429,retry_after=date": "waiting", "503,retry_after=60": "waiting", "ghsecondary": "waiting",
    "reddit429": "waiting",
    "slow,bps=200": "timeout", "hang": "timeout", "hangheaders": "timeout", "hangmid": "timeout", "delay,s=3": "all",
    "reset": "broken", "shortlen": "broken", "closeearly": "broken", "badchunk": "broken", "twolengths": "broken",
    "truncgzip": "broken", "badgzip": "broken", "truncxml": "some",
    "301": "all", "302": "all", "303": "all", "307": "all", "308": "all", "chain,n=3": "all", "hopmix": "all",
    "loop": "redirect", "pingpong": "redirect", "chain,n=9": "redirect", "noloc": "redirect",
    "private": "forbidden", "loopback": "forbidden", "ipv6loop": "forbidden", "mapped": "forbidden", "decimal": "forbidden",
    "filescheme": "forbidden", "credredir": "forbidden",
    "wrongtype": "all", "ctxml": "all", "notype": "all", "soft404": "not-a-feed", "catchall": "not-a-feed",
    "challenge": "not-a-feed", "emptybody": "not-a-feed", "emptyfeed": 0, "charset": "all", "utf16": "all", "bom": "all",
    "gzipbomb,mb=1024": "too-large", "bombnest": "broken", "big,mb=50": "too-large", "bigxml,mb=50": "too-large",
    "infinite": "too-large", "manyitems,n=20000": 20000, "longtitle,mb=5": 1, "deepnest": 0, "longheader": "all",
    "manyheaders": "broken",
    "badutf8": "all", "nul": "all", "billionlaughs": 1, "quadratic": "not-a-feed", "xxe": 1, "xxeparam": 0, "dupguids": 10,
    "noguids": 10, "nodates": 10, "futuredates": 10, "baddates": 8, "scripty": 10, "crlfheader": "all",
    "no304": "all", "weaketag": "all", "etagonly": "all", "lmonly": "all", "nocache": "all", "etagchurn": "all",
    "lmfuture": "all", "bad304": "broken", "vary304": "all", "changed": "all",
}


def check(holds, words):
    print(("holds   " if holds else "BROKEN  ") + words)
    if not holds:
        broken.append(words)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def write_home(folder, sources, allow):
    folder.mkdir()
    (folder / "tidings.toml").write_text(
        f'[network]\nallow = {json.dumps(allow)}\ngap = "20ms"\ntotal_timeout = "{TOTAL_SECONDS}s"\n')
    (folder / "sources.toml").write_text("".join(
        f'[[source]]\nname = {json.dumps(name)}\nfrom.feed = {json.dumps(url)}\nevery = "1h"\ntrust = "expert"\n'
        for name, url in sources))
    return folder


def run(home, now):
    """The report, seconds, and the largest resident size of the process in MB."""
    begun = time.monotonic()
    process = subprocess.Popen([PROGRAM, "--home", home, "--now", now, "--json", "run"], stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL, text=True)
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = status
    return json.loads(output), time.monotonic() - begun, usage.ru_maxrss / 1024


def hostile(work):
    feeds = sorted(path.relative_to(FEEDS) for path in pathlib.Path(FEEDS).rglob("*")
                   if path.suffix in (".xml", ".rss", ".atom", ".json") and path.stat().st_size < 500_000
                   and b"<item" in path.read_bytes())[:33]
    if len(feeds) < 33:
        sys.exit(f"{FEEDS} has {len(feeds)} feeds of less than 500 kB; 33 are needed")
    port = free_port()
    log = work / "log.jsonl"
    server = subprocess.Popen([sys.executable, SERVER, "--root", FEEDS, "--port", str(port), "--hosts", "4", "--log", log],
                              stdout=subprocess.PIPE, text=True)
    try:
        server.stdout.readline()
        ask = lambda path: json.load(urllib.request.urlopen(f"http://127.0.0.1:{port}/_ctl/{path}"))
        spoiled = feeds[0]
        sources = [(f"good {number}", f"http://127.0.0.{number % 2 + 2}:{port}/f/{feed}")
                   for number, feed in enumerate(feeds)]
        for number, (fault, expected) in enumerate(FAULTS.items()):
            # credredir leads to 127.0.0.2, which must be another host to it.
            host = 4 if expected == "waiting" else 3 if fault == "credredir" else number % 2 + 2
            sources.append((fault, f"http://127.0.0.{host}:{port}/x/{fault}/{spoiled}"))
        home = write_home(work / "hostile", sources, [f"127.0.0.{host}" for host in (2, 3, 4)])
        report, seconds, megabytes = run(home, "2026-11-21T12:00:00Z")
        status = json.loads((home / "state/views/status.json").read_text())
        states = {source["name"]: source for source in status["sources"]}
        found = {source["name"]: source for source in report["sources"]}
        whole = found["good 0"]["entries"]
        print(f"{'fault':24} {'came to':14} {'entries':>7}  next try")
        for fault, expected in FAULTS.items():
            source, state = found[fault], states[fault]
            kind = source["fault"]["kind"] if source["fault"] else "items"
            print(f"{fault:24} {kind:14} {source['entries']:7}  {state['next_try']}")
            if expected in ("all", "some") or isinstance(expected, int):
                least = {"all": whole, "some": 1}.get(expected, expected)
                good = source["status"] == "ok" and source["entries"] >= least and state["failures"] == 0
            else:
                good = (source["status"] == "fault" and kind == expected and state["failures"] == 1
                        and source["fault"]["message"] and state["next_try"] > "2026-11-21T12:00:00Z")
            if not good:
                check(False, f"{fault}: expected {expected}: {source} {state['failures']}")
        good = [found[f"good {number}"] for number in range(33)]
        check(all(source["status"] == "ok" and source["entries"] > 0 for source in good), "the items of all 33 good feeds arrive: "
              f"{sum(source['new'] for source in good)}")
        check(seconds < 4 * TOTAL_SECONDS, f"the run ends within its limits: {seconds:.1f} s ({TOTAL_SECONDS} s for an answer)")
        check(megabytes < MOST_MB, f"memory: {megabytes:.0f} MB at most")
        canary = ask("canary")
        check(canary == [], f"nothing private was asked: {canary}")
        lines = [json.loads(line) for line in log.read_text().splitlines()]
        check(not any(line["auth"] or line["cookie"] for line in lines), "no request carried Authorization or a cookie")
        before = len(lines)
        report, seconds, _ = run(home, "2026-11-21T12:00:30Z")
        after = [json.loads(line) for line in log.read_text().splitlines()][before:]
        # The shortest wait asked for on 127.0.0.4 is five seconds.
        early = [line["target"] for line in after if line["local"] != "127.0.0.4"]
        check(early == [], f"half a minute later nobody is asked but who named a shorter wait: {early}, {len(after)} requests")
        report, seconds, megabytes = run(home, "2026-11-22T18:00:00Z")
        after = [json.loads(line) for line in log.read_text().splitlines()][before:]
        found = {source["name"]: source for source in report["sources"]}
        same = sum(found[f"good {number}"]["status"] == "not_modified" for number in range(33))
        check(same == 33, f"a day later: {same} of 33 good feeds answer 304; "
              f"{sum(line['status'] == 304 for line in after)} in all, {seconds:.1f} s, {megabytes:.0f} MB")
        check(found["failfirst,n=1"]["status"] == "ok", "what was mended gives its items")
        check(ask("canary") == [], "and nothing private was asked again")
    finally:
        server.terminate()
        server.wait()


def large(work, count, size):
    """So many feeds of so many bytes at once, with texts of usual length."""
    words = [f"w{number * 7919 % 10007}" for number in range(4_000)]
    item = lambda number: (f"<item><guid>urn:{number}</guid><title>Entry {number}</title><link>http://a.example/{number}</link>"
                           f"<description>{' '.join(words[number % 50:][:300])}</description></item>").encode()
    head, tail = b'<?xml version="1.0"?><rss version="2.0"><channel><title>Large</title>', b"</channel></rss>"
    # A few entries, and much that is no entry: what arrives is measured, not a library of 300,000 items.
    body = head + b"".join(map(item, range(20)))
    body += b"<x>" + b"y" * (size - len(body) - 30) + b"</x>" + tail

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "application/rss+xml")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    servers = [http.server.ThreadingHTTPServer((f"127.0.0.{number + 2}", 0), Handler) for number in range(count)]
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    sources = [(f"large {number}", f"http://{server.server_address[0]}:{server.server_address[1]}/")
               for number, server in enumerate(servers)]
    home = write_home(work / "large", sources, ["127.0.0.0/8"])
    report, seconds, megabytes = run(home, "2026-11-21T12:00:00Z")
    arrived = sum(source["entries"] == 20 for source in report["sources"])
    check(arrived == count, f"{arrived} of {count} feeds of {size / 1e6:.0f} MB at once arrive, in {seconds:.1f} s")
    check(megabytes < MOST_MB, f"memory: {megabytes:.0f} MB at most")


with tempfile.TemporaryDirectory() as folder:
    hostile(pathlib.Path(folder))
    large(pathlib.Path(folder), 30, 19_000_000)
sys.exit(1 if broken else 0)
