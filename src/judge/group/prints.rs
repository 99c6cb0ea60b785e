//! Prints: a text's MinHash, by which two copies of it know each other.

/// Numbers of a print: with so many, the estimate of 0.7 is off by 0.08 (one standard deviation).
const PRINTS: usize = 32;
/// Numbers of a band; two texts that share 0.7 of their word runs share a band with a probability of 0.9.
const BAND: usize = 4;
/// Words that make a run.
const RUN: usize = 3;
/// Shorter texts have too few runs to be told apart.
const LEAST_WORDS: usize = 16;
/// Words at the beginning of a text that are looked at; a copy of half a page is enough.
const MOST_WORDS: usize = 400;

/// The prints of a text (Broder, "On the resemblance and containment of documents", 1997); empty for a short one. Stable: they
/// are kept.
pub fn of(text: &str) -> Vec<u32> {
    let words: Vec<u64> = text
        .split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .take(MOST_WORDS)
        .map(|word| {
            word.chars()
                .flat_map(char::to_lowercase)
                .fold(0xcbf2_9ce4_8422_2325, |hash: u64, letter| mix(hash ^ u64::from(letter)))
        })
        .collect();
    if words.len() < LEAST_WORDS {
        return Vec::new();
    }
    let mut prints = vec![u32::MAX; PRINTS];
    for run in words.windows(RUN) {
        let hash = run.iter().fold(0, |hash: u64, word| mix(hash.rotate_left(17) ^ word));
        for (number, print) in prints.iter_mut().enumerate() {
            *print = (*print).min((mix(hash ^ mix(number as u64 + 1)) >> 32) as u32);
        }
    }
    prints
}

/// How many of two texts' runs are common to both, estimated, 0 to 1.
pub fn resemblance(one: &[u32], other: &[u32]) -> f64 {
    if one.len() != PRINTS || other.len() != PRINTS {
        return 0.0;
    }
    one.iter().zip(other).filter(|(one, other)| one == other).count() as f64 / PRINTS as f64
}

/// Keys under which a text's copies are found.
pub fn bands(prints: &[u32]) -> impl Iterator<Item = String> {
    prints.chunks_exact(BAND).enumerate().map(|(number, band)| {
        let hash = band.iter().fold(number as u64, |hash, print| mix(hash.rotate_left(13) ^ u64::from(*print)));
        format!("={:x}", hash >> 24)
    })
}

/// Whether a key is that of a band, and no word.
pub fn is_band(name: &str) -> bool {
    name.starts_with('=')
}

/// SplitMix64's finaliser (Steele, Lea and Flood, 2014).
fn mix(mut hash: u64) -> u64 {
    hash = hash.wrapping_add(0x9e37_79b9_7f4a_7c15);
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}
