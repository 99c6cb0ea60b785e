//! One binary for all integration tests: linking tantivy once is enough.

mod house;
mod world;
//! The tests of the whole house, in one binary.

mod support;
mod fetch;
mod read;
//! The tests of the whole house, in one binary.

mod keep;
