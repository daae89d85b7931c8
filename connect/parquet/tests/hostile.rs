//! Odd names, odd values, and too much of everything.

use sstream_testkit::shell::Folder;

use crate::support::{files, has, is_possible, is_tidy, peer, write};

#[test]
fn odd_names_are_columns() {
    if !is_possible() {
        return;
    }
    let folder = Folder::new();
    let row = "{\"\": 1, \" \": 2, \"\\\"\": 3, \"a b\": 4, \"a,b;{}()=\\n\\t\": 5, \"a.b\": 6, \"é\": 7}";
    write(&folder, &format!("[{row}]\n"), "").exits(0).says_nothing();
    has(&folder, &[row]);
}

#[test]
fn what_is_deep_or_long_goes_through() {
    if !is_possible() {
        return;
    }
    let folder = Folder::new();
    let deep = format!("{}1{}", "[".repeat(900), "]".repeat(900));
    let long = "x".repeat(20_000_000);
    folder.file("batches", format!("[{{\"d\":{deep},\"s\":\"{long}\"}},{{\"s\":\"y\"}}]\n"));
    folder.run("mkdir out; sstream-source queue batches --batch 1s | sstream-sink parquet out").exits(0).says_nothing();
    let sql = "select sum(length(s)), count(d) from 'out/*.parquet'";
    assert_eq!(peer(&folder, &format!("duckdb \"{sql}\"")), "20000001|1\n");
}

#[test]
fn folders_are_many_more_than_open_files() {
    if !is_possible() {
        return;
    }
    let folder = Folder::new();
    // Memory for a few rows a folder: most of them are written several times.
    folder
        .run(
            "mkdir out; ulimit -n 256; seq 40000 | sstream-source stdin --batch 1h \
             | sstream-map 'tonumber | {n: ., of: (. % 3000), s: (\"x\" * 50)}' \
             | sstream-sink parquet out --partition 'of={.of}' --row-group 1MiB",
        )
        .exits(0)
        .says_nothing();
    let found = files(&folder);
    assert!(found.len() >= 3000, "{}", found.len());
    let sql = "select count(*), count(distinct n), sum(n), count(distinct of) from read_parquet('out/**/*.parquet', hive_partitioning=true)";
    assert_eq!(peer(&folder, &format!("duckdb \"{sql}\"")), "40000|40000|800020000|3000\n");
    assert!(is_tidy(&folder));
}

#[test]
fn names_that_no_folder_can_have_are_bad_records() {
    if !is_possible() {
        return;
    }
    let folder = Folder::new();
    let batches = format!(
        "[{{\"c\":\"{}\",\"n\":1}},{{\"c\":\"../../..\",\"n\":2}},{{\"c\":[1],\"n\":3}},{{\"c\":\"\\u0000\",\"n\":4}}]\n",
        "é".repeat(200)
    );
    write(&folder, &batches, "--partition 'p={.c}' --on-error bad").exits(0);
    assert_eq!(folder.read("bad").lines().count(), 2);
    assert_eq!(files(&folder), ["p=%00/part-1000.parquet", "p=..%2F..%2F../part-1000.parquet"]);
}

#[test]
fn more_keys_than_columns_are_told() {
    let wide: Vec<String> = (0..1500).map(|key| format!("\"{key}\":1")).collect();
    let ran = write(&Folder::new(), &format!("[{{{}}}]\n", wide.join(",")), "").exits(2);
    assert!(ran.stderr.contains("more than 1001 keys") && ran.stderr.contains("--schema"), "{ran}");
}
