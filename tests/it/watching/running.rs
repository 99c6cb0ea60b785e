//! Which sessions run, from files alone.

use std::fs;

use serde_json::json;
use tidings::flow;
use tidings::flow::answers::Known;
use tidings::keep::Keep;

use super::{Desk, ONE, TWO, at, event};

const THREE: &str = "3d5c3e7f-8b3d-4f60-b2a9-1d5c3e7f9a24";
const FOUR: &str = "4e7f9a24-8b3d-4f60-b2a9-1d5c3e7f9a24";

#[test]
fn running_sessions_are_told_from_their_files_hooks_and_processes_while_another_holds_the_home() {
    let desk = Desk::new("");
    let now = at("16 12:00:00");
    // Whoever holds the home is not asked.
    let _held = Keep::open(desk.setup.home.folder(), "tidings run", now).unwrap();
    desk.writes(ONE, "atlas", "Paint it blue.", at("16 11:59:30"));
    desk.writes(TWO, "atlas", "Paint it red.", at("16 11:00:00"));
    desk.writes(THREE, "atlas", "Paint it green.", at("16 10:00:00"));
    desk.writes(FOUR, "atlas", "Paint it grey.", at("14 10:00:00"));
    // A subagent is at work for a session whose own file is quiet.
    let subagents = desk.transcript(TWO).with_extension("").join("subagents");
    fs::create_dir_all(&subagents).unwrap();
    fs::write(subagents.join("agent-a1.jsonl"), "{}\n").unwrap();
    let file = fs::File::options().append(true).open(subagents.join("agent-a1.jsonl")).unwrap();
    file.set_modified(at("16 11:58:30").into()).unwrap();
    // What lies beside is none of them.
    fs::write(desk.setup.sessions[0].folder.join("-home-ada/notes.txt"), "x").unwrap();

    let told = |all: bool| {
        let sessions = flow::running_sessions(&desk.setup, &Known::read(&desk.setup.home).unwrap(), all, now).unwrap();
        let of = |one: &flow::RunningSession| {
            let state = serde_json::to_value(one).unwrap();
            format!("{} {} {}", &one.session[12..16], one.activity.word(), state["minutes"])
        };
        sessions.iter().map(of).collect::<Vec<_>>()
    };
    assert_eq!(told(false), ["0b9d active null", "7c1f active null", "3d5c quiet 120"]);
    // A hook says that it is a person's turn; it waits in the inbox for whoever holds the home.
    flow::leave_sign(&desk.setup.home, event(THREE, "Stop", &desk.transcript(THREE), "").as_bytes(), at("16 10:00:01"))
        .unwrap();
    flow::leave_sign(
        &desk.setup.home,
        event(ONE, "SessionEnd", &desk.transcript(ONE), "").as_bytes(),
        at("16 11:59:31"),
    )
    .unwrap();
    assert_eq!(told(false), ["3d5c waiting null", "7c1f active null"]);
    assert_eq!(told(true), ["3d5c waiting null", "7c1f active null", "0b9d ended null"]);
    // A living process says that it holds the oldest; one that is dead says nothing.
    let held = desk.folder.path().join("claude/sessions");
    fs::create_dir(&held).unwrap();
    let mine = json!({ "pid": std::process::id(), "sessionId": FOUR, "cwd": "/home/ada/atlas" });
    fs::write(held.join("4194304999.json"), mine.to_string()).unwrap();
    fs::write(held.join("notes.json"), "{").unwrap();
    assert_eq!(told(false).len(), 2);
    fs::write(held.join(format!("{}.json", std::process::id())), mine.to_string()).unwrap();
    assert_eq!(told(false), ["3d5c waiting null", "7c1f active null", "4e7f quiet 3000"]);
    // A folder that is away has none.
    fs::remove_dir_all(&desk.setup.sessions[0].folder).unwrap();
    assert_eq!(told(true), Vec::<String>::new());
}
