//! The decision: what is to be done with a proposal, given what stands at the forge and what we remember. No clock, no network.

use jiff::Timestamp;

use super::memory::{Memory, words};
use super::seen::{Branch, Request, Seen, State};
use crate::lesson::{LessonId, Proposal};

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Plan {
    /// There is nothing to say, or all of it is said: no call that writes.
    Nothing,
    /// A commit, unless it is there already, and a request.
    Open,
    /// The request that is open: a new commit, new words, or both.
    Update { push: bool, edit: bool },
    /// Somebody else's commit stands on the branch: it is theirs now. `remark` says so on the request, once ever.
    HandsOff { request: Option<u64>, who: String, remark: bool },
    /// The proposal names what people have declined. It is to be made again without these.
    Declined(Vec<(LessonId, String)>),
    /// The forge asked us to stay away until then.
    Wait(Timestamp),
    /// The open request has nothing left to say.
    Withdraw(u64),
}

/// Whose what stands on the branch is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whose {
    /// There is no branch.
    Nobodys,
    Ours,
    /// It may be built anew: a request that is over keeps what stood there, or the base has it all.
    Free,
    /// Somebody else's: their name.
    Theirs(String),
}

/// What to do. A proposal that changes nothing is none.
pub fn plan(seen: &Seen, proposal: Option<&Proposal>, memory: &Memory, now: Timestamp) -> Plan {
    if let Some(until) = memory.not_before.filter(|until| *until > now) {
        return Plan::Wait(until);
    }
    let whose = whose(seen, memory);
    let open = seen.open_request();
    let Some(proposal) = proposal.filter(|proposal| proposal.reference.is_changed()) else {
        return match (open, whose) {
            (Some(request), Whose::Ours) => Plan::Withdraw(request.number),
            _ => Plan::Nothing,
        };
    };
    let declined: Vec<_> =
        proposal.entries.iter().filter(|(id, content)| memory.is_declined(id, content)).cloned().collect();
    if !declined.is_empty() {
        return Plan::Declined(declined);
    }
    if let Whose::Theirs(who) = whose {
        let request = open.map(|request| request.number);
        let is_said = |number: &u64| memory.remarked.contains(number) || seen.remarked.contains(number);
        return Plan::HandsOff { request, who, remark: request.is_some_and(|number| !is_said(&number)) };
    }
    let push = needs_push(seen, proposal, &whose);
    match open {
        None => Plan::Open,
        Some(request) => match (push, needs_edit(request, seen, proposal, memory)) {
            (false, false) => Plan::Nothing,
            (push, edit) => Plan::Update { push, edit },
        },
    }
}

/// Whose the branch is. What we remember decides; only where we remember nothing is a lone commit believed by its names.
pub fn whose(seen: &Seen, memory: &Memory) -> Whose {
    let Some(branch) = &seen.branch else { return Whose::Nobodys };
    let pushed = memory.pushed.as_ref().map(|pushed| &pushed.commit);
    if [pushed, memory.announced.as_ref()].contains(&Some(&branch.head)) {
        return Whose::Ours;
    }
    let is_over = |request: &Request| request.state != State::Open && request.head == branch.head;
    if seen.open_request().is_none() && seen.requests.iter().any(is_over) {
        return Whose::Free;
    }
    if branch.head == seen.base || branch.ahead.is_empty() {
        return Whose::Free;
    }
    let us = &seen.us.person;
    let stranger = branch.ahead.iter().find_map(|commit| {
        let mut people = [&commit.author, &commit.committer].into_iter();
        people.find(|person| *person != us).map(|_| commit.author.name.clone())
    });
    match stranger {
        Some(who) => Whose::Theirs(who),
        None if pushed.is_none() && memory.announced.is_none() && branch.ahead.len() == 1 => Whose::Ours,
        // Under our name, and not what we remember: another home, or somebody who has reset the branch.
        None => Whose::Theirs("another tidings".to_owned()),
    }
}

/// Whether the branch must be built anew: one commit on the base as it is now, with these two files and this subject.
pub(super) fn needs_push(seen: &Seen, proposal: &Proposal, whose: &Whose) -> bool {
    let is_built = |branch: &Branch| {
        branch.parents == [seen.base.clone()]
            && branch.reference.as_ref() == Some(&proposal.reference.after)
            && branch.manifest.as_ref() == Some(&proposal.manifest.after)
            && branch.subject == proposal.title
    };
    *whose != Whose::Ours || !seen.branch.as_ref().is_some_and(is_built)
}

/// Whether the request must be told other words, or that the default branch has another name.
pub(super) fn needs_edit(request: &Request, seen: &Seen, proposal: &Proposal, memory: &Memory) -> bool {
    // The site ends lines as forms do.
    let plain = |text: &str| text.replace("\r\n", "\n").trim().to_owned();
    let is_same = request.title == proposal.title && plain(&request.body) == plain(&proposal.body);
    let is_said = memory.said.get(&request.number) == Some(&words(proposal));
    request.base != seen.default_branch || !(is_same || is_said)
}
