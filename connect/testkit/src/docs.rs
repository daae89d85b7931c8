//! Man pages and completions: made of command line definitions, kept beside them in `man/`
//! and `completions/`, and compared by a test; with UPDATE in its environment the test
//! writes them anew.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use sstream::connect::docs::{Described, Form};

/// Every generated file of these tools, by its path below the package, and what it should
/// hold; `others` are for SEE ALSO.
pub fn files(tools: &[Described], others: &[String]) -> BTreeMap<PathBuf, String> {
    let mut files = BTreeMap::new();
    for tool in tools {
        let name = tool.command.get_name();
        for (_, form) in Form::ALL {
            files.insert(form.path(name), String::from_utf8(form.text(tool, others)).unwrap());
        }
    }
    files
}

/// What is in `man/` and `completions/` and was not written by hand: pages of
/// section 1 and all completions.
fn present(root: &Path) -> Vec<PathBuf> {
    let mut paths = Vec::new();
    for directory in ["man", "completions/bash", "completions/zsh", "completions/fish"] {
        for entry in fs::read_dir(root.join(directory)).into_iter().flatten() {
            let path = Path::new(directory).join(entry.unwrap().file_name());
            if directory != "man" || path.extension().is_some_and(|extension| extension == "1") {
                paths.push(path);
            }
        }
    }
    paths
}

/// The files below `root` are these; with UPDATE in the environment they are made so.
///
/// # Panics
/// They are not.
pub fn compare(root: &Path, files: &BTreeMap<PathBuf, String>) {
    if std::env::var_os("UPDATE").is_some() {
        for path in present(root).iter().filter(|path| !files.contains_key(*path)) {
            fs::remove_file(root.join(path)).unwrap();
        }
        for (path, content) in files {
            let path = root.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
    }
    let mut stale: Vec<_> = present(root).into_iter().filter(|path| !files.contains_key(path)).collect();
    stale.extend(
        files
            .iter()
            .filter(|(path, content)| fs::read_to_string(root.join(path)).ok().as_ref() != Some(content))
            .map(|(path, _)| path.clone()),
    );
    assert!(stale.is_empty(), "these are not what the command line gives; run `make docs`: {stale:?}");
}

/// Definitions hold together, and examples show the tool.
///
/// # Panics
/// They do not.
pub fn are_sound(tools: &[Described]) {
    for tool in tools {
        tool.command.clone().debug_assert();
        let name = tool.command.get_name().to_owned();
        // `sstream-source kafka` is `sstream-source-kafka`.
        let spoken = ["source-", "sink-"].iter().fold(name.clone(), |name, role| {
            name.replace(&format!("sstream-{role}"), &format!("sstream-{} ", role.trim_end_matches('-')))
        });
        let shows = tool.examples.contains(&name) || tool.examples.contains(&spoken);
        assert!(shows, "{name}: the examples should show {name}");
        assert!(
            tool.examples.lines().all(|line| line.is_empty() || line.starts_with("  ")),
            "{name}: examples are indented"
        );
    }
}

/// Everything that is documented of a connector: its tools' pages and completions, beside
/// its manifest.
///
/// # Panics
/// They are not what the command lines give.
pub fn check_connector(root: &str, tools: &[Described]) {
    are_sound(tools);
    let mut names: Vec<String> = tools.iter().map(|tool| tool.command.get_name().to_owned()).collect();
    names.extend(["sstream", "sstream-source", "sstream-sink", "sstream-spark"].map(str::to_owned));
    names.sort();
    compare(Path::new(root), &files(tools, &names));
}
