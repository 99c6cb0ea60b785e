"""Tries the channels against what others made.

channels.py PEER FOLDER: PEER is the program channels-peer (the tests' own stand-ins, and tidings' letters); FOLDER holds
node_modules with @stoplight/prism-cli, @notionhq/notion-mcp-server (for its description of Notion's API) and standardwebhooks,
and a venv with apprise. Exit 1 if anything is not as it should be.
"""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

VERIFY = """
import { Webhook } from "standardwebhooks";
const [secret, file] = process.argv.slice(2);
const { readFileSync } = await import("node:fs");
let ok = 0, tampered = 0, old = 0;
for (const { headers, body } of JSON.parse(readFileSync(file))) {
  const given = Object.fromEntries(headers);
  const hook = new Webhook(secret);
  const holds = (body, headers) => { try { hook.verify(body, headers); return true; } catch { return false; } };
  ok += holds(body, given);
  tampered += !holds(body.replace("timestamp", "timestamq"), given);
  old += !holds(body, { ...given, "webhook-timestamp": String(Number(given["webhook-timestamp"]) - 400) });
}
console.log(JSON.stringify({ ok, tampered, old }));
"""

failed = False


def check(holds, words):
    global failed
    failed = failed or not holds
    print(("ok      " if holds else "MISSED  ") + words)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def description(folder):
    """Notion's API as its own MCP server describes it, mended where it says less than the reference does."""
    path = os.path.join(folder, "node_modules/@notionhq/notion-mcp-server/scripts/notion-openapi.json")
    with open(path) as file:
        spec = json.load(file)
    page = spec["paths"]["/v1/pages"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    # It types blocks as texts; the reference has objects with a type.
    page["properties"]["children"]["items"] = {
        "type": "object", "required": ["object", "type"], "properties": {"type": {"type": "string"}}
    }
    # It says `database_id` here, as before version 2025-09-03. The reference lets the dashes of an id be left out.
    spec["components"]["schemas"]["dataSourceIdParentRequest"] = {
        "type": "object", "required": ["type", "data_source_id"], "additionalProperties": False,
        "properties": {"type": {"const": "data_source_id"}, "data_source_id": {"type": "string"}},
    }
    version = spec["components"]["parameters"]["notionVersion"]
    version["required"] = True
    version["schema"] = {"type": "string", "enum": ["2025-09-03"]}
    for operations in spec["paths"].values():
        for operation in operations.values():
            if isinstance(operation, dict):
                operation.pop("security", None)
    spec.pop("security", None)
    target = os.path.join(folder, "notion.json")
    with open(target, "w") as file:
        json.dump(spec, file)
    return target


def tell(peer, channel, url):
    done = subprocess.run([peer, "tell", channel, url], capture_output=True, text=True, timeout=300)
    if done.returncode:
        sys.exit(done.stderr)
    return done.stdout.splitlines()


def status(url, body, headers):
    headers = {"Content-Type": "application/json", "Notion-Version": "2025-09-03", **headers}
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)
    try:
        return urllib.request.urlopen(request, timeout=30).status
    except urllib.error.HTTPError as error:
        return error.code


def main():
    peer, folder = sys.argv[1], sys.argv[2]
    servers = subprocess.Popen([peer, "serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    places = json.loads(servers.stdout.readline())

    port = free_port()
    prism = subprocess.Popen(
        [os.path.join(folder, "node_modules/.bin/prism"), "proxy", "--errors", "-h", "127.0.0.1", "-p", str(port),
         description(folder), places["notion"].rstrip("/")],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )
    try:
        for _ in range(120):
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.5)
        base = f"http://127.0.0.1:{port}"
        page = {"parent": {"type": "data_source_id", "data_source_id": "1"}, "properties": {}}
        old = {"parent": {"type": "database_id", "database_id": "1"}, "properties": {}}
        # A description that refuses nothing would prove nothing.
        refused = [
            status(f"{base}/v1/pages", {"properties": {}}, {}),
            status(f"{base}/v1/pages", old, {}),
            status(f"{base}/v1/pages", {**page, "children": ["words"]}, {}),
            status(f"{base}/v1/pages", page, {"Notion-Version": "2022-06-28"}),
        ]
        check(refused == [422] * 4, f"Prism refuses no parent, an old one, blocks that are texts, an old version: {refused}")
        begun = time.time()
        lines = tell(peer, "notion", base)
        took = time.time() - begun
        for line in lines:
            print("        " + line)
        check(all("Taken" in line for line in lines), f"Notion's description allows every request ({took:.1f} s)")
        check("0 pages made" in lines[1] and "0 pages made" in lines[3], "the second copies make no page")
    finally:
        prism.terminate()
        prism.wait()

    check(all("Taken" in line for line in tell(peer, "webhook", places["desk"] + "hook")), "the webhook takes four letters")
    check(all("Taken" in line for line in tell(peer, "apprise", places["desk"] + "ours")), "the box takes four letters")
    check(all("Taken" in line for line in tell(peer, "ntfy", places["ntfy"])), "ntfy takes four letters")
    apprise = os.path.join(folder, "venv/bin/apprise")
    for target in [places["desk"].replace("http://", "json://") + "theirs", places["ntfy"].replace("http://", "ntfy://") + "lab"]:
        done = subprocess.run([apprise, "-t", "A title", "-b", "A text", "-n", "failure", target], capture_output=True)
        check(done.returncode == 0, f"apprise posts to {target.split(':')[0]}://")

    seen = json.loads(servers.communicate("")[0])
    print(f"        Notion was asked {seen['requests']} times and holds {seen['pages']} pages")
    ours_there = [message for message in seen["ntfy"] if message["title"] != "A title"]
    check(len(ours_there) == 4 and len(seen["ntfy"]) == 5, "one server takes what both clients say, JSON and headers")

    by = {name: [asked for asked in seen["desk"] if asked["path"] == f"/{name}"] for name in ("hook", "ours", "theirs")}
    letters = os.path.join(folder, "letters.json")
    with open(letters, "w") as file:
        json.dump(by["hook"], file)
    with open(os.path.join(folder, "verify.mjs"), "w") as file:
        file.write(VERIFY)
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    verdict = subprocess.run(["node", "verify.mjs", secret, letters], cwd=folder, capture_output=True, text=True)
    found = json.loads(verdict.stdout or "{}")
    check(found == {"ok": 4, "tampered": 4, "old": 4}, f"standardwebhooks verifies, and refuses what was changed or is old: {found}")

    theirs, ours = json.loads(by["theirs"][0]["body"]), [json.loads(asked["body"]) for asked in by["ours"]]
    kinds = {key: type(value) for key, value in theirs.items()}
    alike = all({key: type(body.get(key)) for key in kinds} == kinds for body in ours)
    check(alike, f"every field that apprise posts, with its type: {sorted(kinds)}")
    check(all(set(body) - set(kinds) == {"body"} for body in ours), "and one more, `body`, for apprise-api")
    check(ours[2]["type"] == theirs["type"] == "failure" and theirs["version"] == ours[0]["version"], "in its words")
    sys.exit(failed)


main()
