//! The source and the sink against librdkafka's own mock cluster: what needs no Java.

use std::collections::BTreeSet;
use std::io::BufRead as _;
use std::sync::mpsc::channel;
use std::time::Duration;

use rdkafka::mocking::{MockCluster, MockCoordinator};
use rdkafka::producer::{BaseProducer, BaseRecord, DefaultProducerContext, Producer as _};
use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};

use super::message::{Field, Form};
use super::selection::Selection;
use super::start::StartAt;
use super::{Assign, GroupSource, Isolation, KafkaSource, Options};
use crate::client::listener::configure;
use crate::client::settings::Settings;
use crate::sink::message::Messages;
use crate::sink::{self as sink, Compression, Kafka, PATIENCE, Partitioner, Parts};
use sstream::connect::{
    BadRecords, BatchTime, Block, Came, Console, Exit, Failure, Level, OnError, OnLoss, OutletError, Position, Program,
    ReadAgain as _, Reason, RecordSource, Room, Sink as _, Spool, StopSignal, Under, ValueForm, Waited,
};

type Mock = MockCluster<'static, DefaultProducerContext>;

fn cluster(partitions: i32) -> Mock {
    let cluster = MockCluster::new(3).unwrap();
    cluster.create_topic("t", partitions, 3).unwrap();
    cluster
}

fn settings(cluster: &Mock) -> Settings {
    let properties = vec!["message.timeout.ms=3000".parse().unwrap()];
    Settings { brokers: cluster.bootstrap_servers(), file: None, properties }
}

fn console() -> Console {
    Console::new("sstream-test", Level::Error)
}

fn options(from: StartAt, form: Form) -> Options {
    let topics = vec!["t".parse().unwrap()];
    Options {
        selection: Selection { topics, partitions: None, shard: None },
        from,
        available_now: false,
        group: None,
        form,
        max_rate_per_partition: None,
        isolation: Isolation::ReadCommitted,
        on_loss: OnLoss::Fail,
    }
}

fn never() -> StopSignal {
    let (stop, stopper) = StopSignal::manual().unwrap();
    // Dropped, it would look like a signal.
    std::mem::forget(stopper);
    stop
}

fn source(cluster: &Mock, from: StartAt, form: Form) -> KafkaSource {
    let settings = Settings { properties: Vec::new(), ..settings(cluster) };
    KafkaSource::open(&settings, options(from, form), console(), never(), Waited::default()).unwrap()
}

fn member(cluster: &Mock, topic: &str) -> GroupSource {
    let mut options = options(StartAt::Beginning, Form::default());
    options.selection.topics = vec![topic.parse().unwrap()];
    options.group = Some("g".to_owned());
    // The mock waits so long for members to come back to a group.
    let properties = vec!["session.timeout.ms=6000".parse().unwrap()];
    let settings = Settings { properties, ..settings(cluster) };
    GroupSource::open(&settings, &options, console(), never(), Waited::default()).unwrap()
}

fn no_bad(_: &[u8], reason: &str) -> Result<(), Box<dyn Failure>> {
    panic!("{reason}")
}

/// Takes records until there are so many.
fn take(source: &mut impl RecordSource, records: u64) -> String {
    let mut block = Vec::new();
    let mut taken = 0;
    for _ in 0..300 {
        if taken >= records {
            break;
        }
        if source.wait(Duration::from_millis(100)).unwrap() == Came::Something {
            let room = Room { records: records - taken, bytes: usize::MAX / 2 };
            taken += source.take(room, &mut block, &mut no_bad).unwrap();
        }
    }
    assert_eq!(taken, records);
    String::from_utf8(block).unwrap()
}

fn kafka<'a>(cluster: &Mock, key: Option<&str>, bad_records: &'a BadRecords) -> Kafka<'a> {
    patient(cluster, key, bad_records, PATIENCE)
}

fn patient<'a>(cluster: &Mock, key: Option<&str>, bad_records: &'a BadRecords, patience: Duration) -> Kafka<'a> {
    let options = sink::Options {
        topic: "t".to_owned(),
        partitioner: Partitioner::Murmur2,
        compression: Compression::Lz4,
        batch_header: true,
    };
    let messages = Messages::new(key.map(|source| Program::parse(source, &[]).unwrap()), None);
    let (console, waited) = (console(), Waited::default());
    let spool = Spool::new(1 << 20);
    let settings = settings(cluster);
    Kafka::open(Parts { settings, options, messages, bad_records, spool, patience, console, waited }).unwrap()
}

fn write(sink: &mut Kafka<'_>, time: u64, numbers: std::ops::Range<u32>) -> Result<(), OutletError> {
    let records = u64::from(numbers.end - numbers.start);
    let bytes: String = numbers.map(|number| format!("{number}\n")).collect();
    sink.block(Block { time: BatchTime(time), records, bytes: bytes.as_bytes() })?;
    sink.end(BatchTime(time), records)
}

#[test]
fn what_is_written_is_read_and_read_again() {
    let cluster = cluster(4);
    let bad_records = BadRecords::new("sink", OnError::Fail);
    write(&mut kafka(&cluster, Some("."), &bad_records), 1000, 0..500).unwrap();
    let json = Form { value: ValueForm::Json, with: Vec::new() };
    let mut first = source(&cluster, StartAt::Beginning, json.clone());
    first.restore(&Position::default()).unwrap();
    let (mut texts, mut deltas) = (Vec::new(), Vec::new());
    for records in [1, 200, 299] {
        texts.push(take(&mut first, records));
        let mut delta = Vec::new();
        first.position(&mut delta);
        deltas.push(delta);
    }
    let mut numbers: Vec<u32> = texts.concat().lines().map(|line| line.parse().unwrap()).collect();
    numbers.sort_unstable();
    assert!(numbers.iter().copied().eq(0..500));
    let mut base = Vec::new();
    first.base(&mut base);
    drop(first);

    // The last two batches again, from what was kept; then what is new.
    for position in [Position { base: Vec::new(), since: deltas.clone() }, Position { base, since: Vec::new() }] {
        let mut second = source(&cluster, StartAt::End, json.clone());
        second.restore(&position).unwrap();
        for (delta, text) in deltas.iter().zip(&texts).skip(1) {
            second.begin_again(delta).unwrap();
            let mut again = Vec::new();
            let mut block = Vec::new();
            while second.next_again(&mut block, &mut no_bad).unwrap().is_some() {
                again.append(&mut block);
            }
            assert_eq!(String::from_utf8(again).unwrap(), *text);
        }
        assert_eq!(second.wait(Duration::from_millis(300)).unwrap(), Came::Timeout);
    }
    let mut third = source(&cluster, StartAt::End, json);
    third.restore(&Position { base: Vec::new(), since: deltas }).unwrap();
    write(&mut kafka(&cluster, None, &bad_records), 2000, 500..503).unwrap();
    let mut new: Vec<String> = take(&mut third, 3).lines().map(str::to_owned).collect();
    new.sort_unstable();
    assert_eq!(new, ["500", "501", "502"]);
}

#[test]
fn a_position_that_another_source_wrote_is_refused() {
    let cluster = cluster(1);
    let mut source = source(&cluster, StartAt::End, Form::default());
    let error = source.restore(&Position { base: vec![7, 9], since: Vec::new() }).unwrap_err();
    assert_eq!(error.exit(), Exit::Checkpoint);
}

#[test]
fn brokers_that_go_away_are_waited_for() {
    let cluster = cluster(1);
    let bad_records = BadRecords::new("sink", OnError::Fail);
    let mut sink = kafka(&cluster, None, &bad_records);
    let mut source = source(&cluster, StartAt::Beginning, Form { value: ValueForm::Text, with: vec![Field::Offset] });
    write(&mut sink, 1000, 0..2).unwrap();
    assert_eq!(take(&mut source, 2), "{\"offset\":0,\"value\":\"0\"}\n{\"offset\":1,\"value\":\"1\"}\n");
    for broker in 1..=3 {
        cluster.broker_down(broker).unwrap();
    }
    assert_eq!(source.wait(Duration::from_millis(300)).unwrap(), Came::Timeout);
    for broker in 1..=3 {
        cluster.broker_up(broker).unwrap();
    }
    write(&mut sink, 2000, 2..3).unwrap();
    assert_eq!(take(&mut source, 1), "{\"offset\":2,\"value\":\"2\"}\n");
}

#[test]
fn what_brokers_refuse_ends_the_sink() {
    let cluster = cluster(1);
    let bad_records = BadRecords::new("sink", OnError::Fail);
    let mut sink = kafka(&cluster, None, &bad_records);
    let refused = [RDKafkaRespErr::RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED; 5];
    cluster.request_errors(RDKafkaApiKey::Produce, &refused);
    let error = write(&mut sink, 1000, 0..3).unwrap_err();
    assert_eq!(error.exit(), Exit::World);
    assert!(error.to_string().contains("Topic authorization failed"), "{error}");
}

#[test]
fn a_batch_is_a_transaction_and_is_tried_again() {
    let cluster = cluster(1);
    let bad_records = BadRecords::new("sink", OnError::Fail);
    let mut sink = kafka(&cluster, None, &bad_records);
    let under = Under { job: "0123", stage: "a.01-kafka", resume: BatchTime(0), notes: &[] };
    assert_eq!(sink.begin(&under).unwrap(), None);
    write(&mut sink, 1000, 0..2).unwrap();
    // The transaction has to be given up once.
    let refused = [RDKafkaRespErr::RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED];
    cluster.request_errors(RDKafkaApiKey::AddPartitionsToTxn, &refused);
    write(&mut sink, 2000, 2..4).unwrap();
    let mut source = source(&cluster, StartAt::Beginning, Form::default());
    assert!(take(&mut source, 4).ends_with("\"2\"\n\"3\"\n"));
    assert_eq!(Assign::default(), Assign::Own);
}

/// The client's own time-out is not kept in this call (librdkafka's issue 5456).
#[test]
fn a_coordinator_that_is_gone_ends_the_sink_and_a_restart_resumes() {
    let cluster = cluster(1);
    cluster.partition_leader("t", 0, Some(1)).unwrap();
    cluster.coordinator(MockCoordinator::Transaction("sstream-0123-a.01-kafka".to_owned()), 1).unwrap();
    cluster.coordinator(MockCoordinator::Group("sstream-0123-a.01-kafka".to_owned()), 2).unwrap();
    let bad_records = BadRecords::new("sink", OnError::Fail);
    let under = Under { job: "0123", stage: "a.01-kafka", resume: BatchTime(0), notes: &[] };
    let mut sink = patient(&cluster, None, &bad_records, Duration::from_secs(12));
    sink.begin(&under).unwrap();
    write(&mut sink, 1000, 0..2).unwrap();
    cluster.broker_down(2).unwrap();
    let error = write(&mut sink, 2000, 2..4).unwrap_err();
    assert_eq!(error.exit(), Exit::World);
    assert!(error.to_string().contains("did not come back within 12s"), "{error}");
    drop(sink);
    cluster.broker_up(2).unwrap();

    let mut next = kafka(&cluster, None, &bad_records);
    // What a transaction notes of a group the mock cluster forgets; that it is found is tested with real brokers.
    next.begin(&under).unwrap();
    write(&mut next, 2000, 2..4).unwrap();
}

#[test]
fn bad_records_of_a_batch_that_is_tried_again_are_told_once() {
    let cluster = cluster(1);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bad");
    let bad_records = BadRecords::new("sink", OnError::File(file.clone()));
    let mut sink = kafka(&cluster, Some("if . == 3 then error else . end"), &bad_records);
    let under = Under { job: "0123", stage: "b.01-kafka", resume: BatchTime(0), notes: &[] };
    sink.begin(&under).unwrap();
    // Behind its messages, so that they show that it was tried twice: the mock cluster takes none back.
    let refused = [RDKafkaRespErr::RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED];
    cluster.request_errors(RDKafkaApiKey::TxnOffsetCommit, &refused);
    write(&mut sink, 1000, 2..5).unwrap();
    let mut source = source(&cluster, StartAt::Beginning, Form::default());
    assert_eq!(take(&mut source, 4), "\"2\"\n\"4\"\n".repeat(2));
    assert_eq!(std::fs::read_to_string(file).unwrap().lines().count(), 1);
}

/// Compaction took the end of the range before, so that the message behind it was
/// read with it, and kept.
#[test]
fn a_bad_record_that_was_kept_does_not_count() {
    let cluster = cluster(1);
    let bad_records = BadRecords::new("sink", OnError::Fail);
    write(&mut kafka(&cluster, None, &bad_records), 1000, 0..2).unwrap();
    let mut source = source(&cluster, StartAt::Beginning, Form::default());
    source.restore(&Position::default()).unwrap();
    take(&mut source, 2);
    let mut delta = Vec::new();
    source.position(&mut delta);
    source.lanes[0].as_mut().unwrap().seek(&source.consumer.share(), 0).unwrap();
    source.lanes[0].as_mut().unwrap().kept = Some((1, b"{".to_vec(), Some("no JSON".to_owned())));
    source.begin_again(&delta).unwrap();
    let (mut block, mut told) = (Vec::new(), 0);
    let mut bad = |_: &[u8], _: &str| {
        told += 1;
        Ok(())
    };
    let records = source.next_again(&mut block, &mut bad).unwrap();
    assert_eq!((records, told), (None, 1));
}

#[test]
fn a_topic_that_is_missing_ends_a_member_of_a_group() {
    let cluster = cluster(1);
    cluster.topic_error("u", RDKafkaRespErr::RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART).unwrap();
    let mut member = member(&cluster, "u");
    let error = (0..300).find_map(|_| member.wait(Duration::from_millis(100)).err()).expect("it waits for ever");
    assert!(error.to_string().contains("there is no topic u"), "{error}");
}

/// A member that lost partitions commits nothing of them: their next owner may be
/// further already.
#[test]
fn a_member_commits_only_what_is_its_own() {
    let cluster = cluster(2);
    let bad_records = BadRecords::new("sink", OnError::Fail);
    write(&mut kafka(&cluster, Some("."), &bad_records), 1000, 0..100).unwrap();
    let mut first = member(&cluster, "t");
    take(&mut first, 100);
    assert_eq!(first.progress().len(), 2);
    let mut second = member(&cluster, "t");
    for _ in 0..300 {
        if first.progress().is_empty() {
            break;
        }
        for member in [&mut first, &mut second] {
            member.wait(Duration::from_millis(50)).unwrap();
        }
    }
    assert_eq!(first.progress(), [], "they were dealt anew");
    first.batch_left().unwrap();
    // What was not committed comes again, to whose it is now; twice, where they are dealt once more meanwhile.
    let (mut block, mut again) = (Vec::new(), BTreeSet::new());
    let shares = |first: &GroupSource, second: &GroupSource| (first.progress().len(), second.progress().len());
    for _ in 0..600 {
        for member in [&mut first, &mut second] {
            if member.wait(Duration::from_millis(50)).unwrap() == Came::Something {
                let room = Room { records: 100, bytes: usize::MAX / 2 };
                block.clear();
                member.take(room, &mut block, &mut no_bad).unwrap();
                again.extend(block.lines().map(Result::unwrap));
            }
        }
        if again.len() == 100 && shares(&first, &second) == (1, 1) {
            break;
        }
    }
    assert_eq!(again.len(), 100);
    assert_eq!(shares(&first, &second), (1, 1));
}

/// A stop asks for all partitions at once: a broker that is slow to answer is waited for
/// once, and not for each of its partitions.
#[test]
fn a_stop_waits_once_for_a_broker_that_is_slow() {
    let cluster = cluster(8);
    (0..8).for_each(|partition| cluster.partition_leader("t", partition, Some(1)).unwrap());
    let mut source = source(&cluster, StartAt::Beginning, Form::default());
    for _ in 0..300 {
        if source.has_begun {
            break;
        }
        source.wait(Duration::from_millis(50)).unwrap();
    }
    assert!(source.has_begun);
    cluster.broker_round_trip_time(1, Duration::from_secs(1)).unwrap();
    let began = std::time::Instant::now();
    assert!(!source.held().unwrap(), "there is nothing");
    let took = began.elapsed();
    // Twice for each of eight partitions would be 16 s.
    assert!(took >= Duration::from_secs(1) && took < Duration::from_secs(8), "{took:?}");
}

/// Takes so many records of a source, has somebody `go_away`, and ends the source as a stop does: the last batch leaves,
/// and it is dropped. In a thread of its own, so that one that stands still fails the test.
fn ends_without_them<S: RecordSource>(open: impl FnOnce() -> S + Send + 'static, records: u64, go_away: impl FnOnce()) {
    const PATIENCE: Duration = Duration::from_secs(20);
    let ((tell_taken, taken), (tell_gone, gone), (tell_ended, ended)) = (channel(), channel(), channel());
    std::thread::spawn(move || {
        let mut source = open();
        take(&mut source, records);
        tell_taken.send(()).unwrap();
        gone.recv().unwrap();
        source.finish(&Reason::Stop, &mut Vec::new(), &mut no_bad).unwrap();
        source.batch_left().unwrap();
        drop(source);
        tell_ended.send(()).unwrap();
    });
    taken.recv().unwrap();
    go_away();
    tell_gone.send(()).unwrap();
    ended.recv_timeout(PATIENCE).expect("it stands still");
}

/// A commit and a group's leave wait for the coordinator without a limit of the library's.
fn source_ends_without(away: &[i32], is_member: bool) {
    let cluster = cluster(1);
    cluster.partition_leader("t", 0, Some(1)).unwrap();
    cluster.coordinator(MockCoordinator::Group("g".to_owned()), 2).unwrap();
    let bad_records = BadRecords::new("sink", OnError::Fail);
    write(&mut kafka(&cluster, None, &bad_records), 1000, 0..3).unwrap();
    let settings = Settings { properties: Vec::new(), ..settings(&cluster) };
    let options = Options { group: Some("g".to_owned()), ..options(StartAt::Beginning, Form::default()) };
    let go_away = || away.iter().for_each(|broker| cluster.broker_down(*broker).unwrap());
    if is_member {
        let open = move || GroupSource::open(&settings, &options, console(), never(), Waited::default()).unwrap();
        ends_without_them(open, 3, go_away);
    } else {
        let open = move || KafkaSource::open(&settings, options, console(), never(), Waited::default()).unwrap();
        ends_without_them(open, 3, go_away);
    }
}

#[test]
fn a_source_ends_while_its_groups_coordinator_is_away() {
    source_ends_without(&[2], false);
}

#[test]
fn a_member_of_a_group_ends_while_its_coordinator_is_away() {
    source_ends_without(&[2], true);
}

#[test]
fn sources_end_while_all_brokers_are_away() {
    source_ends_without(&[1, 2, 3], false);
    source_ends_without(&[1, 2, 3], true);
}

/// A partition's next message is gone, and its broker takes long to say what there is: what
/// others bring is read meanwhile.
#[test]
fn marks_of_one_partition_hold_no_other_up() {
    let cluster = cluster(2);
    (0..2).for_each(|partition| cluster.partition_leader("t", partition, Some(partition + 1)).unwrap());
    let config = configure(&settings(&cluster), &[]).unwrap();
    let producer: BaseProducer = config.create().unwrap();
    let write = |partition: i32, text: &str| {
        producer.send(BaseRecord::<(), str>::to("t").partition(partition).payload(text)).unwrap();
        producer.flush(Duration::from_secs(30)).unwrap();
    };
    write(0, "here");
    write(1, "there");
    let mut options = options(StartAt::Beginning, Form::default());
    options.on_loss = OnLoss::Skip;
    let settings = Settings { properties: Vec::new(), ..settings(&cluster) };
    let mut source = KafkaSource::open(&settings, options, console(), never(), Waited::default()).unwrap();
    take(&mut source, 2);

    let is_asked = |source: &KafkaSource, index: usize| source.lanes[index].as_ref().unwrap().is_asked;
    let here = source.lanes.iter().position(|lane| lane.as_ref().unwrap().partition == 0).unwrap();
    let consumer = source.consumer.share();
    source.lanes[here].as_mut().unwrap().seek(&consumer, 100).unwrap();
    cluster.broker_round_trip_time(1, Duration::from_secs(3)).unwrap();
    for _ in 0..300 {
        if is_asked(&source, here) {
            break;
        }
        assert_eq!(source.wait(Duration::from_millis(50)).unwrap(), Came::Timeout);
    }
    write(1, "more");
    assert_eq!(take(&mut source, 1), "\"more\"\n");
    assert!(is_asked(&source, here), "the answer is not there yet");
    // Once it is, the partition is read again from where it begins.
    assert_eq!(take(&mut source, 1), "\"here\"\n");
    assert!(!is_asked(&source, here));
}
