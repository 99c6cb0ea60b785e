"""What the scripts beside it share: homes that read folders of sessions, and the program at work in them, measured."""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import time

# A fixed time: what is due by a schedule would otherwise come into a measurement on some days and not on others.
NOW = "2026-11-21T12:00:00Z"
broken = []


def check(holds, words):
    print(("holds   " if holds else "BROKEN  ") + words, flush=True)
    if not holds:
        broken.append(words)
    return holds


def end():
    sys.exit(1 if broken else 0)


def say(words):
    print("        " + words, flush=True)


class Done:
    """A program that has ended, and what it cost."""

    def __init__(self, code, out, error, wall, usage):
        self.code, self.out, self.error, self.wall = code, out, error, wall
        self.cpu = usage.ru_utime + usage.ru_stime
        self.peak_mb = usage.ru_maxrss / 1024

    def json(self):
        return json.loads(self.out)


def measured(command, env=None, out=subprocess.PIPE):
    """Runs a command to its end. Its output goes to files, so that nobody has to read while it is measured."""
    import tempfile
    with tempfile.TemporaryFile() as stdout, tempfile.TemporaryFile() as stderr:
        begun = time.perf_counter()
        process = subprocess.Popen([str(word) for word in command], stdout=stdout, stderr=stderr, env=env)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - begun
        process.returncode = os.waitstatus_to_exitcode(status)
        stdout.seek(0)
        stderr.seek(0)
        return Done(process.returncode, stdout.read().decode(errors="replace"), stderr.read().decode(errors="replace"), wall, usage)


class Home:
    """A home of the program that reads these folders of sessions: (name, folder, format)."""

    def __init__(self, program, folder, sources, settings=""):
        self.program, self.folder = pathlib.Path(program), pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        text = "".join(
            f'[[source]]\nname = "{name}"\nfrom.sessions = {{ path = "{path}", format = "{kind}" }}\n\n' for name, path, kind in sources
        )
        (self.folder / "sources.toml").write_text(text)
        if settings:
            (self.folder / "tidings.toml").write_text(settings)

    def env(self):
        return {"PATH": os.environ["PATH"], "HOME": str(self.folder)}

    def command(self, *words):
        return [self.program, "--home", self.folder, "--now", NOW, *words]

    def ask(self, *words):
        return measured(self.command(*words), self.env())

    def run(self):
        done = self.ask("run", "--json")
        if done.code != 0:
            sys.exit(f"tidings run left with {done.code}: {done.error[-2000:]}")
        return done

    def search(self, words, *options):
        return self.ask("search", "--json", *options, "--", words)

    def remove(self):
        shutil.rmtree(self.folder, ignore_errors=True)


def projects(corpus):
    """Folders of projects of a made corpus: one, or one for each person."""
    corpus = pathlib.Path(corpus)
    found = [corpus / "projects"] if (corpus / "projects").is_dir() else sorted(corpus.glob("*/projects"))
    if not found:
        sys.exit(f"{corpus} holds no folder `projects`; gen_transcripts.py makes one")
    return found


def sources_of(corpus):
    return [(f"sessions {number}", folder, "claude-code") for number, folder in enumerate(projects(corpus))]


def lines(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def bytes_of(folder, *endings):
    """Bytes of the files below a folder."""
    return sum(path.stat().st_size for path in pathlib.Path(folder).rglob("*")
               if path.is_file() and (not endings or path.suffix in endings))


def raw_bytes(corpus):
    """Of all that is a transcript or beside one."""
    return sum(bytes_of(folder) for folder in projects(corpus))


def median(values):
    values = sorted(values)
    middle = len(values) // 2
    return values[middle] if len(values) % 2 else (values[middle - 1] + values[middle]) / 2
