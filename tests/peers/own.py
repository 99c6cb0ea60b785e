"""What one's own sessions teach, on real transcripts: own.py TIDINGS FOLDER.

Shares of the Bash calls that need no question, by preset; and how often an output is given to its own call where transcripts are kept
without the ids of calls."""

import collections
import glob
import json
import os
import subprocess
import sys
import tempfile
import time

tidings, folder = sys.argv[1], os.path.abspath(sys.argv[2])


def transcripts():
    for file in sorted(glob.glob(folder + "/**/*.jsonl", recursive=True)):
        # Series of one growing file hold the same session many times.
        if "/growth/" not in file and "/_redaction/" not in file:
            yield file


# A root is what holds folders of projects, and none lies below another.
roots = {os.path.dirname(os.path.dirname(file)) for file in transcripts() if "/subagents/" not in file}
roots = [root for root in sorted(roots) if not any(root.startswith(other + "/") for other in roots if other != root)]

right = wrong = lost = 0
for file in transcripts():
    waiting = collections.deque(maxlen=64)
    tools = {}
    for raw in open(file, "rb"):
        try:
            record = json.loads(raw.decode("utf-8", "replace"))
        except ValueError:
            continue
        message = record.get("message") if isinstance(record, dict) else None
        content = message.get("content") if isinstance(message, dict) else None
        is_prompt = isinstance(content, str) and record.get("type") == "user" and not record.get("isMeta")
        if is_prompt and not content.startswith("<"):
            waiting.clear()
        for block in content if isinstance(content, list) else []:
            if not isinstance(block, dict):
                continue
            if block.get("type") == "tool_use":
                tools[block.get("id", "?")] = block.get("name")
                waiting.append((block.get("name"), block.get("id", "?")))
            elif block.get("type") == "tool_result" and block.get("tool_use_id", "") in tools:
                tool = tools[block["tool_use_id"]]
                first = next((call for call in waiting if call[0] == tool), None)
                if first is None:
                    lost += 1
                    continue
                waiting.remove(first)
                right += first[1] == block["tool_use_id"]
                wrong += first[1] != block["tool_use_id"]
print(f"outputs given to their own call: {right} of {right + wrong + lost} ({100 * right / max(1, right + wrong + lost):.1f} %), "
      f"to another {wrong}, to none {lost}")

with tempfile.TemporaryDirectory() as home:
    with open(f"{home}/sources.toml", "w") as sources:
        for number, root in enumerate(roots):
            path = json.dumps(root)
            sources.write(f'[[source]]\nname = "r{number}"\nfrom.sessions = {{ path = {path}, format = "claude-code", owner = "a" }}\n')
    subprocess.run([tidings, "--home", home, "run"], check=True, capture_output=True)

    def asked(*words):
        started = time.monotonic()
        answer = subprocess.run([tidings, "--home", home, "lessons", *words, "--json"], check=True, capture_output=True)
        return json.loads(answer.stdout), time.monotonic() - started

    for preset in ("ordinary", "sensitive", "unattended"):
        told, seconds = asked("permissions", "--preset", preset)
        calls = max(1, told["calls"])
        before, after = (100 * told[name] / calls for name in ("unasked_before", "unasked_after"))
        rules = {name: len(told["settings"]["permissions"][name]) for name in ("allow", "ask", "deny")}
        print(f"{preset}: {told['calls']} calls in {told['sessions']} sessions; without a question {before:.1f} %, with these rules "
              f"{after:.1f} %; rules {rules}; {seconds:.2f} s")
    told, seconds = asked("friction", "--mine")
    kinds = collections.Counter(one["kind"] for one in told["friction"])
    print(f"friction: {told['turns']} turns in {told['sessions']} sessions; {dict(kinds)}, {told['once']} in one session only; "
          f"{seconds:.2f} s")
