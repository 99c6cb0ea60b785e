//! Sessions: those that are kept, the latest first.

use std::collections::BTreeMap;

use axum::extract::{Extension, RawQuery, State};
use axum::response::Response;
use serde::Serialize;
use tracing::warn;

use super::asked::{Asked, address, part};
use super::page::{Frame, Trouble, When};
use super::visitor::Visitor;
use super::{Shared, Site};
use crate::flow::answers::{Known, first_letters};
use crate::flow::ask::SessionLine;
use crate::flow::{RunningSession, running_sessions};
use crate::session::activity::Activity;
use crate::session::project_of;

/// Sessions on a page.
const SESSIONS: usize = 40;
/// Projects that the form offers.
const PROJECTS: usize = 100;
/// Sessions at work; a machine has few.
const MOST_RUNNING: usize = 30;

#[derive(Debug, Serialize)]
struct Given {
    project: String,
    /// The latest first.
    projects: Vec<String>,
    sessions: Vec<Row>,
    total: usize,
    newer: Option<String>,
    older: Option<String>,
    /// On the first page alone.
    running: Vec<Running>,
}

/// A session that is at work, or waits for a person.
#[derive(Debug, Serialize)]
pub(super) struct Running {
    link: String,
    title: String,
    state: String,
    waits: bool,
    at: When,
    project: Option<String>,
    branch: Option<String>,
    host: Option<String>,
}

#[derive(Debug, Serialize)]
struct Row {
    link: String,
    title: String,
    project: Option<String>,
    branch: Option<String>,
    /// Told where sessions of several people are seen.
    owner: Option<String>,
    at: Option<When>,
    turns: u64,
    /// What should be known before it is taken up again.
    state: Option<&'static str>,
}

pub(super) async fn sessions(
    State(site): Shared,
    Extension(visitor): Extension<Visitor>,
    RawQuery(query): RawQuery,
) -> Result<Response, Trouble> {
    let asked = Asked::read(query.as_deref());
    let person = visitor.clone();
    let given = site.look(move |site| list(site, &person, &asked)).await?;
    Frame { site: &site, visitor: &visitor, tab: "/sessions", title: "Sessions" }.page("sessions.html", &given)
}

fn list(site: &Site, visitor: &Visitor, asked: &Asked) -> anyhow::Result<Given> {
    let known = site.shelf.known()?;
    let sight = site.sight(visitor, &known);
    let mut seen = one_each(known.all().filter(|line| sight.sees(&line.id.0)));
    seen.sort_by(|one, other| (other.ended, &other.session).cmp(&(one.ended, &one.session)));
    let mut projects: Vec<String> = Vec::new();
    for project in seen.iter().filter_map(|line| project(line)) {
        if projects.len() < PROJECTS && !projects.contains(&project) {
            projects.push(project);
        }
    }
    let has_owners = seen.iter().map(|line| &line.owner).collect::<std::collections::BTreeSet<_>>().len() > 1;
    let wanted = asked.text("project");
    let is_wanted = |line: &&SessionLine| {
        wanted.is_empty()
            || project(line).is_some_and(|project| project.to_lowercase().contains(&wanted.to_lowercase()))
    };
    let shown: Vec<&SessionLine> = seen.into_iter().filter(is_wanted).collect();
    let page = asked.number("page").min(shown.len().div_ceil(SESSIONS).max(1));
    let other = |page: usize| {
        let page = if page > 1 { page.to_string() } else { String::new() };
        address("/sessions", &[("project", &wanted), ("page", &page)])
    };
    let row = |line: &&SessionLine| {
        let title = line.title.as_deref().or(line.prompt.as_deref()).map(first_letters);
        Row {
            link: format!("/sessions/{}", part(&line.session.to_string())),
            title: title.filter(|title| !title.is_empty()).unwrap_or_else(|| line.session.to_string()),
            project: project(line),
            branch: line.branch.clone(),
            owner: line.owner.clone().filter(|_| has_owners),
            at: line.ended.or(line.started).map(|at| site.when(at)),
            turns: line.turns,
            state: line.gone.is_some().then_some("kept here only: the agent's own file is gone"),
        }
    };
    Ok(Given {
        projects,
        sessions: shown.iter().skip((page - 1) * SESSIONS).take(SESSIONS).map(row).collect(),
        total: shown.len(),
        newer: (page > 1).then(|| other(page - 1)),
        older: (shown.len() > page * SESSIONS).then(|| other(page + 1)),
        running: if page == 1 && wanted.is_empty() { running(site, visitor) } else { Vec::new() },
        project: wanted,
    })
}

/// The sessions at work that a visitor sees; those that wait come first.
pub(super) fn running(site: &Site, visitor: &Visitor) -> Vec<Running> {
    // What can't be looked at costs this list, and not the page.
    let known = site.shelf.known();
    let found = known.and_then(|known| running_sessions(&site.setup(), &known, false, site.now()));
    let mut running = found.unwrap_or_else(|error| {
        warn!("which sessions run: {error:#}");
        Vec::new()
    });
    // What is at work is shared with nobody yet.
    running.retain(|one| match visitor {
        Visitor::Owner => true,
        Visitor::Person(name) => one.owner.as_ref().is_some_and(|owner| owner.to_lowercase() == *name),
    });
    let line = |one: RunningSession| {
        let title = one.title.as_deref().map(first_letters).filter(|title| !title.is_empty());
        Running {
            link: format!("/sessions/{}", part(&one.session)),
            title: title.unwrap_or_else(|| one.session.clone()),
            state: one.activity.words(),
            waits: matches!(one.activity, Activity::Waiting { .. }),
            at: site.when(one.written),
            project: one.project,
            branch: one.branch,
            host: one.host,
        }
    };
    running.into_iter().take(MOST_RUNNING).map(line).collect()
}

/// One file of each session: the main one, where it is kept.
fn one_each<'k>(lines: impl Iterator<Item = &'k SessionLine>) -> Vec<&'k SessionLine> {
    let mut sessions: BTreeMap<&crate::session::SessionId, &SessionLine> = BTreeMap::new();
    for line in lines {
        let known = sessions.entry(&line.session).or_insert(line);
        if line.subagent.is_none() {
            *known = line;
        }
    }
    sessions.into_values().collect()
}

pub(super) fn project(line: &SessionLine) -> Option<String> {
    line.cwd.as_deref().map(|cwd| project_of(cwd).to_owned())
}

impl Site {
    /// Whose sessions a visitor sees.
    pub(super) fn sight(&self, visitor: &Visitor, known: &Known) -> crate::flow::answers::Sight {
        use crate::flow::answers::Sight;
        match visitor {
            Visitor::Owner => Sight::All,
            Visitor::Person(name) => Sight::of_person(name, &self.setup().sessions, known),
        }
    }
}
