//! The forge: where a proposal becomes one rolling pull request, opened and kept up, and never merged by us.
//!
//! In order: [`Forge::look`] reads, [`Memory::hear`] takes in what people said to earlier requests, somebody makes a proposal of
//! what is left, [`plan()`] decides, and [`carry_out`] does it. Only the last writes.

mod seen;
mod entries;
mod memory;
mod plan;
mod calls;
mod check;
mod trouble;
mod carry;
pub mod github;

use std::future::Future;
use std::pin::Pin;

use jiff::Timestamp;

use crate::lesson::Proposal;

pub use calls::{Call, calls};
pub use carry::{Done, carry_out};
pub use check::unfit;
pub use entries::{entries_line, entries_of};
pub use memory::{Declined, Heard, How, Memory, Merged, Pushed};
pub use plan::{Plan, Whose, plan, whose};
pub use seen::{Branch, Commit, Person, Rejection, Removal, Request, Seen, State, Us};
pub use trouble::Trouble;

pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, Trouble>> + Send + 'a>>;

/// Keeps a memory for good, before the step that can't be taken back. An error stops the visit there.
pub type Note<'a> = &'a mut (dyn FnMut(&Memory) -> anyhow::Result<()> + Send);

/// A request as it is after a visit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    pub number: u64,
    /// Where people read it.
    pub url: String,
    /// Whether it was made now.
    pub is_new: bool,
}

/// The door through which a proposal leaves. It has no clock: the time of the visit comes in. It merges nothing, approves
/// nothing, asks nobody to review, and knows no other branch to write to than its own.
pub trait Forge: Send + Sync {
    /// What stands there now. Nothing is written. [`Memory::heed`] a trouble that names a time.
    fn look<'a>(&'a self, memory: &'a Memory, now: Timestamp) -> Answer<'a, Seen>;

    /// One commit on the branch, rebuilt from the base, and one request for it: what of both is missing or differs. Refuses to
    /// write where somebody else's commit stands on the branch, or where it has moved since `seen`.
    fn open<'a>(
        &'a self,
        proposal: &'a Proposal,
        seen: &'a Seen,
        memory: &'a mut Memory,
        note: Note<'a>,
        now: Timestamp,
    ) -> Answer<'a, Opened>;

    /// The one comment on a request that says why it is left alone from now on.
    fn remark<'a>(
        &'a self,
        request: u64,
        who: &'a str,
        memory: &'a mut Memory,
        note: Note<'a>,
        now: Timestamp,
    ) -> Answer<'a, ()>;

    /// Closes a request of ours that has nothing left to say. It declines nothing.
    fn withdraw<'a>(&'a self, request: u64, memory: &'a mut Memory, note: Note<'a>, now: Timestamp) -> Answer<'a, ()>;
}
