//! Sharing: what its owner chose of sessions comes into the lab's home, nothing else does, and what is taken back goes.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use jiff::{SignedDuration, Timestamp};
use tidings::config::{SessionSource, Share, read_settings};
use tidings::flow::{self, Scope, SessionReport, Setup, ShareReport, ask};
use tidings::home::Home;
use tidings::keep::Keep;
use tidings::keep::index::turns::{Chronicle, Wanted};
use tidings::session::{Agent, Format};

use super::sessions::run_at;
use crate::support::dice::Dice;

const ONE: &str = "0b9d2c1e-5a4f-4c3b-9a51-6f0e7d8c9b10";
const TWO: &str = "7c1f4e2a-8b3d-4f60-b2a9-1d5c3e7f9a24";
/// When the made sessions were last written to, and two days later.
const WRITTEN: &str = "2026-11-18T12:00:00Z";
const NOW: &str = "2026-11-20T12:00:00Z";
/// Of a form that GitHub documents, and of nobody.
const SECRET: &str = "ghp_Zk3vQ8xWn2RtY5mLc7HdJ4bFgS9pAe1uTq6K";

/// A fellow's home, which shares, and the lab's, which reads.
struct Two {
    folder: tempfile::TempDir,
    owner: Setup,
    lab: Setup,
}

impl Two {
    fn new() -> Two {
        let folder = tempfile::tempdir().unwrap();
        let at = |below: &str| folder.path().join(below);
        for below in ["projects/p", "work/atlas", "work/beacon", "work/diary", "lab/ada"] {
            fs::create_dir_all(at(below)).unwrap();
        }
        for below in ["atlas", "beacon", "diary"] {
            fs::write(at("work").join(below).join("README.md"), "a project").unwrap();
        }
        let source = |name: &str, below: &str, format: Format, owner: Option<&str>| SessionSource {
            name: name.to_owned(),
            folder: at(below),
            format,
            owner: owner.map(str::to_owned),
            host: owner.map(|_| "node7".to_owned()),
        };
        let home = |below: &str, source| Setup {
            home: Home::at(at(below)),
            sources: Vec::new(),
            sessions: vec![source],
            config: Default::default(),
        };
        let mut owner = home("home", source("Mine", "projects", Agent::ClaudeCode.into(), Some("ada")));
        owner.config.share = Some(Share {
            folder: at("lab/ada"),
            projects: vec![at("work/atlas")],
            wait: SignedDuration::from_hours(24),
            never: Vec::new(),
            home: Some(folder.path().to_owned()),
        });
        let lab = home("lab-home", source("Shared", "lab", Format::Shared, None));
        Two { folder, owner, lab }
    }

    fn at(&self, below: &str) -> PathBuf {
        self.folder.path().join(below)
    }

    fn share(&mut self) -> &mut Share {
        self.owner.config.share.as_mut().unwrap()
    }

    /// A line of a session, in a folder below work/.
    fn line(&self, session: &str, id: usize, project: &str, text: &str) -> String {
        let cwd = self.at("work").join(project);
        let text = serde_json::to_string(text).unwrap();
        format!(
            "{{\"type\":\"user\",\"sessionId\":\"{session}\",\"cwd\":\"{}\",\"gitBranch\":\"main\",\"version\":\"2.1.220\",\"userType\":\
             \"external\",\"isSidechain\":false,\"parentUuid\":\"8d7c6b5a-4e3f-4a2b-9c1d-0e9f8a7b{:04}\",\"uuid\":\
             \"8d7c6b5a-4e3f-4a2b-9c1d-0e9f8a7b{:04}\",\"timestamp\":\"2026-11-18T10:{:02}:00Z\",\"message\":{{\"role\":\"user\",\
             \"content\":{text}}}}}\n",
            cwd.display(),
            id,
            id + 1,
            id % 60
        )
    }

    fn answer(&self, session: &str, id: usize, text: &str) -> String {
        format!(
            "{{\"type\":\"assistant\",\"sessionId\":\"{session}\",\"uuid\":\"a{id}\",\"timestamp\":\"2026-11-18T11:00:00Z\",\"message\":\
             {{\"id\":\"m{id}\",\"role\":\"assistant\",\"model\":\"lantern-9\",\"content\":[{{\"type\":\"text\",\"text\":\"{text}\"}}],\
             \"usage\":{{\"input_tokens\":10,\"output_tokens\":{id}}}}}}}\n"
        )
    }

    fn write(&self, below: &str, text: &str, at: &str) {
        let path = self.at("projects").join(below);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        touch(&path, at);
    }

    fn append(&self, below: &str, text: &str, at: &str) {
        let path = self.at("projects").join(below);
        OpenOptions::new().append(true).open(&path).unwrap().write_all(text.as_bytes()).unwrap();
        touch(&path, at);
    }

    async fn share_at(&self, now: &str) -> ShareReport {
        run_at(&self.owner, now).await.share.expect("[share] is there")
    }

    async fn read_at(&self, now: &str) -> SessionReport {
        run_at(&self.lab, now).await.sessions.remove(0)
    }

    /// Texts that the lab's home holds, with their owners.
    fn told(&self) -> BTreeSet<(Option<String>, String, u64, String)> {
        let keep = Keep::open(self.lab.home.folder(), "a test", NOW.parse().unwrap()).unwrap();
        let mut told = BTreeSet::new();
        for transcript in keep.transcripts().unwrap() {
            for kept in keep.turns_of(&transcript).unwrap() {
                let (owner, session) = (transcript.owner.clone(), transcript.session.to_string());
                told.insert((owner, session, kept.turn.line, kept.turn.text));
            }
        }
        told
    }

    fn texts(&self) -> Vec<String> {
        self.told().into_iter().map(|(.., text)| text).collect()
    }

    /// Sessions and hits of a question to the lab's home.
    fn found(&self, words: &str) -> (usize, usize) {
        let wanted = Wanted { words: words.to_owned(), sessions: 50, hits: 50, ..Wanted::default() };
        match Chronicle::open(self.lab.home.folder()).unwrap() {
            Some(chronicle) => {
                let found = chronicle.search(&wanted).unwrap();
                (found.sessions_total, found.total)
            }
            None => (0, 0),
        }
    }

    fn shared(&self) -> BTreeMap<PathBuf, (Vec<u8>, SystemTime)> {
        files(&self.at("lab"))
    }

    /// The one shared transcript.
    fn one(&self) -> (PathBuf, String) {
        let mut all = self.shared().into_iter().filter(|(path, _)| path.extension().is_some_and(|end| end == "jsonl"));
        let (path, (bytes, _)) = all.next().unwrap();
        assert!(all.next().is_none());
        (path, String::from_utf8(bytes).unwrap())
    }

    fn unshare(&self, scope: Scope) -> usize {
        flow::unshare_sessions(&self.owner.home, &scope, NOW.parse().unwrap()).unwrap()
    }

    fn share_again(&self, scope: Scope, now: &str) -> ShareReport {
        flow::share_sessions(&self.owner, Some(&scope), false, now.parse().unwrap()).unwrap().unwrap()
    }
}

fn touch(path: &Path, at: &str) {
    let at: Timestamp = at.parse().unwrap();
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(at.as_second() as u64);
    File::options().append(true).open(path).unwrap().set_modified(time).unwrap();
}

fn files(folder: &Path) -> BTreeMap<PathBuf, (Vec<u8>, SystemTime)> {
    let mut all = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(files(&path));
        } else {
            let modified = fs::metadata(&path).unwrap().modified().unwrap();
            all.insert(path.clone(), (fs::read(&path).unwrap(), modified));
        }
    }
    all
}

/// Whether a text stands anywhere below a folder, packed or not. What sled has not yet written over is no value of the store.
fn holds(folder: &Path, needle: &str) -> bool {
    files(folder).into_iter().filter(|(path, _)| !path.to_string_lossy().contains("/state/store/")).any(
        |(path, (bytes, _))| {
            let unpacked = match path.extension().is_some_and(|ending| ending == "zst") {
                true => zstd::decode_all(&bytes[..]).unwrap(),
                false => Vec::new(),
            };
            [bytes, unpacked].iter().any(|bytes| memchr::memmem::find(bytes, needle.as_bytes()).is_some())
        },
    )
}

#[tokio::test]
async fn a_session_is_shared_once_when_it_was_quiet_long_enough_and_grows_by_what_was_added() {
    let two = Two::new();
    let path = format!("p/{ONE}.jsonl");
    let begin = two.line(ONE, 1, "atlas", "Where does the lantern flicker?")
        + &two.line(ONE, 2, "atlas", &format!("the token is {SECRET}, mind"))
        + &two.answer(ONE, 3, "In the second pass.");
    two.write(&path, &begin, WRITTEN);
    two.write(&format!("p/{TWO}.jsonl"), &two.line(TWO, 1, "beacon", "about a beacon, for nobody else"), WRITTEN);

    let report = two.share_at("2026-11-19T11:59:59Z").await;
    assert_eq!((report.waiting, report.shared, report.elsewhere, report.bytes), (1, 0, 1, 0), "{report:?}");
    assert!(two.shared().is_empty(), "nothing is shared before the wait is over");
    let report = two.share_at("2026-11-19T12:00:00Z").await;
    assert_eq!((report.new, report.shared, report.trouble.as_deref()), (1, 1, None), "{report:?}");
    let before = two.shared();
    assert_eq!(before.len(), 2, "a transcript, and the list of what is taken back");
    assert!(!holds(&two.at("lab"), &SECRET[..12]) && !holds(&two.at("lab"), "beacon"));
    assert_eq!(two.share_at(NOW).await.bytes, 0);
    assert_eq!(two.shared(), before, "twice is once: no byte and no time is another");

    assert_eq!(two.read_at(NOW).await.turns, 3);
    assert_eq!(two.found("owner:ada flicker"), (1, 1));
    assert_eq!((two.found("owner:bob"), two.found("host:node7").1, two.found("project:atlas").1), ((0, 0), 3, 3));
    let again = two.read_at(NOW).await;
    assert_eq!((again.turns, again.grown), (0, 0));

    let more = two.line(ONE, 4, "atlas", "And in the third, with rather more words than the first had?");
    two.append(&path, &more, "2026-11-20T11:00:00Z");
    let (_, text) = two.one();
    let report = two.share_at(NOW).await;
    assert_eq!((report.waiting, report.bytes), (1, 0), "what was added waits as well");
    let report = two.share_at("2026-11-21T11:00:00Z").await;
    assert_eq!((report.grown, report.rewritten), (1, 0), "{report:?}");
    let (_, grown) = two.one();
    assert!(grown.starts_with(&text), "it is only added to");
    assert_eq!((grown.len() - text.len()) as u64, report.bytes);
    assert!(report.bytes as f64 <= 1.1 * more.len() as f64, "{} bytes for {}", report.bytes, more.len());
    let read = two.read_at("2026-11-21T11:00:00Z").await;
    assert_eq!((read.grown, read.turns, read.rewritten), (1, 1, 0), "and only that is read");
    let keep = Keep::open(two.lab.home.folder(), "a test", NOW.parse().unwrap()).unwrap();
    let spent: Vec<_> = keep.transcripts().unwrap().iter().flat_map(|one| keep.spent_of(one).unwrap()).collect();
    assert_eq!(spent.iter().map(|spent| (spent.input, spent.output)).collect::<Vec<_>>(), [(10, 3)]);
    drop(keep);

    let line = ask::session_lines(&two.lab.home).unwrap().remove(0);
    assert_eq!((line.session.native.as_str(), line.session.agent), (ONE, Agent::ClaudeCode));
    assert_eq!(line.prompt.as_deref(), Some("Where does the lantern flicker?"));
    assert_eq!(line.cwd.as_deref(), two.at("work/atlas").to_str());

    two.write(&path, &two.line(ONE, 1, "atlas", "another beginning altogether"), WRITTEN);
    let report = two.share_at("2026-11-21T11:00:00Z").await;
    assert_eq!((report.rewritten, report.grown), (1, 0));
    assert_eq!(two.read_at("2026-11-21T11:00:00Z").await.rewritten, 1);
    assert_eq!(two.texts(), ["another beginning altogether"]);
    assert!(!holds(two.lab.home.folder(), "lantern flicker") || two.found("flicker") == (0, 0));
}

#[tokio::test]
async fn what_a_stopped_run_left_is_mended_and_what_is_copied_is_read_once() {
    let two = Two::new();
    let path = format!("p/{ONE}.jsonl");
    two.write(&path, &two.line(ONE, 1, "atlas", "first words"), WRITTEN);
    two.share_at(NOW).await;
    two.read_at(NOW).await;
    let (file, whole) = two.one();
    let stays = two.shared();
    // Half a line behind what is known: written over.
    OpenOptions::new().append(true).open(&file).unwrap().write_all(b"{\"turn\":{\"line\":2,\"te").unwrap();
    assert_eq!(two.read_at(NOW).await.turns, 0);
    assert_eq!(two.share_at(NOW).await.grown, 1);
    assert_eq!(two.one().1, whole);
    // Cut, or gone: written anew, with the same turns.
    for cut in [Some(whole.len() / 2), None] {
        match cut {
            Some(length) => fs::write(&file, &whole[..length]).unwrap(),
            None => fs::remove_file(&file).unwrap(),
        }
        assert_eq!(two.share_at(NOW).await.rewritten, 1);
        two.read_at(NOW).await;
        assert_eq!(two.texts(), ["first words"]);
    }
    // Another file with the same bytes, as rsync puts it there.
    let (_, text) = two.one();
    let copy = two.at("copy");
    fs::write(&copy, &text).unwrap();
    fs::rename(&copy, &file).unwrap();
    let read = two.read_at(NOW).await;
    assert_eq!((read.turns, read.rewritten), (0, 0));
    two.append(&path, &two.line(ONE, 2, "atlas", "second words"), WRITTEN);
    two.share_at(NOW).await;
    fs::copy(&file, &copy).unwrap();
    fs::rename(&copy, &file).unwrap();
    assert_eq!(two.read_at(NOW).await.turns, 1, "only what was added is read, in a file that is another");

    // A folder that is away is left alone, by both.
    let away = two.at("away");
    fs::rename(two.at("lab"), &away).unwrap();
    fs::create_dir_all(two.at("lab/ada")).unwrap();
    two.append(&path, &two.line(ONE, 3, "atlas", "third words"), WRITTEN);
    let report = two.share_at(NOW).await;
    assert!(report.trouble.is_some(), "{report:?}");
    assert!(files(&two.at("lab")).is_empty(), "what looks like a mount that is away is not written to");
    fs::remove_dir_all(two.at("lab")).unwrap();
    assert!(two.share_at(NOW).await.trouble.is_some());
    assert!(two.read_at(NOW).await.trouble.is_some());
    assert_eq!(two.texts().len(), 2);
    fs::rename(&away, two.at("lab")).unwrap();
    assert_eq!(two.share_at(NOW).await.grown, 1);
    assert_eq!(two.read_at(NOW).await.turns, 1);
    assert!(two.shared().len() == stays.len());
}

#[tokio::test]
async fn what_its_owner_keeps_private_does_not_leave_and_goes_if_it_did() {
    let mut two = Two::new();
    let path = |session: &str| format!("p/{session}.jsonl");
    two.write(&path(ONE), &two.line(ONE, 1, "atlas", "words of the first"), WRITTEN);
    two.write(&path(TWO), &two.line(TWO, 1, "atlas", "words of the second"), WRITTEN);
    let held = |report: &ShareReport| (report.shared, report.held + report.elsewhere);

    two.share().never = vec![TWO.to_owned()];
    fs::write(two.at("work/atlas/.tidings-private"), "").unwrap();
    assert_eq!(held(&two.share_at(NOW).await), (0, 2), "a file in the project's folder");
    fs::rename(two.at("work/atlas/.tidings-private"), two.at("work/.tidings-private")).unwrap();
    assert_eq!(held(&two.share_at(NOW).await), (0, 2), "or above it");
    assert!(two.shared().is_empty(), "not a byte left");
    fs::remove_file(two.at("work/.tidings-private")).unwrap();
    assert_eq!(held(&two.share_at(NOW).await), (1, 1), "`never`");
    two.share().never.clear();
    assert_eq!(held(&two.share_at(NOW).await), (2, 0));
    two.read_at(NOW).await;
    assert_eq!(two.texts().len(), 2);

    // It goes on elsewhere: then what was shared of it is taken back.
    two.append(&path(TWO), &two.line(TWO, 2, "beacon", "and on in another folder"), WRITTEN);
    two.append(&path(TWO), &two.line(TWO, 3, "atlas", "and back"), WRITTEN);
    let report = two.share_at(NOW).await;
    assert_eq!((held(&report), report.withdrawn), ((1, 1), 1));
    assert_eq!(two.read_at(NOW).await.withdrawn, 1);
    assert_eq!(two.texts(), ["words of the first"]);

    // One that was forked from another holds its words, and begins with its answers.
    let fork = "2222aaaa-0000-4000-8000-000000000003";
    two.append(&path(ONE), &two.answer(ONE, 5, "words of an answer"), WRITTEN);
    let lines = two.line(fork, 1, "atlas", "words of the first") + &two.answer(fork, 5, "words of an answer");
    two.write(&path(fork), &lines, WRITTEN);
    assert_eq!(held(&two.share_at(NOW).await), (2, 1));
    assert_eq!(two.unshare(Scope::Session(ONE.to_owned())), 1);
    assert_eq!(held(&two.share_at(NOW).await), (0, 3));
    two.read_at(NOW).await;
    assert!(two.texts().is_empty() && !holds(&two.at("lab"), "words of"));

    // Until it is named again, and no run shares it before.
    let report = two.share_again(Scope::Session(ONE.to_owned()), NOW);
    assert_eq!((held(&report), report.new), ((2, 1), 2));
    two.read_at(NOW).await;
    assert_eq!(two.texts().len(), 4);
    two.unshare(Scope::Project(two.at("work/atlas")));
    assert_eq!(held(&two.share_at(NOW).await), (0, 3));
    assert_eq!(held(&two.share_again(Scope::Project(two.at("work/atlas")), NOW)), (2, 1));
    two.unshare(Scope::All);
    assert_eq!(held(&two.share_at(NOW).await), (0, 3));
    assert_eq!(held(&two.share_again(Scope::All, NOW)), (2, 1));

    // A project that is not there can't say that it is private; what is shared stays.
    fs::rename(two.at("work/atlas"), two.at("work/moved")).unwrap();
    let report = two.share_at(NOW).await;
    assert_eq!((report.doubtful, report.withdrawn), (2, 0), "{report:?}");
    // What is forgotten at home is taken back at once.
    for session in [ONE, fork] {
        flow::forget_session(&two.owner.home, session, NOW.parse().unwrap()).unwrap();
    }
    assert!(!holds(&two.at("lab"), "words of"));
    assert_eq!(two.read_at(NOW).await.withdrawn, 2);
    assert!(two.texts().is_empty() && !holds(&two.at("lab"), "words of"));
}

#[tokio::test]
async fn what_is_taken_back_leaves_the_labs_home_and_its_exports_and_may_come_again() {
    let two = Two::new();
    let words = "the lighthouse keeper counted seven and forty ships at the pier";
    let path = format!("p/{ONE}.jsonl");
    two.write(&path, &two.line(ONE, 1, "atlas", words), WRITTEN);
    two.write(&format!("p/{ONE}/subagents/agent-a1.jsonl"), &two.line(ONE, 9, "atlas", words), WRITTEN);
    two.write(&format!("p/{TWO}.jsonl"), &two.line(TWO, 1, "atlas", "this one stays"), WRITTEN);
    two.share_at(NOW).await;
    two.read_at(NOW).await;
    let windows: Vec<&str> = (0..words.len() - 30).map(|at| &words[at..at + 30]).collect();
    assert!(holds(two.lab.home.folder(), windows[0]), "the same look finds it before");
    assert_eq!(two.found("lighthouse"), (1, 2));

    // A copy that is made without deleting still has the file.
    let (kept, _): (Vec<_>, Vec<_>) = files(&two.at("lab")).into_iter().partition(|(path, _)| {
        path.extension().is_some_and(|end| end == "jsonl") && path.to_string_lossy().contains(ONE)
    });
    assert_eq!(two.unshare(Scope::Session(ONE.to_owned())), 2);
    assert!(!two.at("lab/ada").join(ONE).exists());
    for (path, (bytes, _)) in &kept {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    let read = two.read_at(NOW).await;
    assert_eq!((read.withdrawn, read.new, read.files), (2, 0, 1), "{read:?}");
    for window in &windows {
        assert!(!holds(two.lab.home.folder(), window), "{window}");
    }
    assert_eq!((two.found("lighthouse"), two.texts().as_slice()), ((0, 0), &["this one stays".to_owned()][..]));
    let again = two.read_at(NOW).await;
    assert_eq!((again.withdrawn, again.turns), (0, 0));

    // A file that is only gone stays kept.
    fs::remove_dir_all(two.at("lab/ada").join(TWO)).unwrap();
    assert_eq!(two.read_at(NOW).await.gone, 1);
    assert_eq!(two.found("stays"), (1, 1));

    two.share_again(Scope::Session(ONE.to_owned()), NOW);
    assert_eq!(two.read_at(NOW).await.new, 2);
    assert_eq!(two.found("lighthouse"), (1, 2), "what is shared again comes again");
}

#[tokio::test]
async fn nobody_speaks_for_another_and_what_is_not_ours_is_damage() {
    let two = Two::new();
    two.write(&format!("p/{ONE}.jsonl"), &two.line(ONE, 1, "atlas", "what ada said"), WRITTEN);
    two.share_at(NOW).await;
    two.read_at(NOW).await;
    let (path, text) = two.one();
    let id = path.file_stem().unwrap().to_str().unwrap().to_owned();
    let write = |below: &str, text: &str| {
        let path = two.at("lab").join(below);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    // Under her name and in her session; it is the folder that tells, and a session has one owner.
    write(&format!("mallory/x/{id}.jsonl"), &text.replace("what ada said", "what ada never said"));
    let read = two.read_at(NOW).await;
    assert!(read.unread[0].contains("which is ada's"), "{read:?}");
    let other =
        text.replace(ONE, TWO).replace("what ada said", "mallory was \\u001b[2Jhere\\u202e, with a line of her own");
    let odd = "{\"turn\":{\"line\":99999999999999999}}\n{\"facts\":{\"abandoned\":[{\"first\":1,\"last\":18446744073709551615}]}}\nno\n\
               {\"parrot\":{}}\n{\"turn\":7}\n[1]\n";
    write(&format!("mallory/y/{id}.jsonl"), &(other + odd));
    write("mallory/withdrawn", &format!("{id}\n"));
    let read = two.read_at(NOW).await;
    assert_eq!((read.new, read.withdrawn), (0, 0), "her list speaks for her folder alone: {read:?}");
    assert_eq!(two.texts(), ["what ada said"]);
    write("mallory/withdrawn", "../ada\n*\n");
    assert_eq!(two.read_at(NOW).await.new, 1);
    let mallorys: Vec<_> = two.told().into_iter().filter(|(owner, ..)| owner.as_deref() == Some("mallory")).collect();
    assert_eq!(mallorys.len(), 1, "{mallorys:?}");
    assert!(!mallorys[0].3.contains(['\u{1b}', '\u{202e}']));
    assert_eq!((two.found("owner:ada"), two.found("owner:mallory")), ((1, 1), (1, 1)));
    let lines = ask::session_lines(&two.lab.home).unwrap();
    let hers = lines.iter().find(|line| line.owner.as_deref() == Some("mallory")).unwrap();
    assert!(hers.damaged.values().sum::<u64>() >= 5, "{:?}", hers.damaged);
    // A file that does not say whose it is, and one of a later version.
    write("mallory/z/t-aaaa.jsonl", "{\"turn\":{}}\n");
    write("mallory/z/t-bbbb.jsonl", &text.replace("\"version\":1,\"edition\"", "\"version\":2,\"edition\""));
    assert_eq!(two.read_at(NOW).await.unread_count, 3);
    // A list that can't be read: nothing of its folder is read, and nothing of it goes.
    fs::remove_file(two.at("lab/mallory/withdrawn")).unwrap();
    File::create(two.at("lab/mallory/withdrawn")).unwrap().set_len(17 << 20).unwrap();
    let read = two.read_at(NOW).await;
    assert_eq!((read.files, read.gone, read.unread_count), (1, 0, 1), "{read:?}");
}

#[tokio::test]
async fn other_rules_are_applied_to_what_lies_in_the_folder() {
    let mut two = Two::new();
    two.write(&format!("p/{ONE}.jsonl"), &two.line(ONE, 1, "atlas", "the word is lantern-7291-keeper"), WRITTEN);
    two.share_at(NOW).await;
    assert!(holds(&two.at("lab"), "lantern-7291"));
    let rules = "[[rules]]\nid = \"lab-word\"\nregex = '''lantern-[0-9]{4}-keeper'''\nkeywords = [\"lantern-\"]\n";
    fs::write(two.at("gitleaks.toml"), rules).unwrap();
    two.owner.config.scrub_rules = vec![two.at("gitleaks.toml")];
    assert_eq!(two.share_at(NOW).await.rewritten, 1);
    assert!(!holds(&two.at("lab"), "lantern-7291"));
    two.read_at(NOW).await;
    two.lab.config.scrub_rules = vec![two.at("gitleaks.toml")];
    two.owner.config.scrub_rules = Vec::new();
    two.write(&format!("p/{TWO}.jsonl"), &two.line(TWO, 1, "atlas", "or is it lantern-4410-keeper"), WRITTEN);
    two.share_at(NOW).await;
    two.read_at(NOW).await;
    assert!(holds(&two.at("lab"), "lantern-4410") && !holds(two.lab.home.folder(), "lantern-4410"), "and once more");
}

/// Whatever is chosen and done: the folder holds the texts of what is shared, and not a word of anything else.
#[tokio::test]
async fn no_text_of_a_private_session_is_ever_in_the_folder() {
    for seed in 0..4 {
        let mut dice = Dice::new(seed);
        let mut two = Two::new();
        let projects = ["atlas", "beacon", "diary"];
        let mut worked: Vec<Vec<(&str, String)>> = vec![Vec::new(); 5];
        let name = |number: usize| format!("{number:08}-0000-4000-8000-00000000000{number}");
        let (mut never, mut taken): (BTreeSet<usize>, BTreeSet<usize>) = Default::default();
        for step in 0..4 {
            for (number, lines) in worked.iter_mut().enumerate() {
                if dice.roll(2) == 0 {
                    let home = projects[number % 3];
                    let project = if dice.roll(6) == 0 { projects[dice.roll(3) as usize] } else { home };
                    lines.push((project, format!("w{seed}x{number}x{step}x end")));
                }
                let session = name(number);
                let text: String = lines
                    .iter()
                    .enumerate()
                    .map(|(line, (project, words))| two.line(&session, line, project, words))
                    .collect();
                if !text.is_empty() {
                    two.write(&format!("p/{session}.jsonl"), &text, WRITTEN);
                }
            }
            let chosen: BTreeSet<&str> = projects.iter().copied().filter(|_| dice.roll(3) > 0).collect();
            let private: BTreeSet<&str> = projects.iter().copied().filter(|_| dice.roll(4) == 0).collect();
            for project in projects {
                let path = two.at("work").join(project).join(".tidings-private");
                match private.contains(project) {
                    true => fs::write(path, "").unwrap(),
                    false => drop(fs::remove_file(path)),
                }
            }
            let number = dice.roll(5) as usize;
            match dice.roll(4) {
                0 => drop(never.insert(number)),
                1 => drop(never.remove(&number)),
                2 if !worked[number].is_empty() && step > 0 => {
                    run_at(&two.owner, NOW).await;
                    two.unshare(Scope::Session(name(number)));
                    taken.insert(number);
                }
                _ if taken.remove(&number) => drop(two.share_again(Scope::Session(name(number)), NOW)),
                _ => {}
            }
            two.share().projects = chosen.iter().map(|project| two.folder.path().join("work").join(project)).collect();
            two.share().never = never.iter().map(|number| name(*number)).collect();
            let report = two.share_at(NOW).await;
            assert_eq!(report.trouble, None);
            two.read_at(NOW).await;
            let mut expected = BTreeSet::new();
            for (number, lines) in worked.iter().enumerate() {
                let is_public = |project: &&str| chosen.contains(project) && !private.contains(project);
                let goes = !never.contains(&number)
                    && !taken.contains(&number)
                    && lines.iter().all(|(project, _)| is_public(project));
                for (_, words) in lines {
                    assert_eq!(holds(&two.at("lab"), words), goes, "seed {seed}, step {step}: {words}");
                    if goes {
                        expected.insert(words.clone());
                    }
                }
            }
            assert_eq!(two.texts().into_iter().collect::<BTreeSet<_>>(), expected, "seed {seed}, step {step}");
        }
    }
}

/// Where another Unix user may come, and what he may read there.
fn readable_by_others(folder: &Path, below: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        if mode & 0o022 != 0 {
            found.push(format!("{} may be written", path.display()));
        }
        if path.is_dir() && mode & 0o011 != 0 {
            readable_by_others(&path, below, found);
        } else if path.is_file() && mode & 0o044 != 0 {
            found.push(path.strip_prefix(below).unwrap().to_string_lossy().into_owned());
        }
    }
}

#[test]
fn another_user_reads_nothing_of_a_private_home_and_shared_files_as_their_folder_says() {
    let two = Two::new();
    two.write(&format!("p/{ONE}.jsonl"), &two.line(ONE, 1, "atlas", "some private words"), WRITTEN);
    let home = two.at("home");
    fs::create_dir_all(home.join("index")).unwrap();
    fs::set_permissions(&home, fs::Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(home.join("index"), fs::Permissions::from_mode(0o755)).unwrap();
    let source = format!(
        "[[source]]\nname = \"Mine\"\nfrom.sessions = {{ path = \"{}\", format = \"claude-code\", owner = \"ada\" }}\n",
        two.at("projects").display()
    );
    fs::write(home.join("sources.toml"), source).unwrap();
    let settings = format!(
        "[share]\nfolder = \"{}\"\nprojects = [\"{}\"]\n[model]\nendpoint = \"off\"\n",
        two.at("lab/ada").display(),
        two.at("work/atlas").display()
    );
    fs::write(home.join("tidings.toml"), settings).unwrap();
    fs::set_permissions(two.at("lab/ada"), fs::Permissions::from_mode(0o750)).unwrap();
    let tidings = |umask: &str, words: &str| {
        let command =
            format!("umask {umask}; exec {} {words} --home {}", env!("CARGO_BIN_EXE_tidings"), home.display());
        let output = Command::new("sh").args(["-c", &command]).env_clear().output().unwrap();
        (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    assert!(!tidings("022", "doctor").1.contains("other users may read state/"));
    assert!(tidings("022", "doctor").1.contains("other users may read index/"));
    assert!(tidings("022", &format!("run --now {NOW}")).0);
    assert!(!tidings("022", "doctor").1.contains("other users may read"));
    let mut found = Vec::new();
    readable_by_others(&home, &home, &mut found);
    found.sort();
    found.retain(|path| !path.starts_with("digests/"));
    assert_eq!(found, ["sources.toml", "tidings.toml"]);
    for folder in ["state", "index"] {
        assert_eq!(fs::metadata(home.join(folder)).unwrap().permissions().mode() & 0o777, 0o700, "{folder}");
    }
    let (file, _) = two.one();
    let mode = |path: &Path| fs::metadata(path).unwrap().mode() & 0o777;
    assert_eq!((mode(&file), mode(file.parent().unwrap()), mode(&two.at("lab/ada"))), (0o640, 0o750, 0o750));
    assert_eq!(mode(&two.at("lab/ada/withdrawn")), 0o640);

    let listed = tidings("077", &format!("sessions share --dry-run --now {NOW}")).1;
    assert!(listed.contains(&format!("claude-code:{ONE}  goes")), "{listed}");
    let listed = tidings("077", "sessions share --dry-run --now 2026-11-19T11:00:00Z").1;
    assert!(listed.contains("waits till 2026-11-19T12:00:00Z"), "{listed}");
    assert!(tidings("077", &format!("sessions unshare {ONE}")).1.starts_with("Taken back: 1 transcript."));
    let listed = tidings("077", &format!("sessions share --dry-run --now {NOW}")).1;
    assert!(listed.contains("stays here: it was taken back"), "{listed}");
    assert!(!file.exists());
    assert!(tidings("077", &format!("sessions share {ONE} --now {NOW}")).1.contains(": 1 new;"));
    assert_eq!(mode(&file), 0o640, "the folder says who reads, not the umask");
}

#[test]
fn mistakes_about_sharing_are_told_with_their_place() {
    let told = |text: &str| {
        let mistakes = read_settings("tidings.toml", text).unwrap_err();
        mistakes.iter().map(|mistake| format!("{}: {}", mistake.line, mistake.message)).collect::<Vec<_>>()
    };
    assert_eq!(told("[share]\nprojects = [\"~/p\"]\n"), ["1: [share] needs a folder"]);
    assert_eq!(
        told("[share]\nfolder = \"lab\"\nprojects = [\"p\", \"~/a/../b\"]\nwait = \"soon\"\nnevr = []\n").len(),
        5
    );
    let config = read_settings("tidings.toml", "[share]\nfolder = \"~/lab\"\nprojects = [\"~/p\"]\n").unwrap();
    let share = config.share.unwrap().at_home(Some(Path::new("/home/ada")));
    assert_eq!((share.folder, share.projects), ("/home/ada/lab".into(), vec!["/home/ada/p".into()]));
    assert_eq!(share.wait, SignedDuration::from_hours(24));
    assert!(read_settings("tidings.toml", "").unwrap().share.is_none(), "nothing is shared unless it is said");
}
