//! `sstream::connect` is the seam between the tools and the connectors: all of it is shown by an
//! example, and connectors use nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use regex::Regex;

use super::imports::expand;
use super::root;

/// All files of Rust below a folder.
fn sources(folder: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(fs::read_to_string(&path).unwrap());
        }
    }
}

/// The names that a module gives on by `pub use`, and the modules that it has in the same file, hidden ones apart.
fn public_names(code: &str) -> (Vec<String>, BTreeMap<String, String>) {
    let module = Regex::new(r"(?ms)^(#\[doc\(hidden\)\]\n)?pub mod (\w+)(?:;| \{\n(.*?)^\})").unwrap();
    let modules = module.captures_iter(code).filter(|module| module.get(1).is_none());
    let modules =
        modules.map(|module| (module[2].to_owned(), module.get(3).map_or("", |code| code.as_str()).to_owned()));
    let own = module.replace_all(code, "");
    let names = Regex::new(r"(?m)^\s*pub use ([^;]+);").unwrap();
    let names = names.captures_iter(&own).flat_map(|line| expand(&line[1]));
    let mut names: Vec<String> = names.map(|path| path.rsplit("::").next().unwrap().to_owned()).collect();
    let defined = Regex::new(r"(?m)^pub (?:fn|struct|enum|trait|const|type) (\w+)").unwrap();
    names.extend(defined.captures_iter(&own).map(|item| item[1].to_owned()));
    (names, modules.collect())
}

/// The public items, by their path below `sstream::connect`.
fn items() -> BTreeSet<String> {
    let read = |path: &str| fs::read_to_string(root().join("src/connect").join(path)).unwrap();
    let (names, modules) = public_names(&read("mod.rs"));
    let mut items: BTreeSet<String> = names.into_iter().collect();
    for (module, code) in modules {
        let code = if code.is_empty() { read(&format!("{module}/mod.rs")) } else { code };
        let (names, _) = public_names(&code);
        items.extend(names.iter().map(|name| format!("{module}::{name}")));
    }
    items
}

/// The examples in comments that `cargo test --doc` compiles, without the signs of a comment and of what is hidden.
fn examples(code: &str) -> Vec<String> {
    let mut examples = Vec::new();
    let mut example: Option<(bool, String)> = None;
    for line in code.lines() {
        let comment = line.trim_start();
        let Some(text) = comment.strip_prefix("///").or_else(|| comment.strip_prefix("//!")) else {
            example = None;
            continue;
        };
        let text = text.strip_prefix(' ').unwrap_or(text);
        match (&mut example, text.strip_prefix("```")) {
            (None, Some(language)) => {
                let is_compiled = ["", "rust", "no_run", "should_panic", "compile_fail"].contains(&language);
                example = Some((is_compiled, String::new()));
            }
            (Some((is_compiled, text)), Some(_)) => {
                if *is_compiled {
                    examples.push(std::mem::take(text));
                }
                example = None;
            }
            (Some((_, example)), None) => {
                example.push_str(text.strip_prefix("# ").unwrap_or(text));
                example.push('\n');
            }
            (None, None) => {}
        }
    }
    examples
}

/// What an example uses of the seam: what it imports and names again, or names by its path.
fn used(example: &str) -> BTreeSet<String> {
    const SEAM: &str = "sstream::connect::";
    let example = Regex::new(r"(?m)(^|\s)//[^\n]*").unwrap().replace_all(example, "$1");
    let line = Regex::new(r"(?m)^\s*use ([^;]+);").unwrap();
    let code = line.replace_all(&example, "");
    let path = Regex::new(r"\b(\w+)((?:::\w+)*)").unwrap();
    let imports = line.captures_iter(&example).flat_map(|line| expand(&line[1]));
    let imports: BTreeMap<String, String> = imports
        .filter_map(|path| path.strip_prefix(SEAM).map(str::to_owned))
        .map(|path| (path.rsplit("::").next().unwrap().to_owned(), path))
        .collect();
    let mut used = BTreeSet::new();
    for path in path.captures_iter(&code) {
        let full = match (path[0].strip_prefix(SEAM), imports.get(&path[1])) {
            (Some(below), _) => below.to_owned(),
            (None, Some(import)) => format!("{import}{}", &path[2]),
            (None, None) => continue,
        };
        // Of `duration::parse` or `Level::Error` the item is the one or the other.
        let parts: Vec<&str> = full.split("::").collect();
        used.extend((1..=parts.len()).map(|count| parts[..count].join("::")));
    }
    used
}

#[test]
fn every_item_of_the_seam_is_in_an_example() {
    let items = items();
    assert!(items.len() > 100, "{}", items.len());
    let mut files = Vec::new();
    sources(&root().join("src"), &mut files);
    let used: BTreeSet<String> =
        files.iter().flat_map(|file| examples(file)).flat_map(|example| used(&example)).collect();
    let missing: Vec<&String> = items.difference(&used).collect();
    assert!(missing.is_empty(), "items of sstream::connect that no compiled example uses: {missing:#?}");
}

#[test]
fn what_an_example_uses_is_more_than_its_imports() {
    let code = "
        /// ```
        /// use sstream::connect::{Bell, Level, duration, record::{field, kind}};
        /// let level = Level::Error; // Bell
        /// duration::parse(sstream::connect::nearest(kind(b\"1\")));
        /// ```
        ///
        /// ```ignore
        /// sstream::connect::program();
        /// ```
        pub fn f() {}
    ";
    let used: BTreeSet<String> = examples(code).iter().flat_map(|example| used(example)).collect();
    let expected = ["Level", "Level::Error", "duration", "duration::parse", "nearest", "record", "record::kind"];
    assert_eq!(used, expected.map(str::to_owned).into());
}

/// Not a connector: what tests are made of, which looks at the tools themselves.
const OF_TESTS: &str = "testkit";

#[test]
fn connectors_use_nothing_but_the_seam() {
    let path = Regex::new(r"\bsstream::(\w+|\{)").unwrap();
    let mut uses = 0;
    for connector in fs::read_dir(root().join("connect")).unwrap() {
        let connector = connector.unwrap();
        if connector.file_name() == OF_TESTS {
            continue;
        }
        let mut files = Vec::new();
        sources(&connector.path(), &mut files);
        for used in files.iter().flat_map(|file| path.captures_iter(file)) {
            assert_eq!(&used[1], "connect", "{}: {}", connector.path().display(), &used[0]);
            uses += 1;
        }
    }
    assert!(uses > 300, "{uses}");
}
