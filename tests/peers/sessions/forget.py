#!/usr/bin/env python3
"""Forgetting: after `sessions forget` nothing of a session is left, whatever comes after; and nobody else reads a private home.

    tests/peers/sessions/forget.py TIDINGS OPEN_HOME TRANSCRIPTS

Copies transcripts out of TRANSCRIPTS, fills a home, and forgets two sessions of it. Each window of 30 bytes of their texts that no
other session has is looked for in everything that lies in the home. The look at the home of before must find them.
"""
import os
import pathlib
import pwd
import shutil
import subprocess
import sys
import tempfile

from ask import gather
from desk import Home, check, end, measured, say

STRANGER = "tidings-stranger"


class Look:
    def __init__(self, opener, before, session, without):
        self.opener, self.before, self.session, self.without = opener, before, session, without

    def at(self, *folders):
        done = measured([self.opener, "forgotten", self.before, self.session, self.without, *folders])
        if done.code not in (0, 1) or not done.out:
            sys.exit(f"open-home left with {done.code}: {done.error}")
        return done.json()

    def nothing(self, home, words):
        answer = self.at(home.folder)
        for one in answer["found"][:12]:
            say(f"{one['way']} {one['place']}: {one['texts']} texts, {one['windows']} windows, as {one['example']}")
        check(not answer["found"], f"{words}: {answer['texts_found']} of {answer['texts']} texts left a window")


def forget(program, opener, projects, root, chosen):
    home = Home(program, root / "home", [("public", projects, "claude-code")])
    home.run()
    # A second day's export, and a generation that was dropped: what forgets must know of both.
    before = root / "before"
    for file in sorted(projects.rglob(f"{chosen}.jsonl")):
        lines = file.read_bytes().splitlines(keepends=True)
        file.write_bytes(b"".join(lines[1:]))
    home.run()
    measured([program, "--home", home.folder, "--now", "2026-11-22T12:00:00Z", "run"], home.env())
    shutil.copytree(home.folder, before)
    # A home that never knew the session: what it has is not that session's.
    others = root / "others"
    shutil.copytree(projects, others, ignore=lambda folder, names: [name for name in names if name.startswith(chosen)])
    without = Home(program, root / "without", [("public", others, "claude-code")])
    without.run()
    look = Look(opener, before, chosen, without.folder)
    seen = look.at(before)
    by_way = ", ".join(f"{way} {one['texts_found']}" for way, one in seen["scanned"].items())
    say(f"session {chosen[:8]}: {seen['texts']} texts, {seen['bytes'] / 1e6:.2f} MB, {seen['of_no_other']} of {seen['windows']} windows are in no "
        f"other session; of the texts the home of before shows: {by_way}")
    check(seen["texts_found"] >= seen["texts_of_its_own"],
          f"before, the look finds {seen['texts_found']} texts; {seen['texts_of_its_own']} have a window of their own, the others are short or repeat")
    stay = home.search("session:" + chosen).json()["total"]
    done = home.ask("sessions", "forget", chosen)
    check(done.code == 0, f"`sessions forget` took {done.wall:.1f} s: {done.out.strip()} {done.error.strip()[:200]}")
    look.nothing(home, "forgotten")
    check(stay > 0 and home.search("session:" + chosen).json()["total"] == 0, f"a search for it finds 0 turns, and found {stay}")
    done = home.ask("show", chosen)
    check(done.code != 0, f"`show` does not know it: {done.error.strip()[:100]}")
    home.run()
    look.nothing(home, "after a run over its file, which is still there")
    done = home.ask("reindex")
    check(done.code == 0, "the index is made anew")
    look.nothing(home, "after `reindex`")
    for file in sorted(projects.rglob(f"{chosen}*")):
        os.utime(file)
    for file in sorted(projects.rglob(f"{chosen}.jsonl")):
        moved = projects / "-moved-elsewhere" / file.name
        moved.parent.mkdir(exist_ok=True)
        shutil.copyfile(file, moved)
        with open(moved, "ab") as more:
            more.write(file.read_bytes()[-20_000:])
        file.unlink()
    home.run()
    look.nothing(home, "after its file came back under another project, longer")
    done = home.ask("restore")
    check(done.code == 0, f"`restore`: {done.error.strip()[:200]}")
    look.nothing(home, "after `restore`")
    home.run()
    home.ask("reindex")
    look.nothing(home, "after a run and `reindex` on what was restored")
    return home


def stranger(home):
    """Another Unix user, who can reach the folder and must not read it."""
    if os.geteuid() != 0:
        say("not root: no other user can be made, so nobody else has tried")
        return
    made = False
    try:
        pwd.getpwnam(STRANGER)
    except KeyError:
        subprocess.run(["useradd", "--no-create-home", "--shell", "/bin/sh", STRANGER], check=True)
        made = True
    try:
        folder = home.folder
        for parent in folder.parents:
            if parent != pathlib.Path("/") and not parent.stat().st_mode & 0o001:
                parent.chmod(parent.stat().st_mode | 0o011)
        files = [path for path in folder.rglob("*") if path.is_file()]
        script = 'for file in "$@"; do head -c 1 "$file" >/dev/null 2>&1 && echo "$file"; done; true'
        read = []
        for begin in range(0, len(files), 500):
            done = subprocess.run(["setpriv", "--reuid", STRANGER, "--regid", STRANGER, "--clear-groups", "sh", "-c", script, "sh",
                                   *map(str, files[begin:begin + 500])], capture_output=True, text=True)
            read += done.stdout.splitlines()
        read = [str(pathlib.Path(path).relative_to(folder)) for path in read]
        private = [path for path in read if path.startswith(("state/", "index/sessions/"))]
        check(not private, f"another user reads {len(private)} of {len(files)} files of a private home below state/ and index/sessions/"
              + (f", as {private[0]}" if private else ""))
        say(f"readable beside: {sorted(set(read) - set(private))[:8]}")
        for words in (["search", "the"], ["sessions", "list"], ["status"]):
            done = subprocess.run(["setpriv", "--reuid", STRANGER, "--regid", STRANGER, "--clear-groups", str(home.program), "--home", str(folder),
                                   *words], capture_output=True, text=True, env={"PATH": os.environ["PATH"], "HOME": "/"})
            check(done.returncode != 0, f"`{' '.join(words)}` by another user leaves with {done.returncode}: {done.stderr.strip()[:160]}")
    finally:
        if made:
            subprocess.run(["userdel", STRANGER], check=True)


def main():
    program, opener, transcripts = (pathlib.Path(word).resolve() for word in sys.argv[1:4])
    with tempfile.TemporaryDirectory() as name:
        root = pathlib.Path(name)
        for number in range(2):
            projects = root / f"projects{number}"
            gather(transcripts, projects)
            sizes = sorted((path.stat().st_size, path.stem) for path in projects.glob("*/*.jsonl"))
            # The largest, and one of the middle.
            chosen = sizes[-1][1] if number == 0 else sizes[len(sizes) * 2 // 3][1]
            home = forget(program, opener, projects, root / str(number), chosen)
        stranger(home)
    end()


if __name__ == "__main__":
    main()
