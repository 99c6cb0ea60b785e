#!/usr/bin/env python3
"""The rival: transcripts into SQLite's FTS5 with Python's json, without scrubbing. Texts alone, each once, a row a text.

    tests/peers/sessions/fts5.py CORPUS DATABASE

Its settings favour it: no journal, no fsync, one transaction; default tokenizer.
"""
import json
import pathlib
import sqlite3
import sys


def texts(record):
    """(role, text) of every slot that a person may look for."""
    kind = record.get("type")
    if kind in ("user", "assistant"):
        content = (record.get("message") or {}).get("content")
        if isinstance(content, str):
            yield kind, content
            return
        for block in content or []:
            if not isinstance(block, dict):
                continue
            what = block.get("type")
            if what == "text":
                yield kind, block.get("text") or ""
            elif what == "thinking":
                yield "thinking", block.get("thinking") or ""
            elif what == "tool_use":
                yield "tool_use", json.dumps(block.get("input"), ensure_ascii=False)
            elif what == "tool_result":
                inner = block.get("content")
                if isinstance(inner, str):
                    yield "tool_result", inner
                for one in inner if isinstance(inner, list) else []:
                    if isinstance(one, dict) and one.get("type") == "text":
                        yield "tool_result", one.get("text") or ""
    elif kind == "queue-operation" and isinstance(record.get("content"), str):
        yield "queued", record["content"]
    elif kind == "summary":
        yield "summary", record.get("summary") or ""
    elif kind in ("ai-title", "custom-title"):
        yield "title", record.get("aiTitle") or record.get("customTitle") or ""
    elif kind == "attachment":
        attachment = record.get("attachment") or {}
        yield "attachment", attachment.get("stdout") or attachment.get("content") or ""
    elif kind == "system":
        yield "system", record.get("content") or ""


def rows(folder):
    for path in sorted(folder.rglob("*")):
        session = path.stem
        if path.suffix == ".jsonl":
            with open(path, "rb") as file:
                for number, line in enumerate(file, 1):
                    try:
                        record = json.loads(line)
                    except ValueError:
                        continue
                    if not isinstance(record, dict):
                        continue
                    for role, text in texts(record):
                        if isinstance(text, str) and text.strip():
                            yield text, session, number, role
        elif path.suffix == ".txt":
            yield path.read_text(errors="replace"), path.parent.parent.name, None, "tool_result"


def fill(corpus, database):
    base = sqlite3.connect(database, isolation_level=None)
    base.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -65536;")
    base.execute("CREATE VIRTUAL TABLE turns USING fts5(text, session UNINDEXED, line UNINDEXED, role UNINDEXED)")
    base.execute("BEGIN")
    folders = [corpus / "projects"] if (corpus / "projects").is_dir() else sorted(corpus.glob("*/projects"))
    for folder in folders or [corpus]:
        # A lone surrogate is no text for SQLite.
        base.executemany("INSERT INTO turns VALUES (?, ?, ?, ?)",
                         ((text.encode("utf-8", "replace").decode(), *rest) for text, *rest in rows(folder)))
    base.execute("COMMIT")
    return base


if __name__ == "__main__":
    fill(pathlib.Path(sys.argv[1]), sys.argv[2])
