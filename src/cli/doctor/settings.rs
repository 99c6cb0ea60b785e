//! What the two files say: when, to whom, over which channels, and with which secrets.

use tidings::config::{Config, SecretName};
use tidings::edition::ChannelName;
use tidings::flow::{self, ask};
use tidings::home::Home;
use tidings::serve::web::check;

use super::Findings;
use crate::cli::home::secret;
use crate::cli::run::count;

/// What helps where a secret is missing.
pub const SET_IT: &str =
    "set the secret where tidings runs; cron and systemd read it from the file of `tidings install … --env-file FILE`";

pub fn settings(config: &Config, found: &mut Findings) {
    let zone = config.schedule.zone.iana_name().unwrap_or("UTC");
    let (day, time) = (config.schedule.digest_day, config.schedule.digest_time.strftime("%H:%M"));
    found.fine(format!("the digest closes on {day:?} at {time}, {zone}"));
    let (day, time) = (config.schedule.trends_day, config.schedule.trends_time.strftime("%H:%M"));
    found.fine(format!("a month's trends are told on day {day} of the next, at {time}, {zone}"));
    if config.network.contact.is_empty() {
        let what = "no contact for the people whose servers are asked".to_owned();
        found.advice(what, "[network] contact = \"mailto:you@example.org\" in tidings.toml");
    } else {
        found.fine(format!("contact: {}", config.network.contact));
    }
    match &config.mail {
        None => found.advice(
            "no mail is set up; digests are files only".into(),
            "a [mail] table in tidings.toml; README.md shows one",
        ),
        Some(_) => {
            if config.people.is_empty() {
                found.advice("nobody gets mail".into(), "tidings people import FILE");
            } else {
                found.fine(count(config.people.len(), "reader"));
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
                found.fine(format!("{} to {place}, for {}", channel.word(), tells.join(", ")));
            }
            Err(error) => {
                found.broken(format!("{}: {error:#}", channel.word()), &format!("mend it in tidings.toml, or {SET_IT}"))
            }
        }
    }
    if !missing.is_empty() {
        let what = format!("not set up: {}; README.md, \"Channels\", has an example of each", missing.join(", "));
        found.fine(what);
    }
}

/// Whether there is a token, and what it brings. GitHub's numbers are those of "REST API: Rate limits".
pub fn github(config: &Config, found: &mut Findings) {
    let host = config.github.api.host_str().unwrap_or_default();
    match &config.github.token {
        None => found.advice(
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

/// Whether the secrets of Reddit's application are there.
pub fn reddit(config: &Config, found: &mut Findings) {
    let Some((id, key)) = &config.reddit.application else {
        let what = "Reddit is asked without an account: from some addresses it does not answer so, and says no scores"
            .to_owned();
        return found.advice(
            what,
            "an application of yours, and [reddit] in tidings.toml; README.md, \"Adding a source\", shows it",
        );
    };
    secret_found(Some(id), "the id of Reddit's application", found);
    secret_found(Some(key), "the secret of Reddit's application", found);
    if let Some((user, password)) = &config.reddit.person {
        secret_found(Some(user), "the user for Reddit", found);
        secret_found(Some(password), "the password for Reddit", found);
    }
}

/// Whether the mail server takes us: connected, encrypted and signed in, without sending anything.
pub async fn mail_server(config: &Config, found: &mut Findings) {
    match flow::knock(config, ChannelName::Mail, &secret).await {
        None => {}
        Some(Ok(words)) => found.fine(format!("mail: {words}")),
        Some(Err(answer)) => found.broken(
            format!("mail: {answer}"),
            "[mail] in tidings.toml; `tidings channels test mail --to ADDRESS` tries it whole",
        ),
    }
}

/// Where `tidings serve` shows its pages, and to whom.
pub fn pages(config: &Config, found: &mut Findings) {
    let web = &config.web;
    let mut who = vec!["this user's programs".to_owned()];
    who.extend(web.token.is_some().then(|| "whoever has the token".to_owned()));
    who.extend(web.proxy.as_ref().map(|proxy| format!("people whom a proxy names in {}", proxy.user_header)));
    match check(web, web.listen, &secret) {
        Ok(()) => found.fine(format!("pages: `tidings serve` at http://{}/, for {}", web.listen, who.join(", "))),
        Err(error) => found.broken(format!("pages: {error:#}"), &format!("[web] in tidings.toml, or {SET_IT}")),
    }
}

pub fn secret_found(name: Option<&SecretName>, what: &str, found: &mut Findings) {
    let Some(name) = name else { return };
    match secret(name) {
        Ok(_) => found.fine(format!("{what} is there")),
        Err(error) => found.broken(format!("{what}: {error:#}"), SET_IT),
    }
}

/// Channels that the other side has closed.
pub fn closed(home: &Home, found: &mut Findings) {
    match ask::outbox(home) {
        Ok(outbox) => {
            for (channel, shut) in outbox.into_iter().flat_map(|outbox| outbox.shut) {
                let what = format!("{} is closed since {}: {}", channel.word(), shut.at, shut.answer);
                found.broken(what, "mend it, then `tidings channels replay --all`; a new address is tried by itself");
            }
        }
        Err(error) => found.broken(format!("{error:#}"), "tidings run"),
    }
}
