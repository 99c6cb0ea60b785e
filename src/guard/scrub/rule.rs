//! One rule: what a kind of secret looks like, and what looks like it and is none.

use std::sync::{Arc, OnceLock};

use regex_automata::meta::{BuildError, Config, Regex};
use regex_automata::util::syntax;

/// A rule in gitleaks' terms (<https://github.com/gitleaks/gitleaks#configuration>).
#[derive(Debug, Clone)]
pub struct Rule {
    pub id: String,
    pub expression: String,
    compiled: OnceLock<Regex>,
    /// Without one of these, upper or lower case, the expression is not tried; empty: it always is.
    pub keywords: Vec<String>,
    /// The secret must have more bits of Shannon entropy a byte than this.
    pub entropy: Option<f64>,
    /// The capture that is the secret; none: the first that holds something, else the whole match.
    pub group: Option<usize>,
    pub allowed: Vec<Arc<Allowed>>,
    pub reach: Reach,
    pub form: Form,
}

/// Where a rule's expression is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reach {
    /// Only from a keyword on, which costs no more than the match is long. The expression begins with each keyword.
    Keyword,
    /// On the whole text, if a keyword is in it.
    Text,
}

/// What is asked of a secret beyond its expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Form {
    /// Nothing: a lab's rule is taken as it is.
    Any,
    /// It stands alone, no part of a longer word nor of a blob in base64, and is more than a word for what would stand there.
    Chosen,
    /// As before, and a machine made it: it is not made of words, nor a row of the alphabet.
    Alone,
    /// As before, and it looks drawn by lot, where a name or a number would not.
    Random,
}

/// What is no secret although it matches.
#[derive(Debug)]
pub struct Allowed {
    pub regexes: Vec<Regex>,
    pub expressions: Vec<String>,
    /// Lower case; in the secret, upper or lower case.
    pub stopwords: Vec<String>,
    pub target: Target,
    /// Both an expression and a stopword have to be found; else one of them.
    pub all: bool,
}

/// What the expressions of [`Allowed`] look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Target {
    Secret,
    /// The match, from the beginning of the word it starts in.
    Match,
    Line,
}

impl Rule {
    /// A rule whose expression is compiled when it is first needed.
    pub fn new(id: String, expression: String, keywords: Vec<String>) -> Rule {
        Rule {
            id,
            expression,
            compiled: OnceLock::new(),
            keywords,
            entropy: None,
            group: None,
            allowed: Vec::new(),
            reach: Reach::Text,
            form: Form::Any,
        }
    }

    /// # Errors
    /// When the expression is none.
    pub fn check(&self) -> Result<(), String> {
        let regex = compile(&self.expression)?;
        if self.group.is_some_and(|group| group >= regex.group_info().group_len(regex_automata::PatternID::ZERO)) {
            return Err(format!(
                "`secretGroup` = {} names a group that the expression has not",
                self.group.unwrap_or(0)
            ));
        }
        let _ = self.compiled.set(regex);
        Ok(())
    }

    pub fn regex(&self) -> &Regex {
        self.compiled.get_or_init(|| compile(&self.expression).expect("checked when it was read, or by a test"))
    }
}

impl Allowed {
    /// Whether this names the secret harmless.
    pub fn allows(&self, secret: &str, whole: &str, line: &str) -> bool {
        let target = match self.target {
            Target::Secret => secret,
            Target::Match => whole,
            Target::Line => line,
        };
        let by_regex = self.regexes.iter().any(|regex| regex.is_match(target));
        if self.stopwords.is_empty() || self.regexes.is_empty() {
            return by_regex || self.stops(secret);
        }
        if self.all { by_regex && self.stops(secret) } else { by_regex || self.stops(secret) }
    }

    fn stops(&self, secret: &str) -> bool {
        let lower = secret.to_ascii_lowercase();
        self.stopwords.iter().any(|word| lower.contains(word.as_str()))
    }
}

/// Compiles as Go's RE2 reads it: bytes, `\w` and `\b` in ASCII. Unicode classes, which need characters, are tried second.
pub fn compile(expression: &str) -> Result<Regex, String> {
    let build = |unicode: bool| {
        Regex::builder()
            .syntax(syntax::Config::new().unicode(unicode).utf8(false))
            // The largest of gitleaks' own needs 5 MB; what needs more than this would make a run slow to start.
            .configure(Config::new().utf8_empty(false).nfa_size_limit(Some(32 << 20)))
            .build(expression)
            .map_err(|error| reason(&error))
    };
    build(false).or_else(|reason| build(true).map_err(|_| reason))
}

fn reason(error: &BuildError) -> String {
    match error.syntax_error() {
        // The last line says what is wrong; those before it draw the place.
        Some(syntax) => {
            let text = syntax.to_string();
            text.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned()
        }
        None if error.size_limit().is_some() => "it is too large once compiled".to_owned(),
        None => error.to_string(),
    }
}
