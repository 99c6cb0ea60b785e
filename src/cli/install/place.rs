//! Where things are installed: what is there now, and the writing.

use std::env;
use std::fs;
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, anyhow, bail};

use super::plan::{Change, Place};

/// What the environment says about this machine and its user.
pub struct Surroundings {
    home: Option<PathBuf>,
    config: Option<PathBuf>,
    claude: Option<PathBuf>,
}

impl Surroundings {
    pub fn look() -> Surroundings {
        let folder = |name: &str| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
        Surroundings { home: folder("HOME"), config: folder("XDG_CONFIG_HOME"), claude: folder("CLAUDE_CONFIG_DIR") }
    }

    /// Where a user's settings lie (XDG Base Directory).
    pub fn config_folder(&self) -> Option<PathBuf> {
        self.config.clone().or_else(|| self.home.as_ref().map(|home| home.join(".config")))
    }

    /// Claude Code's file of servers and its settings.
    pub fn claude_code(&self) -> Option<(PathBuf, PathBuf)> {
        match (&self.claude, &self.home) {
            (Some(folder), _) => Some((folder.join(".claude.json"), folder.join("settings.json"))),
            (None, Some(home)) => Some((home.join(".claude.json"), home.join(".claude/settings.json"))),
            (None, None) => None,
        }
    }

    /// The program that runs now, under the name by which it is found: a link stays when what it leads to is renewed.
    pub fn program(&self) -> Result<PathBuf> {
        let here = env::current_exe().context("finding this program; name it with --program FILE")?;
        let same = |path: &PathBuf| path.is_absolute() && path.canonicalize().is_ok_and(|path| path == here);
        let paths = env::var_os("PATH").unwrap_or_default();
        let found = env::split_paths(&paths).map(|folder| folder.join("tidings")).find(same);
        Ok(found.unwrap_or(here))
    }

    /// # Errors
    /// When systemd does not run this machine (sd_booted(3)).
    pub fn has_systemd(&self) -> Result<()> {
        if Path::new("/run/systemd/system").is_dir() {
            return Ok(());
        }
        bail!(
            "systemd does not run this machine; `tidings install cron` needs none, and --to DIR writes units for another machine"
        )
    }
}

/// # Errors
/// When a file is no program that can be started.
pub fn is_program(path: &Path) -> Result<()> {
    let there = fs::metadata(path).with_context(|| format!("looking for the program {}", path.display()))?;
    if !there.is_file() || there.permissions().mode() & 0o111 == 0 {
        bail!("{} is no program; name one with --program FILE", path.display());
    }
    if !is_our_name(path) {
        bail!(
            "{} should have a name that begins with tidings: by it what was installed is known again",
            path.display()
        );
    }
    Ok(())
}

/// Whether a program is called as this one is, perhaps with its version.
pub fn is_our_name(program: &Path) -> bool {
    program.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"tidings"))
}

/// The name of the user who owns a file.
///
/// # Errors
/// When the file is not there, or its owner has no name.
pub fn owner(path: &Path) -> Result<String> {
    let user = fs::metadata(path).with_context(|| format!("looking at {}", path.display()))?.uid().to_string();
    let text = fs::read_to_string("/etc/passwd").context("reading /etc/passwd for the owner of the home")?;
    let mut users = text.lines().map(|line| line.split(':').collect::<Vec<_>>());
    let found = users.find(|fields| fields.get(2) == Some(&user.as_str())).and_then(|fields| fields.first().copied());
    found
        .map(str::to_owned)
        .ok_or_else(|| anyhow!("the owner of {} (user {user}) has no name in /etc/passwd", path.display()))
}

/// The text of a file; None where there is none.
///
/// # Errors
/// When it can't be read, is no text, or is a link that leads nowhere.
pub fn read(path: &Path) -> Result<Option<String>> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            if fs::symlink_metadata(path).is_ok() {
                bail!("{} is a link that leads nowhere; mend or delete it", path.display());
            }
            Ok(None)
        }
        Err(error) => Err(error).with_context(|| format!("reading {}; nothing was written", path.display())),
    }
}

/// The crontab of whoever runs this; empty where there is none.
///
/// # Errors
/// When there is no cron, or it does not show the crontab.
pub fn read_crontab() -> Result<String> {
    let output = crontab().arg("-l").stdin(Stdio::null()).output().map_err(|error| no_cron(&error))?;
    if output.status.success() {
        return String::from_utf8(output.stdout)
            .map_err(|_| anyhow!("your crontab is not UTF-8; mend it by `crontab -e`. Nothing was written"));
    }
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    if said.contains("no crontab for") {
        return Ok(String::new());
    }
    bail!("`crontab -l` failed ({}): {said}. Mend that first; nothing was written", output.status)
}

fn write_crontab(text: &str) -> Result<()> {
    let mut child = crontab()
        .arg("-")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| no_cron(&error))?;
    if let Some(mut stdin) = child.stdin.take() {
        // One that has left says why below.
        let _ = stdin.write_all(text.as_bytes());
    }
    let output = child.wait_with_output().context("waiting for `crontab -`")?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("`crontab -` refused it ({}): {}; your crontab is as it was", output.status, said.trim());
    }
    Ok(())
}

fn crontab() -> Command {
    let mut command = Command::new("crontab");
    // Its words are read.
    command.env("LC_ALL", "C");
    command
}

fn no_cron(error: &std::io::Error) -> anyhow::Error {
    anyhow!(
        "starting `crontab`: {error}. Is cron installed (Debian: `apt install cron`)? `tidings install systemd --timer` needs none"
    )
}

/// Writes one change, if what lies there is still what the plan saw.
///
/// # Errors
/// When it changed meanwhile or can't be written; then it is as it was.
pub fn write(change: &Change) -> Result<()> {
    let changed = || anyhow!("{} changed meanwhile; nothing was written to it, try again", change.place.words());
    match &change.place {
        Place::Crontab => {
            if read_crontab()? != change.before.as_deref().unwrap_or_default() {
                return Err(changed());
            }
            write_crontab(change.after.as_deref().unwrap_or_default())
        }
        Place::File { path, mode } => {
            if read(path)? != change.before {
                return Err(changed());
            }
            match &change.after {
                None => fs::remove_file(path).with_context(|| format!("removing {}", path.display())),
                Some(text) => replace(path, text, *mode).with_context(|| format!("writing {}", path.display())),
            }
        }
    }
}

/// Puts a whole file in a place, through a link and with the mode and owner of the one before.
fn replace(path: &Path, text: &str, mode: u32) -> Result<()> {
    let folder = path.parent().context("a file lies in a folder")?;
    if !folder.is_dir() {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let folder = path.parent().context("a file lies in a folder")?;
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(text.as_bytes())?;
    let before = fs::metadata(&path).ok();
    let mode = before.as_ref().map_or(mode, |there| there.permissions().mode());
    file.as_file().set_permissions(fs::Permissions::from_mode(mode))?;
    if let Some(there) = before {
        // Of another's file only root can keep the owner; who is not root becomes it.
        let _ = std::os::unix::fs::fchown(file.as_file(), Some(there.uid()), Some(there.gid()));
    }
    file.as_file().sync_all()?;
    file.persist(&path)?;
    Ok(())
}
