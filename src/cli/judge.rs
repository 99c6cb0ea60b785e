//! `tidings judge explain`: why an item was weighed as it was, and what became of its story.

use std::io::IsTerminal;
use std::process::ExitCode;

use jiff::Timestamp;
use tidings::flow::ask;
use tidings::flow::{Explanation, Joined, explain};
use tidings::opinion::{Measure, Opinion};

use super::args::JudgeCommand;
use super::eval;
use super::exit::Failure;
use super::run::count;
use super::{Desk, say};

/// Columns of the narrowest terminal that people use.
const COLUMNS: usize = 80;

pub async fn judge(desk: &Desk, command: &JudgeCommand) -> Result<ExitCode, Failure> {
    match command {
        JudgeCommand::Explain { id } => explained(desk, id),
        JudgeCommand::Eval(args) => eval::eval(desk, args).await,
        JudgeCommand::Fit(args) => eval::fit_weights(desk, args),
    }
}

fn explained(desk: &Desk, id: &str) -> Result<ExitCode, Failure> {
    let home = desk.home()?;
    let Some(explanation) = explain(&home, id)? else {
        let remedy = if ask::show(&home, id).is_ok_and(|shown| shown.is_some()) {
            "it is not weighed yet, or was by an older tidings: `tidings run` weighs, and `tidings reindex` writes down what \
             older ones weighed"
        } else {
            "no item or story has this id; `tidings search` and the digest print ids like i-7k3m9q2xwd"
        };
        return Err(Failure::Wrong(format!("`{id}` can't be explained: {remedy}")));
    };
    if desk.json {
        desk.print_json(&explanation)?;
        return Ok(ExitCode::SUCCESS);
    }
    let page = page(&explanation);
    let is_terminal = std::io::stdout().is_terminal();
    // A heading stands alone, and does not begin with a space.
    let strong = |line: &str| match is_terminal && !line.is_empty() && !line.starts_with(' ') {
        true => format!("\x1b[1m{line}\x1b[0m"),
        false => line.to_owned(),
    };
    say(&page.lines().map(strong).collect::<Vec<_>>().join("\n"))?;
    Ok(ExitCode::SUCCESS)
}

/// The whole page, without colour; no line is longer than the terminal unless a single word is.
fn page(explanation: &Explanation) -> String {
    let why = &explanation.why;
    let verdict = &why.verdict;
    let mut page = wrapped(&why.title, 0);
    let date = match why.published {
        Some(at) => format!("published {}", minute(at)),
        None => format!("seen {}", minute(why.seen)),
    };
    page += &wrapped(&format!("{} · {} · {} · {date}", why.item, why.source, why.trust.word()), 2);
    if let Some(url) = &why.url {
        page += &wrapped(url.as_str(), 2);
    }

    page += &format!("\nVerdict: {}\n", verdict.level.word());
    page += &wrapped(&format!("relevance {:.2}: how well it fits the lab's interests", verdict.relevance), 2);
    page += &wrapped(&format!("critical  {:.2}: how sure it is that it cannot wait", verdict.critical), 2);
    if let Some(action) = &verdict.action {
        page += &wrapped(&format!("to do: {action}"), 2);
    }
    if verdict.old {
        page += &wrapped("it was old when it was first seen: nothing to do about it", 2);
    }
    let again = if verdict.at > why.first { format!(", first {}", minute(why.first)) } else { String::new() };
    page += &wrapped(&format!("judged {}{again}", minute(verdict.at)), 2);

    page += "\nWhy, strongest first\n";
    for reason in &verdict.why {
        page += &wrapped(&format!("{}: {}", reason.by.replace("rule:", "rule "), reason.text), 2);
    }

    page += "\nModel\n";
    page += &why.opinion.as_ref().map_or("  no model has read it\n".to_owned(), opinion);
    if let Some(second) = &why.second {
        page += &wrapped("rules and this model are far apart; a second opinion:", 2);
        page += &opinion(second);
    }

    let (level, members) = (explanation.story_level.word(), count(explanation.members.len(), "member"));
    page += &format!("\nStory {}: {level}, {members}\n", why.story);
    for reason in &explanation.story_why {
        page += &wrapped(&format!("{}: {}", reason.by.replace("rule:", "rule "), reason.text), 2);
    }
    for (place, member) in explanation.members.iter().enumerate() {
        page += &joined(member, place == 0);
    }

    page += "\nRose\n";
    for rise in &explanation.rises {
        page += &wrapped(&format!("{} to {}", minute(rise.at), rise.level.word()), 2);
    }

    page += "\nTold\n";
    if explanation.told.is_empty() {
        page += "  in no letter\n";
    }
    for told in &explanation.told {
        let how = match told.sent {
            0 => format!("{}, none sent yet", count(told.letters, "letter")),
            sent if sent == told.letters => format!("{} sent", count(sent, "letter")),
            sent => format!("{sent} of {} sent", count(told.letters, "letter")),
        };
        page += &wrapped(&format!("{} · {} by {}: {how}", minute(told.at), told.edition, told.channel.word()), 2);
    }
    if !explanation.lessons.is_empty() || !explanation.no_lessons.is_empty() {
        page += "\nLessons\n";
    }
    for lesson in &explanation.lessons {
        page += &wrapped(&format!("{} ({}): {}", lesson.id, lesson.stage.word(), lesson.claim), 2);
        page += &wrapped(&lesson.why, 4);
    }
    for passed in explanation.no_lessons.iter().take(MOST_PASSED) {
        page += &wrapped(&format!("none of {passed}"), 2);
    }
    page.truncate(page.trim_end().len());
    page
}

/// Sentences that became no lesson; `--json` has more of them.
const MOST_PASSED: usize = 3;

fn joined(member: &Joined, is_founder: bool) -> String {
    let title = if member.title.is_empty() { "(no title kept)" } else { &member.title };
    let mut facts = vec![member.source.clone(), member.trust.word().to_owned()];
    facts.extend(Some(member.site.clone()).filter(|site| !site.is_empty()));
    facts.push(member.level.word().to_owned());
    facts.extend(member.leg.then(|| "raises an alarm".to_owned()));
    facts.extend(member.lead.then(|| "speaks for the story".to_owned()));
    let shown: Vec<String> = member.by.iter().take(3).map(|key| key.replacen(':', " ", 1)).collect();
    let more = member.by.len() - shown.len();
    let by = match shown.is_empty() {
        true if is_founder => "founded the story".to_owned(),
        true => "shares no key with a member before it".to_owned(),
        false if more > 0 => format!("joined by {}, and {more} more", shown.join(", ")),
        false => format!("joined by {}", shown.join(", ")),
    };
    format!(
        "{}{}{}",
        wrapped(title, 2),
        wrapped(&format!("{} · {}", member.item, facts.join(" · ")), 4),
        wrapped(&by, 4)
    )
}

fn opinion(opinion: &Opinion) -> String {
    let odds = &opinion.odds;
    let measure = match opinion.measure {
        Measure::Whole => "its exact probabilities",
        Measure::Partial => "from the most probable words that its server shows",
        Measure::Letter => "its answer alone: the server shows no probabilities",
    };
    let odds = format!(
        "critical {:.2}, notable {:.2}, routine {:.2}, noise {:.2} ({measure})",
        odds.critical, odds.notable, odds.routine, odds.noise
    );
    format!("{}{}", wrapped(&odds, 2), wrapped(&format!("{}, {}", opinion.model, minute(opinion.at)), 2))
}

fn minute(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// Words on lines of the terminal's width; what follows the first line stands two further in. A longer word, such as an
/// address, stays whole.
fn wrapped(words: &str, indent: usize) -> String {
    let mut lines: Vec<String> = Vec::new();
    for word in words.split(' ') {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() < COLUMNS => *line += &format!(" {word}"),
            None => lines.push(format!("{}{word}", " ".repeat(indent))),
            Some(_) => lines.push(format!("{}{word}", " ".repeat(indent + 2))),
        }
    }
    lines.iter().map(|line| format!("{line}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_fit_a_terminal_and_long_words_stay_whole() {
        let address = format!("https://example.org/{}", "a".repeat(100));
        let text = format!("{} {address} end", "several words ".repeat(20).trim_end());
        let lines = wrapped(&text, 2);
        assert!(lines.lines().all(|line| line.chars().count() < COLUMNS || line.trim() == address), "{lines}");
        assert_eq!(lines.split_whitespace().collect::<Vec<_>>(), text.split_whitespace().collect::<Vec<_>>());
    }

    #[test]
    fn an_opinion_is_shown_with_its_measure_and_its_model() {
        let opinion = Opinion {
            odds: tidings::opinion::Odds { critical: 0.7, notable: 0.2, routine: 0.06, noise: 0.04 },
            measure: Measure::Partial,
            model: "qwen3-8b".to_owned(),
            prompt: String::new(),
            input: String::new(),
            at: "2026-11-19T08:00:30Z".parse().unwrap(),
        };
        let shown = super::opinion(&opinion);
        assert!(shown.starts_with("  critical 0.70, notable 0.20, routine 0.06, noise 0.04 (from the most"), "{shown}");
        assert!(shown.ends_with("  qwen3-8b, 2026-11-19 08:00 UTC\n"), "{shown}");
    }
}
