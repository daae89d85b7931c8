//! map, flatmap and filter: what they do is tested in memory; here are their
//! options, their failures, commands and threads.

use super::support::{Ran, Shell, shell};

/// Runs a line on records, a JSON value each.
fn on(records: &str, line: &str) -> Ran {
    Shell::new(&format!("{line} --input json --output json")).stdin(records).run()
}

#[test]
fn map() {
    on("{\"user\":{\"id\":7}}\n{}\n", "sstream-map .user.id").exits(0).says_nothing().prints("7\nnull\n");
    on("{\"u\":\"a\",\"n\":1.10}", "sstream-map --key .u").exits(0).prints("[\"a\",{\"u\":\"a\",\"n\":1.10}]\n");
    on("[{\"k\":1.0},2]", "sstream-map --values '. * 2, .'").exits(0).prints("[{\"k\":1.0},4]\n[{\"k\":1.0},2]\n");
    on("\"GET /x\"\n\"-\"\n", "sstream-map --extract '(?<verb>[A-Z]+) (?<path>/\\S*)(?<rest>!)?'")
        .exits(0)
        .prints("{\"verb\":\"GET\",\"path\":\"/x\",\"rest\":null}\n");
    on("[\"k\",\"n=1\"]", "sstream-map --values --extract 'n=(?<n>.)'").exits(0).prints("[\"k\",{\"n\":\"1\"}]\n");
}

#[test]
fn flatmap() {
    on("\"a b\"\n\"\"\n\" c \"\n", "sstream-flatmap --split ' '").exits(0).prints("\"a\"\n\"b\"\n\"\"\n\"\"\n\"c\"\n");
    on("\"a-b\"", "sstream-flatmap --split -").exits(0).prints("\"a\"\n\"b\"\n");
    on("\"#a and #b\"", "sstream-flatmap --find '#\\w'").exits(0).prints("\"#a\"\n\"#b\"\n");
    on("{\"items\":[1,[2]]}", "sstream-flatmap .items").exits(0).prints("1\n[2]\n");
    on("[\"k\",[1,2]]", "sstream-flatmap --values .").exits(0).prints("[\"k\",1]\n[\"k\",2]\n");
}

#[test]
fn filter() {
    let records = "{\"l\":\"ERROR\",\"n\":1}\n{\"l\":\"ok\"}\n{}\n";
    on(records, "sstream-filter --field .l '^err' -i").exits(0).prints("{\"l\":\"ERROR\",\"n\":1}\n");
    on(records, "sstream-filter --field .l null").exits(0).prints("");
    on(records, "sstream-filter -v --field .l 'ERROR|ok'").exits(0).prints("{}\n");
    on(records, "sstream-filter --expr '.l == \"ok\"'").exits(0).prints("{\"l\":\"ok\"}\n");
    on(records, "sstream-filter --expr .n -v").exits(0).prints("{\"l\":\"ok\"}\n{}\n");
    on("1\n2\n3\n", "sstream-filter --exec 'while read n; do [ $n = 2 ] && echo false || echo 0; done'")
        .exits(0)
        .prints("1\n3\n");
}

#[test]
fn samples() {
    let numbers: String = (0..1000).map(|number| format!("{number}\n")).collect();
    let ran = on(&numbers, "sstream-sample 1/4 --by '. % 10' --batch 1h").exits(0).says_nothing();
    let kept: Vec<u32> = ran.stdout.lines().map(|line| line.parse().unwrap()).collect();
    assert!(!kept.is_empty() && kept.len().is_multiple_of(100) && kept.is_sorted(), "{ran}");
    shell("seq 1000 | sstream-sample --by . 100% --batch 1h | sstream-reduce count --output text")
        .exits(0)
        .prints("1000\n");
    on("{\"a\":1}\n7\n", "sstream-sample 1 --by .a --on-error skip").exits(0).prints("{\"a\":1}\n");
    // As it was the first time, byte for byte, when the batches come again.
    for line in ["sstream-sample 10% --seed 3", "sstream-sample --rate 3"] {
        shell(&format!(
            "jq -nc 'range(20) | [range(100)]' | sstream-source queue - > saved; {line} < saved > one; \
             sstream-source replay saved | {line} > two; \
             diff <(grep '^[0-9]' one) <(grep '^[0-9]' two) && grep -c '^[0-9]' one"
        ))
        .exits(0)
        .says_nothing();
    }
    shell("sstream-sample").exits(2).says("FRACTION is missing");
    shell("sstream-sample 11/10").exits(2).says("FRACTION '11/10': is more than all: a fraction is at most 1");
    shell("sstream-sample 1/10 --rate 3").exits(2).says("FRACTION does not go with --rate");
    shell("sstream-sample --rate 0").exits(2).says("--rate '0'");
}

#[test]
fn alerts() {
    let source = "jq -nc '[9],[],[3],[8],[],[]' > in; sstream-source queue in";
    let raised = |at| format!("{{\"alert\":\"when\",\"state\":\"raised\",\"since\":{at},\"at\":{at},\"record\":");
    shell(&format!("{source} | sstream-alert --when '. > 5' --clear '. < 2' --output json"))
        .exits(0)
        .says_nothing()
        .prints(&format!("{}9}}\n", raised(1000)));
    // A checkpoint keeps what is raised, and what is silent.
    let line = "sstream-source queue in --checkpoint ck | sstream-alert --when '. > 5' --absent 1500ms --output json";
    let ran = shell(&format!("jq -nc '[9],[]' > in; {line}; jq -nc '[9],[],[],[3]' > in; echo; {line}")).exits(0);
    let (first, second) = ran.stdout.split_once("\n\n").unwrap();
    assert_eq!(first, format!("{}9}}", raised(1000)), "{ran}");
    assert_eq!(
        second,
        "{\"alert\":\"absent\",\"state\":\"raised\",\"since\":1000,\"at\":2500}\n\
         {\"alert\":\"absent\",\"state\":\"cleared\",\"since\":1000,\"at\":4000,\"record\":3}\n\
         {\"alert\":\"when\",\"state\":\"cleared\",\"since\":1000,\"at\":4000,\"record\":3}\n"
    );
    ran.folder
        .run("sstream-checkpoint state ck queue.01-alert 2000")
        .exits(0)
        .prints("{\"when\":\"raised\",\"since\":1000,\"last\":1000,\"absent\":false}\n");
    shell("sstream-alert").exits(2).says("sstream-alert: ");
    shell("sstream-alert --for 1m --absent 1m").exits(2).says("--when");
    shell("sstream-alert --absent 1m --forget 1m --by .")
        .exits(2)
        .says("--forget 1m has to be longer than --absent 1m");
    shell("echo '{}' | sstream-alert --when .a --time .t --input json").exits(2).says("add --watermark");
}

#[test]
fn big_numbers_keep_their_digits() {
    let record = "{\"n\":567867890567867890123,\"m\":1.10}\n";
    for line in ["sstream-map .", "sstream-filter 890", "sstream-filter --expr .n", "sstream-flatmap ."] {
        on(record, line).exits(0).prints(record);
    }
}

#[test]
fn bad_records_are_a_choice() {
    let records = "1\n\"x\"\n3\n[]\n";
    let ran = on(records, "sstream-map '. + 1'").exits(4);
    assert!(ran.stderr.contains("bad record \"x\": ") && ran.stderr.contains("cannot be added"), "{ran}");
    let ran = on(records, "sstream-map '. + 1' --on-error skip").exits(0).prints("2\n4\n");
    assert!(ran.stderr.contains("2 bad records were set aside"), "{ran}");
    let ran = on(records, "sstream-map --values '.' --on-error bad.jsonl").exits(0).prints("");
    let kept = std::fs::read_to_string(ran.folder.path("bad.jsonl")).unwrap();
    assert_eq!(kept.lines().count(), 4);
    assert!(kept.lines().all(|line| line.contains("not a pair")), "{kept}");
}

#[test]
fn wrong_usage() {
    for (line, part) in [
        ("sstream-map", "EXPR"),
        ("sstream-map '.a |'", "EXPR: the jq program, column 5: expected an expression, found the end"),
        ("sstream-map --key nosuch", "--key: the jq program, column 1: `nosuch` is not defined"),
        ("sstream-map . --key .a", "--key"),
        ("sstream-map --values --key .a", "--key"),
        ("sstream-map --extract '(a)'", "no named group"),
        ("sstream-map . --exec cat", "--exec"),
        ("sstream-map -j 2 --exec cat", "--exec"),
        ("sstream-map . --exec-timeout 1s", "--exec-timeout does not go without --exec"),
        ("sstream-reduce --expr '$a' --exec-timeout 1s", "--exec-timeout does not go without --exec"),
        ("sstream-state --expr '$state' --exec-timeout 1s", "--exec-timeout does not go without --exec"),
        ("sstream-flatmap --split '('", "pattern '(': unclosed group"),
        ("sstream-flatmap . --split x", "--split"),
        ("sstream-filter", "PATTERN"),
        ("sstream-filter x --expr .a", "--expr"),
        ("sstream-filter -i --expr .a", "--expr"),
        ("sstream-filter --field .a", "PATTERN"),
        ("sstream-filter --expr .a --exec cat", "--exec"),
    ] {
        let ran = shell(line).exits(2);
        assert!(ran.stderr.contains(part), "{part}\n{ran}");
    }
}

/// A deep recursion is run once more on a larger stack.
#[test]
fn debug_says_each_message_once_however_deep_a_program_goes() {
    let program = "def f: if . > 0 then (if . % 200 == 0 then debug else . end) | . - 1 | f + 1 else . end; f";
    let ran = on("2\n600\n", &format!("sstream-map '{program}'"));
    assert_eq!(ran.stderr, "[\"DEBUG:\",600]\n[\"DEBUG:\",400]\n[\"DEBUG:\",200]\n", "{ran}");
    ran.exits(0).prints("2\n600\n");
}

#[test]
fn a_command_stands_for_a_function() {
    let double = "import json,sys\nfor line in sys.stdin:\n    print(json.dumps(json.loads(line) * 2), flush=True)\n";
    let run =
        |line: &str| Shell::new(&format!("{line} --output json")).file("f.py", double).stdin("1\n\"a\"\n[2]\n").run();
    run("sstream-map --input json --exec 'python3 f.py'").exits(0).says_nothing().prints("2\n\"aa\"\n[2,2]\n");
    run("sstream-flatmap --input json --exec 'python3 f.py'").exits(0).prints("2\n\"aa\"\n2\n2\n");
    run("sstream-map --values --input json --on-error skip --exec 'python3 f.py'").exits(0).prints("");
}

#[test]
fn a_command_that_fails_ends_the_pipeline() {
    for (command, part) in [
        ("exit 3", "ended with exit code 3"),
        ("nosuchcommand", "command not found"),
        ("cat; exit 3", "ended with exit code 3 when its input had ended"),
        ("sed -u p", "wrote a line that was not asked for"),
        ("sed -u s/^/x/", "is not a JSON line"),
    ] {
        let line = format!("sstream-map --exec '{command}' | sstream-sink json");
        let ran = Shell::new(&line).stdin("1\n2\n").run().exits(1);
        assert!(ran.stderr.contains(part) && ran.stderr.lines().count() <= 2, "{part}\n{ran}");
    }
    let ran = Shell::new("sstream-map --exec 'sleep 60' --exec-timeout 50ms").stdin("1\n").run().exits(1);
    assert!(ran.stderr.contains("did not answer line 1 within 50ms: most likely it buffers"), "{ran}");
}

/// Enough lines for several blocks of several pieces.
fn many_lines() -> String {
    (0..12_000).map(|n| format!("{{\"n\":{n},\"text\":\"{}\"}}\n", "a b ".repeat(n % 9))).collect()
}

#[test]
fn several_threads_give_the_same_bytes() {
    let lines = many_lines();
    for line in [
        "sstream-map '{n, words: (.text | length)}'",
        "sstream-flatmap --split ' '",
        "sstream-flatmap --find '[0-9]'",
        "sstream-filter '7.*b'",
        "sstream-filter --field .n '^[0-9]{3}$'",
        "sstream-map '.n | if . % 5000 == 4999 then error(\"no\") else . end' --on-error skip",
    ] {
        let one = on(&lines, line).exits(0);
        for jobs in ["-j 3", "-j0"] {
            let several = on(&lines, &format!("{line} {jobs}")).exits(0);
            assert!(one.stdout == several.stdout, "{line} {jobs}");
            assert_eq!(one.stderr, several.stderr, "{line} {jobs}");
        }
    }
}

#[test]
fn several_threads_fail_at_the_same_record() {
    let line = "sstream-map 'if .n == 5678 or .n > 9000 then error(\"no\") else .n end'";
    let one = on(&many_lines(), line).exits(4);
    let several = on(&many_lines(), &format!("{line} -j 3")).exits(4);
    assert!(one.stderr.contains("\"n\":5678,"), "{one}");
    assert_eq!(one.stderr, several.stderr);
}

#[test]
fn words_are_counted() {
    Shell::new("sstream-flatmap --split ' ' | sstream-reduce --by-value count | sstream-sink print")
        .stdin("to be or\nnot to be\n")
        .run()
        .exits(0);
    Shell::new("sstream-source queue q | sstream-flatmap --split ' ' | sstream-reduce --by-value count --output json")
        .file("q", "[\"to be or\",\"not to be\"]\n")
        .run()
        .exits(0)
        .prints("[\"to\",2]\n[\"be\",2]\n[\"or\",1]\n[\"not\",1]\n");
}

#[test]
fn messages_are_short_and_have_no_control_codes_whatever_the_record_is() {
    let long = format!("\"{}\"\n", "x".repeat(100_000));
    let ran = Shell::new("sstream-map fromjson --input json | cat").stdin(long).run();
    assert!(ran.stderr.len() < 4000 && ran.stdout.len() < 4000, "{ran}");
    assert!(ran.stderr.ends_with("goes on without such records\n"), "{ran}");
    let evil = "\"\\u001b[2J\\nsstream-filter: all is well\\u009b\"\n";
    let ran = Shell::new("sstream-map 'error' --input json").stdin(evil).run().says("\\u{1b}[2J\\nsstream-filter");
    assert!(ran.stderr.trim_end().chars().all(|c| !c.is_control()), "{ran}");
}

#[test]
fn what_becomes_of_bad_records_is_told_to_be_wrong_at_the_start() {
    let line = |choice: &str| format!("sleep 5 | timeout 3 sstream-filter x --on-error {choice}");
    shell(&line("skipp")).exits(2).says("did you mean skip?");
    shell(&line("none/bad")).exits(1).says("--on-error none/bad: cannot be written: No such file or directory");
    shell(&line(".")).exits(1).says("--on-error .: cannot be written");
}

#[test]
fn paths_are_any_bytes() {
    let line = "cp=$(printf 'ck\\351'); echo a > log; \
                sstream-source tail log --available-now --checkpoint \"$cp\" \
                | sstream-sink files out && cat out-* && ls -d \"$cp\"/stages/ > /dev/null; \
                sstream-source tail log --available-now --checkpoint \"$cp\" | sstream-sink files out && cat out-*; \
                echo 'x' | sstream-filter '' --input json --on-error \"$cp.bad\"; wc -l < \"$cp.bad\"";
    let ran = shell(line).exits(0);
    assert_eq!(ran.stdout.lines().filter(|line| *line == "a").count(), 2, "{ran}");
    assert!(ran.stdout.ends_with("1\n"), "{ran}");
}
