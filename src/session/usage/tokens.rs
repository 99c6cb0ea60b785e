//! Tokens of one answer or of many, in the five kinds that are priced apart.

use std::ops::AddAssign;

use super::super::Spent;

/// How many of each kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tokens {
    /// Read without the cache.
    pub input: u64,
    pub output: u64,
    /// Written to the cache for five minutes.
    pub cache_write_5m: u64,
    /// Written to the cache for an hour.
    pub cache_write_1h: u64,
    pub cache_read: u64,
}

impl Tokens {
    pub fn of<T>(spent: &Spent<T>) -> Tokens {
        Tokens {
            input: spent.input,
            output: spent.output,
            cache_write_5m: spent.cache_write_5m,
            cache_write_1h: spent.cache_write_1h,
            cache_read: spent.cache_read,
        }
    }

    /// All that the model was given, from the cache or not.
    pub fn read(&self) -> u64 {
        [self.input, self.cache_write_5m, self.cache_write_1h, self.cache_read].into_iter().fold(0, u64::saturating_add)
    }

    pub fn cache_write(&self) -> u64 {
        self.cache_write_5m.saturating_add(self.cache_write_1h)
    }

    pub fn all(&self) -> u64 {
        self.read().saturating_add(self.output)
    }

    /// The larger of each kind: another record of the same answer.
    #[must_use]
    pub fn max(self, other: Tokens) -> Tokens {
        self.both(other, u64::max)
    }

    fn both(self, other: Tokens, join: impl Fn(u64, u64) -> u64) -> Tokens {
        Tokens {
            input: join(self.input, other.input),
            output: join(self.output, other.output),
            cache_write_5m: join(self.cache_write_5m, other.cache_write_5m),
            cache_write_1h: join(self.cache_write_1h, other.cache_write_1h),
            cache_read: join(self.cache_read, other.cache_read),
        }
    }
}

impl AddAssign for Tokens {
    /// A broken transcript may name any number: sums stay at the largest there is instead of starting anew at nothing.
    fn add_assign(&mut self, other: Tokens) {
        *self = self.both(other, u64::saturating_add);
    }
}
