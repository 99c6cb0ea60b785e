//! A made year through the whole river: what rose and what will go is told in its month, once.

use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;

use jiff::Timestamp;
use tidings::config::{read_settings, read_sources};
use tidings::edition::ChannelName;
use tidings::edition::trends::Trends;
use tidings::fetch::recorded::Recorded;
use tidings::flow::{self, Asked, Doors, Report, Setup, Unwatched};
use tidings::home::Home;
use tidings::keep::Keep;
use tidings::tell::Channel;

use super::Postbox;
use crate::support::made_year::{Made, Plant, Year};

/// Sources of the made year; the last is the maker of lantern-code.
const SOURCES: u64 = 6;

struct YearOfALab {
    folder: tempfile::TempDir,
    setup: Setup,
    postbox: Arc<Postbox>,
    year: Year,
}

impl YearOfALab {
    fn new(seed: u64) -> YearOfALab {
        let folder = tempfile::tempdir().unwrap();
        let settings = "
            [schedule]
            zone = \"Europe/London\"
            trends = \"10 07:00\"
            [interests]
            watch = [\"lantern-code\"]
            [mail]
            smtp = \"smtps://mail.example.org\"
            from = \"Tidings <tidings@lab.example>\"
            [[people]]
            address = \"ana@lab.example\"
        ";
        let mut sources = String::new();
        for source in 0..SOURCES {
            let trust = if source + 1 == SOURCES { "official" } else { "expert" };
            sources.push_str(&format!(
                "[[source]]\nname = \"Source {source}\"\nfrom.feed = \"https://source{source}.example/feed.xml\"\n\
                 trust = \"{trust}\"\ntopics = [\"lantern-code\"]\n"
            ));
        }
        let setup = Setup {
            sessions: Vec::new(),
            home: Home::at(folder.path().join("home")),
            sources: read_sources("sources.toml", &sources).unwrap(),
            config: read_settings("tidings.toml", settings).unwrap(),
        };
        let plant = Plant::Burst { month: 7, phrase: "quillon mesh", stories: 14 };
        let year = Year { seed, stories: 60, sources: SOURCES, plants: vec![plant] };
        YearOfALab { folder, setup, postbox: Arc::default(), year }
    }

    /// The run on the tenth of a month, 0 to 12: it reads the month's stories, and closes the month before.
    async fn run(&self, month: usize) -> Report {
        let (year, number) = (2026 + month / 12, month % 12 + 1);
        let pass = self.folder.path().join(format!("pass{month}"));
        fs::create_dir_all(&pass).unwrap();
        let mut pages = vec![String::new(); SOURCES as usize];
        let stories = if month < 12 { self.year.month(month) } else { Vec::new() };
        for (place, made) in stories.iter().enumerate() {
            let source: usize = made.source.trim_start_matches("Source ").parse().unwrap();
            let day = 2 + place % 8;
            pages[source].push_str(&item(made, &format!("{month}-{place}"), &format!("{year}-{number:02}-{day:02}")));
        }
        if month == 8 {
            pages[SOURCES as usize - 1].push_str(&format!(
                "<item><guid isPermaLink=\"false\">goes</guid><title>The old hooks of lantern-code</title>\
                 <link>https://source5.example/goes</link><pubDate>{year}-{number:02}-03T08:00:00Z</pubDate>\
                 <description>We thank all who used them. The v1 hooks endpoint will be shut down on November 20, 2026. \
                 Use the v2 endpoint instead.</description></item>"
            ));
        }
        for (source, items) in pages.iter().enumerate() {
            let body = format!("<rss version=\"2.0\"><channel><title>News</title>{items}</channel></rss>");
            let page = format!("HTTP/1.1 200 OK\ncontent-type: application/rss+xml\n\n{body}");
            fs::write(pass.join(format!("source{source}.example-feed.xml.http")), page).unwrap();
        }
        let mail: Arc<dyn Channel> = self.postbox.clone();
        let doors = Doors {
            carrier: Arc::new(Recorded::new(pass)),
            channels: BTreeMap::from([(ChannelName::Mail, mail)]),
            model: flow::ModelDoor::Shut,
            forge: Default::default(),
        };
        let now: Timestamp = format!("{year}-{number:02}-10T08:00:00Z").parse().unwrap();
        flow::run(&self.setup, &doors, &Asked::All, now, &Unwatched).await.unwrap()
    }

    fn trends(&self, month: &str) -> Trends {
        serde_json::from_str(&fs::read_to_string(self.file(month, "trends.json")).unwrap()).unwrap()
    }

    fn file(&self, month: &str, name: &str) -> std::path::PathBuf {
        self.setup.home.digests().join("trends").join(month).join(name)
    }

    /// What lies in a month's folder.
    fn bytes(&self, month: &str) -> BTreeMap<String, Vec<u8>> {
        let files = fs::read_dir(self.setup.home.digests().join("trends").join(month)).unwrap();
        let files = files.map(|file| file.unwrap().path());
        files.map(|file| (file.file_name().unwrap().to_string_lossy().into_owned(), fs::read(&file).unwrap())).collect()
    }
}

/// A story of the year, about what the lab reads. What is planted stands in the text: in titles it would make one story of
/// all that tell it within two weeks.
fn item(made: &Made, id: &str, date: &str) -> String {
    let (planted, title) = match made.title.strip_prefix("quillon mesh ") {
        Some(title) => ("Quillon mesh. ", title),
        None => ("", made.title.as_str()),
    };
    format!(
        "<item><guid isPermaLink=\"false\">{id}</guid><title>{title} for coding agents</title>\
         <link>https://{}/{id}</link><pubDate>{date}T08:00:00Z</pubDate><description>{planted}{}</description></item>",
        made.site, made.text
    )
}

#[tokio::test]
async fn a_year_tells_the_planted_burst_and_the_planted_retirement_in_their_months_and_each_once() {
    let lab = YearOfALab::new(1);
    for month in 0..13 {
        let report = lab.run(month).await;
        let expected = if month == 0 { Vec::new() } else { vec![format!("2026-{month:02}")] };
        assert_eq!(report.acts.trends, expected);
    }
    for number in 1..=12 {
        let trends = lab.trends(&format!("2026-{number:02}"));
        let rising: Vec<String> = trends.rising.iter().map(|rise| rise.term.to_lowercase()).collect();
        assert_eq!(rising, if number == 8 { vec!["quillon mesh"] } else { Vec::new() }, "month {number}");
        let going: Vec<(&str, i64, bool)> =
            trends.retirements.iter().map(|one| (one.retirement.what.as_str(), one.days_left, one.is_new)).collect();
        let expected = match number {
            9 => vec![("v1 hooks endpoint", 41, true)],
            10 => vec![("v1 hooks endpoint", 10, false)],
            _ => Vec::new(),
        };
        assert_eq!(going, expected, "month {number}");
        assert_eq!(trends.months.len(), number as usize);
    }
    let keys: Vec<String> = lab.postbox.keys().into_iter().filter(|key| key.starts_with("trends/")).collect();
    let expected: Vec<String> = (1..=12).map(|month| format!("trends/2026-{month:02}/ana@lab.example/mail")).collect();
    assert_eq!(keys, expected);

    let text = fs::read_to_string(lab.file("2026-08", "trends.txt")).unwrap();
    assert!(text.contains("1 TOPIC IS TOLD FAR MORE THAN BEFORE") && text.contains("uillon mesh"), "{text}");
    let text = fs::read_to_string(lab.file("2026-07", "trends.txt")).unwrap();
    assert!(text.contains("NOTHING STOOD OUT IN JULY 2026"), "{text}");

    // Written again, with tallies that are made anew, it has the same bytes; and nobody gets it twice.
    let now: Timestamp = "2027-01-10T09:00:00Z".parse().unwrap();
    let first = lab.bytes("2026-12");
    assert!(first.contains_key("months.png"), "{:?}", first.keys());
    flow::reindex(&lab.setup.home, now).unwrap();
    assert_eq!(flow::write_trends(&lab.setup, Some("2026-12"), now).unwrap(), "2026-12");
    assert!(first == lab.bytes("2026-12"), "the same month gives the same bytes");
    let letters = Keep::open(lab.setup.home.folder(), "a test", now).unwrap().letters().unwrap();
    assert_eq!(letters.iter().filter(|letter| letter.edition.starts_with("trends/")).count(), 12);
}

#[tokio::test]
async fn a_month_in_which_nothing_was_read_is_no_edition_and_an_old_one_leaves_only_for_a_reason() {
    let lab = YearOfALab::new(2);
    lab.run(0).await;
    lab.run(1).await;
    // Off for four months: February is written, and is too old to be mailed; March to May had nothing.
    let report = lab.run(5).await;
    assert_eq!(report.acts.trends, ["2026-02"]);
    assert!(report.acts.not_mailed.contains(&"trends/2026-02".to_owned()), "{:?}", report.acts.not_mailed);
    assert!(!lab.file("2026-03", "trends.json").exists());
    let sent = || lab.postbox.keys().into_iter().filter(|key| key.starts_with("trends/2026-02/")).count();
    assert_eq!(sent(), 0);

    let now: Timestamp = "2026-06-10T09:00:00Z".parse().unwrap();
    let mail: Arc<dyn Channel> = lab.postbox.clone();
    let doors = Doors {
        carrier: Arc::new(Recorded::new(lab.folder.path().join("pass5"))),
        channels: BTreeMap::from([(ChannelName::Mail, mail)]),
        model: flow::ModelDoor::Shut,
        forge: Default::default(),
    };
    let send = async |month: &str, reason| flow::send_trends(&lab.setup, &doors, Some(month), reason, now).await;
    let error = send("2026-02", None).await.unwrap_err().to_string();
    assert!(error.contains("closed 92 days ago") && error.contains("--force"), "{error}");
    let error = send("2026-06", None).await.unwrap_err().to_string();
    assert!(error.contains("is still open until Friday 10 July 07:00"), "{error}");
    assert_eq!(send("2026-02", Some("the lab asked")).await.unwrap().acts.letters_sent, 1);
    assert_eq!(send("2026-02", Some("the lab asked")).await.unwrap().acts.letters_sent, 0, "told once");
    let told = fs::read_to_string(lab.setup.home.folder().join("state/told.jsonl")).unwrap();
    assert!(told.contains("the lab asked"));
}
