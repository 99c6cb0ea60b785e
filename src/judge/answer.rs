//! An answer: the JSON in what a model wrote, without the thoughts before it or a fence around it.

use serde::de::DeserializeOwned;

use super::model::bare::{without_fence, without_thoughts};
use crate::guard::text::excerpt;

/// The answer as a `T`.
///
/// # Errors
/// What is wrong with it, in words that a model can use.
pub(super) fn read<T: DeserializeOwned>(written: &str) -> Result<T, String> {
    let text = without_fence(without_thoughts(written).ok_or("it has no end")?.trim());
    if !text.starts_with('{') {
        return Err("answer with one JSON object and nothing around it".to_owned());
    }
    serde_json::from_str(text).map_err(|error| {
        let words = excerpt(&error.to_string(), 120);
        if error.is_eof() {
            format!("the JSON ends too early ({words}); write less")
        } else {
            format!("the JSON: {words}")
        }
    })
}
