//! `tidings demo`: the whole river on a recorded world.

use std::process::ExitCode;

use anyhow::Context;
use tidings::flow::{self, Asked};
use tidings::home::Home;

use super::exit::Failure;
use super::home::secret;
use super::progress::Progress;
use super::run::{count, words};
use super::{Desk, say};

pub async fn demo(desk: &Desk) -> Result<ExitCode, Failure> {
    let home = match &desk.home {
        Some(folder) if folder.join("sources.toml").exists() => {
            return Err(Failure::Wrong(format!(
                "{} is a home already; the demo wants an empty folder",
                folder.display()
            )));
        }
        Some(folder) => Home::at(std::path::absolute(folder).context("finding the home")?),
        None => {
            let folder = tempfile::Builder::new().prefix("tidings-demo-").tempdir().context("making a home")?;
            Home::at(folder.keep())
        }
    };
    flow::lay_out_demo(&home)?;
    let here = Desk {
        home: Some(home.folder().to_owned()),
        now: desk.now,
        is_pretended: desk.is_pretended,
        json: desk.json,
        session: None,
    };
    let setup = here.setup()?;
    let started = std::time::Instant::now();
    let progress = Progress::new();
    let reports = flow::replay(&setup, &home.folder().join("world"), &Asked::Due, &secret, &progress).await?;
    drop(progress);
    if desk.json {
        for report in &reports {
            desk.print_json(report)?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    say(&format!(
        "A recorded world of {}, read {} in {:.1} s. Its publishers and products are invented.",
        count(setup.sources.len(), "source"),
        match reports.len() {
            1 => "once".to_owned(),
            passes => format!("{passes} times"),
        },
        started.elapsed().as_secs_f64()
    ))?;
    for report in &reports {
        let when = report.now.to_zoned(setup.config.schedule.zone.clone()).strftime("%A %-d %B %Y, %H:%M");
        say(&format!("\n{when}\n{}", indented(&words(report, &setup))))?;
    }
    // As it was called here: a newcomer has not installed it.
    let program = std::env::args().next().unwrap_or_else(|| "tidings".to_owned());
    let (folder, week) = (home.folder().display(), reports.iter().rev().find_map(|report| report.acts.digests.last()));
    if let Some(week) = week {
        say(&format!(
            "\nThe digest lies in {}/{week}/: digest.html for a browser, digest.md, digest.txt, digest.json.",
            home.digests().display()
        ))?;
    }
    say(&format!(
        "Look around:\n  {program} --home {folder} search sandbox\n  {program} --home {folder} status\n  {program} --home {folder} serve    the pages, for a browser\n  rm -r {folder}    when you have seen enough"
    ))?;
    Ok(ExitCode::SUCCESS)
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n")
}
