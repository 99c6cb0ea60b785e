//! Which models could be asked, and whether what is learnt could be proposed.

use jiff::Timestamp;
use tidings::config::{Config, Route};
use tidings::flow::ask::{self, Answering, Trouble};
use tidings::flow::credit::{is_in_force, measured};
use tidings::flow::{self, dollars};
use tidings::home::Home;

use super::Findings;
use super::settings::SET_IT;
use crate::cli::home::secret;
use crate::cli::status::{MEASURE, calibration_words};

/// What reads the news: a model that answers, or how to get one.
pub async fn model(home: &Home, config: &Config, found: &mut Findings) {
    match ask::model(&config.model, &secret).await {
        Ok(Some(Answering { words, name })) => {
            found.fine(format!("model: {words}"));
            match measured(home) {
                Ok(Some(measured)) if is_in_force(&measured, name.as_deref(), &config.interests) => {
                    found.fine(calibration_words(&measured));
                }
                Ok(_) => found.advice("the model is not measured: it orders and lifts only".into(), MEASURE),
                Err(error) => found.advice(format!("{error:#}"), MEASURE),
            }
        }
        Ok(None) => found.fine("model: none is asked, as [model] endpoint = \"off\" says".to_owned()),
        Err(refused @ Trouble::Refused(_)) => {
            found.broken(format!("model: {refused}"), "[model] in tidings.toml; README.md shows it");
        }
        Err(trouble) => {
            let what = format!("model: {trouble}; rules and relevance decide alone");
            found.advice(what, "README.md, \"A model of one's own\", has the commands");
        }
    }
}

/// Whether Claude can be asked: it needs a table, a key, and prices to hold a limit by.
pub fn claude(config: &Config, found: &mut Findings) {
    let Some(claude) = &config.claude else {
        if config.routes.editorial.first() == Some(&Route::Claude) {
            let remedy = "a key (https://platform.claude.com/settings/keys) in ANTHROPIC_API_KEY, and [claude] model, dollars_in \
                          and dollars_out in tidings.toml; or [routes] editorial = [\"local\"]";
            found.advice("Claude writes no week in short: there is no [claude]".into(), remedy);
        }
        return;
    };
    let model = &claude.model;
    match secret(&claude.key) {
        Ok(_) => {
            let limit = dollars(claude.prices.a_month);
            found.fine(format!("the key for {model} is there; at most {limit} a month"));
        }
        Err(error) => {
            let remedy = format!("a key from https://platform.claude.com/settings/keys; {SET_IT}");
            found.advice(format!("{model} is not asked: {error:#}"), &remedy);
        }
    }
}

/// Whether lessons could be proposed: a token that is none of the old sort, and a repository that it may read.
pub async fn skills(config: &Config, now: Timestamp, found: &mut Findings) {
    let Some(skills) = &config.skills else { return };
    match flow::check_forge(config, &secret, now).await {
        Ok(Some(words)) => {
            let when = if skills.open {
                "the weekly run opens the request"
            } else {
                "requests are opened by hand (open = false)"
            };
            found.fine(format!("{words}; {when}"));
        }
        Ok(None) => {}
        Err(error) => found.broken(
            format!("nothing can be proposed: {error:#}"),
            &format!("mend [skills] in tidings.toml, or {SET_IT}"),
        ),
    }
}
