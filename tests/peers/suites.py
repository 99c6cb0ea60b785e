#!/usr/bin/env python3
"""Compares tidings and feedparser (PyPI) with the expectations of other parsers' test suites.

    tests/peers/suites.py FOLDER [--details N]

FOLDER has one folder `owner+repository` for each suite. Three suites say what each file should give. Where they do, title,
link, date and id of every expected entry are looked for in tidings and in feedparser, each against the expectation, on the
same files and in the same way:

    gofeed      X.json beside X.xml: `entries` or `items`; title; link, else the first of `links` that is `alternate`; id or
                guid; publishedParsed, pubDateParsed; updatedParsed
    rss-parser  output/X.json for input/X: `feed.items`; title; link; isoDate; guid or id
    feed-rs     X.serde.json beside X.xml or X.json: `entries`; title.content; the first of `links` without rel or with
                `alternate`; published; updated; id, unless feed-rs made it up (it does not occur in the file)

All other files are read by tidings and feedparser, and feedparser counts as the expectation. Each disagreement is put
under the first cause that fits (`cause`, below); `other` is what none explains.

What counts as the same: titles without tags, entities (resolved twice), white space and punctuation; links with the slashes
of their scheme mended, the host in lower case, `%xx` undone, a slash where the path is empty, without `utm_` parameters, and,
where the expectation is relative, whatever base the reader gave it; ids with white space made one, also when the address of
the page makes them absolute; dates as whole seconds since 1970 in UTC, and where a reader has no date of the expected kind
(published, updated), its other one. Entries are paired by their place. What an expectation leaves open is not compared.

An entry that says nothing (it has at most a date, an author, a category, an enclosure) is left out by tidings on purpose. A
file in which tidings so finds fewer entries is read once more by both with `<summary>text</summary>` put into each entry, to
compare what the entries do say.
"""
import argparse, collections, datetime, json, os, pathlib, re, subprocess, sys, tempfile, urllib.parse

import feeds

PAGE = "https://feeds.example.org/folder/feed.xml"
PARTS = ["title", "link", "date", "id"]

# Files that only say what another file should give.
EXPECTATIONS = re.compile(r"\.serde\.json$|_expected\.json$|^rbren\+rss-parser/output/")


def decoded(path):
    for charset in ["utf-8-sig", "latin-1"]:
        try:
            return path.read_text(charset)
        except UnicodeDecodeError:
            continue


def document(path):
    try:
        return json.loads(decoded(path))
    except ValueError:
        return None


def date(text):
    if not text:
        return None
    return int(datetime.datetime.fromisoformat(re.sub(r"\.\d+", "", text).replace("Z", "+00:00")).timestamp())


def alternate(links):
    for link in links or []:
        if isinstance(link, str):
            return link
        if link.get("rel") in (None, "", "alternate"):
            return link.get("href")


def of_gofeed(entry, _):
    guid = entry.get("guid") or entry.get("id")
    return {"title": entry.get("title"), "link": entry.get("link") or alternate(entry.get("links")),
            "id": guid.get("value") if isinstance(guid, dict) else guid,
            "published": date(entry.get("publishedParsed") or entry.get("pubDateParsed")), "updated": date(entry.get("updatedParsed"))}


def of_rss_parser(entry, _):
    return {"title": entry.get("title"), "link": entry.get("link"), "id": entry.get("guid") or entry.get("id"),
            "published": date(entry.get("isoDate")), "updated": None}


def of_feed_rs(entry, text):
    own = entry["id"] if entry["id"] in text else None
    return {"title": (entry["title"] or {}).get("content"), "link": alternate(entry["links"]), "id": own,
            "published": date(entry["published"]), "updated": date(entry["updated"])}


def expectations(folder):
    """For each file that has one: the path of the file, and its entries."""
    found = {}
    for path in sorted(folder.rglob("*.json")):
        suite = path.relative_to(folder).parts[0]
        model = document(path)
        inputs, read = [path.with_suffix(".xml")], None
        if suite == "mmcdole+gofeed":
            read, entries = of_gofeed, lambda model: model.get("entries") or model.get("items") or []
            if path.name.endswith("_expected.json"):
                inputs = [path.with_name(path.name.replace("_expected", ""))]
        elif suite == "rbren+rss-parser" and path.parent.name == "output":
            read, entries = of_rss_parser, lambda model: model["feed"].get("items") or []
            inputs = [path.parent.parent / "input" / (path.stem + end) for end in [".rss", ".atom"]]
        elif suite == "feed-rs+feed-rs" and path.name.endswith(".serde.json"):
            read, entries = of_feed_rs, lambda model: model.get("entries") or []
            inputs = [path.with_name(path.name.replace(".serde.json", end)) for end in [".xml", ".json"]]
        if read and model is not None:
            for source in inputs:
                if source.exists():
                    text = decoded(source)
                    found[str(source.relative_to(folder))] = [read(entry, text) for entry in entries(model)]
    return found


def both(folder, target, python):
    """What tidings and feedparser find, by path."""
    runs = [[target / "release/examples/read-files", folder], [python, feeds.__file__, "--feedparser", folder]]
    outputs = [subprocess.run(run, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True).stdout for run in runs]
    mine, other = [{line["path"]: line for line in map(json.loads, output.splitlines())} for output in outputs]
    for line in mine.values():
        for name in ["published", "updated"]:
            line[name] = [feeds.seconds(text) for text in line[name]]
    return mine, other


def entries_of(line):
    return [{"title": line["titles"][at], "link": line["links"][at], "id": line["ids"][at], "published": line["published"][at],
             "updated": line["updated"][at]} for at in range(line["entries"])]


def spoken(folder, paths, target, python):
    """Reads these files again with a summary in each entry."""
    with tempfile.TemporaryDirectory() as place:
        place = pathlib.Path(place)
        for path in paths:
            data = (folder / path).read_bytes()
            data = re.sub(rb"<((?:\w+:)?(?:item|entry))(\s[^>]*[^/>])?>", rb"\g<0><summary>text</summary>", data)
            data = re.sub(rb"<((?:\w+:)?(?:item|entry))(\s[^>]*)?/>", rb"<\1\2><summary>text</summary></\1>", data)
            (place / path).parent.mkdir(parents=True, exist_ok=True)
            (place / path).write_bytes(data)
        return both(place, target, python)


def is_same(part, found, expected):
    if part == "title":
        return feeds.words(found) == feeds.words(expected)
    if part == "link":
        # A relative link that is expected as it stands agrees with any base.
        return bool(found) and feeds.plain_link(found) == feeds.plain_link(urllib.parse.urljoin(found, expected.strip()))
    if part == "id":
        found, expected = (found or "").strip(), re.sub(r"\s+", " ", expected).strip()
        return found == expected or urllib.parse.urljoin(PAGE, found) == urllib.parse.urljoin(PAGE, expected)
    return found == expected


def stated(entry):
    """What an entry states, part by part; a date of update counts where it is another than that of publication."""
    for part in ["title", "link", "id"]:
        if feeds.words(entry[part]) if part == "title" else (entry[part] or "").strip():
            yield part, part, entry[part]
    if entry["published"] is not None:
        yield "date", "published", entry["published"]
    if entry["updated"] not in (None, entry["published"]):
        yield "date", "updated", entry["updated"]


def value(entry, kind):
    if entry is None:
        return None
    if kind in ("published", "updated"):
        return entry[kind] if entry[kind] is not None else entry[{"published": "updated", "updated": "published"}[kind]]
    return entry[kind]


def cause(part, kind, found, wanted, text, entry, goal):
    """Why tidings differs, from what can be seen: on purpose (a rule of src/read/feed.rs), because the expectation is wrong,
    or because something is not read."""
    if re.search(r"^\s*(<\?[^>]*>|<!--.*?-->|\s)*<channel", text, re.S | re.I):
        return "not read: the format (CDF)"
    if entry is None:
        return "not read: the entry"
    if part == "link":
        scheme = urllib.parse.urlsplit(urllib.parse.urljoin(PAGE, wanted.strip())).scheme.lower()
        there = urllib.parse.urlsplit(urllib.parse.urljoin(PAGE, wanted))
        if not found and there.netloc == "feeds.example.org" and goal["id"]:
            return "on purpose: a relative id is no link"
        if wanted == goal["id"]:
            if found or scheme not in ("http", "https"):
                return "on purpose: an id is no link when it is no address, or there is a better link"
        if scheme not in ("http", "https"):
            return "on purpose: only http and https are links"
        if found and "origlink" in text.lower() and urllib.parse.unquote(found.split("?")[0]) in text:
            return "on purpose: the original link (feedburner, pheedo), not its counter's"
        if found and re.search(r"[?&](ref|source|from)=(rss|feed|atom)|[?&](\w*cid|_ga|fbclid|gclid)=", wanted):
            return "on purpose: without tracking parameters"
        if found and there.netloc == "feeds.example.org":
            return "on purpose: relative to the feed's own site, not to the place of its file"
        if found and text.count("<link") > 1:
            return "on purpose: the first of several equal links"
    if part == "date" and entry[kind] is None:
        return "on purpose: what names no moment is no date"
    if part == "date" and wanted % 86400 == 0 and 0 < found - wanted < 86400:
        return "expectation wrong: the time of the day lost"
    if part == "title":
        if "\ufffd" in wanted:
            return "expectation wrong: characters lost"
        if re.search(r"[\u00c2\u00c3][\u0080-\u00bf]", found or ""):
            return "not read: text that its publisher encoded twice"
        if re.search(r"<(script|style)|&lt;(script|style)", text, re.I):
            return "on purpose: scripts and styles are no words"
        if "base64" in text:
            return "not read: base64"
    if "<!ENTITY" in text and "&" in str(found):
        return "not read: entities that the document type declares"
    if "\ufffd" in str(found):
        return "not read: a charset that is nowhere named"
    return "other"


class Tally:
    def __init__(self):
        self.files = self.entries = self.spoken = self.silent = 0
        self.found = {"tidings": 0, "feedparser": 0}
        self.same = collections.Counter()
        self.causes = collections.Counter()
        self.examples = collections.defaultdict(list)


def compare(tally, path, text, expected, mine, other):
    tally.files += 1
    tally.entries += len(expected)
    for name, entries in [("tidings", mine), ("feedparser", other)]:
        tally.found[name] += len(entries)
    if len(mine) < len(expected):
        tally.examples["missing"].append(path)
    for at, entry in enumerate(expected):
        readers = {"tidings": mine[at] if at < len(mine) else None, "feedparser": other[at] if at < len(other) else None}
        for part, kind, wanted in stated(entry):
            tally.same[part, "all"] += 1
            for name, reader in readers.items():
                found = value(reader, kind)
                if is_same(part, found, wanted):
                    tally.same[part, name] += 1
                elif name == "tidings":
                    why = (part, cause(part, kind, found, wanted, text, reader, entry))
                    tally.causes[why] += 1
                    tally.examples[why].append(f"{path}: {found!r}, expected {wanted!r}, feedparser {value(readers['feedparser'], kind)!r}")


def share(part, total):
    return f"{part} of {total} ({100 * part / total:.1f} %)"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--details", type=int, default=0, help="print so many disagreements of each cause")
    arguments = parser.parse_args()
    folder = arguments.folder.resolve()
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", feeds.PROJECT / "target"))
    subprocess.run(["cargo", "build", "-q", "--release", "--example", "read-files"], cwd=feeds.PROJECT, check=True)
    python = feeds.environment(target)
    mine, other = both(folder, target, python)
    expected = expectations(folder)

    def wanted(path):
        return expected[path] if path in expected else entries_of(other[path])

    def is_feed(path):
        is_beside = path.endswith(".json") and re.sub("json$", "xml", path) in expected
        return not is_beside and not feeds.NOT_FEEDS.search(path) and not EXPECTATIONS.search(path)
    files = [path for path in mine if is_feed(path)]
    fewer = [path for path in files if mine[path]["entries"] < len(wanted(path))]
    again, other_again = spoken(folder, fewer, target, python)
    silent = [path for path in fewer if again[path]["entries"] >= len(wanted(path))]

    tallies = collections.defaultdict(Tally)
    for path in files:
        suite = path.split("/")[0]
        kind = "expectations" if path in expected else "feedparser"
        goal, ours, theirs = wanted(path), entries_of(mine[path]), entries_of(other[path])
        if path in silent:
            tallies[kind, suite].spoken += 1
            tallies[kind, suite].silent += len(goal) - len(ours)
            ours, theirs = entries_of(again[path]), entries_of(other_again[path])
        compare(tallies[kind, suite], path, decoded(folder / path), goal, ours, theirs)

    for kind, about in [("expectations", "against the suite's own expectations"), ("feedparser", "against feedparser")]:
        for (of, suite), tally in sorted(tallies.items()):
            if of != kind:
                continue
            print(f"\n{suite}, {about}: {tally.files} files, {tally.entries} entries; tidings finds {tally.found['tidings']}, "
                  f"feedparser {tally.found['feedparser']}; {tally.silent} say nothing, in {tally.spoken} files read again with a summary")
            for part in PARTS:
                total, same = tally.same[part, "all"], tally.same[part, "tidings"]
                if total:
                    beside = f"; feedparser {share(tally.same[part, 'feedparser'], total)}" if kind == "expectations" else ""
                    meant = sum(count for (of, why), count in tally.causes.items()
                                if of == part and why.startswith(("on purpose", "expectation")))
                    rest = f"; {meant} differ on purpose or from a wrong expectation, {total - same - meant} otherwise" if same < total else ""
                    print(f"  {part}: tidings {share(same, total)}{beside}{rest}")
            for path in tally.examples["missing"][: arguments.details]:
                print(f"       fewer entries: {path}")
            for (part, why), count in sorted(tally.causes.items(), key=lambda item: (PARTS.index(item[0][0]), -item[1])):
                print(f"    {count:4} {part}: {why}")
                for example in tally.examples[part, why][: arguments.details]:
                    print(f"           {example}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
