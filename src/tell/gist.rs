//! The gist of a message: what a chat, a phone or a page has room for, every foreign word on one line and of bounded length.

use jiff::Timestamp;

use crate::edition::{Action, EditionKind, Telling};
use crate::guard::text::clean;
use crate::story::StoryId;
use crate::tell::digest::{ACTION, EXCERPT, TITLE};
use crate::tell::message::Message;
use crate::tell::trends;
use crate::tell::view::{Links, link, thousands};
use crate::tell::words::clip;
use crate::verdict::{Category, Level};

/// Names of sources and headings.
const NAME: usize = 80;
/// Of a notice; it names one source or one channel, and what to do.
const NOTICE: usize = 1_500;

/// A message in short. Each channel writes it in its own form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Gist {
    pub kind: EditionKind,
    /// `digest/2026-W47`
    pub edition: String,
    pub at: Timestamp,
    /// One line of at most 78 characters.
    pub subject: String,
    /// One line that stands for itself; of a notice or a trial, all there is to say. Empty for an alert, whose story says it.
    pub summary: String,
    /// What to do, the most urgent first.
    pub actions: Vec<Step>,
    pub sections: Vec<Part>,
    /// Stories that the edition tells and that are not here.
    pub more: usize,
}

/// Something to do, and the story that says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Step {
    pub story: StoryId,
    pub what: String,
    pub why: String,
    pub url: Option<String>,
    pub source: String,
}

/// Stories under one heading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    /// Empty where all stories stand under the subject.
    pub title: String,
    pub stories: Vec<Short>,
}

/// A story.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Short {
    pub story: StoryId,
    pub title: String,
    pub url: Option<String>,
    pub source: String,
    /// "official", "community, unverified"
    pub trust: String,
    pub level: Level,
    pub category: Category,
    pub at: Timestamp,
    pub excerpt: String,
    /// None where it stands among the gist's actions.
    pub action: Option<String>,
}

/// The gist of a message. The same message gives the same gist.
pub(super) fn gist(message: Message<'_>) -> Gist {
    let rendered = message.rendered();
    let (mut summary, mut actions, mut sections, mut more) = (String::new(), Vec::new(), Vec::new(), 0);
    let part = |title: &str, tellings: &[Telling], steps: &[Step]| Part {
        title: clip(title, NAME),
        stories: tellings.iter().map(|telling| short(telling, steps)).collect(),
    };
    match message {
        Message::Digest(digest, _) => {
            let (read, told) = (thousands(digest.counts.read), thousands(digest.counts.told));
            summary = format!("{read} read, {told} told.");
            actions = digest.actions.iter().map(step).collect();
            sections = digest.sections.iter().map(|one| part(&one.title, &one.stories, &actions)).collect();
        }
        Message::Alert(alert, _) => {
            actions = alert.telling.action.iter().map(|action| own_step(&alert.telling, action)).collect();
            sections = vec![part("", std::slice::from_ref(&alert.telling), &actions)];
        }
        Message::Rollup(rollup, _) => {
            summary = "Beyond the day's alerts.".to_owned();
            sections = vec![part("", &rollup.stories, &[])];
            more = rollup.told.len().saturating_sub(rollup.stories.len());
        }
        Message::Trends(edition, _) => summary = trends::summary(edition),
        Message::Notice { .. } | Message::Push { .. } | Message::Trial(..) => summary = said(&rendered.text),
    }
    let subject = clip(&rendered.subject, NAME);
    Gist {
        kind: message.kind(),
        edition: message.edition().to_string(),
        at: message.at(),
        subject,
        summary,
        actions,
        sections,
        more,
    }
}

fn short(telling: &Telling, steps: &[Step]) -> Short {
    let title = clip(&telling.title, TITLE);
    let source = clip(&telling.source, NAME);
    let stands_above = steps.iter().any(|step| step.story == telling.story);
    Short {
        story: telling.story.clone(),
        title: if title.is_empty() { format!("Untitled, from {source}") } else { title },
        url: link(telling.url.as_ref(), Links::Long),
        source,
        trust: match telling.unverified {
            true => format!("{}, unverified", telling.trust.word()),
            false => telling.trust.word().to_owned(),
        },
        level: telling.level,
        category: telling.category,
        at: telling.at,
        excerpt: clip(&telling.excerpt, EXCERPT),
        action: telling.action.as_ref().filter(|_| !stands_above).map(|action| clip(action, ACTION)),
    }
}

fn step(action: &Action) -> Step {
    Step {
        story: action.story.clone(),
        what: clip(&action.what, ACTION),
        why: clip(&action.why, TITLE),
        url: link(action.url.as_ref(), Links::Long),
        source: clip(&action.source, NAME),
    }
}

/// The step that a story itself names.
fn own_step(telling: &Telling, action: &str) -> Step {
    Step {
        story: telling.story.clone(),
        what: clip(action, ACTION),
        why: clip(&telling.title, TITLE),
        url: link(telling.url.as_ref(), Links::Long),
        source: clip(&telling.source, NAME),
    }
}

/// Our own words with their paragraphs; what they quote is on one line already.
fn said(text: &str) -> String {
    clean(&text.chars().take(NOTICE).collect::<String>()).trim().to_owned()
}

impl Gist {
    /// Every story, under whatever heading.
    pub fn stories(&self) -> impl Iterator<Item = &Short> {
        self.sections.iter().flat_map(|part| &part.stories)
    }

    /// Plain text of at most so many bytes: what to do first, then the stories, and how many more there are. Below 4,000
    /// bytes there may be no room for even one.
    pub fn text(&self, most_bytes: usize) -> String {
        let blocks = self.blocks();
        let stories = self.stories().count() + self.more;
        for kept in (0..=blocks.len()).rev() {
            let shown = blocks[..kept].iter().filter(|(_, is_story)| *is_story).count();
            let left_out = (stories > shown).then(|| more_words(stories - shown));
            let lines = blocks[..kept].iter().map(|(block, _)| block.clone()).chain(left_out);
            let text = lines.collect::<Vec<_>>().join("\n\n");
            if text.len() <= most_bytes {
                return text;
            }
        }
        String::new()
    }

    /// Paragraphs in their order, and whether each is a story.
    fn blocks(&self) -> Vec<(String, bool)> {
        let is_alert = self.kind == EditionKind::Alert;
        let mut blocks = Vec::new();
        if !self.summary.is_empty() {
            blocks.push((self.summary.clone(), false));
        }
        for step in &self.actions {
            // An alert's story stands right below.
            let because = if is_alert { String::new() } else { format!("\nBecause: {}", step.why) };
            blocks.push((format!("To do: {}{because}", step.what), false));
        }
        for part in &self.sections {
            // A heading belongs to its first story: it must not stand alone where that found no room.
            let mut heading = (!part.title.is_empty()).then(|| part.title.to_uppercase());
            for story in &part.stories {
                let mut lines: Vec<String> = heading.take().into_iter().collect();
                lines.push(story.title.clone());
                lines.extend(story.action.as_ref().map(|action| format!("To do: {action}")));
                lines.push(format!("{}, {}", story.source, story.trust));
                lines.extend(story.url.clone());
                blocks.push((lines.join("\n"), true));
                if is_alert && !story.excerpt.is_empty() {
                    blocks.push((format!("\u{201c}{}\u{201d}", story.excerpt), false));
                }
            }
        }
        blocks
    }
}

/// "… and 7 more in the lab's digests."
pub(super) fn more_words(more: usize) -> String {
    format!("… and {more} more in the lab's digests.")
}
