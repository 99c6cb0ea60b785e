//! A clock comes in from outside: the real one, or a pretended time.

use std::sync::Arc;

use jiff::Timestamp;

/// Tells what time it is, for what lives longer than one pass.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;
