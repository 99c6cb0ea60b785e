//! People: who leaves a list, or comes back to it, at any time.

use anyhow::{Result, bail};
use jiff::Timestamp;

use crate::config::Person;
use crate::guard::token::whose;
use crate::home::Home;
use crate::keep::{self, Keep, OpenError};
use crate::standing::List;

use super::Setup;

/// What became of a person's word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// It counts now.
    Now,
    /// Another run is at work; the next one takes it in before it sends anything.
    Later,
}

/// A person leaves these lists, or comes back to them. It is on the disk when this returns.
///
/// # Errors
/// When nobody has this address, or it can't be written.
pub fn leave_lists(setup: &Setup, address: &str, lists: &[List], leaves: bool, now: Timestamp) -> Result<Heard> {
    let address = address.trim().to_lowercase();
    let is_known = setup.config.people.iter().any(|person| person.address == address);
    // Who is no longer in tidings.toml may still have a letter waiting; who never was gets none.
    if !is_known && !keep::standings(setup.home.folder())?.contains_key(&address) {
        bail!("nobody has the address {address}; `tidings people list` names them all");
    }
    for list in lists {
        keep::leave_word(setup.home.folder(), &address, *list, leaves, now)?;
    }
    match Keep::open(setup.home.folder(), "tidings people", now) {
        Ok(mut keep) => {
            keep.take_people()?;
            keep.checkpoint()?;
            Ok(Heard::Now)
        }
        Err(OpenError::Busy(_)) => Ok(Heard::Later),
        Err(error) => Err(error.into()),
    }
}

/// Whose link it is, and how they stand on its list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    pub list: List,
    pub address: String,
    pub has_left: bool,
}

/// Whom a link in a letter concerns; None where it is nobody's. Needs no lock.
///
/// # Errors
/// When the home's key, or how people stand, can't be read.
pub fn heard_by_link(home: &Home, people: &[Person], token: &str) -> Result<Option<Left>> {
    // A home without a key has sent no link, and gets none for being asked.
    let Some(key) = keep::known_leaving_key(home.folder())? else { return Ok(None) };
    let standings = keep::standings(home.folder())?;
    // Who is no longer in tidings.toml may still find a letter.
    let addresses = people.iter().map(|person| person.address.as_str()).chain(standings.keys().map(String::as_str));
    let Some((list, address)) = whose(&key, token, addresses) else { return Ok(None) };
    let has_left = standings.get(address).is_some_and(|standing| standing.left.contains(&list));
    Ok(Some(Left { list, address: address.to_owned(), has_left }))
}

/// A person leaves by a link, or comes back. It is on the disk when this returns, and counts before the next letter. Needs no lock.
///
/// # Errors
/// As [`heard_by_link`], and when it can't be written.
pub fn leave_by_link(
    home: &Home,
    people: &[Person],
    token: &str,
    leaves: bool,
    now: Timestamp,
) -> Result<Option<Left>> {
    let Some(left) = heard_by_link(home, people, token)? else { return Ok(None) };
    keep::leave_word(home.folder(), &left.address, left.list, leaves, now)?;
    Ok(Some(Left { has_left: leaves, ..left }))
}
