//! Usage is what the answers of many sessions cost, counted once each and summed in the ways people ask for.

mod tokens;
mod price;
mod repeats;
mod count;
mod about;
mod block;
mod lab;

pub use about::SessionAbout;
pub use block::{Block, blocks};
pub use count::{Answer, Cell, Count, Key, Row, Sum, Window};
pub use lab::{LabKey, LabRow, LabUsage, PEOPLE, Span, lab_days, lab_groups, lab_weeks};
pub use price::{Cost, Price, PriceList};
pub use repeats::{Joined, Repeats};
pub use tokens::Tokens;

/// What sums are made by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// Of the lab's zone.
    Day,
    /// The working folder, with a repository's worktrees folded into the repository.
    Project,
    Model,
    /// Of a project.
    Branch,
    /// With its subagents.
    Session,
    /// Five hours, as subscriptions count.
    Block,
}

impl By {
    pub const ALL: [By; 6] = [By::Day, By::Project, By::Model, By::Branch, By::Session, By::Block];

    pub fn word(self) -> &'static str {
        match self {
            By::Day => "day",
            By::Project => "project",
            By::Model => "model",
            By::Branch => "branch",
            By::Session => "session",
            By::Block => "block",
        }
    }
}
