//! The pages themselves: each begins for a newcomer, is as narrow as a screen, and is reached from
//! the README, which is a door and not the house. What stands in them is in `documents.rs`.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use super::{Text, none, read, root, texts};

const README: &str = "README.md";

/// The most words of the README.
const MOST_WORDS: usize = 800;

/// How many columns a line is shorter than.
const COLUMNS: usize = 120;

/// Every page of the project.
pub fn pages() -> Vec<Text> {
    let folders = ["host", "plugins", "tests", "wit", "findings"];
    let folders: Vec<&str> = folders.into_iter().filter(|folder| root().join(folder).is_dir()).collect();
    let mut pages = texts(&folders, &[".md"]);
    pages.push(Text { path: README.to_owned(), text: read(README) });
    pages
}

#[test]
fn the_readme_is_short_and_begins_with_the_two_commands() {
    let readme = read(README);
    let words = readme.split_whitespace().count();
    assert!(words <= MOST_WORDS, "the README has {words} words: what is beyond {MOST_WORDS} belongs into another page");
    for command in ["cargo xtask demo ", "cargo xtask test "] {
        let place = readme.lines().position(|line| line.starts_with(command));
        assert!(place.is_some_and(|place| place < 15), "`{command}` is a line of its own near the top");
    }
}

#[test]
fn every_plugin_is_named_in_the_readme() {
    let readme = read(README);
    let lists = texts(&["plugins"], &["/tools.json"]);
    let plugins = lists.iter().filter_map(|list| list.path.split('/').nth(1));
    let missing = plugins.filter(|plugin| !readme.contains(&format!("| `{plugin}` | ")));
    none("the README names every plugin", &missing.map(str::to_owned).collect::<Vec<_>>());
}

#[test]
fn a_page_begins_with_a_title_and_a_paragraph() {
    let begins = |text: &str| {
        let mut lines = text.lines();
        let (title, blank, prose) = (lines.next(), lines.next(), lines.next());
        title.is_some_and(|line| line.starts_with("# "))
            && blank == Some("")
            && prose.is_some_and(|line| line.starts_with(char::is_alphabetic))
    };
    let faults = pages().into_iter().filter(|page| !begins(&page.text)).map(|page| page.path);
    none("a page begins with a title and a paragraph for whoever does not know it", &faults.collect::<Vec<_>>());
}

#[test]
fn lines_of_pages_are_short() {
    let mut faults = Vec::new();
    for Text { path, text } in pages() {
        for (line, number) in text.lines().zip(1..) {
            let columns = line.chars().count();
            if columns >= COLUMNS {
                faults.push(format!("{path}:{number}: {columns} columns"));
            }
        }
    }
    none(&format!("a line of a page has less than {COLUMNS} columns"), &faults);
}

/// What the links of a text lead to: a path or an address, and perhaps a heading.
fn links(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let links = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    links.filter(|link| !link.starts_with("http")).map(|link| link.split_once('#').unwrap_or((link, "")))
}

/// The page or file that a link in this page leads to, from the root.
fn target(page: &str, file: &str) -> String {
    if file.is_empty() {
        return page.to_owned();
    }
    let mut path = PathBuf::from(page);
    path.pop();
    for part in Path::new(file).components() {
        match part {
            Component::ParentDir => _ = path.pop(),
            other => path.push(other),
        }
    }
    path.display().to_string().replace('\\', "/")
}

/// A page's headings, as links name them: in small letters, without punctuation, with `-` for
/// blanks.
fn headings(text: &str) -> Vec<String> {
    let is_kept = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
    let prose = text.split("```").step_by(2).flat_map(str::lines);
    let titles = prose.filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim());
    titles.map(|title| title.to_lowercase().chars().filter(is_kept).collect::<String>().replace(' ', "-")).collect()
}

#[test]
fn every_link_leads_somewhere() {
    let mut faults = Vec::new();
    for Text { path, text } in pages() {
        for (file, heading) in links(&text) {
            let target = target(&path, file);
            let exists = root().join(&target).exists();
            let has_heading = || heading.is_empty() || headings(&read(&target)).iter().any(|one| one == heading);
            if !exists || !has_heading() {
                faults.push(format!("{path}: {file}#{heading}"));
            }
        }
    }
    none("a link leads somewhere", &faults);
}

#[test]
fn every_page_is_reached_from_the_readme() {
    let pages = pages();
    let mut reached = BTreeSet::from([README.to_owned()]);
    let mut next = vec![README.to_owned()];
    while let Some(path) = next.pop() {
        let Some(page) = pages.iter().find(|page| page.path == path) else { continue };
        for (file, _) in links(&page.text) {
            let target = target(&path, file);
            if reached.insert(target.clone()) {
                next.push(target);
            }
        }
    }
    let lost = pages.into_iter().map(|page| page.path).filter(|path| !reached.contains(path));
    none("a page is reached from the README by links", &lost.collect::<Vec<_>>());
}

#[test]
fn headings_are_named_as_links_name_them() {
    let text = "# The tools\n\n## `tcp_wait`: wait, then *return*\n\n```sh\n# no heading\n```\n\n### Other people's\n";
    assert_eq!(headings(text), ["the-tools", "tcp_wait-wait-then-return", "other-peoples"]);
    assert_eq!(target("host/POLICY.md", "../plugins/TOOLS.md"), "plugins/TOOLS.md");
    assert_eq!(target("plugins/TOOLS.md", "tcp/README.md"), "plugins/tcp/README.md");
}
