//! The folder into which sessions are shared: files that are added to, and a list of what is taken back.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{BufWriter, ErrorKind, IntoInnerError, Seek, SeekFrom, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use fail::fail_point;

use super::super::super::archive::sync_folder;
use super::super::super::whole;

/// Ids of transcripts that are taken back, a line each. It is there as soon as anything is shared, and so tells a folder that is
/// mounted from one that is not.
const WITHDRAWN: &str = "withdrawn";

/// A folder that is there. Who may look into it may look at what is in it: what is made there has its mode, but that nobody else
/// may write.
pub struct SharedFolder {
    path: PathBuf,
    mode: u32,
}

impl SharedFolder {
    /// Opens the folder; `is_used` if something was shared into it before.
    ///
    /// # Errors
    /// When it is not there, or not what it was; the message names the remedy.
    pub fn open(path: &Path, is_used: bool) -> Result<SharedFolder> {
        let there = fs::metadata(path)
            .with_context(|| format!("opening {}; mount it, or make it and say who may enter it", path.display()))?;
        if !there.is_dir() {
            bail!("{} is no folder", path.display());
        }
        if is_used && !path.join(WITHDRAWN).exists() {
            bail!(
                "what was shared is not in {}; mount it, or make an empty file `{WITHDRAWN}` in it if it was emptied on purpose",
                path.display()
            );
        }
        Ok(SharedFolder { path: path.to_owned(), mode: there.mode() & 0o7777 })
    }

    /// Bytes of a file; None if there is none, or something else stands there.
    pub fn length(&self, file: &str) -> Option<u64> {
        fs::symlink_metadata(self.path.join(file)).ok().filter(|there| there.is_file()).map(|there| there.len())
    }

    /// Writes a file whole, in place of what was there; returns its length.
    pub fn write(&self, file: &str, fill: impl FnOnce(&mut dyn Write) -> Result<()>) -> Result<u64> {
        let path = self.path.join(file);
        if let Some(folder) = path.parent().filter(|folder| *folder != self.path) {
            self.make(folder)?;
        }
        whole::replace_with(&path, self.file_mode(), fill)?;
        self.open_to_readers(&path, self.file_mode())?;
        fail_point!("share-written");
        Ok(fs::metadata(&path).with_context(|| format!("looking at {}", path.display()))?.len())
    }

    /// Writes on behind the first `length` bytes; what a run that was stopped has left there goes. Returns the new length.
    pub fn append(&self, file: &str, length: u64, fill: impl FnOnce(&mut dyn Write) -> Result<()>) -> Result<u64> {
        let path = self.path.join(file);
        let doing = || format!("writing {}; check the disk's free space", path.display());
        let mut opened = OpenOptions::new().write(true).open(&path).with_context(doing)?;
        opened.set_len(length).with_context(doing)?;
        opened.seek(SeekFrom::Start(length)).with_context(doing)?;
        let mut writer = BufWriter::new(opened);
        fill(&mut writer).with_context(doing)?;
        let opened = writer.into_inner().map_err(IntoInnerError::into_error).with_context(doing)?;
        fail_point!("share-appended");
        opened.sync_data().with_context(doing)?;
        Ok(opened.metadata().with_context(doing)?.len())
    }

    /// Removes a file, and its folder with the last of them.
    pub fn remove(&self, file: &str) -> Result<()> {
        let path = self.path.join(file);
        let doing = || format!("removing {}", path.display());
        match fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error).with_context(doing),
            _ => {}
        }
        let Some(folder) = path.parent().filter(|folder| *folder != self.path) else { return Ok(()) };
        // What a run that was stopped has left of a file that was being written.
        if let Some(name) = path.file_name().and_then(|name| name.to_str()) {
            let _ = fs::remove_file(folder.join(format!(".{name}.part")));
        }
        match fs::remove_dir(folder) {
            Err(error) if !matches!(error.kind(), ErrorKind::NotFound | ErrorKind::DirectoryNotEmpty) => {
                Err(error).with_context(doing)
            }
            _ => Ok(()),
        }
    }

    /// Says of these transcripts that they are taken back, and of those that they are not.
    pub fn withdraw<'i>(
        &self,
        back: impl IntoIterator<Item = &'i str>,
        out: impl IntoIterator<Item = &'i str>,
    ) -> Result<()> {
        let path = self.path.join(WITHDRAWN);
        let doing = || format!("reading {}", path.display());
        let before = match fs::read_to_string(&path) {
            Ok(text) => Some(text),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(error).with_context(doing),
        };
        let mut ids: BTreeSet<String> = before.as_deref().unwrap_or_default().lines().map(str::to_owned).collect();
        ids.extend(back.into_iter().map(str::to_owned));
        for id in out {
            ids.remove(id);
        }
        let text: String = ids.into_iter().map(|id| id + "\n").collect();
        if before.as_ref() != Some(&text) {
            whole::replace(&path, text.as_bytes(), self.file_mode())?;
            self.open_to_readers(&path, self.file_mode())?;
            sync_folder(&self.path)?;
            fail_point!("share-withdrawn");
        }
        Ok(())
    }

    fn make(&self, folder: &Path) -> Result<()> {
        let doing = || format!("making the folder {}", folder.display());
        match fs::create_dir(folder) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error).with_context(doing),
            Err(_) => {
                if !fs::symlink_metadata(folder).with_context(doing)?.is_dir() {
                    bail!("{}: something else stands there", doing());
                }
                Ok(())
            }
            Ok(()) => self.open_to_readers(folder, self.mode & 0o7755),
        }
    }

    fn file_mode(&self) -> u32 {
        self.mode & 0o644
    }

    /// Whatever this process's umask.
    fn open_to_readers(&self, path: &Path, mode: u32) -> Result<()> {
        let doing = || format!("opening {} to its readers", path.display());
        let there = File::open(path).with_context(doing)?;
        if there.metadata().with_context(doing)?.mode() & 0o7777 != mode {
            there.set_permissions(Permissions::from_mode(mode)).with_context(doing)?;
        }
        Ok(())
    }
}
