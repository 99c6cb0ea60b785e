//! The cloth: the scrubber of a home, made when it is first needed.

use std::cell::OnceCell;
use std::collections::{BTreeMap, HashMap};

use anyhow::{Result, anyhow};

use super::super::Setup;
use super::rules::scrub_rules;
use crate::config::Mistake;
use crate::guard::scrub::{Scrubbed, Scrubber};
use crate::keep;
use crate::session::{Facts, Memory, Passage};

/// Names that are remembered; ids are too many.
const MOST_NAMES: usize = 1_000;

pub(in super::super) struct Cloth<'a> {
    setup: &'a Setup,
    /// With the version of its rules.
    made: OnceCell<(Scrubber, String)>,
}

impl<'a> Cloth<'a> {
    pub(in super::super) fn of(setup: &'a Setup) -> Cloth<'a> {
        Cloth { setup, made: OnceCell::new() }
    }

    /// Version of the rules.
    pub(super) fn version(&self) -> Result<&str> {
        Ok(&self.made()?.1)
    }

    /// The rules by which a text holds a secret.
    pub(in super::super) fn secrets_in(&self, text: &str) -> Result<Vec<String>> {
        Ok(self.scrubber()?.scrub(text).counts.into_keys().collect())
    }

    fn scrubber(&self) -> Result<&Scrubber> {
        Ok(&self.made()?.0)
    }

    fn made(&self) -> Result<&(Scrubber, String)> {
        if let Some(made) = self.made.get() {
            return Ok(made);
        }
        let (rules, _) = scrub_rules(&self.setup.home, &self.setup.config).map_err(|mistakes| {
            let told: Vec<String> = mistakes.iter().map(Mistake::to_string).collect();
            anyhow!("nothing is read unscrubbed, and the lab's rules have mistakes:\n{}", told.join("\n"))
        })?;
        let version = rules.version();
        let key = keep::scrub_key(self.setup.home.folder())?;
        Ok(self.made.get_or_init(|| (Scrubber::new(rules, key), version)))
    }

    /// A passage without secrets, and how many each rule took out of it.
    pub(super) fn scrub(&self, mut passage: Passage) -> Result<(Passage<Scrubbed>, BTreeMap<String, u64>)> {
        let scrubber = self.scrubber()?;
        // The first prompt was cut at some length, perhaps within a secret, which nobody would know any more.
        let prompt = passage.facts.prompt.take();
        let whole = prompt.as_ref().and_then(|prompt| passage.turns.iter().find(|turn| turn.text.starts_with(prompt)));
        let prompt = whole.map(|turn| turn.text.clone()).or(prompt).map(|text| {
            let mut text = scrubber.scrub(&text).text.into_string();
            text.truncate(text.floor_char_boundary(Facts::<String>::PROMPT_BYTES));
            text
        });
        let links = std::mem::take(&mut passage.facts.pull_requests);
        passage.facts.pull_requests = links.iter().map(|link| scrubber.scrub(link).text.into_string()).collect();
        let mut redacted = BTreeMap::new();
        let mut scrubbed = passage.map(|text| {
            let scrubbing = scrubber.scrub(&text);
            for (rule, times) in scrubbing.counts {
                *redacted.entry(rule).or_default() += times;
            }
            scrubbing.text
        });
        scrubbed.facts.prompt = prompt.map(|text| scrubber.scrub(&text).text);
        scrubbed.rename(&mut names(scrubber));
        Ok((scrubbed, redacted))
    }

    pub(super) fn scrub_memory(&self, memory: Memory) -> Result<Memory> {
        let scrubber = self.scrubber()?;
        let mut memory = memory.map(|text| scrubber.scrub(&text).text.into_string());
        memory.rename(&mut names(scrubber));
        Ok(memory)
    }

    pub(super) fn scrub_facts(&self, facts: Facts) -> Result<Facts> {
        let (passage, _) = self.scrub(Passage { facts, ..Passage::default() })?;
        Ok(passage.map(Scrubbed::into_string).facts)
    }
}

/// What stands for a name that is a secret, or holds one. Most names are the same few; an id in hexadecimal is none.
fn names(scrubber: &Scrubber) -> impl FnMut(&str) -> Option<String> {
    let mut known: HashMap<String, Option<String>> = HashMap::new();
    move |name| {
        if name.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-') {
            return None;
        }
        if let Some(found) = known.get(name) {
            return found.clone();
        }
        let scrubbed = scrubber.scrub(name).text.into_string();
        let found = (scrubbed != name).then_some(scrubbed);
        if known.len() < MOST_NAMES {
            known.insert(name.to_owned(), found.clone());
        }
        found
    }
}
