//! A TOML table that remembers where its words stand and collects every mistake instead of stopping at the first.

use std::cell::RefCell;
use std::fmt::Display;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};
use url::Url;

use super::Mistake;

type Span = Range<usize>;

/// A file being read.
pub struct Document<'i> {
    file: &'i str,
    text: &'i str,
    mistakes: RefCell<Vec<Mistake>>,
}

impl<'i> Document<'i> {
    /// Parses the whole text; what does not parse is a mistake, and the rest is read all the same.
    pub fn parse(file: &'i str, text: &'i str) -> (Document<'i>, Spanned<DeTable<'i>>) {
        let document = Document { file, text, mistakes: RefCell::default() };
        let (root, errors) = DeTable::parse_recoverable(text);
        for error in errors {
            let span = error.span().unwrap_or(0..0);
            let remedy = "write it as TOML: key = \"text\", numbers without quotes, every bracket and quote closed";
            document.mistake(span, error.message().to_owned(), remedy.to_owned());
        }
        (document, root)
    }

    pub fn mistake(&self, span: Span, message: String, remedy: String) {
        self.mistakes.borrow_mut().push(Mistake::at(self.file, self.text, span, message, remedy));
    }

    /// A mistake whose words are not shown, because they are a secret.
    pub fn secret_mistake(&self, span: Span, message: String, remedy: String) {
        self.mistakes.borrow_mut().push(Mistake::at(self.file, self.text, span, message, remedy).hidden());
    }

    /// All mistakes, in the order of the file.
    pub fn into_mistakes(self) -> Vec<Mistake> {
        let mut mistakes = self.mistakes.into_inner();
        mistakes.sort_by_key(|mistake| (mistake.line, mistake.column));
        mistakes
    }
}

/// One table of the file. Each key that is asked for counts as known; `finish` reports the others.
pub struct Table<'d, 'i> {
    pub document: &'d Document<'i>,
    table: &'d DeTable<'i>,
    span: Span,
    /// As written in messages: `[network]`.
    name: String,
    known: RefCell<Vec<&'static str>>,
}

/// A value and where it stands.
pub struct Found<T> {
    pub value: T,
    pub span: Span,
}

impl<'d, 'i> Table<'d, 'i> {
    pub fn new(document: &'d Document<'i>, table: &'d DeTable<'i>, span: Span, name: &str) -> Table<'d, 'i> {
        Table { document, table, span, name: name.to_owned(), known: RefCell::default() }
    }

    fn get(&self, key: &'static str) -> Option<(&'d DeValue<'i>, Span)> {
        self.known.borrow_mut().push(key);
        let value = self.table.get(key)?;
        Some((value.get_ref(), value.span()))
    }

    /// The name of each key, with its value and where the key stands.
    pub fn entries(&self) -> impl Iterator<Item = (&'d str, &'d DeValue<'i>, Span, Span)> {
        self.table.iter().map(|(key, value)| (key.get_ref().as_ref(), value.get_ref(), key.span(), value.span()))
    }

    fn wrong_type(&self, key: &str, wanted: &str, value: &DeValue<'_>, span: Span, example: &str) {
        let got = type_words(value);
        self.document.mistake(span, format!("`{key}` should be {wanted}, not {got}"), format!("{key} = {example}"));
    }

    pub fn string(&self, key: &'static str) -> Option<Found<String>> {
        let (value, span) = self.get(key)?;
        match value.as_str() {
            Some(text) => Some(Found { value: text.to_owned(), span }),
            None => {
                self.wrong_type(key, "a text in quotes", value, span, "\"…\"");
                None
            }
        }
    }

    /// A text that must read as a `T`; `remedy` says what would.
    pub fn parsed<T, E: Display>(
        &self,
        key: &'static str,
        parse: impl Fn(&str) -> Result<T, E>,
        remedy: &str,
    ) -> Option<Found<T>> {
        let (value, span) = self.get(key)?;
        let Some(text) = value.as_str() else {
            let message = format!("`{key}` should be a text in quotes, not {}", type_words(value));
            self.document.mistake(span, message, remedy.to_owned());
            return None;
        };
        match parse(text) {
            Ok(value) => Some(Found { value, span }),
            Err(error) => {
                let message = format!("`{key}`: {error}");
                if Url::parse(text).is_ok_and(|url| url.password().is_some()) {
                    self.document.secret_mistake(span, message, remedy.to_owned());
                } else {
                    self.document.mistake(span, message, remedy.to_owned());
                }
                None
            }
        }
    }

    pub fn boolean(&self, key: &'static str) -> Option<bool> {
        let (value, span) = self.get(key)?;
        let truth = value.as_bool();
        if truth.is_none() {
            self.wrong_type(key, "true or false", value, span, "true");
        }
        truth
    }

    /// A whole number within bounds.
    pub fn integer(&self, key: &'static str, bounds: std::ops::RangeInclusive<u64>) -> Option<u64> {
        let (value, span) = self.get(key)?;
        let (least, most) = (*bounds.start(), *bounds.end());
        let Some(integer) = value.as_integer() else {
            self.wrong_type(key, "a whole number", value, span, &least.to_string());
            return None;
        };
        match u64::from_str_radix(integer.as_str(), integer.radix()) {
            Ok(number) if bounds.contains(&number) => Some(number),
            _ => {
                let message = format!("`{key}` = {} is out of bounds", integer.as_str());
                self.document.mistake(span, message, format!("a number from {least} to {most}"));
                None
            }
        }
    }

    /// An amount in dollars, 0 or more, as millionths of a dollar.
    pub fn dollars(&self, key: &'static str, most: f64) -> Option<u64> {
        let (value, span) = self.get(key)?;
        let number = match (value.as_integer(), value.as_float()) {
            (Some(integer), _) => {
                i64::from_str_radix(integer.as_str(), integer.radix()).ok().map(|number| number as f64)
            }
            (_, Some(float)) => float.as_str().replace('_', "").parse().ok(),
            _ => {
                self.wrong_type(key, "a number of dollars", value, span, "0.25");
                return None;
            }
        };
        match number.filter(|number| (0.0..=most).contains(number)) {
            Some(number) => Some((number * 1e6).round() as u64),
            None => {
                let message = format!("`{key}` is no amount of dollars");
                self.document.mistake(span, message, format!("a number from 0 to {most}: {key} = 0.25"));
                None
            }
        }
    }

    pub fn strings(&self, key: &'static str) -> Option<Vec<Found<String>>> {
        let (value, span) = self.get(key)?;
        let Some(list) = value.as_array() else {
            self.wrong_type(key, "a list of texts", value, span, "[\"…\", \"…\"]");
            return None;
        };
        let mut found = Vec::new();
        for element in list.iter() {
            match element.get_ref().as_str() {
                Some(text) => found.push(Found { value: text.to_owned(), span: element.span() }),
                None => self.wrong_type(key, "a list of texts", element.get_ref(), element.span(), "[\"…\", \"…\"]"),
            }
        }
        Some(found)
    }

    /// A text or a list of texts, each of which must read as a `T`; `remedy` says what would.
    pub fn some_parsed<T, E: Display>(
        &self,
        key: &'static str,
        parse: impl Fn(&str) -> Result<T, E>,
        remedy: &str,
    ) -> Vec<T> {
        let Some((value, span)) = self.get(key) else { return Vec::new() };
        let texts: Vec<(&DeValue<'_>, Span)> = match value.as_array() {
            Some(list) => list.iter().map(|element| (element.get_ref(), element.span())).collect(),
            None => vec![(value, span)],
        };
        let mut found = Vec::new();
        for (value, span) in texts {
            match value.as_str().map(&parse) {
                Some(Ok(value)) => found.push(value),
                Some(Err(error)) => self.document.mistake(span, format!("`{key}`: {error}"), remedy.to_owned()),
                None => {
                    let message = format!("`{key}` should be a text or a list of texts, not {}", type_words(value));
                    self.document.mistake(span, message, remedy.to_owned());
                }
            }
        }
        found
    }

    /// A `[key]` table.
    pub fn table(&self, key: &'static str) -> Option<Table<'d, 'i>> {
        let (value, span) = self.get(key)?;
        match value.as_table() {
            Some(table) => Some(Table::new(self.document, table, span, &format!("[{key}]"))),
            None => {
                self.wrong_type(key, "a table", value, span, &format!("… below a line [{key}]"));
                None
            }
        }
    }

    /// The `[[key]]` tables.
    pub fn tables(&self, key: &'static str) -> Vec<Table<'d, 'i>> {
        let Some((value, span)) = self.get(key) else { return Vec::new() };
        let Some(list) = value.as_array() else {
            let message = format!("`{key}` is one table, and there may be several");
            self.document.mistake(span, message, format!("write [[{key}]] with two brackets"));
            return Vec::new();
        };
        let mut tables = Vec::new();
        for element in list.iter() {
            match element.get_ref().as_table() {
                Some(table) => {
                    tables.push(Table::new(self.document, table, element.span(), &format!("[[{key}]]")));
                }
                None => self.wrong_type(key, "a table", element.get_ref(), element.span(), "below a line [[…]]"),
            }
        }
        tables
    }

    /// Counts a key as known without reading it.
    pub fn known(&self, key: &'static str) {
        self.known.borrow_mut().push(key);
    }

    /// A mistake about the table as a whole.
    pub fn mistake(&self, message: String, remedy: &str) {
        self.document.mistake(self.span.clone(), message, remedy.to_owned());
    }

    /// Reports what nobody asked for.
    pub fn finish(self) {
        let known = self.known.borrow();
        for (key, _, span, _) in self.entries() {
            if known.contains(&key) {
                continue;
            }
            let remedy = match nearest(key, &known) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("{} knows: {}", self.name, known.join(", ")),
            };
            self.document.mistake(span, format!("{} does not know `{key}`", self.name), remedy);
        }
    }
}

fn type_words(value: &DeValue<'_>) -> &'static str {
    match value.type_str() {
        "string" => "a text in quotes",
        "integer" | "float" => "a number",
        "boolean" => "true or false",
        "array" => "a list",
        "table" => "a table",
        other => other,
    }
}

/// The known word a person probably meant.
pub fn nearest<'w>(word: &str, known: &[&'w str]) -> Option<&'w str> {
    known
        .iter()
        .map(|candidate| (strsim::damerau_levenshtein(word, candidate), *candidate))
        .filter(|(distance, candidate)| *distance <= 1 + candidate.len() / 4)
        .min()
        .map(|(_, candidate)| candidate)
}
