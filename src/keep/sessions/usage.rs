//! Usage is counted from the views, a line at a time: they may be larger than the memory.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::File;
use std::io::{BufRead, BufReader, ErrorKind, Read, Seek};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{SpentLine, TranscriptId};
use crate::session::SessionId;
use crate::session::usage::{
    Answer, By, Count, Joined, LabUsage, PEOPLE, PriceList, Repeats, Row, SessionAbout, Tokens, Window, lab_days,
    lab_groups, lab_weeks,
};

/// Letters of a title that are remembered: it may be a long prompt.
const TITLE: usize = 200;

/// What is asked.
#[derive(Debug, Clone)]
pub struct WantedUsage {
    pub by: By,
    /// Which answers count. Of blocks it is the caller's to leave some out: where one begins depends on those before.
    pub window: Window,
    /// Whose days are meant.
    pub zone: TimeZone,
    pub today: Date,
    pub prices: PriceList,
    /// The home is a lab's: nobody is shown by himself, however few share.
    pub is_lab: bool,
}

/// What may be seen of a home's usage.
#[derive(Debug)]
pub enum Usage {
    /// All of it: the sessions are those of one person.
    Own(OwnUsage),
    /// Sums over several people; None where not enough of them worked yet.
    Lab { people: usize, told: Option<LabUsage> },
    /// Several people's, but too few to be summed up.
    TooFew { people: usize },
    /// Many people's, and each of these is one person's: it is never told.
    OneByOne(By),
}

#[derive(Debug)]
pub struct OwnUsage {
    pub rows: Vec<Row>,
    /// What rows of sessions point into.
    pub sessions: Vec<SessionAbout>,
    /// Answers that were left out because their time is not known.
    pub undated: u64,
    /// Answers of transcripts that the list of sessions does not have yet: a run is just writing it.
    pub unlisted: u64,
}

/// What counting needs of state/views/sessions.jsonl.
#[derive(Deserialize)]
struct Line {
    id: TranscriptId,
    session: SessionId,
    subagent: Option<String>,
    owner: Option<String>,
    title: Option<String>,
    parent: Option<String>,
    cwd: Option<String>,
    branch: Option<String>,
    started: Option<Timestamp>,
    ended: Option<Timestamp>,
    turns: u64,
}

#[derive(Deserialize)]
struct MessageLine {
    message: String,
}

/// Counts what a home's sessions cost, as last written. Needs no lock.
///
/// # Errors
/// When a view can't be read; the message says what writes it anew.
pub fn usage(home: &Path, wanted: &WantedUsage) -> Result<Usage> {
    let mut spent = View::open(home, "spent.jsonl")?;
    let book = Book::read(home)?;
    let people = book.owners;
    let is_lab = wanted.is_lab || people > 1;
    if is_lab && people < PEOPLE {
        return Ok(Usage::TooFew { people });
    }
    if is_lab && matches!(wanted.by, By::Session | By::Block) {
        return Ok(Usage::OneByOne(wanted.by));
    }
    let mut repeats = Repeats::default();
    spent.each(|line: MessageLine| {
        repeats.note(message(&line.message)?);
        Ok(())
    })?;
    let joined = repeats.finish();
    if !is_lab {
        let window = if wanted.by == By::Block { Window::default() } else { wanted.window };
        let mut count = Count::new(wanted.by, wanted.zone.clone(), window);
        let unlisted = each_answer(&mut spent, &book, joined, |answer| count.take(answer))?;
        let undated = count.undated;
        return Ok(Usage::Own(OwnUsage { rows: count.into_rows(), sessions: book.sessions, undated, unlisted }));
    }
    let WantedUsage { by, window, zone, today, prices, .. } = wanted;
    let mut days = Count::new(By::Day, zone.clone(), Window::default());
    each_answer(&mut spent, &book, joined.clone(), |answer| days.take(answer))?;
    let days = days.into_cells();
    if *by == By::Day {
        return Ok(Usage::Lab { people, told: lab_days(days, *today, *window, zone, prices) });
    }
    let days = lab_days(days, *today, Window::default(), zone, prices);
    let weeks = days.map(|days| lab_weeks(&days, *today)).unwrap_or_default();
    let mut counts: Vec<Count> = weeks.iter().map(|week| Count::new(*by, zone.clone(), week.window(zone))).collect();
    each_answer(&mut spent, &book, joined, |answer| counts.iter_mut().for_each(|count| count.take(answer)))?;
    let weeks = weeks.into_iter().zip(counts.into_iter().map(Count::into_cells)).collect();
    Ok(Usage::Lab { people, told: lab_groups(weeks, *window, zone, prices) })
}

/// Gives each answer once; returns how many are of transcripts that are not listed.
fn each_answer(spent: &mut View, book: &Book, mut joined: Joined, mut take: impl FnMut(&Answer)) -> Result<u64> {
    let (mut words, mut unlisted) = (Words::default(), 0);
    spent.each(|line: SpentLine| {
        let Some((session, owner)) = book.transcripts.get(&line.transcript).copied() else {
            unlisted += 1;
            return Ok(());
        };
        let answer = Answer {
            message: message(&line.message)?,
            session,
            owner,
            at: line.at,
            model: words.shared(line.model),
            branch: words.shared(line.branch),
            cwd: words.shared(line.cwd),
            tokens: Tokens {
                input: line.input,
                output: line.output,
                cache_write_5m: line.cache_write_5m,
                cache_write_1h: line.cache_write_1h,
                cache_read: line.cache_read,
            },
        };
        if let Some(answer) = joined.pass(answer) {
            take(&answer);
        }
        Ok(())
    })?;
    joined.rest().for_each(|answer| take(&answer));
    Ok(unlisted)
}

fn message(hexadecimal: &str) -> Result<u64> {
    u64::from_str_radix(hexadecimal, 16).with_context(|| format!("`{hexadecimal}` is no hash of a message"))
}

/// Every session with those it belongs to.
#[derive(Default)]
struct Book {
    /// Originals before their forks: what has no parent, and what ended first.
    sessions: Vec<SessionAbout>,
    /// The session and the owner of each transcript.
    transcripts: HashMap<TranscriptId, (u32, u32)>,
    owners: usize,
}

impl Book {
    fn read(home: &Path) -> Result<Book> {
        // A session is one person's, also where two say that they have the same.
        let mut sessions: BTreeMap<(SessionId, Option<String>), (Vec<TranscriptId>, SessionAbout)> = BTreeMap::new();
        View::open(home, "sessions.jsonl")?.each(|line: Line| {
            let about = SessionAbout {
                id: line.session.to_string(),
                is_main: line.subagent.is_none(),
                is_fork: line.parent.is_some(),
                title: line.title.map(|title| title.chars().take(TITLE).collect()),
                cwd: line.cwd,
                branch: line.branch,
                started: line.started,
                ended: line.ended,
                turns: line.turns,
            };
            match sessions.get_mut(&(line.session.clone(), line.owner.clone())) {
                Some((transcripts, known)) => {
                    transcripts.push(line.id);
                    known.join(about);
                }
                None => {
                    sessions.insert((line.session, line.owner), (vec![line.id], about));
                }
            }
            Ok(())
        })?;
        let owners: Vec<Option<String>> =
            sessions.keys().map(|(_, owner)| owner.clone()).collect::<BTreeSet<_>>().into_iter().collect();
        let mut sorted: Vec<_> = sessions.into_iter().collect();
        sorted.sort_by_key(|(_, (_, about))| (about.is_fork, about.ended));
        let mut book = Book { owners: owners.len(), ..Book::default() };
        for ((_, owner), (transcripts, about)) in sorted {
            let owner = owners.binary_search(&owner).expect("one of those just listed") as u32;
            let session = book.sessions.len() as u32;
            book.transcripts.extend(transcripts.into_iter().map(|transcript| (transcript, (session, owner))));
            book.sessions.push(about);
        }
        Ok(book)
    }
}

/// Texts that many answers share, once each.
#[derive(Default)]
struct Words(BTreeSet<Arc<str>>);

impl Words {
    fn shared(&mut self, text: Option<String>) -> Option<Arc<str>> {
        let text = text?;
        if let Some(known) = self.0.get(text.as_str()) {
            return Some(Arc::clone(known));
        }
        let text: Arc<str> = text.into();
        self.0.insert(Arc::clone(&text));
        Some(text)
    }
}

/// One file of state/views, as far as it reached when it was opened: a run replaces it whole, or adds to it.
struct View {
    path: PathBuf,
    /// None: no run has written it yet.
    file: Option<(File, u64)>,
}

impl View {
    fn open(home: &Path, name: &str) -> Result<View> {
        let path = home.join("state/views").join(name);
        let file = match File::open(&path) {
            Ok(file) => {
                let length = file.metadata().with_context(|| doing(&path))?.len();
                Some((file, length))
            }
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(error).with_context(|| doing(&path)),
        };
        Ok(View { path, file })
    }

    /// Every line, from the first.
    fn each<T: DeserializeOwned>(&mut self, mut take: impl FnMut(T) -> Result<()>) -> Result<()> {
        let Some((file, length)) = &mut self.file else { return Ok(()) };
        let mut read = || -> Result<()> {
            file.rewind()?;
            let mut reader = BufReader::with_capacity(1 << 16, file.take(*length));
            let mut line = Vec::new();
            // A last line without an end is just being added.
            while reader.read_until(b'\n', &mut line)? > 0 && line.ends_with(b"\n") {
                take(serde_json::from_slice(&line)?)?;
                line.clear();
            }
            Ok(())
        };
        read().with_context(|| doing(&self.path))
    }
}

fn doing(path: &Path) -> String {
    format!("reading {}; `tidings run` writes it anew when a session has grown", path.display())
}
