//! What `tidings judge eval FILE --with-model` says of the model.

use std::fmt::Write;

use tidings::flow::eval::Beside;

use super::eval::{FIGURES, shown};
use super::run::count;
use super::status::MEASURE;

/// The model's part of the page. `kept` says whether what was learned is kept.
pub fn page(beside: &Beside, kept: bool) -> String {
    let mut page = String::new();
    let left = match (beside.unread, &beside.trouble) {
        (0, _) => String::new(),
        (unread, why) => format!(", {unread} not: {}", why.as_deref().unwrap_or("no reason was given")),
    };
    let (model, read) = (&beside.model, count(beside.read, "real item"));
    let _ = writeln!(page, "Of the same file {model} read {read}{left}. On what it read:\n");
    let _ = write!(page, "{:<41}{:>13}{:>13}{:>13}", "", "without it", "it alone", "together");
    // Of the model alone, its calibration error is told below.
    for (name, words) in &FIGURES[..5] {
        let _ = write!(page, "\n{words:<41}");
        for figures in [&beside.without, &beside.alone, &beside.together] {
            let _ = write!(page, "{:>13}", figures.get(name).map(shown).unwrap_or_default());
        }
    }
    page.push_str("\n\nTogether beyond without it (paired resamples)\n");
    for (name, words) in &FIGURES[..4] {
        let Some(gain) = beside.gain.get(name) else { continue };
        let clear = if gain.value > gain.error { "" } else { "  within its error" };
        let _ = writeln!(page, "  {words:<41}{:>+7.3} \u{b1}{:.3}{clear}", gain.value, gain.error);
    }
    if let Some(calibrated) = &beside.calibrated {
        page.push_str(
            "\nIts calibration error before and after calibration (on labels that it was not learned from)\n",
        );
        for name in ["ece_relevance", "ece_critical"] {
            let (before, after) = (&beside.alone[name], &calibrated[name]);
            let _ = writeln!(page, "  {:<41}{:>13}{:>13}", &name[4..], shown(before), shown(after));
        }
    }
    page.push('\n');
    let _ = match beside.may_overrule {
        true => writeln!(page, "It has shown that it ranks better, so it may overrule what no rule holds up."),
        false => writeln!(page, "It may not overrule: {}.", beside.why_not.join("; ")),
    };
    let _ = match (&beside.measured, kept) {
        (Some(one), true) => writeln!(
            page,
            "Kept in state/calibration.json: it has {:.2} of the say beside relevance from the next run on.",
            one.share
        ),
        (Some(_), false) => writeln!(page, "Nothing is kept; `{MEASURE}` keeps this for the runs to come."),
        (None, _) => Ok(()),
    };
    page
}
