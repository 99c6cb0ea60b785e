//! A home: the folder that holds one lab's tidings. Only paths; nothing here touches the disk.

use std::path::{Path, PathBuf};

/// Where everything of one home lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Home {
    folder: PathBuf,
}

impl Home {
    pub fn at(folder: impl Into<PathBuf>) -> Home {
        Home { folder: folder.into() }
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// What is watched.
    pub fn sources(&self) -> PathBuf {
        self.folder.join("sources.toml")
    }

    /// How; may be missing.
    pub fn settings(&self) -> PathBuf {
        self.folder.join("tidings.toml")
    }

    /// What we said.
    pub fn digests(&self) -> PathBuf {
        self.folder.join("digests")
    }
}
