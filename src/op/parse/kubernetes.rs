//! What is found in a cluster's logs: lines of container runtimes, CRI's and Docker's, and klog's own, by themselves
//! or as a container's.

use super::Form;
use super::fields::{Fields, Rest};
use super::time::{self, Times, Written};
use crate::record;

/// Lines of containers and of Kubernetes itself.
pub struct Kubernetes {
    times: Times,
}

impl Kubernetes {
    /// With times that have neither year nor zone.
    pub fn new(times: Times) -> Kubernetes {
        Kubernetes { times }
    }

    /// `2024-01-05T10:00:00.123456789Z stdout F message`. `P` is a part of a line.
    fn cri(&self, text: &str, now_ms: u64, fields: &mut Fields<'_>) -> Option<()> {
        let mut rest = Rest(text);
        let written = time::rfc3339(rest.until(" ")?)?;
        let stream = rest.until(" ").filter(|stream| matches!(*stream, "stdout" | "stderr"))?;
        let tags = rest.until(" ").unwrap_or_else(|| std::mem::take(&mut rest.0));
        fields.integer("time", self.times.ms(&written, now_ms)?);
        fields.text("stream", stream);
        match tags.split(':').next()? {
            "F" => {}
            "P" => fields.raw("partial", b"true"),
            _ => return None,
        }
        fields.text("message", rest.0);
        Some(())
    }

    /// `{"log":"message\n","stream":"stdout","time":"…"}`.
    fn docker(&self, text: &str, now_ms: u64, fields: &mut Fields<'_>) -> Option<()> {
        let mut line = Vec::new();
        record::canonicalize(text.as_bytes(), &mut line).ok()?;
        let text_of = |name: &str| record::field(&line, name.as_bytes()).map(record::text);
        let (log, time, stream) = (text_of("log")?, text_of("time")?, text_of("stream")?);
        let written = time::rfc3339(std::str::from_utf8(&time).ok()?)?;
        fields.integer("time", self.times.ms(&written, now_ms)?);
        fields.text("stream", std::str::from_utf8(&stream).ok()?);
        for (key, value) in record::members(&line) {
            if !matches!(key, b"\"log\"" | b"\"time\"" | b"\"stream\"") {
                fields.push_member(key, value);
            }
        }
        let message = std::str::from_utf8(&log).ok()?;
        fields.text("message", message.strip_suffix('\n').unwrap_or(message));
        Some(())
    }

    /// `I0105 10:00:00.123456   1 file.go:116] message`.
    fn klog(&self, text: &str, now_ms: u64, fields: &mut Fields<'_>) -> Option<()> {
        let level = match text.as_bytes().first()? {
            b'I' => "info",
            b'W' => "warning",
            b'E' => "error",
            b'F' => "fatal",
            _ => return None,
        };
        let mut rest = Rest(text.get(1..)?);
        let day = rest.word().filter(|day| day.len() == 4)?;
        let mut written =
            Written { month: time::digits(day.get(..2)?)?, day: time::digits(day.get(2..)?)?, ..Written::default() };
        time::clock(rest.word()?, &mut written)?;
        fields.integer("time", self.times.ms(&written, now_ms)?);
        fields.text("level", level);
        fields.number_or_text("pid", rest.word()?);
        fields.text("source", rest.until("] ").or_else(|| rest.0.strip_suffix(']'))?);
        fields.text("message", rest.0);
        Some(())
    }
}

impl Form for Kubernetes {
    fn parse(&mut self, text: &str, now_ms: u64, fields: &mut Fields<'_>) -> Result<(), String> {
        let parsed = match text.as_bytes().first() {
            Some(b'{') => self.docker(text, now_ms, fields),
            Some(b'0'..=b'9') => self.cri(text, now_ms, fields),
            _ => self.klog(text, now_ms, fields),
        };
        parsed.ok_or_else(|| "neither a line of a container's runtime (CRI, Docker) nor of klog".to_owned())
    }

    fn is_loose(&self) -> bool {
        true
    }
}
