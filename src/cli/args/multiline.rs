//! Events of several lines.

use std::time::Duration;

use clap::{Args, ValueEnum};
use regex::bytes::Regex;

use crate::cli::ToolError;
use crate::duration;
use crate::record::forms::events::{Belonging, Joining, Language, Most, Patterns, Runtime};

/// Which lines are one event, and so one record: by file, connection or client.
#[derive(Args, Clone, Debug)]
pub struct MultilineArgs {
    /// One record of an event's lines: stack traces of a language with the log line before them, what a container's runtime cut, or both (cri,java)
    #[arg(long, value_enum, value_name = "FORM", value_delimiter = ',', action = clap::ArgAction::Set, num_args = 1, help_heading = "Events of several lines")]
    pub multiline: Vec<MultilineForm>,

    /// A line that matches begins an event; other lines belong to the one before
    #[arg(long, value_name = "REGEX", value_parser = regex, help_heading = "Events of several lines", allow_hyphen_values = true)]
    pub multiline_start: Option<Regex>,

    /// A line that matches ends an event
    #[arg(long, value_name = "REGEX", value_parser = regex, help_heading = "Events of several lines", allow_hyphen_values = true)]
    pub multiline_end: Option<Regex>,

    /// A line that matches belongs to the event before; others begin one
    #[arg(long, value_name = "REGEX", value_parser = regex, help_heading = "Events of several lines", allow_hyphen_values = true)]
    pub multiline_continue: Option<Regex>,

    /// An event to which nothing comes for so long is complete [default: 1s]
    #[arg(long, value_name = "DURATION", value_parser = duration::parse, help_heading = "Events of several lines")]
    pub multiline_timeout: Option<Duration>,

    /// An event of more lines is a bad record, as is one that is longer than --max-line [default: 10000]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(2..), help_heading = "Events of several lines")]
    pub max_lines: Option<u32>,
}

fn regex(text: &str) -> Result<Regex, String> {
    // The whole message draws the place, on several lines.
    let last = |message: String| message.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
    Regex::new(text).map_err(|error| last(error.to_string()))
}

/// Ready forms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum MultilineForm {
    /// Exceptions of Java, Kotlin, Scala
    Java,
    /// Tracebacks
    Python,
    /// Panics and goroutines
    Go,
    /// Exceptions
    Ruby,
    /// Panics, and errors with their causes
    Rust,
    /// Long lines that containerd or CRI-O cut; cri,java and others: with events in what a container wrote
    Cri,
    /// Long lines that Docker's json-file driver cut; docker,java and others likewise
    Docker,
}

impl MultilineArgs {
    /// Those of these options that say nothing of what is computed.
    pub const OF_RUNNING: &[&str] = &["multiline-timeout"];

    /// Whether lines are joined.
    pub fn are_given(&self) -> bool {
        self.words().next().is_some()
    }

    /// The first option given.
    pub fn given(&self) -> Option<&'static str> {
        let more =
            [(self.multiline_timeout.is_some(), "--multiline-timeout"), (self.max_lines.is_some(), "--max-lines")];
        let more = more.into_iter().find_map(|(is_given, option)| is_given.then_some(option));
        self.words().next().map(|(option, _)| option).or(more)
    }

    /// How lines are joined, with events of at most `max_line` bytes.
    pub fn joining(&self, max_line: usize) -> Option<Joining> {
        let most = Most { lines: self.max_lines.unwrap_or(10_000) as usize, bytes: max_line };
        let has_patterns = self.pattern().is_some();
        let patterns = has_patterns.then(|| {
            Belonging::Patterns(Patterns {
                start: self.multiline_start.clone(),
                end: self.multiline_end.clone(),
                proceed: self.multiline_continue.clone(),
            })
        });
        let belonging = self.multiline.iter().rev().fold(patterns, |inner, form| Some(form.belonging(inner)))?;
        Some(Joining::new(belonging, most, self.multiline_timeout.unwrap_or(Duration::from_secs(1))))
    }

    /// Options that say nothing without the others.
    pub fn check(&self) -> Result<(), ToolError> {
        match self.given() {
            Some(option) if !self.are_given() => {
                let message = "there are no events of several lines: add --multiline FORM, or --multiline-start REGEX";
                Err(ToolError::Usage(format!("{option}: {message}")))
            }
            _ => self.check_forms(),
        }
    }

    /// What writes the lines first, then what says which of them are one event; or one of them.
    fn check_forms(&self) -> Result<(), ToolError> {
        let is_fit = match self.multiline.as_slice() {
            [] | [_] => true,
            [first, second] => first.runtime().is_some() && second.runtime().is_none(),
            _ => false,
        };
        if !is_fit {
            let forms = self.forms();
            return Err(ToolError::Usage(format!(
                "--multiline {forms}: of two forms the first is cri or docker, and the second says which of a container's \
                 lines are one event, as in cri,java"
            )));
        }
        match self.pattern() {
            Some(pattern) if self.multiline.iter().any(|form| form.runtime().is_none()) => {
                let forms = self.forms();
                Err(ToolError::Usage(format!(
                    "--multiline {forms} does not go with {pattern}: both say which lines are one event"
                )))
            }
            _ => Ok(()),
        }
    }

    /// The ready forms, as they are written.
    fn forms(&self) -> String {
        let names = self.multiline.iter().filter_map(|form| Some(form.to_possible_value()?.get_name().to_owned()));
        names.collect::<Vec<_>>().join(",")
    }

    /// The first pattern given.
    fn pattern(&self) -> Option<&'static str> {
        let patterns = [
            (&self.multiline_start, "--multiline-start"),
            (&self.multiline_end, "--multiline-end"),
            (&self.multiline_continue, "--multiline-continue"),
        ];
        patterns.into_iter().find_map(|(pattern, option)| pattern.is_some().then_some(option))
    }

    /// What the options say of what a record is.
    pub fn words(&self) -> impl Iterator<Item = (&'static str, String)> {
        let forms = self.forms();
        let regex = |regex: &Option<Regex>| regex.as_ref().map(|regex| regex.as_str().to_owned());
        [
            ("--multiline", (!forms.is_empty()).then_some(forms)),
            ("--multiline-start", regex(&self.multiline_start)),
            ("--multiline-end", regex(&self.multiline_end)),
            ("--multiline-continue", regex(&self.multiline_continue)),
        ]
        .into_iter()
        .filter_map(|(option, value)| Some((option, value?)))
    }
}

impl MultilineForm {
    /// What lines are written by, if that is what it says.
    fn runtime(self) -> Option<Runtime> {
        match self {
            MultilineForm::Cri => Some(Runtime::Cri),
            MultilineForm::Docker => Some(Runtime::Docker),
            _ => None,
        }
    }

    /// Which lines belong together; `inner` says it of those that containers wrote.
    fn belonging(self, inner: Option<Belonging>) -> Belonging {
        let inner = inner.map(Box::new);
        match self {
            MultilineForm::Java => Belonging::Traces(Language::Java),
            MultilineForm::Python => Belonging::Traces(Language::Python),
            MultilineForm::Go => Belonging::Traces(Language::Go),
            MultilineForm::Ruby => Belonging::Traces(Language::Ruby),
            MultilineForm::Rust => Belonging::Traces(Language::Rust),
            MultilineForm::Cri => Belonging::Container(Runtime::Cri, inner),
            MultilineForm::Docker => Belonging::Container(Runtime::Docker, inner),
        }
    }
}
