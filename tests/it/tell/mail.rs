//! Letters over SMTP, to a server that follows a script.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tidings::config;
use tidings::edition::{Letter, Reader};
use tidings::tell::channel::mail::{Sender, Smtp};
use tidings::tell::letter;
use tidings::tell::message::Message;
use tidings::tell::{Channel, Outcome, render};

use super::samples::{ana, digest, mail, telling, time};
use crate::support::mail_server::{End, MailServer, Script, Tls};

const NOW: &str = "2026-11-23T07:05:00Z";
const PASSWORD: &str = "correct horse";

fn posted(reader: &Reader) -> (Letter, Vec<u8>) {
    let digest = digest(vec![telling(1)]);
    let rendered = render::digest(&digest).unwrap();
    let sender = Sender::new(&mail("smtp://mail.example")).unwrap();
    letter::mail(Message::Digest(&digest, &rendered), reader, &sender, time(NOW)).unwrap()
}

fn settings(server: &MailServer, scheme: &str) -> config::Mail {
    config::Mail {
        ca_file: Some(server.ca_file()),
        ..mail(&format!("{scheme}://tidings%40lab.example@127.0.0.1:{}", server.port))
    }
}

fn smtp(mail: &config::Mail) -> Smtp {
    Smtp::new(mail, Some(PASSWORD.to_owned())).unwrap()
}

async fn send(smtp: &Smtp, address: &str) -> Outcome {
    let (letter, bytes) = posted(&Reader { address: address.to_owned(), ..ana() });
    smtp.deliver(&letter, &bytes, time(NOW)).await
}

fn later(outcome: Outcome) -> String {
    match outcome {
        Outcome::Later { answer, .. } => answer,
        other => panic!("{other:?}"),
    }
}

fn secure() -> Script {
    Script { auth: Some("235 welcome"), ..Script::default() }
}

#[tokio::test]
async fn a_letter_leaves_after_starttls_and_signing_in_with_its_stored_bytes() {
    let server = MailServer::start(secure()).await;
    let smtp = smtp(&settings(&server, "smtp"));
    let (letter, bytes) = posted(&ana());
    let outcome = smtp.deliver(&letter, &bytes, time(NOW)).await;
    assert_eq!(outcome, Outcome::Taken { answer: "250 taken as 42".to_owned() });
    assert_eq!(server.verbs(), ["EHLO", "STARTTLS", "EHLO", "AUTH", "MAIL", "RCPT", "DATA"]);
    let heard = server.heard();
    let secret = STANDARD.encode(format!("\0tidings@lab.example\0{PASSWORD}"));
    assert_eq!(heard[3], format!("AUTH PLAIN {secret}"));
    assert!(heard[4].starts_with("MAIL FROM:<tidings@lab.example>"), "{}", heard[4]);
    assert_eq!(heard[5], "RCPT TO:<ana@example.org>");
    let taken = &server.letters()[0];
    assert_eq!(taken.strip_suffix(b"\r\n").unwrap_or(taken), bytes, "a line end more at the very end is SMTP's own");
    smtp.close().await;
    assert_eq!(server.verbs().last().unwrap(), "QUIT");
}

#[tokio::test]
async fn smtps_is_encrypted_from_the_first_byte() {
    let server = MailServer::start(Script { tls: Tls::Implicit, ..secure() }).await;
    let outcome = send(&smtp(&settings(&server, "smtps")), "ana@example.org").await;
    assert!(matches!(outcome, Outcome::Taken { .. }), "{outcome:?}");
    assert_eq!(server.verbs(), ["EHLO", "AUTH", "MAIL", "RCPT", "DATA"]);
}

#[tokio::test]
async fn without_starttls_neither_password_nor_mail_is_sent() {
    let server = MailServer::start(Script { tls: Tls::None, ..secure() }).await;
    let answer = later(send(&smtp(&settings(&server, "smtp")), "ana@example.org").await);
    assert!(answer.contains("does not offer STARTTLS") && answer.contains("allow_plain"), "{answer}");
    assert_eq!(server.verbs(), ["EHLO", "QUIT"]);
}

#[tokio::test]
async fn a_host_that_a_person_allowed_is_spoken_to_without_tls() {
    let server = MailServer::start(Script { tls: Tls::None, ..Script::default() }).await;
    let mail = config::Mail {
        allow_plain: vec!["127.0.0.1".to_owned()],
        ..mail(&format!("smtp://127.0.0.1:{}", server.port))
    };
    let outcome = send(&Smtp::new(&mail, None).unwrap(), "ana@example.org").await;
    assert!(matches!(outcome, Outcome::Taken { .. }), "{outcome:?}");
    assert_eq!(server.verbs(), ["EHLO", "MAIL", "RCPT", "DATA"]);
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_gets_no_password() {
    let server = MailServer::start(secure()).await;
    let other = MailServer::start(secure()).await;
    let mail = config::Mail { ca_file: Some(other.ca_file()), ..settings(&server, "smtp") };
    later(send(&smtp(&mail), "ana@example.org").await);
    assert_eq!(server.verbs(), ["EHLO", "STARTTLS"]);
}

#[tokio::test]
async fn a_reader_put_off_waits_and_the_next_one_is_served_on_the_same_connection() {
    let server = MailServer::start(Script { rcpt: vec!["451 4.7.1 come back"], ..secure() }).await;
    let smtp = smtp(&settings(&server, "smtp"));
    let answer = later(send(&smtp, "ana@example.org").await);
    assert!(answer.contains("451") && answer.contains("come back"), "{answer}");
    assert!(matches!(send(&smtp, "ben@example.org").await, Outcome::Taken { .. }));
    assert!(matches!(send(&smtp, "ana@example.org").await, Outcome::Taken { .. }));
    assert_eq!((server.connections(), server.letters().len()), (1, 2));
}

#[tokio::test]
async fn an_unknown_reader_is_refused() {
    let server = MailServer::start(Script { rcpt: vec!["550 5.1.1 no such person"], ..secure() }).await;
    let outcome = send(&smtp(&settings(&server, "smtp")), "gone@example.org").await;
    let Outcome::Bounced { answer } = outcome else { panic!("{outcome:?}") };
    assert!(answer.contains("550") && answer.contains("no such person"), "{answer}");
    assert!(server.letters().is_empty());
}

#[tokio::test]
async fn a_refusal_by_policy_is_no_word_on_the_address() {
    for (rcpt, letter, bounced) in [
        ("550 5.7.1 relaying denied", "250 ok", false),
        ("554 5.7.1 <ana@example.org>: Relay access denied", "250 ok", false),
        ("553 5.1.3 bad address", "250 ok", true),
        ("250 ok", "550 5.1.1 unknown after all", true),
        ("250 ok", "550 5.7.28 too much mail", false),
        ("250 ok", "554 5.7.1 spam", false),
    ] {
        let server = MailServer::start(Script { rcpt: vec![rcpt], letter: vec![End::Says(letter)], ..secure() }).await;
        let outcome = send(&smtp(&settings(&server, "smtp")), "ana@example.org").await;
        assert_eq!(matches!(outcome, Outcome::Bounced { .. }), bounced, "{rcpt} / {letter}: {outcome:?}");
        assert_eq!(matches!(outcome, Outcome::Refused { .. }), !bounced, "{rcpt} / {letter}: {outcome:?}");
    }
}

/// A server without TLS and sign-in, so that with a stopped clock nothing but its silence lets time pass.
async fn silent(script: Script) -> (MailServer, Outcome) {
    let server = MailServer::start(Script { tls: Tls::None, ..script }).await;
    let mail = config::Mail {
        allow_plain: vec!["127.0.0.1".to_owned()],
        ..mail(&format!("smtp://127.0.0.1:{}", server.port))
    };
    let smtp = Smtp::new(&mail, None).unwrap();
    let outcome = send(&smtp, "ana@example.org").await;
    (server, outcome)
}

#[tokio::test(start_paused = true)]
async fn a_server_that_hangs_before_the_letter_is_asked_again_later() {
    for verb in ["220", "EHLO", "MAIL", "RCPT", "DATA"] {
        let (server, outcome) = silent(Script { hangs_at: Some(verb), ..Script::default() }).await;
        let answer = later(outcome);
        assert!(answer.contains("no answer in time"), "{verb}: {answer}");
        assert!(server.letters().is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_hangs_after_the_letter_may_have_taken_it() {
    let (server, outcome) = silent(Script { letter: vec![End::Hangs], ..Script::default() }).await;
    assert!(matches!(outcome, Outcome::Unknown { .. }), "{outcome:?}");
    assert_eq!(server.letters().len(), 1);
}

#[tokio::test]
async fn a_hundred_letters_leave_over_a_few_connections_and_one_that_is_refused_costs_no_other() {
    let server = MailServer::start(Script { unknown: Some("p37@example.org"), ..secure() }).await;
    let mail = config::Mail { connections: 4, ..settings(&server, "smtp") };
    let smtp = smtp(&mail);
    assert_eq!(smtp.at_once(), 4);
    let addresses: Vec<String> = (0..100).map(|n| format!("p{n}@example.org")).collect();
    let outcomes = futures_util::future::join_all(addresses.iter().map(|address| send(&smtp, address))).await;
    let taken = outcomes.iter().filter(|outcome| matches!(outcome, Outcome::Taken { .. })).count();
    assert_eq!(taken, 99);
    assert!(matches!(outcomes[37], Outcome::Bounced { .. }), "{:?}", outcomes[37]);
    assert_eq!(server.letters().iter().collect::<std::collections::BTreeSet<_>>().len(), 99, "all are different");
    assert!((1..=4).contains(&server.connections()), "{} connections", server.connections());
    smtp.close().await;
    assert_eq!(server.verbs().iter().filter(|verb| *verb == "QUIT").count(), server.connections());
}

#[tokio::test]
async fn letters_keep_the_pace_that_the_settings_ask_for() {
    let server = MailServer::start(secure()).await;
    let smtp = smtp(&config::Mail { per_minute: Some(3_000), ..settings(&server, "smtp") });
    send(&smtp, "p0@example.org").await;
    let begun = std::time::Instant::now();
    for n in 1..=10 {
        send(&smtp, &format!("p{n}@example.org")).await;
    }
    // The first slot of the ten is 20 ms after the one before, or has passed already.
    assert!(begun.elapsed().as_millis() >= 9 * 20, "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_wrong_password_is_not_the_readers_fault() {
    let server = MailServer::start(Script { auth: Some("535 5.7.8 no"), ..Script::default() }).await;
    let smtp = smtp(&settings(&server, "smtp"));
    let answer = later(send(&smtp, "ana@example.org").await);
    assert!(answer.starts_with("signing in at 127.0.0.1") && !answer.contains(PASSWORD), "{answer}");
    assert!(!server.verbs().contains(&"MAIL".to_owned()));
    assert_eq!(later(send(&smtp, "ben@example.org").await), answer);
    assert_eq!(server.connections(), 1, "a wrong password is tried once, whatever the number of readers");
    smtp.close().await;
    later(send(&smtp, "ana@example.org").await);
    assert_eq!(server.connections(), 2, "and again with the next run of letters");
}

#[tokio::test]
async fn a_refused_sender_or_a_missing_sign_in_is_not_the_readers_fault() {
    let server = MailServer::start(Script { mail: Some("553 5.7.1 not your address"), ..secure() }).await;
    later(send(&smtp(&settings(&server, "smtp")), "ana@example.org").await);
    let server = MailServer::start(Script { rcpt: vec!["530 5.7.0 sign in first"], ..secure() }).await;
    later(send(&smtp(&settings(&server, "smtp")), "ana@example.org").await);
}

#[tokio::test]
async fn the_answer_to_the_letter_decides() {
    for (end, refused) in [("554 5.7.1 looks like spam", true), ("452 4.3.1 disk full", false)] {
        let server = MailServer::start(Script { letter: vec![End::Says(end)], ..secure() }).await;
        let outcome = send(&smtp(&settings(&server, "smtp")), "ana@example.org").await;
        assert_eq!(matches!(outcome, Outcome::Refused { .. }), refused, "{outcome:?}");
        assert_eq!(matches!(outcome, Outcome::Later { .. }), !refused, "{outcome:?}");
    }
}

#[tokio::test]
async fn a_connection_cut_after_the_letter_leaves_it_unknown_and_the_same_bytes_go_again() {
    let server = MailServer::start(Script { letter: vec![End::Cuts], ..secure() }).await;
    let smtp = smtp(&settings(&server, "smtp"));
    let outcome = send(&smtp, "ana@example.org").await;
    assert!(matches!(outcome, Outcome::Unknown { .. }), "{outcome:?}");
    assert!(matches!(send(&smtp, "ana@example.org").await, Outcome::Taken { .. }));
    let letters = server.letters();
    assert_eq!((letters.len(), server.connections()), (2, 2));
    assert_eq!(letters[0], letters[1]);
}

#[tokio::test]
async fn where_nobody_listens_a_letter_waits() {
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = gone.local_addr().unwrap().port();
    drop(gone);
    let smtp = Smtp::new(&mail(&format!("smtps://127.0.0.1:{port}")), None).unwrap();
    let answer = later(send(&smtp, "ana@example.org").await);
    assert!(answer.starts_with(&format!("connecting to 127.0.0.1:{port}")), "{answer}");
}

#[tokio::test]
async fn a_line_that_is_a_single_dot_does_not_end_the_letter() {
    let server = MailServer::start(secure()).await;
    let (letter, mut bytes) = posted(&ana());
    bytes.extend_from_slice(b"\r\n.\r\nMAIL FROM:<eve@evil.example>\r\n..\r\n");
    let outcome = smtp(&settings(&server, "smtp")).deliver(&letter, &bytes, time(NOW)).await;
    assert!(matches!(outcome, Outcome::Taken { .. }), "{outcome:?}");
    assert_eq!(server.verbs().iter().filter(|verb| *verb == "MAIL").count(), 1);
    let taken = &server.letters()[0];
    assert_eq!(taken.strip_suffix(b"\r\n").unwrap_or(taken), bytes);
}

#[tokio::test]
async fn settings_that_cannot_work_are_named_before_anything_is_sent() {
    let cases = [
        ("http://mail.example", None, "begins with http"),
        ("smtps://ana:hunter2@mail.example", Some("x"), "holds a password"),
        ("smtps://ana@mail.example", None, "there is no password"),
        ("smtp:", None, "names no host"),
    ];
    for (url, password, expected) in cases {
        let error = Smtp::new(&mail(url), password.map(str::to_owned)).err().unwrap().to_string();
        assert!(error.contains(expected) && !error.contains("hunter2"), "{url}: {error}");
    }
    let missing = config::Mail { ca_file: Some("/nowhere/ca.pem".into()), ..mail("smtps://mail.example") };
    assert!(Smtp::new(&missing, None).err().unwrap().to_string().contains("ca_file"));
}
