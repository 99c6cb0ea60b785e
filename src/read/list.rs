//! A list in JSON becomes entries, by the pointers of its source.

use serde_json::Value;

use super::damage::Damage;
use super::recognise::{Recognised, recognise};
use super::{charset, name, pointer};
use crate::guard::panic::quietly;
use crate::item::{Fault, FaultKind, Reading};
use crate::page::Page;
use crate::source::List;

/// Reads a list. Never fails and never panics: what is no JSON, or JSON of another shape, is a fault without entries.
pub fn list(page: &Page, list: &List) -> Reading {
    quietly(|| read(page, list)).unwrap_or_else(|| {
        let message = format!("reading {}: the reader itself failed on it; please report it", name(page));
        Reading { entries: Vec::new(), faults: vec![Fault::new(FaultKind::Damaged, message)] }
    })
}

fn read(page: &Page, list: &List) -> Reading {
    let text = charset::decode(&page.bytes, page.content_type.as_deref(), &mut Damage::default());
    let text = text.trim_start();
    let refused = |what: String| {
        let message = format!("reading {}: {what}", name(page));
        Reading { entries: Vec::new(), faults: vec![Fault::new(FaultKind::NotAFeed, message)] }
    };
    // serde_json goes 128 levels deep, and no further.
    let document: Value = match serde_json::from_str(text) {
        Ok(document) => document,
        Err(error) => {
            let what = match recognise(text) {
                Recognised::Other(what) if !text.starts_with(['{', '[']) => format!("this is {what}"),
                Recognised::Xml { .. } => "this is a feed; from.feed reads it".to_owned(),
                _ => format!("the JSON is broken or cut off (line {}, column {})", error.line(), error.column()),
            };
            return refused(format!("{what}, and not JSON; if it stays so, look at the address in sources.toml"));
        }
    };
    let found = match pointer::entries(&document, &list.paths, &page.url) {
        Ok(found) => found,
        Err(what) => return refused(format!("there is no {what}; mend `items` in sources.toml, or the address")),
    };
    let (kept, begun) = (found.entries.len(), found.begun);
    let mut faults = Vec::new();
    if kept < begun {
        let message = format!(
            "reading {}: {} of {begun} items have neither id nor title where sources.toml says; kept {kept}",
            name(page),
            begun - kept
        );
        // A list of which nothing fits is described wrongly; of one that fits, the odd ones are left out.
        let kind = if kept == 0 { FaultKind::NotAFeed } else { FaultKind::Damaged };
        faults.push(Fault::new(kind, message));
    }
    let mut entries = found.entries;
    for entry in &mut entries {
        entry.native_is_stable = list.ids_are_stable && entry.native.is_some();
    }
    Reading { entries, faults }
}
