//! Teaching in the river: what a source says becomes a request on the skill, and what people answer comes back.

use std::fs;
use std::sync::Arc;

use jiff::Timestamp;
use tidings::config::{Network, read_settings, read_sources};
use tidings::fetch::recorded::Recorded;
use tidings::flow::{self, Asked, Doors, ForgeDoor, KnownLesson, LessonFilter, Report, Setup, Stage, Unwatched};
use tidings::home::Home;
use tidings::teach::forge::github::Github;

use crate::support::forge_server::{ForgeServer, TOKEN};

const REPOSITORY: &str = "octo-org/skills";
const REFERENCE: &str = "plugins/practices/references/recent-practices.md";
const MANIFEST: &str = "plugins/practices/.claude-plugin/plugin.json";
const COMMAND: &str = "plugins/practices/commands/practices.md";
const OLD: (&str, &str) = ("Claude Code 2.1.198", "Added a note to the status line.");
const NEW: (&str, &str) = (
    "Claude Code 2.1.240",
    "Added &lt;code&gt;claude --worktree&lt;/code&gt; to begin a session in a git worktree of its own. Fixed a crash at startup.",
);
const NEXT: (&str, &str) = (
    "Claude Code 2.1.247",
    "Added &lt;code&gt;claude --resume&lt;/code&gt; to take up the last session where it was left. Fixed a typo.",
);

/// A lab that watches one official source and has a skills repository.
struct Lab {
    folder: tempfile::TempDir,
    setup: Setup,
    server: ForgeServer,
    written: usize,
}

impl Lab {
    fn new() -> Lab {
        let files = [
            (MANIFEST, "{\n  \"name\": \"practices\",\n  \"version\": \"0.1.11\"\n}\n"),
            (COMMAND, "---\ndescription: practices\n---\nRead ${CLAUDE_PLUGIN_ROOT}/references/recent-practices.md.\n"),
        ];
        let server = ForgeServer::start(REPOSITORY, &files);
        let settings = format!(
            "[schedule]\nzone = \"Europe/London\"\n\n[skills]\nrepository = \"{REPOSITORY}\"\nreference = \"{REFERENCE}\"\n\
             manifest = \"{MANIFEST}\"\nbody = \"{COMMAND}\"\nplugin = \"practices@lab-skills\"\nopen = true\napi = \"{}\"\n",
            server.url()
        );
        let sources = "[[source]]\nname = \"Notes\"\nfrom.feed = \"https://notes.example.org/feed.xml\"\n\
                       trust = \"official\"\ntopics = [\"claude-code\"]\n";
        let folder = tempfile::tempdir().unwrap();
        let setup = Setup {
            sessions: Vec::new(),
            home: Home::at(folder.path().join("home")),
            sources: read_sources("sources.toml", sources).unwrap(),
            config: read_settings("tidings.toml", &settings).unwrap(),
        };
        Lab { folder, setup, server, written: 0 }
    }

    fn doors(&self, items: &[(&str, &str)]) -> Doors {
        let items: String = items
            .iter()
            .map(|(title, text)| {
                let version = title.rsplit(' ').next().unwrap();
                format!(
                    "<item><guid isPermaLink=\"false\">{version}</guid><title>{title}</title>\
                     <link>https://notes.example.org/{version}</link><description>&lt;p&gt;{text}&lt;/p&gt;</description></item>"
                )
            })
            .collect();
        let body = format!("<rss version=\"2.0\"><channel><title>Notes</title>{items}</channel></rss>");
        let pass = self.folder.path().join("pass");
        fs::create_dir_all(&pass).unwrap();
        let page = format!("HTTP/1.1 200 OK\ncontent-type: application/rss+xml\n\n{body}");
        fs::write(pass.join("notes.example.org-feed.xml.http"), page).unwrap();
        let network = Network { gap: std::time::Duration::ZERO, ..Network::default() };
        let skills = self.setup.config.skills.as_ref().unwrap();
        let forge = Github::open(skills, &network, &|_| Ok(TOKEN.to_owned())).unwrap();
        Doors {
            carrier: Arc::new(Recorded::new(pass)),
            channels: Default::default(),
            model: flow::ModelDoor::Shut,
            forge: ForgeDoor::Open(Arc::new(forge)),
        }
    }

    async fn run(&self, now: &str, items: &[(&str, &str)]) -> Report {
        let doors = self.doors(items);
        flow::run(&self.setup, &doors, &Asked::All, now.parse().unwrap(), &Unwatched).await.unwrap()
    }

    /// Calls that wrote since this was asked last.
    fn writes(&mut self) -> usize {
        let all = self.server.world().writes().len();
        std::mem::replace(&mut self.written, all).abs_diff(all)
    }

    fn lessons(&self) -> Vec<KnownLesson> {
        flow::known_lessons(&self.setup.home, LessonFilter::default()).unwrap().1
    }

    fn stages(&self) -> Vec<Stage> {
        self.lessons().iter().map(|known| known.stage).collect()
    }
}

#[tokio::test]
async fn what_a_source_says_is_proposed_in_the_weeks_first_run_and_told_once_it_is_merged() {
    let mut lab = Lab::new();
    lab.run("2026-11-10T10:00:00Z", &[OLD]).await;
    assert_eq!(lab.writes(), 0, "a home that has just begun knows nothing to say");
    // In the middle of a week something is learnt; the week after it is proposed.
    let report = lab.run("2026-11-18T10:00:00Z", &[OLD, NEW]).await;
    assert_eq!((report.acts.lessons, report.acts.requests), (1, 1), "the week before had nothing yet to offer");
    assert_eq!(lab.writes(), 4);
    let number = {
        let world = lab.server.world();
        let pulls = world.open_pulls();
        assert_eq!(pulls.len(), 1);
        let body = pulls[0].body.clone().unwrap();
        assert!(body.contains("Added `claude --worktree`") && body.contains("0.1.11 -> 0.2.0"), "{body}");
        pulls[0].number
    };
    assert_eq!(lab.stages(), [Stage::Proposed]);
    // Nothing new: nothing is written, in this week or the next.
    lab.run("2026-11-19T10:00:00Z", &[OLD, NEW]).await;
    lab.run("2026-11-23T10:00:00Z", &[OLD, NEW]).await;
    assert_eq!(lab.writes(), 0);

    lab.server.world().merge(number);
    lab.run("2026-11-24T10:00:00Z", &[OLD, NEW]).await;
    assert_eq!((lab.stages(), lab.writes()), (vec![Stage::Merged], 0));
    lab.run("2026-11-30T10:00:00Z", &[OLD, NEW]).await;
    let digest = fs::read_to_string(lab.setup.home.digests().join("2026-W48/digest.md")).unwrap();
    for words in [
        "claude plugin marketplace update lab-skills",
        "claude plugin update practices@lab-skills",
        "`claude --worktree`",
    ] {
        assert!(digest.contains(words), "{digest}");
    }
    assert_eq!(lab.writes(), 0, "the skill says all there is to say");
    let standing = flow::skill_standing(&lab.setup.home).unwrap().unwrap();
    assert_eq!((standing.request, standing.merged.len(), standing.trouble), (None, 1, None));
    assert_eq!(lab.server.world().violations, Vec::<String>::new());
}

#[tokio::test]
async fn a_request_that_is_closed_is_not_opened_again_but_for_something_new() {
    let mut lab = Lab::new();
    lab.run("2026-11-10T10:00:00Z", &[OLD]).await;
    lab.run("2026-11-18T10:00:00Z", &[OLD, NEW]).await;
    let number = lab.server.world().open_pulls()[0].number;
    lab.server.world().close(number);
    lab.writes();
    lab.run("2026-11-23T10:00:00Z", &[OLD, NEW]).await;
    assert_eq!((lab.stages(), lab.writes()), (vec![Stage::Declined], 0));
    lab.run("2026-11-25T10:00:00Z", &[OLD, NEW, NEXT]).await;
    lab.run("2026-11-30T10:00:00Z", &[OLD, NEW, NEXT]).await;
    let world = lab.server.world();
    let body = world.open_pulls()[0].body.clone().unwrap();
    assert!(body.contains("--resume") && !body.contains("--worktree"), "{body}");
}

#[tokio::test]
async fn an_entry_that_a_person_takes_out_of_the_merged_file_stays_out() {
    let mut lab = Lab::new();
    lab.run("2026-11-10T10:00:00Z", &[OLD]).await;
    lab.run("2026-11-18T10:00:00Z", &[OLD, NEW]).await;
    let number = lab.server.world().open_pulls()[0].number;
    lab.server.world().merge(number);
    lab.run("2026-11-19T10:00:00Z", &[OLD, NEW]).await;
    assert_eq!(lab.stages(), [Stage::Merged]);
    let file = lab.server.world().text(REPOSITORY, "main", REFERENCE).unwrap();
    let (head, entry) = file.split_once("### ").unwrap();
    let without = head.to_owned() + entry.find("\n## ").map_or("", |next| &entry[next + 1..]);
    lab.server.world().commit(REPOSITORY, "main", "bea", &[(REFERENCE, &without)]);
    lab.writes();
    lab.run("2026-11-23T10:00:00Z", &[OLD, NEW]).await;
    assert_eq!((lab.stages(), lab.writes()), (vec![Stage::Declined], 0));
}

#[tokio::test]
async fn a_forge_that_can_not_be_asked_stops_no_run_and_is_told() {
    let lab = Lab::new();
    lab.run("2026-11-10T10:00:00Z", &[OLD]).await;
    let doors = Doors {
        forge: ForgeDoor::With(|_| anyhow::bail!("TIDINGS_SKILLS_TOKEN is not set")),
        ..lab.doors(&[OLD, NEW])
    };
    let now: Timestamp = "2026-11-18T10:00:00Z".parse().unwrap();
    let report = flow::run(&lab.setup, &doors, &Asked::All, now, &Unwatched).await.unwrap();
    assert_eq!(report.acts.requests, 0);
    let trouble = flow::skill_standing(&lab.setup.home).unwrap().unwrap().trouble.unwrap();
    assert!(trouble.contains("TIDINGS_SKILLS_TOKEN is not set"), "{trouble}");
    // The next run that can tries again.
    assert_eq!(lab.run("2026-11-18T11:00:00Z", &[OLD, NEW]).await.acts.requests, 1);
}

#[tokio::test]
async fn a_proposal_is_written_down_and_nothing_is_sent() {
    let mut lab = Lab::new();
    lab.setup.config.skills.as_mut().unwrap().open = false;
    lab.run("2026-11-10T10:00:00Z", &[OLD]).await;
    lab.run("2026-11-18T10:00:00Z", &[OLD, NEW]).await;
    let now = "2026-11-18T12:00:00Z".parse().unwrap();
    let offered = flow::propose(&lab.setup, &lab.doors(&[]), None, false, now).await.unwrap();
    assert_eq!((offered.request, lab.writes()), (None, 0));
    let folder = offered.folder.unwrap();
    assert!(folder.ends_with("digests/2026-W47/proposal"), "{}", folder.display());
    let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
    assert!(read("calls.json").contains("/repos/octo-org/skills/pulls"), "{}", read("calls.json"));
    assert!(read("request.md").starts_with("# Best practices: 1 new (2026-W47)"));
    assert!(read("0001-best-practices.patch").contains("+  \"version\": \"0.2.0\""));
    assert_eq!(lab.stages(), [Stage::Ready]);

    // The same from a folder, which needs no forge.
    let checkout = lab.folder.path().join("checkout");
    for path in [MANIFEST, COMMAND] {
        fs::create_dir_all(checkout.join(path).parent().unwrap()).unwrap();
        fs::write(checkout.join(path), lab.server.world().text(REPOSITORY, "main", path).unwrap()).unwrap();
    }
    let shut = Doors { forge: ForgeDoor::Shut, ..lab.doors(&[]) };
    let again = flow::propose(&lab.setup, &shut, Some(&checkout), false, now).await.unwrap();
    assert_eq!(again.proposal, offered.proposal);
    let elsewhere = flow::propose(&lab.setup, &shut, Some(lab.folder.path()), false, now).await.unwrap_err();
    assert!(elsewhere.to_string().contains("--checkout names the folder of a clone"), "{elsewhere}");

    let opened = flow::propose(&lab.setup, &lab.doors(&[]), None, true, now).await.unwrap();
    assert_eq!((lab.writes(), lab.stages()), (4, vec![Stage::Proposed]));
    assert!(opened.request.unwrap().contains("/pull/"));
}

#[tokio::test]
async fn what_waits_for_its_minor_version_is_offered_on_the_day_and_not_a_week_later() {
    let mut lab = Lab::new();
    lab.run("2026-11-10T10:00:00Z", &[OLD]).await;
    lab.run("2026-11-18T10:00:00Z", &[OLD, NEW]).await;
    let number = lab.server.world().open_pulls()[0].number;
    lab.server.world().merge(number);
    lab.writes();
    // The week's first run hears of the merge, and would ask everybody again two days after it.
    lab.run("2026-11-23T10:00:00Z", &[OLD, NEW, NEXT]).await;
    let merged = flow::skill_standing(&lab.setup.home).unwrap().unwrap().merged[0].at;
    assert_eq!(merged.to_zoned(jiff::tz::TimeZone::UTC).date().to_string(), "2026-11-21");
    lab.run("2026-11-27T10:00:00Z", &[OLD, NEW, NEXT]).await;
    assert_eq!(lab.writes(), 0, "everybody was asked less than a week ago");
    lab.run("2026-11-28T10:00:00Z", &[OLD, NEW, NEXT]).await;
    assert_eq!(lab.writes(), 4);
}
