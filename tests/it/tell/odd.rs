//! Titles that would like to be more than words: what stands in the letters that tell them.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use tidings::edition::{Telling, message_hash};
use tidings::tell::channel::mail::Sender;
use tidings::tell::message::Message;
use tidings::tell::{alert, letter, render};
use tidings::verdict::Level;

use super::samples::{ana, mail, telling};

/// The letter of an alert with this title and link.
fn letter_with(title: &str, url: Option<&str>) -> String {
    let telling = Telling {
        level: Level::Critical,
        title: title.to_owned(),
        excerpt: title.to_owned(),
        url: url.map(|url| url.parse().unwrap()),
        ..telling(1)
    };
    let alert = alert::raise(telling, "2026-11-21T09:00:00Z".parse().unwrap(), &TimeZone::UTC);
    let rendered = render::alert(&alert).unwrap();
    let sender = Sender::new(&mail("smtps://mail.example")).unwrap();
    let message = Message::Alert(&alert, &rendered);
    let (_, bytes) = letter::mail(message, &ana(), &sender, Timestamp::UNIX_EPOCH).unwrap();
    String::from_utf8(bytes).expect("a letter is ASCII")
}

/// The names of its headers.
fn headers(mail: &str) -> Vec<String> {
    let head = mail.split("\r\n\r\n").next().unwrap().replace("\r\n ", " ").replace("\r\n\t", " ");
    head.split("\r\n").map(|line| line.split_once(": ").unwrap().0.to_owned()).collect()
}

#[test]
fn a_title_with_line_breaks_adds_no_header_and_ends_no_head() {
    let plain = headers(&letter_with("Plain", None));
    for title in [
        "a\r\nBcc: eve@evil.example",
        "a\nBcc: eve@evil.example\n\nbody",
        "a\rBcc: eve@evil.example",
        "a\u{2028}Bcc: eve@evil.example",
        "a\u{85}Bcc: eve@evil.example",
        "a\0b\r\n.\r\nMAIL FROM:<eve@evil.example>",
        "é\r\n =?utf-8?q?x?=\r\nBcc: eve@evil.example",
    ] {
        assert_eq!(headers(&letter_with(title, None)), plain, "{title:?}");
    }
}

#[test]
fn marks_that_turn_words_around_are_gone_from_every_part() {
    let mail = letter_with("safe \u{202e}txt.exe\u{202c} \u{2066}x\u{2069} \u{200f}y \u{e0041}\u{200b}z", None);
    let decoded = mail.replace("=\r\n", "");
    for mark in ["=E2=80=AE", "=E2=80=AC", "=E2=81=A6", "=E2=81=A9", "=E2=80=8F", "=E2=80=8B", "=F3=A0"] {
        assert!(!decoded.contains(mark), "{mark}");
    }
}

#[test]
fn a_title_of_five_megabytes_makes_a_small_letter() {
    for title in ["long words ".repeat(500_000), "x".repeat(5_000_000), "\u{202e}\n".repeat(1_250_000)] {
        let mail = letter_with(&title, None);
        assert!(mail.len() < 30_000, "{} bytes", mail.len());
        let subject = mail.split("Subject: ").nth(1).unwrap().split("\r\n").next().unwrap();
        assert!((10..=78).contains(&subject.chars().count()), "{subject}");
    }
}

#[test]
fn html_in_a_title_stays_words() {
    let mail = letter_with("<img src=x onerror=alert(1)><script>alert(2)</script><!-- how to leave -->", None);
    let html = mail.split("text/html").nth(1).unwrap().replace("=\r\n", "");
    assert!(!html.contains("<img") && !html.contains("<script"), "{html}");
    assert!(html.contains("&lt;script&gt;"));
    assert!(html.contains("mailto:admin@lab.example"), "how to leave still stands there");
}

#[test]
fn links_that_run_or_carry_a_page_are_words_at_most() {
    for url in ["javascript:alert(1)", "data:text/html,<script>alert(1)</script>", "vbscript:x", "file:///etc/passwd"] {
        let mail = letter_with("A title", Some(url)).replace("=\r\n", "");
        assert!(!mail.contains(&url[..url.find(':').unwrap() + 1]), "{url}");
    }
}

#[test]
fn the_same_title_gives_the_same_letter_and_another_reader_another_id() {
    assert_eq!(letter_with("a\u{202e}b", None), letter_with("a\u{202e}b", None));
    assert_ne!(message_hash("alert/s-1/a@b.example/mail"), message_hash("alert/s-1/b@b.example/mail"));
}
