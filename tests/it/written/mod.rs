//! What models write: whether it stands in the item, whether it arrives, and what it costs.

mod grounding;
mod extraction;
mod editorial;
mod claude;
mod budget;
mod flow;

use std::collections::VecDeque;
use std::sync::Mutex;

use jiff::Timestamp;
use tidings::item::{Item, ItemId, Place};
use tidings::judge::model::{Answered, Choice, Model, Order, Prompt, Trouble, Written};
use tidings::opinion::Tokens;
use tidings::source::Trust;

pub fn now() -> Timestamp {
    "2026-11-21T09:00:00Z".parse().unwrap()
}

pub fn item(title: &str) -> Item {
    Item {
        id: ItemId("i-7k3m9q2xwd".to_owned()),
        source: "Lantern releases".to_owned(),
        trust: Trust::Official,
        topics: Vec::new(),
        title: title.to_owned(),
        link: Some("https://lantern.example/releases/4.12.3".parse().unwrap()),
        author: None,
        published: None,
        seen: now(),
        changed: None,
        content: "0123456789".to_owned(),
        baseline: false,
        place: Place { file: String::new(), frame: 0, start: 0, length: 0 },
    }
}

/// Answers in order what it was given, and remembers what it was asked.
pub struct Scripted {
    answers: Mutex<VecDeque<Result<String, Trouble>>>,
    pub orders: Mutex<Vec<Order>>,
}

impl Scripted {
    pub fn new(answers: impl IntoIterator<Item = Result<String, Trouble>>) -> Scripted {
        Scripted { answers: Mutex::new(answers.into_iter().collect()), orders: Mutex::default() }
    }
}

impl Model for Scripted {
    fn name(&self) -> &str {
        "lantern-8b"
    }

    fn slots(&self) -> usize {
        1
    }

    fn choose<'a>(&'a self, _: &'a Prompt, _: &'a [char]) -> Answered<'a, Choice> {
        Box::pin(async { Err(Trouble::Refused("it only writes".to_owned())) })
    }

    fn write<'a>(&'a self, order: &'a Order) -> Answered<'a, Written> {
        Box::pin(async move {
            self.orders.lock().unwrap().push(order.clone());
            let answer = self.answers.lock().unwrap().pop_front().expect("it is asked no more often");
            answer.map(|text| Written { text, tokens: Tokens { prompt: 1_000, cached: 800, generated: 100 } })
        })
    }
}
