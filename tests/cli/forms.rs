//! Raw input and output forms, end to end.

use super::support::Shell;

/// The records that a first stage makes of raw input, a line each as JSON.
#[track_caller]
fn records(options: &str, input: impl AsRef<[u8]>, expected: &str) {
    let line = format!("sstream-filter '' --output json {options}");
    Shell::new(&line).stdin(input).run().exits(0).says_nothing().prints(expected);
}

#[test]
fn text() {
    records("", "a\nb \"c\" \\d\n", "\"a\"\n\"b \\\"c\\\" \\\\d\"\n");
    records("", "Straße 日本\n", "\"Straße 日本\"\n");
    records("", "CRLF\r\nlone\rCR\r\n", "\"CRLF\"\n\"lone\\rCR\"\n");
    records("", "\n\nlast line without end", "\"\"\n\"\"\n\"last line without end\"\n");
    records("", "NUL \0 and tab \t\n", "\"NUL \\u0000 and tab \\t\"\n");
    records("", "", "");
}

#[test]
fn json() {
    records("--input json", "{\"b\": 1.10, \"a\": [1, 2]}\n\"x\"\n", "{\"b\":1.10,\"a\":[1,2]}\n\"x\"\n");
    records("--input json", "\n{\"a\":1,\"a\":2}\r\n\n", "{\"a\":2}\n");
    records("--input json", "12345678901234567890123", "12345678901234567890123\n");
    records("--input json", "\"\\u0041\\ud800\\/\"\n", "\"A\u{fffd}/\"\n");
}

#[test]
fn csv() {
    records("--input csv", "a,b\n1,\"x, y\"\n", "{\"a\":\"1\",\"b\":\"x, y\"}\n");
    records(
        "--input csv --columns a,b",
        "1,\"two\nlines\"\r\n3,4",
        "{\"a\":\"1\",\"b\":\"two\\nlines\"}\n{\"a\":\"3\",\"b\":\"4\"}\n",
    );
    records("--input csv", "a,b\n", "");
}

#[test]
fn csv_as_spreadsheets_and_databases_write_it() {
    // Excel in a country with decimal commas.
    records(
        "--input csv --delimiter ';' --numbers",
        "Datum;Betrag;Text\r\n2026-11-28;12,50;\"Ware; gut\"\r\n2026-11-29;7;\"sagt \"\"ja\"\"\"\r\n",
        "{\"Datum\":\"2026-11-28\",\"Betrag\":\"12,50\",\"Text\":\"Ware; gut\"}\n\
         {\"Datum\":\"2026-11-29\",\"Betrag\":7,\"Text\":\"sagt \\\"ja\\\"\"}\n",
    );
    // mysql --batch, and a text with a quote in it.
    records("--input tsv", "id\tname\n1\tO'Neil 5\" pipe\n", "{\"id\":\"1\",\"name\":\"O'Neil 5\\\" pipe\"}\n");
    records("--input tsv --quote none", "a\tb\n\"\tc\n", "{\"a\":\"\\\"\",\"b\":\"c\"}\n");
    records("--input csv --delimiter '\\t'", "a\tb\n1\t2\n", "{\"a\":\"1\",\"b\":\"2\"}\n");
    // psql without headers; aligned by hand.
    records(
        "--input csv --delimiter '|' --no-header --trim",
        " 1 | x \n 2 | y\n",
        "{\"1\":\"1\",\"2\":\"x\"}\n{\"1\":\"2\",\"2\":\"y\"}\n",
    );
    records("--input csv --trim --quote \"'\"", "a, b\n1, 'x, y'\n", "{\"a\":\"1\",\"b\":\"x, y\"}\n");
    records("--input csv --no-header --columns a,b", "a,b\n", "{\"a\":\"a\",\"b\":\"b\"}\n");
}

#[test]
fn texts_that_are_numbers_become_numbers_when_asked() {
    records(
        "--input csv --numbers",
        "n,zip,x\n-1.50,00123,1e3\n\"7\",,NaN\n",
        "{\"n\":-1.50,\"zip\":\"00123\",\"x\":1e3}\n{\"n\":7,\"zip\":\"\",\"x\":\"NaN\"}\n",
    );
    records("--input logfmt --numbers", "ms=12 at=10:00 q=\"3\"\n", "{\"ms\":12,\"at\":\"10:00\",\"q\":3}\n");
    for tool in [
        "sstream-reduce sum --of .ms",
        "sstream-window 1s sum --time .ms --watermark 0s",
        "sstream-learn kmeans --random 1 --features '[.ms]'",
    ] {
        let hint = "it is a string: --numbers makes numbers";
        Shell::new(&format!("{tool} --input logfmt")).stdin("ms=12\n").run().exits(4).says("\"12\"").says(hint);
    }
    Shell::new("sstream-reduce sum --of .ms --input logfmt --numbers --output json")
        .stdin("ms=12\n")
        .run()
        .exits(0)
        .prints("12\n");
    // The numbers of sstream-parse are those that it finds, wherever it stands.
    let line = "sstream-filter '' | sstream-parse logfmt --numbers --output json";
    Shell::new(line).stdin("a=1\n").run().exits(0).says_nothing().prints("{\"a\":1}\n");
    let line = "sstream-parse regex --numbers '(?<c>.*)' --input csv --field b --output json";
    Shell::new(line).stdin("a,b\n1,2\n").run().exits(0).says_nothing().prints("{\"a\":\"1\",\"c\":2}\n");
}

#[test]
fn options_of_forms_that_do_not_fit() {
    for (options, says) in [
        ("--delimiter ';'", "--delimiter is of csv: add --input csv"),
        ("--input json --trim", "--trim is of csv"),
        ("--input json --numbers", "--numbers is of csv and logfmt"),
        ("--input tsv --delimiter ','", "tsv has tabs"),
        ("--input csv --quote ','", "the delimiter quotes nothing"),
        ("--input csv --delimiter '::'", "one character"),
    ] {
        Shell::new(&format!("sstream-filter '' {options}")).stdin("").run().exits(2).says(says);
    }
    Shell::new("sstream-filter '' | sstream-filter --trim ''").stdin("a\n").run().exits(2).says("--trim");
}

#[test]
fn csv_as_it_is_in_the_wild() {
    let bad = |input: &str, says: &str| {
        Shell::new("sstream-filter '' --output json --input csv").stdin(input).run().exits(4).says(says);
    };
    bad("a,b\n1,\"2\n3,4\n5,6\n", "a quote is not closed");
    bad("a,b\n1,2,3\n", "3 fields where the columns are 2");
    records("--input csv", "a,a,\n1,2,3\n", "{\"a\":\"1\",\"a_2\":\"2\",\"3\":\"3\"}\n");
    records("--input csv", "a,b\n1,2\na,b\n3,4\n", "{\"a\":\"1\",\"b\":\"2\"}\n{\"a\":\"3\",\"b\":\"4\"}\n");
}

#[test]
fn byte_order_marks() {
    let mark = "\u{feff}";
    records("", format!("{mark}ERROR\nother\n"), "\"ERROR\"\n\"other\"\n");
    records("--input json", format!("{mark}{{\"a\":1}}\n"), "{\"a\":1}\n");
    records("--input logfmt", format!("{mark}a=1\n"), "{\"a\":\"1\"}\n");
    records("--input csv", format!("{mark}a,b\n1,2\n"), "{\"a\":\"1\",\"b\":\"2\"}\n");
    records("--input csv", format!("{mark}\"a\",b\n1,2\n"), "{\"a\":\"1\",\"b\":\"2\"}\n");
    let side = format!("{mark}[\"a\",\"A\"]\n");
    for (line, expected) in [
        ("echo '[\"a\",1]' | sstream-join --input json --static side --output json", "[\"a\",[1,\"A\"]]\n"),
        (
            "echo '[\"b\",1]' | sstream-state --input json --batch 1d --initial side last --output json",
            "[\"a\",\"A\"]\n[\"b\",1]\n",
        ),
        ("sstream-source queue side --output json", "\"a\"\n\"A\"\n"),
        ("sstream-source dir . --available-now --input json --output json", "[\"a\",\"A\"]\n"),
        ("sstream-source tail side --available-now --input json --output json", "[\"a\",\"A\"]\n"),
    ] {
        Shell::new(line).file("side", &side).run().exits(0).prints(expected);
    }
}

#[test]
fn logfmt() {
    records(
        "--input logfmt",
        "level=info msg=\"two words\" debug\n\nn=1\n",
        "{\"level\":\"info\",\"msg\":\"two words\",\"debug\":true}\n{\"n\":\"1\"}\n",
    );
}

/// From its first byte on, input is known to be raw; and a first line that only
/// looks like a head's beginning is raw too.
#[test]
fn raw_or_framed() {
    records("", "{\"sstrea\n", "\"{\\\"sstrea\"\n");
    records("--input text", "{\"sstr", "\"{\\\"sstr\"\n");
    let pieces = Shell::new("{ printf '{\"sst'; sleep 0.1; printf 'x\\n'; } | sstream-filter x --output text").run();
    pieces.exits(0).prints("{\"sstx\n");
}

/// A stage before this one was killed in the middle of its first write.
#[test]
fn a_stream_that_ends_inside_its_head_was_cut_off() {
    let head = "{\"sstream\":1,\"inter";
    for length in 1..head.len() {
        let ran = Shell::new("sstream-filter x --output text").stdin(&head[..length]).run().exits(3).prints("");
        let says = if length < 11 { "ended inside the head of a framed stream" } else { "cut off, there is no close" };
        assert!(ran.stderr.contains(says), "{length} {ran}");
    }
}

#[test]
fn invalid_utf8_is_replaced_and_told() {
    let ran = Shell::new("sstream-filter '' --output text").stdin(b"ok\nbad \xff\xfe byte\nand\xff\n").run().exits(0);
    let ran = ran.prints("ok\nbad \u{fffd}\u{fffd} byte\nand\u{fffd}\n");
    assert!(
        ran.stderr.contains("invalid UTF-8, which became U+FFFD") && ran.stderr.contains("2 lines in all"),
        "{ran}"
    );
}

const BAD: &str = "{\"n\":1}\nnot json\n{\"n\":2}\n";

#[test]
fn a_bad_record_fails_the_stage() {
    let ran = Shell::new("sstream-filter '' --input json --output text").stdin(BAD).run().exits(4);
    assert!(ran.stderr.starts_with("sstream-filter: ") && ran.stderr.contains("not json"), "{ran}");
    assert!(!ran.stdout.contains("{\"n\":2}"), "{ran}");
}

#[test]
fn a_bad_record_fails_the_whole_pipeline() {
    Shell::new("sstream-source stdin --input json | sstream-filter '' | sstream-sink text; echo ${PIPESTATUS[*]}")
        .stdin(BAD)
        .run()
        .exits(0)
        .prints("4 4 4\n");
}

#[test]
fn bad_records_are_skipped_and_counted() {
    Shell::new("sstream-filter '' --input json --output text --on-error skip")
        .stdin(BAD)
        .run()
        .exits(0)
        .says("1 bad record was set aside")
        .prints("{\"n\":1}\n{\"n\":2}\n");
}

#[test]
fn bad_records_go_to_a_file() {
    let ran = Shell::new("sstream-filter '' --input json --output text --on-error bad --quiet")
        .stdin(BAD)
        .run()
        .exits(0)
        .says_nothing()
        .prints("{\"n\":1}\n{\"n\":2}\n");
    let line = ran.folder.read("bad");
    let entry: serde_json::Value = serde_json::from_str(line.trim_end()).unwrap();
    assert_eq!(entry["record"], "not json");
    assert!(entry["batch"].is_u64() && entry["error"].is_string(), "{line}");
    assert!(entry["stage"].as_str().unwrap().starts_with("filter"), "{line}");
}

#[test]
fn an_over_long_line_is_a_bad_record() {
    let input = format!("short\n{}\nlast\n", "x".repeat(3000));
    Shell::new("sstream-filter '' --output text --max-line 2KiB").stdin(&input).run().exits(4).says("2048");
    Shell::new("sstream-filter '' --output text --max-line 2KiB --on-error skip")
        .stdin(&input)
        .run()
        .exits(0)
        .prints("short\nlast\n");
    // A line without an end does not fill the memory.
    Shell::new("head -c 100000000 /dev/zero | sstream-filter '' --max-line 2KiB --output text").run().exits(4);
}

#[test]
fn output_forms() {
    let run = |form: &str| {
        let line = format!("sstream-source queue --no-trace batches | sstream-filter '' --output {form}");
        Shell::new(&line)
            .file("batches", "[\"a\\nb\",[\"k\",1],{\"x\":1.0}]\n[]\n")
            .run()
            .exits(0)
            .says_nothing()
            .stdout
    };
    assert_eq!(run("text"), "a\nb\n[\"k\",1]\n{\"x\":1.0}\n");
    assert_eq!(run("json"), "\"a\\nb\"\n[\"k\",1]\n{\"x\":1.0}\n");
    let rule = "-".repeat(43);
    let print =
        format!("{rule}\nTime: 1000 ms\n{rule}\na\nb\n(k,1)\n{{\"x\":1.0}}\n\n{rule}\nTime: 2000 ms\n{rule}\n\n");
    assert_eq!(run("print"), print);
    let frames = run("frames");
    let lines: Vec<&str> = frames.lines().skip(1).collect();
    assert_eq!(
        lines,
        [
            "{\"batch\":1000,\"records\":3,\"bytes\":25}",
            "\"a\\nb\"",
            "[\"k\",1]",
            "{\"x\":1.0}",
            "{\"end\":1000,\"records\":3}",
            "{\"end\":2000,\"records\":0}",
            "{\"close\":\"eof\"}"
        ]
    );
}

/// On a terminal a tool prints as Spark does. The pipe is the default's other
/// case, which every test above shows.
#[test]
fn a_terminal_gets_print_form() {
    let ran = Shell::new("script -qec 'sstream-source queue batches' /dev/null").file("batches", "[\"a\"]\n").run();
    let shown = ran.exits(0).stdout.replace('\r', "");
    assert!(shown.contains("\nTime: 1000 ms\n") && shown.contains("\na\n"), "{shown}");
}

/// A stream whose head, record and failure have control codes.
const HOSTILE: &str = concat!(
    r#"{"sstream":1,"interval":1000,"stages":["source \u001b]0;x\u0007"],"name":"n\u009b31m"}"#,
    "\n",
    r#"{"batch":1000,"records":1,"bytes":21}"#,
    "\n",
    r#""a\u001b[31m\u009bb\r\t""#,
    "\n",
    r#"{"end":1000,"records":1}"#,
    "\n",
);

#[test]
fn what_came_in_the_stream_reaches_no_terminal_with_its_control_codes() {
    let hostile = HOSTILE.replace("\"bytes\":21", &format!("\"bytes\":{}", HOSTILE.lines().nth(2).unwrap().len() + 1));
    let is_plain = |text: &str| text.replace("\r\n", "\n").chars().all(|c| !c.is_control() || "\n\t".contains(c));
    for tool in
        ["sink print", "sink text", "sink json", "filter .", "filter . --output text", "sink --pass print", "map .x"]
    {
        let line = format!("script -qec 'sstream-{tool} < stream' /dev/null");
        let ran = Shell::new(&line).file("stream", hostile.clone() + "{\"close\":\"eof\"}\n").run();
        assert!(is_plain(&ran.stdout) && ran.stdout.contains("u001b[31m"), "{ran}");
    }
    let failure = "{\"close\":\"error\",\"exit\":1,\"message\":\"\\u001b[31m\"}\n";
    let ran = Shell::new("sstream-sink text < stream > out").file("stream", hostile.clone() + failure).run();
    assert!(is_plain(&ran.stderr), "{ran}");
    // Elsewhere records are what they are.
    let ran = Shell::new("sstream-sink text < stream").file("stream", hostile.clone() + "{\"close\":\"eof\"}\n").run();
    ran.exits(0).prints("a\u{1b}[31m\u{9b}b\r\t\n");
    let line = "export XDG_RUNTIME_DIR=$PWD; mkfifo on; (cat stream; cat on) | sstream-sink null & exec 9> on
        until sstream ps | grep -q source; do :; done; sstream ps; sstream-top --all --lines & kill $!; exec 9>&-; wait";
    let ran = Shell::new(line).file("stream", hostile).run();
    assert!(is_plain(&ran.stdout) && ran.stdout.contains("source \\u001b]0;x"), "{ran}");
}

#[test]
fn an_empty_input_is_an_honest_empty_stream() {
    let ran = Shell::new("sstream-filter --batch 1d --no-trace x").run().exits(0).says_nothing();
    let lines: Vec<&str> = ran.stdout.lines().collect();
    assert_eq!(
        lines,
        [
            "{\"sstream\":1,\"interval\":86400000,\"stages\":[\"filter --batch 1d --no-trace x\"]}",
            "{\"close\":\"eof\"}"
        ]
    );
}

#[test]
fn every_line_of_frames_is_json() {
    Shell::new("sstream-source queue - | sstream-filter . | jq -c . | wc -l")
        .stdin("[\"a\",\"b\"]\n[]\n")
        .run()
        .exits(0)
        .prints("7\n");
}
