"""Counts what transcripts cost beside `tidings sessions usage`: usage.py TIDINGS FOLDER.

Written from what is known of the format alone: by message the largest of each figure, over all files that tidings found."""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

tidings, folder = sys.argv[1], os.path.abspath(sys.argv[2])
NAMES = ("input", "output", "cache_write", "cache_write_1h", "cache_read")


def count(files):
    answers = {}
    for file in files:
        for number, raw in enumerate(open(file, "rb")):
            try:
                record = json.loads(raw.decode("utf-8", "replace").replace("\0", ""))
            except ValueError:
                continue
            message = record.get("message") if isinstance(record, dict) and record.get("type") == "assistant" else None
            usage = message.get("usage") if isinstance(message, dict) else None
            if not isinstance(usage, dict) or message.get("model") == "<synthetic>" or record.get("isApiErrorMessage"):
                continue
            name = message.get("id") or record.get("requestId") or record.get("uuid") or (file, number)
            hourly = (usage.get("cache_creation") or {}).get("ephemeral_1h_input_tokens")
            figures = [usage.get("input_tokens"), usage.get("output_tokens"), usage.get("cache_creation_input_tokens"), hourly,
                       usage.get("cache_read_input_tokens")]
            before = answers.setdefault(name, [0] * 5)
            answers[name] = [max(one, other or 0) for one, other in zip(before, figures)]
    sums = [sum(figures[at] for figures in answers.values()) for at in range(5)]
    return dict(zip(NAMES, sums), answers=len(answers))


def asked(home, *words):
    command = [tidings, "--home", home, "sessions", "usage", "--json", *words]
    return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)


failed = 0


def check(what, expected, actual):
    global failed
    failed += expected != actual
    print("reached" if expected == actual else "MISSED ", what, actual if expected == actual else f"{actual}, not {expected}")


with tempfile.TemporaryDirectory() as home:
    with open(f"{home}/sources.toml", "w") as sources:
        sources.write(f'[[source]]\nname = "all"\nfrom.sessions = {{ path = {json.dumps(folder)}, format = "claude-code" }}\n')
    subprocess.run([tidings, "--home", home, "run"], check=True, capture_output=True)
    views = f"{home}/state/views"
    found = [json.loads(line)["path"] for line in open(f"{views}/sessions.jsonl")]
    expected = count([os.path.join(folder, path) for path in found])
    print(f"{len(found)} transcripts, views of {sum(os.path.getsize(f'{views}/{name}') for name in os.listdir(views)):,} bytes")
    for by in ("day", "project", "model", "branch", "session", "block"):
        told = asked(home, "--by", by)["sum"]
        told["cache_write"] = told["cache_write_5m"] + told["cache_write_1h"]
        check(f"by {by}:", expected, {name: told[name] for name in (*NAMES, "answers")})
    if os.path.exists(f"{folder}/truth.json"):
        truth = json.load(open(f"{folder}/truth.json"))["tokens_dedup"]
        truth["cache_write"] = truth.pop("cache_creation")
        check("truth.json:", truth, {name: expected[name] for name in truth})
    for words in ((), ("--by", "session", "--all"), ("--by", "block")):
        times = []
        for _ in range(11):
            began = time.monotonic()
            asked(home, *words)
            times.append(time.monotonic() - began)
        print(f"usage {' '.join(words)}: {statistics.median(times):.3f} s, the median of 11")
sys.exit(failed > 0)
