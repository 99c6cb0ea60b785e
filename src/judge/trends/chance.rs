//! Chance: how probable a count is, and which of many counts are too improbable to be chance.

/// The negative binomial distribution: counts whose rate is itself uncertain, or changes from month to month.
#[derive(Debug, Clone, Copy)]
pub struct Counts {
    mean: f64,
    /// The smaller, the wider: the variance is `mean + mean² / size`.
    size: f64,
}

impl Counts {
    /// Both must be above 0.
    pub fn new(mean: f64, size: f64) -> Counts {
        Counts { mean, size }
    }

    /// The probability of `count` or more.
    pub fn at_least(self, count: u64) -> f64 {
        if count == 0 {
            return 1.0;
        }
        // Beyond the mean the terms shrink by a factor that falls towards `step`, so the sum ends.
        let step = self.mean / (self.mean + self.size);
        if (count as f64) < self.mean {
            return 1.0 - self.at_most(count - 1);
        }
        let (mut term, mut at, mut sum) = (self.log_of(count).exp(), count as f64, 0.0);
        while term > sum * 1e-12 && term > 0.0 {
            sum += term;
            term *= (at + self.size) / (at + 1.0) * step;
            at += 1.0;
        }
        sum.min(1.0)
    }

    /// The probability of `count` or fewer.
    pub fn at_most(self, count: u64) -> f64 {
        let mut log = self.log_of(0);
        let step = (self.mean / (self.mean + self.size)).ln();
        let mut sum = log.exp();
        for at in 0..count {
            log += ((at as f64 + self.size) / (at as f64 + 1.0)).ln() + step;
            sum += log.exp();
        }
        sum.min(1.0)
    }

    /// The logarithm of the probability of just this count, by the ratio of each to the one before.
    fn log_of(self, count: u64) -> f64 {
        let none = self.size * (self.size / (self.size + self.mean)).ln();
        let step = (self.mean / (self.mean + self.size)).ln();
        let ratios: f64 = (0..count).map(|at| ((at as f64 + self.size) / (at as f64 + 1.0)).ln() + step).sum();
        none + ratios
    }
}

/// How many of the smallest chances are discoveries, when so many were looked at and at most the share `false_share` of the
/// discoveries may be false: Benjamini and Hochberg (1995), J. R. Stat. Soc. B 57, 289. `chances` come smallest first.
pub fn discoveries(chances: &[f64], looked_at: u64, false_share: f64) -> usize {
    let limit = |rank: usize| false_share * rank as f64 / looked_at.max(1) as f64;
    (1..=chances.len()).rev().find(|rank| chances[rank - 1] <= limit(*rank)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(one: f64, other: f64) {
        assert!((one - other).abs() <= 1e-9 * other.abs().max(1e-300), "{one} is not {other}");
    }

    #[test]
    fn tails_are_those_of_the_distribution() {
        // Size 1 is the geometric distribution: with mean 1 each further count is half as probable.
        let halves = Counts::new(1.0, 1.0);
        near(halves.at_least(3), 0.125);
        near(halves.at_most(2), 0.875);
        near(halves.at_least(60), 0.5f64.powi(60));
        // A wide size is Poisson's: e^-2 (1 + 2 + 2).
        assert!((Counts::new(2.0, 1e9).at_most(2) - 5.0 * (-2.0f64).exp()).abs() < 1e-6);
        for count in 1..80 {
            let counts = Counts::new(12.5, 3.0);
            near(counts.at_least(count) + counts.at_most(count - 1), 1.0);
        }
    }

    #[test]
    fn the_more_that_is_looked_at_the_less_is_a_discovery() {
        let chances = [1e-6, 0.004, 0.02, 0.9];
        assert_eq!(discoveries(&chances, 4, 0.05), 3);
        assert_eq!(discoveries(&chances, 100, 0.05), 1);
        assert_eq!(discoveries(&chances, 100_000, 0.05), 0);
        assert_eq!(discoveries(&[], 10, 0.05), 0);
    }
}
