//! Groups labelled items into stories and compares them with the labels pair by pair; then times made items.
//!
//! Usage: group-stories [ITEMS.jsonl] [-v] [-q]; -v shows the stories, -q leaves out the time. A line has `id`, `source`, `title`, `summary`, `url`, `date`, `dup_group`, and
//! `synthetic` where a text was made up, which leaves it out.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tidings::config::Interests;
use tidings::item::{Item, ItemId, Place};
use tidings::judge::Judge;
use tidings::judge::group::Grouping;
use tidings::source::Trust;

const DRAWS: usize = 2_000;

fn item(source: &str, id: &str, title: &str, link: Option<&str>, at: Timestamp) -> Item {
    Item {
        id: ItemId::first_seen(source, id, 0),
        source: source.to_owned(),
        trust: Trust::Community,
        topics: Vec::new(),
        title: title.to_owned(),
        link: link.and_then(|link| link.parse().ok()),
        author: None,
        published: Some(at),
        seen: at,
        changed: None,
        content: String::new(),
        baseline: false,
        place: Place { file: String::new(), frame: 0, start: 0, length: 0 },
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let judge = Judge::new(&Interests::default());
    match arguments.first() {
        Some(file) => labelled(&judge, file, arguments.iter().any(|argument| argument == "-v")),
        None => eprintln!("no file of labelled items: only the time is measured"),
    }
    if !arguments.iter().any(|argument| argument == "-q") {
        time(&judge, 10_000);
    }
}

fn labelled(judge: &Judge, file: &str, verbose: bool) {
    let text = std::fs::read_to_string(file).expect("a readable file");
    let mut rows: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect();
    rows.retain(|row| row["synthetic"].is_null() || row["synthetic"] == "" || row["synthetic"] == false);
    rows.sort_by_key(|row| (row["date"].as_str().unwrap_or_default().to_owned(), row["id"].to_string()));
    let mut grouping = Grouping::new(judge);
    let (mut gold, mut found): (BTreeMap<String, Vec<usize>>, BTreeMap<String, Vec<usize>>) = Default::default();
    for (place, row) in rows.iter().enumerate() {
        let words = |name: &str| row[name].as_str().unwrap_or_default();
        let at = format!("{}T12:00:00Z", words("date").get(..10).unwrap_or("2000-01-01")).parse().expect("a date");
        let item = item(words("source"), words("id"), words("title"), row["url"].as_str(), at);
        let story = grouping.place(&item, words("summary"));
        found.entry(story.0).or_default().push(place);
        let group = row["dup_group"].as_str().filter(|group| !group.is_empty());
        gold.entry(group.map_or_else(|| format!("alone {place}"), str::to_owned)).or_default().push(place);
    }
    let (gold_pairs, found_pairs) = (pairs(&gold), pairs(&found));
    let counts = |weight: &dyn Fn(usize) -> f64| {
        // A drawn story counts as often as it was drawn; a pair across stories as the mean of its two.
        let of = |pairs: &BTreeSet<(usize, usize)>| {
            pairs.iter().map(|(one, other)| (weight(*one) + weight(*other)) / 2.0).sum::<f64>()
        };
        let both = gold_pairs.intersection(&found_pairs).copied().collect();
        let (both, found, gold) = (of(&both), of(&found_pairs), of(&gold_pairs));
        let (precision, recall) = (both / found.max(f64::MIN_POSITIVE), both / gold.max(f64::MIN_POSITIVE));
        (precision, recall, 2.0 * both / (found + gold).max(f64::MIN_POSITIVE))
    };
    let (precision, recall, f1) = counts(&|_| 1.0);
    // Stories are drawn with replacement, since the items of one are not independent.
    let story_of: BTreeMap<usize, usize> =
        gold.values().enumerate().flat_map(|(story, items)| items.iter().map(move |item| (*item, story))).collect();
    let mut state = 1_u64;
    let mut draws: Vec<(f64, f64, f64)> = (0..DRAWS)
        .map(|_| {
            let mut times = vec![0.0; gold.len()];
            for _ in 0..gold.len() {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                times[(state >> 33) as usize % gold.len()] += 1.0;
            }
            counts(&|item| times[story_of[&item]])
        })
        .collect();
    let mut interval = |part: fn(&(f64, f64, f64)) -> f64| {
        draws.sort_by(|one, other| part(one).total_cmp(&part(other)));
        format!("{:.2} to {:.2}", part(&draws[DRAWS / 20]), part(&draws[DRAWS - 1 - DRAWS / 20]))
    };
    println!("{} items, {} labelled pairs, {} found pairs", rows.len(), gold_pairs.len(), found_pairs.len());
    println!("precision {precision:.3} (90 %: {})", interval(|draw| draw.0));
    println!("recall    {recall:.3} (90 %: {})", interval(|draw| draw.1));
    println!("F1        {f1:.3} (90 %: {})", interval(|draw| draw.2));
    if verbose {
        for items in found.values().filter(|items| items.len() > 1) {
            println!("--");
            for item in items {
                let row = &rows[*item];
                println!("  {} | {} | {}", row["dup_group"], row["source"], row["title"]);
            }
        }
    }
}

fn pairs(groups: &BTreeMap<String, Vec<usize>>) -> BTreeSet<(usize, usize)> {
    groups
        .values()
        .flat_map(|items| {
            items.iter().enumerate().flat_map(|(at, one)| items[at + 1..].iter().map(move |two| (*one, *two)))
        })
        .collect()
}

/// Items of a made month: 400 words in titles of eight, a text of 60 words, every tenth told by a second source.
fn time(judge: &Judge, many: usize) {
    let mut state = 7_u64;
    let mut next = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    let mut word = || {
        let sounds = ["ba", "de", "ki", "lo", "mu", "ran", "sel", "tor", "vix", "zen"];
        (0..3).map(|_| sounds[next(sounds.len())]).collect::<String>()
    };
    let start: Timestamp = "2026-10-01T00:00:00Z".parse().expect("a time");
    let mut items = Vec::new();
    for number in 0..many {
        let title = (0..8).map(|_| word()).collect::<Vec<_>>().join(" ");
        let text = (0..60).map(|_| word()).collect::<Vec<_>>().join(" ");
        let (title, text) = if number % 10 == 9 {
            let (item, text): &(Item, String) = &items[number - 5];
            (format!("Seen: {}", item.title), text.clone())
        } else {
            (title, text)
        };
        let at = start + SignedDuration::from_secs(number as i64 * 260);
        let source = format!("source {}", number % 75);
        let link = format!("https://site{}.example/{number}", number % 75);
        items.push((item(&source, &number.to_string(), &title, Some(&link), at), text));
    }
    let begun = Instant::now();
    let mut grouping = Grouping::new(judge);
    for (item, text) in &items {
        grouping.place(item, text);
    }
    println!("{many} made items: {} stories in {:.2} s", grouping.stories().len(), begun.elapsed().as_secs_f64());
}
