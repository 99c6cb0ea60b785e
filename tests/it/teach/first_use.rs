//! A lesson's signature in sessions: when it was first followed after it was found, and in how many; never what was said.

use jiff::Timestamp;
use jiff::civil::date;
use serde_json::json;
use tidings::keep::Keep;
use tidings::lesson::{Advice, Kind, Lesson, LessonId, Mark, Seen, Signature, Since, State};

use super::desk::{Desk, NOW, Tale};

fn lesson(claim: &str, advice: Option<Advice>) -> Lesson {
    Lesson {
        id: LessonId::new(date(2026, 11, 16), 1),
        kind: Kind::Technique,
        claim: claim.to_owned(),
        use_when: String::new(),
        advice,
        since: Some(Since { product: "claude-code".to_owned(), version: "2.1.214".to_owned() }),
        evidence: Vec::new(),
        seen: Seen::default(),
        state: State::Active,
        added: date(2026, 11, 16),
        expires: date(2027, 2, 14),
    }
}

fn command(text: &str) -> Signature {
    Signature::of(&lesson("x", Some(Advice::Command(text.to_owned())))).unwrap()
}

fn settings(value: serde_json::Value) -> Signature {
    Signature::of(&lesson("x", Some(Advice::Settings(value.as_object().unwrap().clone())))).unwrap()
}

fn claim(text: &str) -> Option<Vec<Mark>> {
    Signature::of(&lesson(text, None)).map(|signature| signature.marks)
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[test]
fn a_signature_is_the_advice_and_without_one_the_code_of_the_claim() {
    let mark = |program: &str, subcommand: Option<&str>, flags: &[&str]| Mark::Command {
        program: program.to_owned(),
        subcommand: subcommand.map(str::to_owned),
        flags: flags.iter().map(|flag| (*flag).to_owned()).collect(),
    };
    assert_eq!(command("git worktree add ../fix --lock").marks, [mark("git", Some("worktree"), &["--lock"])]);
    assert_eq!(
        command("claude --resume --fork-session=x").marks,
        [mark("claude", None, &["--resume", "--fork-session"])]
    );
    let key = |key: &str, item: Option<&str>| Mark::Setting { key: key.to_owned(), item: item.map(str::to_owned) };
    let marks = settings(json!({ "sandbox": { "enabled": true }, "permissions": { "deny": ["Read(./.env)"] } })).marks;
    assert_eq!(marks, [key("deny", Some("Read(./.env)")), key("enabled", None)]);
    let marks = settings(json!({ "env": { "MAX_THINKING_TOKENS": "8000" } })).marks;
    assert_eq!(marks, [Mark::Variable("MAX_THINKING_TOKENS".to_owned())]);

    assert_eq!(claim("Type `/compact` before a long task."), Some(vec![Mark::Slash("/compact".to_owned())]));
    assert_eq!(
        claim("`CLAUDE_CODE_MAX_OUTPUT_TOKENS` bounds it."),
        Some(vec![Mark::Variable("CLAUDE_CODE_MAX_OUTPUT_TOKENS".to_owned())])
    );
    assert_eq!(claim("Start with `--worktree`."), Some(vec![mark("claude", None, &["--worktree"])]));
    assert_eq!(claim("Set `cleanupPeriodDays` to keep them."), Some(vec![key("cleanupPeriodDays", None)]));
    assert_eq!(claim("Set `sandbox.enabled`."), Some(vec![key("enabled", None)]));
    assert_eq!(claim("Use `git worktree add` for each."), Some(vec![mark("git", Some("worktree"), &[])]));
    assert_eq!(
        claim("It mends `File has not been read yet`."),
        Some(vec![Mark::Message("File has not been read yet".to_owned())])
    );
    for nothing in ["Small steps go further.", "Keep `CLAUDE.md` short.", "`main` is protected.", "An odd ` mark."] {
        assert_eq!(claim(nothing), None, "{nothing}");
    }
}

#[tokio::test]
async fn the_first_use_after_the_discovery_counts_and_how_many_sessions_followed() {
    let desk = Desk::new();
    let edit =
        |text: &str| json!({ "file_path": "/w/atlas/.claude/settings.json", "old_string": "{}", "new_string": text });
    desk.write(&Tale::new("s-early", 2).prompt("go").bash("git worktree add ../fix").prompt("/compact"));
    desk.write(
        &Tale::new("s-one", 18)
            .prompt("we talk about git worktree add and \"enabled\" and /compact")
            .bash("echo git worktree add")
            .bash("git log --grep 'worktree'")
            .bash("cd /w/atlas && timeout 9 git -C . worktree add -b fix ../fix 2>&1")
            .bash("git worktree list")
            .call(
                "Edit",
                json!({ "file_path": "/w/atlas/notes.json", "old_string": "x", "new_string": "\"enabled\": true" }),
            ),
    );
    desk.write(
        &Tale::new("s-two", 19)
            .prompt("go")
            .bash("git worktree add ../other")
            .call("Edit", edit("{ \"sandbox\": { \"enabled\": true } }"))
            .prompt("/compact keep the plan")
            .bash("MAX_THINKING_TOKENS=9 claude -p hello"),
    );
    desk.run().await;
    let keep = Keep::open(desk.home(), "a test", at(NOW)).unwrap();
    let found = at("2026-11-10T00:00:00Z");
    let wanted: Vec<(LessonId, Signature, Timestamp)> = [
        command("git worktree add PATH"),
        settings(json!({ "sandbox": { "enabled": true } })),
        Signature::of(&lesson("Type `/compact`.", None)).unwrap(),
        Signature::of(&lesson("`MAX_THINKING_TOKENS` bounds it.", None)).unwrap(),
        command("claude --resume"),
        Signature::of(&lesson("`a message that stands nowhere`", None)).unwrap(),
    ]
    .into_iter()
    .zip(1..)
    .map(|(signature, number)| (LessonId::new(date(2026, 11, 16), number), signature, found))
    .collect();
    let uses: Vec<(u16, String, u32)> = keep
        .first_uses(&wanted)
        .unwrap()
        .into_iter()
        .map(|(id, at, sessions)| (id.number(), at.to_string(), sessions))
        .collect();
    let expected = [
        (1, "2026-11-18T10:05:00Z".to_owned(), 2),
        (2, "2026-11-19T10:03:00Z".to_owned(), 1),
        (3, "2026-11-19T10:04:00Z".to_owned(), 1),
        (4, "2026-11-19T10:05:00Z".to_owned(), 1),
    ];
    assert_eq!(uses, expected, "what is only spoken of, or lies before the discovery, is no use");
    let early = keep.first_uses(&[(wanted[0].0.clone(), wanted[0].1.clone(), at("2026-11-01T00:00:00Z"))]).unwrap();
    assert_eq!((early[0].1, early[0].2), (at("2026-11-02T10:01:00Z"), 3));
    assert_eq!(keep.first_uses(&[]).unwrap(), []);
}

#[tokio::test]
async fn a_home_without_sessions_knows_of_no_use() {
    let desk = Desk::new();
    let keep = Keep::open(desk.home(), "a test", at(NOW)).unwrap();
    let wanted = [(LessonId::new(date(2026, 11, 16), 1), command("git worktree add x"), at("2026-11-01T00:00:00Z"))];
    assert_eq!(keep.first_uses(&wanted).unwrap(), []);
    assert_eq!(keep.sessions_seen(&wanted[0].1, &["Lab".to_owned()].into()).unwrap(), 0);
}

#[tokio::test]
async fn how_often_it_was_met_is_told_of_five_people_or_more() {
    let lab = Desk::lab();
    let shared = ["Lab".to_owned()].into();
    let error = "Exit code 1\nfatal: the remote end hung up unexpectedly";
    for (number, owner) in ["ben", "cho", "dee", "eli"].into_iter().enumerate() {
        lab.share(owner, &format!("s-{owner}"), &format!("2026-11-0{}T10:00:00Z", number + 1), "git push", Some(error));
    }
    lab.share("ben", "s-ben-2", "2026-11-06T10:00:00Z", "git push", Some(error));
    lab.run().await;
    let met = Signature::of(&lesson("It mends `the remote end hung up unexpectedly`.", None)).unwrap();
    let seen = |signature: &Signature| {
        Keep::open(lab.home(), "a test", at(NOW)).unwrap().sessions_seen(signature, &shared).unwrap()
    };
    assert_eq!(seen(&met), 0, "of four people it is not told");
    lab.share("fay", "s-fay", "2026-11-07T10:00:00Z", "git push", Some(error));
    lab.share("gil", "s-gil", "2026-11-07T10:00:00Z", "git status", None);
    lab.run().await;
    assert_eq!(seen(&met), 6);
    assert_eq!(seen(&command("git push")), 6, "a command is met as well");
    assert_eq!(seen(&command("git status")), 0);
}
