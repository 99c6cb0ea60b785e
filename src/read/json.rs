//! JSON Feed is written anew as version 1.1 says, with every value of the type it should have.
//!
//! Specification: <https://www.jsonfeed.org/version/1.1/>. Publishers write numbers as ids, one tag instead of a list, and
//! leave out what is required; a document that breaks off is read up to its last whole item.

use serde_json::{Map, Value, json};
use url::Url;

use super::damage::{Damage, Flaw};
use super::rules::{distinct, key, person};
use super::{date, link};

pub struct Items {
    /// Each a JSON Feed item, written anew.
    pub items: Vec<Value>,
    /// Items that began.
    pub begun: usize,
}

/// A document as it was found.
struct Found {
    /// All but its items.
    head: Map<String, Value>,
    items: Vec<Value>,
    begun: usize,
}

/// A whole feed of items.
pub fn feed(items: &[Value]) -> String {
    json!({ "version": "https://jsonfeed.org/version/1.1", "title": "", "items": items }).to_string()
}

/// The items of a feed; Err says what the document is instead.
pub fn items(text: &str, page: &Url, damage: &mut Damage) -> Result<Items, String> {
    let Found { head, items, begun } = match serde_json::from_str::<Value>(text) {
        Ok(Value::Object(mut head)) => {
            let items = match head.remove("items") {
                Some(Value::Array(items)) => items,
                _ if is_versioned(&head) => Vec::new(),
                _ => return Err(not_a_feed(&head)),
            };
            let begun = items.len();
            Found { head, items, begun }
        }
        _ => salvage(text, damage)?,
    };
    let versioned = is_versioned(&head);
    // Without its version a document is a feed only if its items look like it.
    if !versioned {
        let looks_right = |item: &Value| {
            ["id", "url"].iter().any(|key| item.get(key).is_some())
                && ["content_html", "content_text", "title", "summary"].iter().any(|key| item.get(key).is_some())
        };
        if items.is_empty() || !items.iter().all(looks_right) {
            return Err(not_a_feed(&head));
        }
        damage.note(Flaw::Version);
    }
    let base = string(head.get("home_page_url"), damage)
        .and_then(|home| link::read(&home, page))
        .unwrap_or_else(|| page.clone());
    let author = author(&head, damage);
    let written = items.into_iter().filter_map(|item| write(item, &base, author.as_deref(), damage)).collect();
    Ok(Items { items: written, begun })
}

fn is_versioned(head: &Map<String, Value>) -> bool {
    head.get("version").and_then(Value::as_str).is_some_and(|version| version.contains("jsonfeed.org/version/"))
}

fn not_a_feed(head: &Map<String, Value>) -> String {
    let names: Vec<String> =
        head.keys().take(5).map(|key| format!("`{}`", crate::guard::text::excerpt(key, 30))).collect();
    match names.is_empty() {
        true => "a JSON document without items".to_owned(),
        false => format!("a JSON document with {}", names.join(", ")),
    }
}

/// Reads what is whole in a document that is not JSON: each item of its list on its own.
fn salvage(text: &str, damage: &mut Damage) -> Result<Found, String> {
    let Some(list) = text.find("\"items\"").and_then(|at| Some(at + text[at..].find('[')? + 1)) else {
        return Err("broken JSON".to_owned());
    };
    let mut head = Map::new();
    if let Some(at) = text.find("jsonfeed.org/version/") {
        let version: String = text[at..].chars().take_while(|character| *character != '"').collect();
        head.insert("version".to_owned(), Value::String(format!("https://{version}")));
    }
    damage.note(Flaw::Syntax);
    let mut items = Vec::new();
    let mut begun = 0;
    let mut depth = 0_usize;
    let mut start = 0;
    let mut in_string = false;
    let mut escaped = false;
    let mut ended = false;
    for (at, byte) in text.bytes().enumerate().skip(list) {
        match (in_string, byte) {
            (true, _) if escaped => escaped = false,
            (true, b'\\') => escaped = true,
            (_, b'"') => in_string = !in_string,
            (true, _) => {}
            (false, b'{') => {
                if depth == 0 {
                    begun += 1;
                    start = at;
                }
                depth += 1;
            }
            (false, b'}') => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    items.extend(parse_item(&text[start..=at]));
                }
            }
            (false, b']') if depth == 0 => {
                ended = true;
                break;
            }
            (false, _) => {}
        }
    }
    if !ended {
        damage.note(Flaw::Tail);
    }
    Ok(Found { head, items, begun })
}

/// One item; line ends and tabs inside strings, which JSON forbids, are escaped if that helps.
fn parse_item(text: &str) -> Option<Value> {
    serde_json::from_str(text).ok().or_else(|| {
        let mut mended = String::with_capacity(text.len());
        let mut in_string = false;
        let mut escaped = false;
        for character in text.chars() {
            match character {
                '\n' if in_string => mended.push_str("\\n"),
                '\r' if in_string => mended.push_str("\\r"),
                '\t' if in_string => mended.push_str("\\t"),
                other => mended.push(other),
            }
            in_string ^= character == '"' && !escaped;
            escaped = character == '\\' && !escaped;
        }
        serde_json::from_str(&mended).ok()
    })
}

fn write(item: Value, base: &Url, feed_author: Option<&str>, damage: &mut Damage) -> Option<Value> {
    let Value::Object(item) = item else {
        damage.note(Flaw::Types);
        return None;
    };
    let mut written = Map::new();
    let mut put = |key: &str, value: Option<String>| {
        if let Some(value) = value.filter(|value| !value.trim().is_empty()) {
            written.insert(key.to_owned(), Value::String(value));
        }
    };
    let id = string(item.get("id"), damage).and_then(|id| key(&id));
    let mut url = ["url", "external_url"].iter().find_map(|key| link::read(&string(item.get(*key), damage)?, base));
    if url.is_none() {
        // "Ideally, the id is the full URL of the resource."
        url = id.as_deref().filter(|id| Url::parse(id).is_ok()).and_then(|id| link::read(id, base));
    }
    put("url", url.map(String::from));
    put("id", id);
    put("title", string(item.get("title"), damage));
    put("content_html", string(item.get("content_html"), damage));
    put("content_text", string(item.get("content_text"), damage));
    put("summary", string(item.get("summary"), damage));
    let mut moment =
        |key: &str| string(item.get(key), damage).and_then(|text| date::read(&text)).map(|at| at.to_string());
    let (published, updated) = (moment("date_published"), moment("date_modified"));
    put("date_published", published);
    put("date_modified", updated);
    if let Some(author) = author(&item, damage).or(feed_author.map(str::to_owned)) {
        written.insert("authors".to_owned(), json!([{ "name": author }]));
    }
    let tags = tags(item.get("tags"), damage);
    if !tags.is_empty() {
        written.insert("tags".to_owned(), json!(tags));
    }
    Some(Value::Object(written))
}

/// A string, or a number written as one.
fn string(value: Option<&Value>, damage: &mut Damage) -> Option<String> {
    match value? {
        Value::String(text) => Some(text.clone()),
        Value::Null => None,
        Value::Number(number) => {
            damage.note(Flaw::Types);
            Some(number.to_string())
        }
        _ => {
            damage.note(Flaw::Types);
            None
        }
    }
}

fn author(object: &Map<String, Value>, damage: &mut Damage) -> Option<String> {
    let authors = match (object.get("authors"), object.get("author")) {
        (Some(Value::Array(authors)), _) if !authors.is_empty() => authors.iter().collect::<Vec<_>>(),
        (_, Some(author)) => vec![author],
        _ => return None,
    };
    authors.into_iter().find_map(|author| match author {
        Value::Object(author) => person(author.get("name")?.as_str()?),
        Value::String(name) => {
            damage.note(Flaw::Types);
            person(name)
        }
        _ => None,
    })
}

fn tags(value: Option<&Value>, damage: &mut Damage) -> Vec<String> {
    match value {
        Some(Value::Array(tags)) => distinct(tags.iter().filter_map(Value::as_str)),
        Some(Value::String(tag)) => {
            damage.note(Flaw::Types);
            distinct(std::iter::once(tag))
        }
        _ => Vec::new(),
    }
}
