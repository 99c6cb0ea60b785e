//! Stand-ins for the world outside.

pub mod server;
pub mod memory;
pub mod tls;
