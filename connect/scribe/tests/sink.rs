//! Records become entries.

use std::time::Duration;

use sstream_testkit::needs::free_port;
use sstream_testkit::shell::{Folder, Ran};
use sstream_testkit::wait_until;

use crate::support::{Server, is_possible};

/// Two batches.
fn folder() -> Folder {
    let folder = Folder::new();
    folder.file("batches", "[\"a\",{\"n\":1.50}]\n[]\n[\"c\\nd\"]\n");
    folder
}

fn send(folder: &Folder, servers: &str, options: &str) -> Ran {
    folder.run(&format!("sstream-source queue batches --batch 1s | sstream-sink scribe {servers} {options}"))
}

fn at(server: &Server) -> String {
    format!("localhost:{}", server.port)
}

const ALL: &str = "t\t\"a\"\nt\t\"{\\\"n\\\":1.50}\"\nt\t\"c\\nd\"\n";

#[test]
fn records_become_entries() {
    if !is_possible() {
        return;
    }
    for (options, got) in [
        ("--category '\"t\"'", ALL),
        ("--category '\"t\"' --per-call 1", ALL),
        ("--category '\"t\"' --max-call 1", ALL),
        ("--category strings --value '[.]'", "a\t\"[\\\"a\\\"]\"\nc\nd\t\"[\\\"c\\\\nd\\\"]\"\n"),
    ] {
        let folder = folder();
        let server = Server::start(&folder);
        send(&folder, &at(&server), options).exits(0).says_nothing();
        assert_eq!(folder.read("got"), got, "{options}");
    }
}

#[test]
fn what_is_no_category_is_a_bad_record() {
    if !is_possible() {
        return;
    }
    let folder = folder();
    let server = Server::start(&folder);
    let ran = send(&folder, &at(&server), "--category .").exits(4);
    assert!(ran.stderr.contains("a category is a string that is not empty"), "{ran}");
    folder.run("rm got");
    drop(server);
    let server = Server::start(&folder);
    send(&folder, &at(&server), "--category . --on-error bad").exits(0);
    assert_eq!(folder.read("got"), "a\t\"a\"\nc\nd\t\"c\\nd\"\n");
}

/// TRY_LATER, an exception, and an answer that is lost: the call is made again.
#[test]
fn what_was_not_answered_ok_is_sent_again() {
    if !is_possible() {
        return;
    }
    let folder = folder();
    let server = Server::start(&folder);
    folder.file("results", "TRY_LATER\nTRY_LATER\nerror\nkept error\n");
    let ran = send(&folder, &at(&server), "--category '\"t\"'").exits(0);
    assert!(ran.stderr.contains("it says TRY_LATER: trying again") && ran.stderr.contains("goes on, after"), "{ran}");
    // The call that was kept, and not answered, came again.
    let first = "t\t\"a\"\nt\t\"{\\\"n\\\":1.50}\"\n";
    assert_eq!(folder.read("got"), format!("{first}{ALL}"));
}

#[test]
fn of_several_servers_one_that_is_there_has_it() {
    if !is_possible() {
        return;
    }
    let folder = folder();
    let server = Server::start(&folder);
    send(&folder, &format!("127.0.0.1:{} {}", free_port(), at(&server)), "--category '\"t\"'").exits(0).says_nothing();
    assert_eq!(folder.read("got"), ALL);
    let ran = send(&folder, "127.0.0.1:1 127.0.0.1:2", "--category '\"t\"' --retry-for 1s").exits(1);
    assert!(ran.stderr.contains("given up after"), "{ran}");
    server.keeper.kill_all();
    wait_until("it was killed", Duration::from_secs(120), || server.keeper.ends() > 0);
    send(&folder, &at(&server), "--category '\"t\"'").exits(0);
    assert_eq!(folder.read("got"), format!("{ALL}{ALL}"));
}
