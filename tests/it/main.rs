//! One binary for all integration tests: linking tantivy once is enough.

mod house;
mod world;
