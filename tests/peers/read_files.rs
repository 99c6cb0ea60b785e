//! Reads every file below a folder as a feed and prints one JSON line for each, for comparison with other readers.
//!
//! `cargo run --release --example read-files -- FOLDER`. Files that end in `.gz` are unpacked in memory. Stderr has the
//! number of files and bytes, the time spent in reading, and the longest single reading.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::json;
use tidings::page::{Mark, Page, Room};
use url::Url;

fn main() -> std::io::Result<()> {
    let Some(folder) = std::env::args_os().nth(1).map(PathBuf::from) else {
        eprintln!("usage: read-files FOLDER");
        std::process::exit(2);
    };
    let mut files = Vec::new();
    walk(&folder, &mut files)?;
    files.sort();
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let (mut bytes_read, mut spent, mut longest) = (0, Duration::ZERO, (Duration::ZERO, String::new()));
    for file in &files {
        let bytes = unpacked(file)?;
        bytes_read += bytes.len();
        let path = file.strip_prefix(&folder).unwrap_or(file).display().to_string();
        let page = Page {
            url: Url::parse("https://feeds.example.org/folder/feed.xml").expect("a constant address"),
            content_type: None,
            bytes,
            mark: Mark::default(),
            room: Room::default(),
        };
        let start = Instant::now();
        let reading = tidings::read::feed(&page);
        let took = start.elapsed();
        spent += took;
        if took > longest.0 {
            longest = (took, path.clone());
        }
        let entries = &reading.entries;
        let line = json!({
            "path": path,
            "entries": entries.len(),
            "titles": entries.iter().map(|entry| &entry.title).collect::<Vec<_>>(),
            "links": entries.iter().map(|entry| &entry.link).collect::<Vec<_>>(),
            "ids": entries.iter().map(|entry| &entry.native).collect::<Vec<_>>(),
            "published": entries.iter().map(|entry| entry.published).collect::<Vec<_>>(),
            "updated": entries.iter().map(|entry| entry.updated).collect::<Vec<_>>(),
            "authors": entries.iter().map(|entry| &entry.author).collect::<Vec<_>>(),
            "text_bytes": entries.iter().map(|entry| entry.text.len()).collect::<Vec<_>>(),
            "faults": reading.faults,
            "milliseconds": took.as_secs_f64() * 1000.0,
        });
        writeln!(out, "{line}")?;
    }
    out.flush()?;
    eprintln!(
        "{} files, {:.1} MB, read in {:.3} s; the longest took {:.1} ms: {}",
        files.len(),
        bytes_read as f64 / 1e6,
        spent.as_secs_f64(),
        longest.0.as_secs_f64() * 1000.0,
        longest.1
    );
    Ok(())
}

pub fn walk(folder: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for child in std::fs::read_dir(folder)? {
        let path = child?.path();
        if path.is_dir() { walk(&path, files)? } else { files.push(path) }
    }
    Ok(())
}

pub fn unpacked(file: &Path) -> std::io::Result<Vec<u8>> {
    let bytes = std::fs::read(file)?;
    if file.extension().is_none_or(|extension| extension != "gz") {
        return Ok(bytes);
    }
    let mut plain = Vec::new();
    flate2::read::GzDecoder::new(bytes.as_slice()).read_to_end(&mut plain)?;
    Ok(plain)
}
