//! Replay: runs on a recorded world, one for each of its passes, at the time of the pass; the demo is one.

use std::path::Path;

use anyhow::{Context, Result};
use include_dir::{Dir, include_dir};

use crate::fetch::recorded::passes;
use crate::home::Home;

use super::doors::Secrets;
use super::{Asked, Doors, Report, Setup, Watcher, run};

/// The world that ships with the program.
static DEMO: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/tests/worlds/demo");

/// One run for every pass of the world below `world`, oldest first. A pass asks every source, due or not, unless some are
/// named.
///
/// # Errors
/// As [`run`], or when the world has no passes.
pub async fn replay(
    setup: &Setup,
    world: &Path,
    asked: &Asked,
    secrets: Secrets<'_>,
    watcher: &dyn Watcher,
) -> Result<Vec<Report>> {
    let asked = if *asked == Asked::Due { &Asked::All } else { asked };
    let mut reports = Vec::new();
    for (now, pass) in passes(world)? {
        let doors = Doors::onto(pass, &setup.config, secrets)?;
        reports.push(run(setup, &doors, asked, now, watcher).await?);
    }
    Ok(reports)
}

/// Writes the demo's world and its two files into a home that holds no sources.toml yet. The world lies in `world/`.
///
/// # Errors
/// When a file can't be written.
pub fn lay_out_demo(home: &Home) -> Result<()> {
    let world = home.folder().join("world");
    std::fs::create_dir_all(&world).with_context(|| format!("making {}", world.display()))?;
    DEMO.extract(&world).with_context(|| format!("writing the recorded world to {}", world.display()))?;
    for name in ["sources.toml", "tidings.toml"] {
        let (from, to) = (world.join(name), home.folder().join(name));
        std::fs::copy(&from, &to).with_context(|| format!("writing {}", to.display()))?;
    }
    Ok(())
}
