//! What the manual says of kinds, compared with what they declare: the tables of
//! docs/RELIABILITY.md, and of README.md under "After a crash".

use std::fs;
use std::path::Path;

use sstream::cli::account::Stream;
use sstream::cli::guarantee::{SourceGuarantee, of_source};
use sstream::connect::docs::Described;

/// A row of a table: the kinds that it is about, and its other cells.
#[derive(Clone, Debug)]
pub struct Row {
    /// What stands in backticks in its first cell.
    pub kinds: Vec<String>,
    /// The cells behind that one.
    pub cells: Vec<String>,
}

/// The rows of the table of a page of the manual whose first line begins with `heading`.
///
/// # Panics
/// The page has no such table.
pub fn table(page: &str, heading: &str) -> Vec<Row> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(page);
    let text = fs::read_to_string(path).unwrap();
    let mut lines = text.lines().skip_while(|line| !line.starts_with(&format!("| {heading} |")));
    assert!(lines.next().is_some(), "{page} has no table that begins with {heading}");
    let row = |line: &str| {
        let cells: Vec<String> = line.trim_matches('|').split(" |").map(|cell| cell.trim().to_owned()).collect();
        Row { kinds: cells[0].split('`').skip(1).step_by(2).map(str::to_owned).collect(), cells: cells[1..].to_vec() }
    };
    lines.skip(1).take_while(|line| line.starts_with('|')).map(row).collect()
}

/// Both tables say of a kind what it declares with this command line.
///
/// # Panics
/// They do not.
pub fn check_kind(tool: &Described, kind: &str, command: &str) {
    let words: Vec<&str> = command.split(' ').collect();
    let parsed = (tool.parse)(&words).unwrap_or_else(|error| panic!("{command}: {error}"));
    if let Some(begins) = parsed.begins() {
        let is_logged = begins.guarantee == SourceGuarantee::Logged;
        let cell = cell("docs/RELIABILITY.md", "source", kind);
        let says = cell.contains("from the WAL");
        assert_eq!(says, is_logged, "docs/RELIABILITY.md, {kind}: {cell}; declared is {:?}", begins.guarantee);
        return;
    }
    let kept = of_source(&SourceGuarantee::ReadAgain(""), Some("ck".to_owned())).0;
    let told = parsed.account(&mut Stream { kept: Some(kept), ..Stream::default() }).does.join(
        "
",
    );
    let promises = ["exactly once", "at least once", "committed, so that", "none for readers"];
    let promise = promises.iter().find(|promise| told.contains(**promise)).unwrap_or_else(|| panic!("{kind}: {told}"));
    for (page, heading) in [("docs/RELIABILITY.md", "sink"), ("README.md", "output")] {
        let cell = cell(page, heading, kind);
        assert!(cell.contains(promise), "{page}, {kind}: {cell}; declared is {told}");
    }
}

fn cell(page: &str, heading: &str, kind: &str) -> String {
    let row = table(page, heading).into_iter().find(|row| row.kinds.iter().any(|named| named == kind));
    row.unwrap_or_else(|| panic!("{page}: the table of {heading} has no row for `{kind}`")).cells.join(" | ")
}
