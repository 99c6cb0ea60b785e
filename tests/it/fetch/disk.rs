//! Transcripts on disk: what counts as growth, and reading them in whole lines.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::symlink;
use std::path::Path;

use tidings::fetch::disk::{Lines, growth, list, mark};
use tidings::transcript::{Growth, ReadMark};

/// Reads a file from a mark on, in pieces of about so many bytes: what was read, and the mark after it.
fn read(path: &Path, known: &ReadMark, piece: usize) -> (Growth, String, ReadMark) {
    let file = File::open(path).unwrap();
    let (growth, stamp) = growth(&file, known).unwrap();
    let (offset, lines) = match growth {
        Growth::Same => return (growth, String::new(), mark(&file, stamp, known.offset, known.lines).unwrap()),
        Growth::Appended => (known.offset, known.lines),
        Growth::Rewritten => (0, 0),
    };
    let mut reader = Lines::new(&file, offset, lines, stamp.size).in_pieces_of(piece);
    let (mut text, mut end, mut count) = (String::new(), offset, lines);
    while let Some(piece) = reader.next_piece().unwrap() {
        assert_eq!(piece.first_line, count + 1);
        assert!(piece.bytes.ends_with(b"\n"));
        text.push_str(std::str::from_utf8(&piece.bytes).unwrap());
        (end, count) = (piece.end, piece.lines);
    }
    (growth, text, mark(&file, stamp, end, count).unwrap())
}

fn append(path: &Path, text: &str) {
    OpenOptions::new().append(true).create(true).open(path).unwrap().write_all(text.as_bytes()).unwrap();
}

/// A later time than any before, so that no clock's grain hides a change.
fn touch(path: &Path, seconds: u64) {
    let time = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(4_000_000_000 + seconds);
    File::options().write(true).open(path).unwrap().set_modified(time).unwrap();
}

/// Longer than what is held against the mark, so that the middle is not.
fn long(lines: usize) -> String {
    (0..lines).map(|line| format!("{{\"line\":{line},\"text\":\"{}\"}}\n", "x".repeat(200))).collect()
}

#[test]
fn only_new_bytes_are_read_and_a_half_line_waits_for_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.jsonl");
    append(&path, "one\ntwo\nthr");
    let (growth, text, known) = read(&path, &ReadMark::default(), 1 << 20);
    assert_eq!((growth, text.as_str()), (Growth::Rewritten, "one\ntwo\n"), "never read: from the beginning");
    assert_eq!((known.offset, known.lines), (8, 2));
    append(&path, "ee\nfour\n");
    touch(&path, 1);
    let (growth, text, known) = read(&path, &known, 1 << 20);
    assert_eq!((growth, text.as_str()), (Growth::Appended, "three\nfour\n"));
    assert_eq!((known.offset, known.lines), (19, 4));
    let (growth, text, known) = read(&path, &known, 1 << 20);
    assert_eq!((growth, text.as_str()), (Growth::Same, ""));
    touch(&path, 2);
    let (growth, text, _) = read(&path, &known, 1 << 20);
    assert_eq!((growth, text.as_str()), (Growth::Same, ""), "its time alone says nothing");
}

#[test]
fn growth_is_proved_and_never_assumed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.jsonl");
    let whole = long(1_000);
    // Each change leaves the file longer than it was.
    type Change = fn(&Path, &str);
    let changes: [(&str, Change); 6] = [
        ("written anew from its first line", |path, whole| fs::write(path, format!("{{\"new\":1}}\n{whole}")).unwrap()),
        ("its head is another", |path, whole| {
            fs::write(path, format!("{}{}", whole.replacen("\"line\":0", "\"line\":7", 1), "more\n")).unwrap();
        }),
        ("what stood before the mark is another", |path, whole| {
            fs::write(path, format!("{}{}", whole.replacen("\"line\":999", "\"line\":998", 1), "more\n")).unwrap();
        }),
        ("shortened, then grown beyond the mark", |path, whole| {
            fs::write(path, &whole[..whole.len() / 2]).unwrap();
            append(path, &"y".repeat(whole.len()));
            append(path, "\n");
        }),
        ("replaced by another file that begins and ends alike", |path, whole| {
            let other = path.with_extension("new");
            fs::write(&other, format!("{}{}", whole.replacen("\"line\":500", "\"line\":501", 1), "more\n")).unwrap();
            fs::rename(&other, path).unwrap();
        }),
        ("shortened", |path, whole| fs::write(path, &whole[..whole.len() / 2]).unwrap()),
    ];
    for (number, (name, change)) in changes.into_iter().enumerate() {
        fs::write(&path, &whole).unwrap();
        touch(&path, 10 * number as u64);
        let (_, _, known) = read(&path, &ReadMark::default(), 1 << 20);
        change(&path, &whole);
        touch(&path, 10 * number as u64 + 5);
        let (growth, text, _) = read(&path, &known, 1 << 20);
        assert_eq!(growth, Growth::Rewritten, "{name}");
        let now = fs::read_to_string(&path).unwrap();
        assert_eq!(text, now[..now.rfind('\n').unwrap() + 1], "{name}: read whole");
    }
}

#[test]
fn however_a_file_is_cut_into_pieces_its_lines_are_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.jsonl");
    let text = format!("\n\nshort\n{}\r\n{}half", "long ".repeat(500), long(20));
    fs::write(&path, &text).unwrap();
    let (_, whole, known) = read(&path, &ReadMark::default(), 1 << 20);
    assert_eq!(whole, text.trim_end_matches("half"));
    for piece in [1, 2, 7, 100, 1_000, 4_096] {
        assert_eq!(
            read(&path, &ReadMark::default(), piece),
            (Growth::Rewritten, whole.clone(), known.clone()),
            "{piece}"
        );
    }
}

#[test]
fn a_file_that_shrinks_while_it_is_read_does_not_count_as_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.jsonl");
    fs::write(&path, long(100)).unwrap();
    let file = File::open(&path).unwrap();
    let (_, stamp) = growth(&file, &ReadMark::default()).unwrap();
    let mut lines = Lines::new(&file, 0, 0, stamp.size);
    let piece = lines.next_piece().unwrap().unwrap();
    fs::write(&path, "short\n").unwrap();
    assert!(lines.next_piece().unwrap().is_none());
    let error = mark(&file, stamp, piece.end, piece.lines).unwrap_err();
    assert!(error.to_string().contains("shorter while it was read"), "{error}");
}

#[test]
fn a_listing_follows_no_link_into_a_circle_and_knows_what_it_could_not_see() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("projects");
    fs::create_dir_all(root.join("-a/session/subagents")).unwrap();
    for name in ["-a/s.jsonl", "-a/s.jsonl.wakatime", "-a/session/subagents/agent-1.jsonl", "b.jsonl"] {
        fs::write(root.join(name), "x\n").unwrap();
    }
    symlink(&root, root.join("-a/round")).unwrap();
    symlink("/etc/hostname", root.join("-a/out.jsonl")).unwrap();
    let wanted = |path: &Path| path.extension().is_some_and(|end| end == "jsonl");
    let listing = list(&root, &wanted).unwrap();
    let paths: Vec<_> = listing.files.iter().map(|found| found.path.to_str().unwrap()).collect();
    assert_eq!(paths, ["-a/s.jsonl", "-a/session/subagents/agent-1.jsonl", "b.jsonl"]);
    assert_eq!(listing.links, 2);
    assert!(listing.is_gone(Path::new("-a/gone.jsonl")));
    // The root itself may be a link.
    let link = folder.path().join("link");
    symlink(&root, &link).unwrap();
    assert_eq!(list(&link, &wanted).unwrap(), listing);
    // What is not mounted is empty or not there, and says nothing of its files.
    fs::create_dir(folder.path().join("empty")).unwrap();
    assert_eq!(list(&folder.path().join("empty"), &wanted), None);
    assert_eq!(list(&folder.path().join("nowhere"), &wanted), None);
    // Far too deep is no transcript, and no reason to believe that anything there is gone.
    let deep: String = (0..20).map(|_| "d/").collect();
    fs::create_dir_all(root.join(&deep)).unwrap();
    let listing = list(&root, &wanted).unwrap();
    assert_eq!((listing.files.len(), listing.unseen.len()), (3, 1));
    assert!(!listing.is_gone(&Path::new(&deep).join("a.jsonl")));
}
