//! Trends: what one month says that the months before did not. Pure: no clock, no store, no network.
//!
//! `survey` goes over the month's stories once and makes a tally of them; `moves` compares it with the tallies of the months
//! before; `retirement`, `pain` and `release` find what makers say will go, what people report again and again, and what
//! came out.

mod survey;
mod terms;
mod moves;
mod chance;
mod retirement;
mod pain;
mod release;

pub use moves::{MOST_MONTHS, Moves, moves};
pub use pain::check_examples as check_pain_examples;
pub use retirement::{check_examples as check_retirement_examples, deadlines};
pub use survey::{Note, Survey};
