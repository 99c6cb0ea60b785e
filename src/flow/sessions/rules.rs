//! The rules of a home for what is a secret: the shipped ones, and those of the files that `[scrub]` names.

use std::fs;

use crate::config::{Config, Mistake};
use crate::guard::scrub::Rules;
use crate::home::Home;

/// All rules of a home; and what of a lab's files is not used though nothing is wrong with it.
///
/// # Errors
/// Every mistake of the lab's files, with its place. Then nothing may be scrubbed: somebody relies on what is missing.
pub fn scrub_rules(home: &Home, config: &Config) -> Result<(Rules, Vec<Mistake>), Vec<Mistake>> {
    let (mut rules, mut notes, mut mistakes) = (Rules::shipped(), Vec::new(), Vec::new());
    for path in &config.scrub_rules {
        let path = home.folder().join(path);
        let name = path.display().to_string();
        let read = fs::read_to_string(&path).map_err(|error| {
            let message = format!("tidings.toml names this file in [scrub], and it can't be read: {error}");
            vec![Mistake::at(&name, "", 0..0, message, "write it, or take it out of `rules`".to_owned())]
        });
        match read.and_then(|text| Rules::read(&name, &text)) {
            Ok((own, told)) => {
                rules = rules.and(own);
                notes.extend(told);
            }
            Err(found) => mistakes.extend(found),
        }
    }
    if mistakes.is_empty() { Ok((rules, notes)) } else { Err(mistakes) }
}
