//! What `sstream explain` says of these kinds, and what is told of wrong options.

use sstream_testkit::shell::{Folder, shell};

#[track_caller]
fn explains(pipeline: &str, code: i32, parts: &[&str]) {
    let ran = shell(&format!("sstream explain '{pipeline}'")).exits(code);
    for part in parts {
        assert!(ran.stdout.contains(part), "{part} is not in\n{ran}");
    }
}

#[test]
fn what_holds_after_a_crash_is_told() {
    explains(
        "sstream-source mqtt mqtt://h --topic t --client-id c --checkpoint ck | sstream-sink files out/t",
        0,
        &["come again from its log", "guarantee: each record at least once: the source may be given one twice"],
    );
    explains(
        "sstream-source mqtt mqtt://h --topic t --checkpoint ck | sstream-sink null",
        0,
        &["what had not reached it when the source was killed is lost"],
    );
}

#[test]
fn wrong_usage_is_told() {
    for (line, says) in [
        ("sstream-source mqtt h:1883 --topic t", "mqtt://"),
        ("sstream-source mqtt mqtt://h", "--topic"),
        ("sstream-source mqtt mqtt://h --topic a#", "stand for whole levels"),
        ("sstream-source mqtt mqtt://ann:secret@h --topic t", "--user-file"),
        ("sstream-source mqtt mqtt://h --topic t --user-file empty", "--user-file: empty: it is empty"),
        ("sstream-source mqtt mqtt://h --topic t --ca empty", "--ca is for mqtts://"),
        ("sstream-source mqtt mqtts://h --topic t --ca empty", "--ca: empty: "),
        ("sstream-sink mqtt mqtt://h --topic alerts </dev/null", "one topic for all is '\"alerts\"'"),
    ] {
        let folder = Folder::new();
        folder.file("empty", "");
        let ran = folder.run(line).exits(2);
        assert!(ran.stderr.contains(says), "{says} is not in\n{ran}");
    }
}
