use super::*;
use crate::error::Exit;
use crate::frame::Reason;
use proptest::prelude::*;

const STREAM: &str = concat!(
    "{\"sstream\":1,\"interval\":1000,\"stages\":[\"s\"]}\n",
    "{\"batch\":2000,\"records\":2,\"bytes\":8}\n",
    "\"a\"\n",
    "123\n",
    "{\"batch\":2000,\"records\":1,\"bytes\":5}\n",
    "null\n",
    "{\"end\":2000,\"records\":3}\n",
    "{\"end\":3000,\"records\":0,\"x\":1}\n",
    "{\"close\":\"eof\"}\n",
);

#[test]
fn a_watermark_never_goes_back_or_vanishes() {
    let stream = |ends: &[&str]| {
        let ends: Vec<String> =
            (1..).zip(ends).map(|(n, more)| format!("{{\"end\":{n},\"records\":0{more}}}\n")).collect();
        format!("{{\"sstream\":1,\"interval\":1,\"stages\":[]}}\n{}{{\"close\":\"eof\"}}\n", ends.concat())
    };
    let read = |ends: &[&str]| events(stream(ends).as_bytes());
    let [none, low, high] = ["", ",\"watermark\":-5", ",\"watermark\":7"];
    assert!(read(&[none, low, low, high]).unwrap()[2].contains("Some(Watermark(-5))"));
    for wrong in [&[high, low][..], &[low, none]] {
        let error = read(wrong).unwrap_err().to_string();
        assert!(error.contains("a \"watermark\" that is not before"), "{error}");
    }
    assert!(read(&[",\"watermark\":\"x\""]).unwrap_err().to_string().contains("to be a time in ms"));
}

/// Gives at most `sizes` bytes at each read, over and over.
struct Pieces<'a>(&'a [u8], Vec<usize>, usize);

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let size = self.1[self.2 % self.1.len()].min(self.0.len()).min(buffer.len());
        self.2 += 1;
        buffer[..size].copy_from_slice(&self.0[..size]);
        self.0 = &self.0[size..];
        Ok(size)
    }
}

fn events(input: impl Read) -> Result<Vec<String>, FrameError> {
    let mut reader = FrameReader::new(input);
    let mut seen = Vec::new();
    loop {
        let event = reader.next()?;
        seen.push(format!("{event:?}"));
        if matches!(event, Event::Close(_)) {
            return Ok(seen);
        }
    }
}

proptest! {
    #[test]
    fn any_split_of_the_bytes_reads_the_same(sizes in prop::collection::vec(1usize..40, 1..20)) {
        let whole = events(STREAM.as_bytes()).unwrap();
        prop_assert_eq!(whole, events(Pieces(STREAM.as_bytes(), sizes, 0)).unwrap());
    }
}

#[test]
fn every_proper_prefix_is_cut_off() {
    for length in 0..STREAM.len() {
        let error = events(&STREAM.as_bytes()[..length]).unwrap_err();
        assert!(matches!(error, FrameError::CutOff { .. }), "{length}: {error}");
    }
    assert_eq!(events(STREAM.as_bytes()).unwrap().len(), 6);
}

#[test]
fn a_cut_tells_which_batch_is_dropped() {
    let inside = STREAM.find("{\"end\":2000").unwrap();
    let error = events(&STREAM.as_bytes()[..inside]).unwrap_err();
    assert!(error.to_string().contains("dropped the unfinished batch 2000"), "{error}");
}

#[test]
fn what_is_malformed_names_the_offset() {
    for (from, to, at, expected) in [
        ("{\"end\":3000", "{\"end\":4000", "{\"end\":4000", "batch 3000"),
        ("\"records\":3", "\"records\":4", "{\"end\":2000", "\"records\":3"),
        ("{\"batch\":2000,\"records\":1", "{\"batch\":3000,\"records\":1", "{\"batch\":3000", "the end of batch 2000"),
        ("123\n", "1\n3\n", "\"a\"", "2 records"),
        ("123\n", "1234", "\"a\"", "2 records"),
        ("null\n", "\"long\"\n", "\"long\"", "1 records"),
        (
            "{\"close\"",
            "{\"sstream\":1,\"interval\":1,\"stages\":[]}\n{\"close\"",
            "{\"sstream\":1,\"interval\":1,",
            "no second head",
        ),
        ("{\"close\":\"eof\"}", "{\"close\":\"eof\"}\nmore", "more", "nothing after"),
        ("{\"sstream\":1", "{\"sstream\":7", "{\"sstream\"", "version 1"),
        (
            "{\"end\":3000,\"records\":0,\"x\":1}\n",
            "{\"batch\":3000,\"records\":0,\"bytes\":0}\n",
            "{\"batch\":3000",
            "at least one",
        ),
    ] {
        let text = STREAM.replacen(from, to, 1);
        assert_ne!(text, STREAM);
        let error = events(text.as_bytes()).unwrap_err();
        match &error {
            FrameError::Malformed { offset, expected: wants, .. } => {
                assert_eq!(*offset as usize, text.find(at).unwrap(), "{error}");
                assert!(wants.contains(expected), "{error}");
            }
            _ => panic!("{error}"),
        }
    }
}

#[test]
fn an_error_close_may_stand_alone_or_inside_a_batch() {
    for text in [
        "{\"sstream\":1,\"close\":\"error\",\"exit\":2,\"message\":\"no\"}\n".to_owned(),
        STREAM.split_inclusive("null\n").next().unwrap().to_owned()
            + "{\"close\":\"error\",\"exit\":2,\"message\":\"no\"}\n",
    ] {
        let mut reader = FrameReader::new(text.as_bytes());
        let close = loop {
            if let Event::Close(close) = reader.next().unwrap() {
                break close;
            }
        };
        assert_eq!(close.reason, Reason::Error { exit: Exit::Usage, message: "no".into() });
    }
}

#[test]
fn a_record_longer_than_any_block_is_read() {
    let record = format!("\"{}\"\n", "x".repeat(MAX_BLOCK));
    let text = format!(
        "{{\"sstream\":1,\"interval\":1,\"stages\":[]}}\n{{\"batch\":5,\"records\":1,\"bytes\":{}}}\n{record}{{\"end\":5,\"records\":1}}\n{{\"close\":\"eof\"}}\n",
        record.len()
    );
    assert_eq!(events(text.as_bytes()).unwrap().len(), 4);
}
