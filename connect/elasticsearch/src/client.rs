//! Requests of `_bulk`, to one node of a cluster, and to the next one when it is away.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use sstream::connect::record::canonicalize;
use sstream::connect::{Secret, describe};
use sstream_tables::Fault;
use sstream_tls::ureq::may_pass;
use ureq::Agent;
use ureq::http::Request;

use crate::answer::{Answer, of_body, of_status};
use crate::document::Op;

/// No answer is longer: 64 MiB of the shortest documents, with an error for each.
const LONGEST: u64 = 256 << 20;

/// A client of a cluster.
pub struct Client {
    agent: Agent,
    /// The addresses of nodes, without a slash at the end; one at least.
    nodes: Vec<String>,
    /// The node that is asked.
    current: usize,
    /// What stands behind a node's address.
    path: String,
    op: Op,
    /// The header of that name.
    authorization: Option<Secret>,
    /// Pack bodies.
    gzip: bool,
}

impl Client {
    /// Speaks to nobody yet.
    pub fn new(
        agent: Agent,
        nodes: Vec<String>,
        op: Op,
        pipeline: Option<&str>,
        authorization: Option<Secret>,
        gzip: bool,
    ) -> Client {
        // Of what was done nothing else is looked at, and an answer is a sixth as long.
        let mut path = "/_bulk?filter_path=errors,items.*.status,items.*.error".to_owned();
        if let Some(pipeline) = pipeline {
            path.push_str("&pipeline=");
            push_encoded(pipeline, &mut path);
        }
        Client { agent, nodes, current: 0, path, op, authorization, gzip }
    }

    /// Sends a request, to each node once if those before it are away.
    ///
    /// # Errors
    /// All are away; or nothing will be taken before somebody does something.
    pub fn send(&mut self, body: &[u8]) -> Result<Answer, Fault> {
        let packed = self.gzip.then(|| pack(body));
        let body = packed.as_deref().unwrap_or(body);
        let mut away = String::new();
        for _ in 0..self.nodes.len() {
            match self.send_to(&self.nodes[self.current], body) {
                Err(Fault::Away(message)) => away = message,
                done => return done,
            }
            self.current = (self.current + 1) % self.nodes.len();
        }
        Err(Fault::Away(away))
    }

    fn send_to(&self, node: &str, body: &[u8]) -> Result<Answer, Fault> {
        let named = |fault| match fault {
            Fault::Away(message) => Fault::Away(format!("{node}: {message}")),
            Fault::Hopeless(message) => Fault::Hopeless(format!("{node}: {message}")),
            other => other,
        };
        self.ask(node, body).map_err(named)
    }

    fn ask(&self, node: &str, body: &[u8]) -> Result<Answer, Fault> {
        let mut request = Request::post(format!("{node}{}", self.path)).header("content-type", "application/x-ndjson");
        if self.gzip {
            request = request.header("content-encoding", "gzip");
        }
        if let Some(authorization) = &self.authorization {
            request = request.header("authorization", authorization.reveal());
        }
        let request =
            request.body(body).map_err(|error| Fault::Hopeless(format!("no request can be made: {error}")))?;
        let mut response = self.agent.run(request).map_err(of_network)?;
        let status = response.status();
        let answer = response.body_mut().with_config().limit(LONGEST).read_to_vec().map_err(of_network)?;
        let mut json = Vec::with_capacity(answer.len());
        let is_json = canonicalize(&answer, &mut json).is_ok();
        if !status.is_success() {
            return of_status(status.as_u16(), if is_json { &json } else { b"" });
        }
        let strange =
            || Fault::Hopeless("the answer is none of _bulk: is this an Elasticsearch or OpenSearch?".to_owned());
        of_body(self.op, &json).ok_or_else(strange)
    }
}

/// What an error of the network means.
fn of_network(error: ureq::Error) -> Fault {
    let message = match &error {
        // One that breaks off says so in words of the system.
        ureq::Error::Io(error) => describe(error),
        error => error.to_string(),
    };
    match may_pass(&error) {
        true => Fault::Away(message),
        false => Fault::Hopeless(message),
    }
}

fn pack(body: &[u8]) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::with_capacity(body.len() / 4), Compression::fast());
    // Into memory, which does not fail.
    let _ = packer.write_all(body);
    packer.finish().unwrap_or_default()
}

/// Appends a text as a part of a query.
fn push_encoded(text: &str, out: &mut String) {
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => out.push(char::from(byte)),
            other => out.push_str(&format!("%{other:02X}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pipeline_s_name_is_encoded() {
        let mut out = String::new();
        push_encoded("a b&c-1_é", &mut out);
        assert_eq!(out, "a%20b%26c-1_%C3%A9");
    }
}
