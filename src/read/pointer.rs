//! A JSON document becomes entries, by the paths that a person or a preset gave.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use url::Url;

use super::rules::{distinct, key, person};
use super::{date, link, prose};
use crate::guard::text;
use crate::item::Entry;
use crate::source::{Paths, Piece, Place, Step};

/// Items of one document. The largest feed of a lab's list has 1,186 entries.
const MAX_ITEMS: usize = 5000;

/// Values one pointer may visit: what bounds the time of a search at any depth.
const MAX_VISITS: usize = 1_000_000;

/// What a value loses that is put into an address: all but what RFC 3986 calls unreserved, and the slashes of a path.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// What was found in a document.
#[derive(Debug, Default, PartialEq)]
pub struct Found {
    /// In the document's order.
    pub entries: Vec<Entry>,
    /// Items that begin in the document, also those that say nothing: without id, link and title.
    pub begun: usize,
}

/// The entries of a document; relative links are resolved against `base`. Where the pointer to the items is a search
/// (`**`), only objects that have every one of id, title, link and date for which the paths name a place are items.
///
/// # Errors
/// The pointer to the items leads nowhere. The words complete "there is no …".
pub fn entries(document: &Value, paths: &Paths, base: &Url) -> Result<Found, String> {
    let mut places = Vec::new();
    select(document, &paths.items.0, &mut places, &mut 0);
    if places.is_empty() {
        return Err(format!("`{}` in its JSON, which {}", paths.items, shape(document)));
    }
    let mut found = Found::default();
    let is_search = paths.items.is_search();
    for place in places {
        let items: &[Value] = match place {
            // A search comes to a list's elements by itself.
            Value::Array(items) if !is_search => items,
            item => std::slice::from_ref(item),
        };
        for item in items {
            if found.begun == MAX_ITEMS {
                return Ok(found);
            }
            if is_search && !is_item(item, paths) {
                continue;
            }
            found.begun += 1;
            found.entries.extend(entry(item, paths, base));
        }
    }
    Ok(found)
}

/// "has `error`, `status`" and the like, for people.
pub fn shape(document: &Value) -> String {
    match document {
        Value::Object(object) if object.is_empty() => "is empty".to_owned(),
        Value::Object(object) => {
            let keys: Vec<String> = object.keys().take(5).map(|key| format!("`{}`", text::excerpt(key, 30))).collect();
            format!("has {}", keys.join(", "))
        }
        Value::Array(list) => format!("is a list of {}", list.len()),
        _ => "is a single value".to_owned(),
    }
}

fn is_item(value: &Value, paths: &Paths) -> bool {
    value.is_object()
        && [&paths.id, &paths.title, &paths.link, &paths.date]
            .iter()
            .all(|places| places.is_empty() || word(value, places).is_some())
}

fn entry(item: &Value, paths: &Paths, base: &Url) -> Option<Entry> {
    let native = word(item, &paths.id).and_then(|id| key(&id));
    let link = paths.link.iter().find_map(|place| link::read(&one(item, place, escape)?, base));
    let text = word(item, &paths.text).map(|text| prose::text(&text)).unwrap_or_default();
    let title = prose::title(word(item, &paths.title).as_deref(), &text, link.as_ref());
    if native.is_none() && title.is_empty() {
        return None;
    }
    Some(Entry {
        native,
        native_is_stable: false,
        link,
        title,
        text,
        author: word(item, &paths.author).and_then(|author| person(&author)),
        published: paths.date.iter().find_map(|place| date::read(&one(item, place, plain)?)),
        updated: None,
        tags: distinct(
            paths.tags.iter().map(|place| words(item, place)).find(|tags| !tags.is_empty()).into_iter().flatten(),
        ),
    })
}

/// The words of the first place that has any.
fn word(item: &Value, places: &[Place]) -> Option<String> {
    places.iter().find_map(|place| one(item, place, plain))
}

/// What stands at a place, several values with commas between. `put` writes a value into a template.
fn one(item: &Value, place: &Place, put: fn(&str) -> Cow<'_, str>) -> Option<String> {
    match place {
        Place::At(_) => Some(words(item, place).join(", ")).filter(|words| !words.trim().is_empty()),
        Place::Template(pieces) => {
            let mut text = String::new();
            for piece in pieces {
                match piece {
                    Piece::Words(words) => text.push_str(words),
                    Piece::At(pointer) => {
                        let mut found = Vec::new();
                        select(item, &pointer.0, &mut found, &mut 0);
                        // A template with a hole is no address.
                        text.push_str(&put(&found.into_iter().find_map(scalar)?));
                    }
                }
            }
            Some(text)
        }
    }
}

fn words(item: &Value, place: &Place) -> Vec<String> {
    let Place::At(pointer) = place else {
        return one(item, place, plain).into_iter().collect();
    };
    let mut found = Vec::new();
    select(item, &pointer.0, &mut found, &mut 0);
    let flat = found.into_iter().flat_map(|value| match value {
        Value::Array(list) => list.iter().collect(),
        one => vec![one],
    });
    flat.filter_map(scalar).collect()
}

fn plain(value: &str) -> Cow<'_, str> {
    Cow::Borrowed(value)
}

fn escape(value: &str) -> Cow<'_, str> {
    utf8_percent_encode(value, ESCAPED).into()
}

/// A text that says something, or a number.
fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.trim().is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Every value a pointer leads to, in the document's order; `visits` counts, and stops what would never end.
fn select<'v>(value: &'v Value, steps: &[Step], found: &mut Vec<&'v Value>, visits: &mut usize) {
    *visits += 1;
    if *visits > MAX_VISITS {
        return;
    }
    let Some((step, rest)) = steps.split_first() else {
        found.push(value);
        return;
    };
    let children = || -> Vec<&'v Value> {
        match value {
            Value::Array(list) => list.iter().collect(),
            Value::Object(object) => object.values().collect(),
            _ => Vec::new(),
        }
    };
    match step {
        Step::Key(key) => {
            let next = match value {
                Value::Object(object) => object.get(key),
                // RFC 6901, 4: no leading zeros.
                Value::Array(list) if key == "0" || !key.starts_with(['0', '+']) => {
                    key.parse::<usize>().ok().and_then(|place| list.get(place))
                }
                _ => None,
            };
            if let Some(next) = next {
                select(next, rest, found, visits);
            }
        }
        Step::Each => children().into_iter().for_each(|child| select(child, rest, found, visits)),
        Step::Deep => {
            select(value, rest, found, visits);
            children().into_iter().for_each(|child| select(child, steps, found, visits));
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::source::Pointer;

    fn place(text: &str) -> Vec<Place> {
        vec![Place::read(text).unwrap()]
    }

    fn base() -> Url {
        Url::parse("https://example.org/api/posts").unwrap()
    }

    fn paths() -> Paths {
        Paths {
            items: Pointer::read("/hits").unwrap(),
            id: place("/id"),
            title: place("/title"),
            link: vec![Place::read("/url").unwrap(), Place::read("https://example.org/item?id={/id}").unwrap()],
            date: place("/at"),
            text: place("/body"),
            author: place("/authors/*/name"),
            tags: place("/tags"),
        }
    }

    #[test]
    fn the_examples_of_rfc_6901_lead_where_it_says() {
        let document = json!({
            "foo": ["bar", "baz"], "": 0, "a/b": 1, "c%d": 2, "e^f": 3, "g|h": 4, "i\\j": 5, "k\"l": 6, " ": 7, "m~n": 8
        });
        for (pointer, expected) in [
            ("", document.clone()),
            ("/foo", json!(["bar", "baz"])),
            ("/foo/0", json!("bar")),
            ("/", json!(0)),
            ("/a~1b", json!(1)),
            ("/c%d", json!(2)),
            ("/e^f", json!(3)),
            ("/g|h", json!(4)),
            ("/i\\j", json!(5)),
            ("/k\"l", json!(6)),
            ("/ ", json!(7)),
            ("/m~0n", json!(8)),
        ] {
            let mut found = Vec::new();
            select(&document, &Pointer::read(pointer).unwrap().0, &mut found, &mut 0);
            assert_eq!(found, [&expected], "{pointer}");
        }
        for pointer in ["/foo/2", "/foo/00", "/foo/-", "/nothing", "/foo/bar"] {
            let mut found = Vec::new();
            select(&document, &Pointer::read(pointer).unwrap().0, &mut found, &mut 0);
            assert_eq!(found, Vec::<&Value>::new(), "{pointer}");
        }
    }

    #[test]
    fn each_part_comes_from_the_first_place_that_has_it() {
        let document = json!({ "hits": [
            { "id": 7, "title": "A <b>title</b>", "url": "/posts/7", "at": 1_767_225_600, "body": "<p>One</p><p>Two</p>",
              "authors": [{ "name": "Ada" }, { "name": "Bob" }], "tags": ["evals", "agents", "evals"] },
            { "id": "8 b", "title": "Second", "url": null, "at": "no day" },
            { "nothing": true },
            "not even an object"
        ] });
        let found = entries(&document, &paths(), &base()).unwrap();
        assert_eq!(found.begun, 4);
        let [first, second] = &found.entries[..] else { panic!("two entries: {found:?}") };
        assert_eq!(first.native.as_deref(), Some("7"));
        assert_eq!(first.title, "A title");
        assert_eq!(first.link.as_ref().map(Url::as_str), Some("https://example.org/posts/7"));
        assert_eq!(first.published.map(|at| at.to_string()).as_deref(), Some("2026-01-01T00:00:00Z"));
        assert_eq!(first.text, "One\n\nTwo");
        assert_eq!(first.author.as_deref(), Some("Ada, Bob"));
        assert_eq!(first.tags, ["evals", "agents"]);
        assert_eq!(second.link.as_ref().map(Url::as_str), Some("https://example.org/item?id=8%20b"));
        assert_eq!(second.published, None);
    }

    #[test]
    fn a_search_finds_what_has_all_the_parts_at_any_depth() {
        let paths = Paths {
            items: Pointer::read("/**").unwrap(),
            title: place("/title"),
            link: place("/posts/{/slug/current}"),
            date: place("/publishedOn"),
            ..Paths::default()
        };
        let document = json!([{ "title": "A page", "sections": [
            { "title": "Heading", "items": [
                { "title": "Post", "slug": { "current": "post" }, "publishedOn": "2026-11-02" },
                { "title": "No day", "slug": { "current": "none" } }
            ] }
        ] }]);
        let found = entries(&document, &paths, &base()).unwrap();
        assert_eq!(found.begun, 1);
        assert_eq!(found.entries[0].link.as_ref().map(Url::as_str), Some("https://example.org/posts/post"));
    }

    #[test]
    fn a_pointer_that_leads_nowhere_says_what_is_there_instead() {
        let error = entries(&json!({ "error": "no", "status": 500 }), &paths(), &base()).unwrap_err();
        assert_eq!(error, "`/hits` in its JSON, which has `error`, `status`");
        assert!(entries(&json!({ "hits": [] }), &paths(), &base()).unwrap().entries.is_empty());
    }

    #[test]
    fn searches_at_any_depth_within_searches_end() {
        let mut document = json!("leaf");
        for _ in 0..100 {
            document = json!([document.clone(), 1]);
        }
        let paths = Paths { items: Pointer::read("/**/**/**/**/x").unwrap(), ..Paths::default() };
        assert!(entries(&document, &paths, &base()).is_err());
    }
}
