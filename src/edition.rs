//! An edition is something we say; a letter is one copy of it, to one reader, over one channel, sent once.

use std::fmt;

use jiff::civil::{Date, ISOWeekDate};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use url::Url;

use crate::item::ItemId;
use crate::source::Trust;
use crate::story::StoryId;
use crate::stream::Stream;
use crate::verdict::{Category, Level, Reason};

pub mod trends;

/// Which edition. Written `digest/2026-W47` or `alert/s-7k3m9q2xwd`: these words are in letter keys, in told.jsonl and in
/// Message-IDs, and so can never be renamed.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EditionId {
    /// One ISO week, named by `week_name`.
    Digest(String),
    /// One calendar month, `2026-11`.
    Trends(String),
    Alert(StoryId),
    /// What was critical on one day beyond the day's alerts, told together.
    Rollup(Date),
    /// How a source fares has changed.
    Notice(String),
    /// Sessions wait for a person.
    Push(String),
    /// A person tries a channel; it is not kept.
    Trial(Timestamp),
}

impl fmt::Display for EditionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EditionId::Digest(week) => write!(f, "digest/{week}"),
            EditionId::Trends(month) => write!(f, "trends/{month}"),
            EditionId::Alert(story) => write!(f, "alert/{story}"),
            EditionId::Rollup(date) => write!(f, "rollup/{date}"),
            EditionId::Notice(name) => write!(f, "notice/{name}"),
            EditionId::Push(name) => write!(f, "push/{name}"),
            EditionId::Trial(at) => write!(f, "trial/{at}"),
        }
    }
}

/// The sorts of editions; a channel tells those that its table names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EditionKind {
    Alert,
    Rollup,
    Digest,
    /// One month.
    Trends,
    Notice,
    /// Sessions wait for a person; told over that person's ntfy alone.
    Push,
    /// A person tries a channel; told wherever that person says.
    Trial,
}

impl EditionKind {
    /// Those that a channel tells by itself.
    pub const TOLD: [EditionKind; 5] =
        [EditionKind::Alert, EditionKind::Rollup, EditionKind::Digest, EditionKind::Trends, EditionKind::Notice];

    /// As `tells` in tidings.toml and the keys of letters have it.
    pub fn word(self) -> &'static str {
        match self {
            EditionKind::Alert => "alert",
            EditionKind::Rollup => "rollup",
            EditionKind::Digest => "digest",
            EditionKind::Trends => "trends",
            EditionKind::Notice => "notice",
            EditionKind::Push => "push",
            EditionKind::Trial => "trial",
        }
    }
}

/// `2026-W47`, as ISO 8601 writes it.
pub fn week_name(date: ISOWeekDate) -> String {
    format!("{:04}-W{:02}", date.year(), date.week())
}

/// What the digest says, before any layout: digest.json. Everything people read is rendered from it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Digest {
    /// Of this shape; fields may be added under the same number.
    pub version: u32,
    /// `2026-W47`
    pub week: String,
    /// The period it covers: stories that rose at or after `from` and before `to`.
    pub from: Timestamp,
    pub to: Timestamp,
    /// IANA name of the zone in which dates are shown.
    pub zone: String,
    /// What to do this week; at most three.
    pub actions: Vec<Action>,
    /// Sections with at least one story, in the order they are read.
    pub sections: Vec<Section>,
    pub counts: Counts,
    /// Stories worth a line that found no room; they are searchable.
    #[serde(default)]
    pub left_out: u64,
    /// Those of them that their source's share left out, the most first.
    #[serde(default)]
    pub held_back: Vec<HeldBack>,
    /// Sources that gave nothing when the digest was written.
    pub troubles: Vec<Trouble>,
    /// "ranked without a model", or with which, and how much of the week it has read: stands at the top.
    #[serde(default)]
    pub ranked: String,
    /// Who put the stories in order, for example "rules and relevance; no model read them".
    pub ranked_by: String,
    /// The week in short, where a model wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub editorial: Option<Editorial>,
    /// What the lab's own sessions show; None where nobody shares any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sessions: Option<Sessions>,
    /// Requests on the lab's skill that were merged in the week, together; None: there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skill: Option<SkillUpdate>,
    /// Advice that no longer holds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub retired: Vec<Retired>,
    /// What else is to be said at the foot: why there is no editorial, what models have cost.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remarks: Vec<String>,
}

/// The week in short, written by a model and held against the stories it names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Editorial {
    /// As its server names it.
    pub model: String,
    /// At most five, of at most four sentences.
    pub paragraphs: Vec<Vec<Sentence>>,
}

/// One sentence, and the stories that it rests on: at least one, each told in the same digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sentence {
    pub text: String,
    pub stories: Vec<StoryId>,
}

/// Sums over the lab's own sessions of the week. There is no field that could hold a word of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sessions {
    /// People whose sessions these are; fewer than five are not shown, so that a sum tells of nobody.
    pub people: u64,
    pub sessions: u64,
    /// Calls of tools in them, and those of them that failed.
    pub tool_calls: u64,
    pub tool_failures: u64,
}

/// The lab's skill has changed: what came in, and how its readers come to have it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SkillUpdate {
    /// `0.2.0`: the plugin's, after the merge.
    pub version: String,
    /// The request that was merged.
    pub url: Option<Url>,
    /// The claims that came in, code between back quotes.
    pub advice: Vec<String>,
    /// To be typed one after the other; none where tidings.toml does not name the plugin.
    pub commands: Vec<String>,
}

/// Advice that was given and no longer holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retired {
    pub advice: String,
    /// What came in its place, or what showed that it is wrong.
    pub why: String,
    pub url: Option<Url>,
    pub source: String,
}

/// How many more stories a source had than one digest tells of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldBack {
    pub source: String,
    pub stories: u64,
}

/// One thing to do, pointing at the story that says so.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Action {
    pub story: StoryId,
    /// "Update claude-code to 2.1.251 or later."
    pub what: String,
    /// The story's title.
    pub why: String,
    pub url: Option<Url>,
    pub source: String,
    /// Why it is to be done: the strongest reason of the story's verdict.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// To be typed as it stands, in the source's own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// "everybody who uses lantern-code < 4.12.3"; empty where the story names no product.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub applies_to: String,
}

/// What a story's own words say of a product. What they do not say is left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// A watched product, as tidings.toml names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
    /// The versions affected, as the source writes them: "< 2.1.7".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub affected: Option<String>,
    /// The version that mends it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fixed: Option<String>,
    /// Ids of advisories: GHSA-…, CVE-….
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub advisories: Vec<String>,
    /// The maker's own command that brings the newer version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
}

impl Facts {
    pub fn are_none(&self) -> bool {
        *self == Facts::default()
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Section {
    pub category: Category,
    pub title: String,
    pub stories: Vec<Telling>,
}

/// A story as a reader sees it; the same shape in digest and alert.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Telling {
    pub story: StoryId,
    pub item: ItemId,
    pub level: Level,
    pub category: Category,
    pub title: String,
    pub url: Option<Url>,
    pub source: String,
    pub trust: Trust,
    pub at: Timestamp,
    /// The first sentences of the lead item's text, at most about 300 characters, in its own words.
    pub excerpt: String,
    pub action: Option<String>,
    pub why: Vec<Reason>,
    /// Who else tells it.
    pub also: Vec<Also>,
    /// It was in an earlier digest and has risen since.
    pub update: bool,
    /// An alarm that only strangers raise: nobody who knows has said so.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unverified: bool,
    #[serde(default, skip_serializing_if = "Facts::are_none")]
    pub facts: Facts,
    /// Whom it concerns most; it moves up in their copy.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub streams: Vec<Stream>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Also {
    pub source: String,
    pub url: Option<Url>,
}

/// "1,204 read, 14 told".
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Items first judged in the period.
    pub read: u64,
    /// Stories in this digest.
    pub told: u64,
    pub sources: u64,
    pub sources_failing: u64,
    /// Pieces of work that failed too often and were set aside.
    pub set_aside: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    pub source: String,
    pub message: String,
    pub last_good: Option<Timestamp>,
}

/// An alert, before any layout.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Alert {
    pub version: u32,
    pub at: Timestamp,
    pub zone: String,
    pub telling: Telling,
}

/// The critical stories of a day that its alerts had no room for, before any layout.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rollup {
    pub version: u32,
    pub date: Date,
    pub at: Timestamp,
    pub zone: String,
    /// At most 25.
    pub stories: Vec<Telling>,
    /// All that it stands for, those that found no room included.
    pub told: Vec<StoryId>,
}

/// Who gets a letter, and how: a mail address on `mail`, the name in its table on every other channel.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Reader {
    pub channel: ChannelName,
    /// In lower case for mail.
    pub address: String,
    /// How to greet or show them; may be empty.
    pub name: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ChannelName {
    Mail,
    Webhook,
    Ntfy,
    Slack,
    Apprise,
    Notion,
}

impl ChannelName {
    /// In the order in which they are listed.
    pub const ALL: [ChannelName; 6] = [
        ChannelName::Mail,
        ChannelName::Webhook,
        ChannelName::Ntfy,
        ChannelName::Slack,
        ChannelName::Apprise,
        ChannelName::Notion,
    ];

    /// The name of its table in tidings.toml; in the keys of letters, and so never renamed.
    pub fn word(self) -> &'static str {
        match self {
            ChannelName::Mail => "mail",
            ChannelName::Webhook => "webhook",
            ChannelName::Ntfy => "ntfy",
            ChannelName::Slack => "slack",
            ChannelName::Apprise => "apprise",
            ChannelName::Notion => "notion",
        }
    }

    pub fn named(word: &str) -> Option<ChannelName> {
        ChannelName::ALL.into_iter().find(|channel| channel.word() == word)
    }
}

/// One copy of an edition, to one reader, over one channel. Its exact bytes lie in state/outbox/ before the first try.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Letter {
    /// `digest/2026-W47/ana@example.org/mail`: edition + reader + channel. Told once means: one key, one letter.
    pub key: String,
    pub edition: String,
    pub reader: Reader,
    /// Derived from the key; also the id of a webhook's message.
    pub message_id: String,
    /// The stories in it.
    pub stories: Vec<StoryId>,
    /// File name in state/outbox/.
    pub file: String,
    pub state: LetterState,
    pub tries: u32,
    /// Not before this time.
    pub next_try: Timestamp,
    /// What the other side last said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
    /// Why a person has it sent by hand, whatever its age.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl Letter {
    /// What sort of edition it is a copy of; None of one that this program does not know.
    pub fn kind(&self) -> Option<EditionKind> {
        let word = self.edition.split('/').next().unwrap_or_default();
        EditionKind::TOLD.into_iter().find(|kind| kind.word() == word)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LetterState {
    /// Waits for its (next) try.
    Queued,
    /// A try began, and how it ended is not known: sent again with the same bytes and the same Message-ID.
    Sending,
    Sent,
    /// The other side said no for good.
    Dead,
}

/// No letter waits longer for its next try. A time further ahead was written by a clock that was wrong.
pub const LONGEST_WAIT: SignedDuration = SignedDuration::from_hours(24);

/// The key of a letter.
pub fn letter_key(edition: &EditionId, reader: &Reader) -> String {
    format!("{edition}/{}/{}", reader.address, reader.channel.word())
}

/// The left part of a Message-ID: 32 hexadecimal digits of the key's hash. The same key gives the same id on every machine.
pub fn message_hash(key: &str) -> String {
    let digest = Sha256::digest(format!("tidings letter\0{key}").as_bytes());
    digest[..16].iter().map(|byte| format!("{byte:02x}")).collect()
}
