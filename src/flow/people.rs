//! People: who leaves a list, or comes back to it, at any time.

use anyhow::{Result, bail};
use jiff::Timestamp;

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
