//! Names of files and folders, their inside, and options that do not go together.

use sstream_testkit::shell::Folder;

use crate::support::{files, has, is_possible, is_tidy, peer, write};

#[test]
fn a_batch_that_is_run_again_replaces_itself() {
    if !is_possible() {
        return;
    }
    let folder = Folder::new();
    for _ in 0..2 {
        write(&folder, "[{\"n\":1,\"s\":\"a\"}]\n[{\"n\":2}]\n", "--prefix hits --partition 'n={.n}'")
            .exits(0)
            .says_nothing();
        // Times of a virtual clock begin anew with each run.
        assert_eq!(files(&folder), ["n=1/hits-1000.parquet", "n=2/hits-2000.parquet"]);
    }
    assert!(is_tidy(&folder));
}

#[test]
fn folders_are_as_hive_has_them() {
    if !is_possible() {
        return;
    }
    let folder = Folder::new();
    let batches = "[{\"t\":1469283110,\"c\":\"a=b/c d\",\"n\":1},{\"t\":1469283110,\"c\":null,\"n\":2},{\"t\":1469290310,\"c\":\"é\",\"n\":3}]\n";
    let options = "--partition 'dt=%Y-%m-%d/hour=%H/c={.c}' --time .t --time-unit s";
    write(&folder, batches, options).exits(0).says_nothing();
    assert_eq!(
        files(&folder),
        [
            "dt=2016-07-23/hour=14/c=__HIVE_DEFAULT_PARTITION__/part-1000.parquet",
            "dt=2016-07-23/hour=14/c=a%3Db%2Fc d/part-1000.parquet",
            "dt=2016-07-23/hour=16/c=é/part-1000.parquet"
        ]
    );
    // The column is in the folder's name, and not in the file.
    assert_eq!(peer(&folder, "columns out"), "t: int64\nn: int64\n");
    let sql = "select n, c, dt, hour from read_parquet('out/**/*.parquet', hive_partitioning=true) order by n";
    assert_eq!(
        peer(&folder, &format!("duckdb \"{sql}\"")),
        "1|a=b/c d|2016-07-23|14\n2|__HIVE_DEFAULT_PARTITION__|2016-07-23|14\n3|é|2016-07-23|16\n"
    );
    assert_eq!(peer(&folder, "numbers out n"), "3 3 1 3\n");
    let folder = Folder::new();
    write(&folder, "[{\"n\":1}]\n", "--partition 'dt=%Y/second=%S' --zone Asia/Kolkata").exits(0).says_nothing();
    assert_eq!(files(&folder), ["dt=1970/second=01/part-1000.parquet"]);
}

#[test]
fn rows_are_in_row_groups_and_pages_are_compressed() {
    if !is_possible() {
        return;
    }
    for (compression, word) in [("zstd", "ZSTD"), ("snappy", "SNAPPY"), ("none", "UNCOMPRESSED")] {
        let folder = Folder::new();
        let line = "mkdir out; seq 20000 | sstream-source stdin --batch 1h | sstream-map '{n: tonumber, s: \"row \\(.)\", l: [., null]}' \
                    | sstream-sink parquet out --row-group 256KiB --compression";
        folder.run(&format!("{line} {compression}")).exits(0).says_nothing();
        let groups = peer(&folder, "groups out");
        let words: Vec<&str> = groups.split_whitespace().collect();
        assert_eq!((words[1], words[3], words.len()), ("20000", word, 4), "{groups}");
        assert!((4..40).contains(&words[2].parse::<usize>().unwrap()), "{groups}");
        assert_eq!(peer(&folder, "numbers out n"), "20000 20000 1 20000\n");
        let sql = "select count(*), sum(n), count(distinct s), sum(len(l)), max(l[1]) from 'out/*.parquet'";
        assert_eq!(peer(&folder, &format!("duckdb \"{sql}\"")), "20000|200010000|20000|40000|9999\n");
    }
}

#[test]
fn two_sinks_of_a_folder_have_two_prefixes() {
    if !is_possible() {
        return;
    }
    let folder = Folder::new();
    let line = |prefix: &str| {
        format!(
            "mkdir out; echo '[{{\"n\":1}}]' >batches; \
             sstream-source queue batches --batch 1s | sstream-sink --pass parquet out | sstream-sink parquet out {prefix}"
        )
    };
    folder.run(&line("--prefix other")).exits(0).says_nothing();
    assert_eq!(files(&folder), ["other-1000.parquet", "part-1000.parquet"]);
    let ran = Folder::new().run(
        "mkdir out; sleep 8 | sstream-sink parquet out & until [ -e out/.sstream-part ]; do sleep 0.05; done; \
         echo '[1]' | sstream-sink parquet out",
    );
    let ran = ran.exits(1);
    assert!(ran.stderr.contains("another sstream-sink writes: give one of them another --prefix"), "{ran}");
}

#[test]
fn what_is_wrong_is_told() {
    for (options, code, says) in [
        ("--partition %Y", 2, "NAME=VALUE"),
        ("--partition a=1 --time .t", 2, "no place for a time"),
        ("--time .t", 2, "--partition"),
        ("--every x", 2, "neither a size"),
        ("--every 1s --every 2s", 2, "one size and one duration"),
        ("--schema none", 2, "No such file"),
        ("--schema batches", 2, "batches"),
        ("--timestamp x=y", 2, "none of s, ms, us, ns"),
        ("--timestamp x=%!", 2, "%!"),
        ("--type x=varchar", 2, "types are boolean"),
        ("--type 'x=decimal(39,0)'", 2, "types are boolean"),
        ("--type x=int --schema batches", 2, "--schema"),
        ("--zone Mars", 2, "no time zone"),
        ("--zone UTC", 2, "there is no time"),
        ("--prefix _x", 2, "readers of Parquet leave files out"),
        ("--prefix a/b", 2, "folders belong into DIR"),
        ("--row-group 1KiB", 2, "less than 64KiB"),
        ("--compression lz4", 2, "lz4"),
        ("--partition 'n=%Y'", 2, "call the folder otherwise"),
    ] {
        let ran = write(&Folder::new(), "[{\"n\":1}]\n", options).exits(code);
        assert!(ran.stderr.contains(says), "{says} is not in\n{ran}");
    }
    let folder = Folder::new();
    folder.file("batches", "[1]\n");
    let ran = folder.run("sstream-source queue batches --batch 1s | sstream-sink parquet nowhere").exits(1);
    assert!(ran.stderr.contains("nowhere") && ran.stderr.contains("No such file"), "{ran}");
}

#[test]
fn a_batch_of_nothing_is_no_file() {
    if !is_possible() {
        return;
    }
    let folder = Folder::new();
    write(&folder, "[]\n[{}]\n[{\"n\":null}]\n[{\"n\":1}]\n", "--on-error skip").exits(0);
    has(&folder, &["{\"n\": 1}"]);
}
