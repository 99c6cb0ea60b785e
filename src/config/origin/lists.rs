//! Reads `from.json` and the services whose lists are known: `from.hacker-news`, `from.hugging-face-papers`, `from.arxiv`.

use super::super::paths::read_paths;
use super::super::sources::read_web_address;
use super::super::table::{Found, Table};
use crate::source::{List, Origin};

const EXAMPLE: &str =
    "from.json = { url = \"https://…\", items = \"/hits\", id = \"/id\", title = \"/title\", link = \"/url\" }";

/// The least points of a story; what fewer people liked drowns the rest.
const USUAL_POINTS: u64 = 20;

/// Longer queries are refused by servers.
const MOST_LETTERS: usize = 1_000;

pub(super) fn json(from: &Table<'_, '_>) -> Option<Found<Origin>> {
    let (_, value, _, span) = from.entries().find(|(key, ..)| *key == "json")?;
    if !value.is_table() {
        from.document.mistake(span, "from.json needs a table".to_owned(), EXAMPLE.to_owned());
        return None;
    }
    let table = from.table("json")?;
    let url = table.parsed("url", read_web_address, "an address that begins with https:// or http://");
    let paths = read_paths(&table);
    for (key, is_missing) in [
        ("url", !table.entries().any(|(key, ..)| key == "url")),
        ("title", !table.entries().any(|(key, ..)| key == "title")),
        ("id` or `link", !table.entries().any(|(key, ..)| key == "id" || key == "link")),
    ] {
        if is_missing {
            table.mistake(format!("from.json needs `{key}`"), EXAMPLE);
        }
    }
    table.finish();
    let list = List { kind: "json", url: url?.value, paths, ids_are_stable: false, may_be_empty: false };
    Some(Found { value: Origin::List(Box::new(list)), span })
}

pub(super) fn hacker_news(from: &Table<'_, '_>) -> Option<Found<Origin>> {
    const REMEDY: &str =
        "the words of a story: from.hacker-news = \"claude code\", or { query = \"mcp\", points = 30 }";
    let (_, value, _, span) = from.entries().find(|(key, ..)| *key == "hacker-news")?;
    let (query, points) = if value.is_table() {
        let table = from.table("hacker-news")?;
        let query = table.parsed("query", words, REMEDY);
        if !table.entries().any(|(key, ..)| key == "query") {
            table.mistake("from.hacker-news needs `query`".to_owned(), REMEDY);
        }
        let points = table.integer("points", 0..=100_000).unwrap_or(USUAL_POINTS);
        table.finish();
        (query?.value, points)
    } else {
        (from.parsed("hacker-news", words, REMEDY)?.value, USUAL_POINTS)
    };
    Some(Found { value: Origin::List(Box::new(List::hacker_news(&query, points))), span })
}

pub(super) fn hugging_face_papers(from: &Table<'_, '_>) -> Option<Found<Origin>> {
    const REMEDY: &str = "from.hugging-face-papers = \"daily\"";
    let (_, value, _, span) = from.entries().find(|(key, ..)| *key == "hugging-face-papers")?;
    if value.is_table() {
        from.table("hugging-face-papers")?.finish();
    } else {
        let read = |text: &str| (text == "daily").then_some(()).ok_or_else(|| format!("no list is called `{text}`"));
        from.parsed("hugging-face-papers", read, REMEDY)?;
    }
    Some(Found { value: Origin::List(Box::new(List::hugging_face_papers())), span })
}

pub(super) fn arxiv(from: &Table<'_, '_>) -> Option<Found<Origin>> {
    let remedy = "a query as https://info.arxiv.org/help/api/user-manual.html says: \
                  \"cat:cs.AI AND abs:\\\"prompt injection\\\"\"";
    let found = from.parsed("arxiv", words, remedy)?;
    Some(Found { value: Origin::Arxiv(found.value), span: found.span })
}

fn words(text: &str) -> Result<String, String> {
    let text = text.trim();
    match text.chars().count() {
        0 => Err("no words are given".to_owned()),
        1..=MOST_LETTERS => Ok(text.to_owned()),
        letters => Err(format!("{letters} letters are too many")),
    }
}
