//! `tidings hook`, as Claude Code calls it: whatever it is given, the agent goes on.

use std::fs;
use std::path::Path;
use std::time::Instant;

use tidings::flow::{self, Asked, Doors, Unwatched};
use tidings::keep;
use tidings::session::sign::Word;

use super::{Desk, ONE, at, event};
use crate::command::tidings;

/// Calls the hook with this on its standard input, and returns what it said on stderr.
fn call(home: &Path, words: &[&str], input: &[u8]) -> String {
    let output = tidings(home).arg("hook").args(words).write_stdin(input).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{:?}", String::from_utf8_lossy(&output.stderr));
    assert!(output.stdout.is_empty(), "an agent takes what stands there as the hook's word");
    String::from_utf8(output.stderr).unwrap()
}

fn waiting(home: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(home.join("state/inbox"))
        .map(|entries| entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect())
        .unwrap_or_default();
    names.sort();
    names
}

fn home() -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("sources.toml"), "").unwrap();
    home
}

#[test]
fn each_event_leaves_one_small_private_file_without_a_word_of_the_session() {
    use std::os::unix::fs::PermissionsExt;
    let home = home();
    let transcript = home.path().join("one.jsonl");
    fs::write(&transcript, "{}\n").unwrap();
    let secret = "the plan is to paint it blue";
    for (name, more, word) in [
        ("SessionStart", r#","source":"startup""#.to_owned(), Word::Started),
        ("Notification", format!(r#","notification_type":"permission_prompt","message":"{secret}""#), Word::AsksLeave),
        ("Stop", format!(r#","last_assistant_message":"{secret}""#), Word::AsksLeave),
        ("SessionEnd", r#","reason":"clear""#.to_owned(), Word::Ended),
    ] {
        assert_eq!(call(home.path(), &[], event(ONE, name, &transcript, &more).as_bytes()), "");
        let names = waiting(home.path());
        assert_eq!(names.len(), 1, "a later word of a session replaces the earlier: {names:?}");
        let path = home.path().join("state/inbox").join(&names[0]);
        let text = fs::read_to_string(&path).unwrap();
        assert!(!text.contains("paint") && !text.contains("/home/ada"), "{text}");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let sign = &keep::signs(home.path()).unwrap()[ONE];
        assert_eq!((sign.word, sign.transcript.as_ref()), (word, Some(&transcript)), "{name}");
        assert!(sign.written.is_some());
    }
}

#[test]
fn what_is_unknown_hostile_or_endless_leaves_nothing_and_fails_nothing() {
    let home = home();
    let huge = format!(r#"{{"hook_event_name":"Stop","session_id":"{ONE}","message":"{}"}}"#, "x".repeat(5 << 20));
    let inputs: [&[u8]; 7] = [
        b"",
        b"nonsense",
        b"\xff\xfe\x00",
        b"{\"hook_event_name\":\"PreToolUse\",\"session_id\":\"a\"}",
        b"[[[[",
        huge.as_bytes(),
        b"{}",
    ];
    for input in inputs {
        call(home.path(), &[], input);
        assert_eq!(waiting(home.path()), Vec::<String>::new());
    }
    let strange = event("../../../tmp/x", "Stop", Path::new("/p"), "");
    call(home.path(), &[], strange.as_bytes());
    assert_eq!(waiting(home.path()), Vec::<String>::new());
    // Misspelt in a settings.json: exit code 2 would keep the agent from stopping.
    assert!(call(home.path(), &["--hoem", "x"], b"").contains("--hoem"));
    // Who has no home here did not ask for one.
    let nowhere = tempfile::tempdir().unwrap();
    let said = call(nowhere.path(), &[], event(ONE, "Stop", Path::new("/p"), "").as_bytes());
    assert!(said.contains("there is no home"), "{said}");
    assert!(!nowhere.path().join("state").exists());
}

#[test]
fn an_agent_does_not_wait_for_it() {
    let home = home();
    let input = event(ONE, "Stop", Path::new("/p/one.jsonl"), "");
    let least = (0..5).map(|_| {
        let began = Instant::now();
        call(home.path(), &[], input.as_bytes());
        began.elapsed()
    });
    // Far more than it takes, far less than a person notices; the least of five, since others use the machine too.
    assert!(least.min().unwrap().as_millis() < 500);
}

#[tokio::test]
async fn the_next_holder_takes_signs_in_and_forgets_them_with_their_session() {
    let desk = Desk::new("");
    let home = desk.setup.home.folder();
    desk.writes(ONE, "atlas", "Paint it blue.", at("16 10:00:00"));
    let said = |name: &str, now: &str| {
        let input = event(ONE, name, &desk.transcript(ONE), "");
        assert!(flow::leave_sign(&desk.setup.home, input.as_bytes(), at(now)).unwrap());
    };
    let run = async |now: &str| {
        let pass = desk.folder.path().join("nothing");
        fs::create_dir_all(&pass).unwrap();
        let doors = Doors::onto(pass, &desk.setup.config, &|_| unreachable!()).unwrap();
        flow::run(&desk.setup, &doors, &Asked::Due, at(now), &Unwatched).await.unwrap()
    };
    said("Stop", "16 10:00:01");
    let inbox = home.join("state/inbox");
    fs::write(inbox.join("hook-0000000000.json"), "{\"version\":1}").unwrap();
    fs::write(inbox.join("thumb-nonsense.json"), "no thumb").unwrap();
    run("16 10:01:00").await;
    assert_eq!(waiting(home), ["aside"]);
    let mut aside: Vec<_> =
        fs::read_dir(inbox.join("aside")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    aside.sort();
    assert_eq!(aside, ["hook-0000000000.json", "thumb-nonsense.json"], "what is none of ours a person can look at");
    let text = fs::read_to_string(home.join("state/signs.json")).unwrap();
    assert!(text.contains(ONE) && !text.contains("blue"), "{text}");
    assert_eq!(keep::signs(home).unwrap()[ONE].since, Some(at("16 10:00:01")));
    // One that is damaged is begun anew.
    fs::write(home.join("state/signs.json"), "{").unwrap();
    said("SessionEnd", "16 10:05:00");
    run("16 10:06:00").await;
    assert_eq!(keep::signs(home).unwrap()[ONE].word, Word::Ended);
    said("Stop", "16 10:07:00");
    flow::forget_session(&desk.setup.home, ONE, at("16 10:08:00")).unwrap();
    assert!(keep::signs(home).unwrap().is_empty());
    assert!(!fs::read_to_string(home.join("state/signs.json")).unwrap().contains(ONE));
    said("Stop", "16 10:09:00");
    run("16 10:10:00").await;
    assert!(keep::signs(home).unwrap().is_empty(), "what was forgotten stays forgotten");
}
