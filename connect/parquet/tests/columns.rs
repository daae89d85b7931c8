//! What records become: types, nested values, what does not fit.

use sstream_testkit::shell::Folder;

use crate::support::{files, has, is_possible, is_tidy, peer, write};

#[test]
fn columns_are_keys_and_types_those_of_the_first_batch() {
    if !is_possible() {
        return;
    }
    let folder = Folder::new();
    let batches = "[{\"b\":true,\"i\":-9223372036854775808,\"x\":1.5,\"s\":\"é\\n\",\"none\":null},{\"i\":9223372036854775807,\"x\":2}]\n\
                   []\n[{\"s\":null}]\n";
    write(&folder, batches, "").exits(0).says_nothing();
    assert_eq!(peer(&folder, "columns out"), "b: bool\ni: int64\nx: double\ns: string\n");
    has(
        &folder,
        &[
            "{\"b\": true, \"i\": -9223372036854775808, \"s\": \"é\\n\", \"x\": 1.5}",
            "{\"b\": null, \"i\": 9223372036854775807, \"s\": null, \"x\": 2.0}",
            "{\"b\": null, \"i\": null, \"s\": null, \"x\": null}",
        ],
    );
    assert_eq!(files(&folder).len(), 2);
    assert!(is_tidy(&folder));
}

#[test]
fn nested_values_have_their_levels() {
    if !is_possible() {
        return;
    }
    let folder = Folder::new();
    let rows = [
        "{\"l\": [[1, null], [], null], \"o\": {\"p\": {\"q\": 1}, \"r\": [{\"s\": \"a\"}, {\"s\": null}]}}",
        "{\"l\": [], \"o\": {\"p\": null, \"r\": []}}",
        "{\"l\": null, \"o\": {\"p\": {\"q\": null}, \"r\": [null]}}",
        "{\"l\": [null], \"o\": null}",
        "{\"l\": [[2], [3, 4]], \"o\": {\"p\": {\"q\": 5}, \"r\": null}}",
    ];
    write(&folder, &format!("[{}]\n", rows.join(",")), "").exits(0).says_nothing();
    has(&folder, &rows);
    assert_eq!(
        peer(&folder, "columns out"),
        "l: list<element: list<element: int64>>\no: struct<p: struct<q: int64>, r: list<element: struct<s: string>>>\n"
    );
    let sql = "select sum(o.p.q), sum(len(l)) from 'out/*.parquet'";
    assert_eq!(peer(&folder, &format!("duckdb \"{sql}\"")), "6|6\n");
}

/// Whatever lacks, is null or empty at any level comes back as it was.
#[test]
fn records_at_random_come_back() {
    if !is_possible() {
        return;
    }
    for seed in 0..6 {
        let folder = Folder::new();
        let batches = peer(&folder, &format!("random {seed}"));
        let options = if seed % 2 == 0 { "" } else { "--row-group 64KiB --every 1h" };
        write(&folder, &batches, options).exits(0).says_nothing();
        peer(&folder, "same batches out");
    }
}

#[test]
fn values_of_several_kinds_are_json() {
    if !is_possible() {
        return;
    }
    let folder = Folder::new();
    let batches = "[{\"k\":1,\"n\":12345678901234567890,\"e\":[]},{\"k\":\"a\",\"n\":1},{\"k\":{\"x\":[1]}}]\n[{\"k\":[1.50],\"e\":{}}]\n";
    write(&folder, batches, "").exits(0).says_nothing();
    has(
        &folder,
        &[
            "{\"e\": \"[]\", \"k\": \"1\", \"n\": \"12345678901234567890\"}",
            "{\"e\": null, \"k\": \"\\\"a\\\"\", \"n\": \"1\"}",
            "{\"e\": null, \"k\": \"{\\\"x\\\":[1]}\", \"n\": null}",
            "{\"e\": \"{}\", \"k\": \"[1.50]\", \"n\": null}",
        ],
    );
}

#[test]
fn a_schema_tells_types_and_keeps_all_digits() {
    if !is_possible() {
        return;
    }
    let folder = Folder::new();
    folder.file(
        "schema",
        "message hits { required int32 n; optional int32 small (INTEGER(8,false)); optional fixed_len_byte_array(16) d (DECIMAL(38,10));
           optional int32 p (DECIMAL(9,2)); optional binary v (DECIMAL(30,0)); optional float f; optional int32 day (DATE);
           optional int64 at (TIMESTAMP(NANOS,true)); optional int64 wall (TIMESTAMP(MILLIS,false)); optional binary j (JSON);
           optional binary raw; optional group m (MAP) { repeated group key_value { required binary key (STRING); optional int64 value; } } }",
    );
    let batches = "[{\"n\":1,\"small\":255,\"d\":-1234567890123456789012345678.0123456789,\"p\":\"12.5\",\"v\":-123456789012345678901234567890,\
                     \"f\":0.5,\"day\":\"2016-07-23\",\"at\":\"2016-07-23T14:11:50.123456Z\",\"wall\":\"2016-07-23 14:11:50.5\",\"j\":{\"a\":1.10},\
                     \"raw\":\"é\",\"m\":{\"b\":2,\"a b\":null}},{\"n\":2,\"m\":{}}]\n";
    write(&folder, batches, "--schema schema").exits(0).says_nothing();
    has(
        &folder,
        &[
            "{\"at\": \"2016-07-23T14:11:50.123456+00:00\", \"d\": \"decimal -1234567890123456789012345678.0123456789\", \"day\": \"2016-07-23\", \
             \"f\": 0.5, \"j\": \"{\\\"a\\\":1.10}\", \"m\": [[\"b\", 2], [\"a b\", null]], \"n\": 1, \"p\": \"decimal 12.50\", \"raw\": \"bytes é\", \
             \"small\": 255, \"v\": \"decimal -123456789012345678901234567890\", \"wall\": \"2016-07-23T14:11:50.500000\"}",
            "{\"at\": null, \"d\": null, \"day\": null, \"f\": null, \"j\": null, \"m\": [], \"n\": 2, \"p\": null, \"raw\": null, \"small\": null, \
             \"v\": null, \"wall\": null}",
        ],
    );
    let sql = "select sum(d), sum(v) from 'out/*.parquet'";
    assert!(peer(&folder, &format!("duckdb \"{sql}\"")).contains("-1234567890123456789012345678.0123456789"));
    // A file of Parquet tells columns too.
    folder.run("cp out/part-*.parquet like; rm -r out").exits(0);
    write(&folder, "[{\"n\":3,\"p\":1}]\n", "--schema like").exits(0).says_nothing();
    assert!(peer(&folder, "columns out").contains("n: int32 not null\n"));
}

#[test]
fn types_are_told_one_by_one() {
    if !is_possible() {
        return;
    }
    let folder = Folder::new();
    let batches = "[{\"a\":1,\"p\":1,\"big\":5,\"o\":{\"day\":\"2016-07-23\"},\"any\":1}]\n\
                   [{\"p\":12345678.90,\"big\":99999999999999999999.5,\"any\":\"x\"}]\n";
    let options =
        "--type 'p=decimal(10,2)' --type 'big=decimal(38,1)' --type a=smallint --type o.day=date --type any=json";
    write(&folder, batches, options).exits(0).says_nothing();
    assert_eq!(
        peer(&folder, "columns out"),
        "a: int16\np: decimal128(10, 2)\nbig: decimal128(38, 1)\no: struct<day: date32[day]>\nany: extension<arrow.json>\n"
    );
    has(
        &folder,
        &[
            "{\"a\": 1, \"any\": \"1\", \"big\": \"decimal 5.0\", \"o\": {\"day\": \"2016-07-23\"}, \"p\": \"decimal 1.00\"}",
            "{\"a\": null, \"any\": \"\\\"x\\\"\", \"big\": \"decimal 99999999999999999999.5\", \"o\": null, \"p\": \"decimal 12345678.90\"}",
        ],
    );
}

#[test]
fn what_does_not_fit_is_a_bad_record_and_the_others_are_written() {
    if !is_possible() {
        return;
    }
    let folder = Folder::new();
    let good = "{\"i\":1,\"x\":0.5,\"o\":{\"l\":[1]}}";
    let bad = [
        ("{\"i\":1.5}", "column i: 1.5 is not an integer of 64 bits"),
        ("{\"i\":9223372036854775808}", "column i: 9223372036854775808 is not an integer"),
        ("{\"i\":\"1\"}", "column i: \\\"1\\\" is not an integer"),
        ("{\"x\":1e400}", "column x: 1e400 has no floating-point number"),
        ("{\"x\":9007199254740993}", "column x: 9007199254740993 has no floating-point number"),
        ("{\"i\":7,\"o\":{\"l\":[1,2,true]}}", "column o.l[]: true is not an integer"),
        ("{\"i\":7,\"o\":[]}", "column o: [] is not an object"),
        ("{\"o\":{\"l\":1}}", "column o.l: 1 is not an array"),
        ("{\"o\":{\"new\":1}}", "column o.new: there is no such column: --on-new-column"),
        ("{\"z\":1}", "column z: there is no such column"),
        ("[1]", "it is no object"),
    ];
    let all: Vec<&str> = bad.iter().flat_map(|(record, _)| [*record, good]).collect();
    let batches = format!("[{good}]\n[{}]\n", all.join(","));
    write(&folder, &batches, "--on-error bad").exits(0);
    let told = folder.read("bad");
    assert_eq!(told.lines().count(), bad.len());
    for ((record, says), line) in bad.iter().zip(told.lines()) {
        assert!(line.contains(says) && line.contains(record), "{says} is not in {line}");
    }
    let rows = vec!["{\"i\": 1, \"o\": {\"l\": [1]}, \"x\": 0.5}"; bad.len() + 1];
    has(&folder, &rows);
    let folder = Folder::new();
    write(&folder, &batches, "").exits(4).says("column i: 1.5 is not");
    // Of the batch that failed there is nothing.
    assert_eq!(files(&folder).len(), 1);
    assert!(is_tidy(&folder));
}

#[test]
fn new_columns_are_added_in_files_of_their_own_or_left_out() {
    if !is_possible() {
        return;
    }
    let batches = "[{\"a\":1}]\n[{\"a\":2},{\"a\":3,\"b\":{\"c\":1},\"d\":2},{\"a\":4,\"b\":{\"e\":[1]}},{\"a\":5}]\n[{\"a\":6}]\n";
    let folder = Folder::new();
    write(&folder, batches, "--on-new-column add").exits(0).says_nothing();
    assert_eq!(files(&folder).len(), 4);
    let sql = "select sum(a), sum(b.c), sum(len(b.e)), sum(d) from read_parquet('out/*.parquet', union_by_name=true)";
    assert_eq!(peer(&folder, &format!("duckdb \"{sql}\"")), "21|1|1|2\n");
    let folder = Folder::new();
    write(&folder, batches, "--on-new-column ignore").exits(0).says_nothing();
    has(&folder, &["{\"a\": 1}", "{\"a\": 2}", "{\"a\": 3}", "{\"a\": 4}", "{\"a\": 5}", "{\"a\": 6}"]);
}

#[test]
fn moments_are_read_as_told() {
    if !is_possible() {
        return;
    }
    let folder = Folder::new();
    let batches = "[{\"at\":\"2016-07-23T16:11:50.123456+02:00\",\"s\":1469283110,\"log\":\"23/Jul/2016:16:11:50\",\"o\":{\"ms\":1469283110123}}]\n";
    let options =
        "--timestamp at --timestamp s=s --timestamp 'log=%d/%b/%Y:%H:%M:%S' --timestamp o.ms --zone Europe/Berlin";
    write(&folder, batches, options).exits(0).says_nothing();
    let moment = |fraction: &str| format!("\"2016-07-23T14:11:50{fraction}+00:00\"");
    let row = format!(
        "{{\"at\": {}, \"log\": {}, \"o\": {{\"ms\": {}}}, \"s\": {}}}",
        moment(".123456"),
        moment(""),
        moment(".123000"),
        moment("")
    );
    has(&folder, &[&row]);
    write(&folder, "[{\"a\":1}]\n", "--timestamp b").exits(0).says("column b: the first records have no value for it");
}
