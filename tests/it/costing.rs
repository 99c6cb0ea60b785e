//! What sessions cost is asked for on the command line: a person sees their own, a lab sees sums over many.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::path::Path;

use jiff::tz::TimeZone;
use serde_json::{Value, json};
use tidings::keep::sessions::{Usage, WantedUsage, usage};
use tidings::session::usage::{By, PriceList, Window};

use crate::command::{output, tidings};
use crate::support::memory;

const PRICES: &str = "[schedule]\nzone = \"Europe/London\"\n\
    [prices.\"lantern\"]\ninput = 3\noutput = 15.0\ncache_write_5m = 3.75\ncache_write_1h = 6\ncache_read = 0.3\n\
    [prices.\"lantern-9-small\"]\ninput = 0\noutput = 0\n";

/// A home as a run leaves it.
struct Home {
    folder: tempfile::TempDir,
    sessions: String,
    spent: String,
}

impl Home {
    fn new(settings: &str) -> Home {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("sources.toml"), "").unwrap();
        fs::write(folder.path().join("tidings.toml"), settings).unwrap();
        Home { folder, sessions: String::new(), spent: String::new() }
    }

    fn session(&mut self, name: &str, subagent: Option<&str>, owner: Option<&str>, title: &str) -> &mut Home {
        let line = json!({
            "id": format!("t-{name}{}", subagent.unwrap_or_default()),
            "session": { "agent": "claude-code", "native": name }, "subagent": subagent, "source": "mine",
            "path": format!("{name}.jsonl"), "owner": owner, "host": null, "title": title, "prompt": null, "parent": null,
            "cwd": "/home/ana/atlas", "branch": "main", "started": "2026-11-20T09:12:30Z",
            "ended": "2026-11-20T11:22:59Z", "lines": 9, "turns": 7, "generation": 0, "gone": null, "rules": "1",
            "redacted": {}, "damaged": {}, "unknown": {},
        });
        writeln!(self.sessions, "{line}").unwrap();
        self
    }

    fn spent(&mut self, transcript: &str, message: u64, at: &str, model: &str, cwd: &str, output: u64) -> &mut Home {
        let line = json!({
            "transcript": format!("t-{transcript}"), "message": format!("{message:016x}"), "at": at, "model": model,
            "branch": "main", "cwd": cwd, "input": 1_000, "output": output, "cache_write_5m": 20_000,
            "cache_write_1h": 1_000, "cache_read": 300_000,
        });
        writeln!(self.spent, "{line}").unwrap();
        self
    }

    fn write(&self) -> &Path {
        let views = self.folder.path().join("state/views");
        fs::create_dir_all(&views).unwrap();
        fs::write(views.join("sessions.jsonl"), &self.sessions).unwrap();
        fs::write(views.join("spent.jsonl"), &self.spent).unwrap();
        self.folder.path()
    }
}

fn asked(home: &Path, words: &str) -> (i32, String, String) {
    let words = words.split_whitespace();
    output(tidings(home).args(["sessions", "usage", "--now", "2026-11-21T12:00:00Z"]).args(words))
}

fn told(home: &Path, words: &str) -> String {
    let (code, stdout, stderr) = asked(home, words);
    assert_eq!(code, 0, "{stderr}");
    assert!(stdout.lines().all(|line| line.chars().count() <= 80), "{stdout}");
    stdout
}

fn asked_json(home: &Path, words: &str) -> Value {
    let (code, stdout, stderr) = asked(home, &format!("{words} --json"));
    assert_eq!(code, 0, "{stderr}");
    serde_json::from_str(&stdout).unwrap()
}

/// Two sessions, of which one has a subagent and the other is a fork of the first.
fn ana() -> Home {
    let mut home = Home::new(PRICES);
    home.session("one", None, Some("ana"), "Mend the | loader")
        .session("one", Some("agent-a1"), Some("ana"), "A subagent's errand")
        .session("two", None, Some("ana"), "Go on with it");
    home.spent("one", 1, "2026-11-14T10:00:00Z", "lantern-9", "/home/ana/atlas", 500)
        .spent("one", 2, "2026-11-20T09:30:00Z", "lantern-9", "/home/ana/atlas", 1_500)
        .spent("oneagent-a1", 3, "2026-11-20T23:59:59Z", "beacon-2", "/home/ana/atlas/.worktrees/fix", 80)
        .spent("two", 2, "2026-11-20T09:30:00Z", "lantern-9", "/home/ana/borealis", 1_400)
        .spent("two", 4, "2026-11-21T11:30:00Z", "lantern-9-small-1", "/home/ana/borealis", 2_000);
    home
}

#[test]
fn a_calendar_says_what_each_day_cost() {
    let home = ana();
    let (code, stdout, stderr) = asked(home.write(), "");
    assert_eq!(code, 0, "{stderr}");
    let expected = "\
tokens          input  output  cache write  cache read            cost
Sat 2026-11-14  1,000     500       21,000     300,000           $0.18

Fri 2026-11-20  2,000   1,580       42,000     600,000  at least $0.20
Sat 2026-11-21  1,000   2,000       21,000     300,000         unknown

total           4,000   4,080       84,000   1,200,000  at least $0.38
";
    assert_eq!(stdout, expected);
    assert!(stderr.contains("No price in tidings.toml for beacon-2, lantern-9-small-1:"), "{stderr}");
    assert!(stderr.contains("Of the cache writes 4,000 tokens were for an hour"), "{stderr}");
}

#[test]
fn a_home_without_prices_says_how_to_have_them_and_shows_no_dollars() {
    let home = ana();
    fs::write(home.write().join("tidings.toml"), "").unwrap();
    let (_, stdout, stderr) = asked(home.folder.path(), "--by model");
    assert!(!stdout.contains('$') && !stdout.contains("cost"), "{stdout}");
    assert!(stderr.contains("[prices.\"claude-opus-4\"]"), "{stderr}");
    let answer = asked_json(home.folder.path(), "--by model");
    assert_eq!((&answer["sum"]["dollars"], &answer["sum"]["cost"]), (&Value::Null, &json!("unknown")));
    assert_eq!(answer["unpriced"], json!(["beacon-2", "lantern-9", "lantern-9-small-1"]));
}

#[test]
fn groups_stand_by_size_and_a_fork_counts_where_the_answer_was_given() {
    let home = ana();
    let home = home.write();
    let names = |by: &str, name: &str| -> Vec<(String, u64)> {
        let answer = asked_json(home, &format!("--by {by}"));
        assert_eq!((&answer["version"], &answer["sum"]["output"]), (&json!(1), &json!(4_080)), "{by}");
        let rows = answer["rows"].as_array().unwrap();
        rows.iter().map(|row| (row[name].as_str().unwrap_or("-").to_owned(), row["output"].as_u64().unwrap())).collect()
    };
    let named = |rows: &[(&str, u64)]| -> Vec<(String, u64)> {
        rows.iter().map(|(name, output)| ((*name).to_owned(), *output)).collect()
    };
    assert_eq!(names("project", "project"), named(&[("/home/ana/atlas", 2_080), ("/home/ana/borealis", 2_000)]));
    assert_eq!(names("branch", "branch"), named(&[("main", 2_080), ("main", 2_000)]));
    assert_eq!(names("model", "model"), named(&[("lantern-9", 2_000), ("lantern-9-small-1", 2_000), ("beacon-2", 80)]));
    assert_eq!(names("session", "session"), named(&[("one", 2_080), ("two", 2_000)]));
    assert_eq!(names("day", "day"), named(&[("2026-11-14", 500), ("2026-11-20", 1_580), ("2026-11-21", 2_000)]));
}

#[test]
fn a_diary_has_a_line_for_each_session() {
    let home = ana();
    let home = home.write();
    let diary = told_long(home, "--by session --markdown");
    let expected = "\
- 2026-11-20 09:12, 2 h 10 min: Mend the | loader (atlas, main). 14 turns, 966,000 tokens read, 2,080 written, at least $0.38.
- 2026-11-20 09:12, 2 h 10 min: Go on with it (atlas, main). 7 turns, 322,000 tokens read, 2,000 written, at a cost that is not known.
";
    assert_eq!(diary, expected);
    let shown = told(home, "--by session");
    let expected = "\
tokens                length  turns       read  output            cost
2026-11-20 09:12  2 h 10 min     14    966,000   2,080  at least $0.38
    Mend the | loader
    atlas · main · claude-code:one
2026-11-20 09:12  2 h 10 min      7    322,000   2,000         unknown
    Go on with it
    atlas · main · claude-code:two

total                                1,288,000   4,080  at least $0.38
";
    assert_eq!(shown, expected);
    let row = asked_json(home, "--by session")["rows"][0].clone();
    assert_eq!(
        (&row["started"], &row["seconds"], &row["turns"], &row["project"], &row["agent"], &row["day"]),
        (
            &json!("2026-11-20T09:12:30Z"),
            &json!(7829),
            &json!(14),
            &json!("/home/ana/atlas"),
            &json!("claude-code"),
            &json!("2026-11-20")
        )
    );
    let table = told_long(home, "--by model --markdown");
    assert!(
        table.starts_with(
            "| model | input | output | cache write | cache read | cost |\n|---|---:|---:|---:|---:|---:|\n"
        )
    );
    assert!(table.contains("| beacon-2 | 1,000 | 80 | 21,000 | 300,000 | unknown |"), "{table}");
}

fn told_long(home: &Path, words: &str) -> String {
    let (code, stdout, stderr) = asked(home, words);
    assert_eq!(code, 0, "{stderr}");
    stdout
}

#[test]
fn blocks_say_which_one_runs_and_what_is_left_of_it() {
    let home = ana();
    let home = home.write();
    let shown = told(home, "--by block");
    assert!(shown.contains("2026-11-21 11:00-16:00"), "{shown}");
    assert!(shown.contains("    running, 4 h 0 min left, 10,800 tokens a minute"), "{shown}");
    let rows = asked_json(home, "--by block --since 2026-11-20")["rows"].clone();
    assert_eq!(rows.as_array().unwrap().len(), 3);
    let last = &rows[2];
    assert_eq!(
        (&last["start"], &last["end"], &last["running"], &last["seconds_left"], &last["tokens_per_minute"]),
        (
            &json!("2026-11-21T11:00:00Z"),
            &json!("2026-11-21T16:00:00Z"),
            &json!(true),
            &json!(14_400),
            &json!(10_800.0)
        )
    );
    assert_eq!((&rows[0]["running"], rows[0].get("seconds_left")), (&json!(false), None));
}

#[test]
fn days_are_asked_for_by_date_or_by_how_long_ago() {
    let home = ana();
    let home = home.write();
    for (words, output) in [
        ("--since 2026-11-20", 3_580),
        ("--since 1d", 3_580),
        ("--since 1w", 4_080),
        ("--until 2026-11-20", 2_080),
        ("--until 1d --since 1d", 1_580),
        ("--since 2026-11-22", 0),
    ] {
        assert_eq!(asked_json(home, words)["sum"]["output"], output, "{words}");
    }
    for words in
        ["--since 20.11.2026", "--since soon", "--since -1d", "--since 2026-11-20 --until 2026-11-19", "--by hour"]
    {
        let (code, _, stderr) = asked(home, words);
        assert_eq!(code, 2, "{words}: {stderr}");
    }
    assert_eq!(asked(home, "--json --markdown").0, 2);
}

#[test]
fn json_is_at_most_16_kilobytes_and_says_what_it_leaves_out() {
    let mut home = Home::new("");
    for number in 0..400 {
        let at = format!("2026-11-{:02}T{:02}:00:00Z", 1 + number / 24, number % 24);
        home.session(&format!("s{number}"), None, None, &"long words ".repeat(30));
        home.spent(&format!("s{number}"), number, &at, "lantern-9", "/home/ana/atlas", 1);
    }
    let home = home.write();
    let (_, stdout, _) = asked(home, "--by session --json");
    assert!(stdout.len() <= 16_384, "{} bytes", stdout.len());
    let answer: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(
        (&answer["total"], &answer["capped"], &answer["sum"]["answers"]),
        (&json!(400), &json!(true), &json!(400))
    );
    let rows = answer["rows"].as_array().unwrap();
    assert!(rows.len() > 10 && rows.last().unwrap()["session"] == "s399", "the latest are shown");
    let all = asked_json(home, "--by session --all");
    assert_eq!((all["rows"].as_array().unwrap().len(), &all["capped"]), (400, &json!(false)));
    let (_, stdout, stderr) = asked(home, "--by session");
    assert_eq!(stdout.lines().filter(|line| line.contains(" · ")).count(), 50);
    assert!(stderr.contains("The latest 50 of 400; --all shows every one."), "{stderr}");
}

/// A home of sessions that several people shared.
fn lab(people: &[Option<&str>]) -> Home {
    let mut home = Home::new(PRICES);
    for (number, owner) in people.iter().enumerate() {
        let name = format!("s{number}");
        home.session(&name, None, *owner, "What nobody else may read");
        home.spent(&name, number as u64, "2026-11-13T10:00:00Z", "lantern-9", "/w/atlas", 100);
        home.spent(&name, 100 + number as u64, "2026-11-21T10:00:00Z", "lantern-9", "/w/atlas", 5_000);
    }
    home
}

#[test]
fn of_several_people_only_sums_over_five_are_told() {
    let names = [None, Some("ana"), Some("ben"), Some("cleo"), Some("dov"), Some("eli")];
    let own = lab(&[Some("ana"); 6]);
    assert!(told(own.write(), "").contains("30,600"), "six sessions of one person");
    for people in 2..5 {
        let home = lab(&names[..people]);
        let home = home.write();
        for by in ["day", "project", "model", "branch", "session", "block"] {
            let (code, stdout, stderr) = asked(home, &format!("--by {by}"));
            assert_eq!((code, stdout.as_str()), (1, ""), "{people} by {by}");
            assert!(stderr.contains(&format!("sessions of {people} people")) && stderr.contains("`owner`"), "{stderr}");
        }
    }
    let home = lab(&names[1..]);
    let home = home.write();
    let expected = "\
tokens               read  written   cost
Fri 2026-11-13  1,610,000      500  $0.88

total           1,610,000      500  $0.88
";
    let (_, stdout, stderr) = asked(home, "");
    assert_eq!(stdout, expected, "today waits");
    assert!(stderr.contains("Sums of 5 people, 2026-11-13 to 2026-11-13"), "{stderr}");
    for by in ["day", "project", "model", "branch"] {
        let answer = asked_json(home, &format!("--by {by}"));
        assert_eq!((&answer["people"], &answer["sum"]["written"]), (&json!(5), &json!(500)), "{by}");
        let fields: BTreeSet<&str> = answer["rows"][0].as_object().unwrap().keys().map(String::as_str).collect();
        let known = ["first_day", "last_day", "project", "model", "branch", "read", "written", "dollars", "cost"];
        assert!(fields.iter().all(|field| known.contains(field)), "{fields:?}");
    }
    for words in ["--by session", "--by block"] {
        let (code, stdout, stderr) = asked(home, words);
        assert_eq!((code, stdout.as_str()), (2, ""), "{words}: {stderr}");
    }
    for by in ["day", "project"] {
        let told = asked_json(home, &format!("--by {by} --since 2026-11-13 --until 2026-11-13"));
        assert_eq!(told["sum"]["written"], 500, "{by}");
        let (code, stdout, stderr) = asked(home, &format!("--by {by} --until 2026-11-12"));
        assert_eq!((code, stdout.as_str()), (1, ""), "{by}: {stderr}");
    }
}

#[test]
fn a_view_that_is_damaged_is_named_and_one_that_is_missing_is_no_mistake() {
    let home = Home::new("");
    let (code, stdout, stderr) = asked(home.folder.path(), "");
    assert_eq!((code, stdout.as_str()), (0, ""));
    assert!(stderr.contains("from.sessions"), "{stderr}");
    let mut home = ana();
    let (_, whole, _) = asked(home.write(), "");
    home.spent.push_str("{\"transcript\":\"t-one\",\"mess");
    let (code, stdout, _) = asked(home.write(), "");
    assert_eq!((code, stdout), (0, whole), "a last line that is just being added waits");
    home.spent.push('\n');
    let (code, _, stderr) = asked(home.write(), "");
    assert_eq!(code, 1);
    assert!(stderr.contains("spent.jsonl") && stderr.contains("tidings run"), "{stderr}");
    // A run that is just writing both: what is not listed yet is left out, and said.
    let mut home = ana();
    home.spent("three", 9, "2026-11-20T10:00:00Z", "lantern-9", "/w", 7);
    let (_, stdout, stderr) = asked(home.write(), "");
    assert!(stdout.contains("total           4,000   4,080"), "{stdout}");
    assert!(stderr.contains("1 answer left out, of sessions that a run is just writing down."), "{stderr}");
}

#[test]
fn a_view_of_any_length_is_counted_in_little_memory() {
    let mut home = Home::new("");
    home.session("one", None, None, "One").session("two", None, None, "Two");
    for number in 0..20_000_u64 {
        let name = if number % 2 == 0 { "one" } else { "two" };
        // A tenth are copies.
        let message = if number % 10 == 0 { number + 1 } else { number };
        home.spent(name, message, "2026-11-20T10:00:00Z", "lantern-9", "/home/ana/atlas", 1);
    }
    let folder = home.write();
    let zone = TimeZone::UTC;
    let today = jiff::civil::date(2026, 11, 21);
    let wanted = WantedUsage {
        by: By::Model,
        window: Window::default(),
        zone,
        today,
        prices: PriceList::default(),
        is_lab: false,
    };
    let peak = memory::from_now();
    let Usage::Own(own) = usage(folder, &wanted).unwrap() else { panic!("it is one person's") };
    assert_eq!((own.rows.len(), own.rows[0].sum.answers), (1, 18_000));
    let lab = usage(folder, &WantedUsage { is_lab: true, ..wanted }).unwrap();
    assert!(matches!(lab, Usage::TooFew { people: 1 }), "in a lab's home nobody is shown by himself: {lab:?}");
    let most = home.spent.len() as isize / 3;
    assert!(peak.bytes() < most, "{} bytes for a view of {}", peak.bytes(), home.spent.len());
}
