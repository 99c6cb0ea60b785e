//! What readers were to hear of lately: the question that people actually ask.

use jiff::SignedDuration;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::answer::{ANSWER_BYTES, Told, Trouble, fitting, is_zero, time};
use super::cursor::{self, Place};
use super::desk::Desk;
use super::foreign::{Foreign, neutral};
use super::items::Least;
use super::when;
use crate::flow::{News, ask, news};
use crate::verdict::Level;

/// Stories that one answer may hold.
const MOST: u32 = 30;

/// How far back it is looked unless somebody says so: a week, and where a version is named, a quarter.
const WEEK: SignedDuration = SignedDuration::from_hours(7 * 24);
const QUARTER: SignedDuration = SignedDuration::from_hours(90 * 24);

/// Letters of the words of a story.
const EXCERPT: usize = 300;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct WhatsNew {
    /// Nothing older: a date (2026-11-01) or a span back from now (24h, 30d). Empty: a week, and with for_version 90 days.
    since: String,
    /// Only what names this product or topic: claude-code, evals.
    product: String,
    /// The version of `product` that is in use: only what names a newer one.
    for_version: String,
    /// Nothing that matters less.
    level: Least,
    /// Stories in one answer, at most 30.
    limit: u32,
    /// `next` of the answer before, with the same arguments.
    cursor: String,
}

impl Default for WhatsNew {
    fn default() -> Self {
        let none = String::new;
        let (since, product, for_version, cursor) = (none(), none(), none(), none());
        WhatsNew { since, product, for_version, level: Least::Notable, limit: 10, cursor }
    }
}

/// Stories, the newest first.
#[derive(Debug, Serialize, JsonSchema)]
pub struct NewStories {
    since: String,
    total: usize,
    /// Stories that come after these.
    left_out: usize,
    /// `cursor` of the next page; none where this is the last.
    #[serde(skip_serializing_if = "String::is_empty")]
    next: String,
    /// Stories of the same time that matter less than asked for.
    #[serde(skip_serializing_if = "is_zero")]
    below_level: usize,
    #[serde(skip_serializing_if = "String::is_empty")]
    note: String,
    stories: Vec<NewStory>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct NewStory {
    /// For get_item.
    story: String,
    item: String,
    /// When it rose to its level, or something to do was told of it.
    at: String,
    level: String,
    kind: String,
    topics: Vec<String>,
    source: String,
    /// official (the maker of the thing), expert or community.
    trust: String,
    /// Items that tell it.
    items: usize,
    quoted_untrusted: StoryWords,
}

#[derive(Debug, Serialize, JsonSchema)]
struct StoryWords {
    title: Foreign,
    #[serde(skip_serializing_if = "Foreign::is_empty")]
    excerpt: Foreign,
    /// What could be done about it.
    #[serde(skip_serializing_if = "Foreign::is_empty")]
    action: Foreign,
    #[serde(skip_serializing_if = "Foreign::is_empty")]
    url: Foreign,
}

pub fn whats_new(desk: &Desk, asked: WhatsNew) -> Told<NewStories> {
    let home = desk.home()?;
    let key = ("news", &asked.since, &asked.product, &asked.for_version, asked.level);
    let version = match asked.for_version.trim() {
        "" => None,
        _ if asked.product.trim().is_empty() => {
            return Err(Trouble("`for_version` needs the `product` that it is a version of".to_owned()));
        }
        typed => Some(versions(typed).into_iter().next().ok_or_else(|| {
            Trouble("`for_version` is a version as its maker writes it, with a point in it: 2.1.214".to_owned())
        })?),
    };
    let place = match cursor::read(&asked.cursor, &key)? {
        Some(place) => place,
        None => {
            let usual = if version.is_some() { QUARTER } else { WEEK };
            let since = when::read(&asked.since, desk.now())?.or_else(|| desk.now().checked_sub(usual).ok());
            Place { offset: 0, in_part: false, since }
        }
    };
    if ask::status(home)?.is_none() {
        return Err(Trouble(format!(
            "nothing has run in {} yet: `tidings run` asks the sources",
            home.folder().display()
        )));
    }
    let since = place.since.unwrap_or_default();
    let mut told = news(home, since)?;
    told.retain(|news| concerns(news, &asked.product, version.as_deref()));
    let all = told.len();
    let least = asked.level.level().unwrap_or(Level::Noise);
    told.retain(|news| news.level >= least);
    let limit = asked.limit.clamp(1, MOST) as usize;
    let wanted: Vec<&News> = told.iter().skip(place.offset).take(limit).collect();
    // A text that can't be read costs its excerpt, not the answer.
    let library = desk.shelf.library().ok();
    let text = |news: &News| library.as_ref()?.show(&news.item).ok()?.map(|(_, text)| text);
    let page: Vec<NewStory> = wanted.into_iter().map(|news| story(news, &text(news).unwrap_or_default())).collect();
    let stories = if page.is_empty() { page } else { fitting(page, ANSWER_BYTES - 500) };
    let shown = place.offset + stories.len();
    let left_out = told.len().saturating_sub(shown);
    let goes_on = left_out > 0 && !stories.is_empty();
    let note = match (told.len(), all) {
        (0, 0) => "nothing in this time; an earlier `since`, or no `product`, finds more",
        (0, _) => "nothing of this level in this time; level `routine` shows the rest",
        _ => "",
    };
    let next = cursor::write(Place { offset: shown, ..place }, &key);
    let answer = NewStories {
        since: time(Some(since)),
        total: told.len(),
        left_out,
        next: if goes_on { next } else { String::new() },
        below_level: all - told.len(),
        note: note.to_owned(),
        stories,
    };
    let mut about = format!("{} of {} stories since {}.", answer.stories.len(), answer.total, answer.since);
    if goes_on {
        about.push_str(&format!(" {left_out} are left out; cursor `{}` goes on.", answer.next));
    }
    Ok((about, answer))
}

fn story(news: &News, text: &str) -> NewStory {
    NewStory {
        story: news.story.0.clone(),
        item: news.item.0.clone(),
        at: time(Some(news.at)),
        level: news.level.word().to_owned(),
        kind: news.category.word().to_owned(),
        topics: news.topics.clone(),
        source: neutral(&news.source).into_owned(),
        trust: news.trust.word().to_owned(),
        items: news.items,
        quoted_untrusted: StoryWords {
            title: Foreign::line(&news.title),
            excerpt: Foreign::excerpt(text, EXCERPT),
            action: news.action.as_deref().map(Foreign::line).unwrap_or_default(),
            url: Foreign::address(news.url.as_ref()),
        },
    }
}

/// Whether a story is about a product or topic, and names a newer version than this one.
fn concerns(news: &News, product: &str, version: Option<&[u64]>) -> bool {
    let same = |text: &str| -> String {
        let mut words = String::from(" ");
        for word in text.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty()) {
            words.push_str(&word.to_lowercase());
            words.push(' ');
        }
        words
    };
    let product = same(product);
    let named = [news.title.as_str(), &news.source].into_iter().chain(news.topics.iter().map(String::as_str));
    let is_named = product == " " || named.map(same).any(|words| words.contains(&product));
    let is_newer = version.is_none_or(|version| {
        let action = news.action.as_deref().unwrap_or_default();
        versions(&news.title).into_iter().chain(versions(action)).any(|named| named.as_slice() > version)
    });
    is_named && is_newer
}

/// Numbers with points between them: `v2.1.214` is [2, 1, 214].
fn versions(text: &str) -> Vec<Vec<u64>> {
    let words = text.split(|letter: char| !(letter.is_ascii_digit() || letter == '.'));
    let version = |word: &str| -> Option<Vec<u64>> {
        let word = word.trim_matches('.');
        let numbers: Option<Vec<u64>> = word.split('.').map(|number| number.parse().ok()).collect();
        numbers.filter(|numbers| (2..=4).contains(&numbers.len()))
    };
    words.filter_map(version).collect()
}

#[cfg(test)]
mod tests {
    use super::versions;

    #[test]
    fn versions_are_numbers_with_points_between_them() {
        assert_eq!(versions("lantern-code v4.12.3 mends 2.1."), [vec![4, 12, 3], vec![2, 1]]);
        assert!(versions("in 2026 of 3 .. 1.2.3.4.5 99999999999999999999.1").is_empty());
    }
}
