//! The whole river: from recorded pages to editions and letters.

pub mod demo;
mod faults;
mod github;
mod heartbeat;
mod hostile;
mod telling;
mod sending;
mod leaving;
mod stopping;
mod channels;
mod killed;
mod restoring;
mod clock;
mod kinds;
mod reddit;
mod model;
mod explaining;
mod trends;
mod teaching;
pub mod sessions;
mod sharing;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use tidings::config::{read_settings, read_sources};
use tidings::edition::{ChannelName, Digest, Letter, LetterState};
use tidings::fetch::Carrier;
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

/// A lab with mail to two people that watches one official source about lantern-code.
pub struct Lab {
    pub folder: tempfile::TempDir,
    pub setup: Setup,
    pub postbox: Arc<Postbox>,
}

/// An item of the source: guid, title, text.
pub type Told = (&'static str, &'static str, &'static str);

impl Lab {
    pub fn new() -> Lab {
        let folder = tempfile::tempdir().unwrap();
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
        let sources = "
            [[source]]
            name = \"Lantern\"
            from.feed = \"https://lantern.example/feed.xml\"
            trust = \"official\"
            topics = [\"lantern-code\"]
        ";
        let setup = Setup {
            sessions: Vec::new(),
            home: Home::at(folder.path().join("home")),
            sources: read_sources("sources.toml", sources).unwrap(),
            config: read_settings("tidings.toml", settings).unwrap(),
        };
        Lab { folder, setup, postbox: Arc::default() }
    }

    /// A page with these items, in place of the web.
    pub fn page(&self, items: &[Told]) -> Arc<dyn Carrier> {
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
        let pass = self.folder.path().join("pass");
        std::fs::create_dir_all(&pass).unwrap();
        std::fs::write(pass.join("lantern.example-feed.xml.http"), page).unwrap();
        Arc::new(Recorded::new(pass))
    }

    /// One run at a time, in which the source has these items.
    pub async fn run(&self, now: &str, items: &[Told]) -> Report {
        let mail: Arc<dyn Channel> = self.postbox.clone();
        let doors = Doors {
            carrier: self.page(items),
            channels: BTreeMap::from([(ChannelName::Mail, mail)]),
            model: flow::ModelDoor::Shut,
            forge: Default::default(),
        };
        flow::run(&self.setup, &doors, &Asked::All, now.parse().unwrap(), &Unwatched).await.unwrap()
    }

    /// The stories of a week's digest by title, and whether each is told as an update.
    pub fn told(&self, week: &str) -> Vec<(String, bool)> {
        let path = self.setup.home.digests().join(week).join("digest.json");
        let digest: Digest = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let stories = digest.sections.into_iter().flat_map(|section| section.stories);
        stories.map(|story| (story.title, story.update)).collect()
    }

    /// Answers of the mail server for the next letters.
    pub fn answers(&self, answers: impl IntoIterator<Item = Outcome>) {
        self.postbox.answers.lock().unwrap().extend(answers);
    }
}

/// Every story of a home.
pub fn stories(keep: &Keep) -> Vec<Story> {
    let far: Timestamp = "2100-01-01T00:00:00Z".parse().unwrap();
    keep.stories_risen(Timestamp::UNIX_EPOCH, far).unwrap()
}
