//! What systemd is told, where it asks for it (NOTIFY_SOCKET): sd_notify(3).

use std::sync::Mutex;
use std::time::Duration;

use sd_notify::NotifyState;
use tokio::time::Instant;

/// Says that the daemon is ready.
pub fn ready() {
    say(&[NotifyState::Ready]);
}

/// Says that it ends.
pub fn stopping(words: &str) {
    say(&[NotifyState::Stopping, NotifyState::Status(words)]);
}

/// Says what it does, in one line for `systemctl status`.
pub fn status(words: &str) {
    say(&[NotifyState::Status(&words.replace('\n', " "))]);
}

fn say(states: &[NotifyState<'_>]) {
    // Nobody who asked for it is there any more.
    let _ = sd_notify::notify(false, states);
}

/// The watchdog's pulse: it beats as long as the daemon keeps the times that it named.
pub struct Pulse {
    lives_until: Mutex<Instant>,
}

impl Pulse {
    pub fn new() -> Pulse {
        Pulse { lives_until: Mutex::new(Instant::now() + Duration::from_secs(60)) }
    }

    pub fn lives_until(&self, until: Instant) {
        *self.lock() = until;
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Instant> {
        self.lives_until.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Beats for ever; at once returns where systemd wants no pulse.
    pub async fn beat(&self) {
        let mut usec = 0;
        if !sd_notify::watchdog_enabled(false, &mut usec) || usec == 0 {
            return;
        }
        loop {
            if Instant::now() < *self.lock() {
                say(&[NotifyState::Watchdog]);
            }
            tokio::time::sleep(Duration::from_micros(usec) / 2).await;
        }
    }
}
