//! Guards: pure rules that any act may ask: what may come in, and where we may go.

pub mod address;
pub mod link;
pub mod scrub;
pub mod text;
pub mod prompt;
pub mod panic;
pub mod token;
