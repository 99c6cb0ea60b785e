//! Reddit through the whole river, against a stand-in that holds every request to Reddit's rules.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use serde_json::{Value, json};
use tidings::config;
use tidings::fetch::Carrier;
use tidings::fetch::reddit::{Account, Reddit};
use tidings::fetch::web::Web;
use url::Url;

use super::kinds::{home, network, run};
use crate::support::server::{Asked, Reply, Server};

const LINE: &str = "from.reddit = { subreddit = \"LanternCode\", least_score = 20 }";

/// What Reddit has and does.
#[derive(Default)]
struct Site {
    posts: Mutex<Vec<Value>>,
    /// Tokens given so far; only the last is good.
    tokens: AtomicUsize,
    /// Answers that go before the listing's own: status and headers.
    before: Mutex<Vec<(&'static str, Vec<&'static str>)>>,
}

impl Site {
    fn answer(&self, asked: &Asked) -> Reply {
        let problem =
            |status, message: &str| Reply::whole(status, &[], json!({ "message": message, "error": 0 }).to_string());
        let agent = asked.header("user-agent").unwrap_or_default();
        if !agent.starts_with("linux:org.lab.tidings:v") || !agent.ends_with(" (by /u/lab_watch)") {
            return problem("429 Too Many Requests", "Too Many Requests");
        }
        if asked.path == "/api/v1/access_token" {
            // `id:secret` in base64.
            if asked.method != "POST" || asked.header("authorization") != Some("Basic aWQ6c2VjcmV0") {
                return problem("401 Unauthorized", "Unauthorized");
            }
            if asked.body != "grant_type=client_credentials" {
                return Reply::whole("200 OK", &[], "{\"error\": \"unsupported_grant_type\"}");
            }
            let number = self.tokens.fetch_add(1, Ordering::SeqCst) + 1;
            let token = json!({ "access_token": format!("token-{number}"), "token_type": "bearer", "expires_in": 86400, "scope": "*" });
            return Reply::whole("200 OK", &["content-type: application/json"], token.to_string());
        }
        if !self.before.lock().unwrap().is_empty() {
            let (status, headers) = self.before.lock().unwrap().remove(0);
            return Reply::whole(status, &headers, "{\"message\": \"no\"}");
        }
        if asked.path.contains(".rss") {
            let entries: String = self.posts.lock().unwrap().iter().map(atom).collect();
            return Reply::whole(
                "200 OK",
                &[],
                format!("<feed xmlns=\"http://www.w3.org/2005/Atom\">{entries}</feed>"),
            );
        }
        let good = format!("Bearer token-{}", self.tokens.load(Ordering::SeqCst));
        if asked.header("authorization") != Some(&good) {
            return problem("401 Unauthorized", "Unauthorized");
        }
        assert_eq!(asked.path, "/r/LanternCode/new.json?limit=100&raw_json=1");
        let children = self.posts.lock().unwrap().clone();
        let listing =
            json!({ "kind": "Listing", "data": { "after": null, "dist": children.len(), "children": children } });
        let count = ["x-ratelimit-used: 1", "x-ratelimit-remaining: 995.0", "x-ratelimit-reset: 500"];
        Reply::whole("200 OK", &count, listing.to_string())
    }
}

fn post(number: usize, score: i64) -> Value {
    let fixture: Value = serde_json::from_str(include_str!("../../fixtures/reddit/listing.json")).unwrap();
    let mut post = fixture["data"]["children"][1].clone();
    let id = format!("1bb{number:02}");
    for (key, value) in [
        ("name", json!(format!("t3_{id}"))),
        ("score", json!(score)),
        ("title", json!(format!("Bulletin {number}"))),
        ("permalink", json!(format!("/r/LanternCode/comments/{id}/bulletin/"))),
        ("selftext", json!(format!("Words of {number}."))),
        ("selftext_html", json!(format!("<p>Words of {number}.</p>"))),
    ] {
        post["data"][key] = value;
    }
    post
}

fn atom(post: &Value) -> String {
    let text = |key: &str| post["data"][key].as_str().unwrap().to_owned();
    format!(
        "<entry><author><name>/u/{}</name></author><content type=\"html\">&lt;p&gt;{}&lt;/p&gt; submitted by /u/x [link]</content>\
         <id>{}</id><link href=\"https://www.reddit.com{}\"/><title>{}</title></entry>",
        text("author"),
        text("selftext"),
        text("name"),
        text("permalink"),
        text("title")
    )
}

struct Stand {
    site: Arc<Site>,
    server: Server,
}

impl Stand {
    fn new(posts: Vec<Value>) -> Stand {
        let site = Arc::new(Site { posts: Mutex::new(posts), ..Site::default() });
        let answering = Arc::clone(&site);
        Stand { server: Server::start(move |asked| answering.answer(asked)), site }
    }

    fn settings(&self) -> config::Reddit {
        let base: Url = self.server.url("/");
        config::Reddit {
            user: Some("lab_watch".to_owned()),
            api: base.clone(),
            login: base,
            ..config::Reddit::default()
        }
    }

    fn door(&self, secret: Option<&str>) -> Arc<dyn Carrier> {
        let account = secret.map(|secret| Ok(Account { id: "id".to_owned(), secret: secret.to_owned(), person: None }));
        let web = Web::new(&network(), BTreeMap::new()).unwrap();
        Arc::new(Reddit::new(&self.settings(), account, &web).unwrap())
    }

    fn answers_first(&self, status: &'static str, headers: &[&'static str]) {
        self.site.before.lock().unwrap().push((status, headers.to_vec()));
    }
}

#[tokio::test]
async fn a_post_is_told_when_its_score_passes_and_an_edit_is_no_second_post() {
    let stand = Stand::new(vec![post(1, 50)]);
    let folder = tempfile::tempdir().unwrap();
    let setup = home(&folder, LINE);
    assert_eq!(run(&setup, stand.door(Some("secret")), "2026-11-16T08:00:00Z").await, (1, 1, 0, None));
    // A new post has no votes yet; and the first is edited.
    let mut edited = post(1, 60);
    edited["data"]["selftext_html"] = json!("<p>Words of one, mended.</p>");
    *stand.site.posts.lock().unwrap() = vec![post(2, 1), edited.clone()];
    assert_eq!(run(&setup, stand.door(Some("secret")), "2026-11-16T09:00:00Z").await, (1, 0, 1, None));
    *stand.site.posts.lock().unwrap() = vec![post(2, 20), edited.clone()];
    assert_eq!(run(&setup, stand.door(Some("secret")), "2026-11-16T10:00:00Z").await, (2, 1, 0, None));
    // One is removed: it is not asked for, and what we know of it stays.
    edited["data"]["selftext"] = json!("[removed]");
    edited["data"]["selftext_html"] = json!("<p>[removed]</p>");
    *stand.site.posts.lock().unwrap() = vec![post(2, 25), edited];
    assert_eq!(run(&setup, stand.door(Some("secret")), "2026-11-16T11:00:00Z").await, (1, 0, 0, None));
    assert_eq!(stand.site.tokens.load(Ordering::SeqCst), 4, "one token a run");
}

#[tokio::test]
async fn a_filter_that_leaves_nothing_is_no_fault_and_an_empty_listing_is_one() {
    let stand = Stand::new(vec![post(1, 50)]);
    let folder = tempfile::tempdir().unwrap();
    let setup = home(&folder, LINE);
    assert_eq!(run(&setup, stand.door(Some("secret")), "2026-11-16T08:00:00Z").await, (1, 1, 0, None));
    *stand.site.posts.lock().unwrap() = vec![post(2, 1)];
    assert_eq!(run(&setup, stand.door(Some("secret")), "2026-11-16T09:00:00Z").await, (0, 0, 0, None));
    stand.site.posts.lock().unwrap().clear();
    let fault = run(&setup, stand.door(Some("secret")), "2026-11-16T10:00:00Z").await.3.unwrap();
    assert!(fault.contains("the listing has no posts"), "{fault}");
}

#[tokio::test]
async fn an_account_that_is_added_later_raises_nothing_twice() {
    let stand = Stand::new(vec![post(1, 50)]);
    let folder = tempfile::tempdir().unwrap();
    let setup = home(&folder, "from.reddit = \"LanternCode\"");
    assert_eq!(run(&setup, stand.door(None), "2026-11-16T08:00:00Z").await, (1, 1, 0, None));
    assert_eq!(stand.server.paths(), ["/r/LanternCode/new/.rss?limit=100"]);
    assert_eq!(run(&setup, stand.door(Some("secret")), "2026-11-16T09:00:00Z").await, (1, 0, 0, None));
}

#[tokio::test]
async fn a_token_that_ended_early_is_asked_for_once_more() {
    let stand = Stand::new(vec![post(1, 50)]);
    stand.answers_first("401 Unauthorized", &[]);
    let folder = tempfile::tempdir().unwrap();
    let setup = home(&folder, LINE);
    assert_eq!(run(&setup, stand.door(Some("secret")), "2026-11-16T08:00:00Z").await, (1, 1, 0, None));
    assert_eq!(stand.site.tokens.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn refusals_say_what_to_do_and_no_secret() {
    // Status, headers, whether there is an account; words of the fault; until when the host is left alone.
    type Row = (&'static str, &'static [&'static str], bool, &'static str, Option<&'static str>);
    let table: [Row; 6] = [
        ("429 Too Many Requests", &["retry-after: 120"], true, "not asked before", Some("2026-11-16T08:02:00Z")),
        ("429 Too Many Requests", &["x-ratelimit-reset: 300"], true, "not asked before", Some("2026-11-16T08:05:00Z")),
        ("403 Forbidden", &[], false, "Reddit refuses addresses of data centres", Some("2026-11-16T09:00:00Z")),
        ("403 Forbidden", &[], true, "private or in quarantine", None),
        ("404 Not Found", &[], true, "404", None),
        ("200 OK", &[], false, "no listing", None),
    ];
    for (status, headers, has_account, words, until) in table {
        let stand = Stand::new(vec![post(1, 50)]);
        stand.answers_first(status, headers);
        let folder = tempfile::tempdir().unwrap();
        let door = stand.door(has_account.then_some("secret"));
        let fault = run(&home(&folder, LINE), Arc::clone(&door), "2026-11-16T08:00:00Z").await.3.unwrap();
        assert!(fault.contains(words), "{status}: {fault}");
        let expected: BTreeMap<String, Timestamp> =
            until.map(|until| ("www.reddit.com".to_owned(), until.parse().unwrap())).into_iter().collect();
        assert_eq!(door.holds(), expected, "{status}");
    }
}

#[tokio::test]
async fn a_count_that_is_used_up_ends_the_asking_before_reddit_says_no() {
    let stand = Stand::new(vec![post(1, 50)]);
    stand.answers_first("200 OK", &["x-ratelimit-remaining: 0.0", "x-ratelimit-reset: 300"]);
    let folder = tempfile::tempdir().unwrap();
    let setup = home(&folder, LINE);
    let door = stand.door(Some("secret"));
    run(&setup, Arc::clone(&door), "2026-11-16T08:00:00Z").await;
    assert_eq!(door.holds()["www.reddit.com"], "2026-11-16T08:05:00Z".parse().unwrap());
    let asked = stand.server.log().len();
    run(&setup, stand.door(Some("secret")), "2026-11-16T08:04:00Z").await;
    assert_eq!(stand.server.log().len(), asked, "the wait is kept by the home");
    assert_eq!(run(&setup, stand.door(Some("secret")), "2026-11-16T08:05:01Z").await, (1, 1, 0, None));
}

#[tokio::test]
async fn a_wrong_secret_is_said_once_asked_and_is_not_shown() {
    let stand = Stand::new(vec![post(1, 50)]);
    let folder = tempfile::tempdir().unwrap();
    let door = stand.door(Some("hunter2"));
    let setup = home(&folder, LINE);
    for hour in ["08", "09"] {
        let fault = run(&setup, Arc::clone(&door), &format!("2026-11-16T{hour}:00:00Z")).await.3.unwrap();
        assert!(fault.contains("Reddit answered 401") && fault.contains("prefs/apps"), "{fault}");
        assert!(!fault.contains("hunter2"), "{fault}");
    }
    assert_eq!(stand.server.paths(), ["/api/v1/access_token"], "a refusal counts for the run");
}
