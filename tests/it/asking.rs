//! Past sessions are asked for on the command line: found beside items, shown around a line, taken up again.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};
use tidings::keep::Keep;
use tidings::keep::sessions::Transcript;
use tidings::session::{Role, Setting, Turn};

use crate::command::{output, tidings};
use crate::keep::noon;
use crate::keep::turns::{fill, transcript, turn};

/// A home with two sessions and a subagent's file.
fn home() -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    Keep::open(home.path(), "test", noon()).unwrap().reindex().unwrap();
    let folder = home.path().join("it's a folder");
    fs::create_dir(&folder).unwrap();
    let there = |turn: Turn| Turn {
        setting: Arc::new(Setting {
            model: Some("claude-opus-4-5".into()),
            version: Some("2.1.251".into()),
            branch: Some("feat/index".to_owned()),
            cwd: Some(folder.to_str().unwrap().to_owned()),
        }),
        ..turn
    };
    let spoken = |first: u64, words: &str| -> Vec<Turn> {
        (first..first + 30).map(|line| there(turn(line, Role::Answer, &format!("{words} number {line}")))).collect()
    };
    let mut main = vec![there(turn(1, Role::Prompt, "why does the sandbox fail?"))];
    main.extend(spoken(2, "the sandbox is closed"));
    let sessions = [
        (transcript("1b0c-main", None), main),
        (transcript("1b0c-main", Some("agent-a1")), spoken(1, "the subagent opened the sandbox")),
        (transcript("2c1d-other", None), vec![turn(1, Role::Prompt, "another sandbox")]),
        (transcript("4a5b-long", None), vec![turn(1, Role::ToolOutput, &"\u{1f}\"word\" ".repeat(3_000))]),
    ];
    fill(home.path(), &sessions);
    let lines: String = sessions.iter().take(2).map(|(one, _)| view(one, &folder) + "\n").collect();
    fs::write(home.path().join("state/views/sessions.jsonl"), lines).unwrap();
    home
}

fn view(transcript: &Transcript, folder: &Path) -> String {
    json!({
        "id": transcript.id, "session": transcript.session, "subagent": transcript.subagent,
        "source": transcript.source, "path": transcript.path, "owner": null, "host": null,
        "title": "Mend the sandbox", "prompt": "why does the sandbox fail?", "parent": null, "cwd": folder,
        "branch": "feat/index", "started": "2026-11-21T12:00:01Z", "ended": "2026-11-21T12:09:00Z", "lines": 31,
        "turns": 31, "generation": 0, "gone": null, "rules": "1", "redacted": {}, "damaged": {}, "unknown": {},
    })
    .to_string()
}

fn asked(home: &Path, words: &[&str]) -> Value {
    let (code, stdout, stderr) = output(tidings(home).args(words).arg("--json"));
    assert_eq!(code, 0, "{stderr}");
    serde_json::from_str(&stdout).unwrap()
}

#[test]
fn sessions_are_found_with_title_prompt_folder_and_branch() {
    let home = home();
    let found = asked(home.path(), &["search", "sandbox"]);
    assert_eq!((&found["version"], &found["total"], &found["capped"]), (&json!(1), &json!(62), &json!(true)));
    assert_eq!(found["sessions_total"], 2);
    let session = found["sessions"].as_array().unwrap().iter().find(|one| one["session"] == "1b0c-main").unwrap();
    assert_eq!((&session["title"], &session["hits"]), (&json!("Mend the sandbox"), &json!(61)));
    let hit = found["hits"].as_array().unwrap().iter().find(|one| one["session"] == "1b0c-main").unwrap();
    for field in
        ["kind", "id", "title", "score", "snippet", "at", "session", "file", "line", "role", "project", "branch"]
    {
        assert!(!hit[field].is_null(), "{field}: {hit}");
    }
    let (code, stdout, _) =
        output(tidings(home.path()).args(["search", "sandbox", "role:prompt", "branch:feat/index"]));
    assert_eq!(code, 0);
    for words in
        ["Mend the sandbox", "feat/index", "1 hit", "“why does the sandbox fail?”", "it's a folder", ":1 prompt"]
    {
        assert!(stdout.contains(words), "{words}: {stdout}");
    }
    let (code, _, stderr) = output(tidings(home.path()).args(["search", "one \"two"]));
    assert_eq!(code, 2, "{stderr}");
    assert!(stderr.contains("letter 5"), "{stderr}");
    let (_, stdout, stderr) = output(tidings(home.path()).args(["search", "sandbox model:gpt"]));
    assert!(stdout.contains("Nothing found") && stderr.contains("without model:gpt there would be 62"), "{stderr}");
    let found = asked(home.path(), &["search", "--regex", r"number 1\d$"]);
    assert_eq!(found["total"], 20);
    assert_eq!(asked(home.path(), &["search", "sandbox", "kind:item"])["total"], 0);
}

#[test]
fn an_answer_in_json_is_bounded_and_says_so() {
    let home = home();
    for bytes in [600_usize, 2_000, 4_000] {
        let words = ["search", "sandbox", "--json", "--bytes", &bytes.to_string()];
        let (_, stdout, _) = output(tidings(home.path()).args(words));
        assert!(stdout.len() <= bytes, "{}: {stdout}", stdout.len());
        let found: Value = serde_json::from_str(&stdout).unwrap();
        assert_eq!((&found["total"], &found["capped"]), (&json!(62), &json!(true)));
    }
}

#[test]
fn the_session_that_asks_is_left_out_unless_asked_for() {
    let home = home();
    let own = |words: &[&str]| -> Value {
        let mut command = tidings(home.path());
        let (_, stdout, _) = output(command.env("CLAUDE_CODE_SESSION_ID", "1b0c-main").args(words).arg("--json"));
        serde_json::from_str(&stdout).unwrap()
    };
    let found = own(&["search", "sandbox"]);
    assert_eq!((&found["total"], &found["own_left_out"]), (&json!(1), &json!(61)));
    assert_eq!(own(&["search", "sandbox", "--own"])["total"], 62);
}

#[test]
fn a_session_is_shown_around_a_line_or_whole() {
    let home = home();
    let lines = |shown: &Value, file: usize| -> Vec<u64> {
        shown["files"][file]["turns"].as_array().unwrap().iter().map(|turn| turn["line"].as_u64().unwrap()).collect()
    };
    let shown = asked(home.path(), &["show", "1b0c", "--around", "10", "-C", "2"]);
    assert_eq!(lines(&shown, 0), [8, 9, 10, 11, 12]);
    for bytes in [2_000, 5_000, 9_000] {
        let words = ["show", "1b0c-main", "--all", "--json", "--bytes", &bytes.to_string()];
        let (_, stdout, _) = output(tidings(home.path()).args(words));
        assert!(stdout.len() <= bytes, "{}: {stdout}", stdout.len());
        let cut: Value = serde_json::from_str(&stdout).unwrap();
        let shown = lines(&cut, 0);
        assert_eq!((&cut["total"], &cut["shown"], &cut["capped"]), (&json!(61), &json!(shown.len()), &json!(true)));
        let next = cut["next"].as_str().unwrap();
        let goes_on = asked(home.path(), &["show", next, "-C", "0"]);
        assert_eq!(lines(&goes_on, 0), [shown.last().map_or(1, |last| last + 1)], "{next}");
    }
    let (_, stdout, _) = output(tidings(home.path()).args(["show", "4a5b-long", "--all", "--json"]));
    assert!((4_000..=16_384).contains(&stdout.len()), "{}", stdout.len());
    let cut: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!((&cut["shown"], &cut["files"][0]["turns"][0]["text_bytes"]), (&json!(1), &json!(24_000)));
    let all = asked(home.path(), &["show", "1b0c-main", "--all", "--bytes", "1000000"]);
    assert_eq!((&all["capped"], &all["next"]), (&json!(false), &Value::Null));
    assert_eq!((lines(&all, 0).len(), lines(&all, 1).len()), (31, 30));
    assert_eq!(all["files"][1]["subagent"], "agent-a1");
    let id = format!("{}:30", all["files"][1]["transcript"].as_str().unwrap());
    let (_, stdout, _) = output(tidings(home.path()).args(["show", &id, "-C", "1"]));
    assert!(stdout.contains("the subagent opened the sandbox number 30"), "{stdout}");
    assert!(!stdout.contains("number 28"), "{stdout}");
    let (code, _, stderr) = output(tidings(home.path()).args(["show", "3e2f"]));
    assert_eq!(code, 2, "{stderr}");
}

#[test]
fn the_command_that_takes_a_session_up_again_runs_as_it_is_printed() {
    let home = home();
    let programs = home.path().join("programs");
    fs::create_dir(&programs).unwrap();
    let claude = programs.join("claude");
    fs::write(&claude, "#!/bin/sh\npwd\nprintf '%s\\n' \"$@\"\n").unwrap();
    fs::set_permissions(&claude, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let subagent = asked(home.path(), &["show", "1b0c-main"])["files"][1]["transcript"].as_str().unwrap().to_owned();
    for id in ["1b0c-main", "1b0c", "claude-code:1b0c-main", &subagent] {
        let (code, command, stderr) = output(tidings(home.path()).args(["resume", id]));
        assert_eq!((code, stderr.as_str()), (0, ""), "{id}");
        let ran = std::process::Command::new("/bin/sh").args(["-c", &command]).env("PATH", &programs).output().unwrap();
        let said = String::from_utf8(ran.stdout).unwrap();
        assert!(said.ends_with("it's a folder\n--resume\n1b0c-main\n"), "{id}: {said}");
    }
    fs::remove_dir(home.path().join("it's a folder")).unwrap();
    let (_, _, stderr) = output(tidings(home.path()).args(["resume", "1b0c"]));
    assert!(stderr.contains("is gone"), "{stderr}");
    let (code, _, stderr) = output(tidings(home.path()).args(["resume", "nobody"]));
    assert_eq!(code, 2, "{stderr}");
}
