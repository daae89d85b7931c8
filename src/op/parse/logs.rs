//! Logs of programs: log4j as Hadoop, Spark and ZooKeeper write it, Android's logcat, Windows' servicing logs.

use super::Form;
use super::fields::{Fields, Rest};
use super::time::{self, Times, Written};

/// Which program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Program {
    /// `2015-10-18 18:01:47,978 INFO [main] org.x.Y: message`, `17/06/09 20:10:40 INFO x.Y: message`.
    Log4j,
    /// `03-17 16:13:38.811  1702  2395 D Tag: message`.
    Android,
    /// `2016-09-28 04:30:30, Info   CBS    message`.
    Windows,
}

/// Lines of it.
pub struct Log {
    program: Program,
    times: Times,
}

impl Log {
    /// Of this program.
    pub fn new(program: Program, times: Times) -> Log {
        Log { program, times }
    }
}

impl Form for Log {
    fn parse(&mut self, text: &str, now_ms: u64, fields: &mut Fields<'_>) -> Result<(), String> {
        let (parsed, what) = match self.program {
            Program::Log4j => {
                (log4j(&self.times, text, now_ms, fields), "log4j's: TIME LEVEL [THREAD] LOGGER: MESSAGE")
            }
            Program::Android => {
                (android(&self.times, text, now_ms, fields), "logcat's: TIME PID TID LEVEL TAG: MESSAGE")
            }
            Program::Windows => (windows(&self.times, text, now_ms, fields), "Windows': TIME, LEVEL COMPONENT MESSAGE"),
        };
        parsed.ok_or_else(|| format!("not a line as {what}"))
    }
}

fn log4j(times: &Times, text: &str, now_ms: u64, fields: &mut Fields<'_>) -> Option<()> {
    let mut rest = Rest(text);
    let day = rest.word()?;
    let mut written = match day.contains('T') {
        true => time::rfc3339(day)?,
        false => {
            let mut written = Written::default();
            time::date(day, &mut written)?;
            time::clock(rest.word()?, &mut written)?;
            written
        }
    };
    if rest.0.starts_with("- ") {
        rest.pass("- ")?;
    }
    if let Some(offset) = rest.0.get(..5).and_then(time::offset) {
        written.offset = Some(offset);
        rest.word()?;
    }
    fields.integer("time", times.ms(&written, now_ms)?);
    // Threads stand before the level, or behind it; their names may have brackets and spaces.
    let thread = |rest: &mut Rest<'_>, fields: &mut Fields<'_>| {
        if rest.0.starts_with('[') {
            let end = rest.0.find("] ")?;
            fields.text("thread", &rest.0[1..end]);
            rest.0 = rest.0[end + 2..].trim_start_matches(' ');
        }
        Some(())
    };
    // ZooKeeper: `LEVEL  [thread:Class@line] - message`.
    thread(&mut rest, fields)?;
    let level = rest.word().filter(|level| level.len() >= 3 && level.bytes().all(|byte| byte.is_ascii_alphabetic()))?;
    fields.text("level", level);
    thread(&mut rest, fields)?;
    if rest.pass("- ").is_none() {
        let colon = rest.0.find(": ").or_else(|| rest.0.strip_suffix(':').map(str::len));
        let dash = rest.0.find(" - ");
        match (colon, dash) {
            (Some(colon), dash) if dash.is_none_or(|dash| colon < dash) && !rest.0[..colon].contains(' ') => {
                fields.text("logger", &rest.0[..colon]);
                rest.0 = rest.0.get(colon + 2..).unwrap_or_default();
            }
            (_, Some(dash)) if !rest.0[..dash].trim_end().contains(' ') => {
                fields.text("logger", rest.0[..dash].trim_end());
                rest.0 = &rest.0[dash + 3..];
            }
            _ => {}
        }
    }
    fields.text("message", rest.0);
    Some(())
}

fn android(times: &Times, text: &str, now_ms: u64, fields: &mut Fields<'_>) -> Option<()> {
    let mut rest = Rest(text);
    let day = rest.word()?;
    let mut written = Written::default();
    match day.len() {
        5 => (written.month, written.day) = (time::digits(day.get(..2)?)?, time::digits(day.get(3..)?)?),
        _ => time::date(day, &mut written)?,
    }
    time::clock(rest.word()?, &mut written)?;
    fields.integer("time", times.ms(&written, now_ms)?);
    fields.integer("pid", time::digits(rest.word()?)?);
    fields.integer("tid", time::digits(rest.word()?)?);
    let level = match rest.word()? {
        "V" => "verbose",
        "D" => "debug",
        "I" => "info",
        "W" => "warning",
        "E" => "error",
        "F" | "A" => "fatal",
        _ => return None,
    };
    fields.text("level", level);
    let tag = rest.until(": ").or_else(|| std::mem::take(&mut rest.0).strip_suffix(':'))?;
    fields.text("tag", tag.trim_end());
    fields.text("message", rest.0);
    Some(())
}

fn windows(times: &Times, text: &str, now_ms: u64, fields: &mut Fields<'_>) -> Option<()> {
    let mut rest = Rest(text);
    let mut written = Written::default();
    time::date(rest.word()?, &mut written)?;
    time::clock(rest.until(", ")?, &mut written)?;
    fields.integer("time", times.ms(&written, now_ms)?);
    rest.0 = rest.0.trim_start_matches(' ');
    fields.text("level", rest.word()?);
    fields.text("component", rest.word()?);
    fields.text("message", rest.0);
    Some(())
}
