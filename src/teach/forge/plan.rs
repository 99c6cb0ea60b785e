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
    /// A request, after a commit unless that is there already.
    Open { push: bool },
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

/// What to do. `proposal` is all that should differ from the base, what an open request says already included: None, or one that
/// changes nothing, means that the skill is to stay as it is, and takes an open request of ours back.
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
        None => Plan::Open { push },
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

#[cfg(test)]
mod tests {
    use super::super::entries::entries_line;
    use super::super::memory::{Declined, How, Pushed};
    use super::super::seen::{Commit, Person, Us};
    use super::*;
    use crate::lesson::ProposedFile;

    const NOW: &str = "2026-11-21T12:00:00Z";

    fn person(name: &str) -> Person {
        Person { name: name.to_owned(), email: format!("{name}@lab.example") }
    }

    fn proposal() -> Proposal {
        let file = |path: &str, before: &str, after: &str| ProposedFile {
            path: path.to_owned(),
            before: Some(before.to_owned()),
            after: after.to_owned(),
        };
        let entries = vec![("bp-2026-w47-01".parse().unwrap(), "0123456789ab".to_owned())];
        Proposal {
            title: "Best practices: 1 new".to_owned(),
            body: format!("Words.\n\n```\n{}\n```\n", entries_line(&entries)),
            reference: file("r.md", "old", "new"),
            manifest: file("plugin.json", "1", "2"),
            entries,
        }
    }

    /// A repository with nothing of ours.
    fn bare() -> Seen {
        Seen {
            default_branch: "main".to_owned(),
            base: "base".to_owned(),
            base_tree: "tree".to_owned(),
            reference: Some("old".to_owned()),
            manifest: Some("1".to_owned()),
            body: None,
            us: Us { login: Some("bot".to_owned()), person: person("tidings") },
            branch: None,
            requests: Vec::new(),
            rejections: Vec::new(),
            removals: Vec::new(),
            remarked: Vec::new(),
        }
    }

    fn request(number: u64, state: State, head: &str) -> Request {
        let (title, body) = (proposal().title, proposal().body);
        let (url, base, head) = (String::new(), "main".to_owned(), head.to_owned());
        Request { number, url, title, body, state, base, head }
    }

    /// With the proposal on the branch, and in a request that is open.
    fn proposed() -> (Seen, Memory) {
        let us = person("tidings");
        let branch = Branch {
            head: "ours".to_owned(),
            parents: vec!["base".to_owned()],
            subject: proposal().title,
            reference: Some("new".to_owned()),
            manifest: Some("2".to_owned()),
            ahead: vec![Commit { id: "ours".to_owned(), author: us.clone(), committer: us }],
        };
        let seen = Seen { branch: Some(branch), requests: vec![request(1, State::Open, "ours")], ..bare() };
        let (commit, base, tree) = ("ours".to_owned(), "base".to_owned(), "tree".to_owned());
        let pushed = Some(Pushed { commit, base, tree, at: NOW.parse().unwrap() });
        (seen, Memory { pushed, ..Memory::default() })
    }

    fn planned(seen: &Seen, memory: &Memory) -> Plan {
        plan(seen, Some(&proposal()), memory, NOW.parse().unwrap())
    }

    #[test]
    fn a_proposal_is_opened_and_once_it_stands_there_nothing_is_done() {
        assert_eq!(planned(&bare(), &Memory::default()), Plan::Open { push: true });
        let (seen, memory) = proposed();
        assert_eq!(planned(&seen, &memory), Plan::Nothing);
        assert_eq!(planned(&seen, &Memory::default()), Plan::Nothing, "also by names alone");
        let without = Seen { requests: Vec::new(), ..seen };
        assert_eq!(planned(&without, &memory), Plan::Open { push: false });
    }

    #[test]
    fn nothing_to_say_is_nothing_to_do_and_an_open_request_of_ours_is_withdrawn() {
        let now = NOW.parse().unwrap();
        assert_eq!(plan(&bare(), None, &Memory::default(), now), Plan::Nothing);
        let mut same = proposal();
        same.reference.after = "old".to_owned();
        assert_eq!(plan(&bare(), Some(&same), &Memory::default(), now), Plan::Nothing);
        let (mut seen, memory) = proposed();
        assert_eq!(plan(&seen, None, &memory, now), Plan::Withdraw(1));
        seen.branch.as_mut().unwrap().head = "theirs".to_owned();
        assert_eq!(plan(&seen, None, &memory, now), Plan::Nothing, "what others have taken over is not closed");
    }

    #[test]
    fn each_difference_is_mended_by_what_it_needs() {
        type Change = fn(&mut Seen);
        let cases: [(Change, Plan); 7] = [
            (|seen| seen.base = "newer".to_owned(), Plan::Update { push: true, edit: false }),
            (|seen| seen.branch.as_mut().unwrap().reference = None, Plan::Update { push: true, edit: false }),
            (|seen| seen.branch.as_mut().unwrap().manifest = None, Plan::Update { push: true, edit: false }),
            (
                |seen| seen.branch.as_mut().unwrap().subject = "Other".to_owned(),
                Plan::Update { push: true, edit: false },
            ),
            (|seen| seen.branch = None, Plan::Update { push: true, edit: false }),
            (|seen| seen.requests[0].body = "Other".to_owned(), Plan::Update { push: false, edit: true }),
            (|seen| seen.default_branch = "trunk".to_owned(), Plan::Update { push: false, edit: true }),
        ];
        for (change, expected) in cases {
            let (mut seen, memory) = proposed();
            change(&mut seen);
            assert_eq!(planned(&seen, &memory), expected, "{seen:?}");
        }
        let (mut seen, memory) = proposed();
        seen.requests[0].body = format!("\r\n{}  ", seen.requests[0].body.replace('\n', "\r\n"));
        assert_eq!(planned(&seen, &memory), Plan::Nothing);
    }

    #[test]
    fn what_we_did_not_put_there_is_somebody_elses() {
        let (mut seen, memory) = proposed();
        seen.branch.as_mut().unwrap().head = "other".to_owned();
        assert_eq!(whose(&seen, &memory), Whose::Theirs("another tidings".to_owned()));
        assert_eq!(whose(&seen, &Memory::default()), Whose::Ours);
        let announced = Memory { announced: Some("other".to_owned()), ..memory.clone() };
        assert_eq!(whose(&seen, &announced), Whose::Ours, "the visit was cut off after the push");
        seen.branch.as_mut().unwrap().ahead[0].committer = person("bea");
        assert_eq!(whose(&seen, &Memory::default()), Whose::Theirs("tidings".to_owned()));
        seen.branch.as_mut().unwrap().ahead[0].author = person("bea");
        let who = "bea".to_owned();
        let hands_off = |remark| Plan::HandsOff { request: Some(1), who: who.clone(), remark };
        assert_eq!(planned(&seen, &memory), hands_off(true));
        let said = Memory { remarked: [1].into(), ..memory.clone() };
        assert_eq!(planned(&seen, &said), hands_off(false));
        seen.remarked = vec![1];
        assert_eq!(planned(&seen, &memory), hands_off(false));
        // What a request that is over keeps, and what the base has, is nobody's any more.
        seen.requests = vec![request(1, State::Closed, "other")];
        assert_eq!(whose(&seen, &memory), Whose::Free);
        seen.requests.clear();
        seen.branch.as_mut().unwrap().ahead.clear();
        assert_eq!(whose(&seen, &memory), Whose::Free);
    }

    #[test]
    fn what_was_declined_is_left_out_until_it_says_something_else_and_a_wait_comes_before_all() {
        let (id, content) = proposal().entries[0].clone();
        let declined = |content: &str| Memory {
            declined: vec![Declined {
                id: id.clone(),
                content: content.to_owned(),
                request: 1,
                how: How::Closed,
                at: NOW.parse().unwrap(),
            }],
            ..Memory::default()
        };
        assert_eq!(planned(&bare(), &declined(&content)), Plan::Declined(proposal().entries));
        assert_eq!(planned(&bare(), &declined("fedcba987654")), Plan::Open { push: true });
        let until = "2026-11-21T12:30:00Z".parse().unwrap();
        let waiting = Memory { not_before: Some(until), ..declined(&content) };
        assert_eq!(planned(&bare(), &waiting), Plan::Wait(until));
        assert_eq!(plan(&bare(), Some(&proposal()), &waiting, until), Plan::Declined(proposal().entries));
    }
}
