//! What GitHub means when it says no, and which right a person has to give.

use super::super::trouble::Trouble;
use super::visit::{Right, Said};
use crate::config::Skills;

/// Whether a token is of the old sort, by "Token formats": `ghp_` personal, `gho_` of an OAuth app, `ghr_` to renew one, or
/// forty hexadecimal digits, as they were until 2021.
pub fn classic(token: &str) -> bool {
    let is_old = token.len() == 40 && token.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_old || ["ghp_", "gho_", "ghr_"].iter().any(|start| token.to_ascii_lowercase().starts_with(start))
}

/// How the right token is made.
pub(super) fn new_token(skills: &Skills) -> String {
    let repository = skills.home_of_branch();
    format!(
        "make a fine-grained one at https://github.com/settings/personal-access-tokens/new for {repository} alone, with \
         Contents and Pull requests: Read and write, and put it where token_env or token_file of [skills] says"
    )
}

pub(super) fn no_classic(skills: &Skills) -> String {
    format!("the token of [skills] is a classic one, which may write to all that its owner may; {}", new_token(skills))
}

pub(super) fn bad_token(said: &Said, doing: &str, skills: &Skills) -> String {
    let words = quoted(said);
    format!(
        "asking GitHub {doing}: it answered 401{words}; the token of [skills] is no good or has ended; {}",
        new_token(skills)
    )
}

pub(super) fn moved(doing: &str, skills: &Skills) -> String {
    format!(
        "asking GitHub {doing}: {} has been renamed or moved; write its name as it is now under [skills]",
        skills.repository
    )
}

/// A no for good, until a person mends something.
pub(super) fn refused(said: &Said, doing: &str, right: Right, skills: &Skills) -> Trouble {
    let repository = &skills.repository;
    let accepted = said.headers.get("x-accepted-github-permissions").and_then(|value| value.to_str().ok());
    let wants =
        accepted.filter(|text| text.len() < 100).map_or_else(String::new, |text| format!(" (GitHub wants {text})"));
    let advice = match (said.status, right) {
        (403 | 404, Right::Contents) => {
            format!("give the token of [skills] \"Contents: Read and write\" on {}{wants}", skills.home_of_branch())
        }
        (403 | 404, Right::Pulls) => {
            format!("give the token of [skills] \"Pull requests: Read and write\" on {repository}{wants}")
        }
        (403, Right::Read) => {
            format!("the token of [skills] may not read that of {repository}{wants}; {}", new_token(skills))
        }
        (404, Right::Read) => format!(
            "see whether {repository} is written as on its page, and whether the token of [skills] was made for it"
        ),
        (409, _) => format!("{repository} is empty; it needs a first commit"),
        (422, _) => "see what a person may do there; a rule of the repository may forbid it".to_owned(),
        _ => "see whether `api` and `repository` under [skills] are right".to_owned(),
    };
    Trouble::Refused(format!("asking GitHub {doing}: it answered {}{}; {advice}", said.status, quoted(said)))
}

fn quoted(said: &Said) -> String {
    if said.words.is_empty() { String::new() } else { format!(" (\u{201c}{}\u{201d})", said.words) }
}
