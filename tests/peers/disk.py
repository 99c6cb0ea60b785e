#!/usr/bin/env python3
"""Runs on a disk that is full. Needs root, to mount a small tmpfs.

    tests/peers/disk.py TIDINGS

For each of many amounts of free space: a home on a tmpfs of 16 MB that has run once, a ballast file that leaves only so much
free, and a run that reads 300 new items, closes a week and sends it to a webhook. It must end with 0 or with 1 and words that
name a place on that disk. Then the ballast goes: the next runs must end well, with every item kept once, every letter taken
once, and nothing left to do. Prints what the run said for each amount, and leaves with 1 if a promise is broken.
"""
import collections
import http.server
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import threading

FREE_KB = [0, 4, 40, 240, 480, 560, 640, 720, 900, 1200, 1600, 2000, 2400, 2700, 3000, 3300, 3600, 3900, 4200, 4500, 4800, 5100,
           5400, 5700, 6000, 6500]
broken = []


def check(holds, words):
    if not holds:
        print("BROKEN  " + words)
        broken.append(words)


class Handler(http.server.BaseHTTPRequestHandler):
    items, letters = [], collections.Counter()

    def do_GET(self):
        items = "".join(f"<item><guid>{key}</guid><title>lantern-code {key}</title><description>{text}</description></item>"
                        for key, text in self.items)
        self.answer(f'<rss version="2.0"><channel><title>A</title>{items}</channel></rss>'.encode())

    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        Handler.letters[self.headers["webhook-id"]] += 1
        self.answer(b"")

    def answer(self, body):
        self.send_response(200)
        self.send_header("content-type", "application/rss+xml")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def text(seed):
    letters = random.Random(seed)
    return " ".join(f"{letters.getrandbits(64):016x}" for _ in range(60))


def run(program, home, *words):
    done = subprocess.run([program, "--home", home, *words], capture_output=True, text=True,
                          env={"PATH": os.environ["PATH"], "HOME": "/nonexistent"})
    return done.returncode, done.stdout, done.stderr.strip()


def scene(program, home, address, free):
    (home / "sources.toml").write_text(
        f'[[source]]\nname = "A"\nfrom.feed = "{address}/feed"\ntrust = "official"\ntopics = ["lantern-code"]\n')
    (home / "tidings.toml").write_text(
        f'[network]\nallow = ["127.0.0.0/8"]\ngap = "1ms"\n[webhook]\nurl = "{address}/hook"\n')
    Handler.letters.clear()
    Handler.items = [("old", text(-1))]
    code, _, stderr = run(program, home, "run", "--now", "2026-11-17T08:00:00Z")
    check(code == 0, f"{free} kB: the first run: {code} {stderr}")
    space = os.statvfs(home)
    ballast = home / "ballast"
    with open(ballast, "wb") as file:
        file.write(b"x" * max(0, space.f_bavail * space.f_frsize - free * 1024))
    Handler.items = [(f"g-{number}", text(number)) for number in range(300)]
    results = []
    for now in ["2026-11-18T08:00:00Z", "2026-11-23T08:00:00Z"]:
        code, _, stderr = run(program, home, "run", "--now", now)
        results.append((code, stderr))
        check(code in (0, 1), f"{free} kB: exit code {code}: {stderr}")
        check(code == 0 or str(home) in stderr, f"{free} kB: no place is named: {stderr}")
        check("panicked" not in stderr, f"{free} kB: {stderr}")
    ballast.unlink()
    for now in ["2026-11-23T10:00:00Z", "2026-11-30T10:00:00Z"]:
        code, _, stderr = run(program, home, "run", "--now", now)
        check(code == 0, f"{free} kB: with space again: {code} {stderr}")
    status = json.loads(run(program, home, "status", "--json")[1])
    check(status["sources"][0]["entries"] == 301, f"{free} kB: {status['sources'][0]['entries']} items instead of 301")
    left = {key: status[key] for key in ["judge", "index", "alert", "aside", "letters_waiting", "letters_dead"]}
    check(not any(left.values()), f"{free} kB: left to do: {left}")
    total = json.loads(run(program, home, "search", "--json", "lantern-code")[1])["total"]
    check(total == 301, f"{free} kB: the index holds {total} of 301")
    check(Handler.letters and set(Handler.letters.values()) == {1}, f"{free} kB: letters {dict(Handler.letters)}")
    code, stdout, stderr = run(program, home, "reindex", "--now", "2026-11-30T11:00:00Z")
    check(code == 0 and "301" in stdout, f"{free} kB: reindex: {stdout}{stderr}")
    return results


def main():
    program = str(pathlib.Path(sys.argv[1]).resolve())
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}"
    failed = 0
    for free in FREE_KB:
        with tempfile.TemporaryDirectory() as folder:
            home = pathlib.Path(folder)
            subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", folder], check=True)
            try:
                for (code, stderr), name in zip(scene(program, home, address, free), ["reads", "closes"]):
                    failed += code != 0
                    print(f"{free:5} kB free, the run that {name} the week: {code} {stderr.splitlines()[-1][:230] if code else ''}")
            finally:
                subprocess.run(["umount", folder], check=True)
    print(f"{len(FREE_KB)} amounts, {failed} of {2 * len(FREE_KB)} runs failed for want of space; broken promises: {len(broken)}")
    sys.exit(1 if broken else 0)


main()
