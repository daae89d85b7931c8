//! Which partitions of which topics: `--topic`, `--partitions`, `--shard`.

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

use regex::Regex;
use sstream::connect::Shard;

/// What a source reads.
#[derive(Clone, Debug)]
pub struct Selection {
    /// The topics.
    pub topics: Vec<TopicPattern>,
    /// The partitions; none is all.
    pub partitions: Option<PartitionSet>,
    /// This source's share of them: the same partitions of two topics, and with them the same keys, are in
    /// one.
    pub shard: Option<Shard>,
}

impl Selection {
    /// Whether a topic is read.
    pub fn has_topic(&self, topic: &str) -> bool {
        self.topics.iter().any(|pattern| pattern.matches(topic))
    }

    /// Whether a partition is read, of a topic that is.
    pub fn has_partition(&self, partition: i32) -> bool {
        self.partitions.as_ref().is_none_or(|set| set.has(partition))
            && self.shard.is_none_or(|shard| shard.has(partition.unsigned_abs().into()))
    }
}

/// The name of a topic, or a regex between slashes.
#[derive(Clone, Debug)]
pub enum TopicPattern {
    /// One topic.
    Name(String),
    /// Every topic whose whole name matches.
    Regex(Box<Regex>),
}

impl TopicPattern {
    fn matches(&self, topic: &str) -> bool {
        match self {
            TopicPattern::Name(name) => name == topic,
            // Kafka's own topics (__consumer_offsets) must be named.
            TopicPattern::Regex(regex) => !topic.starts_with("__") && regex.is_match(topic),
        }
    }
}

impl fmt::Display for TopicPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TopicPattern::Name(name) => f.write_str(name),
            TopicPattern::Regex(regex) => {
                let text = regex.as_str();
                write!(f, "/{}/", text.strip_prefix("^(?:").and_then(|text| text.strip_suffix(")$")).unwrap_or(text))
            }
        }
    }
}

impl FromStr for TopicPattern {
    type Err = String;

    fn from_str(text: &str) -> Result<TopicPattern, String> {
        if let Some(pattern) = text.strip_prefix('/').and_then(|text| text.strip_suffix('/')) {
            return match Regex::new(&format!("^(?:{pattern})$")) {
                Ok(regex) => Ok(TopicPattern::Regex(Box::new(regex))),
                Err(error) => Err(format!("not a regex: {error}")),
            };
        }
        if text.is_empty() || !text.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c)) {
            return Err(
                "a topic's name has letters, digits and . _ -; a regex goes between slashes: '/log-.*/'".to_owned()
            );
        }
        Ok(TopicPattern::Name(text.to_owned()))
    }
}

/// Numbers of partitions: `0,2,4-7`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartitionSet(Vec<RangeInclusive<i32>>);

impl PartitionSet {
    fn has(&self, partition: i32) -> bool {
        self.0.iter().any(|range| range.contains(&partition))
    }
}

impl fmt::Display for PartitionSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, range) in self.0.iter().enumerate() {
            f.write_str(if index == 0 { "" } else { "," })?;
            match range.start() == range.end() {
                true => write!(f, "{}", range.start())?,
                false => write!(f, "{}-{}", range.start(), range.end())?,
            }
        }
        Ok(())
    }
}

impl FromStr for PartitionSet {
    type Err = String;

    fn from_str(text: &str) -> Result<PartitionSet, String> {
        let number = |text: &str| text.parse::<u16>().ok().map(i32::from);
        let range = |part: &str| {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let range = number(first)?..=number(last)?;
            (!range.is_empty()).then_some(range)
        };
        let ranges: Option<Vec<_>> = text.split(',').map(range).collect();
        ranges.map(PartitionSet).ok_or_else(|| "partitions are numbers, as in 0,2,4-7".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_by_name_and_by_regex() {
        let selection = |topics: &[&str]| Selection {
            topics: topics.iter().map(|text| text.parse().unwrap()).collect(),
            partitions: None,
            shard: None,
        };
        let some = selection(&["a.b", "/log-.*|x/"]);
        for (topic, is_in) in
            [("a.b", true), ("axb", false), ("log-1", true), ("my-log-1", false), ("x", true), ("xy", false)]
        {
            assert_eq!(some.has_topic(topic), is_in, "{topic}");
        }
        assert!(!selection(&["/.*/"]).has_topic("__consumer_offsets"));
        assert!(selection(&["__consumer_offsets"]).has_topic("__consumer_offsets"));
        for wrong in ["", "a b", "log-*", "/(/"] {
            assert!(wrong.parse::<TopicPattern>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_selection_is_written_as_it_was_given() {
        for text in ["a.b", "/log-.*|x/"] {
            assert_eq!(text.parse::<TopicPattern>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn partitions() {
        let set: PartitionSet = "0,2,4-7".parse().unwrap();
        let has: Vec<i32> = (0..10).filter(|partition| set.has(*partition)).collect();
        assert_eq!(has, [0, 2, 4, 5, 6, 7]);
        assert_eq!(set.to_string(), "0,2,4-7");
        for wrong in ["", "a", "3-1", "-1", "1,"] {
            assert!(wrong.parse::<PartitionSet>().is_err(), "{wrong}");
        }
    }
}
