//! Kinds that are programs of their own: found beside the tool, then in PATH.

use crate::support::Folder;

/// The tools in a directory of their own, without any connector; `kafka` there is what this
/// test says.
fn lean() -> Folder {
    let folder = Folder::new();
    folder.run("mkdir lean other && cp $(command -v sstream-source) $(command -v sstream-sink) lean").exits(0);
    folder
}

const PATH: &str = "PATH=$PWD/lean:/usr/bin:/bin;";

#[test]
fn what_is_not_installed_says_how_it_is() {
    let folder = lean();
    for (line, program) in [
        ("sstream-source kafka --brokers h:1 --topic t", "sstream-source-kafka"),
        ("sstream-source --batch 1s kafka", "sstream-source-kafka"),
        ("sstream-sink kafka --brokers h:1 --topic t", "sstream-sink-kafka"),
    ] {
        let ran = folder.run(&format!("{PATH} {line} </dev/null")).exits(2);
        let says =
            format!("{program} is not installed, beside this one or in PATH: make install CONNECT=kafka brings it");
        assert!(ran.stderr.contains(&says), "{ran}");
    }
    // The stage behind it hears of it.
    let ran = folder.run(&format!("{PATH} sstream-source kafka | cat")).exits(2);
    assert!(ran.stdout.starts_with("{\"sstream\":1,\"close\":\"error\",\"exit\":2"), "{ran}");
}

#[test]
fn the_tool_becomes_the_program_with_all_that_it_was_given() {
    let folder = lean();
    let script = "#!/bin/sh\\necho \"$0 $$\" \"$@\" | sed \"s|$PWD/||\"\\n";
    folder.run(&format!("printf '{script}' >other/sstream-source-kafka; chmod +x other/*")).exits(0);
    let line =
        "PATH=$PATH:$PWD/other; sstream-source --batch 1s --metrics 9 kafka --topic 'a b' -X c=d & echo $! >pid; wait";
    let ran = folder.run(&format!("{PATH} {line}")).exits(0);
    // In its place: the same process.
    let (pid, said) = (folder.read("pid"), ran.stdout.trim_end());
    let pid = pid.trim_end();
    assert_eq!(said, format!("other/sstream-source-kafka {pid} --batch 1s --metrics 9 --topic a b -X c=d"), "{ran}");
    // Beside the tool goes first.
    folder
        .run("sed 's|echo|echo beside|' other/sstream-source-kafka >lean/sstream-source-kafka; chmod +x lean/*")
        .exits(0);
    let ran = folder.run(&format!("{PATH} PATH=$PATH:$PWD/other; sstream-source kafka x")).exits(0);
    assert!(ran.stdout.starts_with("beside "), "{ran}");
}

#[test]
fn kinds_of_connectors_are_in_the_help_and_are_suggested() {
    let folder = Folder::new();
    for tool in ["sstream-source", "sstream-sink"] {
        let help = folder.run(&format!("{tool} --help")).exits(0);
        assert!(help.stdout.contains("\n  kafka  "), "{help}");
        let near = folder.run(&format!("{tool} kafak </dev/null")).exits(2);
        assert!(near.stderr.contains("did you mean kafka?"), "{near}");
    }
}
