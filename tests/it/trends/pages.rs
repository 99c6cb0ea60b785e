//! A month's trends as people read them: each fixture is an edition, each snapshot beside it what it becomes.

use std::fs;
use std::path::{Path, PathBuf};

use tidings::edition::trends::Trends;
use tidings::tell::render::{self, Rendered};

fn fixtures() -> Vec<(String, Trends)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/trends");
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|ending| ending == "json"));
    paths.sort();
    assert!(paths.len() >= 4);
    let read = |path: PathBuf| {
        let case = path.file_stem().unwrap().to_string_lossy().into_owned();
        (case, serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap())
    };
    paths.into_iter().map(read).collect()
}

fn pages() -> Vec<(String, Rendered)> {
    fixtures().into_iter().map(|(case, trends)| (case, render::trends(&trends).unwrap())).collect()
}

/// What stands between `<` and `>`.
fn tags(html: &str) -> impl Iterator<Item = &str> {
    html.split('<').skip(1).filter_map(|rest| rest.split('>').next())
}

#[test]
fn every_month_reads_as_its_snapshot_says() {
    for (case, page) in pages() {
        insta::with_settings!({
            snapshot_path => "../../fixtures/trends",
            prepend_module_to_snapshot => false,
            omit_expression => true,
        }, {
            insta::assert_snapshot!(format!("{case}.subject"), page.subject);
            insta::assert_snapshot!(format!("{case}.md"), page.markdown);
            insta::assert_snapshot!(format!("{case}.txt"), page.text);
            insta::assert_snapshot!(format!("{case}.html"), page.html);
        });
    }
}

#[test]
fn the_same_month_gives_the_same_bytes_pictures_too() {
    assert!(pages() == pages());
}

#[test]
fn trends_json_is_the_edition_and_reads_back_as_it() {
    for (_, trends) in fixtures() {
        let json = render::trends(&trends).unwrap().json;
        assert_eq!(serde_json::from_str::<Trends>(&json).unwrap(), trends);
    }
}

#[test]
fn every_subject_is_one_line_of_10_to_78_characters() {
    for (case, page) in pages() {
        let length = page.subject.chars().count();
        assert!((10..=78).contains(&length) && !page.subject.contains(['\r', '\n']), "{case}: {:?}", page.subject);
    }
}

#[test]
fn a_flat_month_says_that_nothing_stood_out_and_empty_parts_vanish() {
    let page = pages().into_iter().find(|(case, _)| case == "flat").unwrap().1;
    assert!(page.subject.ends_with("nothing stood out"));
    assert!(page.text.contains("Compared were 3,904 terms"), "{}", page.text);
    for part in ["Told far", "will go", "Reported again", "New tools", "Releases", "sessions"] {
        assert!(!page.markdown.contains(&format!("## {part}")) && !page.html.contains(part), "{part}");
    }
}

#[test]
fn a_page_shows_only_its_own_pictures_and_runs_nothing() {
    for (case, page) in pages() {
        let mut shown = 0;
        for tag in tags(&page.html) {
            // Words within quotation marks are values, whatever they look like.
            let names: String = tag.split('"').step_by(2).collect();
            assert!(!tag.starts_with("script") && !names.contains(" on") && !tag.contains("url("), "{case}: <{tag}>");
            if let Some(image) = tag.strip_prefix("img ") {
                let name = image.split("src=\"").nth(1).unwrap().split('"').next().unwrap();
                assert!(page.images.iter().any(|image| image.name == name), "{case}: {name}");
                assert!(image.split("alt=\"").nth(1).unwrap().len() > 30, "{case}: a picture says what it shows");
                shown += 1;
            } else {
                assert!(!names.contains("src="), "{case}: <{tag}>");
            }
            if tag.starts_with("a ") {
                assert!(tag.contains("href=\"https://"), "{case}: <{tag}>");
            }
        }
        assert_eq!(shown, page.images.len(), "{case}");
        assert!(page.html.len() < 65_000, "{case}: {}", page.html.len());
    }
}

#[test]
fn foreign_words_make_no_markup_and_no_further_cells() {
    let page = pages().into_iter().find(|(case, _)| case == "hostile").unwrap().1;
    assert!(!page.markdown.contains("<img") && !page.markdown.contains("@everyone"));
    assert!(!page.html.contains("<img src=x") && page.html.contains("&lt;img src=x onerror=alert(1)&gt;"));
    for table in page.markdown.split("\n\n").filter(|part| part.starts_with("| ")) {
        let cells = |line: &str| line.replace("\\|", "").matches('|').count();
        let first = cells(table.lines().next().unwrap());
        assert!(table.lines().all(|line| cells(line) == first), "{table}");
    }
}

#[test]
fn pictures_are_small_pngs_at_twice_their_size() {
    for (case, page) in pages() {
        for image in &page.images {
            assert_eq!(&image.bytes[..8], b"\x89PNG\r\n\x1a\n", "{case}");
            let width = u32::from_be_bytes(image.bytes[16..20].try_into().unwrap());
            assert_eq!(width, 800, "{case}: {}", image.name);
            assert!((2_000..60_000).contains(&image.bytes.len()), "{case}: {} {}", image.name, image.bytes.len());
        }
    }
    let full = pages().into_iter().find(|(case, _)| case == "full").unwrap().1;
    let names: Vec<&str> = full.images.iter().map(|image| image.name).collect();
    assert_eq!(names, ["rising.png", "months.png"]);
    let files: Vec<String> = full.files("trends/2026-11/trends").into_iter().map(|(name, _)| name).collect();
    assert!(files.contains(&"trends/2026-11/rising.png".to_owned()), "{files:?}");
}

#[test]
fn the_text_says_all_that_the_html_links_to() {
    for (case, page) in pages() {
        for tag in tags(&page.html).filter(|tag| tag.starts_with("a ")) {
            let target = tag.split("href=\"").nth(1).unwrap().split('"').next().unwrap();
            let target = target.replace("&amp;", "&").replace("&#39;", "'");
            assert!(page.text.contains(&target), "{case}: {target} is not in the text");
        }
    }
}

#[test]
fn the_fullest_month_is_read_in_ten_minutes() {
    let mut trends = fixtures().into_iter().find(|(case, _)| case == "full").unwrap().1;
    let long = "words of some length ".repeat(60);
    let fill = |link: &mut tidings::edition::trends::Link| link.title.clone_from(&long);
    trends.rising = vec![trends.rising[0].clone(); 8];
    trends.rising.iter_mut().flat_map(|rise| &mut rise.links).for_each(fill);
    trends.fading = vec![trends.fading[0].clone(); 5];
    trends.retirements = vec![trends.retirements[0].clone(); 12];
    trends.retirements.iter_mut().for_each(|one| one.retirement.quote.clone_from(&long));
    trends.pains = vec![trends.pains[0].clone(); 6];
    trends.pains.iter_mut().flat_map(|pain| &mut pain.links).for_each(fill);
    trends.tools = vec![trends.tools[0].clone(); 6];
    trends.tools.iter_mut().for_each(|tool| fill(&mut tool.link));
    trends.tools.iter_mut().for_each(|tool| tool.excerpt.clone_from(&long));
    trends.releases = vec![trends.releases[0].clone(); 12];
    let page = render::trends(&trends).unwrap();
    let minutes: usize =
        page.text.split(" min to read").next().unwrap().rsplit(' ').next().unwrap().trim().parse().unwrap();
    assert!((5..=10).contains(&minutes), "{minutes} minutes");
    assert!(page.html.len() < 90_000, "{}", page.html.len());
}
