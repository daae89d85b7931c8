//! `--with`: where a record is from.

use clap::ValueEnum;

use crate::record::forms::Field;

/// What a record can say of where it is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum WithField {
    /// The file's path, without what a rotation added to it
    File,
    /// The number of the (first) line in its file, from 1; a restart counts those before it again
    Line,
    /// The byte of the file at which the line begins
    Offset,
    /// This machine's name
    Host,
    /// Who sent it: address and port, or on a unix socket its number
    Client,
}

impl WithField {
    /// The field of a record.
    pub fn of_records(self) -> Field {
        match self {
            WithField::File => Field::File,
            WithField::Line => Field::Line,
            WithField::Offset => Field::Offset,
            WithField::Host => Field::Host,
            WithField::Client => Field::Client,
        }
    }
}
