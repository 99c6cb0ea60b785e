//! Learns from labelled items and holds what it would propose against what a person wrote down: lessons.jsonl, beside this file.
//!
//! Usage: learn-lessons ITEMS.jsonl LABELS.jsonl SKILL.md [-v]. Each item is a story of its own, judged by the shipped weights and
//! read by no model; what is not Notable is not looked at, as in a run. A claim is right where a person has said so of just this
//! content of this item (`claims` in the labels); one that nobody has looked at counts as wrong, and is printed for looking.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;
use tidings::config::Interests;
use tidings::item::{Item, ItemId, Place};
use tidings::judge::Judge;
use tidings::judge::eval::{self, Labelled};
use tidings::lesson::{Lesson, LessonId};
use tidings::source::Trust;
use tidings::story::{Member, Story, StoryId};
use tidings::teach::gate::{self, Allowed};
use tidings::teach::learn::{Known, Telling, learn, product_names, repeats};
use tidings::verdict::Level;

/// What a person made of one item.
#[derive(Deserialize)]
struct Label {
    id: String,
    worthy: bool,
    lessons: Vec<Wanted>,
    /// By the content of a lesson: whether it is right.
    #[serde(default)]
    claims: BTreeMap<String, bool>,
}

/// A lesson that stands in the item, by names that a claim of it has to hold.
#[derive(Deserialize)]
struct Wanted {
    key: Vec<String>,
}

/// Makers whose own feeds these are. Mirrors of Anthropic's pages (`claude`, `anthropic_*`) are nobody's own words.
const OFFICIAL: [&str; 16] = [
    "claude-code-releases",
    "github-advisories",
    "rustsec",
    "openai_engineering",
    "openai_research",
    "openai_developer",
    "ollama",
    "mistral",
    "weaviate",
    "cohere",
    "aisi",
    "google_ai",
    "windsurf_changelog",
    "windsurf_blog",
    "cursor",
    "dagster",
];
const EXPERT: [&str; 2] = ["simonwillison", "simonwillison-beats"];

fn item(row: &Labelled) -> Item {
    let source = row.source.as_str();
    let trust = match source {
        _ if OFFICIAL.contains(&source) => Trust::Official,
        _ if EXPERT.contains(&source) => Trust::Expert,
        _ => Trust::Community,
    };
    let topics: &[&str] = match source {
        "claude-code-releases" | "github-advisories" => &["claude-code"],
        _ => &[],
    };
    let at = row.at().unwrap_or(Timestamp::UNIX_EPOCH);
    Item {
        id: ItemId::first_seen(source, &row.id, 0),
        source: source.to_owned(),
        trust,
        topics: topics.iter().map(|topic| (*topic).to_owned()).collect(),
        title: row.title.clone(),
        link: row.url.clone(),
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
    let [items, labels, skill] = &arguments[..3] else { panic!("ITEMS.jsonl LABELS.jsonl SKILL.md") };
    let is_verbose = arguments.iter().any(|argument| argument == "-v");
    let read = |path: &String| std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let rows = eval::read(items, &read(items)).unwrap_or_else(|mistakes| panic!("{}", mistakes.join("\n")));
    let labels: Vec<Label> = read(labels).lines().map(|line| serde_json::from_str(line).expect("a label")).collect();
    let skill = read(skill);
    let judge = Judge::new(&Interests::default());
    let today = jiff::civil::date(2026, 11, 21);
    // As a lab that watches these sources has it.
    let places = rows.iter().filter(|row| item(row).trust > Trust::Community).filter_map(|row| {
        let url = row.url.as_ref()?;
        let host = url.host_str()?;
        let path: Vec<&str> = url.path_segments()?.take(2).collect();
        Some(if host == "github.com" { format!("{host}/{}", path.join("/")) } else { host.to_owned() })
    });
    let watched = Allowed::new(places, product_names());
    let allowed = |lesson: &Lesson| {
        gate::check(lesson, &watched)
            .map_err(|refusals| refusals.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
    };

    let (mut proposed, mut right, mut unseen, mut repeated) = (0, 0, 0, 0);
    let (mut worthy_items, mut found_items, mut worthy, mut found, mut judged_low) = (0, 0, 0, 0, 0);
    for label in &labels {
        let row = rows.iter().find(|row| row.id == label.id).unwrap_or_else(|| panic!("no item {}", label.id));
        let item = item(row);
        let verdict = judge.verdict(&item, &row.summary, item.seen);
        let member = Member {
            item: item.id.clone(),
            source: item.source.clone(),
            trust: item.trust,
            site: row.url.as_ref().and_then(|url| url.host_str()).unwrap_or_default().to_owned(),
            level: verdict.level,
            leg: false,
            bare: false,
            maker: false,
            sketch: None,
        };
        let level = verdict.level;
        let story = Story {
            id: StoryId::founded_by(&item.id),
            members: vec![member],
            lead: item.id.clone(),
            verdict,
            rises: Vec::new(),
            weighed: None,
        };
        let tellings = [Telling { item: &item, text: &row.summary, extraction: None }];
        let known = Known { watched: &[], skill: Some(&skill), lessons: &[], declined: &[], gate: &allowed };
        let learnt = learn(&story, &tellings, known, today);
        let lessons: Vec<Lesson> = match level >= Level::Notable {
            true => learnt.found.iter().map(|finding| finding.lesson(LessonId::new(today, 1), today)).collect(),
            false => Vec::new(),
        };
        let lessons: Vec<Lesson> = lessons.into_iter().filter(|lesson| lesson.seen.is_enough()).collect();
        if level < Level::Notable && label.worthy {
            judged_low += 1;
        }
        worthy_items += usize::from(label.worthy);
        worthy += label.lessons.len();
        let mut any_right = false;
        for lesson in &lessons {
            proposed += 1;
            let content = lesson.content();
            let mark = match label.claims.get(&content) {
                Some(true) => {
                    right += 1;
                    any_right = true;
                    "right"
                }
                Some(false) => "wrong",
                None => {
                    unseen += 1;
                    "nobody has looked at it"
                }
            };
            repeated += usize::from(repeats(&lesson.claim, &skill).is_some());
            if is_verbose || mark.starts_with("nobody") {
                println!(
                    "{} {content} [{}] {mark}: {}\n    {}",
                    label.id,
                    lesson.kind.word(),
                    lesson.claim,
                    lesson.use_when
                );
            }
        }
        found_items += usize::from(label.worthy && any_right);
        let holds = |wanted: &&Wanted| {
            lessons.iter().any(|lesson| {
                let said = lesson.claim.replace('`', "");
                label.claims.get(&lesson.content()) == Some(&true)
                    && wanted.key.iter().all(|key| said.contains(key.as_str()))
            })
        };
        found += label.lessons.iter().filter(holds).count();
    }
    println!("items {}, of them with a lesson {worthy_items}, lessons in them {worthy}", labels.len());
    println!("proposed {proposed}: right {right}, not looked at {unseen}, near to what the skill says {repeated}");
    println!(
        "items with a lesson of which a right one is proposed: {found_items} of {worthy_items} ({judged_low} judged below notable)"
    );
    println!("lessons that are proposed: {found} of {worthy}");
}
