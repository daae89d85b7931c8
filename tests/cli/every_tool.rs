//! What holds of every tool: records go through byte for byte, unknown keys are
//! passed on, a trace grows by an entry, and what breaks off is told.

use super::support::Folder;

/// Numbers of any digits, Unicode, a NUL byte, and objects as they are.
const RECORDS: &str = "1.10
12345678901234567890123
\"NUL \\u0000 \\u001f \\b\\f\\n\\r\\t\\\"\\\\ Straße 日本 😀\"
[\"k\",1e400]
{\"b\":1.0,\"a\":-0,\"\":[]}
0.30000000000000004
";

/// A batch of these records, an empty batch, and keys that nobody knows.
fn stream() -> String {
    format!(
        "{{\"sstream\":1,\"interval\":1000,\"stages\":[\"x\"],\"name\":\"n\",\"new\":{{\"b\":1.10,\"a\":2}}}}\n\
         {{\"batch\":1000,\"records\":6,\"bytes\":{},\"gone\":1}}\n{RECORDS}\
         {{\"end\":1000,\"records\":6,\"trace\":[[\"x\",0,6,0,0.1,5]],\"one\":1.50}}\n\
         {{\"end\":2000,\"records\":0,\"trace\":[[\"x\",0,0,0,0.2,6]],\"two\":[]}}\n\
         {{\"close\":\"stop\",\"why\":7.0}}\n",
        RECORDS.len()
    )
}

/// Tools that give the records as they are, and the trace's entry.
const THROUGH: &[(&str, &str)] = &[
    ("sstream-filter ''", "[\"filter\",6,6,0,"),
    ("sstream-filter --expr true", "[\"filter\",6,6,0,"),
    ("sstream-map .", "[\"map\",6,6,0,"),
    ("sstream-window 1s", "[\"window\",6,6,0,"),
    ("sstream-window 1n --expr '$b'", "[\"window\",6,6,0,"),
    ("sstream-transform --json -- cat", "[\"transform\",6,6,0,"),
    ("sstream-sink --pass null", "[\"sink\",6,6,0,"),
    ("sstream-sink --pass exec --sh 'cat > seen'", "[\"sink\",6,6,0,"),
    ("sstream-source replay -", "[\"source\",6,6,0,"),
    ("sstream-union - empty", "[\"union\",6,6,0,"),
];

fn folder() -> Folder {
    let folder = Folder::new();
    folder.file("in", stream());
    folder.file("empty", "{\"sstream\":1,\"interval\":1000,\"stages\":[]}\n{\"close\":\"eof\"}\n");
    folder
}

#[test]
fn records_and_unknown_keys_go_through() {
    let folder = folder();
    for (tool, entry) in THROUGH {
        let ran = folder.run(&format!("{tool} < in")).exits(0).says_nothing();
        assert!(ran.stdout.contains(&format!("}}\n{RECORDS}{{\"end\":1000,\"records\":6,")), "{ran}");
        let lines: Vec<&str> = ran.stdout.lines().collect();
        let [head, header, _, _, _, _, _, _, first, second, close] = lines[..] else { panic!("{ran}") };
        assert!(head.ends_with(",\"name\":\"n\",\"new\":{\"b\":1.10,\"a\":2}}"), "{ran}");
        assert_eq!(header, format!("{{\"batch\":1000,\"records\":6,\"bytes\":{}}}", RECORDS.len()), "{ran}");
        assert!(first.contains(entry) && first.ends_with("]],\"one\":1.50}"), "{entry} {ran}");
        assert!(second.starts_with("{\"end\":2000,\"records\":0,") && second.ends_with("]],\"two\":[]}"), "{ran}");
        assert_eq!(close, "{\"close\":\"stop\",\"why\":7.0}", "{ran}");
    }
    assert_eq!(folder.run("sstream-filter '' --output json < in").exits(0).stdout, RECORDS);
}

#[test]
fn an_end_of_several_has_the_keys_of_all() {
    let ran = folder().run("sstream-window 2s 2s count < in").exits(0).says_nothing();
    let end = ran.stdout.lines().find(|line| line.starts_with("{\"end\"")).unwrap();
    assert!(end.starts_with("{\"end\":2000,\"records\":1,\"trace\":[[\"x\",0,6,0,0.3"), "{ran}");
    assert!(end.contains(",6],[\"window\",6,1,0,") && end.ends_with("]],\"one\":1.50,\"two\":[]}"), "{ran}");
}

#[test]
fn the_work_of_a_sink_is_in_its_own_batch() {
    let ran = folder().run("sstream-sink --pass exec --sh 'sleep 0.1' < in").exits(0);
    let busy_ms = |end: &str| {
        let end: serde_json::Value = serde_json::from_str(end).unwrap();
        end["trace"][1][4].as_f64().unwrap()
    };
    let busy: Vec<f64> = ran.stdout.lines().filter(|line| line.starts_with("{\"end\"")).map(busy_ms).collect();
    assert!(busy.len() == 2 && busy.iter().all(|ms| *ms >= 100.0), "{busy:?}\n{ran}");
}

/// With no batch, inside a batch and without a head; and the close of a stage
/// that failed.
#[test]
fn what_breaks_off_is_told() {
    let folder = folder();
    let stream = stream();
    let inside = stream.find("1234567").unwrap();
    for length in [5, 11, 30, stream.find("{\"batch\"").unwrap(), inside, stream.find("{\"close\"").unwrap()] {
        folder.file("cut", &stream[..length]);
        for tool in ["sstream-filter ''", "sstream-window 1s", "sstream-sink --pass null", "sstream-union - empty"] {
            let ran = folder.run(&format!(
                "{tool} < cut | tee out | sstream-reduce count | sstream-sink null; echo ${{PIPESTATUS[@]}}"
            ));
            assert_eq!(ran.stdout, "3 0 3 3\n", "{length} bytes\n{ran}");
            let out = folder.read("out");
            assert_eq!(out.contains("\"close\""), !out.contains("\"interval\""), "{length} bytes: {out}\n{ran}");
        }
    }
    let close = "\"close\":\"error\",\"exit\":4,\"message\":\"no\",\"why\":7.0}\n";
    let (begun, _) = stream.split_once("{\"end\":2000").unwrap();
    for failed in [format!("{{\"sstream\":1,{close}"), format!("{begun}{{{close}")] {
        folder.file("failed", &failed);
        for (tool, _) in THROUGH {
            let ran = folder.run(&format!("{tool} < failed")).exits(4).says_nothing();
            assert_eq!(ran.stdout.lines().last(), failed.lines().last(), "{ran}");
        }
    }
}

#[test]
fn a_record_longer_than_any_block_goes_through() {
    let folder = Folder::new();
    folder.file("long", format!("{}\nshort\n", "x".repeat(17 << 20)));
    let ran = folder.run(
        "sstream-source stdin --max-line 32MiB < long | sstream-window 1s --memory 1MiB \
         | sstream-transform --max-line 32MiB -- cat | sstream-sink --pass null | sstream-filter '' --output text \
         | cmp - long",
    );
    ran.exits(0).says_nothing();
}

#[test]
fn every_output_form_of_every_tool() {
    let folder = folder();
    for (tool, _) in THROUGH {
        let (name, arguments) = tool.split_once(' ').unwrap();
        let run =
            |form: &str| folder.run(&format!("{name} --output {form} {arguments} < in 2> /dev/null")).exits(0).stdout;
        assert_eq!(run("json"), RECORDS, "{tool}");
        let print = run("print");
        assert!(print.starts_with(&format!("{0}\nTime: 1000 ms\n{0}\n1.10\n", "-".repeat(43))), "{print}");
        assert!(print.contains("\n(k,1e400)\n"), "{print}");
        let plain = run("text");
        assert!(plain.ends_with("\n0.30000000000000004\n"), "{plain}");
        assert!(plain.starts_with("1.10\n12345678901234567890123\nNUL \0 \u{1f} "), "{plain}");
    }
}
