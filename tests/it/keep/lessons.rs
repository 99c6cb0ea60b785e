//! Lessons are kept: ids are given once, a no outlives the store, and what people say waits in the inbox.

use std::fs;
use std::path::Path;

use jiff::SignedDuration;
use jiff::civil::date;
use tidings::item::ItemId;
use tidings::keep::{self, Keep, Known, LearntOf, Stage, Wish};
use tidings::lesson::{Kind, Lesson, LessonId, Retirement, Seen, State};
use tidings::story::StoryId;
use tidings::verdict::Level;

use super::{noon, open};

fn known(id: LessonId, claim: &str) -> Known {
    let lesson = Lesson {
        id,
        kind: Kind::Technique,
        claim: claim.to_owned(),
        use_when: "When working with lantern-code.".to_owned(),
        advice: None,
        since: None,
        evidence: Vec::new(),
        seen: Seen { official: 1, others: 0, sessions: 0 },
        state: State::Active,
        added: date(2026, 11, 21),
        expires: date(2027, 2, 19),
    };
    Known {
        lesson,
        stage: Stage::Ready,
        level: Level::Notable,
        weight: 7,
        story: StoryId("s-1".to_owned()),
        items: vec![ItemId("i-1".to_owned())],
        spans: Vec::new(),
        why: "something new that one can use".to_owned(),
        found: noon(),
        proposed: None,
        merged: None,
        first_used: None,
        wish: None,
    }
}

fn learn(keep: &mut Keep, claim: &str) -> LessonId {
    let id = keep.next_lesson_id(date(2026, 11, 21)).unwrap();
    keep.keep_lessons(&[known(id.clone(), claim)], None).unwrap();
    id
}

fn damage(home: &Path) {
    fs::write(home.join("state/store/db"), [0xA7; 4096]).unwrap();
}

#[test]
fn an_id_is_given_once_whatever_is_restored() {
    let home = tempfile::tempdir().unwrap();
    let mut keep = open(home.path());
    assert_eq!(learn(&mut keep, "One").to_string(), "bp-2026-w47-01");
    keep.export_daily(noon()).unwrap();
    assert_eq!(learn(&mut keep, "Two").to_string(), "bp-2026-w47-02");
    assert_eq!(keep.next_lesson_id(date(2026, 11, 23)).unwrap().to_string(), "bp-2026-w48-01");
    keep.checkpoint().unwrap();
    drop(keep);
    damage(home.path());

    let (mut keep, _) = Keep::restore(home.path(), None, noon()).unwrap();
    let claims: Vec<String> = keep.lessons().unwrap().into_iter().map(|known| known.lesson.claim).collect();
    assert_eq!(claims, ["One"], "the export knew of one");
    assert_eq!(learn(&mut keep, "Three").to_string(), "bp-2026-w47-03", "and the second's number stays given");

    // Should the file beside the store be lost, the store's own lessons keep their numbers.
    fs::remove_file(home.path().join("state/lessons.json")).unwrap();
    assert_eq!(learn(&mut keep, "Four").to_string(), "bp-2026-w47-04");
}

#[test]
fn a_no_outlives_a_store_that_is_restored() {
    let home = tempfile::tempdir().unwrap();
    let mut keep = open(home.path());
    let id = learn(&mut keep, "One");
    keep.export_daily(noon()).unwrap();
    assert!(keep.decline_lesson(&id, noon()).unwrap());
    let content = keep.lesson(&id).unwrap().unwrap().lesson.content();
    keep.checkpoint().unwrap();
    drop(keep);
    damage(home.path());

    let (keep, _) = Keep::restore(home.path(), None, noon()).unwrap();
    assert_eq!(keep.lesson(&id).unwrap().unwrap().stage, Stage::Ready, "the export is older");
    assert!(keep.is_declined(&content).unwrap(), "the no is not");
    assert_eq!(keep.declined().unwrap()[0].lesson.id, id);
    assert!(!keep.is_declined("0123456789ab").unwrap());
}

#[test]
fn what_people_say_while_a_run_is_at_work_waits_in_the_inbox() {
    let home = tempfile::tempdir().unwrap();
    let mut keep = open(home.path());
    let ids: Vec<LessonId> = ["One", "Two", "Three"].map(|claim| learn(&mut keep, claim)).into();
    for (id, wish) in ids.iter().zip([Wish::Accept, Wish::Reject, Wish::Retire]) {
        keep::leave_lesson_wish(home.path(), id, wish, noon()).unwrap();
    }
    let stranger = LessonId::new(date(2026, 11, 21), 99);
    keep::leave_lesson_wish(home.path(), &stranger, Wish::Reject, noon()).unwrap();
    fs::write(home.path().join("state/inbox/lesson-odd.json"), "{}").unwrap();
    assert_eq!(keep::inbox(home.path()).unwrap().wishes_waiting, 5);
    assert_eq!(keep.take_thumbs().unwrap(), 0, "they are no thumbs");

    assert_eq!(keep.take_lesson_wishes().unwrap(), 3);
    let inbox = keep::inbox(home.path()).unwrap();
    assert_eq!((inbox.wishes_waiting, inbox.aside), (1, vec!["lesson-odd.json".to_owned()]), "one is not known yet");
    let stages: Vec<Stage> = keep.lessons().unwrap().iter().map(|known| known.stage).collect();
    assert_eq!(stages, [Stage::Ready, Stage::Declined, Stage::Retired]);
    let retired = keep.lesson(&ids[2]).unwrap().unwrap().lesson;
    assert_eq!(retired.state, State::Retired { on: date(2026, 11, 21), why: Retirement::Withdrawn });

    // Who said no may change their mind.
    keep::leave_lesson_wish(home.path(), &ids[1], Wish::Accept, noon()).unwrap();
    keep.take_lesson_wishes().unwrap();
    assert_eq!(keep.lesson(&ids[1]).unwrap().unwrap().stage, Stage::Ready);
    assert!(keep.declined().unwrap().is_empty());
}

#[test]
fn readers_see_lessons_without_the_store() {
    let home = tempfile::tempdir().unwrap();
    let mut keep = open(home.path());
    keep.write_lesson_view(noon()).unwrap();
    assert_eq!(keep::lessons(home.path()).unwrap(), None, "nothing was learnt yet");
    let id = learn(&mut keep, "One");
    let of = LearntOf { input: "x".to_owned(), passed: vec!["i-1: too short".to_owned()], at: noon() };
    let story = StoryId("s-1".to_owned());
    keep.keep_lessons(&[], Some((&story, &of))).unwrap();
    keep.write_lesson_view(noon()).unwrap();
    let view = keep::lessons(home.path()).unwrap().unwrap();
    assert_eq!((view.lessons[0].lesson.id.clone(), view.stories[&story].passed.len()), (id, 1));

    keep.forget_learnt(noon() + SignedDuration::from_hours(24 * 29)).unwrap();
    assert!(keep.learnt_of(&story).unwrap().is_some());
    keep.forget_learnt(noon() + SignedDuration::from_hours(24 * 31)).unwrap();
    assert!(keep.learnt_of(&story).unwrap().is_none());
}

#[test]
fn what_the_forge_and_the_skill_said_is_kept_whole() {
    let home = tempfile::tempdir().unwrap();
    let mut keep = open(home.path());
    assert_eq!((keep.skill_text().unwrap(), keep.forge_memory().unwrap()), (None, None));
    let memory = serde_json::json!({ "pushed": "abc", "request": 7 });
    keep.keep_forge_memory(&memory).unwrap();
    keep.keep_skill_text("# Work\n", noon()).unwrap();
    assert_eq!(keep.forge_memory().unwrap(), Some(memory));
    assert_eq!(keep.skill_text().unwrap().unwrap().text, "# Work\n");
}
