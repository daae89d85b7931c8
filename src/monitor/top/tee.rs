//! The stream on its way through: handed on byte for byte before it is looked
//! at, and looked at only where control lines stand.

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{RETAIN, Records, Scene, Stage};
use crate::frame::{BatchTime, Block, Close, End, Event, FrameError, FrameReader, Head};
use crate::monitor::registry::Registry;
use crate::monitor::runtime;
use crate::monitor::view::View;

/// So many records of a batch are kept, of the newest batches.
const SAMPLE_RECORDS: usize = 20;
const SAMPLE_BYTES: usize = 8 << 10;
const SAMPLE_BATCHES: usize = 200;

/// Reads from `input` and gives everything to `output` first.
struct Tee<R, W> {
    input: R,
    output: Option<W>,
    /// Why writing failed, kept beside what the reader says.
    failed: Option<io::Error>,
}

impl<R: Read, W: Write> Read for Tee<R, W> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(buffer)?;
        if let Some(output) = &mut self.output
            && let Err(error) = output.write_all(&buffer[..count])
        {
            let kind = error.kind();
            self.failed = Some(error);
            return Err(kind.into());
        }
        Ok(count)
    }
}

/// What passed by, shared with who draws it.
#[derive(Clone, Default)]
pub struct Passing(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    view: Option<View>,
    samples: VecDeque<(BatchTime, String)>,
    is_over: bool,
}

/// Why a stream did not pass to its end.
#[derive(Debug)]
pub enum PassError {
    /// The input is cut off, malformed or unreadable.
    Input(FrameError),
    /// The output does not take it.
    Output(io::Error),
}

impl Passing {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Passes a stream on to its close; `each` is called with every batch.
    pub fn pass<R: Read, W: Write>(
        &self,
        input: R,
        output: Option<W>,
        mut each: impl FnMut(&View),
    ) -> Result<Close, PassError> {
        let mut reader = FrameReader::new(Tee { input, output, failed: None });
        let result = loop {
            match reader.next() {
                Ok(Event::Head(head)) => self.head(&head),
                Ok(Event::Block(block)) => self.block(block),
                Ok(Event::End(end)) => self.end(&end, &mut each),
                Ok(Event::Close(close)) => break Ok(close),
                Err(error) => break Err(error),
            }
        };
        let tee = reader.into_input();
        let mut state = self.lock();
        state.is_over = true;
        match (result, tee.failed) {
            (_, Some(error)) => Err(PassError::Output(error)),
            (Err(error), None) => Err(PassError::Input(error)),
            (Ok(close), None) => {
                state.view.iter_mut().for_each(|view| view.close(&close));
                Ok(close)
            }
        }
    }

    fn head(&self, head: &Head) {
        self.lock().view = Some(View::new(head, RETAIN));
    }

    fn block(&self, block: Block<'_>) {
        let mut state = self.lock();
        let is_known = state.samples.back().is_some_and(|(time, _)| *time == block.time);
        if !is_known {
            let lines = block.bytes.split_inclusive(|byte| *byte == b'\n').take(SAMPLE_RECORDS);
            let mut length = 0;
            let sample: Vec<&[u8]> = lines
                .take_while(|line| {
                    length += line.len();
                    length <= SAMPLE_BYTES
                })
                .collect();
            state.samples.push_back((block.time, String::from_utf8_lossy(&sample.concat()).into_owned()));
            if state.samples.len() > SAMPLE_BATCHES {
                state.samples.pop_front();
            }
        }
    }

    fn end(&self, end: &End, each: &mut impl FnMut(&View)) {
        if let Some(view) = &mut self.lock().view {
            view.end(end);
            each(view);
        }
    }

    /// Whether the stream is over.
    pub fn is_over(&self) -> bool {
        self.lock().is_over
    }

    /// What came, for a last word.
    pub fn with_view<T>(&self, look: impl FnOnce(&View) -> T) -> Option<T> {
        self.lock().view.as_ref().map(look)
    }
}

/// What passes by, for a screen. How far the stages before are behind and how
/// much they keep stands in no stream: that is looked up where they publish.
pub struct Shown {
    passing: Passing,
    published: Registry,
}

impl Shown {
    /// Shows what passes here.
    pub fn new(passing: Passing) -> Shown {
        // One batch of each is enough.
        Shown { passing, published: Registry::new(vec![runtime::directory()], 1) }
    }
}

impl Stage for Shown {
    fn scenes(&mut self, batch: Option<BatchTime>, draw: &mut dyn FnMut(&[Scene<'_>])) {
        self.published.refresh();
        let state = self.passing.lock();
        let Some(view) = &state.view else { return draw(&[]) };
        let sample = batch.and_then(|batch| state.samples.iter().find(|(time, _)| *time == batch));
        let last = view.facts().stages.last();
        let records = sample.map(|(_, lines)| Records {
            stage: last.map_or(String::new(), |stage| stage.description.clone()),
            lines: lines.clone(),
        });
        let around = self.published.around(view);
        let each = |first: usize| first..first + view.facts().stages.len();
        let unclosed = if state.is_over { "cut off without a word" } else { "running" };
        draw(&[Scene {
            view,
            state: view.outcome().unwrap_or_else(|| unclosed.to_owned()),
            backlog: around.iter().flat_map(|(all, first)| each(*first).map(|stage| all.backlog(stage))).collect(),
            held: around.iter().flat_map(|(all, first)| each(*first).map(|stage| all.held(stage))).collect(),
            checkpoint: around.as_ref().and_then(|(all, _)| all.end.checkpoint()),
            records: records.into_iter().collect(),
        }]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::Reason;

    const STREAM: &str = "{\"sstream\":1,\"interval\":1000,\"stages\":[\"source stdin\"],\"new\":1}\n\
        {\"batch\":1000,\"records\":2,\"bytes\":8,\"unknown\":true}\n\"a\"\n\"b\"\n\
        {\"end\":1000,\"records\":2,\"trace\":[[\"source\",2,2,0,1.5,1001]]}\n{\"close\":\"eof\"}\n";

    #[test]
    fn the_stream_passes_byte_for_byte() {
        let (passing, mut output, mut batches) = (Passing::default(), Vec::new(), 0);
        let close = passing.pass(STREAM.as_bytes(), Some(&mut output), |_| batches += 1).unwrap();
        assert_eq!(close.reason, Reason::Eof);
        assert_eq!(String::from_utf8(output).unwrap(), STREAM);
        assert_eq!(batches, 1);
        assert_eq!(passing.with_view(|view| view.totals().input), Some(2));
        let mut seen = String::new();
        Shown::new(passing).scenes(Some(BatchTime(1000)), &mut |scenes| seen.clone_from(&scenes[0].records[0].lines));
        assert_eq!(seen, "\"a\"\n\"b\"\n");
    }

    #[test]
    fn a_stream_that_breaks_off_has_passed_as_far_as_it_came() {
        let (passing, mut output) = (Passing::default(), Vec::new());
        let cut = &STREAM[..STREAM.len() - 20];
        let error = passing.pass(cut.as_bytes(), Some(&mut output), |_| ()).unwrap_err();
        assert!(matches!(error, PassError::Input(FrameError::CutOff { .. })));
        assert_eq!(String::from_utf8(output).unwrap(), cut);
    }
}
