//! What is told, how it reads, and how it leaves.

mod choosing;
mod pages;
mod letters;
mod mail;
mod webhook;
mod outbox;
mod feeds;
pub mod samples;
