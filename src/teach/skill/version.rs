//! The version step: only a new version reaches those who installed the plugin, and a minor one asks each of them to look.

use std::fmt;

use jiff::ToSpan;
use jiff::civil::Date;

use super::manifest::{self, Unreadable};

/// How far a version goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// `0.1.11` to `0.1.12`: it arrives, and nobody is asked.
    Patch,
    /// `0.1.11` to `0.2.0`: everybody is asked to review.
    Minor,
}

impl Step {
    pub fn word(self) -> &'static str {
        match self {
            Step::Patch => "patch",
            Step::Minor => "minor",
        }
    }
}

/// Which change takes which step, and how often everybody may be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// For new advice.
    pub new_advice: Step,
    /// For corrections and retirements alone.
    pub corrections: Step,
    /// From one minor step to the next.
    pub days_between_minors: u16,
}

impl Default for Rule {
    /// Minor for new advice, patch for the rest, a week between two minors.
    fn default() -> Rule {
        Rule { new_advice: Step::Minor, corrections: Step::Patch, days_between_minors: 7 }
    }
}

impl Rule {
    /// The day from which on a minor step may be taken, if that is not today or before.
    pub fn minor_waits_until(&self, last_minor: Option<Date>, today: Date) -> Option<Date> {
        let until = last_minor?.saturating_add(i64::from(self.days_between_minors).days());
        (until > today).then_some(until)
    }
}

/// A manifest with its version moved on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bump {
    pub step: Step,
    pub from: String,
    pub to: String,
    /// The whole text; nothing but the value of `version` differs.
    pub text: String,
}

/// What comes of asking for a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    Bump(Bump),
    /// A minor step was taken less than a week ago: it may be taken from this day on. Nothing smaller stands in for it.
    Waits(Date),
}

/// plugin.json of the base branch, and what else may name a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Manifest<'t> {
    /// Below the repository's root, for errors.
    pub path: &'t str,
    pub text: &'t str,
    /// marketplace.json, where the repository has one.
    pub marketplace: Option<&'t str>,
}

/// Why a version cannot be moved on: which file, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionTrouble {
    pub path: String,
    pub why: String,
}

impl fmt::Display for VersionTrouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.why)
    }
}

impl std::error::Error for VersionTrouble {}

/// The version after the one that the manifest holds. `last_minor`: the day on which the last minor step of ours was merged.
pub fn next(
    manifest: &Manifest<'_>,
    step: Step,
    rule: &Rule,
    last_minor: Option<Date>,
    today: Date,
) -> Result<Next, VersionTrouble> {
    let trouble = |why: String| VersionTrouble { path: manifest.path.to_owned(), why };
    let values = manifest::values(manifest.text).map_err(|unreadable| {
        trouble(match unreadable {
            Unreadable::NoJson { line, column, why } => {
                format!("line {line}, column {column}: {why}; mend the file on the base branch, no plugin is loaded from it as it is")
            }
            Unreadable::NoObject => "it is no JSON object; a plugin's manifest begins with `{`".to_owned(),
        })
    })?;
    let mut versions = values.iter().filter(|(key, _)| key == "version").map(|(_, span)| span.clone());
    let span = match (versions.next(), versions.next()) {
        (Some(span), None) => span,
        (Some(_), Some(_)) => {
            return Err(trouble(
                "it names `version` twice; readers differ in which they take: delete one of them".to_owned(),
            ));
        }
        (None, _) => return Err(trouble(missing(&values_name(manifest.text, &values), manifest.marketplace))),
    };
    let written = &manifest.text[span.clone()];
    let from: String = serde_json::from_str(written)
        .map_err(|_| trouble(format!("its `version` is {}; write it as a string, `\"0.1.0\"`", excerpt(written))))?;
    let [major, minor, patch] = parts(&from).map_err(trouble)?;
    let too_far =
        || trouble(format!("its `version` {from} cannot be counted any further; choose the next one by hand"));
    let to = match step {
        Step::Minor => format!("{major}.{}.0", minor.checked_add(1).ok_or_else(too_far)?),
        Step::Patch => format!("{major}.{minor}.{}", patch.checked_add(1).ok_or_else(too_far)?),
    };
    if let Some(until) = (step == Step::Minor).then(|| rule.minor_waits_until(last_minor, today)).flatten() {
        return Ok(Next::Waits(until));
    }
    let text = format!("{}\"{to}\"{}", &manifest.text[..span.start], &manifest.text[span.end..]);
    Ok(Next::Bump(Bump { step, from, to, text }))
}

/// The plugin's name, as its manifest gives it.
fn values_name(text: &str, values: &[(String, std::ops::Range<usize>)]) -> Option<String> {
    let (_, span) = values.iter().find(|(key, _)| key == "name")?;
    serde_json::from_str(&text[span.clone()]).ok()
}

fn missing(name: &Option<String>, marketplace: Option<&str>) -> String {
    let entry = || {
        let marketplace: serde_json::Value = serde_json::from_str(marketplace?.trim_start_matches('\u{feff}')).ok()?;
        let plugins = marketplace.get("plugins")?.as_array()?;
        let ours =
            plugins.iter().find(|plugin| plugin.get("name").and_then(|found| found.as_str()) == name.as_deref())?;
        ours.get("version")?.as_str().map(str::to_owned)
    };
    match entry() {
        Some(version) => {
            let version = excerpt(&version).replace('`', "");
            format!(
                "it has no `version`, but the plugin's entry in marketplace.json has: {version}. tidings does not edit marketplace.json, and \
                 a version in plugin.json goes before the entry's: move it there, as `\"version\": \"{version}\"`"
            )
        }
        None => "it has no `version`, so that every commit counts as an update; add `\"version\": \"0.1.0\"` to it"
            .to_owned(),
    }
}

/// The three numbers of a plain version (semver.org 2.0.0, 2).
fn parts(version: &str) -> Result<[u64; 3], String> {
    let shown = excerpt(version);
    if version.contains(['-', '+']) {
        return Err(format!(
            "its `version` {shown} has a suffix; what follows on it is for people to say: set it to the plain `1.2.3`"
        ));
    }
    let number = |part: &str| {
        let is_plain =
            !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()) && (part == "0" || !part.starts_with('0'));
        is_plain.then(|| part.parse().ok()).flatten()
    };
    let numbers: Option<Vec<u64>> = version.split('.').map(number).collect();
    numbers.and_then(|numbers| numbers.try_into().ok()).ok_or_else(|| {
        format!("its `version` {shown} is not three numbers like `1.2.3` (semver.org); set it to such a one")
    })
}

fn excerpt(text: &str) -> String {
    let shown: String = text.chars().take(30).flat_map(char::escape_default).collect();
    format!("`{shown}`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_a_version_are_plain() {
        assert_eq!(parts("0.1.11"), Ok([0, 1, 11]));
        for other in [
            "1.2",
            "1.2.3.4",
            "v1.2.3",
            "01.2.3",
            "1.2.x",
            "",
            "1..3",
            "1.2.3-rc.1",
            "1.2.3+5",
            "18446744073709551616.0.0",
            "1.2.\u{661}",
        ] {
            assert!(parts(other).is_err(), "{other}");
        }
    }
}
