//! What is told, how it reads, and how it leaves.

mod choosing;
mod pages;
mod letters;
mod checks;
mod odd;
mod readers;
mod mail;
mod webhook;
mod channels;
mod ntfy;
mod slack;
mod apprise;
mod notion;
mod outbox;
mod feeds;
pub mod samples;
