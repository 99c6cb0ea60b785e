//! Posts of a subreddit become entries: a listing of the API (JSON, read with roux's models) or the site's feed (Atom).
//!
//! | part | listing | feed |
//! |------|---------|------|
//! | id | the full name, `t3_…` | the same |
//! | link | the discussion | the same |
//! | title, author, date | of the post; an author who is gone is none | the same |
//! | text | the post's own; of a link, its address | the post's own |
//! | tags | the flair | none |
//!
//! Left out: what was deleted or removed (so that a known post keeps the words it had), pinned posts unless asked for, and
//! what the source's filters leave out. A filter that leaves nothing is no fault. Scores and counts of comments are no words:
//! they change at each answer.

use jiff::Timestamp;
use roux::Submissions;
use roux::submission::SubmissionData;
use serde_json::{Value, json};
use url::Url;

use super::damage::Damage;
use super::recognise::{Recognised, recognise};
use super::{charset, feed, link, name, prose};
use crate::guard::panic::quietly;
use crate::item::{Entry, Fault, FaultKind, Reading};
use crate::page::Page;
use crate::source::Reddit;

/// What Reddit writes in place of words that are gone.
const GONE: [&str; 4] = ["[deleted]", "[removed]", "[deleted by user]", "[ removed by moderator ]"];

/// What the feed writes below each post.
const SIGNATURE: &str = "submitted by";

/// Reads a listing or a feed, whichever it is. Never fails and never panics: an odd post costs only itself.
pub fn posts(page: &Page, source: &Reddit) -> Reading {
    quietly(|| read(page, source)).unwrap_or_else(|| {
        let message = format!("reading {}: the reader itself failed on it; please report it", name(page));
        Reading { entries: Vec::new(), faults: vec![Fault::new(FaultKind::Damaged, message)] }
    })
}

fn read(page: &Page, source: &Reddit) -> Reading {
    let text = charset::decode(&page.bytes, page.content_type.as_deref(), &mut Damage::default());
    match text.trim_start().as_bytes().first() {
        Some(b'{' | b'[') => listing(text.trim_start(), page, source),
        _ => from_feed(page, source),
    }
}

fn listing(text: &str, page: &Page, source: &Reddit) -> Reading {
    let refused = |kind, what: &str| {
        let message = format!("reading {}: {what}", name(page));
        Reading { entries: Vec::new(), faults: vec![Fault::new(kind, message)] }
    };
    let mut posts = Vec::new();
    let mut odd: Vec<String> = Vec::new();
    match serde_json::from_str::<Submissions>(text) {
        Ok(listing) => posts.extend(listing.data.children.into_iter().map(|child| child.data)),
        // One child that is not as the model says would cost the whole listing: each is read alone.
        Err(_) => {
            let Ok(mut document) = serde_json::from_str::<Value>(text) else {
                return refused(FaultKind::NotAFeed, "the JSON is broken or cut off; the next run asks again");
            };
            let Some(Value::Array(children)) = document.pointer_mut("/data/children").map(Value::take) else {
                let said = ["/message", "/reason", "/error"].iter().find_map(|at| document.pointer(at)?.as_str());
                let what = format!(
                    "this is JSON, but no listing{}; look whether the subreddit is open to all",
                    said.map(|said| format!(" (“{}”)", crate::guard::text::excerpt(said, 80))).unwrap_or_default()
                );
                return refused(FaultKind::NotAFeed, &what);
            };
            for mut child in children {
                let data = child.get_mut("data").map(Value::take).unwrap_or_default();
                match serde_json::from_value::<SubmissionData>(complete(data)) {
                    Ok(post) => posts.push(post),
                    Err(error) => odd.push(error.to_string()),
                }
            }
        }
    }
    if posts.is_empty() && odd.is_empty() {
        return refused(FaultKind::Empty, "the listing has no posts; look whether the subreddit is still there");
    }
    let begun = posts.len() + odd.len();
    let mut faults = Vec::new();
    if let Some(first) = odd.first() {
        let message = format!(
            "reading {}: {} of {begun} posts are not as Reddit's API describes them (the first: {}); left them out",
            name(page),
            odd.len(),
            crate::guard::text::excerpt(first, 80)
        );
        let kind = if posts.is_empty() { FaultKind::NotAFeed } else { FaultKind::Damaged };
        faults.push(Fault::new(kind, message));
    }
    let counts = |post: &SubmissionData| {
        let flair = post.link_flair_text.as_deref().unwrap_or_default().trim().to_lowercase();
        (source.pinned || !post.stickied)
            && post.score >= source.least_score as f64
            && (source.flairs.is_empty() || source.flairs.contains(&flair))
    };
    let entries = posts.iter().filter(|post| counts(post)).filter_map(|post| entry(post, page));
    Reading { entries: entries.filter(|entry| has_keyword(entry, source)).collect(), faults }
}

/// A post with what the model wants and an entry does not need: Reddit has added such fields over the years, and leaves some
/// out. What an entry is made of is never made up.
fn complete(mut data: Value) -> Value {
    let Some(post) = data.as_object_mut() else { return data };
    post.remove("preview");
    let flags = [
        "archived",
        "clicked",
        "over_18",
        "spoiler",
        "hidden",
        "hide_score",
        "saved",
        "stickied",
        "is_self",
        "locked",
        "quarantine",
        "visited",
        "edited",
    ];
    let numbers = ["gilded", "num_comments", "downs", "ups", "upvote_ratio", "created"];
    let words = ["subreddit", "selftext", "id", "author", "thumbnail", "subreddit_id"];
    for (names, usual) in [(&flags[..], json!(false)), (&numbers[..], json!(0)), (&words[..], json!(""))] {
        for name in names {
            let value = post.entry(*name).or_insert(Value::Null);
            if value.is_null() {
                *value = usual.clone();
            }
        }
    }
    data
}

fn entry(post: &SubmissionData, page: &Page) -> Option<Entry> {
    let title = prose::line(&post.title);
    if is_gone(&post.selftext) || is_gone(&title) || title.is_empty() {
        return None;
    }
    let site = Url::parse("https://www.reddit.com/").unwrap_or_else(|_| page.url.clone());
    let text = match post.selftext_html.as_deref().filter(|html| !html.is_empty()) {
        Some(html) => prose::text(html),
        None if !post.selftext.is_empty() => prose::text(&post.selftext),
        None if post.is_self => String::new(),
        None => post.url.as_deref().and_then(|url| link::read(url, &site)).map(String::from).unwrap_or_default(),
    };
    let flair = post.link_flair_text.as_deref().map(prose::line).filter(|flair| !flair.is_empty());
    Some(Entry {
        native: Some(post.name.clone()),
        native_is_stable: is_full_name(&post.name),
        link: link::read(&post.permalink, &site),
        title,
        text,
        author: Some(prose::line(&post.author)).filter(|author| !author.is_empty() && !is_gone(author)),
        published: Timestamp::from_second(post.created_utc as i64).ok(),
        updated: post.edited.as_f64().and_then(|at| Timestamp::from_second(at as i64).ok()),
        tags: flair.into_iter().collect(),
    })
}

fn is_gone(words: &str) -> bool {
    let words = words.trim().to_lowercase();
    GONE.contains(&words.as_str())
}

/// Given to one post, once and for good.
fn is_full_name(name: &str) -> bool {
    name.strip_prefix("t3_").is_some_and(|id| !id.is_empty())
}

fn has_keyword(entry: &Entry, source: &Reddit) -> bool {
    if source.keywords.is_empty() {
        return true;
    }
    let words = format!("{}\n{}", entry.title, entry.text).to_lowercase();
    source.keywords.iter().any(|keyword| words.contains(keyword.as_str()))
}

fn from_feed(page: &Page, source: &Reddit) -> Reading {
    let text = String::from_utf8_lossy(&page.bytes);
    if let Recognised::Other(what) = recognise(&text) {
        let message = format!(
            "reading {}: this is {what}, and neither a listing nor a feed; Reddit shows such pages to those it doubts: give \
             tidings an account ([reddit] in the README), or ask less often",
            name(page)
        );
        return Reading { entries: Vec::new(), faults: vec![Fault::new(FaultKind::NotAFeed, message)] };
    }
    let mut reading = feed(page);
    for entry in &mut reading.entries {
        entry.native_is_stable = entry.native.as_deref().is_some_and(is_full_name);
        // The feed's own words; with them a post would change when an account is added.
        entry.text.truncate(entry.text.rfind(SIGNATURE).unwrap_or(entry.text.len()));
        entry.text.truncate(entry.text.trim_end().len());
        entry.author = entry.author.take().map(|author| author.trim_start_matches("/u/").to_owned());
        entry.tags.clear();
    }
    reading.entries.retain(|entry| !is_gone(&entry.text) && !is_gone(&entry.title) && has_keyword(entry, source));
    if !reading.entries.is_empty() && (source.least_score > 1 || !source.flairs.is_empty()) {
        let message = format!(
            "reading {}: without an account Reddit says nothing of scores and flairs, so least_score and flairs left nothing \
             out; add [reddit] to tidings.toml",
            name(page)
        );
        reading.faults.push(Fault::new(FaultKind::Damaged, message));
    }
    reading
}
