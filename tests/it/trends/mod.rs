//! What a month says that the months before did not.

mod moving;
mod pages;
mod mail;
