#!/usr/bin/env python3
"""Plants of a made corpus: is every text found, does no secret stay, are the tokens right?

    tests/peers/sessions/find.py TIDINGS OPEN_HOME CORPUS [HOME]

CORPUS was made by a generator that writes needles.jsonl, secrets.jsonl and truth.json. HOME is filled if it holds nothing yet; without
one a temporary folder is.
"""
import json
import pathlib
import re
import sys
import tempfile

from desk import Home, check, end, lines, measured, projects, say, sources_of

# Parts of a planted secret that are no secret: documented beginnings, the first and last line of a key, who logs in where.
PUBLIC = {
    "aws-access-token": "AKIA", "github-pat": "ghp_", "github-fine-grained-pat": "github_pat_", "anthropic-api-key": "sk-ant-api03-",
    "slack-bot-token": "xoxb-", "gcp-api-key": "AIza", "huggingface-access-token": "hf_", "jwt": "eyJ", "stripe-access-token": "sk_live_",
    "npm-access-token": "npm_", "gitlab-pat": "glpat-",
}
INNER = {
    "private-key": re.compile(r"-----\n(.*)\n-----", re.S),
    "url-userinfo": re.compile(r"://[^:]*:([^@]*)@"),
    "generic-api-key": re.compile(r'"(.*)"'),
}


def secret_part(row):
    """Which bytes of a planted secret nobody may know."""
    rule, secret = row["rule"], row["secret"]
    if rule in INNER:
        return INNER[rule].search(secret).span(1)
    begin = PUBLIC[rule]
    assert secret.startswith(begin), rule
    return len(begin), len(secret)


def typed(needle):
    """As a person would look for it: phrases in quotation marks, on one line; the rest as it stands."""
    query = needle["query"]
    if needle["kind"] in ("phrase", "newline_phrase"):
        return '"' + query.replace("\n", " ") + '"'
    return query


def is_there(hit, needle, moved):
    if hit["kind"] != "turn" or hit["session"] != needle["session"]:
        return False
    if needle["line"] is None:
        # The whole output is stored apart; its turn stands in the session's own file.
        return hit["tool"] == needle["tool"] and hit["role"] == "tool-output"
    line_of = {needle["line"], needle["line"] + 20} if needle["file"] in moved else {needle["line"]}
    return hit["line"] in line_of and needle["file"].endswith(hit["file"] or "?")


def needles(home, corpus):
    rows = lines(corpus / "needles.jsonl")
    truth = json.loads((corpus / "truth.json").read_text())
    moved = {file for what, file in truth["chaos"] if what == "duplicate_block"}
    found = first = 0
    missed, walls, most_bytes = [], [], 0
    by_slot = {}
    for needle in rows:
        done = home.search(typed(needle))
        walls.append(done.wall)
        most_bytes = max(most_bytes, len(done.out.encode()))
        hits = done.json()["hits"] if done.code == 0 else []
        good = [is_there(hit, needle, moved) for hit in hits]
        found += any(good)
        first += bool(good and good[0])
        slot = by_slot.setdefault((needle["slot"], needle["kind"]), [0, 0])
        slot[0] += any(good)
        slot[1] += 1
        if not any(good):
            missed.append(f"{needle['slot']}, {needle['kind']}: {typed(needle)} ({len(hits)} hits, code {done.code} {done.error.strip()[:200]})")
    for words in missed[:20]:
        say("missed: " + words)
    walls.sort()
    say(f"{first} of {len(rows)} stand first; a search took {walls[len(walls) // 2] * 1000:.0f} ms (median of all), "
        f"{walls[-1] * 1000:.0f} ms at most; the longest answer has {most_bytes} bytes")
    check(found == len(rows), f"{found} of {len(rows)} planted texts are found at their session and line")
    check(most_bytes <= 16_384, "no answer is longer than 16,384 bytes")
    return truth


def outputs(home, corpus, folder):
    """What the commands print: it is looked through as well."""
    folder.mkdir()
    secret_sessions = sorted({row["session"] for row in lines(corpus / "secrets.jsonl")})
    asked = [("list", ["sessions", "list", "--limit", "100000"]), ("list.json", ["sessions", "list", "--limit", "100000", "--json"]),
             ("usage", ["sessions", "usage"]), ("usage.json", ["sessions", "usage", "--json"]), ("doctor", ["doctor"]),
             ("doctor.json", ["doctor", "--json"]), ("status", ["status"]), ("status.json", ["status", "--json"])]
    for number, session in enumerate(secret_sessions):
        asked += [(f"show{number}", ["show", session, "--all"]), (f"show{number}.json", ["show", session, "--all", "--json", "--bytes", "100000000"])]
        asked += [(f"resume{number}", ["resume", session])]
    for number, words in enumerate(["api_key", "token", "Bearer", "export TOKEN", "PRIVATE KEY", "postgres", "redacted"]):
        asked += [(f"search{number}", ["search", "-n", "200", "--", words])]
        asked += [(f"search{number}.json", ["search", "--json", "-n", "200", "--bytes", "100000000", "--", words])]
    for number, row in enumerate(lines(corpus / "secrets.jsonl")):
        # Asked for by the secret itself: the question comes back in the answer, and nothing else may.
        begin, stop = secret_part(row)
        middle = (begin + stop) // 2
        asked += [(f"asked{number}", ["search", "--", row["secret"][middle:middle + 11]])]
    codes = {}
    for name, words in asked:
        done = home.ask(*words)
        codes.setdefault((words[0], words[1] if words[0] == "sessions" else "", done.code), []).append(name)
        (folder / name).write_text(done.out)
        (folder / (name + ".err")).write_text(done.error)
    for (verb, what, code), names in sorted(codes.items()):
        if code != 0:
            say(f"`{verb} {what}` left with {code}, {len(names)} times: {(folder / (names[0] + '.err')).read_text().strip()[:200]}")
    say(f"{len(asked)} outputs of list, usage, doctor, status, show, resume and search")
    return asked


def planted(opener, secrets, *folders):
    done = measured([opener, "planted", secrets, *folders])
    if done.code not in (0, 1) or not done.out:
        sys.exit(f"open-home left with {done.code}: {done.error}")
    return done.json(), done


def tell(answer, indent=""):
    for one in answer["found"]:
        say(f"{indent}{one['way']} {one['place']}: {one['texts']} secrets, {one['windows']} windows, as {one['example']}")


def secrets(home, opener, corpus, root):
    rows = lines(corpus / "secrets.jsonl")
    path = root / "secrets.jsonl"
    with open(path, "w", encoding="utf-8") as file:
        for row in rows:
            begin, stop = secret_part(row)
            file.write(json.dumps({"secret": row["secret"], "begin": begin, "end": stop}) + "\n")
    outputs(home, corpus, root / "outputs")
    answer, done = planted(opener, path, home.folder, root / "outputs")
    say(f"{answer['secrets']} secrets, {answer['windows']} windows of 12 bytes; {answer['windows'] - answer['windows_that_count']} lie wholly in "
        f"documented beginnings, first and last lines of keys, or addresses, and are left out; {answer['different']} different ones count")
    scanned = ", ".join(f"{way} {one['bytes'] / 1e6:.1f} MB" for way, one in answer["scanned"].items())
    say(f"looked through in {done.wall:.0f} s: {scanned}")
    tell(answer)
    check(not answer["found"], f"{answer['texts_found']} of {answer['secrets']} secrets left a window of 12 bytes anywhere")

    raw = root / "unscrubbed"
    for number, folder in enumerate(projects(corpus)):
        measured([opener, "unscrubbed", folder, raw / str(number)])
    answer, done = planted(opener, path, raw)
    by_way = ", ".join(f"{way} {one['texts_found']}" for way, one in answer["scanned"].items())
    say(f"the same look at a home that was not scrubbed (archive and index of turns): {by_way}")
    check(answer["texts_found"] == answer["secrets"], f"without scrubbing, {answer['texts_found']} of {answer['secrets']} secrets are found")


def tokens(home, truth, corpus):
    wanted = [truth["tokens_dedup"][name] for name in ("input", "output", "cache_creation", "cache_read")]
    best = {}
    path = home.folder / "state/views/spent.jsonl"
    for row in lines(path):
        figures = [row["input"], row["output"], row["cache_write_5m"] + row["cache_write_1h"], row["cache_read"]]
        best[row["message"]] = [max(a, b) for a, b in zip(best.get(row["message"], [0] * 4), figures)]
    view = [sum(column) for column in zip(*best.values())]
    cut = [file for what, file in truth["chaos"] if what == "partial_last_line"]
    say(f"answers in the view: {len(best)}, in the truth {truth['messages']}; half a line is planted in {cut}")
    is_cut = truth["messages"] - len(best) == 1 and bool(cut)
    check(view == wanted or is_cut, f"tokens of the view {view}, of the truth {wanted}" + (" (one answer's record was cut in half)" if is_cut else ""))
    done = home.ask("sessions", "usage", "--json")
    if done.code != 0:
        check(False, f"`sessions usage --json` left with {done.code}: {done.error.strip()[:200]}")
        return
    total = done.json()["sum"]
    said = [total["input"], total["output"], total["cache_write_5m"] + total["cache_write_1h"], total["cache_read"]]
    check(said == view, f"tokens of `sessions usage --json` {said}")


def defects(home, truth):
    # Later lines replace earlier ones.
    views = {view["id"]: view for view in lines(home.folder / "state/views/sessions.jsonl")}.values()
    damaged, unknown = {}, {}
    for view in views:
        for what, count in view["damaged"].items():
            damaged[what] = damaged.get(what, 0) + count
        for what, count in view["unknown"].items():
            unknown[what] = unknown.get(what, 0) + count
    say(f"planted damage {truth['chaos']}")
    say(f"damage in the view: {damaged}; unknown records: {unknown}")


def main():
    program, opener, corpus = (pathlib.Path(word).resolve() for word in sys.argv[1:4])
    with tempfile.TemporaryDirectory() as name:
        root = pathlib.Path(name)
        folder = pathlib.Path(sys.argv[4]).resolve() if len(sys.argv) > 4 else root / "home"
        is_new = not (folder / "state").exists()
        home = Home(program, folder, sources_of(corpus))
        done = home.run()
        if is_new:
            say(f"read {corpus.name} in {done.wall:.1f} s ({done.cpu:.1f} s of processor), {done.peak_mb:.0f} MB at the peak")
        truth = needles(home, corpus)
        tokens(home, truth, corpus)
        defects(home, truth)
        secrets(home, opener, corpus, root)
    end()


if __name__ == "__main__":
    main()
