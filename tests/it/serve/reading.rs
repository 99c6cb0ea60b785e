//! A session in a browser: every turn by role, leaf by leaf, with deep links; and the list of sessions.

use std::sync::Arc;

use tidings::session::{Role, Setting, Turn};

use super::pages::Pages;
use super::searching::{Kept, NOW, home, in_folder, setup};
use crate::keep::turns::{transcript, turn};

/// A session of 250 lines with a subagent's file.
fn long() -> Vec<Kept> {
    let spoken = |line: u64| in_folder("/code/it's atlas", turn(line, Role::Answer, &format!("answer number {line}.")));
    let mut main: Vec<Turn> = (1..=250).map(spoken).collect();
    main[0] = in_folder("/code/it's atlas", turn(1, Role::Prompt, "Why does the beacon go out?"));
    main[3] =
        Turn { tool: Some("Bash".into()), ..turn(4, Role::ToolCall, "ls -l; echo [redacted:generic-key:0a1b2c3d]") };
    main[4] = Turn { tool: Some("Bash".into()), is_error: true, ..turn(5, Role::ToolOutput, "ls: no such file") };
    main[5] = turn(6, Role::Answer, &format!("{} the very end", "long words ".repeat(20_000)));
    main[6] = Turn { part: 1, ..turn(6, Role::Answer, "second part of line six") };
    main[7] = turn(8, Role::Thinking, "thoughts that stay folded");
    let setting = Setting {
        model: Some("claude-opus-4-5".into()),
        cwd: Some("/code/it's atlas".to_owned()),
        ..Setting::default()
    };
    main[2].setting = Arc::new(setting);
    let subagents = vec![turn(1, Role::Task, "look for the lamp"), turn(2, Role::Answer, "the lamp is here")];
    vec![
        (transcript("1b0c-main", None), main, "my sessions", "ada"),
        (transcript("1b0c-main", Some("agent-a1")), subagents, "my sessions", "ada"),
        (transcript("2c1d-other", None), vec![turn(1, Role::Prompt, "another")], "my sessions", "ada"),
    ]
}

fn anchors(page: &str) -> Vec<String> {
    let parts = page.split(" id=\"L").skip(1);
    parts.filter_map(|part| part.split_once('"').map(|(anchor, _)| anchor.to_owned())).collect()
}

#[tokio::test]
async fn a_session_is_read_leaf_by_leaf_without_loss() {
    let home = home(&long());
    let pages = Pages::of(&setup(home.path(), ""), NOW).await;
    let mut all = Vec::new();
    for leaf in 1..=3 {
        let page = pages.page(&format!("/sessions/claude-code:1b0c-main?leaf={leaf}")).await;
        assert!(page.contains(&format!("page {leaf} of 3")), "{page}");
        assert!(page.len() < 120_000, "{}", page.len());
        all.extend(anchors(&page));
    }
    let expected: Vec<String> =
        (1..=250).map(|line| if line == 7 { "6.1".to_owned() } else { line.to_string() }).collect();
    assert_eq!(all, expected);
    let page = pages.page("/sessions/1b0c").await;
    for words in [
        "<h1>Why does the beacon go out?</h1>",
        "claude-opus-4-5",
        "cd &#39;/code/it&#39;\\&#39;&#39;s atlas&#39; &amp;&amp; claude --resume 1b0c-main",
        "<span class=\"redacted\">[redacted:generic-key:0a1b2c3d]</span>",
        "2 files, with those of its subagents",
        "name=\"session\" value=\"claude-code:1b0c-main\"",
        "page 1 of 3",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    // An error is read without opening anything, and thoughts are not.
    let outside: String =
        page.split("<details").map(|part| part.split_once("</details>").map_or(part, |(_, rest)| rest)).collect();
    assert!(outside.contains("ls: no such file") && outside.contains("failed"), "{outside}");
    assert!(!outside.contains("<pre>thoughts") && !outside.contains("ls -l"), "{outside}");
}

#[tokio::test]
async fn a_deep_link_opens_the_leaf_of_its_line_and_points_at_it() {
    let home = home(&long());
    let pages = Pages::of(&setup(home.path(), ""), NOW).await;
    let page = pages.page("/sessions/claude-code:1b0c-main?line=120").await;
    assert!(page.contains("page 2 of 3") && anchors(&page).contains(&"120".to_owned()), "{page}");
    let here: Vec<&str> = page
        .split("<article class=\"")
        .skip(1)
        .filter(|turn| turn.split('"').next().unwrap().contains("here"))
        .collect();
    assert_eq!(here.len(), 1);
    assert!(here[0].contains("id=\"L120\""), "{}", here[0]);
    // A line without a turn leads to the next one; the id of a hit leads there as well.
    let id = long().remove(0).0.id.to_string();
    let page = pages.page(&format!("/sessions/{id}:7")).await;
    assert!(page.contains("thinking here\" id=\"L8\""), "{page}");
    // A subagent's file by its name, with a link back.
    let subagent = long().remove(1).0.id.to_string();
    let page = pages.page(&format!("/sessions/1b0c-main?file={subagent}&line=2")).await;
    assert!(page.contains("the lamp is here") && !page.contains("answer number 3."), "{page}");
    assert!(page.contains("<a href=\"/sessions/claude-code:1b0c-main\">The session itself</a>"), "{page}");
}

#[tokio::test]
async fn a_long_text_is_bounded_and_read_whole_on_a_page_of_its_own() {
    let home = home(&long());
    let pages = Pages::of(&setup(home.path(), ""), NOW).await;
    let page = pages.page("/sessions/1b0c-main").await;
    assert!(page.contains("All 220,013 bytes of line 6") && !page.contains("the very end"), "{page}");
    let mut path = page
        .split("href=\"")
        .find(|part| part.contains("turn=6.0"))
        .unwrap()
        .split('"')
        .next()
        .unwrap()
        .replace("&amp;", "&");
    let mut text = String::new();
    loop {
        let page = pages.page(&path).await;
        text += page.split("aria-label=\"Text\">").nth(1).unwrap().split("</pre>").next().unwrap();
        let Some(at) = page.find("rel=\"next\"") else { break };
        path = page[..at].rsplit_once("href=\"").unwrap().1.split('"').next().unwrap().replace("&amp;", "&");
    }
    assert_eq!(text, long().remove(0).1[5].text);
    assert!(pages.page("/sessions/1b0c-main?turn=6.1").await.contains("second part of line six"));
}

#[tokio::test]
async fn words_are_found_in_one_session_alone() {
    let home = home(&long());
    let pages = Pages::of(&setup(home.path(), ""), NOW).await;
    let page = pages.page("/search?q=number+12*&session=claude-code:1b0c-main").await;
    assert!(page.contains("1 session with 11 places in all"), "{page}");
    assert_eq!(page.matches("#L12").count(), 11, "all of them are listed: {page}");
}

#[tokio::test]
async fn sessions_are_listed_the_latest_first_and_by_project() {
    let session = |number: u64| -> Kept {
        let folder = if number.is_multiple_of(10) { "/code/beacon" } else { "/code/atlas/.claude/worktrees/x" };
        let turns = vec![in_folder(folder, turn(number + 1, Role::Prompt, &format!("session <{number}>")))];
        (transcript(&format!("{number:08}-session"), None), turns, "my sessions", "ada")
    };
    let home = home(&(0..95).map(session).collect::<Vec<_>>());
    let pages = Pages::of(&setup(home.path(), ""), NOW).await;
    let titles = |page: &str| -> Vec<u64> {
        let parts = page.split("session &lt;").skip(1);
        parts.filter_map(|part| part.split_once("&gt;</a>")?.0.parse().ok()).collect()
    };
    let mut all = Vec::new();
    for page in 1..=3 {
        all.extend(titles(&pages.page(&format!("/sessions?page={page}")).await));
    }
    assert_eq!(all, (0..95).rev().collect::<Vec<_>>());
    let page = pages.page("/sessions?project=BEACON").await;
    assert_eq!(titles(&page), (0..95).rev().filter(|number| number % 10 == 0).collect::<Vec<_>>());
    assert!(page.contains("10 sessions, the latest first"), "{page}");
    let page = pages.page("/sessions?project=nowhere").await;
    assert!(page.contains("No session of such a project"), "{page}");
}
