//! The text of a page of metrics: families by name, with help and samples.

use std::collections::BTreeMap;

use anyhow::Result;
use prometheus::{CounterVec, GaugeVec, Opts, Registry, TextEncoder};

use crate::guard;

/// A label is shown in legends; a source's name that is longer is cut, and what then is the same is added up.
const LONGEST_LABEL: usize = 120;

/// Samples of one family: the values of its labels, and its own.
pub type Samples<'a> = Vec<(Vec<&'a str>, f64)>;

/// A page that is being written.
#[derive(Default)]
pub struct Page {
    registry: Registry,
}

impl Page {
    /// What goes up and down.
    pub fn gauge(&mut self, name: &str, help: &str, labels: &[&str], samples: Samples<'_>) -> Result<()> {
        if samples.is_empty() {
            return Ok(());
        }
        let family = GaugeVec::new(Opts::new(name, help), labels)?;
        for (values, sum) in added_up(samples) {
            family.with_label_values(&values).set(sum);
        }
        Ok(self.registry.register(Box::new(family))?)
    }

    /// What only grows.
    pub fn counter(&mut self, name: &str, help: &str, labels: &[&str], samples: Samples<'_>) -> Result<()> {
        if samples.is_empty() {
            return Ok(());
        }
        let family = CounterVec::new(Opts::new(name, help), labels)?;
        for (values, sum) in added_up(samples) {
            family.with_label_values(&values).inc_by(sum);
        }
        Ok(self.registry.register(Box::new(family))?)
    }

    /// One value without labels; nothing where there is none.
    pub fn one(&mut self, name: &str, help: &str, value: Option<f64>) -> Result<()> {
        self.gauge(name, help, &[], value.map(|value| (Vec::new(), value)).into_iter().collect())
    }

    pub fn text(&self) -> Result<String> {
        Ok(TextEncoder::new().encode_to_string(&self.registry.gather())?)
    }
}

/// Each combination of labels once. The format's own escapes are the encoder's; what is hidden or steers a terminal goes here.
fn added_up(samples: Samples<'_>) -> BTreeMap<Vec<String>, f64> {
    let mut sums = BTreeMap::new();
    for (values, value) in samples {
        let short = |value: &str| guard::text::one_line(value).chars().take(LONGEST_LABEL).collect::<String>();
        *sums.entry(values.into_iter().map(short).collect()).or_insert(0.0) += value;
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_of_a_hostile_person_stay_one_label() {
        let mut page = Page::default();
        let long = "ä".repeat(300);
        let samples = vec![
            (vec!["a\"} 1\nb{c=\"\\"], 1.0),
            (vec!["x\u{202e}\u{1b}[31my"], 2.0),
            (vec![&*long], 3.0),
            (vec![&long[2..]], 4.0),
        ];
        page.counter("t_total", "Help\nof two lines.", &["source"], samples).expect("written");
        insta::assert_snapshot!(page.text().expect("text"), @r##"
        # HELP t_total Help\nof two lines.
        # TYPE t_total counter
        t_total{source="a\"} 1 b{c=\"\\"} 1
        t_total{source="xy"} 2
        t_total{source="ääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääää"} 7
        "##);
    }
}
