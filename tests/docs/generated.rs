//! `man/` and `completions/` are what the command line definitions give, and
//! `docs/SPARK.md` for sstream-spark(7). After a change to these, `make docs`
//! writes them anew.

use std::fs;

use sstream::cli::connector::known::{KNOWN, Role};
use sstream::cli::front::family;
use sstream_testkit::docs;

use super::{markdown, root};

fn names() -> Vec<String> {
    family().iter().map(|tool| tool.command.get_name().to_owned()).collect()
}

#[test]
fn man_pages_and_completions_match_the_command_line() {
    let names = names();
    let mut files = docs::files(&family(), &names);
    let spark = fs::read_to_string(root().join("docs/SPARK.md")).unwrap();
    files.insert("man/sstream-spark.7".into(), markdown::page("sstream-spark", &spark, &names));
    docs::compare(root(), &files);
}

#[test]
fn every_binary_is_documented() {
    let mut binaries: Vec<String> = fs::read_dir(root().join("src/bin"))
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    binaries.sort();
    assert_eq!(names(), binaries, "the list of src/cli/tools.rs lists each tool of src/bin, by name");
}

#[test]
fn definitions_are_sound() {
    docs::are_sound(&family());
}

/// Every kind that the tools look for is brought by a crate in `connect/`, and every
/// program that a crate there brings is looked for.
#[test]
fn every_connector_is_known() {
    let mut known: Vec<String> = KNOWN
        .iter()
        .flat_map(|of| {
            let roles = [(Role::Source, of.source), (Role::Sink, of.sink), (Role::Operator, of.operator)];
            roles.into_iter().filter(|(_, about)| about.is_some()).map(move |(role, _)| (role, of))
        })
        .map(|(role, of)| format!("{}/src/bin/{}.rs", of.connector, role.program(of.kind)))
        .collect();
    known.sort();
    let mut brought = Vec::new();
    for connector in fs::read_dir(root().join("connect")).unwrap() {
        let connector = connector.unwrap();
        for program in fs::read_dir(connector.path().join("src/bin")).into_iter().flatten() {
            let (connector, program) = (connector.file_name(), program.unwrap().file_name());
            brought.push(format!("{}/src/bin/{}", connector.to_string_lossy(), program.to_string_lossy()));
        }
    }
    brought.sort();
    assert_eq!(known, brought, "left: src/cli/connector/known.rs, right: connect/");
}
