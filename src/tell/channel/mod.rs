//! Channels carry letters away; one file or folder each.

pub mod mail;
pub mod webhook;
