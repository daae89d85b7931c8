//! What the documentation shows is run: in every block marked `console`, a line
//! that begins with `$ ` (and those that go on with `> `) is a command, and what
//! follows is what it prints.

use super::bash::{FOR_MINUTES, bash};
use super::root;

/// Pages with examples.
const PAGES: &[&str] = &[
    "README.md",
    "docs/ALERTS.md",
    "docs/ARCHITECTURE.md",
    "docs/CONFIG.md",
    "docs/INPUT.md",
    "docs/LEARNING.md",
    "docs/RECIPES.md",
    "docs/SAMPLING.md",
    "docs/SPARK.md",
    "examples/README.md",
];

struct Example {
    place: String,
    command: String,
    prints: String,
}

fn examples(page: &str) -> Vec<Example> {
    let text = std::fs::read_to_string(root().join(page)).unwrap();
    let mut examples: Vec<Example> = Vec::new();
    let mut inside = false;
    for (at, line) in text.lines().enumerate() {
        match (inside, line) {
            (false, "```console") => inside = true,
            (true, "```") => inside = false,
            (true, line) => {
                if let Some(command) = line.strip_prefix("$ ") {
                    let place = format!("{page}:{}", at + 1);
                    examples.push(Example { place, command: command.to_owned(), prints: String::new() });
                    continue;
                }
                let last = examples.last_mut().expect("a block begins with a command");
                match line.strip_prefix("> ") {
                    Some(more) if last.prints.is_empty() => last.command.push_str(&format!("\n{more}")),
                    _ => last.prints.push_str(&format!("{line}\n")),
                }
            }
            _ => {}
        }
    }
    assert!(!inside, "{page}: a block is not closed");
    examples
}

/// Runs a command with the built tools, in the repository, as its reader would.
fn run(command: &str) -> String {
    let output = bash(FOR_MINUTES, &format!("exec 2>&1\n{command}"), root()).output().unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn examples_print_what_is_shown() {
    for page in PAGES {
        for Example { place, command, prints } in examples(page) {
            assert_eq!(run(&command), prints, "{place}: {command}");
        }
    }
    assert!(examples("README.md").len() >= 3, "the README shows examples that run");
}

#[test]
fn links_lead_somewhere() {
    for page in PAGES {
        let text = std::fs::read_to_string(root().join(page)).unwrap();
        let folder = root().join(page).parent().unwrap().to_owned();
        for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if !target.contains("://") && !target.starts_with('#') {
                let file = target.split('#').next().unwrap();
                assert!(folder.join(file).exists(), "{page} links to {target}");
            }
        }
    }
}

#[test]
fn the_demonstration_on_a_virtual_clock() {
    let counts = "8 16 24 32 40 40 40 40 40 32 24 16 8 0 0\n";
    // Every fourth line of a print form is what a batch holds.
    assert_eq!(run("examples/demo --fast | awk 'NR % 5 == 4' | paste -sd ' '"), counts);
}
