//! Reads rules in the form of gitleaks.toml, telling every mistake with its place.

use std::cell::RefCell;
use std::ops::Range;
use std::sync::Arc;

use super::rule::{Allowed, Form, Reach, Rule, Target, compile};
use super::rules::{Rules, Shared};
use super::surroundings::{MOST_ID, is_id};
use crate::config::Mistake;
use crate::config::table::{Document, Found, Table, nearest};

/// Who wrote a file.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// We did: the expressions are known to compile, so they wait for their first use. Secrets stand alone. Rules are tried at
    /// their keywords unless they say `anywhere = true`, and may say that what they find is `chosen` or `random`.
    Shipped,
    Lab,
}

const SYNTAX: &str = "write it in RE2's syntax (https://github.com/google/re2/wiki/Syntax), or delete the rule";

/// What a file says, and what of it is not used though nothing is wrong with it.
///
/// # Errors
/// Every mistake, in the order of the file.
pub fn read(file: &str, text: &str, origin: Origin) -> Result<(Rules, Vec<Mistake>), Vec<Mistake>> {
    let (document, root) = Document::parse(file, text);
    let reader = Reader { file, text, origin, notes: RefCell::default() };
    let top = Table::new(&document, root.get_ref(), root.span(), file);
    let rules = reader.rules(&top);
    let mistakes = document.into_mistakes();
    let mut notes = reader.notes.into_inner();
    notes.sort_by_key(|note| (note.line, note.column));
    if mistakes.is_empty() { Ok((rules, notes)) } else { Err(mistakes) }
}

struct Reader<'r> {
    file: &'r str,
    text: &'r str,
    origin: Origin,
    /// What is not used.
    notes: RefCell<Vec<Mistake>>,
}

impl Reader<'_> {
    fn note(&self, span: Range<usize>, message: String, remedy: &str) {
        self.notes.borrow_mut().push(Mistake::at(self.file, self.text, span, message, remedy.to_owned()));
    }

    fn rules(&self, top: &Table<'_, '_>) -> Rules {
        let mut rules = Rules::default();
        let mut shared = Vec::new();
        let extends_ours = self.extend(top, &mut rules);
        let tables = top.tables("rules");
        for table in &tables {
            match self.rule(table, &mut shared) {
                Some(rule) if rules.ids().any(|id| id == rule.id) => {
                    table.mistake(format!("the id `{}` is given twice", rule.id), "another id, or one rule for both");
                }
                Some(rule) => rules.push(rule),
                None => {}
            }
        }
        for list in lists(top) {
            let targets = list.strings("targetRules").unwrap_or_default();
            targets.iter().for_each(|target| self.knows(&rules, target));
            let Some(allowed) = self.allowed(&list) else { continue };
            let ids: Vec<String> = targets.into_iter().map(|target| target.value).collect();
            rules.allow(&ids, &allowed);
            if extends_ours || !ids.is_empty() {
                shared.push(Shared { ids, allowed });
            }
        }
        if tables.is_empty() && rules.off.is_empty() && shared.is_empty() {
            top.mistake("there is no rule in it".to_owned(), "[[rules]] with `id`, `regex` and `keywords`");
        }
        rules.shared = shared;
        rules
    }

    /// Reads `[extend]`; says whether the file means to stand on other rules, which are ours here.
    fn extend(&self, top: &Table<'_, '_>, rules: &mut Rules) -> bool {
        let Some(extend) = top.table("extend") else { return false };
        for (key, _, span, _) in extend.entries().filter(|(key, ..)| matches!(*key, "path" | "url")) {
            let message = format!("`{key}` of [extend] is not followed, so rules would be missing");
            let remedy = "name both files in tidings.toml: [scrub] rules = [\"common.toml\", \"gitleaks.toml\"]";
            extend.document.mistake(span, message, remedy.to_owned());
        }
        for id in extend.strings("disabledRules").unwrap_or_default() {
            self.knows(&Rules::default(), &id);
            rules.off.push(id.value);
        }
        let extends_ours = extend.boolean("useDefault").unwrap_or(false);
        if extends_ours {
            let (.., span) = extend.entries().find(|(key, ..)| *key == "useDefault").expect("it was read");
            let message = "the rules that `useDefault` stands for here are those of tidings".to_owned();
            self.note(span, message, "nothing, or add gitleaks' own file to [scrub] rules");
        }
        extends_ours
    }

    /// Tells of an id that neither this file nor the shipped one has.
    fn knows(&self, rules: &Rules, id: &Found<String>) {
        let shipped = Rules::shipped();
        let known: Vec<&str> = rules.ids().chain(shipped.ids()).collect();
        if !known.contains(&id.value.as_str()) {
            let remedy = match nearest(&id.value, &known) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "nothing, or delete it; src/guard/scrub/rules.toml has the ids".to_owned(),
            };
            self.note(id.span.clone(), format!("no rule of tidings is called `{}`", id.value), &remedy);
        }
    }

    fn rule(&self, table: &Table<'_, '_>, shared: &mut Vec<Shared>) -> Option<Rule> {
        let Some(Found { value: id, span }) = table.string("id") else {
            table.mistake("a rule needs an `id`".to_owned(), "id = \"what-it-finds\"");
            return None;
        };
        if id.is_empty() || id.len() > MOST_ID || !id.bytes().all(is_id) {
            let remedy = format!(
                "1 to {MOST_ID} letters, digits, `-`, `_` and `.`: it stands in the text instead of the secret"
            );
            table.document.mistake(span, format!("the id `{id}` can't stand in a text"), remedy);
            return None;
        }
        let path = table.string("path");
        let Some(Found { value: expression, span: expression_span }) = table.string("regex") else {
            self.without_expression(table, &id, path, shared);
            return None;
        };
        if let Some(Found { span, .. }) = path {
            let message = format!("rule `{id}` has a `path`, which a transcript has not; it is tried on every text");
            self.note(span, message, "nothing, or delete the rule if it takes too much");
        }
        for (key, _, span, _) in table.entries().filter(|(key, ..)| matches!(*key, "required" | "skipReport")) {
            let message = format!("rule `{id}`: `{key}` is not known here; what the expression finds is taken out");
            self.note(span, message, "nothing, or delete the rule if it takes too much");
        }
        let keywords = table.strings("keywords").unwrap_or_default();
        let mut rule = Rule::new(id, expression, keywords.into_iter().map(|keyword| keyword.value).collect());
        rule.keywords.retain(|keyword| !keyword.is_empty());
        rule.entropy = number(table, "entropy");
        rule.group = table.integer("secretGroup", 0..=99).map(|group| group as usize).filter(|group| *group > 0);
        if self.origin == Origin::Shipped {
            let is = |key| table.boolean(key) == Some(true);
            rule.reach = if is("anywhere") { Reach::Text } else { Reach::Keyword };
            rule.form = match (is("random"), is("chosen")) {
                (true, _) => Form::Random,
                (false, true) => Form::Chosen,
                (false, false) => Form::Alone,
            };
        } else if let Err(reason) = rule.check() {
            let message = format!("rule `{}`: {reason}", rule.id);
            table.document.mistake(expression_span, message, SYNTAX.to_owned());
            return None;
        }
        rule.allowed = lists(table).iter().filter_map(|list| self.allowed(list)).collect();
        Some(rule)
    }

    /// A rule without an expression goes by a path, or adds to what one of ours allows.
    fn without_expression(
        &self,
        table: &Table<'_, '_>,
        id: &str,
        path: Option<Found<String>>,
        shared: &mut Vec<Shared>,
    ) {
        if let Some(Found { span, .. }) = path {
            let message = format!("rule `{id}` goes by a file's path, which a transcript has not; it is left out");
            self.note(span, message, "nothing, or delete it");
            return;
        }
        let lists = lists(table);
        if lists.is_empty() || !Rules::shipped().ids().any(|known| known == id) {
            let remedy = "regex = '''…''' with the secret in the first group";
            table.mistake(format!("rule `{id}` has no `regex`"), remedy);
            return;
        }
        let allowed = lists.iter().filter_map(|list| self.allowed(list));
        shared.extend(allowed.map(|allowed| Shared { ids: vec![id.to_owned()], allowed }));
    }

    fn allowed(&self, list: &Table<'_, '_>) -> Option<Arc<Allowed>> {
        let document = list.document;
        let all = match list.string("condition") {
            Some(Found { value, span }) if !value.eq_ignore_ascii_case("and") && !value.eq_ignore_ascii_case("or") => {
                document.mistake(span, format!("`condition` is no `{value}`"), "\"AND\" or \"OR\"".to_owned());
                false
            }
            condition => condition.is_some_and(|condition| condition.value.eq_ignore_ascii_case("and")),
        };
        let mut asks_too_much = false;
        for (key, _, span, _) in list.entries().filter(|(key, ..)| matches!(*key, "paths" | "commits")) {
            let left_out = if all { "the allowlist asks for `{key}` too and" } else { "`{key}` of an allowlist" };
            let message = format!("{} is left out: a transcript has none", left_out.replace("{key}", key));
            self.note(span, message, "nothing, or delete the line");
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
                    document.mistake(span, format!("an allowed expression: {reason}"), SYNTAX.to_owned());
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
                document.mistake(span, format!("`regexTarget` is no `{value}`"), remedy.to_owned());
                Target::Secret
            }
            _ => Target::Secret,
        };
        if asks_too_much || (regexes.is_empty() && stopwords.is_empty()) {
            return None;
        }
        Some(Arc::new(Allowed { regexes, expressions, stopwords, target, all }))
    }
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
fn lists<'d, 'i>(table: &Table<'d, 'i>) -> Vec<Table<'d, 'i>> {
    let mut lists = Vec::new();
    for key in ["allowlist", "allowlists"] {
        // gitleaks wrote one table once, and writes several now.
        match table.entries().find(|(name, ..)| *name == key) {
            Some((_, value, ..)) if value.as_table().is_some() => lists.extend(table.table(key)),
            Some(_) => lists.extend(table.tables(key)),
            None => {}
        }
    }
    lists
}
