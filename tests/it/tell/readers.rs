//! Whose copy is in which order.

use tidings::edition::Telling;
use tidings::stream::{Stream, check_examples, streams};
use tidings::tell::digest::ordered_for;
use tidings::tell::render;
use tidings::verdict::{Category, Level};

use super::samples::{digest, telling};

#[test]
fn every_stream_knows_its_own_examples() {
    assert_eq!(check_examples(), Vec::<String>::new());
}

#[test]
fn topics_and_categories_make_a_story_one_of_a_stream_too() {
    assert_eq!(streams(&["Nothing said"], &["Evals".to_owned()], Category::Other), [Stream::Evals]);
    assert_eq!(streams(&["Nothing said"], &[], Category::Security), [Stream::Security]);
    assert_eq!(streams(&["Nothing said"], &[], Category::Research), []);
}

#[test]
fn in_a_copy_the_readers_streams_come_first_within_a_level_and_nothing_is_hidden() {
    let of =
        |n, level, category, streams: &[Stream]| Telling { level, category, streams: streams.to_vec(), ..telling(n) };
    let research = Category::Research;
    let base = digest(vec![
        Telling { action: Some("Do it.".to_owned()), ..of(1, Level::Critical, Category::Security, &[]) },
        of(2, Level::Critical, Category::Security, &[Stream::Policy]),
        of(3, Level::Notable, research, &[Stream::Theory]),
        of(4, Level::Notable, research, &[]),
        of(5, Level::Notable, research, &[Stream::Evals, Stream::Policy]),
        of(6, Level::Routine, research, &[Stream::Policy]),
    ]);
    let order = |streams: &[Stream]| -> Vec<String> {
        let copy = ordered_for(&base, streams);
        assert_eq!(copy.actions, base.actions, "what to do is the same for all");
        copy.sections.iter().flat_map(|section| &section.stories).map(|story| story.title.clone()).collect()
    };
    assert_eq!(order(&[]), ["Title 1", "Title 2", "Title 3", "Title 4", "Title 5", "Title 6"]);
    assert_eq!(order(&[Stream::Policy]), ["Title 2", "Title 1", "Title 5", "Title 3", "Title 4", "Title 6"]);
    assert_eq!(order(&[Stream::Evals, Stream::Theory])[2..], ["Title 3", "Title 5", "Title 4", "Title 6"]);
}

#[test]
fn a_copy_says_whose_stories_come_first() {
    let digest = digest(vec![telling(1)]);
    let page = render::digest_for(&digest, &[Stream::Evals, Stream::Policy]).unwrap();
    for form in [&page.text, &page.html] {
        let flat = form.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(flat.contains("what concerns evals and policy comes first in your copy"), "{flat}");
    }
    assert!(!render::digest(&digest).unwrap().text.contains("comes first in your copy"));
}
