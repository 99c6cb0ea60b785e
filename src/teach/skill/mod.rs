//! The skill: the one file that tidings owns in it, the version that delivers the file, and the request that asks for both.
//!
//! Everything here is worked out from values: what the base branch holds, what was learnt, what day it is. Nothing is fetched, written or
//! sent, and nothing is stored between two runs: a request is made anew from its base, so that it never conflicts and never grows.

mod reference;
mod render;
mod parse;
mod select;
mod version;
mod manifest;
mod propose;
mod pointer;
mod body;
mod escape;
mod diff;
mod mail;

pub use mail::{Author, format_patch};
pub use parse::{Mistake, parse};
pub use pointer::{pointer_patch, points_at};
pub use propose::{Base, BaseFile, ForeignLine, Outcome, Proposed, Terms, Trouble, propose};
pub use reference::{Reference, RetiredLine};
pub use render::render;
pub use select::{MOST_ACTIVE, MOST_NEW, Selection, select};
pub use version::{Bump, Manifest, Next, Rule, Step, VersionTrouble, next};
