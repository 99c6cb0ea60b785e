//! Sessions: read what agents have written since the last run, scrub it, and keep it.

mod cloth;
mod one;
mod look;
mod rules;
mod lab;
mod choose;
mod share;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::File;
use std::path::Path;

use anyhow::{Context, Result};
use jiff::Timestamp;

use crate::config::SessionSource;
use crate::fetch::disk::{Found, growth, list};
use crate::home::Home;
use crate::keep::Keep;
use crate::keep::sessions::{Forgotten, Known, Transcript};
use crate::read::session::{self, Kind, Place};
use crate::session::{Agent, Format, SessionId};
use crate::transcript::{Growth, Stamp};

use super::report::SessionReport;
use super::{Asked, Setup};
pub(super) use cloth::Cloth;
use lab::Whose;
pub use look::{SessionFolder, look_at_sessions};
use one::{Job, Was};
pub use rules::scrub_rules;
pub(super) use share::share_what_is_due;
pub use share::{Scope, share_sessions, unshare_sessions};

/// Bytes of a file that says what a subagent was sent for; a longer one is none.
const MOST_ERRAND: u64 = 1 << 20;

/// Reads every folder of sessions that is asked for. One that can't be read is no error: it is in the report.
pub(super) fn gather(keep: &mut Keep, setup: &Setup, asked: &Asked, now: Timestamp) -> Result<Vec<SessionReport>> {
    let cloth = Cloth::of(setup);
    let mut reports = Vec::new();
    for source in &setup.sessions {
        if matches!(asked, Asked::Named(names) if !names.contains(&source.name)) {
            continue;
        }
        reports.push(Folder::new(keep, source, &cloth, now).read()?);
    }
    Ok(reports)
}

/// Removes a session, or one transcript of it, for good; see `Keep::forget_session`.
///
/// # Errors
/// When the home can't be held, or not everything could be removed; then asking again removes the rest.
pub fn forget_session(home: &Home, id: &str, now: Timestamp) -> Result<Forgotten> {
    let mut keep = Keep::open(home.folder(), "tidings sessions forget", now)?;
    let forgotten = keep.forget_session(id)?;
    if !forgotten.transcripts.is_empty() {
        keep = keep.cleared(now)?;
        keep.checkpoint()?;
    }
    share::take_back_forgotten(&mut keep).context("it is forgotten here, and not yet taken back from the lab")?;
    Ok(forgotten)
}

/// Scrubs again what was scrubbed by other rules than the present ones; says how many transcripts, and what was taken out.
///
/// # Errors
/// When the home can't be held, the rules can't be read, or the archive can't.
pub fn scrub_sessions(setup: &Setup, now: Timestamp) -> Result<(usize, BTreeMap<String, u64>)> {
    let mut keep = Keep::open(setup.home.folder(), "tidings sessions scrub", now)?;
    let cloth = Cloth::of(setup);
    let mut taken = BTreeMap::new();
    let waiting = keep.scrubbed_otherwise(cloth.version()?)?;
    let count = waiting.len();
    if count == 0 {
        return Ok((count, taken));
    }
    keep.begin_scrubbing()?;
    for mut transcript in waiting {
        let (passage, memory) = keep.content_of(&transcript)?;
        let (passage, redacted) = cloth.scrub(passage)?;
        let memory = cloth.scrub_memory(memory)?;
        for (rule, times) in &redacted {
            *taken.entry(rule.clone()).or_default() += times;
        }
        keep.replace_content(&mut transcript, passage, &memory, redacted, cloth.version()?, now)?;
    }
    // An index out of which turns are taken still holds their words for a while.
    keep.reindex_turns()?;
    keep.write_session_views()?;
    let keep = keep.cleared(now)?;
    keep.export_alone(now)?;
    keep.checkpoint()?;
    Ok((count, taken))
}

/// A file below the folder, with what its path says of it.
struct Placed {
    path: String,
    stamp: Stamp,
    place: Place,
}

/// One folder of sessions while it is read.
struct Folder<'a> {
    keep: &'a mut Keep,
    source: &'a SessionSource,
    cloth: &'a Cloth<'a>,
    now: Timestamp,
    report: SessionReport,
    /// Of what is shared: who is known to have had a session; None until it is asked.
    owners: Option<BTreeMap<SessionId, Option<String>>>,
}

impl<'a> Folder<'a> {
    fn new(keep: &'a mut Keep, source: &'a SessionSource, cloth: &'a Cloth<'a>, now: Timestamp) -> Folder<'a> {
        Folder { keep, source, cloth, now, report: SessionReport::new(&source.name), owners: None }
    }

    fn read(mut self) -> Result<SessionReport> {
        let format = self.source.format;
        // What is known is read while the folder is listed.
        let (listing, known, beside) = std::thread::scope(|scope| {
            let listing = scope.spawn(|| list(&self.source.folder, &|path| session::place(format, path).is_some()));
            let known = self.keep.known_transcripts(&self.source.name);
            let beside = self.keep.known_beside(&self.source.name);
            (listing.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)), known, beside)
        });
        let (mut known, beside) = (known?, beside?);
        let Some(mut listing) = listing else {
            // Not mounted, perhaps: what is known of it stays.
            self.report.trouble = Some(format!("{} is not there, or is empty", self.source.folder.display()));
            return Ok(self.report);
        };
        let (mut transcripts, mut errands, mut aparts) = (Vec::new(), Vec::new(), BTreeMap::new());
        let mut lists = Vec::new();
        for Found { path, stamp } in &listing.files {
            let Some(place) = session::place(format, path) else { continue };
            let Some(name) = path.to_str() else {
                self.report.unread(path, "its name is not UTF-8");
                continue;
            };
            let placed = Placed { path: name.to_owned(), stamp: *stamp, place };
            match placed.place.kind {
                Kind::Main | Kind::Subagent | Kind::Journal => transcripts.push(placed),
                Kind::Errand => errands.push(placed),
                Kind::Apart(_) => drop(aparts.insert(placed.path, placed.stamp)),
                Kind::Withdrawn => lists.push(placed.path),
            }
        }
        self.take_back(&lists, &mut listing, &mut transcripts, &mut known)?;
        for (path, why) in &listing.unseen {
            self.report.unread(path, why);
        }
        self.report.files = transcripts.len();
        let fresh_aparts: BTreeMap<String, Stamp> = aparts
            .iter()
            .filter(|(path, stamp)| beside.get(*path) != Some(stamp))
            .map(|(path, stamp)| (path.clone(), *stamp))
            .collect();
        let again = self.read_again(&known, &fresh_aparts)?;

        let listed: BTreeMap<&str, &Placed> = transcripts.iter().map(|placed| (placed.path.as_str(), placed)).collect();
        let mut moving = Moving::of(&known, &listed);
        let mut anew = BTreeSet::new();
        for placed in &transcripts {
            let before = known.get(&placed.path);
            let is_again = again.contains(placed.path.as_str());
            let is_same = before.is_some_and(|known| !known.gone && known.stamp == placed.stamp);
            if is_same && !is_again || self.is_forgotten(placed) {
                continue;
            }
            match self.read_file(placed, before, is_again, &mut moving, &aparts) {
                Ok(Was::Grown) => self.report.grown += 1,
                Ok(Was::Same) => {}
                Ok(Was::Forgotten) => {}
                Ok(Was::New) => {
                    self.report.new += 1;
                    anew.insert(placed.path.clone());
                }
                Ok(Was::Rewritten) => {
                    self.report.rewritten += 1;
                    anew.insert(placed.path.clone());
                }
                Err(Stopped::Here(error)) => return Err(error),
                Err(Stopped::There(error)) => self.report.unread(Path::new(&placed.path), &format!("{error:#}")),
            }
        }
        let mut seen = self.read_errands(&errands, &beside, &anew)?;
        for (path, known) in &known {
            let is_listed = listed.contains_key(path.as_str());
            let is_away = !known.gone && !is_listed && !moving.went.contains(path);
            if is_away
                && listing.is_gone(Path::new(path))
                && let Some(mut transcript) = self.keep.transcript(&known.id)?
            {
                self.keep.transcript_is_gone(&mut transcript, self.now)?;
                self.report.gone += 1;
            }
        }
        if self.report.unread_count == 0 {
            seen.extend(fresh_aparts);
        }
        self.keep.keep_beside(&self.source.name, &seen)?;
        Ok(self.report)
    }

    /// Transcripts with a turn whose whole output has come to lie beside them, or changed there, since they were read.
    fn read_again(&self, known: &BTreeMap<String, Known>, fresh: &BTreeMap<String, Stamp>) -> Result<BTreeSet<String>> {
        let mut by_session: BTreeMap<&str, BTreeMap<&str, Stamp>> = BTreeMap::new();
        for (path, stamp) in fresh {
            if let Some((folder, name)) = path.split_once(one::APART) {
                by_session.entry(folder).or_default().insert(name, *stamp);
            }
        }
        let mut again = BTreeSet::new();
        for (folder, names) in by_session {
            let of_session = known.iter().filter(|(path, _)| {
                path.strip_prefix(folder).is_some_and(|rest| rest == ".jsonl" || rest.starts_with('/'))
            });
            for (path, known) in of_session {
                let Some(transcript) = self.keep.transcript(&known.id)? else { continue };
                let differs = |(name, then): (&String, &Option<Stamp>)| {
                    names.get(name.as_str()).is_some_and(|stamp| *then != Some(*stamp))
                };
                if transcript.apart.iter().any(differs) {
                    again.insert(path.clone());
                }
            }
        }
        Ok(again)
    }

    fn is_forgotten(&self, placed: &Placed) -> bool {
        let Some(native) = &placed.place.session else { return false };
        let Format::Of(agent) = self.source.format else { return false };
        let session = SessionId { agent, native: native.clone() };
        self.keep.is_forgotten(&session, placed.place.subagent.as_deref())
    }

    fn read_file(
        &mut self,
        placed: &Placed,
        before: Option<&Known>,
        is_again: bool,
        moving: &mut Moving,
        aparts: &BTreeMap<String, Stamp>,
    ) -> Result<Was, Stopped> {
        let file = File::open(self.source.folder.join(&placed.path)).map_err(|error| Stopped::There(error.into()))?;
        let format = self.source.format;
        let Whose { session, subagent, owner, host } = self.whose(placed, &file)?;
        if format == Format::Shared && self.keep.is_forgotten(&session, subagent.as_deref()) {
            return Ok(Was::Forgotten);
        }
        let mut transcript = match before {
            Some(known) => self.keep.transcript(&known.id).map_err(Stopped::Here)?,
            None => {
                let moved = self.moved(placed, &file, moving).map_err(Stopped::Here)?;
                if let Some(transcript) = &moved {
                    self.report.moved += 1;
                    // Under another name it may be another session's, and is read as one.
                    let is_other = placed.place.session.is_some()
                        && (&transcript.session, &transcript.subagent) != (&session, &subagent);
                    let mut transcript = transcript.clone();
                    if is_other || is_whole(format, &placed.path) != is_whole(format, &transcript.path) {
                        self.keep.restart_transcript(&mut transcript, self.now).map_err(Stopped::Here)?;
                        transcript.session = session.clone();
                        transcript.subagent = subagent.clone();
                    }
                    self.keep.move_transcript(&mut transcript, &placed.path).map_err(Stopped::Here)?;
                    Some(transcript)
                } else {
                    None
                }
            }
        };
        let is_new = transcript.is_none();
        if is_new {
            let made = self.keep.new_transcript(&self.source.name, &placed.path, session.clone(), subagent.clone());
            transcript = Some(made.map_err(Stopped::Here)?);
        }
        let mut transcript = transcript.expect("it is known or was just made");
        let was = (&transcript.session, &transcript.subagent, &transcript.owner, &transcript.host);
        if format == Format::Shared && was != (&session, &subagent, &owner, &host) {
            // The index knows its turns under what its header said before.
            if !transcript.is_unread() {
                self.keep.restart_transcript(&mut transcript, self.now).map_err(Stopped::Here)?;
            }
            (transcript.session, transcript.subagent) = (session, subagent);
        }
        (transcript.owner, transcript.host) = (owner, host);
        let job = Job { file, placed, aparts, is_again, is_whole: is_whole(format, &placed.path) };
        let was = self.read_opened(&mut transcript, &job)?;
        Ok(if is_new && was != Was::Forgotten { Was::New } else { was })
    }

    /// The transcript that this file was under another path, if its bytes prove it.
    fn moved(&mut self, placed: &Placed, file: &File, moving: &mut Moving) -> Result<Option<Transcript>> {
        let compressed = |path: &String| {
            path.strip_suffix(".zst") == Some(placed.path.as_str())
                || placed.path.strip_suffix(".zst") == Some(path.as_str())
        };
        // One that was compressed since is another file, with the same session in its name.
        let is_sure = moving.missing.iter().find(|path| compressed(path)).cloned();
        let same_file = moving.by_file.get(&(placed.stamp.device, placed.stamp.inode)).cloned();
        let (is_sure, path) = (is_sure.is_some(), is_sure.or(same_file));
        let Some(path) = path else { return Ok(None) };
        let Some(known) = moving.known.get(&path) else { return Ok(None) };
        let Some(transcript) = self.keep.transcript(&known.id)? else { return Ok(None) };
        let is_proved = is_sure
            || transcript.mark.stamp == placed.stamp
            || (!is_whole(self.source.format, &placed.path)
                && transcript.mark.offset > 0
                && growth(file, &transcript.mark).is_ok_and(|(growth, _)| growth != Growth::Rewritten));
        if !is_proved {
            return Ok(None);
        }
        moving.went.insert(path);
        Ok(Some(transcript))
    }

    /// What subagents were sent for. Returns the files that were read.
    fn read_errands(
        &mut self,
        errands: &[Placed],
        beside: &BTreeMap<String, Stamp>,
        anew: &BTreeSet<String>,
    ) -> Result<BTreeMap<String, Stamp>> {
        let mut seen = BTreeMap::new();
        for placed in errands {
            let Some(stem) = placed.path.strip_suffix(".meta.json") else { continue };
            let owner = format!("{stem}.jsonl");
            if beside.get(&placed.path) == Some(&placed.stamp) && !anew.contains(&owner) {
                continue;
            }
            // One that comes before its transcript waits for it.
            let Some(mut transcript) = self.keep.transcript_at(&self.source.name, &owner)? else { continue };
            match one::bounded(&self.source.folder.join(&placed.path), MOST_ERRAND) {
                Ok(bytes) => {
                    let errand = self.cloth.scrub_facts(session::errand(&bytes))?.errand;
                    self.keep.keep_errand(&mut transcript, errand)?;
                    seen.insert(placed.path.clone(), placed.stamp);
                }
                Err(error) => self.report.unread(Path::new(&placed.path), &error.to_string()),
            }
        }
        Ok(seen)
    }
}

/// Where reading a file stopped: at our own memory, which ends the run, or at the file, which the report names.
enum Stopped {
    Here(anyhow::Error),
    There(anyhow::Error),
}

/// Transcripts that may lie under another path now.
struct Moving<'k> {
    known: &'k BTreeMap<String, Known>,
    /// By device and inode.
    by_file: HashMap<(u64, u64), String>,
    missing: Vec<String>,
    /// Old paths of those that were found again.
    went: BTreeSet<String>,
}

impl<'k> Moving<'k> {
    fn of(known: &'k BTreeMap<String, Known>, listed: &BTreeMap<&str, &Placed>) -> Moving<'k> {
        let (mut by_file, mut missing) = (HashMap::new(), Vec::new());
        for (path, known) in known {
            let file = (known.stamp.device, known.stamp.inode);
            match listed.get(path.as_str()) {
                Some(placed) if (placed.stamp.device, placed.stamp.inode) == file => {}
                found => {
                    by_file.insert(file, path.clone());
                    if found.is_none() {
                        missing.push(path.clone());
                    }
                }
            }
        }
        Moving { known, by_file, missing, went: BTreeSet::new() }
    }
}

/// Whether a file has to be read from its beginning whenever it changes: one that is edited in place, or compressed.
fn is_whole(format: Format, path: &str) -> bool {
    format == Format::Of(Agent::Diary) || path.ends_with(".zst")
}
