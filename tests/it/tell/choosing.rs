//! What gets into a digest, and in which order.

use tidings::edition::{Digest, Facts, HeldBack, Retired, Sessions, Telling};
use tidings::source::Trust;
use tidings::tell::render;
use tidings::verdict::{Category, Level};

use super::samples::{digest, digest_with, telling};

fn told(digest: &Digest) -> Vec<&Telling> {
    digest.sections.iter().flat_map(|section| &section.stories).collect()
}

fn titles(digest: &Digest) -> Vec<&str> {
    digest.sections.iter().map(|section| section.title.as_str()).collect()
}

#[test]
fn nothing_at_all_is_still_a_digest() {
    let digest = digest(Vec::new());
    assert!(digest.sections.is_empty() && digest.actions.is_empty());
    assert_eq!((digest.counts.told, digest.left_out, digest.counts.read), (0, 0, 1_204));
}

#[test]
fn noise_is_never_told_and_not_counted_as_left_out() {
    let digest = digest(vec![Telling { level: Level::Noise, ..telling(1) }, telling(2)]);
    assert_eq!((digest.counts.told, digest.left_out), (1, 0));
}

#[test]
fn sections_stand_in_their_order_and_empty_ones_vanish() {
    let kinds = [Category::Other, Category::Research, Category::Breaking, Category::Tool, Category::Security];
    let tellings = kinds.iter().enumerate().map(|(n, kind)| Telling { category: *kind, ..telling(n) }).collect();
    let digest = digest(tellings);
    assert_eq!(titles(&digest), ["Breaking and security", "Tools", "Research", "Other news"]);
    let first: Vec<Category> = digest.sections[0].stories.iter().map(|telling| telling.category).collect();
    assert_eq!(first, [Category::Security, Category::Breaking], "what endangers comes before what breaks");
}

#[test]
fn a_higher_level_comes_first_and_equals_keep_the_order_they_were_given_in() {
    let tellings = vec![
        telling(1),
        Telling { level: Level::Routine, ..telling(2) },
        telling(3),
        Telling { level: Level::Critical, ..telling(4) },
    ];
    let digest = digest(tellings);
    let order: Vec<&str> = told(&digest).iter().map(|telling| telling.title.as_str()).collect();
    assert_eq!(order, ["Title 4", "Title 1", "Title 3", "Title 2"]);
}

#[test]
fn at_most_twenty_five_stories_are_told_and_the_rest_is_counted() {
    let digest = digest((0..40).map(telling).collect());
    assert_eq!((digest.counts.told, digest.left_out), (25, 15));
    assert_eq!(told(&digest).len(), 25);
}

#[test]
fn critical_stories_are_told_however_many_there_are() {
    let critical = |n| Telling { level: Level::Critical, source: "one source".to_owned(), ..telling(n) };
    assert_eq!(digest((0..40).map(critical).collect()).counts.told, 40);
}

#[test]
fn one_source_leads_at_most_five_stories() {
    let busy = |n| Telling { source: "busy".to_owned(), ..telling(n) };
    let digest = digest((0..20).map(busy).chain((20..23).map(telling)).collect());
    assert_eq!(told(&digest).iter().filter(|telling| telling.source == "busy").count(), 5);
    assert_eq!(digest.counts.told, 8);
}

#[test]
fn a_source_has_its_own_share_where_its_line_says_so_and_the_rest_is_counted() {
    let busy = |n| Telling { source: "busy & <co>".to_owned(), ..telling(n) };
    let tellings = || (0..20).map(busy).chain((20..23).map(telling)).collect::<Vec<_>>();
    let digest = digest_with(tellings(), &[("busy & <co>", 2), ("other", 1)]);
    assert_eq!((digest.counts.told, digest.left_out), (5, 18));
    assert_eq!(digest.held_back, [HeldBack { source: "busy & <co>".to_owned(), stories: 18 }]);
    let rendered = render::digest(&digest).unwrap();
    let words = "18 more worth a line did not fit (among them 18 more from busy & <co>)";
    let flat = rendered.text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(flat.contains(words), "{flat}");
    assert!(rendered.html.contains("18 more from busy &amp; &lt;co&gt;)"), "{}", rendered.html);
    assert!(rendered.markdown.contains("18 more from busy &amp; &lt;co&gt;)"), "{}", rendered.markdown);
}

#[test]
fn what_is_official_or_critical_has_no_share() {
    let official = |n| Telling { source: "maker".to_owned(), trust: Trust::Official, ..telling(n) };
    let digest = digest((0..20).map(official).collect());
    assert_eq!((digest.counts.told, digest.held_back.len()), (20, 0));
    let critical = |n| Telling { level: Level::Critical, ..telling(n) };
    let tellings = (0..9).map(|n| Telling { source: "one".to_owned(), ..critical(n) }).collect();
    assert_eq!(digest_with(tellings, &[("one", 1)]).counts.told, 9);
}

#[test]
fn routine_stories_are_few_and_one_line_each() {
    let routine = |n| Telling { level: Level::Routine, ..telling(n) };
    let digest = digest((0..20).map(routine).collect());
    assert_eq!(digest.counts.told, 8);
    assert!(told(&digest).iter().all(|telling| telling.excerpt.is_empty()));
}

#[test]
fn beyond_some_1200_words_stories_are_told_without_excerpt() {
    let long = |n| Telling { excerpt: "word ".repeat(62), ..telling(n) };
    let digest = digest((0..25).map(long).collect());
    let words: usize = told(&digest).iter().map(|telling| telling.excerpt.split_whitespace().count() + 2).sum();
    assert_eq!(digest.counts.told, 25);
    assert!((1_000..=1_200).contains(&words), "{words} words");
}

#[test]
fn a_script_without_spaces_has_no_more_room_than_others() {
    let long = |n| Telling { excerpt: "記事".repeat(150), ..telling(n) };
    let digest = digest((0..25).map(long).collect());
    let signs: usize = told(&digest).iter().map(|telling| telling.excerpt.chars().count()).sum();
    assert!((1_500..=2_400).contains(&signs), "{signs} signs");
}

#[test]
fn at_most_three_actions_stand_at_the_top_the_most_urgent_first_and_none_twice() {
    let action = |n: usize, level, category, what: &str| Telling {
        level,
        category,
        action: Some(what.to_owned()),
        ..telling(n)
    };
    let digest = digest(vec![
        action(1, Level::Notable, Category::Feature, "Try it."),
        action(2, Level::Notable, Category::Breaking, "Move scripts."),
        action(3, Level::Critical, Category::Security, "Update a to 2."),
        action(4, Level::Critical, Category::Security, "update A to 2."),
        action(5, Level::Notable, Category::Security, "Update b to 3."),
    ]);
    let whats: Vec<&str> = digest.actions.iter().map(|action| action.what.as_str()).collect();
    assert_eq!(whats, ["Update a to 2.", "Update b to 3.", "Move scripts."]);
}

#[test]
fn a_story_whose_action_stands_at_the_top_is_told_even_beyond_its_sources_share() {
    let busy = |n| Telling { source: "busy".to_owned(), category: Category::Breaking, ..telling(n) };
    let mut tellings: Vec<Telling> = (0..8).map(busy).collect();
    tellings[7].action = Some("Do this.".to_owned());
    let digest = digest(tellings);
    assert_eq!(digest.actions[0].story.0, "s-0000000007");
    assert!(told(&digest).iter().any(|telling| telling.story.0 == "s-0000000007"));
}

#[test]
fn what_to_do_says_why_for_whom_and_what_to_type() {
    let facts = Facts {
        product: Some("lantern-code".to_owned()),
        affected: Some("Versions before 4.12.3".to_owned()),
        fixed: Some("4.12.3".to_owned()),
        advisories: vec!["GHSA-2x4c-9f3m-77qp".to_owned()],
        command: Some("npm install -g lantern-code@4.12.3".to_owned()),
    };
    let story = Telling {
        category: Category::Security,
        action: Some("Update lantern-code to 4.12.3 or later".to_owned()),
        facts,
        ..telling(1)
    };
    let digest = digest(vec![story]);
    let action = &digest.actions[0];
    assert_eq!(action.reason, "It fits.");
    assert_eq!(action.applies_to, "everybody who uses lantern-code (versions before 4.12.3)");
    assert_eq!(action.command.as_deref(), Some("npm install -g lantern-code@4.12.3"));
    let page = render::digest(&digest).unwrap();
    assert!(page.text.contains("\n\n       npm install -g lantern-code@4.12.3\n\n"), "{}", page.text);
    assert!(page.markdown.contains("   ```sh\n   npm install -g lantern-code@4.12.3\n   ```\n"), "{}", page.markdown);
    assert!(page.html.contains(">npm install -g lantern-code@4.12.3</pre>"));
    let versions = "Affected: Versions before 4.12.3 · Fixed in: 4.12.3 · GHSA-2x4c-9f3m-77qp";
    assert!(page.text.split_whitespace().collect::<Vec<_>>().join(" ").contains(versions), "{}", page.text);
    assert!(page.html.contains(versions));
}

#[test]
fn sums_over_fewer_than_five_people_are_not_shown() {
    let with = |people| Digest {
        sessions: Some(Sessions { people, sessions: 412, tool_calls: 9_871, tool_failures: 204 }),
        ..digest(vec![telling(1)])
    };
    assert!(!render::digest(&with(4)).unwrap().text.contains("OUR OWN SESSIONS"));
    let page = render::digest(&with(5)).unwrap();
    assert!(page.text.contains("412 sessions of 5 people.") && page.html.contains("9,871 calls of tools, 204"));
}

#[test]
fn advice_that_is_taken_back_stands_last_with_its_source() {
    let retired = Retired {
        advice: "Clear the cache before each run.".to_owned(),
        why: "Fixed in 4.12.0.".to_owned(),
        url: Some("https://news.example/cache".parse().unwrap()),
        source: "Lantern".to_owned(),
    };
    let page = render::digest(&Digest { retired: vec![retired], ..digest(vec![telling(1)]) }).unwrap();
    for form in [&page.text, &page.markdown, &page.html] {
        assert!(form.contains("https://news.example/cache"), "{form}");
        let (advice, story) = (form.find("Clear the cache").unwrap(), form.find("Title 1").unwrap());
        assert!(advice > story && advice < form.to_lowercase().find("how the sources fared").unwrap());
    }
}
