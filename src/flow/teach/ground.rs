//! The ground: what the skills repository holds before anything of ours is added.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use crate::config::Skills;
use crate::teach::forge::Seen;
use crate::teach::skill::{Base, BaseFile};

/// Bytes of one of its files: what is larger is no skill.
const MOST_BYTES: u64 = 1 << 20;

/// Texts of the base; None where there is no such file.
#[derive(Debug, Clone, Default)]
pub(super) struct Ground {
    pub reference: Option<String>,
    pub manifest: Option<String>,
    pub body: Option<String>,
    pub marketplace: Option<String>,
}

impl Ground {
    pub fn of_seen(seen: &Seen) -> Ground {
        Ground {
            reference: seen.reference.clone(),
            manifest: seen.manifest.clone(),
            body: seen.body.clone(),
            marketplace: None,
        }
    }

    /// Reads a folder with the repository's files, as they are there.
    pub fn of_folder(folder: &Path, skills: &Skills) -> Result<Ground> {
        ensure!(
            folder.join(&skills.manifest).is_file(),
            "{} holds no {}; --checkout names the folder of a clone of {}",
            folder.display(),
            skills.manifest,
            skills.repository
        );
        Ok(Ground {
            reference: read(&folder.join(&skills.reference))?,
            manifest: read(&folder.join(&skills.manifest))?,
            body: skills.body.as_ref().map_or(Ok(None), |body| read(&folder.join(body)))?,
            marketplace: read(&folder.join(".claude-plugin/marketplace.json"))?,
        })
    }

    pub fn base<'t>(&'t self, skills: &'t Skills) -> Base<'t> {
        Base {
            reference: BaseFile { path: &skills.reference, text: self.reference.as_deref() },
            manifest: BaseFile { path: &skills.manifest, text: self.manifest.as_deref() },
            body: skills.body.as_deref().map(|path| BaseFile { path, text: self.body.as_deref() }),
            marketplace: self.marketplace.as_deref(),
        }
    }
}

fn read(path: &Path) -> Result<Option<String>> {
    let doing = || format!("reading {}", path.display());
    match fs::metadata(path) {
        Ok(metadata) => ensure!(metadata.len() <= MOST_BYTES, "{} is too large for a skill's file", path.display()),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).with_context(doing),
    }
    Ok(Some(fs::read_to_string(path).with_context(doing)?))
}
