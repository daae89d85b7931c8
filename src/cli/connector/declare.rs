//! What a connector's tool would do with its command line, said for `sstream explain` as
//! a line of JSON: `sstream-source-KIND --declare ARGS`.

use std::ffi::OsString;
use std::io::Write as _;
use std::process::ExitCode;

use serde_json::{Value, json};

use super::{OperatorKind, OperatorTool, SinkKind, SinkTool, SourceKind, SourceTool};
use crate::cli::account::Stream;
use crate::cli::guarantee::{SinkGuarantee, SourceGuarantee};
use crate::cli::{Tool, command, usage};
use crate::error::Exit;
use crate::os;

/// A tool that says what it would do.
pub trait Declared {
    /// As `sstream explain` understands it.
    fn declare(&self) -> Value;
}

impl<K: SourceKind> Declared for SourceTool<K> {
    fn declare(&self) -> Value {
        if let Err(error) = self.check() {
            return json!({ "mistake": error.to_string() });
        }
        let (again, words) = match self.kind.guarantee() {
            SourceGuarantee::ReadAgain(words) => ("source", words),
            SourceGuarantee::Logged => ("log", ""),
            SourceGuarantee::Redelivered(words) => ("redelivered", words),
        };
        let keep = &self.rest.cut.keep;
        json!({
            "interval": self.rest.cut.interval_ms().ok(),
            "checkpoint": keep.dir().map(|dir| dir.display().to_string()),
            "again": again,
            "words": words,
        })
    }
}

impl<K: SinkKind> Declared for SinkTool<K> {
    fn declare(&self) -> Value {
        if let Err(message) = self.kind.check() {
            return json!({ "mistake": message });
        }
        let (once, words) = match self.kind.guarantee() {
            SinkGuarantee::ExactlyOnce(words) => (true, words),
            SinkGuarantee::AtLeastOnce(words) => (false, words),
        };
        json!({ "does": K::DOES, "once": once, "words": words, "pass": self.rest.pass })
    }
}

impl<K: OperatorKind> Declared for OperatorTool<K> {
    fn declare(&self) -> Value {
        let account = self.account(&mut Stream::default());
        if let Some(mistake) = account.mistakes.first() {
            return json!({ "mistake": mistake });
        }
        let cut = &self.stage.input.cut;
        json!({
            "does": account.does,
            "interval": cut.interval_ms().ok(),
            "checkpoint": cut.keep.dir().map(|dir| dir.display().to_string()),
            "again": "log",
            "of_first_stage": cut.of_first_stage(),
            "output": self.stage.common.output.and_then(|form| form.of_records()),
        })
    }
}

/// Answers, if the command line begins with `--declare`.
pub fn asked<T: Tool + Declared>() -> Option<ExitCode> {
    let mut arguments: Vec<OsString> = std::env::args_os().collect();
    if arguments.get(1).is_none_or(|word| word != "--declare") {
        return None;
    }
    arguments.remove(1);
    let parsed = command::<T>().try_get_matches_from(&arguments).and_then(|matches| T::from_arg_matches(&matches));
    let answer = match parsed {
        Ok(tool) => tool.declare(),
        Err(error) if !error.use_stderr() => json!({ "help": true }),
        Err(error) => json!({ "mistake": usage::explain(&error, T::NAME) }),
    };
    let written = os::stdout().and_then(|mut stdout| stdout.write_all(format!("{answer}\n").as_bytes()));
    Some(if written.is_ok() { Exit::Done } else { Exit::World }.code().into())
}
