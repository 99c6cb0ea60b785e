#!/usr/bin/env python3
"""The demo's digest for a hundred people by real mail: aiosmtpd, or Postfix, with STARTTLS and AUTH.

    tests/peers/hundred.py TIDINGS [--postfix] [--kills 20] [--points 20]

TIDINGS is the program. Prints how long a hundred letters take over one connection and over four; what becomes of them when one
is put off (451), one is cut after DATA and one is refused (550); and, over as many seeds as --kills says, what is missing and
what came twice after the program was killed in the middle of sending. With --points the program, built with its fail points
(as `cargo test` builds it), is killed at each point of queueing and sending, over so many seeds, and nothing else is done. With --postfix the same hundred go to a Postfix of our
own (its own configuration, queue and mailbox below a temporary folder; loopback only; stopped at the end; needs root). Leaves
with 1 if a promise is broken.
"""
import collections
import email
import email.policy
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import venv

import postfix

HERE = pathlib.Path(__file__).resolve().parent
NUMBER = 100
PEOPLE = [f"person{number}@lab.example" for number in range(NUMBER)]
PASSWORD = "correct horse battery"
NOW = "2026-11-23T08:00:00Z"
broken = []


def check(holds, words):
    print(("holds   " if holds else "BROKEN  ") + words, flush=True)
    if not holds:
        broken.append(words)


class Aiosmtpd:
    def __init__(self, folder, *options):
        self.folder = folder
        self.process = subprocess.Popen([sys.executable, HERE / "smtp.py", folder, *options], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        self.facts = json.loads(self.process.stdout.readline())
        self.events = []
        # A pipe that nobody reads fills, and the server would wait for it.
        self.reader = threading.Thread(target=lambda: self.events.extend(map(json.loads, self.process.stdout)))
        self.reader.start()
        self.port, self.ca_file, self.user = self.facts["port"], folder / "ca.pem", "tidings"

    def inbox(self):
        return [read(path) for path in (self.folder / "inbox").glob("*.eml")]

    def connections(self):
        return sum(event["event"] == "connected" for event in self.events)

    def end(self):
        self.process.stdin.close()
        self.process.wait(timeout=20)
        self.reader.join()


def read(path):
    return email.message_from_bytes(path.read_bytes(), policy=email.policy.default)


def environment(home):
    return {"PATH": os.environ["PATH"], "HOME": str(home), "TIDINGS_SMTP_PASSWORD": PASSWORD}


def run(program, home, *words):
    done = subprocess.run([program, "--home", home, *words, "--json"], capture_output=True, text=True, env=environment(home))
    if not done.stdout.strip():
        sys.exit(f"tidings {' '.join(map(str, words))} said nothing: {done.stderr}")
    value, _ = json.JSONDecoder().raw_decode(done.stdout.strip())
    return value


def letters(report):
    return {name: report["acts"]["letters_" + name] for name in ["sent", "waiting", "dead"]}


def template(program, root):
    """A home that has read the demo's week and has not closed it."""
    home = root / "template"
    run(program, home, "demo")
    for name in ["state", "index", "digests"]:
        shutil.rmtree(home / name)
    last = root / "last"
    last.mkdir()
    (home / "world/20261123T080000Z").rename(last / "20261123T080000Z")
    run(program, home, "run", "--replay", str(home / "world"))
    return home, last


def with_mail(root, home, server, connections=1, name="home"):
    made = root / name
    if made.exists():
        shutil.rmtree(made)
    shutil.copytree(home, made)
    with open(made / "tidings.toml", "a") as settings:
        settings.write(f"""
[mail]
smtp = "smtp://{server.user and server.user + '@'}127.0.0.1:{server.port}"
from = "Lab tidings <tidings@lab.example>"
{'password_env = "TIDINGS_SMTP_PASSWORD"' if server.user else ''}
ca_file = "{server.ca_file}"
connections = {connections}

[web]
url = "https://tidings.lab.example"
""")
        for number, address in enumerate(PEOPLE):
            stream = ["evals", "policy", "training", "theory"][number % 4]
            settings.write(f'\n[[people]]\naddress = "{address}"\nstreams = ["{stream}"]\n')
    return made


def again(program, home, minute):
    return run(program, home, "run", "--now", f"2026-11-23T{9 + minute // 60:02}:{minute % 60:02}:00Z", "--source", "Tidewire")


def each_once(inbox, words, of=PEOPLE):
    check(sorted(letter["To"] for letter in inbox) == sorted(of), f"{words}: each of {len(of)} people has it once")


def whole(inbox):
    check(len({letter["Message-ID"] for letter in inbox}) == len(inbox), "every letter has its own Message-ID")
    tokens = {letter["List-Unsubscribe"] for letter in inbox}
    check(len(tokens) == len(inbox), "every letter has its own link to leave by")
    check(not any(letter.defects for letter in inbox), "no letter has a defect")


def timed(program, root, home, last, server, connections):
    made = with_mail(root, home, server, connections)
    begun = time.time()
    report = run(program, made, "run", "--replay", str(last))
    spent = time.time() - begun
    print(f"  {connections} connection(s): {letters(report)}, the whole run took {spent:.1f} s", flush=True)
    return letters(report)


def odd(program, root, home, last, venv_folder, words, *options):
    print(f"\n{words}", flush=True)
    folder = root / options[0].strip("-")
    folder.mkdir()
    (folder / "venv").symlink_to(venv_folder)
    server = Aiosmtpd(folder, *options)
    made = with_mail(root, home, server)
    first = letters(run(program, made, "run", "--replay", str(last)))
    second = letters(again(program, made, 0))
    third = letters(again(program, made, 30))
    inbox = server.inbox()
    print(f"  first run {first}, next {second}, half an hour later {third}", flush=True)
    server.end()
    return inbox, first, second


def killed(program, root, home, last, venv_folder, seeds):
    """Kills a run at a random moment of its sending, and lets later runs finish."""
    print(f"\nkilled in the middle of sending, {seeds} seeds", flush=True)
    missing = copies = strange = kills = 0
    for seed in range(seeds):
        dice = random.Random(seed)
        folder = root / f"kill{seed}"
        folder.mkdir()
        (folder / "venv").symlink_to(venv_folder)
        server = Aiosmtpd(folder)
        made = with_mail(root, home, server, connections=[1, 4][seed % 2])
        process = subprocess.Popen([program, "--home", made, "run", "--replay", str(last)], stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL, env=environment(made))
        wanted = dice.randrange(1, NUMBER)
        while process.poll() is None and sum(event["event"] == "letter" for event in list(server.events)) < wanted:
            time.sleep(0.001)
        time.sleep(dice.random() * 0.01)
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            kills += 1
        process.wait()
        for minute in range(0, 120, 20):
            if letters(again(program, made, minute))["waiting"] == 0:
                break
        inbox = server.inbox()
        by_person = collections.defaultdict(list)
        for letter in inbox:
            by_person[letter["To"]].append(letter)
        missing += sum(person not in by_person for person in PEOPLE)
        copies += sum(len(ones) - 1 for ones in by_person.values())
        strange += sum(len({one["Message-ID"] for one in ones}) > 1 for ones in by_person.values())
        server.end()
        shutil.rmtree(folder)
    print(f"  {kills} kills, {seeds * NUMBER} letters: {missing} missing, {copies} second copies "
          f"({100 * copies / (seeds * NUMBER):.2f} %)", flush=True)
    check(missing == 0, "no letter is missing")
    check(strange == 0, "every second copy has the Message-ID of the first")


POINTS = ["outbox-before-write", "outbox-created", "outbox-written", "outbox-synced", "told-before-append", "told-written",
          "told-synced", "week-before-close", "week-closed", "letter-begun", "mail-offered", "letter-delivered",
          "outbox-before-remove", "outbox-removed", "letter-ended"]
# These come once a run, the others with each letter or more often.
ONCE = {"outbox-synced", "week-before-close", "week-closed"}


def at_points(program, root, home, last, venv_folder, seeds):
    """Kills a run at each point of queueing and sending, at the pass that the seed says, and lets later runs finish."""
    missing = copies = strange = kills = 0
    for point in POINTS:
        before = copies
        for seed in range(seeds):
            dice = random.Random(f"{point} {seed}")
            folder = root / "point"
            folder.mkdir()
            (folder / "venv").symlink_to(venv_folder)
            server = Aiosmtpd(folder)
            made = with_mail(root, home, server, connections=[1, 4][seed % 2])
            passes = 0 if point in ONCE else dice.randrange(NUMBER)
            armed = environment(made) | {"FAILPOINTS": f"{point}={passes}*off->panic"}
            process = subprocess.run([program, "--home", made, "run", "--replay", str(last)], stdout=subprocess.DEVNULL,
                                     stderr=subprocess.DEVNULL, env=armed)
            kills += process.returncode < 0
            for minute in range(0, 120, 20):
                if letters(again(program, made, minute))["waiting"] == 0:
                    break
            by_person = collections.defaultdict(list)
            for letter in server.inbox():
                by_person[letter["To"]].append(letter)
            missing += sum(person not in by_person for person in PEOPLE)
            copies += sum(len(ones) - 1 for ones in by_person.values())
            strange += sum(len({one["Message-ID"] for one in ones}) > 1 for ones in by_person.values())
            server.end()
            shutil.rmtree(folder)
        print(f"  {point}: {copies - before} second copies in {seeds} seeds", flush=True)
    total = len(POINTS) * seeds
    print(f"  {kills} kills in {total} plays, {total * NUMBER} letters: {missing} missing, {copies} second copies", flush=True)
    check(kills == total, "each play was killed at its point")
    check(missing == 0, "no letter is missing")
    check(strange == 0, "every second copy has the Message-ID of the first")


def by_postfix(program, root, home, last):
    print("\nPostfix", flush=True)
    server = postfix.Postfix(root / "postfix")
    try:
        print(f"  {server.version}", flush=True)
        for connections in (1, 4):
            server.empty()
            check(timed(program, root, home, last, server, connections)["sent"] == NUMBER, "Postfix takes a hundred letters")
            inbox = [read(path) for path in server.delivered(NUMBER)]
            each_once(inbox, f"delivered by Postfix, {connections} connection(s)")
            whole(inbox)
    finally:
        server.end()


def main():
    program = pathlib.Path(sys.argv[1]).resolve()
    kills = int(sys.argv[sys.argv.index("--kills") + 1]) if "--kills" in sys.argv else 20
    with tempfile.TemporaryDirectory() as name:
        root = pathlib.Path(name)
        # Postfix's own users go through it to their queue.
        root.chmod(0o755)
        home, last = template(program, root)
        if "--postfix" in sys.argv:
            by_postfix(program, root, home, last)
            sys.exit(1 if broken else 0)
        venv.create(root / "venv", with_pip=True)
        subprocess.run([root / "venv/bin/python", "-m", "pip", "install", "--quiet", "aiosmtpd==1.4.6"], check=True)
        if "--points" in sys.argv:
            at_points(program, root, home, last, root / "venv", int(sys.argv[sys.argv.index("--points") + 1]))
            sys.exit(1 if broken else 0)
        print("a hundred people", flush=True)
        for connections in (1, 4):
            folder = root / f"taken{connections}"
            folder.mkdir()
            (folder / "venv").symlink_to(root / "venv")
            server = Aiosmtpd(folder)
            check(timed(program, root, home, last, server, connections)["sent"] == NUMBER, "all are sent in one run")
            inbox = server.inbox()
            each_once(inbox, "taken at once")
            whole(inbox)
            check(letters(again(program, root / "home", 0))["sent"] == 0, "a second run sends nothing")
            server.end()
            check(server.connections() <= connections + 1, f"{server.connections()} connections in two runs")

        arguments = (program, root, home, last, root / "venv")
        inbox, first, second = odd(*arguments, "451 for the first", "--defer")
        check((first["sent"], first["waiting"], second["sent"]) == (99, 1, 1), "one waits for the next run")
        each_once(inbox, "put off")
        inbox, first, second = odd(*arguments, "cut after DATA, once", "--cut")
        ids = collections.Counter(letter["Message-ID"] for letter in inbox)
        check(first["sent"] == 99 and len(ids) == 100, "ninety-nine are sent, and all hundred have it")
        check(sum(ids.values()) == 101, f"{sum(ids.values()) - 100} second copy, with the same Message-ID")
        inbox, first, second = odd(*arguments, "550 for one", "--refuse", PEOPLE[37])
        check((first["sent"], first["dead"], second["dead"]) == (99, 1, 0), "one is refused, once")
        each_once(inbox, "refused", [person for person in PEOPLE if person != PEOPLE[37]])
        killed(*arguments, kills)
    sys.exit(1 if broken else 0)


if __name__ == "__main__":
    main()
