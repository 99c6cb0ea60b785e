//! A letter is told once, whatever happens in between; told.jsonl is the truth.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;

use jiff::SignedDuration;
use tidings::edition::{ChannelName, EditionId, Letter, LetterState, Reader, letter_key, message_hash};

use super::{noon, open};

fn letter(address: &str) -> (Letter, Vec<u8>) {
    let reader = Reader { channel: ChannelName::Mail, address: address.to_owned(), name: String::new() };
    let edition = EditionId::Digest("2026-W47".to_owned());
    let key = letter_key(&edition, &reader);
    let letter = Letter {
        edition: edition.to_string(),
        reader,
        message_id: format!("<{}@lab.example>", message_hash(&key)),
        stories: Vec::new(),
        file: format!("{}.eml", message_hash(&key)),
        state: LetterState::Queued,
        tries: 0,
        next_try: noon(),
        answer: None,
        reason: None,
        key,
    };
    (letter, format!("To: {address}").into_bytes())
}

/// The events of told.jsonl, in order.
fn events(home: &Path) -> Vec<String> {
    let text = fs::read_to_string(home.join("state/told.jsonl")).unwrap();
    let line = |line: &str| serde_json::from_str::<serde_json::Value>(line).ok();
    text.lines().filter_map(line).map(|line| line["event"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_letter_that_was_taken_is_not_told_again() {
    let home = tempfile::tempdir().unwrap();
    let mut store = open(home.path());
    let (ana, bytes) = letter("ana@lab.example");
    assert_eq!(store.keep_letters(&[(ana.clone(), bytes.clone()), (ana.clone(), bytes.clone())], noon()).unwrap(), 1);
    let waiting = store.pending_letters(noon()).unwrap().remove(0);
    assert_eq!(store.bytes(&waiting).unwrap(), bytes);
    let begun = store.letter_begins(&waiting, noon()).unwrap().unwrap();
    assert_eq!((begun.state, begun.tries), (LetterState::Sending, 1));
    store.letter_ends(&begun, LetterState::Sent, noon(), "250 ok", noon()).unwrap();
    assert_eq!(store.pending_letters(noon()).unwrap(), []);
    assert_eq!(store.keep_letters(&[(ana.clone(), bytes)], noon()).unwrap(), 0);
    assert_eq!(store.letter_begins(&ana, noon()).unwrap(), None);
    assert_eq!(events(home.path()), ["queued", "sending", "sent"]);
    assert_eq!(fs::read_dir(home.path().join("state/outbox")).unwrap().count(), 0);
}

#[test]
fn told_jsonl_has_the_promised_fields() {
    let home = tempfile::tempdir().unwrap();
    open(home.path()).keep_letters(&[letter("ana@lab.example")], noon()).unwrap();
    let text = fs::read_to_string(home.path().join("state/told.jsonl")).unwrap();
    let line: serde_json::Value = serde_json::from_str(text.trim_end()).unwrap();
    let wanted = serde_json::json!({
        "version": 1, "at": "2026-11-21T12:00:00Z", "key": "digest/2026-W47/ana@lab.example/mail", "event": "queued",
        "edition": "digest/2026-W47", "reader": "ana@lab.example", "channel": "mail",
        "message_id": letter("ana@lab.example").0.message_id, "stories": [],
    });
    assert_eq!(line, wanted);
}

#[test]
fn a_letter_that_was_put_off_waits_for_its_time() {
    let home = tempfile::tempdir().unwrap();
    let mut store = open(home.path());
    store.keep_letters(&[letter("ana@lab.example")], noon()).unwrap();
    let begun = store.letter_begins(&letter("ana@lab.example").0, noon()).unwrap().unwrap();
    let later = noon() + SignedDuration::from_mins(15);
    store.letter_ends(&begun, LetterState::Queued, later, "451 later", noon()).unwrap();
    drop(store);
    let store = open(home.path());
    assert_eq!(store.pending_letters(noon()).unwrap(), []);
    let waiting = store.pending_letters(later).unwrap().remove(0);
    assert_eq!((waiting.tries, waiting.answer.as_deref()), (1, Some("451 later")));
    assert_eq!(events(home.path()), ["queued", "sending", "deferred"]);
}

#[test]
fn a_lost_store_does_not_send_again_what_was_sent_or_refused() {
    let home = tempfile::tempdir().unwrap();
    let mut store = open(home.path());
    let all = ["ana@lab.example", "bo@lab.example", "cy@lab.example"].map(letter);
    store.keep_letters(&all, noon()).unwrap();
    for (address, state) in [("ana@lab.example", LetterState::Sent), ("bo@lab.example", LetterState::Dead)] {
        let begun = store.letter_begins(&letter(address).0, noon()).unwrap().unwrap();
        store.letter_ends(&begun, state, noon(), "answer", noon()).unwrap();
    }
    store.letter_begins(&all[2].0, noon()).unwrap();
    drop(store);
    fs::remove_dir_all(home.path().join("state/store")).unwrap();

    let mut store = open(home.path());
    let (mut again, _) = letter("cy@lab.example");
    again.next_try = noon();
    assert_eq!(store.keep_letters(&all, noon()).unwrap(), 1, "only the one whose end is not known");
    let waiting = store.pending_letters(noon()).unwrap();
    assert_eq!(waiting.iter().map(|letter| letter.key.as_str()).collect::<Vec<_>>(), [again.key.as_str()]);
}

#[test]
fn a_letter_under_way_keeps_its_first_bytes_when_the_store_is_lost() {
    let home = tempfile::tempdir().unwrap();
    let mut store = open(home.path());
    let (ana, bytes) = letter("ana@lab.example");
    store.keep_letters(&[(ana.clone(), bytes.clone())], noon()).unwrap();
    store.letter_begins(&ana, noon()).unwrap().unwrap();
    drop(store);
    fs::remove_dir_all(home.path().join("state/store")).unwrap();
    let mut store = open(home.path());
    store.keep_letters(&[(ana.clone(), b"rendered otherwise".to_vec())], noon()).unwrap();
    assert_eq!(store.bytes(&ana).unwrap(), bytes);
}

#[test]
fn a_store_that_fell_behind_told_jsonl_is_set_right() {
    let (home, before) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut store = open(home.path());
    let (ana, bytes) = letter("ana@lab.example");
    store.keep_letters(&[(ana.clone(), bytes)], noon()).unwrap();
    store.checkpoint().unwrap();
    super::copy(&home.path().join("state/store"), before.path());
    let begun = store.letter_begins(&ana, noon()).unwrap().unwrap();
    store.letter_ends(&begun, LetterState::Sent, noon(), "250 ok", noon()).unwrap();
    drop(store);
    // The disk brings back the store as it was before the letter was sent.
    fs::remove_dir_all(home.path().join("state/store")).unwrap();
    super::copy(before.path(), &home.path().join("state/store"));

    let mut store = open(home.path());
    assert_eq!(store.letter(&ana.key).unwrap().unwrap().state, LetterState::Sent);
    assert_eq!(store.pending_letters(noon()).unwrap(), []);
    assert_eq!(store.letter_begins(&ana, noon()).unwrap(), None);
}

#[test]
fn a_replay_that_only_told_jsonl_knows_of_is_finished_on_opening() {
    let (home, before) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut store = open(home.path());
    let (ana, bytes) = letter("ana@lab.example");
    store.keep_letters(&[(ana.clone(), bytes.clone())], noon()).unwrap();
    let begun = store.letter_begins(&ana, noon()).unwrap().unwrap();
    store.letter_ends(&begun, LetterState::Dead, noon(), "550 no", noon()).unwrap();
    assert!(!store.replay_letter("digest/none", "why", noon()).unwrap());
    store.checkpoint().unwrap();
    super::copy(&home.path().join("state/store"), before.path());
    assert!(store.replay_letter(&ana.key, "why", noon()).unwrap());
    drop(store);
    fs::remove_dir_all(home.path().join("state/store")).unwrap();
    super::copy(before.path(), &home.path().join("state/store"));

    let mut store = open(home.path());
    let waiting = store.pending_letters(noon()).unwrap().remove(0);
    assert_eq!((waiting.tries, store.bytes(&waiting).unwrap()), (0, bytes));
    let begun = store.letter_begins(&waiting, noon()).unwrap().unwrap();
    store.letter_ends(&begun, LetterState::Sent, noon(), "250 ok", noon()).unwrap();
    assert!(!store.replay_letter(&ana.key, "why", noon()).unwrap(), "what was sent is not sent again");
    assert_eq!(events(home.path()), ["queued", "sending", "dead", "replayed", "sending", "sent"]);
}

#[test]
fn a_torn_last_line_is_closed_before_the_next_one() {
    let home = tempfile::tempdir().unwrap();
    let mut store = open(home.path());
    store.keep_letters(&[letter("ana@lab.example")], noon()).unwrap();
    drop(store);
    let path = home.path().join("state/told.jsonl");
    OpenOptions::new().append(true).open(&path).unwrap().write_all(b"{\"version\":1,\"at\":\"2026-").unwrap();

    let mut store = open(home.path());
    store.keep_letters(&[letter("bo@lab.example")], noon()).unwrap();
    drop(store);
    let text = fs::read_to_string(&path).unwrap();
    assert_eq!(text.lines().count(), 3);
    assert!(text.lines().nth(2).unwrap().contains("bo@lab.example"));
    assert_eq!(open(home.path()).keep_letters(&[letter("bo@lab.example")], noon()).unwrap(), 0);
}

#[test]
fn a_letter_names_no_file_outside_the_outbox() {
    let home = tempfile::tempdir().unwrap();
    let (mut ana, bytes) = letter("ana@lab.example");
    ana.file = "../told.jsonl".to_owned();
    let error = open(home.path()).keep_letters(&[(ana, bytes)], noon()).unwrap_err();
    assert!(error.to_string().contains("not the name of a file in the outbox"), "{error}");
}
