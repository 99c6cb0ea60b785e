//! Nearness: whether two sayings tell a reader the same.

use std::collections::BTreeSet;

use super::code;

/// Shares of the shorter saying's words that the other has too. Measured on the pairs of `what_is_near_…` below: sayings of
/// the same lie above 0.6, of one thing but different advice below 0.45.
const SAME: f64 = 0.6;
/// With the same code named, fewer words are enough.
const SAME_CODE: f64 = 0.4;
/// Fewer words than this decide nothing; with the same code named, one less.
const LEAST: usize = 3;

/// Words that say nothing of what a saying is about.
const PLAIN: &str = "about added adding after all also and any are been before being between both but can changed code claude cannot could did does \
    doing each fixed for from had has have here how into its just last like longer makes many may more most must need new not now \
    off once one only onto other out over own per should since some such sure than that the their them then there these they \
    this those through too under until use used uses using very want was way were what when where which while who will with \
    within without work working you your";

/// What remains of a saying for comparing it.
#[derive(Debug, Clone, Default)]
pub struct Gist {
    words: BTreeSet<String>,
    code: BTreeSet<String>,
}

impl Gist {
    pub fn of(saying: &str) -> Gist {
        let names = |token: &str| token.trim_start_matches(['-', '/', '.', '~']).to_lowercase();
        let code = code::tokens(saying).into_iter().map(names).filter(|token| token.len() > 2).collect();
        let words = saying
            .split(|letter: char| !letter.is_alphanumeric())
            .map(str::to_lowercase)
            .filter(|word| word.len() > 2 && !PLAIN.split_whitespace().any(|plain| plain == word))
            .map(|word| stem(&word))
            .collect();
        Gist { words, code }
    }

    /// The share of the shorter one's words that both have.
    fn shared(&self, other: &Gist) -> f64 {
        let least = self.words.len().min(other.words.len());
        if least + 1 < LEAST {
            return 0.0;
        }
        self.words.intersection(&other.words).count() as f64 / least as f64
    }

    pub fn is_near(&self, other: &Gist) -> bool {
        let shared = self.shared(other);
        let same_code = !self.code.is_disjoint(&other.code);
        let other_code = !self.code.is_empty() && !other.code.is_empty() && !same_code;
        // Two flags of one command are two things, however alike the words around them.
        (shared >= SAME && !other_code && self.words.len().min(other.words.len()) >= LEAST)
            || (same_code && shared >= SAME_CODE)
    }
}

/// The first of the sayings that tells the same.
pub fn nearest<'a>(saying: &str, others: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let gist = Gist::of(saying);
    others.into_iter().find(|other| gist.is_near(&Gist::of(other)))
}

/// Endings go, so that `runs` and `running` are one word.
fn stem(word: &str) -> String {
    for ending in ["ings", "ing", "ied", "ies", "ed", "es", "s"] {
        if let Some(stem) = word.strip_suffix(ending).filter(|stem| stem.len() > 3) {
            return stem.to_owned();
        }
    }
    word.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_near_is_the_same_advice_and_not_the_same_thing() {
        for (one, other) in [
            ("Use plan mode before large changes", "For large changes, start in plan mode first"),
            ("Set `CLAUDE_CODE_NAP` to end naps early", "`CLAUDE_CODE_NAP`: naps that end early, when set"),
            ("Keep CLAUDE.md short and concrete", "A short, concrete `CLAUDE.md` is best kept"),
        ] {
            assert!(Gist::of(one).is_near(&Gist::of(other)), "{one} | {other}");
        }
        for (one, other) in [
            ("Added `--nap` to end a session quietly when idle", "Added `--wake` to end a session quietly when idle"),
            ("Use plan mode before large changes", "Subagents read files without filling the context"),
            ("Removed the nap command from the shell", "Fixed sandbox rules with a trailing slash being bypassed"),
        ] {
            assert!(!Gist::of(one).is_near(&Gist::of(other)), "{one} | {other}");
        }
    }
}
