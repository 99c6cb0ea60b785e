#!/usr/bin/env python3
"""How long a digest takes that is chosen from 5,000 items of one week.

    tests/peers/choose.py TIDINGS [ITEMS] [SOURCES]

Makes feeds of different posts, has tidings read and weigh them all in one week, then times `digest preview` (which keeps and
sends nothing) eleven times: wall seconds (median), peak memory, and how much of it is not the choosing: the same on a home
with 26 items.
"""
import http.server
import os
import pathlib
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time

PROGRAM = sys.argv[1]
ITEMS = int(sys.argv[2]) if len(sys.argv) > 2 else 5000
SOURCES = int(sys.argv[3]) if len(sys.argv) > 3 else 50
NOW = "2026-11-20T12:00:00Z"

SUBJECTS = ["Claude Code", "Codex CLI", "vLLM", "PyTorch", "transformers", "Inspect", "llama.cpp", "Ollama", "an MCP server",
            "a coding agent", "sparse autoencoders", "activation steering", "an evals harness", "Slurm", "the model card"]
VERBS = ["adds", "fixes", "drops", "explains", "measures", "speeds up", "deprecates", "breaks", "documents", "tests"]
SOUNDS = ["ba", "de", "ki", "lo", "mu", "ran", "sel", "tor", "vix", "zen", "qua", "pli", "dro", "fen", "gus", "hym"]


def words(rng, many):
    return " ".join("".join(rng.choice(SOUNDS) for _ in range(3)) for _ in range(many))


def feed(source, many):
    rng = random.Random(source)
    entries = []
    for number in range(many):
        minute = (number * 7 + source) % (60 * 24 * 3)
        when = f"2026-11-{17 + minute // 1440:02}T{minute % 1440 // 60:02}:{minute % 60:02}:00Z"
        title = f"{rng.choice(SUBJECTS)} {rng.choice(VERBS)} {words(rng, 4)}"
        text = " ".join(f"{rng.choice(SUBJECTS)} {rng.choice(VERBS)} {words(rng, 12)}." for _ in range(8))
        entries.append(f"<entry><id>tag:{source}:{number}</id><title>{title}</title><updated>{when}</updated>"
                       f"<link href='https://site{source}.example/{number}'/><content type='text'>{text}</content></entry>")
    return ("<feed xmlns='http://www.w3.org/2005/Atom'><id>x</id><title>t</title><updated>2026-11-20T00:00:00Z</updated>"
            + "".join(entries) + "</feed>").encode()


def home_with(items, sources):
    pages = {f"/{source}": feed(source, items // sources) for source in range(sources)}

    class Pages(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            body = pages.get(self.path)
            self.send_response(200 if body else 404)
            self.send_header("content-length", str(len(body or b"")))
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    home = pathlib.Path(tempfile.mkdtemp(prefix="tidings-choose-"))
    port = server.server_address[1]
    # Its first reading of a source is a baseline, of which only a few may be told; so it is read once when it is empty.
    full, empty = dict(pages), feed(0, 0)
    lines = [f'[[source]]\nname = "source {n}"\nfrom.feed = "http://127.0.0.1:{port}/{n}"\nevery = "1h"\ntrust = "expert"\n'
             for n in range(sources)]
    (home / "sources.toml").write_text("\n".join(lines))
    (home / "tidings.toml").write_text('[network]\nallow = ["127.0.0.0/8"]\ngap = "0s"\n[model]\nendpoint = "off"\n')
    pages.update({path: empty for path in full})
    run(home, "2026-11-16T08:00:00Z", "run")
    pages.update(full)
    run(home, NOW, "run")
    server.shutdown()
    return home


def run(home, now, *command):
    done = subprocess.run([PROGRAM, "--home", str(home), "--now", now, *command], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{command}: {done.stderr}")
    return done


def timed(home):
    walls, most = [], 0
    for _ in range(11):
        begun = time.perf_counter()
        child = subprocess.Popen([PROGRAM, "--home", str(home), "--now", NOW, "digest", "preview"],
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = status
        walls.append(time.perf_counter() - begun)
        most = max(most, usage.ru_maxrss)
        if status != 0:
            sys.exit("digest preview failed")
    return statistics.median(walls), most / 1024


few, many = home_with(SOURCES, SOURCES), home_with(ITEMS, SOURCES)
told = run(many, NOW, "--json", "status")
for name, home in [(f"{SOURCES} items", few), (f"{ITEMS} items", many)]:
    wall, memory = timed(home)
    print(f"{name}: preview {wall * 1000:.0f} ms (median of 11), {memory:.0f} MB at most")
footer = [line for line in run(many, NOW, "digest", "preview").stdout.splitlines() if " read, " in line]
print("\n".join(footer))
