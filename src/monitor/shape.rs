//! What the stages of a pipeline are and how they hang together, from the
//! head's descriptions and from the nesting of a trace.
//!
//! Stages stand in the order of the stream. A join's or union's sides are arrays
//! before its own entry, `[[left…], [right…], own]`, in the head and in the trace
//! alike; a trace may also hold both sides in one array. Read from the front, an
//! entry follows what stands before it, and all arrays before it are its inputs.

use serde_json::Value;

/// One stage's part in one batch.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Entry {
    /// Records that came in.
    pub records_in: u64,
    /// Records that went out.
    pub records_out: u64,
    /// Bad records that were set aside.
    pub aside: u64,
    /// Time at work, in ms: waiting on pipes is none.
    pub busy_ms: f64,
    /// When the stage was done with the batch, in ms since the Unix epoch.
    pub finished_ms: u64,
}

impl Entry {
    /// `[stage, in, out, aside, busy ms, finished at ms]`; more may follow.
    fn parse(entry: &[Value]) -> Option<(String, Entry)> {
        let [Value::String(name), records_in, records_out, aside, busy, finished, ..] = entry else { return None };
        let entry = Entry {
            records_in: records_in.as_u64()?,
            records_out: records_out.as_u64()?,
            aside: aside.as_u64()?,
            busy_ms: busy.as_f64()?,
            finished_ms: finished.as_u64()?,
        };
        Some((name.clone(), entry))
    }
}

/// A stage in the graph of a pipeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stage {
    /// The tool and its arguments, as the head has it: `filter ERROR`.
    pub description: String,
    /// The stages that it reads from, by their index; none for a first stage.
    pub inputs: Vec<usize>,
}

impl Stage {
    /// The tool, without `sstream-`.
    pub fn tool(&self) -> &str {
        self.description.split(' ').next().unwrap_or_default()
    }
}

/// The stages that a head lists, in the order of the stream.
pub fn stages(head: &[Value]) -> Vec<Stage> {
    let mut stages = Vec::new();
    walk(head, &mut |element, inputs| {
        let description = element.as_str()?.to_owned();
        stages.push(Stage { description, inputs });
        Some(stages.len() - 1)
    });
    stages
}

/// A trace as a list of entries, one for each stage of the head and in the same
/// order; a side of a join that had no such batch has entries of zeros. None if
/// the trace is not of these stages.
pub fn aligned(head: &[Value], trace: &[Value]) -> Option<Vec<Entry>> {
    let mut entries = Vec::new();
    align(head, trace, &mut entries)?;
    Some(entries)
}

fn align(head: &[Value], trace: &[Value], entries: &mut Vec<Entry>) -> Option<()> {
    if trace.is_empty() {
        entries.extend(stages(head).iter().map(|_| Entry::default()));
        return Some(());
    }
    let sides = head.iter().take_while(|element| element.is_array()).count();
    let own = head.len() - sides;
    let (trace_sides, trace_own) = match sides {
        0 => (&[][..], trace),
        _ if trace.len() == own + 1 => (&trace[0].as_array()?[..], &trace[1..]),
        _ => trace.split_at_checked(sides)?,
    };
    if trace_sides.len() != sides || trace_own.len() != own {
        return None;
    }
    for (side, trace) in head.iter().zip(trace_sides) {
        align(side.as_array()?, trace.as_array()?, entries)?;
    }
    for entry in trace_own {
        entries.push(Entry::parse(entry.as_array()?)?.1);
    }
    Some(())
}

/// A trace as a list of entries in the order of the stream, and the inputs of
/// each, where no head tells. None if it is not a trace as this version knows it.
pub fn entries(trace: &[Value]) -> Option<Vec<(Stage, Entry)>> {
    let mut entries = Vec::new();
    let mut is_good = true;
    walk(trace, &mut |element, inputs| {
        let array = element.as_array()?;
        array.first()?.as_str()?;
        match Entry::parse(array) {
            Some((description, entry)) => entries.push((Stage { description, inputs }, entry)),
            None => {
                is_good = false;
                return None;
            }
        }
        Some(entries.len() - 1)
    });
    is_good.then_some(entries)
}

/// Walks over a list in the order of the stream. `leaf` takes an element, with
/// the indices of what it follows, and gives its own index, or nothing if the
/// element is no leaf. Gives the indices that nothing follows yet.
fn walk(list: &[Value], leaf: &mut impl FnMut(&Value, Vec<usize>) -> Option<usize>) -> Vec<usize> {
    let mut last: Vec<usize> = Vec::new();
    for element in list {
        match leaf(element, last.clone()) {
            Some(index) => last = vec![index],
            None => {
                if let Value::Array(branch) = element {
                    last.extend(walk(branch, leaf));
                }
            }
        }
    }
    last
}

/// A stage whose input is not what the stages before it gave out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// The stage's index.
    pub stage: usize,
    /// Records that the stages before it gave out.
    pub given: u64,
    /// Records that it took in.
    pub taken: u64,
}

/// Checks that each stage's out is the next one's in; a join takes what all its
/// sides give.
pub fn mismatches(stages: &[Stage], entries: &[Entry]) -> Vec<Mismatch> {
    let mut found = Vec::new();
    for (index, (stage, entry)) in stages.iter().zip(entries).enumerate() {
        if stage.inputs.is_empty() {
            continue;
        }
        let given = stage.inputs.iter().filter_map(|input| entries.get(*input)).map(|entry| entry.records_out).sum();
        if given != entry.records_in {
            found.push(Mismatch { stage: index, given, taken: entry.records_in });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn inputs(value: Value) -> Vec<(String, Vec<usize>)> {
        stages(value.as_array().unwrap()).into_iter().map(|stage| (stage.description, stage.inputs)).collect()
    }

    fn named(expected: &[(&str, &[usize])]) -> Vec<(String, Vec<usize>)> {
        expected.iter().map(|(name, inputs)| ((*name).to_owned(), inputs.to_vec())).collect()
    }

    #[test]
    fn a_line_of_stages() {
        assert_eq!(
            inputs(json!(["source", "filter", "sink"])),
            named(&[("source", &[]), ("filter", &[0]), ("sink", &[1])])
        );
    }

    #[test]
    fn a_join_has_its_sides_before_it() {
        let expected = named(&[("a", &[]), ("f", &[0]), ("b", &[]), ("join", &[1, 2]), ("sink", &[3])]);
        assert_eq!(inputs(json!([["a", "f"], ["b"], "join", "sink"])), expected);
        assert_eq!(inputs(json!([[["a", "f"], ["b"]], "join", "sink"])), expected);
        assert_eq!(inputs(json!([[["a", "f"], ["b"], "join"], "sink"])), expected);
    }

    #[test]
    fn a_join_of_joins() {
        let expected = named(&[("a", &[]), ("b", &[]), ("j", &[0, 1]), ("c", &[]), ("u", &[2, 3])]);
        assert_eq!(inputs(json!([[["a"], ["b"], "j"], ["c"], "u"])), expected);
    }

    #[test]
    fn a_trace_has_the_same_shape_as_its_head() {
        let entry = |name: &str, taken: u64, given: u64| json!([name, taken, given, 0, 1.5, 100]);
        let trace = json!([[[entry("a", 5, 4)], [entry("b", 7, 6)]], entry("join", 10, 3), entry("sink", 3, 3)]);
        let (stages, entries): (Vec<_>, Vec<_>) = entries(trace.as_array().unwrap()).unwrap().into_iter().unzip();
        let inputs: Vec<_> = stages.iter().map(|stage| stage.inputs.clone()).collect();
        assert_eq!(inputs, [vec![], vec![], vec![0, 1], vec![2]]);
        assert_eq!(mismatches(&stages, &entries), []);
    }

    #[test]
    fn a_side_without_the_batch_has_zeros() {
        let entry = |name: &str| json!([name, 1, 1, 0, 1.5, 100]);
        let head = json!([["a", "f"], ["b"], "join", "sink"]);
        let check = |trace: Value, expected: Option<&[u64]>| {
            let found = aligned(head.as_array().unwrap(), trace.as_array().unwrap());
            let counts = found.map(|entries| entries.iter().map(|entry| entry.records_in).collect::<Vec<_>>());
            assert_eq!(counts.as_deref(), expected, "{trace}");
        };
        check(json!([[[], [entry("b")]], entry("join"), entry("sink")]), Some(&[0, 0, 1, 1, 1]));
        check(json!([[[entry("a"), entry("f")], []], entry("join"), entry("sink")]), Some(&[1, 1, 0, 1, 1]));
        check(json!([[entry("a"), entry("f")], [entry("b")], entry("join"), entry("sink")]), Some(&[1; 5]));
        check(json!([]), Some(&[0; 5]));
        check(json!([entry("a"), entry("f")]), None);
    }

    #[test]
    fn what_was_lost_on_the_way_is_found() {
        let trace = json!([["source", 5, 5, 0, 1, 100], ["filter", 4, 2, 0, 1, 100], ["sink", 2, 2, 0, 1, 100]]);
        let (stages, entries): (Vec<_>, Vec<_>) = entries(trace.as_array().unwrap()).unwrap().into_iter().unzip();
        assert_eq!(mismatches(&stages, &entries), [Mismatch { stage: 1, given: 5, taken: 4 }]);
    }

    #[test]
    fn another_version_s_trace_is_none() {
        assert_eq!(entries(json!([["source", "five", 5, 0, 1, 100]]).as_array().unwrap()), None);
        assert_eq!(entries(&[]), Some(Vec::new()));
    }
}
