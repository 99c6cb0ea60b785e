//! tidings watches where news about coding agents and research practice appears, and tells a lab what matters.
//!
//! Files are things, folders are acts. Read [`flow`] first: it alone knows the order.

pub mod flow;

// Things: data and small methods; no input or output, no async.
pub mod config;
pub mod source;
pub mod page;
pub mod transcript;
pub mod item;
pub mod session;
pub mod work;
pub mod opinion;
pub mod extraction;
pub mod verdict;
pub mod thumb;
pub mod story;
pub mod stream;
pub mod standing;
pub mod edition;
pub mod lesson;
pub mod tally;
pub mod home;

// Guards: pure functions that any act may name.
pub mod guard;

// Acts: none names another.
pub mod fetch;
pub mod read;
pub mod keep;
pub mod judge;
pub mod tell;
pub mod teach;

// A face inside the library: it asks flow.
pub mod serve;
