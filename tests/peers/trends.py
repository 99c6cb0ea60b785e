#!/usr/bin/env python3
"""Times the writing of one month's trends over a made year of items, as a process of its own: seconds and peak memory.

usage: trends.py TIDINGS HOME
"""
import json
import os
import pathlib
import subprocess
import sys
import time

tidings, home = sys.argv[1], pathlib.Path(sys.argv[2])


def measure(what, *words):
    """Runs the program; prints wall seconds and the most memory it had."""
    started = time.monotonic()
    process = subprocess.Popen([tidings, "--home", str(home), "--now", "2027-01-10T09:00:00Z", *words],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    output = process.stdout.read()
    errors = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    if os.waitstatus_to_exitcode(status) != 0:
        sys.exit(f"{what}: {errors.decode()}")
    print(f"| {what} | {time.monotonic() - started:.2f} s | {usage.ru_maxrss / 1024:.0f} MB |")
    return output


print("| | wall | peak memory |\n|---|---|---|")
measure("`--version`, for the program alone", "--version")
measure("`status`, for opening views", "status")
measure("`trends write 2026-12`, tallies of the months before at hand", "trends", "write", "2026-12")
months = home / "state/months"
sizes = [file.stat().st_size for file in months.iterdir()]
print(f"\n{len(sizes)} tallies, {sum(sizes) / len(sizes) / 1e6:.2f} MB each on average")
for file in months.iterdir():
    file.unlink()
first = (home / "digests/trends/2026-12/trends.json").read_bytes()
print("\n| | wall | peak memory |\n|---|---|---|")
measure("the same, every tally made anew from the store", "trends", "write", "2026-12")
again = (home / "digests/trends/2026-12/trends.json").read_bytes()
print(f"\nthe same bytes: {first == again}")
trends = json.loads(first)
print("rising:", [(rise["term"], rise["stories"], rise["expected"]) for rise in trends["rising"]],
      "fading:", len(trends["fading"]), "terms compared:", trends["compared"]["terms"])
print("pages:", {file.name: file.stat().st_size for file in sorted((home / "digests/trends/2026-12").iterdir())})
if first != again or [rise["term"].lower() for rise in trends["rising"]] != ["quillon mesh"]:
    sys.exit("MISSED  the planted burst, and it alone, told with the same bytes")
