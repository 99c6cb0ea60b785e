//! Teach: what was learnt becomes a small pull request on the skill that everybody's agent reads. A person merges it.

pub mod learn;
pub mod gate;
pub mod skill;
pub mod forge;
pub mod friction;
pub mod permissions;
