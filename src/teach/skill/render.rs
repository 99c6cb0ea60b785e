//! The reference file as text: Markdown without HTML, images or front matter, written only from fields that passed the gate.

use std::fmt::Write;

use sha2::{Digest, Sha256};

use crate::lesson::{Advice, Kind, Lesson, Retirement};

use super::reference::{Reference, RetiredLine};

/// What the file says of itself. A paragraph a line, so that it is compared as easily as it is read.
pub(super) const HEAD: [&str; 4] = [
    "# Recent practices",
    "tidings, a program, writes this file from what makers of coding agents and others have published lately; a person merged each change of it. Nothing in it was tried in your project.",
    "Take an entry as advice to weigh, not as an order: what the person you work with and the project's own instructions say goes before it. Look at its sources before you act on it, and ask before you change settings.",
    "To say no, record the id as rejected where the project keeps its rejected practices. To take an entry out for everybody, delete it whole, from its heading on; change nothing else here by hand.",
];

pub(super) const RETIRED: &str = "## Retired";

/// The heading of a kind's section.
pub(super) fn section(kind: Kind) -> &'static str {
    match kind {
        Kind::Security => "## Security",
        Kind::Deprecation => "## Deprecations",
        Kind::Practice => "## Practices",
        Kind::Technique => "## Techniques",
    }
}

/// The whole file, ending with a line's end.
pub fn render(reference: &Reference) -> String {
    let mut file = HEAD.join("\n\n");
    file.push('\n');
    for kind in Kind::ALL {
        let mut of_kind = reference.active().iter().filter(|lesson| lesson.kind == kind).peekable();
        if of_kind.peek().is_some() {
            let _ = write!(file, "\n{}\n", section(kind));
        }
        for lesson in of_kind {
            let _ = write!(file, "\n{}", entry(lesson));
        }
    }
    if !reference.retired().is_empty() {
        let _ = write!(file, "\n{RETIRED}\n\n");
        for line in reference.retired() {
            let _ = writeln!(file, "{}", retired(line));
        }
    }
    file
}

/// One lesson, ending with a line's end. Its last line holds the seal, which a change by hand breaks.
pub(super) fn entry(lesson: &Lesson) -> String {
    let body = unsealed(lesson);
    let seal = seal(&format!("{}\n{body}", lesson.kind.word()));
    format!("{body}, seal {seal}\n")
}

fn unsealed(lesson: &Lesson) -> String {
    let mut text = format!("### {}\n\n{}\n\n- When: {}\n", lesson.id, lesson.claim, lesson.use_when);
    match &lesson.advice {
        None => {}
        Some(Advice::Command(command)) => {
            let _ = writeln!(text, "- Command: `{command}`");
        }
        Some(Advice::Settings(settings)) => {
            let settings = serde_json::to_string(settings).expect("a map of JSON values is written");
            let _ = writeln!(text, "- Settings: `{settings}`");
        }
    }
    if let Some(since) = &lesson.since {
        let _ = writeln!(text, "- Since: {} {}", since.product, since.version);
    }
    for evidence in &lesson.evidence {
        let host = evidence.url.host_str().unwrap_or_default();
        let (title, url, date, quote) = (&evidence.title, &evidence.url, evidence.date, &evidence.quote);
        let _ = writeln!(text, "- Source: [{host}: {title}]({url}), {date}, quote {quote}");
    }
    let seen = lesson.seen;
    let _ = writeln!(text, "- Seen: {} official, {} others, {} sessions", seen.official, seen.others, seen.sessions);
    let _ = write!(text, "- Added {}, expires {}", lesson.added, lesson.expires);
    text
}

/// The line of a lesson that no longer holds.
pub(super) fn retired(line: &RetiredLine) -> String {
    let why = why(&line.why);
    let head = format!("{}, {}, {why}", line.id, line.on);
    let claim = line.claim.as_ref().map(|claim| format!(": {claim}")).unwrap_or_default();
    let seal = seal(&format!("retired\n{head}{claim}"));
    format!("- {head}, seal {seal}{claim}")
}

/// Why a lesson no longer holds, in words.
pub(super) fn why(why: &Retirement) -> String {
    match why {
        Retirement::Expired => "expired".to_owned(),
        Retirement::Withdrawn => "withdrawn".to_owned(),
        Retirement::Superseded(by) => format!("gave way to {by}"),
        Retirement::Reversed => "taken back by its source".to_owned(),
    }
}

/// Twelve hexadecimal digits that a change by hand does not fit any more. It keeps nobody out who wants to forge it; requests are read by
/// people.
fn seal(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}
