//! Reads rules in the form of gitleaks.toml, telling every mistake with its place.

use std::sync::Arc;

use super::rule::{Allowed, Form, Reach, Rule, Target, compile};
use super::surroundings::{MOST_ID, is_id};
use crate::config::Mistake;
use crate::config::table::{Document, Found, Table};

/// Who wrote a file.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// We did: the expressions are known to compile, so they wait for their first use. Secrets stand alone. Rules are tried at
    /// their keywords unless they say `anywhere = true`, and may ask for what is `random = true`.
    Shipped,
    Lab,
}

const SYNTAX: &str = "write it in RE2's syntax (https://github.com/google/re2/wiki/Syntax)";

pub fn read(file: &str, text: &str, origin: Origin) -> (Vec<Arc<Rule>>, Vec<Mistake>) {
    let (document, root) = Document::parse(file, text);
    let top = Table::new(&document, root.get_ref(), root.span(), file);
    if let Some(extend) = top.table("extend") {
        let message = "`[extend]` is not followed: tidings has its own rules beside these".to_owned();
        extend.mistake(message, "nothing, or copy the rules you want into this file");
    }
    let shared = read_allowed(&top);
    let mut rules: Vec<Rule> = top.tables("rules").iter().filter_map(|table| read_rule(table, origin)).collect();
    if rules.is_empty() {
        top.mistake("there is no rule in it".to_owned(), "[[rules]] with `id`, `regex` and `keywords`");
    }
    for rule in &mut rules {
        rule.allowed.extend(shared.iter().cloned());
    }
    (rules.into_iter().map(Arc::new).collect(), document.into_mistakes())
}

fn read_rule(table: &Table<'_, '_>, origin: Origin) -> Option<Rule> {
    let Some(Found { value: id, span }) = table.string("id") else {
        table.mistake("a rule needs an `id`".to_owned(), "id = \"what-it-finds\"");
        return None;
    };
    if id.is_empty() || id.len() > MOST_ID || !id.bytes().all(is_id) {
        let remedy =
            format!("1 to {MOST_ID} letters, digits, `-`, `_` and `.`: it stands in the text instead of the secret");
        table.document.mistake(span, "the `id` can't stand in a text".to_owned(), remedy);
        return None;
    }
    let path = table.string("path");
    let Some(Found { value: expression, span: expression_span }) = table.string("regex") else {
        let (message, remedy) = match path {
            Some(_) => {
                (format!("rule `{id}` goes by a file's path, which a transcript has not; it is left out"), "delete it")
            }
            None => (format!("rule `{id}` has no `regex`"), "regex = '''…''' with the secret in the first group"),
        };
        table.mistake(message, remedy);
        return None;
    };
    if let Some(Found { span, .. }) = path {
        let message = format!("rule `{id}` has a `path`, which a transcript has not; it is tried on every text");
        table.document.mistake(span, message, "nothing, or delete the rule if it takes too much".to_owned());
    }
    let keywords = table.strings("keywords").unwrap_or_default();
    let mut rule = Rule::new(id, expression, keywords.into_iter().map(|keyword| keyword.value).collect());
    rule.keywords.retain(|keyword| !keyword.is_empty());
    rule.entropy = number(table, "entropy");
    rule.group = table.integer("secretGroup", 0..=99).map(|group| group as usize).filter(|group| *group > 0);
    if origin == Origin::Shipped {
        rule.reach = if table.boolean("anywhere") == Some(true) { Reach::Text } else { Reach::Keyword };
        let is = |key| table.boolean(key) == Some(true);
        rule.form = match (is("random"), is("chosen")) {
            (true, _) => Form::Random,
            (false, true) => Form::Chosen,
            (false, false) => Form::Alone,
        };
    } else if let Err(reason) = rule.check() {
        let message = format!("rule `{}` is left out: {reason}", rule.id);
        table.document.mistake(expression_span, message, SYNTAX.to_owned());
        return None;
    }
    rule.allowed = read_allowed(table);
    Some(rule)
}

fn number(table: &Table<'_, '_>, key: &str) -> Option<f64> {
    let (_, value, _, span) = table.entries().find(|(name, ..)| *name == key)?;
    let text = match (value.as_integer(), value.as_float()) {
        (Some(integer), _) => integer.as_str(),
        (_, Some(float)) => float.as_str(),
        _ => "",
    };
    let number = text.parse().ok();
    if number.is_none() {
        table.document.mistake(span, format!("`{key}` should be a number"), format!("{key} = 3.5 (bits a character)"));
    }
    number
}

/// `[allowlist]` and `[[allowlists]]` of a rule or of the file.
fn read_allowed(table: &Table<'_, '_>) -> Vec<Arc<Allowed>> {
    let mut lists = Vec::new();
    for key in ["allowlist", "allowlists"] {
        // gitleaks wrote one table once, and writes several now.
        match table.entries().find(|(name, ..)| *name == key) {
            Some((_, value, ..)) if value.as_table().is_some() => lists.extend(table.table(key)),
            Some(_) => lists.extend(table.tables(key)),
            None => {}
        }
    }
    lists.iter().filter_map(read_list).map(Arc::new).collect()
}

fn read_list(list: &Table<'_, '_>) -> Option<Allowed> {
    let document = list.document;
    let all = list.string("condition").is_some_and(|condition| condition.value.eq_ignore_ascii_case("and"));
    let mut asks_too_much = false;
    for (key, _, span, _) in list.entries().filter(|(key, ..)| matches!(*key, "paths" | "commits")) {
        let message = format!("`{key}` of an allowlist is left out: a transcript has none");
        document.mistake(span, message, "nothing, or delete the line".to_owned());
        asks_too_much = all;
    }
    let (mut regexes, mut expressions) = (Vec::new(), Vec::new());
    for Found { value, span } in list.strings("regexes").unwrap_or_default() {
        match compile(&value) {
            Ok(regex) => {
                regexes.push(regex);
                expressions.push(value);
            }
            Err(reason) => {
                document.mistake(span, format!("an allowed expression is left out: {reason}"), SYNTAX.to_owned());
            }
        }
    }
    let stopwords = list.strings("stopwords").unwrap_or_default();
    let stopwords: Vec<String> = stopwords.into_iter().map(|word| word.value.to_ascii_lowercase()).collect();
    let target = match list.string("regexTarget") {
        Some(Found { value, .. }) if value == "line" => Target::Line,
        Some(Found { value, .. }) if value == "match" => Target::Match,
        Some(Found { value, span }) if value != "secret" && !value.is_empty() => {
            let remedy = "\"match\" or \"line\", or leave it out for the secret";
            document.mistake(span, "gitleaks knows no such `regexTarget`".to_owned(), remedy.to_owned());
            Target::Secret
        }
        _ => Target::Secret,
    };
    if asks_too_much || (regexes.is_empty() && stopwords.is_empty()) {
        return None;
    }
    Some(Allowed { regexes, expressions, stopwords, target, all })
}
