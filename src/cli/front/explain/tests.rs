use super::*;

#[track_caller]
fn check(pipeline: &str, mistakes: usize, parts: &[&str]) {
    let Explained { text, mistakes: found, .. } = explain(pipeline, None).unwrap();
    for part in parts {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
    assert_eq!(found, mistakes, "{text}");
}

#[test]
fn the_main_job_is_explained() {
    check(
        "nc -lk 9999 | sstream-filter ERROR | sstream-window 30s 10s count",
        0,
        &[
            "1. nc -lk 9999\n   none of sstream's tools",
            "2. sstream-filter ERROR\n   first stage: cuts its input into batches of 1s by the wall clock\n",
            "window: the last 30s every 10s; gives count",
            "on a terminal prints the first 10 records",
        ],
    );
}

#[test]
fn the_front_command_s_spelling_is_the_same() {
    check(
        "nc h 1 | sstream filter x | sstream sink print",
        0,
        &["keeps the records", "guarantee: none without --checkpoint"],
    );
}

#[test]
fn mistakes_are_found_without_running_anything() {
    check("sstream-source rate 5 | sstream-window 2500ms count", 1, &["no multiple of the batch interval 1s"]);
    check("sstream-source rate 5 | grep 1 | sstream-window 2s count", 1, &["sstream-transform -- grep 1"]);
    check("nc h 1 | sstream-filter x | sstream-filter y --batch 5s", 1, &["--batch behind the first stage"]);
    check("nc h 1 | sstream-sink print | sstream-window 2s count", 1, &["--pass"]);
    check("sstream-filter --no-such x", 1, &["--no-such: no such option"]);
    check("sstream-fliter x", 1, &["there is no tool sstream-fliter"]);
    check("nc h 1 | sstream-source rate 5", 1, &["does not read its stdin"]);
    check("sstream-source rate 5 --input json | sstream-sink null", 1, &["rate does not read lines"]);
    check("nc h 1 | sstream-filter x | sstream-filter y --idle-timeout 5s", 1, &["--idle-timeout behind"]);
    check("sstream-source rate 5 | sstream-window 2s sun", 1, &["did you mean \"sum\"?"]);
}

#[test]
fn what_an_expression_gives_is_no_record() {
    check("nc h 1 | sstream-window 3s --expr '$a + $b'", 0, &["gives an expression of them", "partial results"]);
    check(
        "sstream-source queue - --checkpoint ck | sstream-window 3s",
        0,
        &["virtual clock", "come again from its log"],
    );
}

#[test]
fn sides_of_a_join_are_explained_first_and_must_agree() {
    check(
        "sstream-join <(sstream-source rate 5 --batch 2s) <(sstream-source rate 5) | sstream-sink print",
        1,
        &["  1. sstream-source rate 5 --batch 2s", "batches of 2s and 1s"],
    );
}

#[test]
fn what_holds_after_a_crash_is_told_sink_by_sink() {
    check(
        "sstream-source tail app.log --checkpoint ck | sstream-sink --pass files out/all \
         | sstream-sink --pass exec -- cmd | sstream-sink --pass null | sstream-map .n --output text",
        0,
        &[
            "the batches that were not committed are read again from the files",
            "guarantee: each record counts exactly once",
            "guarantee: each record at least once: a command that was killed runs again",
            "guarantee: none needed",
            "guarantee: each record at least once: what was written last before a crash",
        ],
    );
    check(
        "SSTREAM_CHECKPOINT=ck nc h 1 | SSTREAM_CHECKPOINT=ck sstream-filter x | sstream-sink files out/t",
        0,
        &["come again from its log", "of the records that reached the log each counts exactly once", "whatever dies"],
    );
    check(
        "sstream-source tail app.log | sstream-sink files out/all",
        0,
        &["checkpoint: none: a restart begins anew, as at the first start", "guarantee: none without --checkpoint"],
    );
    check(
        "sstream-source rate 5 --checkpoint ck | tee copy | sstream-map .n > file",
        0,
        &["guarantee: none for the copy", "guarantee: none for file"],
    );
}

#[test]
fn what_is_no_stage_is_not_told_as_one() {
    let line = "sstream-run --checkpoint ck 'sstream-source rate 5 | sstream-sink print'";
    let text = explain(line, None).unwrap().text;
    assert!(text.ends_with("\n   runs the pipeline that it is given: explain that one\n"), "{text}");
    assert_eq!(text.lines().count(), 2, "{text}");
}

#[test]
fn one_checkpoint_stands_at_all_sources_and_nowhere_else() {
    check("sstream-source rate 5 | sstream-state sum --checkpoint ck", 1, &["--checkpoint behind the first stage"]);
    check(
        "sstream-union <(sstream-source rate 5 --name a --checkpoint ck) <(sstream-source rate 5 --name b)",
        1,
        &["its sides have the checkpoints ck and none"],
    );
    check(
        "sstream-union <(sstream-source tail a --checkpoint ck) <(sstream-source tcp h:1 --checkpoint ck) \
         | sstream-sink files out/u",
        0,
        &["of the records that reached the log each counts exactly once"],
    );
}

#[test]
fn what_depends_on_variables_is_no_mistake() {
    check("nc h 1 | sstream-filter x --batch $B", 0, &["depends on a variable"]);
}
