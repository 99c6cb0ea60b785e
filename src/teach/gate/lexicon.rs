//! Words that no advice needs: names of what takes protection away, and ways of asking for it, or of hiding it from people.
//!
//! This list is honest about being incomplete. Whoever wants to do harm in plain words finds words that are not in it; it stops what is
//! common, and makes the rest laborious. That a sentence passes says nothing about whether it is good advice.

use std::sync::LazyLock;

use regex::{Regex, RegexSet};

use crate::guard::scrub::{Rules, Scrubber};

use super::{Allowed, quoted};

/// Whether none of it is said, and nothing is installed that nobody reviewed.
pub(super) fn check(text: &str, allowed: &Allowed) -> Result<(), String> {
    check_installing(&said(text), allowed)?;
    check_dangers(text)
}

/// The text as a reader hears it: small letters, single spaces. Backticks and quotes between two words hide nothing.
fn said(text: &str) -> String {
    let said: String = text
        .replace("`.", ".")
        .replace("`,", ",")
        .chars()
        .map(|letter| if matches!(letter, '`' | '"' | '\'') { ' ' } else { letter })
        .collect();
    let said = said.replace("n t ", "nt ");
    said.split_whitespace().collect::<Vec<_>>().join(" ").to_ascii_lowercase()
}

/// Whether none of it is said.
pub(super) fn check_dangers(text: &str) -> Result<(), String> {
    let said = said(text);
    let safe = SAFE_NAMES.iter().fold(said.clone(), |said, name| said.replace(name, "that"));
    let safe = what_was_mended(&safe);
    if let Some(number) = LEXICON.0.matches(&safe).iter().next() {
        let found = LEXICON.1[number].0.find(&safe).map_or("", |found| found.as_str());
        return Err(format!("{}: {}", quoted(found), LEXICON.1[number].1));
    }
    for run in text.split(|letter: char| letter.is_whitespace() || matches!(letter, '`' | '"' | '\'' | '(' | ')' | ','))
    {
        check_run(run)?;
    }
    if !SECRETS.scrub(text).counts.is_empty() {
        return Err("it holds what looks like a secret".to_owned());
    }
    Ok(())
}

/// The key only makes placeholders, which nobody reads here.
/// "Fixed hooks bypassing permission rules" tells of a fault; "fixed by bypassing them" does not. The verb of the fault is taken out.
fn what_was_mended(said: &str) -> String {
    static FAULT: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"([a-z0-9)/.-]+) (?:bypassing|skipping|ignoring|disabling|evading|suppressing|dropping|deactivating|overriding|omitting)\b").expect("a literal")
    });
    const MEANS: [&str; 24] = [
        "by",
        "via",
        "through",
        "with",
        "consider",
        "try",
        "start",
        "when",
        "after",
        "and",
        "or",
        "then",
        "using",
        "means",
        "is",
        "for",
        "keep",
        "recommend",
        "suggest",
        "prefer",
        "before",
        "while",
        "advise",
        "of",
    ];
    // One sentence, and no second one that gives orders.
    if !(said.starts_with("fixed ") || said.starts_with("vscode: fixed ")) {
        return said.to_owned();
    }
    let (first, rest) = said.split_once(". ").map_or((said, ""), |(first, rest)| (first, rest));
    let first = FAULT.replace_all(first, |found: &regex::Captures<'_>| {
        let keeps = MEANS.contains(&&found[1]) || found[1].ends_with([',', ';', ':', '.', '-']);
        if keeps { found[0].to_owned() } else { format!("{} mistaking", &found[1]) }
    });
    format!("{first}. {rest}")
}

static SECRETS: LazyLock<Scrubber> = LazyLock::new(|| Scrubber::new(Rules::shipped(), [0; 32]));

/// Names in which a dangerous word stands for its contrary.
const SAFE_NAMES: [&str; 11] = [
    "instructions in claude.md",
    "instructions in agents.md",
    "instructions in skill.md",
    "disablebypasspermissionsmode",
    "disableskillshellexecution",
    "disable bypasspermissions mode",
    "allowunsandboxedcommands:false",
    "allowunsandboxedcommands: false",
    "allowunsandboxedcommands :false",
    "--no-verify-jwt",
    "allowmanagedpermissionrulesonly",
];

/// What takes protection away, as one would say it.
const GUARDS: &str = r"(?:sandbox(?:ing|ed)?|permissions?|hooks?|approvals?|confirmations?|safeguards?|guard ?rails?|protections?|verif(?:ication|ying)|signatures?|signature checks?|tls|ssl|certificates?|2fa|mfa|authentication|authori[sz]ation|firewall|anti-?virus|security|warnings?|audit(?:ing)?|code reviews?|reviews?|reviewers?|safety|trust (?:dialog|prompt|check)s?|host key|branch protection|secret scann(?:ing|er)|pre-?commit|checks|policy|policies|restrictions?|monitoring|linter|deny rules?|denylist|prompts|isolation|integrity|lockfile|checksums?|scann(?:ing|er))";

/// What must stay where it is, as one would say it.
const SECRETS_SAID: &str = r"(?:api[ -]?keys?\b(?: [a-z]+)? (?:to|in|into|at|with)|access keys?|tokens? (?:to|into|at|with)|(?:auth|access|bearer|oauth|github|session|secret|personal|api|npm|pypi) (?:access )?tokens?|passwords?|credentials?|secrets?|private keys?|ssh keys?|\.env\b|dotenv|environment variables? (?:to|in|into|at)|env vars? (?:to|in|into)|keychain|cookies?|home directory|home folder|(?:source code|code|transcripts?|conversations?|sessions?|history|data|files?|diffs?|logs?) to (?:a|an|the|our|my|this|that|some|another|external|remote|any) )";

static LEXICON: LazyLock<(RegexSet, Vec<(Regex, &str)>)> = LazyLock::new(|| {
    const AWAY: &str = "it takes protection away";
    const HIDE: &str = "it hides something from the person";
    const OBEY: &str = "it speaks to the model, not of the product";
    const LEAK: &str = "it sends away what must stay";
    const LOSE: &str = "it destroys what may be needed";
    const RUNS: &str = "it fetches or runs what nobody reviewed";
    let rows: Vec<(String, &str)> = vec![
        // Switches by name.
        (r"dangerous(?:ly)?|danger-full-access|bypass_?-?permissions?|\byolo\b|full-auto|dont-?ask\b|unsandboxed|no-?sandbox|\bno-?verify\b|insecure|trusted-host|break-system-packages|--force(?:$|[^a-z-])|sslverify|ssl_no_verify|strict-ssl|reject_?unauthorized|pythonhttpsverify|stricthostkeychecking|--privileged|allow-?all|trust-?all|accept-?all|approve-?all|enableallprojectmcpservers|disableallhooks|skip-?(?:permissions?|trust|verification|approvals?|checks?|review)|skip[a-z]*(?:permission|prompt|check|preflight)|disable-?(?:sandbox|hooks?|permissions?|security|auth|tls|ssl|safety|verification|checks?|approvals?)|autoallow|apikeyhelper|acceptedits as|mcp-config|ignore-?(?:certificate|ssl|tls|cert)[a-z-]*|unsafe-?(?:fixes|perm|mode)|--unsafe|no-?check-?certificate|skip_?verify|world-(?:read|writ)able|allow-?root|setuid|chmod|chown".into(), AWAY),
        (format!(r"\b(?:disable|turn(?:ing)? off|switch(?:ing)? off|deactivat(?:e|ing)|skip(?:ping)?|bypass(?:ing)?|circumvent|relax|loosen|weaken|suppress(?:ing)?|uninstall|opt out of|drop|avoid|evade|evading|silence|mute|kill|remove|removing|delete|omit(?:ting)?|get rid of|do away with|dispense with|ignore|ignoring|disregard|overrid(?:e|ing) (?:the|any|all|its|your|every)|defeat|lift)\b(?: [a-z-]+){{0,3}}? {GUARDS}\b"), AWAY),
        (format!(r"\bturn(?:ing)?(?: [a-z-]+){{1,4}} off\b|\b(?:set|switch|keep|leave|put|have|run|work|with)\b(?: [a-z-]+){{0,3}}? {GUARDS}(?: [a-z-]+){{0,3}}? (?:off|disabled|open|false|none|never|no|0)\b"), AWAY),
        (format!(r"\b(?:without|no|not|never|stop|instead of)(?: [a-z-]+){{0,2}}? (?:{GUARDS}|sandbox)\b(?: [a-z-]+){{0,3}}? (?:needed|necessary|required|wanted|useful|desirable)\b|\b{GUARDS} (?:is|are) (?:not|un)[ -]?(?:needed|necessary|required|wanted)\b|\b{GUARDS}(?: [a-z]+){{0,2}} (?:should|must|can|may)(?: safely| always)? be (?:off|disabled|skipped|ignored|removed|bypassed|switched|turned|dropped)"), AWAY),
        (r"\b(?:allow|approve|accept|grant|permit|whitelist|allowlist|auto-?approve|auto-?accept|trust|authori[sz]e|confirm|agree to|say yes to)(?:ing)?\b(?: [a-z-]+){0,2}? (?:all|every|any|everything|anything|each|whatever|unrestricted|full|blanket|root|admin)\b|\b(?:full|unrestricted|blanket|root|admin(?:istrator)?) (?:access|rights|privileges|permissions?)\b|\bas (?:root|administrator|admin|superuser)\b|\bany command\b|\banswer yes\b|\bpress(?:ing)? yes\b".into(), AWAY),
        (r"\b(?:sudo|doas|su -|rm|curl|wget|nc|ncat|netcat|eval|mkfs|dd|base64|xxd|crontab|launchctl|systemctl|osascript|powershell -e|iex|invoke-expression|nohup|telnet|socat|scp|sftp|rsync)\b(?: -|$| (?:the|a|this|that|it|and|or|to|on|from)\b|:| [a-z]+\.)".into(), RUNS),
        // Hidden from the person.
        (r"\b(?:do not|dont|don t|never|not to|no need to|needn ?t|without|avoid|stop|refrain from|rather than|instead of|not worth|no reason to|unnecessary to|skip|cannot|shouldn ?t|mustn ?t|should not|must not|need not|has no need to)\b(?: [a-z-]+){0,3}? (?:tell(?:ing)?|mention(?:ing|s)?|inform(?:ing)?|notify(?:ing)?|disclos(?:e|ing)|reveal(?:ing)?|report(?:ing)?|show(?:ing)? (?:it|this|that|them|the (?:user|person|diff|change))|log(?:ging)?|announc(?:e|ing)|explain(?:ing)?|ask(?:ing)?|confirm(?:ing|ation)?|consent(?:ing)?|approval|permission|warn(?:ing)?|alert(?:ing)?|consult(?:ing)?|check(?:ing)? with|document(?:ing)?|discuss(?:ing)?|surfac(?:e|ing)|bring(?:ing)? up|say(?:ing)?|bother(?:ing)?)\b|\b(?:without|no|skip) (?:[a-z-]+ )?(?:reviews?|reviewing|looking|reading (?:it|them|the diff)|oversight|humans? (?:in|oversight|review|approval|check))\b".into(), HIDE),
        (r"\b(?:secretly|covertly|stealthily|discreetly|surreptitiously|unnoticed|behind .{0,20} back|under the radar|keep (?:it|this|that|them) (?:to yourself|quiet|private|secret|hidden|between)|in secret)\b|\b(?:silently|quietly) (?:run|install|send|upload|execute|push|commit|delete|approve|accept|add|include|change|replace|enable|disable|download|remove|apply|continue|proceed)\b|\b(?:hide|conceal|withhold|mask|obscure|leave .{0,20} out|omit|strip|erase|scrub)\b.{0,40}\b(?:from|of) (?:the |your |any )?(?:user|person|people|human|reviewer|maintainer|owner|log|logs|history|diff|transcript|report|summary|output|description|commit)".into(), HIDE),
        (r"\b(?:the )?(?:user|owner|reviewer|maintainer|person|human|operator|people|team|admin|lab|everybody|everyone)s? (?:(?:already |always |has |have |had |would |will |does |do |need |needs |should |must |wont |don t |doesn t |dont |doesnt |not |never )+(?:approv|agree|consent|authori[sz]|notice|mind|know|see|hear|care|be told|be asked)|(?:approved|agreed|consented|authori[sz]ed) (?:this|it|that|these|the|all|every|to)|gave permission|given permission|expects you|wants you|need not|know about|needs? to know|see this|be told|be asked)".into(), HIDE),
        // To the model.
        (r"\b(?:ignor(?:e|ing)|disregard(?:ing)?|forget(?:ting)?|overrid(?:e|es|ing)|overrul(?:e|es|ing)|discard(?:ing)?|supersed(?:e|es|ing)|set(?:ting)? aside|overlook(?:ing)?|pay no attention to|takes? precedence over|outranks?|replac(?:e|es|ing)|disobey(?:ing)?|violat(?:e|ing)|break)\b(?: (?:the|any|all|of|your|every|each|its|whatever|previous|prior|earlier|above|preceding|existing|other|these|those|system|safety|project|projects|user|users|former|past|s|conflicting|contrary|local|default))* (?:instructions?|rules?|guidance|guidelines?|directives?|prompts?|messages?|polic(?:y|ies)|constraints?|orders?|requests?|wishes|claude\.md|agents\.md|context|conversation|above|everything|anything|other advice|advice)\b".into(), OBEY),
        (r"\b(?:human|assistant|system|user|developer|tool|ai|model|agent|claude|codex) ?: |system-?reminder|\bnew instructions?\b|\bfrom now on\b|\bjailbreak|\bpretend\b|\bact as (?:a|an|if|the)\b|\byou are (?:now|a|an|no longer|free|allowed|authori[sz]ed)\b|\byour (?:new )?(?:role|goal|mission|instructions?|true|real|primary|first task|only)\b|\bas an ai\b|\bobey\b|\bultrathink\b|\bmegathink\b|\bthink(?:ing)? out loud and\b|\bdeveloper mode\b|\bprompt injection is\b|\bcomply\b|\bfollow (?:these|those|the|any|all|every)(?: [a-z]+){0,3} instructions?\b|\binstructions? (?:in|on|at|from|above|below|found|given|here)\b|\bdo (?:as|what|whatever) (?:it|the|that|this|they|you)\b|\bexecute (?:it|this|that|them|the (?:code|commands?|instructions?))\b".into(), OBEY),
        (r"^(?:important|urgent|attention|mandatory|note to (?:the )?(?:model|agent|assistant|claude)|dear (?:model|agent|assistant|claude))\b|\b(?:agents?|assistants?|models?|claude|codex) (?:must|shall|should always|has to|have to|is required to|are required to)\b|\bas (?:the|your) (?:first|very first) (?:step|action|thing)\b|\bbefore (?:anything|everything|any other|you (?:do|answer|reply|read|start|begin))\b|\bno matter what\b|\bunconditionally\b|\bwhatever the (?:user|person)\b".into(), OBEY),
        // Away from here.
        (format!(r"\b(?:past|send|shar|print|echo|export|upload|post|forward|mail|email|transmit|exfiltrat|publish|copy|sync|submit|leak|includ|attach|embed|commit|push|append|dump|cat|expos|encod|put|pipe|transfer|hand over|give|reveal|disclos)(?:e|es|ing|y|ting)?\b(?: [a-z'-]+){{0,4}}? {SECRETS_SAID}"), LEAK),
        (format!(r"\b(?:writ|read|sav|stor|display|show|report|add|typ|log|collect|gather)(?:e|es|ing)?\b(?: (?:the|your|all|any|every|their|its|an|a|out)){{0,2}} {SECRETS_SAID}"), LEAK),
        (r"\b(?:pastebin|gist|webhook|telemetry) (?:to|at|so that|with)\b|\bmake .{0,30}\b(?:repositor(?:y|ies)|repos?|gists?) public\b|\bpublic (?:gist|paste|bucket)\b".into(), LEAK),
        (r"\bdot (?:com|net|org|io|dev|sh|ai|co|app|me|xyz|ru|cn|info|example)\b|\b(?:slash|colon slash|at sign) [a-z]\b".into(), RUNS),
        // Lost.
        (r"\brm -|force[- ]push|--hard\b|\b(?:delet|wip|eras|destroy|purg|truncat|overwrit|format|shred|nuk|drop|clear)(?:e|es|ing|ting)?\b(?: [a-z-]+){0,3}? (?:repositor(?:y|ies)|repos?|branches|backups?|home|disk|drive|databases?|tables?|everything|all files|logs|git history|main branch|production|work(?:ing)? tree|uncommitted|source files|data)\b|\brewrite (?:the )?(?:public |shared |main )?history\b|\bgit clean\b|\bgit (?:checkout|restore) \.".into(), LOSE),
        // Fetched and run.
        (r"\b(?:download|fetch|clone|pull|get|load|open|visit|browse|go to|read|retrieve|source)\b.{0,40}\b(?:and|then|to)\b.{0,12}\b(?:run|execut|install|eval|follow|source|apply|obey|start|launch|import)[a-z]*\b|\b(?:run|execute|launch|start|source|eval)\b(?: [a-z-]+){0,4}? (?:installer|install script|setup script|bootstrap script|remote script|downloaded|from the (?:web|internet|network|page|link|post|article|gist)|binary|binaries|script (?:at|from|on|in))\b|\bpipe\b.{0,20}\b(?:sh|bash|shell|python)\b|\bclone (?:the |a |this |that )?[a-z0-9_-]+/".into(), RUNS),
        (r"\b(?:add|connect|register|enable|use|configure|attach|point|set up|trust|start|run)\b(?: [a-z-]+){0,2}? [a-z0-9]+(?:[-_/][a-z0-9]+)+ (?:mcp|plugin|marketplace|server|extension|package|connector|skill|registry|mirror|proxy|index|repository|repo)\b|\b(?:plugin|marketplace|server|extension|package|connector|skill|registry|mirror|proxy|repository|repo|module|library|tool|helper) (?:called|named|known as|published (?:by|as)|hosted (?:by|at|on)|provided by|by the name)\b|\b(?:another|third-party|unofficial|custom|mirror|alternative|faster|community|private) (?:registry|mirror|package index|index|proxy|marketplace)\b|\b(?:base url|baseurl|base_url|endpoint|proxy|registry|index|mirror|host) (?:to|at|=)\b".into(), RUNS),
    ];
    let rows: Vec<(String, &str)> = rows;
    let set = RegexSet::new(rows.iter().map(|(pattern, _)| pattern)).expect("a test compiles them");
    let each =
        rows.into_iter().map(|(pattern, why)| (Regex::new(&pattern).expect("a test compiles them"), why)).collect();
    (set, each)
});

/// Sentences that say to install what is no reviewed package. What was installed, or what installing does, may be told.
fn check_installing(said: &str, allowed: &Allowed) -> Result<(), String> {
    static INSTALLING: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r"(?:\b(?:pip3?|pipx|npm|pnpm|yarn|bun|uv|cargo|brew|apt|apt-get|dnf|pacman|choco|winget|scoop|gem|conda|mamba|poetry|gh extension|claude plugin|/plugin|claude mcp|codex mcp|/mcp|claude plugin marketplace|/plugin marketplace)(?: tool| pip| global)? (?:install|add|i|get|require|dlx|exec)|\b(?:npx|uvx|bunx|pnpx|dlx)|(?:[a-z0-9'.,;:-]+ |^)(?:re)?install)((?: [^ ]+){0,7})",
        )
        .expect("a literal")
    });
    // "The install", "a fresh install": what was done, and nothing to do.
    const OF_A_NOUN: [&str; 21] = [
        "the", "a", "an", "each", "this", "that", "per", "fresh", "clean", "new", "old", "native", "plugin", "global",
        "local", "existing", "your", "failed", "manual", "editable", "one",
    ];
    const FILLING: [&str; 71] = [
        "scripts",
        "script",
        "hooks",
        "what",
        "whatever's",
        "the",
        "a",
        "an",
        "it",
        "its",
        "them",
        "this",
        "that",
        "with",
        "from",
        "for",
        "via",
        "now",
        "when",
        "in",
        "on",
        "to",
        "and",
        "or",
        "of",
        "is",
        "no",
        "only",
        "once",
        "before",
        "after",
        "using",
        "as",
        "by",
        "into",
        "also",
        "will",
        "does",
        "do",
        "can",
        "runs",
        "uses",
        "dependencies",
        "requirements",
        "lockfile",
        "updates",
        "plugins",
        "packages",
        "servers",
        "everything",
        "missing",
        "locked",
        "python",
        "node",
        "-g",
        "--global",
        "-u",
        "--upgrade",
        "--ignore-scripts",
        "--require-hashes",
        "-r",
        "requirements.txt",
        "--locked",
        "--dev",
        "-d",
        "--save-dev",
        "--frozen-lockfile",
        "each",
        "all",
        "again",
        "globally",
    ];
    for found in INSTALLING.captures_iter(said) {
        let whole = found.get(0).map_or("", |whole| whole.as_str());
        if OF_A_NOUN.iter().any(|noun| whole.strip_prefix(noun).is_some_and(|rest| rest.starts_with(" install"))) {
            continue;
        }
        let rest = found.get(1).map_or("", |rest| rest.as_str());
        let named = |word: &&str| {
            let word = word.trim_end_matches(['.', ',', ';', ':', ')']);
            let name = word.split("==").next().unwrap_or(word);
            let name = match name.get(1..).and_then(|tail| tail.find('@')) {
                Some(at) => &name[..=at],
                None => name,
            };
            !word.is_empty() && !FILLING.contains(&word) && !allowed.has_package(name)
        };
        // A sentence that goes on about something else is no name: what follows the verb is looked at as far as filling words reach.
        let mut words = rest.split(' ').filter(|word| !word.is_empty());
        let first = words.find(|word| {
            !["the", "a", "an", "-g", "--global", "-u", "--upgrade", "this", "its", "our", "globally"].contains(word)
        });
        if let Some(name) = first.filter(named) {
            return Err(format!("{}: it installs what nobody reviewed", quoted(name)));
        }
        if ["package", "extension", "module", "library", "plugin", "helper"]
            .iter()
            .any(|noun| rest.split(' ').take(4).any(|word| word == *noun))
        {
            return Err(format!("{}: it installs what nobody reviewed", quoted(rest.trim())));
        }
    }
    Ok(())
}

/// A run of signs without spaces that may carry something: encoded words, keys, hashes.
pub(super) fn check_run(run: &str) -> Result<(), String> {
    if run.len() > 60 {
        return Err(format!("{} has {} signs without a space", quoted(run), run.len()));
    }
    for piece in run.split(|letter: char| !letter.is_ascii_alphanumeric() && !matches!(letter, '+' | '=')) {
        let has = |test: fn(&u8) -> bool| piece.bytes().any(|b| test(&b));
        let (lower, upper, digit) = (has(u8::is_ascii_lowercase), has(u8::is_ascii_uppercase), has(u8::is_ascii_digit));
        let turned = |pair: &&[u8]| kind(pair[0]) < kind(pair[1]);
        let turns = piece.as_bytes().windows(2).filter(turned).count();
        let digits = piece.bytes().filter(u8::is_ascii_digit).count();
        // Words written together turn seldom, `PreToolUseHookInput`; what is encoded turns at every second letter.
        let random = piece.len() >= 16 && (turns * 16 > piece.len() * 5 || digits > 3);
        let mixed = piece.len() >= 20 && lower && upper && digit;
        let hexadecimal = piece.len() >= 12
            && digit
            && piece.bytes().all(|b| b.is_ascii_hexdigit())
            && !piece.bytes().all(|b| b.is_ascii_digit());
        let number = piece.len() > 8 && piece.bytes().all(|b| b.is_ascii_digit());
        let padded = piece.len() > 8 && piece.ends_with('=');
        if random
            || mixed
            || hexadecimal
            || number
            || padded
            || piece.len() > 45
            || (piece.len() > 26 && !(upper && lower) && !upper)
        {
            return Err(format!("{} reads like something encoded", quoted(piece)));
        }
    }
    Ok(())
}

fn kind(byte: u8) -> u8 {
    match byte {
        b'a'..=b'z' => 0,
        b'A'..=b'Z' => 1,
        b'0'..=b'9' => 2,
        _ => 3,
    }
}
