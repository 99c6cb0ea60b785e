//! What a home remembers of its requests between visits, and what it hears from people's answers to them.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::entries::entries_of;
use super::seen::{Request, Seen, State};
use super::trouble::Trouble;
use crate::config::Skills;
use crate::lesson::{LessonId, Proposal};

/// What must outlive a visit. Lost, it is made anew from what stands at the forge, except that a branch whose one commit is ours
/// by name is then believed to be.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Memory {
    /// Which branch of which repository it is about.
    pub place: String,
    /// The commit that we were about to put on the branch: kept before, so that a visit that was cut off knows it again.
    pub announced: Option<String>,
    /// The commit that we have put there last.
    pub pushed: Option<Pushed>,
    /// What each request proposed last, should somebody take the line out of its body.
    pub entries: BTreeMap<u64, Vec<(LessonId, String)>>,
    /// A hash of the title and body that we have given a request last: what a person writes into it since stays until we have
    /// something new to say.
    pub said: BTreeMap<u64, String>,
    pub declined: Vec<Declined>,
    /// Comments whose rejections were taken in.
    pub heard: BTreeSet<u64>,
    /// Requests whose end was taken in.
    pub over: BTreeSet<u64>,
    /// Requests that we have closed ourselves, which means nothing.
    pub withdrawn: BTreeSet<u64>,
    /// Requests on which we have said that they are left alone.
    pub remarked: BTreeSet<u64>,
    /// The forge asked us to stay away until then.
    pub not_before: Option<Timestamp>,
}

/// A commit on the branch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pushed {
    pub commit: String,
    /// What it was built on.
    pub base: String,
    pub tree: String,
    pub at: Timestamp,
}

/// An entry that people don't want: this lesson as long as it says this.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Declined {
    pub id: LessonId,
    /// [`Lesson::content`](crate::lesson::Lesson::content).
    pub content: String,
    pub request: u64,
    pub how: How,
    /// When we heard of it.
    pub at: Timestamp,
}

/// How people said no.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum How {
    /// The whole request was closed without a merge.
    Closed,
    /// `tidings reject ID`, by this person.
    Said(String),
    /// It was taken out of the branch.
    Removed,
}

/// What people have said since the last visit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Heard {
    pub declined: Vec<Declined>,
    pub merged: Vec<Merged>,
    /// What a closed request declined, before somebody opened it again.
    pub reopened: Vec<(LessonId, String)>,
}

impl Heard {
    pub fn is_nothing(&self) -> bool {
        self == &Heard::default()
    }
}

/// A request that people have merged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merged {
    pub request: u64,
    pub commit: String,
    pub at: Timestamp,
    /// What went in; what was taken out of the branch before is declined instead.
    pub entries: Vec<(LessonId, String)>,
}

impl Memory {
    /// The memory for what tidings.toml names now: itself, or an empty one if it is about another place.
    pub fn of(self, skills: &Skills) -> Memory {
        let place = format!("{} {}:{}", skills.repository, skills.home_of_branch(), skills.branch);
        if self.place == place { self } else { Memory { place, ..Memory::default() } }
    }

    /// Whether people don't want this lesson as long as it says this.
    pub fn is_declined(&self, id: &LessonId, content: &str) -> bool {
        self.declined.iter().any(|declined| declined.id == *id && declined.content == content)
    }

    /// Takes in what people said. Each closing, merge, comment and removal is heard once, so the same look again gives nothing:
    /// memory and what became of it are to be kept together, before anything else is done.
    pub fn hear(&mut self, seen: &Seen, now: Timestamp) -> Heard {
        let mut heard = Heard::default();
        for request in seen.requests.iter().rev() {
            self.hear_request(request, seen, now, &mut heard);
        }
        for rejection in &seen.rejections {
            if !self.heard.insert(rejection.comment) {
                continue;
            }
            let entries = seen.requests.iter().find(|request| request.number == rejection.request);
            let entries = entries.map(|request| self.entries_of(request)).unwrap_or_default();
            for (id, content) in entries.into_iter().filter(|(id, _)| *id == rejection.id) {
                let how = How::Said(rejection.by.clone());
                self.decline(Declined { id, content, request: rejection.request, how, at: now }, &mut heard);
            }
        }
        heard
    }

    /// Remembers how long the forge asked us to stay away, if it did.
    pub fn heed(&mut self, trouble: &Trouble) {
        self.not_before = trouble.not_before().or(self.not_before);
    }

    fn hear_request(&mut self, request: &Request, seen: &Seen, now: Timestamp, heard: &mut Heard) {
        let number = request.number;
        let entries = self.entries_of(request);
        let is_removed = |id: &LessonId| seen.removals.iter().any(|gone| gone.request == number && gone.id == *id);
        let (removed, left): (Vec<_>, Vec<_>) = entries.iter().cloned().partition(|(id, _)| is_removed(id));
        match &request.state {
            State::Open => {
                self.withdrawn.remove(&number);
                if self.over.remove(&number) {
                    let is_of_it = |one: &Declined| one.request == number && one.how == How::Closed;
                    let lifted = self.declined.extract_if(.., |one| is_of_it(one));
                    heard.reopened.extend(lifted.map(|one| (one.id, one.content)));
                }
            }
            State::Closed if self.withdrawn.contains(&number) => {
                self.over.insert(number);
            }
            State::Closed => {
                if self.over.insert(number) {
                    for (id, content) in left {
                        self.decline(Declined { id, content, request: number, how: How::Closed, at: now }, heard);
                    }
                }
            }
            State::Merged { commit, at } => {
                if self.over.insert(number) {
                    self.declined.retain(|one| !left.contains(&(one.id.clone(), one.content.clone())));
                    heard.merged.push(Merged { request: number, commit: commit.clone(), at: *at, entries: left });
                }
            }
        }
        for (id, content) in removed {
            self.decline(Declined { id, content, request: number, how: How::Removed, at: now }, heard);
        }
    }

    fn decline(&mut self, declined: Declined, heard: &mut Heard) {
        if !self.is_declined(&declined.id, &declined.content) {
            self.declined.push(declined.clone());
            heard.declined.push(declined);
        }
    }

    /// What a request proposes by its own words, or by ours if somebody has taken those away.
    fn entries_of(&self, request: &Request) -> Vec<(LessonId, String)> {
        let entries = entries_of(&request.body);
        match entries.is_empty() {
            true => self.entries.get(&request.number).cloned().unwrap_or_default(),
            false => entries,
        }
    }

    /// Notes what a request was given to say.
    pub(super) fn note_said(&mut self, number: u64, proposal: &Proposal) {
        self.entries.insert(number, proposal.entries.clone());
        self.said.insert(number, words(proposal));
    }
}

/// A hash over title and body.
pub(super) fn words(proposal: &Proposal) -> String {
    let digest = Sha256::digest(format!("{}\0{}", proposal.title, proposal.body));
    digest[..8].iter().map(|byte| format!("{byte:02x}")).collect()
}
