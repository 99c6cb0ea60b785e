//! Reading turns bytes into entries, purely: it knows no clock, no file system, no network and no async.

mod feed;

pub use feed::feed;
