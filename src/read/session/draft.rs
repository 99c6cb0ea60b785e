//! A draft is the passage while it is being read: what the present record has said so far, and the memory of the file.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;

use crate::session::{Facts, Lines, Memory, Passage, Role, Setting, Spent, Turn, hash};

use super::object;
use super::words;

pub(super) struct Draft<'m> {
    pub(super) passage: Passage,
    pub(super) memory: &'m mut Memory,
    /// Of the file, from 1.
    pub(super) line: u64,
    /// What the present record says of itself.
    pub(super) at: Option<Timestamp>,
    pub(super) uuid: Option<Box<str>>,
    pub(super) subagent: Option<Arc<str>>,
    setting: Arc<Setting>,
    /// What the setting is again after a record that is not of this file's own speaker.
    usual: Option<Arc<Setting>>,
    part: u32,
    spent: HashMap<Box<str>, usize>,
}

/// Who gave a title.
#[derive(Clone, Copy)]
pub(super) enum TitleOrigin {
    Person,
    Program,
    /// The name that a session has among others that work with it.
    Team,
}

/// The tokens of one record.
#[derive(Default)]
pub(super) struct Tokens {
    pub(super) input: u64,
    pub(super) output: u64,
    pub(super) cache_write_5m: u64,
    pub(super) cache_write_1h: u64,
    pub(super) cache_read: u64,
}

impl<'m> Draft<'m> {
    pub(super) fn new(memory: &'m mut Memory) -> Draft<'m> {
        Draft {
            passage: Passage::default(),
            setting: Arc::new(memory.setting.clone()),
            memory,
            line: 0,
            at: None,
            uuid: None,
            subagent: None,
            usual: None,
            part: 0,
            spent: HashMap::new(),
        }
    }

    /// A new line begins.
    pub(super) fn turn_to(&mut self, line: u64) {
        self.line = line;
        self.part = 0;
        self.at = None;
        self.uuid = None;
        self.subagent = self.memory.subagent.clone();
        if let Some(usual) = self.usual.take() {
            self.setting = usual;
        }
    }

    /// Whether the present record has said something yet.
    pub(super) fn has_spoken(&self) -> bool {
        self.part > 0
    }

    /// Whether the present record has stood in the file before; then it is counted and to be left alone.
    pub(super) fn is_repeated(&mut self) -> bool {
        let is_repeated = self.uuid.as_ref().is_some_and(|uuid| self.memory.seen.has(hash(uuid)));
        self.passage.counts.repeated += u64::from(is_repeated);
        is_repeated
    }

    /// The record ends: what had turns is known when it comes again.
    pub(super) fn close(&mut self) {
        if let Some(uuid) = self.uuid.as_ref().filter(|_| self.has_spoken()) {
            self.memory.seen.insert(hash(uuid));
        }
    }

    /// What the present record says of its circumstances; None leaves things as they were.
    pub(super) fn set(&mut self, cwd: Option<&str>, branch: Option<&str>, version: Option<&str>, model: Option<&str>) {
        let is_news = |old: Option<&str>, new: Option<&str>| new.is_some() && old != new;
        let old = &self.setting;
        let is_same = !is_news(old.cwd.as_deref(), cwd)
            && !is_news(old.branch.as_deref(), branch)
            && !is_news(old.version.as_deref(), version)
            && !is_news(old.model.as_deref(), model);
        if is_same {
            return;
        }
        let old = &mut self.memory.setting;
        let text = |new: Option<&str>, old: &mut Option<String>| {
            if let Some(new) = new {
                *old = Some(new.to_owned());
            }
        };
        text(cwd, &mut old.cwd);
        text(branch, &mut old.branch);
        let name = |new: Option<&str>, old: &mut Option<Arc<str>>| {
            if let Some(new) = new {
                *old = Some(Arc::from(new));
            }
        };
        name(version, &mut old.version);
        name(model, &mut old.model);
        self.setting = Arc::new(old.clone());
    }

    /// This model speaks. Where it is a subagent's amid the session's own records, what follows is not its words.
    pub(super) fn speak(&mut self, model: Option<&str>) {
        if self.subagent == self.memory.subagent {
            return self.set(None, None, None, model);
        }
        let setting = Setting { model: model.map(Arc::from), ..(*self.setting).clone() };
        self.usual = Some(std::mem::replace(&mut self.setting, Arc::new(setting)));
    }

    /// A turn, if the text is not blank.
    pub(super) fn say(&mut self, role: Role, text: Option<String>) {
        self.put(role, None, text, false, None);
    }

    /// The program reports a failure.
    pub(super) fn fail(&mut self, text: Option<String>) {
        self.put(Role::Note, None, text, true, None);
    }

    /// A tool is called, or answers.
    pub(super) fn tool(&mut self, role: Role, tool: Option<Arc<str>>, text: Option<String>, is_error: bool) {
        self.put(role, tool, text, is_error, None);
    }

    pub(super) fn put(
        &mut self,
        role: Role,
        tool: Option<Arc<str>>,
        text: Option<String>,
        is_error: bool,
        apart: Option<Box<str>>,
    ) {
        let Some(text) = text else { return };
        self.push(Turn {
            line: self.line,
            part: self.part,
            role,
            tool,
            text,
            setting: Arc::clone(&self.setting),
            at: self.at,
            uuid: self.uuid.clone(),
            is_error,
            subagent: self.subagent.clone(),
            apart,
        });
        self.part += 1;
    }

    fn push(&mut self, turn: Turn) {
        let facts = &mut self.passage.facts;
        facts.happened(turn.at);
        if turn.role == Role::Prompt && facts.prompt.is_none() && !is_command(&turn.text) {
            facts.prompt = Some(beginning(&turn.text, Facts::<String>::PROMPT_BYTES).to_owned());
        }
        self.passage.turns.push(turn);
    }

    /// A turn as it was kept elsewhere, with the line and part that it has there.
    pub(super) fn repeat(&mut self, turn: Turn) {
        let setting = self.settle(turn.setting);
        self.push(Turn { setting, ..turn });
    }

    /// What an answer cost, as it was kept elsewhere.
    pub(super) fn repeat_spent(&mut self, spent: Spent) {
        let setting = self.settle(spent.setting);
        self.pay(Spent { setting, ..spent });
    }

    /// The setting from now on; turns in a row that have the same share it.
    pub(super) fn settle(&mut self, setting: Arc<Setting>) -> Arc<Setting> {
        if self.setting != setting {
            self.memory.setting = (*setting).clone();
            self.setting = setting;
        }
        Arc::clone(&self.setting)
    }

    /// Something that is no text: it is named, and counted.
    pub(super) fn data(&mut self, media: Option<&str>, encoded_bytes: usize) -> String {
        self.passage.counts.data += 1;
        self.passage.counts.data_bytes += encoded_bytes as u64;
        words::data(media, encoded_bytes)
    }

    /// A typed prompt stands in this line, after the record `parent`. If another stood there already, all from that one on was
    /// abandoned.
    pub(super) fn prompted(&mut self, parent: Option<&str>) {
        let line = self.line;
        if let Some(first) = self.memory.prompt(parent, line)
            && first < line
        {
            self.passage.facts.abandon(Lines { first, last: line - 1 });
        }
    }

    pub(super) fn spend(&mut self, message: &str, tokens: &Tokens) {
        let spent = Spent {
            message: message.into(),
            line: self.line,
            setting: Arc::clone(&self.setting),
            at: self.at,
            subagent: self.subagent.clone(),
            input: tokens.input,
            output: tokens.output,
            cache_write_5m: tokens.cache_write_5m,
            cache_write_1h: tokens.cache_write_1h,
            cache_read: tokens.cache_read,
        };
        self.pay(spent);
    }

    fn pay(&mut self, spent: Spent) {
        match self.spent.get(&spent.message) {
            Some(at) => self.passage.spent[*at].join(&spent),
            None => {
                self.spent.insert(spent.message.clone(), self.passage.spent.len());
                self.passage.spent.push(spent);
            }
        }
    }

    /// A title, unless it is the one that stood last: programs write it again and again.
    pub(super) fn title(&mut self, origin: TitleOrigin, json: Option<&str>) {
        let Some(text) = json.and_then(words::of) else { return };
        let before = &mut self.memory.titles[origin as usize];
        let is_new = std::mem::replace(before, hash(&text)) != hash(&text);
        let facts = &mut self.passage.facts;
        match origin {
            TitleOrigin::Person => facts.custom_title = Some(text.clone()),
            TitleOrigin::Program | TitleOrigin::Team => facts.given_title = Some(text.clone()),
        }
        if is_new {
            self.say(Role::Title, Some(text));
        }
    }

    pub(super) fn finish(mut self) -> Passage {
        self.passage.facts.cwd = self.memory.setting.cwd.clone();
        self.passage.facts.branch = self.memory.setting.branch.clone();
        self.passage
    }
}

/// A moment as transcripts write it: RFC 3339, or milliseconds since 1970. The zero dates of broken programs are none.
pub(super) fn moment(json: Option<&str>) -> Option<Timestamp> {
    /// 1971-01-01: no transcript is older, and nobody was up at midnight of 1970.
    const FIRST: i64 = 31_536_000;
    let at = match object::word(json) {
        Some(word) => word.parse().ok(),
        None => Timestamp::from_millisecond(i64::try_from(object::number(json)?).ok()?).ok(),
    };
    at.filter(|at: &Timestamp| at.as_second() >= FIRST)
}

/// At most so many bytes, ending between characters.
fn beginning(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}

/// `/clear`, `/model opus`: a command to the program, which tells nothing about the session. `/review the loader` does.
fn is_command(text: &str) -> bool {
    const SETTINGS: [&str; 17] = [
        "add-dir",
        "agents",
        "clear",
        "color",
        "compact",
        "config",
        "effort",
        "export",
        "fast",
        "mcp",
        "memory",
        "model",
        "permissions",
        "plugin",
        "rename",
        "resume",
        "theme",
    ];
    let Some(command) = text.trim().strip_prefix('/') else { return false };
    match command.split_once(char::is_whitespace) {
        None => !command.contains('/'),
        Some((name, _)) => SETTINGS.contains(&name),
    }
}
