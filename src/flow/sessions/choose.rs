//! Which sessions go to the lab: what their owner named, waited for, and did not take back.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};

use jiff::Timestamp;

use crate::config::Share;
use crate::keep::sessions::Unshared;
use crate::session::{SessionId, project_of};

/// A file of this name in a project's folder, or above it, keeps its sessions private.
const PRIVATE: &str = ".tidings-private";

/// What becomes of a session now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fate {
    Goes,
    /// It was not quiet for long enough yet; what was shared of it stays as it is.
    Waits(Timestamp),
    /// Something that decides about it can't be looked at; what was shared of it stays as it is.
    Doubtful(String),
    /// It is not shared, for this reason; what was shared of it is taken back.
    Held(String),
    /// It worked nowhere that is shared.
    Elsewhere,
}

impl Fate {
    /// Nothing of it may lie in the folder.
    pub(super) fn is_private(&self) -> bool {
        matches!(self, Fate::Held(_) | Fate::Elsewhere)
    }
}

/// What is known of a session.
pub(super) struct Quiet<'s> {
    pub(super) session: &'s SessionId,
    /// Where it worked, every folder of it. Empty where that is not known.
    pub(super) folders: &'s BTreeSet<String>,
    /// Since when nothing has happened in it.
    pub(super) since: Timestamp,
}

/// A folder that tidings.toml names.
struct Project {
    named: PathBuf,
    /// Without links.
    real: Option<PathBuf>,
    /// It is there and holds something: what is not mounted can't say that it is private.
    is_there: bool,
}

impl Project {
    fn at(named: &Path) -> Project {
        let is_there = fs::read_dir(named).is_ok_and(|mut entries| entries.next().is_some());
        Project { named: named.to_owned(), real: fs::canonicalize(named).ok(), is_there }
    }

    fn holds(&self, folder: &Path) -> bool {
        folder.starts_with(&self.named) || self.real.as_ref().is_some_and(|real| folder.starts_with(real))
    }
}

/// How a folder was found.
#[derive(Clone)]
enum Look {
    Open,
    Private(PathBuf),
    Unseen(PathBuf, String),
}

pub(super) struct Chooser<'a> {
    share: &'a Share,
    unshared: &'a Unshared,
    projects: Vec<Project>,
    unshared_projects: Vec<Project>,
    now: Timestamp,
    looked: RefCell<HashMap<PathBuf, Look>>,
}

impl<'a> Chooser<'a> {
    pub(super) fn new(share: &'a Share, unshared: &'a Unshared, now: Timestamp) -> Chooser<'a> {
        let projects = share.projects.iter().map(|path| Project::at(path)).collect();
        let unshared_projects = unshared.projects.iter().map(|path| Project::at(path)).collect();
        Chooser { share, unshared, projects, unshared_projects, now, looked: RefCell::default() }
    }

    /// Whether a session that last worked there may be one to share; what else it did is then looked at.
    pub(super) fn may_go(&self, folder: Option<&str>) -> bool {
        folder.is_some_and(|folder| self.project(folder).is_some())
    }

    pub(super) fn fate(&self, quiet: &Quiet<'_>) -> Fate {
        let (session, name) = (quiet.session, quiet.session.to_string());
        if self.unshared.all {
            return Fate::Held("everything was taken back; `tidings sessions share --all` shares again".to_owned());
        }
        if self.share.never.iter().any(|never| *never == session.native || *never == name) {
            return Fate::Held("`never` in tidings.toml names it".to_owned());
        }
        if self.unshared.sessions.contains(&name) {
            return Fate::Held(format!(
                "it was taken back; `tidings sessions share {}` shares it again",
                session.native
            ));
        }
        let mut doubt = None;
        for folder in quiet.folders {
            let Some(project) = self.project(folder) else {
                return Fate::Held(format!("it also worked in {folder}, which `projects` does not name"));
            };
            if let Some(taken) = self.unshared_projects.iter().find(|taken| is_in(taken, folder)) {
                let taken = taken.named.display();
                return Fate::Held(format!(
                    "{taken} was taken back; `tidings sessions share --project {taken}` shares it again"
                ));
            }
            match self.look(folder) {
                Look::Private(place) => return Fate::Held(format!("{} is there", place.display())),
                Look::Unseen(place, why) => doubt = Some(format!("{} can't be looked at: {why}", place.display())),
                Look::Open if !project.is_there => {
                    doubt = Some(format!("{} is not there, or is empty", project.named.display()));
                }
                Look::Open => {}
            }
        }
        if quiet.folders.is_empty() {
            return Fate::Held("it does not say where it worked".to_owned());
        }
        if let Some(doubt) = doubt {
            return Fate::Doubtful(doubt);
        }
        match quiet.since.checked_add(self.share.wait) {
            Ok(till) if till > self.now => Fate::Waits(till),
            Ok(_) => Fate::Goes,
            Err(_) => Fate::Held("its time is none".to_owned()),
        }
    }

    /// The project of `projects` in which a folder lies, or whose worktree it is.
    fn project(&self, folder: &str) -> Option<&Project> {
        self.projects.iter().find(|project| is_in(project, folder))
    }

    /// Whether a folder or one above it says that it is private: as it is written, without links, and of a worktree also its
    /// repository.
    fn look(&self, folder: &str) -> Look {
        let mut unseen = None;
        let real = fs::canonicalize(folder).ok();
        let ways = [Some(PathBuf::from(folder)), Some(PathBuf::from(project_of(folder))), real];
        for way in ways.into_iter().flatten() {
            for place in way.ancestors() {
                match self.look_into(place) {
                    Look::Private(place) => return Look::Private(place),
                    look @ Look::Unseen(..) => unseen = Some(look),
                    Look::Open => {}
                }
                if Some(place) == self.share.home.as_deref() {
                    break;
                }
            }
        }
        unseen.unwrap_or(Look::Open)
    }

    fn look_into(&self, folder: &Path) -> Look {
        if let Some(look) = self.looked.borrow().get(folder) {
            return look.clone();
        }
        let place = folder.join(PRIVATE);
        let look = match fs::symlink_metadata(&place) {
            Ok(_) => Look::Private(place),
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Look::Open,
            Err(error) => Look::Unseen(folder.to_owned(), error.to_string()),
        };
        self.looked.borrow_mut().insert(folder.to_owned(), look.clone());
        look
    }
}

fn is_in(project: &Project, folder: &str) -> bool {
    is_plain(folder) && (project.holds(Path::new(folder)) || project.holds(Path::new(project_of(folder))))
}

/// Whether any of these folders lies in this one; as `projects` are held against folders.
pub(super) fn is_any_in<'f>(named: &Path, mut folders: impl Iterator<Item = &'f String>) -> bool {
    let project = Project::at(named);
    folders.any(|folder| is_in(&project, folder))
}

/// `/a/../b` lies in `/a` to the eye alone.
fn is_plain(folder: &str) -> bool {
    let folder = Path::new(folder);
    folder.is_absolute() && !folder.components().any(|part| part == Component::ParentDir)
}

/// A session that goes on from one that is not shared holds that one's words, and is not shared either. `kin`: those from which
/// a session goes on, or with which it begins alike.
pub(super) fn hold_kin(fates: &mut BTreeMap<SessionId, Fate>, kin: &BTreeMap<SessionId, BTreeSet<SessionId>>) {
    loop {
        let mut held = Vec::new();
        for (session, kin) in kin {
            if fates.get(session).is_none_or(Fate::is_private) {
                continue;
            }
            let private = kin.iter().find(|other| fates.get(*other).is_some_and(Fate::is_private));
            held.extend(private.map(|other| (session.clone(), other.native.clone())));
        }
        if held.is_empty() {
            return;
        }
        for (session, other) in held {
            fates.insert(session, Fate::Held(format!("it holds words of {other}, which is not shared")));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::Agent;
    use jiff::SignedDuration;

    const NOW: &str = "2026-11-21T12:00:00Z";

    fn fate(home: &Path, projects: &[&str], folders: &[&str], unshared: &Unshared) -> Fate {
        let share = Share {
            folder: home.join("shared"),
            projects: projects.iter().map(|path| home.join(path)).collect(),
            wait: SignedDuration::from_hours(24),
            never: vec!["never-1".to_owned()],
            home: Some(home.to_owned()),
        };
        let session = SessionId { agent: Agent::Codex, native: "one".to_owned() };
        let folders = folders.iter().map(|folder| format!("{}/{folder}", home.display())).collect();
        let quiet = Quiet { session: &session, folders: &folders, since: "2026-11-20T12:00:00Z".parse().unwrap() };
        Chooser::new(&share, unshared, NOW.parse().unwrap()).fate(&quiet)
    }

    #[test]
    fn a_session_goes_if_all_of_it_worked_where_its_owner_said() {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path();
        fs::create_dir_all(home.join("atlas/src")).unwrap();
        fs::create_dir_all(home.join("bare")).unwrap();
        fs::create_dir_all(home.join("diary/deep/deeper")).unwrap();
        fs::create_dir_all(home.join("real/inner")).unwrap();
        std::os::unix::fs::symlink(home.join("real"), home.join("link")).unwrap();
        fs::write(home.join("diary/deep/.tidings-private"), "").unwrap();
        let goes = |projects: &[&str], folders: &[&str]| fate(home, projects, folders, &Unshared::default());
        for (projects, folders) in [
            (&["atlas"][..], &["atlas"][..]),
            (&["atlas"], &["atlas", "atlas/src", "atlas/no/longer/there"]),
            (&["atlas"], &["atlas/.claude/worktrees/x/src", "atlas-worktrees/fix"]),
            (&["atlas", "link"], &["atlas", "real/inner", "link/inner"]),
            (&["diary"], &["diary"]),
        ] {
            assert_eq!(goes(projects, folders), Fate::Goes, "{projects:?} {folders:?}");
        }
        for (projects, folders) in [
            (&[][..], &["atlas"][..]),
            (&["atlas"], &[]),
            (&["atlas"], &["atlas", "atlas2"]),
            (&["atlas"], &["atlas/../diary"]),
            (&["diary"], &["diary", "diary/deep/deeper"]),
            (&["diary"], &["diary/deep"]),
        ] {
            let fate = goes(projects, folders);
            assert!(fate.is_private(), "{projects:?} {folders:?}: {fate:?}");
        }
        assert!(matches!(goes(&["away"], &["away/x"]), Fate::Doubtful(_)));
        assert!(matches!(goes(&["bare"], &["bare/x"]), Fate::Doubtful(_)), "an empty folder may be one not mounted");
        let taken = |unshared: &Unshared| fate(home, &["atlas"], &["atlas/src"], unshared);
        assert!(taken(&Unshared { all: true, ..Unshared::default() }).is_private());
        let projects = BTreeSet::from([home.join("atlas/src")]);
        assert!(taken(&Unshared { projects, ..Unshared::default() }).is_private());
        let sessions = BTreeSet::from(["codex:one".to_owned()]);
        assert!(taken(&Unshared { sessions, ..Unshared::default() }).is_private());
        fs::write(home.join(".tidings-private"), "").unwrap();
        assert!(goes(&["atlas"], &["atlas"]).is_private(), "the home folder counts");
    }

    #[test]
    fn what_goes_on_from_a_private_session_is_private_however_far() {
        let id = |native: &str| SessionId { agent: Agent::Codex, native: native.to_owned() };
        let mut fates = BTreeMap::from([
            (id("a"), Fate::Held("…".to_owned())),
            (id("b"), Fate::Goes),
            (id("c"), Fate::Goes),
            (id("d"), Fate::Goes),
        ]);
        let of = |parent: &str| BTreeSet::from([id(parent)]);
        hold_kin(&mut fates, &BTreeMap::from([(id("c"), of("b")), (id("b"), of("a")), (id("d"), of("unknown"))]));
        let private: Vec<&str> =
            fates.iter().filter(|(_, fate)| fate.is_private()).map(|(id, _)| id.native.as_str()).collect();
        assert_eq!(private, ["a", "b", "c"]);
    }
}
