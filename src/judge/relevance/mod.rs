//! Relevance: how likely it is that this lab wants to read something, and that it can't wait. It needs no model: it is the
//! order when no model answers.
//!
//! The parts of an item (rules that fired, phrases of the profile, where it comes from, its words) each have a weight in two
//! heads. The weights that ship were fitted once, by `tidings judge fit`; a lab's thumbs move them.

mod profile;
mod parts;
mod weights;
mod fit;
mod thumbs;

pub use fit::{Learned, fit};
pub use parts::{Part, parts};
pub use profile::{Profile, explain};
pub use weights::{Head, Weights, probability};
