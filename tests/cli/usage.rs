//! Wrong usage is told in one line that helps, with exit code 2, to the user and
//! to the next stage.

use super::support::shell;

#[test]
fn wrong_usage_helps() {
    for (line, says) in [
        ("sstream-window 30 10", "sstream-window: LEN '30': a duration needs a unit: 30s, 30ms or 30m?"),
        ("sstream-window 30s 1M", "1month: months and years are of a calendar"),
        ("sstream-window 30s 10x", "SLIDE '10x': no unit of time 'x': durations are written as 500ms"),
        ("sstream-window 99999999999999999s", "LEN '99999999999999999s': is too long"),
        ("sstream-window 0n", "LEN '0n': is no number of records, as 100n is"),
        ("sstream-window 18446744073709551615n", "is no number of records"),
        ("sstream-window 30s count 10s", "'count' does not begin with a digit: the arguments are LEN [SLIDE] [AGG]"),
        ("sstream-window 30s cuont", "no aggregation \"cuont\": did you mean \"count\"?"),
        ("sstream-window 30s 10s count sum", "'sum' is one argument too many: usage: sstream-window"),
        ("sstream-window", "sstream-window: LEN is missing: how far the window reaches back"),
        ("sstream-filter --bacth 1s x", "sstream-filter: --bacth: no such option, did you mean --batch?"),
        ("sstream-filter -Q x", "sstream-filter: -Q: no such option: see sstream-filter --help"),
        (
            "sstream-filter --output prnt x",
            "--output: 'prnt' is none of print, frames, text, json: did you mean print?",
        ),
        ("sstream-filter --batch", "sstream-filter: --batch: a value must follow"),
        ("sstream-filter --batch 0s x", "--batch '0s': must be whole milliseconds"),
        ("sstream-filter --batch 0n x", "--batch '0n': '0n' is no count of records"),
        ("echo | sstream-filter --batch 9n --max-batch 1KiB x", "--max-batch is of batches that end by the clock"),
        ("sstream-source queue --batch 9n f", "--batch: this source has batches of its own"),
        ("sstream-filter --batch 1s --batch 2s x", "sstream-filter: --batch was given twice"),
        ("sstream-filter --verbose --quiet x", "--verbose does not go with --quiet"),
        ("sstream-filter --max-line 3XB x", "--max-line '3XB': unknown unit 'XB'"),
        ("sstream-filter one two", "'two' is one argument too many: usage: sstream-filter"),
        ("sstream-filter '('", "pattern '(': unclosed group"),
        ("sstream-filter $'\\xff'", "an argument is not UTF-8"),
        ("sstream-sink", "sstream-sink: KIND is missing"),
        ("sstream-source queue", "sstream-source: FILE is missing"),
        ("SSTREAM_BATCH=10 sstream-filter x", "SSTREAM_BATCH=10: a duration needs a unit"),
    ] {
        shell(line).exits(2).says(says);
    }
}

#[test]
fn how_times_are_written_is_said_only_of_times_that_are_read() {
    let tools = [
        "sstream-dedup --within 1m",
        "sstream-state count --timeout 1m",
        "sstream-alert --absent 1m",
        "sstream-match 'a b'",
        "sstream-window 1m count",
        "sstream-window --session 1m count",
        "sstream-join a b --within 0s..1m --by .k",
    ];
    for (option, says) in [
        ("--time-unit s", "--time-unit says how the times of --time are written: give --time EXPR too"),
        ("--time-format %Y", "--time-format says how the times of --time are written: give --time EXPR too"),
    ] {
        for tool in tools {
            shell(&format!("touch a b; {tool} {option}")).exits(2).says(says);
        }
    }
    for (line, says) in [
        ("sstream-dedup --time-zone UTC", "--time-zone is of the times that records tell"),
        ("sstream-state count --time-zone UTC", "--time-zone is of the times that records tell"),
        ("sstream-alert --absent 1m --time-zone UTC", "--time-zone is of the times that records tell"),
        ("sstream-match 'a b' --time-zone UTC", "--time-zone is of the times that records tell"),
        ("sstream-window --session 1m count --time-zone UTC", "--time-zone is of the times that records tell"),
        ("seq 2 | sstream-window 1d count --time-zone UTC", "say by --time EXPR"),
        ("touch a b; sstream-join a b --time-zone UTC", "--time-zone is of joins of two streams by time"),
        ("touch a b; sstream-join a b --checkpoint-every 1m", "--checkpoint-every is of joins of two streams by time"),
        ("sstream-join --static pairs --by .k --within 0s..1m", "--within is of joins of two streams by time"),
    ] {
        shell(line).exits(2).says(says);
    }
    let both = "--time-left .t --time-right .u --time-unit s";
    shell(&format!("touch a b; sstream-join a b --within 0s..1m --by .k {both}")).exits(3);
}

#[test]
fn options_of_a_file_are_as_good_as_those_of_the_line() {
    let folder = super::support::Folder::new();
    let file = "[source]\nbatch = '9n'\ncheckpoint = 'ck'\n[source.tail]\npath = ['log']\navailable-now = true\n\
                [state]\nagg = 'count'\nby-value = true\n";
    std::fs::write(folder.path("app.toml"), file).unwrap();
    let line = |source: &str, state: &str| format!("echo a >> log; {source} | {state} --output json");
    let with_file = "export SSTREAM_CONFIG=app.toml; sstream-source tail";
    folder.run(&line(with_file, "sstream-state")).exits(0).says_nothing().prints("[\"a\",1]\n");
    // A supervisor hands the file on.
    let run = "sstream-run --quiet --config app.toml 'sstream-source tail | sstream-state --output json'";
    folder.run(&format!("echo a >> log; {run}")).exits(0).prints("[\"a\",2]\n");
    folder.run("sstream-filter x --config none").exits(2).says("--config none: ");
    folder.run("sstream config filtr").exits(2).says("no such tool, did you mean sstream-filter?");
}

#[test]
fn a_name_that_is_given_twice_counts_once_or_is_wrong() {
    for (line, says) in [
        ("sstream-map --extract '(?<a>x)(?<a>y)'", "duplicate capture group name"),
        ("sstream-match 'a b' --define a=.x --define a=.y", "--define a is there twice: join them by 'and'"),
        ("sstream-union - -", "- and - are one pipe"),
        ("mkfifo in; sstream-join in ./in", "in and ./in are one pipe"),
    ] {
        shell(line).exits(2).says(says);
    }
    for (line, prints) in [
        (
            "echo 1,2,3 | sstream-map . --input csv --columns a,a,b --output json",
            "{\"a\":\"1\",\"a_2\":\"2\",\"b\":\"3\"}\n",
        ),
        ("seq 2 > in; ln -s in link; sstream-source tail in ./in link 'i*' --available-now --output text", "1\n2\n"),
        ("seq 2 | sstream-filter -e 1 -e 1 --output text", "1\n"),
        ("seq 2 | sstream-transform --accept 0,1,1 --output text -- grep 1", "1\n"),
    ] {
        shell(line).exits(0).prints(prints);
    }
}

/// Whether it was the parser that found the mistake or the tool.
#[test]
fn the_next_stage_fails_alike_and_nobody_else_sees_frames() {
    for wrong in [
        "sstream-filter '('",
        "sstream-filter --bacth 1s x",
        "sstream-filter --output frames",
        "sstream-window 30s 10",
        "sstream-source rate 1 --batch 0s",
        "sstream-sink --pass prnt",
        "sstream-sink --pass files out/",
        "sstream-union a",
    ] {
        let ran =
            shell(&format!("{wrong} | tee told | sstream-window 1s | sstream-sink text; echo ${{PIPESTATUS[@]}}"));
        assert_eq!(ran.stdout, "2 0 2 2\n", "{ran}");
        let told = ran.folder.read("told");
        let tool = wrong.split(' ').next().unwrap();
        let want = format!("{{\"sstream\":1,\"close\":\"error\",\"exit\":2,\"message\":\"{tool}: ");
        assert!(told.starts_with(&want) && told.lines().count() == 1, "{told}\n{ran}");
    }
    for wrong in [
        "sstream-filter '(' --output text",
        "sstream-filter --bacth 1s --output=json x",
        "sstream-window 30s 10 --output print",
        "sstream-sink files out/",
        "sstream-sink prnt",
    ] {
        shell(wrong).exits(2).prints("");
    }
}

#[test]
fn an_interval_is_set_once() {
    shell("sstream-source queue --batch 10s /dev/null | sstream-filter x --batch 1s --output text")
        .exits(2)
        .says("--batch: the input is framed, its batches of 10s were cut by its first stage, source queue");
}

#[test]
fn options_may_stand_before_and_after_the_kind() {
    let after = shell("echo '[1]' | sstream-source queue - --batch 2s --no-trace").exits(0).stdout;
    let before = shell("echo '[1]' | sstream-source --batch 2s --no-trace queue -").exits(0).stdout;
    assert_eq!(after.lines().skip(1).collect::<Vec<_>>(), before.lines().skip(1).collect::<Vec<_>>());
    assert!(after.contains("\"interval\":2000"), "{after}");
}

/// `script` gives a tool a terminal.
#[test]
fn a_tool_with_only_a_terminal_shows_short_help() {
    let ran = shell("script -qec 'sstream-filter ERROR' /dev/null").exits(2);
    for part in ["Examples:", "nc -lk 9999 | sstream-filter ERROR", "Usage: sstream-filter", "stdin is a terminal"] {
        assert!(ran.stdout.contains(part), "{part}\n{ran}");
    }
}

#[test]
fn help_begins_with_examples_and_h_is_short() {
    for tool in ["sstream-source", "sstream-filter", "sstream-window", "sstream-sink"] {
        let long = shell(&format!("{tool} --help")).exits(0).says_nothing().stdout;
        let short = shell(&format!("{tool} -h")).exits(0).says_nothing().stdout;
        assert!(long.starts_with("Examples:\n"), "{long}");
        assert!(short.lines().count() < long.lines().count() && !short.contains("Examples:"), "{short}");
        shell(&format!("{tool} --version")).exits(0).prints(&format!("{tool} {}\n", env!("CARGO_PKG_VERSION")));
    }
}
