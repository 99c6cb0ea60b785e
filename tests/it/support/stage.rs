//! A stage: the real program in a home of its own, between a feed server and a mail server, killed and started again.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tempfile::TempDir;
use tidings::edition::{Letter, LetterState};
use tidings::keep::Keep;
use tidings::keep::index::turns::Chronicle;
use tokio::runtime::{Builder, Runtime};

pub use super::dice::Dice;
use super::mail_server::{End, MailServer, Script, Tls};
use super::server::{Reply, Server};

/// Every fail point, in the order of a run. A test holds the list against the source.
pub const POINTS: [&str; 52] = [
    "archive-before-append",
    "archive-written",
    "archive-synced",
    "turns-before-append",
    "turns-written",
    "store-before-commit",
    "store-committed",
    "file-before-write",
    "file-created",
    "file-before-rename",
    "file-renamed",
    "digest-written",
    "feeds-written",
    "outbox-before-write",
    "outbox-created",
    "outbox-written",
    "outbox-synced",
    "told-before-append",
    "told-written",
    "told-synced",
    "alert-queued",
    "alert-done",
    "rollup-written",
    "rollup-queued",
    "week-before-close",
    "week-closed",
    "trends-written",
    "month-before-close",
    "month-closed",
    "letter-begun",
    "mail-offered",
    "letter-delivered",
    "outbox-before-remove",
    "outbox-removed",
    "letter-ended",
    "index-cleared",
    "index-before-commit",
    "index-committed",
    "index-before-stamp",
    "turns-before-commit",
    "turns-committed",
    "turns-before-stamp",
    "share-withdrawn",
    "share-written",
    "share-appended",
    "views-before-write",
    "why-written",
    "views-written",
    "turns-synced",
    "store-before-checkpoint",
    "store-flushed",
    "store-checkpointed",
];

/// When the runs happen: a first look, news within the week, news when the week has closed, the end of the month, and then
/// what was put off.
const TIMES: [&str; 10] = [
    "2026-11-17T08:00:00Z",
    "2026-11-17T09:00:00Z",
    "2026-11-23T08:00:00Z",
    "2026-12-01T08:00:00Z",
    "2026-12-01T14:00:00Z",
    "2026-12-02T15:00:00Z",
    "2026-12-03T16:00:00Z",
    "2026-12-04T17:00:00Z",
    "2026-12-05T18:00:00Z",
    "2026-12-06T19:00:00Z",
];

/// When sessions were last written to, in seconds since 1970: 2026-11-16.
const BEFORE: i64 = 1_794_787_200;

/// The runs of `TIMES` that read something new.
const READING: usize = 3;

/// What the world says, by seed.
struct Play {
    people: u64,
    /// By source: title and text of each item, and the run from which it is there.
    sources: Vec<Vec<(usize, String, String)>>,
    /// Critical stories; the day's third is rolled up.
    holes: usize,
    script: Script,
}

impl Play {
    fn new(seed: u64) -> Play {
        let mut dice = Dice::new(seed);
        let people = 3 + dice.roll(4);
        let (mut sources, mut holes) = (Vec::new(), 0);
        for source in 0..2 + dice.roll(3) {
            let mut items = Vec::new();
            for run in 0..READING {
                for number in 0..1 + dice.roll(4) {
                    let title = format!("Bulletin {source}.{run}.{number} for coding agents");
                    items.push((run, title, format!("Words of {source}.{run}.{number}. ").repeat(40)));
                }
            }
            sources.push(items);
        }
        for run in 1..READING {
            let many = if run == 1 { 3 } else { dice.roll(2) as usize };
            for hole in (0..many).map(|place| holes + place) {
                let place = ["hooks", "the shell tool", "a settings file", "the plugin loader"][hole];
                let title = format!("Bulletin: sandbox escape by {place} in lantern-code");
                let text = format!("GHSA-2x4c-9f3m-77q{}. A sandbox escape. Fixed in 4.12.{hole}.", 2 + hole);
                sources[0].push((run, title, text));
            }
            holes += many;
        }
        // One reader in eight is put off, one letter in sixteen is taken without a word.
        let rcpt = (0..12).map(|_| if dice.roll(8) == 0 { "451 4.7.1 come back" } else { "250 ok" }).collect();
        let says = |cut| if cut { End::Cuts } else { End::Says("250 taken") };
        let letter = (0..12).map(|_| says(dice.roll(16) == 0)).collect();
        let script = Script { tls: Tls::None, rcpt, letter, ..Script::default() };
        Play { people, sources, holes, script }
    }

    /// The feed of a source in a run. Its entity tag changes with its items.
    fn feed(items: &[(usize, String, String)], run: usize) -> (String, String) {
        let there = items.iter().filter(|(from, ..)| *from <= run);
        let shown: String = there
            .map(|(_, title, text)| {
                let id = title.replace([' ', ':'], "-");
                format!(
                    "<item><guid isPermaLink=\"false\">{id}</guid><title>{title}</title>\
                     <link>https://news.example/{id}</link><description>{text}</description></item>"
                )
            })
            .collect();
        let tag = format!("\"{}\"", run.min(READING - 1));
        (tag, format!("<rss version=\"2.0\"><channel><title>News</title>{shown}</channel></rss>"))
    }
}

/// What became of one play.
#[derive(Debug, Default, Clone, Copy)]
pub struct Figures {
    /// Times the program was killed.
    pub kills: usize,
    /// Times it was started.
    pub runs: usize,
    pub items: usize,
    /// Letters, and how many more of them arrived: after a kill, and after the server hung up without a word.
    pub letters: usize,
    pub copies_of_kills: usize,
    pub copies_of_cuts: usize,
}

impl std::ops::AddAssign for Figures {
    fn add_assign(&mut self, other: Figures) {
        self.kills += other.kills;
        self.runs += other.runs;
        self.items += other.items;
        self.letters += other.letters;
        self.copies_of_kills += other.copies_of_kills;
        self.copies_of_cuts += other.copies_of_cuts;
    }
}

/// A moment at which the program is killed: in this run, or the first later one that comes there, when the point is passed
/// for this time.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    pub point: &'static str,
    pub run: usize,
    pub pass: usize,
}

pub struct Stage {
    home: TempDir,
    /// Where an agent writes sessions down.
    sessions: TempDir,
    /// The folder into which sessions are shared, and those in which they worked.
    shared: TempDir,
    play: Arc<Play>,
    run: Arc<AtomicUsize>,
    mail: MailServer,
    /// Where the mail server lives.
    _runtime: Runtime,
    _feeds: Server,
}

impl Stage {
    pub fn new(seed: u64) -> Stage {
        let play = Arc::new(Play::new(seed));
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let mail = runtime.block_on(MailServer::start(play.script.clone()));
        let run = Arc::new(AtomicUsize::new(0));
        let (told, at) = (play.clone(), run.clone());
        let feeds = Server::start(move |asked| {
            let source: usize = asked.path.trim_start_matches('/').parse().unwrap();
            let (tag, body) = Play::feed(&told.sources[source], at.load(Ordering::SeqCst));
            if asked.header("if-none-match") == Some(&tag) {
                return Reply::head("304 Not Modified", &[]);
            }
            Reply::whole("200 OK", &["content-type: application/rss+xml", &format!("etag: {tag}")], body)
        });
        let home = TempDir::new().unwrap();
        let mut sources = String::new();
        for number in 0..play.sources.len() {
            let trust = if number == 0 { "official" } else { "community" };
            let url = feeds.url(&format!("/{number}"));
            sources.push_str(&format!(
                "[[source]]\nname = \"News {number}\"\nfrom.feed = \"{url}\"\ntrust = \"{trust}\"\ntopics = [\"agents\"]\n"
            ));
        }
        let sessions = TempDir::new().unwrap();
        sources.push_str(&format!(
            "[[source]]\nname = \"Sessions\"\nfrom.sessions = {{ path = \"{}\", format = \"claude-code\" }}\n",
            sessions.path().display()
        ));
        let shared = TempDir::new().unwrap();
        for below in ["lab", "grows", "anew"] {
            fs::create_dir(shared.path().join(below)).unwrap();
            fs::write(shared.path().join(below).join("README.md"), "a folder").unwrap();
        }
        fs::remove_file(shared.path().join("lab/README.md")).unwrap();
        let mut settings = format!(
            "[model]\nendpoint = \"off\"\n[network]\nallow = [\"127.0.0.0/8\"]\ngap = \"1ms\"\n[schedule]\nrollup = \"09:00\"\n[interests]\nwatch = [\"lantern-code\"]\n\
             [mail]\nsmtp = \"smtp://127.0.0.1:{}\"\nfrom = \"Tidings <tidings@lab.example>\"\n\
             allow_plain = [\"127.0.0.1\"]\n",
            mail.port
        );
        settings.push_str(&format!(
            "[share]\nfolder = \"{0}/lab\"\nprojects = [\"{0}/grows\", \"{0}/anew\"]\nwait = \"0s\"\n",
            shared.path().display()
        ));
        for number in 0..play.people {
            settings.push_str(&format!("[[people]]\naddress = \"person{number}@lab.example\"\n"));
        }
        fs::write(home.path().join("sources.toml"), sources).unwrap();
        fs::write(home.path().join("tidings.toml"), settings).unwrap();
        Stage { home, sessions, shared, play, run, mail, _runtime: runtime, _feeds: feeds }
    }

    /// Runs until nothing is left to be done, killed at these moments or by `meet`, which sees each run as it starts; says
    /// what arrived and which moments never came. Panics if a promise is broken.
    pub fn perform(&self, mut moments: Vec<Moment>, meet: impl Fn(usize, &mut Child)) -> (Figures, Vec<Moment>) {
        let mut figures = Figures::default();
        for (number, now) in TIMES.iter().enumerate() {
            self.run.store(number, Ordering::SeqCst);
            self.write_sessions(number);
            let output = loop {
                let armed: Vec<Moment> = moments.iter().copied().filter(|moment| moment.run <= number).collect();
                let mut child = self.start(now, &armed);
                meet(number, &mut child);
                let output = child.wait_with_output().unwrap();
                figures.runs += 1;
                if output.status.signal() != Some(9) {
                    break output;
                }
                figures.kills += 1;
                let words = String::from_utf8_lossy(&output.stderr);
                moments.retain(|moment| !words.contains(&format!("failpoint {} panic", moment.point)));
            };
            // A later run need not pass a point as often.
            for moment in &mut moments {
                moment.pass = if moment.run <= number { 1 } else { moment.pass };
            }
            let words = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "run {number}: {words}");
            let report: Value = serde_json::from_slice(&output.stdout).unwrap();
            assert_eq!(report["acts"]["failed"], 0, "run {number}: {words}");
            if number >= READING && report["acts"]["letters_waiting"] == 0 && self.all_sent() {
                break;
            }
        }
        self.check(&mut figures);
        (figures, moments)
    }

    /// Two transcripts as they are in a run: one grows, one is written anew.
    fn write_sessions(&self, run: usize) {
        let line = |id: usize, project: &str, text: &str| {
            let cwd = self.shared.path().join(project);
            format!(
                "{{\"type\":\"user\",\"uuid\":\"u{id}\",\"cwd\":\"{}\",\"message\":{{\"role\":\"user\",\"content\":\"{text} {id}\"}}}}\n",
                cwd.display()
            )
        };
        let folder = self.sessions.path().join("p");
        fs::create_dir_all(&folder).unwrap();
        let run = run.min(READING - 1);
        let grown: String = (0..=run * 2).map(|id| line(id, "grows", "grows by")).collect();
        fs::write(folder.join("grows.jsonl"), grown).unwrap();
        let anew: String = (0..=3).map(|id| line(id, "anew", &format!("anew in run {run}, line"))).collect();
        fs::write(folder.join("anew.jsonl"), anew).unwrap();
        // What is shared has waited, whatever day it is.
        let day = Timestamp::from_second(BEFORE).unwrap() + SignedDuration::from_secs(run as i64);
        for name in ["grows.jsonl", "anew.jsonl"] {
            let file = fs::File::options().append(true).open(folder.join(name)).unwrap();
            file.set_modified(day.into()).unwrap();
        }
        if run == READING - 1 {
            fs::write(self.shared.path().join("anew/.tidings-private"), "").unwrap();
        }
    }

    /// Every turn is kept once, and stands in the index once; no archive file is left over.
    fn check_sessions(&self, keep: &Keep) {
        let (mut kept, mut texts, mut files) = (Vec::new(), Vec::new(), BTreeSet::new());
        for transcript in keep.transcripts().unwrap() {
            files.insert(format!("{}.zst", transcript.generation_name()));
            for turn in keep.turns_of(&transcript).unwrap() {
                kept.push((transcript.generation_name(), format!("{}.{}", turn.frame, turn.number)));
                texts.push(turn.turn.text);
            }
        }
        kept.sort();
        texts.sort();
        let last = READING - 1;
        let mut expected: Vec<String> = (0..=3).map(|id| format!("anew in run {last}, line {id}")).collect();
        expected.extend((0..=last * 2).map(|id| format!("grows by {id}")));
        expected.sort();
        assert_eq!(texts, expected, "every turn is kept once");
        let mut indexed = Chronicle::open(self.home.path()).unwrap().unwrap().places().unwrap();
        indexed.sort();
        assert_eq!(indexed, kept, "every turn is indexed once");
        let there = fs::read_dir(self.home.path().join("state/archive/sessions")).unwrap();
        let there: BTreeSet<String> = there.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        assert_eq!(there, files);
    }

    /// What is still shared lies in the folder once, and what is private by now is taken back.
    fn check_shared(&self, keep: &Keep) {
        let folder = self.shared.path().join("lab");
        let id = |path: &str| keep.transcript_at("Sessions", path).unwrap().unwrap().id;
        assert_eq!(fs::read_to_string(folder.join("withdrawn")).unwrap(), format!("{}\n", id("p/anew.jsonl")));
        let shared = fs::read_to_string(folder.join(format!("grows/{}.jsonl", id("p/grows.jsonl")))).unwrap();
        let lines: Vec<Value> = shared.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let texts: Vec<&str> = lines.iter().filter_map(|line| line["turn"]["text"].as_str()).collect();
        let expected: Vec<String> = (0..=(READING - 1) * 2).map(|id| format!("grows by {id}")).collect();
        assert_eq!(texts, expected);
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 2, "nothing else is left there");
        assert_eq!(litter(&folder), Vec::<String>::new());
    }

    fn start(&self, now: &str, armed: &[Moment]) -> Child {
        let points: Vec<String> =
            armed.iter().map(|moment| format!("{}={}*off->panic", moment.point, moment.pass - 1)).collect();
        let mut command = Command::new(env!("CARGO_BIN_EXE_tidings"));
        command.env_clear().env("FAILPOINTS", points.join(";"));
        command.args(["run", "--json", "--now", now, "--home"]).arg(self.home.path());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    fn keep(&self) -> Keep {
        Keep::open(self.home.path(), "a test", TIMES[TIMES.len() - 1].parse().unwrap()).unwrap()
    }

    fn all_sent(&self) -> bool {
        self.keep().letters().unwrap().iter().all(|letter| letter.state == LetterState::Sent)
    }

    /// Every item once in store and index, every person told everything once, the same bytes in every copy, no litter.
    fn check(&self, figures: &mut Figures) {
        let titles: BTreeSet<&str> = self.play.sources.iter().flatten().map(|(_, title, _)| title.as_str()).collect();
        figures.items = titles.len();
        let mut search = Command::new(env!("CARGO_BIN_EXE_tidings"));
        search
            .env_clear()
            .args(["search", "bulletin", "-n", "200", "--json", "--bytes", "1000000", "--home"])
            .arg(self.home.path());
        let found: Value = serde_json::from_slice(&search.output().unwrap().stdout).unwrap();
        let found: Vec<&str> =
            found["hits"].as_array().unwrap().iter().map(|hit| hit["title"].as_str().unwrap()).collect();
        assert_eq!(found.len(), titles.len(), "every item is found once: {found:?}");
        assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), titles);

        let keep = self.keep();
        let stories = keep.stories_risen(jiff::Timestamp::UNIX_EPOCH, jiff::Timestamp::MAX).unwrap();
        let mut kept = Vec::new();
        for item in stories.iter().flat_map(|story| keep.members(story).unwrap()) {
            assert!(!keep.text(&item).unwrap().is_empty());
            kept.push(item.title);
        }
        kept.sort();
        assert_eq!(kept, titles.iter().map(|title| (*title).to_owned()).collect::<Vec<_>>(), "every item is kept once");

        self.check_sessions(&keep);
        self.check_shared(&keep);
        let letters = keep.letters().unwrap();
        let editions: BTreeSet<&str> = letters.iter().map(|letter| letter.edition.as_str()).collect();
        let at_once = |letter: &&Letter| letter.edition.starts_with("alert/") || letter.edition.starts_with("rollup/");
        for (edition, most) in [("alert/", 2), ("rollup/", 1)] {
            let days = editions.iter().filter(|name| name.starts_with(edition)).count();
            assert!((1..=most + 1).contains(&days), "{editions:?}");
        }
        for address in letters.iter().map(|letter| &letter.reader.address).collect::<BTreeSet<_>>() {
            let own = letters.iter().filter(|letter| letter.reader.address == *address).filter(at_once);
            let mut told: Vec<_> = own.flat_map(|letter| &letter.stories).collect();
            told.sort();
            let each: BTreeSet<_> = told.iter().collect();
            assert_eq!((told.len(), each.len()), (self.play.holes, self.play.holes), "each hole is told once");
        }
        assert!(editions.contains("digest/2026-W47") && editions.contains("trends/2026-11"), "{editions:?}");
        assert_eq!(
            letters.len(),
            editions.len() * self.play.people as usize,
            "each edition has a letter for each person"
        );
        let mut arrived: BTreeMap<String, Vec<Vec<u8>>> = BTreeMap::new();
        for bytes in self.mail.letters() {
            arrived.entry(header(&bytes, "Message-ID: ")).or_default().push(bytes);
        }
        for letter in &letters {
            assert_eq!(letter.state, LetterState::Sent, "{}: {:?}", letter.key, letter.answer);
            let copies = arrived.remove(&letter.message_id).unwrap_or_else(|| panic!("{} is missing", letter.key));
            assert!(header(&copies[0], "To: ").contains(&letter.reader.address));
            assert!(copies.iter().all(|copy| *copy == copies[0]), "every copy of {} has the same bytes", letter.key);
            figures.copies_of_kills += copies.len() - 1;
        }
        assert!(arrived.is_empty(), "nobody got a letter that is not kept: {:?}", arrived.keys());
        figures.letters = letters.len();
        figures.copies_of_cuts = self.mail.cuts().min(figures.copies_of_kills);
        figures.copies_of_kills -= figures.copies_of_cuts;

        let told = fs::read_to_string(self.home.path().join("state/told.jsonl")).unwrap();
        let sent = told.lines().filter(|line| line.contains("\"event\":\"sent\"")).count();
        assert_eq!(sent, letters.len(), "each letter is noted as sent once");
        assert_eq!(litter(self.home.path()), Vec::<String>::new());
    }
}

fn header(bytes: &[u8], name: &str) -> String {
    let text = String::from_utf8_lossy(bytes);
    text.lines().find_map(|line| line.strip_prefix(name)).unwrap().to_owned()
}

/// Unfinished files and bytes of letters that were sent.
fn litter(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            found.extend(litter(&path));
        } else if name.ends_with(".part") || name.starts_with(".tmp") || path.parent().unwrap().ends_with("outbox") {
            found.push(path.display().to_string());
        }
    }
    found
}
