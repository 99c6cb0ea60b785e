//! Send: carry the letters that wait, each once.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use fail::fail_point;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use jiff::{SignedDuration, Timestamp};

use crate::config::Schedule;
use crate::edition::{ChannelName, Letter, LetterState};
use crate::keep::{Keep, Shut};
use crate::standing::List;
use crate::tell::{Channel, Outcome, notice, outbox};

use super::letters::tell_operators;
use super::month::Month;
use super::report::Acts;
use super::week::Week;
use super::{Doors, Setup};

/// Nothing older is mailed by itself. A state/ restored from a backup does not know what was sent since, and would mail last
/// month again; two weeks still catch up on a machine that was off over the holidays.
const OLDEST: SignedDuration = SignedDuration::from_hours(14 * 24);

/// Too long ago to be mailed by itself.
pub(super) fn is_old(at: Timestamp, now: Timestamp) -> bool {
    now.duration_since(at) > OLDEST
}

/// Carries what waits. `tried` are the letters that this run has looked at already: each gets one try a run.
pub(super) async fn send(
    keep: &mut Keep,
    setup: &Setup,
    doors: &Doors,
    now: Timestamp,
    tried: &mut BTreeSet<String>,
    acts: &mut Acts,
) -> Result<()> {
    // What is said to whoever looks after the home about these letters leaves with them.
    while carry(keep, setup, doors, now, tried, acts).await? {}
    for channel in doors.channels.values() {
        channel.close().await;
    }
    Ok(())
}

/// True if there is more to carry now than there was.
async fn carry(
    keep: &mut Keep,
    setup: &Setup,
    doors: &Doors,
    now: Timestamp,
    tried: &mut BTreeSet<String>,
    acts: &mut Acts,
) -> Result<bool> {
    let schedule = &setup.config.schedule;
    let mut waiting: BTreeMap<ChannelName, Vec<Letter>> = BTreeMap::new();
    for letter in keep.pending_letters(now)? {
        if !tried.insert(letter.key.clone()) {
            continue;
        }
        if is_held(&letter, schedule, now) {
            acts.letters_held += 1;
        } else if has_left(keep, &letter) {
            let answer = "withdrawn: its reader has left this list, or refused letters before";
            keep.letter_ends(&letter, LetterState::Dead, now, answer, now)?;
            acts.letters_withdrawn += 1;
        } else if letter.reason.is_none() && schedule.is_quiet(letter.kind(), now) {
            // What a person sends by hand does not wait for the morning.
            acts.letters_quiet += 1;
        } else if doors.channels.contains_key(&letter.reader.channel) {
            waiting.entry(letter.reader.channel).or_default().push(letter);
        } else {
            acts.letters_waiting += 1;
        }
    }
    let mut more = false;
    for (name, letters) in waiting {
        let channel = &*doors.channels[&name];
        for together in letters.chunks(channel.at_once().max(1)) {
            if is_shut(keep, name, channel)? {
                acts.letters_waiting += together.len();
                continue;
            }
            more |= carry_together(keep, channel, setup, together, now, acts).await?;
        }
    }
    Ok(more)
}

/// Whether the other side has closed a channel for good, and nobody has changed its address or its secret since.
fn is_shut(keep: &mut Keep, name: ChannelName, channel: &dyn Channel) -> Result<bool> {
    match keep.shut()?.get(&name) {
        None => Ok(false),
        Some(closed) if closed.mark == channel.mark() => Ok(true),
        Some(_) => keep.note_shut(name, None).map(|()| false),
    }
}

/// Carries as many letters as a channel takes at once. True if somebody is told of an address that refuses letters, or of a
/// channel that was closed.
async fn carry_together(
    keep: &mut Keep,
    channel: &dyn Channel,
    setup: &Setup,
    letters: &[Letter],
    now: Timestamp,
    acts: &mut Acts,
) -> Result<bool> {
    let mut begun = Vec::new();
    for letter in letters {
        let bytes = match keep.bytes(letter) {
            Ok(bytes) => bytes,
            Err(error) => {
                // One letter must not hold up the others, the index and the status.
                tracing::warn!("{error:#}");
                acts.failed += 1;
                continue;
            }
        };
        let Some(letter) = keep.letter_begins(letter, now)? else { continue };
        begun.push((letter, bytes));
    }
    fail_point!("letter-begun");
    let mut under_way: FuturesUnordered<_> = begun
        .iter()
        .map(|(letter, bytes)| async move { (letter, channel.deliver(letter, bytes, now).await) })
        .collect();
    let mut more = false;
    while let Some((letter, outcome)) = under_way.next().await {
        fail_point!("letter-delivered");
        if let Outcome::Closed { answer } = &outcome {
            let closed = Shut { at: now, answer: answer.clone(), mark: channel.mark() };
            // Before the letter is refused: a run that is stopped here tells it all the same.
            more |= tell_closed(keep, setup, letter.reader.channel, &closed, now)?;
            keep.note_shut(letter.reader.channel, Some(closed))?;
            acts.closed.push(letter.reader.channel.word().to_owned());
        }
        let (state, next_try, answer) = outbox::after(letter, &outcome, now);
        more |= note_address(keep, setup, letter, &outcome, now)?;
        keep.letter_ends(letter, state, next_try, &answer, now)?;
        fail_point!("letter-ended");
        match state {
            LetterState::Sent => acts.letters_sent += 1,
            LetterState::Dead => acts.letters_dead += 1,
            LetterState::Queued | LetterState::Sending => acts.letters_waiting += 1,
        }
    }
    Ok(more)
}

/// Notes what a letter's outcome says of its address. True if it gets no more from now on and the admin is told so.
fn note_address(keep: &mut Keep, setup: &Setup, letter: &Letter, outcome: &Outcome, now: Timestamp) -> Result<bool> {
    if letter.reader.channel != ChannelName::Mail || List::of(&letter.edition).is_none() {
        return Ok(false);
    }
    let address = &letter.reader.address;
    match outcome {
        Outcome::Taken { .. } => keep.note_taken(address).map(|()| false),
        Outcome::Bounced { answer } => {
            if !keep.note_bounce(address, &letter.edition, answer, now)? {
                return Ok(false);
            }
            let rendered = notice::suppressed(address, &keep.people()[address].bounces);
            tell_operators(keep, setup, &notice::name("suppressed", &letter.key), &rendered, now)
        }
        _ => Ok(false),
    }
}

/// Whether the reader of a letter that waits has left its list meanwhile.
fn has_left(keep: &Keep, letter: &Letter) -> bool {
    let standing = keep.people().get(&letter.reader.address).filter(|_| letter.reader.channel == ChannelName::Mail);
    matches!((standing, List::of(&letter.edition)), (Some(standing), Some(list)) if !standing.gets(list))
}

/// Queues the notice that a channel was closed; true if somebody is to be told.
fn tell_closed(keep: &mut Keep, setup: &Setup, channel: ChannelName, closed: &Shut, now: Timestamp) -> Result<bool> {
    let rendered = notice::closed(channel.word(), &closed.answer);
    // By the day, so that a run which was stopped right here does not tell it twice.
    let name = format!("closed-{}-{}", channel.word(), closed.at.strftime("%Y-%m-%d"));
    tell_operators(keep, setup, &name, &rendered, now)
}

/// A letter that was due long ago, or whose week or month closed long ago, unless a person sends it by hand. It is left as it is: a
/// clock that was wrong for an hour must not cost a letter.
pub(super) fn is_held(letter: &Letter, schedule: &Schedule, now: Timestamp) -> bool {
    let closed = match letter.edition.split_once('/') {
        Some(("digest", week)) => Week::named(schedule, week).ok().map(|week| week.to),
        Some(("trends", month)) => Month::named(schedule, month).ok().map(|month| month.closes),
        _ => None,
    };
    letter.reason.is_none() && (is_old(letter.next_try, now) || closed.is_some_and(|at| is_old(at, now)))
}
