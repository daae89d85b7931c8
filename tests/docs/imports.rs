//! No import goes round in a circle: neither among the modules of `src/`, nor among
//! files.
//!
//! Read are the `use` lines of every file, and paths in its code that begin with
//! `crate::`, but for tests. A path counts for the file that defines what it names:
//! `pub use` is followed. Between files one thing is allowed: a part may know what
//! its own module, or one around that, defines in its `mod.rs`, which uses its parts
//! in turn.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use regex::Regex;

use super::root;

/// Where a file is in the tree of modules; that of `lib.rs` is empty.
type Module = Vec<String>;

/// What a file takes from elsewhere.
#[derive(Default)]
struct Imports {
    /// Paths, by their parts.
    used: Vec<Vec<String>>,
    /// What it names anew: the name, and the path that it stands for.
    renamed: BTreeMap<String, Vec<String>>,
}

/// All files of the library but those of tests.
fn read(folder: &Path, module: &Module, found: &mut BTreeMap<Module, String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let mut child = module.clone();
        if !matches!(&name[..], "mod" | "lib") {
            child.push(name.clone());
        }
        if path.is_dir() && !(module.is_empty() && name == "bin") && name != "tests" {
            read(&path, &child, found);
        } else if path.extension().is_some_and(|extension| extension == "rs")
            && !["tests", "testing"].contains(&&name[..])
            && !name.ends_with("_tests")
        {
            found.insert(child, without_tests(&fs::read_to_string(&path).unwrap()));
        }
    }
}

/// Code without its comments and its tests, which stand at the end.
fn without_tests(text: &str) -> String {
    let tests = Regex::new(r"#\[cfg\(test\)\]\s*(pub(\([a-z]+\))? )?mod \w+ \{").unwrap();
    let code = tests.split(text).next().unwrap_or_default();
    Regex::new("//[^\n]*").unwrap().replace_all(code, "").into_owned()
}

/// `a::{b, c::{d, e}}` as `a::b`, `a::c::d`, `a::c::e`.
pub(super) fn expand(path: &str) -> Vec<String> {
    let path = path.trim();
    let Some((before, rest)) = path.split_once('{') else { return vec![path.to_owned()] };
    let inside = rest.trim_end().trim_end_matches('}').to_owned() + &"}".repeat(rest.matches('{').count());
    let (mut parts, mut depth, mut part) = (Vec::new(), 0, String::new());
    for c in inside.chars() {
        depth += i32::from(c == '{') - i32::from(c == '}');
        if c == ',' && depth == 0 {
            parts.push(std::mem::take(&mut part));
        } else {
            part.push(c);
        }
    }
    parts.push(part);
    parts
        .iter()
        .filter(|part| !part.trim().is_empty())
        .flat_map(|part| expand(&format!("{before}{}", part.trim())))
        .collect()
}

fn parts(path: &str) -> Vec<String> {
    path.split("::").map(|part| part.trim().to_owned()).collect()
}

fn imports(code: &str) -> Imports {
    let mut imports = Imports::default();
    for line in Regex::new(r"(?m)^\s*(pub(?:\([a-z ]+\))? )?use ([^;]+);").unwrap().captures_iter(code) {
        for path in expand(&line[2]) {
            let (path, alias) = path.split_once(" as ").unwrap_or((&path, ""));
            let path = parts(path);
            if line.get(1).is_some() {
                let name = if alias.is_empty() { path.last().unwrap().clone() } else { alias.to_owned() };
                imports.renamed.insert(name, path.clone());
            }
            imports.used.push(path);
        }
    }
    let inline = Regex::new(r"\bcrate(::\w+)+").unwrap();
    imports.used.extend(inline.find_iter(code).map(|path| parts(path.as_str())));
    imports
}

struct Tree(BTreeMap<Module, Imports>);

impl Tree {
    fn read() -> Tree {
        let mut files = BTreeMap::new();
        read(&root().join("src"), &Module::new(), &mut files);
        Tree(files.iter().map(|(module, code)| (module.clone(), imports(code))).collect())
    }

    /// The file that defines what a path in `module` names; none for other crates.
    fn definition(&self, module: &Module, path: &[String], depth: usize) -> Option<Module> {
        let (mut at, mut rest) = match &path[0][..] {
            "crate" => (Module::new(), &path[1..]),
            "self" => (module.clone(), &path[1..]),
            "super" => (module.clone(), path),
            first if self.0.contains_key(&child(module, first)) => (module.clone(), path),
            _ => return None,
        };
        while let Some((first, more)) = rest.split_first() {
            if first == "super" {
                at.pop();
            } else if self.0.contains_key(&child(&at, first)) {
                at.push(first.clone());
            } else if let Some(stands_for) = self.0.get(&at)?.renamed.get(first).filter(|_| depth < 8) {
                let path: Vec<String> = stands_for.iter().chain(more).cloned().collect();
                return self.definition(&at, &path, depth + 1).or(Some(at));
            } else {
                break;
            }
            rest = more;
        }
        self.0.contains_key(&at).then_some(at)
    }

    /// For each file the files that it imports from.
    fn edges(&self) -> BTreeMap<Module, BTreeSet<Module>> {
        let definitions = |module: &Module, imports: &Imports| {
            imports.used.iter().filter_map(|path| self.definition(module, path, 0)).filter(|to| to != module).collect()
        };
        self.0.iter().map(|(module, imports)| (module.clone(), definitions(module, imports))).collect()
    }
}

fn child(module: &Module, name: &str) -> Module {
    module.iter().cloned().chain([name.to_owned()]).collect()
}

/// A way from somewhere back to there, if there is one.
fn circle(edges: &BTreeMap<Module, BTreeSet<Module>>) -> Option<Vec<String>> {
    fn walk(
        at: &Module,
        edges: &BTreeMap<Module, BTreeSet<Module>>,
        way: &mut Vec<Module>,
        done: &mut BTreeSet<Module>,
    ) -> Option<Vec<String>> {
        if let Some(begin) = way.iter().position(|before| before == at) {
            return Some(way[begin..].iter().chain([at]).map(|module| module.join("/")).collect());
        }
        if !done.contains(at) {
            way.push(at.clone());
            let found = edges.get(at).into_iter().flatten().find_map(|to| walk(to, edges, way, done));
            if found.is_some() {
                return found;
            }
            way.pop();
            done.insert(at.clone());
        }
        None
    }
    let mut done = BTreeSet::new();
    edges.keys().find_map(|module| walk(module, edges, &mut Vec::new(), &mut done))
}

#[test]
fn modules_do_not_import_each_other_in_a_circle() {
    let mut modules: BTreeMap<Module, BTreeSet<Module>> = BTreeMap::new();
    for (from, to) in Tree::read().edges() {
        let Some(name) = from.first() else { continue };
        let others = to.iter().filter_map(|to| to.first()).filter(|to| *to != name);
        modules.entry(vec![name.clone()]).or_default().extend(others.map(|to| vec![to.clone()]));
    }
    assert!(modules.len() > 15, "{}", modules.len());
    assert_eq!(circle(&modules), None);
}

#[test]
fn files_do_not_import_each_other_in_a_circle() {
    let mut edges = Tree::read().edges();
    assert!(edges.len() > 250, "{}", edges.len());
    for (from, to) in &mut edges {
        to.retain(|to| !from.starts_with(to));
    }
    assert_eq!(circle(&edges), None);
}

#[test]
fn a_circle_is_found_through_names_that_are_given_on() {
    let files = [
        ("", "pub mod a;"),
        ("a", "pub use b::{x, y::Y as Z};"),
        ("a/b", "use crate::c::{self, d};"),
        ("a/b/y", ""),
        ("c", "use super::a::{Z, other};"),
        ("e", "use std::io; use crate::c::f;"),
    ];
    let module =
        |path: &str| -> Module { path.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect() };
    let tree = Tree(files.iter().map(|(path, code)| (module(path), imports(code))).collect());
    let edges = tree.edges();
    let of = |path: &str| edges[&module(path)].iter().map(|to| to.join("/")).collect::<Vec<_>>();
    assert_eq!(
        (of("a"), of("a/b"), of("c"), of("e")),
        (
            vec!["a/b".to_owned(), "a/b/y".to_owned()],
            vec!["c".to_owned()],
            vec!["a".to_owned(), "a/b/y".to_owned()],
            vec!["c".to_owned()]
        )
    );
    assert_eq!(circle(&edges), Some(["a", "a/b", "c", "a"].map(str::to_owned).to_vec()));
}
