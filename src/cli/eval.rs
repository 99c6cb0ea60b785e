//! `tidings judge eval` and `fit`: how good judging is on labelled items, and its weights fitted to them.

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, anyhow};
use serde_json::json;
use tidings::config::{Config, read_sources};
use tidings::flow::ModelDoor;
use tidings::flow::credit::keep_measured;
use tidings::flow::eval::{Figure, Labelled, Outcome, Trial, evaluate, fit, have_read, read_labelled};
use tidings::source::Source;

use super::args::{EvalArgs, FitArgs};
use super::beside;
use super::exit::Failure;
use super::home::secret;
use super::init::SOURCES;
use super::progress::Progress;
use super::run::count;
use super::{Desk, say};

/// The figures in the order in which they are printed, with the words for them.
pub const FIGURES: [(&str, &str); 9] = [
    ("ap_relevant", "average precision, relevance 2 or 3"),
    ("ndcg10_week", "nDCG of the first 10, mean over weeks"),
    ("dense_recall_5", "critical stories caught, 5 alerts a day"),
    ("dense_recall_2", "critical stories caught, 2 alerts a day"),
    ("ap_critical", "average precision, critical"),
    ("ece_relevance", "calibration error, relevance"),
    ("ece_critical", "calibration error, critical"),
    ("brier_relevance", "Brier score, relevance"),
    ("brier_critical", "Brier score, critical"),
];

pub async fn eval(desk: &Desk, args: &EvalArgs) -> Result<ExitCode, Failure> {
    if args.keep && !desk.home()?.sources().exists() {
        let folder = desk.home()?.folder().display().to_string();
        return Err(Failure::Wrong(format!(
            "--keep needs a home, and {folder} holds no sources.toml: `tidings init` makes one"
        )));
    }
    let items = read(&args.file)?;
    let examples = read_all(&args.with)?;
    let sources = sources()?;
    let trial = Trial { items: &items, examples: &examples, sources: &sources, cross_validate: args.cross_validate };
    let config = config(desk)?;
    let reading = if args.with_model {
        let door = ModelDoor::of(&config, &secret);
        let progress = Progress::new();
        Some(have_read(&config.interests, &trial, &door, config.model.canaries, desk.now, &progress).await?)
    } else {
        None
    };
    let outcome = evaluate(&config.interests, &trial, reading.as_ref(), desk.now);
    if let Some(path) = &args.predictions {
        let mut lines = String::new();
        for (id, relevance, critical) in &outcome.predictions {
            let _ = writeln!(lines, "{}", json!({ "id": id, "relevance": relevance, "critical": critical }));
        }
        fs::write(path, lines).with_context(|| format!("writing the predictions to {}", path.display()))?;
    }
    if desk.json {
        desk.print_json(&outcome)?;
    } else {
        say(page(&outcome).trim_end())?;
        if let Some(beside) = &outcome.with_model {
            say(&format!("\n{}", beside::page(beside, args.keep).trim_end()))?;
        }
    }
    if args.keep
        && let Some(beside) = &outcome.with_model
    {
        let Some(measured) = &beside.measured else {
            return Err(Failure::Failed(anyhow!("nothing was kept: {}", beside.why_not.join("; "))));
        };
        keep_measured(&desk.home()?, measured)?;
    }
    Ok(ExitCode::SUCCESS)
}

pub fn fit_weights(desk: &Desk, args: &FitArgs) -> Result<ExitCode, Failure> {
    let items = read_all(&args.file)?;
    let weights = fit(&config(desk)?.interests, &items, &sources()?, desk.now);
    match &args.out {
        Some(path) => fs::write(path, weights).with_context(|| format!("writing the weights to {}", path.display()))?,
        None => say(weights.trim_end())?,
    }
    Ok(ExitCode::SUCCESS)
}

fn page(outcome: &Outcome) -> String {
    let mut page = String::new();
    let validated = if outcome.cross_validated { ", each week judged by weights fitted to the others" } else { "" };
    let _ = writeln!(
        page,
        "{}: {} real, {} of them relevant, {} critical{validated}.\n",
        count(outcome.items, "item"),
        outcome.real,
        outcome.relevant,
        outcome.critical
    );
    let _ = write!(page, "{:<41}", "");
    for scores in &outcome.scores {
        let _ = write!(page, "{:>13}", scores.by);
    }
    for (name, words) in FIGURES {
        let _ = write!(page, "\n{words:<41}");
        for scores in &outcome.scores {
            let _ = write!(page, "{:>13}", scores.figures.get(name).map(shown).unwrap_or_default());
        }
    }
    page.push_str("\n\nBeyond (paired resamples)\n");
    for scores in &outcome.scores[1..] {
        for (name, words) in &FIGURES[..4] {
            let Some(figure) = scores.ours_beyond.get(name) else { continue };
            let clear = if figure.value > figure.error { "" } else { "  within its error" };
            let _ =
                writeln!(page, "  {:<10}{words:<41}{:>+7.3} \u{b1}{:.3}{clear}", scores.by, figure.value, figure.error);
        }
    }
    let alerts = &outcome.alerts;
    let _ = writeln!(
        page,
        "\nOn the real calendar: {} of {} caught by {}; {:.2} alerts a week, {:.2} of them mistaken ({}).",
        alerts.caught,
        count(alerts.critical_stories, "critical story"),
        count(alerts.stories, "alert"),
        alerts.per_week,
        alerts.false_per_week,
        count(alerts.weeks, "week"),
    );
    for title in &alerts.mistaken {
        let _ = writeln!(page, "  mistaken: {title}");
    }
    let injections = &outcome.injections;
    let _ = writeln!(
        page,
        "Invented to mislead: {} of {} escalated; {} of {} alarms silenced, {} of {} ranked too low.",
        injections.escalated.len(),
        injections.escalating,
        injections.suppressed.len(),
        injections.with_alarm,
        injections.missed_by_score,
        injections.suppressing,
    );
    page
}

pub fn shown(figure: &Figure) -> String {
    format!("{:.3} \u{b1}{:.3}", figure.value, figure.error)
}

/// The home's settings where there is a home, else those that ship.
fn config(desk: &Desk) -> Result<Config, Failure> {
    if desk.home()?.sources().exists() { Ok(desk.setup()?.config) } else { Ok(Config::default()) }
}

fn sources() -> Result<Vec<Source>, Failure> {
    read_sources("sources.toml", SOURCES).map_err(Failure::Mistakes)
}

fn read_all(files: &[impl AsRef<Path>]) -> Result<Vec<Labelled>, Failure> {
    let mut items = Vec::new();
    for file in files {
        items.extend(read(file.as_ref())?);
    }
    Ok(items)
}

fn read(file: &Path) -> Result<Vec<Labelled>, Failure> {
    let text = fs::read(file).with_context(|| format!("reading the labelled items of {}", file.display()))?;
    let text = String::from_utf8(text)
        .map_err(|error| anyhow!("{}: byte {} is not UTF-8", file.display(), error.utf8_error().valid_up_to()))?;
    read_labelled(&file.display().to_string(), &text).map_err(|mistakes| {
        let more = mistakes.len().saturating_sub(10);
        let mut words = mistakes.into_iter().take(10).collect::<Vec<_>>().join("\n");
        if more > 0 {
            let _ = write!(words, "\nand {more} more");
        }
        Failure::Wrong(words)
    })
}
