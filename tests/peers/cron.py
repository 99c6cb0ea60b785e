#!/usr/bin/env python3
"""Debian's cron runs the lines that `tidings install cron` writes, under an odd path, with a secret from a file.

    tests/peers/cron.py TIDINGS

Needs root. Starts cron if none runs, and ends the one it started; the crontab of whoever calls it is afterwards as it was.
"""
import http.server
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading
import time

FEED = (b'<rss version="2.0"><channel><title>A</title><item><guid>1</guid><title>One</title><link>http://a.example/1</link></item>'
        b"</channel></rss>")


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "application/rss+xml")
        self.end_headers()
        self.wfile.write(FEED)

    def log_message(self, *_):
        pass


def crontab():
    shown = subprocess.run(["crontab", "-l"], capture_output=True, text=True)
    return shown.stdout if shown.returncode == 0 else ""


failed = []


def check(holds, words):
    print(("reached " if holds else "MISSED  ") + words)
    if not holds:
        failed.append(words)


program = shutil.copy(sys.argv[1], tempfile.mkdtemp())
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
work = pathlib.Path(tempfile.mkdtemp())
home = work / "100% O'Neil's news"
home.mkdir()
(home / "sources.toml").write_text(f'[[source]]\nname = "A"\nfrom.feed = "http://127.0.0.1:{server.server_address[1]}/"\n')
(home / "tidings.toml").write_text('[model]\nendpoint = "off"\n[network]\nallow = ["127.0.0.1"]\n[ntfy]\n'
                                   f'url = "http://127.0.0.1:{server.server_address[1]}"\ntopic = "lab"\ntoken_env = "ONLY_IN_THE_FILE"\n')
secrets = work / "secrets"
secrets.write_text("ONLY_IN_THE_FILE=tk_hunter2\n")
secrets.chmod(0o600)
before = crontab()
started = None
if subprocess.run(["pgrep", "-x", "cron"], capture_output=True).returncode != 0:
    started = subprocess.Popen(["cron", "-f"])
call = [program, "--home", str(home), "install", "cron", "--env-file", str(secrets)]
try:
    now = time.time()
    # Cron reads a crontab within a minute of its change.
    minute = time.localtime(now + (60 if time.localtime(now).tm_sec < 40 else 120)).tm_min
    written = subprocess.run([*call, "--at", str(minute), "--yes"], capture_output=True, text=True)
    print(written.stdout + written.stderr)
    check(written.returncode == 0, "install cron --yes")
    log = home / "state/cron.log"
    deadline = time.time() + 200
    while time.time() < deadline and not (log.exists() and "source" in log.read_text()):
        time.sleep(1)
    said = log.read_text() if log.exists() else ""
    print(said)
    check("1 source: 1 answered." in said, "cron ran the line: a source answered")
    check("hunter2" not in said + crontab() + (home / "state/cron.sh").read_text(), "the secret stands in none of what was written")
    check((home / "state/views/status.json").exists(), "the run wrote its views")
    bare = {"PATH": "/usr/bin:/bin", "HOME": os.environ["HOME"]}
    quiet = subprocess.run(["/bin/sh", home / "state/cron.sh", "check"], capture_output=True, text=True, env=bare)
    check((quiet.returncode, quiet.stdout) == (0, ""), "the day's look has nothing to say")
finally:
    gone = subprocess.run([*call, "--remove", "--yes"], capture_output=True, text=True)
    if started:
        started.terminate()
        started.wait()
check(gone.returncode == 0 and crontab() == before, "install cron --remove: the crontab is as it was")
sys.exit(1 if failed else 0)
