//! Digests and alerts as people read them: each fixture is an edition, each snapshot beside it what it becomes.

use std::fs;
use std::path::{Path, PathBuf};

use tidings::edition::{Alert, Digest};
use tidings::tell::render::{self, Rendered};

fn fixtures(kind: &str) -> Vec<(String, PathBuf)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(kind);
    let mut cases: Vec<(String, PathBuf)> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "json"))
        .map(|path| (path.file_stem().unwrap().to_string_lossy().into_owned(), path))
        .collect();
    cases.sort();
    assert!(!cases.is_empty(), "no fixtures of {kind}");
    cases
}

fn digests() -> Vec<(String, Digest)> {
    let read = |path: PathBuf| serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    fixtures("digest").into_iter().map(|(case, path)| (case, read(path))).collect()
}

fn alerts() -> Vec<(String, Alert)> {
    let read = |path: PathBuf| serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    fixtures("alert").into_iter().map(|(case, path)| (case, read(path))).collect()
}

fn pages() -> Vec<(String, Rendered)> {
    let digests =
        digests().into_iter().map(|(case, digest)| (format!("digest/{case}"), render::digest(&digest).unwrap()));
    let alerts = alerts().into_iter().map(|(case, alert)| (format!("alert/{case}"), render::alert(&alert).unwrap()));
    digests.chain(alerts).collect()
}

#[test]
fn every_edition_reads_as_its_snapshot_says() {
    for (name, page) in pages() {
        let (kind, case) = name.split_once('/').unwrap();
        insta::with_settings!({
            snapshot_path => format!("../../fixtures/{kind}"),
            prepend_module_to_snapshot => false,
            omit_expression => true,
        }, {
            insta::assert_snapshot!(format!("{case}.subject"), page.subject);
            insta::assert_snapshot!(format!("{case}.md"), page.markdown);
            insta::assert_snapshot!(format!("{case}.txt"), page.text);
            insta::assert_snapshot!(format!("{case}.html"), page.html);
        });
    }
}
