//! What reading makes of changelogs in Markdown.

use tidings::item::{FaultKind, Reading};
use tidings::read;

use crate::support::cases::{check_fixtures, page};

const RAW: &str = "https://raw.githubusercontent.com/lantern/code/main/CHANGELOG.md";

fn changelog(text: &str) -> Reading {
    read::changelog(&page(RAW, text))
}

#[test]
fn each_changelog_is_read_as_expected() {
    check_fixtures("changelog", 15, |name, bytes| {
        let url = match name {
            "bare-versions.md" => RAW.to_owned(),
            _ => format!("https://docs.example.org/{name}?key=secret"),
        };
        read::changelog(&page(&url, bytes))
    });
}

#[test]
fn a_section_that_grows_keeps_its_id_and_its_link() {
    let before = changelog("# Changelog\n\n## 2.1.240\n\n- one\n");
    let after = changelog("# Changelog\n\n## 2.1.241\n\n- new\n\n## 2.1.240\n\n- one\n- two\n");
    let (before, after) = (&before.entries[0], &after.entries[1]);
    assert_eq!((&before.native, &before.link, &before.title), (&after.native, &after.link, &after.title));
    assert_eq!(after.text, "* one\n* two");
}

#[test]
fn a_changelog_of_three_hundred_versions_gives_each() {
    let text: String = (0..300).rev().map(|patch| format!("## 2.1.{patch}\n\n- Change {patch}\n\n")).collect();
    let reading = changelog(&format!("# Changelog\n\n{text}"));
    assert_eq!((reading.entries.len(), reading.faults.len()), (300, 0));
    assert_eq!(reading.entries[0].title, "code 2.1.299");
    assert_eq!(reading.entries[299].text, "* Change 0");
}

#[test]
fn a_document_of_more_than_four_megabytes_gives_its_newest_versions_and_says_so() {
    let text: String = (0..50).map(|patch| format!("## 1.0.{patch}\n\n{}\n\n", "word ".repeat(20_000))).collect();
    let reading = changelog(&text);
    assert!((30..45).contains(&reading.entries.len()), "{}", reading.entries.len());
    assert_eq!(reading.faults[0].kind, FaultKind::Damaged);
}

#[test]
fn pathological_markdown_is_read_in_linear_time() {
    // No clock is asked; but where one of these is read in quadratic time, this test takes minutes instead of seconds.
    let pieces = [
        "> ",
        ">",
        "- ",
        "1. ",
        "* ",
        "[",
        "![",
        "](",
        "`",
        "``a",
        "**",
        "_a_",
        "<",
        "<!--",
        "<a ",
        "&",
        "\n\n",
        "|a",
        "~~~\n",
        "# ",
        "#\n",
        "## 1.0\n",
        "- a\n  ",
        "---\n",
        "\\",
        "[a]: b\n",
        "<div>\n",
        "\t",
        "a\n===\n",
        "\u{0}",
        "| - | model |\n|-|-|\n",
    ];
    for piece in pieces {
        let many = piece.repeat(20_000 / piece.len());
        changelog(&format!("## 1.0.0\n\n{many}"));
        changelog(&format!("## 1.0.0 {many}\n"));
        changelog(&many);
    }
}
