"""Puts GitHub's own OpenAPI description between tidings and the tests' forge, and plays what a pull request goes through.

forge.py PEER FOLDER: PEER is the example forge-peer, which is both ends: the forge of the tests, and visits to it. FOLDER holds
node_modules with @octokit/openapi (the description) and @stoplight/prism-cli, which stands between as a proxy and answers
with an error where a request or an answer breaks the description. Exit 1 if one does, or a scenario ends otherwise than written.
"""

import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

# Calls that tidings makes, and no other: what is missing here (merging, reviews, workflows) is answered with 404.
CALLS = {
    "/user": ["get"],
    "/repos/{owner}/{repo}": ["get"],
    "/repos/{owner}/{repo}/git/ref/{ref}": ["get"],
    "/repos/{owner}/{repo}/git/refs": ["post"],
    "/repos/{owner}/{repo}/git/refs/{ref}": ["patch"],
    "/repos/{owner}/{repo}/git/commits/{commit_sha}": ["get"],
    "/repos/{owner}/{repo}/git/commits": ["post"],
    "/repos/{owner}/{repo}/git/trees/{tree_sha}": ["get"],
    "/repos/{owner}/{repo}/git/trees": ["post"],
    "/repos/{owner}/{repo}/contents/{path}": ["get"],
    "/repos/{owner}/{repo}/compare/{basehead}": ["get"],
    "/repos/{owner}/{repo}/pulls": ["get", "post"],
    "/repos/{owner}/{repo}/pulls/{pull_number}": ["patch"],
    "/repos/{owner}/{repo}/issues/{issue_number}/comments": ["get", "post"],
    "/repos/{owner}/{repo}/collaborators/{username}/permission": ["get"],
}


def pruned(description):
    """The description with the calls above, and what they refer to."""
    kept = {"openapi": description["openapi"], "info": description["info"], "components": {}, "paths": {}}
    for path, methods in CALLS.items():
        operations = description["paths"][path]
        kept["paths"][path] = {key: value for key, value in operations.items() if key in (*methods, "parameters")}
    # A file comes as plain JSON too, which the description has under a media type of its own alone.
    content = kept["paths"]["/repos/{owner}/{repo}/contents/{path}"]["get"]["responses"]["200"]["content"]
    if "application/json" not in content:
        content["application/json"] = {"schema": {"$ref": "#/components/schemas/content-file"}}
    wanted, done = [kept["paths"]], set()
    while wanted:
        for reference in re.findall(r'"\$ref": "#/components/([^"]+)"', json.dumps(wanted.pop())):
            if reference in done:
                continue
            done.add(reference)
            group, name = reference.split("/", 1)
            part = description["components"][group][name]
            kept["components"].setdefault(group, {})[name] = part
            wanted.append(part)
    return kept


def status(method, url, body=None):
    """What is answered, by its status."""
    headers = {
        "Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28", "User-Agent": "peer",
        "Authorization": "Bearer github_pat_11AAAAAAA0of_a_test_and_not_for_eyes", "Content-Type": "application/json",
    }
    data = None if body is None else json.dumps(body).encode()
    try:
        return urllib.request.urlopen(urllib.request.Request(url, data, headers, method=method)).status
    except urllib.error.HTTPError as error:
        return error.code


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def main():
    peer, folder = sys.argv[1:]
    modules = os.path.join(folder, "node_modules")
    with open(os.path.join(modules, "@octokit/openapi/generated/api.github.com.json")) as file:
        description = json.load(file)
    with tempfile.TemporaryDirectory() as work:
        small = os.path.join(work, "github.json")
        with open(small, "w") as file:
            json.dump(pruned(description), file)
        played = subprocess.Popen([peer], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        forge = played.stdout.readline().strip().rstrip("/")
        port = free_port()
        log_path = os.path.join(work, "prism.log")
        with open(log_path, "w") as log:
            prism = subprocess.Popen(
                [os.path.join(modules, ".bin/prism"), "proxy", "--errors", "-h", "127.0.0.1", "-p", str(port), small, forge],
                stdout=log, stderr=subprocess.STDOUT,
            )
        try:
            for _ in range(600):
                if "is listening" in open(log_path).read():
                    break
                time.sleep(0.1)
            else:
                sys.exit("prism did not start: " + open(log_path).read())
            # A description that refuses nothing would prove nothing.
            repository = f"http://127.0.0.1:{port}/repos/octo-org/skills"
            leaf = {"path": "x.md", "mode": "0644", "type": "blob", "content": "x"}
            refused = [
                status("POST", f"{repository}/pulls", {"title": "x", "head": "y"}),
                status("POST", f"{repository}/git/trees", {"tree": [leaf]}),
                status("PATCH", f"{repository}/git/refs/heads%2Fx", {"force": True}),
                status("GET", f"{repository}/pulls?state=bogus"),
                status("PUT", f"{repository}/pulls/12/merge", {}),
                # An answer of the forge that lacks what the description wants.
                status("GET", f"{repository}/git/commits/broken"),
            ]
            print("Prism answers to calls that break the description:", refused)
            if refused != [422, 422, 422, 422, 404, 500]:
                sys.exit("Prism holds nobody to the description")
            known = len(open(log_path).read())
            begun = time.time()
            out, _ = played.communicate(f"http://127.0.0.1:{port}/\n", timeout=600)
            took = time.time() - begun
        finally:
            prism.terminate()
            prism.wait()
            played.kill()
        log = open(log_path).read()[known:]
    print(out, end="")
    violations = [line for line in log.splitlines() if re.search(r"Violation:|Request terminated with error", line)]
    scenarios = [line for line in out.splitlines() if line.startswith(("good", "bad"))]
    bad = [line for line in scenarios if line.startswith("bad")]
    print(
        f"{len(scenarios)} scenarios, {len(bad)} of them bad; {log.count('Request received')} requests,"
        f" {len(violations)} violations ({took:.0f} s)"
    )
    print("\n".join(sorted(set(violations))))
    sys.exit(1 if bad or violations or not scenarios or played.returncode else 0)


main()
