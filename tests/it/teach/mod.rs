//! Teaching: what is learnt, what may enter a skill, and how it is proposed.

mod desk;
mod learn;
mod lessons;
mod gate;
mod attacks;
mod hostile;
mod skill;
mod versions;
mod requests;
pub mod made;
mod friction;
mod permissions;
mod first_use;
