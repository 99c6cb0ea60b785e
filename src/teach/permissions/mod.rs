//! Permissions: a settings.json for a project, from what its own sessions asked for. It is offered, and never applied.
//!
//! What is allowed stands in a table that people have looked at (`table`); the sessions only say which lines of it are worth having.
//! So nothing that a transcript says can become a rule.

mod table;
mod rule;
mod settings;

use std::collections::{BTreeMap, BTreeSet};

use url::Url;

pub use rule::{Answer, Rule, Rules};
pub use table::Class;

use crate::session::command::{command_line, split};
use crate::session::{Role, Turn};
use table::{ASK, COMMITS, DOCUMENTATION, Group, HARMLESS, INSTALLS, NETWORK, NEVER, OWN_RULES, WEB, why_asked};

/// What came up less often is not worth a line that somebody has to read.
pub const OFTEN: u64 = 3;

/// Commands that stay asked, of which the most frequent are told.
const MOST_ASKED: usize = 8;

/// For what sort of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Preset {
    /// A person is there, and the project is like any other.
    Ordinary,
    /// Data or findings that must not leave: nothing reaches the web, and more is asked.
    Sensitive,
    /// Nobody is there to answer: what would be asked is denied, and commands run in the sandbox.
    Unattended,
}

impl Preset {
    pub const ALL: [Preset; 3] = [Preset::Ordinary, Preset::Sensitive, Preset::Unattended];

    pub fn word(self) -> &'static str {
        match self {
            Preset::Ordinary => "ordinary",
            Preset::Sensitive => "sensitive",
            Preset::Unattended => "unattended",
        }
    }

    fn allows(self, class: Class) -> bool {
        match self {
            Preset::Ordinary => true,
            Preset::Sensitive => matches!(class, Class::Reads | Class::Checks),
            Preset::Unattended => class != Class::Asks,
        }
    }
}

/// What sessions asked for, while it is being counted.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// Command lines, with how often and in which sessions.
    lines: BTreeMap<String, Times>,
    hosts: BTreeMap<String, Times>,
    sessions: BTreeSet<u32>,
}

#[derive(Debug, Clone, Default)]
struct Times {
    times: u64,
    sessions: BTreeSet<u32>,
}

impl Times {
    fn add(&mut self, session: u32, times: u64) {
        self.times += times;
        self.sessions.insert(session);
    }

    fn join(&mut self, other: &Times) {
        self.times += other.times;
        self.sessions.extend(&other.sessions);
    }
}

impl Asked {
    /// Counts a turn of a session; what calls no tool does not count.
    pub fn take(&mut self, session: u32, turn: &Turn) {
        if let Some(line) = command_line(turn) {
            self.sessions.insert(session);
            self.lines.entry(line).or_default().add(session, 1);
        } else if turn.role == Role::ToolCall && turn.tool.as_deref() == Some("WebFetch") {
            let url = turn.text.lines().find_map(|line| line.strip_prefix("url: "));
            let host = url.and_then(|url| Url::parse(url).ok()).and_then(|url| url.host_str().map(str::to_owned));
            self.sessions.insert(session);
            self.hosts.entry(host.unwrap_or_default()).or_default().add(session, 1);
        }
    }

    /// Calls of a shell.
    pub fn calls(&self) -> u64 {
        self.lines.values().map(|times| times.times).sum()
    }

    /// Sessions that called a tool which is counted.
    pub fn sessions(&self) -> usize {
        self.sessions.len()
    }

    /// How many calls would run unasked under these rules.
    pub fn unasked(&self, rules: &Rules) -> u64 {
        self.lines.iter().filter(|(line, _)| rules.answer(line) == Answer::Runs).map(|(_, times)| times.times).sum()
    }
}

/// In which list a rule stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum List {
    Allow,
    Ask,
    Deny,
}

impl List {
    pub fn word(self) -> &'static str {
        match self {
            List::Allow => "allow",
            List::Ask => "ask",
            List::Deny => "deny",
        }
    }
}

/// A rule with its reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub list: List,
    pub rule: Rule,
    /// How often it came up in the sessions, and in how many of them.
    pub times: u64,
    pub sessions: usize,
    pub why: &'static str,
}

/// A command that came up often and stays asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    pub name: String,
    pub times: u64,
    pub sessions: usize,
    pub why: &'static str,
}

/// What is offered.
#[derive(Debug, Clone)]
pub struct Suggestion {
    pub preset: Preset,
    /// Allowed first, the most frequent first.
    pub lines: Vec<Line>,
    pub left: Vec<Left>,
    /// Calls of a shell; how many ran unasked before, by Claude Code's own list, and how many would with these rules.
    pub calls: u64,
    pub before: u64,
    pub after: u64,
    pub sessions: usize,
}

impl Suggestion {
    pub fn rules(&self) -> Rules {
        let of = |list| self.lines.iter().filter(|line| line.list == list).map(|line| line.rule.clone()).collect();
        Rules { allow: of(List::Allow), ask: of(List::Ask), deny: of(List::Deny) }
    }

    /// The settings.json itself.
    pub fn settings(&self) -> serde_json::Value {
        settings::settings(self)
    }
}

/// Every rule of the table that a preset allows, whether or not it came up; for those who look at the table.
pub fn whole_table(preset: Preset) -> Rules {
    let mut lines = allowed(&Asked::default(), preset, 0);
    lines.extend(asked_and_denied(&Asked::default(), preset));
    let suggestion = Suggestion { preset, lines, left: Vec::new(), calls: 0, before: 0, after: 0, sessions: 0 };
    suggestion.rules()
}

/// Makes settings of what was asked for.
pub fn suggest(asked: &Asked, preset: Preset) -> Suggestion {
    let commands = commands(asked);
    let mut lines = allowed(asked, preset, OFTEN);
    lines.extend(asked_and_denied(asked, preset));
    let mut suggestion = Suggestion {
        preset,
        lines,
        left: Vec::new(),
        calls: asked.calls(),
        before: asked.unasked(&Rules::default()),
        after: 0,
        sessions: asked.sessions(),
    };
    let rules = suggestion.rules();
    suggestion.after = asked.unasked(&rules);
    suggestion.left = left(&commands, &rules);
    suggestion
}

/// Simple commands, each with how often it came up.
fn commands(asked: &Asked) -> BTreeMap<String, Times> {
    let mut commands: BTreeMap<String, Times> = BTreeMap::new();
    for (line, times) in &asked.lines {
        for command in split(line).commands {
            commands.entry(command.text).or_default().join(times);
        }
    }
    commands
}

/// How often commands came up of which a rule speaks.
fn times(commands: &BTreeMap<String, Times>, rule: &Rule) -> Times {
    let mut all = Times::default();
    let is_spoken_of = |text: &str| rule::unwrapped(text).iter().any(|text| rule.matches(text));
    commands.iter().filter(|(text, _)| is_spoken_of(text)).for_each(|(_, times)| all.join(times));
    all
}

fn allowed(asked: &Asked, preset: Preset, often: u64) -> Vec<Line> {
    let commands = commands(asked);
    let mut lines = Vec::new();
    let mut buts: BTreeMap<&str, Times> = BTreeMap::new();
    for harmless in HARMLESS.iter().filter(|harmless| preset.allows(harmless.class)) {
        let rule = Rule::bash(harmless.pattern);
        let times = times(&commands, &rule);
        if times.times < often {
            continue;
        }
        for but in harmless.but {
            buts.entry(but).or_insert_with(|| self::times(&commands, &Rule::bash(but)));
        }
        let why = harmless.class.words();
        lines.push(Line { list: List::Allow, rule, times: times.times, sessions: times.sessions.len(), why });
    }
    if preset == Preset::Ordinary {
        for (host, times) in &asked.hosts {
            if DOCUMENTATION.contains(&host.as_str()) && times.times >= often {
                let rule = Rule::new("WebFetch", &format!("domain:{host}"));
                let (times, sessions) = (times.times, times.sessions.len());
                lines.push(Line {
                    list: List::Allow,
                    rule,
                    times,
                    sessions,
                    why: "documentation that only its makers write",
                });
            }
        }
    }
    lines.sort_by(|a, b| b.times.cmp(&a.times).then_with(|| a.rule.cmp(&b.rule)));
    if preset == Preset::Unattended {
        // Below the project's root, as the documentation has it; without it a run without a person could change nothing.
        let why = "files of the project, where git shows what changed";
        lines.push(Line { list: List::Allow, rule: Rule::new("Edit", "/**"), times: 0, sessions: 0, why });
    }
    let why = "a flag with which an allowed command writes or runs something else";
    lines.extend(buts.into_iter().map(|(pattern, times)| Line {
        list: List::Deny,
        rule: Rule::bash(pattern),
        times: times.times,
        sessions: times.sessions.len(),
        why,
    }));
    lines
}

fn asked_and_denied(asked: &Asked, preset: Preset) -> Vec<Line> {
    let commands = commands(asked);
    let mut lines = Vec::new();
    let mut add = |groups: &[Group], list: List| {
        for group in groups {
            for pattern in group.patterns {
                let rule = Rule::new(group.tool, pattern);
                let times = match group.tool {
                    "Bash" => times(&commands, &rule),
                    "WebFetch" => asked.hosts.values().fold(Times::default(), |mut all, times| {
                        all.join(times);
                        all
                    }),
                    _ => Times::default(),
                };
                lines.push(Line { list, rule, times: times.times, sessions: times.sessions.len(), why: group.why });
            }
        }
    };
    match preset {
        Preset::Ordinary => {
            add(ASK, List::Ask);
            add(NETWORK, List::Ask);
        }
        Preset::Sensitive => {
            add(ASK, List::Ask);
            add(INSTALLS, List::Ask);
            add(COMMITS, List::Ask);
        }
        Preset::Unattended => {}
    }
    add(NEVER, List::Deny);
    match preset {
        Preset::Ordinary => {}
        Preset::Sensitive => {
            add(OWN_RULES, List::Deny);
            add(NETWORK, List::Deny);
            add(WEB, List::Deny);
        }
        Preset::Unattended => {
            add(OWN_RULES, List::Deny);
            add(ASK, List::Deny);
            add(NETWORK, List::Deny);
            add(INSTALLS, List::Deny);
            add(WEB, List::Deny);
        }
    }
    lines
}

/// The most frequent commands that would still prompt.
fn left(commands: &BTreeMap<String, Times>, rules: &Rules) -> Vec<Left> {
    let mut names: BTreeMap<String, Times> = BTreeMap::new();
    for (text, times) in commands {
        if rules.answer(text) == Answer::Prompts
            && let Some(name) = split(text).commands.first().and_then(|command| command.name())
        {
            names.entry(name).or_default().join(times);
        }
    }
    let mut left: Vec<Left> = names
        .into_iter()
        .filter(|(_, times)| times.times >= OFTEN)
        .map(|(name, times)| Left { why: why_asked(&name), name, times: times.times, sessions: times.sessions.len() })
        .collect();
    left.sort_by(|a, b| b.times.cmp(&a.times).then_with(|| a.name.cmp(&b.name)));
    left.truncate(MOST_ASKED);
    left
}
