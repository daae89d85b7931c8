//! `docs/tldr` has a page a tool, in the form of the tldr pages, whose examples run.

use std::fs;
use std::path::Path;

use super::bash::{FOR_MINUTES, bash};
use super::root;

/// Examples of a page: what stands before each, and the line.
fn examples(page: &str) -> Vec<(String, String)> {
    let text = fs::read_to_string(root().join(format!("docs/tldr/{page}.md"))).unwrap();
    let mut lines = text.lines().filter(|line| !line.is_empty());
    assert_eq!(lines.next(), Some(&*format!("# {page}")));
    let rest: Vec<&str> = lines.skip_while(|line| line.starts_with("> ")).collect();
    assert!(text.contains("\n> ") && text.contains(&format!("More information: `man {page}`.")), "{page}");
    assert!((1..=8).contains(&(rest.len() / 2)) && rest.len().is_multiple_of(2), "{page}");
    let pairs = rest.chunks(2).map(|pair| {
        let (what, line) = (pair[0], pair[1]);
        assert!(what.starts_with("- ") && what.ends_with(':'), "{page}: {what}");
        let line = line.strip_prefix('`').and_then(|line| line.strip_suffix('`'));
        (what.to_owned(), line.unwrap_or_else(|| panic!("{page}: {what}")).to_owned())
    });
    pairs.collect()
}

/// The files that the placeholders name.
fn prepare(folder: &Path) {
    let to = folder.join("path/to");
    fs::create_dir_all(&to).unwrap();
    for name in ["requests.jsonl", "logins.jsonl"] {
        fs::copy(root().join("examples/data").join(name), to.join(name)).unwrap();
    }
    fs::copy(root().join("examples/data/apache-error.log"), to.join("error.log")).unwrap();
    for (name, content) in [
        ("app.log", "[ERROR] a 1\n[INFO] b\n[ERROR] a 1\n"),
        ("pairs.jsonl", "[[\"a\",1],[\"b\",2]]\n[[\"a\",3]]\n"),
        ("names.jsonl", "[\"a\",\"ann\"]\n"),
        ("names-queue.jsonl", "[1]\n"),
        ("points.jsonl", "[[1,2],[8,9]]\n"),
        ("groups.jsonl", "[[true,1],[true,2],[false,3],[false,5]]\n"),
    ] {
        fs::write(to.join(name), content).unwrap();
    }
    let line = "sstream-source tail path/to/app.log --available-now --checkpoint path/to/checkpoint \
                --trace-log path/to/trace.log | sstream-state --by-value count --output json";
    assert!(bash(FOR_MINUTES, line, folder).output().unwrap().status.success());
}

#[test]
fn every_tool_has_a_page_and_what_it_shows_runs() {
    let folder = tempfile::tempdir().unwrap();
    prepare(folder.path());
    for entry in fs::read_dir(root().join("src/bin")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        for (what, line) in examples(name.trim_end_matches(".rs")) {
            // Any free port; and what goes on for ever is asked to stop.
            let line = line.replace("{{9999}}", "0").replace("{{", "").replace("}}", "");
            fs::write(folder.path().join("line"), &line).unwrap();
            let command = "exec < /dev/null; timeout -s INT 2 bash -o pipefail line";
            let ran = bash(FOR_MINUTES, command, folder.path()).output().unwrap();
            let said = String::from_utf8_lossy(&ran.stderr);
            assert!(matches!(ran.status.code(), Some(0 | 124)), "{name}: {what} {line}: {}: {said}", ran.status);
        }
    }
}
