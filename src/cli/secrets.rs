//! Secrets from a file: NAME=value lines that stand in for environment variables, where cron gives none.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::OnceLock;

use anyhow::{Context, Result, bail};

/// Set once, before anything is looked up.
static SECRETS: OnceLock<BTreeMap<String, String>> = OnceLock::new();

/// Reads the file that `--secrets` names, for all that is looked up later.
///
/// # Errors
/// Those of [`read`].
pub fn set(path: &Path) -> Result<()> {
    let secrets = read(path)?;
    SECRETS.get_or_init(|| secrets);
    Ok(())
}

/// A secret by its name, if the file has it.
pub fn named(name: &str) -> Option<String> {
    SECRETS.get()?.get(name).cloned()
}

/// The values of a file of secrets, by name.
///
/// # Errors
/// When it can't be read, other users may read it, or a line is no `NAME=value`; a value is never in the message.
pub fn read(path: &Path) -> Result<BTreeMap<String, String>> {
    let doing = || format!("reading the file of secrets {}", path.display());
    let mode = fs::metadata(path).with_context(doing)?.permissions().mode();
    if mode & 0o077 != 0 {
        bail!("other users may read the file of secrets {}; `chmod 600` it", path.display());
    }
    let text = fs::read_to_string(path).with_context(doing)?;
    values(&text).map_err(|line| {
        anyhow::anyhow!("{} line {line}: not NAME=value; a value may stand in \"…\" or '…'", path.display())
    })
}

/// As systemd reads an EnvironmentFile=, without its continued lines and escapes. The error is a line's number.
fn values(text: &str) -> Result<BTreeMap<String, String>, usize> {
    let mut values = BTreeMap::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with(['#', ';']) {
            continue;
        }
        let (name, value) = line.split_once('=').ok_or(number + 1)?;
        let name = name.strip_prefix("export ").unwrap_or(name).trim();
        let is_name = !name.is_empty() && name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
        if !is_name {
            return Err(number + 1);
        }
        let value = value.trim();
        let quoted = |mark: char| value.strip_prefix(mark).map(|rest| rest.strip_suffix(mark).ok_or(number + 1));
        let value = quoted('"').or_else(|| quoted('\'')).unwrap_or(Ok(value))?;
        values.insert(name.to_owned(), value.to_owned());
    }
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_taken_as_they_stand() {
        let read = values("# mail\nA=b c$d#e\n\n; x\nexport B=\"q'q\"\nC=\n D = 'z ' \n").expect("read");
        let pairs: Vec<(&str, &str)> = read.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(pairs, [("A", "b c$d#e"), ("B", "q'q"), ("C", ""), ("D", "z ")]);
    }

    #[test]
    fn what_is_no_name_and_value_is_told_by_its_line() {
        for (text, line) in [("A=1\nhunter2\n", 2), ("=x", 1), ("a-b=x", 1), ("A='open", 1)] {
            assert_eq!(values(text), Err(line), "{text}");
        }
    }
}
