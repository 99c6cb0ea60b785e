//! Reads `from.page`: a web page without a feed, and where its items stand.

use scraper::Selector;

use super::super::paths::read_paths;
use super::super::sources::read_web_address;
use super::super::table::{Found, Table, nearest};
use crate::source::{Embedded, Layout, Origin, WebPage};

const ADDRESS: &str = "an address that begins with https:// or http://";
const EXAMPLE: &str = "say what repeats on it: from.page = { url = \"https://…\", item = \"article\" }";
const SELECTOR: &str = "a CSS selector such as \"article\" or \"a[href^='/posts/']\"";

/// Reads `from.page`, an address or a table.
pub fn read_page(from: &Table<'_, '_>) -> Option<Found<Origin>> {
    let (_, value, _, span) = from.entries().find(|(key, ..)| *key == "page")?;
    if !value.is_table() {
        let found = from.parsed("page", read_web_address, ADDRESS)?;
        let Some(layout) = Layout::preset_for(&found.value) else {
            from.document.mistake(found.span, "no layout is known for this page".to_owned(), EXAMPLE.to_owned());
            return None;
        };
        return Some(Found { value: origin(WebPage { url: found.value, layout }), span: found.span });
    }
    let table = from.table("page")?;
    let url = table.parsed("url", read_web_address, ADDRESS);
    if url.is_none() && !table.entries().any(|(key, ..)| key == "url") {
        table.mistake("a page needs its address".to_owned(), "url = \"https://example.org/posts\"");
    }
    let preset = table.parsed("preset", read_preset, &format!("one of {}", Layout::preset_names().join(", ")));
    let known = || Layout::preset_for(&url.as_ref()?.value);
    let mut layout = preset.map(|found| found.value).or_else(known).unwrap_or_default();
    for (key, part) in [
        ("item", &mut layout.item),
        ("link", &mut layout.link),
        ("title", &mut layout.title),
        ("date", &mut layout.date),
        ("text", &mut layout.text),
    ] {
        if let Some(selector) = selector(&table, key) {
            *part = Some(selector);
        }
    }
    if let Some(json) = table.table("json") {
        let script = selector(&json, "script");
        let paths = read_paths(&json);
        if paths.title.is_empty() && paths.link.is_empty() {
            json.mistake("items need a title or a link".to_owned(), "title = \"/title\", link = \"/url\"");
        }
        json.finish();
        layout.embedded = Some(Embedded { script, paths });
    } else if layout.item.is_some() && table.entries().any(|(key, ..)| key == "item") {
        // A person's own selector is not overruled by what a preset finds elsewhere.
        layout.embedded = None;
    }
    let is_given = |name: &str| table.entries().any(|(key, ..)| key == name);
    if layout.item.is_none() && layout.embedded.is_none() && !is_given("item") && !is_given("preset") {
        table.mistake("nothing says what repeats on this page".to_owned(), "item = \"article\", or json = { … }");
    }
    table.finish();
    Some(Found { value: origin(WebPage { url: url?.value, layout }), span })
}

fn origin(page: WebPage) -> Origin {
    Origin::Page(Box::new(page))
}

fn selector(table: &Table<'_, '_>, key: &'static str) -> Option<String> {
    // The parser's own words are for its developers.
    let read = |text: &str| match Selector::parse(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(_) => Err(format!("`{text}` is no CSS selector")),
    };
    table.parsed(key, read, SELECTOR).map(|found| found.value)
}

fn read_preset(name: &str) -> Result<Layout, String> {
    Layout::preset_named(name).ok_or_else(|| match nearest(name, &Layout::preset_names()) {
        Some(near) => format!("no preset is called `{name}`; did you mean `{near}`?"),
        None => format!("no preset is called `{name}`"),
    })
}
