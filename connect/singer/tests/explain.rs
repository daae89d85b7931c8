//! What `sstream explain` says of these kinds, and what is told of wrong options.

use sstream_testkit::shell::{Folder, explains};

#[test]
fn what_holds_after_a_crash_is_told() {
    explains(
        "sstream-source singer --checkpoint ck -- tap-x --config c.json | sstream-sink files out/t",
        0,
        &["guarantee: each record at least once: the source may be given one twice"],
    );
    explains(
        "sstream-source tail f --checkpoint ck | sstream-sink singer -- target-x",
        0,
        &["did not give back comes again"],
    );
}

#[test]
fn wrong_usage_is_told() {
    for (line, says) in [
        ("sstream-source singer", "TAP"),
        ("sstream-source singer -- tap-x --state s.json", "is ours to give"),
        ("sstream-sink singer --schema s -- target-x </dev/null", "as records=schema.json"),
        ("sstream-sink singer --schema s=list -- target-x </dev/null", "a schema is an object"),
        ("sstream-sink singer --stream clicks -- target-x </dev/null", "one stream for all is '\"clicks\"'"),
    ] {
        let folder = Folder::new();
        folder.file("list", "[]");
        let ran = folder.run(line).exits(2);
        assert!(ran.stderr.contains(says), "{says} is not in\n{ran}");
    }
}
