//! Claude Code: an MCP server in its list, and hooks in its settings. Text in, text out; a person's own entries stay.
//!
//! The formats are those of `claude mcp add --scope user` (`~/.claude.json`), of `.mcp.json`, and of "Hooks reference" in
//! Claude Code's documentation.

use std::path::Path;

use anyhow::{Result, anyhow, bail};
use serde::Serialize;
use serde_json::Value;

use super::json_text::{self, Node};
use super::plan::Wanted;
use super::quote;

/// The server's name; what it offers is called `mcp__tidings__…`.
pub const SERVER: &str = "tidings";

/// What is told of a session, and whether the session waits for it: at its end nothing may go on after Claude Code has left.
const EVENTS: [(&str, bool); 4] =
    [("SessionStart", false), ("Notification", false), ("Stop", false), ("SessionEnd", true)];

/// A hook leaves one small file behind; what takes longer is stuck, and nobody should wait for it.
const HOOK_SECONDS: u32 = 5;

/// As `claude mcp add` writes it.
#[derive(Serialize)]
struct Server<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    command: &'a str,
    args: [&'a str; 3],
}

#[derive(Serialize)]
struct Group<'a> {
    hooks: [Hook<'a>; 1],
}

#[derive(Serialize)]
struct Hook<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    command: &'a str,
    timeout: u32,
    #[serde(rename = "async", skip_serializing_if = "is_false")]
    is_async: bool,
}

fn is_false(flag: &bool) -> bool {
    !flag
}

/// A text with what was added (`+ …`) and taken out (`- …`).
pub type Edited = (String, Vec<String>);

/// The file of servers with ours in it; with `remove`, without.
///
/// # Errors
/// When it is no JSON object, or another server has the name.
pub fn servers(before: Option<&str>, wanted: &Wanted, remove: bool) -> Result<Edited> {
    let home = quote::line(&wanted.home, "the home")?;
    let command = quote::line(&wanted.program, "the program")?;
    let server = Server { kind: "stdio", command, args: ["mcp", "--home", home] };
    let added =
        |server: &Server<'_>| serde_json::to_string(server).map(|text| format!("+ mcpServers.{SERVER}: {text}"));
    let text = text_of(before);
    let root = object(text)?;
    let list = root.member("mcpServers");
    let known = list.and_then(|list| list.member(SERVER));
    if list.is_some_and(|list| !is_object(list)) {
        bail!("its `mcpServers` is no object; mend it, or move the file away");
    }
    let Some(known) = known else {
        if remove {
            return Ok((text.to_owned(), Vec::new()));
        }
        let after = match list {
            Some(list) => json_text::add(text, list, Some(SERVER), &server)?,
            None => {
                let list: std::collections::BTreeMap<&str, &Server<'_>> = [(SERVER, &server)].into();
                json_text::add(text, &root, Some("mcpServers"), &list)?
            }
        };
        return Ok((with_end(after, before), vec![added(&server)?]));
    };
    let value: Value = serde_json::from_str(&text[known.span.clone()])?;
    if !value["command"].as_str().is_some_and(is_tidings) {
        bail!("it has another server named `{SERVER}`; `claude mcp remove {SERVER}` takes it out");
    }
    if remove {
        let theirs: Vec<&str> = keys(&value).filter(|key| !["type", "command", "args"].contains(key)).collect();
        let is_empty = |key: &&str| value[*key].as_object().is_some_and(serde_json::Map::is_empty);
        if !theirs.iter().all(is_empty) {
            bail!(
                "somebody added {} to the server `{SERVER}`; `claude mcp remove {SERVER}` takes it out whole",
                theirs.join(", ")
            );
        }
        return Ok((taken_out(text, &["mcpServers"], SERVER)?, vec![format!("- mcpServers.{SERVER}")]));
    }
    if value["command"] == command && value["args"] == serde_json::json!(server.args) {
        return Ok((text.to_owned(), Vec::new()));
    }
    // Only what we wrote: an env that a person added stays. From the end, so that the places before it hold.
    let mut after = text.to_owned();
    for (name, value) in [("args", serde_json::json!(server.args)), ("command", serde_json::json!(command))] {
        let root = json_text::parse(&after)?;
        let Some(known) = root.member("mcpServers").and_then(|list| list.member(SERVER)) else { break };
        after = match known.member(name) {
            Some(node) => json_text::replace(&after, node, &value)?,
            None => json_text::add(&after, known, Some(name), &value)?,
        };
    }
    Ok((after, vec![format!("- mcpServers.{SERVER}: other command or args"), added(&server)?]))
}

/// The settings with our hooks in them; with `remove`, without.
///
/// # Errors
/// When they are no JSON object, or their hooks have another shape than Claude Code's.
pub fn hooks(before: Option<&str>, wanted: &Wanted, remove: bool) -> Result<Edited> {
    let home = quote::shell(quote::line(&wanted.home, "the home")?);
    let program = quote::shell(quote::line(&wanted.program, "the program")?);
    let command = format!("{program} hook --home {home}");
    let mut text = text_of(before).to_owned();
    let mut view = Vec::new();
    for (event, waits) in EVENTS {
        let hook = Hook { kind: "command", command: &command, timeout: HOOK_SECONDS, is_async: !waits };
        let root = object(&text)?;
        let shape = |what: &str| anyhow!("its {what} is not what Claude Code expects; mend it, or move the file away");
        if root.member("hooks").is_some_and(|hooks| !is_object(hooks)) {
            return Err(shape("`hooks`"));
        }
        let groups = root.member("hooks").and_then(|hooks| hooks.member(event));
        if groups.is_some_and(|groups| groups.len().is_none() || is_object(groups)) {
            return Err(shape(&format!("`hooks.{event}`")));
        }
        let found = groups.and_then(|groups| find(&text, groups, &home));
        text = match (found, remove) {
            (None, true) => text,
            (Some((group, place, known)), false) => {
                if known == command {
                    continue;
                }
                let list = groups.map(Node::elements).unwrap_or_default();
                let list = list[group].member("hooks").map(Node::elements).unwrap_or_default();
                let Some(node) = list[place].member("command") else { continue };
                view.push(format!("- hooks.{event}: {known}"));
                view.push(format!("+ hooks.{event}: {command}"));
                json_text::replace(&text, node, &command)?
            }
            (Some((group, place, known)), true) => {
                view.push(format!("- hooks.{event}: {known}"));
                hook_taken_out(&text, event, group, place)?
            }
            (None, false) => {
                view.push(format!("+ hooks.{event}: {}", serde_json::to_string(&hook)?));
                let group = Group { hooks: [hook] };
                match (root.member("hooks"), groups) {
                    (_, Some(groups)) => json_text::add(&text, groups, None, &group)?,
                    (Some(hooks), None) => json_text::add(&text, hooks, Some(event), &[group])?,
                    (None, None) => {
                        let hooks: std::collections::BTreeMap<&str, [Group<'_>; 1]> = [(event, [group])].into();
                        json_text::add(&text, &root, Some("hooks"), &hooks)?
                    }
                }
            }
        };
    }
    if view.is_empty() {
        return Ok((text_of(before).to_owned(), view));
    }
    Ok((with_end(text, before), view))
}

/// Whether hooks of this home are in the settings: the events that have one.
pub fn hooked<'a>(text: &str, home: &Path) -> Vec<&'a str> {
    let (Ok(root), Some(home)) = (json_text::parse(text), home.to_str().map(quote::shell)) else { return Vec::new() };
    let has = |event: &str| {
        let groups = root.member("hooks").and_then(|hooks| hooks.member(event));
        groups.is_some_and(|groups| find(text, groups, &home).is_some())
    };
    EVENTS.into_iter().map(|(event, _)| event).filter(|event| has(event)).collect()
}

/// Whether a file of servers names ours.
pub fn registered(text: &str) -> bool {
    let value: Value = serde_json::from_str(text).unwrap_or_default();
    value["mcpServers"][SERVER]["command"].as_str().is_some_and(is_tidings)
}

/// Where our hook for this home is among an event's groups, and its command.
fn find(text: &str, groups: &Node, home: &str) -> Option<(usize, usize, String)> {
    let ours = format!(" hook --home {home}");
    groups.elements().iter().enumerate().find_map(|(group, node)| {
        let hooks = node.member("hooks")?.elements();
        hooks.iter().enumerate().find_map(|(place, hook)| {
            let command: String = serde_json::from_str(&text[hook.member("command")?.span.clone()]).ok()?;
            let program = command.strip_suffix(&ours)?;
            is_tidings(program.trim_matches('\'')).then_some((group, place, command))
        })
    })
}

/// Without a hook, its group if that has no other, and what then is empty and was made for it.
fn hook_taken_out(text: &str, event: &str, group: usize, place: usize) -> Result<String> {
    let root = json_text::parse(text)?;
    let groups = root.member("hooks").and_then(|hooks| hooks.member(event)).ok_or_else(|| anyhow!("no {event}"))?;
    let node = &groups.elements()[group];
    let list = node.member("hooks").ok_or_else(|| anyhow!("no hooks"))?;
    // A matcher, or another hook beside ours, is a person's.
    if list.len() > Some(1) || node.len() > Some(1) {
        return Ok(json_text::remove(text, list, place));
    }
    if groups.len() > Some(1) {
        return Ok(json_text::remove(text, groups, group));
    }
    taken_out(text, &["hooks"], event)
}

/// Without a member, and without what held it alone.
fn taken_out(text: &str, path: &[&str], name: &str) -> Result<String> {
    let root = json_text::parse(text)?;
    let (mut whole, mut name) = (&root, name);
    let mut last = None;
    for step in path {
        last = Some((whole, *step));
        whole = whole.member(step).ok_or_else(|| anyhow!("no `{step}`"))?;
    }
    if let (Some(1), Some((holder, step))) = (whole.len(), last) {
        (whole, name) = (holder, step);
    }
    let place = json_text::place(whole, name).ok_or_else(|| anyhow!("no `{name}`"))?;
    Ok(json_text::remove(text, whole, place))
}

fn text_of(before: Option<&str>) -> &str {
    // Claude Code takes a file without a word for one without settings, too.
    before.filter(|text| !text.trim().is_empty()).unwrap_or("{}")
}

/// A file that is new ends with its line.
fn with_end(after: String, before: Option<&str>) -> String {
    if before.is_none() { after + "\n" } else { after }
}

fn object(text: &str) -> Result<Node> {
    let root = json_text::parse(text)
        .map_err(|error| anyhow!("it can't be read as JSON ({error}); mend it there, or move the file away"))?;
    if !is_object(&root) {
        bail!("it holds no JSON object; mend it, or move the file away");
    }
    Ok(root)
}

fn is_object(node: &Node) -> bool {
    matches!(node.kind, json_text::Kind::Object(_))
}

fn keys(value: &Value) -> impl Iterator<Item = &str> {
    value.as_object().into_iter().flat_map(|object| object.keys().map(String::as_str))
}

/// Whether a program is this one, by its name: `tidings`, `tidings-0.2`.
fn is_tidings(program: &str) -> bool {
    super::place::is_our_name(Path::new(program))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(program: &str) -> Wanted {
        Wanted { home: "/home/ana/tidings".into(), program: program.into(), secrets: None }
    }

    const HERS: &str = r#"{
  "zeta": 1,
  "env": { "TOKEN": "hers" },
  "hooks": {
    "Stop": [
      { "matcher": "", "hooks": [ { "type": "command", "command": "say done" } ] }
    ]
  },
  "alpha": [1,2,   3]
}
"#;

    fn hooked_text(before: Option<&str>) -> String {
        hooks(before, &wanted("/opt/tidings"), false).expect("written").0
    }

    #[test]
    fn hooks_join_a_persons_own() {
        insta::assert_snapshot!(hooked_text(Some(HERS)), @r##"
        {
          "zeta": 1,
          "env": { "TOKEN": "hers" },
          "hooks": {
            "Stop": [
              { "matcher": "", "hooks": [ { "type": "command", "command": "say done" } ] },
              {
                "hooks": [
                  {
                    "type": "command",
                    "command": "/opt/tidings hook --home /home/ana/tidings",
                    "timeout": 5,
                    "async": true
                  }
                ]
              }
            ],
            "SessionStart": [
              {
                "hooks": [
                  {
                    "type": "command",
                    "command": "/opt/tidings hook --home /home/ana/tidings",
                    "timeout": 5,
                    "async": true
                  }
                ]
              }
            ],
            "Notification": [
              {
                "hooks": [
                  {
                    "type": "command",
                    "command": "/opt/tidings hook --home /home/ana/tidings",
                    "timeout": 5,
                    "async": true
                  }
                ]
              }
            ],
            "SessionEnd": [
              {
                "hooks": [
                  {
                    "type": "command",
                    "command": "/opt/tidings hook --home /home/ana/tidings",
                    "timeout": 5
                  }
                ]
              }
            ]
          },
          "alpha": [1,2,   3]
        }
        "##);
    }

    #[test]
    fn a_server_joins_those_that_are_there() {
        let before = "{\n  \"numStartups\": 7,\n  \"mcpServers\": {\n    \"hers\": {\n      \"command\": \"x\",\n      \"env\": {\"KEY\": \"s3cret\"}\n    }\n  },\n  \"projects\": {}\n}\n";
        let (after, view) = servers(Some(before), &wanted("/opt/tidings"), false).expect("written");
        insta::assert_snapshot!(after, @r##"
        {
          "numStartups": 7,
          "mcpServers": {
            "hers": {
              "command": "x",
              "env": {"KEY": "s3cret"}
            },
            "tidings": {
              "type": "stdio",
              "command": "/opt/tidings",
              "args": [
                "mcp",
                "--home",
                "/home/ana/tidings"
              ]
            }
          },
          "projects": {}
        }
        "##);
        assert!(!view.join("\n").contains("s3cret"), "nothing of a person's is shown");
        assert_eq!(servers(Some(&after), &wanted("/opt/tidings"), true).expect("taken out").0, before);
    }

    #[test]
    fn twice_changes_nothing_and_taking_out_leaves_every_byte() {
        let compact = HERS.split_whitespace().collect::<String>();
        let crlf = HERS.replace('\n', "\r\n");
        for before in [HERS, &compact, &crlf, "{\n\t\"a\": 1\n}", "{\"hooks\":{\"Stop\":[{\"hooks\":[]}]},\"b\":2}"] {
            let once = hooked_text(Some(before));
            assert_eq!(hooked_text(Some(&once)), once, "{before}");
            let gone = hooks(Some(&once), &wanted("/elsewhere/tidings"), true).expect("taken out").0;
            assert_eq!(gone, before);
            let once = servers(Some(before), &wanted("/opt/tidings"), false).expect("written").0;
            assert_eq!(servers(Some(&once), &wanted("/opt/tidings"), false).expect("written").0, once, "{before}");
            assert_eq!(servers(Some(&once), &wanted("/opt/tidings"), true).expect("taken out").0, before);
        }
    }

    #[test]
    fn where_nothing_was_a_file_is_made_and_taking_out_leaves_an_empty_object() {
        for before in [None, Some(""), Some("{}")] {
            let once = hooked_text(before);
            let value: Value = serde_json::from_str(&once).expect("JSON");
            assert_eq!(
                value["hooks"]["SessionEnd"][0]["hooks"][0]["command"],
                "/opt/tidings hook --home /home/ana/tidings"
            );
            assert_eq!(hooks(Some(&once), &wanted("/opt/tidings"), true).expect("taken out").0.trim_end(), "{}");
        }
    }

    #[test]
    fn a_program_that_moved_is_followed_and_what_a_person_added_stays() {
        let once = hooked_text(Some(HERS)).replace("\"timeout\": 5,", "\"timeout\": 9,");
        let (moved, view) = hooks(Some(&once), &wanted("/new place/tidings"), false).expect("written");
        assert_eq!(moved, once.replace("/opt/tidings hook", "'/new place/tidings' hook"));
        assert_eq!(view.len(), 8, "{view:?}");
        let again = hooks(Some(&moved), &wanted("/opt/tidings-0.2"), false).expect("written").0;
        assert_eq!(again, once.replace("/opt/tidings hook", "/opt/tidings-0.2 hook"), "a program of another version");
        assert_eq!(hooks(Some(&again), &wanted("/opt/tidings-0.2"), false).expect("written").1, [] as [String; 0]);
        let text = r#"{"mcpServers":{"tidings":{"command":"/old/tidings","env":{"A":"b"}}}}"#;
        let (after, _) = servers(Some(text), &wanted("/opt/tidings"), false).expect("written");
        assert_eq!(
            after,
            r#"{"mcpServers":{"tidings":{"command":"/opt/tidings","env":{"A":"b"}, "args": ["mcp","--home","/home/ana/tidings"]}}}"#
        );
        let error = servers(Some(&after), &wanted("/opt/tidings"), true).expect_err("left").to_string();
        assert_eq!(error, "somebody added env to the server `tidings`; `claude mcp remove tidings` takes it out whole");
    }

    #[test]
    fn odd_files_are_left_and_told() {
        for (text, words) in [
            ("{ // mine\n}", "can't be read as JSON (key must be a string at line 1 column 3)"),
            ("[]", "holds no JSON object"),
            ("{\"hooks\": []}", "`hooks` is not what Claude Code expects"),
            ("{\"hooks\": {\"Stop\": {}}}", "`hooks.Stop` is not what Claude Code expects"),
        ] {
            let error = hooks(Some(text), &wanted("/opt/tidings"), false).expect_err("left").to_string();
            assert!(error.contains(words), "{error}");
        }
        for (text, words) in [
            ("{\"mcpServers\": []}", "`mcpServers` is no object"),
            ("{\"mcpServers\": {\"tidings\": {\"command\": \"npx\"}}}", "another server named `tidings`"),
        ] {
            let error = servers(Some(text), &wanted("/opt/tidings"), false).expect_err("left").to_string();
            assert!(error.contains(words), "{error}");
        }
    }
}
