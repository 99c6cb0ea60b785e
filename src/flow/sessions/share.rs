//! Sharing: what its owner chose of sessions is written, scrubbed once more, into a folder that the lab's home reads.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use jiff::Timestamp;

use super::choose::{Chooser, Fate, Quiet, hold_kin, is_any_in};
use super::cloth::Cloth;
use crate::config::Share;
use crate::flow::Setup;
use crate::flow::report::{ShareReport, SharedSession};
use crate::guard::scrub::Scrubbed;
use crate::home::Home;
use crate::keep::Keep;
use crate::keep::sessions::{SharedFile, SharedFolder, Shares, Transcript, TranscriptId, Unshared};
use crate::session::{Agent, Facts, Format, Header, Passage, Role, SessionId, SharedLine, hash};

/// What a command about sharing is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// By its id, with or without its agent, or by a transcript's.
    Session(String),
    Project(PathBuf),
    All,
}

/// Shares what is due; the scope, if there is one, is first taken off the list of what was taken back. `is_rehearsal`: nothing is
/// changed, and the report says what would be. None where tidings.toml shares nothing.
///
/// # Errors
/// When the home can't be held or read, or no session has the id. A folder that can't be written is no error: it is in the report.
pub fn share_sessions(
    setup: &Setup,
    scope: Option<&Scope>,
    is_rehearsal: bool,
    now: Timestamp,
) -> Result<Option<ShareReport>> {
    let mut keep = Keep::open(setup.home.folder(), "tidings sessions share", now)?;
    let mut unshared = keep.unshared()?;
    match scope {
        Some(Scope::All) => unshared.all = false,
        Some(Scope::Project(project)) => drop(unshared.projects.remove(project)),
        Some(Scope::Session(id)) => {
            for session in named(&keep, id)? {
                unshared.sessions.remove(&session.to_string());
            }
        }
        None => {}
    }
    if is_rehearsal {
        let Some(share) = &setup.config.share else { return Ok(None) };
        return Ok(Some(Sharing::plan(&keep, setup, share, &unshared, now)?.report));
    }
    if scope.is_some() {
        keep.keep_unshared(&unshared)?;
    }
    share_now(&mut keep, setup, now)
}

/// Takes back what was shared of the scope, and remembers that it is not to be shared. Returns how many transcripts were taken
/// back.
///
/// # Errors
/// When the home can't be held, no session has the id, or the folder can't be written; then the next sharing takes back.
pub fn unshare_sessions(home: &Home, scope: &Scope, now: Timestamp) -> Result<usize> {
    let mut keep = Keep::open(home.folder(), "tidings sessions unshare", now)?;
    let mut unshared = keep.unshared()?;
    let mut shares = keep.shares()?;
    let ids: BTreeSet<TranscriptId> = match scope {
        Scope::All => {
            unshared.all = true;
            shares.files.keys().cloned().collect()
        }
        Scope::Project(project) => {
            unshared.projects.insert(project.clone());
            let places = shares.places.iter().filter(|(_, places)| is_any_in(project, places.folders.iter()));
            let sessions: BTreeSet<&SessionId> =
                places.filter_map(|(id, _)| shares.files.get(id)).map(|file| &file.session).collect();
            files_of(&shares, |session| sessions.contains(session))
        }
        Scope::Session(id) => {
            let sessions = named(&keep, id)?;
            unshared.sessions.extend(sessions.iter().map(SessionId::to_string));
            files_of(&shares, |session| sessions.contains(session))
        }
    };
    // First: whatever stops the rest, it is not shared again.
    keep.keep_unshared(&unshared)?;
    take_back(&mut keep, &mut shares, &ids)?;
    Ok(ids.len())
}

/// Takes back what was shared of sessions that are no longer kept; what was known of them goes.
pub(super) fn take_back_forgotten(keep: &mut Keep) -> Result<()> {
    let mut shares = keep.shares()?;
    let before = shares.clone();
    let kept: BTreeSet<TranscriptId> = keep.transcripts()?.into_iter().map(|one| one.id).collect();
    shares.places.retain(|id, _| kept.contains(id));
    if shares != before {
        keep.keep_shares(&shares)?;
    }
    let ids = shares.files.keys().filter(|id| !kept.contains(*id)).cloned().collect();
    take_back(keep, &mut shares, &ids)
}

/// At the end of a run: what it shared is counted, and not named one by one.
pub(in crate::flow) fn share_what_is_due(
    keep: &mut Keep,
    setup: &Setup,
    now: Timestamp,
) -> Result<Option<ShareReport>> {
    let report = share_now(keep, setup, now)?;
    Ok(report.map(|report| ShareReport { sessions: Vec::new(), ..report }))
}

/// What is chosen now is what lies in the folder. None where nothing is shared.
fn share_now(keep: &mut Keep, setup: &Setup, now: Timestamp) -> Result<Option<ShareReport>> {
    let Some(share) = &setup.config.share else { return Ok(None) };
    let unshared = keep.unshared()?;
    let Sharing { due, back, mut shares, known, mut report } = Sharing::plan(keep, setup, share, &unshared, now)?;
    if let Err(error) = write(keep, setup, share, &mut shares, due, &back, &mut report) {
        report.trouble = Some(format!("{error:#}"));
    }
    // What was written before something went wrong is known all the same.
    if shares != known {
        keep.keep_shares(&shares)?;
    }
    Ok(Some(report))
}

/// What is to be done.
struct Sharing {
    due: Vec<Transcript>,
    back: BTreeSet<TranscriptId>,
    shares: Shares,
    /// As they are kept.
    known: Shares,
    report: ShareReport,
}

impl Sharing {
    fn plan(keep: &Keep, setup: &Setup, share: &Share, unshared: &Unshared, now: Timestamp) -> Result<Sharing> {
        let known = keep.shares()?;
        let mut shares = known.clone();
        let chooser = Chooser::new(share, unshared, now);
        let all = keep.transcripts()?;
        let kept: BTreeSet<&TranscriptId> = all.iter().map(|one| &one.id).collect();
        let mut sessions: BTreeMap<SessionId, Vec<&Transcript>> = BTreeMap::new();
        for transcript in &all {
            if folder_of(setup, transcript).is_some() {
                sessions.entry(transcript.session.clone()).or_default().push(transcript);
            }
        }
        shares.places.retain(|id, _| kept.contains(id));

        let (mut fates, mut kin) = (BTreeMap::new(), BTreeMap::new());
        let mut alike: BTreeMap<u64, BTreeSet<SessionId>> = BTreeMap::new();
        for (session, transcripts) in &sessions {
            let fate = fate(keep, setup, &chooser, &mut shares, session, transcripts);
            fates.insert(session.clone(), fate);
            let before = transcripts.iter().filter_map(|one| one.facts.parent.as_deref());
            let before = before.map(|native| SessionId { agent: session.agent, native: native.to_owned() });
            let before: BTreeSet<SessionId> = before.filter(|parent| parent != session).collect();
            for parent in &before {
                if keep.is_forgotten(parent, None) {
                    fates.insert(parent.clone(), Fate::Held("it was forgotten".to_owned()));
                }
            }
            kin.insert(session.clone(), before);
            for begin in transcripts.iter().filter_map(|one| shares.places.get(&one.id)).flat_map(|one| &one.begins) {
                alike.entry(*begin).or_default().insert(session.clone());
            }
        }
        for alike in alike.into_values().filter(|alike| alike.len() > 1) {
            for session in &alike {
                kin.entry(session.clone()).or_default().extend(alike.iter().filter(|other| *other != session).cloned());
            }
        }
        hold_kin(&mut fates, &kin);

        let mut report = ShareReport::new(&share.folder);
        let (mut due, mut back) = (Vec::new(), BTreeSet::new());
        for (session, transcripts) in &sessions {
            let fate = &fates[session];
            let is_shared = transcripts.iter().any(|one| shares.files.contains_key(&one.id));
            report.count(fate_words(fate));
            if *fate != Fate::Elsewhere || is_shared {
                report.sessions.push(shown(session, transcripts, fate, is_shared));
            }
            for transcript in transcripts {
                if *fate == Fate::Goes && !transcript.is_unread() {
                    due.push((*transcript).clone());
                } else if fate.is_private() && shares.files.contains_key(&transcript.id) {
                    back.insert(transcript.id.clone());
                }
            }
        }
        back.extend(shares.files.keys().filter(|id| !kept.contains(id)).cloned());
        Ok(Sharing { due, back, shares, known, report })
    }
}

fn fate(
    keep: &Keep,
    setup: &Setup,
    chooser: &Chooser<'_>,
    shares: &mut Shares,
    session: &SessionId,
    transcripts: &[&Transcript],
) -> Fate {
    // Of most sessions it is enough to know where they were last.
    let may_go = transcripts.iter().any(|one| match session.agent {
        Agent::Diary => chooser.may_go(diary_folder(setup, one).as_deref()),
        _ => chooser.may_go(one.facts.cwd.as_deref()),
    });
    if !may_go {
        return Fate::Elsewhere;
    }
    let mut folders = BTreeSet::new();
    let mut since = Timestamp::MIN;
    for transcript in transcripts {
        match changed(setup, transcript) {
            Some(changed) => since = since.max(changed),
            None => return Fate::Doubtful("it has not been read to its end yet".to_owned()),
        }
        folders.extend(transcript.facts.cwd.clone());
        if session.agent == Agent::Diary {
            folders.extend(diary_folder(setup, transcript));
            continue;
        }
        let places = shares.places.entry(transcript.id.clone()).or_default();
        match keep.look_at_places(transcript, places) {
            Ok(()) => folders.extend(places.folders.iter().cloned()),
            Err(error) => return Fate::Doubtful(format!("{error:#}")),
        }
    }
    chooser.fate(&Quiet { session, folders: &folders, since })
}

/// When a transcript was last added to: by its last turn, and by its file, as it was read and as it is now.
fn changed(setup: &Setup, transcript: &Transcript) -> Option<Timestamp> {
    let stamp = transcript.mark.stamp;
    let read = match transcript.gone {
        Some(gone) if stamp.modified == 0 => gone,
        _ if stamp.modified == 0 => return None,
        _ => moment(stamp.modified)?,
    };
    let file = folder_of(setup, transcript).map(|folder| folder.join(&transcript.path));
    let now = file.and_then(|file| std::fs::metadata(file).ok()?.modified().ok()).and_then(|at| at.try_into().ok());
    Some(read.max(now.unwrap_or(Timestamp::MIN)).max(transcript.facts.ended.unwrap_or(Timestamp::MIN)))
}

fn moment(nanoseconds: i128) -> Option<Timestamp> {
    Timestamp::from_nanosecond(nanoseconds).ok()
}

/// The folder of the private source that a transcript was read from; None if it is no such source's, or one's no longer.
fn folder_of<'s>(setup: &'s Setup, transcript: &Transcript) -> Option<&'s Path> {
    let source = setup.sessions.iter().find(|source| source.name == transcript.source)?;
    (source.format != Format::Shared).then_some(source.folder.as_path())
}

/// A diary lies in the folder that it is about.
fn diary_folder(setup: &Setup, transcript: &Transcript) -> Option<String> {
    let file = folder_of(setup, transcript)?.join(&transcript.path);
    file.parent()?.to_str().map(str::to_owned)
}

fn fate_words(fate: &Fate) -> &'static str {
    match fate {
        Fate::Goes => "goes",
        Fate::Waits(_) => "waits",
        Fate::Doubtful(_) => "doubtful",
        Fate::Held(_) => "held",
        Fate::Elsewhere => "elsewhere",
    }
}

fn shown(session: &SessionId, transcripts: &[&Transcript], fate: &Fate, is_shared: bool) -> SharedSession {
    let main = transcripts.iter().find(|one| one.subagent.is_none()).unwrap_or(&transcripts[0]);
    let why = match fate {
        Fate::Held(why) | Fate::Doubtful(why) => Some(why.clone()),
        Fate::Elsewhere => Some("it worked in no folder that `projects` names".to_owned()),
        Fate::Goes | Fate::Waits(_) => None,
    };
    SharedSession {
        session: session.to_string(),
        title: main.facts.title().cloned(),
        cwd: main.facts.cwd.clone(),
        transcripts: transcripts.len(),
        is_shared,
        fate: fate_words(fate),
        till: if let Fate::Waits(till) = fate { Some(*till) } else { None },
        why,
    }
}

fn named(keep: &Keep, id: &str) -> Result<BTreeSet<SessionId>> {
    let sessions = keep.sessions_named(id)?;
    match sessions.is_empty() {
        true => bail!("no session has the id `{id}`; `tidings sessions list` names them"),
        false => Ok(sessions),
    }
}

fn files_of(shares: &Shares, is_wanted: impl Fn(&SessionId) -> bool) -> BTreeSet<TranscriptId> {
    shares.files.iter().filter(|(_, file)| is_wanted(&file.session)).map(|(id, _)| id.clone()).collect()
}

/// The list of what is taken back is written before the files go: whoever copies the folder may miss that they went.
fn take_back(keep: &mut Keep, shares: &mut Shares, ids: &BTreeSet<TranscriptId>) -> Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    let folder = SharedFolder::open(&shares.folder, true)?;
    folder.withdraw(ids.iter().map(|id| id.0.as_str()), [])?;
    for id in ids {
        if let Some(file) = shares.files.get(id) {
            folder.remove(&file.path)?;
        }
    }
    for id in ids {
        shares.files.remove(id);
    }
    keep.keep_shares(shares)
}

fn write(
    keep: &mut Keep,
    setup: &Setup,
    share: &Share,
    shares: &mut Shares,
    due: Vec<Transcript>,
    back: &BTreeSet<TranscriptId>,
    report: &mut ShareReport,
) -> Result<()> {
    if !shares.folder.exists() && SharedFolder::open(&share.folder, true).is_ok() {
        // It was moved as a whole.
        shares.folder.clone_from(&share.folder);
    }
    take_back(keep, shares, back)?;
    report.withdrawn = back.len();
    if due.is_empty() {
        return Ok(());
    }
    let is_used = shares.files.values().any(|file| file.length > 0);
    if is_used && shares.folder != share.folder && shares.folder.exists() {
        bail!(
            "what was shared lies in {}; move that folder, or take it back first with `tidings sessions unshare --all`",
            shares.folder.display()
        );
    }
    let folder = SharedFolder::open(&share.folder, is_used)?;
    let cloth = Cloth::of(setup);
    let rules = cloth.version()?;
    let mut tasks = Vec::new();
    for transcript in due {
        let news = News::of(&transcript, shares.files.get(&transcript.id), rules, &folder);
        if news != News::Nothing {
            tasks.push((transcript, news));
        }
    }
    if tasks.is_empty() && shares.folder == share.folder {
        return Ok(());
    }
    shares.folder.clone_from(&share.folder);
    folder.withdraw([], [])?;
    for (transcript, _) in tasks.iter().filter(|(_, news)| *news == News::New) {
        shares.files.insert(transcript.id.clone(), intended(transcript));
    }
    keep.keep_shares(shares)?;
    let mut written = BTreeSet::new();
    for (transcript, news) in &tasks {
        let mut file = shares.files[&transcript.id].clone();
        let before = file.length;
        match news {
            News::Nothing => {}
            News::More => match add(keep, &cloth, &folder, transcript, &mut file) {
                Ok(()) => report.grown += 1,
                Err(_) => {
                    // Its frames lie elsewhere since an older store came back.
                    anew(keep, &cloth, &folder, transcript, &mut file)?;
                    report.rewritten += 1;
                }
            },
            News::New | News::Anew => {
                anew(keep, &cloth, &folder, transcript, &mut file)?;
                if *news == News::New { report.new += 1 } else { report.rewritten += 1 }
            }
        }
        report.bytes += if *news == News::More { file.length.saturating_sub(before) } else { file.length };
        shares.files.insert(transcript.id.clone(), file);
        written.insert(transcript.id.0.as_str());
    }
    folder.withdraw([], written)
}

/// What of a transcript is not yet in the folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum News {
    Nothing,
    New,
    More,
    Anew,
}

impl News {
    fn of(transcript: &Transcript, file: Option<&SharedFile>, rules: &str, folder: &SharedFolder) -> News {
        let Some(file) = file else { return News::New };
        let there = folder.length(&file.path);
        let is_other = file.generation != transcript.generation
            || file.bytes > transcript.bytes
            || file.rules != rules
            || file.whose != whose(transcript);
        if file.length == 0 || is_other || there.is_none_or(|length| length < file.length) {
            return News::Anew;
        }
        let is_same = file.bytes == transcript.bytes
            && file.offset == transcript.mark.offset
            && file.facts == facts_hash(transcript)
            && there == Some(file.length);
        if is_same { News::Nothing } else { News::More }
    }
}

/// A file that is about to be written.
fn intended(transcript: &Transcript) -> SharedFile {
    SharedFile {
        session: transcript.session.clone(),
        path: format!("{}/{}.jsonl", folder_name(&transcript.session), transcript.id),
        edition: 0,
        generation: transcript.generation,
        bytes: 0,
        offset: 0,
        whose: 0,
        facts: 0,
        rules: String::new(),
        length: 0,
    }
}

/// A folder's name for a session: its id where that is one, else a hash.
fn folder_name(session: &SessionId) -> String {
    let native = &session.native;
    let is_name = native.len() <= 80
        && native.starts_with(|letter: char| letter.is_ascii_alphanumeric())
        && native.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'));
    if is_name { native.clone() } else { format!("s-{:016x}", hash(&session.to_string())) }
}

/// Writes what came behind that which is there.
fn add(
    keep: &Keep,
    cloth: &Cloth<'_>,
    folder: &SharedFolder,
    transcript: &Transcript,
    file: &mut SharedFile,
) -> Result<()> {
    file.length = folder.append(&file.path, file.length, |out| {
        write_turns(keep, cloth, transcript, file.bytes, out)?;
        let spent = keep.spent_after(transcript, file.offset)?;
        write_passage(cloth, Passage { spent, ..Passage::default() }, out)?;
        if file.facts != facts_hash(transcript) {
            write_line(out, &SharedLine::<String>::Facts(Box::new(cloth.scrub_facts(changing(transcript))?)))?;
        }
        Ok(())
    })?;
    note(transcript, file);
    Ok(())
}

/// Writes the whole of it.
fn anew(
    keep: &Keep,
    cloth: &Cloth<'_>,
    folder: &SharedFolder,
    transcript: &Transcript,
    file: &mut SharedFile,
) -> Result<()> {
    file.edition += 1;
    file.rules = cloth.version()?.to_owned();
    let facts = Facts { summaries: Vec::new(), ..transcript.facts.clone() };
    let header = Header {
        version: Header::VERSION,
        edition: file.edition,
        session: transcript.session.clone(),
        subagent: transcript.subagent.clone(),
        owner: transcript.owner.clone(),
        host: transcript.host.clone(),
        rules: file.rules.clone(),
        facts: cloth.scrub_facts(facts)?,
    };
    file.length = folder.write(&file.path, |out| {
        write_line(out, &SharedLine::Header(Box::new(header)))?;
        write_turns(keep, cloth, transcript, 0, out)?;
        write_passage(cloth, Passage { spent: keep.spent_of(transcript)?, ..Passage::default() }, out)
    })?;
    note(transcript, file);
    Ok(())
}

fn note(transcript: &Transcript, file: &mut SharedFile) {
    (file.generation, file.bytes, file.offset) = (transcript.generation, transcript.bytes, transcript.mark.offset);
    (file.whose, file.facts) = (whose(transcript), facts_hash(transcript));
}

fn write_turns(keep: &Keep, cloth: &Cloth<'_>, transcript: &Transcript, from: u64, out: &mut dyn Write) -> Result<()> {
    // A summary that names its end sums up another session, as a rule, and not every one is shared.
    let is_summary = |text: &String| transcript.facts.summaries.iter().any(|summary| summary.text == *text);
    keep.each_turns(transcript, from, |mut turns| {
        turns.retain(|turn| turn.role != Role::Title || !is_summary(&turn.text));
        turns.iter_mut().for_each(|turn| turn.apart = None);
        write_passage(cloth, Passage { turns, ..Passage::default() }, out)
    })
}

fn write_passage(cloth: &Cloth<'_>, passage: Passage, out: &mut dyn Write) -> Result<()> {
    let (passage, _) = cloth.scrub(passage)?;
    let spent = passage.spent.into_iter().map(SharedLine::<Scrubbed>::Spent);
    for line in passage.turns.into_iter().map(SharedLine::Turn).chain(spent) {
        write_line(out, &line)?;
    }
    Ok(())
}

fn write_line<T: serde::Serialize>(out: &mut dyn Write, line: &SharedLine<T>) -> Result<()> {
    serde_json::to_writer(&mut *out, line)?;
    Ok(out.write_all(b"\n")?)
}

/// Facts that may change while a session grows, and that no turn tells.
fn changing(transcript: &Transcript) -> Facts {
    let facts = transcript.facts.clone();
    Facts {
        parent: facts.parent,
        custom_title: facts.custom_title,
        given_title: facts.given_title,
        pull_requests: facts.pull_requests,
        errand: facts.errand,
        abandoned: facts.abandoned,
        ..Facts::default()
    }
}

fn facts_hash(transcript: &Transcript) -> u64 {
    hash(&serde_json::to_string(&changing(transcript)).unwrap_or_default())
}

fn whose(transcript: &Transcript) -> u64 {
    let Transcript { session, subagent, owner, host, .. } = transcript;
    hash(&format!("{session}\0{subagent:?}\0{owner:?}\0{host:?}"))
}
