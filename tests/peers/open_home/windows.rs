//! Windows are all runs of so many bytes of some texts; they are looked for in others. A to Z count as a to z.

use std::collections::{BTreeSet, HashMap};

/// Of the hashes that occur one bit each: nearly every place of a text is passed by one look at it.
const SIEVE_BITS: u32 = 24;
/// Odd, so that no byte's share of a hash is ever shifted out of it.
const BASE: u64 = 0x9e37_79b9_7f4a_7c15;

pub struct Windows {
    length: usize,
    /// What the first byte of a window counts when it leaves.
    first: u64,
    /// The texts one after another, in small letters.
    texts: Vec<u8>,
    /// Where each text begins.
    begins: Vec<usize>,
    /// Where in the texts the window of this hash begins.
    known: HashMap<u64, u32>,
    sieve: Vec<u64>,
}

impl Windows {
    pub fn of(length: usize) -> Windows {
        let first = (0..length).fold(1_u64, |power, _| power.wrapping_mul(BASE));
        let sieve = vec![0; 1 << (SIEVE_BITS - 6)];
        Windows { length, first, texts: Vec::new(), begins: Vec::new(), known: HashMap::new(), sieve }
    }

    /// Adds the windows of a text that begin where `counts` says; returns how many it has, and how many count.
    pub fn add(&mut self, text: &[u8], counts: impl Fn(usize) -> bool) -> (usize, usize) {
        let begin = self.texts.len();
        self.begins.push(begin);
        self.texts.extend(text.iter().map(u8::to_ascii_lowercase));
        let (mut all, mut counted) = (0, 0);
        let mut found = Vec::new();
        self.roll(text, |at, hash| {
            all += 1;
            if counts(at) {
                counted += 1;
                found.push((hash, (begin + at) as u32));
            }
        });
        for (hash, at) in found {
            self.known.entry(hash).or_insert(at);
            let bit = bit(hash);
            self.sieve[bit >> 6] |= 1 << (bit & 63);
        }
        (all, counted)
    }

    /// Takes out every window that stands in this text.
    pub fn remove(&mut self, text: &[u8]) {
        let mut found = Vec::new();
        self.find(text, |_, hash, _| found.push(hash));
        for hash in found {
            self.known.remove(&hash);
        }
    }

    pub fn len(&self) -> usize {
        self.known.len()
    }

    /// The texts that still have a window.
    pub fn owners(&self) -> BTreeSet<usize> {
        self.known.values().map(|at| self.owner(*at as usize)).collect()
    }

    fn owner(&self, at: usize) -> usize {
        self.begins.partition_point(|begin| *begin <= at) - 1
    }

    /// Each window that stands in a text: of which of the added texts it is, and where it begins there.
    pub fn each(&self, text: &[u8], mut found: impl FnMut(usize, usize)) {
        self.find(text, |_, _, at| {
            let owner = self.owner(at);
            found(owner, at - self.begins[owner]);
        });
    }

    fn find(&self, text: &[u8], mut found: impl FnMut(usize, u64, usize)) {
        self.roll(text, |at, hash| {
            let bit = bit(hash);
            if self.sieve[bit >> 6] & (1 << (bit & 63)) == 0 {
                return;
            }
            if let Some(known) = self.known.get(&hash) {
                let known = *known as usize;
                if self.texts[known..known + self.length].eq_ignore_ascii_case(&text[at..at + self.length]) {
                    found(at, hash, known);
                }
            }
        });
    }

    fn roll(&self, text: &[u8], mut each: impl FnMut(usize, u64)) {
        let mut hash = 0_u64;
        for (at, byte) in text.iter().enumerate() {
            hash = hash.wrapping_mul(BASE).wrapping_add(u64::from(byte.to_ascii_lowercase()) + 1);
            if let Some(begin) = (at + 1).checked_sub(self.length) {
                if begin > 0 {
                    let left = u64::from(text[begin - 1].to_ascii_lowercase()) + 1;
                    hash = hash.wrapping_sub(left.wrapping_mul(self.first));
                }
                each(begin, hash);
            }
        }
    }
}

fn bit(hash: u64) -> usize {
    (hash.wrapping_mul(BASE) >> (64 - SIEVE_BITS)) as usize
}

/// Letters and digits alone: what is left of a text in the places of an index.
pub fn bare(text: &str) -> String {
    text.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}
