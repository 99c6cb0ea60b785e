//! Feeds: RSS, Atom and JSON Feed become entries.

use crate::guard::text;
use crate::item::{Entry, Fault, FaultKind, Reading};
use crate::page::Page;

/// Reads a feed. Never fails and never panics: what was not understood is a fault in the reading.
pub fn feed(page: &Page) -> Reading {
    let base = page.url.to_string();
    let parsed = std::panic::catch_unwind(|| {
        feed_rs::parser::Builder::new()
            .base_uri(Some(&base))
            .id_generator(|_, _, _| String::new())
            .build()
            .parse(page.bytes.as_slice())
    });
    let Ok(Ok(feed)) = parsed else {
        return Reading {
            entries: Vec::new(),
            faults: vec![Fault::new(FaultKind::NotAFeed, format!("reading {}: this is not a feed", page.url))],
        };
    };
    let entries = feed
        .entries
        .into_iter()
        .map(|entry| Entry {
            native: Some(entry.id).filter(|id| !id.trim().is_empty()),
            link: entry.links.iter().find_map(|link| url::Url::parse(&link.href).ok()),
            title: entry.title.map(|title| text::one_line(&title.content)).unwrap_or_default(),
            text: entry
                .content
                .and_then(|content| content.body)
                .or(entry.summary.map(|summary| summary.content))
                .map(|body| text::clean(&body))
                .unwrap_or_default(),
            author: entry.authors.into_iter().find_map(|author| author.name),
            published: entry.published.and_then(|date| jiff::Timestamp::from_second(date.timestamp()).ok()),
            updated: entry.updated.and_then(|date| jiff::Timestamp::from_second(date.timestamp()).ok()),
            tags: entry.categories.into_iter().map(|category| category.term).collect(),
        })
        .collect();
    Reading { entries, faults: Vec::new() }
}
