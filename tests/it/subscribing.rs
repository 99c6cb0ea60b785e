//! Adding to what is watched: by an address, from another reader's list, and back into one.

use std::fs;
use std::path::Path;

use assert_cmd::Command;
use tidings::config::read_sources;
use tidings::source::{Source, Trust};

use crate::command::{output, tidings};
use crate::support::server::{Reply, Server};

const FEED: &str = "<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>Lantern &amp; Co</title>\
                    <item><guid>1</guid><title>One</title></item></channel></rss>";

/// A home that watches one feed and may ask loopback.
fn home() -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    let source = "# What we watch.\n\n[[source]]\nname = \"Old\"\nfrom.feed = \"https://old.example/feed\"\n";
    fs::write(home.path().join("sources.toml"), source).unwrap();
    fs::write(
        home.path().join("tidings.toml"),
        "[model]\nendpoint = \"off\"\n[network]\nallow = [\"127.0.0.0/8\"]\ngap = \"1ms\"\n",
    )
    .unwrap();
    home
}

fn sources(home: &Path) -> Vec<Source> {
    read_sources("sources.toml", &fs::read_to_string(home.join("sources.toml")).unwrap()).unwrap()
}

fn add(home: &Path, url: &str) -> Command {
    let mut command = tidings(home);
    command.args(["sources", "add", url]);
    command
}

#[test]
fn a_page_leads_to_the_feed_it_names() {
    let server = Server::start(|asked| match asked.path.as_str() {
        "/blog" => Reply::whole(
            "200 OK",
            &["content-type: text/html"],
            "<!doctype html><html><head><title>Lantern</title>\
             <link rel='alternate' type='application/rss+xml' title='Comments' href='/comments.xml'>\
             <link rel=\"home alternate\" type=\"application/atom+xml; charset=utf-8\" href=\"posts.atom\"></head></html>",
        ),
        _ => Reply::whole("404 Not Found", &[], ""),
    });
    let home = home();
    let (code, stdout, stderr) = output(
        add(home.path(), server.url("/blog").as_str()).args(["--trust", "expert", "--topic", "evals", "--every", "6h"]),
    );
    assert_eq!(code, 0, "{stderr}");
    assert!(stdout.contains("posts.atom") && stderr.contains("comments.xml"), "{stdout}{stderr}");
    let sources = sources(home.path());
    let added = &sources[1];
    assert_eq!(
        (added.name.as_str(), added.trust, &added.topics[..]),
        ("Lantern", Trust::Expert, &["evals".to_owned()][..])
    );
    assert_eq!(added.from.url(jiff::Timestamp::UNIX_EPOCH), server.url("/posts.atom"));
    let text = fs::read_to_string(home.path().join("sources.toml")).unwrap();
    assert!(text.starts_with("# What we watch.\n"), "what a person wrote stays: {text}");
    let (code, _, stderr) = output(&mut add(home.path(), server.url("/blog").as_str()));
    assert!(code == 2 && stderr.contains("`Lantern` watches"), "{stderr}");
}

#[test]
fn a_feed_is_added_under_its_own_title() {
    let server = Server::start(|_| Reply::whole("200 OK", &["content-type: text/xml"], FEED));
    let home = home();
    let (code, _, stderr) = output(&mut add(home.path(), server.url("/f.xml").as_str()));
    assert_eq!(code, 0, "{stderr}");
    assert_eq!(sources(home.path())[1].name, "Lantern & Co");
    assert_eq!(server.paths(), ["/f.xml"]);
}

#[test]
fn a_feed_that_no_page_names_is_found_where_feeds_lie() {
    let server = Server::start(|asked| match asked.path.as_str() {
        "/blog/" => Reply::whole("200 OK", &["content-type: text/html"], "<html><title>Blog</title></html>"),
        // A site that answers everything with its front page.
        "/blog/feed.xml" => Reply::whole("200 OK", &["content-type: text/html"], "<html><title>Blog</title></html>"),
        "/blog/index.xml" => Reply::whole("200 OK", &["content-type: text/xml"], FEED),
        _ => Reply::whole("404 Not Found", &[], ""),
    });
    let home = home();
    let (code, _, stderr) = output(&mut add(home.path(), server.url("/blog/").as_str()));
    assert_eq!(code, 0, "{stderr}");
    assert!(sources(home.path())[1].from.url(jiff::Timestamp::UNIX_EPOCH).path().ends_with("/blog/index.xml"));

    let (code, _, stderr) = output(&mut add(home.path(), server.url("/elsewhere").as_str()));
    assert!(code == 1 && stderr.contains("404"), "{stderr}");
    let nothing = Server::start(|_| Reply::whole("200 OK", &["content-type: text/html"], "<html>Hi</html>"));
    let (code, _, stderr) = output(&mut add(home.path(), nothing.url("/").as_str()));
    assert!(code == 2 && stderr.contains("is no feed, names none"), "{stderr}");
    assert_eq!(sources(home.path()).len(), 2, "nothing was added");
}

#[test]
fn a_list_of_another_reader_is_taken_over_with_its_folders_and_given_back() {
    let home = home();
    let opml = home.path().join("readers.opml");
    fs::write(
        &opml,
        "<?xml version=\"1.0\"?>\n<opml version=\"2.0\"><head><title>Mine</title></head><body>\n\
         <outline text=\"Coding Agents\">\n\
           <outline text=\"Lantern &amp; Co\" type=\"rss\" xmlUrl=\"https://lantern.example/feed?a=1&amp;b=2\"/>\n\
           <outline text=\"Deep\"><outline title=\"Lantern &amp; Co\" text=\"x\" xmlUrl=\"https://deep.example/feed\"></outline></outline>\n\
         </outline>\n\
         <outline text=\"Old again\" xmlUrl=\"https://old.example/feed\"/>\n\
         <outline text=\"Twice\" xmlUrl=\"https://lantern.example/feed?a=1&amp;b=2\"/>\n\
         <outline text=\"No feed\" url=\"https://x.example/\"/><outline text=\"Local\" xmlUrl=\"file:///etc/passwd\"/>\n\
         </body></opml>",
    )
    .unwrap();
    let (code, stdout, stderr) = output(tidings(home.path()).args(["sources", "import"]).arg(&opml));
    assert_eq!((code, stdout.trim()), (0, "2 sources added, 1 there already."), "{stderr}");
    let imported = sources(home.path());
    let shown: Vec<_> = imported.iter().map(|source| (source.name.as_str(), source.topics.join(" "))).collect();
    assert_eq!(
        shown,
        [
            ("Old", String::new()),
            ("Lantern & Co", "coding-agents".to_owned()),
            ("Lantern & Co (deep.example)", "coding-agents deep".to_owned())
        ]
    );
    assert_eq!(
        output(tidings(home.path()).args(["sources", "import"]).arg(&opml)).1.trim(),
        "no sources added, 3 there already."
    );

    let (code, exported, _) = output(tidings(home.path()).args(["sources", "export"]));
    assert_eq!(code, 0);
    let other = tempfile::tempdir().unwrap();
    fs::write(other.path().join("sources.toml"), "").unwrap();
    fs::write(other.path().join("list.opml"), exported).unwrap();
    assert_eq!(output(tidings(other.path()).args(["sources", "import"]).arg(other.path().join("list.opml"))).0, 0);
    let again = sources(other.path());
    let parts = |source: &Source| (source.name.clone(), source.from.clone(), source.topics.clone());
    assert_eq!(again.iter().map(parts).collect::<Vec<_>>(), imported.iter().map(parts).collect::<Vec<_>>());
}

#[test]
fn a_list_with_a_mistake_adds_nothing_and_names_the_line() {
    let home = home();
    let before = fs::read_to_string(home.path().join("sources.toml")).unwrap();
    for (text, said) in [
        ("https://a.example/feed\nfeed of b\n", "line 2"),
        ("\u{0}\u{1}binary", "line 1"),
        ("<html><body>Not found</body></html>", "line 1"),
    ] {
        let list = home.path().join("list");
        fs::write(&list, text).unwrap();
        let (code, _, stderr) = output(tidings(home.path()).args(["sources", "import"]).arg(&list));
        assert!(code == 2 && stderr.contains(said) && stderr.contains("Nothing was added"), "{text}: {stderr}");
    }
    assert_eq!(fs::read_to_string(home.path().join("sources.toml")).unwrap(), before);
    let list = home.path().join("urls");
    fs::write(&list, "# newsboat\nhttps://a.example/feed \"tag one\"\n\nhttps://b.example/feed\n").unwrap();
    assert_eq!(
        output(tidings(home.path()).args(["sources", "import"]).arg(&list)).1.trim(),
        "2 sources added, 0 there already."
    );
    assert_eq!(sources(home.path())[1].name, "a.example");
}

#[test]
fn a_list_of_a_hundred_thousand_folders_in_one_another_is_read_in_time() {
    let mut text = "<opml><body>".to_owned();
    text.push_str(&"<outline text=\"folder\">".repeat(100_000));
    text.push_str("<outline text=\"Deep\" xmlUrl=\"https://deep.example/feed\"/>");
    let offers = tidings::read::subscriptions(text.as_bytes()).unwrap();
    assert_eq!(offers.len(), 1);
    assert_eq!(offers[0].topics, ["folder"]);
}

#[test]
fn a_repository_is_watched_by_its_own_kind_without_asking_anybody() {
    let home = home();
    let (code, stdout, stderr) = output(&mut add(home.path(), "https://github.com/octo-org/lantern"));
    assert_eq!(code, 0, "{stderr}");
    assert!(stdout.contains("from.github-releases = \"octo-org/lantern\""), "{stdout}");
    let sources = sources(home.path());
    assert_eq!((sources[1].name.as_str(), sources[1].from.kind()), ("octo-org/lantern releases", "github-releases"));
    let (code, _, stderr) = output(&mut add(home.path(), "https://github.com/octo-org/lantern/releases"));
    assert!(code == 2 && stderr.contains("watches this already"), "{stderr}");
}
