//! Sources: what is watched and how it fares, what needs somebody first.

use axum::extract::{Extension, Path, State};
use axum::response::Response;
use jiff::SignedDuration;
use serde::Serialize;

use super::asked::{address, part};
use super::page::{Frame, Trouble, When};
use super::visitor::Visitor;
use super::{Shared, Site};
use crate::flow::ask::{self, Query, Watched};
use crate::source::{Health, Source};

/// Items of a source that its page shows.
const ITEMS: usize = 10;

#[derive(Debug, Serialize)]
struct Given {
    /// When the home was last written down; None: nothing has run yet.
    at: Option<When>,
    groups: Vec<Group>,
    folders: Vec<Folder>,
}

/// Sources in one state.
#[derive(Debug, Serialize)]
struct Group {
    heading: &'static str,
    /// They need nobody: a table will do.
    is_well: bool,
    sources: Vec<Row>,
}

#[derive(Debug, Serialize)]
struct Row {
    name: String,
    link: String,
    search: String,
    kind: &'static str,
    trust: &'static str,
    topics: Vec<String>,
    url: Option<String>,
    state: &'static str,
    /// What that means.
    words: &'static str,
    since: Option<When>,
    good: Option<When>,
    newest: Option<When>,
    rhythm: Option<String>,
    every: String,
    next: Option<When>,
    is_due: bool,
    failures: u32,
    failing_since: Option<When>,
    fault: Option<String>,
    entries: u64,
}

/// A folder of sessions; only the owner of the home is told.
#[derive(Debug, Serialize)]
struct Folder {
    name: String,
    folder: String,
    format: &'static str,
    is_there: bool,
}

/// A page of one source.
#[derive(Debug, Serialize)]
struct GivenOne {
    source: Row,
    items: Vec<Item>,
    trouble: Option<String>,
}

#[derive(Debug, Serialize)]
struct Item {
    id: String,
    title: String,
    at: When,
    level: Option<&'static str>,
}

pub(super) async fn sources(State(site): Shared, Extension(visitor): Extension<Visitor>) -> Result<Response, Trouble> {
    let person = visitor.clone();
    let given = site.look(move |site| list(site, &person)).await?;
    Frame { site: &site, visitor: &visitor, tab: "/sources", title: "Sources" }.page("sources.html", &given)
}

pub(super) async fn source(
    State(site): Shared,
    Extension(visitor): Extension<Visitor>,
    Path(name): Path<String>,
) -> Result<Response, Trouble> {
    let person = visitor.clone();
    let given = site.look(move |site| Ok(one(site, &person, &name))).await??;
    Frame { site: &site, visitor: &visitor, tab: "/sources", title: &given.source.name }.page("source.html", &given)
}

/// The order of the page, with a heading for each state.
const GROUPS: [(&str, &[&str], bool); 4] = [
    ("Failing", &["failing", "parked"], false),
    ("Quiet", &["quiet"], false),
    ("Well", &["ok"], true),
    ("Not asked yet", &["new"], true),
];

fn list(site: &Site, visitor: &Visitor) -> anyhow::Result<Given> {
    let status = ask::status(site.home())?;
    let known = |name: &str| status.as_ref()?.sources.iter().find(|source| source.name == name);
    let setup = site.setup();
    let rows: Vec<Row> = setup
        .sources
        .iter()
        .map(|source| row(site, visitor, source, known(&source.name).map(|known| &known.watched)))
        .collect();
    let mut groups: Vec<Group> =
        GROUPS.iter().map(|(heading, _, is_well)| Group { heading, is_well: *is_well, sources: Vec::new() }).collect();
    for row in rows {
        let group = GROUPS.iter().position(|(_, states, _)| states.contains(&row.state)).unwrap_or(GROUPS.len() - 1);
        groups[group].sources.push(row);
    }
    for group in &mut groups {
        // Within a state, what has failed more often stands first.
        group.sources.sort_by_key(|row| std::cmp::Reverse(row.failures));
    }
    groups.retain(|group| !group.sources.is_empty());
    let folders = setup.sessions.iter().filter(|_| visitor == &Visitor::Owner).map(|source| Folder {
        name: source.name.clone(),
        folder: source.folder.display().to_string(),
        format: source.format.word(),
        is_there: source.folder.is_dir(),
    });
    Ok(Given { at: status.as_ref().map(|status| site.when(status.at)), groups, folders: folders.collect() })
}

fn one(site: &Site, visitor: &Visitor, name: &str) -> Result<GivenOne, Trouble> {
    let setup = site.setup();
    let source = setup.sources.iter().find(|source| source.name == name);
    let source = source.ok_or_else(|| Trouble::unknown("No source goes by that name"))?;
    let status = ask::status(site.home())?;
    let known = status.as_ref().and_then(|status| status.sources.iter().find(|known| known.name == name));
    let query = Query { source: Some(name.to_owned()), limit: 5 * ITEMS, ..Query::default() };
    let (items, trouble) = match site.shelf.library().and_then(|library| library.search(&query)) {
        Ok(found) => (found.hits, None),
        Err(error) => (Vec::new(), Some(format!("{error:#}"))),
    };
    // The words of one name may stand in another.
    let own = items.into_iter().filter(|hit| hit.source == name).take(ITEMS);
    let items = own.map(|hit| Item {
        id: hit.id.to_string(),
        title: hit.title,
        at: site.when(hit.at),
        level: hit.level.map(crate::verdict::Level::word),
    });
    Ok(GivenOne {
        source: row(site, visitor, source, known.map(|known| &known.watched)),
        items: items.collect(),
        trouble,
    })
}

fn row(site: &Site, visitor: &Visitor, source: &Source, watched: Option<&Watched>) -> Row {
    let now = site.now();
    let unknown = Watched::default();
    let watched = watched.unwrap_or(&unknown);
    let state = match watched.asked {
        None => "new",
        Some(_) => watched.health.word(),
    };
    Row {
        link: format!("/sources/{}", part(&source.name)),
        search: address("/search", &[("kind", "items"), ("source", &source.name)]),
        name: source.name.clone(),
        kind: source.from.kind(),
        trust: source.trust.word(),
        topics: source.topics.clone(),
        // An address may hold what its owner paid for.
        url: (visitor == &Visitor::Owner).then(|| source.from.url(now).to_string()),
        state,
        words: match (state, watched.health) {
            ("new", _) => "no run has asked it yet",
            (_, Health::Ok) if watched.failures > 0 => "it failed once or twice, which may pass",
            (_, Health::Ok) => "it answers",
            (_, Health::Quiet) => "it answers, and has brought nothing new for much longer than it usually takes",
            (_, Health::Failing) => "it has failed three times in a row, or for more than a day",
            (_, Health::Parked) => "its server says that it is gone for good; it is asked again every 30 days",
        },
        since: watched.health_since.filter(|_| watched.health != Health::Ok).map(|at| site.when(at)),
        good: watched.answered.map(|at| site.when(at)),
        newest: watched.newest().map(|at| site.when(at)),
        rhythm: watched.rhythm().map(length),
        every: length(watched.interval(source)),
        next: watched.next_try.map(|at| site.when(at)),
        is_due: watched.next_try.is_none_or(|at| at <= now),
        failures: watched.failures,
        failing_since: watched.failing_since.filter(|_| watched.failures > 0).map(|at| site.when(at)),
        fault: watched.fault.as_ref().map(|fault| fault.message.clone()),
        entries: watched.entries,
    }
}

/// "45 minutes", "3 hours", "12 days": in the largest unit of which there are two.
fn length(length: SignedDuration) -> String {
    let (number, unit) = match length.as_secs() {
        seconds @ ..7_200 => (seconds.max(60) / 60, "minute"),
        seconds @ ..172_800 => (seconds / 3_600, "hour"),
        seconds => (seconds / 86_400, "day"),
    };
    format!("{number} {unit}{}", if number == 1 { "" } else { "s" })
}
