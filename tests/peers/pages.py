"""Reads captured pages through their presets and compares the items with those that were written down by hand.

pages.py TIDINGS FOLDER: the folder has newsroom.html, docs_api.html and their .expected.json."""

import functools
import http.server
import json
import pathlib
import subprocess
import sys
import tempfile
import threading


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


def read(tidings, folder, file, preset):
    handler = functools.partial(Quiet, directory=folder)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as home:
        address = f"http://127.0.0.1:{server.server_port}/{file}"
        source = f'[[source]]\nname = "page"\nfrom.page = {{ url = "{address}", preset = "{preset}" }}\n'
        pathlib.Path(home, "sources.toml").write_text(source)
        pathlib.Path(home, "tidings.toml").write_text('[network]\nallow = ["127.0.0.0/8"]\n')
        done = subprocess.run([tidings, "--home", home, "--json", "sources", "test", "page"], capture_output=True, text=True)
    server.shutdown()
    return json.loads(done.stdout)["entries"]


def slug(entry):
    return entry["link"].rstrip("/").rsplit("/", 1)[1]


def main():
    tidings, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    expected = json.loads((folder / "newsroom.expected.json").read_text())
    found = {slug(entry): entry for entry in read(tidings, folder, "newsroom.html", "anthropic-news")}
    wanted = {slug({"link": page["url"]}): page for page in expected["visible"]}
    same = sum(1 for name, date in expected["embedded"].items() if name in found and found[name]["published"][:10] == date[:10])
    print(f"newsroom: {len(found)} items; of {len(expected['embedded'])} embedded, {same} with their day")
    right = [n for n, page in wanted.items() if n in found and found[n]["title"].strip() == page["title"].strip() and found[n]["published"][:10] == page["date"]]
    print(f"  of {len(wanted)} visible, {len(right)} with title and day")
    with tempfile.TemporaryDirectory() as bare:
        # The same page without its payload: the markup alone.
        html = (folder / "newsroom.html").read_text().replace("self.__next_f.push", "gone")
        pathlib.Path(bare, "newsroom.html").write_text(html)
        found = {slug(entry): entry for entry in read(tidings, bare, "newsroom.html", "anthropic-news")}
    right = [n for n, page in wanted.items() if n in found and found[n]["title"].strip() == page["title"].strip() and (found[n]["published"] or "")[:10] == page["date"]]
    print(f"newsroom without payload: {len(found)} items; of {len(wanted)} visible, {len(right)} with title and day")
    for name in sorted(set(wanted) - set(right)):
        print("   ", name, found.get(name, {}).get("title"), found.get(name, {}).get("published"))
    expected = json.loads((folder / "docs_api.expected.json").read_text())["entries"]
    found = read(tidings, folder, "docs_api.html", "claude-release-notes")
    def fits(entry, page):
        bullets = sum(line.startswith("* ") for line in entry["text"].splitlines())
        return entry["title"] == page["heading"] and (entry["published"] or "")[:10] == page["date"] and bullets >= page["bullets"]
    right = sum(fits(*pair) for pair in zip(found, expected))
    links = len({entry["link"] for entry in found})
    print(f"release notes: {len(found)} items with {links} links; of {len(expected)} headings, {right} with day and bullets")


main()
