//! Options of the source.

use std::time::Duration;

use clap::{Args, ValueEnum};
use sstream::connect::forms::{Field, Recipe};
use sstream::connect::{Opened, Places, Position, SourceGuarantee, SourceKind, SourceParts, ToolError, Wake, duration};

use crate::args::StoreArgs;
use crate::fetch::Reading;
use crate::lister::{Lister, Wanted};
use crate::place::Place;
use crate::position::Record;
use crate::source::{ObjectSource, Options};

/// What the source takes.
#[derive(Args, Debug)]
pub struct SourceArgs {
    /// Folders, or quoted patterns of folders or objects, of one bucket: s3://logs/in, 's3://logs/2026-*/**/*.gz'
    #[arg(value_name = "URL", required = true, value_parser = Place::parse)]
    places: Vec<Place>,

    #[command(flatten)]
    store: StoreArgs,

    /// Leave what is there at the first start
    #[arg(long, help_heading = "Objects")]
    new_only: bool,

    /// Take what is there at the start, in batches, and stop; exit code 1 if something could not be read
    #[arg(long, help_heading = "Objects")]
    available_now: bool,

    /// How often to look for new objects
    #[arg(long, value_name = "DURATION", value_parser = duration::parse, default_value = "10s", help_heading = "Objects")]
    scan: Duration,

    /// Make objects of the value and of where it is from, several with commas
    #[arg(long, value_enum, value_name = "NAMES", value_delimiter = ',', help_heading = "Objects")]
    with: Vec<WithField>,
}

/// What a record can say of where it is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum WithField {
    /// The object's URL
    File,
    /// The number of the (first) line in its object, from 1
    Line,
    /// The byte of the object at which the line begins
    Offset,
}

impl SourceArgs {
    /// Each field once, in one order.
    fn fields(&self) -> Vec<Field> {
        let field = |field: &WithField| match field {
            WithField::File => Field::File,
            WithField::Line => Field::Line,
            WithField::Offset => Field::Offset,
        };
        let mut fields: Vec<Field> = self.with.iter().map(field).collect();
        fields.sort_unstable();
        fields.dedup();
        fields
    }

    fn words(&self) -> String {
        let names: Vec<&str> = self.fields().into_iter().map(Field::name).collect();
        if names.is_empty() { String::new() } else { format!(" --with {}", names.join(",")) }
    }

    fn urls(&self) -> Vec<String> {
        self.places.iter().map(Place::to_string).collect()
    }
}

impl SourceKind for SourceArgs {
    const TOOL: &'static str = "sstream-source-objects";

    const ABOUT: &'static str = "Objects of S3, Google Cloud Storage and Azure, and files of HDFS: what dir is for a URL

Each object once and whole, those that are there by their time, then those that come: a name whose content is another one is \
                                 another object. What becomes records, and of which names, is as in sstream-source dir: packed objects (.gz .bz2 \
                                 .xz .zst) are read as what they hold, names that begin with a dot and *.tmp are left alone, a last line \
                                 without a newline is a record. Under a checkpoint a restart reads the ranges of the newest batches again: leave \
                                 objects where they are until then. Credentials come by the usual chains.";

    const EXAMPLES: &'static str = "  \
  sstream-source dir s3://logs/in --region eu-central-1 --checkpoint ck | sstream-filter ERROR
  sstream-source objects 's3://logs/2026-*/**/*.gz' --input json --available-now | sstream-reduce count
  sstream-source dir hdfs://namenode:9000/in --batch 10s | sstream-sink print
  sstream-source dir gs://bucket/in --input csv --endpoint http://localhost:4443 | sstream-sink json
";

    const WITHOUT_INPUT: Option<&'static str> = None;

    const READS_FILES: bool = true;

    fn check(&self) -> Result<(), String> {
        let first = &self.places[0];
        self.places.iter().try_for_each(Place::check)?;
        if let Some(other) = self.places.iter().find(|place| place.root() != first.root()) {
            return Err(format!("{first} and {other}: one source reads of one bucket: sstream-union joins several"));
        }
        self.places.iter().try_for_each(|place| Wanted::new(place.clone()).map(drop))?;
        self.store.check(first)
    }

    fn identity(&self) -> String {
        format!("{}{}", self.urls().join(" "), self.words())
    }

    fn places(&self) -> Option<Places> {
        Some(Places { all: self.urls(), beside: format!("objects{}", self.words()), may_go: true })
    }

    fn guarantee(&self) -> SourceGuarantee {
        SourceGuarantee::ReadAgain("from the objects, which must stay there until then")
    }

    fn show_position(_: &Position, recorded: &[u8]) -> Option<String> {
        Some(Record::read(recorded)?.show())
    }

    fn open(&self, parts: SourceParts) -> Result<Opened, ToolError> {
        let open = |error| ToolError::Open { what: "objects".to_owned(), error };
        let wake = Wake::new().map_err(open)?;
        let reading = Reading {
            store: self.store.store(&self.places[0])?,
            bell: wake.bell(),
            console: parts.console.clone(),
            retry_for: self.store.retry_for,
        };
        let wanted = self.places.iter().map(|place| Wanted::new(place.clone()).map_err(ToolError::Usage));
        let wanted: Vec<Wanted> = wanted.collect::<Result<_, _>>()?;
        let options = Options { new_only: self.new_only, available_now: self.available_now };
        let lister = Lister::start(reading.clone(), wanted, (!self.available_now).then_some(self.scan));
        let recipe = Recipe { with: self.fields(), without_holes: true, ..parts.recipe.clone() };
        let parts = SourceParts { recipe, ..parts };
        Ok(Opened::Records(Box::new(ObjectSource::new(reading, lister, options, parts, wake))))
    }
}
