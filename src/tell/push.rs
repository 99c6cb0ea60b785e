//! A push: one message to whom sessions wait for. Of a session it says the project's name and the id, and no word that was
//! written in it: it goes over somebody else's server, and lies on the screen of a phone.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::guard::text::one_line;
use crate::session::sign::Word;
use crate::tell::notice::letter;
use crate::tell::render::Rendered;
use crate::tell::words::clip;

/// Characters of a project's name.
const NAME: usize = 40;
/// Of an id: enough to tell the sessions of one person apart, and what `tidings resume` takes.
const ID: usize = 8;
/// Sessions that are named; the others are counted.
const MOST: usize = 8;

/// A session that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// The last name of its project's folder; None where it is not known.
    pub project: Option<String>,
    /// As its agent gave it.
    pub session: String,
    pub word: Word,
    pub since: Timestamp,
}

/// One message about all of them.
pub fn rendered(waiting: &[Waiting], zone: &TimeZone) -> Rendered {
    let subject = match waiting {
        [one] => format!("{}: {}", one.name(), one.state()),
        _ => format!("{} sessions wait for you", waiting.len()),
    };
    let mut words: Vec<String> = waiting.iter().take(MOST).map(|one| one.sentence(zone)).collect();
    if waiting.len() > MOST {
        words.push(format!("And {} more: `tidings sessions running`.", waiting.len() - MOST));
    }
    letter(subject, &words)
}

impl Waiting {
    fn name(&self) -> String {
        let name = self.project.as_deref().map(|project| clip(&one_line(project), NAME));
        name.filter(|name| !name.is_empty()).unwrap_or_else(|| "A session".to_owned())
    }

    fn state(&self) -> &'static str {
        match self.word {
            Word::AsksLeave => "asks for leave",
            Word::Done => "done",
            _ => "waits for an answer",
        }
    }

    fn sentence(&self, zone: &TimeZone) -> String {
        let id: String = self.session.chars().take(ID).collect();
        let since = self.since.to_zoned(zone.clone()).strftime("%H:%M");
        match self.word {
            Word::Done => format!("{} ({id}): its turn ended at {since}.", self.name()),
            _ => format!("{} ({id}): {} since {since}.", self.name(), self.state()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waiting(project: Option<&str>, word: Word) -> Waiting {
        Waiting {
            project: project.map(str::to_owned),
            session: "0b9d2c1e-5a4f-4c3b-9a51-6f0e7d8c9b10".to_owned(),
            word,
            since: "2026-11-16T14:02:31Z".parse().unwrap(),
        }
    }

    fn check(sessions: &[Waiting], subject: &str, text: &str) {
        let rendered = rendered(sessions, &TimeZone::get("Europe/Berlin").unwrap());
        assert_eq!((rendered.subject.as_str(), rendered.text.trim_end()), (subject, text));
    }

    #[test]
    fn a_push_says_which_session_and_since_when() {
        check(
            &[waiting(Some("atlas"), Word::AsksLeave)],
            "atlas: asks for leave",
            "atlas (0b9d2c1e): asks for leave since 15:02.",
        );
        check(
            &[waiting(Some("atlas"), Word::Done), waiting(None, Word::AsksAnswer)],
            "2 sessions wait for you",
            "atlas (0b9d2c1e): its turn ended at 15:02.\n\nA session (0b9d2c1e): waits for an answer since 15:02.",
        );
        let hostile = "\u{202e}a\nb\u{0}".to_owned() + &"x".repeat(500);
        let rendered = rendered(&[waiting(Some(&hostile), Word::Done)], &TimeZone::UTC);
        assert!(rendered.subject.starts_with("a b") && rendered.subject.chars().count() < 60, "{}", rendered.subject);
        let many = vec![waiting(Some("atlas"), Word::Done); 30];
        assert!(super::rendered(&many, &TimeZone::UTC).text.contains("And 22 more"));
    }
}
