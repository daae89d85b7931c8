//! What a window would do, in words.

use super::{Extent, Positionals, WindowTool};
use crate::agg::Aggregation;
use crate::cli::account::{Account, Stream, describe_interval};
use crate::cli::cluster::{Merging, Spread};
use crate::interval::Interval;
use crate::window::Span;

impl WindowTool {
    /// Says it, and what comes out.
    pub(super) fn told(&self, stream: &mut Stream) -> Account {
        let Positionals { length, slide, aggregation } = match self.positionals() {
            Ok(positionals) => positionals,
            Err(error) => return Account::mistake(error),
        };
        let account = self.operator_mistake();
        let gives = match &aggregation {
            Some(aggregation) => aggregation.to_string(),
            None if self.computes() => "an expression of them".to_owned(),
            None => "its records".to_owned(),
        };
        if self.is_of_events() {
            let account = match self.shown() {
                Ok(_) => account,
                Err(error) => Account::mistake(error),
            };
            return account.and(self.event_told(&gives)).and(self.event_kept()).and(self.keys.told());
        }
        if let Some(Extent::Records(length)) = length {
            let slide = match slide {
                Some(Extent::Records(slide)) => slide,
                _ => length,
            };
            return account.and(format!("window: every {slide} records the newest {length}; gives {gives}"));
        }
        let of_time = |extent: Option<Extent>| match extent {
            Some(Extent::Time(extent)) => Some(extent),
            _ => None,
        };
        let (Some(length), slide) = (of_time(length), of_time(slide)) else { return account };
        let (account, span) = match stream.interval.map(|interval| Span::new(length, slide, interval)) {
            Some(Err(message)) => (Account::mistake(message), None),
            Some(Ok(span)) => (account, Some(span)),
            None => (account, None),
        };
        let keeps_records = matches!(aggregation, Some(Aggregation::Collect)) || gives == "its records";
        let state = match keeps_records {
            true => "state: the window's records, beyond --memory on disk",
            false => "state: partial results of the window's batches, not its records",
        };
        let slide = span.map(|span| span.slide()).or(slide.map(Interval::from));
        let gaps = slide
            .is_some_and(|slide| slide.ms() > Interval::from(length).ms())
            .then(|| "SLIDE is longer than LEN: records between two windows are in none".to_owned());
        let every = slide.map_or("batch".to_owned(), describe_interval);
        stream.interval = slide;
        account
            .and(format!("window: the last {} every {every}; gives {gives}", length.show()))
            .and(state.to_owned())
            .and(gaps)
            .and(self.keys.told())
    }

    /// Whether an expression or a command makes the result.
    fn computes(&self) -> bool {
        self.expr.expr.is_some() || self.expr.exec.is_some()
    }

    /// What keeps the operator from being made; a command is not started for that.
    fn operator_mistake(&self) -> Account {
        match self.without_command().map(drop) {
            Ok(()) => Account::default(),
            Err(error) => Account::mistake(error),
        }
    }
}

impl WindowTool {
    /// What of it runs where on a cluster.
    pub(super) fn window_spread(&self) -> Spread {
        let Positionals { length, slide, aggregation } = match self.positionals() {
            Ok(positionals) => positionals,
            Err(error) => return Spread::Refused(error.to_string()),
        };
        if self.is_of_events() {
            return self.event_spread();
        }
        match (length, slide) {
            (Some(Extent::Time(length)), None | Some(Extent::Time(_))) => Spread::Window {
                length_ms: length.plain_ms().unwrap_or_default(),
                merging: (aggregation.is_some() || self.computes()).then(|| {
                    Merging::new(&self.keys, &self.expr, aggregation.as_ref(), &self.stage.input.cut.on_error)
                }),
            },
            _ => Spread::Refused(
                "windows of so many records go by the order of the whole stream, which a cluster's has not".to_owned(),
            ),
        }
    }
}
