//! Progress on a terminal: one line that goes away again. Elsewhere nothing.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use tidings::flow::Watcher;

/// Shows a run to a person who waits.
pub struct Progress {
    bar: ProgressBar,
}

impl Progress {
    /// indicatif draws on stderr, and only if that is a terminal.
    pub fn new() -> Progress {
        let bar = ProgressBar::new(0);
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(120));
        Progress { bar }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

impl Watcher for Progress {
    fn asking(&self, sources: usize) {
        self.bar.set_length(sources as u64);
        self.bar.set_message(format!("asking {sources} sources"));
    }

    fn answered(&self, source: &str) {
        self.bar.inc(1);
        let (done, all) = (self.bar.position(), self.bar.length().unwrap_or_default());
        self.bar.set_message(format!("{done} of {all} answered, last: {source}"));
    }

    fn doing(&self, what: &str) {
        self.bar.set_message(what.to_owned());
    }
}
