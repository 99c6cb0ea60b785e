#!/usr/bin/env python3
"""Searchers at the pages of a home while runs write down what sessions added: how long each answer takes, and the runs.

    load.py PROGRAM HOME [--searchers 50] [--seconds 60] [--pause 0] [--megabytes 4] [--person NAME]

HOME is copied first and only the copy is written to. Sessions that grow lie in a folder of their own. The searchers are a
process of their own on the same machine; each has one connection and asks again as soon as it is answered (or after a pause).
"""

import argparse
import asyncio
import functools
import json
import random
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections import Counter
from pathlib import Path
from urllib.parse import quote

COMMON = "error test file model loader config session function build train eval".split()


@functools.cache
def words_of(home):
    """Words of the corpus, the rare beside the common, and the planted ones where there are some."""
    sources = (home / "sources.toml").read_text()
    folders = [Path(path).expanduser() for path in re.findall(r'path = "([^"]+)"', sources)]
    counts = Counter()
    files = [path for folder in folders for path in folder.rglob("*.jsonl")]
    for path in random.Random(1).sample(files, min(60, len(files))):
        with open(path, errors="replace") as file:
            counts.update(re.findall(r"[a-z_]{4,16}", file.read(400_000)))
    words = [word for word, count in counts.items() if count > 2]
    planted = [folder.parent / "needles.jsonl" for folder in folders]
    queries = [json.loads(line)["query"] for path in planted if path.exists() for line in open(path)]
    return sorted(words), queries


@functools.cache
def lines_of(home):
    return (home / "state/views/sessions.jsonl").read_text().splitlines()


def questions(home, seed):
    """An endless row of paths; nine in ten are searches, the others the pages around them."""
    dice = random.Random(seed)
    words, planted = words_of(home)
    lines = lines_of(home)
    sessions = [json.loads(line) for line in dice.sample(lines, min(400, len(lines)))]
    while True:
        roll = dice.random()
        if roll < 0.25:
            yield "/search?q=" + quote(dice.choice(COMMON) + " " + dice.choice(words))
        elif roll < 0.45:
            yield "/search?q=" + quote(" ".join(dice.sample(words, dice.randint(1, 3))))
        elif roll < 0.55 and planted:
            yield "/search?q=" + quote(dice.choice(planted))
        elif roll < 0.65:
            yield f"/search?q={dice.choice(words)[:5]}*&kind=sessions&role=tool-output"
        elif roll < 0.70:
            yield "/search?q=" + quote(f'"{dice.choice(COMMON)} {dice.choice(COMMON)}"') + "&since=2026-01-01"
        elif roll < 0.90:
            one = dice.choice(sessions)
            session = f"{one['session']['agent']}:{one['session']['native']}"
            yield f"/sessions/{quote(session)}?line={dice.randint(1, max(1, one['lines']))}"
        elif roll < 0.95:
            yield "/sessions"
        else:
            yield dice.choice(["/search", "/sources", "/"])


async def answer(reader):
    head = await reader.readuntil(b"\r\n\r\n")
    status = int(head.split(b" ", 2)[1])
    length = re.search(rb"(?i)content-length: (\d+)", head)
    if length:
        return status, len(await reader.readexactly(int(length[1])))
    size = 0
    while True:
        chunk = int((await reader.readline()).split(b";")[0], 16)
        await reader.readexactly(chunk + 2)
        size += chunk
        if chunk == 0:
            return status, size


async def searcher(port, home, seed, until, pause, person, told):
    reader = writer = None
    for path in questions(home, seed):
        if time.monotonic() >= until:
            break
        begun = time.monotonic()
        try:
            if writer is None:
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
            name = f"X-User: {person}\r\n" if person else ""
            writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip\r\n{name}\r\n".encode())
            status, size = await asyncio.wait_for(answer(reader), 30)
        except (OSError, asyncio.TimeoutError, asyncio.IncompleteReadError, ValueError) as error:
            status, size, writer = f"{type(error).__name__}", 0, None
        told.append((begun, time.monotonic() - begun, path.split("?")[0].split("/")[1], status, size, path))
        if pause:
            await asyncio.sleep(pause)


async def search(port, home, args):
    words_of(home), lines_of(home)
    until = time.monotonic() + args.seconds
    told = []
    one = lambda seed: searcher(port, home, seed, until, args.pause, args.person, told)
    await asyncio.gather(*(one(seed) for seed in range(args.searchers)))
    return told


class Growing:
    """A folder of a few sessions, to which each turn adds some megabytes."""

    def __init__(self, folder, corpus, megabytes):
        self.folder, self.megabytes = folder / "projects/-home-fellow-work-growing", megabytes
        self.folder.mkdir(parents=True)
        files = sorted(corpus.rglob("*.jsonl"), key=lambda path: -path.stat().st_size)[:200]
        self.sources = [path for path in files if "subagents" not in str(path)]
        self.sessions = [str(uuid.UUID(int=number + 7)) for number in range(8)]
        self.dice = random.Random(3)

    def grow(self):
        added = 0
        while added < self.megabytes << 20:
            session = self.dice.choice(self.sessions)
            source = self.dice.choice(self.sources)
            text = source.read_text(errors="replace")
            # Ids of their own: a fork's copies would count once.
            text = text.replace(source.stem, session).replace('"uuid":"', f'"uuid":"{self.dice.randrange(1 << 30):x}')
            with open(self.folder / f"{session}.jsonl", "a") as file:
                added += file.write(text if text.endswith("\n") else text + "\n")


def run(program, home):
    begun = time.monotonic()
    ran = subprocess.run([program, "--home", home, "run", "--json"], capture_output=True, text=True)
    seconds = time.monotonic() - begun
    report = json.loads(ran.stdout) if ran.stdout.startswith("{") else {}
    turns = report.get("acts", {}).get("turns_indexed", 0)
    if ran.returncode not in (0, 1) or not turns:
        print(f"MISSED  a run ended with {ran.returncode} and {turns} turns: {ran.stderr[-400:]}")
    return begun, seconds, turns


def share(times, part):
    return sorted(times)[min(len(times) - 1, int(len(times) * part))] * 1_000


def line(name, told):
    times = [one[1] for one in told]
    if times:
        p50, p99, most = share(times, 0.5), share(times, 0.99), max(times) * 1_000
        print(f"{name:<34}{len(times):>7}{p50:>9.0f}{p99:>9.0f}{most:>9.0f} ms")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("home", type=Path)
    parser.add_argument("--searchers", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--pause", type=float, default=0)
    parser.add_argument("--megabytes", type=int, default=4)
    parser.add_argument("--person", help="ask as this person, by a proxy's header")
    args = parser.parse_args()
    work = Path(tempfile.mkdtemp(prefix="tidings-load-"))
    home = work / "home"
    subprocess.run(["cp", "-a", args.home, home], check=True)
    sources = (home / "sources.toml").read_text()
    corpus = Path(re.search(r'path = "([^"]+)"', sources)[1]).expanduser()
    growing = Growing(work, corpus, args.megabytes)
    more = f'\n[[source]]\nname = "growing"\nfrom.sessions = {{ path = "{work}/projects", format = "claude-code" }}\n'
    (home / "sources.toml").write_text(sources + more)
    if args.person:
        with open(home / "tidings.toml", "a") as file:
            file.write('\n[web]\nuser_header = "X-User"\nproxies = ["127.0.0.0/8"]\n')
    server = None
    try:
        growing.grow()
        run(args.program, home)
        alone = []
        for _ in range(3):
            growing.grow()
            alone.append(run(args.program, home))
        serve = [args.program, "--home", home, "serve", "--listen", "127.0.0.1:0", "--json"]
        server = subprocess.Popen(serve, stdout=subprocess.PIPE, text=True)
        words = ""
        while "}" not in words:
            words += server.stdout.readline()
        port = int(re.search(r":(\d+)/", words)[1])
        stop, runs = threading.Event(), []

        def keep_running():
            while not stop.is_set():
                growing.grow()
                runs.append(run(args.program, home))

        runner = threading.Thread(target=keep_running)
        runner.start()
        asked = [sys.executable, __file__, "--ask", str(port), str(home), json.dumps(vars(args), default=str)]
        answered = subprocess.run(asked, capture_output=True, text=True)
        stop.set()
        runner.join()
        if answered.returncode:
            print(answered.stderr)
            sys.exit(1)
        told = json.loads(answered.stdout)
        memory = Path(f"/proc/{server.pid}/status").read_text()
        peak = int(re.search(r"VmHWM:\s+(\d+)", memory)[1]) >> 10
        print(f"{args.searchers} searchers, {args.seconds:.0f} s, pause {args.pause} s: answers, p50, p99, longest")
        line("all", told)
        for kind in sorted({one[2] for one in told}):
            line(f"/{kind}", [one for one in told if one[2] == kind])
        is_while = lambda one: any(begun < one[0] + one[1] and one[0] < begun + seconds for begun, seconds, _ in runs)
        line("while a run is at work", [one for one in told if is_while(one)])
        line("between runs", [one for one in told if not is_while(one)])
        for one in sorted(told, key=lambda one: -one[1])[:3]:
            print(f"  slowest: {one[1] * 1_000:.0f} ms {one[5][:90]}")
        bad = Counter(str(one[3]) for one in told if one[3] != 200)
        told_runs = lambda runs: ", ".join(f"{seconds:.1f} s for {turns:,} turns" for _, seconds, turns in runs)
        print(f"errors: {dict(bad) or 'none'}; {sum(one[4] for one in told) / len(told) / 1_000:.0f} kB an answer, gzipped")
        print(f"runs alone: {told_runs(alone)}")
        print(f"runs beside the searchers: {told_runs(runs)}")
        print(f"the server's memory: {peak} MB at most")
        reached = not bad and share([one[1] for one in told], 0.99) <= 1_000
        print("reached" if reached else "MISSED", " p99 at most 1 s and no error")
        sys.exit(not reached)
    finally:
        if server:
            server.terminate()
            server.wait()
        shutil.rmtree(work)


if len(sys.argv) > 1 and sys.argv[1] == "--ask":
    given = argparse.Namespace(**json.loads(sys.argv[4]))
    print(json.dumps(asyncio.run(search(int(sys.argv[2]), Path(sys.argv[3]), given))))
else:
    main()
