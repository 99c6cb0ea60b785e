//! A month's limit is never passed, whatever breaks off in between.

use std::sync::Arc;

use jiff::Timestamp;
use proptest::prelude::*;
use tidings::config::Prices;
use tidings::judge::budget::{Metered, Purse, cost, most};
use tidings::judge::model::{Model, Order, Prompt, Trouble};
use tidings::keep::{Keep, Spending};
use tidings::opinion::Tokens;

use super::{Scripted, now};

const PRICES: Prices = Prices { input: 4_000_000, output: 20_000_000, a_month: 10_000_000 };

fn order() -> Order {
    Order {
        prompt: Prompt { system: "s".repeat(3_000), user: "u".repeat(5_000) },
        corrections: Vec::new(),
        name: "form",
        schema: None,
        most_tokens: 1_000,
    }
}

/// The store's book, as a run uses it.
struct Book {
    spending: Arc<Spending>,
    limit: u64,
    now: Timestamp,
}

impl Purse for Book {
    fn reserve(&self, model: &str, most: u64) -> Result<u64, String> {
        let call =
            self.spending.reserve("claude", model, most, self.limit, self.now).map_err(|error| error.to_string())?;
        call.ok_or_else(|| "the month's limit is reached".to_owned())
    }

    fn settle(&self, call: u64, cost: u64) {
        self.spending.settle(call, cost, self.now).unwrap();
    }
}

fn spent(keep: &Keep, now: Timestamp) -> u64 {
    keep.spent(now).iter().map(|spent| spent.spent).sum()
}

#[test]
fn tokens_cost_what_the_price_list_says() {
    let tokens = Tokens { prompt: 1_000_000, cached: 0, generated: 100_000 };
    assert_eq!(cost(&PRICES, &tokens), 6_000_000, "4 dollars in, 2 out");
    assert_eq!(cost(&PRICES, &Tokens { prompt: 1, cached: 0, generated: 0 }), 4);
    let cheap = Prices { input: 100, output: 0, a_month: 1 };
    assert_eq!(cost(&cheap, &Tokens { prompt: 1, cached: 0, generated: 0 }), 1, "a part of a millionth counts as one");
    let dear = Prices { input: u64::MAX, output: u64::MAX, a_month: 1 };
    assert_eq!(cost(&dear, &Tokens { prompt: u64::MAX, cached: 0, generated: u64::MAX }), u64::MAX);
}

#[test]
fn the_most_a_call_can_cost_counts_every_byte_and_every_token_it_may_write() {
    let plain = most(&PRICES, &order(), 0);
    assert!(plain >= 8_000 * 4 + 1_000 * 20, "{plain}");
    assert!(most(&PRICES, &order(), 6_000) >= plain + 6_000 * 20);
    let mut longer = order();
    longer.corrections.push(("x".repeat(1_000), "y".repeat(1_000)));
    longer.schema = Some(serde_json::json!({ "type": "object" }));
    assert!(most(&PRICES, &longer, 0) >= plain + 2_000 * 4);
}

#[tokio::test]
async fn a_call_is_put_aside_first_and_settled_after() {
    let home = tempfile::tempdir().unwrap();
    let keep = Keep::open(home.path(), "a test", now()).unwrap();
    let answers =
        [Ok("{}".to_owned()), Err(Trouble::Refused("no".to_owned())), Err(Trouble::Failed("it broke off".to_owned()))];
    let model = Arc::new(Scripted::new(answers));
    let book = Book { spending: keep.spending(), limit: 10_000_000, now: now() };
    let metered = Metered { model: model.clone(), prices: PRICES, beyond: 0, purse: Box::new(book) };
    metered.write(&order()).await.unwrap();
    let one = 1_000 * 4 + 100 * 20;
    assert_eq!(spent(&keep, now()), one, "what it cost, not what it could have");
    metered.write(&order()).await.unwrap_err();
    assert_eq!(spent(&keep, now()), one, "what was refused costs nothing");
    metered.write(&order()).await.unwrap_err();
    assert_eq!(spent(&keep, now()), one + most(&PRICES, &order(), 0), "nobody knows: counted in full");
}

#[tokio::test]
async fn at_the_limit_nothing_is_asked() {
    let home = tempfile::tempdir().unwrap();
    let keep = Keep::open(home.path(), "a test", now()).unwrap();
    let model = Arc::new(Scripted::new([]));
    let book = Book { spending: keep.spending(), limit: most(&PRICES, &order(), 0) - 1, now: now() };
    let metered = Metered { model: model.clone(), prices: PRICES, beyond: 0, purse: Box::new(book) };
    assert!(matches!(metered.write(&order()).await, Err(Trouble::Spent(_))));
    assert!(model.orders.lock().unwrap().is_empty());
    assert!(!home.path().join("state/spending.jsonl").exists(), "and nothing is written down");
}

#[test]
fn what_was_put_aside_stays_so_when_the_run_is_killed_and_the_store_is_lost() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("state/spending.jsonl");
    {
        let keep = Keep::open(home.path(), "a test", now()).unwrap();
        assert_eq!(keep.spending().reserve("claude", "m", 6_000_000, 10_000_000, now()).unwrap(), Some(1));
        // Killed before the answer.
    }
    // A power loss may have torn the next line.
    let mut bytes = std::fs::read(&file).unwrap();
    bytes.extend_from_slice(b"{\"version\":1,\"at\":\"2026-11-2");
    std::fs::write(&file, bytes).unwrap();
    // The store is made anew without an export.
    std::fs::remove_dir_all(home.path().join("state/store")).unwrap();
    let keep = Keep::open(home.path(), "a test", now()).unwrap();
    assert_eq!(spent(&keep, now()), 6_000_000);
    assert_eq!(keep.spending().reserve("claude", "m", 4_000_001, 10_000_000, now()).unwrap(), None);
    assert_eq!(keep.spending().reserve("claude", "m", 4_000_000, 10_000_000, now()).unwrap(), Some(2));
    keep.spending().settle(2, 1_000_000, now()).unwrap();
    assert_eq!(keep.spending().reserve("lab-vllm", "q", 5, 5, now()).unwrap(), Some(3), "another payer, another purse");
    drop(keep);
    let keep = Keep::open(home.path(), "a test", now()).unwrap();
    assert_eq!(spent(&keep, now()), 7_000_005);
    // The month ends in UTC.
    let december: Timestamp = "2026-12-01T00:00:00Z".parse().unwrap();
    assert_eq!(spent(&keep, december), 0);
    assert_eq!(spent(&keep, "2026-11-30T23:59:59Z".parse().unwrap()), 7_000_005);
    keep.write_views(now()).unwrap();
    let status = tidings::keep::status(home.path()).unwrap().unwrap();
    assert_eq!(status.spending.len(), 2);
    assert_eq!((status.spending[0].payer.as_str(), status.spending[0].spent), ("claude", 7_000_000));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Calls that cost at most what was put aside, some of them never settled, with the book closed and opened in between.
    #[test]
    fn the_limit_is_never_passed(calls in prop::collection::vec((1..900u64, 0..=100u64, any::<bool>(), any::<bool>()), 1..40)) {
        let home = tempfile::tempdir().unwrap();
        let mut keep = Keep::open(home.path(), "a test", now()).unwrap();
        let mut really = 0;
        for (most, share, is_settled, is_killed) in calls {
            if let Some(call) = keep.spending().reserve("claude", "m", most, 2_000, now()).unwrap() {
                really += most * share / 100;
                if is_settled {
                    keep.spending().settle(call, most * share / 100, now()).unwrap();
                }
            }
            prop_assert!(really <= 2_000 && spent(&keep, now()) <= 2_000 && really <= spent(&keep, now()));
            if is_killed {
                drop(keep);
                keep = Keep::open(home.path(), "a test", now()).unwrap();
            }
        }
    }
}
