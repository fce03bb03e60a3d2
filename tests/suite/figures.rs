//! The figures that the README names are figures that were measured: each stands in a part of a page that a measurement has
//! written.

use std::path::Path;

/// The pages that measurements write parts of.
const PAGES: [&str; 2] = ["docs/benchmarks.md", "docs/scaling.md"];

fn page(name: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()
}

/// What stands between the comments that say which measurement has written it.
fn measured(page: &str) -> String {
    let mut parts = String::new();
    let mut is_inside = false;
    for line in page.lines() {
        if line.starts_with("<!-- begin: written by ") {
            is_inside = true;
        } else if line.starts_with("<!-- end: written by ") {
            is_inside = false;
        } else if is_inside {
            parts.push_str(line);
            parts.push('\n');
        }
    }
    parts
}

/// The numbers of a text as it spells them, but for commas between thousands. Small whole ones are left out: they say what was
/// measured, such as cores and kilobytes, not what came of it.
fn numbers(text: &str) -> Vec<String> {
    let spelled = text.replace(',', "");
    let each = spelled.split(|character: char| !character.is_ascii_digit() && character != '.');
    each.map(|word| word.trim_matches('.'))
        .filter(|word| word.contains('.') || word.len() > 2)
        .filter(|word| word.starts_with(|character: char| character.is_ascii_digit()))
        .map(str::to_owned)
        .collect()
}

#[test]
fn those_of_the_readme_were_measured() {
    let readme = page("README.md");
    let (_, speed) = readme.split_once("## Speed\n").expect("the README speaks of speed");
    let (claims, _) = speed.split_once("[docs/benchmarks.md]").expect("and says where the figures are from");
    let known = numbers(&PAGES.map(|name| measured(&page(name))).concat());
    let claimed = numbers(claims);
    assert!(claimed.len() >= 10, "{claimed:?}");
    let unknown: Vec<_> = claimed.iter().filter(|number| !known.contains(number)).collect();
    assert!(unknown.is_empty(), "in no part of {PAGES:?} that a measurement has written: {unknown:?}");
}

#[test]
fn no_part_is_empty() {
    for name in PAGES.into_iter().chain(["docs/performance.md"]) {
        let page = page(name);
        let parts: Vec<&str> = page.split("<!-- begin: written by ").skip(1).collect();
        assert!(!parts.is_empty(), "{name} has parts that measurements write");
        for part in parts {
            let (by, rest) = part.split_once(" -->").expect("a comment ends");
            let (content, _) =
                rest.split_once(&format!("<!-- end: written by {by} -->")).expect("so does a part");
            assert!(content.contains("\n|"), "{name}: nothing was measured by {by}");
        }
    }
}
