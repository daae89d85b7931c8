//! The source on a Spark cluster: Spark's own direct stream reads the topics, and our program makes the records.

use serde_json::{Map, Value, json};
use sstream::connect::{OnCluster, ValueKind};

use super::kind::SourceArgs;
use super::selection::TopicPattern;
use super::start::StartAt;
use super::{Assign, Isolation};

/// Properties that mean the same to librdkafka and to Kafka's own client, which Spark has.
const SHARED: [&str; 6] = [
    "client.id",
    "client.rack",
    "fetch.max.bytes",
    "fetch.min.bytes",
    "max.partition.fetch.bytes",
    "metadata.max.age.ms",
];

/// What librdkafka calls otherwise.
const CALLED: [(&str, &str); 1] = [("topic.metadata.refresh.interval.ms", "metadata.max.age.ms")];

/// What Spark is to read.
pub fn on_cluster(args: &SourceArgs) -> OnCluster {
    match settings(args) {
        Ok(settings) => OnCluster::Native { kind: "kafka", settings, makes: "--messages-on-stdin", needs_jars: true },
        Err(reason) => OnCluster::Refused(reason),
    }
}

fn settings(args: &SourceArgs) -> Result<Map<String, Value>, String> {
    let not_yet = |what: &str| Err(format!("{what}: not on a cluster yet"));
    let refused = [
        (args.partitions.is_some(), "--partitions"),
        (args.available_now, "--available-now"),
        (args.client.file.is_some(), "--properties"),
        (args.value.value == ValueKind::Avro, "--value avro"),
    ];
    if let Some((_, option)) = refused.into_iter().find(|(is_given, _)| *is_given) {
        return not_yet(option);
    }
    if args.shard.is_some() {
        return Err("--shard: Spark spreads the partitions over the cluster: leave it out".to_owned());
    }
    if args.assign == Assign::Group {
        return Err("--assign group: Spark's driver keeps the offsets: leave it out".to_owned());
    }
    let mut topics = Vec::new();
    for topic in &args.topic {
        match topic {
            TopicPattern::Name(name) => topics.push(name.as_str()),
            TopicPattern::Regex(_) => return not_yet(&format!("--topic {topic}")),
        }
    }
    let mut properties = Map::new();
    for property in &args.client.properties {
        let called = CALLED.iter().find(|(ours, _)| *ours == property.name).map(|(_, theirs)| *theirs);
        let name = called.or_else(|| SHARED.iter().copied().find(|name| *name == property.name));
        match name {
            Some(name) => properties.insert(name.to_owned(), property.value.as_str().into()),
            None => return not_yet(&format!("-X {}", property.name)),
        };
    }
    let from = match &args.from {
        None | Some(StartAt::End) => json!("end"),
        Some(StartAt::Beginning) => json!("beginning"),
        Some(StartAt::Ago(age)) => json!({ "ago": age.as_millis() as u64 }),
        Some(StartAt::Time(time_ms)) => json!({ "time": time_ms }),
        Some(StartAt::Offsets(offsets)) => {
            let offset = |start: &super::start::StartOffset| json!([start.topic, start.partition, start.offset]);
            json!({ "offsets": offsets.iter().map(offset).collect::<Vec<_>>() })
        }
    };
    let settings = json!({
        "brokers": args.client.brokers,
        "topics": topics,
        "from": from,
        "group": args.group,
        "rate": args.max_rate_per_partition,
        "isolation": if args.isolation == Isolation::ReadCommitted { "read_committed" } else { "read_uncommitted" },
        "properties": properties,
    });
    Ok(settings.as_object().cloned().unwrap_or_default())
}
