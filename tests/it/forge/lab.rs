//! A lab that proposes: a home's memory, a forge on loopback, and hand-made proposals.

use std::cell::Cell;
use std::panic::AssertUnwindSafe;
use std::sync::{MutexGuard, Once};
use std::time::Duration;

use futures_util::FutureExt as _;
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};
use tidings::config::{Network, SecretName, Skills, read_settings};
use tidings::lesson::{LessonId, Proposal, ProposedFile};
use tidings::teach::forge::github::Github;
use tidings::teach::forge::{Done, Forge, Heard, Memory, Opened, Seen, Trouble, carry_out, entries_line, plan};

use url::Url;

use crate::support::forge_server::{ForgeServer, TOKEN, World};

pub const REPOSITORY: &str = "octo-org/skills";
pub const BRANCH: &str = "tidings/best-practices";
pub const REFERENCE: &str = "plugins/mats/references/recent-practices.md";
pub const MANIFEST: &str = "plugins/mats/.claude-plugin/plugin.json";
pub const BODY: &str = "plugins/mats/commands/best-practices.md";
/// What is there at the beginning.
pub const FILES: [(&str, &str); 3] = [
    ("README.md", "# Skills\n"),
    (MANIFEST, "{\n  \"name\": \"mats\",\n  \"version\": \"0.1.11\"\n}\n"),
    (BODY, "---\ndescription: best practices\n---\nRead the reference.\n"),
];
/// The fail points of the forge, in the order of a visit that makes a request.
pub const POINTS: [&str; 4] = ["forge-committed", "forge-announced", "forge-pushed", "forge-opened"];
/// The others: after the comment, and before a closing.
pub const OTHER_POINTS: [&str; 2] = ["forge-remarked", "forge-withdrawing"];

/// A lesson: its id, and what it says.
pub type Words = (&'static str, &'static str);
pub const ONE: Words = ("bp-2026-w47-01", "Pin the model by name.");
pub const TWO: Words = ("bp-2026-w47-02", "Read hooks before trusting a folder.");

pub struct Lab {
    pub server: ForgeServer,
    pub skills: Skills,
    pub token: String,
    /// The home's memory, as it was kept last: JSON.
    pub kept: String,
    pub now: Timestamp,
    pub patience: Duration,
    written: usize,
}

/// What a visit found and did.
#[derive(Debug)]
pub struct Visit {
    pub heard: Heard,
    pub done: Done,
}

impl Visit {
    pub fn opened(&self) -> &Opened {
        match &self.done {
            Done::Opened(opened) => opened,
            other => panic!("no request was opened or changed: {other:?}"),
        }
    }
}

thread_local! {
    static ARMED: Cell<Option<&'static str>> = const { Cell::new(None) };
}

impl Lab {
    pub fn new() -> Lab {
        Lab::with("")
    }

    /// With more lines of [skills].
    pub fn with(lines: &str) -> Lab {
        let server = ForgeServer::start(REPOSITORY, &FILES);
        let api = server.url();
        Lab::on(server, &api, lines)
    }

    /// At a forge that is asked at this address.
    pub fn on(server: ForgeServer, api: &Url, lines: &str) -> Lab {
        let text = format!(
            "[skills]\nrepository = \"{REPOSITORY}\"\nreference = \"{REFERENCE}\"\nmanifest = \"{MANIFEST}\"\nbody = \
             \"{BODY}\"\napi = \"{api}\"\n{lines}"
        );
        let skills = read_settings("tidings.toml", &text).unwrap().skills.unwrap();
        Lab {
            server,
            skills,
            token: TOKEN.to_owned(),
            kept: "{}".to_owned(),
            now: "2026-11-21T12:00:00Z".parse().unwrap(),
            patience: Duration::from_secs(5),
            written: 0,
        }
    }

    /// The home's memory, as it was kept last.
    pub fn memory(&self) -> Memory {
        serde_json::from_str::<Memory>(&self.kept).unwrap().of(&self.skills)
    }

    pub fn forge(&self) -> anyhow::Result<Github> {
        let network = Network { gap: Duration::ZERO, ..Network::default() };
        let secrets = |name: &SecretName| {
            assert_eq!(*name, SecretName::Env("TIDINGS_SKILLS_TOKEN".to_owned()));
            Ok(self.token.clone())
        };
        Ok(Github::open(&self.skills, &network, &secrets)?.with_patience(self.patience))
    }

    pub fn world(&self) -> MutexGuard<'_, World> {
        self.server.world()
    }

    /// Calls that wrote since this was asked last.
    pub fn writes(&mut self) -> Vec<String> {
        let all = self.server.world().writes();
        let new = all[self.written..].to_vec();
        self.written = all.len();
        new
    }

    /// A week later.
    pub fn later(&mut self) {
        self.now += SignedDuration::from_hours(7 * 24);
    }

    pub async fn visit(&mut self, lessons: &[Words]) -> Visit {
        self.try_visit(lessons).await.unwrap_or_else(|trouble| panic!("{trouble}"))
    }

    /// One visit of a home that has learnt these lessons, as flow makes it.
    pub async fn try_visit(&mut self, lessons: &[Words]) -> Result<Visit, Trouble> {
        let forge = self.forge().unwrap();
        let (mut memory, now) = (self.memory(), self.now);
        let seen = forge.look(&memory, now).await?;
        let heard = memory.hear(&seen, now);
        self.kept = serde_json::to_string(&memory).unwrap();
        let proposal = proposal(lessons, &seen, &memory);
        let plan = plan(&seen, proposal.as_ref(), &memory, now);
        let kept = &mut self.kept;
        let mut note = |memory: &Memory| {
            *kept = serde_json::to_string(memory)?;
            Ok(())
        };
        let done = carry_out(&forge, plan, proposal.as_ref(), &seen, &mut memory, &mut note, now).await?;
        Ok(Visit { heard, done })
    }

    /// A visit that is killed at this point; what was kept by then stays. Returns whether it came there.
    pub async fn killed_at(&mut self, point: &'static str, lessons: &[Words]) -> bool {
        static ONCE: Once = Once::new();
        ONCE.call_once(|| {
            for point in POINTS.iter().chain(&OTHER_POINTS) {
                // Other tests pass these points at the same time, on threads of their own.
                let kill = move || {
                    if ARMED.get() == Some(point) {
                        panic!("killed at {point}")
                    }
                };
                fail::cfg_callback(*point, kill).unwrap();
            }
        });
        ARMED.set(Some(point));
        let ended = AssertUnwindSafe(self.try_visit(lessons)).catch_unwind().await;
        ARMED.set(None);
        ended.is_err()
    }

    /// What the open request would change: its files and the number of its commits.
    pub fn change(&self) -> (Vec<String>, usize) {
        let world = self.world();
        let [pull] = world.open_pulls()[..] else { panic!("{} requests are open", world.open_pulls().len()) };
        let base = world.head(&pull.repository, &pull.base).unwrap();
        let trees = [&base, &pull.head_commit].map(|id| world.git.commits[id].tree.clone());
        let known = world.git.history(&base);
        let ahead = world.git.history(&pull.head_commit).into_iter().filter(|id| !known.contains(id)).count();
        (world.git.changed(&trees[0], &trees[1]).into_iter().collect(), ahead)
    }
}

pub fn id(text: &str) -> LessonId {
    text.parse().unwrap()
}

pub fn content(words: &str) -> String {
    Sha256::digest(words).iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}

/// What a home would propose that has learnt these lessons, without those that people declined; None where the skill says
/// them already.
pub fn proposal(lessons: &[Words], seen: &Seen, memory: &Memory) -> Option<Proposal> {
    let wanted: Vec<&Words> =
        lessons.iter().filter(|(name, words)| !memory.is_declined(&id(name), &content(words))).collect();
    let section = |(name, words): &&Words| format!("## {name}\n\n{words}\n\n");
    let after = format!("# Recent practices\n\n{}", wanted.iter().map(section).collect::<String>());
    let before = seen.reference.clone();
    let is_new = |lesson: &&&Words| !before.as_ref().is_some_and(|text| text.contains(&section(lesson)));
    let new: Vec<&&Words> = wanted.iter().filter(is_new).collect();
    if new.is_empty() {
        return None;
    }
    let entries: Vec<_> = new.iter().map(|(name, words)| (id(name), content(words))).collect();
    let title = format!("Best practices: {} new (2026-W47)", entries.len());
    let body = format!("What agents will read from now on.\n\n```\n{}\n```\n", entries_line(&entries));
    let manifest = seen.manifest.clone().unwrap_or_default();
    let old = manifest.split('"').nth(7).unwrap_or_default();
    let minor: u32 = old.split('.').nth(1).and_then(|part| part.parse().ok()).unwrap_or_default();
    let bumped = manifest.replace(old, &format!("0.{}.0", minor + 1));
    Some(Proposal {
        title,
        body,
        reference: ProposedFile { path: REFERENCE.to_owned(), before, after },
        manifest: ProposedFile { path: MANIFEST.to_owned(), before: seen.manifest.clone(), after: bumped },
        entries,
    })
}
