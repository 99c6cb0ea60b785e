//! Reads `[[people]]`: who gets letters, and what concerns them first.

use super::Person;
use super::settings::check_address;
use super::table::{Found, Table, nearest};
use crate::edition::ChannelName;
use crate::stream::Stream;

/// The channels that lead to one person; the others lead to a room, and have a table of their own.
const PERSONAL: [ChannelName; 1] = [ChannelName::Mail];

pub(super) fn read_person(table: Table<'_, '_>, people: &mut Vec<Person>) {
    let read = |text: &str| {
        let address = text.trim().to_lowercase();
        check_address(&address).map(|()| address)
    };
    let address = table.parsed("address", read, "address = \"name@example.org\"");
    let name = table.string("name").map_or_else(String::new, |found| found.value);
    if address.is_none() && !table.entries().any(|(key, ..)| key == "address") {
        table.mistake("a person needs an address".to_owned(), "address = \"name@example.org\"");
    }
    let mut streams =
        words(&table, "streams", "stream", &Stream::ALL.map(Stream::word), Stream::named).unwrap_or_default();
    streams.sort();
    streams.dedup();
    let personal = |word: &str| PERSONAL.into_iter().find(|channel| channel.word() == word);
    let channels =
        words(&table, "channels", "channel that leads to one person", &PERSONAL.map(ChannelName::word), personal);
    let document = table.document;
    table.finish();
    let Some(Found { value: address, span }) = address else { return };
    if people.iter().any(|person| person.address == address) {
        document.mistake(span, format!("{address} is listed twice"), "remove one of the two".to_owned());
        return;
    }
    people.push(Person { address, name, streams, channels: channels.unwrap_or_else(|| PERSONAL.to_vec()) });
}

/// A list of words out of a closed list; a wrong one is told the nearest.
fn words<T>(
    table: &Table<'_, '_>,
    key: &'static str,
    noun: &str,
    known: &[&str],
    named: impl Fn(&str) -> Option<T>,
) -> Option<Vec<T>> {
    let mut found = Vec::new();
    for word in table.strings(key)? {
        let text = word.value.trim().to_lowercase();
        match named(&text) {
            Some(value) => found.push(value),
            None => {
                let remedy = match nearest(&text, known) {
                    Some(near) => format!("did you mean \"{near}\"?"),
                    None => format!("one of \"{}\"", known.join("\", \"")),
                };
                table.document.mistake(word.span, format!("`{key}`: `{}` is no {noun}", word.value), remedy);
            }
        }
    }
    Some(found)
}
