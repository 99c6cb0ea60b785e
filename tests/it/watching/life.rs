//! A daemon's life, on a clock that runs as fast as nobody waits for it.

use std::collections::BTreeMap;
use std::fs;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use anyhow::{Result, bail};
use jiff::{SignedDuration, Timestamp};
use tidings::fetch::{Carried, Carrier};
use tidings::flow::{self, Clock, Doors, Due, Happening, Means, Onlooker, Setup, Watcher};
use tidings::keep::Keep;
use tidings::page::Request;
use tokio::sync::watch::{Sender, channel};
use tokio::time::Instant;

use super::{Desk, ONE};
use crate::river::Lab;

/// What else happens then, by the word and how often it was said.
type Then = Box<dyn Fn(&str, usize) + Send + Sync>;

/// Writes down what happens, and ends the daemon after so many things of a sort.
struct Diary {
    clock: Clock,
    lines: Mutex<Vec<String>>,
    stop: Sender<bool>,
    until: (&'static str, usize),
    on: Then,
}

impl Watcher for Diary {}

impl Onlooker for Diary {
    fn happens(&self, happening: Happening<'_>) {
        let (word, more) = match happening {
            Happening::Ready => ("ready", String::new()),
            Happening::Begins(due) => ("begins", format!(" {due:?}")),
            Happening::Passed(report, _) => (
                "passed",
                match report.nothing_answered() {
                    true => " in vain".to_owned(),
                    false => String::new(),
                },
            ),
            Happening::TookIn(_) => ("took in", String::new()),
            Happening::Rests { .. } => ("rests", String::new()),
            Happening::Busy(_) => ("busy", String::new()),
            Happening::Failed { error, again } => ("failed", format!(" again in {} s: {error:#}", again.as_secs())),
            Happening::Mistaken(error) => ("mistaken", format!(": {error:#}")),
            Happening::Read => ("read", String::new()),
            Happening::Blind { .. } => ("blind", String::new()),
            Happening::Stopping => ("stopping", String::new()),
        };
        let mut lines = self.lines.lock().unwrap();
        if word != "rests" {
            let time = (self.clock)().strftime("%a %H:%M:%S");
            lines.push(format!("{time} {word}{more}"));
        }
        let times = lines.iter().filter(|line| line[13..].starts_with(word)).count();
        drop(lines);
        (self.on)(word, times);
        if (word, times) == self.until {
            self.stop.send_replace(true);
        }
    }
}

/// A lab whose clock begins at a time.
struct Stage {
    lab: Lab,
    start: Timestamp,
    /// Seconds by which the clock was set.
    jumps: Arc<AtomicI64>,
}

impl Stage {
    fn new(start: &str) -> Stage {
        Stage { lab: Lab::new(), start: start.parse().unwrap(), jumps: Arc::default() }
    }

    fn clock(&self) -> Clock {
        let (start, began, jumps) = (self.start, Instant::now(), self.jumps.clone());
        Arc::new(move || {
            let passed = SignedDuration::try_from(began.elapsed()).unwrap();
            start + passed + SignedDuration::from_secs(jumps.load(Ordering::SeqCst))
        })
    }

    fn doors(&self) -> Doors {
        let items = [("a", "Lantern one", "A note."), ("b", "Lantern two", "Another note.")];
        Doors {
            carrier: self.lab.page(&items),
            channels: Default::default(),
            model: flow::ModelDoor::Shut,
            forge: Default::default(),
        }
    }

    /// Lives until so many things of a sort have happened; what happened, a line each.
    async fn lives(
        &self,
        until: (&'static str, usize),
        setup: impl Fn() -> Result<Setup> + Send + Sync,
        doors: impl Fn() -> Result<Doors> + Send + Sync,
        on: impl Fn(&str, usize) + Send + Sync + 'static,
    ) -> String {
        let (stop, stopped) = channel(false);
        let clock = self.clock();
        let diary = Diary { clock: clock.clone(), lines: Mutex::default(), stop, until, on: Box::new(on) };
        let doors = move |_: &Setup, _: Timestamp| doors();
        let means = Means { setup: &setup, doors: &doors, clock, onlooker: &diary };
        flow::watch(self.lab.setup.clone(), means, stopped).await.unwrap();
        let lines = diary.lines.lock().unwrap().clone();
        lines.join("\n")
    }

    async fn lives_plainly(&self, until: (&'static str, usize)) -> String {
        let setup = self.lab.setup.clone();
        let (setup, doors) = (move || Ok(setup.clone()), || Ok(self.doors()));
        self.lives(until, setup, doors, |_, _| {}).await
    }

    fn is_free(&self) -> bool {
        Keep::open(self.lab.setup.home.folder(), "a test", self.start).is_ok()
    }
}

#[tokio::test(start_paused = true)]
async fn it_asks_by_the_hour_and_writes_the_digest_when_the_week_closes() {
    let stage = Stage::new("2026-11-23T05:30:00Z");
    let told = stage.lives_plainly(("passed", 4)).await;
    insta::assert_snapshot!(told, @r"
    Mon 05:30:00 ready
    Mon 05:30:00 begins Look
    Mon 05:30:00 passed
    Mon 06:30:00 begins Sources
    Mon 06:30:00 passed
    Mon 07:00:00 begins Digest
    Mon 07:00:00 passed
    Mon 07:30:00 begins Sources
    Mon 07:30:00 passed
    Mon 07:30:00 stopping
    ");
    assert!(stage.lab.setup.home.digests().join("2026-W47/digest.json").is_file(), "the week was closed on the minute");
    assert!(stage.is_free());
}

#[tokio::test(start_paused = true)]
async fn a_pass_that_fails_or_panics_is_tried_later_and_later_and_the_daemon_lives_on() {
    let stage = Stage::new("2026-11-17T10:00:00Z");
    let tries = AtomicUsize::new(0);
    let setup = stage.lab.setup.clone();
    let doors = || match tries.fetch_add(1, Ordering::SeqCst) {
        0 | 1 => bail!("the disk is full"),
        2 => panic!("a mistake of ours"),
        _ => Ok(stage.doors()),
    };
    let told = stage.lives(("passed", 2), move || Ok(setup.clone()), doors, |_, _| {}).await;
    insta::assert_snapshot!(told, @r"
    Tue 10:00:00 ready
    Tue 10:00:00 begins Look
    Tue 10:00:00 failed again in 60 s: the disk is full
    Tue 10:01:00 begins Look
    Tue 10:01:00 failed again in 120 s: the disk is full
    Tue 10:03:00 begins Look
    Tue 10:03:00 failed again in 240 s: the pass ended in a panic; what it had kept stays, and the next goes on from there
    Tue 10:07:00 begins Look
    Tue 10:07:00 passed
    Tue 11:07:00 begins Sources
    Tue 11:07:00 passed
    Tue 11:07:00 stopping
    ");
}

#[tokio::test(start_paused = true)]
async fn a_network_that_is_away_is_looked_for_in_a_minute_then_in_two() {
    let stage = Stage::new("2026-11-17T10:00:00Z");
    let away = stage.lab.folder.path().join("nothing recorded");
    std::fs::create_dir(&away).unwrap();
    let setup = stage.lab.setup.clone();
    let doors = || {
        let carrier: Arc<dyn Carrier> = Arc::new(tidings::fetch::recorded::Recorded::new(away.clone()));
        Ok(Doors { carrier, ..stage.doors() })
    };
    let told = stage.lives(("passed", 3), move || Ok(setup.clone()), doors, |_, _| {}).await;
    let passed: Vec<&str> = told.lines().filter(|line| line.contains("passed")).collect();
    assert_eq!(passed[0], "Tue 10:00:00 passed in vain");
    assert!(passed.len() == 3, "{told}");
}

#[tokio::test(start_paused = true)]
async fn a_home_that_another_process_holds_is_waited_for_and_told_once() {
    let stage = Stage::new("2026-11-17T10:00:00Z");
    let held = Mutex::new(Some(Keep::open(stage.lab.setup.home.folder(), "tidings run", stage.start).unwrap()));
    let setup = stage.lab.setup.clone();
    let (setup, doors) = (move || Ok(setup.clone()), || Ok(stage.doors()));
    let on = move |word: &str, times: usize| {
        // It ends after the third try.
        if (word, times) == ("begins", 3) {
            held.lock().unwrap().take();
        }
    };
    let told = stage.lives(("passed", 1), setup, doors, on).await;
    insta::assert_snapshot!(told, @r"
    Tue 10:00:00 ready
    Tue 10:00:00 begins Look
    Tue 10:00:00 busy
    Tue 10:00:05 begins Look
    Tue 10:00:10 begins Look
    Tue 10:00:10 passed
    Tue 10:00:10 stopping
    ");
}

#[tokio::test(start_paused = true)]
async fn a_file_that_is_wrong_now_is_told_once_and_what_it_said_before_goes_on() {
    let stage = Stage::new("2026-11-17T10:00:00Z");
    let (good, reads) = (stage.lab.setup.clone(), AtomicUsize::new(0));
    let setup = move || match reads.fetch_add(1, Ordering::SeqCst) {
        1 | 2 => bail!("tidings.toml:3:1: no such key"),
        _ => Ok(good.clone()),
    };
    let told = stage.lives(("passed", 4), setup, || Ok(stage.doors()), |_, _| {}).await;
    let said: Vec<&str> = told.lines().filter(|line| !line.contains("begins")).collect();
    assert_eq!(
        said[1..],
        [
            "Tue 10:00:00 passed",
            "Tue 11:00:00 mistaken: tidings.toml:3:1: no such key",
            "Tue 11:00:00 passed",
            "Tue 12:00:00 passed",
            "Tue 13:00:00 read",
            "Tue 13:00:00 passed",
            "Tue 13:00:00 stopping",
        ],
        "{told}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_machine_that_slept_goes_on_as_soon_as_it_wakes() {
    let stage = Stage::new("2026-11-17T22:00:00Z");
    let jumps = stage.jumps.clone();
    let setup = stage.lab.setup.clone();
    let is_first = AtomicBool::new(true);
    let on = move |word: &str, _: usize| {
        if word == "passed" && is_first.swap(false, Ordering::SeqCst) {
            return;
        }
        // The first rest lasts a night of the wall, and half a minute of the daemon's own.
        if word == "rests" && !is_first.load(Ordering::SeqCst) && jumps.load(Ordering::SeqCst) == 0 {
            jumps.store(9 * 3600, Ordering::SeqCst);
        }
    };
    let began = Instant::now();
    let told = stage.lives(("passed", 2), move || Ok(setup.clone()), || Ok(stage.doors()), on).await;
    assert!(began.elapsed().as_secs() <= 61, "{told}");
    assert!(told.contains("Wed 07:0"), "{told}");
}

#[tokio::test(start_paused = true)]
async fn a_folder_of_sessions_that_comes_late_is_looked_for_each_minute() {
    let mut stage = Stage::new("2026-11-17T10:00:00Z");
    let desk = Desk::new("");
    stage.lab.setup.sessions = desk.setup.sessions.clone();
    let (folder, aside) = (desk.setup.sessions[0].folder.clone(), desk.folder.path().join("aside"));
    desk.writes(ONE, "atlas", "Please count the herons.", stage.start);
    fs::rename(&folder, &aside).unwrap();
    let setup = stage.lab.setup.clone();
    let (setup, doors) = (move || Ok(setup.clone()), || Ok(stage.doors()));
    let on = move |word: &str, _: usize| {
        if word == "rests" && aside.exists() {
            fs::rename(&aside, &folder).unwrap();
        }
    };
    let told = stage.lives(("took in", 1), setup, doors, on).await;
    assert_eq!(told.lines().filter(|line| line.contains("blind")).count(), 1, "{told}");
    let took = told.lines().find(|line| line.contains("took in")).unwrap();
    assert!(took < "Tue 10:01:05", "{told}");
    assert_eq!(flow::ask::session_lines(&stage.lab.setup.home).unwrap().len(), 1);
}

/// A source that never answers.
struct Silent;

impl Carrier for Silent {
    fn carry<'a>(&'a self, _request: &'a Request) -> Carried<'a> {
        Box::pin(std::future::pending())
    }

    fn holds(&self) -> BTreeMap<String, Timestamp> {
        BTreeMap::new()
    }
}

#[tokio::test(start_paused = true)]
async fn asked_to_stop_while_it_waits_for_an_answer_it_breaks_off_and_frees_the_home() {
    let stage = Stage::new("2026-11-17T10:00:00Z");
    let setup = stage.lab.setup.clone();
    let doors = || Ok(Doors { carrier: Arc::new(Silent), ..stage.doors() });
    let (stop, stopped) = channel(false);
    let clock = stage.clock();
    let diary = Diary {
        clock: clock.clone(),
        lines: Mutex::default(),
        stop: channel(false).0,
        until: ("never", 1),
        on: Box::new(|_, _| {}),
    };
    let (read, doors) = (move || Ok(setup.clone()), move |_: &Setup, _: Timestamp| doors());
    let means = Means { setup: &read, doors: &doors, clock, onlooker: &diary };
    let began = Instant::now();
    let asks = async {
        tokio::time::sleep(std::time::Duration::from_secs(10)).await;
        stop.send_replace(true);
    };
    let (lived, ()) = tokio::join!(flow::watch(stage.lab.setup.clone(), means, stopped), asks);
    lived.unwrap();
    assert_eq!(began.elapsed().as_secs(), 10);
    assert!(stage.is_free());
    assert!(diary.lines.lock().unwrap().last().unwrap().ends_with("stopping"));
}

#[tokio::test(start_paused = true)]
async fn a_home_has_one_daemon() {
    let stage = Stage::new("2026-11-17T10:00:00Z");
    let _first = tidings::keep::only_daemon(stage.lab.setup.home.folder(), stage.start).unwrap();
    let (_stop, stopped) = channel(false);
    let setup = stage.lab.setup.clone();
    let (read, doors) = (move || Ok(setup.clone()), |_: &Setup, _: Timestamp| bail!("nothing is opened"));
    struct Nobody;
    impl Watcher for Nobody {}
    impl Onlooker for Nobody {
        fn happens(&self, _: Happening<'_>) {}
    }
    let means = Means { setup: &read, doors: &doors, clock: stage.clock(), onlooker: &Nobody };
    let error = flow::watch(stage.lab.setup.clone(), means, stopped).await.unwrap_err();
    assert!(flow::is_busy(&error), "{error:#}");
    assert_eq!(format!("{:?}", Due::Look), "Look");
}
