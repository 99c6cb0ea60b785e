//! What a person keeps correcting: counted by session, drafted as a line, shown to nobody else.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tidings::flow::habits::{self, Friction, FrictionKind, Rub};

use super::desk::{Desk, Tale};
use crate::command::{output, tidings};

/// Every file below a folder with its bytes.
pub fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut all = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => all.extend(files(&path)),
            false => drop(all.insert(path.clone(), fs::read(&path).unwrap())),
        }
    }
    all
}

async fn told(tales: &[Tale]) -> (Desk, Friction) {
    let desk = Desk::new();
    tales.iter().for_each(|tale| desk.write(tale));
    desk.run().await;
    let told = habits::friction(&desk.setup, None).unwrap().told;
    (desk, told)
}

fn of(friction: &Friction, kind: FrictionKind) -> Vec<&Rub> {
    friction.rubs.iter().filter(|rub| rub.kind == kind).collect()
}

#[tokio::test]
async fn a_command_that_was_denied_in_two_sessions_is_named_with_what_not_to_do() {
    let one = Tale::new("s-one", 18)
        .prompt("release it")
        .denied("cd /w/atlas && git push -f origin main", None)
        .denied("git push --force", None)
        .denied("npm publish", None);
    let two = Tale::new("s-two", 19).prompt("again").denied("git push origin +main", None).bash("git push");
    let (_desk, told) = told(&[one, two]).await;
    let [rub] = of(&told, FrictionKind::Denied)[..] else { panic!("{told:?}") };
    assert_eq!((rub.what.as_str(), rub.times, rub.sessions, rub.days), ("git push --force", 3, 2, 2));
    assert_eq!(rub.draft.line, "Do not run `git push --force`; push a new commit, or ask first.");
    assert!(!rub.draft.is_hint);
    assert_eq!(rub.last, Some(jiff::civil::date(2026, 11, 19)));
    assert_eq!(told.once, 1, "npm publish came up in one session only");
}

#[tokio::test]
async fn who_did_not_let_a_call_through_is_told_apart() {
    let ruled = "Permission to use Bash with command git push has been denied.";
    let unanswered = "Claude requested permissions to write to /w/x.md, but you haven't granted it yet.";
    // A program may print such words: they stand behind others, or nothing failed.
    let printed = "Exit code 1\nremote: Permission to use this repository was denied by its owner";
    let tale = |session: &str, day| {
        Tale::new(session, day)
            .prompt("go")
            .fails("Bash", json!({ "command": "git push" }), ruled)
            .fails("Write", json!({ "file_path": "/w/x.md", "content": "y" }), unanswered)
            .fails("Bash", json!({ "command": "git pull" }), printed)
            .fails(
                "AskUserQuestion",
                json!({ "questions": [] }),
                "The user doesn't want to proceed with this tool use.",
            )
    };
    let (_desk, told) = told(&[tale("s-one", 18), tale("s-two", 19)]).await;
    let whats = |kind| of(&told, kind).iter().map(|rub| rub.what.clone()).collect::<Vec<_>>();
    assert_eq!(whats(FrictionKind::RuledOut), ["git push"]);
    assert_eq!(whats(FrictionKind::Waited), ["Write of x.md"]);
    assert_eq!(whats(FrictionKind::Error), ["remote: Permission to use this repository was denied by its owner"]);
    assert_eq!(whats(FrictionKind::Denied), Vec::<String>::new());
}

#[tokio::test]
async fn codex_says_it_in_its_own_words() {
    let desk = Desk::new();
    for (session, day) in [("0199a1b2-0000-7000-8000-00000000000a", 18), ("0199a1b2-0000-7000-8000-00000000000b", 19)] {
        let line = |kind: &str, payload: Value| json!({ "timestamp": format!("2026-11-{day}T10:00:00Z"), "type": kind, "payload": payload });
        let call = |id: &str, command: Value| {
            let arguments = json!({ "command": command, "with_escalated_permissions": true }).to_string();
            line(
                "response_item",
                json!({ "type": "function_call", "name": "shell", "call_id": id, "arguments": arguments }),
            )
        };
        let answer = |id: &str, output: &str| {
            line("response_item", json!({ "type": "function_call_output", "call_id": id, "output": output }))
        };
        let lines = [
            line("session_meta", json!({ "id": session, "cwd": "/w/atlas" })),
            call("c1", json!(["bash", "-lc", "git commit -m done"])),
            answer("c1", "exec command rejected by user"),
            call("c2", json!(["rm", "-rf", "build"])),
            answer("c2", "exec command rejected by user"),
        ];
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        let folder = desk.home().parent().unwrap().join("codex/2026/11/18");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(format!("rollout-2026-11-{day}T10-00-00-{session}.jsonl")), text).unwrap();
    }
    let mut setup = desk.setup.clone();
    setup.sessions[0].folder = desk.home().parent().unwrap().join("codex");
    setup.sessions[0].format = tidings::session::Agent::Codex.into();
    crate::river::sessions::run_at(&setup, super::desk::NOW).await;
    let told = habits::friction(&setup, None).unwrap().told;
    let denied: Vec<_> = of(&told, FrictionKind::Denied).iter().map(|rub| (rub.what.clone(), rub.sessions)).collect();
    assert_eq!(denied, [("git commit".to_owned(), 2), ("rm -rf".to_owned(), 2)]);
    assert_eq!(of(&told, FrictionKind::Waited).len(), 2, "they asked for leave");
}

#[tokio::test]
async fn an_error_counts_once_for_a_session_however_often_it_comes_there() {
    let missing = |path: &str, line| {
        format!(
            "Exit code 1\nTraceback (most recent call last):\n  File \"{path}\", line {line}\nModuleNotFoundError: No module named 'torch'"
        )
    };
    let train = json!({ "command": "cd /w/atlas && python train.py" });
    let mut one = Tale::new("s-one", 18).prompt("train");
    for line in 0..9 {
        one = one.fails("Bash", train.clone(), &missing("/w/atlas/train.py", line));
    }
    let unread = "<tool_use_error>File has not been read yet. Read it first before writing to it.</tool_use_error>";
    let edit = json!({ "file_path": "/w/atlas/a.py", "old_string": "x", "new_string": "y" });
    let one = one.fails("Edit", edit.clone(), unread).fails("Bash", json!({ "command": "grep x y" }), "Exit code 1");
    let two = Tale::new("s-two", 19)
        .prompt("train")
        .fails("Bash", train, &missing("/home/ana/b.py", 77))
        .fails("Edit", edit, unread)
        .fails("Bash", json!({ "command": "grep x y" }), "Exit code 1");
    let (_desk, told) = told(&[one, two]).await;
    let errors: Vec<_> =
        of(&told, FrictionKind::Error).iter().map(|rub| (rub.what.as_str(), rub.times, rub.sessions)).collect();
    let expected = [
        ("ModuleNotFoundError: No module named 'torch'", 10, 2),
        ("File has not been read yet. Read it first before writing to it.", 2, 2),
    ];
    assert_eq!(errors, expected, "a command that fails without a word is no error to speak of");
    let drafts: Vec<_> = of(&told, FrictionKind::Error).iter().map(|rub| rub.draft.line.as_str()).collect();
    assert_eq!(drafts[0], "Run Python in the project's environment: outside of it `torch` is missing.");
    assert_eq!(drafts[1], "Read a file before you edit it.");
}

#[tokio::test]
async fn a_correction_is_what_is_typed_after_an_agents_turn_and_not_before() {
    let one = Tale::new("s-one", 18)
        .prompt("don't touch the loader")
        .answer("I changed the loader.")
        .prompt("no, use uv instead of pip")
        .answer("Done.")
        .prompt("I said keep the comments");
    let two = Tale::new("s-two", 19)
        .prompt("don't touch the loader")
        .answer("Fine.")
        .prompt("thanks, now the tests")
        .denied("pip install torch", Some("use `uv`, not pip"))
        .answer("Sorry.")
        .prompt("as I told you, keep them");
    let (_desk, told) = told(&[one, two]).await;
    let corrections: Vec<_> = of(&told, FrictionKind::Correction)
        .iter()
        .map(|rub| (rub.draft.line.as_str(), rub.draft.is_hint, rub.sessions))
        .collect();
    assert_eq!(corrections.len(), 2, "what opens a session corrects nobody: {told:?}");
    assert!(corrections.contains(&("Do not use `pip`; use `uv`.", false, 2)), "{corrections:?}");
    assert!(corrections.iter().any(|(line, is_hint, _)| line.starts_with("You say things twice") && *is_hint));
}

#[tokio::test]
async fn what_a_fork_repeats_counts_once() {
    let tale = |session: &str| Tale::new(session, 18).prompt("go").denied("git push", None);
    let (desk, told) = told(&[tale("s-one")]).await;
    assert_eq!(told.once, 1);
    // The same records under another session's name.
    let copy = fs::read_to_string(desk.home().parent().unwrap().join("projects/-w-atlas/s-one.jsonl")).unwrap();
    fs::write(desk.home().parent().unwrap().join("projects/-w-atlas/s-fork.jsonl"), copy).unwrap();
    desk.run().await;
    let told = habits::friction(&desk.setup, None).unwrap().told;
    assert_eq!((told.once, told.rubs.len()), (1, 0));
}

#[tokio::test]
async fn only_the_last_days_count_where_that_is_asked() {
    let tale = |session: &str, day| Tale::new(session, day).prompt("go").denied("git push", None);
    let (desk, _) = told(&[tale("s-one", 2), tale("s-two", 18), tale("s-three", 19)]).await;
    let since = |time: &str| habits::friction(&desk.setup, Some(time.parse().unwrap())).unwrap().told;
    assert_eq!(since("2026-11-01T00:00:00Z").rubs[0].sessions, 3);
    assert_eq!(since("2026-11-10T00:00:00Z").rubs[0].sessions, 2);
    assert_eq!(since("2026-11-19T00:00:00Z").rubs.len(), 0);
}

#[tokio::test]
async fn it_is_shown_to_its_owner_alone_and_changes_nothing_in_the_home() {
    let tale = |session: &str, day| Tale::new(session, day).prompt("go").denied("git push -f", None);
    let (desk, _) = told(&[tale("s-one", 18), tale("s-two", 19)]).await;
    let before = files(desk.home());
    let (code, stdout, stderr) = output(tidings(desk.home()).args(["lessons", "friction"]));
    assert!(
        code == 2 && stdout.is_empty() && stderr.contains("--mine") && stderr.contains("nobody else's"),
        "{stderr}"
    );
    let (code, stdout, _) = output(tidings(desk.home()).args(["lessons", "friction", "--mine"]));
    assert_eq!(code, 0);
    assert!(stdout.contains("git push --force") && stdout.contains("2× in 2 sessions, 2 days"), "{stdout}");
    assert!(stdout.lines().all(|line| line.chars().count() <= 80), "{stdout}");
    let (code, stdout, _) = output(tidings(desk.home()).args(["lessons", "friction", "--mine", "--json"]));
    let answer: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!((code, answer["friction"][0]["kind"].as_str()), (0, Some("denied")));
    assert_eq!(files(desk.home()), before, "not a byte of the home is another");
    // What is written at the next run and goes to others holds nothing of it either.
    desk.run().await;
    for (path, bytes) in files(&desk.home().join("state/views")) {
        assert!(memchr::memmem::find(&bytes, b"git push").is_none(), "{}", path.display());
    }
}

#[tokio::test]
async fn what_others_share_is_refused_and_what_is_of_several_people_too() {
    let lab = Desk::lab();
    lab.share(
        "ben",
        "s-ben",
        "2026-11-18T10:00:00Z",
        "git push",
        Some("The user doesn't want to proceed with this tool use."),
    );
    lab.share(
        "cho",
        "s-cho",
        "2026-11-18T10:00:00Z",
        "git push",
        Some("The user doesn't want to proceed with this tool use."),
    );
    lab.run().await;
    for command in [&["lessons", "friction", "--mine"][..], &["lessons", "permissions"]] {
        let (code, stdout, stderr) = output(tidings(lab.home()).args(command));
        assert!(code == 2 && stdout.is_empty() && stderr.contains("what others shared"), "{stdout}{stderr}");
    }
    let mut desk = Desk::new();
    desk.also_reads("ben");
    desk.write(&Tale::new("s-one", 18).prompt("go").denied("git push", None));
    desk.write_at("ben", &Tale::new("s-two", 18).prompt("go").denied("git push", None));
    desk.run().await;
    let error = habits::friction(&desk.setup, None).unwrap_err().to_string();
    assert!(error.contains("2 people") && error.contains("`owner`"), "{error}");
    let empty = Desk::new();
    let error = habits::friction(&empty.setup, None).unwrap_err().to_string();
    assert!(error.contains("no session is kept here yet"), "{error}");
}

/// The walls around it: one page of the flow makes it, one page of the command line prints it, and it has no form for a file.
#[test]
fn only_the_owners_page_names_friction() {
    fn sources(folder: &Path, found: &mut Vec<(PathBuf, String)>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => sources(&path, found),
                false if path.extension().is_some_and(|ending| ending == "rs") => {
                    found.push((path.clone(), fs::read_to_string(&path).unwrap()));
                }
                false => {}
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    sources(&root, &mut found);
    for (path, text) in found {
        let below = path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
        let may = [
            "teach/friction/",
            "teach/mod.rs",
            "flow/habits.rs",
            "cli/lessons.rs",
            "cli/lessons/",
            "cli/args.rs",
            "cli/args/",
        ];
        if !may.iter().any(|place| below.starts_with(place)) {
            for name in ["friction::", "habits::friction", "Friction"] {
                assert!(!text.contains(name), "{below} names {name}");
            }
        }
        if below.starts_with("teach/friction/") {
            assert!(!text.contains("Serialize") && !text.contains("std::fs"), "{below}: it has no form for a file");
        }
        if below == "flow/habits.rs" {
            assert!(!text.contains("Keep::open") && !text.contains("letters"), "it holds no store and sends nothing");
        }
    }
}
