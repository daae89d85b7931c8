//! Syslog: RFC 5424, RFC 3164, and what is written into files, without a priority or with a full time.

use super::Form;
use super::fields::{Fields, Rest};
use super::time::{self, Times, Written};

const SEVERITIES: [&str; 8] = ["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"];
const FACILITIES: [&str; 24] = [
    "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp", "ntp",
    "audit", "alert", "clock", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7",
];

/// Lines of syslog.
pub struct Syslog {
    times: Times,
}

impl Syslog {
    /// With times that have neither year nor zone.
    pub fn new(times: Times) -> Syslog {
        Syslog { times }
    }

    fn read(&self, text: &str, now_ms: u64, fields: &mut Fields<'_>) -> Option<()> {
        let mut rest = Rest(text);
        if rest.pass("<").is_some() {
            let priority = time::digits(rest.until(">")?).filter(|priority| *priority < 192)? as usize;
            fields.text("facility", FACILITIES[priority / 8]);
            fields.text("severity", SEVERITIES[priority % 8]);
            if rest.pass("1 ").is_some() {
                return self.structured(rest, now_ms, fields);
            }
        }
        let written = match rest.0.as_bytes().first()? {
            b'0'..=b'9' => time::rfc3339(rest.word()?)?,
            _ => {
                let mut written = Written { month: time::month(rest.word()?)?, ..Written::default() };
                written.day = time::digits(rest.word()?)?;
                let word = rest.word()?;
                // Some write the year, behind the day.
                let clock = if word.contains(':') { word } else { rest.word()? };
                written.year = if word == clock { None } else { Some(time::digits(word)?) };
                time::clock(clock, &mut written)?;
                written
            }
        };
        fields.integer("time", self.times.ms(&written, now_ms)?);
        fields.text("hostname", rest.word()?.trim_end_matches(':'));
        // A tag has no space in it, and may be left out.
        let tag_end = rest.0.find([':', '[', ' ']).unwrap_or(rest.0.len());
        let (tag, behind) = rest.0.split_at(tag_end);
        if let Some(end) = behind.strip_prefix('[').and_then(|pid| pid.find(']')) {
            fields.text("app", tag);
            fields.number_or_text("pid", &behind[1..=end]);
            rest.0 = behind[end + 2..].trim_start_matches(':');
        } else if !tag.is_empty() && behind.starts_with(':') {
            fields.text("app", tag);
            rest.0 = &behind[1..];
        }
        fields.text("message", rest.0.strip_prefix(' ').unwrap_or(rest.0));
        Some(())
    }

    /// `TIME HOST APP PROCID MSGID DATA MESSAGE`, as RFC 5424 has it.
    fn structured(&self, mut rest: Rest<'_>, now_ms: u64, fields: &mut Fields<'_>) -> Option<()> {
        match rest.word()? {
            "-" => fields.raw("time", b"null"),
            time => fields.integer("time", self.times.ms(&time::rfc3339(time)?, now_ms)?),
        }
        fields.text_or_dash("hostname", rest.word()?);
        fields.text_or_dash("app", rest.word()?);
        match rest.word()? {
            "-" => fields.raw("pid", b"null"),
            pid => fields.number_or_text("pid", pid),
        }
        fields.text_or_dash("msgid", rest.word()?);
        if rest.pass("-").is_none() {
            fields.object("data", |data| elements(&mut rest, data).ok_or_else(String::new)).ok()?;
        }
        let message = rest.0.strip_prefix(' ').unwrap_or(rest.0);
        fields.text("message", message.strip_prefix('\u{feff}').unwrap_or(message));
        Some(())
    }
}

/// `[id name="value" …][id …]`.
fn elements(rest: &mut Rest<'_>, data: &mut Fields<'_>) -> Option<()> {
    if !rest.0.starts_with('[') {
        return None;
    }
    while rest.pass("[").is_some() {
        let end = rest.0.find([' ', ']'])?;
        let (id, behind) = rest.0.split_at(end);
        rest.0 = behind;
        data.object(id, |members| parameters(rest, members).ok_or_else(String::new)).ok()?;
    }
    Some(())
}

fn parameters(rest: &mut Rest<'_>, members: &mut Fields<'_>) -> Option<()> {
    while rest.pass("]").is_none() {
        rest.0 = rest.0.trim_start_matches(' ');
        let name = rest.until("=\"")?;
        let mut value = String::new();
        let mut characters = rest.0.char_indices();
        loop {
            match characters.next()? {
                (at, '"') => {
                    rest.0 = &rest.0[at + 1..];
                    break;
                }
                (_, '\\') => match characters.next()?.1 {
                    character @ ('"' | '\\' | ']') => value.push(character),
                    character => value.extend(['\\', character]),
                },
                (_, character) => value.push(character),
            }
        }
        members.text(name, &value);
    }
    Some(())
}

impl Form for Syslog {
    fn parse(&mut self, text: &str, now_ms: u64, fields: &mut Fields<'_>) -> Result<(), String> {
        self.read(text, now_ms, fields).ok_or_else(|| "not a line of syslog, RFC 3164 or 5424".to_owned())
    }

    fn is_loose(&self) -> bool {
        // An element may come twice.
        true
    }
}
