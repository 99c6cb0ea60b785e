//! Mail: letters as RFC 5322 messages, sent over SMTP. The only room that names lettre.

mod compose;
mod pace;
mod smtp;

pub use compose::Sender;
pub use smtp::Smtp;
