//! A JSON object of which only some fields are looked at: each is found as it stands in the line, and nothing is copied.

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

/// The JSON of the named fields of an object; None if it is no object. Of a field that stands twice the last counts.
pub(super) fn fields<'a, const N: usize>(json: &'a str, names: &[&str; N]) -> Option<[Option<&'a str>; N]> {
    try_fields(json, names).ok()
}

/// As [`fields`], or why it is none.
pub(super) fn try_fields<'a, const N: usize>(
    json: &'a str,
    names: &[&str; N],
) -> Result<[Option<&'a str>; N], serde_json::Error> {
    let mut found = [None; N];
    each_field(json, |name| names.iter().position(|known| *known == name), |at, value| found[at] = Some(value))?;
    Ok(found)
}

/// One field of an object.
pub(super) fn field<'a>(json: &'a str, name: &str) -> Option<&'a str> {
    fields(json, &[name])?[0]
}

/// Every field of an object in its order; false if it is no object.
pub(super) fn every_field(json: &str, mut take: impl FnMut(&str, &str)) -> bool {
    is_object(json) && each_field(json, |name| Some(name.to_owned()), |name, value| take(&name, value)).is_ok()
}

/// Every item of a list in its order; false if it is no list.
pub(super) fn every_item<'a>(json: &'a str, take: impl FnMut(&'a str)) -> bool {
    struct Items<F>(F);
    impl<'de, F: FnMut(&'de str)> Visitor<'de> for Items<F> {
        type Value = ();

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("a list")
        }

        fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<(), A::Error> {
            while let Some(item) = list.next_element::<&RawValue>()? {
                (self.0)(item.get());
            }
            Ok(())
        }
    }
    is_list(json) && serde_json::Deserializer::from_str(json).deserialize_seq(Items(take)).is_ok()
}

pub(super) fn is_object(json: &str) -> bool {
    json.starts_with('{')
}

pub(super) fn is_list(json: &str) -> bool {
    json.starts_with('[')
}

pub(super) fn is_string(json: &str) -> bool {
    json.starts_with('"')
}

pub(super) fn is_true(json: Option<&str>) -> bool {
    json == Some("true")
}

/// A whole number; fractions are cut off, and what is negative or no number is None.
pub(super) fn number(json: Option<&str>) -> Option<u64> {
    let json = json?;
    json.parse().ok().or_else(|| {
        let number: f64 = json.parse().ok()?;
        (number >= 0.0).then_some(number as u64)
    })
}

/// A short string such as a name or an id; None if it is empty, no string, or longer than such things are.
pub(super) fn word(json: Option<&str>) -> Option<Cow<'_, str>> {
    /// Ids and names have some 20 to 100 bytes; folders may have 4096 (PATH_MAX).
    const LONGEST: usize = 4096;
    let inner = inside(json?)?;
    if inner.is_empty() || inner.len() > LONGEST {
        return None;
    }
    match inner.contains('\\') {
        true => Some(Cow::Owned(unescape(inner))),
        false => Some(Cow::Borrowed(inner)),
    }
}

/// A string decoded; None if it is none. Exactly one allocation, no larger than the string stands in the line.
pub(super) fn string(json: &str) -> Option<String> {
    inside(json).map(unescape)
}

/// What stands between the quotes of a string.
pub(super) fn inside(json: &str) -> Option<&str> {
    json.strip_prefix('"')?.strip_suffix('"')
}

fn unescape(inner: &str) -> String {
    let mut text = String::new();
    decode(inner, &mut text);
    text
}

/// Adds the inside of a string to a text, escapes resolved (RFC 8259, 7). Half of a surrogate pair, which some programs write
/// where they cut a text, becomes U+FFFD.
pub(super) fn decode(inner: &str, text: &mut String) {
    // A line end is put behind it, for which a large text shall not move.
    text.reserve(inner.len() + 1);
    let mut rest = inner;
    while let Some(at) = memchr::memchr(b'\\', rest.as_bytes()) {
        text.push_str(&rest[..at]);
        let escape = rest.as_bytes().get(at + 1).copied().unwrap_or(b'\\');
        let mut used = 2;
        text.push(match escape {
            b'n' => '\n',
            b't' => '\t',
            b'r' => '\r',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'u' => {
                let (character, length) = code_point(&rest[at..]);
                used = length;
                character
            }
            other => char::from(other),
        });
        rest = rest.get(at + used..).unwrap_or_default();
    }
    text.push_str(rest);
}

/// The character of `\uXXXX`, or of two of them that are a pair, and the bytes it takes.
fn code_point(text: &str) -> (char, usize) {
    let unit = |at: usize| u32::from_str_radix(text.get(at + 2..at + 6)?, 16).ok();
    let Some(first) = unit(0) else { return ('\u{fffd}', 2) };
    if (0xD800..0xDC00).contains(&first)
        && text.get(6..8) == Some("\\u")
        && let Some(second) = unit(6).filter(|second| (0xDC00..0xE000).contains(second))
    {
        let code = 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00);
        return (char::from_u32(code).unwrap_or('\u{fffd}'), 12);
    }
    (char::from_u32(first).unwrap_or('\u{fffd}'), 6)
}

/// Goes through an object: `wanted` chooses a field by its name, `take` gets what it chose and the JSON of the field.
fn each_field<'a, K>(
    json: &'a str,
    wanted: impl FnMut(&str) -> Option<K>,
    take: impl FnMut(K, &'a str),
) -> Result<(), serde_json::Error> {
    struct Name<'f, W>(&'f mut W);
    impl<'de, K, W: FnMut(&str) -> Option<K>> DeserializeSeed<'de> for Name<'_, W> {
        type Value = Option<K>;

        fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<K>, D::Error> {
            deserializer.deserialize_str(self)
        }
    }
    impl<K, W: FnMut(&str) -> Option<K>> Visitor<'_> for Name<'_, W> {
        type Value = Option<K>;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("a name")
        }

        fn visit_str<E: Error>(self, name: &str) -> Result<Option<K>, E> {
            Ok((self.0)(name))
        }
    }

    struct Fields<W, T>(W, T);
    impl<'de, K, W: FnMut(&str) -> Option<K>, T: FnMut(K, &'de str)> Visitor<'de> for Fields<W, T> {
        type Value = ();

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
            while let Some(key) = map.next_key_seed(Name(&mut self.0))? {
                match key {
                    Some(key) => (self.1)(key, map.next_value::<&RawValue>()?.get()),
                    None => {
                        map.next_value::<IgnoredAny>()?;
                    }
                }
            }
            Ok(())
        }
    }

    let mut deserializer = serde_json::Deserializer::from_str(json);
    deserializer.deserialize_map(Fields(wanted, take))?;
    deserializer.end()
}
