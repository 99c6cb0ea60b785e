//! One rolling pull request: what the forge sees, what people answer, and what comes next.

pub mod lab;
mod trouble;

use std::sync::Arc;

use tidings::teach::forge::{Done, How};

use crate::support::forge_server::Fault;
use lab::{BRANCH, Lab, MANIFEST, ONE, POINTS, REFERENCE, REPOSITORY, TWO, Words, content, id};

const MANY: [&str; 4] = [
    "POST /repos/octo-org/skills/git/trees 201",
    "POST /repos/octo-org/skills/git/commits 201",
    "POST /repos/octo-org/skills/git/refs 201",
    "POST /repos/octo-org/skills/pulls 201",
];

#[tokio::test]
async fn the_first_visit_opens_one_request_with_one_commit_on_two_files_and_the_second_writes_nothing() {
    let mut lab = Lab::new();
    let opened = lab.visit(&[ONE]).await.opened().clone();
    assert!(opened.is_new && opened.url.ends_with("/pull/12"), "{opened:?}");
    assert_eq!(lab.writes(), MANY);
    assert_eq!(lab.change(), (vec![MANIFEST.to_owned(), REFERENCE.to_owned()], 1));
    {
        let world = lab.world();
        let pull = world.open_pulls()[0];
        assert_eq!((pull.base.as_str(), pull.title.as_str()), ("main", "Best practices: 1 new (2026-W47)"));
        let commit = &world.git.commits[&pull.head_commit];
        assert_eq!(commit.message, pull.title);
        for who in [&commit.author, &commit.committer] {
            assert_eq!(
                (who.name.as_str(), who.email.as_str()),
                ("tidings", "1011+tidings-bot@users.noreply.127.0.0.1")
            );
        }
        let files = world.git.files(&commit.tree);
        assert!([MANIFEST, REFERENCE].iter().all(|path| files[*path].0 == "100644"));
        assert!(world.text(REPOSITORY, BRANCH, MANIFEST).unwrap().contains("\"0.2.0\""));
    }

    lab.later();
    assert_eq!(lab.visit(&[ONE]).await.done, Done::Nothing);
    assert_eq!(lab.writes(), Vec::<String>::new());
    assert_eq!(lab.world().violations, Vec::<String>::new());
}

#[tokio::test]
async fn with_nothing_to_say_nothing_is_written() {
    let mut lab = Lab::new();
    assert_eq!(lab.visit(&[]).await.done, Done::Nothing);
    assert_eq!(lab.writes(), Vec::<String>::new());
}

#[tokio::test]
async fn new_advice_goes_into_the_request_that_is_open() {
    let mut lab = Lab::new();
    lab.visit(&[ONE]).await;
    lab.writes();
    let again = lab.visit(&[ONE, TWO]).await;
    assert!(!again.opened().is_new);
    assert_eq!(
        lab.writes(),
        [
            "POST /repos/octo-org/skills/git/trees 201",
            "POST /repos/octo-org/skills/git/commits 201",
            "PATCH /repos/octo-org/skills/git/refs/heads%2Ftidings%2Fbest-practices 200",
            "PATCH /repos/octo-org/skills/pulls/12 200",
        ]
    );
    assert_eq!(lab.change().1, 1, "still one commit");
    assert!(lab.world().open_pulls()[0].body.as_ref().unwrap().contains("bp-2026-w47-02"));
}

#[tokio::test]
async fn a_commit_of_somebody_else_is_left_there_and_said_once() {
    let mut lab = Lab::new();
    lab.visit(&[ONE]).await;
    let theirs = lab.world().commit(REPOSITORY, BRANCH, "Bea @bea", &[(REFERENCE, "# Recent practices\n\nBetter.\n")]);
    lab.writes();
    for visit in 0..3 {
        lab.later();
        let done = lab.visit(&[ONE, TWO]).await.done;
        let expected = Done::LeftAlone { request: Some(12), who: "Bea @bea".to_owned(), remarked: visit == 0 };
        assert_eq!(done, expected);
    }
    assert_eq!(lab.writes(), ["POST /repos/octo-org/skills/issues/12/comments 201"]);
    assert_eq!(lab.world().head(REPOSITORY, BRANCH), Some(theirs));
    let comment = lab.world().comments[0].body.clone();
    assert!(comment.contains("a commit by Bea bea,") && !comment.contains('@'), "{comment}");

    // A home that has forgotten all finds the comment.
    lab.kept = "{}".to_owned();
    let done = lab.visit(&[ONE, TWO]).await.done;
    assert!(matches!(done, Done::LeftAlone { remarked: false, .. }), "{done:?}");
    assert_eq!(lab.writes(), Vec::<String>::new());

    // What they have made of it is merged; then the branch is ours again.
    lab.world().merge(12);
    let visit = lab.visit(&[ONE, TWO]).await;
    assert_eq!(visit.heard.merged.len(), 1);
    assert!(visit.opened().is_new);
}

#[tokio::test]
async fn our_commit_amended_by_somebody_is_theirs() {
    let mut lab = Lab::new();
    lab.visit(&[ONE]).await;
    lab.world().amend(REPOSITORY, BRANCH, "bea");
    for kept in [lab.kept.clone(), "{}".to_owned()] {
        lab.kept = kept;
        let done = lab.visit(&[TWO]).await.done;
        assert!(matches!(done, Done::LeftAlone { .. }), "{done:?}");
    }
}

#[tokio::test]
async fn what_stands_on_the_branch_before_our_first_visit_is_somebody_elses() {
    let mut lab = Lab::new();
    let base = lab.world().head(REPOSITORY, "main").unwrap();
    lab.world().put(REPOSITORY, BRANCH, &base);
    lab.world().commit(REPOSITORY, BRANCH, "bea", &[("notes.md", "Notes.\n")]);
    let done = lab.visit(&[ONE]).await.done;
    assert_eq!(done, Done::LeftAlone { request: None, who: "bea".to_owned(), remarked: false });
    assert_eq!(lab.writes(), Vec::<String>::new());
}

#[tokio::test]
async fn closing_declines_just_what_the_request_said_until_it_says_something_else() {
    let mut lab = Lab::new();
    lab.visit(&[ONE]).await;
    lab.world().close(12);
    lab.writes();
    let visit = lab.visit(&[ONE]).await;
    let declined: Vec<_> = visit.heard.declined.iter().map(|one| (one.id.to_string(), one.how.clone())).collect();
    assert_eq!(declined, [(ONE.0.to_owned(), How::Closed)]);
    assert_eq!((visit.done, lab.writes().len()), (Done::Nothing, 0));
    lab.later();
    let visit = lab.visit(&[ONE]).await;
    assert!(visit.heard.is_nothing(), "said once: {:?}", visit.heard);
    assert_eq!(lab.writes(), Vec::<String>::new());

    // The same lesson says something else now.
    const CHANGED: Words = (ONE.0, "Pin the model by its dated name.");
    let visit = lab.visit(&[CHANGED]).await;
    assert!(visit.opened().is_new && visit.opened().number == 13);
    assert_eq!(lab.change(), (vec![MANIFEST.to_owned(), REFERENCE.to_owned()], 1));
    // And the other is asked for as ever.
    lab.world().close(13);
    lab.visit(&[CHANGED, TWO]).await;
    let body = lab.world().open_pulls()[0].body.clone().unwrap();
    assert!(body.contains(TWO.0) && !body.contains(ONE.0), "{body}");
}

#[tokio::test]
async fn a_home_that_has_forgotten_all_still_knows_what_was_declined() {
    let mut lab = Lab::new();
    lab.visit(&[ONE]).await;
    lab.world().close(12);
    lab.kept = "{}".to_owned();
    assert_eq!(lab.visit(&[ONE]).await.done, Done::Nothing);
    // Even if the line is gone from the body, a home that remembers does.
    lab.visit(&[TWO]).await;
    lab.world().pull(13).body = Some("Nothing of this.".to_owned());
    lab.world().close(13);
    let visit = lab.visit(&[TWO]).await;
    assert_eq!((visit.heard.declined[0].id.to_string(), visit.done), (TWO.0.to_owned(), Done::Nothing));
}

#[tokio::test]
async fn a_request_that_is_opened_again_declines_nothing() {
    let mut lab = Lab::new();
    lab.visit(&[ONE]).await;
    lab.world().close(12);
    lab.visit(&[ONE]).await;
    lab.world().reopen(12);
    lab.writes();
    let visit = lab.visit(&[ONE]).await;
    assert_eq!(visit.heard.reopened, [(id(ONE.0), content(ONE.1))]);
    assert_eq!((visit.done, lab.writes().len()), (Done::Nothing, 0));
}

#[tokio::test]
async fn a_merge_is_heard_once_with_its_commit_and_the_next_request_stands_on_it() {
    let mut lab = Lab::new();
    lab.visit(&[ONE]).await;
    let merge = lab.world().merge(12);
    let visit = lab.visit(&[ONE]).await;
    let merged = &visit.heard.merged[0];
    assert_eq!((merged.request, &merged.commit, &merged.entries[..]), (12, &merge, &[(id(ONE.0), content(ONE.1))][..]));
    assert_eq!(visit.done, Done::Nothing);
    let visit = lab.visit(&[ONE, TWO]).await;
    assert!(visit.heard.is_nothing() && visit.opened().is_new);
    assert_eq!(lab.change(), (vec![MANIFEST.to_owned(), REFERENCE.to_owned()], 1));
    assert!(lab.world().text(REPOSITORY, BRANCH, MANIFEST).unwrap().contains("\"0.3.0\""));
    // The branch may be deleted after a merge.
    lab.world().merge(13);
    lab.world().drop_branch(REPOSITORY, BRANCH);
    assert!(lab.visit(&[ONE, TWO, ("bp-2026-w48-01", "More.")]).await.opened().is_new);
}

#[tokio::test]
async fn what_a_reviewer_takes_out_of_the_branch_is_declined_and_the_rest_is_merged() {
    let mut lab = Lab::new();
    lab.visit(&[ONE, TWO]).await;
    let text = lab.world().text(REPOSITORY, BRANCH, REFERENCE).unwrap();
    let (kept, _) = text.split_once(&format!("## {}", TWO.0)).unwrap();
    lab.world().commit(REPOSITORY, BRANCH, "bea", &[(REFERENCE, kept)]);
    let visit = lab.visit(&[ONE, TWO]).await;
    let declined: Vec<_> = visit.heard.declined.iter().map(|one| (one.id.to_string(), one.how.clone())).collect();
    assert_eq!(declined, [(TWO.0.to_owned(), How::Removed)]);
    lab.world().merge(12);
    let visit = lab.visit(&[ONE, TWO]).await;
    assert_eq!(visit.heard.merged[0].entries, [(id(ONE.0), content(ONE.1))]);
    assert_eq!(visit.done, Done::Nothing);

    // Taken out and merged between two visits, it comes to the same.
    let mut lab = Lab::new();
    lab.visit(&[ONE, TWO]).await;
    lab.world().commit(REPOSITORY, BRANCH, "bea", &[(REFERENCE, kept)]);
    lab.world().merge(12);
    let visit = lab.visit(&[ONE, TWO]).await;
    assert_eq!(visit.heard.merged[0].entries, [(id(ONE.0), content(ONE.1))]);
    assert_eq!((visit.heard.declined[0].id.to_string(), visit.done), (TWO.0.to_owned(), Done::Nothing));
}

#[tokio::test]
async fn a_comment_rejects_a_lesson_if_its_writer_may_write() {
    let mut lab = Lab::new();
    lab.visit(&[ONE, TWO]).await;
    lab.writes();
    {
        let mut world = lab.world();
        world.roles.insert("reader".to_owned(), "read");
        world.roles.insert("triager".to_owned(), "triage");
        for stranger in ["stranger", "reader", "triager"] {
            world.comment(12, stranger, "tidings reject bp-2026-w47-01");
        }
        world.comment(12, "octo-org", "> tidings reject bp-2026-w47-01\n\nI would not.");
    }
    let visit = lab.visit(&[ONE, TWO]).await;
    assert!(visit.heard.is_nothing(), "{:?}", visit.heard);
    assert_eq!(lab.writes(), Vec::<String>::new());

    lab.world().roles.insert("bea".to_owned(), "maintain");
    lab.world().comment(12, "bea", "It is wrong.\n\ntidings reject bp-2026-w47-01");
    let visit = lab.visit(&[ONE, TWO]).await;
    let declined: Vec<_> = visit.heard.declined.iter().map(|one| (one.id.to_string(), one.how.clone())).collect();
    assert_eq!(declined, [(ONE.0.to_owned(), How::Said("bea".to_owned()))]);
    let text = lab.world().text(REPOSITORY, BRANCH, REFERENCE).unwrap();
    assert!(text.contains(TWO.0) && !text.contains(ONE.0), "{text}");

    // The comment stays, and means what stood there when it was written.
    let visit = lab.visit(&[(ONE.0, "Something else."), TWO]).await;
    assert!(visit.heard.is_nothing());
    assert!(lab.world().text(REPOSITORY, BRANCH, REFERENCE).unwrap().contains("Something else."));
}

#[tokio::test]
async fn a_request_of_which_all_was_rejected_is_closed_and_that_declines_nothing_more() {
    let mut lab = Lab::new();
    lab.visit(&[ONE]).await;
    lab.world().comment(12, "octo-org", "tidings reject bp-2026-w47-01");
    lab.writes();
    assert_eq!(lab.visit(&[ONE]).await.done, Done::Withdrawn(12));
    assert_eq!(lab.writes(), ["PATCH /repos/octo-org/skills/pulls/12 200"]);
    let visit = lab.visit(&[ONE]).await;
    assert_eq!((visit.heard.is_nothing(), visit.done), (true, Done::Nothing));
}

#[tokio::test]
async fn a_base_that_moved_is_built_upon_anew() {
    let mut lab = Lab::new();
    lab.visit(&[ONE]).await;
    let moved = lab.world().commit(REPOSITORY, "main", "ana", &[("README.md", "# More skills\n")]);
    let visit = lab.visit(&[ONE]).await;
    assert!(!visit.opened().is_new);
    let head = lab.world().head(REPOSITORY, BRANCH).unwrap();
    assert_eq!(lab.world().git.commits[&head].parents, [moved]);
    assert_eq!(lab.change(), (vec![MANIFEST.to_owned(), REFERENCE.to_owned()], 1));

    // Somebody else bumps the version meanwhile: ours is computed from theirs.
    lab.world().commit(
        REPOSITORY,
        "main",
        "ana",
        &[(MANIFEST, "{\n\t\"name\": \"mats\",\n\t\"version\": \"0.4.2\"\n}")],
    );
    lab.visit(&[ONE]).await;
    assert_eq!(
        lab.world().text(REPOSITORY, BRANCH, MANIFEST).unwrap(),
        "{\n\t\"name\": \"mats\",\n\t\"version\": \"0.5.0\"\n}"
    );
    assert_eq!(lab.change().1, 1);
}

#[tokio::test]
async fn a_default_branch_with_another_name_is_followed() {
    let mut lab = Lab::new();
    lab.visit(&[ONE]).await;
    lab.world().rename_default(REPOSITORY, "trunk");
    lab.writes();
    assert_eq!((lab.visit(&[ONE]).await.done, lab.writes().len()), (Done::Nothing, 0));
    // Another branch is made the default one: the request is pointed there.
    let head = lab.world().head(REPOSITORY, "trunk").unwrap();
    lab.world().put(REPOSITORY, "next", &head);
    lab.world().repositories.get_mut(REPOSITORY).unwrap().default_branch = "next".to_owned();
    lab.visit(&[ONE]).await;
    assert_eq!(lab.writes(), ["PATCH /repos/octo-org/skills/pulls/12 200"]);
    assert_eq!(lab.world().open_pulls()[0].base, "next");
}

#[tokio::test]
async fn words_that_a_person_adds_to_the_request_stay_until_there_is_news() {
    let mut lab = Lab::new();
    lab.visit(&[ONE]).await;
    let body = lab.world().pull(12).body.clone().unwrap();
    lab.world().pull(12).body = Some(format!("Please read before Friday!\r\n\r\n{}", body.replace('\n', "\r\n")));
    lab.writes();
    assert_eq!((lab.visit(&[ONE]).await.done, lab.writes().len()), (Done::Nothing, 0));
}

#[tokio::test]
async fn a_branch_that_vanished_is_made_anew() {
    let mut lab = Lab::new();
    lab.world().goes_wrong("POST", "/pulls", Fault::Lost);
    lab.try_visit(&[ONE]).await.unwrap_err();
    lab.world().drop_branch(REPOSITORY, BRANCH);
    lab.writes();
    assert!(lab.visit(&[ONE]).await.opened().is_new);
    assert_eq!(lab.writes(), MANY);
    // Deleting the branch of an open request closes it, which means no.
    lab.world().drop_branch(REPOSITORY, BRANCH);
    assert_eq!(lab.visit(&[ONE]).await.done, Done::Nothing);
    assert!(lab.visit(&[ONE, TWO]).await.opened().is_new);
}

#[tokio::test]
async fn killed_between_any_two_writes_the_next_visit_ends_with_exactly_one_request() {
    for point in POINTS {
        let mut lab = Lab::new();
        assert!(lab.killed_at(point, &[ONE]).await, "{point} comes");
        let visit = lab.visit(&[ONE]).await;
        assert!(matches!(visit.done, Done::Opened(_) | Done::Nothing), "{point}: {visit:?}");
        assert_eq!(lab.change(), (vec![MANIFEST.to_owned(), REFERENCE.to_owned()], 1), "{point}");
        assert_eq!(lab.world().pulls.len(), 1, "{point}");
        lab.writes();
        assert_eq!((lab.visit(&[ONE]).await.done, lab.writes().len()), (Done::Nothing, 0), "{point}");

        // And the same when the request is there already.
        assert!(lab.killed_at(point, &[ONE, TWO]).await, "{point} comes again");
        lab.visit(&[ONE, TWO]).await;
        assert_eq!((lab.change().1, lab.world().pulls.len()), (1, 1), "{point}");
        assert!(lab.world().open_pulls()[0].body.as_ref().unwrap().contains(TWO.0), "{point}");
        lab.writes();
        assert_eq!((lab.visit(&[ONE, TWO]).await.done, lab.writes().len()), (Done::Nothing, 0), "{point}");
        assert!(lab.world().comments.is_empty(), "{point}: it was our own commit");
    }
}

#[tokio::test]
async fn killed_after_the_comment_or_before_a_closing_it_is_not_said_twice_and_declines_nothing() {
    let mut lab = Lab::new();
    lab.visit(&[ONE]).await;
    lab.world().commit(REPOSITORY, BRANCH, "bea", &[("notes.md", "Notes.\n")]);
    assert!(lab.killed_at("forge-remarked", &[TWO]).await);
    assert!(matches!(lab.visit(&[TWO]).await.done, Done::LeftAlone { remarked: false, .. }));
    assert_eq!(lab.world().comments.len(), 1);

    let mut lab = Lab::new();
    lab.visit(&[ONE]).await;
    assert!(lab.killed_at("forge-withdrawing", &[]).await);
    assert_eq!(lab.visit(&[]).await.done, Done::Withdrawn(12));
    assert!(lab.visit(&[]).await.heard.is_nothing());
}

#[tokio::test]
async fn an_answer_that_is_lost_on_its_way_back_leaves_one_request() {
    for (method, path) in [("POST", "/git/trees"), ("POST", "/git/commits"), ("POST", "/git/refs"), ("POST", "/pulls")]
    {
        for fault in [Fault::Lost, Fault::LostAfter] {
            let mut lab = Lab::new();
            lab.world().goes_wrong(method, path, fault);
            let trouble = lab.try_visit(&[ONE]).await.unwrap_err().to_string();
            assert!(trouble.contains("the next run goes on"), "{trouble}");
            let visit = lab.visit(&[ONE]).await;
            assert!(matches!(visit.done, Done::Opened(_) | Done::Nothing), "{path}: {visit:?}");
            assert_eq!((lab.change().1, lab.world().pulls.len()), (1, 1), "{path}");
            assert!(lab.world().comments.is_empty(), "{path}");
        }
    }
}

#[tokio::test]
async fn a_request_that_exists_already_is_taken_up() {
    let mut lab = Lab::new();
    // A person opens it for us, from our branch, in the moment before we do.
    let person = Fault::Meanwhile(Arc::new(|world| {
        let base = world.head(REPOSITORY, "main").unwrap();
        assert_ne!(world.head(REPOSITORY, BRANCH), Some(base));
        let pull = crate::support::forge_server::Pull {
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
    }));
    lab.world().goes_wrong("POST", "/pulls", person);
    let visit = lab.visit(&[ONE]).await;
    assert!(!visit.opened().is_new && visit.opened().number == 12);
    assert_eq!(
        lab.writes()[3..],
        ["POST /repos/octo-org/skills/pulls 422", "PATCH /repos/octo-org/skills/pulls/12 200"]
    );
    assert!(lab.world().open_pulls()[0].body.as_ref().unwrap().contains("tidings-entries:"));
}

#[tokio::test]
async fn two_visits_at_once_make_one_request_and_neither_overwrites_the_other() {
    let mut lab = Lab::new();
    let theirs = Fault::Meanwhile(Arc::new(|world| {
        // Another home is faster by a moment.
        let base = world.head(REPOSITORY, "main").unwrap();
        world.put(REPOSITORY, BRANCH, &base);
        world.commit(REPOSITORY, BRANCH, "tidings", &[(REFERENCE, "# Recent practices\n\nOther.\n")]);
    }));
    lab.world().goes_wrong("POST", "/git/refs", theirs.clone());
    let trouble = lab.try_visit(&[ONE]).await.unwrap_err().to_string();
    assert!(trouble.contains("came or went while we looked"), "{trouble}");

    // A branch that moves between the look and the push is not pushed over.
    let mut lab = Lab::new();
    lab.visit(&[ONE]).await;
    lab.world().goes_wrong("POST", "/git/commits", theirs);
    let trouble = lab.try_visit(&[ONE, TWO]).await.unwrap_err().to_string();
    assert!(trouble.contains("has moved while we looked"), "{trouble}");
    assert!(lab.world().text(REPOSITORY, BRANCH, REFERENCE).unwrap().contains("Other."));

    // Two at the same time for real.
    let mut one = Lab::new();
    let forge = one.forge().unwrap();
    let memory = one.memory();
    let seen = tidings::teach::forge::Forge::look(&forge, &memory, one.now).await.unwrap();
    let proposal = lab::proposal(&[ONE], &seen, &memory).unwrap();
    let open = async || {
        let mut memory = one.memory();
        let mut note = |_: &tidings::teach::forge::Memory| Ok(());
        tidings::teach::forge::Forge::open(&forge, &proposal, &seen, &mut memory, &mut note, one.now).await
    };
    let (first, second) = tokio::join!(open(), open());
    assert_ne!(first.is_ok(), second.is_ok(), "{first:?} {second:?}");
    assert_eq!((one.change().1, one.world().pulls.len()), (1, 1));
    one.kept = "{}".to_owned();
    one.writes();
    assert_eq!((one.visit(&[ONE]).await.done, one.writes().len()), (Done::Nothing, 0));
}

#[tokio::test]
async fn from_a_fork_nothing_is_written_to_the_repository_but_the_request() {
    let mut lab = Lab::with("fork = \"tidings-bot/skills\"\n");
    lab.world().fork(REPOSITORY, "tidings-bot/skills");
    lab.world().roles.clear();
    // The fork is behind, and nobody minds.
    lab.world().commit(REPOSITORY, "main", "ana", &[("README.md", "# More skills\n")]);
    assert!(lab.visit(&[ONE]).await.opened().is_new);
    assert_eq!(
        lab.writes(),
        [
            "POST /repos/tidings-bot/skills/git/trees 201",
            "POST /repos/tidings-bot/skills/git/commits 201",
            "POST /repos/tidings-bot/skills/git/refs 201",
            "POST /repos/octo-org/skills/pulls 201",
        ]
    );
    assert_eq!(lab.change(), (vec![MANIFEST.to_owned(), REFERENCE.to_owned()], 1));
    assert_eq!((lab.visit(&[ONE]).await.done, lab.writes().len()), (Done::Nothing, 0));
    // A bot that may not ask who may write believes the owner alone.
    lab.world().roles.insert("bea".to_owned(), "admin");
    lab.world().comment(12, "bea", "tidings reject bp-2026-w47-01");
    assert!(lab.visit(&[ONE]).await.heard.is_nothing());
    lab.world().comment(12, "octo-org", "tidings reject bp-2026-w47-01");
    assert_eq!(lab.visit(&[ONE, TWO]).await.heard.declined.len(), 1);
}
