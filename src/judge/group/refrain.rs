//! Refrain: the words that a story's members repeat, by which one more is known even if it is like none of them.

use std::rc::Rc;

use super::headline::Headline;

/// A word belongs to the refrain if so large a part of the members uses it, and two of them do.
const PART: f64 = 0.4;
/// What an item must share of it, while the story is told; one rare word that nobody else used is nearly enough.
const SHARED: f64 = 0.8;
/// And when the story has rested for some days.
const LATER: f64 = 1.0;

/// How much of a story's refrain a headline has, 1 being just enough. `says` tells what a word counts that so many members use.
pub fn shared(headline: &Headline, members: &[Rc<Headline>], is_near: bool, says: &dyn Fn(&str, usize) -> f64) -> f64 {
    let mut sum = 0.0;
    // A number is shared by chance, or belongs to a name that is counted.
    let words = headline.weights.iter().filter(|(stem, _)| !stem.starts_with(|letter: char| letter.is_ascii_digit()));
    for (stem, weight) in words {
        let users = members.iter().filter(|member| member.weights.contains_key(stem)).count();
        if users >= 2 && users as f64 >= PART * members.len() as f64 {
            sum += weight * says(stem, users);
        }
    }
    sum / if is_near { SHARED } else { LATER }
}
