//! What must not get into a public repository: paths of the machine that
//! somebody works on, and secrets.

use std::fs;
use std::path::{Path, PathBuf};

use super::root;

/// Parts of text that give away a machine or a secret, in two halves each, so
/// that this file does not hold them.
const FORBIDDEN: &[(&str, &str)] = &[
    ("/wo", "rk/"),
    ("/ro", "ot/"),
    ("BEGIN PRI", "VATE KEY"),
    ("BEGIN RSA PRI", "VATE KEY"),
    ("AK", "IA0"),
    ("gh", "p_"),
    ("index.crates", ".io"),
    ("static.crates", ".io"),
    ("deb.deb", "ian.org"),
];

/// Not part of the repository.
const IGNORED: &[&str] = &["target", ".git", "corpus", "artifacts", "coverage", "data"];

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name();
        // `file_type` does not follow links.
        let kind = entry.file_type().unwrap();
        if kind.is_dir() && !IGNORED.iter().any(|ignored| name == *ignored) {
            files(&entry.path(), found);
        } else if kind.is_file() && name != ".git" {
            found.push(entry.path());
        }
    }
}

#[test]
fn no_machine_and_no_secret_shows() {
    let mut found = Vec::new();
    files(root(), &mut found);
    assert!(found.len() > 50);
    for path in found {
        let text = fs::read(&path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
        for (one, other) in FORBIDDEN {
            assert!(!text.contains(&format!("{one}{other}")), "{}: holds {one}{other}", path.display());
        }
    }
}
