//! The tests of the whole house, in one binary: linking tantivy once is enough.

mod support;

mod house;
mod config;
mod command;
mod asking;
mod stories;
mod subscribing;
mod holding;
mod judge;
mod fusion;
mod model;
mod hostile;
mod scrub;
mod eval;
mod measuring;
mod fetch;
mod read;
mod changelog;
mod lists;
mod posts;
mod pages;
mod sessions;
mod usage;
mod costing;
mod keep;
mod river;
mod world;
mod tell;
mod written;
mod trends;
mod teach;
mod forge;
mod serve;
