//! Real taps and targets from the package index, which `tests/programs` installs once.

use std::time::Duration;

use sstream_testkit::keeper::Keeper;
use sstream_testkit::needs::{free_port, has_all};

use sstream_testkit::wait_until;

use crate::world::{World, stop};

/// A folder of a test, in which real programs are in PATH; nothing where they cannot be had.
fn real() -> Option<World> {
    if !has_all("SINGER_TESTS", &["python3"]) {
        return None;
    }
    static PROGRAMS: std::sync::OnceLock<Option<String>> = std::sync::OnceLock::new();
    let programs = PROGRAMS.get_or_init(|| {
        // Not by the test kit, whose lines may take a minute at most.
        let made = std::process::Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/programs")).output().unwrap();
        let is_required = std::env::var("SINGER_TESTS").is_ok_and(|value| value == "required");
        assert!(made.status.success() || !is_required, "{}", String::from_utf8_lossy(&made.stderr));
        made.status.success().then(|| String::from_utf8(made.stdout).unwrap().trim().to_owned())
    });
    let world = World::new();
    match programs {
        Some(programs) => world.folder.file("programs", programs),
        None => {
            std::io::Write::write_all(&mut std::io::stderr(), b"SKIPPED: there are no taps to be had\n").unwrap();
            return None;
        }
    };
    Some(world)
}

const IN_PATH: &str = "PATH=$PATH:$(cat programs); ";

/// A table of dBASE with three rows.
const MAKE_DBF: &str = r#"
import struct
fields, rows = [("ID", "N", 5), ("ITEM", "C", 8)], [(1, "a"), (2, "b"), (3, "c")]
with open("orders.dbf", "wb") as out:
    out.write(struct.pack("<BBBBIHH20x", 3, 126, 1, 1, len(rows), 32 + 32 * len(fields) + 1, 14))
    for name, kind, length in fields:
        out.write(struct.pack("<11sc4xB15x", name.encode(), kind.encode(), length))
    out.write(b"\r")
    for number, item in rows:
        out.write(b" " + f"{number:5}{item:8}".encode())
    out.write(b"\x1a")
"#;

#[test]
fn from_tap_jsonl_to_target_csv() {
    let Some(world) = real() else { return };
    world.run("for n in 1 2 3; do echo '{\"id\":'$n',\"item\":\"it \\\"'$n'\\\"\"}'; done >in.jsonl").exits(0);
    world.folder.file("tap.json", "{\"path\":\"in.jsonl\"}");
    world.folder.file(
        "target.json",
        "{\"file_naming_scheme\":\"out/{stream_name}.csv\",\"overwrite_behavior\":\"append_records\"}",
    );
    world
        .run(&format!(
            "{IN_PATH} sstream-source singer --checkpoint ck -- tap-jsonl --config tap.json | sstream-map '{{id, item}}' | \
             sstream-sink singer --stream '\"orders\"' --key id -- target-csv --config target.json"
        ))
        .exits(0);
    assert_eq!(
        world.folder.read("out/orders.csv").replace('\r', ""),
        "id,item\n1,\"it \"\"1\"\"\"\n2,\"it \"\"2\"\"\"\n3,\"it \"\"3\"\"\"\n"
    );
}

#[test]
fn from_tap_dbf_to_target_jsonl() {
    let Some(world) = real() else { return };
    world.folder.file("make.py", MAKE_DBF).run("python3 make.py").exits(0);
    world.folder.file("tap.json", format!("{{\"path\":\"{}\"}}", world.folder.path("orders.dbf").display()));
    world.folder.file("target.json", "{\"destination_path\":\"out\"}");
    world
        .run(&format!(
            "{IN_PATH} sstream-source singer --with stream -- tap-dbf --config tap.json | \
             sstream-sink singer --stream .stream --value '{{id: .value.ID, item: .value.ITEM}}' -- target-jsonl --config target.json"
        ))
        .exits(0);
    let got = world.run("cat out/orders-*.jsonl").exits(0).stdout.replace(' ', "");
    assert_eq!(got.to_lowercase(), "{\"id\":1,\"item\":\"a\"}\n{\"id\":2,\"item\":\"b\"}\n{\"id\":3,\"item\":\"c\"}\n");
}

/// A database's changes by its log, run after run, over a restart from the checkpoint.
#[test]
fn postgres_by_its_log() {
    let wal2json = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let wal2json = wal2json.map(|version| version.path().join("lib/wal2json.so")).find(|path| path.is_file());
    let wal2json = wal2json.map_or("wal2json.so".to_owned(), |path| path.display().to_string());
    if !has_all("SINGER_TESTS", &["psql", "setpriv", &wal2json]) {
        return;
    }
    let Some(world) = real() else { return };
    let (folder, port) = (&world.folder, free_port());
    folder.file("pw", "hunter2\n");
    let server = concat!(env!("CARGO_MANIFEST_DIR"), "/../postgres/tests/server");
    let keeper = Keeper::start(folder, "server", &format!("exec {server} data {port}"));
    let ask = |sql: &str| {
        folder.run(&format!("PGPASSWORD=hunter2 psql -X -q -A -t -h 127.0.0.1 -p {port} -U app app -c \"{sql}\""))
    };
    let answers = || wait_until("the server answers", Duration::from_secs(60), || ask("select 1").code() == Some(0));
    answers();
    ask("alter system set wal_level = 'logical'").exits(0);
    keeper.kill_all();
    wait_until("it was killed", Duration::from_secs(120), || keeper.ends() > 0);
    answers();
    ask("select pg_create_logical_replication_slot('tappostgres', 'wal2json')").exits(0);
    ask("create table orders (id int primary key, item text)").exits(0);
    ask("alter table orders replica identity full").exits(0);
    folder.file(
        "tap.json",
        format!(
            "{{\"host\":\"127.0.0.1\",\"port\":{port},\"user\":\"app\",\"password\":\"hunter2\",\"database\":\"app\",\
             \"replication_slot_name\":\"tappostgres\",\"replication_idle_exit_seconds\":1}}"
        ),
    );
    folder.file(
        "select.py",
        "import json\ncatalog = json.load(open('found.json'))\nfor stream in catalog['streams']:\n    stream['replication_method'] = 'LOG_BASED'\n    \
         stream['replication_key'] = '_sdc_lsn'\n    for entry in stream['metadata']:\n        if entry['breadcrumb'] == []:\n            \
         entry['metadata'].update({'replication-method': 'LOG_BASED', 'selected': 'orders' in stream['tap_stream_id']})\n\
         json.dump(catalog, open('catalog.json', 'w'))\n",
    );
    folder
        .run(&format!("{IN_PATH} tap-postgres --config tap.json --discover >found.json && python3 select.py"))
        .exits(0);
    let line = format!(
        "{IN_PATH} sstream-source singer --every 1s --batch 200ms --checkpoint ck -- tap-postgres --config tap.json --catalog catalog.json | \
         sstream-map '[.id, .item, ._sdc_deleted_at != null]' | sstream-sink files out/part"
    );
    let out = || folder.run("cat out/part-* 2>/dev/null | sort -u").stdout;
    let steps = [
        ("insert into orders select n, 'item ' || n from generate_series(1, 500) n", "[500,\"item 500\",false]"),
        ("update orders set item = 'changed' where id = 7", "[7,\"changed\",false]"),
        ("delete from orders where id = 8", "[8,\"item 8\",true]"),
    ];
    for (sql, shows) in steps {
        let pipeline = world.begin(&line);
        ask(sql).exits(0);
        wait_until(shows, Duration::from_secs(60), || out().contains(shows));
        stop(pipeline);
    }
    assert_eq!(out().lines().count(), 502, "each change is there: {}", out());
    // What the tap knows of passwords is in its own configuration alone.
    folder.run("grep -rqF hunter2 ck err").exits(1);
}
