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
    check_named(text, allowed)?;
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
    // Named they are harmless; with a value they lead elsewhere.
    static ELSEWHERE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"--(?:registry|index-url|extra-index-url|default-index|index|find-links|proxy|upload-pack|receive-pack|exec|eval|require|script-shell|config-settings|mcp-config|settings|plugin-dir|plugin-url|add-dir|cert)[= ][A-Za-z0-9./~]")
            .expect("a literal")
    });
    if let Some(found) = ELSEWHERE.find(text) {
        return Err(format!("{}: it leads a program elsewhere", quoted(found.as_str())));
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
        Regex::new(r"([a-z0-9)/.-]+) (?:bypassing|skipping|ignoring|disabling|evading|suppressing|dropping|deactivating|overriding|omitting|circumventing|removing|deleting|silencing|muting)\b").expect("a literal")
    });
    static GUARD: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(running|executing|proceeding|writing|reading|editing|loading|starting|applying|connecting|spawning|being [a-z]+ed) (?:outside (?:of )?the sandbox|without (?:a |the |any )?(?:permission prompts?|permission|prompting|prompt|approval|asking|confirmation|trust dialog))").expect("a literal")
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
    // What is kept from reading secrets does not read them.
    static KEPT: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"\b((?:block|prevent|stop|protect|forbid|keep)[a-z]* (?:[a-z-]+ ){1,4}from) (?:reading|writing|sending|reaching|seeing|printing|logging|leaking|including)\b")
            .expect("a literal")
    });
    let said = &*KEPT.replace_all(said, "$1 having");
    // One sentence, and no second one that gives orders.
    if !(said.starts_with("fixed ") || said.starts_with("vscode: fixed ")) {
        return said.to_owned();
    }
    let (first, rest) = said.split_once(". ").map_or((said, ""), |(first, rest)| (first, rest));
    let first = GUARD.replace_all(first, "$1 wrongly");
    let first = FAULT.replace_all(&first, |found: &regex::Captures<'_>| {
        let keeps = MEANS.contains(&&found[1]) || found[1].ends_with([',', ';', ':', '.', '-']);
        if keeps { found[0].to_owned() } else { format!("{} mistaking", &found[1]) }
    });
    format!("{first}. {rest}")
}

static SECRETS: LazyLock<Scrubber> = LazyLock::new(|| Scrubber::new(Rules::shipped(), [0; 32]));

/// Names in which a dangerous word stands for its contrary.
const SAFE_NAMES: [&str; 12] = [
    "allow or deny",
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
const SECRETS_SAID: &str = r"(?:api[ -]?keys?\b(?: [a-z]+)? (?:to|in|into|at|with)|access keys?|tokens? (?:to|into|at|with)|(?:auth|access|bearer|oauth|github|session|secret|personal|api|npm|pypi) (?:access )?tokens?|passwords?|credentials?|secrets?|private keys?|deploy keys?|ssh keys?|your keys?|env file|full transcripts?|settings\.local\.json|\.env\b|dotenv|environment variables? (?:to|in|into|at)|env vars? (?:to|in|into)|keychain|cookies?|home directory|home folder|(?:source code|code|transcripts?|conversations?|sessions?|history|data|files?|diffs?|logs?) to (?:a|an|the|our|my|this|that|some|another|external|remote|any) )";

static LEXICON: LazyLock<(RegexSet, Vec<(Regex, &str)>)> = LazyLock::new(|| {
    const AWAY: &str = "it takes protection away";
    const HIDE: &str = "it hides something from the person";
    const OBEY: &str = "it speaks to the model, not of the product";
    const LEAK: &str = "it sends away what must stay";
    const LOSE: &str = "it destroys what may be needed";
    const RUNS: &str = "it fetches or runs what nobody reviewed";
    const LEADS: &str = "it sets where requests go, or who one is";
    // The beginning of what one is told to do: of a sentence or clause, or after a word that asks.
    const TOLD: &str = r"(?:^|[.;:,] |\b(?:please|should|must|then|and|or|to|always|first|just)) ?";
    let rows: Vec<(String, &str)> = vec![
        // Switches by name.
        (r"dangerous(?:ly)?|danger-full-access|bypass_?-?permissions?|\byolo\b|full-auto|dont-?ask\b|unsandboxed|no-?sandbox|\bno-?verify\b|insecure|trusted-host|break-system-packages|--force(?:$|[^a-z-])|sslverify|ssl_no_verify|strict-ssl|reject_?unauthorized|pythonhttpsverify|stricthostkeychecking|--privileged|allow-?all|trust-?all|accept-?all|approve-?all|enableallprojectmcpservers|disableallhooks|skip-?(?:permissions?|trust|verification|approvals?|checks?|review)|skip[a-z]*(?:permission|prompt|check|preflight)|disable-?(?:sandbox|hooks?|permissions?|security|auth|tls|ssl|safety|verification|checks?|approvals?)|autoallow|acceptedits as|ignore-?(?:certificate|ssl|tls|cert)[a-z-]*|unsafe-?(?:fixes|perm|mode)|--unsafe|no-?check-?certificate|skip_?verify|world-(?:read|writ)able|allow-?root|setuid|chmod|chown".into(), AWAY),
        (format!(r"\b(?:disabl(?:e|ing)|turn(?:ing)? off|switch(?:ing)? off|deactivat(?:e|ing)|skip(?:ping)?|bypass(?:ing)?|circumvent(?:ing)?|relax(?:ing)?|loosen(?:ing)?|weaken(?:ing)?|suppress(?:ing)?|uninstall(?:ing)?|opt(?:ing)? out of|drop(?:ping)?|avoid(?:ing)?|evade|evading|silenc(?:e|ing)|mut(?:e|ing)|kill(?:ing)?|remov(?:e|ing)|delet(?:e|ing)|omit(?:ting)?|get(?:ting)? rid of|do(?:ing)? away with|dispens(?:e|ing) with|ignor(?:e|ing)|disregard(?:ing)?|overrid(?:e|ing) (?:the|any|all|its|your|every)|defeat(?:ing)?|lift(?:ing)?|unset(?:ting)?|comment(?:ing)? out)\b(?: [a-z-]+){{0,3}}? {GUARDS}\b"), AWAY),
        (format!(r"\bturn(?:ing)?(?: [a-z-]+){{1,4}} off\b|\b(?:set|switch|keep|leave|put|have|run|work|with)\b(?: [a-z-]+){{0,3}}? {GUARDS}(?: [a-z-]+){{0,3}}? (?:off|disabled|open|false|none|never|no|0)\b"), AWAY),
        (format!(r"\b(?:without|no|not|never|stop|instead of)(?: [a-z-]+){{0,2}}? (?:{GUARDS}|sandbox)\b(?: [a-z-]+){{0,3}}? (?:needed|necessary|required|wanted|useful|desirable)\b|\b{GUARDS} (?:is|are) (?:not|un)[ -]?(?:needed|necessary|required|wanted)\b|\b{GUARDS}(?: [a-z]+){{0,2}} (?:should|must|can|may)(?: safely| always)? be (?:off|disabled|skipped|ignored|removed|bypassed|switched|turned|dropped)"), AWAY),
        (r"\b(?:allow|approve|accept|grant|permit|whitelist|allowlist|auto-?approve|auto-?accept|trust|authori[sz]e|confirm|agree to|say yes to)(?:ing)?\b(?: [a-z-]+){0,2}? (?:all|every|any|everything|anything|each|whatever|unrestricted|full|blanket|root|admin)\b|\b(?:full|unrestricted|blanket|root|admin(?:istrator)?) (?:access|rights|privileges|permissions?)\b|\bas (?:root|administrator|admin|superuser)\b|\bany command\b|\banswer yes\b|\bpress(?:ing)? yes\b".into(), AWAY),
        (r"\b(?:sudo|doas|su -|rm|curl|wget|nc|ncat|netcat|eval|mkfs|dd|base64|xxd|crontab|launchctl|systemctl|osascript|powershell -e|iex|invoke-expression|nohup|telnet|socat|scp|sftp|rsync)\b(?: -|$| (?:the|a|this|that|it|and|or|to|on|from)\b|:| [a-z]+\.)".into(), RUNS),
        // Keys and variables by name that start a program or send requests elsewhere; files by name that hold keys.
        (r"\bcore\.(?:pager|editor|sshcommand|hookspath|fsmonitor|askpass|gitproxy|attributesfile|worktree)\b|\bcredential\.helper\b|insteadof\b|\binclude\.path\b|\bhttp\.(?:proxy|extraheader|cookiefile)\b|\bdiff\.external\b|\bprotocol\.(?:ext|file|allow)\b|\balias\.|\bnode_options\b|\bld_preload\b|\bld_library_path\b|\bdyld_|\bbash_env\b|\bgit_ssh|\bgit_proxy|\bgit_external|\bgit_askpass|\bpythonstartup\b|\bprompt_command\b|shell_prefix\b|_index_url\b|\buv_default_index\b|\bnpm_config_registry\b|custom_headers\b|\bperl5opt\b|\brubyopt\b".into(), RUNS),
        (r"\bid_(?:rsa|dsa|ecdsa|ed25519)\b|\bauthorized_keys\b|\bknown_hosts\b|\.ssh\b|\.aws\b|\.gnupg\b|\.netrc\b|\.pypirc\b|\.kube\b|\.git-credentials\b|/etc/|\bseed phrase\b|\bwallet\b".into(), LEAK),
        (r"\bdefaultmode\b.{0,16}\b(?:acceptedits|auto|bypass|dontask)|\b(?:add|put|place|includ|list|append|insert|write|move)(?:e|ing|s)?\b(?: [^ ]+){0,6} (?:to|in|into|on|under) (?:the |your |its )?(?:permissions\.allow|allow ?-?list|allow rules|autoapprove|trusted)|\b(?:no|without|unlimited|unrestricted|unbounded) (?:any )?(?:limits?|restrictions?|bounds)\b|\b(?:wildcard|blanket) (?:permissions?|rules?|approvals?)\b|\b(?:give|hand|grant)\b(?: [a-z]+){0,3} all (?:tools|permissions)\b|^trust \b|\b(?:press|answer|type|say|reply|hit|choose|select|click|accept|confirm)\b.{0,24}\b(?:every|all|any|each) (?:[a-z]+ )?(?:prompts?|questions?|dialogs?)\b".into(), AWAY),
        (format!(r"\b{GUARDS}(?: [a-z]+){{0,2}} (?:is|are|was|were|became|become) (?:now |all |mostly |often |usually )?(?:obsolete|outdated|superfluous|useless|unnecessary|redundant|pointless|needless|a hindrance|in the way)\b|\b(?:outside|out|free) (?:of )?(?:the |any |a |its )?sandbox\b|\bwithout (?:the |any |a |its )?sandbox\b|\b(?:escape|leave|exit|break out of) (?:the |its |a )?sandbox\b|\bunconfined\b"), AWAY),
        (r"\bmerg(?:e|es|ing)\b(?: [a-z]+){0,3} (?:requests?|prs?) (?:by|from|of) (?:tidings|bots?|this program|the program)\b|\bmerg(?:e|ing)\b.{0,24}\b(?:yourself|by itself|right away|at once|unread|unseen|blindly)\b|\b(?:need not|needn ?t|neednt|do not|dont|don ?t|never) (?:be involved|look|watch|see|read|check|verify|intervene|wait)\b|\bbefore (?:anyone|anybody|somebody|someone|a person|the person|people|the user) (?:looks?|sees?|reads?|notices?|can|reviews?|asks?)\b|\b(?:even if|regardless of whether|whether or not|although)\b.{0,30}\b(?:fail|denied|deny|refus|object|disagree|forbid|forbidden|declin)".into(), HIDE),
        // The same in other words that are common.
        (r"\b(?:no|without|fewer|zero|skip|skipping|avoid|avoiding|free of|stop|stops|kill) (?:any )?(?:permission )?prompts?\b|\bprompts? (?:only |just |merely )?(?:slow|interrupt|annoy|block|get in|are a nuisance)|\bmost permissive\b|\bnothing (?:stops|asks|prompts|interrupts)\b|\b(?:use|make|set|prefer|choose|default)\b.{0,40}\bacceptedits\b|\bacceptedits\b.{0,40}\b(?:default|best|always|everything|all)\b|\blist of tools that\b|\ballowed ?tools\b.{0,30}\bso that\b|\b(?:is|are) (?:perfectly|completely|always|entirely|totally) safe\b|\brun everything\b".into(), AWAY),
        (r"\b(?:add|give|grant|invite|make)\b.{0,40}\b(?:write access|collaborator|admin|owner rights)\b|\badmin account\b|\b(?:to|should|must|please|and|then) downgrade\b|^downgrade\b|\b(?:stay|remain|keep|pin)(?: [a-z]+)? (?:on|at|to) (?:an? )?(?:old|older|earlier|previous|version)|\b(?:do not|dont|never|stop) (?:update|updating|upgrade|upgrading)\b|\bupdates? off\b|\bauto ?-?updates?\b.{0,12}\b(?:false|off|never)\b|\bolder versions? (?:is|are)\b|\bcleanupperioddays (?:set )?to [0-9]\b".into(), AWAY),
        (r"\b(?:delete|remove|comment out|disable|mute|weaken|loosen|skip)\b(?: [a-z]+){0,2} (?:tests|assertions?|asserts|ci)\b|\bmerge (?:before|without waiting|anyway)|\b(?:trust_remote_code|allow_pickle|pickle\.loads?|weights_only|os\.system|yaml\.load)\b|\bshell ?= ?true\b|\beval\(\)|\bverify\b.{0,8}\b(?:false|off)\b|\bhost network(?:ing)?\b|\ball capabilities\b|\bdocker group\b|\broot folder\b|\bumask\b|\bwrit(?:e)?able (?:for|by|to)\b|\bssh logins?\b|\bopen (?:the |all )?ports\b|\bself-signed\b.{0,24}\b(?:accept|trust|fine|ok)\b|\bhttp where https\b".into(), AWAY),
        (r"\b(?:the|a|our|your) relay\b|\brelay host\b|\b(?:route|tunnel|redirect|forward|send)\b.{0,24}\b(?:requests?|traffic|calls)\b.{0,20}\b(?:through|via|to)\b|\bas (?:a |the )?proxy\b|\b(?:paste|copy)\b.{0,40}\binto (?:your|the|a) (?:shell|terminal|console|prompt)\b|\bfollow (?:the|its|their|all|every|each) (?:[a-z]+ )?(?:steps?|links?|results?|guide|page|post)\b|\bcarry(?:ing)? (?:it|them|these|those) out\b|\bcarry(?:ing)? out (?:its|the|their) (?:steps|tasks?|orders?)\b|\bscript that (?:comes|came|is (?:in|on|at))\b|\b(?:get|fetch|grab|take|pull|load|obtain|have)\b.{0,30} (?:with|via|from|using|by|through) (?:npm|pip|pypi|uv|cargo|brew|apt|conda|the registry|a registry|github|the web|the internet)\b|\b(?:use|run|ask) (?:npm|pip|uv|cargo|brew|conda|apt) to (?:get|fetch|pull|obtain|load|add|bring)\b|\bis on (?:npm|pypi|crates|github)\b|\bvia (?:npm|pip|uv|brew|cargo)\b".into(), RUNS),
        (r"\b(?:translate|decode|decrypt|unscramble|rot13)\b.{0,30}\b(?:base64|rot13|hex|and|then|it)\b|\brot13\b|\bevery (?:second|third|other|nth|fourth) (?:word|letter|line)\b|\b(?:this|the next|the following|next) (?:entry|advice|lesson|list entry|section)\b|\breviewers? (?:should|must|can|may|need)\b|\bagents? (?:reading|who read|that read|who see)\b|\bas an agent\b|\bmandatory\b|\binstructions? of (?:the )?(?:user|person|page|file|owner)\b|\btreat\b.{0,40}\bas (?:an? |the )?(?:instructions?|orders?|commands?)\b|\bhand(?:ing)? (?:it|them|this|that) over\b|\bif you are an? (?:ai|agent|assistant|model)\b".into(), OBEY),
        (r"\b(?:nobody|no one|no-one|none)\b (?:else )?(?:(?:has|have|needs?|must|should|will|would|may|can|is) ?(?:to )?)?(?:knows?|learns?|sees?|notices?|hears?|finds? out|be told|asks?|looks?)\b|\btell (?:nobody|no one)\b|\breport nothing\b|\bnothing to (?:tell|report|mention|say)\b|\bno trace\b|\bleft out of (?:the )?(?:summary|report|log)|\b(?:out of|from) the summary\b|^(?:remove|clear|delete|wipe|empty)\b.{0,24}\b(?:transcripts?|history|logs?)\b|\bpublic (?:issue|repository|repo|bucket)\b".into(), HIDE),
        // Hidden from the person.
        (r"\b(?:do not|dont|don t|never|not to|no need to|needn ?t|without|avoid|stop|refrain from|rather than|instead of|not worth|no reason to|unnecessary to|skip|cannot|shouldn ?t|mustn ?t|should not|must not|need not|has no need to)\b(?: [a-z-]+){0,3}? (?:tell(?:ing)?|mention(?:ing|s)?|inform(?:ing)?|notify(?:ing)?|disclos(?:e|ing)|reveal(?:ing)?|report(?:ing)?|show(?:ing)? (?:it|this|that|them|the (?:user|person|diff|change))|log(?:ging)?|announc(?:e|ing)|explain(?:ing)?|ask(?:ing)?|confirm(?:ing|ation)?|consent(?:ing)?|approval|permission|warn(?:ing)?|alert(?:ing)?|consult(?:ing)?|check(?:ing)? with|document(?:ing)?|discuss(?:ing)?|surfac(?:e|ing)|bring(?:ing)? up|say(?:ing)?|bother(?:ing)?)\b|\b(?:without|no|skip) (?:[a-z-]+ )?(?:reviews?|reviewing|looking|reading (?:it|them|the diff)|oversight|humans? (?:in|oversight|review|approval|check))\b".into(), HIDE),
        (r"\b(?:secretly|covertly|stealthily|discreetly|surreptitiously|unnoticed|behind .{0,20} back|under the radar|keep (?:it|this|that|them) (?:to yourself|quiet|private|secret|hidden|between)|in secret)\b|\b(?:silently|quietly) (?:run|install|send|upload|execute|push|commit|delete|approve|accept|add|include|change|replace|enable|disable|download|remove|apply|continue|proceed)\b|\b(?:hide|conceal|withhold|mask|obscure|leave .{0,20} out|omit|strip|erase|scrub)\b.{0,40}\b(?:from|of) (?:the |your |any )?(?:user|person|people|human|reviewer|maintainer|owner|log|logs|history|diff|transcript|report|summary|output|description|commit)".into(), HIDE),
        (r"\b(?:the )?(?:user|owner|reviewer|maintainer|person|human|operator|people|team|admin|lab|everybody|everyone)s? (?:(?:already |always |has |have |had |would |will |does |do |need |needs |should |must |wont |don t |doesn t |dont |doesnt |not |never )+(?:approv|agree|consent|authori[sz]|notice|mind|know|see|hear|care|be told|be asked)|(?:approved|agreed|consented|authori[sz]ed) (?:this|it|that|these|the|all|every|to)|gave permission|given permission|expects you|wants you|need not|know about|needs? to know|see this|be told|be asked)".into(), HIDE),
        // To the model.
        (r"\b(?:ignor(?:e|ing)|disregard(?:ing)?|forget(?:ting)?|overrid(?:e|es|ing)|overrul(?:e|es|ing)|discard(?:ing)?|supersed(?:e|es|ing)|set(?:ting)? aside|overlook(?:ing)?|pay no attention to|takes? precedence over|outranks?|replac(?:e|es|ing)|disobey(?:ing)?|violat(?:e|ing)|break)\b(?: (?:the|any|all|of|your|every|each|its|whatever|previous|prior|earlier|above|preceding|existing|other|these|those|system|safety|project|projects|user|users|former|past|s|conflicting|contrary|local|default))* (?:instructions?|rules?|guidance|guidelines?|directives?|prompts?|messages?|polic(?:y|ies)|constraints?|orders?|requests?|wishes|claude\.md|agents\.md|context|conversation|above|everything|anything|other advice|advice)\b".into(), OBEY),
        (r"\b(?:human|assistant|system|user|developer) ?: |system-?reminder|\bnew instructions?\b|\bfrom now on\b|\bjailbreak|\bpretend\b|\bact as (?:a|an|if|the)\b|\byou are (?:now|a|an|no longer|free|allowed|authori[sz]ed)\b|\byour (?:new )?(?:role|goal|mission|instructions?|true|real|primary|first task|only)\b|\bas an ai\b|\bobey\b|\bultrathink\b|\bmegathink\b|\bthink(?:ing)? out loud and\b|\bdeveloper mode\b|\bprompt injection is\b|\bcomply\b|\bfollow (?:these|those|the|any|all|every)(?: [a-z]+){0,3} instructions?\b|\binstructions? (?:in|on|at|from|above|below|found|given|here)\b|\bdo (?:as|what|whatever) (?:it|the|that|this|they|you)\b|\bexecute (?:it|this|that|them|the (?:code|commands?|instructions?))\b".into(), OBEY),
        (r"^(?:important|urgent|attention|mandatory|note to (?:the )?(?:model|agent|assistant|claude)|dear (?:model|agent|assistant|claude))\b|\b(?:agents?|assistants?|models?|claude|codex) (?:must|shall|should always|has to|have to|is required to|are required to)\b|\bas (?:the|your) (?:first|very first) (?:step|action|thing)\b|\bbefore (?:anything|everything|any other|you (?:do|answer|reply|read|start|begin))\b|\bno matter what\b|\bwhatever the (?:user|person)\b".into(), OBEY),
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
        // Told to do so; that a release added, mended or read it may be told.
        (format!(r"{TOLD}(?:set|use|export|put|store|point|add|define|configure|write|keep|change|fill|pass|save|paste)\b[^.;]{{0,60}}\b(?:[a-z0-9]+_)*(?:base_url|api_base|api_key|auth_token|access_token|oauth_token|proxy|ssh_command|ld_preload|node_options|pythonpath|bash_env|custom_headers|apikeyhelper|awsauthrefresh)\b"), LEADS),
        (format!(r"{TOLD}(?:disable|turn off|switch off|unset|remove|drop|clear|delete)\b[^.;]{{0,40}}\b(?:disable[a-z]+|that)\b"), AWAY),
        (format!(r"{TOLD}(?:use|run|type|call|try|add|invoke|accept)\b[^.;]{{0,20}}\b(?:mcp add(?:-json)?|mcp login|plugin install|plugin marketplace add|plugin enable)\b"), RUNS),
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
    const FILLING: [&str; 74] = [
        "scripts",
        "cant",
        "cannot",
        "wont",
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

/// Code that is called a package, a plugin or a server is one that was reviewed.
fn check_named(text: &str, allowed: &Allowed) -> Result<(), String> {
    static NAMED: LazyLock<Regex> = LazyLock::new(|| {
        const THING: &str = r"(?:npm |pypi |python |mcp |claude |codex |vs code |browser )?(?:package|plugin|extension|server|library|crate|marketplace|registry|connector|dependency|installer|proxy|mirror|index)";
        Regex::new(&format!(r"(?i)`([A-Za-z0-9@/_.-]+)` {THING}\b|\b{THING} (?:called |named )?`([A-Za-z0-9@/_.-]+)`|\b(?:add|put|pull|bring|take)\b[^.;]{{0,12}}[ `]([a-z0-9@/_-]+-[a-z0-9]+)`? (?:to|into|in|as) (?:your |the |its |a |all |dev ?)*(?:dependenc|requirements|package\.json|pyproject|cargo\.toml|devdependenc)")).expect("a literal")
    });
    // What belongs to the harness, and is no package.
    const OURS: [&str; 14] = [
        "archive",
        "git",
        "github",
        "url",
        "directory",
        "settings",
        "mcp",
        "stdio",
        "http",
        "sse",
        "lsp",
        "remote",
        "local",
        "workspace",
    ];
    for found in NAMED.captures_iter(text) {
        let name = found.iter().skip(1).flatten().next().map_or("", |name| name.as_str());
        let is_code = name.contains(['(', '/']) && !name.contains('@')
            || name.contains(char::is_uppercase)
            || name.starts_with('.')
            || name.contains('_');
        if !is_code && !OURS.contains(&name) && !allowed.has_package(name) {
            return Err(format!("{} names what nobody reviewed", quoted(name)));
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
        if random || mixed || hexadecimal || number || padded || piece.len() > 45 || (piece.len() > 26 && !upper) {
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
