//! What people share is read where it says whose it is, and goes again when it is taken back.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};

use super::{Folder, Placed, Stopped, one};
use crate::fetch::disk::Listing;
use crate::keep::sessions::Known;
use crate::read::session;
use crate::session::{Format, Header, SessionId};

/// Bytes of a list of what is taken back: of a million transcripts.
const MOST_LIST: u64 = 16 << 20;

/// Bytes of the first line of a shared file, and of each step in which its end is looked for.
const MOST_HEADER: usize = 4 << 20;
const STEP: usize = 64 << 10;

/// Whose a transcript is.
pub(super) struct Whose {
    pub(super) session: SessionId,
    pub(super) subagent: Option<String>,
    pub(super) owner: Option<String>,
    pub(super) host: Option<String>,
}

impl Folder<'_> {
    /// Whose transcript this file is: an agent's own says it by its path, a shared one by its header.
    pub(super) fn whose(&mut self, placed: &Placed, file: &File) -> Result<Whose, Stopped> {
        let source = self.source;
        let Format::Of(agent) = source.format else {
            let header = header(file).map_err(Stopped::There)?;
            let owner = source.owner.clone().or_else(|| first_folder(&placed.path)).or(header.owner);
            self.check_owner(&header.session, owner.as_ref())?;
            let host = source.host.clone().or(header.host);
            return Ok(Whose { session: header.session, subagent: header.subagent, owner, host });
        };
        let native = placed.place.session.clone().unwrap_or_default();
        let (owner, host) = (source.owner.clone(), source.host.clone());
        Ok(Whose { session: SessionId { agent, native }, subagent: placed.place.subagent.clone(), owner, host })
    }

    /// Nobody speaks in a session that is another's, as far as that one's file is there.
    fn check_owner(&mut self, session: &SessionId, owner: Option<&String>) -> Result<(), Stopped> {
        if self.owners.is_none() {
            let known = self.keep.transcripts().map_err(Stopped::Here)?;
            let there = known.into_iter().filter(|one| one.gone.is_none());
            self.owners = Some(there.map(|one| (one.session, one.owner)).collect());
        }
        let known = self.owners.as_mut().expect("they were just asked");
        match known.get(session) {
            Some(known) if known.as_ref() != owner => {
                let whose = known.as_deref().unwrap_or("somebody else");
                Err(Stopped::There(anyhow!("it names the session {session}, which is {whose}'s")))
            }
            Some(_) => Ok(()),
            None => {
                known.insert(session.clone(), owner.cloned());
                Ok(())
            }
        }
    }

    /// Removes for good what these lists name, and leaves it unread. Where a list can't be read, nothing below its folder is.
    pub(super) fn take_back(
        &mut self,
        lists: &[String],
        listing: &mut Listing,
        transcripts: &mut Vec<Placed>,
        known: &mut BTreeMap<String, Known>,
    ) -> Result<()> {
        if lists.is_empty() {
            return Ok(());
        }
        let mut taken: Vec<(PathBuf, BTreeSet<String>)> = Vec::new();
        for list in lists {
            let folder = Path::new(list).parent().unwrap_or(Path::new("")).to_owned();
            match read_list(&self.source.folder.join(list)) {
                Ok(ids) => taken.push((folder, ids)),
                Err(error) => {
                    listing.unseen.push((folder.clone(), format!("its list of what is taken back: {error:#}")));
                    transcripts.retain(|placed| !Path::new(&placed.path).starts_with(&folder));
                }
            }
        }
        let is_taken = |path: &str| {
            let stem = Path::new(path).file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
            taken.iter().any(|(folder, ids)| ids.contains(stem) && Path::new(path).starts_with(folder))
        };
        transcripts.retain(|placed| !is_taken(&placed.path));
        let gone: Vec<String> = known.keys().filter(|path| is_taken(path)).cloned().collect();
        let mut removed = Vec::new();
        for path in gone {
            if let Some(known) = known.remove(&path) {
                removed.extend(self.keep.transcript(&known.id)?);
            }
        }
        if !removed.is_empty() {
            self.report.withdrawn = removed.len();
            self.keep.remove_sessions(&removed)?;
        }
        Ok(())
    }
}

/// Of `ada/SESSION/t-….jsonl`: who has a folder of his own below the root.
fn first_folder(path: &str) -> Option<String> {
    let folders: Vec<&str> = path.split('/').collect();
    (folders.len() > 2).then(|| folders[0].to_owned())
}

fn read_list(path: &Path) -> Result<BTreeSet<String>> {
    let bytes = one::bounded(path, MOST_LIST + 1)?;
    if bytes.len() as u64 > MOST_LIST {
        bail!("it has more than {MOST_LIST} bytes");
    }
    Ok(session::withdrawn(&bytes))
}

/// The first line of a shared file, read.
fn header(file: &File) -> Result<Header> {
    let mut line = Vec::new();
    loop {
        let known = line.len();
        line.resize(known + STEP, 0);
        let read = file.read_at(&mut line[known..], known as u64).context("reading its first line")?;
        line.truncate(known + read);
        if let Some(end) = line[known..].iter().position(|byte| *byte == b'\n') {
            line.truncate(known + end);
            break;
        }
        if read == 0 || line.len() > MOST_HEADER {
            break;
        }
    }
    session::header(&line).context("it does not begin as a shared session of this version")
}
