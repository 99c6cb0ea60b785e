//! `tidings lessons permissions`: a settings.json to look at, from what the own sessions asked for.

use std::process::ExitCode;

use serde_json::{Value, json};
use tidings::flow::answers::thousands;
use tidings::flow::habits::{self, List, Own, PermissionLine, Preset, Suggestion};

use super::super::args::PermissionsArgs;
use super::super::exit::Failure;
use super::super::run::count;
use super::super::wrap::{WIDTH, wrapped};
use super::super::{Desk, say};
use super::friction::{not_yours, remarks};

/// Columns of a rule's words, and of how often it came up.
const RULE: usize = 29;
const SEEN: usize = 7;

pub fn permissions(desk: &Desk, args: &PermissionsArgs) -> Result<ExitCode, Failure> {
    let setup = desk.setup()?;
    let project = args.project.as_ref().map(std::path::absolute).transpose().map_err(anyhow::Error::new)?;
    let own = habits::permissions(&setup, project.as_deref(), args.preset).map_err(not_yours)?;
    let Own { told, unread, left_out } = own;
    match desk.json {
        true => print_json(desk, &told)?,
        false => print(&told, project.as_deref())?,
    }
    remarks(unread, left_out);
    Ok(ExitCode::SUCCESS)
}

fn print(suggestion: &Suggestion, project: Option<&std::path::Path>) -> Result<(), Failure> {
    let place = project.map_or("all projects".to_owned(), |project| project.display().to_string());
    let (calls, sessions) = (thousands(suggestion.calls), count(suggestion.sessions, "session"));
    let preset = suggestion.preset.word();
    for line in wrapped(
        &format!("Settings for Claude Code, preset {preset}, from {calls} commands in {sessions} ({place})."),
        WIDTH,
    ) {
        say(&line)?;
    }
    if suggestion.calls > 0 {
        let (before, after) = (share(suggestion.before, suggestion.calls), share(suggestion.after, suggestion.calls));
        say(&format!("Without these rules {before}% of them run unasked, with them {after}%."))?;
    }
    let allowed: Vec<&PermissionLine> = suggestion.lines.iter().filter(|line| line.list == List::Allow).collect();
    if !allowed.is_empty() {
        say(&heading("Allowed"))?;
    }
    for line in allowed {
        say(&row(&words(line), line.times, line.why))?;
    }
    for (list, head) in [(List::Ask, "Always asked"), (List::Deny, "Denied")] {
        let groups = groups(suggestion, list);
        if !groups.is_empty() {
            say(&heading(head))?;
        }
        for group in groups {
            say(&group.line())?;
        }
    }
    if !suggestion.left.is_empty() {
        say(&heading("Still asked"))?;
    }
    for left in &suggestion.left {
        say(&row(&left.name, left.times, left.why))?;
    }
    say("\nFor .claude/settings.json; nothing was written. --json says why of each rule.\n")?;
    say(&compact(&suggestion.settings()))?;
    Ok(())
}

/// Rules of one reason on one line: the first of them stands for the others.
struct Group<'s> {
    why: &'s str,
    lines: Vec<&'s PermissionLine>,
}

impl Group<'_> {
    fn line(&self) -> String {
        // The one that came up most says most.
        let first =
            self.lines.iter().max_by_key(|line| line.times).filter(|line| line.times > 0).unwrap_or(&self.lines[0]);
        let name = match self.lines.len() {
            1 => words(first),
            more => format!("{} +{}", cut(&words(first), RULE - 4), more - 1),
        };
        row(&name, self.lines.iter().map(|line| line.times).sum(), self.why)
    }
}

fn groups(suggestion: &Suggestion, list: List) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for line in suggestion.lines.iter().filter(|line| line.list == list) {
        match groups.iter_mut().find(|group| group.why == line.why) {
            Some(group) => group.lines.push(line),
            None => groups.push(Group { why: line.why, lines: vec![line] }),
        }
    }
    groups
}

/// Of `Bash(git status:*)` the command; of another tool the rule.
fn words(line: &PermissionLine) -> String {
    match (line.rule.tool(), line.rule.pattern()) {
        ("Bash", Some(pattern)) => pattern.strip_suffix(":*").unwrap_or(pattern).to_owned(),
        _ => line.rule.to_string(),
    }
}

fn heading(name: &str) -> String {
    format!("\n{name:<width$}{:>SEEN$}", "times", width = RULE + 2)
}

fn row(name: &str, times: u64, why: &str) -> String {
    let times = if times == 0 { "-".to_owned() } else { thousands(times) };
    let why_width = WIDTH - 2 - RULE - SEEN - 2;
    let mut whys = wrapped(why, why_width);
    let mut lines = format!("  {:<RULE$}{times:>SEEN$}  {}", cut(name, RULE), whys.remove(0));
    for why in whys {
        lines += &format!("\n{:indent$}{why}", "", indent = WIDTH - why_width);
    }
    lines
}

fn cut(text: &str, width: usize) -> String {
    match text.char_indices().nth(width) {
        Some(_) => text.chars().take(width - 1).chain(['…']).collect(),
        None => text.to_owned(),
    }
}

/// JSON with as many items on a line as find place: a list of a hundred rules is read at a glance.
fn compact(settings: &Value) -> String {
    let mut lines = Vec::new();
    write(settings, "", 0, &mut lines);
    lines.join("\n")
}

fn write(value: &Value, before: &str, depth: usize, lines: &mut Vec<String>) {
    let indent = "  ".repeat(depth);
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            lines.push(format!("{indent}{before}{{"));
            for (number, (key, value)) in fields.iter().enumerate() {
                write(value, &format!("{}: ", Value::from(key.as_str())), depth + 1, lines);
                if number + 1 < fields.len() {
                    lines.last_mut().expect("it was just written").push(',');
                }
            }
            lines.push(format!("{indent}}}"));
        }
        Value::Array(items) if !items.is_empty() => {
            lines.push(format!("{indent}{before}["));
            let mut line = format!("{indent}  ");
            for (number, item) in items.iter().enumerate() {
                let mark = if number + 1 < items.len() { "," } else { "" };
                let item = format!("{item}{mark}");
                if line.trim().is_empty() {
                    line += &item;
                } else if line.chars().count() + 1 + item.chars().count() <= WIDTH {
                    line = format!("{line} {item}");
                } else {
                    lines.push(std::mem::replace(&mut line, format!("{indent}  {item}")));
                }
            }
            lines.push(line);
            lines.push(format!("{indent}]"));
        }
        value => lines.push(format!("{indent}{before}{value}")),
    }
}

fn share(part: u64, whole: u64) -> u64 {
    (part * 100 + whole / 2) / whole.max(1)
}

fn print_json(desk: &Desk, suggestion: &Suggestion) -> Result<(), Failure> {
    let lines: Vec<Value> = suggestion
        .lines
        .iter()
        .map(|line| {
            json!({
                "list": line.list.word(), "rule": line.rule.to_string(), "times": line.times, "sessions": line.sessions,
                "why": line.why,
            })
        })
        .collect();
    let left: Vec<Value> = suggestion
        .left
        .iter()
        .map(|left| json!({ "command": left.name, "times": left.times, "sessions": left.sessions, "why": left.why }))
        .collect();
    desk.print_json(&json!({
        "version": 1, "preset": suggestion.preset.word(), "calls": suggestion.calls, "sessions": suggestion.sessions,
        "unasked_before": suggestion.before, "unasked_after": suggestion.after, "settings": suggestion.settings(),
        "explained": lines, "still_asked": left,
    }))?;
    Ok(())
}

/// A preset by its word.
pub fn preset(word: &str) -> Result<Preset, String> {
    let known = Preset::ALL.map(Preset::word).join(", ");
    Preset::ALL.into_iter().find(|preset| preset.word() == word).ok_or_else(|| format!("one of {known}"))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::compact;

    #[test]
    fn what_is_printed_compactly_is_the_same_json() {
        let many: Vec<String> = (0..40).map(|number| format!("Bash(a \"{number}\" é:*)")).collect();
        for value in [json!({ "a": { "b": many, "c": [], "d": {} }, "e": true }), json!({}), json!({ "x": ["y"] })] {
            let text = compact(&value);
            assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value, "{text}");
            assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
        }
    }
}
