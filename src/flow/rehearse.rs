//! Rehearse: the same run on a copy, of which nothing stays and from which nothing is sent.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Context, Result};
use jiff::Timestamp;

use crate::fetch::Carrier;
use crate::home::Home;
use crate::keep;

use super::models::ModelDoor;
use super::{Asked, Doors, ForgeDoor, Report, Setup, Watcher, run};

/// What [`run`] would do. The sources are really asked; the home is left as it is.
///
/// # Errors
/// As [`run`], or when there is no room for the copy.
pub async fn rehearse(
    setup: &Setup,
    carrier: Arc<dyn Carrier>,
    asked: &Asked,
    now: Timestamp,
    watcher: &dyn Watcher,
) -> Result<Report> {
    let folder = tempfile::tempdir().context("making a folder for the rehearsal")?;
    keep::copy_state(setup.home.folder(), folder.path(), "tidings run --dry-run", now)?;
    let mut setup = Setup { home: Home::at(folder.path()), ..setup.clone() };
    setup.config.share = None;
    run(
        &setup,
        &Doors { carrier, channels: BTreeMap::new(), model: ModelDoor::Shut, forge: ForgeDoor::Shut },
        asked,
        now,
        watcher,
    )
    .await
}
