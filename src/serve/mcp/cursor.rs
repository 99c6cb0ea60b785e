//! A cursor says where a list goes on, and belongs to the question that it came from.

use jiff::Timestamp;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::answer::Trouble;

/// Nobody reads on so far; who wants more narrows the question.
pub const FURTHEST: usize = 1_000;

/// Where a list goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// What was shown before.
    pub offset: usize,
    /// The pages before hold a part of the words only.
    pub in_part: bool,
    /// The earliest time, as it was when the first page was asked for: "7d" moves with the clock.
    pub since: Option<Timestamp>,
}

/// As an answer's `next` gives it: `20e-1794787200-3fa9c01b`.
pub fn write(place: Place, asked: &impl Serialize) -> String {
    let mark = if place.in_part { 'p' } else { 'e' };
    let since = place.since.map(|since| since.as_second().to_string()).unwrap_or_default();
    format!("{}{mark}_{since}_{}", place.offset, hash(asked))
}

/// None of an empty one: the list begins.
///
/// # Errors
/// Where it is none of ours, or came from another question.
pub fn read(cursor: &str, asked: &impl Serialize) -> Result<Option<Place>, Trouble> {
    if cursor.is_empty() {
        return Ok(None);
    }
    let place = || {
        let (place, rest) = cursor.split_once('_')?;
        let (since, of) = rest.split_once('_')?;
        let in_part = place.ends_with('p');
        let offset: usize = place.strip_suffix(['p', 'e'])?.parse().ok().filter(|offset| *offset <= FURTHEST)?;
        let since = match since {
            "" => None,
            second => Some(Timestamp::from_second(second.parse().ok()?).ok()?),
        };
        Some((Place { offset, in_part, since }, of))
    };
    match place() {
        Some((place, of)) if of == hash(asked) => Ok(Some(place)),
        Some(_) => Err(Trouble(
            "this cursor came from another question: give the same arguments as before (`limit` may differ), or leave \
             `cursor` out"
                .to_owned(),
        )),
        None => Err(Trouble("`cursor` is what `next` of the answer before was; leave it out to begin".to_owned())),
    }
}

fn hash(asked: &impl Serialize) -> String {
    let bytes = serde_json::to_vec(asked).unwrap_or_default();
    Sha256::digest(&bytes)[..4].iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_was_written_and_for_its_own_question() {
        for since in [None, Some(Timestamp::from_second(-5).unwrap())] {
            let place = Place { offset: 20, in_part: since.is_some(), since };
            let cursor = write(place, &("words", 3));
            assert_eq!(read(&cursor, &("words", 3)).unwrap(), Some(place));
            assert!(read(&cursor, &("other", 3)).unwrap_err().0.contains("another question"));
        }
        assert_eq!(read("", &()).unwrap(), None);
        for cursor in ["x", "20", "20e", "e__", "-1e__0", "99999999e__0", "20é__", "20e_z_"] {
            assert!(read(cursor, &()).is_err(), "{cursor}");
        }
    }
}
