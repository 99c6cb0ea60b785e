//! Secrets leave a text, and nothing else does.

use std::collections::BTreeSet;

use proptest::prelude::*;
use regex::Regex;
use tidings::config::Mistake;
use tidings::guard::scrub::{Rules, Scrubber, Scrubbing};

use crate::support::made_up::{contexts, fill, shipped};

fn scrubber() -> &'static Scrubber {
    static SCRUBBER: std::sync::OnceLock<Scrubber> = std::sync::OnceLock::new();
    SCRUBBER.get_or_init(|| Scrubber::new(Rules::shipped(), [1; 32]))
}

fn scrub(text: &str) -> String {
    scrubber().scrub(text).text.into_string()
}

/// A lab's rules, nothing of which is passed over.
fn lab(rules: &str) -> Rules {
    let (rules, notes) = Rules::read("gitleaks.toml", rules).unwrap_or_else(|mistakes| panic!("{mistakes:?}"));
    assert!(notes.is_empty(), "{notes:?}");
    rules
}

/// Line and first words of each.
fn told(mistakes: &[Mistake]) -> Vec<(usize, &str)> {
    assert!(mistakes.iter().all(|mistake| mistake.file == "gitleaks.toml" && !mistake.remedy.is_empty()));
    mistakes.iter().map(|mistake| (mistake.line, mistake.message.split(':').next().unwrap())).collect()
}

fn by(rules: &str) -> Scrubber {
    Scrubber::new(lab(rules), [1; 32])
}

/// The pieces of a scrubbed text between its marks.
fn pieces(scrubbed: &str) -> Vec<String> {
    let mark = Regex::new(r"\[redacted:[A-Za-z0-9._-]+:[0-9a-f]{8}\]").unwrap();
    mark.split(scrubbed).map(str::to_owned).collect()
}

/// A token of GitHub's documented form, put together here so that none lies in a file.
fn token(seed: u64) -> String {
    fill("ghp_⟨A36⟩", seed).text
}

#[test]
fn every_rule_finds_its_examples_and_touches_only_the_secret() {
    let mut wrong = Vec::new();
    for rule in shipped() {
        for (number, template) in rule.is.iter().enumerate() {
            let example = fill(template, 100 + number as u64);
            let scrubbed = scrub(&example.text);
            let (mut around, mut rest) = (Vec::new(), example.text.as_str());
            for secret in &example.secrets {
                let (before, after) = rest.split_once(secret.as_str()).unwrap();
                around.push(before);
                rest = after;
            }
            around.push(rest);
            if pieces(&scrubbed) != around {
                wrong.push(format!("{}: {} became {scrubbed}", rule.id, example.text));
            }
        }
        for template in &rule.is_not {
            let text = fill(template, 7).text;
            let scrubbed = scrub(&text);
            if scrubbed != text {
                wrong.push(format!("{}: {text} is none, and became {scrubbed}", rule.id));
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_rule_says_where_its_form_is_documented_and_shows_both_sides() {
    let rules = shipped();
    let ids: BTreeSet<&str> = rules.iter().map(|rule| rule.id.as_str()).collect();
    assert_eq!(ids.len(), rules.len(), "no id is given twice");
    assert_eq!(rules.len(), Rules::shipped().len());
    for rule in &rules {
        assert!(rule.source.starts_with("https://"), "{}: {}", rule.id, rule.source);
        assert!(!rule.is.is_empty() && !rule.is_not.is_empty(), "{} shows what it is and what it is not", rule.id);
    }
}

#[test]
fn every_shipped_rule_compiles_under_the_eyes_of_a_lab_too() {
    let rules = lab(include_str!("../../src/guard/scrub/rules.toml"));
    assert_eq!(rules.ids().collect::<Vec<_>>(), Rules::shipped().ids().collect::<Vec<_>>());
}

#[test]
fn a_token_is_found_wherever_people_put_it_and_its_neighbours_stay() {
    for template in
        ["ghp_⟨A36⟩", "sk-ant-api03-⟨u93⟩AA", "AKIA⟨t16⟩", "hf_⟨L34⟩", "xoxb-⟨d12⟩-⟨d12⟩-⟨A24⟩", "sk_live_⟨A24⟩"]
    {
        for seed in 0..5 {
            let secret = fill(template, seed).text;
            for (context, text) in contexts(&secret) {
                let scrubbed = scrub(&text);
                let around: Vec<&str> = text.split(secret.as_str()).collect();
                assert_eq!(pieces(&scrubbed), around, "{template}, {context}: {scrubbed}");
            }
        }
    }
}

#[test]
fn a_secret_is_the_same_word_everywhere_and_another_word_in_another_home() {
    let (one, two) = (token(1), token(2));
    let text = format!("first {one}, then {two}; later \"{one}\"");
    let Scrubbing { text: scrubbed, counts } = scrubber().scrub(&text);
    let mark = Regex::new(r"\[redacted:github-token:([0-9a-f]{8})\]").unwrap();
    let words: Vec<&str> = mark.find_iter(scrubbed.as_str()).map(|found| found.as_str()).collect();
    assert_eq!(words.len(), 3, "{}", scrubbed.as_str());
    assert_eq!(words[0], words[2]);
    assert_ne!(words[0], words[1]);
    assert_eq!(counts.into_iter().collect::<Vec<_>>(), [("github-token".to_owned(), 3)]);
    assert_eq!(scrubbed, scrubber().scrub(&text).text);

    let elsewhere = Scrubber::new(Rules::shipped(), [2; 32]).scrub(&text).text;
    assert_eq!(pieces(elsewhere.as_str()), pieces(scrubbed.as_str()));
    assert!(!elsewhere.as_str().contains(words[0]));
}

#[test]
fn a_mark_is_the_beginning_of_the_secrets_hmac() {
    use hmac::{Hmac, Mac};
    let secret = token(3);
    let mut hmac = Hmac::<sha2::Sha256>::new_from_slice(&[1; 32]).unwrap();
    hmac.update(secret.as_bytes());
    let digest: String = hmac.finalize().into_bytes().iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(scrub(&secret), format!("[redacted:github-token:{digest}]"));
}

#[test]
fn identifiers_survive_alone_and_in_sentences() {
    let identifiers = [
        "⟨uuid⟩",
        "msg_01⟨A22⟩",
        "toolu_01⟨A22⟩",
        "req_011C⟨A20⟩",
        "⟨h40⟩",
        "⟨h32⟩",
        "⟨h7⟩",
        "sha256:⟨h64⟩",
        "sha256-⟨b43⟩=",
        "sha512-⟨b86⟩==",
        "h1:⟨b43⟩=",
        "lab@sha256:⟨h64⟩",
        "/home/ann/lab/.worktrees/3/src/guard/mod.rs-743-",
        "https://github.com/owner/name/blob/⟨h40⟩/src/lib.rs#L10-L20",
        "https://lab.example/items/⟨uuid⟩?page=2&sort=up",
        "git@github.com:owner/name.git",
        "source-insecure-skip-tls-verify",
        "go@1.24.13",
        "2026-11-21T17:36:14Z",
        "E0308",
        "next_page_token",
        "load_secret_key_from_environment",
    ];
    for template in identifiers {
        let identifier = fill(template, 11).text;
        for text in [
            identifier.clone(),
            format!("It was {identifier} that failed."),
            format!("id={identifier}"),
            format!("{{\"id\":\"{identifier}\",\"session\":\"{identifier}\"}}"),
            format!("commit {identifier}\nAuthor: Ann"),
        ] {
            assert_eq!(scrub(&text), text);
        }
    }
}

#[test]
fn placeholders_and_documented_examples_survive() {
    for text in [
        "export ANTHROPIC_API_KEY=sk-ant-...",
        "ANTHROPIC_API_KEY=sk-ant-api03-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        "Authorization: Bearer <TOKEN>",
        "curl -H \"Authorization: Bearer $GITHUB_TOKEN\" https://api.github.com",
        "const key = process.env.OPENAI_API_KEY;",
        "api_key = os.environ[\"OPENAI_API_KEY\"]",
        "GITHUB_TOKEN: ${{ secrets.GITHUB_TOKEN }}",
        "password = \"${DB_PASSWORD}\"",
        "postgres://user:password@localhost:5432/lab",
        "postgres://$USER:$PASSWORD@localhost/lab",
        "AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE",
        "AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        "token: xxxxxxxxxxxxxxxxxxxxxxxx",
        "the token, which is long, and the secret: keep it",
        "fn password(&self) -> Option<&str> { self.password.as_deref() }",
        "let token = self.tokens.next_token()?;",
        "if token == TokenKind::Identifier { return Err(UnexpectedToken); }",
        "max_tokens=4096, total_tokens: 128000",
    ] {
        assert_eq!(scrub(text), text);
    }
}

#[test]
fn names_made_of_words_survive_where_a_secret_could_stand() {
    for name in [
        "V2LabTokenProjection",
        "X25519_PRIVATE_KEY_TYPE",
        "kLabEd25519SigningKey",
        "parseTimeOfDayWindowV1Alpha",
        "Proxy-Authorization",
        "lab/parsers/v2/TokenReader",
    ] {
        for text in [
            format!("private_key: {name},"),
            format!("api_key = \"{name}\""),
            format!("headers: Authorization, {name}, Accept"),
            format!("CLOUDFLARE_API_TOKEN={name}"),
        ] {
            assert_eq!(scrub(&text), text);
        }
    }
    for text in ["password: CFLabStringRef;", "pub passphrase: ::lab::core::WideStringPointer,"] {
        assert_eq!(scrub(text), text);
    }
    // A name in JSON stands behind the text before it, and its value behind it.
    let text = format!(r#"{{"a1":"renew the token","{}":"another"}}"#, fill("⟨A12⟩", 1).text);
    assert_eq!(scrub(&text), text);
}

#[test]
fn a_secret_with_words_around_it_or_made_of_words_as_a_passphrase_goes() {
    for template in [
        "API_KEY=prod-account-⟨a20⟩",
        "DB_PASSWORD=correct-horse-7-battery",
        "password: \"SummerHoliday-2024\"",
        "postgres://lab:SummerHoliday@db.lab.example/lab",
        "curl -u lab:SummerHoliday https://lab.example",
        "postgres://lab:laboratory@db.lab.example/lab",
    ] {
        let text = fill(template, 2).text;
        assert_eq!(scrubber().scrub(&text).counts.values().sum::<u64>(), 1, "{text}");
    }
}

#[test]
fn what_stands_where_a_secret_would_stand_survives() {
    for place in [
        "abc123def456ghi789jkl012mno345pqr678",
        "aaaabbbbccccdddd1111222233334444",
        "my-api-token",
        "personal_access_token",
        "PASSWORD1",
        "YourSecretHere",
        "p4ssw0rd",
        "replace-me",
    ] {
        for text in [
            format!("SESSION_SECRET={place}"),
            format!("curl -H 'X-Api-Key: {place}' https://lab.example"),
            format!("{{\"token\": \"{place}\"}}"),
            format!("Authorization: Bearer {place}"),
        ] {
            assert_eq!(scrub(&text), text);
        }
    }
    for text in [
        "ghp_abc123def456ghi789jkl012mno345pqr678",
        "postgres://postgres:postgres@localhost/lab",
        "curl -u \"ann:ann\" https://lab.example",
        "machine git.lab.example login ann password password",
        "AWS_SECRET_ACCESS_KEY=abcdefghij0123456789abcdefghij0123456789",
    ] {
        assert_eq!(scrub(text), text);
    }
}

#[test]
fn blobs_in_base64_stay_whole_and_a_token_alone_beside_them_goes() {
    let inside = token(4).replace('_', "");
    let blob = fill("⟨b3000⟩", 1).text;
    let key = fill("AKIA⟨t16⟩", 2).text;
    let text = format!("{blob}/{key}/{blob} {blob}+{inside}+{blob}");
    assert_eq!(scrub(&text), text, "part of a blob");
    let text = format!("data:image/png;base64,{blob}== {key} {blob}");
    assert_eq!(pieces(&scrub(&text)), text.split(key.as_str()).collect::<Vec<_>>());
}

#[test]
fn a_private_key_goes_whole_cut_off_or_escaped_and_the_text_after_it_stays() {
    let line = |seed| fill("⟨b64⟩", seed).text;
    for kind in ["RSA ", "EC ", "OPENSSH ", "ENCRYPTED ", ""] {
        let whole = format!(
            "-----BEGIN {kind}PRIVATE KEY-----\n{}\n{}\nabCd==\n-----END {kind}PRIVATE KEY-----",
            line(1),
            line(2)
        );
        assert_eq!(pieces(&scrub(&format!("before\n{whole}\nafter it"))), ["before\n", "\nafter it"]);
        let escaped = whole.replace('\n', "\\n");
        let text = format!("{{\"private_key\":\"{escaped}\",\"client\":\"lab\"}}");
        assert_eq!(pieces(&scrub(&text)), ["{\"private_key\":\"", "\",\"client\":\"lab\"}"]);
        let cut = whole.split("abCd").next().unwrap().trim_end();
        assert_eq!(pieces(&scrub(&format!("{cut}\n[output was cut]"))), ["", "\n[output was cut]"]);
        let spaced = whole.replace('\n', "\r\n    ");
        assert_eq!(pieces(&scrub(&format!("key: |\n    {spaced}\nnext: 1"))), ["key: |\n    ", "\nnext: 1"]);
    }
    let header = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,0123\n\n";
    let text = format!("{header}{}\n-----END RSA PRIVATE KEY-----", line(3));
    assert_eq!(pieces(&scrub(&text)), ["", ""]);
    let code = "if text.contains(\"-----BEGIN PRIVATE KEY-----\") { read(text) } // until -----END PRIVATE KEY-----";
    assert_eq!(scrub(code), code);
}

#[test]
fn encoding_hides_nothing() {
    let escaped = |text: &str| serde_json::to_string(text).unwrap();
    let line = |seed| fill("⟨b64⟩", seed).text;
    let password = fill("⟨A18⟩", 12).text;
    let key = fill("⟨A40⟩", 13).text;
    let pem = format!("-----BEGIN EC PRIVATE KEY-----\n{}\n{}\n-----END EC PRIVATE KEY-----\n", line(1), line(2));
    for (text, secrets) in [
        (pem.clone(), vec![line(1), line(2)]),
        (format!("lab:\n  key: |\n    {}", pem.replace('\n', "\n    ")), vec![line(1), line(2)]),
        (format!("DB_PASSWORD=\"{password}\"\nAPI_KEY='{key}'\n"), vec![password.clone(), key.clone()]),
        (format!("{{\"password\": \"{password}\", \"api_key\": \"{key}\"}}"), vec![password.clone(), key.clone()]),
        (format!("curl -H \"Authorization: Bearer {key}\" https://lab.example"), vec![key.clone()]),
        (format!("postgres://svc:{password}@db.lab.example:5432/lab\n"), vec![password.clone()]),
        (token(14), vec![token(14)]),
    ] {
        let once = escaped(&text);
        let slashes = once.replace('/', "\\/");
        let quotes = once.replace("\\\"", "\\u0022");
        for encoded in [escaped(&once), escaped(&escaped(&once)), text, once, slashes, quotes] {
            let scrubbed = scrub(&encoded);
            for secret in &secrets {
                for spelling in [secret.clone(), secret.replace('/', "\\/")] {
                    let left = (0..=spelling.len() - 12).find(|at| scrubbed.contains(&spelling[*at..at + 12]));
                    assert_eq!(left, None, "{encoded} became {scrubbed}");
                }
            }
        }
    }
}

#[test]
fn a_password_in_an_address_goes_however_it_is_written() {
    let password = fill("⟨A10⟩", 15).text;
    for text in [
        format!("postgres://svc:p%40{password}%2F@db.lab.example/lab"),
        format!("postgres%3A%2F%2Fsvc%3A{password}%40db.lab.example%2Flab"),
        format!("https://lab.example/?next=postgres%3a%2f%2fsvc%3a{password}%40db.lab.example%2flab"),
        format!("https:\\/\\/svc:{password}@db.lab.example\\/lab"),
        format!("https:\\u002f\\u002fsvc:{password}@db.lab.example"),
    ] {
        let scrubbed = scrub(&text);
        assert!(!scrubbed.contains(&password) && scrubbed.contains("svc") && scrubbed.contains("db.lab"), "{scrubbed}");
    }
}

#[test]
fn of_an_address_only_the_password_goes() {
    let password = fill("⟨A18⟩", 5).text;
    for (before, after) in [
        ("postgres://svc:", "@db.lab.example:5432/lab"),
        ("https://ann:", "@git.lab.example/name.git"),
        ("redis://:", "@cache:6379/0"),
        ("see amqp://u:", "@[::1]:5672/, please"),
    ] {
        let scrubbed = scrub(&format!("{before}{password}@x{after}"));
        assert_eq!(pieces(&scrubbed), [before, after], "an @ in the password is part of it");
        assert_eq!(pieces(&scrub(&format!("{before}{password}{after}"))), [before, after]);
    }
}

#[test]
fn marks_are_left_alone_and_what_stands_beside_them_is_still_seen() {
    let secret = token(6);
    let once = scrub(&format!("GITHUB_TOKEN={secret}"));
    assert_eq!(scrub(&once), once);
    let beside = format!("{once} {secret} password=\"{once}\"");
    assert_eq!(pieces(&scrub(&beside)).len(), 4);
    let false_mark = format!("[redacted:no mark] {secret} [redacted:x:zzzzzzzz]");
    assert!(!scrub(&false_mark).contains(&secret));
}

#[test]
fn a_colour_of_a_terminal_or_an_escape_before_a_token_hides_nothing() {
    let secret = token(7);
    for before in ["\u{1b}[32m", "\\u001b[1;32m", "\\n", "\\t", "%3D", "\\u0022", "\u{4e2d}", "é"] {
        let scrubbed = scrub(&format!("{before}{secret}\u{1b}[0m"));
        assert_eq!(pieces(&scrubbed), [before, "\u{1b}[0m"]);
    }
    let part_of_a_word = format!("my{secret}");
    assert_eq!(scrub(&part_of_a_word), part_of_a_word);
}

#[test]
fn a_long_row_of_beginnings_is_walked_once() {
    for beginning in [
        "eyJ",
        "token=",
        "key:",
        "://a:",
        "-----BEGIN PRIVATE KEY-----",
        "sk-",
        "password: \"",
        "Authorization: Bearer ",
        "cookie: a=",
        "curl -u ",
        "[redacted:",
    ] {
        let text = beginning.repeat(100_000 / beginning.len());
        assert_eq!(scrubber().scrub(&text).text.as_str().len(), text.len(), "{beginning}");
    }
}

#[test]
fn every_mistake_in_a_labs_rules_is_named_with_its_line_and_then_there_are_no_rules() {
    let text = r#"title = "ours"
[extend]
path = "common.toml"

[[rules]]
id = "lab-badge"
regex = '''badge-([0-9]{6})'''
keywords = ["BADGE-"]

[[rules]]
id = "broken"
regex = '''(unclosed'''

[[rules]]
id = "not / an id"
regex = "a"

[[rules]]
id = "group"
regex = "a(b)"
secretGroup = 3

[[rules]]
id = "empty"

[[rules]]
id = "lab-badge"
regex = "b"
entropy = "high"
[[rules.allowlists]]
condition = "XOR"
regexTarget = "word"
regexes = ["b"]

[allowlist]
regexes = ["[", "^000000$"]
"#;
    let mistakes = Rules::read("gitleaks.toml", text).unwrap_err();
    assert_eq!(
        told(&mistakes),
        [
            (3, "`path` of [extend] is not followed, so rules would be missing"),
            (12, "rule `broken`"),
            (15, "the id `not / an id` can't stand in a text"),
            (20, "rule `group`"),
            (23, "rule `empty` has no `regex`"),
            (26, "the id `lab-badge` is given twice"),
            (29, "`entropy` should be a number"),
            (31, "`condition` is no `XOR`"),
            (32, "`regexTarget` is no `word`"),
            (36, "an allowed expression"),
        ]
    );
    assert!(Rules::read("gitleaks.toml", "title = 3\n[[rules").is_err());
    assert!(Rules::read("gitleaks.toml", "title = \"ours\"\n").is_err(), "who names a file expects rules of it");
}

#[test]
fn what_a_transcript_has_not_is_passed_over_with_a_word() {
    let text = r#"[extend]
useDefault = true
disabledRules = ["github-tokens"]

[[rules]]
id = "lab-badge"
regex = '''badge-([0-9]{6})'''
path = '''\.env$'''

[[rules]]
id = "by-path"
path = '''\.pem$'''

[[rules]]
id = "in-two-parts"
regex = "part-[0-9]{6}"
skipReport = true

[allowlist]
regexes = ["^000000$"]
paths = ["vendor/"]
commits = ["0123456"]

[[allowlists]]
condition = "AND"
paths = ["vendor/"]
regexes = ["^123456$"]
"#;
    let (rules, notes) = Rules::read("gitleaks.toml", text).unwrap();
    assert_eq!(rules.ids().collect::<Vec<_>>(), ["lab-badge", "in-two-parts"]);
    assert_eq!(
        told(&notes),
        [
            (2, "the rules that `useDefault` stands for here are those of tidings"),
            (3, "no rule of tidings is called `github-tokens`"),
            (8, "rule `lab-badge` has a `path`, which a transcript has not; it is tried on every text"),
            (12, "rule `by-path` goes by a file's path, which a transcript has not; it is left out"),
            (17, "rule `in-two-parts`"),
            (21, "`paths` of an allowlist is left out"),
            (22, "`commits` of an allowlist is left out"),
            (26, "the allowlist asks for `paths` too and is left out"),
        ]
    );
    let scrubber = Scrubber::new(rules, [1; 32]);
    assert_eq!(
        pieces(scrubber.scrub("my badge-123456, her badge-000000").text.as_str()),
        ["my badge-", ", her badge-000000"]
    );
}

#[test]
fn a_labs_rule_takes_the_place_of_ours_and_may_switch_ours_off() {
    let secret = token(9);
    let text = format!("badge-123456 {secret}");
    let counts = |rules: &str| {
        let counts = Scrubber::new(Rules::shipped().and(lab(rules)), [1; 32]).scrub(&text).counts;
        counts.into_keys().collect::<Vec<_>>()
    };
    let badge = "[[rules]]\nid = \"badge\"\nregex = 'badge-[0-9]{6}'\n";
    assert_eq!(counts(badge), ["badge", "github-token"]);
    assert_eq!(counts(&format!("[extend]\ndisabledRules = [\"github-token\"]\n{badge}")), ["badge"]);
    let instead = "[[rules]]\nid = \"github-token\"\nregex = 'badge-[0-9]{6}'\n";
    assert_eq!(counts(instead), ["github-token"]);
    let both = Rules::shipped().and(lab(instead));
    assert_eq!(both.len(), Rules::shipped().len());
    assert_eq!(Scrubber::new(both, [1; 32]).scrub(&text).counts["github-token"], 1, "the badge, and no token");
}

#[test]
fn what_a_lab_allows_holds_for_our_rules_where_it_says_so() {
    let (secret, other) = (token(10), token(11));
    let text = format!("{secret} {other} badge-123456");
    let counts = |rules: &str| {
        let (rules, _) = Rules::read("gitleaks.toml", rules).unwrap();
        Scrubber::new(Rules::shipped().and(rules), [1; 32]).scrub(&text).counts.into_iter().collect::<Vec<_>>()
    };
    let badge = "[[rules]]\nid = \"badge\"\nregex = 'badge-[0-9]{6}'\n";
    let allows = format!("regexes = ['^{secret}$', '^badge-']\n");
    let (ours, badges) = (|times| ("github-token".to_owned(), times), ("badge".to_owned(), 1));
    assert_eq!(counts(&format!("{badge}[allowlist]\n{allows}")), [ours(2)], "its own rules alone");
    assert_eq!(counts(&format!("[extend]\nuseDefault = true\n{badge}[allowlist]\n{allows}")), [ours(1)]);
    let named = format!("{badge}[[allowlists]]\ntargetRules = [\"github-token\"]\n{allows}");
    assert_eq!(counts(&named), [badges.clone(), ours(1)]);
    let added = format!("{badge}[[rules]]\nid = \"github-token\"\n[[rules.allowlists]]\n{allows}");
    assert_eq!(counts(&added), [badges, ours(1)]);
}

#[test]
fn gitleaks_words_mean_what_they_mean_there() {
    let entropy = by("[[rules]]\nid = \"e\"\nregex = 'k=(\\w{8})'\nentropy = 2.5\n");
    assert_eq!(entropy.scrub("k=aaaabbbb k=a1b2c3d4").text.as_str().matches("[redacted:e:").count(), 1);

    let group = by("[[rules]]\nid = \"g\"\nregex = '(\\w+):(\\w+)'\nsecretGroup = 2\n");
    assert_eq!(pieces(group.scrub("user:word").text.as_str()), ["user:", ""]);

    let keyword = by("[[rules]]\nid = \"k\"\nregex = '[0-9]{6}'\nkeywords = [\"pin\"]\n");
    assert_eq!(keyword.scrub("number 123456").counts.len(), 0);
    assert_eq!(keyword.scrub("PIN 123456").counts["k"], 1);

    let list = |list: &str| by(&format!("[[rules]]\nid = \"a\"\nregex = 'k=(\\w+)'\n[[rules.allowlists]]\n{list}\n"));
    assert!(list("stopwords = [\"TEST\"]").scrub("k=mytest1").counts.is_empty());
    assert_eq!(list("regexes = ['^k=']").scrub("k=x1").counts["a"], 1, "the secret alone is looked at");
    assert!(list("regexes = ['^k=']\nregexTarget = \"match\"").scrub("k=x1").counts.is_empty());
    assert!(list("regexes = ['fixture']\nregexTarget = \"line\"").scrub("k=x1 # fixture\n").counts.is_empty());
    assert_eq!(list("regexes = ['fixture']\nregexTarget = \"line\"").scrub("k=x1\nfixture").counts["a"], 1);
    let both = "condition = \"AND\"\nregexes = ['^x']\nstopwords = [\"y\"]";
    assert_eq!(list(both).scrub("k=xz").counts["a"], 1);
    assert!(list(both).scrub("k=xy").counts.is_empty());
    // RE2 reads bytes: a class takes half a character, the mark takes all of it.
    let bytes = by("[[rules]]\nid = \"b\"\nregex = 'k=(.{3})'\n");
    assert_eq!(pieces(bytes.scrub("k=aéé!").text.as_str()), ["k=", "é!"]);
}

#[test]
fn the_readmes_own_rules_are_rules() {
    let readme = include_str!("../../README.md");
    let (_, rules) = readme.split_once("```toml\n# badges.toml\n").expect("the example is there");
    let (rules, notes) = Rules::read("badges.toml", rules.split_once("```").unwrap().0).unwrap();
    assert_eq!(notes.iter().map(|note| note.line).collect::<Vec<_>>(), [2], "`useDefault` alone means something else");
    assert_eq!(rules.ids().collect::<Vec<_>>(), ["lab-badge"]);
    assert_eq!(Rules::shipped().and(rules).len(), Rules::shipped().len(), "one more, and one off");
}

#[test]
fn rules_add_up_and_their_version_tells_them_apart() {
    let badge = "[[rules]]\nid = \"badge\"\nregex = 'badge-[0-9]{6}'\n";
    let (other, off) = (badge.replace('6', "7"), format!("[extend]\ndisabledRules = [\"github-token\"]\n{badge}"));
    let allowing = format!("{badge}[[allowlists]]\ntargetRules = [\"github-token\"]\nstopwords = [\"a\"]\n");
    let (lab, other, off, allowing) = (lab(badge), lab(&other), lab(&off), lab(&allowing));
    let both = Rules::shipped().and(lab.clone());
    assert_eq!(both.len(), Rules::shipped().len() + 1);
    assert_eq!(both.version(), Rules::shipped().and(lab.clone()).version());
    let with = |rules: &Rules| Rules::shipped().and(rules.clone()).version();
    let versions: BTreeSet<String> = [&other, &off, &allowing].into_iter().map(with).collect();
    let alone = [Rules::shipped(), lab.clone(), other.clone(), both.clone()];
    let versions: BTreeSet<String> = versions.into_iter().chain(alone.iter().map(Rules::version)).collect();
    assert_eq!(versions.len(), 7);
    assert!(versions.iter().all(|version| version.len() == 12));
    let secret = token(8);
    let scrubbing = Scrubber::new(both, [1; 32]).scrub(&format!("badge-123456 {secret}"));
    assert_eq!(scrubbing.counts.keys().collect::<Vec<_>>(), ["badge", "github-token"]);
}

#[test]
fn a_scrubber_does_not_show_its_key() {
    let shown = format!("{:?}", Scrubber::new(Rules::default(), [77; 32]));
    assert!(!shown.contains("77") && !shown.contains("4d4d"), "{shown}");
}

#[test]
fn the_readme_names_only_vendors_that_a_rule_knows() {
    let readme = include_str!("../../README.md");
    let (_, section) = readme.split_once("## What is taken out of sessions").expect("the section is there");
    let list = section.split("\n\n").find(|paragraph| paragraph.trim_start().starts_with("Adobe")).expect("the list");
    let rules = include_str!("../../src/guard/scrub/rules.toml").to_lowercase();
    let vendors: Vec<String> = list
        .replace('\n', " ")
        .trim_end_matches('.')
        .split([',', ';'])
        .map(|name| name.trim().to_lowercase())
        .collect();
    assert!(vendors.len() >= 40, "{}", vendors.len());
    for vendor in vendors {
        let bare: String = vendor.chars().filter(|character| !matches!(character, ' ' | '.')).collect();
        assert!(rules.contains(&vendor) || rules.contains(&bare), "no rule knows {vendor}");
    }
}

/// Pieces that meet in odd ways: secrets, beginnings and ends of secrets, marks, quotes, escapes.
fn odd_text() -> impl Strategy<Value = String> {
    let templates: Vec<String> = shipped().into_iter().flat_map(|rule| rule.is).collect();
    let secret = (0..templates.len(), 0u64..50).prop_map(move |(number, seed)| fill(&templates[number], seed).text);
    let half = secret.clone().prop_map(|text| text.chars().take(text.chars().count() / 2).collect::<String>());
    let glue = prop::sample::select(vec![
        "",
        " ",
        "\n",
        "\"",
        "=",
        ": ",
        "_",
        "a",
        "/",
        "+",
        "\\n",
        "&",
        "@",
        "token=",
        "password: ",
        "é",
        "[redacted:",
        "[redacted:github-token:0123abcd]",
        "-----END RSA PRIVATE KEY-----",
    ]);
    let piece = prop_oneof![3 => secret, 1 => half, 6 => glue.prop_map(str::to_owned), 1 => "\\PC{0,12}"];
    prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

proptest! {
    // Unoptimised, a case takes milliseconds; the peers' program goes through thousands of texts.
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn scrubbing_twice_changes_nothing(text in odd_text()) {
        let once = scrubber().scrub(&text);
        let twice = scrubber().scrub(once.text.as_str());
        prop_assert_eq!(&once.text, &twice.text);
        prop_assert!(twice.counts.is_empty());
    }

    #[test]
    fn what_is_left_stands_in_the_text_in_its_order(text in odd_text()) {
        let scrubbing = scrubber().scrub(&text);
        let given: std::collections::BTreeSet<&str> = text.matches("[redacted:github-token:0123abcd]").collect();
        prop_assume!(given.is_empty());
        let mut rest = text.as_str();
        for piece in pieces(scrubbing.text.as_str()) {
            let at = rest.find(&piece);
            prop_assert!(at.is_some(), "{:?} is new in {:?}", piece, scrubbing.text.as_str());
            rest = &rest[at.unwrap() + piece.len()..];
        }
    }
}
