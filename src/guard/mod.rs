//! Guards are pure rules that any act may ask: what may come in, and where we may go.

pub mod address;
//! Guards: pure functions that any act may name.

pub mod text;
