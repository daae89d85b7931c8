//! The connectors that this project brings.

use std::ffi::OsStr;

/// A kind, or a tool, that is a program of its own, in `connect/`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Connector {
    /// The kind; of an operator its tool, without `sstream-`.
    pub kind: &'static str,
    /// The connector that brings it, as `make install CONNECT=…` knows it.
    pub connector: &'static str,
    /// What it is as a source; nothing if it is none.
    pub source: Option<&'static str>,
    /// What it is as a sink; nothing if it is none.
    pub sink: Option<&'static str>,
    /// What it is as a tool between two pipes; nothing if it is none.
    pub operator: Option<&'static str>,
}

/// Every kind that a connector of ours brings.
pub const KNOWN: &[Connector] = &[
    Connector {
        kind: "cassandra",
        connector: "cassandra",
        source: None,
        sink: Some("Rows of Cassandra"),
        operator: None,
    },
    Connector {
        kind: "elasticsearch",
        connector: "elasticsearch",
        source: None,
        sink: Some("Documents of Elasticsearch and OpenSearch"),
        operator: None,
    },
    Connector { kind: "feed", connector: "feed", source: Some("Feeds of the web"), sink: None, operator: None },
    Connector {
        kind: "flume",
        connector: "flume",
        source: Some("Events that agents of Flume send"),
        sink: Some("Events to an agent of Flume"),
        operator: None,
    },
    Connector {
        kind: "http",
        connector: "http",
        source: Some("Records that others POST"),
        sink: Some("Requests to an HTTP server"),
        operator: None,
    },
    Connector {
        kind: "kafka",
        connector: "kafka",
        source: Some("Messages of Kafka"),
        sink: Some("A topic of Kafka"),
        operator: None,
    },
    Connector {
        kind: "kinesis",
        connector: "kinesis",
        source: Some("Records of a Kinesis stream"),
        sink: Some("A Kinesis stream"),
        operator: None,
    },
    Connector {
        kind: "mongodb",
        connector: "mongodb",
        source: None,
        sink: Some("Documents of MongoDB"),
        operator: None,
    },
    Connector {
        kind: "mqtt",
        connector: "mqtt",
        source: Some("Messages of MQTT"),
        sink: Some("Topics of MQTT"),
        operator: None,
    },
    Connector {
        kind: "mysql",
        connector: "mysql",
        source: None,
        sink: Some("A table of MySQL or MariaDB"),
        operator: None,
    },
    Connector {
        kind: "objects",
        connector: "objects",
        source: Some("Objects of S3, Google Cloud Storage and Azure, and files of HDFS: what dir is for a URL"),
        sink: Some("Objects of S3, Google Cloud Storage and Azure, and files of HDFS: what files is for a URL"),
        operator: None,
    },
    Connector {
        kind: "parquet",
        connector: "parquet",
        source: None,
        sink: Some("Files of Parquet, in Hive's layout"),
        operator: None,
    },
    Connector {
        kind: "postgres",
        connector: "postgres",
        source: None,
        sink: Some("A table of PostgreSQL"),
        operator: None,
    },
    Connector { kind: "redis", connector: "redis", source: None, sink: Some("Commands of Redis"), operator: None },
    Connector {
        kind: "scribe",
        connector: "scribe",
        source: Some("Log entries that others send by Scribe"),
        sink: Some("Log entries to Scribe"),
        operator: None,
    },
    Connector {
        kind: "sequencefile",
        connector: "sequencefile",
        source: None,
        sink: Some("SequenceFiles of Hadoop"),
        operator: None,
    },
    Connector {
        kind: "singer",
        connector: "singer",
        source: Some("Records of Singer taps"),
        sink: Some("Records to a Singer target"),
        operator: None,
    },
    Connector {
        kind: "sqlite",
        connector: "sqlite",
        source: None,
        sink: Some("A table of a SQLite file"),
        operator: None,
    },
    Connector {
        kind: "zeromq",
        connector: "zeromq",
        source: Some("Messages of ZeroMQ"),
        sink: Some("Messages to peers of ZeroMQ"),
        operator: None,
    },
    Connector { kind: "sql", connector: "sql", source: None, sink: None, operator: Some("SQL over each batch") },
];

/// What a connector's program is to a pipeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// `sstream-source-KIND`.
    Source,
    /// `sstream-sink-KIND`.
    Sink,
    /// `sstream-NAME`, between two pipes.
    Operator,
}

impl Role {
    /// The program of a kind in this role.
    pub fn program(self, kind: &str) -> String {
        format!("{}{kind}", self.prefix())
    }

    /// The role and the kind of a program of the family, by its name.
    pub fn of(program: &str) -> Option<(Role, &str)> {
        [Role::Source, Role::Sink, Role::Operator]
            .into_iter()
            .find_map(|role| Some((role, program.strip_prefix(role.prefix())?)))
    }

    /// What a kind in this role is called, as people write it: `source kafka`.
    pub fn spoken(self, kind: &str) -> String {
        match self {
            Role::Source => format!("source {kind}"),
            Role::Sink => format!("sink {kind}"),
            Role::Operator => kind.to_owned(),
        }
    }

    /// How the names of its programs begin.
    pub fn prefix(self) -> &'static str {
        match self {
            Role::Source => "sstream-source-",
            Role::Sink => "sstream-sink-",
            Role::Operator => "sstream-",
        }
    }

    fn about(self, connector: &Connector) -> Option<&'static str> {
        match self {
            Role::Source => connector.source,
            Role::Sink => connector.sink,
            Role::Operator => connector.operator,
        }
    }
}

/// The kinds of connectors in this role, and what each is.
pub fn kinds(role: Role) -> impl Iterator<Item = (&'static str, &'static str)> {
    KNOWN.iter().filter_map(move |connector| Some((connector.kind, role.about(connector)?)))
}

/// The connector of a kind, if it is one of ours.
pub fn connector(role: Role, kind: &OsStr) -> Option<&'static Connector> {
    KNOWN.iter().find(|connector| connector.kind == kind && role.about(connector).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connector_is_one_in_its_own_role() {
        assert_eq!(connector(Role::Source, OsStr::new("tcp")), None);
        assert!(connector(Role::Sink, OsStr::new("kafka")).is_some());
        assert!(connector(Role::Operator, OsStr::new("sql")).is_some());
        assert_eq!(connector(Role::Source, OsStr::new("sql")), None);
    }

    #[test]
    fn a_program_s_name_says_what_it_is() {
        for (program, role, kind, spoken) in [
            ("sstream-source-kafka", Role::Source, "kafka", "source kafka"),
            ("sstream-sink-a-b", Role::Sink, "a-b", "sink a-b"),
            ("sstream-sql", Role::Operator, "sql", "sql"),
            ("sstream-source", Role::Operator, "source", "source"),
        ] {
            assert_eq!(Role::of(program), Some((role, kind)));
            assert_eq!(role.spoken(kind), spoken);
        }
        assert_eq!(Role::of("kafka"), None);
    }
}
