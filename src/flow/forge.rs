//! The forge's door: opened as tidings.toml says, and looked through.

use std::sync::Arc;

use anyhow::Result;
use jiff::Timestamp;

use super::doors::Secrets;
use crate::config::Config;
use crate::teach::forge::github::Github;
use crate::teach::forge::{Forge, Memory};

/// The forge of `[skills]`; None where there is no such table. The token is read here, and nothing is asked.
///
/// # Errors
/// When the token is missing, or is a classic one.
pub fn open_forge(config: &Config, secrets: Secrets<'_>) -> Result<Option<Arc<dyn Forge>>> {
    let Some(skills) = &config.skills else { return Ok(None) };
    Ok(Some(Arc::new(Github::open(skills, &config.network, secrets)?)))
}

/// Whether lessons could be proposed: asks the forge for what a proposal is made of, and writes nothing. What was found, in
/// words; None where there is no `[skills]`.
///
/// # Errors
/// What a person has to mend.
pub async fn check_forge(config: &Config, secrets: Secrets<'_>, now: Timestamp) -> Result<Option<String>> {
    let (Some(skills), Some(forge)) = (&config.skills, open_forge(config, secrets)?) else { return Ok(None) };
    let seen = forge.look(&Memory::default().of(skills), now).await?;
    anyhow::ensure!(
        seen.manifest.is_some(),
        "{} has no {} on {}; mend `manifest` under [skills]",
        skills.repository,
        skills.manifest,
        seen.default_branch
    );
    let who = seen.us.login.as_deref().unwrap_or("an app");
    Ok(Some(format!("the skills repository {} can be read as {who}, on {}", skills.repository, seen.default_branch)))
}
