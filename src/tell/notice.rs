//! A notice: one letter to whoever looks after this home, about one source.

use jiff::Timestamp;

use crate::guard::text::one_line;
use crate::source::Health;
use crate::tell::escape;
use crate::tell::render::Rendered;

/// That a source fares otherwise than before. `message` says why.
pub fn rendered(source: &str, health: Health, message: &str, last_good: Option<Timestamp>) -> Rendered {
    let (source, message) = (one_line(source), one_line(message));
    let good = last_good.map_or("It never answered.".to_owned(), |at| format!("It last answered at {at:.0}."));
    let words = format!(
        "{source}: {message}\n\n{good} `tidings sources list` shows how all sources fare.\n\nThis is told once, and again only when it changes."
    );
    Rendered {
        subject: format!("[tidings] {source}: {}", health.word()),
        json: "{}\n".to_owned(),
        markdown: format!("{words}\n"),
        html: format!(
            "<!doctype html>\n<html lang=\"en\"><title>{0}</title><p>{1}</p></html>\n",
            escape::html(&source),
            escape::html(&words)
        ),
        text: format!("{words}\n"),
    }
}
