//! Reads the main text of every page named on standard input and prints one JSON line for each.
//!
//! `cargo run --release --example read-articles < LIST`; a line of the list is the path of a file, a tab, and the address
//! that the page had. Files that end in `.gz` are unpacked in memory.

use std::io::{BufRead, Read, Write};
use std::time::Instant;

use serde_json::json;
use tidings::page::{Mark, Page, Room};
use url::Url;

fn main() -> std::io::Result<()> {
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let (path, url) = line.split_once('\t').unwrap_or((&line, "https://www.example.org/article"));
        let packed = std::fs::read(path)?;
        let mut bytes = Vec::new();
        if path.ends_with(".gz") {
            flate2::read::GzDecoder::new(&packed[..]).read_to_end(&mut bytes)?;
        } else {
            bytes = packed;
        }
        let page = Page {
            url: Url::parse(url).unwrap_or_else(|_| Url::parse("https://www.example.org/article").expect("an address")),
            content_type: None,
            bytes,
            mark: Mark::default(),
            room: Room::default(),
        };
        let start = Instant::now();
        let read = tidings::read::article(&page);
        let milliseconds = start.elapsed().as_secs_f64() * 1000.0;
        let line = match read {
            Ok(entry) => json!({
                "path": path, "title": entry.title, "author": entry.author, "date": entry.published,
                "text": entry.text, "fault": null, "milliseconds": milliseconds,
            }),
            Err(fault) => json!({ "path": path, "text": "", "fault": fault.message, "milliseconds": milliseconds }),
        };
        writeln!(out, "{line}")?;
    }
    out.flush()
}
