//! Sessions in the river: whatever becomes of the files, what is kept is what a fresh home would read, without its secrets.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::tz::TimeZone;
use tidings::config::{SessionSource, read_every_source};
use tidings::fetch::recorded::Recorded;
use tidings::flow::ask::{Usage, WantedUsage};
use tidings::flow::{self, Asked, Doors, Report, SessionReport, Setup, Unwatched, ask};
use tidings::home::Home;
use tidings::keep::Keep;
use tidings::keep::index::turns::Chronicle;
use tidings::session::usage::{By, Key, PriceList, Window};
use tidings::session::{Agent, Role};

const NOW: &str = "2026-11-21T12:00:00Z";
const ONE: &str = "0b9d2c1e-5a4f-4c3b-9a51-6f0e7d8c9b10";
const TWO: &str = "7c1f4e2a-8b3d-4f60-b2a9-1d5c3e7f9a24";
/// Of a form that GitHub documents, and of nobody.
const SECRET: &str = "ghp_Zk3vQ8xWn2RtY5mLc7HdJ4bFgS9pAe1uTq6K";

/// Session, subagent, line, part, role, text.
type Told = (String, Option<String>, u64, u32, Role, String);

/// A home that reads one folder of sessions.
struct Desk {
    folder: tempfile::TempDir,
    setup: Setup,
}

impl Desk {
    fn new(agent: Agent) -> Desk {
        let folder = tempfile::tempdir().unwrap();
        let source = SessionSource {
            name: "Mine".to_owned(),
            folder: folder.path().join("projects"),
            format: agent.into(),
            owner: Some("ana".to_owned()),
            host: Some("node7".to_owned()),
        };
        fs::create_dir(&source.folder).unwrap();
        let home = Home::at(folder.path().join("home"));
        let setup = Setup { home, sources: Vec::new(), sessions: vec![source], config: Default::default() };
        Desk { folder, setup }
    }

    fn path(&self, below: &str) -> PathBuf {
        self.folder.path().join("projects").join(below)
    }

    fn write(&self, below: &str, text: impl AsRef<[u8]>) {
        let path = self.path(below);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn append(&self, below: &str, text: &str) {
        OpenOptions::new().append(true).open(self.path(below)).unwrap().write_all(text.as_bytes()).unwrap();
    }

    async fn run(&self) -> SessionReport {
        run(&self.setup).await.sessions.remove(0)
    }

    fn keep(&self) -> Keep {
        Keep::open(self.setup.home.folder(), "a test", NOW.parse().unwrap()).unwrap()
    }

    fn told(&self) -> BTreeSet<Told> {
        told(&self.setup)
    }

    /// What a home that never was sees in the same folder, under the same key.
    async fn fresh(&self) -> BTreeSet<Told> {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path());
        let key = Path::new("state/scrub.key");
        if let Ok(bytes) = fs::read(self.setup.home.folder().join(key)) {
            fs::create_dir_all(folder.path().join("state")).unwrap();
            fs::write(folder.path().join(key), bytes).unwrap();
        }
        let setup = Setup { home, ..self.setup.clone() };
        run(&setup).await;
        told(&setup)
    }

    /// One run, after which everything is as in a fresh home: turns, index, views. Returns what the run did.
    async fn settle(&self, step: &str) -> SessionReport {
        let report = self.run().await;
        let told = self.told();
        assert_eq!(told, self.fresh().await, "{step}");
        self.check_index(step);
        let again = self.run().await;
        assert_eq!(
            (again.turns, again.new, again.grown, again.rewritten),
            (0, 0, 0, 0),
            "{step}: nothing is read twice"
        );
        report
    }

    /// Every turn that is kept stands in the index once, and nothing else does.
    fn check_index(&self, step: &str) {
        let mut indexed = Chronicle::open(self.setup.home.folder()).unwrap().unwrap().places().unwrap();
        indexed.sort();
        let keep = self.keep();
        let mut kept = Vec::new();
        let mut files = BTreeSet::new();
        for transcript in keep.transcripts().unwrap() {
            for turn in keep.turns_of(&transcript).unwrap() {
                kept.push((transcript.generation_name(), format!("{}.{}", turn.frame, turn.number)));
                files.insert(format!("{}.zst", transcript.generation_name()));
            }
        }
        kept.sort();
        assert_eq!(indexed, kept, "{step}");
        let archive = self.setup.home.folder().join("state/archive/sessions");
        let there: BTreeSet<String> = fs::read_dir(archive)
            .map(|entries| entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect())
            .unwrap_or_default();
        assert_eq!(there, files, "{step}: no archive file is left over");
        let lines = ask::session_lines(&self.setup.home).unwrap();
        assert_eq!(lines.iter().map(|line| line.turns).sum::<u64>() as usize, kept.len(), "{step}");
    }
}

async fn run(setup: &Setup) -> Report {
    run_at(setup, NOW).await
}

pub async fn run_at(setup: &Setup, now: &str) -> Report {
    let nothing = tempfile::tempdir().unwrap();
    let doors = Doors {
        carrier: Arc::new(Recorded::new(nothing.path().to_owned())),
        channels: BTreeMap::new(),
        model: flow::ModelDoor::Shut,
        forge: Default::default(),
    };
    flow::run(setup, &doors, &Asked::Due, now.parse().unwrap(), &Unwatched).await.unwrap()
}

fn told(setup: &Setup) -> BTreeSet<Told> {
    let keep = Keep::open(setup.home.folder(), "a test", NOW.parse().unwrap()).unwrap();
    let mut all = Vec::new();
    for transcript in keep.transcripts().unwrap() {
        for kept in keep.turns_of(&transcript).unwrap() {
            let turn = kept.turn;
            let (session, subagent) = (transcript.session.to_string(), transcript.subagent.clone());
            all.push((session, subagent, turn.line, turn.part, turn.role, turn.text));
        }
    }
    let set: BTreeSet<Told> = all.iter().cloned().collect();
    assert_eq!(all.len(), set.len(), "no turn is kept twice");
    set
}

/// A prompt as Claude Code writes it.
fn prompt(session: &str, id: u32, text: &str) -> String {
    let text = serde_json::to_string(text).unwrap();
    format!(
        "{{\"type\":\"user\",\"sessionId\":\"{session}\",\"cwd\":\"/home/ana/lantern\",\"gitBranch\":\"main\",\"uuid\":\"u{id}\",\
         \"timestamp\":\"2026-11-20T10:00:{:02}Z\",\"message\":{{\"role\":\"user\",\"content\":{text}}}}}\n",
        id % 60
    )
}

fn answer(session: &str, id: u32, text: &str) -> String {
    let text = serde_json::to_string(text).unwrap();
    format!(
        "{{\"type\":\"assistant\",\"sessionId\":\"{session}\",\"uuid\":\"u{id}\",\"timestamp\":\"2026-11-20T10:01:{:02}Z\",\
         \"message\":{{\"id\":\"m{id}\",\"role\":\"assistant\",\"model\":\"lantern-9\",\"content\":[{{\"type\":\"text\",\
         \"text\":{text}}}],\"usage\":{{\"input_tokens\":10,\"output_tokens\":{id}}}}}}}\n",
        id % 60
    )
}

/// Every file below a folder, as its bytes and as what those say when they are unpacked.
fn all_bytes(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(all_bytes(&path));
            continue;
        }
        let bytes = fs::read(&path).unwrap();
        if path.extension().is_some_and(|ending| ending == "zst") {
            all.push((path.clone(), zstd::decode_all(&bytes[..]).unwrap()));
        }
        all.push((path, bytes));
    }
    all
}

fn holds(bytes: &[u8], needle: &str) -> bool {
    memchr::memmem::find(bytes, needle.as_bytes()).is_some()
}

#[tokio::test]
async fn no_other_user_of_the_machine_comes_to_texts_or_to_their_words_in_the_index() {
    let desk = Desk::new(Agent::ClaudeCode);
    desk.write(&format!("-work-lantern/{ONE}.jsonl"), prompt(ONE, 1, "Where does the cache forget?"));
    desk.run().await;
    let mode = |below: &str| fs::metadata(desk.setup.home.folder().join(below)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("state"), mode("index/sessions")), (0o700, 0o700));
    // One that an earlier version left open is closed.
    let index = desk.setup.home.folder().join("index/sessions");
    fs::set_permissions(&index, fs::Permissions::from_mode(0o755)).unwrap();
    desk.append(&format!("-work-lantern/{ONE}.jsonl"), &prompt(ONE, 2, "And the third?"));
    desk.run().await;
    assert_eq!(mode("index/sessions"), 0o700);
}

#[tokio::test]
async fn however_a_transcript_grows_its_turns_are_those_of_a_fresh_home() {
    let desk = Desk::new(Agent::ClaudeCode);
    let path = format!("-work-lantern/{ONE}.jsonl");
    desk.write(&path, prompt(ONE, 1, "Where does the cache forget?") + &answer(ONE, 2, "In the second pass."));
    let report = desk.settle("the first look").await;
    assert_eq!((report.files, report.new, report.turns), (1, 1, 2));

    desk.append(&path, &prompt(ONE, 3, "And the third?"));
    let report = desk.settle("a line more").await;
    assert_eq!((report.grown, report.turns, report.rewritten), (1, 1, 0), "only what is new is read");

    let half = answer(ONE, 4, "Nowhere: it has none.");
    let (begin, end) = half.split_at(60);
    desk.append(&path, begin);
    assert_eq!(desk.settle("half a line").await.turns, 0);
    desk.append(&path, end);
    assert_eq!(desk.settle("its other half").await.turns, 1);

    desk.write(&path, prompt(ONE, 1, "Where does the index forget?") + &answer(ONE, 2, "In no pass at all, I think."));
    assert_eq!(desk.settle("written anew, and shorter").await.rewritten, 1);

    let mut text = fs::read_to_string(desk.path(&path)).unwrap().replace("index", "store");
    text += &prompt(ONE, 9, "a longer end");
    desk.write(&path, &text);
    assert_eq!(desk.settle("another beginning, and longer").await.rewritten, 1);

    let fresh = desk.path("fresh");
    fs::write(&fresh, text + &prompt(ONE, 10, "put in its place")).unwrap();
    fs::rename(&fresh, desk.path(&path)).unwrap();
    assert_eq!(desk.settle("another file in its place").await.rewritten, 1);

    fs::write(desk.path(&path), "").unwrap();
    assert_eq!(desk.settle("cut to nothing").await.rewritten, 1);
    desk.append(&path, &prompt(ONE, 11, "and grown again"));
    assert_eq!(desk.settle("grown again").await.turns, 1);
}

#[tokio::test]
async fn a_file_that_moves_is_known_again_and_another_name_is_another_session() {
    let desk = Desk::new(Agent::ClaudeCode);
    let text = prompt(ONE, 1, "one") + &answer(ONE, 2, "two");
    desk.write(&format!("-work-lantern/{ONE}.jsonl"), &text);
    desk.settle("the first look").await;
    let id = desk.keep().transcripts().unwrap()[0].id.clone();

    fs::create_dir(desk.path("-work-beacon")).unwrap();
    fs::rename(desk.path(&format!("-work-lantern/{ONE}.jsonl")), desk.path(&format!("-work-beacon/{ONE}.jsonl")))
        .unwrap();
    let report = desk.run().await;
    assert_eq!((report.moved, report.gone, report.turns), (1, 0, 0), "nothing is read for it");
    desk.settle("moved").await;
    let moved = &desk.keep().transcripts().unwrap()[0];
    assert_eq!((&moved.id, moved.path.as_str()), (&id, format!("-work-beacon/{ONE}.jsonl").as_str()));

    fs::rename(desk.path(&format!("-work-beacon/{ONE}.jsonl")), desk.path(&format!("-work-beacon/{TWO}.jsonl")))
        .unwrap();
    desk.write(&format!("-work-lantern/{ONE}.jsonl"), &text);
    let report = desk.settle("renamed, and another file where it first was").await;
    assert_eq!((report.moved, report.new), (1, 1));
    assert_eq!(desk.keep().transcripts().unwrap().len(), 2);

    let swap = |from: &str, to: &str| fs::rename(desk.path(from), desk.path(to)).unwrap();
    swap(&format!("-work-beacon/{TWO}.jsonl"), "aside");
    swap(&format!("-work-lantern/{ONE}.jsonl"), &format!("-work-beacon/{TWO}.jsonl"));
    swap("aside", &format!("-work-lantern/{ONE}.jsonl"));
    desk.settle("two that change places").await;
}

#[tokio::test]
async fn what_is_deleted_stays_kept_and_a_root_that_is_away_means_nothing() {
    let desk = Desk::new(Agent::ClaudeCode);
    let (one, two) = (format!("p/{ONE}.jsonl"), format!("p/{TWO}.jsonl"));
    desk.write(&one, prompt(ONE, 1, "first"));
    desk.write(&two, prompt(TWO, 1, "second"));
    desk.settle("two files").await;
    let before = desk.told();

    fs::rename(desk.path(""), desk.folder.path().join("away")).unwrap();
    let report = desk.run().await;
    assert!(report.trouble.is_some() && report.gone == 0, "{report:?}");
    fs::create_dir(desk.path("")).unwrap();
    assert!(desk.run().await.trouble.is_some(), "an empty folder is one that is not mounted");
    assert_eq!(desk.told(), before);
    fs::remove_dir(desk.path("")).unwrap();
    fs::rename(desk.folder.path().join("away"), desk.path("")).unwrap();
    assert_eq!(desk.settle("it is back").await.turns, 0);

    let text = fs::read(desk.path(&one)).unwrap();
    fs::remove_file(desk.path(&one)).unwrap();
    assert_eq!(desk.run().await.gone, 1);
    assert_eq!(desk.run().await.gone, 0, "it is told once");
    assert_eq!(desk.told(), before, "its turns stay");
    desk.check_index("gone");
    let keep = desk.keep();
    assert_eq!(keep.transcripts().unwrap().iter().filter(|transcript| transcript.gone.is_some()).count(), 1);
    drop(keep);
    desk.write(&one, text);
    desk.settle("it is there again").await;
    assert!(desk.keep().transcripts().unwrap().iter().all(|transcript| transcript.gone.is_none()));
}

#[tokio::test]
async fn subagents_their_errands_and_outputs_that_are_stored_apart_come_in_any_order() {
    let desk = Desk::new(Agent::ClaudeCode);
    let main = format!("p/{ONE}.jsonl");
    let call = format!(
        "{{\"type\":\"user\",\"sessionId\":\"{ONE}\",\"uuid\":\"u5\",\"message\":{{\"role\":\"user\",\"content\":[{{\
         \"type\":\"tool_result\",\"tool_use_id\":\"c1\",\"content\":\"<persisted-output>\\nOutput too large (50KB). Full output \
         saved to: /home/ana/.claude/projects/p/{ONE}/tool-results/c1.txt\\n\\nPreview (first 2KB):\\nthe \
         beginning\\n</persisted-output>\"}}]}}}}\n"
    );
    desk.write(&main, prompt(ONE, 1, "look around") + &call);
    let report = desk.settle("the beginning of an output").await;
    assert_eq!(report.turns, 2);
    assert!(desk.told().iter().any(|turn| turn.5.contains("the beginning")), "{:?}", desk.told());

    desk.write(&format!("p/{ONE}/tool-results/c1.txt"), format!("the beginning and the end, with {SECRET} in it"));
    assert_eq!(desk.settle("the whole output comes later").await.rewritten, 1);
    assert!(desk.told().iter().any(|turn| turn.5.contains("and the end")));

    desk.write(
        &format!("p/{ONE}/subagents/agent-a1.meta.json"),
        "{\"agentType\":\"scout\",\"description\":\"Map the cache\"}",
    );
    desk.settle("an errand without its transcript").await;
    desk.write(&format!("p/{ONE}/subagents/agent-a1.jsonl"), prompt(ONE, 20, "Map the cache for me."));
    assert_eq!(desk.settle("a subagent").await.new, 1);
    let lines = ask::session_lines(&desk.setup.home).unwrap();
    let titles: Vec<_> =
        lines.iter().filter(|line| line.subagent.is_some()).map(|line| line.title.as_deref()).collect();
    assert_eq!(titles, [Some("Map the cache")]);
    check_no_secret(&desk);
}

#[tokio::test]
async fn compressed_rollouts_and_diaries_are_read_whole_whenever_they_change() {
    let desk = Desk::new(Agent::Codex);
    let path = format!("2026/11/20/rollout-2026-11-20T10-00-00-{ONE}.jsonl");
    let line = |text: &str| {
        format!(
            "{{\"timestamp\":\"2026-11-20T10:00:00Z\",\"type\":\"response_item\",\"payload\":{{\"type\":\"message\",\"role\":\
             \"assistant\",\"content\":[{{\"type\":\"output_text\",\"text\":\"{text}\"}}]}}}}\n"
        )
    };
    desk.write(&path, line("one") + &line("two"));
    assert_eq!(desk.settle("plain").await.turns, 2);
    let packed = |text: String| zstd::encode_all(text.as_bytes(), 3).unwrap();
    fs::remove_file(desk.path(&path)).unwrap();
    let path = format!("{path}.zst");
    desk.write(&path, packed(line("one") + &line("two")));
    let report = desk.settle("compressed").await;
    assert_eq!((report.moved, report.gone), (1, 0));
    desk.write(&path, packed(line("one") + &line("two") + &line("three")));
    assert_eq!(desk.settle("compressed and longer").await.turns, 3);

    let desk = Desk::new(Agent::Diary);
    desk.write("lantern/SCRATCH.md", "# Cache\n\nIt forgets.\n\n# Store\n\nIt does not");
    desk.settle("a diary").await;
    desk.write("lantern/SCRATCH.md", "# Cache\n\nIt forgets nothing now.\n");
    desk.settle("a diary that was edited").await;
    assert_eq!(desk.told().len(), 1);
}

fn check_no_secret(desk: &Desk) {
    for (path, bytes) in all_bytes(desk.setup.home.folder()) {
        for at in 0..SECRET.len() - 12 {
            assert!(!holds(&bytes, &SECRET[at..at + 12]), "{} holds a part of the secret", path.display());
        }
    }
}

#[tokio::test]
async fn no_secret_is_written_anywhere_below_the_home() {
    let desk = Desk::new(Agent::ClaudeCode);
    let long = format!("{}{SECRET} is the token", "word ".repeat(399));
    desk.write(
        &format!("p/{ONE}.jsonl"),
        prompt(ONE, 1, &long)
            + &answer(ONE, 2, &format!("I shall not say {SECRET} again."))
            + &prompt(ONE, 3, "x").replace("/home/ana/lantern", &format!("/home/ana/{SECRET}/x"))
            + &answer(ONE, 4, "of a model with a name").replace("lantern-9", SECRET)
            + &format!("{{\"type\":\"{SECRET}\",\"sessionId\":\"{ONE}\"}}\n")
            + &format!("{{\"type\":\"custom-title\",\"customTitle\":\"About {SECRET}\",\"sessionId\":\"{ONE}\"}}\n"),
    );
    let report = desk.settle("secrets everywhere").await;
    assert!(report.redacted.values().sum::<u64>() >= 4, "{report:?}");
    assert!(desk.told().iter().any(|turn| turn.5.contains("I shall not say [redacted:")));
    check_no_secret(&desk);
    let raw = fs::read(desk.path(&format!("p/{ONE}.jsonl"))).unwrap();
    assert!(holds(&raw, &SECRET[..12]), "the same look finds it where it is");
}

#[tokio::test]
async fn a_forgotten_session_stays_away_when_its_file_and_old_exports_come_back() {
    let desk = Desk::new(Agent::ClaudeCode);
    let words = "the lighthouse keeper counted seven and forty ships";
    let (one, two) = (format!("p/{ONE}.jsonl"), format!("p/{TWO}.jsonl"));
    let text = prompt(ONE, 1, words) + &answer(ONE, 2, "forty-seven ships, that is, and no lighthouse keeper");
    desk.write(&one, &text);
    desk.write(&format!("p/{ONE}/subagents/agent-a1.jsonl"), prompt(ONE, 20, words));
    desk.write(&two, prompt(TWO, 1, "another matter"));
    desk.settle("three transcripts").await;
    let export = fs::read_dir(desk.setup.home.folder().join("state/exports")).unwrap().next().unwrap().unwrap().path();
    let old = fs::read(&export).unwrap();

    let home = &desk.setup.home;
    let now = NOW.parse().unwrap();
    assert!(flow::forget_session(home, "no such id", now).unwrap().transcripts.is_empty());
    let forgotten = flow::forget_session(home, ONE, now).unwrap();
    assert_eq!((forgotten.transcripts.len(), forgotten.turns), (2, 3));
    let is_away = |step: &str| {
        for (path, bytes) in all_bytes(home.folder()) {
            assert!(!holds(&bytes, &words[..30]), "{step}: {}", path.display());
            assert!(!holds(&bytes, &words[words.len() - 30..]), "{step}: {}", path.display());
        }
        let kept = desk.told();
        assert_eq!(kept.len(), 1, "{step}: {kept:?}");
        assert_eq!(ask::session_lines(home).unwrap().len(), 1, "{step}");
        desk.check_index(step);
    };
    is_away("forgotten");
    desk.run().await;
    is_away("its file is still there");
    desk.append(&one, &prompt(ONE, 5, words));
    desk.run().await;
    is_away("its file has grown");
    flow::reindex(home, now).unwrap();
    is_away("the index was made anew");
    fs::write(&export, old).unwrap();
    flow::restore(home, None, now).unwrap();
    is_away("an old export was restored");
    run_at(&desk.setup, "2026-11-22T12:00:00Z").await;
    is_away("after the next run");
}

#[tokio::test]
async fn other_rules_are_applied_to_what_is_kept() {
    let mut desk = Desk::new(Agent::ClaudeCode);
    let path = format!("p/{ONE}.jsonl");
    desk.write(&path, prompt(ONE, 1, "the word is lantern-7291-keeper") + &answer(ONE, 2, "thank you"));
    desk.settle("the shipped rules").await;
    let spent = |desk: &Desk| {
        let keep = desk.keep();
        let transcripts = keep.transcripts().unwrap();
        transcripts.iter().flat_map(|one| keep.spent_of(one).unwrap()).map(|spent| spent.output).sum::<u64>()
    };
    assert_eq!(spent(&desk), 2);
    let rules = "[[rules]]\nid = \"lab-word\"\nregex = '''lantern-[0-9]{4}-keeper'''\nkeywords = [\"lantern-\"]\n";
    fs::write(desk.setup.home.folder().join("gitleaks.toml"), rules).unwrap();
    desk.setup.config.scrub_rules = vec![desk.setup.home.folder().join("gitleaks.toml")];
    let now = NOW.parse().unwrap();
    let (transcripts, taken) = flow::scrub_sessions(&desk.setup, now).unwrap();
    assert_eq!((transcripts, taken.get("lab-word")), (1, Some(&1)));
    for (path, bytes) in all_bytes(&desk.setup.home.folder().join("state/archive")) {
        assert!(!holds(&bytes, "lantern-7291"), "{}", path.display());
    }
    assert_eq!(spent(&desk), 2);
    assert_eq!(flow::scrub_sessions(&desk.setup, now).unwrap().0, 0, "nothing is left to do");
    desk.append(&path, &prompt(ONE, 3, "and on it goes"));
    assert_eq!(desk.settle("and it grows on").await.turns, 1);
}

#[tokio::test]
async fn a_labs_rule_takes_effect_on_what_is_read_and_its_mistakes_stop_the_reading() {
    let mut desk = Desk::new(Agent::ClaudeCode);
    let home = desk.setup.home.folder().to_owned();
    fs::create_dir_all(&home).unwrap();
    let path = format!("p/{ONE}.jsonl");
    desk.write(&path, prompt(ONE, 1, &format!("lantern-7291-keeper and {SECRET}")));
    desk.setup.config.scrub_rules = ["one.toml", "two.toml"].map(|name| home.join(name)).into();
    let rule = "[[rules]]\nid = \"lab-word\"\nregex = '''lantern-[0-9]{4}-keeper'''\nkeywords = [\"lantern-\"]\n";
    fs::write(home.join("one.toml"), rule).unwrap();
    let refused = || flow::scrub_sessions(&desk.setup, NOW.parse().unwrap()).unwrap_err().to_string();
    assert!(refused().contains("two.toml:1:1"), "{}", refused());
    fs::write(home.join("two.toml"), "[[rules]]\nid = \"two\"\nregex = '('\n").unwrap();
    assert!(refused().contains("two.toml:3:9: rule `two`"), "{}", refused());

    fs::write(home.join("two.toml"), "[extend]\ndisabledRules = [\"github-token\"]\n").unwrap();
    desk.settle("two files of rules").await;
    let texts = |desk: &Desk| desk.told().into_iter().map(|(.., text)| text).collect::<Vec<_>>().join("\n");
    assert!(texts(&desk).contains("[redacted:lab-word:") && texts(&desk).contains(SECRET), "{}", texts(&desk));

    fs::write(home.join("two.toml"), rule.replace("lab-word", "lab-light")).unwrap();
    let (transcripts, taken) = flow::scrub_sessions(&desk.setup, NOW.parse().unwrap()).unwrap();
    assert_eq!((transcripts, taken.get("github-token")), (1, Some(&1)), "ours is on again");
    assert!(!texts(&desk).contains(SECRET), "{}", texts(&desk));
}

#[tokio::test]
async fn what_was_spent_counts_once_however_often_it_was_copied() {
    let desk = Desk::new(Agent::ClaudeCode);
    let placeholder = answer(ONE, 30, "I begin").replace("\"output_tokens\":30", "\"output_tokens\":1");
    let one = prompt(ONE, 1, "Where does the cache forget?") + &placeholder + &answer(ONE, 30, "It forgets here.");
    let fork = one.replace(ONE, TWO) + &answer(TWO, 5, "And on.");
    desk.write(&format!("p/{ONE}.jsonl"), &one);
    desk.write(&format!("p/{ONE}/subagents/agent-a1.jsonl"), answer(ONE, 7, "Sent to look."));
    desk.write(&format!("p/{TWO}.jsonl"), &fork);
    desk.run().await;
    desk.append(&format!("p/{TWO}.jsonl"), &answer(TWO, 11, "To the end."));
    desk.run().await;
    let spent = |by: By| -> Vec<(Key, u64, u64)> {
        let (zone, now) = (TimeZone::UTC, NOW.parse::<jiff::Timestamp>().unwrap());
        let today = zone.to_datetime(now).date();
        let wanted =
            WantedUsage { by, window: Window::default(), zone, today, prices: PriceList::default(), is_lab: false };
        let Usage::Own(own) = ask::usage(&desk.setup.home, &wanted).unwrap() else { panic!("it is one person's") };
        own.rows.into_iter().map(|row| (row.key, row.sum.answers, row.sum.tokens().output)).collect()
    };
    assert_eq!(spent(By::Session), [(Key::Session(0), 2, 37), (Key::Session(1), 2, 16)]);
    // A subagent is of the session that called it, and a fork stands behind what it was copied from.
    assert_eq!(spent(By::Model), [(Key::Model(Some("lantern-9".into())), 4, 53)]);
    let view = desk.setup.home.folder().join("state/views/spent.jsonl");
    let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(view).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600, "its owner alone reads it");
    flow::forget_session(&desk.setup.home, ONE, NOW.parse().unwrap()).unwrap();
    assert_eq!(spent(By::Session), [(Key::Session(0), 3, 46)], "of what is forgotten, the copies count");
}

#[tokio::test]
async fn the_view_grows_by_what_changed_and_its_last_line_counts() {
    let desk = Desk::new(Agent::ClaudeCode);
    let view = desk.setup.home.folder().join("state/views/sessions.jsonl");
    for session in [ONE, TWO] {
        desk.write(&format!("p/{session}.jsonl"), prompt(session, 1, "Where does the cache forget?"));
    }
    desk.run().await;
    let first = fs::read_to_string(&view).unwrap();
    let turns = || -> Vec<(String, u64)> {
        let lines = ask::session_lines(&desk.setup.home).unwrap();
        lines.into_iter().map(|line| (line.session.native, line.turns)).collect()
    };
    let mut expected = turns();
    desk.append(&format!("p/{TWO}.jsonl"), &answer(TWO, 11, "Here."));
    desk.run().await;
    let second = fs::read_to_string(&view).unwrap();
    assert!(second.starts_with(&first) && second.lines().count() == 3, "{second}");
    expected.iter_mut().filter(|(session, _)| session == TWO).for_each(|(_, turns)| *turns += 1);
    assert_eq!(turns(), expected);
    // What a run that was stopped had begun to add is passed over by readers, and written over by the next.
    fs::write(&view, second.clone() + &second[..100]).unwrap();
    assert_eq!(turns(), expected);
    desk.append(&format!("p/{TWO}.jsonl"), &answer(TWO, 12, "And there."));
    desk.run().await;
    let third = fs::read_to_string(&view).unwrap();
    assert!(third.starts_with(&second) && third.lines().count() == 4, "{third}");
    flow::forget_session(&desk.setup.home, TWO, NOW.parse().unwrap()).unwrap();
    let left = fs::read_to_string(&view).unwrap();
    assert!(left.lines().count() == 1 && !left.contains(TWO), "earlier lines go with the session");
}

#[test]
fn mistakes_about_folders_of_sessions_are_told_with_their_place() {
    let told = |text: &str| {
        let mistakes = read_every_source("sources.toml", text).unwrap_err();
        mistakes.iter().map(|mistake| format!("{}: {}", mistake.line, mistake.message)).collect::<Vec<_>>()
    };
    let text = "[[source]]\nname = \"A\"\nfrom.sessions = { path = \"x\", format = \"vim\", colour = 1 }\n";
    let mistakes = told(text);
    assert_eq!(mistakes.len(), 3, "{mistakes:?}");
    assert!(mistakes.iter().all(|mistake| mistake.starts_with("3: ")), "{mistakes:?}");
    let one = "[[source]]\nname = \"A\"\nfrom.sessions = { path = \"~/p\", format = \"codex\" }\n";
    assert_eq!(told(&format!("{one}{}", one.replace("\"A\"", "\"B\""))), ["6: `A` reads this already"]);
    assert_eq!(told("[[source]]\nname = \"A\"\nfrom.sessions = {}\n").len(), 2);
    let (feeds, folders) = read_every_source("sources.toml", one).unwrap();
    assert!(feeds.is_empty());
    assert_eq!(folders[0].folder_of(Some(Path::new("/home/ana"))), Path::new("/home/ana/p"));
}
