//! Writers: the models that may write something, in the order of a route, each paid from its own purse.

use std::sync::Arc;

use jiff::Timestamp;

use crate::config::{Config, Prices};
use crate::judge::budget::{Metered, Purse};
use crate::judge::model::claude::{Claude, Patience, THOUGHTS};
use crate::judge::model::{Model, Trouble};
use crate::keep::{Keep, Spending};

use super::Secrets;

/// A model that may write.
#[derive(Clone)]
pub struct Writer {
    /// As the routes name it: `local`, `claude`, or an endpoint's name; its purse is kept under it.
    pub route: String,
    pub model: Arc<dyn Model>,
    /// None: it costs nothing.
    pub prices: Option<Prices>,
    /// Tokens that it may think besides what is ordered.
    pub beyond: u64,
}

impl Writer {
    /// Claude, as `[claude]` says. None without that table or without its key: then nothing is asked there.
    ///
    /// # Errors
    /// When the key can't be used.
    pub fn claude(config: &Config, secrets: Secrets<'_>) -> Result<Option<Writer>, Trouble> {
        let Some(claude) = &config.claude else { return Ok(None) };
        let key = match secrets(&claude.key) {
            Ok(key) if !key.trim().is_empty() => key,
            _ => return Ok(None),
        };
        let model: Arc<dyn Model> = Arc::new(Claude::new(claude, &key, Patience::default())?);
        Ok(Some(Writer { route: "claude".to_owned(), model, prices: Some(claude.prices), beyond: u64::from(THOUGHTS) }))
    }

    /// The model, with every call of it paid from its purse; one that costs nothing has none.
    pub(super) fn paid(&self, keep: &Keep, now: Timestamp) -> Arc<dyn Model> {
        let model = Arc::clone(&self.model);
        let Some(prices) = self.prices.filter(|prices| !prices.are_nothing()) else { return model };
        let book = Book { spending: keep.spending(), payer: self.route.clone(), limit: prices.a_month, now };
        Arc::new(Metered { model, prices, beyond: self.beyond, purse: Box::new(book) })
    }
}

/// The purse of one route, in the home's own book.
struct Book {
    spending: Arc<Spending>,
    payer: String,
    limit: u64,
    now: Timestamp,
}

impl Purse for Book {
    fn reserve(&self, model: &str, most: u64) -> Result<u64, String> {
        match self.spending.reserve(&self.payer, model, most, self.limit, self.now) {
            Ok(Some(call)) => Ok(call),
            Ok(None) => Err(format!(
                "{model} is not asked: the month's {} could be passed by up to {}",
                dollars(self.limit),
                dollars(most)
            )),
            Err(error) => Err(format!("{model} is not asked: {error:#}")),
        }
    }

    fn settle(&self, call: u64, cost: u64) {
        // What stays put aside counts as spent, which is on the safe side.
        if let Err(error) = self.spending.settle(call, cost, self.now) {
            tracing::warn!("{error:#}");
        }
    }
}

/// Millionths of a dollar as "$0.42", rounded up to a cent.
pub fn dollars(millionths: u64) -> String {
    let cents = millionths.div_ceil(10_000);
    format!("${}.{:02}", cents / 100, cents % 100)
}
