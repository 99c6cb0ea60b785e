//! Whole runs with every channel: each edition once, nothing through a closed door, quiet hours, and what waits.

use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;

use tidings::config::{SecretName, read_settings};
use tidings::edition::ChannelName;
use tidings::flow::{self, Asked, Doors, Replayed, Report, Unwatched, ask, replay_letters};
use tidings::tell::Channel;

use crate::support::notion_server::{NotionServer, TOKEN};
use crate::support::ntfy_server::NtfyServer;
use crate::support::server::{Reply, Server};
use crate::support::slack_server::SlackServer;

use super::{Lab, Told};

const OLD: Told = ("old", "lantern-code 4.12.0", "It was there before.");
const HOLE: Told =
    ("hole", "Sandbox escape in lantern-code", "GHSA-2x4c-9f3m-77qp. A sandbox escape. Fixed in 4.12.3.");
const HOOKS: Told = ("hooks", "lantern-code 4.13.0", "New hooks for coding agents.");
const NEXT: Told =
    ("next", "Second sandbox escape in lantern-code", "GHSA-3x4c-9f3m-77qp. An escape. Fixed in 4.13.1.");

/// A lab whose channels lead to these servers.
struct Rooms {
    lab: Lab,
    ntfy: NtfyServer,
    slack: SlackServer,
    notion: NotionServer,
    apprise: Server,
    desk: Server,
}

impl Rooms {
    /// With more lines in [schedule].
    fn new(schedule: &str) -> Rooms {
        let ids: Vec<String> = (0..6).map(|n| format!("{n:032}")).collect();
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let rooms = Rooms {
            lab: Lab::new(),
            ntfy: NtfyServer::start(Some("tk_lab")),
            slack: SlackServer::start(),
            notion: NotionServer::start(&ids),
            apprise: Server::start(|_| Reply::whole("200 OK", &[], "sent")),
            desk: Server::start(|_| Reply::whole("204 No Content", &[], "")),
        };
        let text = format!(
            "[schedule]\nzone = \"Europe/London\"\n{schedule}\n[interests]\nwatch = [\"lantern-code\"]\n\
             [model]\nendpoint = \"off\"\n\
             [ntfy]\nurl = \"{}\"\ntopic = \"lab-tidings\"\ntoken_env = \"NTFY\"\n\
             [slack]\nurl_env = \"SLACK\"\n\
             [notion]\nurl = \"{}\"\ntoken_env = \"NOTION\"\ngap = \"0ms\"\nreports = \"{}\"\nsecurity = \"{}\"\n\
             [apprise]\nurl = \"{}\"\n[webhook]\nurl = \"{}\"\n",
            rooms.ntfy.url(),
            rooms.notion.url(),
            ids[0],
            ids[4],
            rooms.apprise.url("/notify/lab"),
            rooms.desk.url("/in"),
        );
        rooms.with(&text)
    }

    fn with(mut self, text: &str) -> Rooms {
        self.lab.setup.config = read_settings("tidings.toml", text).unwrap_or_else(|mistakes| panic!("{mistakes:?}"));
        self
    }

    async fn run(&self, now: &str, items: &[Told]) -> Report {
        self.run_to(&self.slack, now, items, BTreeMap::new()).await
    }

    /// A run in which the secret address of Slack is this one's, and these channels are the tests' own.
    async fn run_to(
        &self,
        slack: &SlackServer,
        now: &str,
        items: &[Told],
        more: BTreeMap<ChannelName, Arc<dyn Channel>>,
    ) -> Report {
        let secrets = |name: &SecretName| match name {
            SecretName::Env(name) if name == "NTFY" => Ok("tk_lab".to_owned()),
            SecretName::Env(name) if name == "SLACK" => Ok(slack.address()),
            _ => Ok(TOKEN.to_owned()),
        };
        let mut doors = Doors::onto(self.lab.folder.path().join("pass"), &self.lab.setup.config, &secrets).unwrap();
        doors.carrier = self.lab.page(items);
        doors.channels.extend(more);
        flow::run(&self.lab.setup, &doors, &Asked::All, now.parse().unwrap(), &Unwatched).await.unwrap()
    }

    /// How many messages each has: ntfy, Slack, Notion's pages, apprise, webhook.
    fn told(&self) -> [usize; 5] {
        [
            self.ntfy.messages().len(),
            self.slack.messages().len(),
            self.notion.pages().len(),
            self.apprise.log().len(),
            self.desk.log().len(),
        ]
    }

    /// Every request that any of them saw.
    fn requests(&self) -> usize {
        self.ntfy.requests()
            + self.slack.requests()
            + self.notion.requests().len()
            + self.apprise.log().len()
            + self.desk.log().len()
    }
}

#[tokio::test]
async fn each_channel_is_told_its_editions_once_and_a_repeat_posts_nothing() {
    let rooms = Rooms::new("");
    rooms.run("2026-11-17T08:00:00Z", &[OLD]).await;
    assert_eq!(rooms.requests(), 0, "what was there before is no news");

    let report = rooms.run("2026-11-17T09:00:00Z", &[HOLE, OLD]).await;
    assert_eq!((report.acts.alerted, report.acts.letters_sent), (1, 5));
    assert_eq!(rooms.told(), [1, 1, 1, 1, 1]);
    let requests = rooms.requests();
    for hour in 10..13 {
        let report = rooms.run(&format!("2026-11-17T{hour}:00:00Z"), &[HOLE, OLD]).await;
        assert_eq!((report.acts.letters_sent, report.acts.letters_waiting), (0, 0));
    }
    assert_eq!(rooms.requests(), requests, "a repeat asks nobody anything");

    rooms.run("2026-11-23T07:00:00Z", &[HOOKS, HOLE, OLD]).await;
    // After six days without a run ntfy, apprise and the webhook are told as well that runs go well again.
    assert_eq!(rooms.told(), [2, 2, 2, 3, 3], "ntfy tells no digest, and Notion knows the story's page again");
    let requests = rooms.requests();
    // A store lost with everything in it: told.jsonl still knows.
    fs::remove_dir_all(rooms.lab.setup.home.folder().join("state/store")).unwrap();
    rooms.run("2026-11-23T08:00:00Z", &[HOOKS, HOLE, OLD]).await;
    rooms.run("2026-11-23T09:00:00Z", &[HOOKS, HOLE, OLD]).await;
    assert_eq!(rooms.requests(), requests, "told once, even by a store made anew");

    let feed = fs::read_to_string(rooms.lab.setup.home.digests().join("alerts.atom")).unwrap();
    assert!(feed.contains("Sandbox escape in lantern-code") && feed.matches("<entry>").count() == 1, "{feed}");
}

#[tokio::test]
async fn a_channel_tells_what_its_line_says_and_no_more() {
    let rooms = Rooms::new("");
    let text = format!(
        "[schedule]\nzone = \"Europe/London\"\n[interests]\nwatch = [\"lantern-code\"]\n[model]\nendpoint = \"off\"\n\
         [ntfy]\nurl = \"{}\"\ntopic = \"lab-tidings\"\ntoken_env = \"NTFY\"\ntells = [\"digest\"]\n\
         [apprise]\nurl = \"{}\"\ntells = []\n",
        rooms.ntfy.url(),
        rooms.apprise.url("/notify/lab"),
    );
    let rooms = rooms.with(&text);
    rooms.run("2026-11-17T08:00:00Z", &[OLD]).await;
    rooms.run("2026-11-17T09:00:00Z", &[HOLE, OLD]).await;
    assert_eq!(rooms.told(), [0, 0, 0, 0, 0]);
    rooms.run("2026-11-23T07:00:00Z", &[HOLE, OLD]).await;
    assert_eq!(rooms.told(), [1, 0, 0, 0, 0]);
}

#[tokio::test]
async fn a_closed_channel_is_told_to_the_admin_once_and_not_knocked_at_until_it_is_mended() {
    let mut rooms = Rooms::new("");
    let mail = "[mail]\nsmtp = \"smtps://mail.example.org\"\nfrom = \"Tidings <t@lab.example>\"\nadmin = \"admin@lab.example\"\n";
    let slack = "[slack]\nurl_env = \"SLACK\"\n";
    let text = format!(
        "[schedule]\nzone = \"Europe/London\"\n[interests]\nwatch = [\"lantern-code\"]\n[model]\nendpoint = \"off\"\n{mail}{slack}"
    );
    rooms = rooms.with(&text);
    let postbox: Arc<dyn Channel> = rooms.lab.postbox.clone();
    let own = || BTreeMap::from([(ChannelName::Mail, postbox.clone())]);
    rooms.run_to(&rooms.slack, "2026-11-17T08:00:00Z", &[OLD], own()).await;
    rooms.slack.is_gone(Some(("410 Gone", "channel_is_archived")));

    let report = rooms.run_to(&rooms.slack, "2026-11-17T09:00:00Z", &[HOLE, OLD], own()).await;
    assert_eq!((report.acts.letters_dead, report.acts.letters_sent), (1, 1));
    assert_eq!(report.acts.closed, ["slack"]);
    let keys = rooms.lab.postbox.keys();
    assert_eq!(keys, ["notice/closed-slack-2026-11-17/admin@lab.example/mail"], "in the same run");
    let outbox = ask::outbox(&rooms.lab.setup.home).unwrap().unwrap();
    assert!(outbox.shut[&ChannelName::Slack].answer.contains("channel_is_archived"), "{:?}", outbox.shut);
    assert!(!format!("{:?}", outbox).contains("hush"), "the address is a secret");

    for time in ["2026-11-18T09:00:00Z", "2026-11-19T09:00:00Z", "2026-11-23T07:00:00Z"] {
        let report = rooms.run_to(&rooms.slack, time, &[NEXT, HOLE, OLD], own()).await;
        assert_eq!(report.acts.letters_dead, 0);
    }
    assert_eq!(rooms.slack.requests(), 1, "an alert and a digest wait, and nobody knocks");
    let closed = rooms.lab.postbox.keys().into_iter().filter(|key| key.starts_with("notice/closed-"));
    assert_eq!(closed.count(), 1, "told once");

    // A new webhook: what waits leaves by itself, and what was refused when it is asked for.
    let new = SlackServer::start();
    let report = rooms.run_to(&new, "2026-11-23T08:00:00Z", &[NEXT, HOLE, OLD], own()).await;
    assert_eq!((report.acts.letters_sent, new.messages().len()), (2, 2));
    let now = "2026-11-23T08:30:00Z".parse().unwrap();
    replay_letters(&rooms.lab.setup, &Replayed::All, "a new webhook", now).unwrap();
    rooms.run_to(&new, "2026-11-23T09:00:00Z", &[NEXT, HOLE, OLD], own()).await;
    assert_eq!(new.messages().len(), 3);
    assert!(ask::outbox(&rooms.lab.setup.home).unwrap().unwrap().shut.is_empty());
}

#[tokio::test]
async fn a_replay_knocks_again_at_the_same_address() {
    let rooms = Rooms::new("");
    rooms.run("2026-11-17T08:00:00Z", &[OLD]).await;
    rooms.slack.is_gone(Some(("403 Forbidden", "action_prohibited")));
    rooms.run("2026-11-17T09:00:00Z", &[HOLE, OLD]).await;
    rooms.slack.is_gone(None);
    rooms.run("2026-11-17T10:00:00Z", &[HOLE, OLD]).await;
    assert_eq!(rooms.slack.requests(), 1);
    let now = "2026-11-17T10:30:00Z".parse().unwrap();
    replay_letters(&rooms.lab.setup, &Replayed::All, "Slack's admin has allowed it", now).unwrap();
    rooms.run("2026-11-17T11:00:00Z", &[HOLE, OLD]).await;
    assert_eq!(rooms.slack.messages().len(), 1);
}

#[tokio::test]
async fn in_quiet_hours_alerts_leave_and_digests_wait_for_the_morning() {
    let rooms = Rooms::new("digest = \"Mon 03:00\"\nquiet = \"22:00-07:00\"");
    rooms.run("2026-11-17T08:00:00Z", &[OLD]).await;
    rooms.run("2026-11-17T23:00:00Z", &[HOLE, OLD]).await;
    assert_eq!(rooms.told(), [1, 1, 1, 1, 1]);
    let report = rooms.run("2026-11-23T03:00:00Z", &[HOLE, OLD]).await;
    // Four digests, and to three channels that runs go well again after five days without one.
    assert_eq!((report.acts.letters_sent, report.acts.letters_quiet), (0, 7));
    let report = rooms.run("2026-11-23T06:59:59Z", &[HOLE, OLD]).await;
    assert_eq!((report.acts.letters_sent, report.acts.letters_quiet), (0, 7));
    let report = rooms.run("2026-11-23T07:00:00Z", &[HOLE, OLD]).await;
    assert_eq!((report.acts.letters_sent, report.acts.letters_quiet), (7, 0));
}

#[tokio::test]
async fn where_nothing_is_spared_an_alert_waits_for_the_morning_too() {
    let rooms = Rooms::new("quiet = \"22:00-07:00\"\nquiet_spares_alerts = false");
    rooms.run("2026-11-17T08:00:00Z", &[OLD]).await;
    let report = rooms.run("2026-11-17T22:00:00Z", &[HOLE, OLD]).await;
    assert_eq!((report.acts.alerted, report.acts.letters_quiet), (1, 5));
    rooms.run("2026-11-18T07:00:00Z", &[HOLE, OLD]).await;
    assert_eq!(rooms.told(), [1, 1, 1, 1, 1]);
}

#[tokio::test]
async fn a_limit_of_one_channel_holds_up_no_other_and_is_waited_for() {
    let rooms = Rooms::new("");
    rooms.run("2026-11-17T08:00:00Z", &[OLD]).await;
    rooms.slack.answers("429 Too Many Requests", &["retry-after: 7200"], "rate_limited");
    rooms.ntfy.has_room_for(0);
    let report = rooms.run("2026-11-17T09:00:00Z", &[HOLE, OLD]).await;
    assert_eq!((report.acts.letters_sent, report.acts.letters_waiting), (3, 2));
    rooms.ntfy.has_room_for(9);
    rooms.run("2026-11-17T10:00:00Z", &[HOLE, OLD]).await;
    assert_eq!((rooms.ntfy.messages().len(), rooms.slack.requests()), (1, 1), "Slack asked for two hours");
    rooms.run("2026-11-17T11:00:00Z", &[HOLE, OLD]).await;
    assert_eq!(rooms.slack.messages().len(), 1);
}

#[tokio::test]
async fn a_notice_about_a_source_reaches_the_channels_that_tell_notices() {
    let rooms = Rooms::new("");
    let items: [Told; 5] = [
        ("e", "lantern-code 4.4.0", "Tools for coding agents."),
        ("d", "lantern-code 4.3.0", "Plans for coding agents."),
        ("c", "lantern-code 4.2.0", "Rules for coding agents."),
        ("b", "lantern-code 4.1.0", "Tests for coding agents."),
        ("a", "lantern-code 4.0.0", "It was there before."),
    ];
    for (day, known) in [(9, 1), (10, 2), (11, 3), (12, 4), (13, 5), (20, 5)] {
        rooms.run(&format!("2026-11-{day:02}T08:00:00Z"), &items[items.len() - known..]).await;
    }
    let before = rooms.told();
    rooms.run("2026-11-21T08:00:00Z", &items).await;
    rooms.run("2026-11-22T08:00:00Z", &items).await;
    let after = rooms.told();
    let more: Vec<usize> = after.iter().zip(before).map(|(after, before)| after - before).collect();
    assert_eq!(more, [1, 0, 0, 1, 1], "ntfy, apprise and the webhook, once");
    assert_eq!(rooms.ntfy.messages().last().unwrap()["title"], "[tidings] Lantern: quiet");
}

#[tokio::test]
async fn a_trial_of_each_channel_says_what_the_other_side_said() {
    let rooms = Rooms::new("");
    let secrets = |name: &SecretName| match name {
        SecretName::Env(name) if name == "NTFY" => Ok("tk_lab".to_owned()),
        SecretName::Env(name) if name == "SLACK" => Ok(rooms.slack.address()),
        _ => Ok(TOKEN.to_owned()),
    };
    let doors = Doors::onto(rooms.lab.folder.path().join("pass"), &rooms.lab.setup.config, &secrets).unwrap();
    let now = "2026-11-17T08:00:00Z".parse().unwrap();
    for (channel, answer) in [
        (ChannelName::Ntfy, "200 m00000000000"),
        (ChannelName::Slack, "200 ok"),
        (ChannelName::Apprise, "200 sent"),
        (ChannelName::Notion, "2 of 2 databases are there, with their `tidings id`"),
        (ChannelName::Webhook, "204"),
    ] {
        let tried = flow::try_channel(&rooms.lab.setup, &doors, channel, None, now).await.unwrap();
        assert_eq!((tried.taken, tried.answer.trim()), (true, answer), "{}", channel.word());
    }
    assert!(rooms.notion.pages().is_empty());
    rooms.slack.is_gone(Some(("404 Not Found", "no_service")));
    let tried = flow::try_channel(&rooms.lab.setup, &doors, ChannelName::Slack, None, now).await.unwrap();
    assert!(!tried.taken && tried.answer.contains("no_service"), "{}", tried.answer);
}
