//! What a real server has, and what becomes of what it refuses.

use clap::Parser as _;
use sstream::connect::{BatchTime, Block, SinkKind as _, Under, testing};

use crate::server::{Line, Server, is_possible};

/// Sinks that die after each part of a batch, and give it once more: all is there, in its first version.
#[test]
fn a_batch_that_comes_again_changes_nothing() {
    if !is_possible() {
        return;
    }
    let server = Server::shared("again");
    let under = Under { job: "0123", stage: "a.01-sink", resume: BatchTime(0), notes: &[] };
    let records: String = (1..=5).map(|n| format!("{{\"n\":{n}}}\n")).collect();
    for (time, given) in [(1000, 2), (1000, 5), (1000, 5), (2000, 3), (2000, 5)] {
        let args = Line::parse_from(["sink", &server.url, "--collection", "c", "--bulk-bytes", "100B"]).args;
        let mut sink = args.open(testing::sink_parts()).unwrap();
        assert_eq!(sink.begin(&under).unwrap(), None);
        let bytes = &records.as_bytes()[..given * b"{\"n\":1}\n".len()];
        sink.block(Block { time: BatchTime(time), records: given as u64, bytes }).unwrap();
        sink.end(BatchTime(time), given as u64).unwrap();
        // Somebody else's change stays.
        server.ask("db.c.update_many({}, {\"$set\": {\"seen\": True}}).acknowledged", "d");
    }
    let found = server.ask("db.c.find({\"seen\": True}).sort([(\"n\", 1), (\"_id\", 1)])", "[d[\"_id\"], d[\"n\"]]");
    let expected: Vec<String> =
        (1..=5).flat_map(|n| [1000, 2000].map(|time| format!("[\"0123-a.01-sink-{time}-{n}\", {n}]\n"))).collect();
    assert_eq!(found, expected.concat());
}

/// Each value is of the type that pymongo has for it, and none has lost a digit.
#[test]
fn values_of_every_type() {
    if !is_possible() {
        return;
    }
    let server = Server::shared("types");
    let batch = concat!(
        r#"[{"_id":1,"int":2147483647,"long":2147483648,"double":0.1,"decimal":0,"text":"é\u0000\"","list":[1,true,null],"#,
        r#""in":{"b":{"c":""}},"at":"2016-07-23T14:11:50.123Z","nested":{"at":[0,1000]}}]"#
    );
    server.write(&format!("{batch}\n"), "--collection c --id ._id --date at --date nested.at").exits(0).says_nothing();
    let names = "[[k, type(v).__name__, str(v)] for k, v in d.items()]";
    assert_eq!(
        server.documents("c", "_id", names).replace("], [", "]\n["),
        "[[\"_id\", \"int\", \"1\"]\n[\"int\", \"int\", \"2147483647\"]\n[\"long\", \"Int64\", \"2147483648\"]\n\
         [\"double\", \"float\", \"0.1\"]\n[\"decimal\", \"int\", \"0\"]\n[\"text\", \"str\", \"\\u00e9\\u0000\\\"\"]\n\
         [\"list\", \"list\", \"[1, True, None]\"]\n[\"in\", \"dict\", \"{'b': {'c': ''}}\"]\n\
         [\"at\", \"datetime\", \"2016-07-23 14:11:50.123000\"]\n\
         [\"nested\", \"dict\", \"{'at': [datetime.datetime(1970, 1, 1, 0, 0), datetime.datetime(1970, 1, 1, 0, 0, 1)]}\"]]\n"
    );
    let extended = r#"[{"k":{"$oid":"0123456789abcdef01234567"},"b":{"$binary":{"base64":"AP8=","subType":"00"}},"d":{"$date":1000}}]"#;
    server.write(&format!("{extended}\n"), "--collection e --id .k --extended-json").exits(0).says_nothing();
    assert_eq!(
        server.documents("e", "_id", "d"),
        "{\"_id\": {\"$oid\": \"0123456789abcdef01234567\"}, \"k\": {\"$oid\": \"0123456789abcdef01234567\"}, \
         \"b\": {\"$binary\": {\"base64\": \"AP8=\", \"subType\": \"00\"}}, \"d\": {\"$date\": \"1970-01-01T00:00:01Z\"}}\n"
    );
}

#[test]
fn documents_have_ids_of_their_batch_and_collections_of_their_day() {
    if !is_possible() {
        return;
    }
    let server = Server::shared("days");
    server
        .write("[\"a\",\"b\"]\n[]\n[\"c\"]\n", "--collection 'plain-%Y.%m.%d' --doc '{m: ., t: $time}'")
        .exits(0)
        .says_nothing();
    let found = server.documents("plain-1970.01.01", "_id", "[d[\"_id\"][-6:], d[\"m\"]]");
    assert_eq!(found, "[\"1000-1\", \"a\"]\n[\"1000-2\", \"b\"]\n[\"3000-1\", \"c\"]\n");

    let batches =
        r#"[{"app":"shop","at":"2016-07-23T14:11:50Z"},{"app":"blog","at":1469283110000},{"app":"shop","at":null}]"#;
    let options = "--database 'of-{.app}' --collection '%Y-%m' --time .at --on-error bad";
    server.write(batches, options).exits(0);
    for app in ["shop", "blog"] {
        let found = server.ask(&format!("client[\"of-{app}\"][\"2016-07\"].find()"), "d[\"app\"]");
        assert_eq!(found, format!("\"{app}\"\n"));
    }
    assert!(server.folder.read("bad").contains("the value of --time is null"), "{}", server.folder.read("bad"));
}

#[test]
fn documents_by_their_own_id_or_key() {
    if !is_possible() {
        return;
    }
    let server = Server::shared("keyed");
    let batches = "[{\"k\":\"x\",\"n\":1},{\"k\":\"y\",\"n\":2},{\"k\":\"x\",\"m\":3}]\n[{\"k\":\"y\",\"m\":4}]\n";
    for (name, options, x, y) in [
        ("id", "--id .k", "[[\"k\", \"x\"], [\"m\", 3]]", "[[\"k\", \"y\"], [\"m\", 4]]"),
        (
            "update",
            "--id .k --op update",
            "[[\"k\", \"x\"], [\"m\", 3], [\"n\", 1]]",
            "[[\"k\", \"y\"], [\"m\", 4], [\"n\", 2]]",
        ),
        ("insert", "--id .k --op insert", "[[\"k\", \"x\"], [\"n\", 1]]", "[[\"k\", \"y\"], [\"n\", 2]]"),
        ("key", "--key k --create", "[[\"k\", \"x\"], [\"m\", 3]]", "[[\"k\", \"y\"], [\"m\", 4]]"),
        (
            "fields",
            "--key k --create --op update",
            "[[\"k\", \"x\"], [\"m\", 3], [\"n\", 1]]",
            "[[\"k\", \"y\"], [\"m\", 4], [\"n\", 2]]",
        ),
    ] {
        server.write(batches, &format!("--collection {name} {options}")).exits(0).says_nothing();
        let found = server.documents(name, "k", "sorted([k, v] for k, v in d.items() if k != \"_id\")");
        assert_eq!(found, format!("{x}\n{y}\n"), "{name}");
    }
    assert_eq!(server.ask("db.key.index_information()[\"sstream_k\"][\"unique\"]", "d"), "true\n");
}

#[test]
fn a_document_that_is_refused_is_a_bad_record_and_the_others_are_written() {
    if !is_possible() {
        return;
    }
    let server = Server::shared("bad");
    server.ask("db.c.create_index(\"mail\", unique=True)", "d");
    let batches = "[{\"c\":\"c\",\"mail\":1},{\"c\":\"c\",\"mail\":2}]\n\
                   [{\"c\":\"c\",\"mail\":2},\"a line\",{\"c\":\"c\",\"mail\":3},{\"c\":\"a$b\"},{\"c\":\"c\",\"_id\":9},{\"c\":\"c\",\"mail\":4}]\n";
    server.write(batches, "--collection '{.c}' --on-error bad").exits(0);
    assert_eq!(server.documents("c", "mail", "d[\"mail\"]"), "1\n2\n3\n4\n");
    let bad = server.folder.read("bad");
    assert_eq!(bad.lines().count(), 4, "{bad}");
    for says in ["E11000", "--doc makes one", "nvalid", "--id ._id takes it"] {
        assert!(bad.contains(says), "{says} is not in {bad}");
    }
    let failed = server.write(batches, "--collection '{.c}'").exits(4);
    assert!(failed.stderr.contains("E11000"), "{failed}");
}

#[test]
fn many_documents_and_large_ones() {
    if !is_possible() {
        return;
    }
    let server = Server::shared("many");
    let url = &server.url;
    server
        .folder
        .run(&format!("seq 20000 | sstream-sink mongodb {url} --collection c --doc '{{n: tonumber}}'"))
        .exits(0)
        .says_nothing();
    assert_eq!(
        server.ask("[[sum(d[\"n\"] for d in db.c.find()), db.c.count_documents({})]]", "d"),
        "[200010000, 20000]\n"
    );
    let line = "head -c 6000000 /dev/zero | tr '\\0' x >line; for n in 1 2 3; do cat line; echo $n; done";
    let large = format!("({line}) | sstream-sink mongodb {url} --collection large --doc '{{m: .}}' --max-line 20MB");
    server.folder.run(&large).exits(0).says_nothing();
    assert_eq!(server.documents("large", "m", "len(d[\"m\"])"), "6000001\n6000001\n6000001\n");
}
