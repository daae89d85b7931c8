//! Something that is asked for again and again.

use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt as _, Limited};
use hyper::StatusCode;
use hyper::header::{ETAG, IF_NONE_MATCH};
use sstream::connect::record::{Kind, canonicalize, kind, text};
use sstream::connect::{Program, ValueForm, program};
use tokio::time::{MissedTickBehavior, interval};

use super::Task;
use crate::dial::Broken;
use crate::error::FeedError;
use crate::lines::{Lines, Piece};
use crate::position::{Made, Mark, Place};
use crate::queue::Item;

/// The longest answer, in bytes.
const LONGEST: usize = 64 << 20;

/// The programs of an answer.
struct Programs {
    each: Option<Program>,
    cursor: Option<Program>,
}

impl Task {
    /// Asks this often: how that ended.
    pub(super) async fn poll(&mut self, every: Duration) -> Broken {
        let parse = |option: &str, source: &Option<String>| {
            source.as_deref().map(|source| program(option, source, &[])).transpose()
        };
        let parsed = (parse("--each", &self.settings.each), parse("--cursor", &self.settings.cursor));
        let (Ok(each), Ok(cursor)) = parsed else {
            return Broken::Final(FeedError::System { message: "a program that was one is none".to_owned() });
        };
        let mut programs = Programs { each, cursor };
        let mut times = interval(every);
        times.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            times.tick().await;
            // As long as the cursor moves there may be more.
            loop {
                match self.ask(&mut programs).await {
                    Ok(true) => {}
                    Ok(false) => break,
                    Err(broken) => return broken,
                }
            }
        }
    }

    /// Asks once: whether there may be more.
    async fn ask(&mut self, programs: &mut Programs) -> Result<bool, Broken> {
        let place = self.place.clone();
        let cursor = (!place.id.is_empty()).then_some((self.settings.cursor_name.as_str(), place.id.as_str()));
        let path = self.settings.target.path(cursor);
        let own: Vec<_> =
            (!place.etag.is_empty()).then_some((IF_NONE_MATCH, place.etag.as_str())).into_iter().collect();
        let answer = self.get(&path, "*/*", &own).await?;
        self.note_back();
        if answer.status() == StatusCode::NOT_MODIFIED {
            return Ok(false);
        }
        let etag = answer.headers().get(ETAG).and_then(|etag| etag.to_str().ok()).unwrap_or_default().to_owned();
        let body = Limited::new(answer.into_body(), LONGEST).collect();
        let body = match tokio::time::timeout(self.settings.stall, body).await {
            Err(_) => return Err(Broken::network("stalled: the answer does not end")),
            Ok(Err(error)) => return Err(Broken::network(error.to_string())),
            Ok(Ok(body)) => body.to_bytes(),
        };
        let mut made = Vec::new();
        let next = match self.records_of(&body, programs, &mut made) {
            Ok(next) => next.unwrap_or_else(|| place.id.clone()),
            Err(why) => {
                made = vec![Err((body[..body.len().min(1024)].to_vec(), why))];
                place.id.clone()
            }
        };
        let has_moved = next != place.id;
        // The ETag is that of another question, if the cursor is another one.
        let etag = if has_moved { String::new() } else { etag };
        self.place = Arc::new(Place { id: next, etag });
        // What was taken of an answer is known by its number, where the same question has the same answer.
        let skip = if programs.cursor.is_some() { std::mem::take(&mut self.skip) } else { 0 };
        let count = made.len() as u64;
        for (number, made) in (1..).zip(made).skip(usize::try_from(skip).unwrap_or(usize::MAX)) {
            let mark = match number == count {
                true => Mark { place: self.place.clone(), taken: 0 },
                false => Mark { place: place.clone(), taken: number },
            };
            self.put(&mut vec![Item::new(made, mark)]).await;
        }
        Ok(has_moved && count > 0)
    }

    /// The records of an answer, and its cursor.
    fn records_of(
        &mut self,
        body: &[u8],
        programs: &mut Programs,
        made: &mut Vec<Made>,
    ) -> Result<Option<String>, String> {
        if matches!(self.settings.value, ValueForm::Text) {
            let (mut lines, longest) = (Lines::new(self.settings.longest), self.settings.longest);
            let mut give = |piece: Piece<'_>| match piece {
                Piece::Lines(block) => made.extend(block.lines().map(|line| self.records.make(line, "", ""))),
                Piece::TooLong(line) => {
                    made.push(Err((line.to_vec(), format!("a line of more than {longest} bytes"))));
                }
            };
            lines.push(body, &mut give);
            if !body.ends_with(b"\n") {
                lines.push(b"\n", &mut give);
            }
            return Ok(None);
        }
        let mut json = Vec::new();
        canonicalize(body, &mut json).map_err(|error| format!("the answer: {error}"))?;
        match &mut programs.each {
            None => made.push(self.records.make(&json, "", "")),
            Some(each) => {
                let run = each.run(&json, &[], &mut |value| made.push(self.records.make(value, "", "")));
                run.map_err(|error| format!("--each: {error}"))?;
            }
        }
        let Some(program) = &mut programs.cursor else { return Ok(None) };
        let mut cursor = None;
        let run = program.run(&json, &[], &mut |value| {
            cursor.get_or_insert_with(|| value.to_vec());
        });
        run.map_err(|error| format!("--cursor: {error}"))?;
        match cursor {
            Some(value) => match kind(&value) {
                Some(Kind::String | Kind::Number) => Ok(Some(String::from_utf8_lossy(&text(&value)).into_owned())),
                Some(Kind::Null) => Ok(None),
                _ => {
                    Err(format!("--cursor gives {}: a cursor is a string or a number", String::from_utf8_lossy(&value)))
                }
            },
            None => Ok(None),
        }
    }
}
