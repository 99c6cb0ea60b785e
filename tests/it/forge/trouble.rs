//! What goes wrong at a forge, and what a person is told.

use std::time::Duration;

use serde_json::json;
use tidings::teach::forge::{Forge as _, Memory, Trouble};

use super::lab::{BRANCH, FILES, Lab, MANIFEST, ONE, REFERENCE, REPOSITORY, proposal};
use crate::support::forge_server::{Fault, Rights, TOKEN, World};

fn slower(headers: &[&str]) -> Fault {
    let body = json!({
        "message": "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.",
        "documentation_url": "https://docs.github.com/rest/overview/rate-limits-for-the-rest-api",
    });
    Fault::Says("403 Forbidden", headers.iter().map(|header| (*header).to_owned()).collect(), body)
}

/// The words of a visit that failed.
async fn told(lab: &mut Lab) -> String {
    lab.try_visit(&[ONE]).await.unwrap_err().to_string()
}

#[tokio::test]
async fn a_short_limit_is_waited_for_and_a_long_one_ends_the_visit_with_its_time() {
    let mut lab = Lab::new();
    lab.world().goes_wrong("POST", "/git/commits", slower(&["Retry-After: 0"]));
    lab.world().goes_wrong("GET", "/pulls", slower(&["Retry-After: 0"]));
    assert!(lab.visit(&[ONE]).await.opened().is_new);
    assert_eq!((lab.change().1, lab.world().pulls.len()), (1, 1));

    for (headers, seconds) in [
        (&["Retry-After: 1800"][..], 1800),
        // 1795264200 is half an hour after noon of 2026-11-21, by the server's clock.
        (
            &["X-RateLimit-Remaining: 0", "X-RateLimit-Reset: 1795264200", "Date: Sat, 21 Nov 2026 12:00:00 GMT"][..],
            1800,
        ),
        (&[][..], 60),
    ] {
        let mut lab = Lab::new();
        lab.world().goes_wrong("POST", "/pulls", slower(headers));
        let trouble = lab.try_visit(&[ONE]).await.unwrap_err();
        let until = trouble.not_before().unwrap();
        let wait = until.duration_since(lab.now).as_secs();
        assert!((seconds..seconds + 60).contains(&wait), "{wait} seconds: {trouble}");
        assert!(trouble.to_string().contains("not before 2026-11-21T12:"), "{trouble}");
        assert_eq!(lab.memory().not_before, Some(until));

        // Until then the forge is not even asked.
        let asked = lab.world().calls.len();
        assert_eq!(lab.try_visit(&[ONE]).await.unwrap_err().not_before(), Some(until));
        assert_eq!(lab.world().calls.len(), asked);
        lab.later();
        lab.visit(&[ONE]).await;
        assert_eq!((lab.change().1, lab.world().pulls.len()), (1, 1));
    }
}

#[tokio::test]
async fn waits_without_end_have_an_end() {
    let mut lab = Lab::new();
    lab.patience = Duration::from_secs(3);
    for _ in 0..10 {
        lab.world().goes_wrong("GET", "/user", slower(&["Retry-After: 0"]));
    }
    // Each counts as a second at least, so patience is used up after three; the fourth is not waited for any more.
    assert!(lab.try_visit(&[ONE]).await.unwrap_err().not_before().is_some());
    assert_eq!(lab.world().calls.len(), 4);
}

#[tokio::test]
async fn a_token_without_rights_is_told_which_it_lacks() {
    for (contents, pulls, right) in
        [(false, true, "\"Contents: Read and write\""), (true, false, "\"Pull requests: Read and write\"")]
    {
        let mut lab = Lab::new();
        let rights = Rights { contents, pulls, ..Rights::of("tidings-bot") };
        lab.world().tokens.insert(TOKEN.to_owned(), rights);
        let words = told(&mut lab).await;
        assert!(words.contains(right) && words.contains("403") && words.contains(REPOSITORY), "{words}");
        assert!(lab.world().pulls.is_empty());
        // The right is given; what was done before is taken up.
        lab.world().tokens.insert(TOKEN.to_owned(), Rights::of("tidings-bot"));
        assert!(lab.visit(&[ONE]).await.opened().is_new);
        assert_eq!((lab.change().1, lab.world().pulls.len()), (1, 1));
    }

    let mut lab = Lab::new();
    lab.world().roles.clear();
    let words = told(&mut lab).await;
    assert!(words.contains("may not write to octo-org/skills") && words.contains("fork"), "{words}");
    lab.world().tokens.clear();
    let words = told(&mut lab).await;
    assert!(words.contains("401") && words.contains("fine-grained"), "{words}");
    assert_eq!(lab.writes(), Vec::<String>::new());
}

#[tokio::test]
async fn a_repository_that_is_gone_moved_archived_empty_or_no_source_of_the_fork_is_named() {
    let mut lab = Lab::new();
    lab.world().repositories.get_mut(REPOSITORY).unwrap().archived = true;
    assert!(told(&mut lab).await.contains("archived"));
    lab.world().repositories.get_mut(REPOSITORY).unwrap().archived = false;
    lab.world().repositories.get_mut(REPOSITORY).unwrap().moved = true;
    assert!(told(&mut lab).await.contains("has been renamed or moved"));
    lab.world().repositories.get_mut(REPOSITORY).unwrap().moved = false;
    lab.world().repositories.get_mut(REPOSITORY).unwrap().branches.clear();
    assert!(told(&mut lab).await.contains("is empty"));
    lab.world().repositories.clear();
    let words = told(&mut lab).await;
    assert!(words.contains("404") && words.contains("written as on its page"), "{words}");

    let mut lab = Lab::with("fork = \"tidings-bot/skills\"\n");
    lab.world().found("tidings-bot/skills", &[("README.md", "# Other\n")]);
    assert!(told(&mut lab).await.contains("tidings-bot/skills is no fork of octo-org/skills"));
    assert_eq!(lab.writes(), Vec::<String>::new());
}

#[tokio::test]
async fn a_classic_token_is_refused_before_it_is_used_or_at_the_first_answer() {
    for token in
        ["ghp_0123456789abcdefghijklmnopqrstuvwxyz", "gho_0123456789abcdefghijklmnopqrstuvwxyz", &"a1".repeat(20)]
    {
        let mut lab = Lab::new();
        lab.token = token.to_owned();
        let words = format!("{:#}", lab.forge().unwrap_err());
        assert!(words.contains("classic") && words.contains("fine-grained") && !words.contains(token), "{words}");
        assert!(lab.server.asked().is_empty());
    }
    for scopes in ["repo, workflow", ""] {
        let mut lab = Lab::new();
        lab.world().tokens.insert(TOKEN.to_owned(), Rights { scopes: Some(scopes), ..Rights::of("tidings-bot") });
        let words = told(&mut lab).await;
        assert!(words.contains("classic") && words.contains("octo-org/skills alone"), "{words}");
        assert_eq!(lab.world().calls.len(), 1);
    }
    let mut lab = Lab::new();
    lab.token = " \n".to_owned();
    assert!(format!("{:#}", lab.forge().unwrap_err()).contains("is empty"));
}

#[tokio::test]
async fn the_token_stands_in_no_word_that_is_told_kept_or_shown() {
    let mut lab = Lab::new();
    let mut words = vec![format!("{:?}", lab.forge().unwrap())];
    // A server that repeats what it was sent.
    let echo = json!({ "message": format!("Bad credentials: Bearer {TOKEN}"), "documentation_url": "" });
    for status in ["401 Unauthorized", "403 Forbidden", "404 Not Found", "422 Unprocessable Entity", "500 Oops"] {
        for (method, path) in [("GET", "/git/ref/"), ("GET", "/repos"), ("POST", "/git/trees"), ("POST", "/pulls")] {
            lab.world().goes_wrong(method, path, Fault::Says(status, Vec::new(), echo.clone()));
            let trouble = lab.try_visit(&[ONE]).await.unwrap_err();
            words.extend([trouble.to_string(), format!("{trouble:?}")]);
            *lab.world() = World::new(REPOSITORY, &FILES);
            lab.kept = "{}".to_owned();
        }
    }
    lab.world().goes_wrong("POST", "/git/commits", Fault::Lost);
    words.push(format!("{:?}", lab.try_visit(&[ONE]).await));
    lab.visit(&[ONE]).await;
    words.push(lab.kept.clone());
    for pull in &lab.world().pulls {
        words.push(format!("{} {:?}", pull.title, pull.body));
    }
    // In a header of each request, and nowhere else in it.
    for asked in lab.server.asked() {
        words.extend([asked.path.clone(), asked.body.clone()]);
        let bearer = format!("Bearer {TOKEN}");
        assert_eq!(asked.header("authorization"), Some(bearer.as_str()));
        let with = asked.headers.iter().filter(|(_, value)| value.contains(TOKEN)).count();
        assert_eq!(with, 1);
    }
    assert!(words.iter().all(|text| !text.contains(TOKEN)), "{words:#?}");
}

#[tokio::test]
async fn files_that_are_no_plain_text_are_never_changed() {
    let mut lab = Lab::new();
    let link = |lab: &Lab, path: &str, mode: &str| {
        let mut world = lab.world();
        let head = world.head(REPOSITORY, "main").unwrap();
        let mut commit = world.git.commits[&head].clone();
        let blob = world.git.blob(b"../../README.md");
        commit.tree = world.git.with(&commit.tree, path, Some((mode.to_owned(), blob)));
        commit.parents = vec![head];
        let id = world.git.commit(commit);
        world.put(REPOSITORY, "main", &id);
    };
    link(&lab, REFERENCE, "120000");
    assert!(told(&mut lab).await.contains("a link or a program is never changed"));
    let mut lab = Lab::new();
    link(&lab, MANIFEST, "100755");
    assert!(told(&mut lab).await.contains("a link or a program is never changed"));
    let mut lab = Lab::new();
    link(&lab, "plugins/mats/references", "120000");
    assert!(told(&mut lab).await.contains("plugins/mats/references is no folder"));
    let mut lab = Lab::new();
    lab.world().commit(REPOSITORY, "main", "ana", &[(&format!("{REFERENCE}/x.md"), "A folder of that name.\n")]);
    assert!(told(&mut lab).await.contains("never changed"));
    let mut lab = Lab::new();
    lab.world().commit(REPOSITORY, "main", "ana", &[(REFERENCE, &"long ".repeat(250_000))]);
    assert!(told(&mut lab).await.contains("larger than 1 MB"));
    assert_eq!(lab.writes(), Vec::<String>::new());
}

#[tokio::test]
async fn a_proposal_that_would_touch_anything_else_ends_before_the_first_write() {
    let mut lab = Lab::new();
    let forge = lab.forge().unwrap();
    let seen = forge.look(&lab.memory(), lab.now).await.unwrap();
    let good = proposal(&[ONE], &seen, &lab.memory()).unwrap();
    let mut bad = Vec::new();
    let mut with = |words: &'static str, change: &dyn Fn(&mut tidings::lesson::Proposal)| {
        let mut other = good.clone();
        change(&mut other);
        bad.push((words, other));
    };
    with("it would touch", &|other| other.reference.path = ".github/workflows/x.md".to_owned());
    with("it would touch", &|other| other.manifest.path = "plugins/other/.claude-plugin/plugin.json".to_owned());
    with("more than the value of `version`", &|other| {
        other.manifest.after = other.manifest.after.replace("\"mats\"", "\"mats\", \"hooks\": \"./hooks.json\"");
    });
    with("no JSON", &|other| other.manifest.after.push('}'));
    with("has changed at the base", &|other| other.reference.before = Some("# Older\n".to_owned()));
    with("has changed at the base", &|other| other.manifest.before = Some("{}".to_owned()));
    with("not one line", &|other| other.title = "Two\nlines".to_owned());
    with("not one line", &|other| other.title = "x".repeat(73));
    with("call somebody", &|other| other.body.insert_str(0, "Thanks @octocat\n"));
    with("does not name its entries", &|other| other.body = "Trust me.".to_owned());
    with("does not name its entries", &|other| other.entries.clear());
    for (words, other) in bad {
        let mut memory = Memory::default();
        let mut note = |_: &Memory| panic!("nothing was done");
        let trouble = forge.open(&other, &seen, &mut memory, &mut note, lab.now).await.unwrap_err();
        assert!(matches!(trouble, Trouble::Unfit(_) | Trouble::Moved(_)), "{trouble:?}");
        assert!(trouble.to_string().contains(words), "{words}: {trouble}");
    }
    assert_eq!(lab.writes(), Vec::<String>::new());
}

#[tokio::test]
async fn a_memory_that_cannot_be_kept_stops_before_the_branch_moves() {
    let lab = Lab::new();
    let forge = lab.forge().unwrap();
    let mut memory = lab.memory();
    let seen = forge.look(&memory, lab.now).await.unwrap();
    let proposal = proposal(&[ONE], &seen, &memory).unwrap();
    let mut note = |_: &Memory| anyhow::bail!("no space left on device");
    let trouble = forge.open(&proposal, &seen, &mut memory, &mut note, lab.now).await.unwrap_err();
    assert!(matches!(&trouble, Trouble::NotKept(words) if words.contains("no space left")), "{trouble:?}");
    assert_eq!(lab.world().head(REPOSITORY, BRANCH), None);
    assert!(lab.world().pulls.is_empty());
}

#[tokio::test]
async fn a_server_in_trouble_or_no_server_is_for_the_next_visit() {
    let mut lab = Lab::new();
    let body = json!({ "message": "Server Error" });
    lab.world().goes_wrong("GET", "/compare", Fault::Says("502 Bad Gateway", Vec::new(), body.clone()));
    lab.world().goes_wrong("POST", "/pulls", Fault::Says("502 Bad Gateway", Vec::new(), body));
    let words = told(&mut lab).await;
    assert!(words.contains("502") && words.contains("the next run asks again"), "{words}");
    let words = told(&mut lab).await;
    assert!(words.contains("for the branch"), "{words}");
    assert!(lab.visit(&[ONE]).await.opened().is_new);

    // An app has no account, and works all the same.
    let body = json!({ "message": "Resource not accessible by integration" });
    lab.world().goes_wrong("GET", "/user", Fault::Says("403 Forbidden", Vec::new(), body));
    lab.visit(&[ONE, ("bp-2026-w47-02", "More.")]).await;
    let head = lab.world().head(REPOSITORY, BRANCH).unwrap();
    let email = lab.world().git.commits[&head].author.email.clone();
    assert_eq!(email, "tidings@users.noreply.127.0.0.1");

    lab.skills.api = "http://127.0.0.1:9".parse().unwrap();
    let words = told(&mut lab).await;
    assert!(words.contains("nothing answers there"), "{words}");
}
