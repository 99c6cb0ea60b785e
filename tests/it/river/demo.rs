//! The demo's world, held against what its expected.json promises.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::Arc;

use serde_json::Value;
use tidings::edition::{ChannelName, Digest};
use tidings::fetch::recorded;
use tidings::flow::{self, Asked, Doors, Report, Setup, Unwatched};
use tidings::home::Home;
use tidings::item::Item;
use tidings::keep::Keep;
use tidings::story::Story;
use tidings::tell::Channel;
use tidings::verdict::{Category, Level};

use super::{Postbox, stories};

/// A finished run of the demo.
struct Demo {
    _folder: tempfile::TempDir,
    setup: Setup,
    reports: Vec<Report>,
    expected: Value,
}

/// The demo's home, before its first run.
pub fn set_up(folder: &Path) -> Setup {
    let home = Home::at(folder);
    flow::lay_out_demo(&home).unwrap();
    let read = |path| fs::read_to_string(path).unwrap();
    Setup {
        sessions: Vec::new(),
        sources: tidings::config::read_sources("sources.toml", &read(home.sources())).unwrap(),
        config: tidings::config::read_settings("tidings.toml", &read(home.settings())).unwrap(),
        home,
    }
}

async fn demo() -> Demo {
    let folder = tempfile::tempdir().unwrap();
    let setup = set_up(folder.path());
    let no_secrets = |name: &_| panic!("the demo needs no secret, not even {name:?}");
    let world = folder.path().join("world");
    let reports = flow::replay(&setup, &world, &Asked::Due, &no_secrets, &Unwatched).await.unwrap();
    let expected = fs::read_to_string(world.join("expected.json")).unwrap();
    let expected = serde_json::from_str(&expected).unwrap();
    Demo { _folder: folder, setup, reports, expected }
}

impl Demo {
    fn titles(&self, list: &str) -> BTreeSet<String> {
        let titles = self.expected[list].as_array().unwrap();
        assert!(!titles.is_empty(), "{list} expects something");
        titles.iter().map(|title| title.as_str().unwrap().to_owned()).collect()
    }

    /// Every item with its story, by title; a title that stands twice is left out.
    fn items(&self) -> BTreeMap<String, (Item, Story)> {
        let keep = Keep::open(self.setup.home.folder(), "test", "2026-11-30T00:00:00Z".parse().unwrap()).unwrap();
        let mut items = BTreeMap::new();
        for story in stories(&keep) {
            for item in keep.members(&story).unwrap() {
                items.insert(item.title.clone(), (item, story.clone()));
            }
        }
        items
    }

    fn digest(&self) -> Digest {
        let week = self.expected["week"].as_str().unwrap();
        let text = fs::read_to_string(self.setup.home.digests().join(week).join("digest.json")).unwrap();
        serde_json::from_str(&text).unwrap()
    }
}

/// Each file below a folder, with its words, by name.
fn written(folder: &Path) -> Vec<(String, String)> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(written(&path));
        } else {
            files.push((path.display().to_string(), fs::read_to_string(&path).unwrap()));
        }
    }
    files.sort();
    files
}

#[tokio::test]
async fn every_source_of_the_demo_fares_as_promised_in_every_pass() {
    let demo = demo().await;
    let passes = demo.expected["passes"].as_object().unwrap();
    assert_eq!(demo.reports.len(), passes.len());
    let mut wrong = Vec::new();
    for (report, (pass, expected)) in demo.reports.iter().zip(passes) {
        let report = serde_json::to_value(report).unwrap();
        for source in report["sources"].as_array().unwrap() {
            let expected = &expected[source["name"].as_str().unwrap()];
            let fault = source["fault"].get("kind").cloned().unwrap_or(Value::Null);
            let found = serde_json::json!({
                "status": source["status"], "entries": source["entries"], "new": source["new"],
                "updated": source["updated"], "fault": fault,
            });
            if found != *expected {
                wrong.push(format!("{pass} {}: expected {expected}, found {found}", source["name"]));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[tokio::test]
async fn the_demos_items_are_weighed_as_promised() {
    let demo = demo().await;
    let items = demo.items();
    let mut wrong = Vec::new();
    let mut check = |list: &str, fits: &dyn Fn(&Story) -> bool| {
        for title in demo.titles(list) {
            match items.get(&title) {
                None => wrong.push(format!("{list}: {title} is not there")),
                Some((_, story)) if !fits(story) => {
                    wrong.push(format!("{list}: {title} is {:?} because {:?}", story.verdict.level, story.verdict.why));
                }
                Some(_) => {}
            }
        }
    };
    check("critical", &|story| story.verdict.level == Level::Critical);
    check("notable", &|story| story.verdict.level == Level::Notable);
    check("breaking", &|story| story.verdict.category == Category::Breaking);
    check("never_critical", &|story| story.verdict.level < Level::Critical);
    check("never_alerted", &|story| story.verdict.level < Level::Critical);
    check("below_notable", &|story| story.verdict.level < Level::Notable);
    check("noise", &|story| story.verdict.level == Level::Noise);
    for group in demo.expected["one_story"].as_array().unwrap() {
        let ids: BTreeSet<_> =
            group.as_array().unwrap().iter().map(|title| items[title.as_str().unwrap()].1.id.clone()).collect();
        if ids.len() != 1 {
            wrong.push(format!("{group} are {} stories", ids.len()));
        }
    }
    for group in demo.expected["separate_stories"].as_array().unwrap() {
        let titles = group.as_array().unwrap();
        let ids: BTreeSet<_> = titles.iter().map(|title| items[title.as_str().unwrap()].1.id.clone()).collect();
        if ids.len() != titles.len() {
            wrong.push(format!("{group} are only {} stories", ids.len()));
        }
    }
    for (title, sources) in demo.expected["told_by"].as_object().unwrap() {
        let tellers: BTreeSet<&str> = items[title].1.members.iter().map(|member| member.source.as_str()).collect();
        let expected: BTreeSet<&str> = sources.as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
        if tellers != expected {
            wrong.push(format!("{title} is told by {tellers:?}"));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
    let edited = demo.expected["updated"]["to"].as_str().unwrap();
    assert!(items[edited].0.changed.is_some(), "an edited title is noticed");
    assert!(!items.contains_key(demo.expected["updated"]["from"].as_str().unwrap()), "and is no second item");
}

#[tokio::test]
async fn the_demos_digest_tells_the_week_and_one_alert_leaves() {
    let demo = demo().await;
    let digest = demo.digest();
    let told: BTreeSet<String> =
        digest.sections.iter().flat_map(|section| &section.stories).map(|story| story.title.clone()).collect();
    for list in ["critical", "notable"] {
        for title in demo.titles(list) {
            assert!(told.contains(&title), "{title} is told");
        }
    }
    for list in ["never_alerted", "noise", "next_week"] {
        for title in demo.titles(list) {
            assert!(!told.contains(&title), "{title} is not told");
        }
    }
    assert_eq!(digest.actions.len(), 1);
    assert_eq!(digest.actions[0].what, "Update lantern-code to 4.12.3 or later");
    assert_eq!(demo.reports.iter().map(|report| report.acts.alerted).sum::<usize>(), 1);
    assert_eq!(digest.counts.read, 180);
}

/// Some sources answer 304 by then; others, and those that name no etag, tell all again.
#[tokio::test]
async fn a_second_run_over_the_last_pass_finds_nothing_new_and_sends_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut setup = set_up(folder.path());
    let mail = "[mail]\nsmtp = \"smtps://mail.lab.example\"\nfrom = \"tidings@lab.example\"\n\
                [[people]]\naddress = \"ana@lab.example\"\n";
    let settings = fs::read_to_string(setup.home.settings()).unwrap();
    setup.config = tidings::config::read_settings("tidings.toml", &format!("{settings}\n{mail}")).unwrap();
    let postbox: Arc<Postbox> = Arc::default();
    let passes = recorded::passes(&folder.path().join("world")).unwrap();
    let run = async |now, pass: &Path| {
        let channel: Arc<dyn Channel> = postbox.clone();
        let channels = BTreeMap::from([(ChannelName::Mail, channel)]);
        let doors = Doors {
            carrier: Arc::new(recorded::Recorded::new(pass)),
            channels,
            model: flow::ModelDoor::Shut,
            forge: Default::default(),
        };
        flow::run(&setup, &doors, &Asked::All, now, &Unwatched).await.unwrap()
    };
    for (now, pass) in &passes {
        run(*now, pass).await;
    }
    let (before, sent) = (written(&setup.home.digests()), postbox.keys());
    assert_eq!(sent.len(), 2, "the alert and the digest: {sent:?}");
    let (now, pass) = passes.last().unwrap();
    let again = run(*now, pass).await;
    assert_eq!(again.sources.len(), setup.sources.len());
    for source in &again.sources {
        assert_eq!((source.new, source.updated), (0, 0), "{}", source.name);
    }
    assert_eq!((again.acts.judged, again.acts.alerted, again.acts.digests.len()), (0, 0, 0));
    assert_eq!(postbox.keys(), sent);
    assert_eq!(written(&setup.home.digests()), before, "no digest, alert or feed is written anew");
}

#[tokio::test]
async fn what_is_marked_as_a_pre_release_or_pinned_is_no_item() {
    let demo = demo().await;
    let items = demo.items();
    assert!(items.contains_key("cinder-box v2.0") && items.contains_key("My hook that counts tokens per folder"));
    for left_out in ["cinder-box 2.0-rc.1", "cinder-box 2.1-rc.1", "Small questions, November"] {
        assert!(!items.contains_key(left_out), "{left_out}");
    }
}

#[tokio::test]
async fn nothing_hostile_of_the_demo_reaches_a_reader() {
    let demo = demo().await;
    let mut outputs = written(&demo.setup.home.digests());
    assert!(outputs.len() >= 10, "digest, alert and feeds lie there");
    for (item, _) in demo.items().values() {
        let (card, text) = flow::ask::show(&demo.setup.home, &item.id.0).unwrap().unwrap();
        outputs.push((item.id.0.clone(), format!("{} {:?} {text}", card.title, card.url.map(String::from))));
    }
    for words in demo.titles("never_in_output") {
        for (place, output) in &outputs {
            assert!(!output.contains(&words), "{words:?} is in {place}");
        }
    }
}

#[tokio::test]
async fn the_committed_sample_is_what_the_demo_says_today() {
    let demo = demo().await;
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("digests/sample");
    let alerts = demo.setup.home.digests().join("alerts/2026-11-19");
    let alert = fs::read_dir(&alerts).unwrap().next().unwrap().unwrap().path().with_extension("");
    let digest = demo.setup.home.digests().join("2026-W47/digest");
    for (made, name) in [(digest, "digest"), (alert, "alert")] {
        for ending in ["json", "md", "html", "txt"] {
            let now = fs::read_to_string(made.with_extension(ending)).unwrap();
            let file = sample.join(name).with_extension(ending);
            // BLESS=1 writes the sample anew; look at it as a reader would.
            if std::env::var_os("BLESS").is_some() {
                fs::create_dir_all(&sample).unwrap();
                fs::write(&file, &now).unwrap();
            }
            let committed = fs::read_to_string(&file).unwrap_or_default();
            assert!(
                committed == now,
                "{} is not what the demo says now; BLESS=1 cargo test writes it anew",
                file.display()
            );
        }
    }
}
