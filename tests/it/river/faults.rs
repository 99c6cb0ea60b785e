//! Servers that break, lie, stall and swell: each costs its own source, and that only until it is mended.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tidings::config::{Config, Network, read_settings};
use tidings::fetch::web::Web;
use tidings::flow::{self, Asked, Doors, Report, Setup, SourceReport, Status, Unwatched, What};
use tidings::home::Home;
use tidings::keep::{Keep, Watched};
use tidings::source::{Origin, Source, Trust};
use url::Url;

use super::hostile::{GOOD, MAX_BYTES, Outcome, good, table};
use crate::support::server::{Reply, Server};

/// For one answer: what hangs is given up then, and what is well must not take so long on a busy machine.
const TOTAL: Duration = Duration::from_secs(5);

fn start() -> Timestamp {
    "2026-11-16T07:00:00Z".parse().unwrap()
}

fn after(hours: i64) -> Timestamp {
    start() + SignedDuration::from_hours(hours)
}

fn source(name: &str, url: Url) -> Source {
    Source {
        name: name.to_owned(),
        from: Origin::Feed(url),
        every: SignedDuration::from_hours(1),
        is_every_written: true,
        trust: Trust::Expert,
        most: None,
        topics: Vec::new(),
    }
}

fn setup(folder: &tempfile::TempDir, sources: Vec<Source>) -> Setup {
    let network = Network {
        allow: vec!["127.0.0.0/8".parse().unwrap()],
        gap: Duration::ZERO,
        connect_timeout: TOTAL,
        total_timeout: TOTAL,
        max_bytes: MAX_BYTES,
        ..Network::default()
    };
    let config = Config { network, ..Config::default() };
    Setup { sessions: Vec::new(), home: Home::at(folder.path().join("home")), sources, config }
}

async fn run(setup: &Setup, now: Timestamp) -> Report {
    let carrier = Arc::new(Web::new(&setup.config.network, BTreeMap::new()).unwrap());
    let doors = Doors { carrier, channels: BTreeMap::new(), model: flow::ModelDoor::Shut, forge: Default::default() };
    flow::run(setup, &doors, &Asked::Due, now, &Unwatched).await.unwrap()
}

fn watched(setup: &Setup, now: Timestamp) -> BTreeMap<String, Watched> {
    Keep::open(setup.home.folder(), "a test", now).unwrap().all_watched().unwrap().into_iter().collect()
}

fn named<'a>(report: &'a Report, name: &str) -> &'a SourceReport {
    report.sources.iter().find(|source| source.name == name).unwrap()
}

/// What a report comes to, in the table's words.
fn outcome(report: &SourceReport) -> Option<Outcome> {
    match (report.status, &report.fault) {
        (Status::Ok, None) => Some(Outcome::Items(report.entries)),
        (Status::Ok, Some(fault)) if fault.kind.is_minor() => Some(Outcome::Mended(report.entries)),
        (Status::Fault, Some(fault)) => Some(Outcome::Fault(fault.kind)),
        _ => None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_hostile_server_costs_its_own_source_alone_until_it_is_mended() {
    let canary = Server::start(|_| Reply::whole("200 OK", &[], "canary"));
    let canary_at = canary.address().to_string();
    let is_mended = Arc::new(AtomicBool::new(false));
    let (mut servers, mut sources, mut expected) = (Vec::new(), Vec::new(), Vec::new());
    for (number, (name, ..)) in table("x", &canary_at).into_iter().enumerate() {
        // Each on its own address: a wait that one asks for is its host's.
        let (canary_at, is_mended) = (canary_at.clone(), Arc::clone(&is_mended));
        let reply = table(name, &canary_at).swap_remove(number).1;
        let server = Server::start_at(host(1, number), move |asked| match asked.path.as_str() {
            _ if is_mended.load(Ordering::SeqCst) => Reply::whole("200 OK", &[], good(name)),
            "/" => reply.clone(),
            "/good" => Reply::whole("200 OK", &[], good(name)),
            "/back" => Reply::head("302 Found", &["location: /"]),
            path => Reply::head("302 Found", &[&format!("location: {path}1")]),
        });
        sources.push(source(name, server.url("/")));
        servers.push(server);
    }
    expected.extend(table("x", &canary_at).into_iter().map(|(name, _, outcome)| (name, outcome)));
    for number in 0..33 {
        let name = format!("good {number}");
        let body = good(&name);
        let server = Server::start_at(host(2, number), move |_| Reply::whole("200 OK", &[], &body));
        sources.push(source(&name, server.url("/")));
        servers.push(server);
    }
    let folder = tempfile::tempdir().unwrap();
    let setup = setup(&folder, sources);

    // Some of them never end: that it comes back at all shows that the limits hold.
    let report = run(&setup, start()).await;
    let wrong: Vec<_> = expected
        .iter()
        .filter(|(name, outcome_expected)| outcome(named(&report, name)) != Some(*outcome_expected))
        .map(|(name, outcome_expected)| (name, outcome_expected, named(&report, name)))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    for number in 0..33 {
        let good = named(&report, &format!("good {number}"));
        assert_eq!((good.status, good.entries, good.new), (Status::Ok, GOOD, GOOD), "{good:?}");
    }
    let failed: Vec<&str> =
        expected.iter().filter(|(_, outcome)| matches!(outcome, Outcome::Fault(_))).map(|(name, _)| *name).collect();
    let states = watched(&setup, start());
    for (name, state) in &states {
        if failed.contains(&name.as_str()) {
            let reason = state.fault.as_ref().unwrap();
            assert_eq!((state.failures, state.answered, &state.mark), (1, None, &Default::default()), "{name}");
            assert!(!reason.message.is_empty());
            let next_try = reason.retry_at.unwrap_or_else(|| start() + setup.sources[0].every);
            assert!(state.next_try >= Some(next_try) && state.next_try > Some(start()), "{name}: {:?}", state.next_try);
        } else {
            assert_eq!((state.failures, state.answered), (0, Some(start())), "{name}");
        }
    }

    // At once again nobody is asked.
    let asked: usize = servers.iter().map(|server| server.log().len()).sum();
    assert!(run(&setup, start()).await.sources.iter().all(|source| source.status == Status::NotDue));
    assert_eq!(servers.iter().map(|server| server.log().len()).sum::<usize>(), asked);

    // All are mended: what they have comes at once, and the status knows since when.
    is_mended.store(true, Ordering::SeqCst);
    // One of them said that it is gone, and is asked again after thirty days.
    let later = after(24 * 31);
    let report = run(&setup, later).await;
    for name in &failed {
        let mended = named(&report, name);
        assert_eq!((mended.status, mended.new), (Status::Ok, GOOD), "{mended:?}");
    }
    for (name, state) in watched(&setup, later) {
        let recovered = failed.contains(&name.as_str()).then_some(later);
        assert_eq!((state.failures, state.recovered), (0, recovered), "{name}");
    }
    assert_eq!(canary.paths(), Vec::<String>::new(), "nothing private was asked");
}

fn host(net: u8, number: usize) -> IpAddr {
    Ipv4Addr::new(127, 0, net, u8::try_from(number + 1).unwrap()).into()
}

#[tokio::test]
async fn a_source_that_fails_for_days_is_asked_ever_more_rarely_and_never_given_up() {
    let server = Server::start(|_| Reply::whole("500 Oops", &[], ""));
    let folder = tempfile::tempdir().unwrap();
    let setup = setup(&folder, vec![source("Lantern", server.url("/"))]);
    let mut asked = Vec::new();
    for hour in 0..200 {
        let before = server.log().len();
        run(&setup, after(hour)).await;
        if server.log().len() > before {
            asked.push(hour);
        }
    }
    let gaps: Vec<i64> = asked.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(gaps.starts_with(&[2]) || gaps.starts_with(&[1]), "{gaps:?}");
    assert!(gaps[..5].is_sorted(), "{gaps:?}");
    assert!(gaps[5..].iter().all(|gap| (19..=25).contains(gap)) && gaps.len() >= 10, "{gaps:?}");
    // The clock is set back by a year, and nobody is silenced by what was kept.
    let before = server.log().len();
    run(&setup, after(-24 * 365)).await;
    assert_eq!(server.log().len(), before + 1);
}

#[tokio::test]
async fn a_server_that_asks_for_a_wait_is_asked_when_it_is_over() {
    let server = Server::start(|_| Reply::whole("429 Slow", &["retry-after: 10800"], ""));
    let folder = tempfile::tempdir().unwrap();
    let setup = setup(&folder, vec![source("Lantern", server.url("/"))]);
    let mut counts = Vec::new();
    for hour in 0..8 {
        run(&setup, after(hour)).await;
        counts.push(server.log().len());
    }
    assert_eq!(counts, [1, 1, 1, 2, 2, 2, 3, 3]);
    // A wait noted by a clock that ran ahead silences nobody.
    run(&setup, after(-24 * 365)).await;
    assert_eq!(server.log().len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_large_answers_at_once_all_arrive() {
    // Nearly all of it is nothing that would be kept.
    let body = |number: usize| {
        let item = format!("<item><guid>urn:{number}</guid><title>Entry {number}</title></item>");
        format!("<rss version=\"2.0\"><channel><!--{}-->{item}</channel></rss>", "x".repeat(900_000))
    };
    // 25 MB in all, more than the room for all answers.
    let servers: Vec<Server> = (0..28)
        .map(|number| Server::start_at(host(3, number), move |_| Reply::head("200 OK", &[]).then(body(number))))
        .collect();
    let sources = servers.iter().enumerate().map(|(number, server)| source(&number.to_string(), server.url("/")));
    let folder = tempfile::tempdir().unwrap();
    let setup = setup(&folder, sources.collect());
    let report = run(&setup, start()).await;
    assert!(report.sources.iter().all(|source| source.new == 1), "{:#?}", report.sources);
}

#[tokio::test]
async fn a_source_that_moved_is_told_of_once_and_goes_back_when_its_new_place_gives_no_feed() {
    let is_sold = Arc::new(AtomicBool::new(false));
    let sold = Arc::clone(&is_sold);
    let server = Server::start(move |asked| match (asked.path.as_str(), sold.load(Ordering::SeqCst)) {
        ("/old", false) => Reply::head("301 Moved Permanently", &["location: /new?key=1"]),
        (_, false) => Reply::whole("200 OK", &[], good("Lantern")),
        ("/old", true) => Reply::whole("200 OK", &[], good("Lantern")),
        (_, true) => Reply::whole("200 OK", &[], "<!DOCTYPE html><html><title>For sale</title></html>"),
    });
    let folder = tempfile::tempdir().unwrap();
    let setup = setup(&folder, vec![source("Lantern", server.url("/old"))]);
    let mut told = Vec::new();
    for hour in 0..4 {
        let report = run(&setup, after(hour)).await;
        assert_eq!(report.sources[0].moved.is_some(), hour > 0, "{hour}");
        told.extend(report.changes.into_iter().map(|change| (hour, change.what, change.message)));
    }
    let words = format!("it moved to {} for good; put the new address into sources.toml", server.url("/new?…"));
    assert_eq!(told, [(1, What::Moved, words.replace("%E2%80%A6", "…"))]);
    assert_eq!(server.paths(), ["/old", "/new?key=1", "/old", "/new?key=1", "/new?key=1", "/new?key=1"]);

    is_sold.store(true, Ordering::SeqCst);
    let report = run(&setup, after(4)).await;
    assert_eq!((report.sources[0].status, &report.sources[0].moved), (Status::Fault, &None));
    let report = run(&setup, after(6)).await;
    assert_eq!(report.sources[0].status, Status::Ok);
    assert_eq!(server.paths()[6..], ["/new?key=1", "/old"]);
}

fn with_admin(mut setup: Setup) -> Setup {
    let text =
        "[mail]\nsmtp = \"smtps://mail.example.org\"\nfrom = \"tidings@lab.example\"\nadmin = \"Ops@lab.example\"";
    setup.config.mail = read_settings("tidings.toml", text).unwrap().mail;
    setup
}

/// How the admin's letters begin, in the order of their keys.
fn notices(setup: &Setup, now: Timestamp) -> Vec<String> {
    let keep = Keep::open(setup.home.folder(), "a test", now).unwrap();
    let letters = keep.letters().unwrap();
    assert!(letters.iter().all(|letter| letter.reader.address == "ops@lab.example"));
    letters.iter().map(|letter| letter.edition.split_once('-').unwrap().0.to_owned()).collect()
}

#[tokio::test]
async fn a_source_that_is_gone_is_said_to_be_once_and_asked_each_thirty_days_until_it_is_back() {
    let is_back = Arc::new(AtomicBool::new(false));
    let back = Arc::clone(&is_back);
    let server = Server::start(move |_| match back.load(Ordering::SeqCst) {
        true => Reply::whole("200 OK", &[], good("Lantern")),
        false => Reply::whole("410 Gone", &[], ""),
    });
    let folder = tempfile::tempdir().unwrap();
    let setup = with_admin(setup(&folder, vec![source("Lantern", server.url("/"))]));
    let (mut asked, mut told) = (Vec::new(), Vec::new());
    for day in 0..64 {
        is_back.store(day >= 60, Ordering::SeqCst);
        let before = server.log().len();
        let report = run(&setup, after(24 * day)).await;
        if server.log().len() > before {
            asked.push(day);
        }
        told.extend(report.changes.into_iter().map(|change| (day, change.what, change.message)));
    }
    assert_eq!(asked, [0, 30, 60, 61, 62, 63]);
    let [(0, What::Parked, words), (60, What::Ok, _)] = &told[..] else { panic!("{told:?}") };
    assert!(words.contains("parked, and asked again on 16 Dec 2026") && words.contains("410"), "{words}");
    assert_eq!(notices(&setup, after(24 * 64)), ["notice/ok", "notice/parked"]);
}

#[tokio::test]
async fn a_source_that_fails_is_told_of_at_its_third_fault_and_when_it_is_good_again() {
    let is_mended = Arc::new(AtomicBool::new(false));
    let mended = Arc::clone(&is_mended);
    let server = Server::start(move |_| match mended.load(Ordering::SeqCst) {
        true => Reply::whole("200 OK", &[], good("Lantern")),
        false => Reply::whole("500 Oops", &[], ""),
    });
    let folder = tempfile::tempdir().unwrap();
    let setup = with_admin(setup(&folder, vec![source("Lantern", server.url("/"))]));
    let mut told = Vec::new();
    for hour in 0..80 {
        is_mended.store(hour >= 40, Ordering::SeqCst);
        let report = run(&setup, after(hour)).await;
        told.extend(report.changes.into_iter().map(|change| (change.what, change.last_good, server.log().len())));
    }
    assert_eq!(told[0], (What::Failing, None, 3));
    assert_eq!((told.len(), told[1].0), (2, What::Ok), "{told:?}");
    assert!(told[1].1.is_some_and(|good| good >= after(40)));
    assert_eq!(notices(&setup, after(80)), ["notice/failing", "notice/ok"]);
}

#[tokio::test]
async fn a_day_without_network_says_nothing_of_any_source_and_once_that_no_run_goes_well() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let nowhere = |path: &str| format!("http://127.0.0.1:{port}{path}").parse().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let setup = with_admin(setup(&folder, vec![source("A", nowhere("/a")), source("B", nowhere("/b"))]));
    for hour in 0..30 {
        let report = run(&setup, after(hour)).await;
        assert!(report.sources.iter().all(|source| source.status == Status::Fault), "each is asked each hour");
        assert_eq!(report.changes, []);
    }
    assert!(watched(&setup, after(30)).values().all(|watched| watched.failures == 0));
    assert_eq!(notices(&setup, after(30)), ["notice/silent"]);
}
