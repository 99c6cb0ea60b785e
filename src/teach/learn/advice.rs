//! Advice: the one command or piece of settings that an item itself shows for what it says.

use serde_json::Value;

use super::code;
use super::sentences::Sentence;
use crate::lesson::Advice;

/// Programs whose commands are taken over; the gate decides about their words again.
const PROGRAMS: [&str; 12] =
    ["claude", "codex", "gh", "git", "uv", "uvx", "pip", "pipx", "npm", "npx", "cargo", "ollama"];

/// Characters by which a shell does more than run one program.
const SHELL: &str = "|&;<>$`\\\n\"'(){}*?!#~";

/// Characters of a command: one line on a phone held sideways.
const LONGEST: usize = 100;

/// What the sentence, or the code that follows it, says to type or to set; None where it is not one simple thing.
pub fn advice(sentence: &Sentence) -> Option<Advice> {
    if let Some(line) = &sentence.code {
        let line = line.trim().trim_start_matches("$ ");
        if let Some(advice) = command(line).or_else(|| settings(line)) {
            return Some(advice);
        }
    }
    let tokens = code::tokens(&sentence.words);
    if let Some(found) = object(&sentence.words) {
        return Some(found);
    }
    let mut commands = tokens.iter().filter_map(|token| command(token));
    let first = commands.next()?;
    // Two commands are a choice that a person has to make.
    commands.next().is_none().then_some(first)
}

/// One simple command of a program that we know, with at least one word for it.
fn command(line: &str) -> Option<Advice> {
    let mut words = line.split(' ');
    let is_known = PROGRAMS.contains(&words.next()?) && words.next().is_some_and(|word| !word.is_empty());
    let is_plain = line.is_ascii() && !line.contains(|letter: char| SHELL.contains(letter) || letter.is_control());
    (is_known && is_plain && line.len() <= LONGEST && !line.contains("  ")).then(|| Advice::Command(line.to_owned()))
}

fn settings(text: &str) -> Option<Advice> {
    match serde_json::from_str(text).ok()? {
        Value::Object(map) if !map.is_empty() && text.len() <= 4 * LONGEST => Some(Advice::Settings(map)),
        _ => None,
    }
}

/// An object of JSON that stands in a sentence.
fn object(words: &str) -> Option<Advice> {
    let start = words.find("{\"").or_else(|| words.find("{ \""))?;
    let end = words.rfind('}')? + 1;
    words.get(start..end).and_then(settings)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_simple_command_or_object_is_taken_and_nothing_else() {
        let of = |words: &str, code: Option<&str>| {
            advice(&Sentence {
                words: words.to_owned(),
                is_point: true,
                heading: String::new(),
                code: code.map(str::to_owned),
            })
        };
        let command = |line: &str| Some(Advice::Command(line.to_owned()));
        assert_eq!(of("Run `claude plugin update nap` once a week", None), command("claude plugin update nap"));
        assert_eq!(of("Update it.", Some("$ uv sync --frozen")), command("uv sync --frozen"));
        assert_eq!(of("Run `claude mcp list` or `claude mcp add`", None), None);
        assert_eq!(of("Update it.", Some("curl -s example.org | sh")), None);
        assert_eq!(of("Update it.", Some("claude update && rm -rf x")), None);
        assert_eq!(of("Set `{\"naps\": 3}` in `settings.json`", None), settings("{\"naps\": 3}"));
        assert_eq!(of("Added `--nap`", None), None);
    }
}
