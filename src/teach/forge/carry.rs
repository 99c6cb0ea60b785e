//! Carries a plan out.

use jiff::Timestamp;

use super::memory::Memory;
use super::plan::Plan;
use super::seen::Seen;
use super::trouble::Trouble;
use super::{Forge, Note, Opened};
use crate::lesson::{LessonId, Proposal};

/// What became of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Done {
    /// No call that writes was made.
    Nothing,
    Opened(Opened),
    /// It is left to whoever has taken it over; whether that was said now.
    LeftAlone {
        request: Option<u64>,
        who: String,
        remarked: bool,
    },
    /// The proposal is to be made again without these.
    Declined(Vec<(LessonId, String)>),
    /// Nothing is tried before.
    Waits(Timestamp),
    Withdrawn(u64),
}

/// Does what a plan says. A wait that the forge asks for is kept in the memory.
///
/// # Errors
/// Whatever stopped it; the next visit goes on from what stands there.
pub async fn carry_out(
    forge: &dyn Forge,
    plan: Plan,
    proposal: Option<&Proposal>,
    seen: &Seen,
    memory: &mut Memory,
    note: Note<'_>,
    now: Timestamp,
) -> Result<Done, Trouble> {
    let done = match (plan, proposal) {
        (Plan::Nothing, _) | (Plan::Open { .. } | Plan::Update { .. }, None) => Ok(Done::Nothing),
        (Plan::Wait(until), _) => Ok(Done::Waits(until)),
        (Plan::Declined(entries), _) => Ok(Done::Declined(entries)),
        (Plan::Open { .. } | Plan::Update { .. }, Some(proposal)) => {
            forge.open(proposal, seen, memory, note, now).await.map(Done::Opened)
        }
        (Plan::HandsOff { request: Some(number), who, remark: true }, _) => {
            let remarked = forge.remark(number, &who, memory, note, now).await;
            remarked.map(|()| Done::LeftAlone { request: Some(number), who, remarked: true })
        }
        (Plan::HandsOff { request, who, .. }, _) => Ok(Done::LeftAlone { request, who, remarked: false }),
        (Plan::Withdraw(number), _) => {
            forge.withdraw(number, memory, note, now).await.map(|()| Done::Withdrawn(number))
        }
    };
    if let Err(trouble @ Trouble::Wait { .. }) = &done {
        memory.heed(trouble);
        note(memory).map_err(|error| Trouble::NotKept(format!("{error:#}")))?;
    }
    done
}
