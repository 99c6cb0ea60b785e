//! What a pull request goes through, with something between tidings and the tests' forge: tests/peers/forge.py puts Prism there.
//!
//! Prints where the forge is, reads where it is to be asked, plays each scenario and prints how it ended.

use std::io::BufRead as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use serde_json::json;
use tidings::teach::forge::{Done, How};
use tokio::runtime::Builder;
use url::Url;

#[expect(dead_code, reason = "the tests use more of it")]
#[path = "../it/support"]
mod support {
    pub mod server;
    pub mod forge_git;
    pub mod forge_json;
    pub mod forge_server;
}
#[expect(dead_code, reason = "the tests use more of it")]
#[path = "../it/forge/lab.rs"]
mod lab;

use lab::{BRANCH, FILES, Lab, MANIFEST, ONE, POINTS, REFERENCE, REPOSITORY, TWO};
use support::forge_server::{Fault, ForgeServer, Pull, Rights, TOKEN, World};

/// Plays one scenario in a home and at a forge that are new.
macro_rules! scenario {
    ($place:expr, $name:expr, |$lab:ident| $play:block) => {
        played($place, $name, "", async |$lab: &mut Lab| $play)
    };
}

struct Place {
    server: Option<ForgeServer>,
    api: Url,
    all_good: bool,
    calls: usize,
}

fn played(place: &mut Place, name: &str, lines: &str, play: impl AsyncFnOnce(&mut Lab)) {
    let server = place.server.take().expect("one scenario at a time");
    *server.world() = World::new(REPOSITORY, &FILES);
    let mut lab = Lab::on(server, &place.api, lines);
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    let ended = catch_unwind(AssertUnwindSafe(|| runtime.block_on(play(&mut lab))));
    let (calls, broken) = {
        let world = lab.world();
        (world.calls.len(), world.violations.clone())
    };
    let is_good = ended.is_ok() && broken.is_empty();
    place.all_good &= is_good;
    place.calls += calls;
    println!("{} {name} ({calls} calls) {}", if is_good { "good" } else { "bad " }, broken.join("; "));
    place.server = Some(lab.server);
}

fn main() {
    let server = ForgeServer::start(REPOSITORY, &FILES);
    // For whoever asks whether a broken answer is noticed.
    let broken = Fault::Says("200 OK", Vec::new(), json!({ "sha": "broken" }));
    server.world().goes_wrong("GET", "/git/commits/broken", broken);
    println!("{}", server.url());
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).expect("an address on standard input");
    let api = line.trim().parse().expect("an address");
    let mut place = Place { server: Some(server), api, all_good: true, calls: 0 };
    let place = &mut place;

    scenario!(place, "the first visit opens one request, one commit, two files; the second writes nothing", |lab| {
        assert!(lab.visit(&[ONE]).await.opened().is_new);
        assert_eq!(lab.change(), (vec![MANIFEST.to_owned(), REFERENCE.to_owned()], 1));
        assert_eq!(lab.writes().len(), 4);
        assert_eq!(lab.visit(&[ONE]).await.done, Done::Nothing);
        assert_eq!(lab.writes().len(), 0);
    });
    scenario!(place, "new advice goes into the open request", |lab| {
        lab.visit(&[ONE]).await;
        assert!(!lab.visit(&[ONE, TWO]).await.opened().is_new);
        assert_eq!(lab.change().1, 1);
    });
    scenario!(place, "a human edit is left alone, with one comment", |lab| {
        lab.visit(&[ONE]).await;
        lab.world().commit(REPOSITORY, BRANCH, "bea", &[("notes.md", "Notes.\n")]);
        lab.writes();
        for _ in 0..3 {
            assert!(matches!(lab.visit(&[TWO]).await.done, Done::LeftAlone { .. }));
        }
        assert_eq!(lab.writes().len(), 1);
    });
    scenario!(place, "closed is no, until it says something else", |lab| {
        lab.visit(&[ONE]).await;
        lab.world().close(12);
        lab.writes();
        let visit = lab.visit(&[ONE]).await;
        assert_eq!((visit.heard.declined[0].how.clone(), visit.done), (How::Closed, Done::Nothing));
        assert_eq!(lab.writes().len(), 0);
        assert!(lab.visit(&[(ONE.0, "Other words.")]).await.opened().is_new);
    });
    scenario!(place, "merged is heard, and the next request stands on it", |lab| {
        lab.visit(&[ONE]).await;
        lab.world().merge(12);
        assert_eq!(lab.visit(&[ONE]).await.heard.merged.len(), 1);
        assert!(lab.visit(&[ONE, TWO]).await.opened().is_new);
    });
    scenario!(place, "a base that moved is built upon anew", |lab| {
        lab.visit(&[ONE]).await;
        let moved = lab.world().commit(REPOSITORY, "main", "ana", &[("README.md", "# More\n")]);
        lab.visit(&[ONE]).await;
        let head = lab.world().head(REPOSITORY, BRANCH).unwrap();
        assert_eq!(lab.world().git.commits[&head].parents, [moved]);
    });
    scenario!(place, "another default branch is followed", |lab| {
        lab.visit(&[ONE]).await;
        lab.world().rename_default(REPOSITORY, "trunk");
        assert_eq!(lab.visit(&[ONE]).await.done, Done::Nothing);
        let head = lab.world().head(REPOSITORY, "trunk").unwrap();
        lab.world().put(REPOSITORY, "next", &head);
        lab.world().repositories.get_mut(REPOSITORY).unwrap().default_branch = "next".to_owned();
        lab.visit(&[ONE]).await;
        assert_eq!(lab.world().open_pulls()[0].base, "next");
    });
    scenario!(place, "a request that exists already is taken up", |lab| {
        lab.world().goes_wrong("POST", "/pulls", Fault::Meanwhile(Arc::new(theirs)));
        assert!(!lab.visit(&[ONE]).await.opened().is_new);
        assert_eq!(lab.world().pulls.len(), 1);
    });
    scenario!(place, "a short limit is waited for, a long one ends the visit with its time", |lab| {
        for seconds in [0, 1800] {
            let body = json!({ "message": "You have exceeded a secondary rate limit.", "documentation_url": "" });
            let says = Fault::Says("403 Forbidden", vec![format!("Retry-After: {seconds}")], body);
            lab.world().goes_wrong("POST", "/pulls", says);
            let visit = lab.try_visit(&[if seconds == 0 { ONE } else { TWO }]).await;
            assert_eq!(visit.is_ok(), seconds == 0, "{visit:?}");
            if seconds == 0 {
                lab.world().merge(12);
            }
        }
        lab.later();
        assert!(lab.visit(&[TWO]).await.opened().is_new);
    });
    scenario!(place, "a branch that vanished is made anew", |lab| {
        lab.visit(&[ONE]).await;
        lab.world().drop_branch(REPOSITORY, BRANCH);
        assert!(lab.visit(&[TWO]).await.opened().is_new);
    });
    scenario!(place, "comments reject for those who may write", |lab| {
        lab.visit(&[ONE, TWO]).await;
        lab.world().comment(12, "stranger", "tidings reject bp-2026-w47-01");
        assert!(lab.visit(&[ONE, TWO]).await.heard.is_nothing());
        lab.world().comment(12, "octo-org", "tidings reject bp-2026-w47-01");
        assert_eq!(lab.visit(&[ONE, TWO]).await.heard.declined.len(), 1);
        lab.world().comment(12, "octo-org", "tidings reject bp-2026-w47-02");
        assert_eq!(lab.visit(&[ONE, TWO]).await.done, Done::Withdrawn(12));
    });
    scenario!(place, "an entry taken out of the branch is declined", |lab| {
        lab.visit(&[ONE, TWO]).await;
        let text = lab.world().text(REPOSITORY, BRANCH, REFERENCE).unwrap();
        let kept = text.split(&format!("## {}", TWO.0)).next().unwrap().to_owned();
        lab.world().commit(REPOSITORY, BRANCH, "bea", &[(REFERENCE, &kept)]);
        lab.world().merge(12);
        let visit = lab.visit(&[ONE, TWO]).await;
        assert_eq!((visit.heard.merged[0].entries.len(), visit.heard.declined.len()), (1, 1));
    });
    scenario!(place, "a token that may write no contents is told so", |lab| {
        lab.world().tokens.insert(TOKEN.to_owned(), Rights { contents: false, ..Rights::of("tidings-bot") });
        let words = lab.try_visit(&[ONE]).await.unwrap_err().to_string();
        assert!(words.contains("Contents: Read and write"), "{words}");
    });
    scenario!(place, "a token that may open no requests is told so, and opens one when it may", |lab| {
        lab.world().tokens.insert(TOKEN.to_owned(), Rights { pulls: false, ..Rights::of("tidings-bot") });
        let words = lab.try_visit(&[ONE]).await.unwrap_err().to_string();
        assert!(words.contains("Pull requests: Read and write"), "{words}");
        lab.world().tokens.insert(TOKEN.to_owned(), Rights::of("tidings-bot"));
        assert!(lab.visit(&[ONE]).await.opened().is_new);
    });
    scenario!(place, "two at once make one request", |lab| {
        let theirs = |world: &mut World| {
            let base = world.head(REPOSITORY, "main").unwrap();
            world.put(REPOSITORY, BRANCH, &base);
        };
        lab.world().goes_wrong("POST", "/git/refs", Fault::Meanwhile(Arc::new(theirs)));
        let words = lab.try_visit(&[ONE]).await.unwrap_err().to_string();
        assert!(words.contains("came or went"), "{words}");
        assert!(lab.visit(&[ONE]).await.opened().is_new);
        assert_eq!(lab.world().pulls.len(), 1);
    });
    for point in POINTS {
        scenario!(place, &format!("killed at {point}, the next visit ends with one request"), |lab| {
            assert!(lab.killed_at(point, &[ONE]).await);
            lab.visit(&[ONE]).await;
            assert_eq!((lab.change().1, lab.world().pulls.len()), (1, 1));
            lab.writes();
            assert_eq!((lab.visit(&[ONE]).await.done, lab.writes().len()), (Done::Nothing, 0));
        });
    }
    played(place, "from a fork", "fork = \"tidings-bot/skills\"\n", async |lab: &mut Lab| {
        lab.world().fork(REPOSITORY, "tidings-bot/skills");
        assert!(lab.visit(&[ONE]).await.opened().is_new);
        lab.visit(&[ONE, TWO]).await;
        assert_eq!(lab.change().1, 1);
    });
    println!("{} calls reached the forge", place.calls);
    std::process::exit(if place.all_good { 0 } else { 1 });
}

/// A person opens the request first, from our branch.
fn theirs(world: &mut World) {
    let pull = Pull {
        number: 12,
        repository: REPOSITORY.to_owned(),
        title: "Is this good?".to_owned(),
        body: None,
        is_open: true,
        merged: None,
        closed_at: None,
        by: "bea".to_owned(),
        at: "2026-11-21T10:10:00Z".to_owned(),
        base: "main".to_owned(),
        head_repository: REPOSITORY.to_owned(),
        head: BRANCH.to_owned(),
        head_commit: world.head(REPOSITORY, BRANCH).unwrap(),
    };
    world.pulls.push(pull);
}
