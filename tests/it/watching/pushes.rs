//! A session that waits is told to a phone once, and nothing that was written in it.

use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;

use serde_json::Value;
use tidings::edition::ChannelName;
use tidings::fetch::recorded::Recorded;
use tidings::flow::{self, Asked, Doors, Unwatched};
use tidings::tell::channel::kind;

use super::{Desk, ONE, TWO, at, event};
use crate::support::ntfy_server::NtfyServer;

struct Phone {
    desk: Desk,
    server: NtfyServer,
}

impl Phone {
    fn new(sessions: &str, more: &str) -> Phone {
        let server = NtfyServer::start(None);
        let settings =
            format!("[ntfy]\nurl = \"{}\"\ntopic = \"lab-tidings\"\n[sessions]\n{sessions}\n{more}\n", server.url());
        Phone { desk: Desk::new(&settings), server }
    }

    fn says(&self, session: &str, name: &str, more: &str, now: &str) {
        let input = event(session, name, &self.desk.transcript(session), more);
        assert!(flow::leave_sign(&self.desk.setup.home, input.as_bytes(), at(now)).unwrap());
    }

    /// One run; every message that the phone has had by then.
    async fn runs(&self, now: &str) -> Vec<Value> {
        let pass = self.desk.folder.path().join("nothing");
        fs::create_dir_all(&pass).unwrap();
        let ntfy = kind(ChannelName::Ntfy).open(&self.desk.setup.config, &|_| unreachable!()).unwrap().unwrap();
        let doors = Doors {
            carrier: Arc::new(Recorded::new(pass)),
            channels: BTreeMap::from([(ChannelName::Ntfy, ntfy)]),
            model: flow::ModelDoor::Shut,
            forge: Default::default(),
        };
        flow::run(&self.desk.setup, &doors, &Asked::Due, at(now), &Unwatched).await.unwrap();
        self.server.messages()
    }
}

const LEAVE: &str = r#","notification_type":"permission_prompt","message":"Claude needs your permission to use Bash""#;
const IDLE: &str = r#","notification_type":"idle_prompt""#;

#[tokio::test]
async fn one_wait_is_told_once_after_a_minute_with_the_projects_name_and_no_word_of_the_session() {
    let phone = Phone::new("push = [\"waiting\", \"done\"]", "");
    phone.desk.writes(ONE, "atlas/.claude/worktrees/fix-7", "Paint it blue.", at("16 10:00:00"));
    assert!(phone.runs("16 10:00:01").await.is_empty());
    phone.says(ONE, "Notification", LEAVE, "16 10:00:02");
    assert!(phone.runs("16 10:00:40").await.is_empty(), "whoever sits in front of it answers at once");
    let told = phone.runs("16 10:01:03").await;
    assert_eq!(told.len(), 1);
    assert_eq!(told[0]["title"], "atlas: asks for leave");
    assert_eq!(told[0]["message"], "atlas (0b9d2c1e): asks for leave since 10:00.");
    assert_eq!((&told[0]["topic"], &told[0]["priority"]), (&"lab-tidings".into(), &4.into()));
    let all = told[0].to_string();
    assert!(!all.contains("blue") && !all.contains("Bash") && !all.contains("fix-7") && !all.contains("ada"), "{all}");
    // The same wait, said again; and again after a run.
    phone.says(ONE, "Notification", IDLE, "16 10:02:00");
    assert_eq!(phone.runs("16 10:04:00").await.len(), 1);
    assert_eq!(phone.runs("16 11:04:00").await.len(), 1);
    // It went on, and its turn ended.
    phone.desk.writes(ONE, "atlas", "Yes.", at("16 11:10:00"));
    phone.says(ONE, "Stop", "", "16 11:10:01");
    let told = phone.runs("16 11:12:00").await;
    assert_eq!((told.len(), &told[1]["title"]), (2, &"atlas: done".into()));
    // Somebody answered before the minute was over.
    phone.desk.writes(ONE, "atlas", "Go on.", at("16 11:20:00"));
    phone.says(ONE, "Stop", "", "16 11:20:01");
    phone.desk.writes(ONE, "atlas", "And on.", at("16 11:20:30"));
    assert_eq!(phone.runs("16 11:25:00").await.len(), 2);
    // Nobody holds it open any more.
    phone.says(ONE, "SessionEnd", "", "16 11:26:00");
    assert_eq!(phone.runs("16 11:30:00").await.len(), 2);
}

#[tokio::test]
async fn sessions_that_wait_together_are_told_together_on_a_topic_of_their_own() {
    let phone = Phone::new("push = [\"waiting\"]\nafter = \"10m\"\ntopic = \"ada-sessions\"", "");
    phone.desk.writes(ONE, "atlas", "Paint it blue.", at("16 10:00:00"));
    phone.desk.writes(TWO, "borealis", "Paint it red.", at("16 10:00:00"));
    phone.says(ONE, "Notification", LEAVE, "16 10:00:02");
    phone.says(TWO, "Notification", IDLE, "16 10:01:02");
    assert!(phone.runs("16 10:09:00").await.is_empty());
    let told = phone.runs("16 10:12:00").await;
    assert_eq!((told.len(), &told[0]["topic"]), (1, &"ada-sessions".into()));
    assert_eq!(told[0]["title"], "2 sessions wait for you");
    // That a turn ended was not asked for.
    phone.desk.writes(ONE, "atlas", "Yes.", at("16 10:20:00"));
    phone.says(ONE, "Stop", "", "16 10:20:01");
    assert_eq!(phone.runs("16 11:00:00").await.len(), 1);
}

#[tokio::test]
async fn in_the_quiet_hours_nothing_is_told_and_when_they_end_only_what_still_waits() {
    let phone = Phone::new("push = [\"waiting\"]", "[schedule]\nquiet = \"22:00-07:00\"");
    phone.desk.writes(ONE, "atlas", "Paint it blue.", at("16 23:00:00"));
    phone.desk.writes(TWO, "borealis", "Paint it red.", at("16 23:00:00"));
    phone.says(ONE, "Notification", LEAVE, "16 23:00:02");
    phone.says(TWO, "Notification", LEAVE, "16 23:00:02");
    assert!(phone.runs("16 23:30:00").await.is_empty());
    phone.desk.touch(TWO, at("17 02:00:00"));
    assert!(phone.runs("17 06:59:00").await.is_empty());
    let told = phone.runs("17 07:00:00").await;
    assert_eq!((told.len(), &told[0]["title"]), (1, &"atlas: asks for leave".into()));
}

#[tokio::test]
async fn nobody_is_told_who_did_not_ask_for_it() {
    let phone = Phone::new("", "");
    phone.desk.writes(ONE, "atlas", "Paint it blue.", at("16 10:00:00"));
    phone.says(ONE, "Notification", LEAVE, "16 10:00:02");
    assert!(phone.runs("16 10:30:00").await.is_empty());
}

#[tokio::test]
async fn a_phone_that_was_out_of_reach_is_told_later_and_once() {
    let phone = Phone::new("push = [\"waiting\"]", "");
    phone.desk.writes(ONE, "atlas", "Paint it blue.", at("16 10:00:00"));
    phone.says(ONE, "Notification", LEAVE, "16 10:00:02");
    phone.server.has_room_for(0);
    assert!(phone.runs("16 10:02:00").await.is_empty());
    phone.server.has_room_for(9);
    let mut told = 0;
    for now in ["16 10:10:00", "16 11:10:00", "16 12:10:00"] {
        told = phone.runs(now).await.len();
    }
    assert_eq!(told, 1);
}
