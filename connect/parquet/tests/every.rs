//! Several batches in a file, with and without a checkpoint, and what a restart finds.

use sstream_testkit::shell::Folder;

use crate::support::{files, has, is_possible, is_tidy, peer, write};

#[test]
fn a_file_has_the_batches_of_a_time_or_size() {
    if !is_possible() {
        return;
    }
    let batches: String = (1..=25).map(|n| format!("[{{\"n\":{n}}}]\n")).collect();
    let folder = Folder::new();
    write(&folder, &batches, "--every 10s").exits(0).says_nothing();
    assert_eq!(files(&folder), ["part-1000.parquet", "part-11000.parquet", "part-21000.parquet"]);
    assert_eq!(
        peer(&folder, "groups out"),
        "part-1000.parquet 10 1 ZSTD\npart-11000.parquet 10 1 ZSTD\npart-21000.parquet 5 1 ZSTD\n"
    );
    assert!(is_tidy(&folder));
    let folder = Folder::new();
    // A row has 8 or 9 bytes and the head of its piece.
    write(&folder, &batches, "--every 240B --every 1h").exits(0).says_nothing();
    assert_eq!(peer(&folder, "numbers out n"), "25 25 1 25\n");
    assert_eq!(files(&folder).len(), 3);
}

#[test]
fn a_batch_that_fails_takes_no_other_with_it() {
    if !is_possible() {
        return;
    }
    let folder = Folder::new();
    write(&folder, "[{\"n\":1}]\n[{\"n\":2}]\n[{\"n\":3},{\"n\":\"x\"}]\n", "--every 1h").exits(4).says("column n");
    has(&folder, &["{\"n\": 1}", "{\"n\": 2}"]);
    assert!(is_tidy(&folder));
}

/// A run over the batches of a folder, under its checkpoint.
fn go_on(folder: &Folder, options: &str) -> sstream_testkit::shell::Ran {
    folder.run(&format!(
        "mkdir -p out; sstream-source dir in --checkpoint ck --batch 1s --available-now \
         | sstream-map 'tonumber | {{n: ., o: {{s: tostring}}}}' | sstream-sink parquet out {options}"
    ))
}

#[test]
fn a_restart_goes_on_with_the_columns_and_files_of_the_run_before() {
    if !is_possible() {
        return;
    }
    let folder = Folder::new();
    folder.run("mkdir in; seq 1 10 >in/1").exits(0);
    go_on(&folder, "--every 1h").exits(0).says_nothing();
    // The stream was over: its rows are seen.
    assert_eq!(peer(&folder, "numbers out n"), "10 10 1 10\n");
    folder.run("seq 11 20 >in/2").exits(0);
    go_on(&folder, "--every 1h").exits(0).says_nothing();
    assert_eq!(peer(&folder, "numbers out n"), "20 20 1 20\n");
    assert_eq!(files(&folder).len(), 2);
    // Nothing new, and nothing twice, also when somebody has taken a file away.
    folder.run("rm out/$(ls out | head -n 1)").exits(0);
    go_on(&folder, "").exits(0).says_nothing();
    assert_eq!(peer(&folder, "numbers out n"), "10 10 11 20\n");
    folder.run("echo '{\"n\":1}' >in/3").exits(0);
    let ran = go_on(&folder, "");
    assert_eq!(ran.code(), Some(4), "{ran}");
}

#[test]
fn rows_that_are_gone_are_told() {
    if !is_possible() {
        return;
    }
    let folder = Folder::new();
    folder.run("mkdir in; seq 1 10 >in/1").exits(0);
    go_on(&folder, "--every 1h").exits(0).says_nothing();
    folder.run("rm -r out/.sstream-part; seq 11 20 >in/2").exits(0);
    let ran = go_on(&folder, "--every 1h").exits(5);
    assert!(ran.stderr.contains("rows that were committed are not here"), "{ran}");
}

#[test]
fn a_reset_goes_to_the_beginning_of_a_file() {
    if !is_possible() {
        return;
    }
    let folder = Folder::new();
    let batches: String = (1..=7).map(|n| format!("[{{\"n\":{n}}}]\n")).collect();
    folder.file("batches", &batches).run("mkdir out").exits(0);
    let line = "sstream-source queue batches --checkpoint ck --batch 1s | sstream-sink parquet out --every 3s";
    folder.run(line).exits(0).says_nothing();
    // What is behind it in the same file would come twice.
    folder.run("sstream-checkpoint reset ck --to 5000 --yes").exits(0);
    let ran = folder.run(line).exits(5);
    assert!(ran.stderr.contains("from an older moment"), "{ran}");
    folder.run("sstream-checkpoint reset ck --to 3000 --yes").exits(0);
    folder.run(line).exits(0).says_nothing();
    assert_eq!(peer(&folder, "numbers out n"), "7 7 1 7\n");
    assert_eq!(files(&folder), ["part-1000.parquet", "part-4000.parquet", "part-7000.parquet"]);
}
