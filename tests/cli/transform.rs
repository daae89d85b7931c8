//! `sstream-transform`: each batch through a command.

use super::support::Shell;

/// Three batches: three records, none, one.
const BATCHES: &str = "[\"b\",\"a\",\"b\"]\n[]\n[[\"k\",1]]\n";

/// A transform between a queue and what shows every batch's time and records.
fn transform(options: &str) -> Shell {
    let show = "sstream-sink exec --json --sh 'echo $SSTREAM_BATCH_TIME $(cat)'";
    Shell::new(&format!("sstream-source queue batches | sstream-transform {options} | {show}")).file("batches", BATCHES)
}

#[test]
fn lines_in_and_lines_out() {
    transform("-- sort").run().exits(0).says_nothing().prints("1000 \"a\" \"b\" \"b\"\n2000\n3000 \"[\\\"k\\\",1]\"\n");
    transform("--json -- sort -u").run().exits(0).says_nothing().prints("1000 \"a\" \"b\"\n2000\n3000 [\"k\",1]\n");
    transform("--sh 'sort | uniq -c | tr -d \" \"'")
        .run()
        .exits(0)
        .prints("1000 \"1a\" \"2b\"\n2000\n3000 \"1[\\\"k\\\",1]\"\n");
    transform("--json --sh 'cat > /dev/null; echo \"{ \\\"a\\\" : 1.0 }\"; printf 2'")
        .run()
        .prints("1000 {\"a\":1.0} 2\n2000 {\"a\":1.0} 2\n3000 {\"a\":1.0} 2\n");
}

#[test]
fn empty_batches_go_through_the_command_too() {
    transform("--json -- wc -l").run().exits(0).prints("1000 3\n2000 0\n3000 1\n");
    transform("--json --sh 'echo $SSTREAM_BATCH_TIME'").run().exits(0).prints("1000 1000\n2000 2000\n3000 3000\n");
    transform("-- true").run().exits(0).says_nothing().prints("1000\n2000\n3000\n");
}

#[test]
fn a_string_with_a_newline_is_two_lines_but_one_in_json() {
    let line =
        |json: &str| format!("sstream-source queue batches | sstream-transform {json} -- cat | sstream-sink json");
    Shell::new(&line("")).file("batches", "[\"a\\nb\"]").run().exits(0).prints("\"a\"\n\"b\"\n");
    Shell::new(&line("--json")).file("batches", "[\"a\\nb\"]").run().exits(0).prints("\"a\\nb\"\n");
}

#[test]
fn a_command_that_fails_fails_the_batch_and_the_pipeline() {
    let ran =
        transform("-- grep a").run().exits(1).says("grep a: exit 1, batch 2000: if that is no failure: --accept 0,1");
    assert_eq!(ran.stdout, "1000 \"a\"\n", "{ran}");
    transform("--accept 0,1 -- grep a").run().exits(0).says_nothing().prints("1000 \"a\"\n2000\n3000\n");
    transform("--sh 'cat; exit 5'").run().exits(1).prints("").says("cat; exit 5: exit 5, batch 1000");
    transform("--sh 'kill -TERM $$'").run().exits(1).says("killed by signal 15 (SIGTERM), batch 1000");
    transform("-- no-such-command x").run().exits(2).says("no-such-command x: command not found");
    transform("--json -- echo no").run().exits(4).says("bad record no: not JSON");
    transform("--json --on-error skip --sh 'echo no; echo 1'")
        .run()
        .exits(0)
        .prints("1000 1\n2000 1\n3000 1\n")
        .says("3 bad records");
}

#[test]
fn invalid_text_is_replaced_and_told() {
    transform(r"--sh 'printf \\351\\n'")
        .run()
        .exits(0)
        .prints("1000 \"\u{fffd}\"\n2000 \"\u{fffd}\"\n3000 \"\u{fffd}\"\n")
        .says("3 lines in all had invalid UTF-8");
}

#[test]
fn large_batches_go_through_with_little_memory() {
    let line = "seq 2000000 > numbers; sstream-source stdin --batch 1h < numbers \
                | sstream-transform --memory 1MiB -- cat | sstream-sink text | cmp - numbers";
    Shell::new(line).run().exits(0).says_nothing().prints("");
    let line = "seq 1000000 | TMPDIR=/no/such sstream-transform --batch 1h --memory 1MiB -- cat > /dev/null";
    Shell::new(line).run().exits(1).says("temporary file in /no/such");
}

#[test]
fn endless_output_ends_with_its_reader() {
    Shell::new("echo x | sstream-transform -- yes | sstream-sink text | head -2").run().says_nothing().prints("y\ny\n");
    let line = "echo x | sstream-transform --max-line 64KiB --sh 'tr \"\\0\" x < /dev/zero'";
    Shell::new(line).run().exits(4).says("longer than --max-line 65536");
}

#[test]
fn what_does_not_fit_together_is_told() {
    transform("").run().exits(2).says("sstream-transform: ");
    transform("--sh x -- y").run().exits(2).says("--sh does not go with CMD");
}
