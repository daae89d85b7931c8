//! `sstream-parse`.

use std::path::PathBuf;

use clap::{Parser, ValueEnum};

use super::account::{Account, Stream};
use super::args::{Common, CutArgs, StageArgs};
use super::cluster::Spread;
use super::function::run_with_jobs;
use super::{Environment, Tool, ToolError};
use crate::op::function::Part;
use crate::op::parallel::AnyPerRecord;
use crate::op::parse::access::{Access, Server};
use crate::op::parse::cef::Cef;
use crate::op::parse::grok::{Grok, Patterns};
use crate::op::parse::kubernetes::Kubernetes;
use crate::op::parse::logs::{Log, Program};
use crate::op::parse::syslog::Syslog;
use crate::op::parse::time::Times;
use crate::op::parse::values::{Groups, Json, Logfmt};
use crate::op::parse::{Form, Options, Parse};

/// Make objects with typed fields of the lines of well-known logs
///
/// A record is a string; or an object with the text in a member, value unless --field says another: its other
/// members stay before the parsed ones, and of equal names the parsed one counts. Numbers are numbers,
/// time is in ms since the epoch, and null stands where the log has a dash for nothing. A line that is
/// not of the form is a bad record (see --on-error).
///
/// Times without a zone are in UTC, or in --time-zone. Those without a year (syslog, klog, logcat) are
/// of the year of their batch, or of the year before if that were more than a day ahead; or of --year.
#[derive(Parser, Debug)]
pub struct ParseTool {
    /// What the lines are
    #[arg(value_enum)]
    format: ParseFormat,

    /// For grok and regex
    pattern: Option<String>,

    /// The member of an object that has the text
    #[arg(long, value_name = "NAME", default_value = "value")]
    field: String,

    /// Keep the text too, as text, or under this name
    #[arg(long, value_name = "NAME", num_args = 0..=1, require_equals = true, default_missing_value = "text")]
    keep: Option<String>,

    /// The year of times that have none
    #[arg(long, value_name = "YEAR", value_parser = clap::value_parser!(u16).range(1970..=9999))]
    year: Option<u16>,

    /// More patterns for grok: a name, a space and what it stands for, a line each
    #[arg(long, value_name = "FILE")]
    patterns: Vec<PathBuf>,

    /// Of pairs [KEY, VALUE]: parse the value, and keep the key
    #[arg(long)]
    values: bool,

    /// Work on so many blocks at once, output in order; 0: as many as there are
    /// processors
    #[arg(short, long, value_name = "N", default_value = "1", hide_default_value = true)]
    jobs: usize,

    #[command(flatten)]
    stage: StageArgs,
}

/// Forms of lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ParseFormat {
    /// Apache's access log, common or combined, with or without the virtual host, and its error log
    Apache,
    /// nginx's access log, combined, and its error log
    Nginx,
    /// Access logs, combined or common
    #[value(alias = "common")]
    Combined,
    /// RFC 5424 and 3164, and what is written into files: remote or local, with or without priority
    Syslog,
    /// Lines of containers' runtimes (CRI, Docker), and of klog
    #[value(aliases = ["cri", "docker", "klog"])]
    Kubernetes,
    /// log4j as Hadoop, Spark and ZooKeeper write it: TIME LEVEL [THREAD] LOGGER: MESSAGE
    #[value(aliases = ["hadoop", "spark"])]
    Log4j,
    /// Android's logcat, threadtime
    Android,
    /// Windows' servicing logs (CBS): TIME, LEVEL COMPONENT MESSAGE
    Windows,
    /// A JSON object
    Json,
    /// Pairs of key=value
    Logfmt,
    /// ArcSight's common event format, with or without a header before it
    Cef,
    /// A PATTERN of named ones: '%{IP:client} %{WORD:method} %{NUMBER:ms:float}'
    Grok,
    /// The named groups of a PATTERN: '(?<level>[A-Z]+) (?<rest>.*)'
    Regex,
}

impl ParseTool {
    /// Options that do not go together.
    fn check(&self) -> Result<(), ToolError> {
        let has_pattern = matches!(self.format, ParseFormat::Grok | ParseFormat::Regex);
        let has_values = has_pattern || self.format == ParseFormat::Logfmt;
        let message = match &self.pattern {
            None if has_pattern => "no PATTERN: --help has examples",
            Some(_) if !has_pattern => "PATTERN: this format needs none: leave it out",
            _ if self.numbers() && !has_values => "--numbers: the fields of this format have their types: leave it out",
            _ if !self.patterns.is_empty() && self.format != ParseFormat::Grok => "--patterns: only grok has patterns",
            _ => return Ok(()),
        };
        Err(ToolError::Usage(message.to_owned()))
    }

    /// Whether numbers are made of texts.
    fn numbers(&self) -> bool {
        self.stage.input.cut.form.numbers
    }

    fn form(&self) -> Result<Box<dyn Form + Send>, ToolError> {
        let times = Times { zone: self.stage.input.cut.zone.time_zone.clone(), year: self.year.map(i64::from) };
        let pattern = self.pattern.as_deref().unwrap_or_default();
        Ok(match self.format {
            ParseFormat::Apache => Box::new(Access::new(Server::Apache, times)),
            ParseFormat::Nginx => Box::new(Access::new(Server::Nginx, times)),
            ParseFormat::Combined => Box::new(Access::new(Server::Any, times)),
            ParseFormat::Syslog => Box::new(Syslog::new(times)),
            ParseFormat::Kubernetes => Box::new(Kubernetes::new(times)),
            ParseFormat::Log4j => Box::new(Log::new(Program::Log4j, times)),
            ParseFormat::Android => Box::new(Log::new(Program::Android, times)),
            ParseFormat::Windows => Box::new(Log::new(Program::Windows, times)),
            ParseFormat::Json => Box::new(Json),
            ParseFormat::Logfmt => Box::new(Logfmt { numbers: self.numbers() }),
            ParseFormat::Cef => Box::new(Cef),
            ParseFormat::Grok => {
                let grok = Grok::new(pattern, &self.grok_patterns()?, self.numbers());
                Box::new(grok.map_err(|error| ToolError::Usage(format!("grok: {error}")))?)
            }
            ParseFormat::Regex => Box::new(Groups::new(pattern, self.numbers())?),
        })
    }

    fn grok_patterns(&self) -> Result<Patterns, ToolError> {
        let mut patterns = Patterns::default();
        for path in &self.patterns {
            let file = std::fs::read_to_string(path)
                .map_err(|error| ToolError::Open { what: path.display().to_string(), error })?;
            patterns.add(&file);
        }
        Ok(patterns)
    }

    fn operator(&self) -> Result<AnyPerRecord, ToolError> {
        let part = if self.values { Part::Value } else { Part::Record };
        let options = Options { part, field: self.field.clone(), keep: self.keep.clone() };
        Ok(Box::new(Parse::new(self.form()?, options)))
    }
}

impl Tool for ParseTool {
    const NAME: &'static str = "sstream-parse";
    const HAS_TIMES: bool = true;
    const EXAMPLES: &'static str = "  \
  sstream-parse combined < access.log
  sstream-source tail '/var/log/containers/*.log' --multiline cri,java --with file | sstream-parse kubernetes
  sstream-source udp 5140 | sstream-parse syslog | sstream-filter --expr '.severity == \"err\"'
  sstream-parse grok '%{IP:client} %{WORD:method} %{NUMBER:ms:float}' < app.log
  sstream-parse regex '(?<user>\\S+) paid (?<amount>\\S+)' --numbers --on-error skip < app.log
";
    const OF_RUNNING: &'static [&'static str] = &["jobs"];

    fn common(&self) -> &Common {
        &self.stage.common
    }

    fn cut(&self) -> Option<&CutArgs> {
        Some(&self.stage.input.cut)
    }

    fn account(&self, _: &mut Stream) -> Account {
        let name = self.format.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned());
        match self.check().and_then(|()| self.operator()) {
            Ok(_) => Account::does(format!("makes objects of lines of the form {name}; no state")),
            Err(mistake) => Account::mistake(mistake),
        }
    }

    fn spread(&self) -> Spread {
        Spread::EachRecord
    }

    fn run(self, environment: &Environment) -> Result<(), ToolError> {
        self.check()?;
        let mut stage = self.stage.clone();
        // They are made of what is found, which must be text before.
        stage.input.cut.form.numbers = false;
        run_with_jobs(&|| self.operator(), self.jobs, &stage, environment)
    }
}
