//! What `sstream explain` says of this kind, and what is told of wrong options.

use sstream_testkit::shell::{Folder, explains};

#[test]
fn what_holds_after_a_crash_is_told() {
    explains(
        "sstream-source feed http://h/ --events --checkpoint ck | sstream-sink files out/t",
        0,
        &["behind the last event's ID", "exactly once"],
    );
    explains(
        "sstream-source feed http://h/ --checkpoint ck | sstream-sink null",
        0,
        &["what had not reached it when the source was killed is lost"],
    );
}

#[test]
fn wrong_usage_is_told() {
    for (line, says) in [
        ("sstream-source feed h:80", "http://"),
        ("sstream-source feed ws://h/ --events", "--events is for a stream"),
        ("sstream-source feed ws://h/ --every 1s", "--every is for http://"),
        ("sstream-source feed http://h/ --every 1s --events", "--events is for a stream"),
        ("sstream-source feed http://h/ --send x", "--send is for ws://"),
        ("sstream-source feed http://h/ --with id", "are of --events"),
        ("sstream-source feed http://h/ --every 1s --cursor .next", "give --value json"),
        ("sstream-source feed http://h/ --every 1s --value json --cursor '.next |'", "--cursor: "),
        ("sstream-source feed http://ann:secret@h/", "--header-file"),
        ("sstream-source feed http://h/ --bearer-file empty", "--bearer-file: empty: it is empty"),
        ("sstream-source feed http://h/ --ca empty", "--ca is for https://"),
        ("sstream-source feed https://h/ --ca empty", "--ca: empty: "),
    ] {
        let folder = Folder::new();
        folder.file("empty", "");
        let ran = folder.run(line).exits(2);
        assert!(ran.stderr.contains(says), "{says} is not in\n{ran}");
    }
}
