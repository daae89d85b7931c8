//! Events of several lines.

use std::time::Duration;

use clap::{Args, ValueEnum};
use regex::bytes::Regex;

use crate::cli::ToolError;
use crate::duration;
use crate::record::forms::events::{Belonging, Joining, Language, Most, Patterns};

/// Which lines are one event, and so one record: by file, connection or client.
#[derive(Args, Clone, Debug)]
pub struct MultilineArgs {
    /// One record of an event's lines: stack traces of a language with the log line before them, or what a container's runtime cut
    #[arg(long, value_enum, value_name = "FORM", help_heading = "Events of several lines", conflicts_with_all = ["multiline_start", "multiline_end", "multiline_continue"])]
    pub multiline: Option<MultilineForm>,

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
    /// Long lines that containerd or CRI-O cut
    Cri,
    /// Long lines that Docker's json-file driver cut
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
        let belonging = match self.multiline {
            Some(form) => form.belonging(),
            None if self.are_given() => Belonging::Patterns(Patterns {
                start: self.multiline_start.clone(),
                end: self.multiline_end.clone(),
                proceed: self.multiline_continue.clone(),
            }),
            None => return None,
        };
        Some(Joining::new(belonging, most, self.multiline_timeout.unwrap_or(Duration::from_secs(1))))
    }

    /// Options that say nothing without the others.
    pub fn check(&self) -> Result<(), ToolError> {
        match self.given() {
            Some(option) if !self.are_given() => {
                let message = "there are no events of several lines: add --multiline FORM, or --multiline-start REGEX";
                Err(ToolError::Usage(format!("{option}: {message}")))
            }
            _ => Ok(()),
        }
    }

    /// What the options say of what a record is.
    pub fn words(&self) -> impl Iterator<Item = (&'static str, String)> {
        let form = self.multiline.and_then(|form| Some(form.to_possible_value()?.get_name().to_owned()));
        let regex = |regex: &Option<Regex>| regex.as_ref().map(|regex| regex.as_str().to_owned());
        [
            ("--multiline", form),
            ("--multiline-start", regex(&self.multiline_start)),
            ("--multiline-end", regex(&self.multiline_end)),
            ("--multiline-continue", regex(&self.multiline_continue)),
        ]
        .into_iter()
        .filter_map(|(option, value)| Some((option, value?)))
    }
}

impl MultilineForm {
    fn belonging(self) -> Belonging {
        match self {
            MultilineForm::Java => Belonging::Traces(Language::Java),
            MultilineForm::Python => Belonging::Traces(Language::Python),
            MultilineForm::Go => Belonging::Traces(Language::Go),
            MultilineForm::Ruby => Belonging::Traces(Language::Ruby),
            MultilineForm::Rust => Belonging::Traces(Language::Rust),
            MultilineForm::Cri => Belonging::Cri,
            MultilineForm::Docker => Belonging::Docker,
        }
    }
}
