//! What reading makes of pages: formats, damage, rules, and hostile bytes.

use std::path::PathBuf;

use proptest::prelude::*;
use tidings::guard::text;
use tidings::item::{FaultKind, Reading};
use tidings::page::{Mark, Page, Room};
use tidings::read;
use url::Url;

fn page(bytes: impl Into<Vec<u8>>) -> Page {
    typed_page(bytes, None)
}

fn typed_page(bytes: impl Into<Vec<u8>>, content_type: Option<&str>) -> Page {
    Page {
        url: Url::parse("https://example.org/feeds/all.xml?key=secret").unwrap(),
        content_type: content_type.map(str::to_owned),
        bytes: bytes.into(),
        mark: Mark::default(),
        room: Room::default(),
    }
}

fn read(bytes: impl Into<Vec<u8>>) -> Reading {
    read::feed(&page(bytes))
}

fn rss(items: &str) -> String {
    format!("<rss version=\"2.0\"><channel><title>t</title>{items}</channel></rss>")
}

/// Every file of the folder is read and compared with `<case>.expected.json`; with BLESS=1 that file is written instead,
/// for a person to look at.
#[test]
fn each_fixture_is_read_as_expected() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/feed");
    let mut cases = 0;
    let mut wrong = Vec::new();
    let mut files: Vec<PathBuf> = std::fs::read_dir(&folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    for file in files {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        if name.ends_with(".expected.json") || name.ends_with(".content-type") {
            continue;
        }
        cases += 1;
        let content_type = std::fs::read_to_string(file.with_extension("content-type")).ok();
        let reading = read::feed(&typed_page(std::fs::read(&file).unwrap(), content_type.as_deref().map(str::trim)));
        let actual = serde_json::to_string_pretty(&reading).unwrap() + "\n";
        let expected_file = file.with_extension("expected.json");
        if std::env::var_os("BLESS").is_some() {
            std::fs::write(&expected_file, &actual).unwrap();
        } else if std::fs::read_to_string(&expected_file).ok().as_ref() != Some(&actual) {
            wrong.push(format!("{name} is read as\n{actual}"));
        }
    }
    assert!(cases >= 60, "only {cases} cases were found");
    assert!(wrong.is_empty(), "{} of {cases} cases differ:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn two_hundred_thousand_nested_tags_in_the_xml_are_read() {
    let depth = 200_000;
    for name in ["a", "media:group", "itunes:category", "description", "channel"] {
        let nested = format!("{}x{}", format!("<{name}>").repeat(depth), format!("</{name}>").repeat(depth));
        let reading = read(rss(&format!("<item><title>whole</title>{nested}</item><item><title>next</title></item>")));
        let titles: Vec<&str> = reading.entries.iter().map(|entry| entry.title.as_str()).collect();
        assert_eq!(titles.last(), Some(&"next"), "with <{name}>");
    }
}

#[test]
fn two_hundred_thousand_tags_that_never_close_are_read() {
    let open = "<a>".repeat(200_000);
    let reading = read(rss(&format!("<item><title>whole</title>{open}</item>")));
    assert_eq!(reading.entries[0].title, "whole");
}

#[test]
fn two_hundred_thousand_nested_tags_in_html_are_read() {
    let depth = 200_000;
    for name in ["div", "b", "table", "ul", "pre", "blockquote", "p", "unknown"] {
        let nested = format!("{}kept{}", format!("<{name}>").repeat(depth), format!("</{name}>").repeat(depth));
        let reading =
            read(rss(&format!("<item><title>t</title><description><![CDATA[{nested}]]></description></item>")));
        // The bytes that are looked at hold only tags where they are many; what matters is that this returns.
        assert_eq!(reading.entries[0].title, "t", "with <{name}>");
    }
}

#[test]
fn deep_json_is_refused_without_overflow() {
    let deep = format!("{{\"version\":\"https://jsonfeed.org/version/1\",\"items\":{}", "[".repeat(200_000));
    assert!(read(deep).entries.is_empty());
}

#[test]
fn pathological_pages_are_read_in_linear_time() {
    // No clock is asked; but where one of these is read in quadratic time, this test takes minutes instead of seconds.
    let pieces = [
        "<![CDATA[",
        "<!--",
        "<?",
        "<!DOCTYPE [",
        "<a b=\"",
        "<a b='x\" ",
        "&",
        "&#",
        "</x>",
        "<",
        "]]>",
        "<item>",
        "<![CDATA[</item>",
        "<item><description><![CDATA[",
        "&amp;lt;",
        "<p>",
        "<title>",
        "<script>",
        "<pre>",
    ];
    for piece in pieces {
        let many = piece.repeat(80_000 / piece.len());
        read(rss(&many));
        read(rss(&format!("<item><title>t</title><description>{many}</description></item>")));
        read(rss(&format!("<item><title>{many}</title></item>")));
    }
    for piece in ["{\"id\":\"1\"},", "{", "\"", "[", "\\"] {
        let many = piece.repeat(80_000 / piece.len());
        read(format!("{{\"version\":\"https://jsonfeed.org/version/1\",\"items\":[{many}"));
    }
}

#[test]
fn a_title_of_five_megabytes_is_cut() {
    let reading = read(rss(&format!("<item><title>{}</title></item>", "word ".repeat(1_000_000))));
    let title = &reading.entries[0].title;
    assert!(title.chars().count() <= 500 && title.ends_with('…'), "{title}");
}

#[test]
fn a_text_is_cut_at_two_hundred_kilobytes() {
    let reading = read(rss(&format!(
        "<item><title>t</title><description>{}</description></item>",
        "&lt;p&gt;A paragraph of ünicode.&lt;/p&gt;".repeat(20_000)
    )));
    let bytes = reading.entries[0].text.len();
    assert!((190_000..=200_000).contains(&bytes), "{bytes}");
}

#[test]
fn twenty_thousand_items_are_all_read() {
    let items: String = (0..20_000).map(|at| format!("<item><title>n{at}</title><guid>g{at}</guid></item>")).collect();
    let reading = read(rss(&items));
    assert_eq!(reading.entries.len(), 20_000);
    assert_eq!(reading.entries[19_999].native.as_deref(), Some("g19999"));
    assert!(reading.faults.is_empty());
}

#[test]
fn what_makes_feed_rs_panic_costs_nothing() {
    let hostile = "<item><title>hostile</title><author>@—john@x.example</author>\
         <itunes:duration xmlns:itunes=\"http://www.itunes.com/dtds/podcast-1.0.dtd\">99999999999999999999999</itunes:duration>\
         <media:text xmlns:media=\"http://search.yahoo.com/mrss/\" start=\"9999999999999999999:00:00\">x</media:text></item>";
    let reading = read(rss(&format!("{hostile}<item><title>next</title></item>")));
    let titles: Vec<&str> = reading.entries.iter().map(|entry| entry.title.as_str()).collect();
    assert_eq!(titles, ["hostile", "next"]);
    assert!(reading.faults[0].message.contains("an element that cannot be parsed"), "{:?}", reading.faults);
}

#[test]
fn an_entry_is_the_same_on_the_day_its_feed_is_damaged() {
    let sound = "<item><title>One &amp; two</title><link>https://x.example/1</link><guid>g</guid><description>&lt;p&gt;Text&lt;/p&gt;</description></item>";
    let damaged = sound.replace("&amp;", "&") + "<item><title>cut of";
    let (sound, damaged) = (read(rss(sound)), read(format!("<rss version=\"2.0\"><channel>{damaged}")));
    assert_eq!(sound.entries, damaged.entries);
    assert!(sound.faults.is_empty());
    assert_eq!(damaged.faults[0].kind, FaultKind::Damaged);
    assert!(damaged.faults[0].message.contains("kept 1 of 2 entries"), "{}", damaged.faults[0].message);
}

#[test]
fn a_fault_does_not_tell_the_query_of_an_address() {
    let reading = read("nothing");
    assert!(!reading.faults[0].message.contains("secret"), "{}", reading.faults[0].message);
}

#[test]
fn hidden_characters_are_removed_and_emoji_stay_whole() {
    let check = |from: &str, to: &str| assert_eq!(text::clean(from), to, "{from:?}");
    check("plain\ttext\nlines", "plain\ttext\nlines");
    check("a\r\nb\rc\u{2028}d", "a\nb\nc\nd");
    check("\u{1b}[31mred\u{1b}[0m \u{9b}1mbold", "red bold");
    check("\u{1b}]8;;https://evil.example\u{7}click\u{1b}]8;;\u{7}", "click");
    check("a\u{202e}b\u{2066}c\u{200e}d", "abcd");
    check("zero\u{200b}width\u{feff}\u{ad}", "zerowidth");
    check("tag\u{e0041}\u{e0042}s", "tags");
    check("smuggled\u{fe01}\u{e0100}", "smuggled");
    check("family 👨\u{200d}👩\u{200d}👧 heart ❤\u{fe0f}", "family 👨\u{200d}👩\u{200d}👧 heart ❤\u{fe0f}");
    check("lat\u{200d}in\u{200c}", "latin");
    check("نامه\u{200c}ای", "نامه\u{200c}ای");
    check("क्\u{200d}ष", "क्\u{200d}ष");
}

#[test]
fn one_line_has_one_line() {
    assert_eq!(text::one_line("  a\n\tb\u{a0} c\u{b}d "), "a b c d");
}

#[test]
fn an_excerpt_ends_at_a_sentence_or_a_word() {
    assert_eq!(text::excerpt("Short.", 20), "Short.");
    assert_eq!(text::excerpt("New.\n* One.\n- Two * 3.", 40), "New. One. Two * 3.");
    assert_eq!(text::excerpt("One sentence. Another that is long.", 20), "One sentence.");
    assert_eq!(text::excerpt("No sentence fits into this", 12), "No sentence…");
    assert_eq!(text::excerpt("Version 2.1.251 is out, at last", 14), "Version…");
    assert_eq!(text::excerpt("Unbreakableword", 5), "Unbr…");
    assert_eq!(text::excerpt("ééééé", 5), "ééééé");
    assert_eq!(text::excerpt("anything", 0), "");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_read_and_twice_alike(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        prop_assert_eq!(read(bytes.clone()), read(bytes));
    }

    #[test]
    fn any_mixture_of_markup_is_read_and_twice_alike(pieces in proptest::collection::vec(prop_oneof![
        Just("<item>"), Just("</item>"), Just("<title>"), Just("</title>"), Just("<![CDATA["), Just("]]>"), Just("&"), Just("&lt;"),
        Just("<entry>"), Just("</entry>"), Just("<link href='"), Just("'/>"), Just("<description>"), Just("</description>"),
        Just("text "), Just("é—@x.org"), Just("<!--"), Just("-->"), Just("<pubDate>"), Just("2025-06-03"), Just("</channel>"),
        Just("<author>"), Just("</author>"), Just("<pre>"), Just("<br>"), Just("\u{202e}"), Just("<guid>"), Just("</guid>"), Just("\0"),
    ], 0..60)) {
        for start in ["<rss version='2.0'><channel>", "<feed xmlns='http://www.w3.org/2005/Atom'>", ""] {
            let bytes = format!("{start}{}", pieces.concat());
            let reading = read(bytes.clone());
            prop_assert!(reading.faults.iter().all(|fault| !fault.message.contains("reader itself failed")), "{:?}", reading.faults);
            prop_assert_eq!(reading, read(bytes));
        }
    }

    #[test]
    fn a_date_is_read_or_not_but_never_panics(text in "[ -~]{0,40}|[0-9T:+ -]{0,30}|[A-Z][a-z]{2} [0-9]{1,2} [0-9:]{4,8} [A-Z]{1,4}") {
        read(rss(&format!("<item><title>t</title><pubDate><![CDATA[{text}]]></pubDate></item>")));
    }

    #[test]
    fn cleaning_twice_changes_nothing(text in any::<String>()) {
        let once = text::clean(&text);
        prop_assert_eq!(text::clean(&once), once);
    }
}

#[test]
fn xml_whose_root_stands_behind_a_huge_document_type_is_called_xml() {
    let entity = "a".repeat(100_000);
    let text = format!(
        "<?xml version=\"1.0\"?>\n<!DOCTYPE rss [<!ENTITY a \"{entity}\">]>\n<rss><channel>&a;</channel></rss>"
    );
    let reading = read(text);
    assert_eq!((reading.entries.len(), reading.faults[0].kind), (0, FaultKind::NotAFeed));
    let message = &reading.faults[0].message;
    assert!(message.contains("this is an XML document without a root element in its first 16 kB"), "{message}");
}

#[test]
fn what_a_page_hides_from_its_readers_is_not_read() {
    let text = |html: &str| {
        let escaped = html.replace('&', "&amp;").replace('<', "&lt;");
        read(rss(&format!("<item><title>t</title><description>{escaped}</description></item>"))).entries.remove(0).text
    };
    for hidden in [
        "<!-- words -->",
        "<!-- a > b -- words -->",
        "<div hidden>words</div>",
        "<p hidden=\"\">words <b>and more</b></p>",
        "<div style=\"display:none\">words</div>",
        "<DIV STYLE='color: red; Display : None !important'><div>words</div> more <p>yet more</DIV>",
        "<span style=\"visibility: hidden\">words</span>",
        "<span style=\"font-size:0\">words</span>",
        "<span style=\"font-size: 1px\">words</span>",
        "<span style=\"font&#45;size: 0.0em; opacity: 1\">words</span>",
        "<span style=\"opacity:0\">words</span>",
        "<i aria-hidden=\"true\">words</i>",
        "<template>words</template>",
    ] {
        assert_eq!(text(&format!("<p>Before</p>{hidden}<p>after</p>")), "Before\n\nafter", "{hidden}");
    }
    for shown in [
        "<div style=\"display:block; font-size:1em\">words</div>",
        "<div aria-hidden=\"false\">words</div>",
        "<div style=\"opacity:0.5; font-size: 12px\">words</div>",
        "<a href=\"/hidden\" title=\"hidden\">words</a>",
    ] {
        assert!(text(&format!("<p>Before</p>{shown}<p>after</p>")).contains("words"), "{shown}");
    }
    // Nobody knows how far it hides, so nothing that follows is lost.
    assert!(text("<p>Before</p><div hidden>words<p>after</p>").contains("after"));
    let many = text(&format!("<p>Before</p>{}after", "<div hidden>".repeat(100_000)));
    assert!(many.starts_with("Before") && many.ends_with("after"));
}
