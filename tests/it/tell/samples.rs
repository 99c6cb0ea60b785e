//! Made-up tellings, digests and letters that the tests of telling share.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use tidings::config;
use tidings::edition::{ChannelName, Counts, Digest, EditionKind, Facts, Reader, Telling};
use tidings::item::ItemId;
use tidings::source::Trust;
use tidings::story::StoryId;
use tidings::tell::digest::{Period, choose};
use tidings::tell::ranking::Ranking;
use tidings::verdict::{Category, Level, Reason};

pub fn time(words: &str) -> Timestamp {
    words.parse().unwrap()
}

/// Whatever `number` is, the telling is a notable feature of a source of its own.
pub fn telling(number: usize) -> Telling {
    Telling {
        story: StoryId(format!("s-{number:010}")),
        item: ItemId(format!("i-{number:010}")),
        level: Level::Notable,
        category: Category::Feature,
        title: format!("Title {number}"),
        url: Some(format!("https://news.example/{number}").parse().unwrap()),
        source: format!("source {number}"),
        trust: Trust::Expert,
        at: time("2026-11-18T10:00:00Z"),
        excerpt: "A sentence of the source's own.".to_owned(),
        action: None,
        why: vec![Reason { by: "relevance".to_owned(), text: "It fits.".to_owned() }],
        also: Vec::new(),
        update: false,
        unverified: false,
        facts: Facts::default(),
        streams: Vec::new(),
    }
}

pub fn period() -> Period {
    Period {
        week: "2026-W47".to_owned(),
        from: time("2026-11-16T07:00:00Z"),
        to: time("2026-11-23T07:00:00Z"),
        zone: TimeZone::get("Europe/London").unwrap(),
    }
}

pub fn digest(tellings: Vec<Telling>) -> Digest {
    digest_with(tellings, &[])
}

/// With these sources' own shares.
pub fn digest_with(tellings: Vec<Telling>, shares: &[(&str, usize)]) -> Digest {
    let shares = shares.iter().map(|(source, most)| ((*source).to_owned(), *most)).collect();
    let counts = Counts { read: 1_204, told: 0, sources: 38, sources_failing: 0, set_aside: 0 };
    choose(tellings, &period(), counts, Vec::new(), &shares, &Ranking::default())
}

pub fn ana() -> Reader {
    Reader { channel: ChannelName::Mail, address: "ana@example.org".to_owned(), name: "Ana Example".to_owned() }
}

/// Where a webhook leads.
pub fn desk() -> Reader {
    Reader { channel: ChannelName::Webhook, address: "desk".to_owned(), name: String::new() }
}

pub fn mail(smtp: &str) -> config::Mail {
    config::Mail {
        smtp: smtp.parse().unwrap(),
        from: "Lab tidings <tidings@lab.example>".to_owned(),
        reply_to: Some("admin@lab.example".to_owned()),
        admin: None,
        password: None,
        allow_plain: Vec::new(),
        ca_file: None,
        per_minute: None,
        connections: 1,
        tells: EditionKind::TOLD.to_vec(),
    }
}
