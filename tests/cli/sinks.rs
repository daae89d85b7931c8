//! Sinks: where batches go, and what is left where things go wrong.

use super::support::{Ran, Shell};

/// Three batches: two records, none, one.
const BATCHES: &str = "[\"a\",[\"k\",1]]\n[]\n[\"two\\nlines\"]\n";

fn shell(line: &str) -> Shell {
    Shell::new(line).file("batches", BATCHES)
}

/// The names in the directory, but for the input.
fn listing(ran: &Ran) -> Vec<String> {
    let entries = std::fs::read_dir(ran.folder.path("")).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.filter(|name| !["batches", "in"].contains(&name.as_str())).collect();
    names.sort();
    names
}

fn read(ran: &Ran, name: &str) -> String {
    ran.folder.read(name)
}

#[test]
fn one_stream_has_two_outputs_lines_before_counts() {
    let lines = "[\"[ERROR] one\",\"[INFO] x\"]\n[\"[ERROR] two\",\"[ERROR] three\"]\n[]\n[]\n[]\n";
    let ran = Shell::new(
        "(sstream-source queue --batch 10s batches | sstream-filter ERROR | sstream-sink --pass print \
         | sstream-window 30s 10s count | sstream-sink print) 2>&1",
    )
    .file("batches", lines)
    .run()
    .exits(0);
    let rule = "-".repeat(43);
    let batch = |time_ms: u64, lines: &str| format!("{rule}\nTime: {time_ms} ms\n{rule}\n{lines}\n");
    let errors = ["[ERROR] one\n", "[ERROR] two\n[ERROR] three\n", "", "", ""];
    let counts = ["1\n", "3\n", "3\n", "2\n", "0\n"];
    for (index, (errors, count)) in errors.into_iter().zip(counts).enumerate() {
        let time_ms = (index as u64 + 1) * 10_000;
        let (lines, count) = (batch(time_ms, errors), batch(time_ms, count));
        let place = |text: &str| ran.stdout.find(text).unwrap_or_else(|| panic!("no {text}\n{ran}"));
        assert!(place(&lines) < place(&count), "{ran}");
    }
}

#[test]
fn text_and_json() {
    let line = |kind: &str| format!("sstream-source queue batches | sstream-sink {kind}");
    shell(&line("text")).run().exits(0).says_nothing().prints("a\n[\"k\",1]\ntwo\nlines\n");
    shell(&line("json")).run().exits(0).says_nothing().prints("\"a\"\n[\"k\",1]\n\"two\\nlines\"\n");
    shell(&line("null")).run().exits(0).says_nothing().prints("");
    shell(&line("print -n 1")).run().exits(0).says_nothing();
}

#[test]
fn passing_on_changes_nothing() {
    let source = "sstream-source queue --no-trace batches";
    for kind in ["print", "text", "json", "null", "files out", "exec -- cat", "exec --sh 'exit 0'"] {
        let line = format!(
            "diff <({source}) <({source} | sstream-sink --pass {kind} 2> /dev/null | sed 's/,\"sink[^]]*\"//')"
        );
        shell(&line).run().exits(0).prints("");
    }
    let line = format!("{source} | sstream-sink --pass text --output json");
    let ran = shell(&line).run().exits(0).prints("\"a\"\n[\"k\",1]\n\"two\\nlines\"\n");
    assert_eq!(ran.stderr, "a\n[\"k\",1]\ntwo\nlines\n");
}

#[test]
fn a_file_a_batch() {
    let ran = shell("sstream-source queue batches | sstream-sink files out txt").run().exits(0).says_nothing();
    assert_eq!(listing(&ran), ["out-1000.txt", "out-3000.txt"]);
    assert_eq!(read(&ran, "out-1000.txt"), "a\n[\"k\",1]\n");
    let ran =
        shell("sstream-source queue batches | sstream-sink files --json --empty out").run().exits(0).says_nothing();
    assert_eq!(listing(&ran), ["out-1000", "out-2000", "out-3000"]);
    assert_eq!(read(&ran, "out-3000"), "\"two\\nlines\"\n");
    // The same again gives the same.
    let twice = "for i in 1 2; do sstream-source queue batches | sstream-sink files out; done";
    assert_eq!(listing(&shell(twice).run().exits(0)), ["out-1000", "out-3000"]);
}

/// A framed stream into the sink, stopped inside of its second batch.
const INSIDE: &str = r#"
    mkfifo in
    sstream-sink files out < in & sink=$!
    exec 3> in
    echo '{"sstream":1,"interval":1000,"stages":[]}' >&3
    printf '{"batch":1000,"records":1,"bytes":2}\n1\n{"end":1000,"records":1}\n' >&3
    printf '{"batch":2000,"records":1,"bytes":2}\n2\n' >&3
    until [ -e .out-2000.tmp ]; do sleep 0.01; done
"#;

#[test]
fn a_killed_sink_leaves_nothing_that_looks_whole() {
    let ran = Shell::new(&format!("{INSIDE} kill -9 $sink; wait $sink")).run().exits(137);
    assert_eq!(listing(&ran), [".out-2000.tmp", "out-1000"]);
    let next = format!("{INSIDE} kill -9 $sink; wait $sink; exec 3>&-; sstream-sink files out < /dev/null");
    assert_eq!(listing(&Shell::new(&next).run().exits(0)), ["out-1000"]);
}

#[test]
fn a_batch_that_is_cut_off_is_no_file() {
    let ran =
        Shell::new(&format!("{INSIDE} exec 3>&-; wait $sink")).run().exits(3).says("dropped the unfinished batch 2000");
    assert_eq!(listing(&ran), ["out-1000"]);
    let error = r#"echo '{"close":"error","exit":4,"message":"x"}' >&3"#;
    let ran = Shell::new(&format!("{INSIDE} {error}; wait $sink")).run().exits(4).says_nothing();
    assert_eq!(listing(&ran), ["out-1000"]);
}

#[test]
fn files_say_at_the_start_what_will_not_do() {
    shell("sstream-source queue batches | sstream-sink files no/such/out")
        .run()
        .exits(1)
        .says("directory no/such, which must be there and writable: No such file or directory");
    shell("sstream-source queue batches | sstream-sink files /proc/out").run().exits(1).says("/proc");
    shell("sstream-source queue batches | sstream-sink files out/").run().exits(2).says("as in out/batch");
}

#[test]
fn a_full_disk_fails_and_leaves_no_part() {
    for kind in ["print", "text", "json"] {
        let line = format!("sstream-source queue batches | sstream-sink {kind} > /dev/full");
        shell(&line).run().exits(1).says("sstream-sink: stdout: cannot write: No space left on device");
    }
    // A limit on the size of files is a disk that is full.
    let full = "trap '' XFSZ; seq 1000000 > numbers; ulimit -f 8; sstream-source stdin < numbers";
    let ran = Shell::new(&format!("{full} | sstream-sink files out; c=$?; rm numbers; exit $c"))
        .run()
        .exits(1)
        .says(".tmp: cannot write: File too large");
    assert_eq!(listing(&ran), [""; 0]);
    // The stage behind knows better than that its input was cut off.
    Shell::new(&format!("{full} | sstream-sink --pass files out | sstream-sink null; exit ${{PIPESTATUS[2]}}"))
        .run()
        .exits(1)
        .says("File too large");
}

#[test]
fn a_reader_that_goes_is_nothing_to_speak_of() {
    Shell::new("seq 1000000 | sstream-sink text | head -1").run().exits(141).says_nothing().prints("1\n");
}

#[test]
fn a_command_runs_once_a_batch() {
    let line = "sstream-source queue batches | SSTREAM_BATCH=1m sstream-sink exec";
    let script = "--sh 'echo $SSTREAM_BATCH_TIME: $(cat) ${SSTREAM_BATCH-none}'";
    shell(&format!("{line} {script}"))
        .run()
        .exits(0)
        .prints("1000: a [\"k\",1] none\n2000: none\n3000: two lines none\n");
    shell(&format!("{line} --json -- cat")).run().exits(0).prints("\"a\"\n[\"k\",1]\n\"two\\nlines\"\n");
    let ran = shell(&format!("{line} --pass -- cat | sstream-sink null")).run().exits(0).prints("");
    assert_eq!(ran.stderr, "a\n[\"k\",1]\ntwo\nlines\n");
}

#[test]
fn a_command_that_fails_ends_the_pipeline() {
    let line = "sstream-source queue batches | sstream-sink";
    shell(&format!("{line} exec -- grep k"))
        .run()
        .exits(1)
        .prints("[\"k\",1]\n")
        .says("grep k: exit 1, batch 2000: if that is no failure: --accept 0,1");
    shell(&format!("{line} exec --accept 0,1 -- grep k")).run().exits(0).prints("[\"k\",1]\n").says_nothing();
    shell(&format!("{line} exec --sh 'kill -9 $$'")).run().exits(1).says("killed by signal 9 (SIGKILL), batch 1000");
    shell(&format!("{line} exec -- no-such-command")).run().exits(2).says("no-such-command: command not found");
    // Not before the source is done.
    let passing = format!("{line} --pass exec --sh 'sleep 1; exit 7' | sstream-sink null; echo ${{PIPESTATUS[@]}}");
    shell(&passing).run().says("exit 7, batch 1000").prints("0 1 1\n");
}

#[test]
fn no_command_sees_a_batch_that_was_cut_off() {
    let inside = INSIDE.replace("files out", "exec --sh 'cat > $SSTREAM_BATCH_TIME'").replace(".out-2000.tmp", "1000");
    let ran = Shell::new(&format!("{inside} exec 3>&-; wait $sink")).run().exits(3).says("batch 2000");
    assert_eq!(listing(&ran), ["1000"]);
}

#[test]
fn a_kind_may_be_a_program() {
    let line = "mkdir bin; PATH=bin:$PATH; echo 'echo $# \"$1\" $(cat)' > bin/sstream-sink-mine; chmod +x bin/*; ";
    let pipeline = "sstream-source queue batches | sstream-sink";
    shell(&format!("{line}{pipeline} mine -x y"))
        .run()
        .exits(1)
        .says("sstream-sink-mine -x y: cannot be started: Exec format error");
    let line = line.replace("'echo", "$'#!/bin/sh\\necho");
    shell(&format!("{line}{pipeline} mine -x y")).run().exits(0).prints("2 -x a [\"k\",1]\n2 -x\n2 -x two lines\n");
    shell(&format!("{pipeline} fils out")).run().exits(2).says("unknown kind 'fils', did you mean files?");
}

#[test]
fn an_output_form_is_for_what_is_passed_on() {
    shell("sstream-source queue batches | sstream-sink print --output json").run().exits(2).says("--pass");
}

#[test]
fn ctrl_c_lets_the_command_end_its_work() {
    // Each batch takes longer than the interval: stopping must not wait until
    // all that was missed is caught up with.
    let line = r#"
        set -m
        mkfifo in
        exec 3<> in
        echo x >&3
        sstream-sink --batch 100ms exec --sh 'touch running; sleep 0.3; cat >> done' < in 3>&- &
        until [ -e running ]; do sleep 0.01; done
        kill -INT -- -$!
        wait $!
        echo $?
        cat done
    "#;
    Shell::new(line).run().prints("0\nx\n");
}

#[test]
fn a_second_ctrl_c_ends_the_command_too() {
    let line = r#"
        set -m
        (echo x; sleep 60) | sstream-sink --batch 100ms exec --sh 'echo $$ > pid; exec sleep 60' &
        until [ -s pid ]; do sleep 0.01; done
        # A second that follows the first at once is the same wish.
        while kill -INT %1 2>/dev/null; do sleep 0.2; done
        wait %1
        while :; do
            case $(ps -o stat= -p $(cat pid)) in ''|Z*) echo gone; exit 0;; esac
            sleep 0.01
        done
    "#;
    let ran = Shell::new(line).run();
    assert!(ran.stdout.ends_with("gone\n"), "{ran}");
}
