//! Doors: the four-walled house opens to the outside here, as tidings.toml says.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result};
use jiff::Timestamp;

use crate::config::{self, Config, SecretName};
use crate::edition::ChannelName;
use crate::fetch::Carrier;
use crate::fetch::github::Github;
use crate::fetch::recorded::{Recorded, Recorder};
use crate::fetch::reddit::{Account, Reddit};
use crate::fetch::router::Router;
use crate::fetch::web::Web;
use crate::teach::forge::Forge;
use crate::tell::Channel;
use crate::tell::channel::kind;

use super::forge::open_forge;
use super::models::ModelDoor;

/// The doors to the outside. Tests and the demo bring their own.
pub struct Doors {
    pub carrier: Arc<dyn Carrier>,
    /// The channels that are set up; a letter for another one waits.
    pub channels: BTreeMap<ChannelName, Arc<dyn Channel>>,
    pub model: ModelDoor,
    pub forge: ForgeDoor,
}

/// The door to the skills repository. Its token is read when it is opened, in the one step that needs it.
#[derive(Clone, Default)]
pub enum ForgeDoor {
    #[default]
    Shut,
    /// To be opened as `[skills]` says, with secrets from here.
    With(fn(&SecretName) -> Result<String>),
    Open(Arc<dyn Forge>),
}

impl ForgeDoor {
    /// # Errors
    /// When `[skills]` is not set up, or its token is missing or may do too much.
    pub(super) fn open(&self, config: &Config) -> Result<Arc<dyn Forge>> {
        let opened = match self {
            ForgeDoor::Open(forge) => Some(forge.clone()),
            ForgeDoor::With(secrets) => open_forge(config, secrets).context("opening [skills]")?,
            ForgeDoor::Shut => None,
        };
        opened.context("no way to the skills repository is open here")
    }
}

pub use crate::tell::channel::Secrets;

impl Doors {
    /// The real doors: the web (recorded below `record`, if given) and the channels of the configuration.
    ///
    /// # Errors
    /// When a secret is missing or a setting can't be used; nothing has been asked or sent by then.
    pub fn open(config: &Config, record: Option<&Path>, secrets: Secrets<'_>, now: Timestamp) -> Result<Doors> {
        let router = router(config, secrets)?;
        let carrier: Arc<dyn Carrier> = match record {
            Some(world) => Arc::new(Recorder::new(router, world, now)?),
            None => Arc::new(router),
        };
        Ok(Doors {
            carrier,
            channels: channels(config, secrets)?,
            model: ModelDoor::of(config, secrets),
            forge: ForgeDoor::Shut,
        })
    }

    /// A recorded pass in place of the web, and the channels of the configuration.
    ///
    /// # Errors
    /// As [`Doors::open`].
    pub fn onto(pass: PathBuf, config: &Config, secrets: Secrets<'_>) -> Result<Doors> {
        let carrier = Arc::new(Recorded::new(pass));
        Ok(Doors {
            carrier,
            channels: channels(config, secrets)?,
            model: ModelDoor::of(config, secrets),
            forge: ForgeDoor::Shut,
        })
    }
}

/// The account that [reddit] names; None where it names none. A secret that is missing is told by the sources that need it.
fn account(reddit: &config::Reddit, secrets: Secrets<'_>) -> Option<Result<Account>> {
    let (id, secret) = reddit.application.as_ref()?;
    let person =
        |(name, password): &(SecretName, SecretName)| -> Result<_> { Ok((secrets(name)?, secrets(password)?)) };
    let found = || {
        let person = reddit.person.as_ref().map(person).transpose()?;
        Ok(Account { id: secrets(id)?, secret: secrets(secret)?, person })
    };
    Some(found())
}

/// What comes in. A secret that is missing here is told by the sources that need it, and stops no other.
fn router(config: &Config, secrets: Secrets<'_>) -> Result<Router> {
    let web = Web::new(&config.network, BTreeMap::new()).context("opening [network]")?;
    let token = config.github.token.as_ref().map(secrets);
    let github = Github::new(&config.github.api, token, &config.network, &web, BTreeMap::new());
    let account = account(&config.reddit, secrets);
    let reddit = Reddit::new(&config.reddit, account, &web).context("opening [reddit]")?;
    Ok(Router { github: github.context("opening [network]")?, web, reddit })
}

fn channels(config: &Config, secrets: Secrets<'_>) -> Result<BTreeMap<ChannelName, Arc<dyn Channel>>> {
    let mut channels = BTreeMap::new();
    for name in ChannelName::ALL {
        let opened = kind(name).open(config, secrets).with_context(|| format!("opening [{}]", name.word()))?;
        channels.extend(opened.map(|channel| (name, channel)));
    }
    Ok(channels)
}
