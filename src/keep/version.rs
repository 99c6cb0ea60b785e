//! Files are told from what they were by what the system says of them: a reader that stays opens them again when they changed.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// What some files were, or that they were not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version(Vec<Option<Stamp>>);

/// Device, inode, time of the last change in seconds and nanoseconds, and bytes.
type Stamp = (u64, u64, i64, i64, u64);

impl Version {
    pub(crate) fn of(paths: &[&Path]) -> Version {
        let told = |path: &&Path| {
            let file = fs::metadata(path).ok()?;
            Some((file.dev(), file.ino(), file.mtime(), file.mtime_nsec(), file.len()))
        };
        Version(paths.iter().map(told).collect())
    }

    /// All of them were there.
    pub(super) fn is_whole(&self) -> bool {
        self.0.iter().all(Option::is_some)
    }
}
