//! What a home's two files say: sources.toml (what is watched) and tidings.toml (how).
//!
//! Both are read strictly: an unknown key, a wrong type or an impossible value is a [`Mistake`] with file, line, column and
//! remedy, and all mistakes of a file are found at once. Reading takes the text; who opens the file is not known here.

mod channels;
mod mistake;
mod origin;
mod paths;
mod people;
mod prices;
mod push;
mod routes;
mod sessions;
mod settings;
mod share;
mod site;
mod skills;
mod sources;
pub(crate) mod table;
mod web;

pub use channels::{Apprise, Database, Notion, Ntfy, Slack, Webhook};
pub use mistake::Mistake;
pub use origin::kinds;
pub use push::Push;
pub use sessions::SessionSource;
pub use settings::read_settings;
pub use share::Share;
pub use site::site_line;
pub use skills::{Plugin, Skills};
pub use sources::{read_every_source, read_sources};

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::{Time, Weekday};
use jiff::tz::TimeZone;
use url::Url;

use crate::edition::{ChannelName, EditionKind};
use crate::session::usage::PriceList;
use crate::stream::Stream;

/// tidings.toml, with every default filled in.
#[derive(Debug, Clone, Default)]
pub struct Config {
    pub network: Network,
    pub schedule: Schedule,
    pub interests: Interests,
    pub reddit: Reddit,
    pub github: Github,
    pub model: Model,
    /// Models elsewhere, by a name of the lab's.
    pub endpoints: Vec<Lab>,
    /// None: nothing is asked there.
    pub claude: Option<Claude>,
    pub routes: Routes,
    /// None: nothing is mailed.
    pub mail: Option<Mail>,
    pub webhook: Option<Webhook>,
    pub web: Web,
    pub ntfy: Option<Ntfy>,
    pub slack: Option<Slack>,
    pub apprise: Option<Apprise>,
    pub notion: Option<Notion>,
    pub people: Vec<Person>,
    /// Files of a lab's own rules for what is a secret, in the form of gitleaks.toml; below the home unless they begin with `/`.
    pub scrub_rules: Vec<PathBuf>,
    /// `[prices]`: what models cost that sessions used, by the beginning of their names.
    pub prices: PriceList,
    /// `[sessions]`: whether a phone is told when one waits; without it none is.
    pub push: Push,
    /// None: no session is shared.
    pub share: Option<Share>,
    /// None: nothing is proposed.
    pub skills: Option<Skills>,
}

impl Config {
    /// As it is, but without any channel: what only asks the web must not fail for want of a mail password.
    pub fn mute(&mut self) {
        (self.mail, self.webhook) = (None, None);
        (self.ntfy, self.slack, self.apprise, self.notion) = (None, None, None, None);
    }
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

impl Default for Network {
    fn default() -> Network {
        Network {
            contact: String::new(),
            allow: Vec::new(),
            // A person clicking through a site is about as fast; no operator minds it.
            gap: Duration::from_secs(1),
            per_host: 2,
            connect_timeout: Duration::from_secs(10),
            total_timeout: Duration::from_secs(60),
            // The largest real feed we know (METR's own) has 9 MB.
            max_bytes: 20_000_000,
        }
    }
}

/// A block of addresses, `10.0.0.0/8` or `::1/128`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    pub address: IpAddr,
    pub prefix: u8,
}

impl Block {
    /// Whether the address lies in the block. An IPv4 address written as IPv6 (`::ffff:10.0.0.1`) counts as the IPv4
    /// address that is dialled.
    pub fn contains(&self, address: IpAddr) -> bool {
        let (own, own_width) = bits(self.address);
        let (asked, asked_width) = bits(address.to_canonical());
        own_width == asked_width && (own ^ asked).checked_shr(u32::from(own_width - self.prefix)).unwrap_or(0) == 0
    }
}

impl FromStr for Block {
    type Err = String;

    /// Reads `10.0.0.0/8` or a single address. Bits beyond the prefix are a mistake, because it is open which part of the
    /// line was meant.
    fn from_str(text: &str) -> Result<Block, String> {
        let (address_text, prefix_text) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address_text
            .parse()
            .map_err(|_| format!("`{text}` is no block of addresses; write it like `10.0.0.0/8` or `fd00::/8`"))?;
        let (value, width) = bits(address);
        let prefix = match prefix_text {
            None => width,
            Some(digits) => digits
                .parse()
                .ok()
                .filter(|prefix| *prefix <= width)
                .ok_or_else(|| format!("`{text}` has no prefix from 0 to {width} after the `/`"))?,
        };
        let beyond = value & u128::MAX.checked_shr(128 - u32::from(width - prefix)).unwrap_or(0);
        if beyond != 0 {
            let first = match address {
                IpAddr::V4(_) => IpAddr::V4(((value ^ beyond) as u32).into()),
                IpAddr::V6(_) => IpAddr::V6((value ^ beyond).into()),
            };
            return Err(format!(
                "`{text}` has bits beyond its prefix; write `{first}/{prefix}` or `{address}/{width}`"
            ));
        }
        Ok(Block { address, prefix })
    }
}

/// An address as a number, and how many bits it has.
fn bits(address: IpAddr) -> (u128, u8) {
    match address {
        IpAddr::V4(address) => (u128::from(address.to_bits()), 32),
        IpAddr::V6(address) => (address.to_bits(), 128),
    }
}

/// `[schedule]`: when editions close.
#[derive(Debug, Clone)]
pub struct Schedule {
    pub zone: TimeZone,
    pub digest_day: Weekday,
    pub digest_time: Time,
    /// The day of the month, 1 to 28, on which the month before closes.
    pub trends_day: i8,
    pub trends_time: Time,
    /// Most alerts on one day of the lab's zone; what else is critical waits for the roll-up.
    pub alerts_a_day: usize,
    /// When the roll-up of a day leaves.
    pub rollup: Time,
    /// Hours in which nothing is sent; what is written in them leaves when they end.
    pub quiet: Option<Quiet>,
    /// Whether alerts and roll-ups leave in quiet hours too.
    pub quiet_spares_alerts: bool,
}

impl Schedule {
    /// Whether a letter of this sort waits for the end of the quiet hours.
    pub fn is_quiet(&self, kind: Option<EditionKind>, now: Timestamp) -> bool {
        let is_spared = self.quiet_spares_alerts && matches!(kind, Some(EditionKind::Alert | EditionKind::Rollup));
        let time = now.to_zoned(self.zone.clone()).time();
        !is_spared && self.quiet.is_some_and(|quiet| quiet.holds(time))
    }
}

/// Hours of each day, `22:00-07:00`: the first is in it, the last is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quiet {
    pub from: Time,
    pub to: Time,
}

impl Quiet {
    pub fn holds(self, time: Time) -> bool {
        match self.from <= self.to {
            true => (self.from..self.to).contains(&time),
            // Over midnight.
            false => time >= self.from || time < self.to,
        }
    }
}

impl Default for Schedule {
    fn default() -> Schedule {
        Schedule {
            zone: TimeZone::UTC,
            digest_day: Weekday::Monday,
            digest_time: Time::constant(7, 0, 0, 0),
            trends_day: 1,
            trends_time: Time::constant(7, 0, 0, 0),
            // Rare enough that each is read.
            alerts_a_day: 2,
            // Before people go home.
            rollup: Time::constant(17, 0, 0, 0),
            quiet: None,
            quiet_spares_alerts: true,
        }
    }
}

/// `[interests]`: what the lab cares about.
#[derive(Debug, Clone)]
pub struct Interests {
    /// One phrase a line; `phrase ^2` counts double, `phrase ^-1` against.
    pub profile: String,
    /// Products whose security news is told at once.
    pub watch: Vec<String>,
}

impl Default for Interests {
    fn default() -> Interests {
        Interests {
            profile: include_str!("config/profile.txt").to_owned(),
            watch: ["claude-code", "codex", "mcp", "ollama", "vllm", "pytorch", "slurm", "inspect_ai"]
                .map(str::to_owned)
                .to_vec(),
        }
    }
}

/// `[reddit]`: as whom Reddit is asked.
#[derive(Debug, Clone)]
pub struct Reddit {
    /// The account's name, for the User-Agent that Reddit asks of its clients.
    pub user: Option<String>,
    /// Id and secret of an application of it; None: its public feeds are read.
    pub application: Option<(SecretName, SecretName)>,
    /// Name and password of the account; None: the application asks for itself.
    pub person: Option<(SecretName, SecretName)>,
    /// Base of the API, and of the site that gives tokens and feeds.
    pub api: Url,
    pub login: Url,
}

impl Default for Reddit {
    fn default() -> Reddit {
        Reddit {
            user: None,
            application: None,
            person: None,
            api: Url::parse("https://oauth.reddit.com").expect("an address"),
            login: Url::parse("https://www.reddit.com").expect("an address"),
        }
    }
}

/// `[github]`: whose REST API answers, and as whom we ask.
#[derive(Debug, Clone)]
pub struct Github {
    /// The base of the API: `https://api.github.com`, or `https://HOST/api/v3` of an Enterprise server.
    pub api: Url,
    /// None: as nobody, 60 requests an hour.
    pub token: Option<SecretName>,
}

impl Default for Github {
    fn default() -> Github {
        Github { api: Url::parse(crate::source::github::API).expect("an address"), token: None }
    }
}

/// `[model]`: the lab's own language model, which reads what the rules have ordered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Model {
    pub endpoint: Endpoint,
    /// A model's file; with `llama-server` on the PATH, a run starts a server for it and ends it.
    pub gguf: Option<PathBuf>,
    /// Which model, where the server has several; None: the first it names.
    pub name: Option<String>,
    pub key: Option<SecretName>,
    /// How long a server may take to load before a run goes on without it.
    pub load_timeout: Duration,
    /// Most stories read by the model in one run; the others wait for the next.
    pub per_run: usize,
    /// Most stories of one source among them, so that no source crowds out the others.
    pub per_source: usize,
    /// Whether a model or a prompt that is new must first judge a few items right whose answer is known. Off for tiny models
    /// that try the wire and know nothing.
    pub canaries: bool,
}

impl Default for Model {
    fn default() -> Model {
        Model {
            endpoint: Endpoint::Auto,
            gguf: None,
            name: None,
            key: None,
            load_timeout: Duration::from_secs(120),
            // A busy day of 75 sources; on a GPU a minute, on two cores an hour.
            per_run: 400,
            per_source: 60,
            canaries: true,
        }
    }
}

/// Where a model answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Endpoint {
    /// The gguf, if one is named; else Ollama or llama-server on this machine, at their usual ports, if they answer.
    Auto,
    /// No model is asked.
    Off,
    /// Base of a server's API, such as `http://127.0.0.1:8080`, with or without `/v1`.
    At(Url),
}

/// `[[endpoint]]`: a server that speaks OpenAI's chat completions, by a name of the lab's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lab {
    /// Letters, digits, `-`, `_` and `.`.
    pub name: String,
    /// Base of its API, with or without `/v1`.
    pub url: Url,
    /// None: the first that it names.
    pub model: Option<String>,
    pub key: Option<SecretName>,
    pub prices: Prices,
}

impl Lab {
    /// The same, as `[model]` would say it.
    pub fn as_model(&self) -> Model {
        let endpoint = Endpoint::At(self.url.clone());
        Model { endpoint, gguf: None, name: self.model.clone(), key: self.key.clone(), ..Model::default() }
    }
}

/// `[claude]`: a model behind Anthropic's Messages API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claude {
    pub model: String,
    pub key: SecretName,
    /// `https://api.anthropic.com`; with http only on this machine.
    pub url: Url,
    pub prices: Prices,
}

/// What a model costs, in millionths of a dollar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Prices {
    /// For a million tokens that it reads.
    pub input: u64,
    /// For a million tokens that it writes.
    pub output: u64,
    /// Most in one month (UTC).
    pub a_month: u64,
}

impl Prices {
    pub fn are_nothing(&self) -> bool {
        self.input == 0 && self.output == 0
    }
}

/// `[routes]`: which model does what; the first that can.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Routes {
    /// One-letter opinions; never Claude, which shows no probabilities.
    pub screening: Vec<Route>,
    /// What another model makes of a story about which rules and the first model are far apart; as screening, never Claude.
    pub second_opinion: Vec<Route>,
    /// What a story says, in a form.
    pub extraction: Vec<Route>,
    /// The week in short.
    pub editorial: Vec<Route>,
}

impl Default for Routes {
    fn default() -> Routes {
        Routes {
            screening: vec![Route::Local],
            second_opinion: Vec::new(),
            extraction: vec![Route::Local],
            editorial: vec![Route::Claude, Route::Local],
        }
    }
}

/// One way to a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route {
    /// What `[model]` finds.
    Local,
    Claude,
    /// The `[[endpoint]]` of that name.
    Lab(String),
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
    /// Who looks after this home: gets a letter when a source begins to fail, or is good again.
    pub admin: Option<String>,
    pub password: Option<SecretName>,
    /// Hosts that may be spoken to without TLS.
    pub allow_plain: Vec<String>,
    /// PEM file of a certificate authority to trust besides the system's.
    pub ca_file: Option<PathBuf>,
    /// Most letters a minute; None: as fast as the server takes them.
    pub per_minute: Option<u32>,
    /// Connections to the server at once, each for many letters. One unless said: a run that is killed then leaves one letter of
    /// which it is not known whether it was taken.
    pub connections: usize,
    /// What the people get; the admin gets notices in any case.
    pub tells: Vec<EditionKind>,
}

/// `[web]`: where this home's pages are, and who may see them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Web {
    /// Where people outside reach them: https, without query. None: letters name no page to leave by.
    pub url: Option<Url>,
    pub listen: SocketAddr,
    /// Names by which browsers may ask for them, beside those of loopback and the host of `url`.
    pub hosts: Vec<String>,
    /// Who knows it sees what the owner of the home sees.
    pub token: Option<SecretName>,
    pub proxy: Option<Proxy>,
}

impl Default for Web {
    fn default() -> Web {
        Web { url: None, listen: web::LISTEN, hosts: Vec::new(), token: None, proxy: None }
    }
}

/// A server in front of the pages that knows who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proxy {
    /// Where it names the person, in small letters. It must take this header out of what comes from outside.
    pub user_header: String,
    /// Where it asks from; what asks from elsewhere is not believed.
    pub from: Vec<Block>,
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
    /// What concerns them first, in the order of `Stream::ALL`, each once.
    pub streams: Vec<Stream>,
    /// By which they may be reached; none: they get nothing.
    pub channels: Vec<ChannelName>,
}
