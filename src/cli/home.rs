//! Finds the home and reads its two files.

use std::env;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use tidings::config::{Config, Mistake, SecretName, SessionSource, read_every_source, read_settings};
use tidings::flow::{self, Setup};
use tidings::home::Home;
use tidings::session::Format;
use tidings::source::Source;

use super::Desk;
use super::exit::Failure;
use super::secrets;

impl Desk {
    /// The home: named, else the folder one stands in if it holds sources.toml, else the XDG data folder.
    pub fn home(&self) -> anyhow::Result<Home> {
        if let Some(folder) = &self.home {
            return Ok(Home::at(std::path::absolute(folder)?));
        }
        let here = env::current_dir().context("finding the folder we stand in")?;
        if here.join("sources.toml").is_file() {
            return Ok(Home::at(here));
        }
        Ok(Home::at(data_folder()?))
    }

    /// The home with its two files read.
    pub fn setup(&self) -> Result<Setup, Failure> {
        let home = self.home()?;
        let (sources, config) = read_files(&home)?;
        match (sources, config) {
            (Ok((sources, sessions)), Ok(mut config)) => {
                let sessions = sessions.into_iter().map(here).collect();
                config.share = config.share.map(|share| share.at_home(home_folder().as_deref()));
                Ok(Setup { home, sources, sessions, config })
            }
            (sources, config) => {
                let mistakes = [sources.err(), config.err()].into_iter().flatten().flatten().collect();
                Err(Failure::Mistakes(mistakes))
            }
        }
    }
}

/// A folder of sessions with its path whole, and with the names of this user and machine where the file says none.
pub fn here(source: SessionSource) -> SessionSource {
    let home = home_folder();
    if source.format == Format::Shared {
        // Each file says whose it is.
        return SessionSource { folder: source.folder_of(home.as_deref()), ..source };
    }
    let named = |text: String| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    // cron sets LOGNAME alone: whose sessions they are must not depend on who starts a run.
    let user = || env::var("USER").or_else(|_| env::var("LOGNAME")).ok().and_then(named);
    let owner = source.owner.clone().or_else(user);
    let host = source.host.clone().or_else(|| fs::read_to_string("/proc/sys/kernel/hostname").ok().and_then(named));
    SessionSource { folder: source.folder_of(home.as_deref()), owner, host, ..source }
}

fn home_folder() -> Option<PathBuf> {
    env::var_os("HOME").map(PathBuf::from).filter(|path| path.is_absolute())
}

/// What sources.toml names: what is asked over the network, and folders of sessions.
pub type Sources = (Vec<Source>, Vec<SessionSource>);

type Read<T> = Result<T, Vec<Mistake>>;

/// Reads both files and the rules that the second one names, so that the mistakes of all can be shown at once.
pub fn read_files(home: &Home) -> anyhow::Result<(Read<Sources>, Read<Config>)> {
    let path = home.sources();
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            bail!(
                "there is no home in {}: it holds no sources.toml. `tidings init` makes one; --home DIR names another",
                home.folder().display()
            )
        }
        Err(error) => return Err(error).with_context(|| format!("reading {}", path.display())),
    };
    let sources = read_every_source(&path.display().to_string(), &text);
    let path = home.settings();
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(error).with_context(|| format!("reading {}", path.display())),
    };
    let config = read_settings(&path.display().to_string(), &text).and_then(|config| {
        if !config.scrub_rules.is_empty() {
            flow::scrub_rules(home, &config)?;
        }
        Ok(config)
    });
    Ok((sources, config))
}

/// Writes a file anew with more at its end, and only if the whole then reads without a mistake.
pub fn append<T>(path: &Path, added: &str, read: fn(&str, &str) -> Read<T>) -> Result<(), Failure> {
    let before = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(anyhow::Error::new(error).context(format!("reading {}", path.display())).into()),
    };
    let after = format!("{}\n{added}", before.trim_end()).trim_start().to_owned();
    read(&path.display().to_string(), &after).map_err(Failure::Mistakes)?;
    let write = || -> anyhow::Result<()> {
        let folder = path.parent().context("a file lies in a folder")?;
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(after.as_bytes())?;
        if let Ok(there) = fs::metadata(path) {
            file.as_file().set_permissions(there.permissions())?;
        }
        file.as_file().sync_all()?;
        file.persist(path)?;
        Ok(())
    };
    Ok(write().with_context(|| format!("writing {}", path.display()))?)
}

fn data_folder() -> anyhow::Result<PathBuf> {
    let absolute = |name: &str| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    absolute("XDG_DATA_HOME")
        .or_else(|| absolute("HOME").map(|home| home.join(".local/share")))
        .map(|data| data.join("tidings"))
        .ok_or_else(|| anyhow!("neither HOME nor XDG_DATA_HOME is set; name a home with --home DIR"))
}

/// Looks a secret up where the configuration says it lies.
pub fn secret(name: &SecretName) -> anyhow::Result<String> {
    let text = match name {
        SecretName::Env(variable) => secrets::named(variable)
            .map_or_else(|| env::var(variable), Ok)
            .map_err(|_| anyhow!("the environment variable {variable} is not set; it should hold the secret"))?,
        SecretName::File(path) => {
            fs::read_to_string(path).with_context(|| format!("reading the secret in {}", path.display()))?
        }
    };
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}
