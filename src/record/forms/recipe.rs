//! How all lines of a source become records: what makes a [`Format`] for each of its files, connections
//! or clients.

use std::time::Duration;

use super::csv::{Csv, CsvOptions};
use super::events::Joining;
use super::{Coding, Field, Format, Json, LineForm, Logfmt, Origin, Records, Text};

/// What a line is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// A string.
    #[default]
    Text,
    /// A JSON value.
    Json,
    /// A row of comma-separated values.
    Csv,
    /// Pairs of key and value.
    Logfmt,
}

/// What all files, connections or clients of a source have in common.
#[derive(Clone, Debug, Default)]
pub struct Recipe {
    /// What a line is.
    pub form: Form,
    /// How rows of csv are read.
    pub csv: CsvOptions,
    /// Of logfmt: values that are numbers become numbers.
    pub numbers: bool,
    /// How bytes are cut into lines, and what they say.
    pub coding: Coding,
    /// Zeros at the beginning of a line are a hole, and no part of it.
    pub without_holes: bool,
    /// Which lines are one event.
    pub joining: Option<Joining>,
    /// What else is in a record, which is an object then.
    pub with: Vec<Field>,
    /// The name of this machine.
    pub host: String,
}

impl Recipe {
    /// What makes records of the lines of one file or client, which records call `source`.
    pub fn format(&self, source: &[u8]) -> Box<dyn Format> {
        let origin = (!self.with.is_empty()).then(|| Origin::new(&self.with, source, &self.host));
        let join = self.joining.as_ref().map(Joining::join);
        match self.form {
            Form::Text => self.records(Records::new(Text, join, origin), source),
            Form::Json => self.records(Records::new(Json::default(), join, origin), source),
            Form::Logfmt => self.records(Records::new(Logfmt::with_numbers(self.numbers), join, origin), source),
            Form::Csv => {
                let csv = Csv::new(self.csv.clone(), origin);
                Box::new(if self.without_holes { csv.without_holes() } else { csv })
            }
        }
    }

    fn records<F: LineForm + 'static>(&self, records: Records<F>, source: &[u8]) -> Box<dyn Format> {
        let records = records.of(source);
        Box::new(if self.without_holes { records.without_holes() } else { records })
    }

    /// The same where lines are of several connections or clients: no beginning says how all are encoded.
    pub fn of_many(self) -> Recipe {
        Recipe { coding: self.coding.decided(), ..self }
    }

    /// An event to which nothing came for so long is complete; none if lines are not joined.
    pub fn timeout(&self) -> Option<Duration> {
        self.joining.as_ref().map(Joining::timeout)
    }

    /// Whether lines of several clients must be kept apart.
    pub fn tells_clients(&self) -> bool {
        self.joining.is_some() || self.with.contains(&Field::Client)
    }
}
