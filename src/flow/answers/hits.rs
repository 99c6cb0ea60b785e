//! Hits in a session: what is told of each, and of the session.

use serde_json::{Value, json};

use super::super::ask::{Found, FoundSession, SessionLine, TurnHit};
use super::known::{Known, first_letters};
use super::session::split;
use crate::session::{Turn, project_of};

/// A session that was found, as JSON: what it is, and its hits.
pub(super) fn session_json(session: &FoundSession, known: &Known) -> (Value, Vec<Value>) {
    let line = known.session(&session.session);
    let turn = session.hits.first().and_then(|hit| hit.turn.as_ref());
    let (agent, native) = split(&session.session);
    let title = line.and_then(|line| line.title.as_deref()).map(first_letters);
    let folder = folder_of(line, turn);
    let about = json!({
        "session": native, "agent": agent, "title": title, "prompt": line.and_then(|line| line.prompt.as_deref()).map(first_letters),
        "project": folder.as_deref().map(project_of), "folder": folder, "branch": branch_of(line, turn),
        "started": line.and_then(|line| line.started), "ended": line.and_then(|line| line.ended), "hits": session.count,
    });
    let hits = session.hits.iter().map(|hit| {
        let turn = hit.turn.as_ref();
        json!({
            "kind": "turn", "id": hit_id(hit), "title": title, "score": hit.score, "snippet": hit.snippet.text,
            "marks": hit.snippet.marks, "at": hit.at, "session": native, "agent": agent,
            "file": known.transcript(&hit.transcript).map(|line| line.path.as_str()), "line": hit.line,
            "role": turn.map(|turn| turn.role.word()), "tool": turn.and_then(|turn| turn.tool.as_deref()),
            "project": turn.and_then(Turn::cwd).map(|cwd| project_of(cwd)), "branch": turn.and_then(Turn::branch),
            "model": turn.and_then(Turn::model), "subagent": turn.and_then(|turn| turn.subagent.as_deref()),
        })
    });
    (about, hits.collect())
}

/// What a search must say beside its hits.
pub(super) fn remarks(found: &Found) -> Vec<String> {
    let mut remarks = Vec::new();
    if found.in_part {
        remarks.push(
            "these texts of sessions hold a part of the words; quotation marks or AND ask for all of them".to_owned(),
        );
    }
    for (filter, count) in &found.hiding {
        remarks.push(format!("without {filter} there would be {count}"));
    }
    if found.own > 0 {
        remarks.push(format!("{} in the session that asks are left out; --own shows them", found.own));
    }
    if found.untried > 0 {
        remarks.push(format!("the expression was not tried on {} turns; narrow them", found.untried));
    }
    remarks
}

/// `t-7k3m9q2xwd:120`: what shows the hit.
pub fn hit_id(hit: &TurnHit) -> String {
    format!("{}:{}", hit.transcript, hit.line)
}

/// Where a session worked last; else where a turn of it did.
pub fn folder_of(line: Option<&SessionLine>, turn: Option<&Turn>) -> Option<String> {
    line.and_then(|line| line.cwd.clone()).or_else(|| turn.and_then(Turn::cwd).cloned())
}

/// Likewise its branch.
pub fn branch_of(line: Option<&SessionLine>, turn: Option<&Turn>) -> Option<String> {
    line.and_then(|line| line.branch.clone()).or_else(|| turn.and_then(Turn::branch).cloned())
}
