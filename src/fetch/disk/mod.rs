//! Disk: transcripts below a folder, found and read without locking or changing anything there.
//!
//! Growth is proved, never assumed: a file is read on from its mark only where its inode is the same and its first bytes and
//! those before the mark hash to what they were; of what was carried here from elsewhere the bytes alone count. A folder that is away, not mounted for example, says nothing of its files.

mod events;
mod far;
mod growth;
mod lines;
mod list;

pub use events::{Depth, Events};
pub use far::far;
pub use growth::{growth, growth_of_bytes, mark};
pub use lines::{Lines, Piece};
pub use list::{Found, Listing, list};
