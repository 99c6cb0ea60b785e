//! A person's JSON file as text: values are added, replaced and taken out, and every other byte stays where it is.

use std::ops::Range;

use anyhow::{Result, anyhow};
use serde::Serialize;
use serde_json::ser::{PrettyFormatter, Serializer};

/// Deeper than any settings file; a file that is deeper is refused rather than followed.
const DEEPEST: usize = 100;

/// A value and where it stands.
#[derive(Debug)]
pub struct Node {
    pub span: Range<usize>,
    pub kind: Kind,
}

#[derive(Debug)]
pub enum Kind {
    Object(Vec<(Range<usize>, String, Node)>),
    Array(Vec<Node>),
    Other,
}

impl Node {
    /// The last member of this name, which is the one that counts.
    pub fn member(&self, name: &str) -> Option<&Node> {
        match &self.kind {
            Kind::Object(members) => members.iter().rev().find(|(_, key, _)| key == name).map(|(_, _, value)| value),
            _ => None,
        }
    }

    pub fn elements(&self) -> &[Node] {
        match &self.kind {
            Kind::Array(elements) => elements,
            _ => &[],
        }
    }

    /// How many parts it has; None of a value that can have none.
    pub fn len(&self) -> Option<usize> {
        match &self.kind {
            Kind::Object(members) => Some(members.len()),
            Kind::Array(elements) => Some(elements.len()),
            Kind::Other => None,
        }
    }

    /// Where each part begins and ends, its key included.
    fn parts(&self) -> Vec<Range<usize>> {
        match &self.kind {
            Kind::Object(members) => members.iter().map(|(key, _, value)| key.start..value.span.end).collect(),
            Kind::Array(elements) => elements.iter().map(|element| element.span.clone()).collect(),
            Kind::Other => Vec::new(),
        }
    }
}

/// Reads a text with where everything in it stands.
///
/// # Errors
/// When it is no JSON; with line and column.
pub fn parse(text: &str) -> Result<Node> {
    // The reader below relies on it.
    serde_json::from_str::<serde::de::IgnoredAny>(text)?;
    let mut reader = Reader { text, at: 0 };
    reader.space();
    reader.value(0)
}

/// The text with one more part at the end of an object (with a name) or an array (without).
pub fn add(text: &str, whole: &Node, name: Option<&str>, value: &impl Serialize) -> Result<String> {
    let parts = whole.parts();
    let key = name.map(serde_json::to_string).transpose()?.map(|key| key + ": ").unwrap_or_default();
    let line_end = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let (at, before, after) = match (parts.first(), parts.last()) {
        (Some(first), Some(last)) => match indent_of(text, first.start) {
            Some(indent) => (last.end, format!(",{line_end}{indent}"), String::new()),
            None => (last.end, ", ".to_owned(), String::new()),
        },
        _ => {
            let indent = leading(text, whole.span.start).to_owned();
            let inner = &text[whole.span.start + 1..whole.span.end - 1];
            let after = if inner.contains('\n') { String::new() } else { format!("{line_end}{indent}") };
            (whole.span.start + 1, format!("{line_end}{indent}{}", unit(text)), after)
        }
    };
    let is_one_line = !before.contains('\n');
    let value = match is_one_line {
        true => serde_json::to_string(value)?,
        false => {
            let indent = &before[before.rfind('\n').map_or(0, |end| end + 1)..];
            pretty(value, unit(text))?.replace('\n', &format!("{line_end}{indent}"))
        }
    };
    Ok(format!("{}{before}{key}{value}{after}{}", &text[..at], &text[at..]))
}

/// The text with another value in the place of one.
pub fn replace(text: &str, node: &Node, value: &impl Serialize) -> Result<String> {
    let indent = leading(text, node.span.start);
    let is_one_line = !text[node.span.clone()].contains('\n');
    let value = match is_one_line {
        true => serde_json::to_string(value)?,
        false => pretty(value, unit(text))?.replace('\n', &format!("\n{indent}")),
    };
    Ok(format!("{}{value}{}", &text[..node.span.start], &text[node.span.end..]))
}

/// The text without one part of an object or array, with the comma that it needed.
pub fn remove(text: &str, whole: &Node, place: usize) -> String {
    let parts = whole.parts();
    let gone = match (place.checked_sub(1).map(|before| &parts[before]), parts.get(place + 1)) {
        (Some(before), _) => before.end..parts[place].end,
        (None, Some(next)) => parts[place].start..next.start,
        (None, None) => whole.span.start + 1..whole.span.end - 1,
    };
    format!("{}{}", &text[..gone.start], &text[gone.end..])
}

/// The place of a member in its object.
pub fn place(whole: &Node, name: &str) -> Option<usize> {
    match &whole.kind {
        Kind::Object(members) => members.iter().rposition(|(_, key, _)| key == name),
        _ => None,
    }
}

fn pretty(value: &impl Serialize, unit: &str) -> Result<String> {
    let mut bytes = Vec::new();
    value.serialize(&mut Serializer::with_formatter(&mut bytes, PrettyFormatter::with_indent(unit.as_bytes())))?;
    String::from_utf8(bytes).map_err(|error| anyhow!(error))
}

/// The white space before what stands first in its line; None where something else does.
fn indent_of(text: &str, at: usize) -> Option<&str> {
    let line = text[..at].rfind('\n').map(|end| end + 1)?;
    let before = &text[line..at];
    before.trim().is_empty().then_some(before)
}

/// The white space at the beginning of the line in which something stands.
fn leading(text: &str, at: usize) -> &str {
    let line = text[..at].rfind('\n').map_or(0, |end| end + 1);
    let rest = &text[line..at];
    &rest[..rest.len() - rest.trim_start_matches([' ', '\t']).len()]
}

/// By how much the file indents: the white space of its first indented line, else two spaces.
fn unit(text: &str) -> &str {
    let lines = text.lines().skip(1).filter(|line| !line.trim().is_empty());
    let indent =
        lines.map(|line| &line[..line.len() - line.trim_start_matches([' ', '\t']).len()]).find(|s| !s.is_empty());
    indent.unwrap_or("  ")
}

/// Reads what is known to be JSON.
struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn byte(&self) -> u8 {
        self.text.as_bytes().get(self.at).copied().unwrap_or(0)
    }

    fn space(&mut self) {
        while matches!(self.byte(), b' ' | b'\t' | b'\n' | b'\r') {
            self.at += 1;
        }
    }

    /// A string with its quotes.
    fn string(&mut self) -> Range<usize> {
        let start = self.at;
        self.at += 1;
        while !matches!(self.byte(), b'"' | 0) {
            self.at += if self.byte() == b'\\' { 2 } else { 1 };
        }
        self.at += 1;
        start..self.at
    }

    fn value(&mut self, depth: usize) -> Result<Node> {
        if depth > DEEPEST {
            return Err(anyhow!("its values lie more than {DEEPEST} deep in each other"));
        }
        let start = self.at;
        let kind = match self.byte() {
            b'{' => Kind::Object(self.parts(|reader| {
                let key = reader.string();
                let name = serde_json::from_str(&reader.text[key.clone()])?;
                reader.space();
                reader.at += 1;
                reader.space();
                Ok((key, name, reader.value(depth + 1)?))
            })?),
            b'[' => Kind::Array(self.parts(|reader| reader.value(depth + 1))?),
            b'"' => {
                self.string();
                Kind::Other
            }
            _ => {
                while !matches!(self.byte(), b',' | b'}' | b']' | b' ' | b'\t' | b'\n' | b'\r' | 0) {
                    self.at += 1;
                }
                Kind::Other
            }
        };
        Ok(Node { span: start..self.at, kind })
    }

    /// What stands between brackets, with commas between.
    fn parts<T>(&mut self, mut read: impl FnMut(&mut Self) -> Result<T>) -> Result<Vec<T>> {
        let mut parts = Vec::new();
        self.at += 1;
        self.space();
        while !matches!(self.byte(), b'}' | b']' | 0) {
            parts.push(read(self)?);
            self.space();
            if self.byte() == b',' {
                self.at += 1;
                self.space();
            }
        }
        self.at += 1;
        Ok(parts)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn a_member_joins_in_the_manner_of_the_file() {
        for (text, after) in [
            ("{}", "{\n  \"n\": {\n    \"a\": [\n      1\n    ]\n  }\n}"),
            ("{\n}\n", "{\n  \"n\": {\n    \"a\": [\n      1\n    ]\n  }\n}\n"),
            ("{\"z\":1}", "{\"z\":1, \"n\": {\"a\":[1]}}"),
            ("{\n\t\"z\": 1\n}", "{\n\t\"z\": 1,\n\t\"n\": {\n\t\t\"a\": [\n\t\t\t1\n\t\t]\n\t}\n}"),
            (
                "{\r\n    \"z\": 1\r\n}",
                "{\r\n    \"z\": 1,\r\n    \"n\": {\r\n        \"a\": [\r\n            1\r\n        ]\r\n    }\r\n}",
            ),
        ] {
            let added = add(text, &parse(text).expect("JSON"), Some("n"), &json!({ "a": [1] })).expect("added");
            assert_eq!(added, after, "{text:?}");
        }
    }

    #[test]
    fn the_last_of_two_members_of_one_name_counts() {
        let text = r#"{"a":1,"\u0061":2}"#;
        let root = parse(text).expect("JSON");
        assert_eq!(&text[root.member("a").expect("there").span.clone()], "2");
    }

    #[test]
    fn what_is_no_json_is_told_with_its_place_and_what_is_too_deep_is_refused() {
        for (text, words) in
            [("{\n  // mine\n}", "line 2 column 3"), ("", "line 1 column 0"), ("{} x", "line 1 column 4")]
        {
            let error = parse(text).expect_err("no JSON").to_string();
            assert!(error.contains(words), "{text:?}: {error}");
        }
        assert!(parse(&format!("{}{}", "[".repeat(120), "]".repeat(120))).is_err());
    }

    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i32>().prop_map(Value::from),
            "[ -~\n\"\\\\ä{}\\[\\],]{0,8}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 40, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::btree_map("[a-z\"\\\\{]{0,4}", inner, 0..5)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn adding_and_taking_out_again_leaves_every_byte(value in values(), added in values(), is_pretty: bool) {
            let value = json!({ "first": value, "second": [1, 2] });
            let text = if is_pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }?;
            let root = parse(&text).expect("JSON");
            let more = add(&text, &root, Some("ours"), &added).expect("added");
            let root = parse(&more).expect("still JSON");
            prop_assert_eq!(&serde_json::from_str::<Value>(&more)?["ours"], &added);
            prop_assert_eq!(remove(&more, &root, place(&root, "ours").expect("there")), text.clone());
            let list = root.member("second").expect("there");
            let longer = add(&more, list, None, &added).expect("added");
            prop_assert_eq!(&serde_json::from_str::<Value>(&longer)?["second"][2], &added);
            let root = parse(&longer).expect("still JSON");
            prop_assert_eq!(remove(&longer, root.member("second").expect("there"), 2), more);
        }
    }
}
