//! The whole river: from recorded pages to editions and letters.

mod demo;
mod telling;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use tidings::config::{Config, read_settings, read_sources};
use tidings::edition::{ChannelName, Letter, LetterState};
use tidings::fetch::recorded::Recorded;
use tidings::flow::{self, Asked, Doors, Report, Setup, Unwatched};
use tidings::home::Home;
use tidings::keep::Keep;
use tidings::story::Story;
use tidings::tell::{Channel, Delivered, Outcome};

/// A mail server's stand-in: it holds every letter to what RFC 5322 asks of one, answers as it is told, and remembers.
#[derive(Default)]
pub struct Postbox {
    /// Answers for the next letters; after them everything is taken.
    pub answers: Mutex<Vec<Outcome>>,
    /// Key and bytes of every try.
    pub tries: Mutex<Vec<(String, Vec<u8>)>>,
}

impl Postbox {
    pub fn keys(&self) -> Vec<String> {
        self.tries.lock().unwrap().iter().map(|(key, _)| key.clone()).collect()
    }
}

impl Channel for Postbox {
    fn deliver<'a>(&'a self, letter: &'a Letter, bytes: &'a [u8], _now: Timestamp) -> Delivered<'a> {
        assert_eq!(letter.state, LetterState::Sending, "a try is written down before it begins");
        let text = String::from_utf8(bytes.to_vec()).expect("mail is ASCII on the wire");
        let (head, _) = text.split_once("\r\n\r\n").expect("a letter has a head and a body");
        for header in ["From: ", "To: ", "Date: ", "Message-ID: "] {
            assert_eq!(
                head.matches(&format!("\r\n{header}")).count() + usize::from(head.starts_with(header)),
                1,
                "{header}"
            );
        }
        assert!(head.contains(&letter.message_id), "the Message-ID is the letter's");
        self.tries.lock().unwrap().push((letter.key.clone(), bytes.to_vec()));
        let mut answers = self.answers.lock().unwrap();
        let outcome =
            if answers.is_empty() { Outcome::Taken { answer: "250 ok".to_owned() } } else { answers.remove(0) };
        Box::pin(async move { outcome })
    }
}

/// A home in a folder, with mail to two people.
pub fn setup(folder: &Path, sources: &str) -> Setup {
    let settings = "
        [schedule]
        zone = \"Europe/London\"
        [interests]
        watch = [\"lantern-code\"]
        [mail]
        smtp = \"smtps://mail.example.org\"
        from = \"Tidings <tidings@lab.example>\"
        [[people]]
        address = \"ana@lab.example\"
        [[people]]
        address = \"ben@lab.example\"
        name = \"Ben\"
    ";
    let config: Config = read_settings("tidings.toml", settings).unwrap();
    Setup { home: Home::at(folder), sources: read_sources("sources.toml", sources).unwrap(), config }
}

/// One source, official, about lantern-code.
pub const ONE_SOURCE: &str = "
    [[source]]
    name = \"Lantern\"
    from.feed = \"https://lantern.example/feed.xml\"
    trust = \"official\"
    topics = [\"lantern-code\"]
";

/// Writes the page that the one source answers with.
pub fn record(pass: &Path, items: &[(&str, &str, &str)]) {
    std::fs::create_dir_all(pass).unwrap();
    let items: String = items
        .iter()
        .map(|(id, title, text)| {
            format!(
                "<item><guid isPermaLink=\"false\">{id}</guid><title>{title}</title>\
                 <link>https://lantern.example/{id}</link><description>{text}</description></item>"
            )
        })
        .collect();
    let body = format!("<rss version=\"2.0\"><channel><title>Lantern</title>{items}</channel></rss>");
    let page = format!("HTTP/1.1 200 OK\ncontent-type: application/rss+xml\n\n{body}");
    std::fs::write(pass.join("lantern.example-feed.xml.http"), page).unwrap();
}

/// One run at a time, on a recorded pass, with a postbox for mail.
pub async fn run(setup: &Setup, pass: &Path, postbox: &Arc<Postbox>, now: &str) -> Report {
    let mail: Arc<dyn Channel> = postbox.clone();
    let doors = Doors { carrier: Arc::new(Recorded::new(pass)), channels: BTreeMap::from([(ChannelName::Mail, mail)]) };
    flow::run(setup, &doors, &Asked::All, now.parse().unwrap(), &Unwatched).await.unwrap()
}

/// Every story of a home.
pub fn stories(keep: &Keep) -> Vec<Story> {
    let far: Timestamp = "2100-01-01T00:00:00Z".parse().unwrap();
    keep.stories_risen(Timestamp::UNIX_EPOCH, far).unwrap()
}
