//! Commands: one simple command of a program that is known, told nothing that its table does not name. The table is programs.toml.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use super::pattern::Pattern;
use super::{Allowed, LONGEST_COMMAND, lexer, lexicon, quoted};

/// programs.toml as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    program: Vec<Program>,
}

/// What one program may be told.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Program {
    name: String,
    /// What may be advised: [`Pattern`]s.
    forms: Vec<String>,
    /// What a sentence may name in code besides, though nobody is advised to type it so: its sub-commands, bare.
    #[serde(default)]
    named: Vec<String>,
    /// Examples of what passes, and of what does not.
    #[cfg_attr(not(test), expect(dead_code, reason = "the test of the table reads them"))]
    is: Vec<String>,
    #[cfg_attr(not(test), expect(dead_code, reason = "the test of the table reads them"))]
    is_not: Vec<String>,
}

/// The table, read.
struct Programs {
    forms: BTreeMap<String, Vec<Pattern>>,
    named: BTreeMap<String, Vec<Vec<String>>>,
}

static PROGRAMS: LazyLock<Programs> = LazyLock::new(|| {
    let table: Table = toml::from_str(include_str!("programs.toml")).expect("a test reads it");
    let mut programs = Programs { forms: BTreeMap::new(), named: BTreeMap::new() };
    for program in table.program {
        let forms = program.forms.iter().map(|form| Pattern::read(form).expect("a test reads it")).collect();
        let named = program.named.iter().map(|named| named.split(' ').map(str::to_owned).collect()).collect();
        programs.forms.insert(program.name.clone(), forms);
        programs.named.insert(program.name, named);
    }
    programs
});

/// Whether a command may be advised.
pub(super) fn check(command: &str, allowed: &Allowed) -> Result<(), String> {
    if command.len() > LONGEST_COMMAND {
        return Err(format!("it has {} characters; at most {LONGEST_COMMAND} are read", command.len()));
    }
    if command.trim() != command || command.contains("  ") {
        return Err("it has spaces at an end, or two in a row".to_owned());
    }
    let words = lexer::words(command)?;
    let (program, arguments) = words.split_first().expect("the lexer gives one");
    let Some(forms) = PROGRAMS.forms.get(program) else {
        return Err(format!("{} is none of the programs that may be advised", quoted(program)));
    };
    if !forms.iter().any(|form| form.describes(arguments, allowed)) {
        return Err(format!("{} may not be told this by anybody's advice", quoted(program)));
    }
    lexicon::check_dangers(command)
}

/// Whether a command is one that a sentence may name: one that may be advised, the beginning of one (`uv lock --upgrade-package`), or a
/// program with a sub-command and nothing more.
pub(super) fn may_be_named(command: &str, allowed: &Allowed) -> bool {
    let Ok(words) = lexer::words(command) else { return false };
    let (program, arguments) = words.split_first().expect("the lexer gives one");
    let named = || {
        PROGRAMS
            .named
            .get(program)
            .is_some_and(|named| arguments.is_empty() || named.iter().any(|one| one == arguments))
    };
    let begins_a_form =
        || PROGRAMS.forms.get(program).is_some_and(|forms| forms.iter().any(|form| form.begins_with(arguments)));
    named() || begins_a_form() || named_with_options(program, arguments) || check(command, allowed).is_ok()
}

/// A sub-command that may be named, with long options by their names alone: `claude remote-control --continue`. Of git's options too many
/// lose something.
fn named_with_options(program: &str, arguments: &[String]) -> bool {
    const PROGRAMS_WITH_CALM_OPTIONS: [&str; 8] = ["claude", "codex", "uv", "npm", "pnpm", "cargo", "pip", "ruff"];
    let is_option = |word: &String| word.strip_prefix("--").is_some_and(super::class::is_word);
    let words = arguments.iter().take_while(|word| !word.starts_with('-')).count();
    let (words, options) = arguments.split_at(words);
    PROGRAMS_WITH_CALM_OPTIONS.contains(&program)
        && !options.is_empty()
        && options.iter().all(is_option)
        && (words.is_empty() || PROGRAMS.named.get(program).is_some_and(|named| named.iter().any(|one| one == words)))
}

/// Whether a program has its own table.
pub(super) fn is_program(name: &str) -> bool {
    PROGRAMS.forms.contains_key(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_program_keeps_to_its_own_examples() {
        let table: Table = toml::from_str(include_str!("programs.toml")).unwrap();
        let allowed = Allowed::new(["code.claude.com"], ["claude-code"]);
        for program in &table.program {
            for form in &program.forms {
                Pattern::read(form).unwrap_or_else(|why| panic!("{} {form}: {why}", program.name));
            }
            assert!(!program.is.is_empty() && !program.is_not.is_empty(), "{} has examples of both", program.name);
            for is in &program.is {
                assert_eq!(check(is, &allowed), Ok(()), "{is}");
            }
            for is_not in &program.is_not {
                assert!(check(is_not, &allowed).is_err(), "{is_not}");
            }
        }
    }
}
