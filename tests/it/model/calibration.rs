//! Calibration: what probabilities are worth, and when a model may overrule what came before it.

use jiff::Timestamp;
use proptest::prelude::*;
use tidings::judge::calibration::{Calibration, Label, Pair, calibration_error, fused, weigh};
use tidings::opinion::{Measure, Odds, Opinion};

fn opinion(critical: f64, notable: f64) -> Opinion {
    let rest = (1.0 - critical - notable) / 2.0;
    Opinion {
        odds: Odds { critical, notable, routine: rest, noise: rest },
        measure: Measure::Whole,
        model: "qwen3-8b".to_owned(),
        prompt: "p".to_owned(),
        input: String::new(),
        at: Timestamp::UNIX_EPOCH,
    }
}

/// Numbers between 0 and 1 that look like chance and are always the same.
fn spread(number: usize, salt: usize) -> f64 {
    let mixed = (number.wrapping_mul(2_654_435_761) ^ salt.wrapping_mul(40_503)).wrapping_mul(2_246_822_519);
    ((mixed >> 7) % 10_007) as f64 / 10_007.0
}

/// A model that is far too sure: it says 0.97 where seven of ten are, and 0.03 where three of ten are.
fn too_sure(n: usize) -> Vec<(Opinion, Label)> {
    (0..n)
        .map(|number| {
            let high = number.is_multiple_of(2);
            let is = (number / 2) % 10 < if high { 7 } else { 3 };
            (opinion(if high { 0.97 } else { 0.03 }, 0.01), Label { relevant: is, critical: is })
        })
        .collect()
}

#[test]
fn a_model_that_is_too_sure_is_brought_to_the_rate_of_the_labels() {
    let pairs = too_sure(200);
    let calibration = Calibration::fit(&pairs).unwrap();
    assert_eq!(calibration.n, 200);
    let (high, _) = calibration.apply(&opinion(0.97, 0.01)).unwrap();
    let (low, _) = calibration.apply(&opinion(0.03, 0.01)).unwrap();
    assert!((high - 0.7).abs() < 0.02 && (low - 0.3).abs() < 0.02, "{high} {low}");
    let platt = calibration.critical;
    assert!(platt.error_before > 0.25 && platt.error_after < 0.03, "{platt:?}");
    assert!(platt.a > 0.0 && platt.a < 1.0);
}

#[test]
fn labels_that_a_threshold_separates_give_finite_numbers() {
    let separate = |number: usize| {
        let is = number.is_multiple_of(3);
        (opinion(if is { 1.0 } else { 0.0 }, 0.0), Label { relevant: is, critical: is })
    };
    let calibration = Calibration::fit(&(0..90).map(separate).collect::<Vec<_>>()).unwrap();
    let (high, _) = calibration.apply(&opinion(1.0, 0.0)).unwrap();
    assert!(calibration.critical.a.is_finite() && high > 0.9 && high < 1.0, "{calibration:?}");
}

#[test]
fn a_model_that_ranks_the_wrong_way_round_tells_nothing() {
    let mut pairs = too_sure(200);
    for (_, label) in &mut pairs {
        *label = Label { relevant: !label.relevant, critical: !label.critical };
    }
    let calibration = Calibration::fit(&pairs).unwrap();
    let (high, _) = calibration.apply(&opinion(0.97, 0.01)).unwrap();
    let (low, _) = calibration.apply(&opinion(0.03, 0.01)).unwrap();
    assert!(high == low && (high - 0.5).abs() < 0.02, "the rate of all, whatever it says: {high} {low}");
}

#[test]
fn too_few_labels_or_all_alike_teach_nothing() {
    assert!(Calibration::fit(&too_sure(59)).unwrap_err().contains("needs 60"));
    let alike: Vec<_> = (0..80).map(|_| (opinion(0.5, 0.2), Label { relevant: true, critical: false })).collect();
    assert!(Calibration::fit(&alike).is_err());
    let mut mixed = too_sure(100);
    mixed[7].0.model = "another".to_owned();
    assert!(Calibration::fit(&mixed).unwrap_err().contains("several models"));
}

#[test]
fn another_model_or_prompt_has_no_calibration() {
    let calibration = Calibration::fit(&too_sure(100)).unwrap();
    assert!(calibration.is_of("qwen3-8b", "p"));
    let other_model = Opinion { model: "qwen3-4b".to_owned(), ..opinion(0.9, 0.0) };
    let other_prompt = Opinion { prompt: "q".to_owned(), ..opinion(0.9, 0.0) };
    assert_eq!((calibration.apply(&other_model), calibration.apply(&other_prompt)), (None, None));
    let kept = serde_json::to_string(&calibration).unwrap();
    let back: Calibration = serde_json::from_str(&kept).unwrap();
    assert_eq!((back.model, back.prompt, back.n), (calibration.model, calibration.prompt, calibration.n));
}

/// Items of which three of ten are right; a score that knows so much about them (0: nothing, 1: all).
fn pairs(n: usize, model_knows: f64, prefilter_knows: f64) -> Vec<Pair> {
    (0..n)
        .map(|number| {
            let label = number % 10 < 3;
            let score = |knows: f64, salt| {
                (knows * if label { 0.9 } else { 0.1 } + (1.0 - knows) * spread(number, salt)).clamp(0.01, 0.99)
            };
            let (model, prefilter) = (score(model_knows, 1), score(prefilter_knows, 2));
            Pair { model, prefilter, label, block: (number / 5) as u64 }
        })
        .collect()
}

#[test]
fn a_model_that_knows_more_earns_its_weight() {
    let weight = weigh(&pairs(300, 0.6, 0.2));
    assert!(weight.may_overrule() && weight.w >= 0.3, "{weight:?}");
    assert!(weight.fused > weight.alone && weight.sure > 0.0);
}

#[test]
fn a_model_that_guesses_earns_none() {
    for n in [60, 120, 300] {
        let weight = weigh(&pairs(n, 0.0, 0.4));
        assert!(!weight.may_overrule() && weight.w == 0.0, "{n}: {weight:?}");
    }
}

#[test]
fn the_same_as_the_prefilter_is_no_gain() {
    let same: Vec<Pair> = pairs(200, 0.0, 0.5).into_iter().map(|pair| Pair { model: pair.prefilter, ..pair }).collect();
    assert_eq!(weigh(&same).w, 0.0);
}

#[test]
fn below_sixty_labels_nobody_overrules() {
    let weight = weigh(&pairs(59, 1.0, 0.0));
    assert!(weight.sure > 0.0 && weight.w == 0.0, "{weight:?}");
    assert_eq!(weigh(&[]).w, 0.0);
}

#[test]
fn the_same_labels_give_the_same_weight() {
    assert_eq!(weigh(&pairs(150, 0.5, 0.3)), weigh(&pairs(150, 0.5, 0.3)));
}

#[test]
fn the_error_is_the_distance_between_what_was_called_and_what_was() {
    let called = |p: f64, were: usize, of: usize| (0..of).map(move |number| (p, number < were));
    let pairs: Vec<(f64, bool)> = called(0.85, 6, 10).chain(called(0.15, 3, 10)).collect();
    // |0.85 - 0.6| and |0.15 - 0.3|, half each.
    assert!((calibration_error(&pairs) - 0.2).abs() < 1e-9);
}

proptest! {
    #[test]
    fn a_fused_probability_lies_between_its_parts(w in 0.0..=1.0, model in 0.001..0.999, prefilter in 0.001..0.999) {
        let both = fused(w, model, prefilter);
        prop_assert!(both >= f64::min(model, prefilter) - 1e-9 && both <= f64::max(model, prefilter) + 1e-9);
    }

    #[test]
    fn calibration_keeps_the_order(n in 60usize..120, one in 0.0..1.0, other in 0.0..1.0) {
        let calibration = Calibration::fit(&too_sure(n)).unwrap();
        let apply = |p: f64| calibration.apply(&opinion(p, 0.0)).unwrap().0;
        let (low, high) = (f64::min(one, other), f64::max(one, other));
        prop_assert!(apply(low) <= apply(high));
    }
}
