//! Lessons in the browser: shown to all who may come in, decided by the owner, taken in by the next run.

use std::fs;
use std::path::Path;

use jiff::Timestamp;
use reqwest::Method;
use serde_json::json;
use tidings::flow::{KnownLesson, Setup, Stage, Wish};
use tidings::keep::Keep;
use tidings::lesson::{Advice, Evidence, Kind, Lesson, LessonId, Retirement, Seen, Since, State};
use tidings::story::StoryId;
use tidings::verdict::Level;

use super::editions::{NOW, assert_plain, empty};
use super::pages::Pages;

/// Behind a proxy, which names who asks.
const PROXY: &str = "[web]\nuser_header = \"X-User\"\n";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn lesson(number: u16, stage: Stage) -> KnownLesson {
    let found = jiff::civil::date(2026, 11, 17);
    KnownLesson {
        lesson: Lesson {
            id: LessonId::new(found, number),
            kind: Kind::Technique,
            claim: format!("Lesson {number}: `lantern --budget {number}` ends a run."),
            use_when: "When a run may grow without end.".to_owned(),
            advice: Some(Advice::Command(format!("lantern --budget {number}"))),
            since: Some(Since { product: "lantern-code".to_owned(), version: "4.13.0".to_owned() }),
            evidence: vec![Evidence {
                url: "https://lantern.example/notes".parse().unwrap(),
                title: "lantern-code 4.13.0".to_owned(),
                date: found,
                quote: "0".repeat(64),
            }],
            seen: Seen { official: 1, others: 2, sessions: 0 },
            state: State::Active,
            added: found,
            expires: jiff::civil::date(2027, 2, 15),
        },
        stage,
        level: Level::Notable,
        weight: 0,
        story: StoryId("s-abc".to_owned()),
        items: Vec::new(),
        spans: Vec::new(),
        why: "something new that one can use".to_owned(),
        found: at("2026-11-17T08:00:00Z"),
        proposed: None,
        merged: None,
        first_used: None,
        wish: None,
    }
}

fn write_view(home: &Path, name: &str, view: &serde_json::Value) {
    let views = home.join("state/views");
    fs::create_dir_all(&views).unwrap();
    fs::write(views.join(name), serde_json::to_vec(view).unwrap()).unwrap();
}

fn known(home: &Path, lessons: &[KnownLesson]) {
    write_view(home, "lessons.json", &json!({ "version": 1, "at": "2026-11-23T08:00:00Z", "lessons": lessons }));
}

fn inbox(home: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(home.join("state/inbox")) else { return Vec::new() };
    let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn every_stage_is_shown_with_what_to_type_its_evidence_and_how_long_each_step_took() {
    let folder = tempfile::tempdir().unwrap();
    let stages = [Stage::Digest, Stage::Ready, Stage::Proposed, Stage::Merged, Stage::Declined, Stage::Retired];
    let mut lessons: Vec<KnownLesson> =
        stages.iter().enumerate().map(|(place, stage)| lesson(place as u16 + 1, *stage)).collect();
    let merged = &mut lessons[3];
    merged.proposed = Some(at("2026-11-19T08:00:00Z"));
    merged.merged = Some(at("2026-11-20T08:00:00Z"));
    merged.first_used = Some(at("2026-11-20T09:00:00Z"));
    lessons[5].lesson.state = State::Retired { on: jiff::civil::date(2026, 11, 22), why: Retirement::Reversed };
    let settings = json!({ "sandbox": { "enabled": true } });
    lessons[1].lesson.advice = Some(Advice::Settings(settings.as_object().unwrap().clone()));
    known(folder.path(), &lessons);
    let pages = Pages::of(&empty(folder.path(), ""), NOW).await;
    let page = pages.page("/lessons").await;
    assert_plain(&page, "lessons");
    let order = ["In the open request", "Ready to be proposed", "Merged", "Told only", "Declined", "Retired"];
    let places: Vec<usize> = order.iter().map(|title| page.find(&format!("<h2>{title} (1)</h2>")).unwrap()).collect();
    assert!(places.is_sorted(), "{places:?}");
    for words in [
        "<pre>lantern --budget 1</pre>",
        "&quot;enabled&quot;: true",
        "href=\"https://lantern.example/notes\"",
        "seen by 1 official source, 2 other sites",
        "since lantern-code 4.13.0",
        "proposed 2 days later, merged 1 day later, first used the same day",
        "holds until 15 Feb 2027",
        "retired on 22 Nov 2026: its source takes it back",
        "6 found, 1 proposed (2 days after they were found), 1 merged (1 day later)",
        "href=\"/stories/s-abc\"",
    ] {
        assert!(page.contains(words), "{words:?} is not on the page: {page}");
    }
    let one = pages.page("/lessons/bp-2026-w47-04").await;
    assert!(one.contains("Lesson 4") && !one.contains("Lesson 3"), "{one}");
    for (path, status) in [("/lessons/bp-2026-w47-99", 404), ("/lessons/x", 404), ("/lessons?stage=lost", 400)] {
        assert_eq!(pages.get(path).await.status(), status, "{path}");
    }
}

#[tokio::test]
async fn lessons_are_found_by_stage_category_and_words_and_long_lists_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let mut lessons: Vec<KnownLesson> = (1..=50).map(|number| lesson(number, Stage::Ready)).collect();
    lessons[6].lesson.kind = Kind::Security;
    lessons[6].lesson.claim = "Ωmega hooks <b>can</b> escape.".to_owned();
    known(folder.path(), &lessons);
    let pages = Pages::of(&empty(folder.path(), ""), NOW).await;
    let count = |page: &str| page.matches("<article").count();
    let first = pages.page("/lessons").await;
    assert_eq!(count(&first), 5);
    assert!(first.contains("Ready to be proposed (50)") && first.contains("/lessons?stage=ready\""), "{first}");
    let security = pages.page("/lessons?category=security").await;
    assert_eq!(count(&security), 1);
    assert!(security.contains("Ωmega hooks &lt;b&gt;can&lt;/b&gt; escape."));
    let words = pages.page("/lessons?q=HOOKS+%CF%89mega&stage=&category=").await;
    assert_eq!(count(&words), 1, "words in any order and case");
    assert!(pages.page("/lessons?q=nothing+of+the+sort").await.contains("No lesson fits"));
    // All of a stage, page by page.
    let (mut path, mut seen) = ("/lessons?stage=ready".to_owned(), 0);
    loop {
        let page = pages.page(&path).await;
        assert_plain(&page, &path);
        seen += count(&page);
        let next = page.split("href=\"").find(|link| link.contains("&amp;after=bp-"));
        let Some(next) = next else { break };
        path = next.split('"').next().unwrap().replace("&amp;", "&");
    }
    assert_eq!(seen, 50);
    assert_eq!(pages.get(&format!("/lessons?q={}", "a".repeat(201))).await.status(), 400);
}

#[tokio::test]
async fn what_the_owner_says_waits_in_the_inbox_and_the_page_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path();
    known(home, &[lesson(1, Stage::Ready), lesson(2, Stage::Ready)]);
    let pages = Pages::of(&empty(home, ""), NOW).await;
    let page = pages.page("/lessons?stage=ready").await;
    assert!(page.contains("action=\"/lessons/bp-2026-w47-01\"") && page.contains("value=\"accept\""), "{page}");
    let form = [("wish", "accept"), ("stage", "ready"), ("category", ""), ("q", "")];
    // Nobody else is kept from the home meanwhile.
    let keep = Keep::open(home, "test", at(NOW)).unwrap();
    let answer = pages.send("/lessons/bp-2026-w47-01", &form).await;
    assert_eq!(answer.status(), 303);
    let to = answer.headers()["location"].to_str().unwrap().to_owned();
    assert_eq!(to, "/lessons?stage=ready&said=bp-2026-w47-01");
    drop(keep);
    assert_eq!(inbox(home), ["lesson-bp-2026-w47-01.json"]);
    let page = pages.page(&to).await;
    assert_eq!(page.matches("It waits for the next run").count(), 2, "above the list, and beside the lesson: {page}");
    // Another word replaces it.
    assert_eq!(pages.send("/lessons/bp-2026-w47-01", &[("wish", "reject")]).await.status(), 303);
    assert_eq!(inbox(home), ["lesson-bp-2026-w47-01.json"]);
    let wishes = tidings::flow::waiting_wishes(&tidings::home::Home::at(home)).unwrap();
    assert_eq!(wishes.into_values().collect::<Vec<_>>(), [Wish::Reject]);

    for (path, form, status) in [
        ("/lessons/bp-2026-w47-02", &[("wish", "bless")][..], 400),
        ("/lessons/bp-2026-w47-02", &[], 400),
        ("/lessons/bp-2026-w47-77", &[("wish", "accept")], 404),
        ("/lessons/..%2f..%2fx", &[("wish", "accept")], 404),
    ] {
        assert_eq!(pages.send(path, form).await.status(), status, "{path} {form:?}");
    }
    assert_eq!(inbox(home), ["lesson-bp-2026-w47-01.json"], "nothing else was left");
}

#[tokio::test]
async fn another_person_and_another_page_decide_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path();
    known(home, &[lesson(1, Stage::Ready)]);
    let pages = Pages::of(&empty(home, PROXY), NOW).await;
    let as_ana = |method| pages.ask(method, "/lessons").header("x-user", "ana@lab.example");
    let page = as_ana(Method::GET).send().await.unwrap().text().await.unwrap();
    assert!(page.contains("Lesson 1") && !page.contains("method=\"post\""), "she reads, and has no buttons: {page}");
    let wish = |origin: &str, user: Option<&str>| {
        let path = "/lessons/bp-2026-w47-01";
        let request = pages
            .ask(Method::POST, path)
            .header("content-type", "application/x-www-form-urlencoded")
            .header("origin", origin.to_owned())
            .body("wish=accept");
        user.map_or(request.try_clone().unwrap(), |user| request.header("x-user", user)).send()
    };
    let here = format!("http://{}", pages.address);
    assert_eq!(wish(&here, Some("ana@lab.example")).await.unwrap().status(), 403);
    assert_eq!(wish("http://evil.example", None).await.unwrap().status(), 403);
    assert_eq!(inbox(home), Vec::<String>::new());
    assert_eq!(wish(&here, None).await.unwrap().status(), 303, "the owner on this machine");
}

fn with_skill(home: &Path) -> Setup {
    empty(
        home,
        "[skills]\nrepository = \"octo-org/skills\"\nreference = \"plugins/p/references/recent.md\"\n\
         manifest = \"plugins/p/.claude-plugin/plugin.json\"\ntoken_env = \"TIDINGS_SKILLS_TOKEN\"\nopen = true\n",
    )
}

#[tokio::test]
async fn the_open_request_stands_at_the_top_with_what_hinders_it() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path();
    let pages = Pages::of(&with_skill(home), NOW).await;
    let page = pages.page("/lessons").await;
    assert!(page.contains("No request is open at octo-org/skills.") && page.contains("not looked at yet"), "{page}");
    let standing = json!({
        "version": 1, "at": NOW, "looked": "2026-12-02T07:00:00Z", "request": "https://github.com/octo-org/skills/pull/7",
        "merged": [{ "at": "2026-11-30T09:00:00Z", "heard": "2026-11-30T10:00:00Z", "url": "javascript:alert(1)",
                     "version": "0.3.0", "claims": ["One.", "Two."] }],
        "declined": 1, "not_before": "2026-12-02T10:00:00Z", "trouble": "the token was refused <b>",
    });
    write_view(home, "skill.json", &standing);
    let page = pages.page("/lessons").await;
    for words in [
        "href=\"https://github.com/octo-org/skills/pull/7\"",
        "the token was refused &lt;b&gt;",
        "it is asked again",
        "version 0.3.0 with 2 lessons",
        "2 hours ago",
    ] {
        assert!(page.contains(words), "{words:?}: {page}");
    }
    assert_plain(&page, "a skill's standing");
    // A view that can't be read is said, with what writes it anew.
    fs::write(home.join("state/views/skill.json"), "{").unwrap();
    let answer = pages.get("/lessons").await;
    assert_eq!(answer.status(), 503);
    assert!(answer.text().await.unwrap().contains("the next run writes it anew"));
}
