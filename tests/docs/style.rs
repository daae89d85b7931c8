//! What compiler and linter do not check of the project's style.

use std::fs;
use std::path::{Path, PathBuf};

use regex::Regex;

use super::root;

/// All Rust files of the repository.
fn sources() -> Vec<PathBuf> {
    fn read(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            if path.is_dir() && name != "target" && !name.starts_with('.') {
                read(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    read(root(), &mut found);
    assert!(found.len() > 500, "{}", found.len());
    found
}

/// Who changes something, asks somebody else and waits, or has no answer, does more than answer.
fn acts_by_name_of_a_question(code: &str) -> Vec<String> {
    let acting = Regex::new(r"async fn is_\w+|fn is_\w+(<[^{;]*>)?\((\s*&mut self|[^)]*\) *\{)").unwrap();
    acting.find_iter(code).map(|found| found.as_str().to_owned()).collect()
}

#[test]
fn what_acts_is_not_called_as_a_question() {
    for path in sources() {
        let found = acts_by_name_of_a_question(&fs::read_to_string(&path).unwrap());
        assert!(found.is_empty(), "{}: {found:?}: call it by what it does", path.display());
    }
}

#[test]
fn who_acts_is_found() {
    // In two halves, so that this file holds none.
    let found = |before: &str, after: &str| acts_by_name_of_a_question(&format!("{before}fn is_{after}")).len();
    assert_eq!(found("async ", "there(&self) {"), 1);
    assert_eq!(found("pub ", "back(\n        &mut self,\n"), 1);
    assert_eq!(found("", "over<F: Fn(u8)>(&mut self"), 1);
    assert_eq!(found("", "safe(&self, state: Option<&State>) {"), 1);
    assert_eq!(found("", "empty(&self) -> bool { true } fn take(&mut self"), 0);
}

/// A module with parts is `name/mod.rs`, and so everything of it is in one place.
#[test]
fn modules_with_parts_are_folders() {
    for path in sources() {
        let folder = path.with_extension("");
        assert!(!folder.is_dir(), "{}: is beside {}/: make it mod.rs there", path.display(), folder.display());
    }
}
