//! The check before an edition is mailed: what would mislead, leak or embarrass stops it, and a person decides.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;
use url::Url;

use crate::edition::Digest;
use crate::tell::escape;
use crate::tell::render::Rendered;

/// Growth of the list that nobody has to confirm: a fifth, and five people in any case.
const MOST_GROWTH_PERCENT: usize = 20;
const MOST_GROWTH: usize = 5;
/// Bytes of HTML; Gmail cuts a mail at 102 kB and hides its end.
const MOST_HTML: usize = 90_000;
/// How many times the middle of the last editions' sizes an edition may have, and how many of them there must be to say so.
const MOST_TIMES: usize = 3;
const LEAST_SIZES: usize = 3;
/// Links and words that are named in one objection; more are not needed to find the cause.
const NAMED: usize = 3;

/// What is known of the editions before this one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LastTime {
    /// People who got the last one by mail; None: this is the first.
    pub readers: Option<usize>,
    /// Bytes of HTML of the last editions.
    pub sizes: Vec<usize>,
}

/// Everything that speaks against mailing a digest as these pages, to so many people by mail; empty when all is well. `own` are
/// the beginnings of addresses that are ours (`mailto:admin@…`, `https://tidings.example.org/`). Each objection says what to
/// look at.
pub fn check(digest: &Digest, pages: &[Rendered], readers: usize, last: &LastTime, own: &[String]) -> Vec<String> {
    let mut objections = Vec::new();
    if says_nothing(digest) {
        objections.push("there is nothing to say: nothing was read in its week, and nothing is told".to_owned());
    }
    if let Some(before) = last.readers
        && readers > before + MOST_GROWTH
        && readers * 100 > before * (100 + MOST_GROWTH_PERCENT)
    {
        objections.push(format!("{readers} people would get it, and {before} got the last one; look at [[people]]"));
    }
    let known = Known::of(digest, own);
    for page in pages {
        let found = braces(digest, page).into_iter().chain(known.strange_links(page)).chain(size(page, &last.sizes));
        for objection in found {
            // Later pages have the same stories in another order.
            if !objections.contains(&objection) {
                objections.push(objection);
            }
        }
    }
    objections
}

/// "1,204 read, none told" says something, and so does that nothing needs to be done; an empty week does not.
fn says_nothing(digest: &Digest) -> bool {
    let is_told = digest.sections.iter().any(|section| !section.stories.is_empty());
    !is_told
        && digest.counts.read == 0
        && digest.actions.is_empty()
        && digest.sessions.is_none()
        && digest.skill.is_none()
        && digest.retired.is_empty()
}

/// Braces of a template that was not filled in. Those in a source's own words are escaped in HTML, and as many may stand in the
/// other forms as stand in the digest.
fn braces(digest: &Digest, page: &Rendered) -> Option<String> {
    let words = serde_json::to_string(digest).unwrap_or_default();
    ["{{", "{%"].into_iter().find_map(|mark| {
        let count = |text: &str| text.matches(mark).count();
        let place = if count(&page.html) > 0 {
            "HTML"
        } else if count(&page.markdown) > count(&words) {
            "Markdown"
        } else if count(&page.text) > count(&words) {
            "text"
        } else {
            return None;
        };
        Some(format!("`{mark}` stands in its {place}: a template was not filled in"))
    })
}

fn size(page: &Rendered, sizes: &[usize]) -> Option<String> {
    let size = page.html.len();
    if size > MOST_HTML {
        return Some(format!("its HTML has {size} bytes, and mail programs cut it beyond {MOST_HTML}"));
    }
    let mut sizes = sizes.to_vec();
    sizes.sort_unstable();
    let middle = *sizes.get(sizes.len() / 2).filter(|_| sizes.len() >= LEAST_SIZES)?;
    (size > middle * MOST_TIMES)
        .then(|| format!("its HTML has {size} bytes, more than {MOST_TIMES} times the {middle} of the last editions"))
}

/// The addresses that an edition may link to.
struct Known {
    urls: BTreeSet<String>,
    own: Vec<String>,
    /// All words of the digest: in plain text an address may stand in somebody's own words.
    words: String,
}

static HREF: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r#"<[a-z][^>]*?\s(?:href|src|action|background)="([^"]*)""#).expect("a valid pattern"));
/// A link's target in Markdown; a backslash before the bracket makes it words.
static TARGET: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"(^|[^\\])\]\(([^)\s]*)\)").expect("a valid pattern"));
static BARE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\b(?:https?://|mailto:|javascript:|data:)[^\s<>\u{201c}\u{201d}]+").expect("a valid pattern")
});

impl Known {
    fn of(digest: &Digest, own: &[String]) -> Known {
        let told = || digest.sections.iter().flat_map(|section| &section.stories);
        let also = told().flat_map(|telling| &telling.also).map(|also| also.url.as_ref());
        let urls = digest.actions.iter().map(|action| action.url.as_ref());
        let urls = urls.chain(told().map(|telling| telling.url.as_ref())).chain(also);
        let urls = urls.chain(digest.retired.iter().map(|retired| retired.url.as_ref()));
        let urls = urls.chain(digest.skill.iter().map(|skill| skill.url.as_ref()));
        Known {
            urls: urls.flatten().map(Url::to_string).collect(),
            own: own.to_vec(),
            words: serde_json::to_value(digest).map(|value| strings(&value)).unwrap_or_default(),
        }
    }

    fn is_ours(&self, link: &str) -> bool {
        self.own.iter().any(|own| link.starts_with(own.as_str()))
    }

    /// Links that are in no story's record, by the page's form.
    fn strange_links(&self, page: &Rendered) -> Option<String> {
        let html = HREF.captures_iter(&page.html).map(|found| unescaped(&found[1]));
        let html = html.filter(|link| !self.urls.contains(link) && !self.is_ours(link));
        let targets: BTreeSet<String> = self.urls.iter().map(|url| escape::markdown_target(url)).collect();
        let markdown = TARGET.captures_iter(&page.markdown).map(|found| found[2].to_owned());
        let markdown = markdown.filter(|link| !targets.contains(link) && !self.is_ours(link));
        let text = BARE.find_iter(&page.text).map(|found| found.as_str().to_owned());
        let text = text.filter(|link| !self.urls.contains(link) && !self.is_ours(link) && !self.is_said(link));
        let strange: BTreeSet<String> = html.chain(markdown).chain(text).collect();
        if strange.is_empty() {
            return None;
        }
        let named: Vec<&str> = strange.iter().take(NAMED).map(String::as_str).collect();
        Some(format!("{} in no story's record: {}", links(strange.len()), named.join(", ")))
    }

    /// Whether an address stands in the digest's own words, perhaps cut at its end.
    fn is_said(&self, link: &str) -> bool {
        self.words.contains(link.trim_end_matches(['…', '.', ',', ')', ';', '\'', '"']))
    }
}

fn links(number: usize) -> String {
    if number == 1 { "a link is".to_owned() } else { format!("{number} links are") }
}

/// All texts in a value, one a line.
fn strings(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::String(text) => text.clone(),
        serde_json::Value::Array(values) => values.iter().map(strings).collect::<Vec<_>>().join("\n"),
        serde_json::Value::Object(fields) => fields.values().map(strings).collect::<Vec<_>>().join("\n"),
        _ => String::new(),
    }
}

/// What `escape::html` wrote, undone.
fn unescaped(text: &str) -> String {
    let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#39;", "'");
    text.replace("&#123;", "{").replace("&amp;", "&")
}
