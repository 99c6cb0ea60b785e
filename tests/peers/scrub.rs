//! Measures scrubbing on labelled secrets and look-alikes, on identifiers that must survive, on made-up tokens, and in time.
//!
//! `tests/peers/run scrub FOLDER [TEXTS]`: FOLDER holds vectors.jsonl and must_survive.tsv; TEXTS holds transcripts (.jsonl), whose
//! decoded texts are timed, or if it has none, files of any text. No secret is printed, only rule names and counts; `-v` before
//! FOLDER names the misses.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

use serde::Deserialize;
use sha2::{Digest, Sha256};
use tidings::guard::scrub::{Rules, Scrubber};

#[path = "../it/support/made_up.rs"]
#[expect(dead_code, reason = "what tests ask of a rule's documentation is not measured")]
mod made_up;

/// One labelled text of the collection. `tp`: `secret` must go. `fp`: the text must stay as it is.
#[derive(Deserialize)]
struct Vector {
    rule: String,
    kind: String,
    text: String,
    secret: Option<String>,
}

/// The collection's names of rules for the vendors that the README lists, and for keys, addresses, headers and assignments.
const COVERED: &str = "1password age-secret airtable algolia alibaba anthropic artifactory asana atlassian authress aws azure \
    beamer bitbucket cisco-meraki clickhouse clojars cloudflare codecov cohere coinbase confluent contentful databricks datadog \
    defined-networking digitalocean discord doppler droneci dropbox duffel dynatrace easypost etsy facebook fastly flyio frameio \
    gcp generic github gitlab gitter gocardless grafana harness hashicorp heroku hubspot huggingface infracost intercom intra42 jfrog \
    jwt kraken kubernetes launchdarkly linear lob mailchimp mailgun mapbox mattermost maxmind messagebird microsoft netlify new-relic \
    notion npm nuget octopus okta openai openshift perplexity plaid planetscale postman prefect private-key pulumi pypi readme \
    rubygems scalingo sendbird sendgrid sendinblue sentry settlemint shippo shopify sidekiq slack snyk sonar sourcegraph square \
    stripe sumologic telegram travisci trello twilio twitch twitter typeform vault yandex zendesk curl";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let tells = arguments.first().is_some_and(|argument| argument == Path::new("-v"));
    if tells {
        arguments.remove(0);
    }
    let Some(folder) = arguments.first() else {
        eprintln!("usage: scrub [-v] FOLDER [TEXTS]");
        std::process::exit(2);
    };
    let watch = Watch::start();
    let scrubber = Scrubber::new(Rules::shipped(), [7; 32]);
    println!("{} rules, version {}, ready in {:.1} ms", scrubber.rules().len(), scrubber.rules().version(), watch.ms());

    vectors(&scrubber, &std::fs::read_to_string(folder.join("vectors.jsonl"))?, tells)?;
    survivors(&scrubber, &std::fs::read_to_string(folder.join("must_survive.tsv"))?, tells);
    made(&scrubber, tells);
    stood_in(&scrubber, tells);
    long_strings(&scrubber);
    if let Some(texts) = arguments.get(1) {
        timed(&scrubber, texts, tells)?;
    }
    Ok(())
}

/// Processor time of this thread in milliseconds, where Linux tells it, so that other work on the machine does not count; else
/// the time that went by.
struct Watch {
    wall: Instant,
    processor: Option<u64>,
}

impl Watch {
    fn start() -> Watch {
        Watch { wall: Instant::now(), processor: Watch::nanoseconds() }
    }

    fn ms(&self) -> f64 {
        match (self.processor, Watch::nanoseconds()) {
            (Some(before), Some(now)) => (now - before) as f64 / 1e6,
            _ => self.wall.elapsed().as_secs_f64() * 1e3,
        }
    }

    fn nanoseconds() -> Option<u64> {
        std::fs::read_to_string("/proc/thread-self/schedstat").ok()?.split(' ').next()?.parse().ok()
    }
}

#[derive(Default, Clone, Copy)]
struct Share {
    good: usize,
    all: usize,
}

impl Share {
    fn count(&mut self, good: bool) {
        self.good += usize::from(good);
        self.all += 1;
    }
}

impl std::fmt::Display for Share {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} of {} ({:.1} %)", self.good, self.all, 100.0 * self.good as f64 / self.all.max(1) as f64)
    }
}

fn vectors(scrubber: &Scrubber, lines: &str, tells: bool) -> serde_json::Result<()> {
    let vectors: Vec<Vector> = lines.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    let positives: Vec<&str> =
        vectors.iter().filter_map(|vector| vector.secret.as_deref().filter(|_| vector.kind == "tp")).collect();
    for half in ["one half", "the other half", "both"] {
        let (mut covered, mut every, mut kept, mut kept_but_secrets) =
            (Share::default(), Share::default(), Share::default(), Share::default());
        let mut missed: BTreeMap<&str, usize> = BTreeMap::new();
        for vector in &vectors {
            let is_first = Sha256::digest(vector.text.as_bytes())[0] < 128;
            if (half == "one half" && !is_first) || (half == "the other half" && is_first) {
                continue;
            }
            let scrubbed = scrubber.scrub(&vector.text).text.into_string();
            match (&vector.secret, vector.kind.as_str()) {
                (Some(secret), "tp") => {
                    let gone = !scrubbed.contains(secret.as_str());
                    every.count(gone);
                    let is_covered = COVERED.split_whitespace().any(|vendor| vector.rule.starts_with(vendor));
                    if is_covered {
                        covered.count(gone);
                    }
                    if !gone {
                        *missed.entry(&vector.rule).or_default() += 1;
                        if tells && half == "both" {
                            println!(
                                "    missed{} {}: {:?}",
                                if is_covered { "" } else { " (not covered)" },
                                vector.rule,
                                vector.text
                            );
                        }
                    }
                }
                _ => {
                    let stayed = scrubbed == vector.text;
                    kept.count(stayed);
                    // Some texts are a look-alike for one rule and a secret for another.
                    if !positives.iter().any(|secret| vector.text.contains(secret)) {
                        kept_but_secrets.count(stayed);
                    }
                    if tells && half == "both" && !stayed {
                        println!("    touched {}: {:.200?} -> {:.200?}", vector.rule, vector.text, scrubbed);
                    }
                }
            }
        }
        println!(
            "{half}: covered vendors {covered}; all {every}; look-alikes kept {kept}, without those that are another rule's secret {kept_but_secrets}"
        );
        if half == "both" {
            println!("  missed: {missed:?}");
        }
    }
    Ok(())
}

fn survivors(scrubber: &Scrubber, table: &str, tells: bool) {
    let mut kept = Share::default();
    for line in table.lines() {
        let Some((_, identifier)) = line.split_once('\t') else { continue };
        for text in [
            identifier.to_owned(),
            format!("We looked at {identifier} and went on."),
            format!("see `{identifier}`: it failed"),
            format!("{{\"id\":\"{identifier}\",\"path\":\"{identifier}\"}}"),
            format!("commit={identifier}\nid: {identifier}"),
        ] {
            let scrubbed = scrubber.scrub(&text).text;
            kept.count(scrubbed.as_str() == text);
            if tells && scrubbed.as_str() != text {
                println!("    did not survive: {text:?} -> {:?}", scrubbed.as_str());
            }
        }
    }
    println!("identifiers, alone and in four sentences: {kept} unchanged");
}

/// Twenty tokens of each documented form, each in ten contexts; those whose name is part of the form, in the contexts that leave it.
fn made(scrubber: &Scrubber, tells: bool) {
    let mut gone = Share::default();
    let mut by_context: BTreeMap<&str, Share> = BTreeMap::new();
    let mut missed: BTreeMap<String, usize> = BTreeMap::new();
    for rule in made_up::shipped() {
        for (number, template) in rule.is.iter().enumerate() {
            for seed in 0..20 {
                let example = made_up::fill(template, seed * 1000 + number as u64);
                for (context, text) in made_up::contexts(&example.text) {
                    if template.contains('⟪')
                        && !matches!(context, "bare line" | "JSON" | "JSON in JSON" | "Markdown" | "prose")
                    {
                        continue;
                    }
                    let scrubbed = scrubber.scrub(&text).text;
                    let is_gone = !example.secrets.iter().any(|secret| scrubbed.as_str().contains(secret.as_str()));
                    gone.count(is_gone);
                    by_context.entry(context).or_default().count(is_gone);
                    if !is_gone {
                        *missed.entry(format!("{} in {context}", rule.id)).or_default() += 1;
                        if tells && seed < 1 {
                            println!("    made, missed {}: {text:?}", rule.id);
                        }
                    }
                }
            }
        }
    }
    println!("made-up tokens: {gone} gone");
    for (context, share) in by_context {
        println!("  {context}: {share}");
    }
    println!("  missed: {missed:?}");
}

/// What people write where a secret would stand, in each documented form and in the contexts of [`made`]: nothing may go.
fn stood_in(scrubber: &Scrubber, tells: bool) {
    const NAMES: [&str; 22] = [
        "<token>",
        "$TOKEN",
        "${API_TOKEN}",
        "$(cat token)",
        "{{ token }}",
        "%TOKEN%",
        "...",
        "****************",
        "[TOKEN]",
        "YOUR_API_KEY",
        "your-token-here",
        "process.env.API_TOKEN",
        "os.environ[TOKEN]",
        "my-secret-token",
        "password",
        "TokenGoesHere",
        "PASSWORD",
        "ServiceAccountTokenOfTheTeam",
        "replace-me-with-the-real-one",
        "my_api_key_1",
        "changeme",
        "username",
    ];
    let rows = [
        "x",
        "X",
        "0",
        "*",
        "abcdefghijklmnopqrstuvwxyz",
        "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        "1234567890",
        "abcdefghijklmnopqrstuvwxyz1234567890",
        "a",
        "aaaabbbbccccdddd11112222",
    ];
    let mut kept = Share::default();
    let mut by_name: BTreeMap<String, Share> = BTreeMap::new();
    for rule in made_up::shipped() {
        for template in &rule.is {
            let names = NAMES
                .iter()
                .map(|name| (name.to_string(), false))
                .chain(rows.iter().map(|row| (row.to_string(), true)));
            for (name, is_row) in names {
                let mut text = String::new();
                let mut rest = template.as_str();
                while let Some((before, after)) = rest.split_once('⟨') {
                    let (inner, after) = after.split_once('⟩').expect("⟩ after ⟨");
                    let length = if inner == "uuid" { 36 } else { inner[1..].parse().expect("a length") };
                    text += before;
                    text.extend(name.chars().cycle().take(if is_row { length } else { name.len() }));
                    rest = after;
                }
                text = (text + rest).replace(['⟪', '⟫'], "");
                for (context, text) in made_up::contexts(&text).into_iter().take(3) {
                    let scrubbed = scrubber.scrub(&text).text;
                    let stayed = scrubbed.as_str() == text;
                    kept.count(stayed);
                    by_name.entry(name.clone()).or_default().count(stayed);
                    if !stayed && tells {
                        println!("    stood in, {} in {context}: {text:.200?} -> {:.200?}", rule.id, scrubbed.as_str());
                    }
                }
            }
        }
    }
    println!("stand-ins instead of tokens: {kept} unchanged");
    for (name, share) in by_name {
        println!("  {name:.20}: {share}");
    }
}

/// Strings of 10 MB that would show a quadratic walk: each keyword's beginnings repeated, blobs, and plain words.
fn long_strings(scrubber: &Scrubber) {
    const LENGTH: usize = 10_000_000;
    let all: String = made_up::shipped()
        .iter()
        .flat_map(|rule| rule.is.iter().map(|template| made_up::fill(template, 3).text + "\n"))
        .collect();
    let cut: String =
        all.lines().map(|line| line.chars().take(line.chars().count() * 2 / 3).collect::<String>() + " ").collect();
    let blob = made_up::fill("⟨b100000⟩", 1).text;
    for (name, piece) in [
        ("every example", all.as_str()),
        ("every example cut off", &cut),
        ("base64", &blob),
        ("token=", "token="),
        ("://a:", "://a:"),
        ("-----BEGIN PRIVATE KEY-----", "-----BEGIN PRIVATE KEY-----"),
        ("eyJ", "eyJ"),
        ("password: \"", "password: \""),
        ("curl -u ", "curl -u "),
        ("a word and another ", "a word and another "),
    ] {
        let text = piece.repeat(LENGTH.div_ceil(piece.len()));
        let watch = Watch::start();
        let taken: u64 = scrubber.scrub(&text).counts.values().sum();
        println!(
            "10 MB of {name:?}: {:.0} ms, {:.0} MB/s, {taken} taken",
            watch.ms(),
            text.len() as f64 / 1e3 / watch.ms()
        );
    }
}

/// A secret that a generator planted into the transcripts.
#[derive(Deserialize)]
struct Planted {
    rule: String,
    secret: String,
}

/// What must not be left of it: of an address its password, of an assignment its value, of a key its lines, in windows of 12 bytes.
fn windows(planted: &Planted) -> impl Iterator<Item = &str> {
    let secret = planted.secret.as_str();
    let core = match planted.rule.as_str() {
        "url-userinfo" => secret.split(['@', ':']).nth(2).unwrap_or(secret),
        "generic-api-key" => secret.split('"').nth(1).unwrap_or(secret),
        _ => secret,
    };
    core.lines()
        .filter(|line| !line.starts_with("-----"))
        .flat_map(|line| (0..line.len().saturating_sub(11)).filter_map(move |at| line.get(at..at + 12)))
}

/// Decodes every text of the transcripts and scrubs them one by one.
fn timed(scrubber: &Scrubber, folder: &Path, tells: bool) -> Result<(), Box<dyn std::error::Error>> {
    let mut files = Vec::new();
    walk(folder, &mut files)?;
    files.sort();
    let mut texts = Vec::new();
    for file in files.iter().filter(|file| is_transcript(file)) {
        for line in String::from_utf8_lossy(&std::fs::read(file)?).lines() {
            if let Ok(value) = serde_json::from_str::<serde_json::Value>(line) {
                collect(value, &mut texts);
            }
        }
    }
    if texts.is_empty() {
        // Larger ones are data.
        let is_small = |file: &&PathBuf| file.metadata().is_ok_and(|about| about.is_file() && about.len() < 3_000_000);
        texts.extend(files.iter().filter(is_small).filter_map(|file| std::fs::read_to_string(file).ok()));
    }
    let bytes: usize = texts.iter().map(String::len).sum();
    if let Ok(lines) = std::fs::read_to_string(folder.join("secrets.jsonl")) {
        let planted: Vec<Planted> = lines.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
        let wanted: std::collections::HashMap<&str, usize> = planted
            .iter()
            .enumerate()
            .flat_map(|(number, planted)| windows(planted).map(move |window| (window, number)))
            .collect();
        for scrubs in [false, true] {
            let mut seen = std::collections::BTreeSet::<usize>::new();
            for text in &texts {
                let text = if scrubs { scrubber.scrub(text).text.into_string() } else { text.clone() };
                seen.extend((0..text.len()).filter_map(|at| wanted.get(text.get(at..at + 12)?).copied()));
            }
            let when = if scrubs { "after" } else { "before" };
            println!(
                "planted secrets of which 12 bytes are there {when} scrubbing: {} of {}",
                seen.len(),
                planted.len()
            );
            if scrubs {
                let rules: Vec<&str> = seen.iter().map(|number| planted[*number].rule.as_str()).collect();
                println!("  left: {rules:?}");
            }
        }
    }
    let mut times: Vec<f64> = Vec::new();
    let (mut touched, mut counts) = (0usize, BTreeMap::<String, u64>::new());
    for round in 0..5 {
        let watch = Watch::start();
        for text in &texts {
            let scrubbing = scrubber.scrub(text);
            if round == 0 && !scrubbing.counts.is_empty() {
                touched += 1;
                if tells {
                    let scrubbed = scrubbing.text.as_str();
                    for (at, _) in scrubbed.match_indices("[redacted:").take(3) {
                        let from = scrubbed[..at].char_indices().rev().nth(50).map_or(0, |(from, _)| from);
                        println!("    in a transcript: {:?}", scrubbed[from..].chars().take(120).collect::<String>());
                    }
                }
                for (rule, count) in scrubbing.counts {
                    *counts.entry(rule).or_default() += count;
                }
            }
        }
        times.push(watch.ms());
    }
    times.sort_by(f64::total_cmp);
    let median = times[times.len() / 2] / 1e3;
    println!(
        "{} texts, {:.1} MB: {:.1} MB/s (median of 5)",
        texts.len(),
        bytes as f64 / 1e6,
        bytes as f64 / 1e6 / median
    );
    println!("  touched {touched} texts ({:.2} %): {counts:?}", 100.0 * touched as f64 / texts.len().max(1) as f64);
    Ok(())
}

fn is_transcript(file: &Path) -> bool {
    let name = file.file_name().unwrap_or_default();
    file.extension().is_some_and(|extension| extension == "jsonl") && name != "secrets.jsonl" && name != "needles.jsonl"
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for child in std::fs::read_dir(folder)? {
        let path = child?.path();
        let is_link = path.symlink_metadata()?.is_symlink();
        match path.is_dir() {
            true if is_link => {}
            true => walk(&path, files)?,
            false => files.push(path),
        }
    }
    Ok(())
}

fn collect(value: serde_json::Value, texts: &mut Vec<String>) {
    match value {
        serde_json::Value::String(text) => texts.push(text),
        serde_json::Value::Array(values) => values.into_iter().for_each(|value| collect(value, texts)),
        // A signature is skipped by reading, as it holds no words.
        serde_json::Value::Object(fields) => {
            fields.into_iter().filter(|(key, _)| key != "signature").for_each(|(_, value)| collect(value, texts));
        }
        _ => {}
    }
}
