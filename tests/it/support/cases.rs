//! Fixtures of a kind of source: each file is read, and compared with what is written beside it.

use std::path::PathBuf;

use tidings::item::Reading;
use tidings::page::{Mark, Page, Room};
use url::Url;

/// A page with these bytes, found at this address.
pub fn page(url: &str, bytes: impl Into<Vec<u8>>) -> Page {
    Page {
        url: Url::parse(url).unwrap(),
        content_type: None,
        bytes: bytes.into(),
        mark: Mark::default(),
        room: Room::default(),
    }
}

/// Reads every file of tests/fixtures/`kind` and compares the reading with `<file>.expected.json`; with BLESS=1 that file is
/// written instead, for a person to look at.
pub fn check_fixtures(kind: &str, at_least: usize, read: impl Fn(&str, Vec<u8>) -> Reading) {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(kind);
    let mut files: Vec<PathBuf> = std::fs::read_dir(&folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    files.retain(|file| !file.to_string_lossy().ends_with(".expected.json"));
    let mut wrong = Vec::new();
    for file in &files {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        let reading = read(&name, std::fs::read(file).unwrap());
        let actual = serde_json::to_string_pretty(&reading).unwrap() + "\n";
        let expected_file = folder.join(format!("{name}.expected.json"));
        if std::env::var_os("BLESS").is_some() {
            std::fs::write(&expected_file, &actual).unwrap();
        } else if std::fs::read_to_string(&expected_file).ok().as_ref() != Some(&actual) {
            wrong.push(format!("{name} is read as\n{actual}"));
        }
    }
    assert!(files.len() >= at_least, "only {} cases were found", files.len());
    assert!(wrong.is_empty(), "{} of {} cases differ:\n{}", wrong.len(), files.len(), wrong.join("\n"));
}
