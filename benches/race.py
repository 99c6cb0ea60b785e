#!/usr/bin/env python3
"""Races tidings with rss2email, urlwatch and newsboat over the same feeds, on loopback. Python 3.9+, standard library.

    benches/race.py FEEDS --tidings target/release/tidings --peers DIR [--rounds 5] [--latency 0,250]
    benches/race.py --many 5000 --tidings target/release/tidings [--latency 250]
    benches/race.py --peers DIR --install

FEEDS is a folder of real feeds; 40 of them are chosen, the same ones each time. Each feed has an address of its own,
127.0.0.1 to 127.0.0.40. The tools take turns, so that what else runs on the machine slows them alike; figures are medians.

cold        no state; every answer is a 200
unchanged   state from before; every answer is a 304
nothing due state from before, asked again at once (tidings alone: the others always ask)

`--many N` lets tidings alone read N made feeds on the 40 addresses and says what the hosts saw of its manners.
`--install` puts the peers into DIR: rss2email and urlwatch by venv and pip, newsboat by apt-get download and dpkg -x.
"""
import argparse, asyncio, email.utils, hashlib, json, os, pathlib, re, shutil, statistics, subprocess, sys, tempfile
import time, urllib.request

HOSTS = 40
FEEDS = 40
ENTRY = re.compile(rb"<(?:\w+:)?(?:item|entry)[\s>]")
# A feed with fewer entries says little about parsing; one with more outweighs the other 39.
FEWEST, MOST, MOST_BYTES = 25, 250, 400_000
# What a made feed holds: about what a small blog's does.
MADE_ENTRIES = 10
NOW = 1_795_000_000  # 2026-11-18T12:26:40Z, a Wednesday: no week closes while a race runs


# ---------------------------------------------------------------- choosing feeds

def choose(folder):
    """FEEDS feeds: from each folder in turn the next by name, so that no publisher outweighs another."""
    folders, seen = {}, set()
    for path in sorted(pathlib.Path(folder).rglob("*")):
        if path.suffix.lower() not in (".xml", ".rss", ".atom", ".rdf") or "series" in path.parts:
            continue
        data = path.read_bytes()
        count, digest = len(ENTRY.findall(data)), hashlib.sha256(data).digest()
        if FEWEST <= count <= MOST and len(data) <= MOST_BYTES and digest not in seen:
            seen.add(digest)
            folders.setdefault(path.parent, []).append((path, count))
    chosen = []
    for place in range(max(map(len, folders.values()), default=0)):
        for name in sorted(folders):
            # Of each folder the fullest first; equal ones by name.
            ordered = sorted(folders[name], key=lambda one: (-one[1], one[0].name))
            if place < len(ordered):
                chosen.append(ordered[place])
    return chosen[:FEEDS]


# ---------------------------------------------------------------- the feed server

class Server(asyncio.Protocol):
    """GET with ETag, Last-Modified and 304, keep-alive, and a wait before each answer."""
    latency = 0.0
    feeds = {}      # number -> bytes; None: made on the spot
    hosts = {}      # address -> what it saw

    def connection_made(self, transport):
        self.transport, self.buffer = transport, b""
        self.host = transport.get_extra_info("sockname")[0]

    def data_received(self, data):
        self.buffer += data
        while b"\r\n\r\n" in self.buffer:
            head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
            lines = head.decode("latin-1").split("\r\n")
            headers = {}
            for line in lines[1:]:
                name, _, value = line.partition(":")
                headers[name.lower()] = value.strip()
            self.answer(lines[0].split(" ")[1], headers)

    def answer(self, path, headers):
        if path.startswith("/_"):
            self.send(200, {"Content-Type": "application/json"}, control(path))
            return
        saw = Server.hosts.setdefault(self.host, new_host())
        now = time.monotonic()
        if saw["last"] is not None:
            gap = now - saw["last"]
            saw["least_gap"] = gap if saw["least_gap"] is None else min(gap, saw["least_gap"])
        saw["last"] = now
        saw["requests"] += 1
        saw["under_way"] += 1
        saw["most_at_once"] = max(saw["most_at_once"], saw["under_way"])
        asyncio.get_running_loop().call_later(Server.latency, self.reply, path, headers, saw)

    def reply(self, path, headers, saw):
        saw["under_way"] -= 1
        number = int(path.rsplit("/", 1)[1].split(".")[0])
        body = made_feed(number) if Server.feeds is None else Server.feeds[number]
        etag = '"%s"' % hashlib.md5(body).hexdigest()
        changed = email.utils.formatdate(NOW - 86_400, usegmt=True)
        marks = {"ETag": etag, "Last-Modified": changed}
        same = headers.get("if-none-match") == etag
        if "if-none-match" not in headers:
            same = headers.get("if-modified-since") == changed
        saw["not_modified"] += same
        if same:
            self.send(304, marks, b"")
        else:
            self.send(200, {**marks, "Content-Type": "application/xml"}, body)

    def send(self, status, headers, body):
        if self.transport.is_closing():
            return
        lines = ["HTTP/1.1 %d %s" % (status, "OK" if status == 200 else "Not Modified")]
        lines += ["%s: %s" % pair for pair in headers.items()]
        if status == 200:
            lines.append("Content-Length: %d" % len(body))
        self.transport.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)


def new_host():
    return dict(requests=0, not_modified=0, under_way=0, most_at_once=0, last=None, least_gap=None)


def control(path):
    if path.startswith("/_latency/"):
        Server.latency = int(path.rsplit("/", 1)[1]) / 1000
    if path.startswith("/_forget"):
        Server.hosts.clear()
    return json.dumps(Server.hosts).encode()


WORDS = ("agent review tool test model paper change record bench prompt sandbox release notes search index trace study "
         "result method failure report context window budget reward oversight probe monitor commit branch merge").split()


def made_feed(number):
    """A feed of MADE_ENTRIES entries of some 120 words, the same for the same number."""
    seed, items = number * 7919 + 1, []
    for entry in range(MADE_ENTRIES):
        words = []
        for _ in range(130):
            seed = (seed * 1103515245 + 12345) % (1 << 31)
            words.append(WORDS[(seed >> 8) % len(WORDS)])
        day = email.utils.formatdate(NOW - 3600 * (entry + 1), usegmt=True)
        link = "http://made.example/%d/%d" % (number, entry)
        items.append("<item><title>%s %d-%d</title><link>%s</link><guid>%s</guid><pubDate>%s</pubDate>"
                     "<description>%s</description></item>"
                     % (" ".join(words[:8]), number, entry, link, link, day, " ".join(words[8:])))
    return ('<?xml version="1.0"?><rss version="2.0"><channel><title>Made %d</title><link>http://made.example/</link>'
            "<description>made</description>%s</channel></rss>" % (number, "".join(items))).encode()


async def serve(paths, port):
    Server.feeds = {n: pathlib.Path(path).read_bytes() for n, path in enumerate(paths)} if paths else None
    loop = asyncio.get_running_loop()
    first = await loop.create_server(Server, "127.0.0.1", port, backlog=512)
    port = first.sockets[0].getsockname()[1]
    for host in range(2, HOSTS + 1):
        await loop.create_server(Server, "127.0.0.%d" % host, port, backlog=512)
    print(port, flush=True)
    await asyncio.Event().wait()


class FeedServer:
    """The server as a process of its own; what it costs is nobody's CPU time."""
    def __init__(self, paths):
        command = [sys.executable, __file__, "--serve", *map(str, paths)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline())

    def tell(self, path):
        with urllib.request.urlopen("http://127.0.0.1:%d%s" % (self.port, path)) as answer:
            return json.load(answer)

    def url(self, number):
        return "http://127.0.0.%d:%d/f/%d.xml" % (number % HOSTS + 1, self.port, number)

    def close(self):
        self.process.terminate()
        self.process.wait()


# ---------------------------------------------------------------- the tools

class Tidings:
    def __init__(self, program, urls, home):
        self.name, self.program, self.home, self.urls = "tidings", program, home, urls
        self.hours = 0

    def fresh(self):
        shutil.rmtree(self.home, ignore_errors=True)
        self.home.mkdir(parents=True)
        sources = "".join('[[source]]\nname = "feed %d"\nfrom.feed = "%s"\nevery = "1h"\ntrust = "community"\n\n' % one
                          for one in enumerate(self.urls))
        (self.home / "sources.toml").write_text(sources)
        (self.home / "tidings.toml").write_text('[network]\nallow = ["127.0.0.0/8"]\n')
        self.hours = 0

    def command(self, later=True):
        self.hours += 2 if later else 0
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(NOW + 3600 * self.hours))
        return [self.program, "--home", str(self.home), "--now", now, "run"], {}

    def kept(self):
        answer = subprocess.run([self.program, "--home", str(self.home), "--json", "status"], capture_output=True)
        return sum(one["entries"] for one in json.loads(answer.stdout)["sources"])


class Newsboat:
    name = "newsboat"

    def __init__(self, peers, urls, home):
        self.root, self.urls, self.home = peers / "newsboat", urls, home

    def fresh(self):
        shutil.rmtree(self.home, ignore_errors=True)
        self.home.mkdir(parents=True)
        (self.home / "urls").write_text("\n".join(self.urls) + "\n")
        (self.home / "config").write_text("reload-threads 8\n")

    def command(self, later=True):
        usr = self.root / "usr"
        libraries = "%s:%s" % (usr / "lib/x86_64-linux-gnu", usr / "lib")
        files = [part for pair in (("-u", "urls"), ("-C", "config"), ("-c", "cache.db")) for part in pair]
        files = [str(self.home / part) if not part.startswith("-") else part for part in files]
        return [str(usr / "bin/newsboat"), *files, "-q", "-x", "reload"], {"LD_LIBRARY_PATH": libraries}

    def kept(self):
        import sqlite3
        return sqlite3.connect(self.home / "cache.db").execute("select count(*) from rss_item").fetchone()[0]


class Rss2email:
    name = "rss2email"

    def __init__(self, peers, urls, home):
        self.program, self.urls, self.home = peers / "venv/bin/r2e", urls, home

    def fresh(self):
        shutil.rmtree(self.home, ignore_errors=True)
        self.home.mkdir(parents=True)
        text = "[DEFAULT]\nfrom = race@example.org\nto = race@example.org\nverbose = error\n"
        text += "".join("\n[feed.f%02d]\nurl = %s\n" % one for one in enumerate(self.urls))
        (self.home / "c.cfg").write_text(text)

    def command(self, later=True):
        # Without mail: only fetching, parsing and remembering are raced.
        return [str(self.program), "-c", str(self.home / "c.cfg"), "-d", str(self.home / "d.json"), "run", "--no-send"], {}

    def kept(self):
        data = json.loads((self.home / "d.json").read_text())
        return sum(len(feed.get("seen", {})) for feed in data["feeds"])


class Urlwatch:
    name = "urlwatch"

    def __init__(self, peers, urls, home):
        self.program, self.urls, self.home = peers / "venv/bin/urlwatch", urls, home

    def fresh(self):
        shutil.rmtree(self.home, ignore_errors=True)
        self.home.mkdir(parents=True)
        (self.home / "u.yaml").write_text("---\n".join("name: f%d\nurl: %s\n" % one for one in enumerate(self.urls)))
        (self.home / "c.yaml").write_text("report:\n  stdout: {enabled: false}\n  email: {enabled: false}\n")
        (self.home / "h.py").write_text("")

    def command(self, later=True):
        files = (("--urls", "u.yaml"), ("--config", "c.yaml"), ("--cache", "cache.db"), ("--hooks", "h.py"))
        return [str(self.program)] + [part for flag, name in files for part in (flag, str(self.home / name))], {}

    def kept(self):
        return 0


def measure(tool, later=True):
    """One run: wall seconds, CPU seconds (user and system), peak resident memory in MB."""
    command, environment = tool.command(later)
    with tempfile.NamedTemporaryFile("r") as figures, tempfile.TemporaryFile() as words:
        # Without `time` in between, Linux counts this script's own memory as its child's.
        start = time.monotonic()
        ended = subprocess.run(["/usr/bin/time", "-o", figures.name, "-f", "%U %S %M", *command],
                               stdout=words, stderr=words, stdin=subprocess.DEVNULL, env={**os.environ, **environment})
        wall = time.monotonic() - start
        if ended.returncode != 0:
            words.seek(0)
            sys.exit("%s ended with %d:\n%s" % (tool.name, ended.returncode, words.read().decode(errors="replace")[-2000:]))
        user, system, kilobytes = figures.read().split()[-3:]
        return wall, float(user) + float(system), int(kilobytes) / 1024


# ---------------------------------------------------------------- the races

def race(args):
    chosen = choose(args.feeds)
    print("%d feeds, %d entries, %d bytes" % (len(chosen), sum(n for _, n in chosen),
                                             sum(path.stat().st_size for path, _ in chosen)))
    for path, count in chosen:
        print("  %4d  %s" % (count, path.relative_to(args.feeds)))
    server = FeedServer([path for path, _ in chosen])
    urls = [server.url(number) for number in range(len(chosen))]
    work = pathlib.Path(tempfile.mkdtemp(prefix="race-"))
    tools = [Tidings(args.tidings, urls, work / "tidings")]
    if args.peers:
        tools += [kind(args.peers, urls, work / kind.name) for kind in (Newsboat, Rss2email, Urlwatch)]
    tools = [tool for tool in tools if tool.name in args.only]
    runs = {}
    try:
        for latency in args.latency:
            server.tell("/_latency/%d" % latency)
            for _ in range(args.rounds):
                for tool in tools:
                    tool.fresh()
                    runs.setdefault((latency, "cold", tool.name), []).append(measure(tool))
            for tool in tools:
                # newsboat asks for everything once more before it trusts its validators.
                measure(tool)
            for _ in range(args.rounds):
                for tool in tools:
                    server.tell("/_forget")
                    runs.setdefault((latency, "unchanged", tool.name), []).append(measure(tool))
                    saw = server.tell("/_").values()
                    asked, same = sum(h["requests"] for h in saw), sum(h["not_modified"] for h in saw)
                    if asked != same or asked != len(chosen):
                        print("note: %s, unchanged: %d requests, %d answered with 304" % (tool.name, asked, same))
                    if tool.name == "tidings":
                        server.tell("/_forget")
                        runs.setdefault((latency, "nothing due", tool.name), []).append(measure(tool, later=False))
                        if server.tell("/_"):
                            print("note: tidings asked although nothing was due")
            for tool in tools:
                print("%s keeps %d" % (tool.name, tool.kept()))
    finally:
        server.close()
        shutil.rmtree(work)
    table(runs)


def table(runs):
    print("\n| latency | case | tool | wall s | least–most | CPU s | memory MB |\n|---|---|---|---|---|---|---|")
    for (latency, case, name), figures in sorted(runs.items(), key=lambda run: (run[0][0], run[0][1])):
        walls, cpus, memory = zip(*figures)
        median = statistics.median
        print("| %d ms | %s | %s | %.3f | %.3f–%.3f | %.2f | %.0f |"
              % (latency, case, name, median(walls), min(walls), max(walls), median(cpus), median(memory)))
    print("\nmedians of %d; load at the end %s" % (min(map(len, runs.values())), " ".join("%.1f" % l for l in os.getloadavg())))


def many(args):
    server = FeedServer([])
    work = pathlib.Path(tempfile.mkdtemp(prefix="race-"))
    tool = Tidings(args.tidings, [server.url(number) for number in range(args.many)], work / "tidings")
    tool.fresh()
    print("%d made feeds of %d entries on %d addresses, %d ms" % (args.many, MADE_ENTRIES, HOSTS, args.latency[-1]))
    server.tell("/_latency/%d" % args.latency[-1])
    try:
        for case, later in (("cold", True), ("unchanged", True), ("nothing due", False)):
            server.tell("/_forget")
            wall, cpu, memory = measure(tool, later)
            saw = server.tell("/_").values()
            gaps = [h["least_gap"] for h in saw if h["least_gap"] is not None]
            print("%s: wall %.2f s, CPU %.2f s, memory %.0f MB; %d requests, %d answered with 304; at one host at most "
                  "%d at once, least gap %s" % (case, wall, cpu, memory, sum(h["requests"] for h in saw),
                  sum(h["not_modified"] for h in saw), max([h["most_at_once"] for h in saw], default=0),
                  "%.3f s" % min(gaps) if gaps else "none"), flush=True)
        print("tidings keeps %d; load at the end %s" % (tool.kept(), " ".join("%.1f" % l for l in os.getloadavg())))
    finally:
        server.close()
        shutil.rmtree(work)


def install(peers):
    peers.mkdir(parents=True, exist_ok=True)
    subprocess.run([sys.executable, "-m", "venv", peers / "venv"], check=True)
    subprocess.run([peers / "venv/bin/pip", "install", "--quiet", "rss2email", "urlwatch"], check=True)
    subprocess.run(["apt-get", "download", "newsboat", "libstfl0"], cwd=peers, check=True)
    for package in peers.glob("*.deb"):
        subprocess.run(["dpkg", "-x", package, peers / "newsboat"], check=True)


def main():
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("feeds", nargs="?", type=pathlib.Path)
    words.add_argument("--tidings")
    words.add_argument("--peers", type=lambda text: pathlib.Path(text).absolute())
    words.add_argument("--rounds", type=int, default=5)
    words.add_argument("--latency", type=lambda text: [int(part) for part in text.split(",")], default=[0, 250])
    words.add_argument("--only", default="tidings,newsboat,rss2email,urlwatch")
    words.add_argument("--many", type=int)
    words.add_argument("--install", action="store_true")
    if sys.argv[1:2] == ["--serve"]:
        asyncio.run(serve(sys.argv[2:], 0))
        return
    args = words.parse_args()
    args.only = args.only.split(",")
    if args.install and args.peers:
        install(args.peers)
    elif args.many and args.tidings:
        many(args)
    elif args.feeds and args.tidings:
        race(args)
    else:
        words.error("name FEEDS and --tidings, or --many and --tidings, or --peers and --install")


if __name__ == "__main__":
    main()
