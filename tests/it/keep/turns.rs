//! What sessions hold is found: exactly what a scan of the texts finds, by session, and told from where.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use regex::Regex;
use tidings::keep::index::code_words;
use tidings::keep::index::turns::{Chronicle, Found, Page, Unclear, Wanted, Writer, folder};
use tidings::keep::sessions::{Transcript, turns_at};
use tidings::session::{Agent, Role, SessionId, Setting, Turn};

use super::noon;
use crate::support::stage::Dice;

/// Turns that stand in one frame.
const FRAME: usize = 3;

pub fn turn(line: u64, role: Role, text: &str) -> Turn {
    Turn {
        line,
        part: 0,
        role,
        tool: None,
        text: text.to_owned(),
        setting: Arc::default(),
        at: Some(noon() + SignedDuration::from_secs(line as i64)),
        uuid: None,
        is_error: false,
        subagent: None,
        apart: None,
    }
}

/// A transcript that has the file of this name.
pub fn transcript(native: &str, subagent: Option<&str>) -> Transcript {
    let session = SessionId { agent: Agent::ClaudeCode, native: native.to_owned() };
    let path = format!("-home-ada-atlas/{native}{}.jsonl", subagent.map(|name| format!("/{name}")).unwrap_or_default());
    let transcript = Transcript::new("my sessions", &path, 0, session, subagent.map(str::to_owned));
    Transcript { owner: Some("ada".to_owned()), host: Some("lab-3.example".to_owned()), ..transcript }
}

/// Puts turns into the archive and the index of a home, as a run does.
pub fn fill(home: &Path, sessions: &[(Transcript, Vec<Turn>)]) {
    let mut writer = Writer::open(&folder(home)).unwrap();
    for (transcript, turns) in sessions {
        let end = archive(home, transcript, turns);
        for kept in turns_at(&home.join("state"), &transcript.generation_name(), 0, end).unwrap() {
            writer.add(transcript, &kept).unwrap();
        }
    }
    writer.commit().unwrap();
    writer.close().unwrap();
}

/// Frames of a few turns, each one JSON object a line.
fn archive(home: &Path, transcript: &Transcript, turns: &[Turn]) -> u64 {
    let archive = home.join("state/archive/sessions");
    fs::create_dir_all(&archive).unwrap();
    let mut bytes = Vec::new();
    for frame in turns.chunks(FRAME) {
        let lines: String = frame.iter().map(|turn| serde_json::to_string(turn).unwrap() + "\n").collect();
        bytes.extend(zstd::bulk::compress(lines.as_bytes(), 3).unwrap());
    }
    fs::write(archive.join(format!("{}.zst", transcript.generation_name())), &bytes).unwrap();
    bytes.len() as u64
}

fn chronicle(home: &Path) -> Chronicle {
    Chronicle::open(home).unwrap().unwrap()
}

fn asked(words: &str) -> Wanted {
    Wanted { words: words.to_owned(), sessions: 1000, hits: 1000, ..Wanted::default() }
}

/// Transcript and line of every turn that was found.
fn places(found: &Found) -> BTreeSet<(String, u64)> {
    let hits = found.sessions.iter().flat_map(|session| &session.hits);
    hits.map(|hit| (hit.transcript.clone(), hit.line)).collect()
}

const WORDS: [&str; 30] = [
    "retry_policy",
    "retry",
    "policy",
    "RetryPolicy",
    "retryPolicy",
    "src/keep/store.rs",
    "store.rs",
    "keep",
    "store",
    "error",
    "東京",
    "京都",
    "東",
    "東京のニュース",
    "한국어",
    "국어",
    "v2.1.251",
    "2.1",
    "251",
    "tokio::spawn(async",
    "spawn",
    "async",
    "--dry-run",
    "dry",
    "run",
    "HTTPServer",
    "server",
    "E0308",
    "the",
    "a",
];

fn below(dice: &mut Dice, sides: usize) -> usize {
    dice.roll(sides as u64) as usize
}

/// Sessions of random words, some of them of subagents and in several files.
fn made(dice: &mut Dice) -> Vec<(Transcript, Vec<Turn>)> {
    let tools = ["Bash", "Read", "mcp__forge__list"];
    let models = ["claude-opus-4-5", "claude-sonnet-4-5", "gpt-5.1-codex"];
    let branches = ["main", "feat/index", "feat/index-of-turns"];
    let folders = ["/home/ada/atlas", "/home/ada/atlas/.claude/worktrees/fix", "/home/ada/two-atlas"];
    let mut sessions = Vec::new();
    for number in 0..24_u64 {
        let name = |number: u64| format!("{:08x}-session", number.wrapping_mul(0x9e37_79b9) & 0xffff_ffff);
        // Every fourth file is of a subagent of the session before.
        let subagent = (number % 4 == 3).then_some("agent-a1");
        let transcript = transcript(&name(number - u64::from(subagent.is_some())), subagent);
        let turns = (1..=8).map(|line| {
            let text: Vec<&str> = (0..1 + below(dice, 12)).map(|_| WORDS[below(dice, WORDS.len())]).collect();
            let role = Role::ALL[below(dice, Role::ALL.len())];
            let is_tool = matches!(role, Role::ToolCall | Role::ToolOutput);
            let setting = Setting {
                model: Some(models[below(dice, 3)].into()),
                version: Some(["2.1.251", "2.0.9"][below(dice, 2)].into()),
                branch: Some(branches[below(dice, 3)].to_owned()),
                cwd: Some(folders[below(dice, 3)].to_owned()),
            };
            Turn {
                tool: is_tool.then(|| tools[below(dice, 3)].into()),
                setting: Arc::new(setting),
                is_error: role == Role::ToolOutput && below(dice, 2) == 0,
                at: (below(dice, 9) > 0).then(|| noon() + SignedDuration::from_hours(below(dice, 99) as i64)),
                subagent: subagent.map(Arc::from),
                ..turn(line, role, &text.join([" ", ", ", "\n"][below(dice, 3)]))
            }
        });
        let turns = turns.collect();
        sessions.push((transcript, turns));
    }
    sessions
}

/// What a text is made of by the documented tokenizer, without the wholes: one word a position.
fn parts(text: &str) -> Vec<String> {
    let by_position: BTreeMap<usize, String> = code_words(text).into_iter().collect();
    by_position.into_values().collect()
}

fn has(text: &str, words: &str) -> bool {
    let wanted = parts(words);
    parts(text).windows(wanted.len()).any(|row| row == wanted)
}

fn begins(text: &str, start: &str) -> bool {
    code_words(text).iter().any(|(_, word)| word.starts_with(start))
}

fn scan(sessions: &[(Transcript, Vec<Turn>)], fits: impl Fn(&Transcript, &Turn) -> bool) -> BTreeSet<(String, u64)> {
    let all = sessions.iter().flat_map(|(transcript, turns)| turns.iter().map(move |turn| (transcript, turn)));
    all.filter(|(transcript, turn)| fits(transcript, turn))
        .map(|(transcript, turn)| (transcript.id.to_string(), turn.line))
        .collect()
}

#[test]
fn random_queries_find_what_a_scan_of_the_texts_finds() {
    let dice = &mut Dice::new(7);
    let sessions = made(dice);
    let home = tempfile::tempdir().unwrap();
    fill(home.path(), &sessions);
    let chronicle = chronicle(home.path());
    let mut found_something = 0;
    for _ in 0..600 {
        type Test = Box<dyn Fn(&str) -> bool>;
        let mut typed = Vec::new();
        let mut tests: Vec<Test> = Vec::new();
        for _ in 0..1 + below(dice, 3) {
            let (one, two) = (WORDS[below(dice, WORDS.len())], WORDS[below(dice, WORDS.len())]);
            let (word, test): (String, Test) = match below(dice, 6) {
                0 => (format!("\"{one} {two}\""), Box::new(move |text| has(text, &format!("{one} {two}")))),
                1 => (format!("NOT {one}"), Box::new(move |text| !has(text, one))),
                2 if !one.starts_with('-') => (format!("-\"{one}\""), Box::new(move |text| !has(text, one))),
                3 => (format!("{one} OR {two}"), Box::new(move |text| has(text, one) || has(text, two))),
                4 => {
                    let start =
                        ["ret", "polic", "stor", "s", "retry_p", "--d", "htt", "2.1.2", "src/ke"][below(dice, 9)];
                    (format!("{start}*"), Box::new(move |text| begins(text, start)))
                }
                _ => (one.to_owned(), Box::new(move |text| has(text, one))),
            };
            typed.push(word);
            tests.push(test);
        }
        let typed = typed.join(" ");
        let found = chronicle.search(&asked(&typed)).unwrap();
        let wanted = scan(&sessions, |_, turn| tests.iter().all(|test| test(&turn.text)));
        assert_eq!(places(&found), wanted, "{typed}");
        assert_eq!((found.total, found.capped), (wanted.len(), false), "{typed}");
        found_something += usize::from(!wanted.is_empty() && wanted.len() < 100);
    }
    assert!(found_something > 200, "the queries are worth asking: {found_something}");
}

#[test]
fn filters_find_what_filtering_afterwards_finds() {
    let sessions = made(&mut Dice::new(8));
    let home = tempfile::tempdir().unwrap();
    fill(home.path(), &sessions);
    let chronicle = chronicle(home.path());
    type Test = fn(&Transcript, &Turn) -> bool;
    let native = sessions[1].0.session.native.clone();
    let start: String = native.chars().take(8).collect();
    let of_session = format!("session:{start}");
    let filters: [(&str, Test); 20] = [
        ("role:tool-output", |_, turn| turn.role == Role::ToolOutput),
        ("role:user", |_, turn| turn.role == Role::Prompt),
        ("role:tool*", |_, turn| matches!(turn.role, Role::ToolCall | Role::ToolOutput)),
        ("-role:prompt", |_, turn| turn.role != Role::Prompt),
        ("tool:bash", |_, turn| turn.tool.as_deref() == Some("Bash")),
        ("tool:mcp__*", |_, turn| turn.tool.as_deref() == Some("mcp__forge__list")),
        ("tool:mcp", |_, _| false),
        ("model:opus", |_, turn| turn.model() == Some("claude-opus-4-5")),
        ("model:4-5", |_, turn| turn.model().unwrap().starts_with("claude")),
        ("branch:feat/index", |_, turn| turn.branch().unwrap().starts_with("feat/index")),
        ("branch:main", |_, turn| turn.branch().unwrap() == "main"),
        ("version:2.1", |_, turn| turn.version() == Some("2.1.251")),
        ("project:ada/atlas", |_, turn| turn.cwd().unwrap().starts_with("/home/ada/atlas")),
        ("project:worktrees", |_, _| false),
        ("host:lab-3", |_, _| true),
        ("owner:bob", |_, _| false),
        ("error:yes", |_, turn| turn.is_error),
        ("subagent:no", |transcript, _| transcript.subagent.is_none()),
        ("agent:claude-code", |_, _| true),
        ("kind:item", |_, _| false),
    ];
    for (filter, test) in filters {
        for word in ["", "retry", "NOT policy", "branch:main"] {
            let found = chronicle.search(&asked(&format!("{word} {filter}"))).unwrap();
            let wanted = scan(&sessions, |transcript, turn| {
                let fits = match word {
                    "" => true,
                    "branch:main" => turn.branch().unwrap() == "main",
                    "retry" => has(&turn.text, "retry"),
                    _ => !has(&turn.text, "policy"),
                };
                fits && test(transcript, turn)
            });
            assert_eq!(places(&found), wanted, "{word} {filter}");
        }
    }
    let found = chronicle.search(&asked(&of_session)).unwrap();
    assert_eq!(places(&found), scan(&sessions, |transcript, _| transcript.session.native == native));
    let middle = noon() + SignedDuration::from_hours(50);
    let count = |wanted: Wanted| places(&chronicle.search(&wanted).unwrap());
    let since = count(Wanted { since: Some(middle), ..asked("") });
    assert_eq!(since, scan(&sessions, |_, turn| turn.at.is_some_and(|at| at >= middle)));
    let until = count(Wanted { until: Some(middle), ..asked("") });
    assert_eq!(until, scan(&sessions, |_, turn| turn.at.is_some_and(|at| at < middle)));
    assert!(!since.is_empty() && !until.is_empty());
    let all = count(Wanted { since: Some(Timestamp::MIN), until: Some(Timestamp::MAX), ..asked("") });
    assert_eq!(all, scan(&sessions, |_, turn| turn.at.is_some()), "times for which the index has no room");
    assert!(count(Wanted { since: Some(Timestamp::MAX), ..asked("") }).is_empty());
}

#[test]
fn an_expression_finds_what_it_matches_in_the_texts() {
    let sessions = made(&mut Dice::new(9));
    let home = tempfile::tempdir().unwrap();
    fill(home.path(), &sessions);
    let chronicle = chronicle(home.path());
    for (typed, words) in [
        (r"retry_?policy", ""),
        (r"(?i)RETRY.*error", ""),
        (r" store, \w+", ""),
        (r"京", "error"),
        (r"^the", "-a"),
        (r"E0\d+ the ", ""),
        (r"nowhere", ""),
    ] {
        let found = chronicle.search(&Wanted { regex: Some(typed.to_owned()), ..asked(words) }).unwrap();
        let expression = Regex::new(&format!("(?m){typed}")).unwrap();
        let wanted = scan(&sessions, |_, turn| {
            let fits = match words {
                "error" => has(&turn.text, "error"),
                "-a" => !has(&turn.text, "a"),
                _ => true,
            };
            fits && expression.is_match(&turn.text)
        });
        assert_eq!(places(&found), wanted, "{typed} {words}");
        for hit in found.sessions.iter().flat_map(|session| &session.hits) {
            assert!(!hit.snippet.marks.is_empty(), "{typed}: {:?}", hit.snippet);
        }
    }
    let wrong = chronicle.search(&Wanted { regex: Some("(".to_owned()), ..asked("") }).unwrap_err();
    assert!(wrong.is::<Unclear>(), "{wrong}");
}

#[test]
fn hits_are_gathered_by_session_and_the_own_one_is_only_counted() {
    let home = tempfile::tempdir().unwrap();
    let words = |count: usize, first: u64| -> Vec<Turn> {
        (0..count as u64).map(|number| turn(first + number, Role::Answer, "the sandbox is closed")).collect()
    };
    let sessions = vec![
        (transcript("aaa", None), words(5, 1)),
        (transcript("aaa", Some("agent-1")), words(2, 1)),
        (transcript("bbb", None), vec![turn(1, Role::Prompt, "sandbox"), turn(2, Role::Answer, "nothing")]),
        (transcript("ccc", None), words(1, 500)),
    ];
    fill(home.path(), &sessions);
    let chronicle = chronicle(home.path());
    let wanted = Wanted { sessions: 2, hits: 3, ..asked("sandbox") };
    let found = chronicle.search(&wanted).unwrap();
    assert_eq!((found.total, found.sessions_total, found.capped, found.own), (9, 3, true, 0));
    assert_eq!(found.sessions.len(), 2);
    assert_eq!(found.sessions[0].session, "claude-code:bbb", "a short text that is about it goes first");
    let all = chronicle.search(&asked("sandbox")).unwrap();
    let counts: BTreeMap<&str, usize> = all.sessions.iter().map(|one| (one.session.as_str(), one.count)).collect();
    assert_eq!(counts, BTreeMap::from([("claude-code:aaa", 7), ("claude-code:bbb", 1), ("claude-code:ccc", 1)]));
    let by_time = chronicle.search(&asked("role:answer")).unwrap();
    assert_eq!(by_time.sessions[0].session, "claude-code:ccc", "where only filters are given, the newest goes first");
    let own = chronicle.search(&Wanted { own: Some("aaa".to_owned()), ..wanted }).unwrap();
    assert_eq!((own.total, own.sessions_total, own.own), (2, 2, 7));
}

#[test]
fn what_looks_like_code_is_read_word_by_word_and_an_open_quotation_mark_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let texts = [
        "let map: HashMap<String, u32> = HashMap::from([(\"one\", 1)]);",
        "println!(\"hello world\");",
        "hello to the world",
        "error: cannot find value in std::fs",
        "match one { Some(x) => x, None => 0 }",
    ];
    let turns = texts.iter().enumerate().map(|(number, text)| turn(1 + number as u64, Role::Answer, text)).collect();
    fill(home.path(), &[(transcript("aaa", None), turns)]);
    let chronicle = chronicle(home.path());
    for (typed, lines) in [
        ("HashMap::from([(\"one\",", &[1][..]),
        ("HashMap::from([(\"two\",", &[]),
        ("println!(\"hello world\")", &[2]),
        ("\"hello world\"", &[2]),
        ("hello world", &[2, 3]),
        ("error: cannot", &[4]),
        ("std::fs", &[4]),
        ("std::fs::read", &[]),
        ("Some(x) => x", &[5]),
        ("println!(\\\"hello", &[2]),
        ("Vec<String>", &[]),
        ("=> { }", &[1, 2, 3, 4, 5]),
    ] {
        let found = chronicle.search(&asked(typed)).unwrap();
        let found: Vec<u64> = places(&found).into_iter().map(|(_, line)| line).collect();
        assert_eq!(found, lines, "{typed}");
    }
    for (typed, place) in
        [("one \"two three", "letter 5 "), ("println!(\"hello", "letter 10 "), ("\"a\" \"", "letter 5 ")]
    {
        let error = chronicle.search(&asked(typed)).unwrap_err();
        assert!(error.is::<Unclear>() && error.to_string().contains(place), "{typed}: {error}");
    }
    let error = chronicle.search(&asked("role:robot")).unwrap_err().to_string();
    assert!(error.contains("`robot`") && error.contains("tool-output"), "{error}");
}

#[test]
fn where_no_text_holds_all_of_some_plain_words_those_that_hold_a_part_are_found_if_asked_for() {
    let home = tempfile::tempdir().unwrap();
    let about = |native: &str, texts: &[&str]| {
        let turns =
            texts.iter().enumerate().map(|(number, text)| turn(1 + number as u64, Role::Answer, text)).collect();
        (transcript(native, None), turns)
    };
    let sessions = [
        about("aaa", &["the lease of the first agent ran out", "the second agent goes on"]),
        about("bbb", &["a lease has a version, and the second one wins", "the end"]),
        about("ccc", &["the build is green"; 100]),
    ];
    fill(home.path(), &sessions);
    let chronicle = chronicle(home.path());
    let partly = |words: &str| chronicle.search(&Wanted { in_part: true, ..asked(words) }).unwrap();
    let names = |found: &Found| -> Vec<String> {
        found.sessions.iter().map(|session| session.session.replace("claude-code:", "")).collect()
    };
    let question = "what did the lease version do, once its time ran out?";
    assert_eq!(chronicle.search(&asked(question)).unwrap().total, 0);
    let found = partly(question);
    assert!(found.in_part && found.total == 2, "`the` alone is no reason to be found: {found:?}");
    assert_eq!(names(&partly("lease version second winner")), ["bbb", "aaa"], "who holds more of the words goes first");
    assert_eq!(names(&partly("build unheard")), ["ccc"], "what stands nowhere hides nothing else");
    let whole = partly("lease agent");
    assert_eq!((whole.in_part, whole.total), (false, 1), "where a text holds all words, only such are found");
    let prose = partly("the lease of the first agent ran out");
    assert_eq!((prose.in_part, names(&prose)), (true, vec!["aaa".to_owned(), "bbb".to_owned()]), "a long question");
    let narrowed = partly("lease winner session:aaa role:answer");
    assert_eq!((narrowed.in_part, names(&narrowed)), (true, vec!["aaa".to_owned()]));
    let own = Wanted { in_part: true, own: Some("bbb".to_owned()), ..asked("lease version") };
    let own = chronicle.search(&own).unwrap();
    assert_eq!((own.own, own.in_part, names(&own)), (1, true, vec!["aaa".to_owned()]));
    for exact in [
        "winner",
        "lease AND winner",
        "lease NOT winner agent versions",
        "\"lease winner\"",
        "lease winner OR looser version wins agent",
        "lease win* winner",
        "lease(winner) agent",
        "lease::winner agent",
        "lease => winner",
        "lease -version winner",
    ] {
        let found = partly(exact);
        assert_eq!((found.total, found.in_part), (0, false), "{exact}");
    }
}

#[test]
fn where_nothing_is_found_the_filters_that_hide_it_are_named() {
    let home = tempfile::tempdir().unwrap();
    let turns = vec![turn(1, Role::Answer, "the sandbox"), turn(2, Role::Prompt, "something else")];
    fill(home.path(), &[(transcript("aaa", None), turns)]);
    let found = chronicle(home.path()).search(&asked("sandbox role:prompt subagent:no")).unwrap();
    assert_eq!((found.total, found.hiding), (0, vec![("role:prompt".to_owned(), 1)]));
    let late: Timestamp = noon() + SignedDuration::from_hours(48);
    let found = chronicle(home.path()).search(&Wanted { since: Some(late), ..asked("sandbox") }).unwrap();
    assert_eq!(found.hiding, [("--since".to_owned(), 1)]);
    let found = chronicle(home.path()).search(&asked("absent")).unwrap();
    assert_eq!(found.hiding, []);
}

#[test]
fn a_frame_written_again_counts_once_and_a_dropped_generation_is_gone() {
    let home = tempfile::tempdir().unwrap();
    let turns: Vec<Turn> = (1..=7).map(|line| turn(line, Role::Answer, "the sandbox")).collect();
    let sessions = [(transcript("aaa", None), turns.clone()), (transcript("bbb", None), turns)];
    assert!(Chronicle::open(home.path()).unwrap().is_none());
    fill(home.path(), &sessions);
    fill(home.path(), &sessions);
    let found = chronicle(home.path()).search(&asked("sandbox")).unwrap();
    assert_eq!((found.total, places(&found).len()), (14, 14));
    let mut writer = Writer::open(&folder(home.path())).unwrap();
    assert!(!writer.is_new());
    writer.drop_generation(&sessions[0].0.generation_name());
    writer.commit().unwrap();
    writer.close().unwrap();
    let found = chronicle(home.path()).search(&asked("sandbox")).unwrap();
    assert_eq!((found.total, found.sessions[0].session.as_str()), (7, "claude-code:bbb"));
    fs::write(folder(home.path()).join("meta.json"), "rubbish").unwrap();
    assert!(Chronicle::open(home.path()).err().unwrap().to_string().contains("tidings reindex"));
    let error = Writer::open(&folder(home.path())).err().unwrap().to_string();
    assert!(error.contains("tidings reindex"), "{error}");
    assert!(Writer::anew(&folder(home.path())).unwrap().is_new());
    assert!(Chronicle::open(home.path()).unwrap().is_none(), "one that is not finished is none");
}

#[test]
fn a_session_is_read_around_a_line_and_whole() {
    let home = tempfile::tempdir().unwrap();
    let lines =
        |step: u64| (1..=20).map(|number| turn(number * step, Role::Answer, &format!("text {number}"))).collect();
    let (main, subagent) = (transcript("aaa-1", None), transcript("aaa-1", Some("agent-1")));
    let mut spoken: Vec<Turn> = lines(1);
    spoken.iter_mut().for_each(|turn| turn.subagent = Some("agent-1".into()));
    fill(home.path(), &[(main.clone(), lines(10)), (subagent.clone(), spoken), (transcript("aab", None), lines(1))]);
    let chronicle = chronicle(home.path());
    let parts = chronicle.parts("aaa").unwrap();
    let named: Vec<_> = parts.iter().map(|part| (part.transcript.as_str(), part.is_subagent, part.turns)).collect();
    assert_eq!(named, [(main.id.0.as_str(), false, 20), (subagent.id.0.as_str(), true, 20)]);
    assert_eq!(chronicle.parts("aa").unwrap().len(), 3);
    assert_eq!(chronicle.parts("claude-code:aab").unwrap().len(), 1);
    assert_eq!(chronicle.parts(&subagent.id.0).unwrap().len(), 1);
    assert_eq!(chronicle.parts("").unwrap(), []);
    let read = |page| -> Vec<u64> {
        chronicle.read(&main.generation_name(), page).unwrap().iter().map(|turn| turn.line).collect()
    };
    assert_eq!(read(Page::All), (1..=20).map(|number| number * 10).collect::<Vec<u64>>());
    assert_eq!(read(Page::Around { line: 100, context: 2 }), [80, 90, 100, 110, 120]);
    assert_eq!(read(Page::Around { line: 95, context: 1 }), [90, 100, 110]);
    assert_eq!(read(Page::Around { line: 1, context: 1 }), [10, 20]);
    assert_eq!(read(Page::Around { line: 9999, context: 1 }), [190, 200]);
}

#[test]
fn a_snippet_marks_what_was_looked_for_on_one_line() {
    let home = tempfile::tempdir().unwrap();
    let text = format!("{}\nthen the retry_policy\n  of 東京 failed{}", "sandbox ".repeat(99), " more".repeat(99));
    fill(home.path(), &[(transcript("aaa", None), vec![turn(1, Role::Answer, &text)])]);
    let found = chronicle(home.path()).search(&asked("sandbox retryPolicy 京 fail*")).unwrap();
    let snippet = &found.sessions[0].hits[0].snippet;
    let marked: Vec<&str> = snippet.marks.iter().map(|(begin, end)| &snippet.text[*begin..*end]).collect();
    assert!(marked.ends_with(&["retry_policy", "京", "failed"]), "{snippet:?}");
    assert!(
        !snippet.text.contains('\n') && snippet.text.starts_with('…') && snippet.text.ends_with('…'),
        "{snippet:?}"
    );
    assert!(snippet.text.chars().count() <= 202, "{snippet:?}");
}
