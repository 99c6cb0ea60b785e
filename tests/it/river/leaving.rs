//! Who leaves a list gets no more of it, whose address refuses letters gets none, and both can come back.

use std::fs;

use tidings::flow::{self, Heard, ask};
use tidings::keep::Keep;
use tidings::standing::List;
use tidings::tell::Outcome;

use super::{Lab, Told};

const OLD: Told = ("old", "lantern-code 4.12.0", "It was there before.");
const HOLE: Told =
    ("hole", "Sandbox escape in lantern-code", "GHSA-2x4c-9f3m-77qp. A sandbox escape. Fixed in 4.12.3.");
const HOOKS: Told = ("hooks", "lantern-code 4.13.0", "New hooks for coding agents.");
const LATER: Told = ("later", "lantern-code 4.14.0", "New skills for coding agents.");
const LAST: Told = ("last", "lantern-code 4.15.0", "New subagents for coding agents.");

const BEN: &str = "ben@lab.example";

fn time(words: &str) -> jiff::Timestamp {
    words.parse().unwrap()
}

fn leave(lab: &Lab, lists: &[List], leaves: bool, now: &str) -> Heard {
    flow::leave_lists(&lab.setup, "Ben@lab.example", lists, leaves, time(now)).unwrap()
}

fn of<'k>(keys: &'k [String], edition: &str) -> Vec<&'k str> {
    keys.iter().filter(|key| key.starts_with(edition)).map(String::as_str).collect()
}

#[tokio::test]
async fn who_leaves_the_digest_still_gets_alerts_and_who_comes_back_gets_both() {
    let lab = Lab::new();
    lab.run("2026-11-17T08:00:00Z", &[OLD]).await;
    assert_eq!(leave(&lab, &[List::Digest], true, "2026-11-17T08:30:00Z"), Heard::Now);
    lab.run("2026-11-17T09:00:00Z", &[HOOKS, HOLE, OLD]).await;
    assert_eq!(of(&lab.postbox.keys(), "alert/").len(), 2);
    lab.run("2026-11-23T08:00:00Z", &[HOOKS, HOLE, OLD]).await;
    assert_eq!(of(&lab.postbox.keys(), "digest/"), ["digest/2026-W47/ana@lab.example/mail"]);
    assert!(!ask::standings(&lab.setup.home).unwrap()[BEN].gets(List::Digest));

    leave(&lab, &List::ALL, false, "2026-11-24T08:00:00Z");
    assert!(ask::standings(&lab.setup.home).unwrap().is_empty());
    lab.run("2026-11-25T08:00:00Z", &[LATER, HOOKS, HOLE, OLD]).await;
    lab.run("2026-11-30T08:00:00Z", &[LATER, HOOKS, HOLE, OLD]).await;
    assert_eq!(of(&lab.postbox.keys(), "digest/2026-W48/").len(), 2, "{:?}", lab.postbox.keys());
}

#[tokio::test]
async fn a_word_given_while_a_run_is_at_work_counts_from_the_next() {
    let lab = Lab::new();
    lab.run("2026-11-17T08:00:00Z", &[OLD]).await;
    let at_work = Keep::open(lab.setup.home.folder(), "tidings run", time("2026-11-17T08:30:00Z")).unwrap();
    assert_eq!(leave(&lab, &List::ALL, true, "2026-11-17T08:30:00Z"), Heard::Later);
    assert!(!ask::standings(&lab.setup.home).unwrap()[BEN].gets(List::Alert), "and is shown at once");
    drop(at_work);
    let report = lab.run("2026-11-17T09:00:00Z", &[HOLE, OLD]).await;
    assert_eq!((report.acts.letters_sent, lab.postbox.keys().len()), (1, 1));
    assert_eq!(ask::inbox(&lab.setup.home).unwrap().people_waiting, 0);
}

#[tokio::test]
async fn a_letter_that_waits_is_withdrawn_when_its_reader_leaves() {
    let lab = Lab::new();
    lab.run("2026-11-17T08:00:00Z", &[OLD]).await;
    lab.answers([Outcome::later("451"), Outcome::later("451")]);
    lab.run("2026-11-17T09:00:00Z", &[HOLE, OLD]).await;
    leave(&lab, &[List::Alert], true, "2026-11-17T09:30:00Z");
    let report = lab.run("2026-11-17T10:00:00Z", &[HOLE, OLD]).await;
    assert_eq!((report.acts.letters_sent, report.acts.letters_withdrawn), (1, 1));
    let keys = lab.postbox.keys();
    assert_eq!(keys.iter().filter(|key| key.contains(BEN)).count(), 1, "only the try before: {keys:?}");
}

#[tokio::test]
async fn a_store_that_is_lost_does_not_forget_who_left() {
    let lab = Lab::new();
    lab.run("2026-11-17T08:00:00Z", &[OLD]).await;
    leave(&lab, &List::ALL, true, "2026-11-17T08:30:00Z");
    flow::restore(&lab.setup.home, None, time("2026-11-17T08:40:00Z")).unwrap();
    lab.run("2026-11-17T09:00:00Z", &[HOLE, OLD]).await;
    assert_eq!(lab.postbox.keys().len(), 1);
}

#[tokio::test]
async fn nobody_is_taken_off_who_is_not_there_and_a_strange_file_is_set_aside() {
    let lab = Lab::new();
    lab.run("2026-11-17T08:00:00Z", &[OLD]).await;
    let error = flow::leave_lists(&lab.setup, "eve@evil.example", &List::ALL, true, time("2026-11-17T08:30:00Z"));
    assert!(error.unwrap_err().to_string().contains("people list"));
    let inbox = lab.setup.home.folder().join("state/inbox");
    fs::create_dir_all(&inbox).unwrap();
    fs::write(inbox.join("person-1.json"), "{\"version\":1,\"address\":\"ana@lab.example\"").unwrap();
    lab.run("2026-11-17T09:00:00Z", &[HOLE, OLD]).await;
    assert_eq!(lab.postbox.keys().len(), 2);
    assert_eq!(ask::inbox(&lab.setup.home).unwrap().aside, ["person-1.json"]);
}

#[tokio::test]
async fn an_address_that_refuses_two_editions_gets_no_more_and_the_admin_is_told_once() {
    let mut lab = Lab::new();
    lab.setup.config.mail.as_mut().unwrap().admin = Some("admin@lab.example".to_owned());
    let gone = || Outcome::Bounced { answer: "550 5.1.1 no such person".to_owned() };
    let taken = || Outcome::Taken { answer: "250".to_owned() };
    lab.run("2026-11-17T08:00:00Z", &[OLD]).await;
    // Ana's letter, then Ben's.
    lab.answers([taken(), gone()]);
    lab.run("2026-11-17T09:00:00Z", &[HOOKS, HOLE, OLD]).await;
    let standing = |lab: &Lab| ask::standings(&lab.setup.home).unwrap().remove(BEN).unwrap_or_default();
    assert_eq!((standing(&lab).bounces.len(), standing(&lab).suppressed), (1, None));
    lab.answers([taken(), gone()]);
    let report = lab.run("2026-11-23T08:00:00Z", &[HOOKS, HOLE, OLD]).await;
    assert_eq!((report.acts.letters_sent, report.acts.letters_dead), (3, 1), "Ana's digest, and two notices");
    assert_eq!(standing(&lab).suppressed, Some(time("2026-11-23T08:00:00Z")));
    let notices = |lab: &Lab| of(&lab.postbox.keys(), "notice/suppressed-").len();
    assert_eq!(notices(&lab), 1);
    let notice = {
        let tries = lab.postbox.tries.lock().unwrap();
        tries.iter().find(|(key, _)| key.starts_with("notice/suppressed-")).map(|(_, bytes)| bytes.clone()).unwrap()
    };
    let notice = String::from_utf8(notice).unwrap().replace("=\r\n", "");
    assert!(notice.contains("tidings people subscribe ben@lab.example"), "{notice}");

    lab.run("2026-11-24T08:00:00Z", &[LATER, HOOKS, HOLE, OLD]).await;
    lab.run("2026-11-30T08:00:00Z", &[LATER, HOOKS, HOLE, OLD]).await;
    assert_eq!(of(&lab.postbox.keys(), "digest/2026-W48/"), ["digest/2026-W48/ana@lab.example/mail"]);
    assert_eq!(notices(&lab), 1, "once");

    leave(&lab, &List::ALL, false, "2026-12-01T08:00:00Z");
    lab.run("2026-12-02T08:00:00Z", &[LAST, LATER, HOOKS, HOLE, OLD]).await;
    lab.run("2026-12-07T08:00:00Z", &[LAST, LATER, HOOKS, HOLE, OLD]).await;
    assert_eq!(of(&lab.postbox.keys(), "digest/2026-W49/").len(), 2);
}

#[tokio::test]
async fn a_letter_that_is_taken_ends_what_bounced_before() {
    let lab = Lab::new();
    let gone = || Outcome::Bounced { answer: "550 5.2.1 mailbox disabled".to_owned() };
    let taken = || Outcome::Taken { answer: "250".to_owned() };
    lab.run("2026-11-17T08:00:00Z", &[OLD]).await;
    lab.answers([taken(), gone()]);
    lab.run("2026-11-17T09:00:00Z", &[HOOKS, HOLE, OLD]).await;
    lab.run("2026-11-23T08:00:00Z", &[HOOKS, HOLE, OLD]).await;
    assert!(ask::standings(&lab.setup.home).unwrap().is_empty());
}

#[tokio::test]
async fn people_of_the_same_streams_get_the_same_order_and_each_their_own_letter() {
    let mut lab = Lab::new();
    lab.setup.config.people[1].streams = vec![tidings::stream::Stream::Evals];
    lab.setup.config.web.url = Some("https://tidings.lab.example".parse().unwrap());
    lab.run("2026-11-17T08:00:00Z", &[OLD]).await;
    let benchmark = ("bench", "A benchmark for lantern-code agents", "New evals of coding agents.");
    lab.run("2026-11-17T09:00:00Z", &[benchmark, HOOKS, OLD]).await;
    lab.run("2026-11-23T08:00:00Z", &[benchmark, HOOKS, OLD]).await;
    let tries = lab.postbox.tries.lock().unwrap();
    let [ana, ben] = ["ana", "ben"].map(|name| {
        let (_, bytes) = tries.iter().find(|(key, _)| key.contains(name)).unwrap();
        String::from_utf8(bytes.clone()).unwrap().replace("=\r\n", "")
    });
    assert!(ben.contains("what concerns evals") && !ana.contains("what concerns evals"), "{ben}");
    for mail in [&ana, &ben] {
        assert!(mail.contains("List-Unsubscribe-Post: List-Unsubscribe=One-Click"));
        assert!(mail.contains("A benchmark for lantern-code agents") && mail.contains("lantern-code 4.13.0"));
    }
    let token = |mail: &str| mail.split("https://tidings.lab.example/u/").nth(1).unwrap()[..43].to_owned();
    assert_ne!(token(&ana), token(&ben));
    let key = tidings::keep::leaving_key(lab.setup.home.folder()).unwrap();
    let people = ["ana@lab.example", BEN];
    assert_eq!(tidings::guard::token::whose(&key, &token(&ben), people), Some((List::Digest, BEN)));
    use std::os::unix::fs::PermissionsExt;
    let mode = fs::metadata(lab.setup.home.folder().join("state/leaving.key")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}
