//! Reads files as answers to one kind of source and prints one JSON line for each.
//!
//! `cargo run --example read-answers -- KIND FILE…`, where KIND is `reddit`, `hacker-news`, `hugging-face-papers`,
//! `arxiv` or `changelog`.

use std::path::Path;

use serde_json::json;
use tidings::page::{Mark, Page, Room};
use tidings::source::{List, Origin, Reddit};
use url::Url;

fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let kind = arguments.next().unwrap_or_default();
    let url = Url::parse("https://answers.example.org/list").expect("a constant address");
    let origin = match kind.as_str() {
        "reddit" => {
            // Pinned posts are kept, so that every post of a file can be counted.
            Origin::Reddit(Reddit { pinned: true, ..Reddit::of("any") })
        }
        "hacker-news" => Origin::List(Box::new(List::hacker_news("any", 20))),
        "hugging-face-papers" => Origin::List(Box::new(List::hugging_face_papers())),
        "arxiv" => Origin::Arxiv("any".to_owned()),
        "changelog" => Origin::Changelog(url.clone()),
        _ => {
            eprintln!("usage: read-answers KIND FILE…");
            std::process::exit(2);
        }
    };
    for path in arguments {
        let bytes = std::fs::read(Path::new(&path))?;
        let page = Page { url: url.clone(), content_type: None, bytes, mark: Mark::default(), room: Room::default() };
        let reading = tidings::read::page(&page, &origin);
        let entries = &reading.entries;
        let line = json!({
            "path": path,
            "entries": entries.len(),
            "ids": entries.iter().map(|entry| &entry.native).collect::<Vec<_>>(),
            "titled": entries.iter().filter(|entry| !entry.title.is_empty()).count(),
            "linked": entries.iter().filter(|entry| entry.link.is_some()).count(),
            "dated": entries.iter().filter(|entry| entry.published.is_some()).count(),
            "faults": reading.faults,
        });
        println!("{line}");
    }
    Ok(())
}
