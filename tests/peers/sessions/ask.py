#!/usr/bin/env python3
"""Forty questions on public transcripts: does a search find the session that answers, first or among five?

    tests/peers/sessions/ask.py TIDINGS TRANSCRIPTS

Beside it stands plain BM25 over whole texts in SQLite's FTS5: any of the question's words, sessions in the order of their best text.
The questions lie in questions.jsonl beside this folder; they were written before any search was tried.
"""
import collections
import json
import pathlib
import re
import shutil
import sqlite3
import sys
import tempfile

import fts5
from desk import Home, check, end, lines, say

QUESTIONS = pathlib.Path(__file__).resolve().parent.parent / "questions.jsonl"


def gather(transcripts, target):
    """Copies every transcript of Claude Code into one folder of projects, by the session that its records name."""
    count = 0
    for path in sorted(transcripts.rglob("*.jsonl")):
        below = path.relative_to(transcripts)
        if "growth" in below.parts:
            continue
        sessions, agents, is_claude = collections.Counter(), set(), False
        for line in path.read_bytes().splitlines():
            try:
                record = json.loads(line)
            except ValueError:
                continue
            if isinstance(record, dict) and record.get("type") in ("user", "assistant") and record.get("sessionId"):
                is_claude = True
                sessions[record["sessionId"]] += 1
                if record.get("isSidechain") and record.get("agentId"):
                    agents.add(record["agentId"])
        if not is_claude:
            continue
        session = sessions.most_common(1)[0][0]
        if path.stem.startswith("agent-") or "subagents" in below.parts:
            # Files of before 2.1.2 name their own agent as the session in some records: the other one is the session.
            named = [one for one in sessions if not one.startswith("agent-")]
            session = named[0] if named else session
            place = target / below.parts[0] / session / "subagents" / path.name
        else:
            place = target / below.parts[0] / f"{session}.jsonl"
        if place.exists():
            continue
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, place)
        count += 1
    return count


class Bm25:
    def __init__(self, folder):
        self.base = fts5.fill(folder, ":memory:")
        # What a subagent said is its session's; the file's name is the subagent's.
        self.parents = {path.stem: path.parent.parent.name for path in folder.rglob("subagents/*.jsonl")}

    def sessions(self, question):
        words = re.findall(r"\w+", question)
        query = " OR ".join(f'"{word}"' for word in words)
        found = self.base.execute("SELECT session, bm25(turns) FROM turns WHERE turns MATCH ? ORDER BY bm25(turns)", (query,))
        order = []
        for session, _ in found:
            session = self.parents.get(session, session)
            if session not in order:
                order.append(session)
        return order


def place(session, order):
    return order.index(session) + 1 if session in order else None


def main():
    program, transcripts = (pathlib.Path(word).resolve() for word in sys.argv[1:3])
    questions = lines(QUESTIONS)
    with tempfile.TemporaryDirectory() as name:
        root = pathlib.Path(name)
        count = gather(transcripts, root / "projects")
        home = Home(program, root / "home", [("public", root / "projects", "claude-code")])
        home.run()
        rival = Bm25(root / "projects")
        table = []
        for row in questions:
            done = home.search(row["question"])
            order = []
            if done.code == 0:
                answer = done.json()
                for one in answer.get("sessions", []):
                    order.append(one["session"])
            else:
                say(f"search left with {done.code}: {done.error.strip()[:200]}")
            ours, theirs = place(row["session"], order), place(row["session"], rival.sessions(row["question"]))
            table.append((ours, theirs))
            print(f"{ours or '-':>4} {theirs or '-':>4}  {row['session'][:8]}  {row['question']}", flush=True)
        say(f"{count} transcripts, {len({row['session'] for row in questions})} sessions asked for; places in tidings and in BM25 above")
        for most in (1, 5):
            ours, theirs = (sum(1 for one in table if one[side] and one[side] <= most) for side in (0, 1))
            check(ours >= theirs, f"hit@{most}: tidings {ours} of {len(table)}, BM25 {theirs}")
    end()


if __name__ == "__main__":
    main()
