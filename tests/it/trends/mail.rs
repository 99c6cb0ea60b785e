//! Trends by mail: the pictures travel inside the letter.

use std::fs;

use tidings::config::read_settings;
use tidings::edition::trends::Trends;
use tidings::edition::{ChannelName, Reader};
use tidings::tell::channel::mail::Sender;
use tidings::tell::letter;
use tidings::tell::message::Message;
use tidings::tell::render;

fn letter_of(case: &str) -> String {
    let path = format!("{}/tests/fixtures/trends/{case}.json", env!("CARGO_MANIFEST_DIR"));
    let trends: Trends = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let rendered = render::trends(&trends).unwrap();
    let settings = "[mail]\nsmtp = \"smtps://mail.example.org\"\nfrom = \"Tidings <tidings@lab.example>\"\n";
    let sender = Sender::new(&read_settings("tidings.toml", settings).unwrap().mail.unwrap()).unwrap();
    let reader = Reader { channel: ChannelName::Mail, address: "ana@lab.example".to_owned(), name: String::new() };
    let message = Message::Trends(&trends, &rendered);
    let (letter, bytes) = letter::mail(message, &reader, &sender, "2026-12-01T08:00:00Z".parse().unwrap()).unwrap();
    assert_eq!(letter.key, "trends/2026-11/ana@lab.example/mail");
    String::from_utf8(bytes).expect("mail is ASCII on the wire")
}

/// Quoted-printable, undone as far as is needed to look for words.
fn unfolded(mail: &str) -> String {
    mail.replace("=\r\n", "").replace("=3D", "=")
}

#[test]
fn each_picture_is_inside_the_letter_and_found_by_its_content_id() {
    let mail = letter_of("full");
    let words = unfolded(&mail);
    let ids: Vec<&str> = mail.split("Content-ID: <").skip(1).map(|rest| rest.split('>').next().unwrap()).collect();
    assert_eq!(ids.len(), 2);
    assert_ne!(ids[0], ids[1]);
    for id in &ids {
        assert!(id.ends_with("@lab.example"), "{id}");
        assert_eq!(words.matches(&format!("src=\"cid:{id}\"")).count(), 1, "the HTML shows {id} once");
    }
    assert!(!words.contains("src=\"rising.png\""));
    assert_eq!(mail.matches("Content-Type: image/png").count(), 2);
    assert_eq!(mail.matches("Content-Disposition: inline").count(), 2);
    let order = ["multipart/alternative", "text/plain", "multipart/related", "text/html", "image/png"];
    let places: Vec<usize> = order.iter().map(|kind| mail.find(&format!("Content-Type: {kind}")).unwrap()).collect();
    assert!(places.is_sorted(), "{places:?}");
    assert!(mail.lines().all(|line| line.len() <= 998));
    assert!(mail.contains("List-Id: tidings trends <trends.tidings.lab.example>"));
}

#[test]
fn foreign_words_that_look_like_a_picture_are_none() {
    let words = unfolded(&letter_of("hostile"));
    assert_eq!(words.matches("src=\"cid:").count(), 2, "the two charts, and nothing that a title says");
}

#[test]
fn the_same_letter_has_the_same_bytes() {
    assert_eq!(letter_of("full"), letter_of("full"));
}
