use super::*;
use crate::console::{Console, Level};
use crate::error::{Exit, Failure as _};
use crate::flow::OutletError;

fn command(program: Program, form: LineForm, accept: Option<Vec<u8>>) -> BatchCommand {
    let (stop, _) = StopSignal::manual().unwrap();
    let retry = Retry { times: 0, console: Console::new("tests", Level::Error) };
    BatchCommand::new(program, CommandOptions { form, accept, memory_limit: 100 << 10, retry }, stop)
}

fn shell(script: &str) -> BatchCommand {
    command(Program::shell(script), LineForm::Text, Some(vec![0]))
}

const TIME: BatchTime = BatchTime(1000);

fn give(command: &mut BatchCommand, records: &[&str]) {
    let bytes: String = records.iter().map(|record| format!("{record}\n")).collect();
    command.block(Block { time: TIME, records: records.len() as u64, bytes: bytes.as_bytes() }).unwrap();
}

fn output(command: &mut BatchCommand) -> Result<String, OpError> {
    let mut output = Vec::new();
    command.pipe(TIME, &mut |bytes| {
        output.extend_from_slice(bytes);
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(String::from_utf8(output).unwrap())
}

#[test]
fn a_batch_goes_through_as_text_or_as_json() {
    let records = ["\"a\\tb\"", "[\"k\",1]", "\"two\\nlines\""];
    let mut cat = shell("cat");
    // Nothing of a batch is left for the next.
    for _ in 0..2 {
        give(&mut cat, &records);
        assert_eq!(output(&mut cat).unwrap(), "a\tb\n[\"k\",1]\ntwo\nlines\n");
    }
    let mut cat = command(Program::new(vec!["cat".into()]), LineForm::Json, None);
    give(&mut cat, &records);
    assert_eq!(output(&mut cat).unwrap(), "\"a\\tb\"\n[\"k\",1]\n\"two\\nlines\"\n");
    assert_eq!(output(&mut cat).unwrap(), "");
}

#[test]
fn output_of_any_size_comes_while_input_of_any_size_is_read_or_not() {
    let line = format!("\"{}\"", "x".repeat(998));
    let lines = vec![line.as_str(); 5000];
    let mut twice = shell("tee /dev/fd/3 3>&1 | cat");
    give(&mut twice, &lines);
    assert_eq!(output(&mut twice).unwrap().len(), 2 * 5000 * 999);
    let mut head = shell("head -c 10");
    give(&mut head, &lines);
    assert_eq!(output(&mut head).unwrap(), "xxxxxxxxxx");
    give(&mut head, &["1"]);
    assert_eq!(output(&mut head).unwrap(), "1\n");
}

#[test]
fn a_command_knows_its_batch() {
    let mut environment = shell("echo $SSTREAM_BATCH_TIME ${SSTREAM_BATCH-none} ${SSTREAM_CHECKPOINT-none}");
    assert_eq!(output(&mut environment).unwrap(), "1000 none none\n");
}

#[test]
fn failures_say_what_where_and_what_to_do() {
    for (script, says) in [
        ("exit 3", "exit 3: exit 3, batch 1000: if that is no failure: --accept 0,3"),
        ("kill -9 $$", "kill -9 $$: killed by signal 9 (SIGKILL), batch 1000"),
    ] {
        let error = output(&mut shell(script)).unwrap_err();
        assert_eq!((error.to_string().as_str(), error.exit()), (says, Exit::World));
        let error: OutletError = shell(script).run(TIME, Stdio::null).unwrap_err().into();
        assert_eq!((error.to_string().as_str(), error.exit()), (says, Exit::World));
    }
    let mut accepting = command(Program::shell("exit 1"), LineForm::Text, Some(vec![0, 1]));
    assert_eq!(output(&mut accepting).unwrap(), "");
    assert!(
        !command(Program::shell("exit 1"), LineForm::Text, None)
            .pipe(TIME, &mut |_| Ok(ControlFlow::Continue(())))
            .unwrap_err()
            .to_string()
            .contains("--accept")
    );
}

#[test]
fn a_program_is_looked_for_as_a_shell_does() {
    for (name, there) in [("sh", true), ("/bin/sh", true), ("/bin", false), ("no-such-program", false), ("", false)] {
        let program = Program::new(vec![name.into(), "x".into()]);
        assert_eq!(program.check().is_ok(), there, "{name}");
    }
    let error = Program::new(vec!["no-such-program".into(), "x".into()]).check().unwrap_err();
    assert_eq!(error.exit(), Exit::Usage);
    assert_eq!(error.to_string(), "no-such-program x: command not found: is it installed, in PATH, and executable?");
}

#[test]
fn a_command_that_nobody_listens_to_ends() {
    // The second of the two does not care for signals that ask.
    for script in ["yes", "trap '' TERM PIPE; while :; do echo x 2>/dev/null; done"] {
        let mut endless = shell(script);
        endless.pipe(TIME, &mut |_| Ok(ControlFlow::Break(()))).unwrap();
        let error = endless.pipe(TIME, &mut |_| Err(OpError::Usage("no".to_owned())));
        assert_eq!(error.unwrap_err().to_string(), "no");
    }
}
