//! Reads `from.reddit`.

use super::super::table::{Found, Table};
use crate::source::{Listing, Origin, Period, Reddit};

const SUBREDDIT: &str = "a name such as \"ClaudeAI\": 2 to 21 letters, digits and _";
const LISTING: &str = "\"new\", or \"top\" with period = \"day\"";

pub(super) fn reddit(from: &Table<'_, '_>) -> Option<Found<Origin>> {
    let (_, value, _, span) = from.entries().find(|(key, ..)| *key == "reddit")?;
    if !value.is_table() {
        let found = from.parsed("reddit", read_subreddit, SUBREDDIT)?;
        return Some(Found { value: Origin::Reddit(Reddit::of(&found.value)), span });
    }
    let table = from.table("reddit")?;
    let subreddit = table.parsed("subreddit", read_subreddit, SUBREDDIT);
    if !table.entries().any(|(key, ..)| key == "subreddit") {
        table.mistake("from.reddit needs `subreddit`".to_owned(), SUBREDDIT);
    }
    let is_top = |text: &str| match text {
        "new" => Ok(false),
        "top" => Ok(true),
        other => Err(format!("no listing is called `{other}`")),
    };
    let is_top = table.parsed("listing", is_top, LISTING).is_some_and(|found| found.value);
    let read_period = |text: &str| {
        Period::ALL.into_iter().find(|period| period.word() == text).ok_or_else(|| format!("`{text}` is no period"))
    };
    let words = Period::ALL.map(|period| format!("\"{}\"", period.word())).join(", ");
    let period = table.parsed("period", read_period, &format!("one of {words}"));
    let listing = match (is_top, period) {
        (true, period) => Listing::Top(period.map_or(Period::Day, |found| found.value)),
        (false, None) => Listing::New,
        (false, Some(found)) => {
            let message = "`period` says which of the best, and new posts have none".to_owned();
            table.document.mistake(found.span, message, "add listing = \"top\", or take it out".to_owned());
            Listing::New
        }
    };
    let least_score = table.integer("least_score", 0..=1_000_000).map_or(i64::MIN, |score| score as i64);
    let list = |key| {
        let found = table.strings(key).unwrap_or_default();
        found.into_iter().map(|word| word.value.trim().to_lowercase()).filter(|word| !word.is_empty()).collect()
    };
    let (flairs, keywords) = (list("flairs"), list("keywords"));
    let pinned = table.boolean("pinned").unwrap_or(false);
    table.finish();
    let subreddit = subreddit?.value;
    let reddit = Reddit { subreddit, listing, least_score, flairs, keywords, pinned };
    Some(Found { value: Origin::Reddit(reddit), span })
}

/// As Reddit allows them; `r/` before it is understood.
fn read_subreddit(text: &str) -> Result<String, String> {
    let name = text.trim().trim_start_matches('/');
    let name = name.strip_prefix("r/").unwrap_or(name);
    let is_name =
        (2..=21).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    is_name.then(|| name.to_owned()).ok_or_else(|| format!("`{text}` is no subreddit"))
}
