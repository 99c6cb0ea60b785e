//! Thumbs move the weights a little away from those that ship.

use super::Part;
use super::weights::{Head, Weights, probability};

/// How strongly a weight is held to where it was. With this, one thumb moves the odds of its like by less than double, and
/// ten thumbs on one topic by four times or more.
const HOLD: f64 = 0.7;

const STEPS: usize = 200;

/// What a thumb can teach: words, sites, topics. What a rule is worth, or whom to believe, is no matter of taste.
fn is_taste(name: &str) -> bool {
    ["word:", "pair:", "text:", "site:", "topic:"].iter().any(|kind| name.starts_with(kind))
}

/// One thumb: its parts by place in the names, the odds without it, and 1 for up, 0 for down.
type Row = (Vec<(usize, f64)>, f64, f64);

impl Weights {
    /// Moves the weights towards what the thumbs say, each `(parts of the item, up)`; only how well something fits, never
    /// whether it can wait.
    pub fn learn(&mut self, thumbs: &[(Vec<Part>, bool)]) {
        let head = Head::Relevant;
        let mut names: Vec<&str> = thumbs
            .iter()
            .flat_map(|(parts, _)| parts)
            .map(|(name, _)| name.as_str())
            .filter(|name| is_taste(name))
            .collect();
        names.sort_unstable();
        names.dedup();
        let rows: Vec<Row> = thumbs
            .iter()
            .map(|(parts, up)| {
                let row =
                    parts.iter().filter_map(|(name, value)| Some((names.binary_search(&name.as_str()).ok()?, *value)));
                (row.collect(), self.odds(parts, head), f64::from(u8::from(*up)))
            })
            .collect();
        let curve = rows.iter().map(|(row, ..)| row.iter().map(|(_, value)| value * value).sum::<f64>()).sum::<f64>();
        let step = 1.0 / (0.25 * curve + HOLD);
        let mut moves = vec![0.0; names.len()];
        for _ in 0..STEPS {
            let mut slope: Vec<f64> = moves.iter().map(|by| by * HOLD).collect();
            for (row, odds, wanted) in &rows {
                let moved = odds + row.iter().map(|(at, value)| moves[*at] * value).sum::<f64>();
                let off = probability(moved) - wanted;
                for (at, value) in row {
                    slope[*at] += off * value;
                }
            }
            for (by, slope) in moves.iter_mut().zip(&slope) {
                *by -= step * slope;
            }
        }
        for (name, by) in names.into_iter().zip(moves) {
            self.rows.entry(name.to_owned()).or_default()[head as usize] += by;
        }
    }
}
