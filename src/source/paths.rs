//! Paths: where the parts of an item stand in a JSON document.

use std::fmt;

/// Where the items of a document are, and the parts of each. Several places of a part are tried in their order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Paths {
    /// Leads to the list of items, or to each of them.
    pub items: Pointer,
    // These lead on from an item.
    pub id: Vec<Place>,
    pub title: Vec<Place>,
    pub link: Vec<Place>,
    pub date: Vec<Place>,
    pub text: Vec<Place>,
    pub author: Vec<Place>,
    pub tags: Vec<Place>,
}

/// A JSON Pointer (RFC 6901) with two steps more: `*` is every element, `**` is any depth. So a key that is itself called
/// `*` or `**` can't be named.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Pointer(pub Vec<Step>);

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Step {
    /// A key of an object, or the number of a list's element.
    Key(String),
    Each,
    Deep,
}

/// Where one part stands: a pointer, or a text with pointers in braces: `https://example.org/posts/{/slug}`. So a key with a
/// brace in it can't be named.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Place {
    At(Pointer),
    Template(Vec<Piece>),
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Piece {
    Words(String),
    At(Pointer),
}

impl Pointer {
    /// # Errors
    /// What is wrong with the text, without its remedy.
    pub fn read(text: &str) -> Result<Pointer, String> {
        if text.is_empty() {
            return Ok(Pointer::default());
        }
        let steps = text.strip_prefix('/').ok_or_else(|| format!("`{text}` does not begin with /"))?;
        let step = |step: &str| match step {
            "*" => Ok(Step::Each),
            "**" => Ok(Step::Deep),
            key => unescape(key).map(Step::Key),
        };
        Ok(Pointer(steps.split('/').map(step).collect::<Result<_, _>>()?))
    }

    /// Whether it looks for its items at any depth, so that not all it finds need be items.
    pub fn is_search(&self) -> bool {
        self.0.contains(&Step::Deep)
    }
}

fn unescape(key: &str) -> Result<String, String> {
    let mut parts = key.split('~');
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (sign, rest) = match part.as_bytes().first() {
            Some(b'0') => ('~', &part[1..]),
            Some(b'1') => ('/', &part[1..]),
            _ => return Err(format!("`~` in `{key}` stands for nothing; write ~0 for ~ and ~1 for /")),
        };
        plain.push(sign);
        plain.push_str(rest);
    }
    Ok(plain)
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for step in &self.0 {
            match step {
                Step::Key(key) => write!(f, "/{}", key.replace('~', "~0").replace('/', "~1"))?,
                Step::Each => f.write_str("/*")?,
                Step::Deep => f.write_str("/**")?,
            }
        }
        Ok(())
    }
}

impl Place {
    /// # Errors
    /// What is wrong with the text, without its remedy.
    pub fn read(text: &str) -> Result<Place, String> {
        if !text.contains('{') && (text.is_empty() || text.starts_with('/')) {
            return Pointer::read(text).map(Place::At);
        }
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((words, after)) = rest.split_once('{') {
            let (pointer, after) = after.split_once('}').ok_or("a `{` without its `}`")?;
            pieces.push(Piece::Words(words.to_owned()));
            pieces.push(Piece::At(Pointer::read(pointer)?));
            rest = after;
        }
        if pieces.is_empty() {
            return Err(format!("`{text}` neither begins with / nor has a pointer in braces"));
        }
        pieces.push(Piece::Words(rest.to_owned()));
        Ok(Place::Template(pieces))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pointer_reads_as_rfc_6901_says() {
        for text in ["", "/", "/a~1b/0", "/m~0n", "/hits/*/url", "/**/posts", "/ "] {
            assert_eq!(Pointer::read(text).expect(text).to_string(), text);
        }
        assert_eq!(Pointer::read("/a~1b").unwrap().0, [Step::Key("a/b".to_owned())]);
        assert_eq!(Pointer::read("/~01").unwrap().0, [Step::Key("~1".to_owned())]);
        for text in ["hits", "/a~2", "/a~"] {
            assert!(Pointer::read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_place_is_a_pointer_or_a_template() {
        assert!(matches!(Place::read("/url"), Ok(Place::At(_))));
        let template = Place::read("https://example.org/item?id={/objectID}").unwrap();
        assert!(matches!(&template, Place::Template(pieces) if pieces.len() == 3));
        assert!(matches!(Place::read("/posts/{/slug}"), Ok(Place::Template(_))));
        for text in ["url", "https://example.org/", "https://example.org/{/id", "https://example.org/{id}"] {
            assert!(Place::read(text).is_err(), "{text}");
        }
    }
}
