#!/usr/bin/env python3
"""Compares how tidings and feedparser (PyPI) read the feeds below a folder.

    tests/peers/feeds.py FOLDER [--details N]

Builds the example `read-files` in release, installs feedparser into a virtual environment in the target folder, reads every
file with both, and prints counts, every file in which tidings finds fewer entries, and how often titles, links, ids and dates
agree where both find the same number. Files ending in .gz are unpacked in memory. Entries of feedparser without id, link,
title and text are left out by tidings on purpose, and counted apart.
"""
import argparse, calendar, collections, gzip, html, json, os, pathlib, re, subprocess, sys, urllib.parse, venv

HERE = pathlib.Path(__file__).resolve().parent
PROJECT = HERE.parent.parent
FEEDPARSER = "6.0.14"

# Not feeds by nature: notes about a collection, and lists that say what a series of feeds should give.
NOT_FEEDS = re.compile(r"(^|/)(MANIFEST|README)\.md$|(^|/)(truth|oracle[^/]*)\.jsonl$|(^|/)series\.json$")


def environment(target):
    folder = target / "peers-venv"
    python = folder / "bin" / "python"
    if not python.exists():
        venv.create(folder, with_pip=True)
    if subprocess.run([python, "-c", f"import feedparser as f, sys; sys.exit(f.__version__ != '{FEEDPARSER}')"],
                      stderr=subprocess.DEVNULL).returncode:
        subprocess.run([python, "-m", "pip", "install", "-q", f"feedparser=={FEEDPARSER}"], check=True)
    return python


def by_feedparser(folder):
    import feedparser
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        raw = path.read_bytes()
        data = gzip.decompress(raw) if path.suffix == ".gz" else raw
        try:
            found = feedparser.parse(data, response_headers={"content-location": "https://feeds.example.org/folder/feed.xml"},
                                     sanitize_html=False)
        except Exception as error:  # a reader that fails on a file has found nothing in it
            print(json.dumps({"path": str(path.relative_to(folder)), "entries": 0, "error": repr(error)}))
            continue
        def moment(entry, name):
            value = entry.get(name + "_parsed")
            return calendar.timegm(value) if value else None
        entries = found.entries
        print(json.dumps({
            "path": str(path.relative_to(folder)), "version": found.get("version"), "bozo": bool(found.get("bozo")), "entries": len(entries),
            "titles": [e.get("title") for e in entries], "links": [e.get("link") for e in entries],
            "ids": [e.get("id") for e in entries],
            "silent": sum(says_nothing(e) for e in entries), "published": [moment(e, "published") for e in entries],
            "updated": [moment(e, "updated") for e in entries],
        }))


def says_nothing(entry):
    texts = [entry.get("title"), entry.get("summary")] + [content.get("value") for content in entry.get("content", [])]
    return not entry.get("id") and not entry.get("link") and not any(words(text) for text in texts)


def words(text):
    text = re.sub(r"<[^>]*>", " ", html.unescape(text or ""))
    return re.sub(r"\W+", " ", html.unescape(text)).split()


def plain_link(link):
    link = re.sub(r"^(https?):/*", r"\1://", (link or "").strip())
    parts = urllib.parse.urlsplit(link)
    query = "&".join(p for p in parts.query.split("&") if p and not p.startswith("utm_"))
    return (parts.scheme, parts.netloc.lower(), urllib.parse.unquote(parts.path) or "/", query, parts.fragment)


def seconds(text):
    import datetime
    return text and int(datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp())


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--feedparser", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--details", type=int, default=0, help="print so many disagreements of each kind")
    arguments = parser.parse_args()
    folder = arguments.folder.resolve()
    if arguments.feedparser:
        return by_feedparser(folder)

    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", PROJECT / "target"))
    subprocess.run(["cargo", "build", "-q", "--release", "--example", "read-files"], cwd=PROJECT, check=True)
    ours = subprocess.run([target / "release/examples/read-files", folder], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    print("tidings:", ours.stderr.strip())
    if ours.returncode:
        return 1
    theirs = subprocess.run([environment(target), __file__, "--feedparser", folder], stdout=subprocess.PIPE, text=True, check=True)
    ours = {line["path"]: line for line in map(json.loads, ours.stdout.splitlines())}
    theirs = {line["path"]: line for line in map(json.loads, theirs.stdout.splitlines())}

    counts, agree, fewer, more = collections.Counter(), collections.Counter(), [], []
    shown = collections.Counter()
    for path, mine in ours.items():
        if NOT_FEEDS.search(path):
            counts["not feeds by nature"] += 1
            continue
        other = theirs[path]
        counts["files"] += 1
        counts["entries, tidings"] += mine["entries"]
        counts["entries, feedparser"] += other["entries"]
        for fault in mine["faults"]:
            counts["fault " + fault["kind"]] += 1
            counts["reader failed"] += "reader itself failed" in fault["message"]
        counts["entries without id, link, title and text, feedparser"] += other.get("silent", 0)
        if mine["entries"] < other["entries"] and mine["entries"] >= other["entries"] - other["silent"]:
            counts["files with fewer, all of them such entries"] += 1
            continue
        if mine["entries"] < other["entries"]:
            fewer.append((path, mine, other))
            continue
        counts["files with as many or more"] += 1
        if mine["entries"] > other["entries"]:
            more.append((path, mine, other))
            continue
        def compare(name, a, b, path=path):
            agree[name, a == b] += 1
            if a != b and shown[name] < arguments.details:
                shown[name] += 1
                print(f"  {name}: {path}: tidings {a!r}, feedparser {b!r}")
        for at in range(mine["entries"]):
            compare("title", words(mine["titles"][at]), words(other["titles"][at])) if other["titles"][at] else None
            compare("link", plain_link(mine["links"][at]), plain_link(other["links"][at])) if other["links"][at] else None
            compare("id", mine["ids"][at], other["ids"][at]) if other["ids"][at] else None
            compare("published", seconds(mine["published"][at]), other["published"][at]) if other["published"][at] else None
    for name in sorted(counts):
        print(f"{name}: {counts[name]}")
    for name in ["title", "link", "id", "published"]:
        total = agree[name, True] + agree[name, False]
        if total:
            print(f"same {name}: {agree[name, True]} of {total} ({100 * agree[name, True] / total:.2f} %)")
    print(f"more than feedparser: {len(more)} files, {sum(m['entries'] - o['entries'] for _, m, o in more)} entries")
    print(f"fewer than feedparser: {len(fewer)} files")
    for path, mine, other in more[: arguments.details]:
        print(f"  more: {path}: {mine['entries']}, feedparser {other['entries']}")
    for path, mine, other in fewer:
        print(f"  {path}: {mine['entries']} of {other['entries']} ({other.get('version') or 'no version'}): "
              + "; ".join(fault["message"] for fault in mine["faults"]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
