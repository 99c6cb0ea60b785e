//! Search: items and sessions by their words, with what narrows them.

use axum::extract::{Extension, RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;

use super::asked::{Asked, address, part};
use super::page::{Frame, Trouble, When};
use super::pieces::{Piece, pieces};
use super::visitor::Visitor;
use super::{Shared, Site};
use crate::flow::answers::{
    self, Answer, Known, One, Only, Question, branch_of, first_letters, folder_of, read_when, thousands,
};
use crate::flow::ask::{self, FoundSession, Hit, Library, TurnHit, Unclear};
use crate::session::{Role, project_of};
use crate::verdict::Level;

/// Items and sessions on a page.
const PLACES: usize = 10;
/// Beyond them nobody reads: other words find more.
const MOST_PAGES: usize = 50;
/// Hits that are shown where one session is asked for.
const HITS_OF_ONE: usize = 100;
/// Words of one question. Each `pre*` among them is looked for in the whole list of words.
const MOST_WORDS: usize = 40;

const NOTHING_YET: &str = "Nothing can be searched yet: tidings run asks the sources and fills the index.";

/// What the form asks, as it was typed.
#[derive(Debug, Clone, Default, Serialize)]
struct Form {
    q: String,
    kind: String,
    since: String,
    until: String,
    source: String,
    role: String,
    project: String,
    session: String,
    level: String,
}

/// What a page is filled with.
#[derive(Debug, Serialize)]
struct Given {
    asked: Form,
    is_narrowed: bool,
    roles: Vec<&'static str>,
    levels: Vec<&'static str>,
    sources: Vec<String>,
    #[serde(skip)]
    status: StatusCode,
    /// Why there is no answer.
    trouble: Option<String>,
    results: Vec<Place>,
    /// Nothing was asked: these are what came last.
    is_latest: bool,
    count: String,
    in_part: bool,
    hiding: Vec<Hiding>,
    page: usize,
    newer: Option<String>,
    older: Option<String>,
}

/// A filter without which something would be found.
#[derive(Debug, Serialize)]
struct Hiding {
    filter: String,
    count: usize,
    /// The same question without it, where the form can say that.
    without: Option<String>,
}

/// One of what was found.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Place {
    Item {
        id: String,
        title: String,
        url: Option<String>,
        source: String,
        level: Option<&'static str>,
        at: When,
        snippet: Vec<Piece>,
    },
    Session {
        link: String,
        title: String,
        prompt: Option<String>,
        project: Option<String>,
        branch: Option<String>,
        at: Option<When>,
        hits: Vec<Spot>,
        /// Hits that are not shown, and what shows them.
        others: usize,
        all: String,
    },
}

/// A hit in a session.
#[derive(Debug, Serialize)]
struct Spot {
    link: String,
    line: u64,
    role: &'static str,
    tool: Option<String>,
    is_error: bool,
    snippet: Vec<Piece>,
}

pub(super) async fn search(
    State(site): Shared,
    Extension(visitor): Extension<Visitor>,
    RawQuery(query): RawQuery,
) -> Result<Response, Trouble> {
    let asked = Asked::read(query.as_deref());
    let (person, found) = (visitor.clone(), asked.clone());
    let given = site.look(move |site| Ok(answer(site, &person, &found))).await?;
    let title = match given.asked.q.as_str() {
        "" => "Search".to_owned(),
        words => format!("{} · Search", first_letters(words)),
    };
    let mut page =
        Frame { site: &site, visitor: &visitor, tab: "/search", title: &title }.page("search.html", &given)?;
    *page.status_mut() = given.status;
    Ok(page)
}

impl Form {
    fn read(asked: &Asked) -> Form {
        let text = |name| asked.text(name);
        Form {
            q: text("q"),
            kind: text("kind"),
            since: text("since"),
            until: text("until"),
            source: text("source"),
            role: text("role"),
            project: text("project"),
            session: text("session"),
            level: text("level"),
        }
    }

    fn is_narrowed(&self) -> bool {
        [&self.kind, &self.since, &self.until, &self.source, &self.role, &self.project, &self.session, &self.level]
            .iter()
            .any(|value| !value.is_empty())
    }

    fn address(&self, page: usize) -> String {
        let page = if page > 1 { page.to_string() } else { String::new() };
        let fields = [
            ("q", &self.q),
            ("kind", &self.kind),
            ("since", &self.since),
            ("until", &self.until),
            ("source", &self.source),
            ("role", &self.role),
            ("project", &self.project),
            ("session", &self.session),
            ("level", &self.level),
            ("page", &page),
        ];
        address("/search", &fields.map(|(name, value)| (name, value.as_str())))
    }

    /// The words with what narrows sessions, in the language of queries.
    fn words(&self) -> String {
        let mut words = vec![self.q.clone()];
        if !self.role.is_empty() {
            words.push(format!("role:{}", plain(&self.role)));
        }
        if !self.project.is_empty() {
            words.push(format!("project:\"{}\"", plain(&self.project)));
        }
        if !self.session.is_empty() {
            words.push(format!("session:\"{}\"", plain(&self.session)));
        }
        words.retain(|word| !word.is_empty());
        words.join(" ")
    }

    fn question(&self, site: &Site, page: usize) -> Result<Question, Unclear> {
        let now = site.now();
        let when = |text: &str| if text.is_empty() { Ok(None) } else { read_when(text, now).map(Some) };
        let level = match self.level.as_str() {
            "" => None,
            word => Some(LEVELS.into_iter().find(|level| level.word() == word).ok_or_else(|| {
                Unclear(format!("no item has the level `{word}`; there are {}", LEVELS.map(Level::word).join(", ")))
            })?),
        };
        let of_items = !self.source.is_empty() || !self.level.is_empty() || ask::is_about_items(&self.q);
        let of_sessions = [&self.role, &self.project, &self.session].iter().any(|value| !value.is_empty());
        let only = match self.kind.as_str() {
            "items" => Some(Only::Items),
            "sessions" => Some(Only::Sessions),
            "" => None,
            kind => return Err(Unclear(format!("`{kind}` is no kind; there are items and sessions"))),
        };
        if of_items && (of_sessions || only == Some(Only::Sessions)) || of_sessions && only == Some(Only::Items) {
            let words = "source and level are of items; role, project and session are of sessions: nothing has both";
            return Err(Unclear(words.to_owned()));
        }
        if self.q.split_whitespace().count() > MOST_WORDS {
            return Err(Unclear(format!("this question has more than {MOST_WORDS} words; ask with fewer")));
        }
        if !of_items && only != Some(Only::Items) {
            // Of the words alone: a lone quotation mark must not find its partner in a filter.
            ask::check_question(&self.q)?;
        }
        let is_of_one = !self.session.is_empty() || self.q.split_whitespace().any(|word| word.starts_with("session:"));
        Ok(Question {
            words: self.words(),
            since: when(&self.since)?,
            until: when(&self.until)?,
            source: Some(self.source.clone()).filter(|source| !source.is_empty()),
            level,
            only: only.or((self.q.is_empty() && !self.is_narrowed()).then_some(Only::Items)),
            limit: PLACES,
            skip: (page - 1) * PLACES,
            // Whoever looks within one session wants all of its places.
            hits: is_of_one.then_some(HITS_OF_ONE),
            ..Question::default()
        })
    }
}

const LEVELS: [Level; 4] = [Level::Critical, Level::Notable, Level::Routine, Level::Noise];

/// A filter's value without what would end it.
fn plain(value: &str) -> String {
    value.replace(['"', '\\'], " ")
}

fn answer(site: &Site, visitor: &Visitor, asked: &Asked) -> Given {
    let form = Form::read(asked);
    let page = asked.number("page").min(MOST_PAGES);
    let mut given = Given {
        is_narrowed: form.is_narrowed(),
        roles: Role::ALL.map(Role::word).to_vec(),
        levels: LEVELS.map(Level::word).to_vec(),
        sources: site.setup().sources.iter().map(|source| source.name.clone()).collect(),
        status: StatusCode::OK,
        trouble: None,
        results: Vec::new(),
        is_latest: form.q.is_empty() && !form.is_narrowed(),
        count: String::new(),
        in_part: false,
        hiding: Vec::new(),
        page,
        newer: None,
        older: None,
        asked: form,
    };
    if asked.is_too_long("q") {
        given.status = StatusCode::BAD_REQUEST;
        given.trouble = Some("this question is too long; ask with fewer words".to_owned());
        given.asked.q = first_letters(&given.asked.q);
        return given;
    }
    match find(site, visitor, &mut given) {
        Ok(()) => {}
        Err(error) => {
            let is_new = Library::version(site.home().folder()).is_none();
            (given.status, given.trouble) = match error.is::<Unclear>() {
                true => (StatusCode::BAD_REQUEST, Some(format!("{error:#}"))),
                // Nothing is wrong with a new home.
                false if is_new => (StatusCode::OK, Some(NOTHING_YET.to_owned())),
                false => (StatusCode::SERVICE_UNAVAILABLE, Some(format!("{error:#}"))),
            };
        }
    }
    given
}

fn find(site: &Site, visitor: &Visitor, given: &mut Given) -> anyhow::Result<()> {
    let known = site.shelf.known()?;
    let question = given.asked.question(site, given.page)?;
    let question = Question { sight: site.sight(visitor, &known), ..question };
    let found = answers::search(&site.shelf, &question)?;
    let form = &given.asked;
    given.results = found
        .in_turn()
        .into_iter()
        .map(|one| match one {
            One::Item(hit) => item(site, hit),
            One::Session(found) => session(site, found, &known, form),
        })
        .collect();
    given.count = count(&found);
    given.in_part = found.turns.as_ref().is_some_and(|turns| turns.in_part);
    let hiding = found.turns.iter().flat_map(|turns| &turns.hiding);
    given.hiding = hiding.map(|(filter, count)| hidden_by(form, filter, *count)).collect();
    given.newer = (given.page > 1).then(|| form.address(given.page - 1));
    let has_older = found.places() > given.page * PLACES && given.page < MOST_PAGES;
    given.older = has_older.then(|| form.address(given.page + 1));
    Ok(())
}

/// "12 items and 3 sessions, with 40 places in them"
fn count(found: &Answer) -> String {
    let several = |count: usize, one: &str| {
        let number = thousands(count as u64);
        format!("{number} {one}{}", if count == 1 { "" } else { "s" })
    };
    let items = (found.items.total > 0).then(|| several(found.items.total, "item"));
    let turns = found.turns.as_ref().filter(|turns| turns.sessions_total > 0);
    let sessions = turns.map(|turns| {
        let places = several(turns.total, "place");
        format!("{} with {places} in all", several(turns.sessions_total, "session"))
    });
    match (items, sessions) {
        (None, None) => "Nothing found".to_owned(),
        (items, sessions) => items.into_iter().chain(sessions).collect::<Vec<_>>().join(" and "),
    }
}

fn hidden_by(form: &Form, filter: &str, count: usize) -> Hiding {
    let mut wider = form.clone();
    let field = match filter.split_once(':').map_or(filter, |(name, _)| name) {
        "--since" => Some((&mut wider.since, "the first day")),
        "--until" => Some((&mut wider.until, "the last day")),
        "role" if !form.role.is_empty() => Some((&mut wider.role, "the role")),
        "project" if !form.project.is_empty() => Some((&mut wider.project, "the project")),
        "session" if !form.session.is_empty() => Some((&mut wider.session, "the session")),
        _ => None,
    };
    match field {
        Some((field, words)) => {
            field.clear();
            Hiding { filter: words.to_owned(), count, without: Some(wider.address(1)) }
        }
        None => Hiding { filter: filter.to_owned(), count, without: None },
    }
}

fn item(site: &Site, hit: &Hit) -> Place {
    Place::Item {
        id: hit.id.to_string(),
        title: hit.title.clone(),
        url: hit.url.as_ref().map(ToString::to_string),
        source: hit.source.clone(),
        level: hit.level.map(Level::word),
        at: site.when(hit.at),
        snippet: pieces(&hit.snippet, &hit.marks),
    }
}

fn session(site: &Site, found: &FoundSession, known: &Known, form: &Form) -> Place {
    let line = known.session(&found.session);
    let turn = found.hits.first().and_then(|hit| hit.turn.as_ref());
    let link = format!("/sessions/{}", part(&found.session));
    let prompt = line.and_then(|line| line.prompt.as_deref()).map(first_letters);
    let title = line.and_then(|line| line.title.as_deref()).map(first_letters);
    let within = Form { session: found.session.clone(), kind: String::new(), ..form.clone() };
    Place::Session {
        title: title.clone().or_else(|| prompt.clone()).unwrap_or_else(|| found.session.clone()),
        prompt: prompt.filter(|prompt| title.as_ref().is_some_and(|title| title != prompt)),
        project: folder_of(line, turn).map(|folder| project_of(&folder).to_owned()),
        branch: branch_of(line, turn),
        at: line
            .and_then(|line| line.ended)
            .or_else(|| found.hits.first().and_then(|hit| hit.at))
            .map(|at| site.when(at)),
        others: found.count - found.hits.len(),
        all: within.address(1),
        hits: found.hits.iter().map(|hit| spot(&link, hit)).collect(),
        link,
    }
}

fn spot(session: &str, hit: &TurnHit) -> Spot {
    let line = hit.line.to_string();
    let turn = hit.turn.as_ref();
    Spot {
        link: format!("{}#L{line}", address(session, &[("file", &hit.transcript), ("line", &line)])),
        line: hit.line,
        role: turn.map_or("unreadable", |turn| turn.role.word()),
        tool: turn.and_then(|turn| turn.tool.as_deref().map(str::to_owned)),
        is_error: turn.is_some_and(|turn| turn.is_error),
        snippet: pieces(&hit.snippet.text, &hit.snippet.marks),
    }
}
