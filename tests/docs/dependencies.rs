//! Each dependency of `Cargo.toml` has its reason in `docs/DEPENDENCIES.md`, and
//! everything that is compiled in has a licence that ours goes with.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

use serde_json::Value;
use toml_edit::{Document, Item, TableLike};

use super::root;

/// Licences that let these tools be given on under MIT or Apache-2.0.
const ALLOWED: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    // Of data, with nothing asked of what is made by it: the list of roots in webpki-roots.
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
    // As BSD-3-Clause, of libbz2-rs-sys.
    "bzip2-1.0.6",
];

/// What cargo knows of this package and all that it is built from on Linux.
fn metadata() -> Value {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--locked", "--all-features"])
        .args(["--filter-platform", "x86_64-unknown-linux-gnu"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn every_dependency_has_its_reason() {
    let page = fs::read_to_string(root().join("docs/DEPENDENCIES.md")).unwrap();
    let rows: Vec<Vec<&str>> = page
        .lines()
        .filter(|line| line.starts_with('|'))
        .map(|line| line.trim_matches('|').split(" | ").map(str::trim).collect())
        .skip(2)
        .collect();
    for row in &rows {
        assert!(row.len() == 4 && row.iter().all(|cell| !cell.is_empty()), "crate, why, passed over, licence: {row:?}");
    }
    let mut explained: Vec<&str> = rows.iter().flat_map(|row| row[0].split(", ")).collect();
    explained.sort_unstable();
    let metadata = metadata();
    let is_ours = |name: &Value| name.as_str().is_some_and(|name| name == "sstream" || name.starts_with("sstream-"));
    let packages = metadata["packages"].as_array().unwrap().iter().filter(|package| is_ours(&package["name"]));
    let mut used: Vec<&str> = packages
        .flat_map(|package| package["dependencies"].as_array().unwrap())
        .map(|dependency| &dependency["name"])
        .filter(|name| !is_ours(name))
        .map(|name| name.as_str().unwrap())
        .collect();
    used.sort_unstable();
    used.dedup();
    assert_eq!(explained, used, "left: docs/DEPENDENCIES.md, right: Cargo.toml");
}

/// The tables of dependencies of a manifest: also those of one system.
fn dependencies(manifest: &dyn TableLike) -> Vec<&dyn TableLike> {
    const TABLES: [&str; 3] = ["dependencies", "dev-dependencies", "build-dependencies"];
    let of_systems = manifest.get("target").and_then(Item::as_table_like).into_iter();
    let of_systems = of_systems.flat_map(TableLike::iter).filter_map(|(_, system)| system.as_table_like());
    let all = of_systems.chain([manifest]);
    all.flat_map(|table| TABLES.into_iter().filter_map(|name| table.get(name)?.as_table_like())).collect()
}

#[test]
fn versions_stand_in_the_workspace_alone() {
    let members = fs::read_dir(root().join("connect")).unwrap().map(|member| member.unwrap().path());
    let (mut manifests, mut seen) = (0, 0);
    for folder in members.chain([root().to_owned()]) {
        let path = folder.join("Cargo.toml");
        let manifest = Document::parse(fs::read_to_string(&path).unwrap()).unwrap();
        manifests += 1;
        for (name, dependency) in dependencies(manifest.as_table()).into_iter().flat_map(TableLike::iter) {
            let of_workspace = dependency.get("workspace").and_then(Item::as_bool);
            assert_eq!(
                of_workspace,
                Some(true),
                "{}: {name}: its version belongs into the workspace's",
                path.display()
            );
            seen += 1;
        }
    }
    assert!(manifests > 20 && seen > 200, "{manifests} {seen}");
}

#[test]
fn every_licence_is_allowed() {
    let refused: BTreeMap<String, String> = metadata()["packages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|package| (package["name"].to_string(), package["license"].as_str().unwrap_or("none").to_owned()))
        .filter(|(_, licence)| !is_allowed(licence))
        .collect();
    assert!(refused.is_empty(), "not in the list of allowed licences: {refused:?}");
}

/// Whether an SPDX expression can be met with allowed licences alone. OR binds
/// less than AND, and `/` is the old way to write OR.
fn is_allowed(expression: &str) -> bool {
    let expression = expression.replace('/', " OR ");
    any_of(&mut expression.replace('(', " ( ").replace(')', " ) ").split_whitespace().peekable())
}

type Words<'a> = std::iter::Peekable<std::str::SplitWhitespace<'a>>;

fn any_of(words: &mut Words) -> bool {
    let mut met = all_of(words);
    while words.next_if_eq(&"OR").is_some() {
        met |= all_of(words);
    }
    met
}

fn all_of(words: &mut Words) -> bool {
    let mut met = one(words);
    while words.next_if_eq(&"AND").is_some() {
        met &= one(words);
    }
    met
}

fn one(words: &mut Words) -> bool {
    if words.next_if_eq(&"(").is_some() {
        let met = any_of(words);
        words.next();
        return met;
    }
    let mut licence = words.next().unwrap_or_default().to_owned();
    if words.next_if_eq(&"WITH").is_some() {
        licence.push_str(&format!(" WITH {}", words.next().unwrap_or_default()));
    }
    ALLOWED.contains(&licence.as_str())
}

#[test]
fn licence_expressions() {
    for (expression, allowed) in [
        ("MIT", true),
        ("GPL-3.0", false),
        ("GPL-3.0 OR MIT", true),
        ("GPL-3.0 AND MIT", false),
        ("MIT/Apache-2.0", true),
        ("(MIT OR GPL-2.0) AND Unicode-3.0", true),
        ("(MIT OR GPL-2.0) AND LGPL-3.0", false),
        ("Apache-2.0 WITH LLVM-exception", true),
        ("none", false),
    ] {
        assert_eq!(is_allowed(expression), allowed, "{expression}");
    }
}
