//! The recorded world of the demo agrees with itself: sources, answers, README and expectations name the same things.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tidings::config;
use tidings::fetch::recorded;
use tidings::source::Source;

#[test]
fn every_kind_of_source_is_in_the_world() {
    let there: BTreeSet<&str> = sources().iter().map(|source| source.from.kind()).collect();
    assert_eq!(there, config::kinds().collect());
}

#[test]
fn every_source_has_a_recorded_answer_in_every_pass_and_no_answer_is_without_a_source() {
    // Some addresses hold the day of the asking.
    for (now, pass) in recorded::passes(&world()).expect("the world has passes") {
        let wanted: BTreeSet<String> =
            sources().iter().map(|source| recorded::record_name(&source.from.url(now))).collect();
        let found: BTreeSet<String> = names_in(&pass).collect();
        assert_eq!(found, wanted, "in {}", pass.display());
    }
}

/// Namespaces are names, not places that are asked. What lies on a service that is real is recognised as invented.
#[test]
fn nothing_in_the_world_lies_outside_of_the_reserved_example_hosts() {
    const NAMESPACES: [&str; 4] = ["www.w3.org", "purl.org", "jsonfeed.org", "search.yahoo.com"];
    const SERVICES: [&str; 9] = [
        "api.github.com",
        "github.com",
        "www.reddit.com",
        "www.youtube.com",
        "news.ycombinator.com",
        "huggingface.co",
        "arxiv.org",
        "export.arxiv.org",
        "hn.algolia.com",
    ];
    for path in passes().iter().flat_map(|pass| names_in(pass).map(|name| pass.join(name)).collect::<Vec<_>>()) {
        let text = fs::read_to_string(&path).expect("a record is UTF-8");
        for rest in text.split("://").skip(1) {
            let end = rest.find(|letter: char| !letter.is_ascii_alphanumeric() && !".-".contains(letter));
            let host = &rest[..end.unwrap_or(rest.len())];
            // Accounts say it by their names; no month has 99,000 papers; the advisories are those of the world.
            let address = rest.split(['"', '<', '&', ' ', '\n']).next().unwrap_or_default();
            let is_invented = ["example", "/2611.99", "/advisories/", "/schemas/"];
            assert!(
                host.ends_with(".example")
                    || NAMESPACES.contains(&host)
                    || SERVICES.contains(&host) && is_invented.iter().any(|sign| address.contains(sign)),
                "{} names `{address}`",
                path.display()
            );
        }
    }
}

#[test]
fn expectations_name_each_source_once_in_each_pass() {
    let names: BTreeSet<String> = sources().into_iter().map(|source| source.name).collect();
    let expected = expected();
    let passes_expected = expected["passes"].as_object().expect("`passes` is a table");
    assert_eq!(
        passes_expected.keys().cloned().collect::<Vec<_>>(),
        passes().iter().filter_map(|pass| Some(pass.file_name()?.to_str()?.to_owned())).collect::<Vec<_>>()
    );
    for (pass, table) in passes_expected {
        let found: BTreeSet<String> = table.as_object().expect("a table of sources").keys().cloned().collect();
        assert_eq!(found, names, "in {pass}");
    }
}

#[test]
fn the_readme_says_of_every_source_what_it_is_there_for_and_of_every_told_entry_why() {
    let readme = fs::read_to_string(world().join("README.md")).expect("the world has a README");
    for Source { name, .. } in sources() {
        assert!(readme.contains(&format!("\n| {name} | ")), "no row for the source {name}");
    }
    let expected = expected();
    for title in ["critical", "notable", "next_week"].iter().flat_map(|list| titles(&expected[list])) {
        assert!(readme.contains(&format!("\n| {title} | ")), "no row for the entry {title}");
    }
}

#[test]
fn no_entry_is_expected_to_be_told_and_not_told() {
    let expected = expected();
    let told: BTreeSet<String> =
        ["critical", "notable", "next_week"].iter().flat_map(|list| titles(&expected[list])).collect();
    for title in ["below_notable", "noise", "never_alerted"].iter().flat_map(|list| titles(&expected[list])) {
        assert!(!told.contains(&title), "{title}");
    }
}

fn world() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/worlds/demo")
}

fn expected() -> Value {
    let text = fs::read_to_string(world().join("expected.json")).expect("the world has expectations");
    serde_json::from_str(&text).expect("expected.json is JSON")
}

fn titles(list: &Value) -> Vec<String> {
    let list = list.as_array().expect("a list of titles");
    list.iter().map(|title| title.as_str().expect("a title is a text").to_owned()).collect()
}

fn sources() -> Vec<Source> {
    let text = fs::read_to_string(world().join("sources.toml")).expect("the world has sources");
    config::read_sources("sources.toml", &text).expect("they are without mistakes")
}

fn passes() -> Vec<PathBuf> {
    let entries = fs::read_dir(world()).expect("the world is a folder");
    let mut passes: Vec<PathBuf> =
        entries.map(|entry| entry.expect("an entry").path()).filter(|path| path.is_dir()).collect();
    passes.sort();
    passes
}

fn names_in(pass: &Path) -> impl Iterator<Item = String> + use<> {
    let entries = fs::read_dir(pass).expect("a pass is a folder");
    entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("a plain name"))
}
