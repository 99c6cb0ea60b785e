//! What a proposal would do, written down for people below digests/WEEK/proposal/.

use std::fs;

use anyhow::{Context, Result};
use jiff::Timestamp;

use crate::teach::forge::Call;
use crate::teach::skill::{Author, format_patch};

use super::super::Setup;
use super::super::week::Week;
use super::Offered;

/// Whose patch it is until somebody applies it.
const AUTHOR: Author<'_> = Author { name: "tidings", email: "tidings@localhost" };

/// Writes request.md, a patch as `git format-patch` has them, proposal.json and, in calls.json, the calls that would be made, as they
/// leave; what an earlier proposal of the week left is replaced. Where nothing is proposed, nothing is written.
pub(super) fn write(setup: &Setup, calls: &[Call], now: Timestamp, offered: &mut Offered) -> Result<()> {
    let Some(proposal) = &offered.proposal else { return Ok(()) };
    let week = Week::open_at(&setup.config.schedule, now)?.name;
    let folder = setup.home.digests().join(week).join("proposal");
    let doing = || format!("writing {}; check the disk's free space", folder.display());
    fs::create_dir_all(&folder).with_context(doing)?;
    let at = now.to_zoned(setup.config.schedule.zone.clone());
    let json = serde_json::to_string_pretty(proposal).context("writing the proposal as JSON")? + "\n";
    let calls = serde_json::to_string_pretty(calls).context("writing the calls as JSON")? + "\n";
    let files = [
        ("request.md", format!("# {}\n\n{}", proposal.title, proposal.body)),
        ("0001-best-practices.patch", format_patch(proposal, AUTHOR, &at)),
        ("proposal.json", json),
        ("calls.json", calls),
    ];
    for (name, text) in files {
        fs::write(folder.join(name), text).with_context(doing)?;
    }
    offered.folder = Some(folder);
    Ok(())
}
