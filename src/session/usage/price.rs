//! Prices are a lab's own table of what models cost; what has no price has no cost, and never one of nothing.

use std::collections::BTreeMap;

use super::Tokens;

/// What a million tokens of each kind cost, in millionths of a dollar: so many millionths of a millionth for one token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Price {
    pub input: u64,
    pub output: u64,
    /// None: the table does not say, which only matters where there are such tokens.
    pub cache_write_5m: Option<u64>,
    pub cache_write_1h: Option<u64>,
    pub cache_read: Option<u64>,
}

impl Price {
    /// In millionths of a millionth of a dollar; None where the price of one kind is not known.
    pub fn of(&self, tokens: &Tokens) -> Option<u128> {
        let kinds = [
            (tokens.input, Some(self.input)),
            (tokens.output, Some(self.output)),
            (tokens.cache_write_5m, self.cache_write_5m),
            (tokens.cache_write_1h, self.cache_write_1h),
            (tokens.cache_read, self.cache_read),
        ];
        kinds.into_iter().try_fold(0_u128, |sum, (tokens, price)| match (tokens, price) {
            (0, _) => Some(sum),
            (_, None) => None,
            (tokens, Some(price)) => sum.checked_add(u128::from(tokens) * u128::from(price)),
        })
    }
}

/// Prices by the beginning of a model's name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PriceList(pub BTreeMap<String, Price>);

impl PriceList {
    /// The price under the longest beginning of the model's name, and that beginning.
    pub fn of(&self, model: &str) -> Option<(&str, &Price)> {
        let matching = self.0.iter().filter(|(name, _)| model.starts_with(name.as_str()));
        matching.max_by_key(|(name, _)| name.len()).map(|(name, price)| (name.as_str(), price))
    }
}

/// What something cost, in millionths of a millionth of a dollar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cost {
    Exact(u128),
    /// A part of it has no price.
    AtLeast(u128),
    /// Nothing of it has a price.
    Unknown,
}

impl Cost {
    /// What the parts cost together: each with a price or without.
    pub fn of(parts: impl IntoIterator<Item = Option<u128>>) -> Cost {
        let (mut sum, mut lacks) = (0_u128, false);
        for part in parts {
            match part {
                Some(part) => sum = sum.saturating_add(part),
                None => lacks = true,
            }
        }
        match (sum, lacks) {
            (sum, false) => Cost::Exact(sum),
            (0, true) => Cost::Unknown,
            (sum, true) => Cost::AtLeast(sum),
        }
    }

    /// To a millionth; None where nothing is known.
    pub fn dollars(self) -> Option<f64> {
        match self {
            Cost::Exact(sum) | Cost::AtLeast(sum) => Some((sum as f64 / 1e6).round() / 1e6),
            Cost::Unknown => None,
        }
    }

    pub fn word(self) -> &'static str {
        match self {
            Cost::Exact(_) => "exact",
            Cost::AtLeast(_) => "at-least",
            Cost::Unknown => "unknown",
        }
    }
}
