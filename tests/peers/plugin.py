#!/usr/bin/env python3
"""A skills repository, a person's copy of it, and Claude Code's own program: does what tidings proposes reach whoever has the plugin?

    tests/peers/run plugin CLAUDE      CLAUDE: the program `claude` of npm's native package

A publisher of release notes is served on loopback, tidings learns from it, `tidings propose --checkout` writes the patch, `git am` applies
it, git's own http-backend serves the repository, and `claude plugin update` has to deliver it. Nothing leaves the machine.
"""
import http.server
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import threading

NOTES = [
    # The day, title and text of each entry, in our own words.
    ("2026-11-02", "Claude Code 2.1.198", "Added a note to the status line."),
    ("2026-11-16", "Claude Code 2.1.240", "Added `claude --worktree` to begin a session in a git worktree of its own. "
     "Deprecated `--old-output`: use `--output-format json` instead. Fixed a crash at startup."),
    ("2026-11-18", "Claude Code 2.1.244", "The setting `cleanupPeriodDays` now keeps transcripts for as many days as it says; the default stays 30. "
     "Fixed flicker in narrow terminals."),
]
PLUGIN = {"name": "practices", "description": "Practices of a lab, for people and agents", "version": "0.1.11", "author": {"name": "The lab"}, "license": "MIT"}
MARKET = {"name": "lab-skills", "owner": {"name": "The lab"}, "metadata": {"description": "What the lab shares"},
          "plugins": [{"name": "practices", "source": "./plugins/practices", "description": "Practices of a lab"}]}
COMMAND = """---
description: Look over how this project works with its agent
---

# Practices

Look at this project and say what would help. Begin with what costs the most time.

1. Keep sessions short, and write down what was decided.
2. Ask for `--old-output` where a script reads the answer.
"""
HOOKS = {"hooks": {"SessionStart": [{"hooks": [{"type": "command", "command": "\"${CLAUDE_PLUGIN_ROOT}/hello.sh\""}]}]}}
REFERENCE = "plugins/practices/references/recent-practices.md"
MANIFEST = "plugins/practices/.claude-plugin/plugin.json"
failed = False


def check(holds, words):
    global failed
    failed |= not holds
    print("reached" if holds else "MISSED ", words, flush=True)


def run(*words, cwd=None, env=None, code=0):
    done = subprocess.run([str(word) for word in words], cwd=cwd, env=env, capture_output=True, text=True)
    if code is not None and done.returncode != code:
        sys.exit(f"{' '.join(map(str, words))} left with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done


class Server(http.server.BaseHTTPRequestHandler):
    """The notes as a feed, and a folder of bare repositories by git's own program."""
    entries, repositories = 1, None

    def log_message(self, *_):
        pass

    def do_GET(self):
        if self.path == "/feed.xml":
            items = "".join(
                f"<entry><id>tag:notes,{day}</id><title>{title}</title><updated>{day}T09:00:00Z</updated>"
                f"<link href=\"https://notes.example.org/releases/{title.split()[-1]}\"/><content type=\"html\">&lt;p&gt;"
                + re.sub(r"`([^`]*)`", r"&lt;code&gt;\1&lt;/code&gt;", text) + "&lt;/p&gt;</content></entry>"
                for day, title, text in NOTES[:Server.entries])
            body = ("<?xml version=\"1.0\"?><feed xmlns=\"http://www.w3.org/2005/Atom\"><id>tag:notes</id><title>Notes</title>"
                    f"<updated>2026-11-18T09:00:00Z</updated>{items}</feed>").encode()
            self.send_response(200)
            self.send_header("content-type", "application/atom+xml")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        else:
            self.git()

    def do_POST(self):
        self.git()

    def git(self):
        path, _, query = self.path.partition("?")
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        env = {"PATH": os.environ["PATH"], "GIT_PROJECT_ROOT": str(Server.repositories), "GIT_HTTP_EXPORT_ALL": "1", "PATH_INFO": path,
               "QUERY_STRING": query, "REQUEST_METHOD": self.command, "CONTENT_TYPE": self.headers.get("content-type", ""),
               "GIT_PROTOCOL": self.headers.get("git-protocol", ""), "HTTP_CONTENT_ENCODING": self.headers.get("content-encoding", "")}
        backend = run("git", "--exec-path").stdout.strip() + "/git-http-backend"
        answer = subprocess.run([backend], input=body, env=env, capture_output=True).stdout
        head, _, body = answer.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n") if ": " in line)
        self.send_response(int(headers.pop("Status", "200").split()[0]))
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def main():
    tidings, claude = (pathlib.Path(word).resolve() for word in sys.argv[1:3])
    with tempfile.TemporaryDirectory() as name:
        root = pathlib.Path(name)
        work, bare = root / "work", root / "served" / "skills.git"
        write(work / ".claude-plugin/marketplace.json", json.dumps(MARKET, indent=2) + "\n")
        write(work / MANIFEST, json.dumps(PLUGIN, indent="\t") + "\n")
        write(work / "plugins/practices/commands/practices.md", COMMAND)
        write(work / "plugins/practices/hooks/hooks.json", json.dumps(HOOKS, indent=2) + "\n")
        write(work / "plugins/practices/hello.sh", "#!/bin/sh\n")
        git = {"PATH": os.environ["PATH"], "HOME": str(root), "GIT_AUTHOR_NAME": "Ana", "GIT_AUTHOR_EMAIL": "ana@lab.example",
               "GIT_COMMITTER_NAME": "Ana", "GIT_COMMITTER_EMAIL": "ana@lab.example"}
        run("git", "init", "-q", "-b", "main", work, env=git)
        run("git", "add", "-A", cwd=work, env=git)
        run("git", "commit", "-qm", "The lab's practices", cwd=work, env=git)
        bare.parent.mkdir()
        run("git", "clone", "-q", "--bare", work, bare, env=git)
        run("git", "remote", "add", "origin", bare, cwd=work, env=git)

        Server.repositories = bare.parent
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        here = f"http://127.0.0.1:{server.server_port}"

        person = root / "person"
        person.mkdir()
        env = {"PATH": "/usr/bin:/bin", "HOME": str(person), "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1", "DISABLE_AUTOUPDATER": "1",
               "DISABLE_TELEMETRY": "1"}
        print(run(claude, "--version", env=env).stdout.strip(), run("git", "--version").stdout.strip())
        before = json.loads(run(claude, "plugin", "validate", "--json", work / "plugins/practices", env=env, code=None).stdout)
        run(claude, "plugin", "marketplace", "add", f"{here}/skills.git", env=env)
        run(claude, "plugin", "install", "practices@lab-skills", env=env)

        home = root / "home"
        # People read the notes at notes.example.org; the second source is what makes that host one that is watched.
        write(home / "sources.toml", f'[[source]]\nname = "Claude Code notes"\nfrom.feed = "{here}/feed.xml"\ntrust = "official"\n'
              'every = "1h"\ntopics = ["claude-code"]\n\n[[source]]\nname = "Notes, whole"\nfrom.feed = "https://notes.example.org/all.xml"\n'
              'trust = "official"\nevery = "28d"\n')
        write(home / "tidings.toml", '[network]\nallow = ["127.0.0.0/8"]\n\n[skills]\nrepository = "lab/skills"\n'
              f'reference = "{REFERENCE}"\nmanifest = "{MANIFEST}"\nbody = "plugins/practices/commands/practices.md"\nplugin = "practices@lab-skills"\n')
        run(tidings, "--home", home, "--now", "2026-11-10T10:00:00Z", "run", "--source", "Claude Code notes")
        Server.entries = len(NOTES)
        run(tidings, "--home", home, "--now", "2026-11-19T10:00:00Z", "run", "--source", "Claude Code notes")
        print(run(tidings, "--home", home, "lessons", "list").stdout)
        now = ("--home", home, "--now", "2026-11-20T10:00:00Z")
        offered = json.loads(run(tidings, *now, "--json", "propose", "--checkout", work).stdout)
        if not offered["proposal"]:
            check(False, f"nothing was proposed: {offered['outcome']}; {offered['refused']}")
            sys.exit(1)
        folder = pathlib.Path(offered["folder"])
        print((folder / "request.md").read_text())
        run("git", "am", "-q", folder / "0001-best-practices.patch", cwd=work, env=git)
        touched = run("git", "diff", "--name-only", "HEAD~1", cwd=work, env=git).stdout.split()
        check(sorted(touched) == sorted([REFERENCE, MANIFEST]), f"the patch touches {touched}")
        lines = [line for line in run("git", "diff", "HEAD~1", "--", MANIFEST, cwd=work, env=git).stdout.splitlines()
                 if re.match(r"[+-](?![+-])", line)]
        check(lines == ['-\t"version": "0.1.11",', '+\t"version": "0.2.0",'], f"of plugin.json changed {lines}")
        run("git", "push", "-q", "origin", "main", cwd=work, env=git)

        after = json.loads(run(claude, "plugin", "validate", "--json", work / "plugins/practices", env=env, code=None).stdout)
        find = lambda value, key: json.dumps(value.get(key, [found.get(key) for found in value.get("results", [])]), sort_keys=True)
        check(find(before, "provides") == find(after, "provides"), f"`provides` is unchanged: {find(after, 'provides')[:200]}")
        strip = lambda value: re.sub(r"0\.(1\.11|2\.0)", "VERSION", find(value, "warnings") + find(value, "errors"))
        check(strip(before) == strip(after), f"no new warning: {strip(after)[:200]}")
        run(claude, "plugin", "marketplace", "update", "lab-skills", env=env)
        said = run(claude, "plugin", "update", "practices@lab-skills", env=env).stdout
        check("0.2.0" in said, said.strip().splitlines()[-1])
        copies = [path for path in person.rglob("recent-practices.md") if "0.2.0" in str(path)]
        held = [path.read_text() == (work / REFERENCE).read_text() for path in copies]
        check(held == [True], f"the installed copy holds the file, {len((work / REFERENCE).read_text())} bytes")
        again = json.loads(run(tidings, *now, "--json", "propose", "--checkout", work).stdout)
        check(again["proposal"] is None, f"proposed again to what was merged: {again['outcome']}")
        server.shutdown()
    sys.exit(failed)


if __name__ == "__main__":
    main()
