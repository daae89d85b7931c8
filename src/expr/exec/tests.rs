use super::*;

const TIMEOUT: Duration = Duration::from_millis(400);

fn start(command: &str) -> Exec {
    Exec::start(command, &[], TIMEOUT).unwrap()
}

/// The answers to all of `records`, asked for in one go.
fn answers(exec: &mut Exec, records: &[&str]) -> Result<Vec<String>, String> {
    let records: Vec<&[u8]> = records.iter().map(|record| record.as_bytes()).collect();
    let mut answers = Vec::new();
    exec.call_many(&records, &mut |index, answer| {
        match answer {
            Answer::Result(result) => {
                assert_eq!(index, answers.len());
                answers.push(String::from_utf8(result.to_vec()).unwrap());
            }
            Answer::Failed(message) => panic!("{message}"),
        }
        ControlFlow::Continue(())
    })
    .map(|()| answers)
    .map_err(|error| error.to_string())
}

#[track_caller]
fn fails(command: &str, records: &[&str], message: &str) {
    let mut exec = start(command);
    let error = answers(&mut exec, records).unwrap_err();
    assert!(error.contains(message), "{error}");
}

#[test]
fn each_line_is_answered() {
    let mut exec = start("cat");
    assert_eq!(
        answers(&mut exec, &["1", "\"a\"", "{\"a\":[1.10]}"]),
        Ok(vec!["1".into(), "\"a\"".into(), "{\"a\":[1.10]}".into()])
    );
    let mut one = Vec::new();
    exec.call(b"null", &[], &mut |answer| {
        one.extend_from_slice(answer);
        ControlFlow::Continue(())
    })
    .unwrap();
    assert_eq!(one, b"null");
    assert_eq!(answers(&mut exec, &[]), Ok(vec![]));
    exec.close().unwrap();
    exec.close().unwrap();
}

#[test]
fn answers_become_canonical() {
    let mut exec = start(r#"while read -r line; do echo ' { "b" : 1, "a" : "\u00e9" } '; done"#);
    assert_eq!(answers(&mut exec, &["1"]), Ok(vec![r#"{"b":1,"a":"é"}"#.to_string()]));
    exec.close().unwrap();
}

#[test]
fn variables_come_as_an_object() {
    let mut exec = Exec::start("cat", &["a", "b"], TIMEOUT).unwrap();
    let mut answer = Vec::new();
    exec.call(b"null", &[b"1", b"[2]"], &mut |result| {
        answer.extend_from_slice(result);
        ControlFlow::Continue(())
    })
    .unwrap();
    assert_eq!(answer, br#"{"a":1,"b":[2]}"#);
}

#[test]
fn records_larger_than_the_pipes_pass_both_ways() {
    let large = format!("\"{}\"", "x".repeat(3_000_000));
    let many = vec![large.as_str(); 3];
    let mut exec = start("cat");
    assert_eq!(answers(&mut exec, &many).unwrap(), many);
    let small = vec!["12345"; 50_000];
    assert_eq!(answers(&mut exec, &small).unwrap(), small);
    exec.close().unwrap();
}

#[test]
fn a_silent_command_is_told_of_buffering() {
    fails("sleep 100", &["1"], "did not answer line 1 within 400ms: most likely it buffers");
    // Buffers until its input ends.
    fails("sort", &["1", "2"], "stdbuf -oL, python3 -u or flush=True, fflush() in awk, jq --unbuffered");
    // Answers one line and then no more.
    fails("head -n 1; exec sleep 100", &["1", "2"], "did not answer line 2");
    // Never reads, while more is to be written than a pipe holds.
    let large = format!("\"{}\"", "x".repeat(1_000_000));
    fails("exec sleep 100", &[&large], "did not answer line 1");
    // Begins an answer and does not end it.
    fails("printf '[1'; exec sleep 100", &["1"], "did not answer line 1");
}

#[test]
fn too_many_lines_are_refused() {
    fails("while read -r line; do printf '1\\n2\\n'; done", &["1"], "wrote a line that was not asked for: `2`");
    let mut exec = start("echo 1; cat");
    // Wait until the line is there.
    wait(None, Some(&exec.stdout), Instant::now() + Duration::from_secs(10)).unwrap();
    let error = answers(&mut exec, &["7"]).unwrap_err();
    assert!(error.contains("not asked for: `1`"), "{error}");

    let mut exec = start("cat; echo 9");
    assert_eq!(answers(&mut exec, &["7"]), Ok(vec!["7".to_string()]));
    let error = exec.close().unwrap_err().to_string();
    assert!(error.contains("not asked for: `9`"), "{error}");
}

#[test]
fn what_is_not_json_is_refused() {
    fails("while read -r line; do echo hello; done", &["1"], "answered `hello`, which is not a JSON line");
    fails("while read -r line; do echo; done", &["1"], "answered ``, which is not a JSON line");
    fails("while read -r line; do echo 1 2; done", &["1"], "answered `1 2`, which is not a JSON line");
}

#[test]
fn a_command_that_ends_early_is_told_of() {
    fails("exit 3", &["1"], "ended with exit code 3 after it had answered 0 lines");
    fails("head -n 1", &["1", "2"], "ended with exit code 0 after it had answered 1 line:");
    fails("kill -9 $$", &["1"], "was killed by signal 9");
    fails("no-such-command-here 2>&-", &["1"], "exit code 127 (command not found)");
    fails("exec >&-; sleep 100", &["1"], "closed its output after");
    let large = format!("\"{}\"", "x".repeat(1_000_000));
    fails("read -r line; echo 1; exit 1", &["1", &large], "ended with exit code 1 after it had answered 1 line");
}

#[test]
fn the_end_is_waited_for() {
    let mut exec = start("cat; exit 7");
    assert_eq!(answers(&mut exec, &["1"]), Ok(vec!["1".to_string()]));
    let error = exec.close().unwrap_err();
    assert!(error.to_string().contains("ended with exit code 7 when its input had ended"), "{error}");

    let mut exec = start("cat; sleep 100");
    assert_eq!(answers(&mut exec, &["1"]), Ok(vec!["1".to_string()]));
    let error = exec.close().unwrap_err();
    assert!(error.to_string().contains("did not end within 400ms after its input had, and was killed"), "{error}");
}

#[test]
fn it_has_a_process_group_of_its_own() {
    let exec = start("cat");
    let pid = rustix::process::Pid::from_child(&exec.child);
    assert_eq!(rustix::process::getpgid(Some(pid)), Ok(pid));
}

#[test]
fn the_pipeline_s_variables_are_hidden() {
    let command = shell("true");
    let removed: Vec<_> = command.get_envs().filter(|(_, value)| value.is_none()).map(|(name, _)| name).collect();
    assert_eq!(removed, ["SSTREAM_BATCH", "SSTREAM_CHECKPOINT"]);
}

#[test]
fn dropping_ends_it() {
    let exec = start("exec sleep 100");
    let group = rustix::process::Pid::from_child(&exec.child);
    drop(exec);
    assert!(rustix::process::test_kill_process_group(group).is_err());
}

/// A program of docs/EXEC.md, and the example below it: language, program,
/// request, answer.
fn documented() -> Vec<(&'static str, &'static str, &'static str, &'static str)> {
    let page = include_str!("../../../docs/EXEC.md");
    let mut examples = Vec::new();
    let mut rest = page;
    while let Some((_, block)) = rest.split_once("```") {
        let (language, block) = block.split_once('\n').unwrap();
        let (program, after) = block.split_once("```").unwrap();
        let given = after.split_once("Given `").unwrap().1;
        let (request, after) = given.split_once("` it answers `").unwrap();
        let (answer, after) = after.split_once('`').unwrap();
        examples.push((language, program, request, answer));
        rest = after;
    }
    examples
}

#[test]
fn the_examples_of_the_page_work() {
    let is_there = |program: &str| {
        let mut which = Command::new("/bin/sh");
        which.arg("-c").arg(format!("command -v {program}")).stdout(Stdio::null());
        which.status().unwrap().success()
    };
    let directory = tempfile::tempdir().unwrap();
    let examples = documented();
    assert_eq!(examples.len(), 3);
    for (index, (language, program, request, answer)) in examples.into_iter().enumerate() {
        let runners = match language {
            "python" => vec![("python3", "python3")],
            "awk" => vec![("mawk", "mawk -W interactive -f"), ("gawk", "gawk -f"), ("busybox", "busybox awk -f")],
            other => panic!("a block in {other}"),
        };
        let path = directory.path().join(index.to_string());
        std::fs::write(&path, program).unwrap();
        for (_, runner) in runners.into_iter().filter(|(name, _)| is_there(name)) {
            let command = format!("exec {runner} {}", path.display());
            let mut exec = Exec::start(&command, &[], DEFAULT_TIMEOUT).unwrap();
            let mut expected = Vec::new();
            crate::record::canonicalize(answer.as_bytes(), &mut expected).unwrap();
            // One at a time, as well as ahead.
            for requests in [&[request][..], &[request; 3]] {
                for given in answers(&mut exec, requests).unwrap() {
                    assert_eq!(given.as_bytes(), expected, "{runner}");
                }
            }
            exec.close().unwrap();
        }
    }
}
