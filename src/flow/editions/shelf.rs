//! The shelf: the folder digests/, from which nothing is read that does not lie in it.

use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use tracing::warn;

use crate::home::Home;

/// Of one file, in bytes. The fullest feed has less than a megabyte.
const MOST_BYTES: u64 = 8 * 1024 * 1024;

pub(super) struct Shelf {
    /// With every symlink followed: the folder may be one.
    folder: PathBuf,
}

impl Shelf {
    /// None in a home that has said nothing yet.
    pub fn open(home: &Home) -> Result<Option<Shelf>> {
        let folder = home.digests();
        match fs::canonicalize(&folder) {
            Ok(folder) => Ok(Some(Shelf { folder })),
            Err(error) if is_absent(&error) => Ok(None),
            Err(error) => Err(error).with_context(|| format!("looking for {}", folder.display())),
        }
    }

    /// Names in a folder of the shelf; none where it is not there.
    pub fn names(&self, below: &str) -> Result<Vec<String>> {
        let Some(folder) = self.inside(below)?.filter(|folder| folder.is_dir()) else { return Ok(Vec::new()) };
        let entries = fs::read_dir(&folder)
            .and_then(|entries| entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect())
            .with_context(|| format!("listing {}", folder.display()))?;
        Ok(entries)
    }

    /// Whether a file lies there.
    pub fn holds(&self, below: &str) -> bool {
        matches!(self.inside(below), Ok(Some(path)) if path.is_file())
    }

    /// A file, whole; None where there is none.
    pub fn read(&self, below: &str) -> Result<Option<Vec<u8>>> {
        // A pipe would keep us waiting for somebody who writes.
        let Some(path) = self.inside(below)?.filter(|path| path.is_file()) else { return Ok(None) };
        let read = || -> Result<Vec<u8>> {
            let mut bytes = Vec::new();
            File::open(&path)?.take(MOST_BYTES + 1).read_to_end(&mut bytes)?;
            ensure!(bytes.len() as u64 <= MOST_BYTES, "it has more than {MOST_BYTES} bytes, and no edition has");
            Ok(bytes)
        };
        read().with_context(|| format!("reading {}", path.display())).map(Some)
    }

    /// Where a path leads, if it leads to something on the shelf.
    fn inside(&self, below: &str) -> Result<Option<PathBuf>> {
        let path = self.folder.join(below);
        match fs::canonicalize(&path) {
            Ok(found) if found.starts_with(&self.folder) => Ok(Some(found)),
            Ok(_) => {
                warn!("{} leads out of the digests and is not followed", path.display());
                Ok(None)
            }
            Err(error) if is_absent(&error) => Ok(None),
            Err(error) => Err(error).with_context(|| format!("looking for {}", path.display())),
        }
    }
}

fn is_absent(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}
