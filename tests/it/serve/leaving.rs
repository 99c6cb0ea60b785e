//! The page behind the link in a letter.

use std::fs;

use reqwest::{Method, StatusCode};
use tidings::config::read_settings;
use tidings::flow::{Setup, ask};
use tidings::guard::token::token;
use tidings::keep::leaving_key;
use tidings::standing::List;

use super::pages::Pages;
use crate::river::Lab;

const NOW: &str = "2026-11-17T10:00:00Z";
const BEN: &str = "ben@lab.example";

fn has_left(lab: &Lab) -> bool {
    ask::standings(&lab.setup.home).unwrap().get(BEN).is_some_and(|standing| standing.left.contains(&List::Digest))
}

#[tokio::test]
async fn a_letters_link_shows_a_button_and_only_the_button_takes_its_reader_off() {
    let lab = Lab::new();
    fs::create_dir_all(lab.setup.home.folder()).unwrap();
    let key = leaving_key(lab.setup.home.folder()).unwrap();
    let path = format!("/u/{}", token(&key, List::Digest, BEN));
    let pages = Pages::of(&lab.setup, NOW).await;
    // Whoever gets a letter needs no account, and comes through whatever stands in front.
    let from_outside = |method: Method| pages.ask(method, &path).header("x-forwarded-for", "203.0.113.9");
    let shown = from_outside(Method::GET).send().await.unwrap().text().await.unwrap();
    assert!(shown.contains("Leave this list?") && shown.contains("b…@lab.example"), "{shown}");
    assert!(!shown.contains(BEN) && !has_left(&lab), "a program that looks through mail opens every link");

    // RFC 8058, 3.2: one click is a POST without cookies, login or page before it, and its answer redirects nowhere.
    let form = "application/x-www-form-urlencoded";
    let click = from_outside(Method::POST).header("content-type", form).body("List-Unsubscribe=One-Click");
    let answer = click.header("origin", "https://mail.example").send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    assert!(answer.text().await.unwrap().contains("Done: no more of it"));
    assert!(has_left(&lab));

    let again = from_outside(Method::POST).header("content-type", form).body("again=yes").send().await.unwrap();
    assert!(again.text().await.unwrap().contains("Leave this list?"));
    assert!(!has_left(&lab));
}

#[tokio::test]
async fn whoever_is_added_while_the_pages_are_up_can_leave_too() {
    let lab = Lab::new();
    let home = lab.setup.home.clone();
    fs::create_dir_all(home.folder()).unwrap();
    let settings = home.settings();
    let read = {
        let (setup, settings) = (lab.setup.clone(), settings.clone());
        move || {
            let config = read_settings("tidings.toml", &fs::read_to_string(&settings)?)
                .map_err(|mistakes| anyhow::anyhow!("{mistakes:?}"))?;
            Ok(Setup { config, ..setup.clone() })
        }
    };
    let person = |name: &str| format!("[[people]]\naddress = \"{name}@lab.example\"\n");
    fs::write(&settings, person("ben")).unwrap();
    let pages = Pages::reading(&read().unwrap(), Box::new(read), NOW).await;
    let key = leaving_key(home.folder()).unwrap();
    let path = format!("/u/{}", token(&key, List::Digest, "cleo@lab.example"));
    assert_eq!(pages.get(&path).await.status(), StatusCode::NOT_FOUND);
    fs::write(&settings, person("ben") + &person("cleo")).unwrap();
    assert!(pages.page(&path).await.contains("c…@lab.example"));
    fs::write(&settings, "[[people]]\naddress = 1\n").unwrap();
    assert!(pages.page(&path).await.contains("c…@lab.example"), "what it said before goes on");
    fs::remove_file(&settings).unwrap();
    assert_eq!(pages.get(&path).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_link_that_is_nobodys_takes_nobody_off_and_makes_nothing() {
    let lab = Lab::new();
    fs::create_dir_all(lab.setup.home.folder()).unwrap();
    let pages = Pages::of(&lab.setup, NOW).await;
    let other = token(&[7; 32], List::Digest, BEN);
    for path in [format!("/u/{other}"), "/u/x".to_owned(), format!("/u/{}", "A".repeat(4000)), "/u/%00".to_owned()] {
        for method in [Method::GET, Method::POST] {
            let sent = pages.ask(method.clone(), &path).header("content-type", "application/x-www-form-urlencoded");
            let response = sent.body("List-Unsubscribe=One-Click").send().await.unwrap();
            assert_eq!(response.status(), StatusCode::NOT_FOUND, "{method} {path}");
            assert!(response.text().await.unwrap().contains("unsubscribe"), "{method} {path}");
        }
    }
    assert_eq!(fs::read_dir(lab.setup.home.folder()).unwrap().count(), 0);
}
