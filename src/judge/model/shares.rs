//! How the probability of the next token is shared among a few letters.

use super::Trouble;
use crate::opinion::Measure;

/// A sum further from 1 than this is no distribution: single precision and rounding stay far below.
const SLACK: f64 = 0.01;

/// The letters' shares of a distribution that holds nothing else: what llama-server gives after its grammar.
pub(super) fn bound(letters: &[char], tokens: &[(String, f64)]) -> Result<Vec<f64>, Trouble> {
    let mut shares = vec![0.0; letters.len()];
    for (token, probability) in tokens {
        if !probability.is_finite() || !(0.0..=1.0 + SLACK).contains(probability) {
            return Err(Trouble::Nonsense(format!("the server gives a probability of {probability}")));
        }
        match place(letters, token) {
            Some(place) => shares[place] += probability,
            None if *probability <= SLACK => {}
            None => {
                return Err(Trouble::Nonsense(format!("the model answers {token:?}, which is none of {letters:?}")));
            }
        }
    }
    let sum: f64 = shares.iter().sum();
    if (sum - 1.0).abs() > SLACK {
        return Err(Trouble::Nonsense(format!("the probabilities of {letters:?} have the sum {sum:.3}")));
    }
    shares.iter_mut().for_each(|share| *share /= sum);
    Ok(shares)
}

/// Shares made from the most probable tokens and their logarithms, with what they can be trusted as and how much of the whole
/// the letters had. A letter that is not among them has at most what the last of them has, and is given that.
pub(super) fn among(letters: &[char], tokens: &[(String, f64)]) -> Result<(Vec<f64>, Measure, f64), Trouble> {
    let mut shares: Vec<Option<f64>> = vec![None; letters.len()];
    let mut least = f64::INFINITY;
    let mut seen: Vec<&str> = Vec::new();
    for (token, logarithm) in tokens {
        if logarithm.is_nan() || *logarithm > SLACK {
            return Err(Trouble::Nonsense(format!("the server gives a logarithm of a probability of {logarithm}")));
        }
        // vLLM names the token that it drew once more.
        if seen.contains(&token.as_str()) {
            continue;
        }
        seen.push(token);
        let probability = logarithm.exp().min(1.0);
        least = least.min(probability);
        if let Some(place) = place(letters, token) {
            *shares[place].get_or_insert(0.0) += probability;
        }
    }
    let mass: f64 = shares.iter().flatten().sum();
    if mass <= 0.0 {
        let first = tokens.first().map_or("nothing", |(token, _)| token.as_str());
        return Err(Trouble::Nonsense(format!("the model answers {first:?}, and none of {letters:?}")));
    }
    let measure = if shares.contains(&None) { Measure::Partial } else { Measure::Whole };
    let shares: Vec<f64> = shares.into_iter().map(|share| share.unwrap_or(least)).collect();
    let sum: f64 = shares.iter().sum();
    Ok((shares.into_iter().map(|share| share / sum).collect(), measure, mass.min(1.0)))
}

/// The shares where only the answer is known. How often a plain letter is right nobody has told yet: 0.7 is a guess on the
/// careful side, which calibration replaces by what the lab's own labels say.
pub(super) fn of_letter(letters: &[char], answer: &str) -> Result<Vec<f64>, Trouble> {
    const RIGHT: f64 = 0.7;
    let answer = answer.trim().trim_matches(['"', '\'', '*', '`', '(', ')', '.', ':']);
    let Some(found) = place(letters, answer) else {
        let shown = crate::guard::text::excerpt(answer, 60);
        return Err(Trouble::Nonsense(format!("the model answers {shown:?}, which is none of {letters:?}")));
    };
    let other = (1.0 - RIGHT) / (letters.len().max(2) - 1) as f64;
    Ok((0..letters.len()).map(|place| if place == found { RIGHT } else { other }).collect())
}

/// A letter with or without white space around it is the letter.
fn place(letters: &[char], token: &str) -> Option<usize> {
    let mut characters = token.trim().chars();
    let letter = characters.next().filter(|_| characters.next().is_none())?;
    letters.iter().position(|one| *one == letter)
}
