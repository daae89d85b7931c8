//! From records to samples: features, labels, and the keys that predictions come out with.

use super::numbers::{number, push_numbers};
use crate::expr::{ExprError, Program};
use crate::frame::Block;
use crate::op::grouping::bad_or_fatal;
use crate::op::{OpError, Out};
use crate::record;

/// So many samples are learnt from, or predicted for, at once.
const CHUNK: usize = 1024;

/// What a label may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Labels {
    /// There are none: a record is its features.
    None,
    /// Any finite number: a record is `[label, features]`.
    Number,
    /// 0 or 1, or false or true.
    Class,
}

/// Where the parts of a sample come from, if not from the record's form.
#[derive(Clone, Debug, Default)]
pub struct Parts {
    /// The features.
    pub features: Option<Program>,
    /// The label.
    pub label: Option<Program>,
    /// The key of a prediction.
    pub by: Option<Program>,
}

/// Samples, one behind another.
#[derive(Clone, Debug, Default)]
pub struct Samples {
    /// All features, sample by sample.
    pub features: Vec<f64>,
    /// A label each, if there are labels.
    pub labels: Vec<f64>,
    /// A key each, as it is written, if there are keys.
    keys: Vec<u8>,
    key_ends: Vec<usize>,
    count: usize,
}

impl Samples {
    /// Samples without labels and keys.
    pub fn of_features(features: &[f64], dimensions: usize) -> Samples {
        Samples { features: features.to_vec(), count: features.len() / dimensions, ..Samples::default() }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.features.clear();
        self.labels.clear();
        self.keys.clear();
        self.key_ends.clear();
        self.count = 0;
    }

    /// Adds those of another.
    pub fn append(&mut self, other: &Samples) {
        self.features.extend_from_slice(&other.features);
        self.labels.extend_from_slice(&other.labels);
        let keys = self.keys.len();
        self.keys.extend_from_slice(&other.keys);
        self.key_ends.extend(other.key_ends.iter().map(|end| keys + end));
        self.count += other.count;
    }

    /// Each key in turn; none if there are no keys.
    pub fn keys(&self) -> impl Iterator<Item = &[u8]> {
        let mut start = 0;
        self.key_ends.iter().map(move |end| &self.keys[std::mem::replace(&mut start, *end)..*end])
    }

    /// About how many bytes they take.
    pub fn bytes(&self) -> usize {
        size_of::<f64>() * (self.features.capacity() + self.labels.capacity())
            + self.keys.capacity()
            + size_of::<usize>() * self.key_ends.capacity()
    }
}

/// Reads samples.
#[derive(Clone, Debug)]
pub struct Reader {
    labels: Labels,
    dimensions: usize,
    parts: Parts,
    chunk: Samples,
    room: Vec<u8>,
}

impl Reader {
    /// For samples of so many features.
    pub fn new(labels: Labels, dimensions: usize, parts: Parts) -> Reader {
        Reader { labels, dimensions, parts, chunk: Samples::default(), room: Vec::new() }
    }

    /// For samples of so many features from now on.
    pub fn set_dimensions(&mut self, dimensions: usize) {
        self.dimensions = dimensions;
    }

    /// Gives the samples of a block to `each`, some at a time; what is no sample goes to `out` as a bad
    /// record.
    pub fn read<'o>(
        &mut self,
        block: Block<'_>,
        out: &mut Out<'o>,
        mut each: impl FnMut(&Samples, &mut Out<'o>) -> Result<(), OpError>,
    ) -> Result<(), OpError> {
        self.chunk.clear();
        for record in block {
            let before = (self.chunk.features.len(), self.chunk.labels.len(), self.chunk.keys.len());
            match self.sample(record) {
                Ok(true) => self.chunk.count += 1,
                result => {
                    self.chunk.features.truncate(before.0);
                    self.chunk.labels.truncate(before.1);
                    self.chunk.keys.truncate(before.2);
                    self.chunk.key_ends.truncate(self.chunk.count);
                    match result {
                        Ok(_) => {}
                        Err(Wrong::Record(reason)) => out.bad_record(record, &reason)?,
                        Err(Wrong::Program(error)) => bad_or_fatal(record, &error, out)?,
                    }
                }
            }
            if self.chunk.count == CHUNK {
                each(&self.chunk, out)?;
                self.chunk.clear();
            }
        }
        if self.chunk.is_empty() { Ok(()) } else { each(&self.chunk, out) }
    }

    /// Adds the sample that a record is; whether it is one, for a program without a result leaves it
    /// out.
    fn sample(&mut self, record: &[u8]) -> Result<bool, Wrong> {
        let Reader { labels, dimensions, parts, chunk, room } = self;
        let (mut label, mut features) = (record, record);
        if *labels != Labels::None && (parts.features.is_none() || parts.label.is_none()) {
            match record::pair(record) {
                Some(pair) => (label, features) = pair,
                None if parts.features.is_none() && parts.label.is_none() => {
                    return Err(Wrong::Record(
                        "no sample, which is [label, features]: --label EXPR and --features EXPR say where they are in a \
                         record, --input json reads lines as JSON"
                            .to_owned(),
                    ));
                }
                None => {
                    let missing = if parts.label.is_none() { "--label" } else { "--features" };
                    return Err(Wrong::Record(format!(
                        "not [label, features], and without {missing} EXPR it has to be"
                    )));
                }
            }
        }
        if let Some(program) = &mut parts.features {
            if !one_result(program, record, "--features", room)? {
                return Ok(false);
            }
            features = room;
        }
        push_numbers(features, *dimensions, &mut chunk.features).map_err(|reason| {
            let hint = match features.first() {
                Some(b'[') => "",
                Some(b'"') if parts.features.is_none() => {
                    ", which is text: --input json reads lines as JSON, --features EXPR makes features of a record"
                }
                _ if parts.features.is_none() => ": --features EXPR makes features of a record",
                _ => ", made by --features",
            };
            Wrong::Record(format!("{reason}{hint}"))
        })?;
        if let Some(program) = &mut parts.label {
            if !one_result(program, record, "--label", room)? {
                return Ok(false);
            }
            label = room;
        }
        match (*labels, label) {
            (Labels::None, _) => {}
            (Labels::Class, b"false") => chunk.labels.push(0.0),
            (Labels::Class, b"true") => chunk.labels.push(1.0),
            (of, label) => {
                let number = number(label).map_err(|reason| Wrong::Record(format!("the label is {reason}")))?;
                if of == Labels::Class && number != 0.0 && number != 1.0 {
                    return Err(Wrong::Record(format!(
                        "the label is {number}; classes are 0 and 1, or false and true"
                    )));
                }
                chunk.labels.push(number);
            }
        }
        if let Some(program) = &mut parts.by {
            if !one_result(program, record, "--by", room)? {
                return Ok(false);
            }
            chunk.keys.extend_from_slice(room);
            chunk.key_ends.push(chunk.keys.len());
        }
        Ok(true)
    }
}

/// Why a record is no sample.
#[derive(Debug)]
enum Wrong {
    Record(String),
    Program(ExprError),
}

/// Has the one result of a program in `room`; whether there is one.
fn one_result(program: &mut Program, record: &[u8], option: &str, room: &mut Vec<u8>) -> Result<bool, Wrong> {
    let mut results = 0;
    room.clear();
    let ran = program.run(record, &[], &mut |result| {
        if results == 0 {
            room.extend_from_slice(result);
        }
        results += 1;
    });
    match (ran, results) {
        (Err(error), _) => Err(Wrong::Program(error)),
        (Ok(()), 0 | 1) => Ok(results == 1),
        (Ok(()), _) => Err(Wrong::Record(format!("{option} gives {results} results, and has to give one"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::BatchTime;
    use crate::op::testing::Collected;

    fn read(reader: &mut Reader, records: &[&str]) -> (Samples, Vec<String>) {
        let bytes: String = records.iter().map(|record| format!("{record}\n")).collect();
        let block = Block { time: BatchTime(1000), records: records.len() as u64, bytes: bytes.as_bytes() };
        let (mut collected, mut all) = (Collected::default(), Samples::default());
        let mut out = Out::new(&mut collected);
        let mut add = |samples: &Samples, _: &mut Out<'_>| {
            all.append(samples);
            Ok(())
        };
        reader.read(block, &mut out, &mut add).unwrap();
        (all, collected.bad.into_iter().map(|(_, reason)| reason).collect())
    }

    fn program(source: &str) -> Option<Program> {
        Some(Program::parse(source, &[]).unwrap())
    }

    #[test]
    fn what_is_no_sample_is_set_aside_and_leaves_nothing_behind() {
        let mut reader = Reader::new(Labels::Number, 2, Parts::default());
        let records = [
            "[1,[2,3]]",
            "[1,[2]]",
            "[1,[2,\"NaN\"]]",
            "[1e999,[2,3]]",
            "[null,[2,3]]",
            "7",
            "[1,4]",
            "[-1e-1,[0,1e300]]",
        ];
        let (samples, bad) = read(&mut reader, &records);
        assert_eq!((samples.features, samples.labels), (vec![2.0, 3.0, 0.0, 1e300], vec![1.0, -0.1]));
        let reasons = [
            "1 features, and the model has 2",
            "feature 1 is no number but \"NaN\"",
            "range",
            "null",
            "[label",
            "array",
        ];
        assert_eq!(bad.len(), reasons.len(), "{bad:?}");
        for (reason, told) in reasons.iter().zip(&bad) {
            assert!(told.contains(reason), "{told}: {reason}");
        }
    }

    #[test]
    fn classes_are_0_and_1() {
        let mut reader = Reader::new(Labels::Class, 1, Parts::default());
        let (samples, bad) = read(&mut reader, &["[true,[1]]", "[0.0,[1]]", "[2,[1]]", "[false,[1]]", "[1,[1]]"]);
        assert_eq!(samples.labels, [1.0, 0.0, 0.0, 1.0]);
        assert!(bad.len() == 1 && bad[0].contains("0 and 1"), "{bad:?}");
    }

    #[test]
    fn programs_say_where_the_parts_are() {
        let parts = Parts {
            features: program("[.x, 1] | select(.[0] > 0)"),
            label: program(".y"),
            by: program(".id,.id2//empty"),
        };
        let mut reader = Reader::new(Labels::Number, 2, parts);
        let records = [r#"{"x":5,"y":2,"id":"a"}"#, r#"{"x":0,"y":2,"id":"b"}"#, r#"{"x":1,"id":"c","id2":"d","y":0}"#];
        let (samples, bad) = read(&mut reader, &records);
        assert_eq!((samples.len(), &samples.features[..], &samples.labels[..]), (1, &[5.0, 1.0][..], &[2.0][..]));
        assert_eq!(samples.keys().collect::<Vec<_>>(), [b"\"a\""]);
        assert!(bad.len() == 1 && bad[0].contains("--by gives 2 results"), "{bad:?}");
    }

    #[test]
    fn many_samples_come_in_pieces_and_each_key_with_its_own() {
        let mut reader = Reader::new(Labels::None, 1, Parts { by: program(".[0]"), ..Parts::default() });
        let records: Vec<String> = (0..2500).map(|n| format!("[{n}]")).collect();
        let (samples, _) = read(&mut reader, &records.iter().map(String::as_str).collect::<Vec<_>>());
        let keys: Vec<f64> = samples.keys().map(|key| number(key).unwrap()).collect();
        assert!(samples.len() == 2500 && keys == samples.features);
    }
}
