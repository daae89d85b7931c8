//! What a stage would do, in words: each tool says it of its own parsed options, for
//! `sstream explain`.

use super::args::{Batching, Common, CutArgs, OutputForm};
use super::guarantee::{self, Kept, SourceGuarantee, WRITTEN};
use super::restart::Line;
use crate::duration;
use crate::interval::Interval;
use crate::source::engine::cut::Count;

/// What is known of the stream at a place in a pipeline.
#[derive(Clone, Debug, Default)]
pub struct Stream {
    /// How far apart batches are; none if it cannot be told, as from a file.
    pub interval: Option<Interval>,
    /// What a restart finds of it; none if that cannot be told, as from a file.
    pub kept: Option<Kept>,
    /// What its head says in a restart that is tried out.
    pub line: Option<Line>,
}

/// What a stage is, in words.
#[derive(Clone, Debug, Default)]
pub struct Account {
    /// What it does, a line each.
    pub does: Vec<String>,
    /// What is wrong.
    pub mistakes: Vec<String>,
    /// It ends the pipeline: nothing comes out for a next stage.
    pub ends: bool,
}

impl Account {
    /// A stage that does this.
    pub fn does(line: impl Into<String>) -> Account {
        Account { does: vec![line.into()], ..Account::default() }
    }

    /// One behind which there is no stream.
    pub fn ends(line: impl Into<String>) -> Account {
        Account { ends: true, ..Account::does(line) }
    }

    /// One that would not start.
    pub fn mistake(message: impl ToString) -> Account {
        Account { mistakes: vec![message.to_string()], ..Account::default() }
    }

    /// One more line, if there is one.
    pub fn and(mut self, line: impl Into<Option<String>>) -> Account {
        self.does.extend(line.into());
        self
    }

    /// With what `--output` makes of the stream: the end of any stage.
    pub fn with_output(self, common: &Common, stream: &Stream) -> Account {
        match common.output.and_then(OutputForm::of_records) {
            Some(form) => self.with_form(form, stream),
            None => self,
        }
    }

    /// With the stream written as records of this form.
    pub fn with_form(self, form: &str, stream: &Stream) -> Account {
        if self.ends {
            return self;
        }
        let told = stream.kept.as_ref().and_then(|kept| guarantee::of_sink(kept, Some(&WRITTEN)));
        let ended = self.and(format!("writes its records in the form {form}: the stream ends here")).and(told);
        Account { ends: true, ..ended }
    }
}

/// What kind of batches a first stage cuts.
pub fn describe_batches(batching: Batching) -> String {
    match batching {
        Batching::Every(_) | Batching::By(_) => {
            format!("batches of {} by the wall clock", describe_interval(batching.interval()))
        }
        Batching::Count(Count { records, at_most }) => {
            let or = at_most.map_or_else(String::new, |at_most| {
                format!(" or {} after the first of them", duration::show_ms(at_most.as_millis() as u64))
            });
            format!("batches of {records} records{or}; their times count them, 1s each (virtual clock)")
        }
    }
}

/// How far apart batches are, in words.
pub fn describe_interval(interval: Interval) -> String {
    match interval {
        Interval::Fixed(ms) => duration::show_ms(ms),
        Interval::Calendar(calendar) => format!("{} (calendar of {})", calendar.show_step(), calendar.zone()),
    }
}

/// How a stage begins a stream.
#[derive(Clone, Debug)]
pub struct Begins {
    /// Whether it reads standard input.
    pub reads_stdin: bool,
    /// How far apart batches are; none if it cannot be told.
    pub interval: Option<Interval>,
    /// What it does.
    pub does: String,
    /// What holds after a crash.
    pub guarantee: SourceGuarantee,
}

impl Begins {
    /// With lines that come in by a pipe.
    pub fn with_lines(cut: &CutArgs) -> Begins {
        let batching = cut.batching().unwrap_or_default();
        let interval = batching.interval();
        let batches = describe_batches(batching);
        Begins {
            reads_stdin: true,
            interval: Some(interval),
            does: format!("first stage: cuts its input into {batches}"),
            guarantee: SourceGuarantee::Logged,
        }
    }

    /// The stream, and what is to be said of it. `checkpoint` is the directory of
    /// SSTREAM_CHECKPOINT, which the option overrides.
    pub fn stream(&self, cut: &CutArgs, checkpoint: Option<String>) -> (Stream, [String; 2]) {
        let own = cut.keep.checkpoint.as_ref().map(|dir| dir.display().to_string());
        let (kept, restart) = guarantee::of_source(&self.guarantee, own.or(checkpoint));
        (Stream { interval: self.interval, kept: Some(kept), line: None }, [self.does.clone(), restart])
    }
}
