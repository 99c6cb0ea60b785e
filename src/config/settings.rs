//! Reads tidings.toml: how a home works. Every key has a default.

use std::path::PathBuf;
use std::time::Duration;

use jiff::civil::{Time, Weekday};
use jiff::tz::TimeZone;
use url::Url;

use crate::edition::EditionKind;

use super::sources::{read_duration, read_web_address};
use super::table::{Document, Table};
use super::{Block, Config, Endpoint, Github, Mail, Mistake, Model, Quiet, Reddit, SecretName};

/// Reads the text of tidings.toml. `file` is the name used in messages.
///
/// # Errors
/// Every mistake of the file, in its order.
pub fn read_settings(file: &str, text: &str) -> Result<Config, Vec<Mistake>> {
    let (document, root) = Document::parse(file, text);
    let span = root.span();
    let top = Table::new(&document, root.get_ref(), span, "tidings.toml");
    let mut config = Config::default();
    if let Some(table) = top.table("network") {
        read_network(table, &mut config);
    }
    if let Some(table) = top.table("schedule") {
        read_schedule(table, &mut config);
    }
    if let Some(table) = top.table("interests") {
        if let Some(found) = table.string("profile") {
            config.interests.profile = found.value;
        }
        if let Some(watch) = table.strings("watch") {
            config.interests.watch = watch.into_iter().map(|product| product.value).collect();
        }
        table.finish();
    }
    if let Some(table) = top.table("reddit") {
        read_reddit(table, &mut config.reddit);
    }
    if let Some(table) = top.table("github") {
        read_github(table, &mut config.github);
    }
    if let Some(table) = top.table("model") {
        read_model(table, &mut config.model);
    }
    super::routes::read(&top, &mut config);
    if let Some(table) = top.table("mail") {
        config.mail = read_mail(table);
    }
    super::channels::read(&top, &mut config);
    if let Some(table) = top.table("web") {
        config.web = super::web::read(table);
    }
    if let Some(table) = top.table("scrub") {
        config.scrub_rules = table.some_parsed("rules", read_rules, "\"gitleaks.toml\", a file in the home");
        table.finish();
    }
    if let Some(table) = top.table("prices") {
        config.prices = super::prices::read(&table);
    }
    if let Some(table) = top.table("sessions") {
        let has_ntfy = top.entries().any(|(key, ..)| key == "ntfy");
        config.push = super::push::read(table, has_ntfy);
    }
    if let Some(table) = top.table("share") {
        config.share = super::share::read(table);
    }
    if let Some(table) = top.table("skills") {
        config.skills = super::skills::read(table, &config.github);
    }
    for table in top.tables("people") {
        super::people::read_person(table, &mut config.people);
    }
    top.finish();
    let mistakes = document.into_mistakes();
    if mistakes.is_empty() { Ok(config) } else { Err(mistakes) }
}

fn read_rules(text: &str) -> Result<PathBuf, &'static str> {
    if text.trim().is_empty() { Err("no file has that name") } else { Ok(PathBuf::from(text)) }
}

fn read_network(table: Table<'_, '_>, config: &mut Config) {
    let network = &mut config.network;
    if let Some(found) = table.string("contact") {
        network.contact = found.value;
    }
    for found in table.strings("allow").unwrap_or_default() {
        match found.value.parse::<Block>() {
            Ok(block) => network.allow.push(block),
            Err(error) => {
                table.document.mistake(found.span, format!("`allow`: {error}"), "\"10.0.0.0/8\" or \"::1/128\"".into());
            }
        }
    }
    let length = |key: &'static str, target: &mut Duration| {
        let remedy = "a number and a unit: \"500ms\", \"10s\", \"1m\"";
        let read = |text: &str| {
            read_duration(text).and_then(|length| Duration::try_from(length).map_err(|error| error.to_string()))
        };
        if let Some(found) = table.parsed(key, read, remedy) {
            *target = found.value;
        }
    };
    length("gap", &mut network.gap);
    length("connect_timeout", &mut network.connect_timeout);
    length("total_timeout", &mut network.total_timeout);
    if let Some(number) = table.integer("per_host", 1..=16) {
        network.per_host = number as usize;
    }
    if let Some(number) = table.integer("max_bytes", 10_000..=500_000_000) {
        network.max_bytes = number;
    }
    table.finish();
}

fn read_schedule(table: Table<'_, '_>, config: &mut Config) {
    let schedule = &mut config.schedule;
    let zone = |name: &str| TimeZone::get(name).map_err(|_| format!("`{name}` is no time zone"));
    if let Some(found) = table.parsed("zone", zone, "a name of the IANA list: \"Europe/London\", \"UTC\"") {
        schedule.zone = found.value;
    }
    if let Some(found) = table.parsed("digest", read_weekly, "a day and a time: \"Mon 07:00\"") {
        (schedule.digest_day, schedule.digest_time) = found.value;
    }
    if let Some(found) = table.parsed("trends", read_monthly, "a day of the month, 1 to 28, and a time: \"1 07:00\"") {
        (schedule.trends_day, schedule.trends_time) = found.value;
    }
    if let Some(number) = table.integer("alerts_a_day", 0..=100) {
        schedule.alerts_a_day = number as usize;
    }
    let time = |text: &str| Time::strptime("%H:%M", text.trim()).map_err(|_| format!("`{text}` is no time"));
    if let Some(found) = table.parsed("rollup", time, "a time of the day: \"17:00\"") {
        schedule.rollup = found.value;
    }
    if let Some(found) = table.parsed("quiet", read_quiet, "two times of the day: \"22:00-07:00\"") {
        schedule.quiet = Some(found.value);
    }
    if let Some(spares) = table.boolean("quiet_spares_alerts") {
        schedule.quiet_spares_alerts = spares;
    }
    table.finish();
}

fn read_quiet(text: &str) -> Result<Quiet, String> {
    let wrong = || format!("`{text}` are no hours");
    let (from, to) = text.split_once('-').ok_or_else(wrong)?;
    let time = |text: &str| Time::strptime("%H:%M", text.trim()).map_err(|_| wrong());
    let quiet = Quiet { from: time(from)?, to: time(to)? };
    match quiet.from == quiet.to {
        true => Err("they begin when they end; without `quiet` there are none".to_owned()),
        false => Ok(quiet),
    }
}

fn read_weekly(text: &str) -> Result<(Weekday, Time), String> {
    let wrong = || format!("`{text}` is no day and time");
    let (day, time) = text.trim().split_once(char::is_whitespace).ok_or_else(wrong)?;
    let days = [
        (Weekday::Monday, "monday"),
        (Weekday::Tuesday, "tuesday"),
        (Weekday::Wednesday, "wednesday"),
        (Weekday::Thursday, "thursday"),
        (Weekday::Friday, "friday"),
        (Weekday::Saturday, "saturday"),
        (Weekday::Sunday, "sunday"),
    ];
    let day = day.to_lowercase();
    let named = days.into_iter().find(|(_, name)| day.len() >= 3 && name.starts_with(&day)).ok_or_else(wrong)?;
    let time = Time::strptime("%H:%M", time.trim()).map_err(|_| wrong())?;
    Ok((named.0, time))
}

/// Every month has 28 days.
fn read_monthly(text: &str) -> Result<(i8, Time), String> {
    let wrong = || format!("`{text}` is no day of the month and time");
    let (day, time) = text.trim().split_once(char::is_whitespace).ok_or_else(wrong)?;
    let day = day.parse().ok().filter(|day| (1..=28).contains(day)).ok_or_else(wrong)?;
    Ok((day, Time::strptime("%H:%M", time.trim()).map_err(|_| wrong())?))
}

/// A secret's place: `<key>_env` or `<key>_file`. The secret itself in the file is a mistake.
pub(super) fn read_secret(table: &Table<'_, '_>, keys: [&'static str; 3]) -> Option<SecretName> {
    let [inline, env, file] = keys;
    if let Some(found) = table.string(inline) {
        let remedy =
            format!("put it into the environment and name the variable: {env} = \"TIDINGS_…\"; or {file} = \"/path\"");
        table.document.secret_mistake(
            found.span,
            format!("`{inline}` is a secret, and this file is no place for one"),
            remedy,
        );
    }
    let by_env = table.string(env).map(|found| SecretName::Env(found.value));
    let by_file = table.string(file).map(|found| SecretName::File(PathBuf::from(found.value)));
    by_env.or(by_file)
}

fn read_reddit(table: Table<'_, '_>, reddit: &mut Reddit) {
    let name = |text: &str| {
        let name = text.trim().trim_start_matches("/u/").trim_start_matches("u/");
        let is_name = (1..=30).contains(&name.len())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
        is_name.then(|| name.to_owned()).ok_or_else(|| format!("`{text}` is no name on Reddit"))
    };
    reddit.user = table.parsed("user", name, "user = \"the account's name\"").map(|found| found.value);
    let id = read_secret(&table, ["id", "id_env", "id_file"]);
    let secret = read_secret(&table, ["secret", "secret_env", "secret_file"]);
    let person = table.string("user_env").map(|found| SecretName::Env(found.value));
    let password = read_secret(&table, ["password", "password_env", "password_file"]);
    let both = |one: Option<SecretName>, other: Option<SecretName>, names: &str, remedy: &str| match (one, other) {
        (Some(one), Some(other)) => Some((one, other)),
        (None, None) => None,
        _ => {
            table.mistake(format!("[reddit] needs {names}, or neither"), remedy);
            None
        }
    };
    reddit.application =
        both(id, secret, "both id_env and secret_env", "both are on https://www.reddit.com/prefs/apps");
    reddit.person =
        both(person, password, "both user_env and password_env", "without them the application asks for itself");
    if reddit.person.is_some() && reddit.application.is_none() {
        table.mistake("[reddit] has a password, and no application".to_owned(), "add id_env and secret_env");
    }
    for (key, target) in [("api", &mut reddit.api), ("login", &mut reddit.login)] {
        if let Some(found) = table.parsed(key, read_web_address, "an address such as \"https://oauth.reddit.com\"") {
            *target = found.value;
        }
    }
    table.finish();
}

fn read_github(table: Table<'_, '_>, github: &mut Github) {
    if let Some(api) = read_api(&table) {
        github.api = api;
    }
    github.token = read_secret(&table, ["token", "token_env", "token_file"]);
    if github.token.is_some() && github.api.scheme() == "http" && !super::routes::is_here(&github.api) {
        table.mistake("the token would travel in the clear".to_owned(), "api = \"https://…\"");
    }
    table.finish();
}

/// The base of GitHub's API, or of an Enterprise server's.
pub(super) fn read_api(table: &Table<'_, '_>) -> Option<Url> {
    let read = |text: &str| {
        let url = read_web_address(text)?;
        match url.query().is_none() && url.fragment().is_none() {
            true => Ok(url),
            false => Err("an API's address has no query".to_owned()),
        }
    };
    let remedy = "\"https://api.github.com\", or \"https://HOST/api/v3\" of an Enterprise server";
    table.parsed("api", read, remedy).map(|found| found.value)
}

fn read_model(table: Table<'_, '_>, model: &mut Model) {
    let endpoint = |text: &str| match text.trim() {
        "auto" => Ok(Endpoint::Auto),
        "off" => Ok(Endpoint::Off),
        address => read_web_address(address).map(Endpoint::At),
    };
    let remedy = "\"auto\", \"off\", or an address such as \"http://127.0.0.1:8080\"";
    if let Some(found) = table.parsed("endpoint", endpoint, remedy) {
        model.endpoint = found.value;
    }
    model.gguf = table.string("gguf").map(|found| PathBuf::from(found.value));
    model.name = table.string("name").map(|found| found.value);
    model.key = read_secret(&table, ["key", "key_env", "key_file"]);
    if model.gguf.is_some() && model.endpoint != Endpoint::Auto {
        table.mistake("[model] names a gguf and an endpoint".to_owned(), "keep one of the two");
    }
    let read = |text: &str| {
        read_duration(text).and_then(|length| Duration::try_from(length).map_err(|error| error.to_string()))
    };
    if let Some(found) = table.parsed("load_timeout", read, "a number and a unit: \"30s\", \"5m\"") {
        model.load_timeout = found.value;
    }
    for (key, target) in [("per_run", &mut model.per_run), ("per_source", &mut model.per_source)] {
        if let Some(number) = table.integer(key, 1..=100_000) {
            *target = number as usize;
        }
    }
    if let Some(canaries) = table.boolean("canaries") {
        model.canaries = canaries;
    }
    table.finish();
}

fn read_mail(table: Table<'_, '_>) -> Option<Mail> {
    const EXAMPLE: &str =
        "\"smtps://user@mail.example.org\" (TLS, port 465) or \"smtp://user@mail.example.org\" (STARTTLS, 587)";
    // What changed about sources is for whoever looks after them.
    const EDITIONS: [EditionKind; 4] =
        [EditionKind::Alert, EditionKind::Rollup, EditionKind::Digest, EditionKind::Trends];
    const FROM: &str = "\"Tidings <tidings@example.org>\"";
    let smtp = table.parsed("smtp", read_smtp, EXAMPLE);
    let from = table.parsed("from", read_mailbox, FROM);
    let reply_to = table.parsed("reply_to", read_mailbox, "an address a person reads").map(|found| found.value);
    let read_admin = |text: &str| {
        let address = text.trim().to_lowercase();
        check_address(&address).map(|()| address)
    };
    let admin = table.parsed("admin", read_admin, "admin = \"name@example.org\"").map(|found| found.value);
    let password = read_secret(&table, ["password", "password_env", "password_file"]);
    let allow_plain = table.strings("allow_plain").unwrap_or_default().into_iter().map(|host| host.value).collect();
    let ca_file = table.string("ca_file").map(|found| PathBuf::from(found.value));
    let per_minute = table.integer("per_minute", 1..=6_000).map(|number| number as u32);
    let connections = table.integer("connections", 1..=20).map_or(1, |number| number as usize);
    let tells = super::channels::read_tells(&table, &EDITIONS);
    for (key, example) in [("smtp", EXAMPLE), ("from", FROM)] {
        if !table.entries().any(|(given, ..)| given == key) {
            table.mistake(format!("[mail] needs `{key}`"), &format!("{key} = {example}"));
        }
    }
    table.finish();
    let (smtp, from) = (smtp?.value, from?.value);
    Some(Mail { smtp, from, reply_to, admin, password, allow_plain, ca_file, per_minute, connections, tells })
}

fn read_smtp(text: &str) -> Result<Url, String> {
    let url = Url::parse(text.trim()).map_err(|error| format!("not an address ({error})"))?;
    if !matches!(url.scheme(), "smtp" | "smtps") || url.host_str().is_none_or(str::is_empty) {
        return Err("not an SMTP address".to_owned());
    }
    if url.password().is_some() {
        return Err("a password in the address; name it by password_env instead".to_owned());
    }
    Ok(url)
}

/// `Name <local@domain>` or `local@domain`; whether it can be delivered only the mail server knows.
fn read_mailbox(text: &str) -> Result<String, String> {
    let text = text.trim();
    let address = text.rsplit_once('<').map_or(text, |(_, rest)| rest.trim_end_matches('>'));
    check_address(address)?;
    Ok(text.to_owned())
}

pub(super) fn check_address(address: &str) -> Result<(), String> {
    let odd = |letter: char| letter.is_whitespace() || letter.is_control() || "<>,;:\\\"()[]".contains(letter);
    match address.rsplit_once('@') {
        Some((local, domain)) if !local.is_empty() && !domain.is_empty() && !address.contains(odd) => Ok(()),
        _ => Err(format!("`{address}` is no mail address")),
    }
}
