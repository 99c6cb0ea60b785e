//! What a home's two files say: sources.toml (what is watched) and tidings.toml (how).

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use jiff::civil::{Time, Weekday};
use jiff::tz::TimeZone;
use url::Url;

/// tidings.toml, with every default filled in.
#[derive(Debug, Clone)]
pub struct Config {
    pub network: Network,
    pub schedule: Schedule,
    pub interests: Interests,
    /// None: nothing is mailed.
    pub mail: Option<Mail>,
    pub webhook: Option<Webhook>,
    pub people: Vec<Person>,
}

/// `[network]`: manners and limits of asking the world.
#[derive(Debug, Clone)]
pub struct Network {
    /// A mail address or web page in the User-Agent, for the people whose servers we ask. Empty: none was given.
    pub contact: String,
    /// Addresses behind the firewall that a source line may name.
    pub allow: Vec<Block>,
    /// Least time between the starts of two requests to one host.
    pub gap: Duration,
    /// Most requests under way at one host.
    pub per_host: usize,
    pub connect_timeout: Duration,
    /// For one request with its redirects and its body.
    pub total_timeout: Duration,
    /// Of one answer, after decoding.
    pub max_bytes: u64,
}

/// A block of addresses, `10.0.0.0/8` or `::1/128`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    pub address: IpAddr,
    pub prefix: u8,
}

/// `[schedule]`: when editions close.
#[derive(Debug, Clone)]
pub struct Schedule {
    pub zone: TimeZone,
    pub digest_day: Weekday,
    pub digest_time: Time,
}

/// `[interests]`: what the lab cares about.
#[derive(Debug, Clone)]
pub struct Interests {
    /// One phrase a line; `phrase ^2` counts double, `phrase ^-1` against.
    pub profile: String,
    /// Products whose security news is told at once.
    pub watch: Vec<String>,
}

/// `[mail]`: how letters leave.
#[derive(Debug, Clone)]
pub struct Mail {
    /// `smtps://user@host[:465]` (TLS from the first byte) or `smtp://user@host[:587]` (STARTTLS, required unless the
    /// host is in `allow_plain`).
    pub smtp: Url,
    /// `Name <address>` or an address.
    pub from: String,
    pub reply_to: Option<String>,
    pub password: Option<SecretName>,
    /// Hosts that may be spoken to without TLS.
    pub allow_plain: Vec<String>,
    /// PEM file of a certificate authority to trust besides the system's.
    pub ca_file: Option<PathBuf>,
}

/// `[webhook]`: one address that gets alerts and digests as JSON, signed as Standard Webhooks says.
#[derive(Debug, Clone)]
pub struct Webhook {
    pub name: String,
    pub url: Url,
    pub secret: Option<SecretName>,
}

/// Where a secret lies; never the secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretName {
    Env(String),
    File(PathBuf),
}

/// `[[people]]`: who gets mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// In lower case.
    pub address: String,
    pub name: String,
}
