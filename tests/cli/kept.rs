//! `sstream-sink exec --keep`: one command for the whole stream; and `--retry`.
//!
//! `EXEC_KILLS` says how often the pipeline with a database is killed; by default a few times.

use std::time::Duration;

use sstream_testkit::keeper::Keeper;
use sstream_testkit::random::Random;
use sstream_testkit::wait_until;

use super::support::{Folder, Ran, Shell};

/// Three batches: two records, none, one.
const BATCHES: &str = "[\"a\",[\"k\",1]]\n[]\n[\"two\\nlines\"]\n";

const SOURCE: &str = "sstream-source queue batches --batch 1s";

fn keep(script: &str, options: &str) -> Ran {
    let line = format!("{SOURCE} | sstream-sink exec --keep {options} -- sh script");
    Shell::new(&line).file("batches", BATCHES).file("script", script).run()
}

/// Notes all that comes, and answers ends.
const ANSWERS: &str = "echo began >>seen; while IFS= read -r line; do printf '%s\\n' \"$line\" >>seen; case $line in '{\"end\"'*) echo \"$line\"; esac; done; echo over >>seen";

#[test]
fn a_command_gets_all_batches_and_acknowledges_each() {
    let ran = keep(ANSWERS, "").exits(0).says_nothing().prints("");
    let expected = "began\n{\"batch\":1000,\"records\":2,\"bytes\":12}\n\"a\"\n[\"k\",1]\n{\"end\":1000}\n\
                    {\"batch\":2000,\"records\":0,\"bytes\":0}\n{\"end\":2000}\n\
                    {\"batch\":3000,\"records\":1,\"bytes\":13}\n\"two\\nlines\"\n{\"end\":3000}\nover\n";
    assert_eq!(ran.folder.read("seen"), expected);
}

#[test]
fn what_a_command_does_wrong_is_told() {
    for (script, says) in [
        ("exit 3", "exit 3 before it had acknowledged batch 1000"),
        ("kill -9 $$", "killed by signal 9 (SIGKILL) before it had acknowledged batch 1000"),
        ("exec >&-; cat >/dev/null", "closed its input or output before it had acknowledged batch 1000"),
        ("cat", "answered `{\"batch\":1000,\"records\":2,\"bytes\":12}` to batch 1000, where only {\"end\":1000}"),
        ("head -n 4 | tail -n 1; head -c 1 >/dev/null; exit 1", "exit 1 before it had acknowledged batch 2000"),
    ] {
        keep(script, "").exits(1).says(says);
    }
    let late = format!("{ANSWERS}; exit 4");
    keep(&late, "").exits(1).says("exit 4 at the end of the stream: if that is no failure: --accept 0,4");
    keep(&late, "--accept 4").exits(0).says_nothing();
    keep(&format!("{ANSWERS}; echo more"), "").exits(1).says("wrote `more`, where nothing was asked");
    keep("", "--json").exits(2);
    let ran = Shell::new(&format!("{SOURCE} | sstream-sink exec --keep -- nothing-of-that-name"))
        .file("batches", BATCHES)
        .run()
        .exits(2);
    assert!(ran.stderr.contains("command not found"), "{ran}");
}

/// More than the pipes hold, in both directions: neither side waits for the other.
#[test]
fn a_command_that_says_much_while_it_is_written_to_blocks_nothing() {
    let line = "seq 300000 | sstream-source stdin | sstream-sink exec --keep -- cat";
    Shell::new(line).run().exits(1).says("answered `{\"batch\":");
}

#[test]
fn a_batch_that_is_cut_off_reaches_no_command() {
    let stream = "{\"sstream\":1,\"interval\":1000,\"stages\":[]}\n{\"batch\":1000,\"records\":1,\"bytes\":2}\n1\n";
    let ran = Shell::new("sstream-sink exec --keep -- sh -c 'touch started' <stream").file("stream", stream).run();
    let ran = ran.exits(3);
    assert!(!ran.folder.path("started").exists(), "{ran}");
}

#[test]
fn a_command_that_failed_is_run_again() {
    // It fails at each batch, once.
    let fails = format!("if [ ! -e failed ]; then touch failed; exit 1; fi; rm failed; {ANSWERS}");
    keep(&fails, "").exits(1);
    let ran = keep(&fails, "--retry 1").exits(0);
    assert!(ran.stderr.ends_with("exit 1 before it had acknowledged batch 1000: it has to answer each batch, until its input ends: run again, 1 left\n"), "{ran}");
    assert_eq!(ran.folder.read("seen").matches("\"a\"").count(), 1, "{ran}");
    keep("exit 1", "--retry 2").exits(1);

    let script = "if mkdir seen.$SSTREAM_BATCH_TIME 2>/dev/null; then echo half; exit 1; fi; cat";
    for tool in ["sstream-transform", "sstream-sink exec"] {
        let line = format!("{SOURCE} | {tool} --retry 2 --sh '{script}' | sed 's/half//;/^$/d'");
        let ran = Shell::new(&line).file("batches", BATCHES).run().exits(0);
        assert_eq!(ran.stderr.matches("exit 1, batch 2000").count(), 1, "{ran}");
    }
    // What an attempt that failed has said is no output.
    let line = format!("{SOURCE} | sstream-transform --retry 1 --output text --sh '{script}'");
    Shell::new(&line).file("batches", BATCHES).run().exits(0).prints("a\n[\"k\",1]\ntwo\nlines\n");
}

#[test]
fn a_command_knows_for_whom_it_works() {
    for keep in [
        "--keep --sh 'echo $SSTREAM_JOB $SSTREAM_STAGE >>who; head -n 4 >rest; tail -n 1 rest'",
        "--sh 'echo $SSTREAM_JOB $SSTREAM_STAGE >>who'",
    ] {
        let folder = Folder::new();
        folder.file("batches", "[1,2]\n");
        let ran = folder.run(&format!("{SOURCE} --checkpoint ck | sstream-sink exec {keep}"));
        let who = folder.read("who");
        let words: Vec<&str> = who.split_whitespace().collect();
        assert!(ran.exits(0).stdout.is_empty() && words.len() == 2 && words[1] == "queue.01-exec", "{who}");
    }
}

/// The example's database has each word once for each time that it came, whatever is killed.
#[test]
fn a_database_has_each_record_once_however_often_all_is_killed() {
    let rounds = std::env::var("EXEC_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(5u64);
    let folder = Folder::new();
    folder.file("log", "");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/to_sqlite.py");
    let keeper = Keeper::start(
        &folder,
        "pipeline",
        &format!(
            "sstream-source tail log --checkpoint ck --batch 50ms | sstream-reduce --by-value count \
             | sstream-sink exec --keep --retry 2 -- python3 {script} db"
        ),
    );
    let mut random = Random::new(7);
    for _ in 0..rounds {
        folder.run("for i in 1 2 3 4 5 6; do seq 1 50 >>log; sleep 0.05; done").exits(0);
        // When is left to chance, which is the test.
        std::thread::sleep(Duration::from_millis(random.below(600)));
        keeper.kill_some(&mut random);
    }
    let query = "import sqlite3; print(sqlite3.connect('db').execute('select count(*), min(count), max(count), sum(count) from counts').fetchone())";
    let times = rounds * 6;
    let is_all = format!("(50, {times}, {times}, {})\n", times * 50);
    let counted = || folder.run(&format!("python3 -c \"{query}\"")).stdout;
    wait_until("all is through", Duration::from_secs(60), || counted() == is_all);
    keeper.finish(Duration::from_secs(60));
    assert_eq!(counted(), is_all);
}
