//! Names in a passage: tools, models, versions, ids, types of records. Readers take them as they stand, and anything may stand there.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::{Memory, Passage, Setting};

/// Says what stands for a name; None leaves it as it is.
pub type Renaming<'r> = &'r mut dyn FnMut(&str) -> Option<String>;

impl<T: Clone> Passage<T> {
    /// Puts another name in the place of each that the renaming knows one for. Settings that are shared stay shared.
    pub fn rename(&mut self, to: Renaming) {
        let mut known = HashMap::new();
        let mut setting = |setting: &mut Arc<Setting<T>>, to: Renaming| {
            let make = || {
                let mut renamed = Setting::clone(setting);
                renamed.rename(to);
                // The old one is kept alive: its address must not be given to another meanwhile.
                (Arc::clone(setting), Arc::new(renamed))
            };
            let (_, renamed) = known.entry(Arc::as_ptr(setting)).or_insert_with(make);
            *setting = Arc::clone(renamed);
        };
        for turn in &mut self.turns {
            setting(&mut turn.setting, to);
            [&mut turn.tool, &mut turn.subagent].into_iter().flatten().for_each(|name| change(name, to));
            [&mut turn.uuid, &mut turn.apart].into_iter().flatten().for_each(|name| change(name, to));
        }
        for spent in &mut self.spent {
            setting(&mut spent.setting, to);
            change(&mut spent.message, to);
            spent.subagent.iter_mut().for_each(|name| change(name, to));
        }
        let facts = &mut self.facts;
        [&mut facts.session, &mut facts.parent].into_iter().flatten().for_each(|name| change(name, to));
        facts.summaries.iter_mut().for_each(|summary| change(&mut summary.leaf, to));
        if let Some(errand) = &mut facts.errand {
            let names = [&mut errand.kind, &mut errand.model, &mut errand.call];
            names.into_iter().flatten().for_each(|name| change(name, to));
        }
        for kinds in [&mut self.counts.records, &mut self.counts.unknown] {
            let mut renamed = BTreeMap::new();
            for (mut kind, times) in std::mem::take(kinds) {
                change(&mut kind, to);
                *renamed.entry(kind).or_default() += times;
            }
            *kinds = renamed;
        }
    }
}

impl Memory {
    /// The same for what reading must know of earlier lines.
    pub fn rename(&mut self, to: Renaming) {
        self.setting.rename(to);
        self.calls.iter_mut().for_each(|(_, tool)| change(tool, to));
        self.subagent.iter_mut().for_each(|name| change(name, to));
        self.root.iter_mut().for_each(|name| change(name, to));
    }
}

impl<T> Setting<T> {
    fn rename(&mut self, to: Renaming) {
        [&mut self.model, &mut self.version].into_iter().flatten().for_each(|name| change(name, to));
    }
}

fn change<N: AsRef<str> + From<String>>(name: &mut N, to: Renaming) {
    if let Some(other) = to(name.as_ref()) {
        *name = N::from(other);
    }
}
