//! What asking costs, and that a month's limit is never passed: before each call the most it can cost is put aside.

use std::sync::Arc;

use super::model::{Answered, Choice, Model, Order, Prompt, Trouble, Written};
use crate::config::Prices;
use crate::opinion::Tokens;

/// Tokens that a provider adds around what we send: a chat's frame, and the words that explain a form.
const FRAME: u64 = 2_000;

/// Where money is put aside and accounted for. What is put aside counts as spent until it is settled, also after this
/// process is killed.
pub trait Purse: Send + Sync {
    /// Puts aside the most that a call can cost, in millionths of a dollar; returns the call's number.
    ///
    /// # Errors
    /// In words for people, when the month's limit does not allow it, or it can't be written down. Then nothing may be asked.
    fn reserve(&self, model: &str, most: u64) -> Result<u64, String>;

    /// What the call really cost.
    fn settle(&self, call: u64, cost: u64);
}

/// The cost of tokens in millionths of a dollar, rounded up. Tokens of a cache are counted like others: they cost less.
pub fn cost(prices: &Prices, tokens: &Tokens) -> u64 {
    let read = u128::from(tokens.prompt) * u128::from(prices.input);
    let written = u128::from(tokens.generated) * u128::from(prices.output);
    u64::try_from(read.saturating_add(written).div_ceil(1_000_000)).unwrap_or(u64::MAX)
}

/// The most that a call can cost. A token stands for at least one byte, so the bytes of a prompt are more than its tokens:
/// in English about four times as many. `beyond` are tokens that a model may think besides what was ordered.
pub fn most(prices: &Prices, order: &Order, beyond: u64) -> u64 {
    let corrections: usize = order.corrections.iter().map(|(written, wrong)| written.len() + wrong.len()).sum();
    let schema = order.schema.as_ref().map_or(0, |schema| schema.to_string().len());
    let bytes = order.prompt.system.len() + order.prompt.user.len() + corrections + schema;
    let turns = 2 + 2 * order.corrections.len() as u64;
    let prompt = bytes as u64 + FRAME + 16 * turns;
    cost(prices, &Tokens { prompt, cached: 0, generated: u64::from(order.most_tokens) + beyond })
}

/// A model whose every call is paid from a purse.
pub struct Metered {
    pub model: Arc<dyn Model>,
    pub prices: Prices,
    /// Tokens that it may think besides what is ordered.
    pub beyond: u64,
    pub purse: Box<dyn Purse>,
}

impl Model for Metered {
    fn name(&self) -> &str {
        self.model.name()
    }

    fn slots(&self) -> usize {
        self.model.slots()
    }

    fn choose<'a>(&'a self, prompt: &'a Prompt, letters: &'a [char]) -> Answered<'a, Choice> {
        Box::pin(async move {
            let prompt_bytes = prompt.system.len() + prompt.user.len();
            let tokens = Tokens { prompt: prompt_bytes as u64 + FRAME, cached: 0, generated: 1 + self.beyond };
            let call = self.reserve(cost(&self.prices, &tokens))?;
            let answer = self.model.choose(prompt, letters).await;
            self.settle(call, answer.as_ref().map(|choice| &choice.tokens));
            answer
        })
    }

    fn write<'a>(&'a self, order: &'a Order) -> Answered<'a, Written> {
        Box::pin(async move {
            let call = self.reserve(most(&self.prices, order, self.beyond))?;
            let answer = self.model.write(order).await;
            self.settle(call, answer.as_ref().map(|written| &written.tokens));
            answer
        })
    }
}

impl Metered {
    fn reserve(&self, most: u64) -> Result<u64, Trouble> {
        self.purse.reserve(self.model.name(), most).map_err(Trouble::Spent)
    }

    /// What was refused, or never arrived, costs nothing. Of what broke off or made no sense nobody knows what it cost: it
    /// stays put aside in full.
    fn settle(&self, call: u64, answer: Result<&Tokens, &Trouble>) {
        match answer {
            // An answer that does not say what it used may have used it all.
            Ok(tokens) if tokens.prompt == 0 || tokens.generated == 0 => {}
            Ok(tokens) => self.purse.settle(call, cost(&self.prices, tokens)),
            Err(Trouble::Refused(_) | Trouble::Away(_) | Trouble::TooLong { .. } | Trouble::Spent(_)) => {
                self.purse.settle(call, 0);
            }
            Err(Trouble::Failed(_) | Trouble::Nonsense(_)) => {}
        }
    }
}
