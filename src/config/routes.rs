//! Reads which model does what ([routes]), and the models that cost money: [claude] and each [[endpoint]].

use url::{Host, Url};

use super::settings::read_secret;
use super::sources::read_web_address;
use super::table::{Table, nearest};
use super::{Claude, Config, Lab, Prices, Route, Routes, SecretName};

/// Names of endpoints that mean something else in [routes].
const RESERVED: [&str; 3] = ["local", "claude", "none"];
/// A price above this is a slip of the decimal point: the dearest model sold today costs 50 dollars for a million tokens.
pub(super) const MOST_DOLLARS: f64 = 10_000.0;
/// What a month may cost where nothing else is written.
const DOLLARS_A_MONTH: u64 = 10_000_000;

/// Reads [claude], every [[endpoint]], and [routes], which names them.
pub(super) fn read(top: &Table<'_, '_>, config: &mut Config) {
    if let Some(table) = top.table("claude") {
        config.claude = read_claude(table);
    }
    for table in top.tables("endpoint") {
        read_endpoint(table, &mut config.endpoints);
    }
    if let Some(table) = top.table("routes") {
        read_routes(table, &config.endpoints, &mut config.routes);
    }
}

fn read_claude(table: Table<'_, '_>) -> Option<Claude> {
    let model = named(&table, "model", "model = \"the model's id, as the provider's list of models has it\"");
    let key = read_secret(&table, ["key", "key_env", "key_file"]);
    let url = table.parsed("url", read_base, "\"https://api.anthropic.com\"").map(|found| found.value);
    let url = url.unwrap_or_else(|| Url::parse("https://api.anthropic.com").expect("an address"));
    let prices = read_prices(&table, "[claude]", true);
    if url.scheme() == "http" && !is_here(&url) {
        table.mistake("the key would travel in the clear".to_owned(), "url = \"https://…\"");
    }
    table.finish();
    let key = key.unwrap_or_else(|| SecretName::Env("ANTHROPIC_API_KEY".to_owned()));
    Some(Claude { model: model?, key, url, prices: prices? })
}

fn read_endpoint(table: Table<'_, '_>, endpoints: &mut Vec<Lab>) {
    let name = table.string("name");
    let url = table.parsed("url", read_base, "url = \"http://gpu1:8000/v1\"").map(|found| found.value);
    let model = table.string("model").map(|found| found.value);
    let key = read_secret(&table, ["key", "key_env", "key_file"]);
    let prices = read_prices(&table, "[[endpoint]]", false);
    for (key, example) in [("name", "name = \"lab-vllm\""), ("url", "url = \"http://gpu1:8000/v1\"")] {
        if !table.entries().any(|(given, ..)| given == key) {
            table.mistake(format!("an endpoint needs `{key}`"), example);
        }
    }
    let document = table.document;
    table.finish();
    let Some(name) = name else { return };
    let is_word = !name.value.is_empty()
        && name.value.len() <= 40
        && name.value.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_.".contains(letter));
    if !is_word {
        let words = format!("`{}` is no name of an endpoint", name.value);
        document.mistake(name.span, words, "letters, digits, - _ and . : name = \"lab-vllm\"".to_owned());
        return;
    }
    if RESERVED.contains(&name.value.as_str()) {
        let words = format!("an endpoint cannot be named `{}`: [routes] has its own meaning for it", name.value);
        document.mistake(name.span, words, "name = \"lab-vllm\"".to_owned());
        return;
    }
    if endpoints.iter().any(|known| known.name == name.value) {
        let words = format!("two endpoints are named `{}`", name.value);
        document.mistake(name.span, words, "give each its own name".to_owned());
        return;
    }
    if let (Some(url), Some(prices)) = (url, prices) {
        endpoints.push(Lab { name: name.value, url, model, key, prices });
    }
}

/// Prices and the month's limit. `needed`: without its prices nobody can say when a limit is reached.
fn read_prices(table: &Table<'_, '_>, name: &str, needed: bool) -> Option<Prices> {
    let prices = |key: &'static str| {
        let found = table.dollars(key, MOST_DOLLARS);
        if needed && !table.entries().any(|(given, ..)| given == key) {
            let example =
                format!("{key} = 3.0      # dollars for a million tokens, from the provider's list of prices");
            table.mistake(format!("{name} needs `{key}`"), &example);
        }
        found
    };
    let (input, output) = (prices("dollars_in"), prices("dollars_out"));
    let a_month = table.dollars("dollars_a_month", MOST_DOLLARS).unwrap_or(DOLLARS_A_MONTH);
    if needed && (input.is_none() || output.is_none()) {
        return None;
    }
    Some(Prices { input: input.unwrap_or(0), output: output.unwrap_or(0), a_month })
}

fn read_routes(table: Table<'_, '_>, endpoints: &[Lab], routes: &mut Routes) {
    let mut known: Vec<&str> = RESERVED.to_vec();
    known.extend(endpoints.iter().map(|endpoint| endpoint.name.as_str()));
    for (key, target) in [
        ("screening", &mut routes.screening),
        ("second_opinion", &mut routes.second_opinion),
        ("extraction", &mut routes.extraction),
        ("editorial", &mut routes.editorial),
    ] {
        let Some(words) = table.strings(key) else { continue };
        let mut found = Vec::new();
        let count = words.len();
        for word in words {
            let route = match word.value.as_str() {
                "none" if count == 1 => continue,
                "none" => {
                    let message = format!("`{key}`: \"none\" stands alone");
                    table.document.mistake(word.span, message, format!("{key} = [\"none\"], or leave it out"));
                    continue;
                }
                "claude" if matches!(key, "screening" | "second_opinion") => {
                    let message = format!("`{key}`: claude shows no probabilities, and nothing else is read here");
                    table.document.mistake(word.span, message, format!("{key} = [\"local\"], or an endpoint's name"));
                    continue;
                }
                "local" => Route::Local,
                "claude" => Route::Claude,
                name if endpoints.iter().any(|endpoint| endpoint.name == name) => Route::Lab(name.to_owned()),
                name => {
                    let remedy = match nearest(name, &known) {
                        Some(near) => format!("did you mean \"{near}\"?"),
                        None => format!("one of: {}; or an [[endpoint]] of that name", known.join(", ")),
                    };
                    table.document.mistake(word.span, format!("`{key}`: no model is named \"{name}\""), remedy);
                    continue;
                }
            };
            if found.contains(&route) {
                let message = format!("`{key}`: \"{}\" is named twice", word.value);
                table.document.mistake(word.span, message, "remove one of the two".to_owned());
                continue;
            }
            found.push(route);
        }
        *target = found;
    }
    table.finish();
}

fn named(table: &Table<'_, '_>, key: &'static str, example: &str) -> Option<String> {
    let found = table.string(key).map(|found| found.value).filter(|name| !name.trim().is_empty());
    if found.is_none() && table.entries().all(|(given, value, ..)| given != key || value.as_str().is_some()) {
        table.mistake(format!("[claude] needs `{key}`"), example);
    }
    found
}

fn read_base(text: &str) -> Result<Url, String> {
    let url = read_web_address(text)?;
    match url.query().is_none() && url.fragment().is_none() {
        true => Ok(url),
        false => Err("an API's address has no query".to_owned()),
    }
}

/// Whether an address is this machine's own.
pub(super) fn is_here(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        _ => false,
    }
}
