"""Walks every call that tidings makes to GitHub past GitHub's own OpenAPI description.

github_openapi.py TIDINGS FOLDER: FOLDER holds node_modules with @octokit/openapi (the description) and @stoplight/prism-cli,
which plays a GitHub by it: a request that breaks the description is answered with 422 and named in its log. The home asks
every kind of source; the answers are the description's own examples. Exit 1 if a request broke it, or an answer was not read.
"""

import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time

PATHS = [
    "/repos/{owner}/{repo}/releases",
    "/repos/{owner}/{repo}/commits",
    "/repos/{owner}/{repo}/security-advisories",
    "/advisories",
    "/search/repositories",
    "/search/issues",
]
SOURCES = [
    'from.github-releases = "octo-org/lantern"',
    'from.github-releases = { repository = "octo-org/lantern-code", prereleases = true, drafts = true }',
    'from.github-commits = "octo-org/lantern"',
    'from.github-commits = { repository = "octo-org/lantern", branch = "main", path = "docs/hooks.md" }',
    'from.github-advisories = "octo-org/lantern"',
    'from.github-advisories = { ecosystem = "npm", package = "@octo-org/lantern-code" }',
    'from.github-search = { repositories = "topic:evals stars:>50 pushed:>{week_ago}" }',
    'from.github-search = { issues = "repo:octo-org/lantern is:issue reactions:>30 created:>{month_ago}" }',
]


def pruned(description):
    """The description with the paths that tidings asks, and what they refer to."""
    kept = {"openapi": description["openapi"], "info": description["info"], "components": {}}
    kept["paths"] = {}
    for path in PATHS:
        operations = description["paths"][path]
        kept["paths"][path] = {key: value for key, value in operations.items() if key in ("get", "parameters")}
        # The documentation of the same version asks for this name in Accept; the description knows its alias alone.
        for response in operations["get"]["responses"].values():
            content = response.get("content", {})
            if "application/json" in content:
                content["application/vnd.github+json"] = content["application/json"]
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


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def main():
    tidings, folder = sys.argv[1:]
    modules = os.path.join(folder, "node_modules")
    with open(os.path.join(modules, "@octokit/openapi/generated/api.github.com.json")) as file:
        description = json.load(file)
    with tempfile.TemporaryDirectory() as work:
        small = os.path.join(work, "github.json")
        with open(small, "w") as file:
            json.dump(pruned(description), file)
        port = free_port()
        log_path = os.path.join(work, "prism.log")
        with open(log_path, "w") as log:
            prism = subprocess.Popen(
                [os.path.join(modules, ".bin/prism"), "mock", "-h", "127.0.0.1", "-p", str(port), small],
                stdout=log, stderr=subprocess.STDOUT,
            )
        try:
            for _ in range(600):
                if "is listening" in open(log_path).read():
                    break
                time.sleep(0.1)
            else:
                sys.exit("prism did not start: " + open(log_path).read())
            home = os.path.join(work, "home")
            os.mkdir(home)
            with open(os.path.join(home, "sources.toml"), "w") as file:
                for number, source in enumerate(SOURCES):
                    file.write(f'[[source]]\nname = "source {number}"\n{source}\n')
            with open(os.path.join(home, "tidings.toml"), "w") as file:
                file.write('[network]\nallow = ["127.0.0.0/8"]\ngap = "0s"\n')
                file.write(f'[github]\napi = "http://127.0.0.1:{port}"\ntoken_env = "TOKEN"\n')
            run = subprocess.run(
                [tidings, "--home", home, "--json", "run"], capture_output=True, text=True,
                env={**os.environ, "TOKEN": "github_pat_of_a_peer"},
            )
            report = json.loads(run.stdout)
        finally:
            prism.terminate()
            prism.wait()
        log = open(log_path).read()
    bad = 0
    for source, asked in zip(report["sources"], SOURCES):
        fault = source["fault"]
        # The examples are about another repository than the one that was asked for.
        is_bad = source["status"] != "ok" or (fault is not None and fault["kind"] != "renamed")
        bad += is_bad
        print("bad " if is_bad else "good", asked, "->", source["status"], source["entries"], "entries", fault or "")
    found = [line for line in log.splitlines() if re.search(r"Violation:|Request terminated with error", line)]
    # GitHub's own examples break its description here and there; that is not ours.
    examples = [line for line in found if "Violation: response." in line]
    violations = [line for line in found if line not in examples]
    print(
        f"{log.count('Request received')} requests, {len(violations)} violations, {bad} sources not read;"
        f" {len(examples)} violations in the description's own examples"
    )
    print("\n".join(violations))
    sys.exit(1 if bad or violations else 0)


main()
