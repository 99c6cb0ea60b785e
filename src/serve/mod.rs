//! Serving shows what is kept to a browser, an agent and a monitor. It reads files and never holds the store.

pub mod web;
pub mod metrics;
pub mod mcp;
