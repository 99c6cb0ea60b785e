//! The pages of a message, before any database is known: what stands in their properties, and their text as Notion's blocks.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::config::Database;
use crate::edition::EditionKind;
use crate::tell::gist::{Gist, Short, Step, more_words};
use crate::verdict::Category;

/// Of the shape of the stored letter.
const VERSION: u32 = 1;
/// Blocks that one request may bring; the last of them may say how many more there are.
const MOST_BLOCKS: usize = 100;
/// Of one text, in UTF-16 units, which is what Notion's limit of 2,000 characters was found to count.
const MOST_TEXT: usize = 2_000;

/// One letter: pages to be written, each by itself and safely twice.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Sheaf {
    pub version: u32,
    /// Nothing is written; every database is looked at.
    pub trial: bool,
    pub pages: Vec<Page>,
}

/// One page, known by its id in the property `tidings id`.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Page {
    pub database: Database,
    /// `s-7k3m9q2xwd`, `action/s-7k3m9q2xwd`, `digest/2026-W47`
    pub id: String,
    pub title: String,
    pub link: Option<String>,
    pub source: String,
    pub level: String,
    /// `2026-11-21`, in UTC.
    pub date: String,
    pub summary: String,
    /// The text that a new page is made with; people write on from there, and it is not written again.
    pub children: Vec<Value>,
}

/// The pages of a message: its stories by their category, what to do, and of a digest or a month a report.
pub(super) fn sheaf(gist: &Gist) -> Sheaf {
    let mut pages = Vec::new();
    if matches!(gist.kind, EditionKind::Digest | EditionKind::Trends) {
        pages.push(report(gist));
    }
    pages.extend(gist.actions.iter().map(|step| action(step, gist)));
    for story in gist.stories() {
        pages.extend(database(story.category).map(|database| story_page(database, story, gist)));
    }
    Sheaf { version: VERSION, trial: gist.kind == EditionKind::Trial, pages }
}

/// Where a story of this category is kept; research and the rest stand in the report alone.
fn database(category: Category) -> Option<Database> {
    match category {
        Category::Security | Category::Breaking => Some(Database::Security),
        Category::Feature => Some(Database::Features),
        Category::Technique => Some(Database::Techniques),
        Category::Tool => Some(Database::Tools),
        Category::Research | Category::Other => None,
    }
}

fn story_page(database: Database, story: &Short, gist: &Gist) -> Page {
    let step = gist.actions.iter().find(|step| step.story == story.story).map(|step| &step.what);
    let mut children = Vec::new();
    children.extend(
        step.or(story.action.as_ref()).map(|what| block("paragraph", &[text("To do: ", None), text(what, None)])),
    );
    children.extend((!story.excerpt.is_empty()).then(|| block("quote", &[text(&story.excerpt, None)])));
    let by = format!("Told by {}, {}.", story.source, story.trust);
    children.push(block("paragraph", &[text(&by, story.url.as_deref())]));
    Page {
        database,
        id: story.story.0.clone(),
        title: story.title.clone(),
        link: story.url.clone(),
        source: story.source.clone(),
        level: story.level.word().to_owned(),
        date: day(story.at),
        summary: story.excerpt.clone(),
        children,
    }
}

fn action(step: &Step, gist: &Gist) -> Page {
    Page {
        database: Database::Actions,
        id: format!("action/{}", step.story),
        title: step.what.clone(),
        link: step.url.clone(),
        source: step.source.clone(),
        level: String::new(),
        date: day(gist.at),
        summary: step.why.clone(),
        children: vec![block("paragraph", &[text("Because: ", None), text(&step.why, step.url.as_deref())])],
    }
}

fn report(gist: &Gist) -> Page {
    let mut blocks = vec![(block("paragraph", &[text(&gist.summary, None)]), false)];
    for step in &gist.actions {
        let because = [text(&format!("{} Because: ", step.what), None), text(&step.why, step.url.as_deref())];
        blocks.push((block("to_do", &because), false));
    }
    for part in &gist.sections {
        blocks.push((block("heading_2", &[text(&part.title, None)]), false));
        for story in &part.stories {
            let by = format!(" ({}, {})", story.source, story.trust);
            let words = [text(&story.title, story.url.as_deref()), text(&by, None)];
            blocks.push((block("bulleted_list_item", &words), true));
        }
    }
    let mut more = gist.more;
    if blocks.len() + usize::from(more > 0) > MOST_BLOCKS {
        let cut = blocks.split_off(MOST_BLOCKS - 1);
        more += cut.iter().filter(|(_, is_story)| *is_story).count();
    }
    let mut children: Vec<Value> = blocks.into_iter().map(|(block, _)| block).collect();
    children.extend((more > 0).then(|| block("paragraph", &[text(&more_words(more), None)])));
    Page {
        database: Database::Reports,
        id: gist.edition.clone(),
        title: gist.subject.clone(),
        link: None,
        source: "tidings".to_owned(),
        level: String::new(),
        date: day(gist.at),
        summary: gist.summary.clone(),
        children,
    }
}

fn day(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).date().to_string()
}

/// A block of rich text. A text that is empty makes none of its own.
fn block(kind: &str, words: &[Value]) -> Value {
    json!({ "object": "block", "type": kind, kind: { "rich_text": words } })
}

/// A piece of rich text: words and nothing else, whatever signs stand in them.
pub(super) fn text(words: &str, url: Option<&str>) -> Value {
    let mut units = 0;
    let short: String = words
        .chars()
        .take_while(|letter| {
            units += letter.len_utf16();
            units <= MOST_TEXT
        })
        .collect();
    match url {
        Some(url) => json!({ "type": "text", "text": { "content": short, "link": { "url": url } } }),
        None => json!({ "type": "text", "text": { "content": short } }),
    }
}
