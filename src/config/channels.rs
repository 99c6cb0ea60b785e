//! Reads the tables of the channels that lead to one place, each to be left out.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use url::Url;

use super::routes::is_here;
use super::settings::read_secret;
use super::sources::{read_duration, read_web_address};
use super::table::{Table, nearest};
use super::{Config, SecretName};
use crate::edition::EditionKind;
use crate::edition::EditionKind::{Alert, Digest, Notice, Rollup, Trends};

/// Notion takes three requests a second on average.
const NOTION_GAP: Duration = Duration::from_millis(350);

/// `[webhook]`: one address that gets editions as JSON, signed as Standard Webhooks says.
#[derive(Debug, Clone)]
pub struct Webhook {
    pub name: String,
    pub url: Url,
    pub secret: Option<SecretName>,
    pub tells: Vec<EditionKind>,
}

/// `[ntfy]`: one topic of an ntfy server.
#[derive(Debug, Clone)]
pub struct Ntfy {
    pub name: String,
    /// The server's base, without the topic.
    pub url: Url,
    pub topic: String,
    pub token: Option<SecretName>,
    pub tells: Vec<EditionKind>,
}

/// `[slack]`: an incoming webhook, whose address is itself a secret.
#[derive(Debug, Clone)]
pub struct Slack {
    pub name: String,
    pub url: SecretName,
    pub tells: Vec<EditionKind>,
}

/// `[apprise]`: a box that passes JSON on to services of its own.
#[derive(Debug, Clone)]
pub struct Apprise {
    pub name: String,
    pub url: Url,
    pub tells: Vec<EditionKind>,
}

/// `[notion]`: databases of one workspace.
#[derive(Debug, Clone)]
pub struct Notion {
    pub name: String,
    /// Base of the API: `https://api.notion.com`.
    pub url: Url,
    pub token: SecretName,
    /// The id of the data source of each that is kept.
    pub databases: BTreeMap<Database, String>,
    /// Least time before each request.
    pub gap: Duration,
    pub tells: Vec<EditionKind>,
}

/// A database of the lab's knowledge base.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Database {
    /// Digests and months.
    Reports,
    Features,
    Techniques,
    Tools,
    /// What endangers, and what breaks.
    Security,
    /// What is to be done.
    Actions,
}

impl Database {
    pub const ALL: [Database; 6] = [
        Database::Reports,
        Database::Features,
        Database::Techniques,
        Database::Tools,
        Database::Security,
        Database::Actions,
    ];

    /// The key of its id in tidings.toml.
    pub fn word(self) -> &'static str {
        match self {
            Database::Reports => "reports",
            Database::Features => "features",
            Database::Techniques => "techniques",
            Database::Tools => "tools",
            Database::Security => "security",
            Database::Actions => "actions",
        }
    }
}

/// Reads the table of each channel.
pub(super) fn read(top: &Table<'_, '_>, config: &mut Config) {
    config.webhook = top.table("webhook").and_then(read_webhook);
    config.ntfy = top.table("ntfy").and_then(read_ntfy);
    config.slack = top.table("slack").and_then(read_slack);
    config.apprise = top.table("apprise").and_then(read_apprise);
    config.notion = top.table("notion").and_then(read_notion);
}

fn read_webhook(table: Table<'_, '_>) -> Option<Webhook> {
    let url = needed_url(&table, "[webhook]", "\"https://hooks.example.org/tidings\"");
    let secret = read_secret(&table, ["secret", "secret_env", "secret_file"]);
    let name = read_name(&table);
    let tells = read_tells(&table, &EditionKind::TOLD);
    table.finish();
    Some(Webhook { name, url: url?, secret, tells })
}

fn read_ntfy(table: Table<'_, '_>) -> Option<Ntfy> {
    let url = needed_url(&table, "[ntfy]", "\"https://ntfy.sh\", without the topic");
    let topic = table.parsed("topic", read_topic, "topic = \"letters, digits, - and _\"").map(|found| found.value);
    if topic.is_none() && !has(&table, "topic") {
        table.mistake("[ntfy] needs `topic`".to_owned(), "topic = \"a name that nobody guesses\"");
    }
    let token = read_secret(&table, ["token", "token_env", "token_file"]);
    keep_from_the_clear(&table, url.as_ref(), token.is_some());
    let name = read_name(&table);
    let tells = read_tells(&table, &[Alert, Rollup, Notice]);
    table.finish();
    Some(Ntfy { name, url: url?, topic: topic?, token, tells })
}

fn read_slack(table: Table<'_, '_>) -> Option<Slack> {
    let url = read_secret(&table, ["url", "url_env", "url_file"]);
    if url.is_none() && !has(&table, "url") {
        let remedy = "url_env = \"TIDINGS_SLACK_URL\"; whoever knows the address may write to the channel";
        table.mistake("[slack] needs `url_env` or `url_file`".to_owned(), remedy);
    }
    let name = read_name(&table);
    let tells = read_tells(&table, &[Alert, Rollup, Digest]);
    table.finish();
    Some(Slack { name, url: url?, tells })
}

fn read_apprise(table: Table<'_, '_>) -> Option<Apprise> {
    let url = needed_url(&table, "[apprise]", "\"http://apprise.example.org:8000/notify/KEY\"");
    let name = read_name(&table);
    let tells = read_tells(&table, &EditionKind::TOLD);
    table.finish();
    Some(Apprise { name, url: url?, tells })
}

fn read_notion(table: Table<'_, '_>) -> Option<Notion> {
    let url = table.parsed("url", read_web_address, "\"https://api.notion.com\"").map(|found| found.value);
    let url = url.unwrap_or_else(|| Url::parse("https://api.notion.com").expect("an address"));
    let token = read_secret(&table, ["token", "token_env", "token_file"]);
    if token.is_none() && !has(&table, "token") {
        let remedy =
            "token_env = \"NOTION_TOKEN\"; an integration's secret, https://www.notion.so/profile/integrations";
        table.mistake("[notion] needs `token_env` or `token_file`".to_owned(), remedy);
    }
    keep_from_the_clear(&table, Some(&url), token.is_some());
    let mut databases = BTreeMap::new();
    let remedy = "the id of a data source: Manage data sources, Copy data source ID";
    for database in Database::ALL {
        let found = table.parsed(database.word(), read_id, remedy);
        databases.extend(found.map(|found| (database, found.value)));
    }
    if databases.is_empty() && !Database::ALL.iter().any(|database| has(&table, database.word())) {
        let names = Database::ALL.map(Database::word).join(", ");
        table.mistake("[notion] names no database".to_owned(), &format!("one or more of {names}, each with {remedy}"));
    }
    let read = |text: &str| {
        read_duration(text).and_then(|length| Duration::try_from(length).map_err(|error| error.to_string()))
    };
    let gap = table.parsed("gap", read, "a number and a unit: \"350ms\"").map(|found| found.value);
    let name = read_name(&table);
    let tells = read_tells(&table, &[Alert, Digest, Trends]);
    table.finish();
    Some(Notion { name, url, token: token?, databases, gap: gap.unwrap_or(NOTION_GAP), tells })
}

/// 32 hexadecimal digits, with or without dashes; kept without.
fn read_id(text: &str) -> Result<String, String> {
    let id: String = text.trim().chars().filter(|letter| *letter != '-').collect();
    match id.len() == 32 && id.chars().all(|letter| letter.is_ascii_hexdigit()) {
        true => Ok(id.to_lowercase()),
        false => Err(format!("`{text}` is no id")),
    }
}

fn has(table: &Table<'_, '_>, key: &str) -> bool {
    table.entries().any(|(given, ..)| given == key)
}

fn needed_url(table: &Table<'_, '_>, name: &str, example: &str) -> Option<Url> {
    let url = table.parsed("url", read_web_address, example);
    if url.is_none() && !has(table, "url") {
        table.mistake(format!("{name} needs `url`"), &format!("url = {example}"));
    }
    url.map(|found| found.value)
}

/// What its one reader is called, in the keys of letters.
fn read_name(table: &Table<'_, '_>) -> String {
    table.string("name").map_or_else(|| "lab".to_owned(), |found| found.value)
}

/// A secret goes over TLS, or stays on this machine.
fn keep_from_the_clear(table: &Table<'_, '_>, url: Option<&Url>, has_secret: bool) {
    if has_secret && url.is_some_and(|url| url.scheme() == "http" && !is_here(url)) {
        table.mistake("the token would travel in the clear".to_owned(), "url = \"https://…\"");
    }
}

/// What ntfy takes as a topic.
pub(super) fn read_topic(text: &str) -> Result<String, String> {
    let is_sign = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_');
    match (1..=64).contains(&text.len()) && text.chars().all(is_sign) {
        true => Ok(text.to_owned()),
        false => Err("no topic: 1 to 64 letters, digits, - and _".to_owned()),
    }
}

/// Which editions a channel tells by itself.
pub(super) fn read_tells(table: &Table<'_, '_>, default: &[EditionKind]) -> Vec<EditionKind> {
    let Some(words) = table.strings("tells") else { return default.to_vec() };
    let known = EditionKind::TOLD.map(EditionKind::word);
    let mut tells = Vec::new();
    for found in words {
        match EditionKind::TOLD.into_iter().find(|kind| kind.word() == found.value) {
            Some(kind) => tells.push(kind),
            None => {
                let remedy = match nearest(&found.value, &known) {
                    Some(near) => format!("did you mean \"{near}\"?"),
                    None => format!("any of {}", known.join(", ")),
                };
                table.document.mistake(found.span, format!("`tells`: `{}` is no edition", found.value), remedy);
            }
        }
    }
    tells
}
