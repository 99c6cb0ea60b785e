#!/usr/bin/env python3
"""Real feed histories, step by step, as they were and with made damage, compared item by item with what is true of them.

    tests/peers/histories.py KEEP_HISTORIES FOLDER [--program TIDINGS --server SERVE_CORPUS.py] [--damage NAME,…] [--history NAME,…]

FOLDER holds histories: folders with truth.jsonl (a line a step: `file`, `really_new`, `moved`) and the pages, plain or .gz.
Each damage is made by rewriting the pages into a folder of its own, from the middle of the history on and again from three
quarters on. KEEP_HISTORIES (the example keep-histories) reads and keeps them; with --program, the real program does it, one
run a step, asking SERVE_CORPUS.py.

What is true of a damaged history: an item is the link its publisher gave it (`moved` joins two links of one item), and it is
new at the first step whose page shows it. Counted are items raised that are none (`false new`), items never raised (`missed`)
and, of known ones, items taken for others (`mixed up`: an item's id shows the link of another item). Prints a table, and the
name of every item it counts; leaves with 1 if there are any false, missed or mixed up.
"""
import argparse
import collections
import email.utils
import gzip
import hashlib
import json
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request

BLOCK = re.compile(r"<(item|entry)[\s>].*?</\1>", re.S)
LINK = re.compile(r"(<link>\s*(?:<!\[CDATA\[)?)([^<\]]*?)((?:\]\]>)?\s*</link>)|(<link\b[^>]*?href=[\"'])([^\"']*)([\"'])", re.S)
GUID = re.compile(r"(<(guid|id)\b[^>]*>)(.*?)(</\2>)", re.S)
TITLE = re.compile(r"(<title\b[^>]*>\s*(?:<!\[CDATA\[)?)(.*?)((?:\]\]>)?\s*</title>)", re.S)
DATE = re.compile(r"(<(pubDate|published|updated|dc:date)\b[^>]*>)(.*?)(</\2>)", re.S)
TEXT = re.compile(r"(<(description|summary|content|content:encoded)\b[^>]*>)(.*?)(</\2>)", re.S)


def short(text):
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def link_of(block):
    found = LINK.search(block)
    return (found[2] if found[2] is not None else found[5]).strip() if found else ""


def set_link(block, link):
    return LINK.sub(lambda m: (m[1] or m[4]) + link + (m[3] or m[6]), block, count=1)


def unescaped(text):
    return text.replace("&amp;", "&")


class Plan:
    """What a damage does to the entries of one page. `phase` is 0 before the first damage, then 1, then 2."""

    def __init__(self, name):
        self.acts = [] if name == "none" else name.split("+")

    def page(self, blocks, step, phase, seed):
        for act in self.acts if phase else []:
            blocks = getattr(self, act.replace("-", "_"))(blocks, step, phase, random.Random(f"{seed} {step} {act}"))
        return blocks

    @staticmethod
    def links(blocks, step, phase, dice):
        return [set_link(b, f"https://new{phase}.example.net/{phase}/read/{short(link_of(b))}") for b in blocks]

    @staticmethod
    def hosts(blocks, step, phase, dice):
        """Another host, the same path."""
        return [set_link(b, re.sub(r"^https?://[^/]+", f"https://moved{phase}.example.net", link_of(b))) for b in blocks]

    @staticmethod
    def paths(blocks, step, phase, dice):
        """Another folder on the same host, the same last part."""
        return [set_link(b, re.sub(r"^(https?://[^/]+)/", rf"\1/v{phase}/x/", link_of(b))) for b in blocks]

    @staticmethod
    def scheme(blocks, step, phase, dice):
        return [set_link(b, ("http" if phase == 1 else "https") + "://www." + re.sub(r"^https?://(www\.)?", "", link_of(b)))
                for b in blocks]

    @staticmethod
    def links_each(blocks, step, phase, dice):
        return [set_link(b, f"https://s.example.net/{step}/{short(link_of(b) + str(step))}") for b in blocks]

    @staticmethod
    def guids(blocks, step, phase, dice):
        return [GUID.sub(lambda m: f"<{m[2]}>urn:{phase}:{short(m[3])}</{m[2]}>", b, count=1) for b in blocks]

    @staticmethod
    def guids_each(blocks, step, phase, dice):
        return [GUID.sub(lambda m: f"<{m[2]}>urn:{step}:{number}</{m[2]}>", b, count=1) for number, b in enumerate(blocks)]

    @staticmethod
    def guids_places(blocks, step, phase, dice):
        return [GUID.sub(lambda m: f"<{m[2]}>{number}</{m[2]}>", b, count=1) for number, b in enumerate(blocks)]

    @staticmethod
    def guids_gone(blocks, step, phase, dice):
        return [GUID.sub("", b, count=1) for b in blocks]

    @staticmethod
    def one_guid(blocks, step, phase, dice):
        return [GUID.sub(lambda m: f"<{m[2]}>https://example.net/feed</{m[2]}>", b, count=1) for b in blocks]

    @staticmethod
    def reversed(blocks, step, phase, dice):
        return blocks[::-1]

    @staticmethod
    def shuffled(blocks, step, phase, dice):
        blocks = blocks[:]
        dice.shuffle(blocks)
        return blocks

    @staticmethod
    def dates_now(blocks, step, phase, dice):
        now = email.utils.formatdate(1795262400 + 90000 * step, usegmt=True)
        return [DATE.sub(lambda m: m[1] + now + m[4], b) for b in blocks]

    @staticmethod
    def dates_shifted(blocks, step, phase, dice):
        def shifted(match):
            try:
                at = email.utils.parsedate_to_datetime(match[3].strip()).timestamp() - 40 * 86400 * phase
            except (TypeError, ValueError):
                return match[0]
            return match[1] + email.utils.formatdate(at, usegmt=True) + match[4]
        return [DATE.sub(shifted, b) for b in blocks]

    @staticmethod
    def dates_gone(blocks, step, phase, dice):
        return [DATE.sub("", b) for b in blocks]

    @staticmethod
    def texts_gone(blocks, step, phase, dice):
        return [TEXT.sub("", b) for b in blocks]

    @staticmethod
    def title_cased(blocks, step, phase, dice):
        return [TITLE.sub(lambda m: m[1] + m[2].upper().replace("&AMP;", "&amp;").replace("&LT;", "&lt;") + m[3], b, count=1)
                for b in blocks]

    @staticmethod
    def one_title(blocks, step, phase, dice):
        """One item is called otherwise from then on."""
        if not blocks:
            return blocks
        chosen = min(blocks, key=lambda b: short(link_of(b)))
        words = {1: "Now under another name", 2: "And renamed once more"}[phase]
        return [TITLE.sub(lambda m: m[1] + words + m[3], b, count=1) if link_of(b) == link_of(chosen) else b for b in blocks]

    @staticmethod
    def short_page(blocks, step, phase, dice):
        """Ten entries; the whole page again with the second damage."""
        return blocks[:10] if phase == 1 else blocks

    @staticmethod
    def holes(blocks, step, phase, dice):
        """Each page lacks a third of the entries, others each time."""
        return [b for b in blocks if dice.random() > 0.33]

    def empty(self, blocks, step, phase, dice):
        return [] if self.is_pause else blocks

    is_pause = False


DAMAGES = ["none", "links", "hosts", "paths", "scheme", "guids", "links+guids", "hosts+guids", "guids-each", "guids-places",
           "guids-gone", "one-guid", "empty", "reversed", "shuffled", "dates-now", "dates-shifted", "dates-gone", "texts-gone",
           "title-cased", "one-title", "short-page", "holes",
           "empty+links+guids", "links+guids+dates-now", "links+guids+dates-gone", "links+guids+shuffled",
           "links+guids+one-title", "guids-each+dates-now", "guids-each+shuffled+holes", "guids-each+links", "links-each",
           "guids-each+one-title", "hosts+guids+title-cased", "paths+guids+dates-shifted", "links+dates-now",
           "links+guids+holes"]


def load(folder):
    """The rows of a history with their pages, and each link's item."""
    rows = [json.loads(line) for line in open(folder / "truth.jsonl", encoding="utf-8")]
    item = {}
    for row in rows:
        for old, new in row.get("moved") or []:
            item[new] = item.get(old, old)
        raw = None
        if row.get("file"):
            raw = (folder / row["file"]).read_bytes()
            raw = gzip.decompress(raw) if row["file"].endswith(".gz") else raw
        row["page"] = raw
    return rows, item


def make(rows, item, damage, folder):
    """Writes the damaged history; returns for each step the items of its page by their link, in order."""
    folder.mkdir(parents=True)
    plan, shown = Plan(damage), []
    middle, later = len(rows) // 2, 3 * len(rows) // 4
    with open(folder / "truth.jsonl", "w") as truth:
        for step, row in enumerate(rows):
            phase = 0 if step < middle else 1 if step < later else 2
            plan.is_pause = middle <= step < middle + 3 or later <= step < later + 2
            if row["page"] is None:
                truth.write(json.dumps({"file": None, "time": row["time"]}) + "\n")
                shown.append(None)
                continue
            text = row["page"].decode("utf-8", "surrogateescape")
            found = list(BLOCK.finditer(text))
            blocks = [match[0] for match in found]
            # A mark behind each entry tells what it was before it was renamed and moved.
            marked = [f"{block}<!--{number}-->" for number, block in enumerate(blocks)]
            made, names = [], []
            for block in plan.page(marked, step, phase, folder.name):
                block, number = re.fullmatch(r"(.*)<!--(\d+)-->", block, re.S).groups()
                made.append(block)
                original = unescaped(link_of(blocks[int(number)]))
                names.append((unescaped(link_of(block)), item.get(original, original)))
            shown.append(names)
            if found:
                text = text[:found[0].start()] + "\n".join(made) + text[found[-1].end():]
            name = f"{step:04}.xml"
            (folder / name).write_bytes(text.encode("utf-8", "surrogateescape"))
            truth.write(json.dumps({"file": name, "time": row["time"]}) + "\n")
    return shown


def norm(link):
    """As far as reading may change a link."""
    if not link:
        return ""
    link = re.sub(r"^https?://(www\.)?", "", link)
    head, mark, fragment = link.partition("#")
    return head.rstrip("/").lower() + mark + fragment


def compare(shown, told):
    """`told` is, for each step, what was raised and which id shows which link. Returns lists of names."""
    item_of, known, raised = {}, set(), collections.defaultdict(list)
    holds, false, missed, mixed = {}, [], [], []
    for step, names in enumerate(shown):
        if names is None:
            continue
        item_of.update((norm(link), item) for link, item in names)
        new = list(dict.fromkeys(item for _, item in names if item not in known))
        known.update(new)
        answer = told.get(step, {"new": [], "faces": {}})
        got = []
        for id in answer["new"]:
            link, title = answer["faces"].get(id, (None, None))
            item = item_of.get(norm(link), link)
            got.append(item)
            holds[id] = item
            if item not in new or got.count(item) > 1:
                false.append((step, f"{title} <{link}>"))
        for item in new:
            if item not in got:
                missed.append((step, item))
        for id, (link, title) in answer["faces"].items():
            item = item_of.get(norm(link), link)
            if id in holds and holds[id] != item and item not in new:
                mixed.append((step, f"{holds[id]} became {item}"))
            holds[id] = item
    return len(known), false, missed, mixed


def peers(folder, shown):
    """What a reader by guid alone, and one by link without fragment, would have raised: (false new, missed) each."""
    seen = {"guid": {}, "link": {}}
    counts = {"guid": [0, 0], "link": [0, 0]}
    known = set()
    for step, names in enumerate(shown):
        if names is None:
            continue
        text = (folder / f"{step:04}.xml").read_bytes().decode("utf-8", "replace")
        fresh = {"guid": [], "link": []}
        for block, (link, item) in zip((m[0] for m in BLOCK.finditer(text)), names):
            guid = GUID.search(block)
            keys = {"guid": guid[3] if guid else link, "link": link.partition("#")[0]}
            for kind, key in keys.items():
                if key not in seen[kind]:
                    seen[kind][key] = item
                    fresh[kind].append(item)
        new = {item for _, item in names} - known
        known |= new
        for kind, items in fresh.items():
            counts[kind][0] += len([i for i in items if i not in new]) + len([i for i in items if i in new]) - len(set(items) & new)
            counts[kind][1] += len(new - set(items))
    return counts["guid"], counts["link"]


def by_library(keeper, folder):
    lines = subprocess.run([keeper, folder], stdout=subprocess.PIPE, check=True, text=True).stdout.splitlines()
    told = collections.defaultdict(dict)
    for line in lines:
        row = json.loads(line)
        told[row["history"]][row["step"]] = row
    return told


def by_program(program, server, folder, steps):
    """One run a step, over all histories at once, each on a loopback host of its own."""
    names = sorted(steps)
    process = subprocess.Popen([sys.executable, server, "--root", folder, "--port", "8099", "--hosts", str(len(names) + 1)],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    told = collections.defaultdict(dict)
    ask = lambda path: urllib.request.urlopen(f"http://127.0.0.1:8099{path}", timeout=10).read()
    try:
        for _ in range(100):
            try:
                ask("/_ctl/reset")
                break
            except OSError:
                time.sleep(0.1)
        with tempfile.TemporaryDirectory() as home:
            home = pathlib.Path(home)
            (home / "tidings.toml").write_text('[network]\nallow = ["127.0.0.0/8"]\n')
            (home / "sources.toml").write_text("".join(
                f'[[source]]\nname = "{name}"\nfrom.feed = "http://127.0.0.{place + 1}:8099/s/{name}"\nevery = "1h"\n'
                f'trust = "expert"\n' for place, name in enumerate(names)))
            faces = {}
            for step in range(max(steps.values())):
                for name in names:
                    if step < steps[name]:
                        ask(f"/_ctl/step?series={name}&to={step}")
                # 25 hours: longer than any wait after a fault, and each run writes the day's export.
                now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(1795262400 + 90000 * step))
                done = subprocess.run([program, "--home", home, "--now", now, "--json", "run"], stdout=subprocess.PIPE,
                                      stderr=subprocess.DEVNULL)
                report = json.loads(done.stdout)
                export = sorted((home / "state/exports").glob("*.zst"))[-1]
                lines = subprocess.run(["zstd", "-dcq", export], stdout=subprocess.PIPE, check=True).stdout.splitlines()
                raised = collections.defaultdict(list)
                changed = collections.defaultdict(dict)
                for line in lines[1:]:
                    pair = json.loads(line)
                    if not pair["key"].startswith("item/"):
                        continue
                    item = pair["value"]
                    face = (item["link"], item["title"])
                    if item["id"] not in faces:
                        raised[item["source"]].append(item["id"])
                    if faces.get(item["id"]) != face:
                        changed[item["source"]][item["id"]] = face
                        faces[item["id"]] = face
                for source in report["sources"]:
                    name = source["name"]
                    if source["new"] != len(raised[name]):
                        sys.exit(f"{name}, step {step}: the report says {source['new']} new, the store {len(raised[name])}")
                    if step < steps[name]:
                        told[name][step] = {"new": raised[name], "faces": changed[name]}
    finally:
        process.terminate()
        process.wait()
    return told


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("keeper")
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--program")
    parser.add_argument("--server")
    parser.add_argument("--damage", default=",".join(DAMAGES))
    parser.add_argument("--history")
    asked = parser.parse_args()
    histories = {}
    for truth in sorted(asked.folder.rglob("truth.jsonl")):
        if not asked.history or truth.parent.name in asked.history.split(","):
            histories[truth.parent.name] = load(truth.parent)
    bad = 0
    print("| damage | history | steps | items | false new | missed | mixed up | by guid: false, missed | by link: false, missed |")
    print("|---|---|---|---|---|---|---|---|---|")
    for damage in asked.damage.split(","):
        sums, details = [0] * 9, []
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            shown = {name: make(rows, item, damage, folder / name) for name, (rows, item) in histories.items()}
            if asked.program:
                told = by_program(asked.program, asked.server, folder, {name: len(rows) for name, (rows, _) in histories.items()})
            else:
                told = by_library(asked.keeper, folder)
            for name, (rows, _) in histories.items():
                items, false, missed, mixed = compare(shown[name], told[name])
                guid, link = peers(folder / name, shown[name])
                row = [len(rows), items, len(false), len(missed), len(mixed), *guid, *link]
                sums = [a + b for a, b in zip(sums, row)]
                if damage == "none":
                    print_row(damage, name, row)
                for kind, cases in [("false new", false), ("missed", missed), ("mixed up", mixed)]:
                    details += [f"  {name}, step {step}: {kind}: {what}" for step, what in cases[:12]]
        print_row(damage, "all", sums)
        print("\n".join(details), file=sys.stderr, flush=True)
        bad += sum(sums[2:5])
    sys.exit(1 if bad else 0)


def print_row(damage, name, row):
    cells = [damage, name, *row[:5], f"{row[5]}, {row[6]}", f"{row[7]}, {row[8]}"]
    print("| " + " | ".join(map(str, cells)) + " |", flush=True)


if __name__ == "__main__":
    main()
