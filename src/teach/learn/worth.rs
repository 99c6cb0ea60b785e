//! Worth: whether a sentence changes how people work, and of which kind it is then.
//!
//! A changelog of forty points holds two or three such: something that one can now set, type or leave out; a default that
//! changed; something that goes; a hole that was mended. "Fixed a crash when …" is not one. Each rule carries its reason, which
//! `explain` shows, and below are points that it takes and points that it leaves.

use std::sync::LazyLock;

use regex::Regex;

use super::code;
use super::sentences::Sentence;
use crate::lesson::Kind;

/// What a sentence is worth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Worth {
    pub kind: Kind,
    /// Orders the sentences of one item; at least [`LEAST`].
    pub weight: i32,
    pub why: &'static str,
}

/// Words of an advisory's sentence that says both what and since when.
const LEAST_WORDS: usize = 7;

/// Less is no lesson.
pub const LEAST: i32 = 4;

static VULNERABLE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:vulnerab\w+|CVE-\d{4}-\d+|GHSA-[\w-]+|remote code execution|arbitrary (?:code|command)|(?:code|command|sql|prompt) injection|path traversal|privilege escalation|improper(?:ly)? \w+|failed to (?:properly )?(?:validate|check|verify|sanitize|restrict)|bypass(?:es|ed)?|exploit\w*|attackers?|exfiltrat\w+)\b",
    )
});

/// The versions that a fault is in, or that it is mended in.
static AFFECTED: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:(?:versions?|releases?) (?:before|prior to|up to|through|below|earlier than|older than|<=?|from)|prior to (?:versions? )?v?\d|(?:before|in) versions? v?\d|through v?\d[\w.]* (?:are|is|were) (?:vulnerable|affected)|(?:fixed|patched|mended|addressed|resolved) in|(?:upgrade|update) to)\b",
    )
});

/// What guards something.
static GUARD: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:permissions?|sandbox\w*|trust|den(?:y|ies|ied)|deny rules?|denyRead|denyWrite|allowlists?|credentials?|secrets?|api keys?|tokens?|approv\w+|auto-(?:allow|approv\w+)|restrict\w+|isolat\w+|protected|polic(?:y|ies)|strictKnownMarketplaces|hooks?|untrusted|masked|private)\b",
    )
});

/// How a guard fails.
static BREACH: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:bypass\w*|leak\w*|expos(?:e|es|ed|ing)|print(?:s|ed|ing) (?:resolved )?(?:secrets?|credentials?|tokens?)|(?:being|was|were|getting) (?:silently )?(?:dropped|ignored|skipped|lost)|grant(?:s|ed|ing)|without (?:asking|approval|confirm\w+|consent|permission|its permission)|escap(?:e|es|ed|ing)|accept(?:s|ing) \w+|able to (?:run|read|write|edit|execute|delete|access)|not (?:being )?(?:enforced|applied|honou?red|respected|checked)|inject\w*|unmasked|no longer (?:be )?auto-approved|auto-approv\w+|saved to)\b",
    )
});

static GOES: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)^(?:removed|deprecated|dropped support|discontinued|retired|sunset|renamed|disabled)\b|\b(?:is|are|was|were|has been|have been|now|being) (?:now )?(?:deprecated|removed|retired|sunset|discontinued|renamed)\b|\bwill be (?:removed|retired|deprecated|sunset|discontinued|shut down|turned off)\b|\bno longer (?:supported|available|works?|accepted|maintained|supports?|accepts?)\b|\bend[- ]of[- ](?:life|support)\b|\bin favou?r of\b",
    )
});

/// What is gone without anybody having to know.
static TRIFLE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:redundant|duplicate|unused|stray|badge|spinner|footer|tooltip|tips?|label|icon|animation|colou?rs?|theme|highlight\w*|banner|toast|hint|indicator|line under|placeholders?|scrollback|render(?:er|ing|ed|s)?|dims?|dimmed|flicker\w*|typos?|wording|survey|welcome|logo|emoji|alignment|status ?line|statusline|misspell\w*|keybinding|resiz\w+|splash|greeting|underlin\w+|clickable|typeahead|fuzzy|autocomplet\w+|picker|visuali[sz]ation|process title|key bindings?|dialog sizes?|syntax highlighting|search box|filtering)\b",
    )
});

/// What few of the lab run: what is only about it changes nobody's work.
static ELSEWHERE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)^\[(?:vscode|jetbrains|windows|ide|desktop)\]|^(?:windows|vscode|vs code|jetbrains|alpine|mantle)\b[^.]{0,20}:|\b(?:self-hosted runner|gateway|data-residency|Bedrock|Vertex|Foundry|GovCloud|enterprise-gateway|managed-environment|OpenTelemetry|OTEL|on Windows|Windows startup|WSL|PowerShell|Xcode|Slack|SDK hosts?|awsAuthRefresh|Alpine|musl)\b",
    )
});

/// Things that one can use: type, set or write down.
static USABLE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:settings?|options?|flags?|env(?:ironment)? (?:vars?|variables?)|commands?|subcommands?|hooks?|modes?|skills?|plugin source|plugins?|frontmatter|parameters?|arguments?|fields?|tools?|rules?|subagents?|worktrees?|sandbox\w*|checkpoints?|memory|sessions?|cache|endpoint|API)\b",
    )
});

static WHEN: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?i) (?:when|if|while|so|for|to|in|that|which|after|before)\b"));

static ADDED: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)^(?:add|adds|added|introduced|documented|new|support for|added support|we(?:'ve| have)? (?:added|introduced)|introducing|allow(?:ed)?|enabled?)\b|\b(?:you can now|can now be|can now|now supports?|now accepts?|now reads?|now lets you|is now available|are now available)\b",
    )
});

static CHANGED: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:defaults? to|^changed (?:the )?default\b|new default\b|(?:is|are) now the default|default(?:s|ed)? (?:is|are|was|were|has|have|to|model|mode|value|effort)?\s?(?:now |changed|on\b|off\b)|by default|now requires?|is now required|must now|no longer (?:\w+ ){0,3}(?:by default|automatically|auto-\w+|turn|need\w*|require\w*|refuse\w*|run|load|read|allow\w*)|(?:raised|lowered|increased|reduced|halved|doubled) (?:the )?(?:default|limit|cap|maximum|timeout)|now (?:continues?|runs?|starts?|asks?|uses?) (?:\w+ ){0,4}(?:automatically|first|by itself))\b",
    )
});

/// A thing that had a place in people's habits, so that its going is news.
static HABIT: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:features?|settings?|flags?|options?|commands?|support|caps?|limits?|modes?|models?|tools?|endpoints?|API|parameters?|syntax|alias(?:es)?|versions?|hooks?|variables?|skills?)\b",
    )
});

/// Advice in a sentence of prose: it begins by telling what to do.
static ADVICE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"^(?:Use|Prefer|Avoid|Run|Keep|Set|Give|Start|Pin|Don't|Do not|Never|Always|Write|Put|Store|Enable|Disable|Treat|Limit|Commit|Review|Rotate|Restrict|Ask|Break|Clear|Make sure|Add|Pass|Upgrade|Update|Switch|Migrate|Replace|Sandbox|Scope|Verify|Test|Check)\b|\b(?:[Ww]e (?:strongly )?recommend|[Ii]t is (?:best|better|safer) to|[Bb]est practice|(?:you|users|teams|agents) should(?: not| never| always)?)\b",
    )
});

/// Advice also where it is a point of a list.
static TO_DO: LazyLock<Regex> = LazyLock::new(|| pattern(r"^(?:Use|Prefer|Run|Never|Always|Don't|Do not|Make sure)\b"));

/// What advice has to be about.
static OURS: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:claude|codex|cursor|copilot|gemini|mcp|agents?|subagents?|skills?|hooks?|context|prompts?|CLAUDE\.md|AGENTS\.md|worktrees?|sandbox\w*|permissions?|tool calls?|tokens?|plan mode|auto mode|models?|evals?|transcripts?|settings\.json|plugins?)\b",
    )
});

/// Invitations, not advice.
static INVITES: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)^(?:learn|read|see|watch|join|sign up|register|discover|explore|get started|download|book|meet|try it|check out|subscribe|contact|visit|thanks|thank you|update now to enjoy|stay tuned|use (?:code|coupon))\b|\b(?:free trial|promotional|pricing|webinar|waitlist|sales team|we're (?:excited|thrilled)|we are (?:excited|thrilled))\b|\?$",
    )
});

/// A sentence that cannot stand alone: it points back at another.
static POINTS_BACK: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)^(?:it|its|it's|this|that|these|those|they|their|he|she|his|her|we|our|however|but|and|so|also|then|as part|as a result|instead|otherwise|in this|for this|with this|here|there|such|both|either|which|another|again|similarly|additionally|moreover|therefore|because of this|note that this|users performing|by doing so)\b",
    )
});

/// What it does to something that an earlier sentence named.
static SPEAKS_OF_IT: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)^(?:[a-z-]+ ){1,4}(?:support|use|need|read|enable|disable|try|call|add|make|run|drop|remove)s? (?:it|them|this)\b",
    )
});

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("a valid pattern")
}

/// What a sentence is worth. `is_advisory` where the whole item is one fault's notice.
///
/// # Errors
/// Why it is no lesson, in words for `explain`.
pub fn worth(sentence: &Sentence, is_advisory: bool) -> Result<Worth, &'static str> {
    let words = sentence.words.trim_start_matches("[!]").trim();
    let heading = sentence.heading.as_str();
    if words.split_whitespace().count() < 3 {
        return Err("too short to say anything");
    }
    if INVITES.is_match(words) {
        return Err("an invitation or a question");
    }
    if POINTS_BACK.is_match(words) && !words.starts_with("We recommend") && !words.starts_with("We strongly recommend")
    {
        return Err("it points back at another sentence");
    }
    let has_code = !code::tokens(words).is_empty();
    if !has_code && SPEAKS_OF_IT.is_match(words) {
        return Err("it speaks of what another sentence names");
    }
    let is_fix = words.starts_with("Fix") || heading.contains("fix");
    let found = if is_advisory && heading == "title" {
        // What the fault is; the versions stand in the text.
        Some((Kind::Security, LEAST, "an advisory is called so"))
    } else if is_advisory {
        advisory(words)
    } else if words.to_lowercase().starts_with("security:") || heading.contains("security") {
        Some((Kind::Security, 10, "it stands under the heading of security"))
    } else if is_fix {
        (GUARD.is_match(words) && BREACH.is_match(words)).then_some((
            Kind::Security,
            8,
            "a guard that failed was mended",
        ))
    } else if VULNERABLE.is_match(words) && AFFECTED.is_match(words) {
        Some((Kind::Security, 8, "it names a fault and the versions that have it"))
    } else if heading == "title" {
        // A title announces; only what it says outright to have changed or gone is said.
        news(words, heading, has_code, false).filter(|(kind, ..)| *kind == Kind::Deprecation)
    } else {
        news(words, heading, has_code, sentence.is_point)
    };
    let Some((kind, mut weight, why)) = found else {
        return Err(if is_fix {
            "a repair that asks nothing of anybody"
        } else {
            "it changes nobody's way of working"
        });
    };
    if has_code {
        weight += 2;
    }
    if kind != Kind::Security && TRIFLE.is_match(words) {
        weight -= 6;
    }
    if ELSEWHERE.is_match(words) {
        weight -= if kind == Kind::Security { 2 } else { 5 };
    }
    if weight < LEAST {
        return Err("about looks, or about what few have");
    }
    Ok(Worth { kind, weight, why })
}

/// Which versions, and what is wrong with them: `Fixed in 4.12.3.` says only half of it.
fn advisory(words: &str) -> Option<(Kind, i32, &'static str)> {
    let says_what = VULNERABLE.is_match(words) || GUARD.is_match(words) || BREACH.is_match(words);
    let is_whole = AFFECTED.is_match(words) && says_what && words.split_whitespace().count() >= LEAST_WORDS;
    let weight = 7 + 4 * i32::from(VULNERABLE.is_match(words));
    is_whole.then_some((Kind::Security, weight, "an advisory names the versions"))
}

fn news(words: &str, heading: &str, has_code: bool, is_point: bool) -> Option<(Kind, i32, &'static str)> {
    // Under the heading of what was removed a point may be a name alone: read without it, it would recommend what is gone.
    if GOES.is_match(words) {
        let weight = if HABIT.is_match(words) || has_code { 7 } else { 2 };
        return Some((Kind::Deprecation, weight, "something goes"));
    }
    if (heading.contains("breaking") || CHANGED.is_match(words))
        && (has_code || heading.contains("breaking") || words.contains("default"))
    {
        let guards = GUARD.is_match(words) && BREACH.is_match(words);
        let kind = if guards { Kind::Security } else { Kind::Deprecation };
        let weight =
            if heading.contains("breaking") || words.contains("default") || guards || words.starts_with("Changed") {
                6
            } else {
                2
            };
        return Some((kind, weight, "a default or a habit changed"));
    }
    // Without code the thing that one can use has to be what was added, not what it has to do with.
    let supported = words.replacen("support for", "support of", 1);
    let object = WHEN.split(&supported).next().unwrap_or(words);
    let is_usable = USABLE.is_match(if has_code { words } else { object });
    if ADDED.is_match(words) && (has_code || is_usable) {
        let weight = 2 + 2 * i32::from(is_usable) + i32::from(has_code);
        // In prose everything is new; in a list of changes it is said of something.
        return (is_point || has_code).then_some((Kind::Technique, weight, "something new that one can use"));
    }
    // In a list of changes `Update the title` tells what its makers did, and not what to do.
    if ADVICE.is_match(words) && OURS.is_match(words) && (!is_point || (has_code && TO_DO.is_match(words))) {
        return Some((Kind::Practice, 4, "its makers advise it"));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(words: &str) -> Option<Kind> {
        let sentence = Sentence { words: words.to_owned(), is_point: true, heading: String::new(), code: None };
        worth(&sentence, false).ok().map(|worth| worth.kind)
    }

    #[test]
    fn what_changes_how_people_work_is_told_from_what_does_not() {
        for (words, expected) in [
            ("Added a --nap-after flag that ends an idle session", Some(Kind::Technique)),
            ("Added the napLength setting to choose how long an idle session lives", Some(Kind::Technique)),
            ("You can now run /wake while a nap is on", Some(Kind::Technique)),
            ("Fixed sandbox write rules being bypassed through a symbolic link", Some(Kind::Security)),
            ("Security: file uploads refuse paths outside the project", Some(Kind::Security)),
            ("Removed the /doze command", Some(Kind::Deprecation)),
            ("The --doze flag is deprecated in favor of --nap", Some(Kind::Deprecation)),
            ("Changed /wake so that --force is no longer auto-approved", Some(Kind::Security)),
            ("Naps are now on by default", Some(Kind::Deprecation)),
            ("Use `/nap` to free the context of an agent that waits", Some(Kind::Practice)),
            ("Add support for nap hooks in worktrees", Some(Kind::Technique)),
            ("Update the agent's title to show the model", None),
            ("Added a clickable list of plugins", None),
            ("Added a hook source that is read from a folder", Some(Kind::Technique)),
            ("Added a step that asks again when a nap ends a command", None),
            ("Improved the nap error to say more instead of only suggesting /wake", None),
            ("Fixed a crash when the window is narrow", None),
            ("Fixed the spinner's color in dark themes", None),
            ("Improved the wording of the login dialog", None),
            ("Removed a redundant line under the prompt", None),
            ("[VSCode] Added a button that opens the log", None),
            ("Bug fixes and reliability improvements", None),
            ("Learn how teams use agents in production", None),
            ("It is fixed in version 1.2.3.", None),
            ("The official kits support it; it is off by default.", None),
        ] {
            assert_eq!(of(words), expected, "{words}");
        }
    }
}
