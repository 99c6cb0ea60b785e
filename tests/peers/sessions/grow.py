#!/usr/bin/env python3
"""Transcripts that grow, are rewritten, renamed, cut and killed over: after each step the index holds what a fresh home would.

    tests/peers/sessions/grow.py TIDINGS OPEN_HOME GENERATOR GROWTH [--kills 50] [--steps 40] [--seed 1]

GROWTH holds a folder for each session with successive copies of its file, 00.jsonl, 01.jsonl, ...; GENERATOR makes transcripts.
"""
import argparse
import collections
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time

from desk import Home, check, end, measured, median, say


class Desk:
    """A home over one folder of projects, and what a fresh one would hold."""

    def __init__(self, program, opener, root):
        self.program, self.opener, self.root = program, opener, root
        self.projects = root / "projects"
        self.projects.mkdir(parents=True)
        self.sources = [("mine", self.projects, "claude-code")]
        self.home = Home(program, root / "home", self.sources)

    def turns(self, home):
        done = measured([self.opener, "turns", home.folder])
        if done.code != 0:
            return f"open-home left with {done.code}: {done.error.strip()[-500:]}"
        return done.out

    def fresh(self):
        home = Home(self.program, self.root / "fresh", self.sources)
        key = self.home.folder / "state/scrub.key"
        if key.exists():
            (home.folder / "state").mkdir(mode=0o700)
            shutil.copyfile(key, home.folder / "state/scrub.key")
        home.run()
        turns = self.turns(home)
        home.remove()
        return turns

    def fresh_wall(self):
        home = Home(self.program, self.root / "timed", self.sources)
        wall = home.run().wall
        home.remove()
        return wall

    def settle(self, words):
        """One run, and then everything as in a fresh home."""
        self.home.run()
        return self.same(words)

    def same(self, words):
        ours, fresh = self.turns(self.home), self.fresh()
        if ours == fresh:
            return True
        lines = [collections.Counter(text.splitlines()) for text in (ours, fresh)]
        more, fewer = lines[0] - lines[1], lines[1] - lines[0]
        say(f"{words}: {sum(more.values())} turns that a fresh home has not, {sum(fewer.values())} that it has alone")
        for one in list(more)[:2] + list(fewer)[:2]:
            say("   " + one[:300])
        return False


def series(program, opener, growth, root):
    """Real copies of growing sessions, by three ways of writing."""
    for session in sorted(path for path in growth.iterdir() if path.is_dir()):
        copies = [path.read_bytes() for path in sorted(session.glob("*.jsonl"))]
        for way in ("in place", "by rename", "cut and grown again"):
            desk = Desk(program, opener, root / f"series {session.name} {way}")
            target = desk.projects / "-home-lab-atlas" / f"{session.name}.jsonl"
            target.parent.mkdir()
            before, good = b"", 0
            for number, bytes_now in enumerate(copies):
                if way == "in place" and bytes_now.startswith(before) and number:
                    with open(target, "ab") as file:
                        file.write(bytes_now[len(before):])
                elif way == "by rename":
                    unfinished = target.with_suffix(".unfinished")
                    unfinished.write_bytes(bytes_now)
                    os.replace(unfinished, target)
                elif way == "cut and grown again":
                    with open(target, "wb") as file:
                        file.write(bytes_now[:len(bytes_now) // 3])
                    good += desk.settle(f"{way}, step {number}, cut")
                    with open(target, "ab") as file:
                        file.write(bytes_now[len(bytes_now) // 3:])
                else:
                    target.write_bytes(bytes_now)
                good += desk.settle(f"{way}, step {number}")
                before = bytes_now
            steps = len(copies) * (2 if way == "cut and grown again" else 1)
            check(good == steps, f"{session.name[:8]} {way}: {good} of {steps} steps equal a fresh home")


class Hand:
    """Does to a folder of transcripts what happens to one, by the dice."""

    def __init__(self, projects, spare, dice):
        self.projects, self.spare, self.dice = projects, spare, dice
        self.rest = {}

    def files(self):
        return sorted(path for path in self.projects.rglob("*.jsonl"))

    def any(self):
        return self.dice.choice(self.files())

    def grow(self, path):
        """Appends some lines of another transcript; sometimes the last is half written."""
        whole = self.dice.choice(self.spare).read_bytes().splitlines(keepends=True)
        begin = self.dice.randrange(len(whole))
        more = b"".join(whole[begin:begin + self.dice.randint(1, 40)])
        half = self.rest.pop(path, b"")
        if self.dice.random() < 0.4:
            cut = self.dice.randrange(1, len(more))
            more, self.rest[path] = more[:cut], more[cut:]
        with open(path, "ab") as file:
            file.write(half + more)
        return "grew"

    def rewrite(self, path):
        lines = path.read_bytes().splitlines(keepends=True)
        self.rest.pop(path, None)
        path.write_bytes(b"".join(lines[self.dice.randrange(len(lines)):]) or b"\n")
        return "was rewritten from another line on"

    def replace(self, path):
        self.rest.pop(path, None)
        unfinished = path.with_suffix(".unfinished")
        shutil.copyfile(self.dice.choice(self.spare), unfinished)
        os.replace(unfinished, path)
        return "was replaced by another"

    def alter(self, path):
        """A letter of a text that was read changes, and no length does: near the end, which is what the program looks at again."""
        bytes_now = bytearray(path.read_bytes())
        at = bytes_now.find(b'"text":"', max(0, len(bytes_now) - self.dice.randrange(1, 60_000)))
        if at >= 0 and chr(bytes_now[at + 8]).isalpha():
            bytes_now[at + 8] = ord("Q")
            # In place: the same inode and length, another time.
            with open(path, "r+b") as file:
                file.write(bytes_now)
        return "has another letter"

    def truncate(self, path):
        self.rest.pop(path, None)
        size = path.stat().st_size
        with open(path, "r+b") as file:
            file.truncate(self.dice.randrange(size) if size else 0)
        return "was cut"

    def rename(self, path):
        self.rest.pop(path, None)
        target = self.projects / f"-moved-{self.dice.randrange(5)}" / path.name
        if "subagents" in path.parts or target.exists():
            return self.grow(path)
        target.parent.mkdir(exist_ok=True)
        os.rename(path, target)
        beside = path.with_suffix("")
        if beside.is_dir():
            os.rename(beside, target.with_suffix(""))
        return "went to another project"

    def new(self, path):
        source = self.dice.choice(self.spare)
        name = "%08x-0000-4000-8000-%012x" % (self.dice.getrandbits(32), self.dice.getrandbits(48))
        shutil.copyfile(source, path.parent / f"{name}.jsonl" if "subagents" not in path.parts else path.parent / f"agent-a{name}.jsonl")
        return "has a new neighbour"

    def touch(self, path):
        os.utime(path)
        return "was touched"

    def act(self):
        path = self.any()
        deed = self.dice.choice([self.grow] * 4 + [self.rewrite, self.replace, self.alter, self.truncate, self.rename, self.new, self.touch])
        return f"{path.name[:12]} {deed(path)}"


def made(generator, folder, mb, seed, sessions):
    subprocess.run([sys.executable, generator, folder, "--mb", str(mb), "--seed", str(seed), "--sessions", str(sessions), "--needles", "40",
                    "--secrets", "40", "--pool-mb", "4"], check=True, stdout=subprocess.DEVNULL)
    return folder


def by_dice(program, opener, generator, root, steps, seed):
    """Made transcripts under random hands, several deeds between two runs."""
    desk = Desk(program, opener, root / "dice")
    corpus = made(generator, root / "made", 6, seed, 8)
    shutil.copytree(corpus / "projects", desk.projects, dirs_exist_ok=True)
    spare = sorted((made(generator, root / "spare", 2, seed + 1, 6) / "projects").glob("*/*.jsonl"))
    dice = random.Random(seed)
    hand = Hand(desk.projects, spare, dice)
    desk.settle("at first")
    good = 0
    for step in range(steps):
        deeds = [hand.act() for _ in range(dice.randint(1, 4))]
        good += desk.settle(f"step {step}: {'; '.join(deeds)}")
    check(good == steps, f"by dice: {good} of {steps} steps equal a fresh home")
    # What is deleted stays, which a fresh home cannot know: the turns of before must all be there.
    before = desk.turns(desk.home)
    gone = hand.any()
    gone.unlink()
    desk.home.run()
    check(desk.turns(desk.home) == before, "what was deleted stays")
    shutil.move(desk.projects, root / "away")
    desk.projects.mkdir()
    desk.home.run()
    check(desk.turns(desk.home) == before, "a folder that is empty, as if not mounted, changes nothing")


class Reader:
    """Searches again and again while others write."""

    def __init__(self, home):
        self.home, self.codes, self.errors, self.walls = home, collections.Counter(), [], []
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.read)
        self.thread.start()

    def read(self):
        words = ["function", "error test", "\"the to\"", "NOT error", "conf*", "role:prompt the"]
        number = 0
        while not self.over.is_set():
            done = self.home.search(words[number % len(words)])
            number += 1
            self.codes[done.code] += 1
            self.walls.append(done.wall)
            if done.code != 0:
                self.errors.append(done.error.strip())

    def end(self):
        self.over.set()
        self.thread.join()


def killed(program, opener, generator, root, kills, seed):
    """Killed again and again, with something new to read each time; then one run."""
    corpus = made(generator, root / "kill made", 120, seed + 2, 100)
    desk = Desk(program, opener, root / "kill")
    files = sorted(path for path in (corpus / "projects").rglob("*") if path.is_file())
    dice = random.Random(seed)

    # How long it takes to read a share of the files, from a home that has read the shares before.
    def bring(share):
        for path in share:
            target = desk.projects / path.relative_to(corpus / "projects")
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)

    shares = [files[number::kills + 2] for number in range(kills + 2)]
    bring(shares[0])
    desk.home.run()
    bring(shares[1])
    spent = desk.home.run().wall
    say(f"reading one share of {len(files)} files takes {spent:.2f} s; a kill comes at any moment of up to twice that")
    reader = Reader(desk.home)
    hit = 0
    for share in shares[2:]:
        bring(share)
        process = subprocess.Popen([str(word) for word in desk.home.command("run", "--json")], stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL, env=desk.home.env())
        time.sleep(dice.random() * 2 * spent)
        hit += process.poll() is None
        process.kill()
        process.wait()
    done = desk.home.run()
    reader.end()
    say(f"{hit} of {kills} kills came while it ran; the run after them took {done.wall:.1f} s")
    check(desk.same("after the kills"), f"after {kills} kills and one run: as a fresh home")
    say(f"searches meanwhile: {dict(reader.codes)} by exit code, {median(reader.walls) * 1000:.0f} ms (median)")
    for error in reader.errors[:3]:
        say("   " + error[:300])
    check(set(reader.codes) == {0}, "no search failed meanwhile")
    # Over one home, from nothing, until a run gets through.
    desk.home.remove()
    desk.home = Home(program, desk.root / "home", desk.sources)
    whole = desk.fresh_wall()
    for number in range(kills):
        process = subprocess.Popen([str(word) for word in desk.home.command("run", "--json")], stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL, env=desk.home.env())
        time.sleep(dice.random() * whole * 0.5)
        process.kill()
        process.wait()
    desk.home.run()
    check(desk.same("after kills from nothing"), f"from nothing, after {kills} more kills and one run: as a fresh home")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("tidings", "open_home", "generator", "growth"):
        parser.add_argument(name, type=pathlib.Path)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    program, opener = asked.tidings.resolve(), asked.open_home.resolve()
    with tempfile.TemporaryDirectory() as name:
        root = pathlib.Path(name)
        series(program, opener, asked.growth, root)
        by_dice(program, opener, asked.generator, root, asked.steps, asked.seed)
        killed(program, opener, asked.generator, root, asked.kills, asked.seed)
    end()


if __name__ == "__main__":
    main()
