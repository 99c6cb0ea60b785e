//! What reading makes of transcripts, and what it never does.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use tidings::read::session::{self, Kind, Place, apart, errand, place};
use tidings::session::{Agent, Facts, Memory, Passage, Role, Spent, Turn, hash};

use crate::support::memory;

fn folder(agent: Agent) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/session").join(agent.word())
}

/// Every fixture of a format: its path below the format's folder, and its bytes.
fn fixtures(agent: Agent) -> Vec<(PathBuf, Vec<u8>)> {
    fn walk(root: &Path, folder: &Path, files: &mut Vec<(PathBuf, Vec<u8>)>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(root, &path, files);
            } else if path.extension().is_none_or(|extension| extension != "expected") {
                files.push((path.strip_prefix(root).unwrap().to_owned(), fs::read(&path).unwrap()));
            }
        }
    }
    let mut files = Vec::new();
    walk(&folder(agent), &folder(agent), &mut files);
    files.sort();
    files
}

fn memory_of(place: &Place) -> Memory {
    Memory::new(place.subagent.as_deref())
}

fn claude_code(lines: &str) -> Passage {
    session::read(Agent::ClaudeCode, lines.as_bytes(), 1, &mut Memory::default())
}

/// A prompt in a record as Claude Code writes it.
fn prompt(id: usize, text: &str) -> String {
    let text = serde_json::to_string(text).unwrap();
    format!(r#"{{"type":"user","cwd":"/w","message":{{"role":"user","content":{text}}},"uuid":"u{id}"}}"#)
}

/// A passage as a person would want to compare it.
fn show(passage: &Passage) -> String {
    let mut page = String::new();
    for turn in &passage.turns {
        let words = [
            turn.tool.as_deref().map(|tool| format!("tool={tool}")),
            turn.subagent.as_deref().map(|subagent| format!("subagent={subagent}")),
            turn.is_error.then(|| "error".to_owned()),
            turn.apart.as_deref().map(|file| format!("apart={file}")),
            turn.model().map(str::to_owned),
            turn.version().map(str::to_owned),
            turn.branch().cloned(),
            turn.cwd().cloned(),
            turn.at.map(|at| at.to_string()),
            turn.uuid.as_deref().map(|uuid| format!("#{uuid}")),
        ];
        let words: Vec<String> = words.into_iter().flatten().collect();
        writeln!(page, "{}.{} {} {}", turn.line, turn.part, turn.role.word(), words.join(" ")).unwrap();
        for line in turn.text.lines() {
            writeln!(page, "    {line}").unwrap();
        }
    }
    for spent in &passage.spent {
        writeln!(
            page,
            "{} spent {} {}{} input {} output {} writes {} + {} reads {}",
            spent.line,
            spent.message,
            spent.setting.model.as_deref().unwrap_or("-"),
            spent.subagent.as_deref().map(|subagent| format!(" subagent={subagent}")).unwrap_or_default(),
            spent.input,
            spent.output,
            spent.cache_write_5m,
            spent.cache_write_1h,
            spent.cache_read,
        )
        .unwrap();
    }
    writeln!(page, "{}", serde_json::to_string_pretty(&passage.facts).unwrap()).unwrap();
    writeln!(page, "{}", serde_json::to_string(&passage.counts).unwrap()).unwrap();
    page
}

/// What reading makes of a fixture, by its place.
fn read(agent: Agent, path: &Path, bytes: &[u8]) -> String {
    let Some(place) = place(agent, path) else { return "no transcript\n".to_owned() };
    let made = match &place.kind {
        Kind::Errand => show(&Passage { facts: errand(bytes), ..Passage::default() }),
        Kind::Apart(_) => format!("{:?}\n", apart(bytes)),
        _ => show(&session::read(agent, bytes, 1, &mut memory_of(&place))),
    };
    format!("{place:?}\n{made}")
}

#[test]
fn each_transcript_is_read_as_expected() {
    let mut cases = 0;
    let mut wrong = String::new();
    for agent in Agent::ALL {
        for (path, bytes) in fixtures(agent) {
            cases += 1;
            let actual = read(agent, &path, &bytes);
            let expected = folder(agent).join(format!("{}.expected", path.display()));
            if std::env::var_os("BLESS").is_some() {
                fs::write(&expected, &actual).unwrap();
            } else if fs::read_to_string(&expected).ok().as_ref() != Some(&actual) {
                writeln!(wrong, "{} is read as\n{actual}", path.display()).unwrap();
            }
        }
    }
    assert!(cases >= 21, "only {cases} cases were found");
    assert!(wrong.is_empty(), "{wrong}");
}

/// Reads piece by piece, and keeps what is remembered between them as it is stored.
fn read_in_pieces(agent: Agent, pieces: &[&[u8]], mut memory: Memory) -> (Passage, Memory) {
    let mut whole = Passage::default();
    let mut line = 1;
    for piece in pieces {
        let passage = session::read(agent, piece, line, &mut memory);
        line += piece.iter().filter(|byte| **byte == b'\n').count() as u64;
        whole.turns.extend(passage.turns);
        for spent in passage.spent {
            match whole.spent.iter_mut().find(|before| before.message == spent.message) {
                Some(before) => before.join(&spent),
                None => whole.spent.push(spent),
            }
        }
        whole.facts.merge(passage.facts);
        whole.counts.merge(passage.counts);
        memory = serde_json::from_str(&serde_json::to_string(&memory).unwrap()).unwrap();
    }
    (whole, memory)
}

#[test]
fn a_file_cut_between_any_two_lines_gives_the_same_turns() {
    for agent in [Agent::ClaudeCode, Agent::Codex] {
        for (path, bytes) in fixtures(agent) {
            let Some(place) = place(agent, &path).filter(|place| !matches!(place.kind, Kind::Errand | Kind::Apart(_)))
            else {
                continue;
            };
            let ends: Vec<usize> = (1..=bytes.len()).filter(|end| bytes[end - 1] == b'\n').collect();
            let whole = read_in_pieces(agent, &[&bytes], memory_of(&place));
            for cut in &ends {
                let (before, after) = bytes.split_at(*cut);
                let cut = read_in_pieces(agent, &[before, after], memory_of(&place));
                assert_eq!(cut, whole, "{} cut at byte {}", path.display(), before.len());
            }
            let lines: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
            assert_eq!(read_in_pieces(agent, &lines, memory_of(&place)), whole, "{} line by line", path.display());
        }
    }
}

#[test]
fn a_place_is_told_by_the_path_alone() {
    let told = |agent, path: &str| {
        place(agent, Path::new(path)).map(|place| {
            let kind = match place.kind {
                Kind::Apart(file) => format!("apart {file}"),
                kind => format!("{kind:?}").to_lowercase(),
            };
            format!("{kind} {} {}", place.session.as_deref().unwrap_or("?"), place.subagent.as_deref().unwrap_or("-"))
        })
    };
    let session = "0a1b2c3d-4e5f-4061-8071-2a3b4c5d6e7f";
    let cases = [
        ("-w/S.jsonl", Some("main S -")),
        ("projects/-w/S.jsonl", Some("main S -")),
        ("S.jsonl", Some("main S -")),
        ("-w/agent-0f3c2d1.jsonl", Some("subagent ? agent-0f3c2d1")),
        ("-w/S/subagents/agent-a1.jsonl", Some("subagent S agent-a1")),
        ("-w/S/subagents/agent-a1.meta.json", Some("errand S agent-a1")),
        ("-w/S/subagents/workflows/wf_1/agent-a2.jsonl", Some("subagent S workflows/wf_1/agent-a2")),
        ("-w/S/subagents/workflows/wf_1/agent-a2.meta.json", Some("errand S workflows/wf_1/agent-a2")),
        ("-w/S/subagents/workflows/wf_1/journal.jsonl", Some("journal S workflows/wf_1/journal")),
        ("-w/S/tool-results/toolu_1.txt", Some("apart toolu_1.txt S -")),
        ("-w/S/tool-results/mcp-list.json", Some("apart mcp-list.json S -")),
        ("-w/S/tool-results/figure.png", None),
        ("-w/S/workflows/scripts/audit.js", None),
        ("-w/memory/MEMORY.md", None),
        ("-w/sessions-index.json", None),
        ("-w/S.jsonl.wakatime", None),
        ("-w/.jsonl", None),
        ("-w/S/subagents/notes.md", None),
        ("history.jsonl", None),
        ("", None),
    ];
    for (path, expected) in cases {
        let expected = expected.map(|words| words.replace('S', session));
        assert_eq!(told(Agent::ClaudeCode, &path.replace('S', session)), expected, "{path}");
    }
    let rollout = format!("rollout-2026-08-03T10-00-00-{session}.jsonl");
    for path in [format!("2026/08/03/{rollout}"), format!("{rollout}.zst"), format!("archived_sessions/{rollout}")] {
        assert_eq!(told(Agent::Codex, &path), Some(format!("main {session} -")), "{path}");
    }
    for path in
        ["2026/08/03/notes.jsonl", "rollout-x.jsonl", "rollout-2026.json", "rollout-é-0a1b2c3d-4e5f-4061-8071.jsonl"]
    {
        assert_eq!(told(Agent::Codex, path), None, "{path}");
    }
    assert_eq!(told(Agent::Diary, "probes/SCRATCH.md").as_deref(), Some("main probes/SCRATCH.md -"));
    assert_eq!(told(Agent::Diary, "probes/README.md"), None);
}

#[test]
fn an_output_stored_apart_takes_the_place_of_its_beginning() {
    let (_, bytes) =
        fixtures(Agent::ClaudeCode).into_iter().find(|(path, _)| path.ends_with("lab/apart.jsonl")).unwrap();
    let passage = session::read(Agent::ClaudeCode, &bytes, 1, &mut Memory::default());
    let owner = passage.turns.iter().find(|turn| turn.apart.is_some()).unwrap();
    assert_eq!(owner.apart.as_deref(), Some("toolu_agent.txt"));
    let whole = owner.whole(apart(b"seed 1\nseed 2\n").unwrap());
    assert_eq!((whole.line, whole.part, whole.role), (owner.line, owner.part, Role::ToolOutput));
    assert_eq!((whole.tool.as_deref(), whole.text.as_str()), (Some("Agent"), "seed 1\nseed 2\n"));
    assert_eq!(apart(b" \n\t\r\n"), None);
}

#[test]
fn whatever_may_hold_a_secret_passes_through_map() {
    let fixture =
        |name: &str| fixtures(Agent::ClaudeCode).into_iter().find(|(path, _)| path.ends_with(name)).unwrap().1;
    let mut memory = Memory::default();
    let passage = session::read(Agent::ClaudeCode, &fixture("lab/everyday.jsonl"), 1, &mut memory);
    let settings = |passage: &Passage| {
        passage.turns.windows(2).filter(|pair| std::sync::Arc::ptr_eq(&pair[0].setting, &pair[1].setting)).count()
    };
    let shared = settings(&passage);
    let mut seen = Vec::new();
    let changed = passage.clone().map(|text: String| {
        seen.push(text);
        "changed".to_owned()
    });
    for text in ["/home/ada/probes", "fix/layer-12", "the probe, again", "Probe fails on layer 12"] {
        assert!(seen.iter().any(|other| other == text), "{text}");
    }
    // No text of the passage is left but what tells records, models and tools apart.
    let left = serde_json::to_string(&changed).unwrap();
    for text in passage.turns.iter().map(|turn| turn.text.as_str()).chain(["/home/ada", "layer-12", "Probe"]) {
        assert!(!left.contains(serde_json::to_string(text).unwrap().trim_matches('"')), "{text}");
    }
    assert_eq!(settings(&changed), shared, "what turns share they share afterwards");
    assert!(shared > 4);
    let left = serde_json::to_string(&memory.map(|_| "changed".to_owned())).unwrap();
    assert!(!left.contains("ada") && !left.contains("layer") && left.contains("changed"), "{left}");
    let meta = errand(&fixture("lab/apart/subagents/agent-a1.meta.json"));
    let meta = Passage { facts: meta, ..Passage::default() }.map(|_| "changed".to_owned());
    assert!(!serde_json::to_string(&meta).unwrap().contains("seeds"));
}

#[test]
fn what_one_answer_cost_is_its_largest_figures_wherever_they_come_from() {
    let answer = |output: u64, read: u64| {
        format!(
            r#"{{"type":"assistant","message":{{"id":"m","model":"x","content":[],"usage":{{"input_tokens":3,"output_tokens":{output},"cache_read_input_tokens":{read},"cache_creation":{{"ephemeral_5m_input_tokens":5,"ephemeral_1h_input_tokens":7}}}}}}}}"#
        )
    };
    let one = claude_code(&[answer(1, 900), answer(40, 900), answer(2, 900)].join("\n"));
    let figures =
        |spent: &Spent| [spent.input, spent.output, spent.cache_write_5m, spent.cache_write_1h, spent.cache_read];
    assert_eq!(one.spent.iter().map(figures).collect::<Vec<_>>(), [[3, 40, 5, 7, 900]]);
    let mut here = one.spent[0].clone();
    here.join(&claude_code(&answer(41, 800)).spent[0]);
    assert_eq!(figures(&here), [3, 41, 5, 7, 900]);
}

#[test]
fn titles_have_their_order() {
    let title = |lines: &[&str]| claude_code(&lines.join("\n")).facts.title().cloned();
    let first = prompt(1, "Count the seeds.");
    let summary = r#"{"type":"summary","summary":"by summary","leafUuid":"x"}"#;
    let given = r#"{"type":"ai-title","aiTitle":"by the program"}"#;
    let custom = r#"{"type":"custom-title","customTitle":"by a person"}"#;
    let later = r#"{"type":"ai-title","aiTitle":"by the program, later"}"#;
    assert_eq!(title(&[]), None);
    assert_eq!(title(&[&prompt(0, "/clear"), &first]).as_deref(), Some("Count the seeds."));
    assert_eq!(title(&[&first, summary]).as_deref(), Some("by summary"));
    assert_eq!(title(&[&first, given, summary]).as_deref(), Some("by the program"));
    assert_eq!(title(&[given, later]).as_deref(), Some("by the program, later"));
    assert_eq!(title(&[custom, &first, later]).as_deref(), Some("by a person"));
}

#[test]
fn a_long_first_prompt_is_cut_between_characters() {
    let passage = claude_code(&prompt(1, &"会".repeat(5_000)));
    let kept = passage.facts.prompt.unwrap();
    assert!(kept.len() <= Facts::<String>::PROMPT_BYTES && kept.len() > Facts::<String>::PROMPT_BYTES - 4);
    assert_eq!(passage.turns[0].text.len(), 15_000);
}

#[test]
fn lines_that_were_left_behind_are_named_once_and_in_order() {
    let mut facts: Facts = Facts::default();
    for (first, last) in [(20, 30), (5, 8), (9, 9), (25, 40), (6, 7)] {
        facts.abandon(tidings::session::Lines { first, last });
    }
    let lines: Vec<(u64, u64)> = facts.abandoned.iter().map(|lines| (lines.first, lines.last)).collect();
    assert_eq!(lines, [(5, 9), (20, 40)]);
    assert!(facts.is_abandoned(40) && !facts.is_abandoned(41) && !facts.is_abandoned(4));
}

#[test]
fn a_large_line_takes_little_more_than_twice_its_size() {
    for (name, word) in [("plain", "filler "), ("escaped", "a\nb\t\"c\" "), ("of characters", "검색 ")] {
        let text = word.repeat((1 << 19) / serde_json::to_string(word).unwrap().len());
        let said = prompt(1, &text);
        let called = said
            .replace("user", "assistant")
            .replace(r#""content":"#, r#""content":[{"type":"tool_use","id":"t","name":"Write","input":{"content":"#);
        let called = called.replace(r#"},"uuid""#, r#"}}]},"uuid""#);
        for line in [said, called] {
            let mut memory = Memory::default();
            let peak = memory::from_now();
            let passage = session::read(Agent::ClaudeCode, line.as_bytes(), 1, &mut memory);
            let peak = usize::try_from(peak.bytes()).unwrap();
            assert_eq!(passage.turns.len(), 1, "{name}");
            let read = passage.turns[0].text.trim_start_matches("content: ");
            assert_eq!(read.trim_end(), text.trim_end(), "{name}");
            // The line itself was there before.
            assert!(peak < line.len() * 21 / 20, "{name}: {peak} bytes for a line of {}", line.len());
        }
    }
}

#[test]
fn what_is_remembered_of_a_large_file_stays_small() {
    let mut memory = Memory::default();
    let tool = "Bash".into();
    for line in 0..5_000 {
        memory.prompt(Some(&format!("parent {line}")), line);
    }
    for line in 0..20_000 {
        memory.call(&format!("call {line}"), &tool);
        memory.copies.expect(0, &format!("never said {line}"));
        memory.seen.insert(hash(&format!("record {line}")));
    }
    let stored = serde_json::to_string(&memory).unwrap();
    assert!(stored.len() < 400_000, "{}", stored.len());
    let mut memory: Memory = serde_json::from_str(&stored).unwrap();
    let knows = |line: u64| memory.seen.has(hash(&format!("record {line}")));
    assert!(knows(19_999) && knows(3_616) && !knows(3_615));
    assert_eq!(memory.answer("call 19999").as_deref(), Some("Bash"));
    assert_eq!((memory.answer("call 19999"), memory.answer("call 1")), (None, None));
    assert_eq!(memory.prompt(Some("parent 4999"), 6_000), Some(4_999));
    assert_eq!(memory.prompt(Some("parent 1"), 6_001), None);
    assert!(memory.copies.is_second(1, "never said 19999") && !memory.copies.is_second(1, "never said 1"));
}

#[test]
fn a_record_deeper_than_any_stack_is_read() {
    let deep = format!("{}1{}", "[".repeat(50_000), "]".repeat(50_000));
    let nested = format!("{}1{}", r#"{"a":"#.repeat(5_000), "}".repeat(5_000));
    for inner in [&deep, &nested] {
        let call = format!(
            r#"{{"type":"assistant","message":{{"content":[{{"type":"tool_use","id":"t","name":"Deep","input":{{"x":{inner}}}}}]}}}}"#
        );
        let passage = claude_code(&format!("{call}\n{}\n{inner}\n{}", prompt(1, "before"), prompt(2, "after")));
        let roles: Vec<Role> = passage.turns.iter().map(|turn| turn.role).collect();
        assert_eq!(roles, [Role::ToolCall, Role::Prompt, Role::Prompt]);
    }
}

#[test]
fn tags_that_never_end_are_read_in_linear_time() {
    // No clock is asked; but read in quadratic time, this test takes minutes instead of a moment.
    let text = "\n<system-reminder>".repeat(40_000);
    let passage = claude_code(&prompt(1, &text));
    assert_eq!((passage.turns.len(), passage.turns[0].role), (1, Role::Prompt));
    let broken = format!("[{}\n{}", r#"{"type":"x","#.repeat(20_000), prompt(2, "after"));
    assert_eq!(claude_code(&broken).turns.len(), 1);
}

#[test]
fn names_of_records_do_not_fill_the_memory() {
    let lines: String = (0..5_000).map(|number| format!("{{\"type\":\"kind {number}\"}}\n")).collect();
    let counts = claude_code(&lines).counts;
    assert!(counts.unknown.len() <= 201 && counts.records.len() <= 201);
    assert_eq!((counts.unknown.values().sum::<u64>(), counts.unknown["others"]), (5_000, 4_800));
    let damaged = claude_code(&"half {\n".repeat(3_000)).counts;
    assert_eq!((damaged.damaged.len(), damaged.more_damaged), (1_000, 2_000));
}

#[test]
fn data_is_named_and_never_becomes_text() {
    let data = "QUJD".repeat(2_000);
    let image = format!(r#"{{"type":"image","source":{{"type":"base64","media_type":"image/png","data":"{data}"}}}}"#);
    let lines = [
        format!(r#"{{"type":"user","message":{{"content":[{image}]}}}}"#),
        format!(
            r#"{{"type":"user","message":{{"content":[{{"type":"tool_result","tool_use_id":"t","content":[{image}]}}]}}}}"#
        ),
        format!(
            r#"{{"type":"user","message":{{"content":[{{"type":"tool_result","tool_use_id":"t","content":"{data}"}}]}}}}"#
        ),
        format!(
            r#"{{"type":"assistant","message":{{"content":[{{"type":"tool_use","id":"t","name":"Write","input":{{"content":"{data}","deep":[{image}]}}}}]}}}}"#
        ),
        format!(
            r#"{{"type":"assistant","message":{{"content":[{{"type":"thinking","thinking":"so","signature":"{data}"}}]}}}}"#
        ),
        format!(r#"{{"type":"attachment","attachment":{{"type":"of_tomorrow","file":{{"base64":"{data}"}}}}}}"#),
    ];
    let passage = claude_code(&lines.join("\n"));
    let texts: Vec<&str> = passage.turns.iter().map(|turn| turn.text.trim_end()).collect();
    assert_eq!(
        texts,
        [
            "[image/png, 6000 bytes]",
            "[image/png, 6000 bytes]",
            "[data, 8000 bytes]",
            "content: [data, 6000 bytes]\ndeep:\ntype: image\nsource:\n[image/png, 6000 bytes]",
            "so",
            "file:\n[data, 6000 bytes]",
        ]
    );
    assert_eq!((passage.counts.data, passage.counts.data_bytes), (2, 16_000));
}

/// The lines of a passage's turns are those of the file, in its order, and nothing is blank.
fn check_turns(turns: &[Turn], lines: u64) {
    for pair in turns.windows(2) {
        assert!((pair[0].line, pair[0].part) < (pair[1].line, pair[1].part));
    }
    for turn in turns {
        assert!(turn.line >= 1 && turn.line <= lines && !turn.text.trim().is_empty());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_read(seed in any::<prop::sample::Index>(), changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0_usize..4), 0..40)) {
        for agent in Agent::ALL {
            let fixtures = fixtures(agent);
            let mut bytes = seed.get(&fixtures).1.clone();
            for (at, byte, way) in &changes {
                if bytes.is_empty() {
                    break;
                }
                let at = at.index(bytes.len());
                match way {
                    0 => bytes[at] = *byte,
                    1 => bytes.truncate(at),
                    2 => bytes.insert(at, b"\"\\{}[]\n,:\x00\xff0u"[usize::from(*byte) % 13]),
                    _ => { bytes.remove(at); }
                }
            }
            let passage = session::read(agent, &bytes, 1, &mut Memory::default());
            check_turns(&passage.turns, passage.counts.lines);
            prop_assert!(passage.counts.damaged.iter().all(|damage| damage.trouble != tidings::session::Trouble::Unreadable));
            apart(&bytes);
            errand(&bytes);
        }
    }
}
