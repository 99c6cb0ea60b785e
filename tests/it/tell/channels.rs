//! What every channel that leads to one place writes: as its snapshots say, within its limits, and whatever the words are.

use std::fs;
use std::path::Path;

use serde_json::Value;
use tidings::config::{Config, read_settings};
use tidings::edition::{Alert, ChannelName, Digest, Reader, Rollup, Telling};
use tidings::tell::letter;
use tidings::tell::message::Message;
use tidings::tell::{alert, notice, render, trial};
use tidings::verdict::{Category, Level};

use super::samples::{digest, period, telling, time};

const NOW: &str = "2026-11-23T07:05:00Z";

/// Every channel but mail, set up.
pub fn settings() -> Config {
    let text = "[webhook]\nurl = \"https://desk.example/in\"\n\
                [ntfy]\nurl = \"https://ntfy.example\"\ntopic = \"lab-tidings\"\n\
                [slack]\nurl_env = \"SLACK\"\n\
                [apprise]\nurl = \"https://box.example/notify/lab\"\n\
                [notion]\ntoken_env = \"NOTION\"\nreports = \"00000000000000000000000000000001\"\n";
    read_settings("tidings.toml", text).unwrap()
}

pub const CHANNELS: [ChannelName; 5] =
    [ChannelName::Webhook, ChannelName::Ntfy, ChannelName::Slack, ChannelName::Apprise, ChannelName::Notion];

pub fn written(channel: ChannelName, message: Message<'_>) -> Vec<u8> {
    let reader = Reader { channel, address: "lab".to_owned(), name: String::new() };
    letter::write(message, &reader, &settings(), time(NOW)).unwrap().1
}

fn read<T: serde::de::DeserializeOwned>(kind: &str, case: &str) -> T {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(kind).join(case).with_extension("json");
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// Hands each edition to the check: the fixtures, and the largest that can be.
fn for_each_edition(check: impl Fn(&str, Message<'_>)) {
    for case in ["full", "hostile"] {
        let digest: Digest = read("digest", case);
        check(&format!("digest-{case}"), Message::Digest(&digest, &render::digest(&digest).unwrap()));
    }
    for case in ["critical", "hostile"] {
        let alert: Alert = read("alert", case);
        check(&format!("alert-{case}"), Message::Alert(&alert, &render::alert(&alert).unwrap()));
    }
    let rollup: Rollup = read("rollup", "more");
    check("rollup-more", Message::Rollup(&rollup, &render::rollup(&rollup).unwrap()));
    let words = notice::closed("slack", "410 channel_is_archived");
    check("notice", Message::Notice { name: "closed-slack-2026-11-23", at: time(NOW), rendered: &words });
    check("trial", Message::Trial(time(NOW), &trial::rendered()));
}

#[test]
fn every_channel_writes_what_its_snapshot_says() {
    for_each_edition(|case, message| {
        for channel in &CHANNELS[1..] {
            let value: Value = serde_json::from_slice(&written(*channel, message)).unwrap();
            insta::with_settings!({
                snapshot_path => "../../fixtures/channel",
                prepend_module_to_snapshot => false,
                omit_expression => true,
            }, {
                insta::assert_snapshot!(format!("{case}.{}", channel.word()), serde_json::to_string_pretty(&value).unwrap());
            });
        }
    });
}

#[test]
fn the_same_message_gives_the_same_bytes_on_every_channel() {
    for_each_edition(|case, message| {
        for channel in CHANNELS {
            assert_eq!(written(channel, message), written(channel, message), "{case} on {}", channel.word());
        }
    });
}

/// All texts in a value, with what stands in them.
fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(values) => values.iter().flat_map(texts).collect(),
        Value::Object(values) => values.values().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}

/// Titles, sources, excerpts, actions and addresses at their worst.
fn evil() -> Vec<Telling> {
    let words = [
        "Two\r\nlines\r\nBcc: eve@evil.example",
        "\u{202e}gpj.exe\u{202c} \u{200f}right to left\u{2066}",
        "<!channel> <!here> <!everyone> @everyone @channel <@U024BE7LH> <https://evil.example|click>",
        "<b>bold</b><img src=x onerror=alert(1)><script>alert(1)</script> &lt;!channel&gt;",
        "*bold* _it_ `code` [here](javascript:alert(1)) {{ 7*7 }} \u{0}\u{1b}[31mred",
    ];
    let addresses = [
        "javascript:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "https://ok.example/a|b>c?d=<e>&f=\"g\"",
        "file:///etc/passwd",
        "https://ok.example/plain",
    ];
    let all = words.iter().zip(addresses).enumerate();
    all.map(|(n, (words, url))| Telling {
        title: (*words).to_owned(),
        source: (*words).to_owned(),
        excerpt: (*words).to_owned(),
        action: Some((*words).to_owned()),
        url: Some(url.parse().unwrap()),
        category: [Category::Security, Category::Feature, Category::Tool, Category::Technique, Category::Breaking][n],
        level: Level::Critical,
        ..telling(n)
    })
    .collect()
}

#[test]
fn hostile_words_stay_words_on_every_channel() {
    let digest = digest(evil());
    let rendered = render::digest(&digest).unwrap();
    let alerts: Vec<Alert> =
        evil().into_iter().map(|telling| alert::raise(telling, time(NOW), &period().zone)).collect();
    let pages: Vec<_> = alerts.iter().map(|alert| render::alert(alert).unwrap()).collect();
    let mut messages = vec![Message::Digest(&digest, &rendered)];
    messages.extend(alerts.iter().zip(&pages).map(|(alert, page)| Message::Alert(alert, page)));
    for channel in CHANNELS {
        for message in &messages {
            let bytes = written(channel, *message);
            let value: Value = serde_json::from_slice(&bytes).unwrap();
            for text in texts(&value) {
                let place = format!("{} {}: {text:?}", channel.word(), message.edition());
                let hidden = |c: char| {
                    (c.is_control() && c != '\n')
                        || ('\u{2066}'..='\u{2069}').contains(&c)
                        || ('\u{202a}'..='\u{202e}').contains(&c)
                        || c == '\u{200f}'
                };
                assert!(!text.contains(hidden), "{place}");
                assert!(!text.starts_with("javascript:") && !text.starts_with("data:"), "{place}");
                assert!(!text.contains("\nBcc:"), "{place}");
                if channel == ChannelName::Slack {
                    assert!(!text.contains("<!") && !text.contains("<@") && !text.contains("<script"), "{place}");
                    assert!(
                        !text.contains("<javascript") && !text.contains("<data") && !text.contains("<file"),
                        "{place}"
                    );
                }
            }
            // What may be opened is an address of the web.
            for (name, link) in links(&value) {
                assert!(link.starts_with("https://ok.example/"), "{} {name}: {link}", channel.word());
            }
        }
    }
}

/// The values under names that a service opens.
fn links(value: &Value) -> Vec<(String, String)> {
    match value {
        Value::Array(values) => values.iter().flat_map(links).collect(),
        Value::Object(values) => values
            .iter()
            .flat_map(|(name, value)| match value.as_str() {
                Some(text) if ["url", "click", "link"].contains(&name.as_str()) => {
                    vec![(name.clone(), text.to_owned())]
                }
                _ => links(value),
            })
            .collect(),
        _ => Vec::new(),
    }
}

#[test]
fn a_title_of_five_megabytes_stays_a_title_on_every_channel() {
    let long = |n: usize| Telling {
        title: ["long words ", "長い言葉", "&<>", "𝔱𝔦𝔱𝔩𝔢"][n % 4].repeat(500_000),
        source: "x".repeat(5_000_000),
        excerpt: "&".repeat(5_000_000),
        action: Some("`rm` ".repeat(1_000_000)),
        url: Some(format!("https://ok.example/{}", "a".repeat(5_000_000)).parse().unwrap()),
        level: Level::Critical,
        ..telling(n)
    };
    let digest = digest((0..4).map(long).collect());
    let rendered = render::digest(&digest).unwrap();
    let alert = alert::raise(long(1), time(NOW), &period().zone);
    let page = render::alert(&alert).unwrap();
    for channel in CHANNELS {
        for message in [Message::Digest(&digest, &rendered), Message::Alert(&alert, &page)] {
            let bytes = written(channel, message).len();
            assert!(bytes < 40_000, "{} has {bytes} bytes", channel.word());
        }
    }
}

#[test]
fn the_largest_edition_says_how_many_stories_found_no_room() {
    let long = |n: usize| Telling {
        title: "記事".repeat(100),
        source: "長".repeat(80),
        excerpt: "&".repeat(320),
        action: Some("記".repeat(240)),
        url: Some(format!("https://news.example/{}", "a".repeat(900)).parse().unwrap()),
        level: Level::Critical,
        ..telling(n)
    };
    let digest = digest((0..120).map(long).collect());
    let rendered = render::digest(&digest).unwrap();
    let message = Message::Digest(&digest, &rendered);
    for channel in &CHANNELS[1..] {
        let value: Value = serde_json::from_slice(&written(*channel, message)).unwrap();
        let all = texts(&value).join("\n");
        let words = all.split("… and ").nth(1).unwrap_or_else(|| panic!("{} says nothing", channel.word()));
        let more: usize = words.split(' ').next().unwrap().parse().unwrap();
        assert!(
            (1..=120).contains(&more) && words.contains("more in the lab's digests."),
            "{}: {words}",
            channel.word()
        );
    }
}
