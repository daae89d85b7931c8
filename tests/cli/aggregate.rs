//! `sstream-reduce` and `sstream-state`: options, files, commands.

use super::support::Shell;

/// Three batches of pairs, the second empty.
const BATCHES: &str = "[[\"b\",1],[1.0,5],[\"b\",2]]\n[]\n[[1,7]]\n";

fn on_batches(line: &str) -> Shell {
    Shell::new(&format!("sstream-source queue batches | {line} --output json")).file("batches", BATCHES)
}

#[test]
fn reduce_by_key_or_not() {
    on_batches("sstream-reduce --by-key sum").run().exits(0).says_nothing().prints("[\"b\",3]\n[1.0,5]\n[1,7]\n");
    on_batches("sstream-reduce count").run().exits(0).prints("3\n0\n1\n");
    on_batches("sstream-reduce --by '.[1] % 2' --of '.[1]' max").run().prints("[1,5]\n[0,2]\n[1,7]\n");
    on_batches("sstream-reduce top:1 --of '.[1]'").run().prints("[1.0,5]\n[1,7]\n");
    on_batches("sstream-reduce --by-key --expr '$a * 10 + $b'").run().prints("[\"b\",12]\n[1.0,5]\n[1,7]\n");
    on_batches("sstream-reduce --by-key --exec 'jq -c --unbuffered \".b - .a\"'")
        .run()
        .exits(0)
        .says_nothing()
        .prints("[\"b\",1]\n[1.0,5]\n[1,7]\n");
}

#[test]
fn a_command_that_ends_badly_is_an_error() {
    for tool in ["sstream-reduce --by-key", "sstream-state", "sstream-state --emit each"] {
        on_batches(&format!("{tool} --exec 'exit 3'")).run().exits(1).says("ended with exit code 3");
    }
    let ends_late = "while read -r line; do echo 1; done; exit 3";
    on_batches(&format!("sstream-state --exec '{ends_late}'")).run().exits(1).says("ended with exit code 3");
}

#[test]
fn states_go_from_batch_to_batch() {
    let state = |options: &str| on_batches(&format!("sstream-state {options}")).file("initial", " [\"b\", 100]\n\n");
    state("sum").run().exits(0).says_nothing().prints("[\"b\",3]\n[1.0,5]\n[\"b\",3]\n[1.0,5]\n[\"b\",3]\n[1.0,12]\n");
    state("count --emit changed").run().prints("[\"b\",2]\n[1.0,1]\n[1.0,2]\n");
    state("sum --emit each --initial initial").run().prints("[\"b\",101]\n[1.0,5]\n[\"b\",103]\n[1.0,12]\n");
    state("--merge '[$a, $b]' --emit changed").run().prints("[\"b\",[1,2]]\n[1.0,5]\n[1.0,[5,7]]\n");
    state("sum --timeout 1s --emit timeout").run().prints("[\"b\",3]\n");
    state("--by-value count --emit changed").run().prints("[[\"b\",1],1]\n[[1.0,5],1]\n[[\"b\",2],1]\n[[1,7],1]\n");
    let command = "jq -c --unbuffered \".values + [.state]\"";
    state(&format!("--exec '{command}' --emit changed"))
        .run()
        .exits(0)
        .says_nothing()
        .prints("[\"b\",[1,2,null]]\n[1.0,[5,null]]\n[1.0,[7,[5,null]]]\n");
}

#[test]
fn what_cannot_be_is_said() {
    for (line, says) in [
        ("sstream-reduce", "what to compute is missing"),
        ("sstream-reduce sum --expr 1", "not both: drop \"sum\""),
        ("sstream-reduce sum --error 0.1", "\"sum\" is exact"),
        ("sstream-reduce --expr '$a + $c'", "variable `$c` is not defined"),
        ("sstream-state sum --merge 1", "not both: drop \"sum\""),
        ("sstream-state --expr 1 --error 0.1", "an expression has none"),
        ("sstream-state sum --emit timeout", "needs --timeout"),
        ("sstream-state sum --initial initial", "initial, line 2: not a pair"),
        ("sstream-state avg --initial initial", "avg cannot go on from a result"),
    ] {
        let ran = on_batches(line).file("initial", "[1,2]\n[3]\n").run().exits(2);
        assert!(ran.stderr.contains(says), "{ran}");
    }
    on_batches("sstream-state sum --initial no-such-file").run().exits(1).says("no-such-file: cannot read");
}

#[test]
fn bad_records_are_set_aside() {
    let batches = "[[1,2],[1,\"x\"],3,[2,4]]\n";
    for (tool, prints) in [("sstream-reduce --by-key sum", "[1,2]\n[2,4]\n"), ("sstream-state sum", "[1,2]\n[2,4]\n")] {
        let line = format!("sstream-source queue batches | {tool} --output json");
        Shell::new(&line).file("batches", batches).run().exits(4).says("bad record [1,\"x\"]: not a number: \"x\"");
        Shell::new(&format!("{line} --on-error skip"))
            .file("batches", batches)
            .run()
            .exits(0)
            .prints(prints)
            .says("2 bad records");
    }
}

#[test]
fn keys_on_several_threads_come_out_as_on_one() {
    let lines: String = (0..40_000).map(|n| format!("{{\"k\":\"key {}\",\"n\":{n}}}\n", n * 7919 % 1009)).collect();
    let reduce = |options: &str| {
        let line = format!("sstream-reduce --input json --batch 1d --by .k --of .n {options} --output json");
        Shell::new(&line).stdin(&lines).run().exits(0).says_nothing().stdout
    };
    let one = reduce("collect");
    assert_eq!(one.lines().count(), 1009);
    assert_eq!(reduce("collect -j 3"), one);
    Shell::new("sstream-reduce count -j 2").run().exits(2).says("--jobs: there is no key");
    for keyed in [
        "sstream-state --by .k --of .n sum --emit each",
        "sstream-window 1d --by .k --of .n max",
        "sstream-window 10s --time .n --watermark 1s --by .k count",
        "sstream-window 10s 2s --time .n --watermark 1s --by .k --of .n sum",
        "sstream-window --session 500ms --time .n --watermark 1s --by .k count",
        "sstream-dedup --by .k --within 10ms --time .n --watermark 1s",
        "sstream-dedup",
    ] {
        let run = |options: &str| {
            let line = format!("{keyed} --input json --batch 1d {options} --output json");
            Shell::new(&line).stdin(&lines).run().exits(0).says_nothing().stdout
        };
        assert!(run("-j 3") == run(""), "{keyed}");
    }
    Shell::new("sstream-window 1h count -j 2").run().exits(2).says("--jobs: there is no key");
    Shell::new("sstream-window --session 1s count -j 2").run().exits(2).says("--jobs: there is no key");
}

#[cfg(target_os = "linux")]
#[test]
fn a_state_that_takes_too_much_memory_ends_the_stage_and_says_so() {
    let lines: String = (0..300_000).map(|n| format!("key number {n}\n")).collect();
    let state = |limit: &str| {
        let line =
            format!("sstream-state --by-value count --batch 1h --max-memory {limit} --output json --emit changed");
        Shell::new(&line).stdin(&lines).run()
    };
    let failed =
        state("8M").exits(1).says("memory: the stage takes ").says(" and may take 8.0 MiB, by --max-memory; of that ");
    failed.says(" keys take at least ").says("allow more by --max-memory SIZE");
    state("1GiB").exits(0).says_nothing();
}
