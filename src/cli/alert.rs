//! `sstream-alert`.

use clap::Parser;

use super::account::{Account, Stream};
use super::args::{Common, CutArgs, ShareArgs, StageArgs, StateArgs, TimeArgs};
use super::cluster::{Keys, Parts, Spread};
use super::program::program;
use super::saved::Saved;
use super::{Environment, Tool, ToolError, run_stage, run_stage_timed};
use crate::duration::{self, show_ms};
use crate::op::Out;
use crate::op::alert::{Alert, Options, Times};
use crate::op::deal::Deal;
use crate::op::grouping::{By, Grouping};

/// Tell once when something begins to be wrong, and once when it is over
///
/// An alert of a condition is raised when --when is true of a record; with --for D when it has been
/// true of all records of the key for so long. It is cleared by the first record of which --when is
/// false; with --clear EXPR of which that is true and --when is not, so that a value around the border does
/// not raise it again and again. An alert of absence is raised when no record of the key has come for
/// --absent D, and cleared by the next one. Without --by all records are of one key.
///
/// Each change is one record {"key","alert","state","since","at","record"}: alert is when or absent, state is
/// raised or cleared; since is when the condition began, or the time of the newest record; at is when it
/// was raised or cleared; record is the one that it began with, or that cleared it. What goes on gives nothing.
///
/// A record's time is that of its batch. With --time it is the record's own, and records are put in order as
/// the watermark passes them. What is known of keys is in memory, some 200 bytes each: without --absent only
/// while an alert is held or raised, with --absent of every key that came, until --forget.
#[derive(Parser, Debug)]
#[command(group = clap::ArgGroup::new("what").args(["when", "absent"]).multiple(true).required(true))]
pub struct AlertTool {
    /// Something is wrong when EXPR, a jq program, is true of a record
    #[arg(long, value_name = "EXPR", help_heading = "Alerts")]
    when: Option<String>,

    /// Raise it when that has been so for so long [default: at once]
    #[arg(long = "for", value_name = "DURATION", value_parser = duration::parse_ms_or_none, requires = "when", help_heading = "Alerts")]
    hold: Option<u64>,

    /// It is over when EXPR is true of a record [default: when --when is not]
    #[arg(long, value_name = "EXPR", requires = "when", help_heading = "Alerts")]
    clear: Option<String>,

    /// Raise an alert when no record has come for so long
    #[arg(long, value_name = "DURATION", value_parser = duration::parse_ms, help_heading = "Alerts")]
    absent: Option<u64>,

    /// The key of a record, an EXPR: each key has alerts of its own
    #[arg(long, value_name = "EXPR", help_heading = "Alerts")]
    by: Option<String>,

    /// Forget a key that no record has come of for so long, and clear its alerts
    #[arg(long, value_name = "DURATION", value_parser = duration::parse_ms, requires = "by", help_heading = "Alerts")]
    forget: Option<u64>,

    #[command(flatten)]
    time: TimeArgs,

    #[command(flatten)]
    share: ShareArgs,

    #[command(flatten)]
    saved: StateArgs,

    #[command(flatten)]
    stage: StageArgs,
}

impl AlertTool {
    fn grouping(&self) -> Result<Grouping, ToolError> {
        let by = self.by.as_ref().map(|source| program("--by", source, &[])).transpose()?;
        Ok(Grouping::new(by.map_or(By::Nothing, By::Program), None))
    }

    /// The operator; nothing is opened for it.
    fn operator(&self) -> Result<Alert, ToolError> {
        let expression = |option: &str, source: &Option<String>| {
            source.as_ref().map(|source| program(option, source, &[])).transpose()
        };
        for (option, ms) in [("--absent", self.absent), ("--for", self.hold)] {
            if let (Some(ms), Some(forget)) = (ms, self.forget)
                && forget <= ms
            {
                return Err(ToolError::Usage(format!(
                    "--forget {} has to be longer than {option} {}, or that alert is never raised",
                    show_ms(forget),
                    show_ms(ms)
                )));
            }
        }
        let ms = |ms: u64| i64::try_from(ms).unwrap_or(i64::MAX);
        Ok(Alert::new(Options {
            when: expression("--when", &self.when)?,
            clear: expression("--clear", &self.clear)?,
            times: Times {
                hold_ms: self.hold.map_or(0, ms),
                absent_ms: self.absent.map(ms),
                forget_ms: self.forget.map(ms),
            },
            grouping: self.share.grouping(self.grouping()?),
            timing: self.time.timing_if_wanted(&self.stage.input.cut)?.map(|timing| self.share.timing(timing)),
        }))
    }
}

impl Tool for AlertTool {
    const NAME: &'static str = "sstream-alert";
    const HAS_TIMES: bool = true;
    const EXAMPLES: &'static str = "  \
  … | sstream-alert --when '.celsius > 90' --for 5m --clear '.celsius < 80' --by .host
  … | sstream-alert --absent 1m --by .host --forget 1d       who has fallen silent
  … | sstream-window 1m avg --of .failed | sstream-alert --when '. > 0.1' | sstream-sink http https://hooks/…
";

    fn common(&self) -> &Common {
        &self.stage.common
    }

    fn has_state(&self) -> bool {
        true
    }

    fn show_state(&self, saved: Saved<'_>, out: &mut Out<'_>) -> Result<(), ToolError> {
        let mut alert = self.operator()?;
        saved.load(&mut alert)?;
        alert.show(out);
        Ok(())
    }

    fn cut(&self) -> Option<&CutArgs> {
        Some(&self.stage.input.cut)
    }

    fn account(&self, _: &mut Stream) -> Account {
        if let Err(error) = self.operator() {
            return Account::mistake(error);
        }
        let mut raised = Vec::new();
        if let Some(when) = &self.when {
            let hold = self.hold.filter(|ms| *ms > 0).map_or_else(String::new, |ms| format!(" for {}", show_ms(ms)));
            raised.push(format!("{when} is true{hold}"));
        }
        raised.extend(self.absent.map(|ms| format!("no record has come for {}", show_ms(ms))));
        let account = Account::does(format!("tells when {}, and when that is over", raised.join(" or ")));
        account.and(match (self.absent, self.forget) {
            (None, _) => "state: the keys of which an alert is held or raised".to_owned(),
            (Some(_), Some(ms)) => format!("state: each key, for {} after its newest record", show_ms(ms)),
            (Some(_), None) if self.by.is_none() => "state: when the newest record came".to_owned(),
            (Some(_), None) => "state: every key there ever was: --forget lets go of them".to_owned(),
        })
    }

    fn spread(&self) -> Spread {
        let keys = if self.by.is_some() { Keys::Dealt } else { Keys::None };
        match self.operator() {
            Ok(_) if self.time.is_wanted() => Spread::Refused(
                "--time: at its end an alert goes by the greatest time of all records, which a part does not know"
                    .to_owned(),
            ),
            Ok(_) => Parts::spread(keys, self.time.watermark.is_some(), &self.time.late()),
            Err(error) => Spread::Refused(error.to_string()),
        }
    }

    fn run(self, environment: &Environment) -> Result<(), ToolError> {
        if self.share.deal {
            let timing = self.time.timing_if_wanted(&self.stage.input.cut)?;
            return run_stage(&mut Deal::new(self.grouping()?, timing), &self.stage, environment);
        }
        let mut operator = self.operator()?;
        run_stage_timed(&mut operator, &self.stage, self.saved, self.time.late(), environment)
    }
}
