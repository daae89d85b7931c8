//! What the streams say of themselves, made into what the stream behind them
//! says: heads, ends and closes of several sides as one.

use serde_json::{Map, Value};

use super::MergeError;
use crate::frame::keys::key;
use crate::frame::{BatchTime, Close, End, Head, Reason};

/// The head of a join or union, but for the stage itself: of one interval, and
/// with `stages` the sides' stages, an array each.
///
/// `name` and `run` go in parallel (`a+b`, `4f0c+99ab`), a source that is in
/// both sides counting once; so does a pipeline's id. `checkpoint` and `resume` must agree: a source that
/// is not in the checkpoint could not send again what the others do. Of any other
/// key the first side's counts.
pub(super) fn merge_heads(heads: Vec<Head>, names: &[String]) -> Result<Head, MergeError> {
    let [first, others @ ..] = &heads[..] else { return Ok(Head::new(1)) };
    for (other, name) in others.iter().zip(&names[1..]) {
        if other.interval != first.interval {
            let side = |name: &String, head: &Head| (name.clone(), head.first_stage().to_owned(), head.interval);
            return Err(MergeError::Intervals { sides: Box::new([side(&names[0], first), side(name, other)]) });
        }
        for key in [key::CHECKPOINT, key::RESUME] {
            let values = [first.other.get(key), other.other.get(key)];
            if values[0] != values[1] {
                let show = |value: Option<&Value>| value.map_or("none".to_owned(), Value::to_string);
                return Err(MergeError::Checkpoints { key, values: values.map(show) });
            }
        }
    }
    let mut merged = Head::new(first.interval);
    let (names, runs) = sources(&heads);
    let pipelines = pipelines(&heads);
    merged.stages = heads.iter().map(|head| Value::Array(head.stages.clone())).collect();
    merged.other = merge_maps(heads.into_iter().map(|head| head.other));
    for (key, value) in [(key::NAME, names), (key::RUN, runs), (key::PIPELINE, pipelines)] {
        if let Some(own) = merged.other.get_mut(key) {
            *own = value.into();
        }
    }
    Ok(merged)
}

/// Names and runs of all sources.
fn sources(heads: &[Head]) -> (String, String) {
    let mut sources: Vec<(&str, Option<&str>)> = Vec::new();
    for head in heads {
        let mut runs = head.run().into_iter().flat_map(|runs| runs.split('+'));
        for name in head.name().into_iter().flat_map(|names| names.split('+')) {
            let source = (name, runs.next());
            if !sources.contains(&source) {
                sources.push(source);
            }
        }
    }
    let names: Vec<&str> = sources.iter().map(|source| source.0).collect();
    let runs: Vec<&str> = sources.iter().filter_map(|source| source.1).collect();
    (names.join("+"), runs.join("+"))
}

/// The ids of all pipelines that come together here.
fn pipelines(heads: &[Head]) -> String {
    let mut ids: Vec<&str> = Vec::new();
    for id in heads.iter().filter_map(|head| head.pipeline()).flat_map(|ids| ids.split('+')) {
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    ids.join("+")
}

/// The end of a batch before the stage has added its part: the records of all
/// sides, and one entry of the trace with the sides' entries, an array each.
pub(super) fn merge_ends(time: BatchTime, ends: Vec<Option<End>>, is_traced: bool) -> End {
    let mut merged = End::new(time, 0);
    let mut traces = Vec::new();
    let mut others = Vec::new();
    for end in ends {
        let end = end.unwrap_or_else(|| End::new(time, 0));
        merged.records += end.records;
        traces.push(Value::Array(end.trace.unwrap_or_default()));
        others.push(end.other);
    }
    merged.trace = is_traced.then(|| vec![Value::Array(traces)]);
    merged.other = merge_maps(others);
    merged
}

/// The close when every side has closed well: stop before eof.
pub(super) fn merge_closes(closes: Vec<Close>) -> Close {
    let is_stopped = closes.iter().any(|close| close.reason == Reason::Stop);
    let mut merged = Close::new(if is_stopped { Reason::Stop } else { Reason::Eof });
    merged.other = merge_maps(closes.into_iter().map(|close| close.other));
    merged
}

/// Every key, with the value of the first that has it.
fn merge_maps(maps: impl IntoIterator<Item = Map<String, Value>>) -> Map<String, Value> {
    let mut merged = Map::new();
    for (key, value) in maps.into_iter().flatten() {
        merged.entry(key).or_insert(value);
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Exit, Failure as _};
    use serde_json::json;

    fn head(interval: u64, stages: Value, other: Value) -> Head {
        let (Value::Array(stages), Value::Object(other)) = (stages, other) else { panic!() };
        Head { interval: interval.into(), stages, other }
    }

    fn names(sides: usize) -> Vec<String> {
        ["left a", "right b", "third c"][..sides].iter().map(|name| name.to_string()).collect()
    }

    #[test]
    fn stages_are_nested_and_names_and_runs_go_in_parallel() {
        let same = json!({"checkpoint": "/c", "resume": 5});
        let with = |name: &str, run: &str| {
            let mut other = same.clone();
            other["name"] = name.into();
            other["run"] = run.into();
            other
        };
        let heads = vec![
            head(10, json!(["source x", "map ."]), with("a", "1")),
            head(10, json!([["source x"], ["source y"], "join"]), with("a+b", "1+2")),
            head(10, json!(["source z"]), json!({"checkpoint": "/c", "resume": 5, "new": 1})),
        ];
        let merged = merge_heads(heads, &names(3)).unwrap();
        assert_eq!(
            Value::Array(merged.stages),
            json!([["source x", "map ."], [["source x"], ["source y"], "join"], ["source z"]])
        );
        assert_eq!(
            Value::Object(merged.other),
            json!({"checkpoint": "/c", "resume": 5, "name": "a+b", "run": "1+2", "new": 1})
        );
    }

    #[test]
    fn pipelines_come_together_under_both_ids() {
        let with = |id: &str| head(10, json!(["source x"]), json!({ "pipeline": id }));
        let merged = merge_heads(vec![with("aa+bb"), with("bb"), with("cc")], &names(3)).unwrap();
        assert_eq!(merged.pipeline(), Some("aa+bb+cc"));
    }

    #[test]
    fn what_does_not_fit_together_is_refused() {
        let heads = vec![head(1000, json!(["source x"]), json!({})), head(500, json!([["source y"]]), json!({}))];
        let error = merge_heads(heads, &names(2)).unwrap_err();
        assert_eq!(error.exit(), Exit::Usage);
        for part in ["left a has batches of 1s (first stage: source x)", "right b of 500ms (first stage: source y)"] {
            assert!(error.to_string().contains(part), "{error}");
        }
        let heads = vec![head(1, json!([]), json!({"checkpoint": "/c"})), head(1, json!([]), json!({}))];
        let error = merge_heads(heads, &names(2)).unwrap_err();
        assert!(error.to_string().contains("checkpoint, \"/c\" and none"), "{error}");
    }

    #[test]
    fn ends_and_closes() {
        let mut end = End::new(BatchTime(5), 3);
        end.trace = Some(vec![json!(["source", 3, 3, 0, 1, 5])]);
        let merged = merge_ends(BatchTime(5), vec![None, Some(end.clone())], true);
        assert_eq!((merged.records, merged.trace), (3, Some(vec![json!([[], [["source", 3, 3, 0, 1, 5]]])])));
        assert_eq!(merge_ends(BatchTime(5), vec![None, None], false).trace, None);
        let closes = |reasons: [Reason; 2]| merge_closes(reasons.map(Close::new).to_vec()).reason;
        assert_eq!(closes([Reason::Eof, Reason::Stop]), Reason::Stop);
        assert_eq!(closes([Reason::Eof, Reason::Eof]), Reason::Eof);
    }
}
