//! Logs: what goes to stderr, as text for people or as a JSON object a line for programs.
//!
//! A line never holds an address of a person, a secret, or words of a session.

use std::io::IsTerminal;
use std::sync::OnceLock;

use jiff::Timestamp;
use serde_json::json;
use tracing_subscriber::EnvFilter;

use super::args::LogFormat;

static FORMAT: OnceLock<LogFormat> = OnceLock::new();

pub fn start(verbose: u8, format: LogFormat) {
    let format = *FORMAT.get_or_init(|| format);
    let level = match verbose {
        0 => "warn",
        1 => "tidings=info,warn",
        _ => "tidings=debug,info",
    };
    // Of libraries only errors: tantivy and sled warn about what is none of a reader's business.
    let quiet = if verbose < 2 { ",tantivy=error,sled=error,html5ever=error" } else { "" };
    let lines = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(format!("{level}{quiet}")))
        .with_writer(std::io::stderr)
        .with_target(false);
    match format {
        LogFormat::Text => lines.with_ansi(std::io::stderr().is_terminal()).without_time().init(),
        LogFormat::Json => lines.json().flatten_event(true).with_span_list(false).init(),
    }
}

/// Says a sentence on stderr, in the log's own manner.
pub fn tell(level: &str, words: &str) {
    match FORMAT.get() {
        Some(LogFormat::Json) => eprintln!("{}", line(level, words, None)),
        _ => eprintln!("{words}"),
    }
}

/// Says what a run did, with its id where programs read it.
pub fn tell_of_run(run: &str, words: &str) {
    match FORMAT.get() {
        Some(LogFormat::Json) => eprintln!("{}", line("INFO", words, Some(run))),
        _ => eprintln!("{words}"),
    }
}

/// As the lines of events are written.
fn line(level: &str, words: &str, run: Option<&str>) -> serde_json::Value {
    let mut line = json!({ "timestamp": Timestamp::now(), "level": level, "message": words.trim_end() });
    if let Some(id) = run.filter(|id| !id.is_empty()) {
        line["span"] = json!({ "id": id, "name": "run" });
    }
    line
}
