#!/usr/bin/env python3
"""The demo's digest by real mail: tidings against aiosmtpd with STARTTLS and AUTH.

    tests/peers/mail.py TIDINGS

TIDINGS is the program. Three homes are made in a temporary folder, each with the demo's world and mail to three people:
one whose letters are taken at once, one in which the first RCPT is answered 451, one with an address that is refused. Prints
what each run did, what lies in the inbox, and leaves with 1 if a promise is broken.
"""
import email
import email.policy
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import venv

HERE = pathlib.Path(__file__).resolve().parent
PEOPLE = ["ana@lab.example", "ben@lab.example", "cleo@lab.example"]
broken = []


def check(holds, words):
    print(("holds   " if holds else "BROKEN  ") + words)
    if not holds:
        broken.append(words)


class Server:
    def __init__(self, folder, *options):
        self.folder = folder
        self.process = subprocess.Popen([sys.executable, HERE / "smtp.py", folder, *options], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        self.facts = json.loads(self.process.stdout.readline())

    def inbox(self):
        folder = self.folder / "inbox"
        names = sorted(folder.glob("*.eml"), key=lambda path: int(path.stem)) if folder.exists() else []
        return [email.message_from_bytes(path.read_bytes(), policy=email.policy.default) for path in names]

    def end(self):
        self.process.stdin.close()
        self.process.wait(timeout=20)


def run(program, home, *words):
    done = subprocess.run([program, "--home", home, *words, "--json"], capture_output=True, text=True,
                          env={"PATH": os.environ["PATH"], "HOME": str(home), "TIDINGS_SMTP_PASSWORD": "correct horse battery"})
    decoder, reports, text = json.JSONDecoder(), [], done.stdout.strip()
    while text:
        value, end = decoder.raw_decode(text)
        reports.append(value)
        text = text[end:].strip()
    if not reports:
        sys.exit(f"tidings {' '.join(words)} said nothing: {done.stderr}")
    return reports


def demo_home(program, folder):
    """A home with the demo's world in which nothing has run."""
    home = folder / "home"
    run(program, home, "demo")
    for name in ["state", "index", "digests"]:
        shutil.rmtree(home / name)
    return home


def add_mail(home, server):
    with open(home / "tidings.toml", "a") as settings:
        settings.write(f"""
[mail]
smtp = "smtp://tidings@127.0.0.1:{server.facts['port']}"
from = "Lab tidings <tidings@lab.example>"
password_env = "TIDINGS_SMTP_PASSWORD"
ca_file = "{server.folder / 'ca.pem'}"
""")
        for address in PEOPLE:
            settings.write(f'\n[[people]]\naddress = "{address}"\n')


def letters(report):
    return {name: report["acts"]["letters_" + name] for name in ["sent", "waiting", "dead"]}


def scene(root, name, *options):
    print(f"\n{name}")
    folder = root / name.split()[0]
    folder.mkdir()
    # One environment serves all: making it takes longest.
    (folder / "venv").symlink_to(root / "venv")
    return folder, Server(folder, *options)


def main():
    program = pathlib.Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as name:
        root = pathlib.Path(name)
        (root / "venv").mkdir()
        venv.create(root / "venv", with_pip=True)
        subprocess.run([root / "venv/bin/python", "-m", "pip", "install", "--quiet", "aiosmtpd==1.4.6"], check=True)

        later = ["run", "--now", "2026-11-23T09:00:00Z", "--source", "Tidewire"]

        folder, server = scene(root, "taken at once")
        home = demo_home(program, folder)
        add_mail(home, server)
        for report in run(program, home, "run", "--replay", str(home / "world")):
            print(f"  {report['now']}: letters {letters(report)}")
        inbox = server.inbox()
        digests = [letter for letter in inbox if letter["Subject"].startswith("1 change to make this week")]
        print("  subjects:", sorted({letter["Subject"] for letter in inbox}))
        check(len(inbox) == 6, f"an alert and a digest for each of three people: {len(inbox)} letters")
        check(sorted(letter["To"] for letter in digests) == PEOPLE, "each person has the digest once")
        check(len({letter["Message-ID"] for letter in inbox}) == 6, "every letter has its own Message-ID")
        check(not any(letter.defects for letter in inbox), "no letter has a defect")
        [again] = run(program, home, *later)
        check(letters(again)["sent"] == 0 and len(server.inbox()) == 6, "a second run sends nothing")
        [again] = run(program, home, "digest", "send", "--week", "2026-W47", "--now", "2026-11-23T10:00:00Z")
        check(letters(again)["sent"] == 0 and len(server.inbox()) == 6, "asking to send the week again sends nothing")
        server.end()

        folder, server = scene(root, "deferred: 451 for the first RCPT of the digest", "--defer")
        home = demo_home(program, folder)
        last = folder / "last"
        last.mkdir()
        (home / "world/20261123T080000Z").rename(last / "20261123T080000Z")
        run(program, home, "run", "--replay", str(home / "world"))
        add_mail(home, server)
        [first] = run(program, home, "run", "--replay", str(last))
        print(f"  {first['now']}: letters {letters(first)}")
        check(letters(first) == {"sent": 2, "waiting": 1, "dead": 0}, "two are taken, the deferred one waits")
        [again] = run(program, home, *later)
        print(f"  {again['now']}: letters {letters(again)}")
        inbox = server.inbox()
        check(letters(again) == {"sent": 1, "waiting": 0, "dead": 0}, "the next run delivers it")
        check(sorted(letter["To"] for letter in inbox) == PEOPLE, "each person has the digest once")
        server.end()

        folder, server = scene(root, "refused: 550 for one of three", "--refuse", PEOPLE[1])
        home = demo_home(program, folder)
        add_mail(home, server)
        for report in run(program, home, "run", "--replay", str(home / "world")):
            print(f"  {report['now']}: letters {letters(report)}")
        [again] = run(program, home, *later)
        inbox = server.inbox()
        check(len(inbox) == 4 and not any(letter["To"] == PEOPLE[1] for letter in inbox), "the other two have theirs, once")
        check(letters(again)["sent"] + letters(again)["dead"] == 0, "the refused ones are not tried again")
        server.end()
    sys.exit(1 if broken else 0)


main()
