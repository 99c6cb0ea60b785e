//! When nothing arrives, whoever looks after the home hears of it once, and once when it is over.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tidings::config::{Config, Network, read_settings};
use tidings::fetch::web::Web;
use tidings::flow::{self, Asked, Doors, ModelDoor, Setup, Unwatched};
use tidings::home::Home;
use tidings::keep::{Heartbeat, Keep, Runs};
use tidings::source::{Origin, Source, Trust};

use crate::support::server::{Reply, Server};

const FEED: &str =
    "<rss version=\"2.0\"><channel><title>t</title><item><guid>1</guid><title>One</title></item></channel></rss>";

/// A home with two sources and an admin, and what the sources' server answers.
struct Lab {
    _folder: tempfile::TempDir,
    setup: Setup,
    status: Arc<AtomicU16>,
    _servers: Vec<Server>,
}

fn hour(hours: i64) -> Timestamp {
    let start: Timestamp = "2026-11-16T07:00:00Z".parse().unwrap();
    start + SignedDuration::from_hours(hours)
}

impl Lab {
    fn new() -> Lab {
        let folder = tempfile::tempdir().unwrap();
        let status = Arc::new(AtomicU16::new(200));
        let (mut sources, mut servers) = (Vec::new(), Vec::new());
        for number in 1..=2 {
            let status = Arc::clone(&status);
            let host = IpAddr::from([127, 0, 3, number]);
            let server = Server::start_at(host, move |_| match status.load(Ordering::SeqCst) {
                200 => Reply::whole("200 OK", &[], FEED),
                _ => Reply::head("403 Forbidden", &[]),
            });
            sources.push(Source {
                name: format!("source {number}"),
                from: Origin::Feed(server.url("/")),
                every: SignedDuration::from_hours(1),
                is_every_written: true,
                trust: Trust::Expert,
                most: None,
                topics: Vec::new(),
            });
            servers.push(server);
        }
        let mail = "[mail]\nsmtp = \"smtp://127.0.0.1:1\"\nfrom = \"t@example.org\"\nadmin = \"root@example.org\"\n";
        let network = Network {
            allow: vec!["127.0.0.0/8".parse().unwrap()],
            gap: Duration::ZERO,
            total_timeout: Duration::from_secs(5),
            ..Network::default()
        };
        let config = Config { network, ..read_settings("tidings.toml", mail).unwrap() };
        let setup = Setup { sessions: Vec::new(), home: Home::at(folder.path().join("home")), sources, config };
        Lab { _folder: folder, setup, status, _servers: servers }
    }

    fn answer(&self, status: u16) {
        self.status.store(status, Ordering::SeqCst);
    }

    /// The channels are shut: letters wait, and can be counted.
    async fn run(&self, at: i64) {
        let carrier = Arc::new(Web::new(&self.setup.config.network, BTreeMap::new()).unwrap());
        let doors = Doors { carrier, channels: BTreeMap::new(), model: ModelDoor::Shut, forge: Default::default() };
        flow::run(&self.setup, &doors, &Asked::All, hour(at), &Unwatched).await.unwrap();
    }

    fn keep(&self, at: i64) -> Keep {
        Keep::open(self.setup.home.folder(), "a test", hour(at)).unwrap()
    }

    /// The messages of silence and of its end, in the order of their keys, each with the admin's address.
    fn told(&self) -> Vec<String> {
        let letters = self.keep(0).letters().unwrap();
        let words = letters.iter().map(|letter| letter.key.replace("notice/", ""));
        words.filter(|key| key.starts_with("silent") || key.starts_with("awake")).collect()
    }

    fn letter(&self, kind: &str) -> String {
        let keep = self.keep(0);
        let letter = keep.letters().unwrap().into_iter().find(|letter| letter.key.contains(kind)).unwrap();
        // Quoted-printable breaks long lines.
        String::from_utf8(keep.bytes(&letter).unwrap()).unwrap().replace("=\r\n", "")
    }
}

#[tokio::test]
async fn a_day_without_a_good_run_is_told_once_and_its_end_once() {
    let lab = Lab::new();
    lab.run(-1).await;
    lab.run(0).await;
    lab.answer(403);
    lab.run(20).await;
    assert_eq!(lab.told(), [] as [String; 0], "sources that fail for an hour are no silence");
    lab.run(27).await;
    lab.run(28).await;
    lab.run(60).await;
    let silent = format!("silent-{}/root@example.org/mail", hour(0).as_second());
    assert_eq!(lab.told(), [silent.as_str()], "once, however long it lasts");
    let words = lab.letter("silent");
    assert!(words.contains("none of the 2 sources answers") && words.contains("source 1"), "{words}");
    lab.answer(200);
    lab.run(61).await;
    lab.run(62).await;
    let awake = format!("awake-{}/root@example.org/mail", hour(0).as_second());
    assert_eq!(lab.told(), [awake.as_str(), silent.as_str()]);
    assert!(lab.letter("awake").contains("2 of 2 sources answered"), "{}", lab.letter("awake"));
    // The next silence is another.
    lab.answer(403);
    lab.run(100).await;
    assert_eq!(lab.told().len(), 3);
}

#[tokio::test]
async fn every_source_failing_is_told_before_a_day_is_over() {
    let lab = Lab::new();
    lab.run(-1).await;
    lab.run(0).await;
    lab.answer(403);
    for at in 1..=2 {
        lab.run(at).await;
    }
    assert_eq!(lab.told(), [] as [String; 0], "twice may be a server that is restarted");
    lab.run(3).await;
    assert_eq!(lab.told().len(), 1);
}

#[tokio::test]
async fn runs_that_never_end_are_told_although_sources_answer() {
    let lab = Lab::new();
    lab.run(-1).await;
    lab.run(0).await;
    let cut =
        Heartbeat { good: Some(hour(0)), begun: Some(hour(1)), silent: false, is_daily: true, ..Heartbeat::default() };
    lab.keep(1).keep_heartbeat(&cut).unwrap();
    lab.run(30).await;
    let told = lab.told();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(lab.letter("silent").contains("stopped before they end"), "{}", lab.letter("silent"));
}

#[tokio::test]
async fn a_machine_that_was_off_says_so_when_it_is_back_and_a_new_home_says_nothing() {
    let lab = Lab::new();
    lab.run(-1).await;
    lab.run(0).await;
    assert_eq!(lab.told(), [] as [String; 0]);
    lab.run(25).await;
    assert_eq!(lab.told(), [] as [String; 0], "a daily run is no silence");
    lab.run(80).await;
    let told = lab.told();
    assert!(told.len() == 1 && told[0].starts_with("awake"), "{told:?}");
    let status = flow::ask::status(&lab.setup.home).unwrap().unwrap();
    let Heartbeat { good, begun, silent, is_daily, run, runs, .. } = status.heartbeat;
    assert_eq!((good, begun, silent, is_daily), (Some(hour(80)), None, false, false));
    assert_eq!((run, runs), (status.run, Runs { good: 4, ..Runs::default() }));
    lab.run(300).await;
    assert_eq!(lab.told().len(), 1, "who runs it by hand knows when it last ran");
}
