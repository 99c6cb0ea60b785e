//! What is served: to browsers, to agents, to monitors.

pub mod pages;

mod frame;
mod leaving;
mod searching;
mod reading;
mod watching;
mod editions;
mod lessons;
mod mcp;
