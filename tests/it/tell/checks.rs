//! What is looked at before an edition is mailed.

use tidings::edition::{Also, Counts, Digest, Telling};
use tidings::tell::check::{LastTime, check};
use tidings::tell::render::{self, Rendered};

use super::samples::{digest, telling};

fn page(digest: &Digest) -> Rendered {
    render::digest(digest).unwrap()
}

/// What is said against this page of this digest, sent to ten people as last time.
fn said(digest: &Digest, page: Rendered) -> String {
    let last = LastTime { readers: Some(10), sizes: Vec::new() };
    let own = ["https://tidings.lab.example/".to_owned(), "mailto:admin@lab.example".to_owned()];
    check(digest, &[page], 10, &last, &own).join("\n")
}

#[test]
fn an_edition_as_it_should_be_is_not_stopped() {
    let full = Telling {
        url: Some("https://news.example/a(b)?q='x'&n=1".parse().unwrap()),
        title: "How ${{ secrets.TOKEN }} leaks <b>through</b> {% raw %} [x](https://evil.example)".to_owned(),
        excerpt: "See https://elsewhere.example/page. Set href=\"x\" or action=\"y\"; javascript:alert(1)".to_owned(),
        also: vec![Also { source: "B".to_owned(), url: Some("https://b.example/1".parse().unwrap()) }],
        action: Some("Update it with `run {{x}}`.".to_owned()),
        ..telling(1)
    };
    let digest = digest(vec![full, telling(2)]);
    assert_eq!(said(&digest, page(&digest)), "");
}

#[test]
fn an_edition_that_says_nothing_is_stopped() {
    let quiet = digest(Vec::new());
    assert_eq!(said(&quiet, page(&quiet)), "", "1,204 read and none told is an edition");
    let empty = Digest { counts: Counts::default(), ..quiet };
    assert!(said(&empty, page(&empty)).contains("nothing to say"));
}

#[test]
fn far_more_people_than_last_time_stop_it_and_a_few_more_do_not() {
    let digest = digest(vec![telling(1)]);
    let growth = |before: Option<usize>, now: usize| {
        let last = LastTime { readers: before, sizes: Vec::new() };
        check(&digest, &[page(&digest)], now, &last, &[])
    };
    for (before, now) in [(None, 500), (Some(3), 8), (Some(100), 120), (Some(100), 20), (Some(50), 55)] {
        assert_eq!(growth(before, now), Vec::<String>::new(), "{before:?} to {now}");
    }
    for (before, now) in [(3, 9), (100, 121), (20, 26)] {
        let why = growth(Some(before), now);
        assert_eq!(why, [format!("{now} people would get it, and {before} got the last one; look at [[people]]")]);
    }
}

#[test]
fn a_template_that_was_not_filled_in_stops_it_in_every_form() {
    let digest = digest(vec![telling(1)]);
    let good = page(&digest);
    for mark in ["{{ story.title }}", "{% if story %}"] {
        for (form, broken) in [
            ("HTML", Rendered { html: good.html.replace("Title 1", mark), ..good.clone() }),
            ("Markdown", Rendered { markdown: good.markdown.replace("Title 1", mark), ..good.clone() }),
            ("text", Rendered { text: good.text.replace("Title 1", mark), ..good.clone() }),
        ] {
            let why = said(&digest, broken);
            assert!(why.contains(&format!("stands in its {form}: a template was not filled in")), "{mark}: {why}");
        }
    }
}

#[test]
fn a_link_that_is_in_no_storys_record_stops_it_in_every_form() {
    let digest = digest(vec![telling(1)]);
    let good = page(&digest);
    let ours = "https://news.example/1";
    for strange in
        ["https://evil.example/1", "https://news.example/12", "javascript:alert(1)", "data:text/html,x", "/relative"]
    {
        let html = good.html.replace(&format!("href=\"{ours}\""), &format!("href=\"{strange}\""));
        let markdown = good.markdown.replace(&format!("]({ours})"), &format!("]({strange})"));
        for broken in [Rendered { html, ..good.clone() }, Rendered { markdown, ..good.clone() }] {
            let why = said(&digest, broken);
            let named = strange.trim_end_matches(')');
            assert!(why.contains("a link is in no story's record") && why.contains(named), "{strange}: {why}");
        }
    }
    for strange in ["https://evil.example/1", "javascript:alert(1)"] {
        let why = said(&digest, Rendered { text: good.text.replace(ours, strange), ..good.clone() });
        assert!(why.contains(strange), "{strange}: {why}");
    }
    let pixel = good.html.replace("</body>", "<img src=\"https://count.example/x.gif\" alt=\"\"></body>");
    assert!(said(&digest, Rendered { html: pixel, ..good.clone() }).contains("count.example"));
    let own = good.html.replace(ours, "https://tidings.lab.example/u/abc");
    assert_eq!(said(&digest, Rendered { html: own, ..good }), "", "what is ours is known");
}

#[test]
fn an_unusual_size_stops_it() {
    let digest = digest(vec![telling(1)]);
    let good = page(&digest);
    let big = Rendered { html: format!("{}{}", good.html, " ".repeat(90_000)), ..good.clone() };
    assert!(said(&digest, big).contains("cut it beyond 90000"));
    let sizes = |sizes: &[usize]| {
        check(&digest, std::slice::from_ref(&good), 10, &LastTime { readers: None, sizes: sizes.to_vec() }, &[])
    };
    let third = good.html.len() / 3;
    assert_eq!(sizes(&[third + 1, third + 1, third + 1]), Vec::<String>::new());
    assert_eq!(sizes(&[10, 10]), Vec::<String>::new(), "two editions tell no custom");
    let why = sizes(&[50_000, third - 10, third - 10]);
    assert!(why[0].contains("more than 3 times"), "{why:?}");
}
