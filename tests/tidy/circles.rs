//! Which file of a crate uses which, read from `use` lines and paths: a circle of files has to be
//! read at once to be understood. What two files need lies below both. The file at the root of a
//! folder may hold what the files in that folder share: a step from those to it is no step of a
//! circle.

use std::collections::{BTreeMap, BTreeSet};

use super::{Text, none, texts};

/// Steps of circles that are still there, each with the file that uses and the file that is used.
/// The list only shrinks: the test fails for a step that is on no circle any more.
const ALLOWED: &[(&str, &str)] = &[];

/// The folders that are crates, each with the file at its root.
fn crates(all: &[Text]) -> Vec<(String, String)> {
    let root = |path: &str| {
        let folder = path.strip_suffix("/lib.rs").or_else(|| path.strip_suffix("/main.rs"))?;
        let is_crate = folder.ends_with("/src") || folder == "host/cli";
        is_crate.then(|| (format!("{folder}/"), path.to_owned()))
    };
    all.iter().filter_map(|source| root(&source.path)).collect()
}

/// Tests, and what serves them only.
fn is_test(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    name.ends_with("tests.rs") || ["testing.rs", "pairs.rs", "models.rs"].contains(&name) || path.contains("/tests/")
}

/// A module: its path within its crate.
type Module = Vec<String>;

/// The modules of a crate, by their path, and what each says.
struct Crate {
    files: BTreeMap<Module, (String, Code)>,
}

/// The paths that a file names.
struct Code {
    /// Those of `use` items: the name that they bring in, and the path.
    uses: Vec<(String, Vec<String>)>,
    /// All others.
    paths: Vec<Vec<String>>,
}

impl Crate {
    fn of(folder: &str, root: &str, all: &[Text]) -> Self {
        let mut files = BTreeMap::new();
        for Text { path, text } in all.iter().filter(|source| source.path.starts_with(folder) && !is_test(&source.path))
        {
            let inside = path[folder.len()..].trim_end_matches(".rs");
            let inside = inside.strip_suffix("/mod").unwrap_or(inside);
            let module: Module = match path == root {
                true => Vec::new(),
                false => inside.split('/').map(str::to_owned).collect(),
            };
            files.insert(module, (path.clone(), Code::read(text)));
        }
        Self { files }
    }

    /// The module whose file has what a path names, seen from a module. Re-exports are followed to
    /// where the thing is.
    fn find(&self, from: &Module, path: &[String], depth: usize) -> Option<Module> {
        let mut at = from.clone();
        let mut rest = path;
        let known = |at: &Module, next: &String| {
            let mut child = at.clone();
            child.push(next.clone());
            self.files.contains_key(&child).then_some(child)
        };
        match rest.first()?.as_str() {
            "crate" => (at, rest) = (Vec::new(), &rest[1..]),
            "self" => rest = &rest[1..],
            "super" => {
                while rest.first().is_some_and(|word| word == "super") {
                    at.pop();
                    rest = &rest[1..];
                }
            }
            _ => _ = known(&at, rest.first()?)?,
        }
        while let Some(child) = rest.first().and_then(|next| known(&at, next)) {
            (at, rest) = (child, &rest[1..]);
        }
        let Some(name) = rest.first().filter(|_| depth < 8) else { return Some(at) };
        let (_, code) = self.files.get(&at)?;
        let brought = code.uses.iter().filter(|(own, _)| own == name);
        brought.into_iter().find_map(|(_, path)| self.find(&at, path, depth + 1)).or(Some(at))
    }

    /// Which file uses which, but for the roots of the folders that it is in. The root of a crate
    /// only lists its modules.
    fn edges(&self) -> BTreeMap<&str, BTreeSet<&str>> {
        let mut edges = BTreeMap::new();
        for (module, (file, code)) in self.files.iter().filter(|(module, _)| !module.is_empty()) {
            let paths = code.uses.iter().map(|(_, path)| path).chain(&code.paths);
            let used = paths.filter_map(|path| self.find(module, path, 0)).filter(|used| !module.starts_with(used));
            let used = used.filter_map(|used| Some(self.files.get(&used)?.0.as_str()));
            edges.insert(file.as_str(), used.collect::<BTreeSet<_>>());
        }
        edges
    }
}

impl Code {
    fn read(text: &str) -> Self {
        let words = without_tests(&words(text));
        let (mut uses, mut paths) = (Vec::new(), Vec::new());
        let mut at = 0;
        while at < words.len() {
            if words[at] == "use" {
                let end = words[at..].iter().position(|word| word == ";").map_or(words.len(), |end| at + end);
                tree(&words[at + 1..end], &[], &mut uses);
                at = end;
            } else if is_name(&words[at]) && words.get(at + 1).is_some_and(|next| next == "::") {
                let mut path = vec![words[at].clone()];
                while words.get(at + 1).is_some_and(|next| next == "::")
                    && words.get(at + 2).is_some_and(|word| is_name(word))
                {
                    at += 2;
                    path.push(words[at].clone());
                }
                paths.push(path);
            }
            at += 1;
        }
        Self { uses, paths }
    }
}

/// The names that a tree of a `use` brings in, each with its path.
fn tree(words: &[String], before: &[String], uses: &mut Vec<(String, Vec<String>)>) {
    let mut path = before.to_vec();
    let mut at = 0;
    while at < words.len() {
        match words[at].as_str() {
            "::" => {}
            "{" => {
                let mut depth = 0;
                let mut begin = at + 1;
                for (index, word) in words.iter().enumerate().skip(at) {
                    match word.as_str() {
                        "{" => depth += 1,
                        "}" => depth -= 1,
                        _ => {}
                    }
                    if depth == 0 || depth == 1 && word == "," {
                        tree(&words[begin..index], &path, uses);
                        begin = index + 1;
                    }
                    if depth == 0 {
                        return;
                    }
                }
                return;
            }
            "as" => {
                uses.push((words.get(at + 1).cloned().unwrap_or_default(), path));
                return;
            }
            "self" if !path.is_empty() => {}
            word => path.push(word.to_owned()),
        }
        at += 1;
    }
    if path.len() > before.len() || words.iter().any(|word| word == "self") {
        uses.push((path.last().cloned().unwrap_or_default(), path));
    }
}

fn is_name(word: &str) -> bool {
    word.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// The words of a source: names, `::`, and single signs. Comments and literals are left out.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let skip = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if first.is_alphanumeric() || first == '_' {
            let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
            let hashes = rest[end..].len() - rest[end..].trim_start_matches('#').len();
            if matches!(&rest[..end], "r" | "br") && rest[end + hashes..].starts_with('"') {
                let close = format!("\"{}", "#".repeat(hashes));
                let begin = end + hashes + 1;
                rest[begin..].find(&close).map_or(rest.len(), |at| begin + at + close.len())
            } else {
                words.push(rest[..end].to_owned());
                end
            }
        } else if first == '"' {
            let mut end = 1;
            while !rest[end..].starts_with('"') && end < rest.len() {
                end += rest[end..]
                    .chars()
                    .take(if rest[end..].starts_with('\\') { 2 } else { 1 })
                    .map(char::len_utf8)
                    .sum::<usize>();
            }
            end + 1
        } else if first == '\'' {
            // A character ends in a quote; a lifetime does not.
            let mut inside = rest[1..].chars();
            match (inside.next(), inside.next()) {
                (Some('\\'), Some(escaped)) => {
                    let begin = 2 + escaped.len_utf8();
                    rest[begin..].find('\'').map_or(rest.len(), |end| begin + end + 1)
                }
                (Some(c), Some('\'')) => 2 + c.len_utf8(),
                _ => 1,
            }
        } else if rest.starts_with("::") {
            words.push("::".to_owned());
            2
        } else {
            if !first.is_whitespace() {
                words.push(first.to_string());
            }
            first.len_utf8()
        };
        rest = rest.get(skip..).unwrap_or_default();
    }
    words
}

/// The words without the items that only tests have.
fn without_tests(words: &[String]) -> Vec<String> {
    let mark = ["#", "[", "cfg", "(", "test", ")", "]"];
    let mut kept = Vec::with_capacity(words.len());
    let mut at = 0;
    while at < words.len() {
        if words[at..].len() >= mark.len() && words[at..].iter().zip(mark).all(|(word, mark)| word == mark) {
            let mut depth = 0_usize;
            at += mark.len();
            while at < words.len() {
                match words[at].as_str() {
                    "{" | "(" | "[" => depth += 1,
                    "}" | ")" | "]" => depth = depth.saturating_sub(1),
                    _ => {}
                }
                let ends = depth == 0 && matches!(words[at].as_str(), "}" | ";" | ",");
                at += 1;
                if ends {
                    break;
                }
            }
        } else {
            kept.push(words[at].clone());
            at += 1;
        }
    }
    kept
}

/// The way from a file back to itself, if there is one over these edges, the shortest.
fn circle<'a>(
    edges: &BTreeMap<&'a str, BTreeSet<&'a str>>,
    from: &'a str,
    first: Option<&'a str>,
) -> Option<Vec<&'a str>> {
    let begin: Vec<&str> = match first {
        Some(first) => vec![first],
        None => edges.get(from)?.iter().copied().collect(),
    };
    let mut came: BTreeMap<&str, &str> = begin.iter().map(|next| (*next, from)).collect();
    let mut waiting: std::collections::VecDeque<&str> = begin.into();
    while let Some(at) = waiting.pop_front() {
        if at == from {
            let mut way = vec![from];
            let mut at = came[from];
            while at != from {
                way.push(at);
                at = came[at];
            }
            way.push(from);
            way.reverse();
            return Some(way);
        }
        for next in edges.get(at).into_iter().flatten() {
            if !came.contains_key(next) {
                came.insert(next, at);
                waiting.push_back(next);
            }
        }
    }
    None
}

#[test]
fn a_path_is_found_where_it_leads() {
    let source = "use crate::a::{self, b::C as D, E};\nuse super::f;\n// use crate::no;\nfn g() { \"crate::no\"; 'x'; x::Y::z(); }\n\
        #[cfg(test)]\nmod tests { use crate::no; }\nfn h<'a>(_: crate::k::L) {}";
    let code = Code::read(source);
    let shown = |path: &[String]| path.join("::");
    let uses: Vec<String> = code.uses.iter().map(|(name, path)| format!("{name} {}", shown(path))).collect();
    assert_eq!(uses, ["a crate::a", "D crate::a::b::C", "E crate::a::E", "f super::f"]);
    assert_eq!(code.paths.iter().map(|path| shown(path)).collect::<Vec<_>>(), ["x::Y::z", "crate::k::L"]);

    let file = |path: &str, text: &str| Text { path: path.to_owned(), text: text.to_owned() };
    let all = [
        file("x/src/lib.rs", "mod a; mod b; pub use b::B;"),
        file("x/src/a.rs", "use crate::B; pub struct A;"),
        file("x/src/b.rs", "pub use c::C; pub struct B; mod c;"),
        file("x/src/b/c.rs", "use super::B; use crate::a::A; pub struct C;"),
    ];
    let own = Crate::of("x/src/", "x/src/lib.rs", &all);
    let edges = own.edges();
    assert_eq!(circle(&edges, "x/src/a.rs", None).unwrap(), ["x/src/a.rs", "x/src/b.rs", "x/src/b/c.rs", "x/src/a.rs"]);
}

#[test]
fn no_files_of_a_crate_use_each_other_in_a_circle() {
    let all = texts(&["host", "plugins"], &[".rs"]);
    let crates: Vec<Crate> = crates(&all).iter().map(|(folder, root)| Crate::of(folder, root, &all)).collect();
    assert!(crates.len() > 10, "{} crates", crates.len());
    let mut faults = Vec::new();
    let mut gone: BTreeSet<(&str, &str)> = ALLOWED.iter().copied().collect();
    for own in &crates {
        let mut edges = own.edges();
        gone.retain(|(from, to)| {
            let there = edges.get(from).is_some_and(|used| used.contains(to));
            !there || circle(&edges, from, Some(*to)).is_none()
        });
        for (from, to) in ALLOWED {
            edges.entry(from).or_default().remove(to);
        }
        let mut told: BTreeSet<&str> = BTreeSet::new();
        for file in edges.keys().copied().collect::<Vec<_>>() {
            if told.contains(file) {
                continue;
            }
            if let Some(way) = circle(&edges, file, None) {
                told.extend(&way);
                faults.push(way.join(" → "));
            }
        }
    }
    none("what two files need lies below both", &faults);
    let gone: Vec<String> = gone.iter().map(|(from, to)| format!("{from} → {to}")).collect();
    none("a step that is on no circle any more is taken out of the list", &gone);
}
