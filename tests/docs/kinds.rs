//! The manual's tables of kinds are what the kinds declare.

use std::collections::BTreeSet;

use sstream::cli::front::family;
use sstream::connect::docs::Described;
use sstream_testkit::promises::{check_kind, table};

use super::root;

fn tool(name: &str) -> Described {
    family().into_iter().find(|tool| tool.command.get_name() == name).unwrap()
}

/// The kinds of a tool, without those that are programs of their own, and these.
fn kinds(tool: &Described) -> (Vec<String>, Vec<String>) {
    let own = tool.command.get_subcommands().map(|kind| kind.get_name().to_owned()).collect();
    (own, tool.connectors.iter().map(|(kind, _)| (*kind).to_owned()).collect())
}

/// What a kind wants on its command line.
fn operands(kind: &str) -> &'static str {
    match kind {
        "tcp" => " h:1",
        "listen" | "udp" | "rate" | "serve" => " 1",
        "unix" | "dir" | "tail" | "queue" | "replay" | "files" => " path",
        "exec" => " -- cmd",
        _ => "",
    }
}

#[test]
fn each_kind_is_promised_what_it_declares() {
    for (name, page, heading) in
        [("sstream-source", "docs/RELIABILITY.md", "source"), ("sstream-sink", "docs/RELIABILITY.md", "sink")]
    {
        let tool = tool(name);
        let (own, connectors) = kinds(&tool);
        for kind in &own {
            check_kind(&tool, kind, &format!("{name} {kind}{}", operands(kind)));
        }
        // Connectors compare their rows themselves; here none is left out, and none is of nobody.
        let named: BTreeSet<String> = table(page, heading).into_iter().flat_map(|row| row.kinds).collect();
        assert_eq!(named, own.into_iter().chain(connectors).collect(), "{page}: the table of {heading}");
    }
}

#[test]
fn the_list_of_tools_names_every_kind() {
    let rows = table("README.md", "tool");
    for name in ["sstream-source", "sstream-sink"] {
        let (own, connectors) = kinds(&tool(name));
        let row = rows.iter().find(|row| row.kinds[0].starts_with(&format!("{name} "))).unwrap();
        let (_, list) = row.cells[1].rsplit_once(": ").unwrap();
        let named: BTreeSet<&str> = list.split(", ").collect();
        assert_eq!(named, own.iter().chain(&connectors).map(String::as_str).collect(), "README.md: {name}");
    }
}

#[test]
fn what_a_connector_has_is_found_among_docs_and_examples() {
    let root = root();
    for connector in std::fs::read_dir(root.join("connect")).unwrap() {
        let connector = connector.unwrap();
        let name = connector.file_name().into_string().unwrap();
        let (page, demo) = (connector.path().join("README.md"), connector.path().join("examples/demo"));
        if !demo.exists() {
            continue; // not a connector: what several share
        }
        for (link, to) in [(format!("docs/connect/{name}.md"), page), (format!("examples/connect/{name}"), demo)] {
            let found = root.join(&link).canonicalize();
            assert_eq!(found.ok(), to.canonicalize().ok(), "{link} is a symbolic link to {}", to.display());
        }
    }
}
