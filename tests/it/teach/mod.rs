//! Teaching: what is learnt, what may enter a skill, and how it is proposed.

mod learn;
mod lessons;
