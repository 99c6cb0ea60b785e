//! What a run did, in numbers: printed for people, and as `run --json`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::item::{Fault, FaultKind, ItemId, short_hash};
use crate::keep::Stopped;
use crate::opinion::Tokens;
use crate::source::Health;

/// Most items that a report names as unreadable; the rest is counted.
const NAMED: usize = 6;

/// One run. The shape of `run --json`: fields may be added, not renamed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    pub version: u32,
    pub now: Timestamp,
    /// The run's id, as it stands in its log and in state/views/status.json.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub run: String,
    pub sources: Vec<SourceReport>,
    /// What changed about sources; each is told by one run alone.
    pub changes: Vec<Change>,
    /// Folders of sessions that were read.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sessions: Vec<SessionReport>,
    /// What was shared of them; None where nothing is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub share: Option<ShareReport>,
    pub acts: Acts,
    /// Some of the items whose text was needed and could not be read from the archive.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lost: Vec<ItemId>,
    /// Wall time of the run.
    pub seconds: f64,
}

impl Report {
    pub fn new(now: Timestamp) -> Report {
        let (sources, changes, sessions, lost) = Default::default();
        let (share, acts, seconds) = (None, Acts::default(), 0.0);
        Report { version: 1, now, run: String::new(), sources, changes, sessions, share, acts, lost, seconds }
    }

    /// Notes the items whose text could not be read from the archive.
    pub fn note_unreadable(&mut self, items: &[ItemId]) {
        self.acts.texts_lost = items.len();
        self.lost = items.iter().take(NAMED).cloned().collect();
    }

    /// Sources were asked, and none of them answered.
    pub fn nothing_answered(&self) -> bool {
        let mut asked = self.sources.iter().filter(|source| source.status != Status::NotDue).peekable();
        asked.peek().is_some() && asked.all(|source| source.status == Status::Fault)
    }
}

/// Names a run in logs and views: `r-` and ten letters that follow from the home and the time, to the nanosecond.
pub fn run_id(home: &Path, now: Timestamp) -> String {
    let mut hasher = Sha256::new();
    hasher.update(home.as_os_str().as_encoded_bytes());
    hasher.update(now.as_nanosecond().to_be_bytes());
    format!("r-{}", short_hash(hasher))
}

/// What became of one source in a run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SourceReport {
    pub name: String,
    pub status: Status,
    /// Entries on the page.
    pub entries: usize,
    pub new: usize,
    pub updated: usize,
    pub fault: Option<FaultReport>,
    /// It moved for good, is asked at its new place, and a person should write that into sources.toml.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub moved: Option<String>,
}

impl SourceReport {
    pub fn new(name: &str, status: Status) -> SourceReport {
        SourceReport { name: name.to_owned(), status, entries: 0, new: 0, updated: 0, fault: None, moved: None }
    }

    pub fn failed(name: &str, fault: &Fault) -> SourceReport {
        SourceReport { fault: Some(FaultReport::of(fault)), ..SourceReport::new(name, Status::Fault) }
    }
}

/// What became of one folder of sessions in a run.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct SessionReport {
    pub name: String,
    /// Transcripts in it.
    pub files: usize,
    /// Of them those that were not known, grew, were written anew, lie elsewhere now, or are no longer there.
    pub new: usize,
    pub grown: usize,
    pub rewritten: usize,
    pub moved: usize,
    pub gone: usize,
    /// Transcripts that their owners took back, and that are no longer kept.
    #[serde(skip_serializing_if = "is_none")]
    pub withdrawn: usize,
    /// Turns that were read.
    pub turns: usize,
    /// Secrets that were taken out of them, by rule.
    pub redacted: BTreeMap<String, u64>,
    /// Files and folders that could not be looked at or read, and why, as far as they are named; and how many there are.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unread: Vec<String>,
    pub unread_count: usize,
    /// Why nothing was read at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
}

impl SessionReport {
    pub fn new(name: &str) -> SessionReport {
        SessionReport { name: name.to_owned(), ..SessionReport::default() }
    }

    pub fn unread(&mut self, path: &Path, why: &str) {
        self.unread_count += 1;
        if self.unread.len() < NAMED {
            self.unread.push(format!("{}: {why}", path.display()));
        }
    }
}

/// What became of the folder of what is shared.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct ShareReport {
    pub folder: PathBuf,
    /// Transcripts that were written there for the first time, added to, written anew, or taken back.
    pub new: usize,
    pub grown: usize,
    pub rewritten: usize,
    pub withdrawn: usize,
    /// That were written.
    pub bytes: u64,
    /// Sessions that are shared, wait, can't be decided about, or are held back in a project that is shared; the others worked
    /// elsewhere.
    pub shared: usize,
    pub waiting: usize,
    pub doubtful: usize,
    pub held: usize,
    pub elsewhere: usize,
    /// Each of them but those that worked elsewhere. Left out of a run's report.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sessions: Vec<SharedSession>,
    /// Why not everything was written; the next sharing tries again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
}

/// A session that is shared or may be.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SharedSession {
    pub session: String,
    pub title: Option<String>,
    pub cwd: Option<String>,
    pub transcripts: usize,
    /// Something of it lay in the folder before.
    pub is_shared: bool,
    /// `goes`, `waits`, `doubtful`, `held` or `elsewhere`.
    pub fate: &'static str,
    /// Until when it waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub till: Option<Timestamp>,
    /// Why it is not shared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

impl ShareReport {
    pub fn new(folder: &Path) -> ShareReport {
        ShareReport { folder: folder.to_owned(), ..ShareReport::default() }
    }

    pub(super) fn count(&mut self, fate: &str) {
        let count = match fate {
            "goes" => &mut self.shared,
            "waits" => &mut self.waiting,
            "doubtful" => &mut self.doubtful,
            "held" => &mut self.held,
            _ => &mut self.elsewhere,
        };
        *count += 1;
    }
}

/// Something about a source that people are told once.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Change {
    pub source: String,
    pub what: What,
    /// The reason, and what to do.
    pub message: String,
    pub last_good: Option<Timestamp>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// It is asked at another address from now on.
    Moved,
    /// How it fares.
    Ok,
    Quiet,
    Failing,
    Parked,
}

impl What {
    pub fn of(health: Health) -> What {
        match health {
            Health::Ok => What::Ok,
            Health::Quiet => What::Quiet,
            Health::Failing => What::Failing,
            Health::Parked => What::Parked,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    Ok,
    NotModified,
    /// Asked less than its interval ago, or its host asked us to wait.
    NotDue,
    Fault,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FaultReport {
    pub kind: FaultKind,
    pub message: String,
}

impl FaultReport {
    pub fn of(fault: &Fault) -> FaultReport {
        FaultReport { kind: fault.kind, message: fault.message.clone() }
    }
}

/// What the acts after fetching did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Acts {
    /// Items that got a verdict.
    pub judged: usize,
    /// Stories that a model read, and those that wait for one.
    pub read_by_model: usize,
    pub unread: usize,
    /// Stories about which rules and the model are far apart, and which another model has read.
    pub second_opinions: usize,
    /// Stories of which a model wrote down, in a form, what they say.
    pub extracted: usize,
    /// Lessons that were found, and known ones that were retired.
    pub lessons: usize,
    pub lessons_retired: usize,
    /// Requests on the lab's skill that were opened or brought up to date.
    pub requests: usize,
    /// What asking it cost.
    pub tokens: Tokens,
    /// Items written to the index.
    pub indexed: usize,
    /// Turns of sessions written to theirs.
    pub turns_indexed: usize,
    /// Stories for which an alert was written.
    pub alerted: usize,
    /// Critical stories that the day's alerts had no room for, told together in its roll-up.
    pub rolled_up: usize,
    /// Critical stories that wait for the day's roll-up, or for the next day.
    pub held_for_rollup: usize,
    /// Weeks whose digest was written, `2026-W47`.
    pub digests: Vec<String>,
    /// Months whose trends were written, `2026-11`.
    pub trends: Vec<String>,
    pub letters_sent: usize,
    /// Letters that wait for another try.
    pub letters_waiting: usize,
    /// Letters refused for good.
    pub letters_dead: usize,
    /// Letters too old to be sent by themselves: `tidings channels replay` sends them.
    pub letters_held: usize,
    /// Letters that wait for the end of the quiet hours.
    pub letters_quiet: usize,
    /// Channels that were closed from the other side in this run.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub closed: Vec<String>,
    /// Editions that were too old to be mailed, `digest/2026-W47`.
    pub not_mailed: Vec<String>,
    /// Letters whose reader left the list before they left.
    pub letters_withdrawn: usize,
    /// Editions that were written and not mailed, because something about them needs a person's look.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub stopped: Vec<Stopped>,
    /// Work that failed and will be tried again.
    pub failed: usize,
    /// Items whose text was needed and could not be read.
    pub texts_lost: usize,
}

fn is_none(number: &usize) -> bool {
    *number == 0
}
