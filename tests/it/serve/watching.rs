//! Sources and usage in a browser, and every page with the demo's data.

use std::fs;

use assert_cmd::Command;
use serde_json::json;
use tidings::config::{read_settings, read_sources};
use tidings::flow::Setup;
use tidings::home::Home;
use tidings::session::Role;

use super::pages::Pages;
use super::searching::{Kept, NOW, home, in_folder, setup};
use crate::keep::turns::{transcript, turn};

/// A source as the last run left it.
fn status(name: &str, health: &str, failures: u32, fault: Option<&str>) -> serde_json::Value {
    json!({
        "name": name, "mark": {}, "asked": "2026-11-22T08:00:00Z", "first_asked": "2026-11-01T08:00:00Z",
        "next_try": "2026-11-22T09:30:00Z", "answered": "2026-11-22T07:00:00Z", "failures": failures,
        "failing_since": fault.map(|_| "2026-11-21T08:00:00Z"), "fault": fault.map(|message| json!({"kind": "unreachable", "message": message, "retry_at": null})),
        "entries": 40, "had_entries": true, "dates": ["2026-11-20T08:00:00Z", "2026-11-18T08:00:00Z", "2026-11-16T08:00:00Z", "2026-11-14T08:00:00Z"],
        "health": health, "health_since": "2026-11-21T08:00:00Z",
    })
}

#[tokio::test]
async fn sources_that_need_somebody_stand_first_and_each_has_a_page() {
    let folder = tempfile::tempdir().unwrap();
    let source = |name: &str| {
        format!(
            "[[source]]\nname = \"{name}\"\nfrom.feed = \"https://{}.example/f\"\n",
            name.to_lowercase().replace([' ', '/'], "-")
        )
    };
    let names = ["Well", "New", "Quiet/One", "Failing"];
    let sources: String = names.iter().map(|name| source(name)).collect();
    let setup = Setup {
        home: Home::at(folder.path().to_path_buf()),
        sources: read_sources("sources.toml", &sources).unwrap(),
        sessions: Vec::new(),
        config: read_settings("tidings.toml", "").unwrap(),
    };
    fs::create_dir_all(folder.path().join("state/views")).unwrap();
    let view = json!({
        "version": 1, "at": "2026-11-22T08:00:00Z", "first_run": "2026-11-01T08:00:00Z", "judge": 0, "index": 0, "alert": 0,
        "aside": [], "letters_waiting": 0, "letters_dead": 0,
        "sources": [status("Well", "ok", 0, None), status("Quiet/One", "quiet", 0, None), status("Failing", "failing", 4, Some("no <answer> from it"))],
    });
    fs::write(folder.path().join("state/views/status.json"), view.to_string()).unwrap();
    let pages = Pages::of(&setup, NOW).await;
    let page = pages.page("/sources").await;
    let places: Vec<usize> = ["Failing (1)", "no &lt;answer&gt; from it", "Quiet (1)", "Well (1)", "Not asked yet (1)"]
        .iter()
        .map(|words| page.find(words).unwrap_or_else(|| panic!("{words}: {page}")))
        .collect();
    assert!(places.is_sorted(), "{places:?}");
    let page = pages.page("/sources/Quiet%2FOne").await;
    for words in [
        "<h1>Quiet/One</h1>",
        "nothing new for much longer",
        "an item every 2 days",
        "in 30 minutes",
        "https://quiet-one.example/f",
        "tidings reindex",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    let page = pages.page("/sources/Failing").await;
    assert!(page.contains("<dd>4, since ") && page.contains("no &lt;answer&gt; from it"), "{page}");
    assert!(pages.page("/sources/New").await.contains("no run has asked it yet"));
    assert_eq!(pages.get("/sources/Nobody").await.status().as_u16(), 404);
}

fn session(name: &str, owner: &'static str) -> Kept {
    let turns = vec![in_folder("/code/atlas", turn(1, Role::Prompt, name))];
    (transcript(name, None), turns, "my sessions", owner)
}

fn spent(kept: &Kept, message: u32, output: u64) -> String {
    json!({
        "transcript": kept.0.id, "message": format!("{message:016x}"), "at": "2026-11-20T12:00:00Z", "model": "claude-opus-4-5",
        "branch": "main", "cwd": "/code/atlas", "input": 1_000_000, "output": output, "cache_write_5m": 0,
        "cache_write_1h": 0, "cache_read": 0,
    })
    .to_string()
        + "\n"
}

#[tokio::test]
async fn usage_tells_what_sessions_cost_and_to_whom_it_may() {
    let one = [session("one", "ada"), session("two", "ada")];
    let home = home(&one);
    let view = home.path().join("state/views/spent.jsonl");
    fs::write(&view, spent(&one[0], 1, 2_500) + &spent(&one[1], 2, 500) + &spent(&one[1], 2, 500)).unwrap();
    let prices = "[prices.\"claude-opus-4\"]\ninput = 5.0\noutput = 20.0\n";
    let own = |settings: &str| {
        let mut setup = setup(home.path(), settings);
        setup.sessions.truncate(1);
        setup
    };
    let pages = Pages::of(&own(prices), NOW).await;
    for (by, words) in [
        ("day", vec!["Fri 2026-11-20", "2,000,000", "3,000", "$10.06"]),
        ("project", vec!["/code/atlas", "$10.06"]),
        ("model", vec!["claude-opus-4-5"]),
        ("branch", vec!["/code/atlas main"]),
        ("session", vec!["href=\"/sessions/claude-code:one\"", "$5.05", "$5.01", "<meter"]),
        ("block", vec!["2026-11-20 12:00 to 17:00"]),
    ] {
        let page = pages.page(&format!("/usage?by={by}")).await;
        for words in words {
            assert!(page.contains(words), "{by}, {words}: {page}");
        }
    }
    let page = pages.page("/usage?since=2026-11-21").await;
    assert!(page.contains("No answer of a model then"), "{page}");
    let page = pages.page("/sessions/one").await;
    assert!(page.contains("1,000,000 read, 2,500 written, in 1 answer, $5.05"), "{page}");
    // Whoever is not the one whose sessions they are is told sums over five people, and these are of one.
    let proxy = format!("{prices}[web]\nuser_header = \"x-user\"\nproxies = [\"127.0.0.0/8\"]\n");
    let pages = Pages::of(&own(&proxy), NOW).await;
    for (person, is_told) in [("ada", true), ("ben", false)] {
        for by in ["day", "session", "project"] {
            let asked = pages.ask(reqwest::Method::GET, &format!("/usage?by={by}")).header("x-user", person);
            let page = asked.send().await.unwrap().text().await.unwrap();
            assert_eq!(page.contains("$10.06"), is_told, "{person}, {by}: {page}");
        }
    }
}

#[tokio::test]
async fn every_page_shows_the_demos_home() {
    let folder = tempfile::tempdir().unwrap();
    let mut demo = Command::new(env!("CARGO_BIN_EXE_tidings"));
    demo.env_clear().env("HOME", folder.path()).env("TIDINGS_HOME", folder.path()).current_dir(folder.path());
    demo.arg("demo").assert().success();
    let sources = fs::read_to_string(folder.path().join("sources.toml")).unwrap();
    let setup = Setup {
        home: Home::at(folder.path().to_path_buf()),
        sources: read_sources("sources.toml", &sources).unwrap(),
        sessions: Vec::new(),
        config: read_settings("tidings.toml", "").unwrap(),
    };
    let pages = Pages::of(&setup, "2026-11-23T08:30:00Z").await;
    for path in ["/search", "/search?q=sandbox", "/search?level=critical", "/sessions", "/sources", "/usage"] {
        let page = pages.page(path).await;
        assert!(page.len() < 60_000, "{path}: {}", page.len());
        assert_eq!(page.matches("<h1>").count(), 1, "{path}");
        assert!(!page.contains("style=") && !page.contains("<script"), "{path}");
    }
    let page = pages.page("/search?q=sandbox").await;
    assert!(page.contains("<mark>") && page.contains("<h2>"), "{page}");
    let sources = pages.page("/sources").await;
    for link in
        sources.split("href=\"").filter_map(|part| part.split('"').next()).filter(|link| link.starts_with("/sources/"))
    {
        pages.page(link).await;
    }
}
