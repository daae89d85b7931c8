//! Records become messages for targets.

use crate::world::{World, is_possible, records};

#[test]
fn each_batch_is_a_run_of_the_target() {
    if !is_possible() {
        return;
    }
    let world = World::new();
    world.folder.file("batches", "[{\"n\":1},{\"n\":2,\"v\":\"x\"}]\n[]\n[{\"n\":3.5}]\n");
    world
        .run("sstream-source queue batches --batch 1s | sstream-sink singer --key n -- $target got")
        .exits(0)
        .says_nothing();
    assert_eq!(world.folder.read("got"), "{\"n\": 1}\n{\"n\": 2, \"v\": \"x\"}\n{\"n\": 3.5}\n");
    let schemas = world.folder.read("schemas");
    let schema = |n: &str| {
        format!(
            "{{\"type\":\"SCHEMA\",\"stream\":\"records\",\"schema\":{{\"type\":\"object\",\"properties\":{{\"n\":{{\"type\":\
             [\"null\",\"{n}\"]}},\"v\":{{\"type\":[\"null\",\"string\"]}}}}}},\"key_properties\":[\"n\"]}}\n"
        )
    };
    assert_eq!(schemas, schema("integer") + &schema("number"));
}

#[test]
fn streams_values_and_schemas_that_are_given() {
    if !is_possible() {
        return;
    }
    let world = World::new();
    world.folder.file("batches", "[[\"a\",{\"x\":1}],[\"b\",{\"y\":2}],[\"b\",3],[4,{}]]\n");
    world.folder.file("a.json", "{ \"type\": \"object\", \"properties\": {} }");
    world
        .run("sstream-source queue batches --batch 1s | sstream-sink singer --stream '.[0]' --value '.[1]' --schema a=a.json --on-error bad -- $target got")
        .exits(0);
    assert_eq!(world.folder.read("got"), "{\"x\": 1}\n{\"y\": 2}\n");
    assert!(
        world.folder.read("schemas").contains("\"stream\":\"a\",\"schema\":{\"type\":\"object\",\"properties\":{}}")
    );
    let bad = world.folder.read("bad");
    assert!(bad.contains("is an object: make one by --value") && bad.contains("a stream is a string"), "{bad}");
}

/// Not before the target has given back a batch's STATE is the batch done with.
#[test]
fn what_is_not_given_back_is_not_done() {
    if !is_possible() {
        return;
    }
    let world = World::new();
    world.run("seq 5 >numbers").exits(0);
    let sink = |target: &str| {
        world.run(&format!("sstream-source singer --checkpoint ck -- $tap | sstream-sink singer -- {target}"))
    };
    for (target, says) in [
        ("sh -c 'cat >/dev/null; exit 3'", "sh ended with exit code 3"),
        ("sh -c 'cat >/dev/null; echo words'", "gave back nothing"),
        ("sh -c 'cat >/dev/null; echo \"{\\\"bookmarks\\\":{}}\"'", "gave back {\"bookmarks\":{}}"),
        ("true", "true "),
        ("target-nowhere", "install it"),
    ] {
        let ran = sink(target).exits(1);
        assert!(ran.stderr.contains(says), "{says} is not in\n{ran}");
    }
    // It comes again until it is.
    sink("$target got").exits(0);
    assert_eq!(world.folder.read("got").replace(": ", ":"), records(1..=5));
    sink("sh -c 'echo no >>got'").exits(0);
    assert!(!world.folder.read("got").contains("no"), "a batch that is done with comes no more");
    world.run("echo '{}' | sstream-sink singer --input json --without-state -- sh -c 'cat >/dev/null'").exits(0);
}
