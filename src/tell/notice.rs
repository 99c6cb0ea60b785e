//! A notice: one letter to whoever looks after this home, about one thing.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use sha2::{Digest as _, Sha256};

use crate::guard::text::one_line;
use crate::item::short_hash;
use crate::source::Health;
use crate::standing::Bounce;
use crate::tell::escape;
use crate::tell::render::Rendered;
use crate::tell::words::clip;

/// Sources named in one notice; the rest is in the status.
const MOST_FAULTS: usize = 5;

/// Why nothing arrives.
#[derive(Debug, Clone, Copy)]
pub enum Silence<'a> {
    /// No source answers: each that was asked, with what went wrong.
    NoAnswer(&'a [(&'a str, &'a str)]),
    /// Runs begin and do not end.
    Cut,
}

/// That a source fares otherwise than before. `message` says why.
pub fn rendered(source: &str, health: Health, message: &str, last_good: Option<Timestamp>) -> Rendered {
    let (source, message) = (one_line(source), one_line(message));
    let good = last_good.map_or("It never answered.".to_owned(), |at| format!("It last answered at {at:.0}."));
    letter(
        format!("[tidings] {source}: {}", health.word()),
        &[
            format!("{source}: {message}"),
            format!("{good} `tidings sources list` shows how all sources fare."),
            "This is told once, and again only when it changes.".to_owned(),
        ],
    )
}

/// That no run has gone well since a time.
pub fn silent(why: &Silence<'_>, sources: usize, since: Timestamp, zone: &TimeZone) -> Rendered {
    let since = minute(since, zone);
    let mut words = match why {
        Silence::NoAnswer(_) => {
            vec![format!("No run has gone well since {since}: none of the {sources} sources answers.")]
        }
        Silence::Cut => vec![format!(
            "No run has gone well since {since}: runs begin and are stopped before they end. Their own messages, in cron's \
             mail or the log that its line names, say by what."
        )],
    };
    if let Silence::NoAnswer(faults) = why {
        let named = faults.iter().take(MOST_FAULTS);
        words.extend(named.map(|(name, fault)| clip(&format!("{name}: {fault}"), 240)));
        if faults.len() > MOST_FAULTS {
            words.push(format!("And {} more; `tidings status` names them all.", faults.len() - MOST_FAULTS));
        }
    }
    words.push(
        "Until this is over there are no alerts, and what feeds drop meanwhile is missed. `tidings doctor` says what is \
         missing."
            .to_owned(),
    );
    words.push("This is told once; one more message follows when it is over.".to_owned());
    letter(format!("[tidings] No run has gone well since {since}"), &words)
}

/// That runs go well again.
pub fn awake(answered: usize, sources: usize, since: Timestamp, zone: &TimeZone) -> Rendered {
    let since = minute(since, zone);
    letter(
        "[tidings] Runs go well again".to_owned(),
        &[
            format!(
                "{answered} of {sources} sources answered in this run. Before it no run had gone well since {since}."
            ),
            "What the feeds still hold of that time is read now; alerts about it come late.".to_owned(),
        ],
    )
}

/// That an address gets no more letters, because it refused these.
pub fn suppressed(address: &str, bounces: &[Bounce]) -> Rendered {
    let address = one_line(address);
    let mut words = vec![format!("{address} gets no more letters: its server refused {} editions.", bounces.len())];
    words.extend(bounces.iter().map(|bounce| format!("{}: {}", bounce.edition, bounce.answer)));
    words.push(format!(
        "If the address is right again, `tidings people subscribe {address}` tries it anew; if not, take it out of \
         tidings.toml. This is told once."
    ));
    letter(format!("[tidings] {address}: refused"), &words)
}

/// That an edition was written and not mailed, and why.
pub fn stopped(week: &str, why: &[String]) -> Rendered {
    let week = one_line(week);
    let mut words = vec![format!("The digest {week} was written to digests/ and not mailed:")];
    words.extend(why.iter().map(|why| format!("- {why}")));
    words.push(format!(
        "Look at it, mend what is wrong, and send it with `tidings digest send --week {week}`; or, if it is right as it is, \
         add --force \"the reason\". This is told once."
    ));
    letter(format!("[tidings] digest {week}: not mailed"), &words)
}

/// That a channel was closed from the other side. `answer` says how, and what would mend it.
pub fn closed(channel: &str, answer: &str) -> Rendered {
    letter(
        format!("[tidings] {channel}: closed"),
        &[
            format!("{channel}: {answer}"),
            format!(
                "Its letters wait, and leave by themselves once the address or the secret named under [{channel}] in \
                 tidings.toml has changed. `tidings channels replay --all` tries it again as it is, and queues the letter \
                 that was refused."
            ),
            "This is told once.".to_owned(),
        ],
    )
}

/// Names a notice by what it is about: `suppressed-0123456789`.
pub fn name(what: &str, about: &str) -> String {
    format!("{what}-{}", short_hash(Sha256::new_with_prefix(about)))
}

fn minute(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%-d %b %Y %H:%M").to_string()
}

/// Paragraphs in every form that letters have.
pub(super) fn letter(subject: String, paragraphs: &[String]) -> Rendered {
    let words = paragraphs.iter().map(|paragraph| one_line(paragraph)).collect::<Vec<_>>();
    let html: String = words.iter().map(|paragraph| format!("<p>{}</p>\n", escape::html(paragraph))).collect();
    Rendered {
        html: format!(
            "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>{}</title>\n{html}</html>\n",
            escape::html(&subject)
        ),
        subject,
        json: "{}\n".to_owned(),
        markdown: words.iter().map(|paragraph| escape::markdown(paragraph)).collect::<Vec<_>>().join("\n\n") + "\n",
        text: words.join("\n\n") + "\n",
        images: Vec::new(),
    }
}
