//! Reads `[prices]`: what models cost that sessions used, as the lab's contracts and its providers' lists say. None are shipped.

use super::routes::MOST_DOLLARS;
use super::table::Table;
use crate::session::usage::{Price, PriceList};

const EXAMPLE: &str =
    "[prices.\"claude-opus-4\"], and below it input = … and output = … in dollars for a million tokens";

pub(super) fn read(table: &Table<'_, '_>) -> PriceList {
    let mut prices = PriceList::default();
    for (name, value, key, span) in table.entries() {
        let mistake = |message: String| table.document.mistake(key.clone(), message, EXAMPLE.to_owned());
        let Some(inner) = value.as_table() else {
            mistake(format!("[prices] has a table for each model, and `{name}` is none"));
            continue;
        };
        if name.trim().is_empty() {
            mistake("a price needs the beginning of a model's name".to_owned());
            continue;
        }
        let inner = Table::new(table.document, inner, span, &format!("[prices.\"{name}\"]"));
        let given = |key: &'static str| inner.dollars(key, MOST_DOLLARS);
        let (input, output) = (given("input"), given("output"));
        let [cache_write_5m, cache_write_1h, cache_read] =
            ["cache_write_5m", "cache_write_1h", "cache_read"].map(given);
        for key in ["input", "output"] {
            if !inner.entries().any(|(known, ..)| known == key) {
                let example =
                    format!("{key} = 3.0      # dollars for a million tokens, from the provider's list of prices");
                inner.mistake(format!("[prices.\"{name}\"] needs `{key}`"), &example);
            }
        }
        inner.finish();
        if let (Some(input), Some(output)) = (input, output) {
            prices.0.insert(name.to_owned(), Price { input, output, cache_write_5m, cache_write_1h, cache_read });
        }
    }
    prices
}
