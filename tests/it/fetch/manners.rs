//! Turns: how many at once, how far apart, and in which order. The clock stands still but for the waits themselves.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::time::Duration;

use futures_util::future::join_all;
use tidings::fetch::manners::Manners;
use tokio::time::{Instant, sleep};

use super::{carry, network, now, page, web};
use crate::support::server::{Reply, Server};

const SECOND: Duration = Duration::from_secs(1);

fn manners(gap: Duration, per_host: usize) -> Arc<Manners> {
    Arc::new(Manners::new(gap, per_host, BTreeMap::new()))
}

/// Asks for turns at these hosts in this order, each kept for a while; gives back when each began.
async fn starts(manners: &Arc<Manners>, hosts: &[&'static str], kept: Duration) -> Vec<Duration> {
    let begin = Instant::now();
    let tasks = hosts.iter().map(|host| async {
        let turn = manners.turn(host, now()).await.expect("a turn");
        let start = begin.elapsed();
        sleep(kept).await;
        drop(turn);
        start
    });
    join_all(tasks).await
}

#[tokio::test(start_paused = true)]
async fn starts_at_one_host_are_a_gap_apart_in_the_order_of_asking() {
    let found = starts(&manners(SECOND, 2), &["a"; 5], Duration::ZERO).await;
    assert_eq!(found, [0, 1, 2, 3, 4].map(|count| SECOND * count));
}

#[tokio::test(start_paused = true)]
async fn arxiv_is_asked_every_three_seconds_by_one_at_a_time_whatever_the_settings() {
    let hosts = ["export.arxiv.org", "rss.arxiv.org", "export.arxiv.org", "arxiv.org"];
    let found = starts(&manners(Duration::ZERO, 8), &hosts, Duration::ZERO).await;
    assert_eq!(found, [0, 3, 6, 9].map(|count| SECOND * count));
    let found = starts(&manners(Duration::ZERO, 8), &hosts[..2], SECOND * 10).await;
    assert_eq!(found, [Duration::ZERO, SECOND * 10]);
    let found = starts(&manners(SECOND * 5, 8), &["export.arxiv.org"; 2], Duration::ZERO).await;
    assert_eq!(found, [Duration::ZERO, SECOND * 5]);
    let found = starts(&manners(Duration::ZERO, 8), &["notarxiv.org"; 2], Duration::ZERO).await;
    assert_eq!(found, [Duration::ZERO; 2]);
}

#[tokio::test(start_paused = true)]
async fn a_host_has_at_most_so_many_requests_under_way() {
    let found = starts(&manners(SECOND, 2), &["a"; 6], SECOND * 10).await;
    assert_eq!(found, [0, 1, 10, 11, 20, 21].map(|count| SECOND * count));
    let found = starts(&manners(Duration::ZERO, 1), &["a"; 3], SECOND * 10).await;
    assert_eq!(found, [0, 10, 20].map(|count| SECOND * count));
}

#[tokio::test(start_paused = true)]
async fn none_at_once_is_taken_as_one_at_once() {
    assert_eq!(starts(&manners(Duration::ZERO, 0), &["a"; 2], SECOND).await, [Duration::ZERO, SECOND]);
}

#[tokio::test(start_paused = true)]
async fn a_slow_host_does_not_hold_up_another() {
    let mut hosts = vec!["slow"; 80];
    hosts.push("quick");
    let found = starts(&manners(SECOND, 2), &hosts, SECOND * 30).await;
    assert_eq!(found.last(), Some(&Duration::ZERO));
}

#[tokio::test(start_paused = true)]
async fn no_more_than_64_requests_are_under_way_in_all() {
    let manners = manners(Duration::ZERO, 2);
    let (under_way, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let tasks = (0..200).map(|number| {
        let (manners, under_way, most) = (&manners, &under_way, &most);
        async move {
            let turn = manners.turn(&format!("host-{number}"), now()).await.expect("a turn");
            most.fetch_max(under_way.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            sleep(SECOND).await;
            under_way.fetch_sub(1, Ordering::SeqCst);
            drop(turn);
        }
    });
    join_all(tasks).await;
    assert_eq!(most.load(Ordering::SeqCst), 64);
}

#[tokio::test(start_paused = true)]
async fn who_gives_up_waiting_leaves_the_line_whole() {
    let manners = manners(SECOND, 1);
    let first = manners.turn("a", now()).await.expect("a turn");
    let gone = tokio::time::timeout(SECOND * 2, manners.turn("a", now())).await;
    assert!(gone.is_err());
    drop(first);
    let begin = Instant::now();
    manners.turn("a", now()).await.map(drop).expect("a turn");
    assert_eq!(begin.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_is_asked_for_meanwhile_reaches_those_in_line() {
    let manners = manners(SECOND, 2);
    manners.turn("a", now()).await.map(drop).expect("a turn");
    let until = now() + jiff::SignedDuration::from_secs(60);
    let (in_line, ()) = tokio::join!(manners.turn("a", now()), async { manners.hold("a", until) });
    assert_eq!(in_line.map(drop), Err(until));

    manners.turn("b", now()).await.map(drop).expect("a turn");
    manners.hold("b", until);
    let begin = Instant::now();
    assert_eq!(manners.turn("b", now()).await.map(drop), Err(until));
    assert_eq!(begin.elapsed(), Duration::ZERO, "there is nothing to wait for");
}

#[test]
fn of_two_waits_the_longer_counts() {
    let manners = manners(SECOND, 2);
    let (soon, late) = (now() + jiff::SignedDuration::from_secs(60), now() + jiff::SignedDuration::from_secs(120));
    for until in [late, soon] {
        manners.hold("a", until);
    }
    assert_eq!(manners.holds(), [("a".to_owned(), late)].into());
}

#[tokio::test]
async fn the_web_keeps_the_gap_for_redirects_too() {
    let server = Server::start(|asked| match asked.path.as_str() {
        "/1" => Reply::head("302 Found", &["location: /2"]),
        "/2" => Reply::head("302 Found", &["location: /3"]),
        _ => Reply::whole("200 OK", &[], "x"),
    });
    let mut network = network();
    network.gap = Duration::from_millis(80);
    let begin = std::time::Instant::now();
    page(carry(&web(&network), &server.url("/1")).await);
    let log = server.log();
    assert_eq!(log.len(), 3);
    assert!(log[2].at - begin >= network.gap * 2, "{:?}", log[2].at - begin);
}

#[tokio::test]
async fn the_web_keeps_a_host_to_its_number_until_the_bodies_are_read() {
    // Answers are given in pairs: with fewer than two under way none would come.
    let pair = Barrier::new(2);
    let server = Server::start(move |_| {
        pair.wait();
        Reply::head("200 OK", &[]).then_drip("slow body", Duration::from_millis(5)).then(".")
    });
    let (web, url) = (web(&network()), server.url("/feed"));
    let all = join_all((0..6).map(|_| carry(&web, &url))).await;
    assert!(all.iter().all(Result::is_ok), "{all:?}");
    assert_eq!(server.log().iter().map(|asked| asked.in_flight).max(), Some(2));
}
