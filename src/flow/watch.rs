//! Watch: the daemon. What cron does each hour it does when something is due, and a session that grows it takes in at once.
//!
//! It holds the store only while it works. One pass is under way at a time, and whatever stops one, the next goes on from there.

mod onlooker;
mod next;
mod eyes;
mod pace;
mod small;

use std::collections::BTreeSet;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use anyhow::{Result, anyhow};
use futures_util::FutureExt;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch::Receiver;
use tokio::time::{Instant, sleep_until};

use super::{Asked, Setup, Watcher, is_busy};
use crate::keep::{self, Keep, OnlyDaemon};

use eyes::{Eyes, Heard};
pub use next::Due;
pub use onlooker::{Happening, Means, Onlooker};
use pace::Pace;
pub use small::{TakenIn, leave_sign};

/// From the first word of a change to looking at it: an agent writes several lines at once.
const HEARING: Duration = Duration::from_millis(500);
/// From one look at sessions to the next, while they grow: four times as long as the last one took, within these bounds, so
/// that an agent's machine is the agent's.
const BETWEEN_LOOKS: Duration = Duration::from_secs(5);
const MOST_BETWEEN_LOOKS: Duration = Duration::from_secs(30);
const SHARE: u32 = 4;
/// Between two passes, whatever is due: a mistake of ours must not become a storm of requests.
const BETWEEN_PASSES: Duration = Duration::from_secs(60);
/// Until a home is tried again that another process holds.
const BUSY: Duration = Duration::from_secs(5);
/// The clock is looked at as often: a machine that slept does not count its sleep as rest.
const SLICE: Duration = Duration::from_secs(30);
/// A clock that went so much further than the time that passed was set, or the machine slept.
const JUMP: SignedDuration = SignedDuration::from_secs(10);
/// How long a pass may take before whoever watches over the daemon may believe that it hangs: a first pass over many
/// sessions, with a model on two cores.
const LONGEST_PASS: Duration = Duration::from_secs(6 * 3600);

/// A daemon, alone in its home.
struct Watching<'m> {
    means: Means<'m>,
    setup: Setup,
    eyes: Eyes,
    heard: Heard,
    /// When something was first heard of that was not yet looked at.
    first_heard: Option<Instant>,
    /// When the last pass began that went well.
    seen: Option<Timestamp>,
    passes: Pace,
    looks: Pace,
    /// What was last wrong with the two files.
    mistaken: Option<String>,
    is_busy_told: bool,
    _only: OnlyDaemon,
}

/// Why the daemon wakes.
enum Woken {
    Stopped,
    Due(Due),
    /// Something was heard of, or a session has waited long enough.
    Heard,
    /// The two files changed, or the clock did.
    Anew,
}

/// Lives until `stop` becomes true. What is under way then is broken off at the next place where it waits for something, which
/// is as safe as any kill; a step that does not wait ends first.
///
/// # Errors
/// When the home can't be looked at, or another daemon lives in it ([`is_busy`]). Later nothing is an error.
pub async fn watch(setup: Setup, means: Means<'_>, stop: Receiver<bool>) -> Result<()> {
    let only = keep::only_daemon(setup.home.folder(), (means.clock)())?;
    let eyes = Eyes::new(keep::make_inbox(setup.home.folder())?);
    let mut watching = Watching {
        means,
        setup,
        eyes,
        heard: Heard::default(),
        first_heard: None,
        seen: None,
        passes: Pace::new(),
        looks: Pace::new(),
        mistaken: None,
        is_busy_told: false,
        _only: only,
    };
    watching.live(stop).await;
    Ok(())
}

impl Watching<'_> {
    async fn live(&mut self, mut stop: Receiver<bool>) {
        self.open_eyes();
        self.tell(Happening::Ready);
        loop {
            let woken = self.rest(&mut stop).await;
            let is_stopped = match woken {
                Woken::Stopped => true,
                Woken::Due(due) => self.pass(due, &mut stop).await,
                Woken::Heard => self.look(&mut stop).await,
                Woken::Anew => {
                    self.read_anew();
                    false
                }
            };
            if is_stopped {
                self.tell(Happening::Stopping);
                return;
            }
        }
    }

    fn tell(&self, happening: Happening<'_>) {
        self.means.onlooker.happens(happening);
    }

    fn now(&self) -> Timestamp {
        (self.means.clock)()
    }

    /// Rests until there is something to do.
    async fn rest(&mut self, stop: &mut Receiver<bool>) -> Woken {
        let (began, wall) = (Instant::now(), self.now());
        // A view that can't be read is written anew by the next pass.
        let (mut until, due) = next::next(&self.setup, self.seen, wall).unwrap_or((wall, Due::Look));
        // Where every pass fails, it is due all the time, and waits all the same.
        until = until.max(wall + signed(self.passes.not_before.saturating_duration_since(began)));
        let push = next::next_push(&self.setup, wall);
        if until > wall {
            self.tell(Happening::Rests { until, due, setup: &self.setup });
        }
        loop {
            let (now, instant) = (self.now(), Instant::now());
            if *stop.borrow() {
                return Woken::Stopped;
            }
            let passed = signed(instant.duration_since(began));
            if now.duration_since(wall.saturating_add(passed).unwrap_or(now)).abs() > JUMP {
                return Woken::Anew;
            }
            if push.is_some_and(|push| push <= now) && self.looks.not_before <= instant {
                return Woken::Heard;
            }
            let heard = self.first_heard.map(|first| (first + HEARING).max(self.looks.not_before));
            if heard.is_some_and(|at| at <= instant) {
                return if self.heard.settings { Woken::Anew } else { Woken::Heard };
            }
            if until <= now && self.passes.not_before <= instant {
                return Woken::Due(due);
            }
            let left = |at: Timestamp| Duration::try_from(at.duration_since(now)).unwrap_or_default();
            let mut wake = (instant + SLICE).min(instant + left(until).max(Duration::from_millis(1)));
            wake = wake.min(heard.unwrap_or(wake));
            if let Some(push) = push {
                wake = wake.min((instant + left(push)).max(self.looks.not_before));
            }
            self.means.onlooker.lives_until(wake + Duration::from_secs(60));
            tokio::select! {
                biased;
                _ = stop.wait_for(|stopped| *stopped) => return Woken::Stopped,
                heard = self.eyes.hear(&self.setup) => {
                    self.heard.add(heard);
                    if !self.heard.is_nothing() {
                        self.first_heard.get_or_insert_with(Instant::now);
                    }
                }
                () = sleep_until(wake) => {}
            }
        }
    }

    /// One pass of the whole river. True if it was broken off because the daemon is to stop.
    async fn pass(&mut self, due: Due, stop: &mut Receiver<bool>) -> bool {
        self.read_anew();
        self.forget_heard();
        self.tell(Happening::Begins(due));
        self.means.onlooker.lives_until(Instant::now() + LONGEST_PASS);
        let now = self.now();
        let (setup, means) = (&self.setup, &self.means);
        let pass = async {
            let doors = (means.doors)(setup, now)?;
            let keep = Keep::open(setup.home.folder(), "tidings watch", now)?;
            super::pass(keep, setup, &doors, &Asked::Due, now, as_watcher(means.onlooker)).await
        };
        let done = tokio::select! {
            biased;
            _ = stop.wait_for(|stopped| *stopped) => return true,
            done = AssertUnwindSafe(pass).catch_unwind() => done.unwrap_or_else(|_| Err(panicked())),
        };
        match done {
            Ok(report) => {
                self.tell(Happening::Passed(&report, &self.setup));
                self.seen = Some(now);
                self.is_busy_told = false;
                // A network that is away is soon back, and an hour is long for whoever waits for it.
                match report.nothing_answered() {
                    true => drop(self.passes.went_wrong()),
                    false => self.passes.went_well(BETWEEN_PASSES),
                }
            }
            Err(error) if is_busy(&error) => {
                self.passes.waits(BUSY);
                self.tell_busy(&error);
            }
            Err(error) => {
                let again = self.passes.went_wrong();
                self.tell(Happening::Failed { error: &error, again });
            }
        }
        self.open_eyes();
        false
    }

    /// Takes in what was heard of, without asking any source. True if it was broken off.
    async fn look(&mut self, stop: &mut Receiver<bool>) -> bool {
        let heard = self.forget_heard();
        let (began, now) = (Instant::now(), self.now());
        self.means.onlooker.lives_until(began + LONGEST_PASS);
        let (setup, means) = (&self.setup, &self.means);
        let look = small::take_in(setup, means, &heard.sources, now);
        let done = tokio::select! {
            biased;
            _ = stop.wait_for(|stopped| *stopped) => return true,
            done = AssertUnwindSafe(look).catch_unwind() => done.unwrap_or_else(|_| Err(panicked())),
        };
        match done {
            Ok(taken) => {
                self.is_busy_told = false;
                self.tell(Happening::TookIn(&taken));
                let rest = began.elapsed().saturating_mul(SHARE);
                self.looks.went_well(rest.clamp(BETWEEN_LOOKS, MOST_BETWEEN_LOOKS));
                return false;
            }
            Err(error) if is_busy(&error) => {
                self.looks.waits(BUSY);
                self.tell_busy(&error);
            }
            Err(error) => {
                let again = self.looks.went_wrong();
                self.tell(Happening::Failed { error: &error, again });
            }
        }
        // It is still to be looked at.
        self.heard.add(heard);
        self.first_heard = Some(began);
        false
    }

    /// Reads the two files, and watches what they name.
    fn read_anew(&mut self) {
        self.heard.settings = false;
        if self.heard.is_nothing() {
            self.first_heard = None;
        }
        match (self.means.setup)() {
            Ok(setup) => {
                if self.mistaken.take().is_some() {
                    self.tell(Happening::Read);
                }
                self.setup = setup;
                self.open_eyes();
            }
            Err(error) => {
                let words = format!("{error:#}");
                if self.mistaken.as_ref() != Some(&words) {
                    self.tell(Happening::Mistaken(&error));
                    self.mistaken = Some(words);
                }
            }
        }
    }

    fn open_eyes(&mut self) {
        for (folder, why) in self.eyes.open(&self.setup) {
            self.tell(Happening::Blind { folder: &folder, why: &why });
        }
    }

    fn tell_busy(&mut self, error: &anyhow::Error) {
        if !self.is_busy_told {
            self.is_busy_told = true;
            self.tell(Happening::Busy(error));
        }
    }

    /// What was heard of, which counts as looked at from now on.
    fn forget_heard(&mut self) -> Heard {
        self.first_heard = None;
        let settings = self.heard.settings;
        let heard = Heard { settings: false, ..std::mem::take(&mut self.heard) };
        if settings {
            self.heard.settings = true;
            self.first_heard = Some(Instant::now());
        }
        heard
    }
}

fn as_watcher(onlooker: &dyn Onlooker) -> &dyn Watcher {
    onlooker
}

fn panicked() -> anyhow::Error {
    anyhow!("the pass ended in a panic; what it had kept stays, and the next goes on from there")
}

fn signed(length: Duration) -> SignedDuration {
    SignedDuration::try_from(length).unwrap_or(SignedDuration::MAX)
}

/// Names of sources, for whoever reads them.
type Names = BTreeSet<String>;
