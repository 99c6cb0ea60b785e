//! A trial: the one message a person sends to see whether a channel works.

use crate::tell::render::Rendered;

const WORDS: &str = "This is a test message from tidings. Somebody who looks after it wanted to know whether its messages \
                     arrive here. They do; there is nothing to do.";

/// The test message in every form.
pub fn rendered() -> Rendered {
    Rendered {
        subject: "A test message from tidings".to_owned(),
        json: "{}\n".to_owned(),
        markdown: format!("{WORDS}\n"),
        html: format!("<!doctype html>\n<html lang=\"en\"><title>A test message</title><p>{WORDS}</p></html>\n"),
        text: format!("{WORDS}\n"),
        images: Vec::new(),
    }
}
