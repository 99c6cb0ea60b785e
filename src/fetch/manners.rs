//! Manners: how often and how many at once we ask, host by host, and who asked us to wait.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Duration, Instant, sleep_until};

/// Most requests under way at all hosts together. A lab's list has about 100 sources; each request may hold `max_bytes` of
/// answer and one file handle, so this keeps a run within a small machine's memory and the usual 1024 handles.
const ALL_HOSTS: usize = 64;

/// Gives turns, host by host. Cheap to ask; time is tokio's.
#[derive(Debug)]
pub struct Manners {
    gap: Duration,
    per_host: usize,
    all_hosts: Arc<Semaphore>,
    hosts: Mutex<HashMap<String, Arc<Host>>>,
    holds: Mutex<BTreeMap<String, Timestamp>>,
    /// Hosts that want a longer gap than ours.
    gaps: Mutex<HashMap<String, Duration>>,
}

#[derive(Debug)]
struct Host {
    /// At least this between two starts.
    gap: Duration,
    /// When the last request started. Whoever holds the lock is next; tokio's lock is given in the order of asking.
    last_start: tokio::sync::Mutex<Option<Instant>>,
    in_flight: Arc<Semaphore>,
}

/// The right to one request at one host; give it back (drop it) when the answer is read.
#[derive(Debug)]
#[must_use]
pub struct Turn {
    _at_host: OwnedSemaphorePermit,
    _of_all: OwnedSemaphorePermit,
}

impl Manners {
    /// At most `per_host` requests under way at one host (at least 1), and at least `gap` between their starts; `holds` from
    /// earlier runs.
    pub fn new(gap: Duration, per_host: usize, holds: BTreeMap<String, Timestamp>) -> Manners {
        Manners {
            gap,
            per_host: per_host.max(1),
            all_hosts: Arc::new(Semaphore::new(ALL_HOSTS)),
            hosts: Mutex::default(),
            holds: Mutex::new(holds),
            gaps: Mutex::default(),
        }
    }

    /// Waits for a turn at `host`, in the order of asking. The error says until when the host asked us to wait.
    pub async fn turn(&self, host: &str, now: Timestamp) -> Result<Turn, Timestamp> {
        let Host { gap, last_start, in_flight } = &*self.host(host);
        let mut last_start = last_start.lock().await;
        let at_host = permit(in_flight).await;
        self.hold_of(host, now)?;
        if let Some(last_start) = *last_start {
            let wished = lock(&self.gaps).get(host).copied().unwrap_or_default();
            sleep_until(last_start + (*gap).max(wished)).await;
        }
        // Last, so that nobody who waits for one host keeps a place from another.
        let of_all = permit(&self.all_hosts).await;
        // Asked once more: an answer may have come meanwhile.
        self.hold_of(host, now)?;
        *last_start = Some(Instant::now());
        Ok(Turn { _at_host: at_host, _of_all: of_all })
    }

    /// The host wants at least this gap between the starts of two requests.
    pub fn slow_down(&self, host: &str, gap: Duration) {
        lock(&self.gaps).insert(host.to_owned(), gap);
    }

    /// The host asked us to wait; the later of two times counts.
    pub fn hold(&self, host: &str, until: Timestamp) {
        let mut holds = lock(&self.holds);
        let known = holds.entry(host.to_owned()).or_insert(until);
        *known = until.max(*known);
    }

    /// Who asked us to wait, and until when.
    pub fn holds(&self) -> BTreeMap<String, Timestamp> {
        lock(&self.holds).clone()
    }

    /// Whether `host` asked us to wait; the error says until when.
    pub fn hold_of(&self, host: &str, now: Timestamp) -> Result<(), Timestamp> {
        let mut holds = lock(&self.holds);
        match holds.get(host) {
            Some(until) if *until > now => Err(*until),
            Some(_) => {
                holds.remove(host);
                Ok(())
            }
            None => Ok(()),
        }
    }

    fn host(&self, host: &str) -> Arc<Host> {
        let Wish { host, gap, per_host } = wish(host).unwrap_or(Wish { host, gap: self.gap, per_host: self.per_host });
        let mut hosts = lock(&self.hosts);
        if let Some(known) = hosts.get(host) {
            return Arc::clone(known);
        }
        let new = Arc::new(Host {
            gap: gap.max(self.gap),
            last_start: Default::default(),
            in_flight: Arc::new(Semaphore::new(per_host)),
        });
        hosts.insert(host.to_owned(), Arc::clone(&new));
        new
    }
}

/// What the owners of a host ask of all who ask it, whatever `[network]` says.
struct Wish<'h> {
    /// Hosts of one name here share their turns.
    host: &'h str,
    gap: Duration,
    per_host: usize,
}

fn wish(host: &str) -> Option<Wish<'_>> {
    // "no more than one request every three seconds, and limit requests to a single connection at a time", over RSS and API
    // together (<https://info.arxiv.org/help/api/tou.html>).
    if host == "arxiv.org" || host.ends_with(".arxiv.org") {
        return Some(Wish { host: "arxiv.org", gap: Duration::from_secs(3), per_host: 1 });
    }
    // Without an account ten a minute are counted, and addresses that many share are soon shut out.
    (host == "www.reddit.com").then_some(Wish { host, gap: Duration::from_secs(7), per_host: 1 })
}

async fn permit(semaphore: &Arc<Semaphore>) -> OwnedSemaphorePermit {
    Arc::clone(semaphore).acquire_owned().await.expect("these semaphores are never closed")
}

/// What is behind these locks is whole after each statement, so a panic elsewhere while one was held does no harm.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
