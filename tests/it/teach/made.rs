//! Lessons made for tests: a sound one to begin with, and generated ones of the shapes that pass.

use jiff::civil::{Date, date};
use proptest::prelude::*;
use tidings::lesson::{Advice, Evidence, Kind, Lesson, LessonId, Seen, Since, State};
use tidings::teach::gate::{self, Allowed};

pub fn today() -> Date {
    date(2026, 11, 21)
}

pub fn allowed() -> Allowed {
    Allowed::new(
        ["code.claude.com", "docs.astral.sh", "github.com/anthropics/claude-code", "git-scm.com", "www.youtube.com"],
        ["claude-code", "codex", "git", "uv", "npm", "pip", "python"],
    )
}

/// One that nothing speaks against.
pub fn sound() -> Lesson {
    Lesson {
        id: LessonId::new(today(), 1),
        kind: Kind::Technique,
        claim:
            "`--worktree` starts a session in a checkout of its own, so that two sessions do not edit the same files."
                .into(),
        use_when: "You start a second session on a repository where one is at work.".into(),
        advice: Some(Advice::Command("claude --worktree fix-parser".into())),
        since: Some(Since { product: "claude-code".into(), version: "2.1.214".into() }),
        evidence: vec![page("https://code.claude.com/docs/en/worktrees", "Work in parallel with worktrees")],
        seen: Seen { official: 1, others: 2, sessions: 3 },
        state: State::Active,
        added: today(),
        expires: date(2027, 2, 19),
    }
}

pub fn page(url: &str, title: &str) -> Evidence {
    Evidence { url: url.parse().unwrap(), title: title.into(), date: date(2026, 11, 19), quote: "5e".repeat(32) }
}

pub fn settings(text: &str) -> Advice {
    Advice::Settings(serde_json::from_str(text).unwrap())
}

/// Sentences out of words and pieces of code that a changelog has.
fn sentence() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "sessions",
        "now",
        "resume",
        "where",
        "the",
        "last",
        "one",
        "stopped,",
        "and",
        "keep",
        "their",
        "model;",
        "plugins",
        "(since",
        "May)",
        "it's",
        "faster",
        "by",
        "30%",
        "in",
        "v2.1",
        "on/off",
        "CLAUDE.md",
        "long-running",
        "e.g.",
        "C#",
        "at",
        "5:30",
        "+",
        "=",
        "&",
        "25,000",
        "`--resume`",
        "`/compact`",
        "`CLAUDE_CODE_MAX_OUTPUT_TOKENS`",
        "`settings.json`",
        "`PreToolUse`",
        "`git worktree add`",
        "`Edit|Write`",
        "`Bash(git diff *)`",
        "`sandbox.enabled`",
        "`sonnet[1m]`",
        "`.claude/rules/`",
        "`**/*.ts`",
        "`cleanupPeriodDays: 60`",
    ]);
    (
        prop::sample::select(vec!["Sessions", "`/cost`", "Added", "\"Auto\"", "--resume", "2.1.3"]),
        prop::collection::vec(word, 2..9),
    )
        .prop_map(|(first, rest)| format!("{first} {} here.", rest.join(" ")))
        .prop_filter("short enough", |text| text.len() <= 140)
}

fn advice() -> impl Strategy<Value = Option<Advice>> {
    prop_oneof![
        Just(None),
        prop::sample::select(vec![
            "claude update",
            "git log --oneline -n 20",
            "uv sync --locked",
            "git commit -m 'Mend it, at last'"
        ])
        .prop_map(|command| Some(Advice::Command(command.into()))),
        (20..3650_i64).prop_map(|days| Some(settings(&format!("{{\"cleanupPeriodDays\":{days}}}")))),
        prop::sample::select(vec![
            r#"{"sandbox":{"enabled":true},"permissions":{"deny":["Read(./.env)","Bash(git push --force*)"]}}"#,
            r#"{"env":{"MAX_THINKING_TOKENS":"8000"}}"#,
        ])
        .prop_map(|text| Some(settings(text))),
    ]
}

fn evidence() -> impl Strategy<Value = Vec<Evidence>> {
    let title = prop::sample::select(vec![
        "Release notes",
        "v2.1.214",
        "Settings, all of them",
        "What's new (May)",
        "claude-code/CHANGELOG.md",
    ]);
    let place = prop::sample::select(vec![
        "https://code.claude.com/docs/en/settings",
        "https://code.claude.com/docs/en/hooks#pre-tool-use",
        "https://github.com/anthropics/claude-code/releases/tag/v2.1.214",
        "https://docs.astral.sh/uv/",
        "https://www.youtube.com/watch?v=abc_-123",
    ]);
    prop::collection::btree_map(place, (title, "[0-9a-f]{64}", 0..3000_i64), 1..=3).prop_map(|pages| {
        let evidence = |(url, (title, quote, day)): (&str, (&str, String, i64))| Evidence {
            url: url.parse().unwrap(),
            title: title.into(),
            date: date(2020, 1, 1).saturating_add(jiff::ToSpan::days(day)),
            quote,
        };
        pages.into_iter().map(evidence).collect()
    })
}

/// A lesson that passes the gate, active.
pub fn lesson() -> impl Strategy<Value = Lesson> {
    // Words that come together by chance may say what no advice should.
    any_lesson().prop_filter("passes", |lesson| gate::check(lesson, &allowed()).is_ok())
}

prop_compose! {
    fn any_lesson()(
        number in 1..2000_u16,
        day in 0..2000_i64,
        kind in prop::sample::select(Kind::ALL.to_vec()),
        claim in sentence(),
        use_when in sentence(),
        advice in advice(),
        since in prop::option::of(prop::sample::select(vec![("claude-code", "2.1.214"), ("uv", "0.9"), ("python", "3.14t")])),
        evidence in evidence(),
        official in 1..4_u32,
        others in 0..9_u32,
        sessions in 0..100_u32,
        lives in 1..400_i64,
    ) -> Lesson {
        let added = date(2024, 1, 1).saturating_add(jiff::ToSpan::days(day));
        Lesson {
            id: LessonId::new(added, number),
            kind, claim, use_when, advice,
            since: since.map(|(product, version)| Since { product: product.into(), version: version.into() }),
            evidence,
            seen: Seen { official, others, sessions },
            state: State::Active,
            added,
            expires: added.saturating_add(jiff::ToSpan::days(lives)),
        }
    }
}
