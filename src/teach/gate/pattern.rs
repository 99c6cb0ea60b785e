//! What a program may be told, written as its manual would: `git log [--oneline] [-n {number}] [{ref}]`.
//!
//! A word stands for itself, `a|b` for either, `{class}` for a word of that class, `[…]` may be missing, `…...` may come several times.
//! Options may stand anywhere after the program, as `--name value` or `--name=value`; other words keep their order. What the pattern does
//! not name is refused.

use super::{Allowed, class};

/// One pattern, read.
#[derive(Debug, Clone)]
pub(super) struct Pattern {
    words: Vec<Word>,
    flags: Vec<Flag>,
}

#[derive(Debug, Clone)]
struct Word {
    like: Like,
    optional: bool,
    repeated: bool,
}

#[derive(Debug, Clone)]
struct Flag {
    names: Vec<String>,
    value: Option<Like>,
    optional: bool,
}

/// One of these.
#[derive(Debug, Clone)]
struct Like(Vec<Alternative>);

#[derive(Debug, Clone)]
enum Alternative {
    Literal(String),
    Class(Class),
}

/// Words of one sort.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    Number,
    Word,
    Path,
    Ref,
    Range,
    Date,
    Version,
    Model,
    Package,
    Plugin,
    Text,
}

impl Class {
    fn named(name: &str) -> Option<Class> {
        Some(match name {
            "number" => Class::Number,
            "word" => Class::Word,
            "path" => Class::Path,
            "ref" => Class::Ref,
            "range" => Class::Range,
            "date" => Class::Date,
            "version" => Class::Version,
            "model" => Class::Model,
            "package" => Class::Package,
            "plugin" => Class::Plugin,
            "text" => Class::Text,
            _ => return None,
        })
    }

    fn holds(self, word: &str, allowed: &Allowed) -> bool {
        match self {
            Class::Number => class::is_number(word),
            Class::Word => class::is_word(word) && word.len() <= 40,
            Class::Path => class::is_path(word) || (class::is_word(word) && word.len() <= 40),
            Class::Ref => class::is_ref(word) && word.len() <= 60,
            Class::Range => class::is_range(word) && word.len() <= 80,
            Class::Date => class::is_date(word),
            Class::Version => class::is_version(word),
            Class::Model => class::is_model(word),
            Class::Package => is_package(word, allowed),
            // Of a marketplace that somebody has added before; neither adds one.
            Class::Plugin => {
                word.split_once('@').is_some_and(|(plugin, from)| class::is_word(plugin) && class::is_word(from))
            }
            Class::Text => {
                word.len() <= 60 && word.bytes().all(|b| b.is_ascii_alphanumeric() || b" ,.:'-".contains(&b))
            }
        }
    }
}

/// `ruff`, `ruff==0.9.1`, `ruff@0.9.1`, `pydantic[email]`, `@openai/codex@latest`: the name is a reviewed one.
pub(super) fn is_package(word: &str, allowed: &Allowed) -> bool {
    let (scope, rest) = if let Some(rest) = word.strip_prefix('@') { ("@", rest) } else { ("", word) };
    let (name, version) = match (rest.split_once("=="), rest.split_once('@')) {
        (Some((name, version)), _) | (None, Some((name, version))) => (name, Some(version)),
        (None, None) => (rest, None),
    };
    allowed.has_package(&format!("{scope}{name}"))
        && version.is_none_or(|version| version == "latest" || version == "next" || class::is_version(version))
}

impl Like {
    fn read(text: &str) -> Result<Like, String> {
        let alternative = |text: &str| {
            if let Some(name) = text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
                return Class::named(name).map(Alternative::Class).ok_or_else(|| format!("`{name}` is no class"));
            }
            if text.is_empty() || text.contains(['{', '}', '[', ']']) {
                return Err(format!("`{text}` is no word"));
            }
            Ok(Alternative::Literal(text.to_owned()))
        };
        Ok(Like(text.split('|').map(alternative).collect::<Result<_, _>>()?))
    }

    fn holds(&self, word: &str, allowed: &Allowed) -> bool {
        self.0.iter().any(|alternative| match alternative {
            Alternative::Literal(literal) => literal == word,
            // A word that looks like an option would be one, whatever we meant.
            Alternative::Class(class) => !word.starts_with('-') && !word.is_empty() && class.holds(word, allowed),
        })
    }
}

impl Pattern {
    /// Reads a pattern; an error names the part that makes no sense.
    pub(super) fn read(text: &str) -> Result<Pattern, String> {
        let mut pattern = Pattern { words: Vec::new(), flags: Vec::new() };
        let mut rest = text.trim();
        while !rest.is_empty() {
            let (part, after, optional) = match rest.strip_prefix('[') {
                Some(inner) => {
                    let (part, after) = inner.split_once(']').ok_or_else(|| format!("`{rest}` is not closed"))?;
                    (part, after, true)
                }
                None => {
                    // A required option takes its value with it: `-m {text}`.
                    let end = rest.find(' ').unwrap_or(rest.len());
                    let (part, after) = rest.split_at(end);
                    let value = after
                        .trim_start()
                        .split(' ')
                        .next()
                        .filter(|next| part.starts_with('-') && next.starts_with('{'));
                    match value {
                        Some(value) => {
                            let end = rest.len() - after.trim_start().len() + value.len();
                            (&rest[..end], &rest[end..], false)
                        }
                        None => (part, after, false),
                    }
                }
            };
            rest = after.trim_start();
            if part.starts_with('-') {
                let (names, value) = part.split_once(' ').unwrap_or((part, ""));
                let value = if value.is_empty() { None } else { Some(Like::read(value)?) };
                pattern.flags.push(Flag { names: names.split('|').map(str::to_owned).collect(), value, optional });
            } else {
                let (part, repeated) = part.strip_suffix("...").map_or((part, false), |part| (part, true));
                pattern.words.push(Word { like: Like::read(part)?, optional, repeated });
            }
        }
        Ok(pattern)
    }

    /// Whether it describes these words of a command, the program's name left out.
    pub(super) fn describes(&self, arguments: &[String], allowed: &Allowed) -> bool {
        let mut plain = Vec::new();
        let mut used = vec![false; self.flags.len()];
        let mut arguments = arguments.iter().map(String::as_str).peekable();
        while let Some(argument) = arguments.next() {
            if !argument.starts_with('-') {
                plain.push(argument);
                continue;
            }
            let (name, given) = argument.split_once('=').map_or((argument, None), |(name, value)| (name, Some(value)));
            let fits = |(number, flag): &(usize, &Flag)| {
                let next = given.or(arguments.peek().copied());
                !used[*number]
                    && flag.names.iter().any(|known| known == name)
                    && match &flag.value {
                        Some(like) => next.is_some_and(|value| like.holds(value, allowed)),
                        None => given.is_none(),
                    }
            };
            // With a value where it fits, else without.
            let found = self.flags.iter().enumerate().filter(fits).max_by_key(|(_, flag)| flag.value.is_some());
            let Some((number, flag)) = found else { return false };
            used[number] = true;
            if flag.value.is_some() && given.is_none() {
                arguments.next();
            }
        }
        let missing = self.flags.iter().zip(&used).any(|(flag, used)| !flag.optional && !used);
        !missing && follows(&self.words, &plain, allowed)
    }
}

impl Pattern {
    /// Whether these words begin it, with literal words only, and options of it without their values.
    pub(super) fn begins_with(&self, arguments: &[String]) -> bool {
        let literal = |like: &Like, word: &str| {
            like.0.iter().any(|one| matches!(one, Alternative::Literal(literal) if literal == word))
        };
        let mut words = self.words.iter();
        arguments.iter().all(|argument| {
            if argument.starts_with('-') {
                self.flags.iter().any(|flag| flag.names.contains(argument))
            } else {
                words.next().is_some_and(|word| literal(&word.like, argument))
            }
        })
    }
}

/// Whether the words come as the pattern orders them.
fn follows(pattern: &[Word], words: &[&str], allowed: &Allowed) -> bool {
    let Some((first, rest)) = pattern.split_first() else { return words.is_empty() };
    let taken = match words.split_first() {
        Some((word, after)) if first.like.holds(word, allowed) => {
            follows(rest, after, allowed) || (first.repeated && follows(pattern, after, allowed))
        }
        _ => false,
    };
    taken || (first.optional && follows(rest, words, allowed))
}
