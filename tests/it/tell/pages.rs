//! Digests and alerts as people read them: each fixture is an edition, each snapshot beside it what it becomes.

use std::fs;
use std::path::{Path, PathBuf};

use tidings::edition::{Alert, Also, Digest, Rollup, Telling};
use tidings::tell::render::{self, Rendered};

use super::samples::{digest, telling};

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

fn rollups() -> Vec<(String, Rollup)> {
    let read = |path: PathBuf| serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    fixtures("rollup").into_iter().map(|(case, path)| (case, read(path))).collect()
}

fn pages() -> Vec<(String, Rendered)> {
    let digests =
        digests().into_iter().map(|(case, digest)| (format!("digest/{case}"), render::digest(&digest).unwrap()));
    let alerts = alerts().into_iter().map(|(case, alert)| (format!("alert/{case}"), render::alert(&alert).unwrap()));
    let rollups =
        rollups().into_iter().map(|(case, rollup)| (format!("rollup/{case}"), render::rollup(&rollup).unwrap()));
    digests.chain(alerts).chain(rollups).collect()
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

#[test]
fn the_same_edition_gives_the_same_bytes() {
    assert_eq!(pages(), pages());
}

#[test]
fn digest_json_is_the_edition_and_reads_back_as_it() {
    for (_, digest) in digests() {
        let json = render::digest(&digest).unwrap().json;
        assert!(json.ends_with("}\n"));
        assert_eq!(serde_json::from_str::<Digest>(&json).unwrap(), digest);
    }
}

#[test]
fn every_subject_is_one_line_of_10_to_78_characters() {
    for (name, page) in pages() {
        let length = page.subject.chars().count();
        assert!((10..=78).contains(&length) && !page.subject.contains(['\r', '\n']), "{name}: {:?}", page.subject);
    }
}

#[test]
fn a_page_asks_nothing_of_the_network_and_runs_nothing() {
    let harmless =
        "!doctype !-- html head meta title style body div table tr td p h1 h2 h3 a span blockquote code strong pre s";
    for (name, page) in pages() {
        for tag in tags(&page.html) {
            let word = tag.trim_start_matches('/').split_whitespace().next().unwrap_or_default().to_lowercase();
            assert!(harmless.split(' ').any(|known| known == word), "{name}: <{tag}>");
            assert!(!tag.contains(" src=") && !tag.contains(" on") && !tag.contains("url("), "{name}: <{tag}>");
        }
        let sheet = page.html.split("<style>").nth(1).unwrap().split("</style>").next().unwrap();
        assert!(!sheet.contains("url(") && !sheet.contains("@import"));
    }
}

/// What stands between `<` and `>`.
fn tags(html: &str) -> impl Iterator<Item = &str> {
    html.split('<').skip(1).filter_map(|rest| rest.split('>').next())
}

#[test]
fn only_web_addresses_become_links() {
    for (name, page) in pages() {
        for tag in tags(&page.html).filter(|tag| tag.starts_with("a ")) {
            let target = tag.split("href=\"").nth(1).unwrap();
            assert!(target.starts_with("https://") || target.starts_with("http://"), "{name}: {tag}");
        }
        for (at, _) in page.markdown.match_indices("](").filter(|(at, _)| !page.markdown[..*at].ends_with('\\')) {
            let target = &page.markdown[at + 2..];
            assert!(target.starts_with("https://") || target.starts_with("http://"), "{name}: {target}");
        }
    }
}

#[test]
fn foreign_words_make_no_markup_in_markdown() {
    let digest = digests().into_iter().find(|(case, _)| case == "hostile").unwrap().1;
    let markdown = render::digest(&digest).unwrap().markdown;
    assert!(!markdown.contains('<'), "raw HTML");
    assert!(!markdown.contains("![") && !markdown.contains("@everyone"), "an image or a mention");
    let headings: Vec<&str> = markdown.lines().filter(|line| line.starts_with('#')).collect();
    assert_eq!(headings.len(), 1 + 2 + 2 + 3 + 1, "the page's own headings only: {headings:?}");
    assert!(
        markdown.lines().all(|line| !line.starts_with("```") && !line.starts_with("=====") && !line.starts_with('|'))
    );
}

#[test]
fn the_text_says_all_that_the_html_links_to() {
    for (name, page) in pages() {
        for tag in tags(&page.html).filter(|tag| tag.starts_with("a ")) {
            let target = tag.split("href=\"").nth(1).unwrap().split('"').next().unwrap();
            let target = target.replace("&amp;", "&").replace("&#39;", "'");
            assert!(page.text.contains(&target), "{name}: {target} is not in the text");
        }
    }
}

#[test]
fn a_page_has_one_first_heading_and_skips_no_level() {
    for (name, page) in pages() {
        let levels: Vec<u8> = page
            .html
            .match_indices("<h")
            .map(|(at, _)| page.html.as_bytes()[at + 2])
            .filter(u8::is_ascii_digit)
            .collect();
        assert_eq!(levels.iter().filter(|level| **level == b'1').count(), 1, "{name}");
        assert!(levels.windows(2).all(|pair| pair[1] <= pair[0] + 1), "{name}: {levels:?}");
    }
}

#[test]
fn a_title_of_five_megabytes_stays_a_title() {
    let mut digest = digests().into_iter().find(|(case, _)| case == "full").unwrap().1;
    digest.sections[0].stories[0].title = "long words ".repeat(500_000);
    digest.sections[0].stories[0].excerpt = "x".repeat(5_000_000);
    digest.actions[0].why = digest.sections[0].stories[0].title.clone();
    digest.actions[0].what = "y".repeat(5_000_000);
    let page = render::digest(&digest).unwrap();
    assert!(page.html.len() < 30_000 && page.text.len() < 10_000 && page.markdown.len() < 15_000);
}

#[test]
fn a_source_that_tells_a_story_twice_is_named_once() {
    let also = |source: &str| Also { source: source.to_owned(), url: None };
    let twice = vec![also("Wren"), also("source 1"), also("Wren"), also("Beacon")];
    let page = render::digest(&digest(vec![Telling { also: twice, ..telling(1) }])).unwrap();
    assert!(page.markdown.contains("Also told by Wren, Beacon."), "{}", page.markdown);
}
