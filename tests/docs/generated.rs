//! `man/` and `completions/` are what the command line definitions give, and
//! `docs/SPARK.md` for sstream-spark(7). After a change to these, `make docs`
//! writes them anew.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use clap_complete::{Shell, generate};
use sstream::cli::front::family;

use super::{man, markdown, root};

/// Every generated file, and what it should hold.
fn files() -> BTreeMap<PathBuf, String> {
    let tools = family();
    let names: Vec<String> = tools.iter().map(|tool| tool.command.get_name().to_owned()).collect();
    let mut files = BTreeMap::new();
    let spark = fs::read_to_string(root().join("docs/SPARK.md")).unwrap();
    files.insert("man/sstream-spark.7".into(), markdown::page("sstream-spark", &spark, &names));
    for tool in &tools {
        let name = tool.command.get_name();
        files.insert(format!("man/{name}.1").into(), man::page(tool, &names));
        for (shell, path) in [
            (Shell::Bash, format!("completions/bash/{name}")),
            (Shell::Zsh, format!("completions/zsh/_{name}")),
            (Shell::Fish, format!("completions/fish/{name}.fish")),
        ] {
            let mut script = Vec::new();
            generate(shell, &mut tool.command.clone(), name, &mut script);
            files.insert(path.into(), String::from_utf8(script).unwrap());
        }
    }
    files
}

/// What is in `man/` and `completions/` and was not written by hand: pages of
/// section 1 and all completions.
fn present() -> Vec<PathBuf> {
    let mut paths = Vec::new();
    for directory in ["man", "completions/bash", "completions/zsh", "completions/fish"] {
        for entry in fs::read_dir(root().join(directory)).into_iter().flatten() {
            let path = Path::new(directory).join(entry.unwrap().file_name());
            if directory != "man" || path.extension().is_some_and(|extension| extension == "1") {
                paths.push(path);
            }
        }
    }
    paths
}

#[test]
fn man_pages_and_completions_match_the_command_line() {
    let files = files();
    if std::env::var_os("UPDATE").is_some() {
        for path in present().iter().filter(|path| !files.contains_key(*path)) {
            fs::remove_file(root().join(path)).unwrap();
        }
        for (path, content) in &files {
            let path = root().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
    }
    let mut stale: Vec<_> = present().into_iter().filter(|path| !files.contains_key(path)).collect();
    stale.extend(
        files
            .iter()
            .filter(|(path, content)| fs::read_to_string(root().join(path)).ok().as_ref() != Some(content))
            .map(|(path, _)| path.clone()),
    );
    assert!(stale.is_empty(), "these are not what the command line gives; run `make docs`: {stale:?}");
}

#[test]
fn every_binary_is_documented() {
    let mut binaries: Vec<String> = fs::read_dir(root().join("src/bin"))
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    binaries.sort();
    let tools: Vec<String> = family().iter().map(|tool| tool.command.get_name().to_owned()).collect();
    assert_eq!(tools, binaries, "the list of src/cli/tools.rs has each tool of src/bin, by name");
}

#[test]
fn definitions_are_sound() {
    for tool in family() {
        tool.command.clone().debug_assert();
        let name = tool.command.get_name().to_owned();
        assert!(tool.examples.contains(&name), "{name}: the examples should show {name}");
        assert!(
            tool.examples.lines().all(|line| line.is_empty() || line.starts_with("  ")),
            "{name}: examples are indented"
        );
    }
}
