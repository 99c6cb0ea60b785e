//! Made years: how many planted bursts are found and how many others are told, by seed; or a home with a year of many items.
//!
//! Usage: made-year seeds NUMBER STORIES_A_MONTH, or made-year home FOLDER ITEMS

#[path = "../it/support/dice.rs"]
mod dice;
#[path = "../it/support/made_year.rs"]
mod made_year;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use jiff::Timestamp;
use made_year::{Plant, Year};
use tidings::config::{read_settings, read_sources};
use tidings::fetch::recorded::Recorded;
use tidings::flow::{self, Asked, Doors, Setup, Unwatched};
use tidings::home::Home;
use tidings::judge::trends::Moves;

/// The shipped list has about as many.
const SOURCES: u64 = 75;
const PHRASE: &str = "quillon mesh";

#[tokio::main]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["seeds", number, stories] => {
            seeds(number.parse().expect("a number of seeds"), stories.parse().expect("a number of stories"));
        }
        ["home", folder, items] => home(Path::new(folder), items.parse().expect("a number of items")).await,
        _ => panic!("usage: made-year seeds NUMBER STORIES_A_MONTH, or made-year home FOLDER ITEMS"),
    }
}

/// What rose in each month of a year, in small letters.
fn rising(year: &Year) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (month, moves) in year.compared(12).into_iter().enumerate() {
        for rise in moves.rising {
            if rise.term.to_lowercase() != PHRASE {
                eprintln!("  seed {}, month {month}: {rise:?}", year.seed);
            }
            found.push((month, rise.term.to_lowercase()));
        }
    }
    found
}

/// Month and term of all that faded.
fn fading(year: &Year) -> Vec<(usize, String)> {
    let fades = |(month, moves): (usize, Moves)| moves.fading.into_iter().map(move |fade| (month, fade.term));
    year.compared(12).into_iter().enumerate().flat_map(fades).collect()
}

fn seeds(number: u64, stories: u64) {
    println!("| {number} years of 12 months, each | found in its month | other terms told |");
    println!("|---|---|---|");
    let flat = |seed| Year { stories, ..Year::flat(seed) };
    let print = |what: &str, planted: Option<usize>, plant: &dyn Fn(Year) -> Year| {
        let (mut found, mut other) = (0, 0);
        for seed in 1..=number {
            let told = rising(&plant(flat(seed)));
            let is_planted = |(month, term): &&(usize, String)| Some(*month) == planted && term == PHRASE;
            found += told.iter().filter(is_planted).count();
            other += told.len() - told.iter().filter(is_planted).count();
        }
        let found = planted.map_or("none planted".to_owned(), |_| format!("{found} of {number}"));
        println!("| {what} | {found} | {other} |");
    };
    print(&format!("{stories} stories a month of 12 sources"), None, &|year| year);
    for more in [12, 8, 6] {
        let plant = move |year: Year| year.with(Plant::Burst { month: 8, phrase: PHRASE, stories: more });
        print(&format!("the same, {more} more with a phrase in one of them"), Some(8), &plant);
    }
    print("four times the stories in one month", None, &|year| year.with(Plant::Busy { month: 6, times: 4 }));
    print("a new source as large as all others", None, &|year| year.with(Plant::NewSource { month: 6 }));
    print("one blog with 60 stories of a phrase", None, &|year| {
        year.with(Plant::LoudBlog { month: 6, phrase: PHRASE, stories: 60 })
    });
    let (mut found, mut other) = (0, 0);
    for seed in 1..=number {
        let faded = fading(&flat(seed).with(Plant::Gone { month: 9, phrase: "ember" }));
        let is_planted = faded.iter().filter(|(month, term)| *month >= 9 && term == "ember").count();
        found += is_planted.min(1);
        other += faded.len() - is_planted;
    }
    println!(
        "| a word of a tenth of all stories that is used no more, told as fading | {found} of {number} | {other} |"
    );
}

/// Makes a home and has the real river read a year of items into it, month by month.
async fn home(folder: &Path, items: u64) {
    let mut sources = String::new();
    for source in 0..SOURCES {
        sources.push_str(&format!(
            "[[source]]\nname = \"Source {source}\"\nfrom.feed = \"https://source{source}.example/feed.xml\"\n\
             trust = \"{}\"\ntopics = [\"agents\"]\n",
            if source < 10 { "official" } else { "expert" }
        ));
    }
    let settings = "[model]\nendpoint = \"off\"\n[schedule]\ntrends = \"10 07:00\"\n";
    fs::create_dir_all(folder).expect("the home can be made");
    fs::write(folder.join("sources.toml"), &sources).expect("sources.toml can be written");
    fs::write(folder.join("tidings.toml"), settings).expect("tidings.toml can be written");
    let setup = Setup {
        sessions: Vec::new(),
        home: Home::at(folder),
        sources: read_sources("sources.toml", &sources).expect("the sources are right"),
        config: read_settings("tidings.toml", settings).expect("the settings are right"),
    };
    let year = Year {
        seed: 1,
        stories: items / 12,
        sources: SOURCES,
        plants: vec![Plant::Burst { month: 11, phrase: PHRASE, stories: 60 }],
    };
    let recorded = tempfile::tempdir().expect("a folder for pages");
    for month in 0..12 {
        let started = Instant::now();
        let pass = recorded.path().join(month.to_string());
        fs::create_dir_all(&pass).expect("a folder for pages");
        let mut pages = vec![String::new(); SOURCES as usize];
        for (place, made) in year.month(month).iter().enumerate() {
            let source: usize = made.source.trim_start_matches("Source ").parse().expect("a number");
            let day = 2 + place % 8;
            let (planted, title) = match made.title.strip_prefix(PHRASE) {
                Some(title) => ("Quillon mesh. ", title),
                None => ("", made.title.as_str()),
            };
            // A text as long as a feed's excerpt.
            let more = format!("{} ", made.text).repeat(6);
            pages[source].push_str(&format!(
                "<item><guid isPermaLink=\"false\">{month}-{place}</guid><title>{title} for coding agents</title>\
                 <link>https://{}/{month}-{place}</link><pubDate>2026-{:02}-{day:02}T08:00:00Z</pubDate>\
                 <description>{planted}{more}</description></item>",
                made.site,
                month + 1
            ));
        }
        for (source, items) in pages.iter().enumerate() {
            let body = format!("<rss version=\"2.0\"><channel><title>News</title>{items}</channel></rss>");
            let page = format!("HTTP/1.1 200 OK\ncontent-type: application/rss+xml\n\n{body}");
            fs::write(pass.join(format!("source{source}.example-feed.xml.http")), page).expect("a page");
        }
        let doors = Doors {
            carrier: Arc::new(Recorded::new(pass)),
            channels: BTreeMap::new(),
            model: flow::ModelDoor::Shut,
            forge: Default::default(),
        };
        let now: Timestamp = format!("2026-{:02}-10T08:00:00Z", month + 1).parse().expect("a time");
        let report = flow::run(&setup, &doors, &Asked::All, now, &Unwatched).await.expect("a run");
        eprintln!("month {}: {} items judged, {:.1} s", month + 1, report.acts.judged, started.elapsed().as_secs_f64());
    }
}
