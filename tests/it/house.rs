//! The walls of the house: who may name whom. Each wall is tried on the real sources and on a source that breaks it.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::path::{Path, PathBuf};

use regex::Regex;

const THINGS: [&str; 18] = [
    "config",
    "source",
    "page",
    "transcript",
    "item",
    "session",
    "work",
    "opinion",
    "extraction",
    "verdict",
    "thumb",
    "story",
    "stream",
    "standing",
    "edition",
    "lesson",
    "tally",
    "home",
];
const ACTS: [&str; 6] = ["fetch", "read", "keep", "judge", "tell", "teach"];

/// A source file: its path below src/ with `/` between folders, and its text without comments.
struct File {
    path: String,
    code: String,
}

impl File {
    fn new(path: &str, text: &str) -> File {
        let comment = Regex::new(r"(?m)^\s*//.*$").unwrap();
        File { path: path.to_owned(), code: comment.replace_all(text, "").into_owned() }
    }

    /// The top-level module it belongs to.
    fn room(&self) -> &str {
        let first = self.path.split('/').next().unwrap();
        first.strip_suffix(".rs").unwrap_or(first)
    }

    fn is_thing(&self) -> bool {
        THINGS.contains(&self.room())
    }

    /// The top-level modules it names, through `crate::`, `tidings::` or enough `super::`.
    fn names(&self) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        // `src/keep/store.rs` is keep::store: one super leads to keep, two lead to the crate.
        let module = self.path.strip_suffix(".rs").unwrap();
        let module = module.strip_suffix("/mod").unwrap_or(module);
        let depth = module.split('/').count();
        let mut roots = vec!["crate::".to_owned(), "tidings::".to_owned(), "super::".repeat(depth)];
        // A test module inside the file is one level deeper.
        roots.push("super::".repeat(depth + 1));
        let one = Regex::new(r"^\s*(?:r#)?([a-z_]\w*)").unwrap();
        for root in roots {
            for (at, _) in self.code.match_indices(&root) {
                let before = &self.code[..at];
                if before.ends_with("::") || before.ends_with(|c: char| c.is_alphanumeric() || c == '_') {
                    continue;
                }
                let rest = &self.code[at + root.len()..];
                if let Some(group) = rest.strip_prefix('{') {
                    names.extend(group_heads(group));
                } else if let Some(found) = one.captures(rest) {
                    names.insert(found[1].to_owned());
                }
            }
        }
        names
    }

    /// Each pattern is compiled once: there are many files, and compiling takes longer than looking.
    fn mentions(&self, pattern: &str) -> bool {
        thread_local!(static KNOWN: RefCell<HashMap<String, Regex>> = RefCell::default());
        KNOWN.with_borrow_mut(|known| {
            let regex = known.entry(pattern.to_owned()).or_insert_with(|| Regex::new(pattern).unwrap());
            regex.is_match(&self.code)
        })
    }
}

/// The first names in `{a::b, c::{d, e}, f}` after its opening brace.
fn group_heads(group: &str) -> Vec<String> {
    let (mut depth, mut head, mut heads) = (0, String::new(), Vec::new());
    for letter in group.chars() {
        match letter {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => heads.push(std::mem::take(&mut head)),
            _ if depth == 0 => head.push(letter),
            _ => {}
        }
    }
    heads.push(head);
    heads
        .iter()
        .filter_map(|head| head.trim().split("::").next())
        .filter(|h| !h.is_empty())
        .map(str::to_owned)
        .collect()
}

/// The walls that a file breaks, in words.
fn broken_walls(file: &File) -> Vec<String> {
    let mut broken = Vec::new();
    let mut wall = |holds: bool, words: &str| {
        if !holds {
            broken.push(format!("{}: {words}", file.path));
        }
    };
    let names = file.names();
    let acts: Vec<&str> = ACTS.into_iter().filter(|act| names.contains(*act)).collect();
    let room = file.room();
    let is_act = ACTS.contains(&room);
    let (is_flow, is_face) = (room == "flow", room == "main" || room == "cli");
    let is_served = room == "serve";

    if file.is_thing() {
        wall(acts.is_empty() && !names.contains("flow"), "things name only things");
        wall(!names.contains("guard"), "things name only things, not guards");
        wall(
            !file.mentions(r"\basync\b|\btokio\b|std::fs|std::net::(Tcp|Udp)|std::env"),
            "things do no I/O and know no async",
        );
    }
    if room == "guard" {
        wall(acts.is_empty() && !names.contains("flow"), "guards name only things");
    }
    if is_act {
        wall(acts.iter().all(|act| *act == room), "an act names no other act");
        wall(!names.contains("flow"), "acts do not know the flow");
    }
    if !is_flow {
        wall(acts.len() <= 1, "only flow names several acts");
    }
    if is_face {
        wall(acts.is_empty(), "the command line calls flow and names no act");
    }
    if is_served {
        wall(acts.is_empty(), "serving asks flow and names no act");
        wall(!file.mentions(r"\bKeep\b|flow::run\b"), "serving reads files and never holds the store");
    }
    let door = |krate: &str, place: &str| !file.mentions(&format!(r"\b{krate}::")) || file.path.starts_with(place);
    wall(door("sled", "keep/store"), "sled has its door in keep/store");
    wall(door("tantivy", "keep/index"), "tantivy has its door in keep/index");
    wall(door("lettre", "tell/channel/mail"), "lettre has its door in tell/channel/mail");
    wall(door("feed_rs", "read/feed"), "feed-rs has its door in read/feed");
    wall(door("pulldown_cmark", "read/changelog"), "pulldown-cmark has its door in read/changelog");
    wall(
        door("roux", "fetch/reddit") || file.path.starts_with("read/post"),
        "roux has its doors in fetch/reddit and read/post",
    );
    let github = [
        "fetch/github",
        "teach/forge/github",
        "read/release.rs",
        "read/commit.rs",
        "read/advisory.rs",
        "read/search.rs",
    ];
    wall(
        github.iter().any(|place| door("octocrab", place)),
        "octocrab has its doors in fetch/github and teach/forge/github, and its models in the readers of GitHub's answers",
    );
    wall(door("axum", "serve/web"), "axum has its door in serve/web");
    wall(door("rmcp", "serve/mcp"), "rmcp has its door in serve/mcp");
    wall(door("prometheus", "serve/metrics"), "prometheus has its door in serve/metrics");
    wall(door("notify", "fetch/disk"), "notify has its door in fetch/disk");
    wall(door("psl", "judge/group/site.rs"), "psl has its door in judge/group/site");
    wall(door("dom_smoothie", "read/article"), "dom_smoothie has its door in read/article");
    wall(door("resvg", "tell/trends/chart"), "resvg has its door in tell/trends/chart");
    wall(
        !file.path.starts_with("judge/trends/")
            || !file.mentions(r"\basync\b|\btokio\b|std::fs|std::time|std::env|\brand\b|Timestamp::now"),
        "trends are found purely: no clock, file system or chance",
    );
    wall(
        door("scraper", "read/") || file.path == "config/origin/page.rs",
        "scraper reads pages in read, and checks their selectors in config/origin/page",
    );
    wall(
        ["fetch/", "tell/channel/", "judge/model/", "teach/forge/github/"].iter().any(|place| door("reqwest", place)),
        "reqwest is named where a door needs it: fetch, judge/model, tell/channel and teach/forge/github",
    );
    wall(
        !file.mentions(r"\bTcpStream\b|\bUdpSocket\b|to_socket_addrs|lookup_host")
            || file.path.starts_with("fetch/")
            || file.path.starts_with("tell/channel/"),
        "the outside is reached through the doors",
    );
    wall(
        !file.mentions(r"impl Carrier for|impl<.*> Carrier for") || room == "fetch",
        "what comes in comes through fetch",
    );
    wall(
        !file.mentions(r"impl Model for") || file.path.starts_with("judge/model/") || file.path == "judge/budget.rs",
        "a model is asked through judge/model, and paid in judge/budget",
    );
    wall(
        !file.mentions(r"impl Channel for") || file.path.starts_with("tell/channel/"),
        "what goes out goes through tell/channel",
    );
    wall(
        !file.mentions(r"impl Forge for") || file.path.starts_with("teach/forge/"),
        "what is proposed goes through teach/forge",
    );
    wall(
        !file.path.starts_with("teach/forge/")
            || !file.mentions(
                r"/merge\b|/reviews|/requested_reviewers|auto_merge|/actions|/dispatches|/labels|Method::(PUT|DELETE)",
            ),
        "the forge merges nothing, approves nothing, asks nobody to review and starts no workflow",
    );
    if room == "read" {
        wall(
            !file.mentions(
                r"\basync\b|\bawait\b|\btokio\b|std::fs|std::net|std::time|std::env|Timestamp::now|Zoned::now|TimeZone::system|SystemTime|\brand\b|File::open",
            ),
            "read is pure: no clock, file system, network or async",
        );
    }
    wall(
        is_face || !file.mentions(r"Timestamp::now|Zoned::now|SystemTime::now|TimeZone::system|DateTime::now"),
        "time comes in as a value from main",
    );
    wall(
        is_face || !file.mentions(r"env::var|env::current_dir|env::args|env::temp_dir|env::home_dir"),
        "the environment comes in as a value from main",
    );
    wall(is_flow || room == "keep" || !file.mentions(r"\bKeep::open\b"), "only flow opens the store, holding the lock");
    wall(!file.mentions(r"process::abort|panic::always_abort"), "panics unwind");
    broken
}

fn house() -> Vec<(PathBuf, String)> {
    fn walk(folder: &Path, files: &mut Vec<(PathBuf, String)>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, files);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                files.push((path, text));
            }
        }
    }
    let mut files = Vec::new();
    walk(&root().join("src"), &mut files);
    files.sort();
    assert!(files.len() > 20, "the house has rooms");
    files
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn every_wall_of_the_house_stands() {
    let mut broken = Vec::new();
    for (path, text) in house() {
        let below = path.strip_prefix(root().join("src")).unwrap().to_string_lossy().replace('\\', "/");
        broken.extend(broken_walls(&File::new(&below, &text)));
    }
    assert_eq!(broken, Vec::<String>::new());
}

#[test]
fn each_wall_broken_on_purpose_is_noticed() {
    let cases = [
        ("item.rs", "use crate::keep::Keep;", "things name only things"),
        ("edition.rs", "fn f() { crate::guard::text::clean(t); }", "not guards"),
        ("page.rs", "pub async fn load() {}", "no async"),
        ("config/table.rs", "use std::fs;", "no I/O"),
        ("guard/text.rs", "use crate::read::feed;", "guards name only things"),
        ("judge/rules.rs", "use crate::{item::Item, keep::Keep};", "an act names no other act"),
        ("judge/mod.rs", "use super::tell;", "an act names no other act"),
        ("fetch/web.rs", "use super::super::read::feed;", "an act names no other act"),
        ("tell/channel/mail.rs", "use super::super::super::keep::Keep;", "an act names no other act"),
        ("tell/mod.rs", "use crate::flow::Doors;", "acts do not know the flow"),
        ("lib.rs", "use crate::fetch::Web; use crate::keep::Keep;", "only flow names several acts"),
        ("main.rs", "use tidings::keep::Keep;", "names no act"),
        ("keep/letters.rs", "fn f(db: &sled::Db) {}", "sled has its door"),
        ("flow.rs", "use tantivy::Index;", "tantivy has its door"),
        ("tell/letter.rs", "use lettre::Message;", "lettre has its door"),
        ("read/dates.rs", "use feed_rs::parser;", "feed-rs has its door"),
        ("read/feed.rs", "use roux::Submissions;", "roux has its doors"),
        ("read/prose.rs", "use pulldown_cmark::Parser;", "pulldown-cmark has its door"),
        ("fetch/web.rs", "let api = octocrab::Octocrab::default();", "octocrab has its doors"),
        ("read/feed.rs", "use dom_smoothie::Readability;", "dom_smoothie has its door"),
        ("serve/web/page.rs", "use crate::keep::index::Library;", "serving asks flow"),
        ("serve/mcp/mod.rs", "fn f(keep: &mut Keep) {}", "never holds the store"),
        ("flow/watch.rs", "use axum::Router;", "axum has its door"),
        ("serve/web/mod.rs", "use rmcp::ServerHandler;", "rmcp has its door"),
        ("flow/report.rs", "use prometheus::Registry;", "prometheus has its door"),
        ("flow/watch.rs", "use notify::Watcher;", "notify has its door"),
        ("story.rs", "fn f() { psl::domain_str(h); }", "psl has its door"),
        ("tell/render.rs", "let tree = resvg::usvg::Tree::from_str(svg, &options);", "resvg has its door"),
        ("judge/trends/moves.rs", "let file = std::fs::read(path);", "trends are found purely"),
        ("fetch/web.rs", "use scraper::Html;", "scraper reads pages"),
        ("keep/index/mod.rs", "let c = reqwest::Client::new();", "reqwest is named"),
        ("judge/mod.rs", "let s = std::net::TcpStream::connect(a);", "through the doors"),
        ("read/feed.rs", "let t = std::time::Instant::now();", "read is pure"),
        ("read/repair.rs", "async fn repair() {}", "read is pure"),
        ("flow.rs", "let now = Timestamp::now();", "time comes in as a value"),
        ("tell/mod.rs", "let p = std::env::var(\"PASSWORD\");", "environment comes in"),
        ("main.rs", "let keep = Keep::open(&home);", "only flow opens the store"),
        ("read/feed.rs", "std::process::abort()", "panics unwind"),
        ("flow/doors.rs", "impl Carrier for Mine {}", "comes through fetch"),
        ("tell/mod.rs", "impl Channel for Mine {}", "goes through tell/channel"),
        ("judge/rules.rs", "impl Model for Mine {}", "asked through judge/model"),
        ("judge/screening.rs", "let c = reqwest::Client::new();", "reqwest is named"),
        ("teach/learn/mod.rs", "let c = reqwest::Client::new();", "reqwest is named"),
        ("teach/skill/mod.rs", "use octocrab::Octocrab;", "octocrab has its doors"),
        ("flow/doors.rs", "impl Forge for Mine {}", "goes through teach/forge"),
        ("teach/forge/github/write.rs", "let path = format!(\"/pulls/{number}/merge\");", "merges nothing"),
    ];
    for (path, code, words) in cases {
        let broken = broken_walls(&File::new(path, code));
        assert!(broken.iter().any(|wall| wall.contains(words)), "{path}: {code} breaks {words:?}, but only {broken:?}");
    }
    // What the walls allow is not noticed: the acts' own parts, things, and words in comments.
    for (path, code) in [
        ("keep/letters.rs", "use super::store::Store; use crate::edition::Letter;"),
        ("flow.rs", "use crate::{fetch, keep::Keep, read}; fn f() { Keep::open(h); }"),
        ("judge/mod.rs", "// crate::keep is not named here\nuse crate::item::Item;"),
        ("keep/store.rs", "use sled::Db;"),
        ("judge/model/line.rs", "use reqwest::Client; impl Model for Mine {}"),
        ("fetch/github/mod.rs", "use octocrab::Octocrab;"),
        ("teach/forge/github/mod.rs", "use octocrab::Octocrab; use reqwest::Client; impl Forge for Github {}"),
        ("serve/web/mod.rs", "use axum::Router; use crate::flow::ask;"),
        ("read/release.rs", "use octocrab::models::repos::Release;"),
    ] {
        assert_eq!(broken_walls(&File::new(path, code)), Vec::<String>::new(), "{path}: {code}");
    }
}

#[test]
fn every_file_says_what_it_is_for_and_stays_small() {
    for (path, text) in house() {
        assert!(text.starts_with("//! "), "{} opens with one sentence that says what it is for", path.display());
        let lines = text.lines().count();
        assert!(lines <= 600, "{} has {lines} lines: a second noun has moved in", path.display());
    }
}

#[test]
fn panics_unwind_and_sled_is_pinned() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    assert!(!manifest.contains("panic = \"abort\""), "reading contains the panics of its libraries");
    assert!(manifest.contains("sled    = \"=0.34.7\""), "the opening recipe was proved for this version of sled");
}
