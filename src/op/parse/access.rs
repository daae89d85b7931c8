//! Web servers' logs: the access log in the common and combined forms, with or without the virtual host, and
//! the error logs of Apache and nginx.

use std::borrow::Cow;

use super::Form;
use super::fields::{Fields, Rest};
use super::time::{self, Times, Written};
use crate::record::number::is_number;

/// Whose error log may stand between.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Server {
    /// Lines of access logs only.
    Any,
    /// `[Sun Dec 04 04:47:44 2005] [notice] message`.
    Apache,
    /// `2024/01/05 10:00:00 [error] 7#7: *1 message`.
    Nginx,
}

/// Lines of a web server.
pub struct Access {
    server: Server,
    times: Times,
}

impl Access {
    /// Of this server.
    pub fn new(server: Server, times: Times) -> Access {
        Access { server, times }
    }
}

impl Form for Access {
    fn parse(&mut self, text: &str, now_ms: u64, fields: &mut Fields<'_>) -> Result<(), String> {
        let parsed = match (self.server, text.as_bytes().first()) {
            (Server::Apache, Some(b'[')) => apache_error(&self.times, text, now_ms, fields),
            (Server::Nginx, Some(_)) if text.as_bytes().get(4) == Some(&b'/') => {
                nginx_error(&self.times, text, now_ms, fields)
            }
            _ => access(&self.times, text, now_ms, fields),
        };
        parsed.ok_or_else(|| {
            match self.server {
                Server::Any => "not a line of an access log, common or combined",
                Server::Apache => "not a line of Apache's access or error log",
                Server::Nginx => "not a line of nginx's access or error log",
            }
            .to_owned()
        })
    }
}

/// `HOST IDENT USER [TIME] "REQUEST" STATUS BYTES "REFERRER" "USER-AGENT"`; the last two may be left out, a virtual
/// host may come first, more behind.
fn access(times: &Times, text: &str, now_ms: u64, fields: &mut Fields<'_>) -> Option<()> {
    let mut rest = Rest(text);
    let mut head = Rest(rest.until(" [")?);
    let written = access_time(rest.until("] \"")?)?;
    let request = rest.quoted()?;
    rest.pass(" ")?;
    let status = rest.word()?;
    let bytes = rest.word()?;
    let status = time::digits(status)?;
    let mut remote = head.word()?;
    let mut ident = head.word()?;
    if remote.contains(':') && (ident.contains('.') || ident.contains(':')) {
        fields.text("vhost", remote);
        (remote, ident) = (ident, head.word()?);
    }
    if head.0.is_empty() {
        return None;
    }
    fields.text("remote", remote);
    fields.text_or_dash("ident", ident);
    fields.text_or_dash("user", head.0);
    fields.integer("time", times.ms(&written, now_ms)?);
    push_request(&request, fields);
    fields.integer("status", status);
    match bytes {
        "-" => fields.raw("bytes", b"null"),
        bytes if is_number(bytes.as_bytes()) => fields.raw("bytes", bytes.as_bytes()),
        _ => return None,
    }
    if rest.pass("\"").is_some() {
        fields.text_or_dash("referrer", &rest.quoted()?);
        rest.0 = rest.0.trim_start_matches(' ');
        if rest.pass("\"").is_some() {
            fields.text_or_dash("user_agent", &rest.quoted()?);
        }
    }
    let more = rest.0.trim();
    if !more.is_empty() {
        fields.text("more", more);
    }
    Some(())
}

/// `METHOD PATH PROTOCOL`, or all of it where it is no request.
fn push_request(request: &str, fields: &mut Fields<'_>) {
    let parts = request.split_once(' ').and_then(|(method, rest)| {
        let is_method = !method.is_empty() && method.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'-');
        is_method.then_some((method, rest.rsplit_once(' ').filter(|(_, protocol)| protocol.starts_with("HTTP/")), rest))
    });
    match parts {
        Some((method, Some((path, protocol)), _)) => {
            fields.text("method", method);
            fields.text("path", path);
            fields.text("protocol", protocol);
        }
        // HTTP/0.9 names no protocol.
        Some((method, None, path)) => {
            fields.text("method", method);
            fields.text("path", path);
        }
        None => fields.text_or_dash("request", request),
    }
}

/// `10/Oct/2000:13:55:36 -0700`.
fn access_time(text: &str) -> Option<Written> {
    let part = |from: usize, to: usize| text.get(from..to).and_then(time::digits);
    let (colon, zone) = (text.as_bytes().get(11)?, text.get(21..)?);
    (*colon == b':').then_some(())?;
    Some(Written {
        year: Some(part(7, 11)?),
        month: time::month(text.get(3..6)?)?,
        day: part(0, 2)?,
        hour: part(12, 14)?,
        minute: part(15, 17)?,
        second: part(18, 20)?,
        ms: 0,
        offset: Some(time::offset(zone)?),
    })
}

/// `[Sun Dec 04 04:47:44.123456 2005] [core:notice] [pid 7:tid 9] [client 1.2.3.4:5] message`.
fn apache_error(times: &Times, text: &str, now_ms: u64, fields: &mut Fields<'_>) -> Option<()> {
    let mut rest = Rest(text);
    rest.pass("[")?;
    let mut words = Rest(rest.until("] ")?);
    let mut written = Written::default();
    words.word()?;
    written.month = time::month(words.word()?)?;
    written.day = time::digits(words.word()?)?;
    time::clock(words.word()?, &mut written)?;
    written.year = Some(time::digits(words.word()?)?);
    fields.integer("time", times.ms(&written, now_ms)?);
    rest.pass("[")?;
    let level = rest.until("] ")?;
    match level.split_once(':') {
        Some((module, level)) => {
            fields.text("module", module);
            fields.text("level", level);
        }
        None => fields.text("level", level),
    }
    while rest.0.starts_with("[pid ") || rest.0.starts_with("[client ") || rest.0.starts_with("[remote ") {
        let inside = &rest.until("] ")?[1..];
        let (name, value) = inside.split_once(' ')?;
        match value.split_once(":tid ") {
            Some((pid, tid)) if name == "pid" => {
                fields.number_or_text("pid", pid);
                fields.number_or_text("tid", tid);
            }
            _ if name == "pid" => fields.number_or_text("pid", value),
            _ => fields.text("remote", value),
        }
    }
    fields.text("message", rest.0);
    Some(())
}

/// `2024/01/05 10:00:00 [error] 7#9: *1 message, client: 1.2.3.4, server: x, request: "GET / HTTP/1.1", host: "x"`.
fn nginx_error(times: &Times, text: &str, now_ms: u64, fields: &mut Fields<'_>) -> Option<()> {
    const CONTEXT: [&str; 7] = ["client", "server", "request", "subrequest", "upstream", "host", "referrer"];
    let mut rest = Rest(text);
    let mut written = Written::default();
    time::date(rest.word()?, &mut written)?;
    time::clock(rest.word()?, &mut written)?;
    fields.integer("time", times.ms(&written, now_ms)?);
    rest.pass("[")?;
    fields.text("level", rest.until("] ")?);
    let (pid, tid) = rest.until(": ")?.split_once('#')?;
    fields.integer("pid", time::digits(pid)?);
    fields.integer("tid", time::digits(tid)?);
    if rest.pass("*").is_some() {
        fields.raw("connection", time::digits(rest.word()?)?.to_string().as_bytes());
    }
    let starts = |name: &str| memchr::memmem::find(rest.0.as_bytes(), format!(", {name}: ").as_bytes());
    let places: Vec<(usize, &str)> = CONTEXT.iter().filter_map(|name| Some((starts(name)?, *name))).collect();
    let end = places.iter().map(|(at, _)| *at).min().unwrap_or(rest.0.len());
    fields.text("message", &rest.0[..end]);
    let mut places = places;
    places.sort_unstable();
    for (index, (at, name)) in places.iter().enumerate() {
        let to = places.get(index + 1).map_or(rest.0.len(), |(next, _)| *next);
        let value = rest.0[at + name.len() + 4..to].trim_matches('"');
        fields.text(if *name == "client" { "remote" } else { name }, value);
    }
    Some(())
}

impl<'t> Rest<'t> {
    /// What comes before the next quote that is none of the text, which is passed too.
    fn quoted(&mut self) -> Option<Cow<'t, str>> {
        let bytes = self.0.as_bytes();
        let mut from = 0;
        let mut is_escaped = false;
        loop {
            let at = from + memchr::memchr2(b'"', b'\\', &bytes[from..])?;
            if bytes[at] == b'"' {
                let text = &self.0[..at];
                self.0 = &self.0[at + 1..];
                return Some(match is_escaped {
                    false => Cow::Borrowed(text),
                    true => Cow::Owned(text.replace("\\\"", "\"").replace("\\\\", "\\")),
                });
            }
            is_escaped = true;
            from = at + 2;
            bytes.get(from - 1)?;
        }
    }
}
