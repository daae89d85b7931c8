//! What is in the files.

use sstream_testkit::shell::{Folder, shell};

use crate::support::{is_possible, peer, write};

#[test]
fn pairs_are_keys_and_values_however_they_are_compressed() {
    if !is_possible() {
        return;
    }
    for options in [
        "",
        "--compression record",
        "--compression record --codec gzip",
        "--compression block",
        "--compression block --codec gzip",
    ] {
        let folder = Folder::new();
        let batches = "[[\"é😀\",9223372036854775807],[[1,\"x\"],-9223372036854775808]]\n[]\n[[\"\\u0000\",4.2e1]]\n";
        write(&folder, batches, &format!("--value-type long {options}")).exits(0).says_nothing();
        folder.run("ls -A out").exits(0).prints("b-1000\nb-3000\n");
        let rows = "[\"é😀\", 9223372036854775807]\n[\"[1,\\\"x\\\"]\", -9223372036854775808]\n[\"\\u0000\", 42]\n";
        assert_eq!(peer(&folder, "rows out/b-1000 out/b-3000"), rows, "{options}");
    }
}

#[test]
fn the_head_says_what_a_file_is() {
    if !is_possible() {
        return;
    }
    let folder = Folder::new();
    let options = "seq --key-type null --value-type double --compression block --metadata b=1=2 --metadata a=é";
    write(&folder, "[-0.0,1e-400,5]\n", options).exits(0).says_nothing();
    assert_eq!(
        peer(&folder, "head out/b-1000.seq"),
        "[\"org.apache.hadoop.io.NullWritable\", \"org.apache.hadoop.io.DoubleWritable\", true, true, \
         \"org.apache.hadoop.io.compress.DefaultCodec\", {\"a\": \"\\u00e9\", \"b\": \"1=2\"}]\n"
    );
    assert_eq!(peer(&folder, "rows out/b-1000.seq"), "[null, -0.0]\n[null, 0.0]\n[null, 5.0]\n");
}

#[test]
fn programs_say_what_is_key_and_value() {
    if !is_possible() {
        return;
    }
    let folder = Folder::new();
    let batches = "[{\"n\":1,\"s\":\"AP8=\"},{\"n\":2}]\n";
    write(&folder, batches, "--key .n --value .s --key-type int --value-type base64 --on-error bad").exits(0);
    assert_eq!(peer(&folder, "rows out/b-1000"), "[1, \"base64 AP8=\"]\n");
    assert!(folder.read("bad").contains("--value: null is no base64"), "{}", folder.read("bad"));
}

#[test]
fn a_record_that_is_not_of_the_classes_is_a_bad_record() {
    let folder = Folder::new();
    let batches = "[[\"a\",1],[\"b\",\"x\"],[\"c\",3]]\n";
    write(&folder, batches, "--value-type long").exits(4).says("value: \"x\" is no number that a long has");
    folder.run("ls -A out").exits(0).prints("");
    if is_possible() {
        write(&folder, batches, "--value-type long --on-error skip").exits(0).says("1 bad record");
        assert_eq!(peer(&folder, "rows out/b-1000"), "[\"a\", 1]\n[\"c\", 3]\n");
    }
    write(&folder, "[5]\n", "").exits(4).says("it is no pair");
}

#[test]
fn options_that_do_not_go_together_open_nothing() {
    for (options, says) in [
        ("--key . --key-type null", "a NullWritable holds nothing"),
        ("--value . --value-type null", "a NullWritable holds nothing"),
        ("--codec gzip", "--compression record or block"),
        ("--metadata x", "origin=sstream"),
        ("--metadata x=1 --metadata x=2", "two values for x"),
        ("--objects --key .k", "--key"),
        ("--objects --value-type long", "--value-type"),
        ("--scala 2.13", "--objects"),
    ] {
        shell(&format!("sstream-sink sequencefile /nowhere/out {options} </dev/null")).exits(2).says(says);
    }
    shell("sstream-sink sequencefile /nowhere/out </dev/null").exits(1).says("/nowhere");
}

#[test]
fn readers_find_a_marker_now_and_then() {
    if !is_possible() {
        return;
    }
    let folder = Folder::new();
    folder.run("mkdir out").exits(0);
    let line = "seq 200000 | sstream-source stdin --batch 1h | sstream-map '[tonumber, .]' \
                | sstream-sink sequencefile out/b --key-type long";
    folder.run(line).exits(0).says_nothing();
    let markers = peer(&folder, "markers out/b-*");
    let words: Vec<u64> = markers.split_whitespace().map(|word| word.parse().unwrap()).collect();
    assert!(words[0] > 30 && words[1] < 110_000, "{markers}");
    assert_eq!(peer(&folder, "numbers out/b-*"), "200000 200000 1 200000\n");
    // Blocks have about a megabyte, whatever there is in memory of a batch.
    folder.run(&format!("rm out/*; {line} --compression block")).exits(0).says_nothing();
    assert_eq!(peer(&folder, "numbers out/b-*"), "200000 200000 1 200000\n");
    let blocks = peer(&folder, "markers out/b-*");
    assert!(["3 ", "4 "].iter().any(|begin| blocks.starts_with(begin)), "{blocks}");
}

#[test]
fn a_batch_is_a_directory_as_spark_has_it() {
    if !is_possible() {
        return;
    }
    let folder = Folder::new();
    write(&folder, "[[\"a\",1]]\n[]\n", "--layout spark").exits(0).says_nothing();
    let files = "out/b-1000/_SUCCESS\nout/b-1000/part-00000\nout/b-2000/_SUCCESS\nout/b-2000/part-00000\n";
    folder.run("find out -type f | sort").exits(0).prints(files);
    assert_eq!(peer(&folder, "rows out/b-1000 out/b-2000"), "[\"a\", \"1\"]\n");
}
