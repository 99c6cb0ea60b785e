//! The reader: one session, its turns by role, a leaf at a time, with an anchor at every line.

use axum::extract::{Extension, Path, RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;

use super::asked::{Asked, address, part};
use super::page::{Frame, Trouble, When};
use super::pieces::{Piece, redactions};
use super::sessions::project;
use super::visitor::Visitor;
use super::{Shared, Site};
use crate::flow::answers::{self, Known, Meant, Several, first_letters, money};
use crate::flow::ask::{Chronicle, Leaf, Opening, Part, SessionLine, TurnPage};
use crate::session::{Role, Turn};

/// Turns on a page.
const TURNS: usize = 100;
/// Bytes of a text that are open to the eye, and that a page has of it at all; the rest is a page of its own. What people and agents
/// say to each other may be longer than what tools say.
const SPOKEN: (usize, usize) = (4_000, 12_000);
const DONE: (usize, usize) = (600, 3_000);
/// Of a page with one text.
const WHOLE: usize = 100_000;

#[derive(Debug, Serialize)]
struct Given {
    link: String,
    id: String,
    title: String,
    prompt: Option<String>,
    project: Option<String>,
    branch: Option<String>,
    models: Vec<String>,
    started: Option<When>,
    ended: Option<When>,
    /// What its answers cost, where that may be told.
    tokens: Option<Tokens>,
    gone: bool,
    resume: Option<String>,
    /// The folder to which `resume` leads is gone.
    folder_is_gone: bool,
    files: Vec<File>,
    turns: Vec<Shown>,
    leaf: usize,
    leaves: usize,
    first: Option<String>,
    newer: Option<String>,
    older: Option<String>,
    last: Option<String>,
}

#[derive(Debug, Serialize)]
struct Tokens {
    read: u64,
    written: u64,
    answers: u64,
    cost: Option<String>,
}

/// One file of the session.
#[derive(Debug, Serialize)]
struct File {
    link: String,
    name: String,
    turns: usize,
    is_shown: bool,
}

/// A turn as a page shows it.
#[derive(Debug, Serialize)]
struct Shown {
    anchor: String,
    link: String,
    line: u64,
    role: &'static str,
    who: &'static str,
    tool: Option<String>,
    at: Option<When>,
    model: Option<String>,
    is_error: bool,
    /// It is folded: what it says is not what people come for.
    is_folded: bool,
    /// The line that was asked for.
    is_here: bool,
    /// Its first words, on one line, for what stands folded.
    gist: String,
    open: Vec<Piece>,
    /// What is folded away.
    folded: Vec<Piece>,
    /// A page with all of it, where this one has not; and how long that is, in bytes.
    whole: Option<String>,
    bytes: usize,
}

/// A page with one text.
#[derive(Debug, Serialize)]
struct GivenWhole {
    link: String,
    title: String,
    who: &'static str,
    tool: Option<String>,
    line: u64,
    text: Vec<Piece>,
    from: usize,
    to: usize,
    bytes: usize,
    newer: Option<String>,
    older: Option<String>,
}

pub(super) async fn session(
    State(site): Shared,
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Trouble> {
    let asked = Asked::read(query.as_deref());
    let person = visitor.clone();
    if asked.some("turn").is_some() {
        let given = site.look(move |site| Ok(whole(site, &person, &id, &asked))).await??;
        let title = format!("Line {} · {}", given.line, given.title);
        return Frame { site: &site, visitor: &visitor, tab: "/sessions", title: &title }.page("turn.html", &given);
    }
    let given = site.look(move |site| Ok(read(site, &person, &id, &asked))).await??;
    Frame { site: &site, visitor: &visitor, tab: "/sessions", title: &given.title }.page("session.html", &given)
}

/// What an id means to this visitor. What he may not see does not exist.
struct Found {
    chronicle: std::sync::Arc<Chronicle>,
    known: std::sync::Arc<Known>,
    meant: Meant,
    /// Every file of the session that he may see.
    parts: Vec<Part>,
    /// The file that is shown.
    shown: Part,
    /// The line that is asked for.
    line: Option<u64>,
}

fn find(site: &Site, visitor: &Visitor, id: &str, asked: &Asked) -> Result<Found, Trouble> {
    let unknown = || Trouble::unknown("No session is known by that id");
    let known = site.shelf.known()?;
    let chronicle = site.shelf.chronicle()?.ok_or_else(unknown)?;
    let sight = site.sight(visitor, &known);
    let by = |id: &str| match Meant::by(&chronicle, id, &sight) {
        Ok(meant) => Ok(meant),
        Err(error) => match error.downcast::<Several>() {
            Ok(several) => Err(Trouble::new(
                StatusCode::MULTIPLE_CHOICES,
                several.to_string(),
                "Ask for one of them by its whole id.",
            )),
            Err(error) => Err(Trouble::from(error)),
        },
    };
    let meant = by(id)?.ok_or_else(unknown)?;
    // The id of a file or of a hit means its session, too.
    let parts = match id.starts_with("t-") {
        true => by(&meant.session)?.ok_or_else(unknown)?.parts,
        false => meant.parts.clone(),
    };
    let named = asked.some("file").or_else(|| id.starts_with("t-").then(|| meant.parts[0].transcript.clone()));
    let shown = match named {
        Some(transcript) => parts.iter().find(|part| part.transcript == transcript),
        None => parts.first(),
    };
    let shown = shown.cloned().ok_or_else(unknown)?;
    let line = asked.some("line").and_then(|line| line.parse().ok()).or(meant.line);
    Ok(Found { chronicle, known, meant, parts, shown, line })
}

fn read(site: &Site, visitor: &Visitor, id: &str, asked: &Asked) -> Result<Given, Trouble> {
    let found = find(site, visitor, id, asked)?;
    let Found { chronicle, known, meant, parts, shown, line: wanted } = &found;
    let opening = match (asked.some("leaf"), wanted) {
        (None, Some(line)) => Opening::Line(*line),
        _ => Opening::Number(asked.number("leaf") - 1),
    };
    let Leaf { number, leaves, turns } = chronicle.leaf(&shown.generation, opening, TURNS)?;
    let link = format!("/sessions/{}", part(&meant.session));
    // The main file needs no name.
    let is_first = parts.first().is_some_and(|part| part.transcript == shown.transcript);
    let file = if is_first { "" } else { shown.transcript.as_str() };
    let leaf = |number: usize| {
        let number = if number == 0 { String::new() } else { (number + 1).to_string() };
        address(&link, &[("file", file), ("leaf", &number)])
    };
    let line = known.session(&meant.session);
    let of_file = known.transcript(&shown.transcript);
    let is_of_folder = visitor == &Visitor::Owner;
    let resume = answers::resume(chronicle, known, &meant.session).ok();
    let title = line.and_then(|line| line.title.as_deref().or(line.prompt.as_deref())).map(first_letters);
    let has_prices = !site.setup().config.prices.0.is_empty();
    let tokens = site.cost_of(visitor, &meant.session)?.map(|sum| Tokens {
        read: sum.tokens().read(),
        written: sum.tokens().output,
        answers: sum.answers,
        cost: has_prices.then(|| money(sum.cost(&site.setup().config.prices))),
    });
    let mut models: Vec<String> = Vec::new();
    for model in turns.iter().filter_map(Turn::model) {
        if !models.iter().any(|known| known == model) {
            models.push(model.to_owned());
        }
    }
    let here = wanted.and_then(|wanted| turns.iter().map(|turn| turn.line).find(|line| *line >= wanted));
    let mut model = None;
    let turns = turns
        .iter()
        .map(|turn| {
            let is_new = turn.model().is_some() && turn.model() != model && turn.role == Role::Answer;
            if is_new {
                model = turn.model();
            }
            show(site, turn, &link, &shown.transcript, file, here, is_new)
        })
        .collect();
    let is_there = |part: &Part| part.transcript == shown.transcript;
    Ok(Given {
        title: title.filter(|title| !title.is_empty()).unwrap_or_else(|| meant.session.clone()),
        prompt: line.and_then(|line| line.prompt.as_deref()).map(first_letters),
        project: line.and_then(project).or_else(|| of_file.and_then(project)),
        branch: line.and_then(|line| line.branch.clone()),
        models,
        started: line.and_then(|line| line.started).map(|at| site.when(at)),
        ended: line.and_then(|line| line.ended).map(|at| site.when(at)),
        tokens,
        gone: line.is_some_and(|line| line.gone.is_some()),
        folder_is_gone: is_of_folder && resume.as_ref().is_some_and(|resume| !resume.folder_is_there),
        resume: resume.map(|resume| resume.command),
        files: parts.iter().map(|part| named(known, part, &link, is_there(part))).collect(),
        turns,
        leaf: number + 1,
        leaves,
        first: (number > 1).then(|| leaf(0)),
        newer: (number > 0).then(|| leaf(number - 1)),
        older: (number + 1 < leaves).then(|| leaf(number + 1)),
        last: (number + 2 < leaves).then(|| leaf(leaves - 1)),
        id: meant.session.clone(),
        link,
    })
}

fn named(known: &Known, part: &Part, link: &str, is_shown: bool) -> File {
    let line: Option<&SessionLine> = known.transcript(&part.transcript);
    let title = line.and_then(|line| line.title.as_deref()).map(first_letters);
    let name = match line.and_then(|line| line.subagent.clone()) {
        Some(subagent) => title.map_or(subagent.clone(), |title| format!("{title} ({subagent})")),
        None if part.is_subagent => part.transcript.clone(),
        None => "The session itself".to_owned(),
    };
    let file = if part.is_subagent { part.transcript.as_str() } else { "" };
    File { link: address(link, &[("file", file)]), name, turns: part.turns, is_shown }
}

fn show(
    site: &Site,
    turn: &Turn,
    link: &str,
    transcript: &str,
    file: &str,
    here: Option<u64>,
    tells_model: bool,
) -> Shown {
    let is_spoken = matches!(turn.role, Role::Prompt | Role::Answer | Role::Plan | Role::Note | Role::Summary);
    // What went wrong is seen without opening anything.
    let is_folded = !is_spoken && !turn.is_error;
    let (seen, most) = if is_spoken { SPOKEN } else { DONE };
    let text = turn.text.trim_end();
    let open = if is_folded { 0 } else { cut(text, seen) };
    let end = if is_folded { cut(text, most) } else { open.max(cut(text, most)) };
    let (line, number) = (turn.line.to_string(), format!("{}.{}", turn.line, turn.part));
    let anchor = if turn.part == 0 { format!("L{line}") } else { format!("L{number}") };
    Shown {
        link: format!("{}#{anchor}", address(link, &[("file", file), ("line", &line)])),
        anchor,
        line: turn.line,
        role: turn.role.word(),
        who: who(turn.role),
        tool: turn.tool.as_deref().map(str::to_owned),
        at: turn.at.map(|at| site.when(at)),
        model: turn.model().filter(|_| tells_model).map(str::to_owned),
        is_error: turn.is_error,
        is_folded,
        is_here: here == Some(turn.line),
        gist: first_letters(text),
        open: redactions(&text[..open]),
        folded: redactions(&text[open..end]),
        whole: (end < text.len()).then(|| address(link, &[("file", transcript), ("turn", &number)])),
        bytes: text.len(),
    }
}

/// A role in a word that people use.
fn who(role: Role) -> &'static str {
    match role {
        Role::Prompt => "Prompt",
        Role::Task => "Task",
        Role::Injected => "Put in",
        Role::Answer => "Answer",
        Role::Thinking => "Thinking",
        Role::ToolCall => "Tool call",
        Role::ToolOutput => "Tool output",
        Role::Summary => "Summary",
        Role::Title => "Title",
        Role::Plan => "Plan",
        Role::Note => "Note",
    }
}

/// At most so many bytes, at a letter's end, and at a line's end where one is near.
fn cut(text: &str, most: usize) -> usize {
    if text.len() <= most {
        return text.len();
    }
    let end = text.floor_char_boundary(most);
    text[..end].rfind('\n').filter(|line| *line > end / 2).map_or(end, |line| line + 1)
}

fn whole(site: &Site, visitor: &Visitor, id: &str, asked: &Asked) -> Result<GivenWhole, Trouble> {
    let found = find(site, visitor, id, asked)?;
    let unknown = || Trouble::unknown("This session has no such turn");
    let wrong = || Trouble::wrong("This is no turn", "A turn is named by its line and its part, as in turn=120.0.");
    let named = asked.text("turn");
    let (line, number) = named.split_once('.').ok_or_else(wrong)?;
    let (line, number): (u64, u32) = (line.parse().map_err(|_| wrong())?, number.parse().map_err(|_| wrong())?);
    let turns = found.chronicle.read(&found.shown.generation, TurnPage::Around { line, context: 0 })?;
    let turn = turns.into_iter().find(|turn| (turn.line, turn.part) == (line, number)).ok_or_else(unknown)?;
    let text = turn.text.as_str();
    let from = asked.text("from").parse().unwrap_or(0).min(text.len());
    let from = text.floor_char_boundary(from);
    let to = from + cut(&text[from..], WHOLE);
    let link = format!("/sessions/{}", part(&found.meant.session));
    let number = asked.text("turn");
    let other = |from: usize| {
        let from = if from == 0 { String::new() } else { from.to_string() };
        address(&link, &[("file", &found.shown.transcript), ("turn", &number), ("from", &from)])
    };
    let title = found.known.session(&found.meant.session).and_then(|line| line.title.as_deref().map(first_letters));
    let line_text = line.to_string();
    Ok(GivenWhole {
        link: format!("{}#L{line}", address(&link, &[("file", &found.shown.transcript), ("line", &line_text)])),
        title: title.unwrap_or_else(|| found.meant.session.clone()),
        who: who(turn.role),
        tool: turn.tool.as_deref().map(str::to_owned),
        line,
        text: redactions(&text[from..to]),
        from,
        to,
        bytes: text.len(),
        newer: (from > 0).then(|| other(from.saturating_sub(WHOLE))),
        older: (to < text.len()).then(|| other(to)),
    })
}
