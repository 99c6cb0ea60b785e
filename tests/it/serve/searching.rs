//! Search in a browser: what is found, marked, paged and hidden, and by whom it may be seen.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use serde_json::json;
use tidings::config::{SessionSource, read_settings};
use tidings::flow::{self, Setup};
use tidings::home::Home;
use tidings::keep::Keep;
use tidings::keep::sessions::Transcript;
use tidings::session::{Agent, Format, Role, Setting, Turn};

use super::pages::Pages;
use crate::keep::noon;
use crate::keep::turns::{fill, transcript, turn};
use crate::river::Lab;

pub const NOW: &str = "2026-11-22T09:00:00Z";

/// A home with no source and these folders of sessions.
pub fn setup(home: &Path, settings: &str) -> Setup {
    let source = |name: &str, format, owner: Option<&str>| SessionSource {
        name: name.to_owned(),
        folder: home.join("nowhere"),
        format,
        owner: owner.map(str::to_owned),
        host: None,
    };
    Setup {
        home: Home::at(home.to_path_buf()),
        sources: Vec::new(),
        sessions: vec![
            source("my sessions", Format::Of(Agent::ClaudeCode), Some("ada")),
            source("lab", Format::Shared, None),
        ],
        config: read_settings("tidings.toml", settings).unwrap(),
    }
}

/// What a run writes down of a transcript: whose it is, and from which folder of sessions.
pub fn line(transcript: &Transcript, turns: &[Turn], source: &str, owner: &str) -> String {
    json!({
        "id": transcript.id, "session": transcript.session, "subagent": transcript.subagent, "source": source,
        "path": transcript.path, "owner": owner, "host": null, "title": turns.first().map(|turn| &turn.text),
        "prompt": null, "parent": null, "cwd": turns.first().and_then(Turn::cwd), "branch": "main",
        "started": turns.first().and_then(|turn| turn.at), "ended": turns.last().and_then(|turn| turn.at),
        "lines": turns.len(), "turns": turns.len(), "generation": 0, "gone": null, "rules": "1", "redacted": {},
        "damaged": {}, "unknown": {},
    })
    .to_string()
}

pub fn in_folder(folder: &str, turn: Turn) -> Turn {
    let setting = Setting { cwd: Some(folder.to_owned()), branch: Some("main".to_owned()), ..Setting::default() };
    Turn { setting: Arc::new(setting), ..turn }
}

/// A session of a person: transcript, turns, the folder of sessions it came from, its owner.
pub type Kept = (Transcript, Vec<Turn>, &'static str, &'static str);

/// A home that keeps these sessions.
pub fn home(sessions: &[Kept]) -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    Keep::open(home.path(), "test", noon()).unwrap().reindex().unwrap();
    add(home.path(), sessions);
    home
}

/// Adds them to what it keeps.
fn add(home: &Path, sessions: &[Kept]) {
    let turns: Vec<_> = sessions.iter().map(|(one, turns, ..)| (one.clone(), turns.clone())).collect();
    fill(home, &turns);
    let view = home.join("state/views/sessions.jsonl");
    let mut lines = fs::read_to_string(&view).unwrap_or_default();
    lines.extend(sessions.iter().map(|(one, turns, source, owner)| line(one, turns, source, owner) + "\n"));
    fs::write(view, lines).unwrap();
}

const PROXY: &str = "[web]\nuser_header = \"x-user\"\nproxies = [\"127.0.0.0/8\"]";

/// A page as the proxy asks for it in somebody's name.
async fn as_person(pages: &Pages, person: &str, path: &str) -> (u16, String) {
    let asked = pages.ask(reqwest::Method::GET, path).header("x-user", person).send().await.unwrap();
    (asked.status().as_u16(), asked.text().await.unwrap())
}

fn links<'p>(page: &'p str, beginning: &str) -> Vec<&'p str> {
    let parts = page.split("href=\"").skip(1).filter_map(|part| part.split_once('"').map(|(link, _)| link));
    parts.filter(|link| link.starts_with(beginning)).collect()
}

#[tokio::test]
async fn items_and_sessions_are_found_together_and_their_words_are_marked() {
    let lab = Lab::new();
    let items = [("one", "A closed sandbox", "Words before. The sandboxed shell fails &lt;b&gt;often&lt;/b&gt;.")];
    lab.run("2026-11-21T08:00:00Z", &items).await;
    let spoken = vec![in_folder("/code/atlas", turn(1, Role::Prompt, "why is the sandbox <b>shut</b>?"))];
    add(lab.setup.home.folder(), &[(transcript("1b0c-main", None), spoken, "my sessions", "ada")]);
    let pages = Pages::of(&lab.setup, NOW).await;
    let page = pages.page("/search?q=sandbox").await;
    assert!(page.contains("1 item and 1 session with 1 place in all"), "{page}");
    assert!(page.contains("The <mark>sandboxed</mark> shell fails"), "{page}");
    assert!(page.contains("why is the <mark>sandbox</mark> &lt;b&gt;shut&lt;/b&gt;?"), "{page}");
    assert!(page.contains("value=\"sandbox\""), "the field says again what was asked: {page}");
    assert_eq!(links(&page, "/items/").len(), 1);
    let spot = links(&page, "/sessions/claude-code:1b0c-main?").remove(0);
    assert!(spot.ends_with("line=1#L1"), "{spot}");
    assert!(pages.page(&spot.replace("&amp;", "&")).await.contains("id=\"L1\""));
    let only = pages.page("/search?q=sandbox&kind=items").await;
    assert!(only.contains("1 item</h2>") && links(&only, "/sessions/").is_empty(), "{only}");
    let only = pages.page("/search?q=sandbox&kind=sessions&role=prompt&project=atlas").await;
    assert!(only.contains("1 session with 1 place") && links(&only, "/items/").is_empty(), "{only}");
    let only = pages.page("/search?q=sandbox&source=Lantern").await;
    assert!(only.contains("1 item</h2>"), "{only}");
    let none = pages.page("/search?q=sandbox&kind=sessions&role=answer").await;
    assert!(none.contains("Nothing found") && none.contains(">the role</a> there would be 1."), "{none}");
    let latest = pages.page("/search").await;
    assert!(latest.contains("Latest items") && latest.contains("A closed sandbox"), "{latest}");
}

#[tokio::test]
async fn a_foreign_text_is_a_text_wherever_a_page_shows_it() {
    let foul = "<script>alert(1)</script>\u{202e}\u{200b}\"'><img src=x onerror=alert(2)>";
    let folder = format!("/code/{foul}");
    let turns = vec![
        in_folder(&folder, turn(1, Role::Prompt, &format!("beacon {foul}"))),
        in_folder(&folder, Turn { tool: Some("Bash".into()), ..turn(2, Role::ToolOutput, foul) }),
    ];
    let home = home(&[(transcript("1b0c-main", None), turns, "my sessions", "ada")]);
    let pages = Pages::of(&setup(home.path(), ""), NOW).await;
    let typed = url::form_urlencoded::byte_serialize(foul.as_bytes()).collect::<String>();
    for path in [
        "/search?q=beacon".to_owned(),
        format!("/search?kind=items&q={typed}"),
        format!("/search?q=beacon&project={typed}&since={typed}"),
        format!("/search?q=beacon&source={typed}&level={typed}&kind={typed}&role={typed}"),
        "/sessions".to_owned(),
        format!("/sessions?project={typed}"),
        "/sessions/1b0c-main".to_owned(),
        "/sessions/1b0c-main?turn=2.0".to_owned(),
        format!("/sessions/{}", typed.replace('+', "%20")),
        format!("/usage?by={typed}"),
        format!("/sources/{}", typed.replace('+', "%20")),
    ] {
        let answer = pages.get(&path).await;
        let status = answer.status().as_u16();
        let page = answer.text().await.unwrap();
        assert!(!page.contains("<script") && !page.contains("<img"), "{path}: {page}");
        assert!(!page.contains(['\u{202e}', '\u{200b}']), "{path}");
        assert!(matches!(status, 200 | 400 | 404), "{path}: {status}");
    }
}

#[tokio::test]
async fn a_hostile_question_gets_an_answer_or_a_clear_word() {
    let turns = vec![turn(1, Role::Prompt, "(a+)+$ beacon")];
    let home = home(&[(transcript("1b0c-main", None), turns, "my sessions", "ada")]);
    let pages = Pages::of(&setup(home.path(), ""), NOW).await;
    let encoded = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    for (question, status, words) in [
        ("x".repeat(10_000), 414, "too long"),
        ("x ".repeat(2_000), 400, "too long"),
        ("a* ".repeat(200), 400, "more than 40 words"),
        ("one \"two".to_owned(), 400, "letter 5"),
        ("\0\u{1}\u{7f}\u{feff}".to_owned(), 200, "an answer"),
        ("(a+)+$ (.*)*".to_owned(), 200, "an answer"),
        ("-".to_owned(), 200, "an answer"),
        ("OR AND NOT".to_owned(), 200, "an answer"),
        ("role:nobody".to_owned(), 400, "no turn has the role"),
        ("\u{10ffff} 🏳\u{fe0f} ﷽".to_owned(), 200, "an answer"),
    ] {
        let answer = pages.get(&format!("/search?q={}", encoded(&question))).await;
        assert_eq!(answer.status().as_u16(), status, "{question:.60}");
        let page = answer.text().await.unwrap();
        let is_said = match words {
            "an answer" => page.contains("Nothing found</h2>") || page.contains("1 place in all</h2>"),
            words => page.contains(words),
        };
        assert!(is_said, "{question:.60}: {page}");
    }
    for (path, status) in [
        ("/search?q=%ff%fe&q=beacon", 200),
        ("/search?q=beacon&since=yesterday", 400),
        ("/search?q=beacon&since=2026-11-01&until=7d", 200),
        ("/search?q=beacon&since=9999-01-01", 200),
        ("/search?q=beacon&since=0001-01-01", 200),
        ("/search?q=beacon&kind=things", 400),
        ("/search?q=beacon&level=notable&role=prompt", 400),
        ("/search?q=beacon&project=%22%22%22+%5C", 200),
        ("/search?page=99999999999999999999", 200),
        ("/search?page=-1", 200),
        ("/search?q=beacon&page=49", 200),
        ("/sessions?page=999999", 200),
        ("/sessions/1b0c-main?leaf=18446744073709551615&line=0", 200),
        ("/sessions/1b0c-main?line=18446744073709551615", 200),
        ("/sessions/1b0c-main?turn=1.4294967295", 404),
        ("/sessions/1b0c-main?turn=x", 400),
        ("/sessions/1b0c-main?turn=1.0&from=99999999", 200),
        ("/sessions/1b0c-main?file=t-nothing", 404),
        ("/sessions/..%2F..%2Fetc%2Fpasswd", 404),
        ("/sessions/%00", 404),
        ("/sources/..%2Fsources.toml", 404),
        ("/usage?by=session&since=x", 400),
        ("/usage?since=2026-11-02&until=2026-11-01", 400),
    ] {
        let answer = pages.get(path).await;
        let got = answer.status().as_u16();
        assert_eq!(got, status, "{path}: {}", answer.text().await.unwrap());
    }
}

#[tokio::test]
async fn paging_shows_every_hit_once_in_turn() {
    let lab = Lab::new();
    let names: Vec<String> = (0..33).map(|number| format!("beacon item {number}")).collect();
    let names: &'static [String] = names.leak();
    let items: Vec<_> = names.iter().map(|name| (name.as_str(), name.as_str(), "A beacon.")).collect();
    lab.run("2026-11-21T08:00:00Z", &items).await;
    let session = |number: usize| -> Kept {
        let name = format!("{number:08}-session");
        (
            transcript(&name, None),
            vec![turn(1, Role::Prompt, &format!("beacon session {number}"))],
            "my sessions",
            "ada",
        )
    };
    add(lab.setup.home.folder(), &(0..52).map(session).collect::<Vec<_>>());
    let pages = Pages::of(&lab.setup, NOW).await;
    let mut path = "/search?q=beacon".to_owned();
    let (mut seen, mut sizes) = (Vec::new(), Vec::new());
    loop {
        let page = pages.page(&path).await;
        let found: Vec<String> = links(&page, "/")
            .iter()
            .filter(|link| link.starts_with("/items/") || link.starts_with("/sessions/") && !link.contains('?'))
            .map(|link| (*link).to_owned())
            .collect();
        sizes.push(found.len());
        seen.extend(found);
        let Some(next) = page.split("rel=\"next\"").next().filter(|_| page.contains("rel=\"next\"")) else { break };
        path = next.rsplit_once("href=\"").unwrap().1.split('"').next().unwrap().replace("&amp;", "&");
    }
    assert_eq!(sizes, [10, 10, 10, 10, 10, 10, 10, 10, 5]);
    let is_item = |link: &String| link.starts_with("/items/");
    assert!(seen[..66].iter().enumerate().all(|(place, link)| is_item(link) == (place % 2 == 0)), "in turn: {seen:#?}");
    assert_eq!(seen.iter().filter(|link| is_item(link)).count(), 33);
    let (all, mut once) = (seen.len(), seen);
    once.sort();
    once.dedup();
    assert_eq!((all, once.len()), (85, 85), "none twice, none lost");
}

/// Ada's, Ben's and what Ben shared, each with a word of its own and one in common.
fn of_three() -> Vec<Kept> {
    let session = |name: &str, words: &str, source, owner| -> Kept {
        let folder = format!("/code/{owner}-folder");
        let turns = vec![in_folder(&folder, turn(1, Role::Prompt, &format!("beacon {words}")))];
        let made = transcript(name, None);
        (Transcript { owner: Some(String::from(owner)), ..made }, turns, source, owner)
    };
    vec![
        session("1a-ada", "adaword", "my sessions", "ada"),
        session("1b-ben", "benword", "my sessions", "ben"),
        session("1c-ben", "sharedword", "lab", "ben"),
    ]
}

#[tokio::test]
async fn what_is_private_to_another_is_not_there_for_a_person() {
    let home = home(&of_three());
    let pages = Pages::of(&setup(home.path(), PROXY), NOW).await;
    let ada = async |path: &str| as_person(&pages, "Ada", path).await;
    let (_, page) = ada("/search?q=beacon").await;
    assert!(
        page.contains("2 sessions with 2 places") && !page.contains("1b-ben") && !page.contains("benword"),
        "{page}"
    );
    let unknown = ada("/search?q=nosuchword").await;
    for question in [
        "benword",
        "benword+role:answer",
        "owner:ben+benword",
        "project:ben+benword",
        "ben*+-sharedword+-beacon+benword",
    ] {
        let (_, page) = ada(&format!("/search?q={question}")).await;
        assert!(page.contains("Nothing found") && !page.contains("there would be"), "{question}: {page}");
    }
    assert!(unknown.1.contains("Nothing found"));
    let (hidden, unknown) = (ada("/search?q=session:1b-ben").await.1, ada("/search?q=session:9z-who").await.1);
    assert_eq!(hidden.replace("1b-ben", "9z-who"), unknown, "a session that is not hers is one that is not known");
    let (_, page) = ada("/search?q=some+words+about+the+benword+beacon").await;
    assert!(!page.contains("1b-ben"), "not in part either: {page}");
    // Not by its id, a beginning of it, its file or a hit: the same page as of what is not known at all.
    let nothing = ada("/sessions/9z-nobody").await;
    let hidden = of_three().remove(1).0.id.to_string();
    for id in ["1b-ben", "1b", "claude-code:1b-ben", &hidden, &format!("{hidden}:1")] {
        assert_eq!(ada(&format!("/sessions/{id}")).await, nothing, "{id}");
        assert_eq!(ada(&format!("/sessions/{id}?turn=1.0")).await, nothing, "{id}");
    }
    let (status, _) = ada(&format!("/sessions/1a-ada?file={hidden}")).await;
    assert_eq!(status, 404);
    // Nor does it make a beginning ambiguous, which only what is seen does.
    let (status, page) = ada("/sessions/1").await;
    assert!(status == 300 && page.contains("2 sessions begin with") && !page.contains("1b-ben"), "{status}: {page}");
    let (_, page) = ada("/sessions").await;
    assert!(page.contains("2 sessions, the latest first") && !page.contains("1b-ben"), "{page}");
    let (_, page) = ada("/usage?by=session").await;
    assert!(!page.contains("benword") && !page.contains("adaword"), "{page}");
    // Ben sees his own and what was shared; somebody else what was shared; the owner of the home all.
    let (_, page) = as_person(&pages, "ben", "/search?q=beacon").await;
    assert!(page.contains("benword") && page.contains("sharedword") && !page.contains("adaword"), "{page}");
    let (_, page) = as_person(&pages, "cleo", "/search?q=beacon").await;
    assert!(page.contains("1 session with 1 place") && page.contains("sharedword"), "{page}");
    let owners = Pages::of(&setup(home.path(), ""), NOW).await;
    assert!(owners.page("/search?q=beacon").await.contains("3 sessions with 3 places"));
}

#[tokio::test]
async fn a_home_without_anything_says_what_is_missing() {
    let empty = tempfile::tempdir().unwrap();
    let pages = Pages::of(&setup(empty.path(), ""), NOW).await;
    for (path, status, words) in [
        ("/search", 200, "tidings run"),
        ("/search?q=beacon", 200, "tidings run"),
        ("/search?q=role:prompt", 400, "no session is kept yet"),
        ("/sessions", 200, "from.sessions"),
        ("/usage", 200, "from.sessions"),
        ("/sources", 200, "tidings run"),
    ] {
        let answer = pages.get(path).await;
        assert_eq!(answer.status().as_u16(), status, "{path}");
        let page = answer.text().await.unwrap();
        assert!(page.contains(words) && page.contains("<h1>"), "{path}: {page}");
    }
    assert_eq!(pages.get("/sessions/1b0c").await.status().as_u16(), 404);
    // An index that is there and can't be read is another matter.
    let index = empty.path().join("index");
    fs::create_dir(&index).unwrap();
    for name in ["meta.json", "tidings.version"] {
        fs::write(index.join(name), "garbage").unwrap();
    }
    let answer = pages.get("/search?q=beacon").await;
    assert_eq!(answer.status().as_u16(), 503);
    assert!(answer.text().await.unwrap().contains("tidings reindex"));
}

#[tokio::test]
async fn what_is_written_meanwhile_is_found_and_an_index_made_anew_interrupts_nobody() {
    let lab = Lab::new();
    lab.run("2026-11-21T08:00:00Z", &[("one", "First beacon", "Words.")]).await;
    let home = lab.setup.home.clone();
    let pages = Pages::of(&lab.setup, NOW).await;
    let found = async |words: &str| {
        let page = pages.page(&format!("/search?q={words}")).await;
        page.split("<h2>").nth(1).unwrap().split("</h2>").next().unwrap().to_owned()
    };
    assert_eq!(found("beacon").await, "1 item");
    lab.run("2026-11-21T10:00:00Z", &[("one", "First beacon", "Words."), ("two", "Second beacon", "Words.")]).await;
    assert_eq!(found("beacon").await, "2 items", "a run that wrote is seen by the next question");
    // While it is made anew, and where somebody took it away, what was opened still answers.
    let aside = home.folder().join("aside");
    fs::rename(home.folder().join("index"), &aside).unwrap();
    assert_eq!(found("beacon").await, "2 items");
    fs::create_dir(home.folder().join("index")).unwrap();
    fs::write(home.folder().join("index/meta.json"), "{").unwrap();
    assert_eq!(found("second").await, "1 item");
    fs::remove_dir_all(home.folder().join("index")).unwrap();
    flow::reindex(&home, noon()).unwrap();
    assert_eq!(found("beacon").await, "2 items");
    // Questions go on while another thread makes it anew again and again.
    let again = home.clone();
    let reindexing =
        std::thread::spawn(move || (0..3).for_each(|_| assert_eq!(flow::reindex(&again, noon()).unwrap(), 2)));
    let mut asked = 0;
    while !reindexing.is_finished() || asked == 0 {
        assert_eq!(found("beacon").await, "2 items");
        asked += 1;
    }
    reindexing.join().unwrap();
    let three = [("one", "First beacon", "W."), ("two", "Second beacon", "W."), ("three", "Third beacon", "W.")];
    lab.run("2026-11-21T12:00:00Z", &three).await;
    assert_eq!(found("beacon").await, "3 items", "and then sees what is new");
}
