"""Reads recorded answers of Reddit, Hacker News, Hugging Face and arXiv, and counts what was read and what was not.

    answers.py FOLDER

Below FOLDER, `index*.jsonl` beside recorded answers of Reddit says which address and status each file belongs to; files
named reddit_*.json are listings; hn.json, hf_papers.json and arxiv.xml are answers of those services.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

LISTING = re.compile(r"https://[a-z]+\.reddit\.com/r/[^/]+/(new|top)(\.json)?/?\?")


def posts(path):
    """The posts of a listing by full name; None where the file is no listing of posts."""
    try:
        document = json.loads(path.read_bytes())
        children = document["data"]["children"]
    except (ValueError, KeyError, TypeError):
        return None
    if not children or any(child.get("kind") != "t3" for child in children):
        return None
    return [child["data"] for child in children]


def read(kind, paths):
    command = ["cargo", "run", "--quiet", "--locked", "--manifest-path", "../../Cargo.toml", "--example", "read-answers"]
    done = subprocess.run([*command, "--", kind, *map(str, paths)], check=True, capture_output=True, text=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def is_gone(post):
    return post["selftext"].strip().lower() in ("[removed]", "[deleted]") or post["title"].lower().startswith("[deleted")


def main(folder):
    asked, alike, refused = [], [], []
    for index in sorted(folder.rglob("index*.jsonl")):
        for row in map(json.loads, index.read_text().splitlines()):
            path = index.parent / row["file"]
            if LISTING.match(row["url"]):
                (asked if row["status"] == 200 else refused).append(path)
            elif row["status"] == 200 and posts(path):
                alike.append(path)
    asked += sorted(folder.rglob("reddit_*.json"))
    bad = 0
    for title, paths in (("of endpoints that tidings asks", asked), ("other listings of posts", alike)):
        if not paths:
            continue
        print(f"Reddit, {title}: {len(paths)} files")
        for line in read("reddit", paths):
            expected = [post["name"] for post in posts(Path(line["path"])) if not is_gone(post)]
            gone = len(posts(Path(line["path"]))) - len(expected)
            ok = line["ids"] == expected and line["linked"] == line["dated"] == line["entries"] and not line["faults"]
            bad += not ok
            words = "; ".join(fault["message"] for fault in line["faults"])
            print(f"  {'ok ' if ok else 'ODD'} {line['entries']:4} of {len(expected)} posts, {gone} gone  {Path(line['path']).name}  {words}")
    for path in refused:
        print(f"  not read, refused with its status: {path.name}")
    for kind, name in (("hacker-news", "hn.json"), ("hugging-face-papers", "hf_papers.json"), ("arxiv", "arxiv.xml")):
        paths = sorted(folder.rglob(name))
        for line in read(kind, paths) if paths else []:
            ok = line["entries"] and line["linked"] == line["dated"] == line["titled"] == line["entries"] and not line["faults"]
            bad += not ok
            words = "; ".join(fault["message"] for fault in line["faults"])
            print(f"{kind}: {'ok ' if ok else 'ODD'} {line['entries']} entries, {line['dated']} dated  {words}")
    sys.exit(bad > 0)


main(Path(sys.argv[1]).resolve())
