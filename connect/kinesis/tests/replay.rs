//! Batches come again as they were, from every position that a checkpoint may have.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use sstream::connect::{Bad, Came, OnLoss, ReadAgain, Reason, RecordSource, Room, SourceError, ValueForm, testing};
use sstream_kinesis::client::Client;
use sstream_kinesis::client::call::Service;
use sstream_kinesis::client::credentials::{Environment, Profiles, Provider};
use sstream_kinesis::source::records::{Field, Form};
use sstream_kinesis::source::start::StartAt;
use sstream_kinesis::source::{KinesisSource, Options, Reading};

use crate::server::{Server, is_possible};

/// A service is asked several things before it gives the first record.
struct Patient(KinesisSource);

impl RecordSource for Patient {
    fn wait(&mut self, _: Duration) -> Result<Came, SourceError> {
        let began = Instant::now();
        loop {
            match self.0.wait(Duration::from_millis(100))? {
                Came::Timeout if began.elapsed() < Duration::from_secs(30) => {}
                came => return Ok(came),
            }
        }
    }
    fn held(&mut self) -> Result<bool, SourceError> {
        self.0.held()
    }
    fn has_records(&self) -> bool {
        self.0.has_records()
    }
    fn take(&mut self, room: Room, block: &mut Vec<u8>, bad: &mut Bad<'_>) -> Result<u64, SourceError> {
        self.0.take(room, block, bad)
    }
    fn finish(&mut self, reason: &Reason, block: &mut Vec<u8>, bad: &mut Bad<'_>) -> Result<u64, SourceError> {
        self.0.finish(reason, block, bad)
    }
    fn replay(&mut self) -> Option<&mut dyn ReadAgain> {
        self.0.replay()
    }
}

#[test]
fn batches_come_again_as_they_were() {
    if !is_possible() {
        return;
    }
    let server = Server::start(1);
    // Records, aggregates, and what is no JSON.
    server.run("seq 1 20 | client put s; seq 21 90 | client aggregate s 9; echo { | client put s; seq 91 130 | client put s").exits(0);
    let open = || {
        let keys = [("AWS_ACCESS_KEY_ID", "AKTEST"), ("AWS_SECRET_ACCESS_KEY", "secret-of-tests")];
        let keys = keys.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let provider = Provider::new(Environment::from(BTreeMap::from(keys)), Profiles::default());
        let endpoint = format!("http://127.0.0.1:{}", server.port);
        let service = Service::new("s".to_owned(), "us-east-1".to_owned(), Some(endpoint));
        let agent = sstream_tls::ureq::agent(None, Duration::from_secs(30), 4).unwrap();
        let parts = testing::source_parts();
        let form = Form { value: ValueForm::Json, with: vec![Field::Key, Field::Sequence] };
        let reading = Reading { form, pace: Duration::from_millis(1), available_now: false, on_loss: OnLoss::Fail };
        let options = Options { from: StartAt::Beginning, share: None, reading };
        let client = Client::new(agent, service, provider, parts.console.clone());
        Patient(KinesisSource::open(client, options, parts).unwrap())
    };
    assert_eq!(testing::check_replay(open, 120), 120);
}
