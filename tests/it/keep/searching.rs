//! What is kept is found: prose by its words, identifiers whole and by part, and never everything by mistake.

use std::fs;
use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use tidings::item::{Entry, ItemId};
use tidings::keep::index::{Library, Query, code_words};
use tidings::verdict::Level;
use tidings::work::Duty;

use super::working::{judge, verdict};
use super::{entry, keep, noon, open};

const TEXTS: [(&str, &str, &str); 8] = [
    ("policy", "Retries", "Set `retry_policy` in the settings; RetryPolicy has three fields."),
    ("flag", "Flags", "Run it with --dangerously-skip-permissions only in a container."),
    ("path", "Where settings live", "They are in ~/.claude/settings.json and src/keep/store.rs reads them."),
    ("release", "Version v2.1.251", "Security fixes for the sandbox."),
    ("older", "Version 2.1.250", "Small fixes."),
    ("spawn", "Concurrency", "Call tokio::spawn(async { work().await }) to run it beside."),
    ("prose", "Evaluating agents", "We evaluated several agents and their evaluations agreed."),
    ("umlaut", "Über Straßen", "Ein Text über große Straßen; 東京のニュース."),
];

fn filled(home: &Path) {
    let mut store = open(home);
    keep(&mut store, TEXTS.map(|(native, title, text)| entry(native, title, text)).to_vec());
    assert_eq!(store.index_pending().unwrap(), TEXTS.len());
}

/// The titles a query finds, in the order of the alphabet.
fn found(library: &Library, words: &str) -> Vec<String> {
    let query = Query { words: words.to_owned(), limit: 50, ..Query::default() };
    let mut titles: Vec<String> = library.search(&query).unwrap().hits.into_iter().map(|hit| hit.title).collect();
    titles.sort();
    titles
}

#[test]
fn identifiers_are_cut_into_parts_and_kept_whole() {
    for (text, wanted) in [
        ("snake_case", "0:snake_case 0:snake 1:case"),
        ("CamelCase", "0:camelcase 0:camel 1:case"),
        ("HTTPServer", "0:httpserver 0:http 1:server"),
        ("--flag-name", "0:--flag-name 0:flag 1:name"),
        ("src/keep/store.rs", "0:src/keep/store.rs 0:src 1:keep 2:store.rs 2:store 3:rs"),
        ("~/.claude/settings.json", "0:~/.claude/settings.json 0:claude 1:settings.json 1:settings 2:json"),
        ("2.1.251", "0:2.1.251 0:2 1:1 2:251"),
        ("v2.1.251.", "0:2.1.251 0:2 1:1 2:251"),
        ("sha256", "0:sha256 0:sha 1:256"),
        ("plain words, here.", "0:plain 1:words 2:here"),
        ("a->b :: {}", "0:a 1:b"),
        ("__init__", "0:__init 0:init"),
        ("... -- / ~", ""),
        ("Straße", "0:straße"),
        ("東京のnews_feed 한국", "0:東 1:京 2:の 3:news_feed 3:news 4:feed 5:한 6:국"),
    ] {
        let words: Vec<String> = code_words(text).iter().map(|(position, word)| format!("{position}:{word}")).collect();
        assert_eq!(words.join(" "), wanted, "{text}");
    }
}

#[test]
fn queries_find_what_they_name_and_nothing_else() {
    let home = tempfile::tempdir().unwrap();
    filled(home.path());
    let library = Library::open(home.path()).unwrap();
    for (words, titles) in [
        ("retry_policy", &["Retries"][..]),
        ("retryPolicy", &["Retries"]),
        ("retry policy", &["Retries"]),
        ("\"retry policy\"", &["Retries"]),
        ("policy retry", &["Retries"]),
        ("\"policy retry\"", &[]),
        ("--dangerously-skip-permissions", &["Flags"]),
        ("skip-permissions", &["Flags"]),
        ("dangerously*", &["Flags"]),
        ("--dangerously*", &["Flags"]),
        ("src/keep/store.rs", &["Where settings live"]),
        ("store.rs", &["Where settings live"]),
        ("settings.json", &["Where settings live"]),
        ("~/.claude/settings.json", &["Where settings live"]),
        (".claude/settings.json", &["Where settings live"]),
        ("settings", &["Retries", "Where settings live"]),
        ("settings -policy", &["Where settings live"]),
        ("settings NOT policy", &["Where settings live"]),
        ("2.1.251", &["Version v2.1.251"]),
        ("v2.1.251", &["Version v2.1.251"]),
        ("2.1.25", &[]),
        ("2.1.25*", &["Version 2.1.250", "Version v2.1.251"]),
        ("evaluation", &["Evaluating agents"]),
        ("evaluate agent", &["Evaluating agents"]),
        ("flags OR concurrency", &["Concurrency", "Flags"]),
        ("tokio::spawn(async {", &["Concurrency"]),
        ("spawn( async", &["Concurrency"]),
        ("{ ( ::", &[]),
        ("\"", &[]),
        ("\"tokio spawn", &["Concurrency"]),
        ("title:nothing", &[]),
        ("source:feed flags", &["Flags"]),
        ("source:other flags", &[]),
        ("level:critical flags", &[]),
        ("kind:item flags", &["Flags"]),
        ("STRASSEN", &[]),
        ("straßen", &["Über Straßen"]),
        ("東京のニュース", &["Über Straßen"]),
        ("京のニ", &["Über Straßen"]),
        ("京東", &[]),
        ("OR", &[]),
        ("con* OR", &["Concurrency", "Flags"]),
    ] {
        assert_eq!(found(&library, words), titles, "{words}");
    }
    let everything: Vec<_> = found(&library, "-nothing");
    assert_eq!(everything.len(), TEXTS.len(), "a query of exclusions starts from all");
}

#[test]
fn a_word_in_the_title_goes_first_and_a_snippet_shows_the_words() {
    let home = tempfile::tempdir().unwrap();
    let mut store = open(home.path());
    let long = format!("{} The sandbox is mentioned here. {}", "Words before. ".repeat(60), "Words after. ".repeat(60));
    let entries = vec![entry("text", "Other things", &long), entry("title", "The sandbox", "A text of other words.")];
    keep(&mut store, entries);
    store.index_pending().unwrap();
    let query = Query { words: "sandbox".to_owned(), limit: 1, ..Query::default() };
    let library = Library::open(home.path()).unwrap();
    let results = library.search(&query).unwrap();
    assert_eq!((results.total, results.capped, results.hits.len()), (2, true, 1));
    assert_eq!(results.hits[0].title, "The sandbox");
    assert_eq!(results.hits[0].snippet, "A text of other words.");
    let results = library.search(&Query { limit: 9, ..query }).unwrap();
    let snippet = &results.hits[1].snippet;
    assert!(snippet.contains("The sandbox is mentioned here"), "{snippet}");
    assert!(snippet.starts_with('…') && snippet.ends_with('…') && snippet.chars().count() <= 202, "{snippet}");
}

#[test]
fn results_are_narrowed_by_time_source_level_and_category() {
    let home = tempfile::tempdir().unwrap();
    let mut store = open(home.path());
    let day = SignedDuration::from_hours(24);
    let dated = |native: &str, days: i64| Entry {
        published: Some(noon() - SignedDuration::from_hours(24 * days)),
        ..entry(native, &format!("Agents {native}"), "Text.")
    };
    keep(&mut store, vec![dated("new", 1), dated("old", 30)]);
    let work = store.work(Duty::Judge).unwrap().remove(0);
    judge(&mut store, &work, Level::Critical, &[], noon());
    store.index_pending().unwrap();
    let library = Library::open(home.path()).unwrap();
    let count = |query: Query| library.search(&Query { limit: 9, ..query }).unwrap().total;
    let words = || "agents".to_owned();
    assert_eq!(count(Query { words: words(), since: Some(noon() - day - day), ..Query::default() }), 1);
    assert_eq!(count(Query { words: words(), until: Some(noon() - day - day), ..Query::default() }), 1);
    let ever = Query { since: Some(Timestamp::MIN), until: Some(Timestamp::MAX), ..Query::default() };
    assert_eq!(count(Query { words: words(), ..ever }), 2, "times for which the index has no room");
    assert_eq!(count(Query { words: words(), since: Some(Timestamp::MAX), ..Query::default() }), 0);
    assert_eq!(count(Query { words: words(), source: Some("feed".to_owned()), ..Query::default() }), 2);
    assert_eq!(count(Query { words: words(), source: Some("nobody".to_owned()), ..Query::default() }), 0);
    for least in [Level::Critical, Level::Routine] {
        assert_eq!(
            count(Query { words: words(), level: Some(least), ..Query::default() }),
            1,
            "this level or a higher one"
        );
    }
    let category = verdict(Level::Critical, noon()).category.word();
    for (kind, found) in [("item", 2), (category, 1), ("research", 0)] {
        assert_eq!(count(Query { words: words(), kind: Some(kind.to_owned()), ..Query::default() }), found, "{kind}");
        assert_eq!(count(Query { words: format!("agents kind:{kind}"), ..Query::default() }), found, "{kind}");
    }
    assert_eq!(count(Query { words: words(), kind: Some("turn".to_owned()), ..Query::default() }), 0);
    let newest = library.search(&Query { limit: 9, ..Query::default() }).unwrap();
    assert_eq!(newest.hits.iter().map(|hit| hit.title.as_str()).collect::<Vec<_>>(), ["Agents new", "Agents old"]);
}

#[test]
fn a_changed_item_is_found_by_its_new_words_only() {
    let home = tempfile::tempdir().unwrap();
    let mut store = open(home.path());
    let id = keep(&mut store, vec![entry("g-1", "One", "The first wording.")]).new[0].clone();
    store.index_pending().unwrap();
    keep(&mut store, vec![entry("g-1", "One", "A second phrasing of it.")]);
    assert_eq!(store.index_pending().unwrap(), 1);
    assert_eq!(store.index_pending().unwrap(), 0);
    let library = Library::open(home.path()).unwrap();
    assert_eq!((found(&library, "wording").len(), found(&library, "phrasing").len(), library.len()), (0, 1, 1));
    let (card, text) = library.show(&id).unwrap().unwrap();
    assert_eq!((card.title.as_str(), text.as_str()), ("One", "A second phrasing of it."));
    assert_eq!(library.show(&ItemId("i-unknown".to_owned())).unwrap(), None);
}

#[test]
fn a_moved_link_is_indexed_again_and_a_new_date_is_not() {
    let home = tempfile::tempdir().unwrap();
    let mut store = open(home.path());
    let dated = |hours: i64, link: &str| Entry {
        published: Some(noon() - SignedDuration::from_hours(hours)),
        link: Some(link.parse().unwrap()),
        ..entry("g-1", "One", "Text.")
    };
    let id = keep(&mut store, vec![dated(9, "https://a.example/old")]).new[0].clone();
    store.index_pending().unwrap();
    keep(&mut store, vec![dated(1, "https://a.example/old")]);
    assert_eq!(store.index_pending().unwrap(), 0);
    keep(&mut store, vec![dated(1, "https://a.example/new")]);
    assert_eq!(store.index_pending().unwrap(), 1);
    let (card, _) = Library::open(home.path()).unwrap().show(&id).unwrap().unwrap();
    assert_eq!(card.url.unwrap().as_str(), "https://a.example/new");
    assert_eq!(card.published, Some(noon() - SignedDuration::from_hours(9)), "the first date stays");
}

#[test]
fn an_index_that_is_missing_or_damaged_is_made_anew() {
    let home = tempfile::tempdir().unwrap();
    let index = home.path().join("index");
    let error = Library::open(home.path()).err().unwrap().to_string();
    assert!(error.contains("tidings run") && error.contains("tidings reindex"), "{error}");
    fs::create_dir(&index).unwrap();
    fs::write(index.join(".gitignore"), "*\n").unwrap();
    filled(home.path());
    let before = found(&Library::open(home.path()).unwrap(), "fixes");

    type Damage = fn(&Path);
    let damages: [(&str, Damage); 5] = [
        ("all files gone", |index| {
            fs::remove_dir_all(index).unwrap();
            fs::create_dir(index).unwrap();
            fs::write(index.join(".gitignore"), "*\n").unwrap();
        }),
        ("the list of segments is rubbish", |index| fs::write(index.join("meta.json"), "rubbish").unwrap()),
        ("another version", |index| fs::write(index.join("tidings.version"), "tidings 0\n").unwrap()),
        ("a segment is missing", |index| {
            let path = fs::read_dir(index)
                .unwrap()
                .map(|e| e.unwrap().path())
                .find(|p| p.extension().is_some_and(|e| e == "idx"));
            fs::remove_file(path.unwrap()).unwrap();
        }),
        ("a segment is cut", |index| {
            let path = fs::read_dir(index)
                .unwrap()
                .map(|e| e.unwrap().path())
                .find(|p| p.extension().is_some_and(|e| e == "term"));
            fs::OpenOptions::new().write(true).open(path.unwrap()).unwrap().set_len(9).unwrap();
        }),
    ];
    for (name, damage) in damages {
        damage(&index);
        assert_eq!(open(home.path()).index_pending().unwrap(), TEXTS.len(), "{name}");
        assert_eq!(found(&Library::open(home.path()).unwrap(), "fixes"), before, "{name}");
        assert!(index.join(".gitignore").exists(), "{name}");
    }
}

/// Whatever stands in whatever file of the index: a search answers or names the remedy, and the next run that writes
/// makes it anew.
#[test]
fn garbage_in_any_file_of_the_index_is_found_before_it_is_written_to() {
    let whole = tempfile::tempdir().unwrap();
    filled(whole.path());
    let names: Vec<_> =
        fs::read_dir(whole.path().join("index")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(names.len() > 5);
    type Damage = fn(&Path);
    let damages: [(&str, Damage); 4] = [
        ("cut in half", |file| {
            let length = fs::metadata(file).unwrap().len();
            fs::OpenOptions::new().write(true).open(file).unwrap().set_len(length / 2).unwrap();
        }),
        ("garbage", |file| fs::write(file, vec![0xA7; fs::metadata(file).unwrap().len() as usize]).unwrap()),
        ("one byte is another", |file| {
            let mut bytes = fs::read(file).unwrap();
            if let Some(byte) = bytes.first_mut() {
                *byte ^= 0x40;
            }
            fs::write(file, bytes).unwrap();
        }),
        ("a folder", |file| {
            fs::remove_file(file).unwrap();
            fs::create_dir(file).unwrap();
        }),
    ];
    for name in &names {
        for (what, damage) in damages {
            let home = tempfile::tempdir().unwrap();
            super::copy(whole.path(), home.path());
            damage(&home.path().join("index").join(name));
            let shown = format!("{what}: {}", name.display());
            let query = Query { words: "fixes".to_owned(), limit: 10, ..Query::default() };
            let answer = Library::open(home.path()).and_then(|library| library.search(&query));
            if let Err(error) = answer {
                assert!(format!("{error:#}").contains("tidings reindex"), "{shown}: {error:#}");
            }
            let mut store = open(home.path());
            super::keep(&mut store, vec![super::entry("g-more", "One more", "It fixes one more.")]);
            store.index_pending().unwrap();
            drop(store);
            let library = Library::open(home.path()).unwrap();
            assert_eq!(library.search(&query).unwrap().total, found(&library, "fixes").len(), "{shown}");
            assert_eq!(library.len(), TEXTS.len() as u64 + 1, "{shown}");
        }
    }
}

#[test]
fn a_file_where_the_index_should_be_is_replaced() {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("index"), "a file").unwrap();
    filled(home.path());
    assert_eq!(Library::open(home.path()).unwrap().len(), TEXTS.len() as u64);
}

#[test]
fn ids_are_the_same_after_reindexing() {
    let home = tempfile::tempdir().unwrap();
    filled(home.path());
    let ids = || {
        let library = Library::open(home.path()).unwrap();
        let hits = library.search(&Query { limit: 50, ..Query::default() }).unwrap().hits;
        hits.into_iter().map(|hit| (hit.title, hit.id)).collect::<std::collections::BTreeMap<_, _>>()
    };
    let before = ids();
    assert_eq!(open(home.path()).reindex().unwrap(), TEXTS.len());
    assert_eq!(ids(), before);
    assert_eq!(open(home.path()).work(Duty::Index).unwrap(), []);
}

#[test]
fn the_index_stores_no_long_text() {
    let home = tempfile::tempdir().unwrap();
    // Words that no compression makes small.
    let text: String =
        (0..20_000_u64).map(|number| format!("{:x} ", number.wrapping_mul(0x9e37_79b9_7f4a_7c15))).collect();
    let mut store = open(home.path());
    keep(&mut store, vec![entry("long", "A long one", &text)]);
    store.index_pending().unwrap();
    let stored: u64 = fs::read_dir(home.path().join("index"))
        .unwrap()
        .map(|file| file.unwrap())
        .filter(|file| file.path().extension().is_some_and(|extension| extension == "store"))
        .map(|file| file.metadata().unwrap().len())
        .sum();
    assert!(stored > 0 && stored < 5_000, "{stored} bytes are stored of a text of {}", text.len());
    assert_eq!(found(&Library::open(home.path()).unwrap(), "9e3779b97f4a7c15"), ["A long one"], "and yet it is found");
}
