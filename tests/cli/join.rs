//! sstream-join and sstream-union: streams that begin, stall and end at
//! different times, diamonds, and what cannot be joined.

use std::fmt::Write as _;

use super::support::Folder;

/// A framed stream of one second batches: the first one's number, and records.
fn frames(first: u64, batches: &[&[&str]], close: &str) -> String {
    let mut text = "{\"sstream\":1,\"interval\":1000,\"stages\":[\"test\"]}\n".to_owned();
    for (index, batch) in batches.iter().enumerate() {
        let time = (first + index as u64) * 1000;
        for block in batch.chunks(250) {
            let lines = block.join("\n") + "\n";
            let _ = write!(text, "{{\"batch\":{time},\"records\":{},\"bytes\":{}}}\n{lines}", block.len(), lines.len());
        }
        let _ = writeln!(text, "{{\"end\":{time},\"records\":{}}}", batch.len());
    }
    text + close
}

const EOF: &str = "{\"close\":\"eof\"}\n";

/// A stream of so many batches with so many pairs of 1000 bytes each.
fn large(batches: u64, pairs: usize) -> String {
    let value = "x".repeat(980);
    let records: Vec<String> = (0..pairs).map(|key| format!("[1{key:07},\"{value}\"]")).collect();
    let records: Vec<&str> = records.iter().map(String::as_str).collect();
    frames(1, &vec![&records[..]; batches as usize], EOF)
}

/// The number of the stream's batches and records, by its ends.
fn totals(stream: &str) -> (u64, u64) {
    let ends = stream.lines().filter_map(|line| line.strip_prefix("{\"end\":"));
    let records = |end: &str| end.split("\"records\":").nth(1)?.trim_end_matches('}').parse::<u64>().ok();
    ends.fold((0, 0), |(batches, sum), end| (batches + 1, sum + records(end).unwrap()))
}

/// Each side's end, batch by batch.
fn ends(stream: &str) -> Vec<&str> {
    stream.lines().filter(|line| line.starts_with("{\"end\"") || line.starts_with("{\"close\"")).collect()
}

#[test]
fn sides_that_begin_and_end_at_different_times() {
    let folder = Folder::new();
    folder.file("a", frames(3, &[&["[1,\"a3\"]"], &[], &["[1,\"a5\"]"]], "{\"close\":\"stop\",\"note\":7}\n"));
    folder.file("b", frames(1, &[&["[1,\"b1\"]"], &[], &["[1,\"b3\"]", "[2,\"b3\"]"]], EOF));
    folder.file("c", frames(7, &[&["[1,\"c7\"]"]], EOF));
    let out = folder.run("sstream-join --type full a b --output json").exits(0).stdout;
    assert_eq!(out, "[1,[null,\"b1\"]]\n[1,[\"a3\",\"b3\"]]\n[2,[null,\"b3\"]]\n[1,[\"a5\",null]]\n");
    let out = folder.run("sstream-union a b c").exits(0).stdout;
    let ended = [1, 0, 3, 0, 1, 0, 1].iter().enumerate();
    let mut want: Vec<String> =
        ended.map(|(index, records)| format!("{{\"end\":{}000,\"records\":{records}}}", index + 1)).collect();
    want.push("{\"close\":\"stop\",\"note\":7}".to_owned());
    assert_eq!(ends(&out), want);
    assert!(out.starts_with(
        "{\"sstream\":1,\"interval\":1000,\"stages\":[[\"test\"],[\"test\"],[\"test\"],\"union a b c\"]}\n"
    ));
    assert!(out.contains("[1,\"a3\"]\n[1,\"b3\"]\n[2,\"b3\"]\n{\"end\":3000"));
}

#[test]
fn a_side_may_be_stdin_and_a_file_both_sides() {
    let folder = Folder::new();
    folder.file("a", frames(1, &[&["[1,2]", "[1,3]"]], EOF));
    let four = "[1,[2,2]]\n[1,[2,3]]\n[1,[3,2]]\n[1,[3,3]]\n";
    for script in [
        "sstream-join a a --output json",
        "sstream-join - a --output json < a",
        "cat a | sstream-join a - --output json",
    ] {
        assert_eq!(folder.run(script).exits(0).stdout, four);
    }
}

#[test]
fn records_that_meet_one_or_none_come_as_they_are() {
    let folder = Folder::new();
    folder.file("a", frames(2, &[&["[2,\"x\"]", "[1,\"y\"]", "[2,\"z\"]"], &["[1,0]"]], EOF));
    folder.file("b", frames(2, &[&["[2,0]", "[2,1]", "[3,0]"]], EOF)).file("pairs", "[2.0,null]\n");
    let (semi, anti) = ("[2,\"x\"]\n[2,\"z\"]\n", "[1,\"y\"]\n[1,0]\n");
    for line in ["sstream-join --output json a b", "sstream-join --output json --static pairs < a"] {
        assert_eq!(folder.run(&format!("{line} --type semi")).exits(0).stdout, semi);
        // A file's table has no batches: it is there in each.
        assert_eq!(folder.run(&format!("{line} --type anti")).exits(0).stdout, anti);
    }
}

#[test]
fn what_cannot_be_joined_is_told() {
    let folder = Folder::new();
    folder.file("a", frames(1, &[&["[1,2]"]], EOF));
    folder.file("half", frames(1, &[], EOF).replace("1000", "500").replace("test", "source fast"));
    folder.file("lines", "one \"line\"\n").file("nothing", "");
    folder
        .file("begun", "{\"sstr")
        .file("announced", "{\"sstream\":")
        .file("half-head", "{\"sstream\":1,\"interval\":10");
    folder.file("late", frames(2_000_000_000, &[&[]], EOF));
    folder.file("kept", frames(1, &[], EOF).replace("]}", "],\"checkpoint\":\"/c\"}"));
    for (script, exit, says) in [
        (
            "sstream-join a half",
            2,
            "left a has batches of 1s (first stage: test), right half of 500ms (first stage: source fast)",
        ),
        ("sstream-union a half", 2, "give both first stages one --batch"),
        ("sstream-join a lines", 2, "right lines: begins with 'one \"line\"', which is no framed stream"),
        ("sstream-join nothing a", 3, "left nothing: ended before the head"),
        ("sstream-join a begun", 3, "right begun: ended before the head"),
        ("sstream-union a announced a", 3, "announced, byte 11: cut off, there is no close"),
        ("sstream-union a half-head", 3, "half-head, byte 26: cut off, there is no close"),
        ("sstream-join a gone", 1, "gone: No such file"),
        ("sstream-join a", 2, "B is missing: usage: sstream-join [OPTIONS] A B or sstream-join"),
        ("sstream-join a .", 1, "is a directory"),
        ("sstream-union a", 2, "at least 2 needed, 1 given"),
        ("sstream-join a late", 2, "no stream has a batch from 2000 to 2000000000000"),
        ("sstream-join a kept", 2, "differ in checkpoint"),
        ("cat a | sstream-join - /dev/stdin", 2, "one pipe"),
        ("mkfifo f; sstream-union a f f", 2, "f and f are one pipe"),
        ("sstream-join --batch 1s a a", 2, "--batch: A and B are framed"),
        ("sstream-join --static a --type full < a", 2, "inner, left, semi or anti"),
        ("sstream-join --static a a < a", 2, "does not go with"),
    ] {
        let ran = folder.run(script).exits(exit).says(says);
        let error = format!("\"close\":\"error\",\"exit\":{exit},");
        assert!(ran.stdout.lines().last().is_some_and(|line| line.contains(&error)), "{ran}");
    }
}

#[test]
fn a_side_that_breaks_off_ends_the_join_after_what_came_before() {
    let folder = Folder::new();
    let whole = frames(1, &[&["[1,1]"], &["[1,2]"], &["[1,3]"]], EOF);
    let cut = &whole[..whole.find("{\"end\":2000").unwrap()];
    folder.file("whole", &whole).file("cut", cut);
    folder.file("failed", format!("{cut}{{\"close\":\"error\",\"exit\":4,\"message\":\"no\"}}\n"));
    folder.file("refused", "{\"sstream\":1,\"close\":\"error\",\"exit\":5,\"message\":\"no\"}\n");
    folder.file("malformed", whole.replace("\"end\":2000", "\"end\":3000"));
    for script in ["sstream-join whole cut", "sstream-union cut whole whole"] {
        let ran = folder.run(script).exits(3).says("cut, byte 159: cut off").says("dropped the unfinished batch 2000");
        assert_eq!(ends(&ran.stdout).len(), 1, "{ran}");
    }
    let ran = folder.run("sstream-join failed whole").exits(4);
    assert_eq!(ends(&ran.stdout)[1..], ["{\"close\":\"error\",\"exit\":4,\"message\":\"no\"}"]);
    assert_eq!(ran.stderr, "", "the stage that failed has said so");
    let ran = folder.run("sstream-union whole refused").exits(5);
    assert_eq!(ran.stdout, "{\"sstream\":1,\"close\":\"error\",\"exit\":5,\"message\":\"no\"}\n");
    folder.run("sstream-join whole malformed").exits(3).says("right malformed, byte 159: expected");
}

#[test]
fn bad_records_go_where_on_error_says() {
    let folder = Folder::new();
    folder.file("a", frames(1, &[&["[1,2]", "7"]], EOF));
    folder.run("sstream-join a a").exits(4).says("bad record 7: expected a pair");
    let ran = folder.run("sstream-join --on-error bad --output json a a; cat bad").exits(0);
    let bad = r#"{"batch":1000,"stage":"join --on-error bad --output json a a","error":"expected a pair, an array of two: [key,value]","record":7}"#;
    assert_eq!(ran.stdout, format!("[1,[2,2]]\n{bad}\n{bad}\n"));
}

#[test]
fn fifos_may_be_opened_in_any_order() {
    let folder = Folder::new();
    folder.file("a", frames(1, &[&["[1,2]"]], EOF));
    for order in ["f g", "g f"] {
        let script = format!(
            "mkfifo f g; for side in {order}; do cat a > $side; done & sstream-join f g --output json; wait; rm f g"
        );
        assert_eq!(folder.run(&script).exits(0).stdout, "[1,[2,2]]\n");
    }
}

#[test]
fn nothing_is_given_before_every_side_has_its_head() {
    let folder = Folder::new();
    folder.file("a", frames(1, &[&["[1,2]"]], EOF)).file("b", frames(2, &[&["[3,4]"]], EOF));
    let script = "mkfifo f; sstream-union a f > out & exec 3>f; sleep 0.3; wc -c < out; cat b >&3; exec 3>&-; wait $!; \
                  grep -c end out";
    assert_eq!(folder.run(script).exits(0).stdout, "0\n2\n");
}

#[test]
fn a_diamond_does_not_block_itself() {
    let folder = Folder::new();
    // One batch far larger than all pipes, many small ones, and some between.
    for (batches, pairs, memory) in [(1, 12_000, "1MiB"), (5_000, 5, "256MiB"), (25, 1_000, "16KiB")] {
        folder.file("large", large(batches, pairs));
        for (left, right, slow) in [("a", "b", ""), ("b", "a", ""), ("a", "b", "sleep 0.5;"), ("b", "a", "sleep 0.5;")]
        {
            let script = format!(
                "mkfifo a b c; {{ {slow} cat a; }} > c & tee a < large > b & \
                 sstream-union --memory {memory} {} {} | sstream-filter 1; rm a b c",
                left.replace('a', "c"),
                right.replace('a', "c")
            );
            let ran = folder.run(&script).exits(0);
            assert_eq!(totals(&ran.stdout), (batches, batches * pairs as u64 * 2));
        }
    }
}

#[test]
fn a_diamond_of_50_mb_is_joined() {
    let folder = Folder::new();
    folder.file("large", large(2, 25_000));
    let script = "mkfifo a b; tee a < large > b & sstream-join --memory 1MiB a b";
    let ran = folder.run(script).exits(0);
    assert_eq!(totals(&ran.stdout), (2, 50_000));
}

#[test]
fn a_side_that_is_ahead_is_held_back() {
    let folder = Folder::new();
    folder.file("large", large(2_000, 20)).file("b", frames(1, &[&["[1,2]"]], EOF));
    let script = "mkfifo f; { cat large; echo written >> told; } > >(sstream-union /dev/stdin f > out; echo done >> told) & \
                  exec 3>f; head -n 1 b >&3; sleep 0.5; echo released >> told; tail -n +2 b >&3; exec 3>&-; wait; \
                  until [ $(wc -l <told) = 3 ]; do sleep 0.01; done; \
                  head -n 1 told; tail -n +2 told | sort; cat out";
    let ran = folder.run(script).exits(0);
    // The union does not wait for the end of who wrote.
    assert!(ran.stdout.starts_with("released\ndone\nwritten\n"), "{}", &ran.stdout[..100]);
    assert_eq!(totals(&ran.stdout), (2_000, 40_001));
}

#[test]
fn a_signal_is_left_to_the_first_stages() {
    let folder = Folder::new();
    folder.file("a", frames(1, &[&["[1,2]"]], "{\"close\":\"stop\"}\n"));
    let script = "mkfifo f; sstream-union a f > out & exec 3>f; head -n 3 a >&3; until [ -s out ]; do sleep 0.01; done; \
                  kill -TERM $!; kill -INT $!; sleep 0.1; tail -n +4 a >&3; exec 3>&-; wait $!; echo $?; cat out";
    let ran = folder.run(script).exits(0);
    assert!(ran.stdout.starts_with("0\n"), "{ran}");
    assert_eq!(ends(&ran.stdout), ["{\"end\":1000,\"records\":2}", "{\"close\":\"stop\"}"]);
}

#[test]
fn a_stop_does_not_wait_for_a_writer_that_never_comes() {
    let folder = Folder::new();
    folder.file("a", frames(1, &[&["[1,2]"]], EOF));
    let script = "mkfifo f; sstream-join a f > out & \
                  until [ $(ls /proc/$!/task | wc -l) -gt 1 ]; do sleep 0.01; done; kill -TERM $!; wait $!";
    folder.run(script).exits(1).says("right f: asked to stop before anybody opened it for writing");
}

#[test]
fn a_static_file_is_read_again_between_batches() {
    let folder = Folder::new();
    let one = |time: u64| frames(time, &[&["[1,\"a\"]", "[2.0,\"b\"]"]], "");
    folder.file("first", one(1)).file("pairs", "[1, \"old\"]\n[1,\"older\"]\n");
    folder.file("second", one(2).split_once('\n').unwrap().1).file("third", one(3).split_once('\n').unwrap().1);
    folder.file("new", "[2,\"new\"]\n");
    let script = "mkfifo in; sstream-join --type left --static pairs < in > out & exec 3>in; cat first >&3; \
                  until grep -q end..1000 out; do sleep 0.01; done; mv new pairs; cat second >&3; \
                  until grep -q end..2000 out; do sleep 0.01; done; printf '[2,\"ne' > pairs; cat third >&3; \
                  echo '{\"close\":\"eof\"}' >&3; exec 3>&-; wait $!; echo $?; grep '^\\[' out";
    let ran = folder.run(script).exits(0).says("pairs, line 1: not JSON").says("going on with what was read before");
    let new = "[1,[\"a\",null]]\n[2.0,[\"b\",\"new\"]]\n";
    let want = format!("0\n[1,[\"a\",\"old\"]]\n[1,[\"a\",\"older\"]]\n[2.0,[\"b\",null]]\n{new}{new}");
    assert_eq!(ran.stdout, want);
}

#[test]
fn a_static_file_joins_raw_json() {
    let folder = Folder::new();
    folder.file("pairs", "[\"b\",true]\n");
    let script = "printf '[\"a\", 1]\\n[\"b\", 2]\\n' | sstream-join --input json --static pairs --output json";
    assert_eq!(folder.run(script).exits(0).stdout, "[\"b\",[2,true]]\n");
}
