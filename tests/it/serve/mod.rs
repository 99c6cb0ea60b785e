//! What is served: to browsers, to agents, to monitors.

pub mod pages;

mod frame;
mod leaving;
