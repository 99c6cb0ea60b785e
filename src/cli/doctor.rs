//! `tidings doctor`: what is missing for a working home, and how to get it.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::process::ExitCode;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use tidings::config::{Config, Route, SecretName, SessionSource};
use tidings::edition::ChannelName;
use tidings::flow::ask::{self, Answering, Query, Trouble};
use tidings::flow::credit::{is_in_force, measured};
use tidings::flow::{self, dollars};
use tidings::guard::scrub::Rules;
use tidings::home::Home;
use tidings::source::Origin;

use super::exit::Failure;
use super::home::{read_files, secret};
use super::run::count;
use super::status::{MEASURE, calibration_words};
use super::{Desk, say};

/// An hourly cron job that has not run for this long has stopped.
const STALE: SignedDuration = SignedDuration::from_hours(26);

/// One thing that was looked at.
struct Finding {
    state: State,
    what: String,
    remedy: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Fine,
    /// It works without.
    Advice,
    /// It does not.
    Broken,
}

pub async fn doctor(desk: &Desk) -> Result<ExitCode, Failure> {
    let home = desk.home()?;
    let mut findings = Vec::new();
    let mut found = |state, what: String, remedy: &str| {
        findings.push(Finding { state, what, remedy: remedy.to_owned() });
    };
    let mut asks_github = false;
    match read_files(&home) {
        Err(error) => found(State::Broken, format!("{error:#}"), "tidings init"),
        Ok((sources, config)) => {
            match sources {
                Ok((sources, sessions)) if sources.is_empty() && sessions.is_empty() => {
                    found(
                        State::Broken,
                        "sources.toml names no source".into(),
                        "add a [[source]]; README.md shows how",
                    );
                }
                Ok((sources, sessions)) => {
                    found(State::Fine, count(sources.len() + sessions.len(), "source"), "");
                    sessions.iter().for_each(|source| session_folder(source, &mut found));
                    asks_github = sources.iter().any(|source| matches!(source.from, Origin::Github(_)));
                }
                Err(mistakes) => {
                    found(
                        State::Broken,
                        count(mistakes.len(), "mistake") + " in sources.toml",
                        "tidings sources check",
                    );
                }
            }
            match config {
                Err(mistakes) => {
                    found(
                        State::Broken,
                        count(mistakes.len(), "mistake") + " in tidings.toml or the rules it names",
                        "tidings sources check",
                    );
                }
                Ok(config) => {
                    settings(&config, &mut found);
                    rules(&home, &config, &mut found);
                    if asks_github || config.github.token.is_some() {
                        github(&config, &mut found);
                    }
                    claude(&config, &mut found);
                    skills(&config, desk.now, &mut found).await;
                    model(&home, &config, &mut found).await;
                }
            }
        }
    }
    kept(&home, desk, &mut found);
    sessions(&home, &mut found);
    closed(&home, &mut found);

    let broken = findings.iter().any(|finding| finding.state == State::Broken);
    if desk.json {
        let shown: Vec<_> = findings
            .iter()
            .map(|finding| {
                let state = match finding.state {
                    State::Fine => "fine",
                    State::Advice => "advice",
                    State::Broken => "broken",
                };
                json!({ "state": state, "what": finding.what, "remedy": finding.remedy })
            })
            .collect();
        desk.print_json(&json!({ "version": 1, "home": home.folder(), "findings": shown }))?;
    } else {
        say(&format!("Home: {}", home.folder().display()))?;
        for finding in &findings {
            let mark = match finding.state {
                State::Fine => "fine  ",
                State::Advice => "could ",
                State::Broken => "wrong ",
            };
            say(&format!("{mark} {}", finding.what))?;
            if finding.state != State::Fine {
                say(&format!("       try: {}", finding.remedy))?;
            }
        }
    }
    Ok(if broken { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// What was met in transcripts: their number, damage, records of unknown types, and secrets that were taken out.
/// A folder of sessions as it lies there now.
fn session_folder(source: &SessionSource, found: &mut impl FnMut(State, String, &str)) {
    let name = &source.name;
    let Some(folder) = flow::look_at_sessions(source) else {
        let what = format!("{name}: {} is not there, or is empty", source.folder.display());
        return found(State::Advice, what, "the path in sources.toml; what was read of it before stays");
    };
    if folder.transcripts == 0 && folder.others > 0 {
        let others = count(folder.others, "file");
        let what =
            format!("{name}: no transcript, but {others} in JSON Lines elsewhere below {}", source.folder.display());
        return found(State::Advice, what, "the folder that holds the projects: ~/.claude/projects, ~/.codex/sessions");
    }
    let mut what = format!("{name}: {}", count(folder.transcripts, "transcript"));
    if folder.half > 0 {
        what.push_str(&format!("; {} at an end, waiting for the rest", count(folder.half, "half line")));
    }
    if folder.links > 0 {
        what.push_str(&format!("; {} passed over", count(folder.links, "link")));
    }
    found(State::Fine, what, "");
    if let Some((path, why)) = folder.unread.first() {
        let unread = count(folder.unread.len(), "file");
        let what = format!("{name}: {unread} or folders can't be read, first {} ({why})", path.display());
        found(State::Advice, what, "make them readable for this user; what was read of them before stays");
    }
}

fn sessions(home: &Home, found: &mut impl FnMut(State, String, &str)) {
    let lines = match ask::session_lines(home) {
        Ok(lines) if lines.is_empty() => return,
        Ok(lines) => lines,
        Err(error) => return found(State::Broken, format!("{error:#}"), "tidings run"),
    };
    let all = |of: fn(&ask::SessionLine) -> &BTreeMap<String, u64>| {
        let mut sum: BTreeMap<&str, u64> = BTreeMap::new();
        for (word, times) in lines.iter().flat_map(of) {
            *sum.entry(word).or_default() += times;
        }
        sum.iter().map(|(word, times)| format!("{word} {times}")).collect::<Vec<_>>().join(", ")
    };
    found(State::Fine, count(lines.len(), "transcript") + " of sessions", "");
    let (damaged, unknown) = (all(|line| &line.damaged), all(|line| &line.unknown));
    if !damaged.is_empty() {
        found(State::Fine, format!("damaged lines in transcripts: {damaged}; what else they say was read"), "");
    }
    if !unknown.is_empty() {
        found(State::Fine, format!("records of types that this version does not know: {unknown}"), "");
    }
    let redacted = all(|line| &line.redacted);
    if !redacted.is_empty() {
        found(State::Fine, format!("secrets taken out of sessions, by rule: {redacted}"), "");
    }
}

/// The lab's own rules for what is a secret, and what of them is not used.
fn rules(home: &Home, config: &Config, found: &mut impl FnMut(State, String, &str)) {
    if config.scrub_rules.is_empty() {
        return;
    }
    // Mistakes were told where the files were read.
    let Ok((rules, notes)) = flow::scrub_rules(home, config) else { return };
    let files: Vec<String> = config.scrub_rules.iter().map(|path| path.display().to_string()).collect();
    let all = count(rules.len(), "rule");
    found(State::Fine, format!("{all} for what is a secret, with those of {}", files.join(", ")), "");
    let ours = Rules::shipped();
    let off: Vec<&str> = ours.ids().filter(|id| rules.ids().all(|known| known != *id)).collect();
    if !off.is_empty() {
        found(State::Fine, format!("rules of tidings that {} switched off: {}", files.join(", "), off.join(", ")), "");
    }
    for note in &notes {
        found(State::Advice, format!("{}:{}: {}", note.file, note.line, note.message), &note.remedy);
    }
}

fn settings(config: &Config, found: &mut impl FnMut(State, String, &str)) {
    let zone = config.schedule.zone.iana_name().unwrap_or("UTC");
    let (day, time) = (config.schedule.digest_day, config.schedule.digest_time.strftime("%H:%M"));
    found(State::Fine, format!("the digest closes on {day:?} at {time}, {zone}"), "");
    let (day, time) = (config.schedule.trends_day, config.schedule.trends_time.strftime("%H:%M"));
    found(State::Fine, format!("a month's trends are told on day {day} of the next, at {time}, {zone}"), "");
    if config.network.contact.is_empty() {
        let what = "no contact for the people whose servers are asked".to_owned();
        found(State::Advice, what, "[network] contact = \"mailto:you@example.org\" in tidings.toml");
    } else {
        found(State::Fine, format!("contact: {}", config.network.contact), "");
    }
    match &config.mail {
        None => found(
            State::Advice,
            "no mail is set up; digests are files only".into(),
            "a [mail] table in tidings.toml; README.md shows one",
        ),
        Some(_) => {
            if config.people.is_empty() {
                found(State::Advice, "nobody gets mail".into(), "tidings people import FILE");
            } else {
                found(State::Fine, count(config.people.len(), "reader"), "");
            }
        }
    }
    let mut missing = Vec::new();
    for channel in ChannelName::ALL {
        let Some(place) = flow::channel_place(config, channel) else {
            missing.push(channel.word());
            continue;
        };
        let tells: Vec<&str> = flow::channel_tells(config, channel).iter().map(|kind| kind.word()).collect();
        match flow::check_channel(config, channel, &secret) {
            Ok(()) => {
                found(State::Fine, format!("{} to {place}, for {}", channel.word(), tells.join(", ")), "");
            }
            Err(error) => found(
                State::Broken,
                format!("{}: {error:#}", channel.word()),
                "mend it in tidings.toml, or set the secret where tidings runs, cron's environment included",
            ),
        }
    }
    if !missing.is_empty() {
        let what = format!("not set up: {}; README.md, \"Channels\", has an example of each", missing.join(", "));
        found(State::Fine, what, "");
    }
}

/// Whether there is a token, and what it brings. GitHub's numbers are those of "REST API: Rate limits".
fn github(config: &Config, found: &mut impl FnMut(State, String, &str)) {
    let host = config.github.api.host_str().unwrap_or_default();
    match &config.github.token {
        None => found(
            State::Advice,
            format!("no token for {host}: 60 requests an hour and 10 searches a minute; with one 5,000 and 30"),
            "a fine-grained token without permissions (https://github.com/settings/personal-access-tokens/new), and \
             [github] token_env = \"GITHUB_TOKEN\" in tidings.toml",
        ),
        Some(token) => {
            let what = format!("the token for {host} (5,000 requests an hour, and answers without news count as none)");
            secret_found(Some(token), &what, found);
        }
    }
}

/// What reads the news: a model that answers, or how to get one.
async fn model(home: &Home, config: &Config, found: &mut impl FnMut(State, String, &str)) {
    match ask::model(&config.model, &secret).await {
        Ok(Some(Answering { words, name })) => {
            found(State::Fine, format!("model: {words}"), "");
            match measured(home) {
                Ok(Some(measured)) if is_in_force(&measured, name.as_deref(), &config.interests) => {
                    found(State::Fine, calibration_words(&measured), "");
                }
                Ok(_) => found(State::Advice, "the model is not measured: it orders and lifts only".into(), MEASURE),
                Err(error) => found(State::Advice, format!("{error:#}"), MEASURE),
            }
        }
        Ok(None) => found(State::Fine, "model: none is asked, as [model] endpoint = \"off\" says".to_owned(), ""),
        Err(refused @ Trouble::Refused(_)) => {
            found(State::Broken, format!("model: {refused}"), "[model] in tidings.toml; README.md shows it");
        }
        Err(trouble) => {
            let what = format!("model: {trouble}; rules and relevance decide alone");
            found(State::Advice, what, "README.md, \"A model of one's own\", has the commands");
        }
    }
}

/// Whether Claude can be asked: it needs a table, a key, and prices to hold a limit by.
fn claude(config: &Config, found: &mut impl FnMut(State, String, &str)) {
    let Some(claude) = &config.claude else {
        if config.routes.editorial.first() == Some(&Route::Claude) {
            let remedy = "a key (https://platform.claude.com/settings/keys) in ANTHROPIC_API_KEY, and [claude] model, dollars_in \
                          and dollars_out in tidings.toml; or [routes] editorial = [\"local\"]";
            found(State::Advice, "Claude writes no week in short: there is no [claude]".into(), remedy);
        }
        return;
    };
    let model = &claude.model;
    match secret(&claude.key) {
        Ok(_) => {
            let limit = dollars(claude.prices.a_month);
            found(State::Fine, format!("the key for {model} is there; at most {limit} a month"), "");
        }
        Err(error) => {
            let remedy = "a key from https://platform.claude.com/settings/keys, set where tidings runs, cron's environment included";
            found(State::Advice, format!("{model} is not asked: {error:#}"), remedy);
        }
    }
}

/// Whether lessons could be proposed: a token that is none of the old sort, and a repository that it may read.
async fn skills(config: &Config, now: Timestamp, found: &mut impl FnMut(State, String, &str)) {
    let Some(skills) = &config.skills else { return };
    match flow::check_forge(config, &secret, now).await {
        Ok(Some(words)) => {
            let when = if skills.open {
                "the weekly run opens the request"
            } else {
                "requests are opened by hand (open = false)"
            };
            found(State::Fine, format!("{words}; {when}"), "");
        }
        Ok(None) => {}
        Err(error) => found(
            State::Broken,
            format!("nothing can be proposed: {error:#}"),
            "mend [skills] in tidings.toml, or set the token where tidings runs, cron's environment included",
        ),
    }
}

fn secret_found(name: Option<&SecretName>, what: &str, found: &mut impl FnMut(State, String, &str)) {
    let Some(name) = name else { return };
    match secret(name) {
        Ok(_) => found(State::Fine, format!("{what} is there"), ""),
        Err(error) => {
            found(State::Broken, format!("{what}: {error:#}"), "set it where tidings runs, cron's environment included")
        }
    }
}

/// Channels that the other side has closed.
fn closed(home: &Home, found: &mut impl FnMut(State, String, &str)) {
    match ask::outbox(home) {
        Ok(outbox) => {
            for (channel, shut) in outbox.into_iter().flat_map(|outbox| outbox.shut) {
                let what = format!("{} is closed since {}: {}", channel.word(), shut.at, shut.answer);
                found(
                    State::Broken,
                    what,
                    "mend it, then `tidings channels replay --all`; a new address is tried by itself",
                );
            }
        }
        Err(error) => found(State::Broken, format!("{error:#}"), "tidings run"),
    }
}

fn kept(home: &Home, desk: &Desk, found: &mut impl FnMut(State, String, &str)) {
    let state = home.folder().join("state");
    match std::fs::metadata(&state) {
        Ok(there) if there.permissions().mode() & 0o077 != 0 => {
            found(State::Broken, "other users may read state/".into(), "chmod 700 state");
        }
        Ok(_) => found(State::Fine, "state/ belongs to its owner alone".into(), ""),
        Err(_) => found(State::Advice, "nothing has run here yet".into(), "tidings run"),
    }
    let index = std::fs::metadata(home.folder().join("index"));
    if index.is_ok_and(|there| there.permissions().mode() & 0o077 != 0) {
        found(
            State::Broken,
            "other users may read index/, which holds the words of sessions".into(),
            "chmod 700 index",
        );
    }
    match ask::status(home) {
        Ok(Some(status)) => {
            let age = desk.now.duration_since(status.at);
            let failing = status.sources.iter().filter(|source| source.watched.failures > 0).count();
            if age > STALE {
                let what = format!("the last run is {} old", count(age.as_hours() as usize, "hour"));
                found(State::Broken, what, "look at cron; README.md has the line");
            } else {
                found(State::Fine, format!("last run {}", status.at), "");
            }
            if failing > 0 {
                found(State::Advice, format!("{} failing", count(failing, "source")), "tidings status");
            }
            if !status.aside.is_empty() {
                found(
                    State::Advice,
                    format!("{} set aside", count(status.aside.len(), "piece of work")),
                    "tidings status",
                );
            }
            let probe = Query { words: "tidings".to_owned(), limit: 1, ..Query::default() };
            match ask::search(home, &probe) {
                Ok(_) => found(State::Fine, "the index can be searched".into(), ""),
                Err(error) => found(State::Broken, format!("{error:#}"), "tidings reindex"),
            }
        }
        Ok(None) => {}
        Err(error) => found(State::Broken, format!("{error:#}"), "tidings run"),
    }
}
