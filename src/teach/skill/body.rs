//! The request's words: title and body, which a person reads in a minute.

use std::fmt::Write;

use crate::lesson::{Advice, Lesson, LessonId};
use crate::teach::forge::entries_line;

use super::propose::{Base, Terms};
use super::reference::RetiredLine;
use super::select::Selection;
use super::version::{Bump, Step};
use super::{escape, pointer, render};

/// Bytes of a body; people read no longer ones.
pub(super) const LONGEST_BODY: usize = 4_096;

/// Everything that the words tell of.
pub(super) struct Asked<'a> {
    pub base: &'a Base<'a>,
    pub selection: &'a Selection,
    /// New, corrected and renewed ones.
    pub lessons: &'a [&'a Lesson],
    pub retired: &'a [RetiredLine],
    pub bump: &'a Bump,
    pub terms: &'a Terms<'a>,
}

/// "Best practices: 3 new, 1 retired (2026-W47)": at most 72 characters, since it may be posted as it is.
pub(super) fn title(asked: &Asked<'_>) -> String {
    let week = asked.terms.today.iso_week_date();
    format!("Best practices: {} ({:04}-W{:02})", counts(asked).join(", "), week.year(), week.week())
}

fn counts(asked: &Asked<'_>) -> Vec<String> {
    let selection = asked.selection;
    let count = |number: usize, word: &str| (number > 0).then(|| format!("{number} {word}"));
    [
        count(selection.new.len(), "new"),
        count(selection.corrected.len(), "corrected"),
        count(selection.renewed.len(), "renewed"),
        count(selection.retired.len(), "retired"),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The whole body. Should it grow too long, sources go first (the file holds them), then the ends of claims.
pub(super) fn body(asked: &Asked<'_>, entries: &[(LessonId, String)]) -> String {
    const FORMS: [Form; 5] = [
        Form { links: 4, claim: 140, context: true, retired: 30 },
        Form { links: 2, claim: 140, context: true, retired: 15 },
        Form { links: 1, claim: 140, context: true, retired: 10 },
        Form { links: 1, claim: 90, context: false, retired: 5 },
        Form { links: 0, claim: 60, context: false, retired: 0 },
    ];
    let mut text = String::new();
    for form in FORMS {
        text = written(asked, entries, form);
        if text.len() <= LONGEST_BODY {
            break;
        }
    }
    text
}

/// How much is said.
#[derive(Debug, Clone, Copy)]
struct Form {
    links: usize,
    claim: usize,
    /// Whether the pointer's patch stands there, else words for it.
    context: bool,
    retired: usize,
}

fn written(asked: &Asked<'_>, entries: &[(LessonId, String)], form: Form) -> String {
    let mut text = String::new();
    let path = escape::code(asked.base.reference.path);
    let _ = writeln!(text, "{} in {path}, which agents read when they look for recent advice.\n", sentence(asked));
    if !asked.lessons.is_empty() {
        text.push_str("| id | claim | sources | seen | until |\n|---|---|---|---|---|\n");
        for lesson in asked.lessons {
            row(&mut text, asked, lesson, form);
        }
        text.push('\n');
    }
    if !asked.retired.is_empty() {
        text.push_str("No longer advised:\n\n");
        for line in asked.retired.iter().take(form.retired) {
            let claim =
                line.claim.as_deref().map(|claim| format!(": {}", shortened(claim, form.claim))).unwrap_or_default();
            let _ = writeln!(text, "- {}, {}{claim}", line.id, render::why(&line.why));
        }
        if asked.retired.len() > form.retired {
            let _ = writeln!(text, "- {} more, by name in the file", asked.retired.len() - form.retired);
        }
        text.push('\n');
    }
    let reach = match asked.bump.step {
        Step::Minor => "everyone is asked to review",
        Step::Patch => "it arrives, nobody is asked",
    };
    let _ = writeln!(
        text,
        "**Version** `{} -> {}` ({reach}); nothing else in {} changes.\n",
        asked.bump.from,
        asked.bump.to,
        escape::code(asked.base.manifest.path)
    );
    text.push_str("**Checked** every text against the gate's alphabet and grammars; commands, settings keys, packages and hosts against reviewed lists; the file reads back as it was written.");
    for check in asked.terms.checks.iter().take(5) {
        let check: String = check.chars().take(120).collect();
        let _ = write!(text, " {}.", escape::prose(check.trim_end_matches('.')));
    }
    text.push_str("\n\n");
    no(&mut text, asked);
    foreign(&mut text, asked, form);
    pointer(&mut text, asked, form);
    text.push_str("Texts were chosen and set by a program; it judges their form, not whether they are wise. That is what you are asked for.\n\n");
    let _ = writeln!(text, "```\n{}\n```", entries_line(entries));
    text
}

fn sentence(asked: &Asked<'_>) -> String {
    let selection = asked.selection;
    let mut parts = Vec::new();
    let mut part = |number: usize, verb: &str| {
        if number > 0 {
            parts.push(format!("{verb} {number} {}", if number == 1 { "entry" } else { "entries" }));
        }
    };
    part(selection.new.len(), "adds");
    part(selection.corrected.len(), "corrects");
    part(selection.renewed.len(), "renews");
    part(selection.retired.len(), "retires");
    let sentence = match parts.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, first)) => format!("{} and {last}", first.join(", ")),
        None => String::new(),
    };
    let mut letters = sentence.chars();
    letters.next().map(|first| first.to_ascii_uppercase().to_string() + letters.as_str()).unwrap_or_default()
}

fn row(text: &mut String, asked: &Asked<'_>, lesson: &Lesson, form: Form) {
    let mark = match () {
        () if asked.selection.new.contains(&lesson.id) => "",
        () if asked.selection.corrected.contains(&lesson.id) => " (corrected)",
        () => " (renewed)",
    };
    let links: Vec<String> = lesson
        .evidence
        .iter()
        .take(form.links)
        .map(|evidence| format!("[{}]({})", evidence.url.host_str().unwrap_or_default(), evidence.url))
        .collect();
    let links = if links.is_empty() { "in the file".to_owned() } else { links.join(", ") };
    let seen = lesson.seen;
    let seen: Vec<String> = [(seen.official, "official"), (seen.others, "others"), (seen.sessions, "sessions")]
        .into_iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, word)| format!("{number} {word}"))
        .collect();
    let claim = shortened(&lesson.claim, form.claim);
    let what_to_do = match &lesson.advice {
        Some(Advice::Command(command)) if form.context => format!(" To type: {}", escape::code(command)),
        Some(Advice::Settings(settings)) if form.context => {
            format!(" To set: {}", escape::code(&serde_json::to_string(settings).unwrap_or_default()))
        }
        _ => String::new(),
    };
    let _ = writeln!(
        text,
        "| {}{mark} | {claim}{what_to_do} | {links} | {} | {} |",
        lesson.id,
        seen.join(", "),
        lesson.expires
    );
}

/// A claim, cut at a word's end and never within code.
fn shortened(claim: &str, longest: usize) -> String {
    if claim.len() <= longest {
        return escape::prose(claim);
    }
    let mut end = 0;
    for (at, _) in claim.match_indices(' ') {
        if at <= longest && claim[..at].matches('`').count().is_multiple_of(2) {
            end = at;
        }
    }
    format!("{} ...", escape::prose(&claim[..end]))
}

fn no(text: &mut String, asked: &Asked<'_>) {
    let example = asked.lessons.first().map(|lesson| &lesson.id).or(asked.retired.first().map(|line| &line.id));
    let example = example.map(LessonId::to_string).unwrap_or_default();
    let _ = writeln!(
        text,
        "**To say no** close this request: all of it is declined until its content changes. To one entry: delete it on this branch, from its \
         `###` line on, or comment `tidings reject {example}`. Once a commit of yours is on the branch, the program leaves it alone.\n"
    );
}

fn foreign(text: &mut String, asked: &Asked<'_>, form: Form) {
    if asked.terms.foreign.is_empty() {
        return;
    }
    text.push_str("**For a person to mend** A source takes back what these lines of the skill say:\n\n");
    let (most, most_why) = if form.context { (5, 160) } else { (2, 80) };
    for line in asked.terms.foreign.iter().take(most) {
        let shown: String = line.text.trim().chars().take(if form.context { 120 } else { 60 }).collect();
        let place = escape::code(&format!("{}:{}", line.path, line.line));
        let why: String = line.why.chars().take(most_why).collect();
        // Its address is code as well: it is no page that was reviewed.
        let _ = writeln!(
            text,
            "- {place} {}: {} ({})",
            escape::code(&shown),
            escape::code(&why),
            escape::code(line.url.as_str())
        );
    }
    if asked.terms.foreign.len() > most {
        let _ = writeln!(text, "- {} more", asked.terms.foreign.len() - most);
    }
    text.push('\n');
}

fn pointer(text: &mut String, asked: &Asked<'_>, form: Form) {
    let base = asked.base;
    let Some((path, body)) = base.body.and_then(|body| Some((body.path, body.text?))) else { return };
    if pointer::points_at(body, base.reference.path, base.manifest.path) {
        return;
    }
    let patch = pointer::pointer_patch(path, body, base.reference.path, base.manifest.path);
    let shown = escape::code(path);
    let _ = writeln!(
        text,
        "**The pointer is missing** {shown} does not name the file, so nobody opens it. tidings does not edit {shown}; once:\n"
    );
    // The lines around the change are the skill's own; the fence is longer than any of theirs. They are left out where one of them would
    // call somebody: programs that look for mentions look into code as well.
    if form.context && patch.len() < 1_200 && escape::is_quiet(&patch) {
        let longest = patch.split(|letter| letter != '`').map(str::len).max().unwrap_or(0);
        let fence = "`".repeat(longest.max(2) + 1);
        let _ = writeln!(text, "{fence}diff\n{patch}{fence}\n");
    } else {
        let added = patch.lines().filter_map(|line| line.strip_prefix('+')).rfind(|line| line.starts_with("Read "));
        let _ = writeln!(text, "Add at its end:\n\n```\n{}\n```\n", added.unwrap_or_default().trim_end());
    }
}
