//! The weights of the parts, in a file that a person can read.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::LazyLock;

use super::Part;

/// The fitted weights that ship; made by `tidings judge fit`.
static SHIPPED: LazyLock<Weights> =
    LazyLock::new(|| Weights::read(include_str!("coefficients.tsv")).expect("the shipped weights can be read"));

/// What a weight speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Head {
    /// The lab wants to read it.
    Relevant,
    /// It can't wait.
    Critical,
}

/// A weight in each head for each part; a part that is not listed weighs nothing.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Weights {
    pub(super) rows: BTreeMap<String, [f64; 2]>,
}

/// The row that every item has.
pub(super) const BASE: &str = "base";

impl Weights {
    pub fn shipped() -> Weights {
        SHIPPED.clone()
    }

    /// Reads lines of `name<TAB>relevant<TAB>critical`; `#` begins a remark.
    ///
    /// # Errors
    /// The first line that is none of these, in words.
    pub fn read(text: &str) -> Result<Weights, String> {
        let mut rows = BTreeMap::new();
        for (number, line) in text.lines().enumerate() {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let mut fields = line.split('\t');
            let row = (fields.next(), fields.next().map(str::parse), fields.next().map(str::parse));
            let (Some(name), Some(Ok(relevant)), Some(Ok(critical))) = row else {
                return Err(format!("line {}: `{line}` is not a name and two numbers between tabs", number + 1));
            };
            rows.insert(name.to_owned(), [relevant, critical]);
        }
        Ok(Weights { rows })
    }

    /// As [`Weights::read`] reads it, sorted by name; what rounds to nothing is left out.
    pub fn written(&self) -> String {
        let mut text = String::from(
            "# What each part of an item adds to the log-odds of two things: that the lab wants to read it, and that it can't wait.\n\
             # Fitted by `tidings judge fit`; a part that is not listed weighs nothing.\n\
             # name\trelevant\tcritical\n",
        );
        for (name, [relevant, critical]) in &self.rows {
            if relevant.abs() >= 0.005 || critical.abs() >= 0.005 {
                let _ = writeln!(text, "{name}\t{relevant:.3}\t{critical:.3}");
            }
        }
        text
    }

    /// The log-odds of an item.
    pub fn odds(&self, parts: &[Part], head: Head) -> f64 {
        let weight = |name: &str| self.rows.get(name).map_or(0.0, |row| row[head as usize]);
        weight(BASE) + parts.iter().map(|(name, value)| weight(name) * value).sum::<f64>()
    }

    /// What each part adds in both heads, the heaviest first.
    pub fn shares<'a>(&self, parts: &'a [Part]) -> Vec<(&'a str, [f64; 2])> {
        let mut shares: Vec<(&str, [f64; 2])> = parts
            .iter()
            .filter_map(|(name, value)| Some((name.as_str(), self.rows.get(name)?.map(|weight| weight * value))))
            .collect();
        let size = |share: &[f64; 2]| share[0].abs().max(share[1].abs());
        shares.sort_by(|one, other| size(&other.1).total_cmp(&size(&one.1)).then(one.0.cmp(other.0)));
        shares
    }
}

/// The probability that log-odds stand for.
pub fn probability(odds: f64) -> f64 {
    1.0 / (1.0 + (-odds).exp())
}
