//! `learn test`: whether two groups have the same mean, Spark's `StreamingTest` (A/B tests).
//!
//! After each batch both groups, over all batches so far or those of a window, are compared by Welch's or
//! Student's t-test. The group that sorts first (false before true) is the first one: the statistic is
//! below 0 where its mean is. Like Spark's the tests take the variance of a group as that of a whole
//! population, divided by n and not by n - 1, and the degrees of freedom that Welch's test reports are
//! Spark's own formula, not those that its probability is by.
//!
//! A group's numbers are not kept: their count, mean and squares are, for each batch of a window.

use std::collections::VecDeque;
use std::io;

use super::Learner;
use super::numbers::number;
use super::t_distribution::two_sided;
use crate::expr::Program;
use crate::frame::{BatchTime, Block, Head};
use crate::interval::Interval;
use crate::keyed_state::{KeyedState, PairOut};
use crate::op::durable::Durable;
use crate::op::grouping::{By, Grouping};
use crate::op::{Held, OpError, Operator, Out};
use crate::record;
use crate::record::key::normal_key;
use crate::record::number::push_float;

/// Which test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Groups may vary differently.
    Welch,
    /// Both vary alike.
    Student,
}

/// How many numbers there are, their mean, and the sum of the squares of their distances from it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Moments {
    count: u64,
    mean: f64,
    squares: f64,
}

impl Moments {
    fn add(&mut self, number: f64) {
        self.count += 1;
        let apart = number - self.mean;
        self.mean += apart / self.count as f64;
        self.squares += apart * (number - self.mean);
    }

    fn merge(&mut self, other: Moments) {
        let (count, others) = (self.count as f64, other.count as f64);
        if self.count == 0 {
            *self = other;
        } else if other.count > 0 {
            let apart = other.mean - self.mean;
            self.mean += apart * others / (count + others);
            self.squares += other.squares + apart * apart * count * others / (count + others);
            self.count += other.count;
        }
    }

    /// Of a whole population.
    fn variance(&self) -> f64 {
        self.squares / self.count as f64
    }
}

/// What a test says.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Verdict {
    probability: f64,
    degrees_of_freedom: f64,
    statistic: f64,
}

impl Method {
    fn name(self) -> &'static str {
        match self {
            Method::Welch => "Welch's 2-sample t-test",
            Method::Student => "Student's 2-sample t-test",
        }
    }

    /// Compares two groups of at least 2 numbers each.
    fn compare(self, one: Moments, other: Moments) -> Verdict {
        let (n1, n2) = (one.count as f64, other.count as f64);
        let (v1, v2) = (one.variance(), other.variance());
        let apart = one.mean - other.mean;
        match self {
            Method::Welch => {
                let (e1, e2) = (v1 / n1, v2 / n2);
                let statistic = apart / (e1 + e2).sqrt();
                let degrees = |a: f64, b: f64| (a + b) * (a + b) / (a * a / (n1 - 1.0) + b * b / (n2 - 1.0));
                let probability = two_sided(statistic, degrees(e1, e2));
                Verdict { probability, degrees_of_freedom: degrees(v1 * v1 / n1, v2 * v2 / n2), statistic }
            }
            Method::Student => {
                let degrees_of_freedom = n1 + n2 - 2.0;
                let pooled = ((n1 - 1.0) * v1 + (n2 - 1.0) * v2) / degrees_of_freedom;
                let statistic = apart / (pooled * (1.0 / n1 + 1.0 / n2)).sqrt();
                Verdict { probability: two_sided(statistic, degrees_of_freedom), degrees_of_freedom, statistic }
            }
        }
    }
}

/// The groups of one batch, or of all where there is no window: two at most.
#[derive(Clone, Debug, Default)]
struct Pane {
    /// Of the batch; 0 where there is no window.
    time_ms: u64,
    /// By the normal forms of their names.
    groups: Vec<(Vec<u8>, Moments)>,
}

/// What is compared, and when.
#[derive(Clone, Debug)]
pub struct Options {
    /// Which test.
    pub method: Method,
    /// So many batches at the beginning do not count.
    pub peace: u64,
    /// So many batches are compared; all if it is 0.
    pub window: u64,
    /// The group of a record; without it the first of a pair.
    pub by: Option<Program>,
    /// The number of a record; without it the second of a pair, or the record.
    pub of: Option<Program>,
}

/// Compares two groups after each batch.
pub struct TwoSamples {
    method: Method,
    peace: u64,
    window: u64,
    grouping: Grouping,
    interval: Interval,
    /// How many batches were in the time of peace.
    passed: u64,
    /// From the oldest to the newest.
    panes: VecDeque<Pane>,
    /// What a checkpoint has not seen yet: panes, changed or gone.
    changed: Vec<u64>,
}

impl TwoSamples {
    /// As it is told.
    pub fn new(options: Options) -> TwoSamples {
        let Options { method, peace, window, by, of } = options;
        let grouping = Grouping::new(by.map_or(By::Pair, By::Program), of);
        let (panes, changed) = (VecDeque::new(), Vec::new());
        TwoSamples { method, peace, window, grouping, interval: Interval::Fixed(1), passed: 0, panes, changed }
    }

    /// What a pane of this batch is known by.
    fn pane_time(&self, time: BatchTime) -> u64 {
        if self.window == 0 { 0 } else { time.0 }
    }

    /// Lets go of what is in the window of this batch no more.
    fn leave(&mut self, time: BatchTime) {
        let begin_ms = self.interval.nth_before(time.0, self.window);
        while self.window > 0
            && let Some(pane) = self.panes.front()
            && pane.time_ms <= begin_ms
        {
            self.changed.push(pane.time_ms);
            self.panes.pop_front();
        }
    }

    /// Adds a number; why not, if it cannot be.
    fn add(&mut self, group: &[u8], number: f64, time: BatchTime) -> Result<(), String> {
        let (pane_time, normal) = (self.pane_time(time), normal_key(group));
        if self.panes.back().is_none_or(|pane| pane.time_ms != pane_time) {
            self.panes.push_back(Pane { time_ms: pane_time, groups: Vec::new() });
        }
        let is_known = |pane: &Pane| pane.groups.iter().any(|(name, _)| *name == *normal);
        if !self.panes.back().is_some_and(is_known) && !self.panes.iter().any(is_known) {
            let known: Vec<String> =
                self.totals().iter().map(|(name, _)| String::from_utf8_lossy(name).into_owned()).collect();
            if known.len() == 2 {
                let group = String::from_utf8_lossy(group);
                return Err(format!("{group} is a third group, beside {}", known.join(" and ")));
            }
        }
        let Some(pane) = self.panes.back_mut() else { return Ok(()) };
        match pane.groups.iter_mut().find(|(name, _)| *name == *normal) {
            Some((_, moments)) => moments.add(number),
            None => {
                let mut moments = Moments::default();
                moments.add(number);
                pane.groups.push((normal.into_owned(), moments));
            }
        }
        if self.changed.last() != Some(&pane_time) {
            self.changed.push(pane_time);
        }
        Ok(())
    }

    /// The groups there are, by name.
    fn totals(&self) -> Vec<(Vec<u8>, Moments)> {
        let mut totals: Vec<(Vec<u8>, Moments)> = Vec::new();
        for (name, moments) in self.panes.iter().flat_map(|pane| &pane.groups) {
            match totals.iter_mut().find(|(known, _)| known == name) {
                Some((_, total)) => total.merge(*moments),
                None => totals.push((name.clone(), *moments)),
            }
        }
        totals.sort_by(|(one, _), (other, _)| record::compare(one, other));
        totals
    }
}

impl Learner for TwoSamples {
    /// The groups, as `{"group","count","mean","variance"}`.
    fn show(&self, out: &mut Out<'_>) {
        for (name, moments) in self.totals() {
            let record = out.buffer();
            record.extend_from_slice(b"{\"group\":");
            record.extend_from_slice(&name);
            record.extend_from_slice(format!(",\"count\":{},\"mean\":", moments.count).as_bytes());
            push_float(moments.mean, record);
            record.extend_from_slice(b",\"variance\":");
            push_float(moments.variance(), record);
            record.push(b'}');
            out.finish_record();
        }
        out.finish_block();
    }
}

impl Operator for TwoSamples {
    fn head(&mut self, head: &mut Head) -> Result<(), OpError> {
        self.interval = head.interval;
        Ok(())
    }

    fn block(&mut self, block: Block<'_>, out: &mut Out<'_>) -> Result<(), OpError> {
        self.leave(block.time);
        let mut grouping = std::mem::replace(&mut self.grouping, Grouping::new(By::Nothing, None));
        let result = grouping.items(block, out, |item, out| {
            let added = number(item.value).map_err(|reason| format!("the value is {reason}")).and_then(|number| {
                let is_peace = self.passed < self.peace;
                if is_peace { Ok(()) } else { self.add(item.key, number, block.time) }
            });
            added.or_else(|reason| out.bad_record(item.record, &reason))
        });
        self.grouping = grouping;
        result
    }

    fn end(&mut self, time: BatchTime, out: &mut Out<'_>) -> Result<(), OpError> {
        self.leave(time);
        if self.passed < self.peace {
            self.passed += 1;
        }
        if let [(_, one), (_, other)] = self.totals()[..]
            && one.count > 1
            && other.count > 1
        {
            let verdict = self.method.compare(one, other);
            let record = out.buffer();
            for (name, number) in [
                ("{\"pValue\":", verdict.probability),
                (",\"degreesOfFreedom\":", verdict.degrees_of_freedom),
                (",\"statistic\":", verdict.statistic),
            ] {
                record.extend_from_slice(name.as_bytes());
                push_float(number, record);
            }
            let method = self.method.name();
            let about = format!(",\"method\":\"{method}\",\"nullHypothesis\":\"Both groups have same mean\"}}");
            record.extend_from_slice(about.as_bytes());
            out.finish_record();
        }
        out.holds(Held { keys: None, records: None, bytes: self.live_bytes() });
        out.end(time);
        Ok(())
    }

    fn durable(&mut self) -> Option<&mut dyn Durable> {
        Some(self)
    }
}

/// The key of how many batches of peace have passed; all others are the times of panes.
const PASSED: &[u8] = b"passed";

impl Pane {
    /// Each group: the length of its name, the name, count, mean, squares.
    fn save(&self) -> Vec<u8> {
        let mut saved = Vec::new();
        for (name, moments) in &self.groups {
            saved.extend_from_slice(&(name.len() as u64).to_le_bytes());
            saved.extend_from_slice(name);
            saved.extend_from_slice(&moments.count.to_le_bytes());
            saved.extend_from_slice(&moments.mean.to_le_bytes());
            saved.extend_from_slice(&moments.squares.to_le_bytes());
        }
        saved
    }

    fn load(time_ms: u64, mut saved: &[u8]) -> Option<Pane> {
        let mut groups = Vec::new();
        while !saved.is_empty() {
            let mut word = || {
                let (word, rest) = saved.split_first_chunk::<8>()?;
                saved = rest;
                Some(*word)
            };
            let length = usize::try_from(u64::from_le_bytes(word()?)).ok()?;
            let (name, rest) = saved.split_at_checked(length)?;
            saved = rest;
            let mut word = || {
                let (word, rest) = saved.split_first_chunk::<8>()?;
                saved = rest;
                Some(*word)
            };
            let count = u64::from_le_bytes(word()?);
            let (mean, squares) = (f64::from_le_bytes(word()?), f64::from_le_bytes(word()?));
            groups.push((name.to_vec(), Moments { count, mean, squares }));
        }
        Some(Pane { time_ms, groups })
    }
}

impl KeyedState for TwoSamples {
    fn changes(&mut self, out: &mut PairOut<'_>) -> io::Result<()> {
        for time_ms in self.changed.drain(..) {
            let pane = self.panes.iter().find(|pane| pane.time_ms == time_ms);
            out(&time_ms.to_be_bytes(), pane.map(Pane::save).as_deref());
        }
        out(PASSED, Some(&self.passed.to_le_bytes()));
        Ok(())
    }

    fn slice(&mut self, _from_start: bool, _bytes: usize, out: &mut PairOut<'_>) -> bool {
        for pane in &self.panes {
            out(&pane.time_ms.to_be_bytes(), Some(&pane.save()));
        }
        out(PASSED, Some(&self.passed.to_le_bytes()));
        true
    }

    fn live_bytes(&self) -> u64 {
        self.panes.iter().flat_map(|pane| &pane.groups).map(|(name, _)| name.len() as u64 + 64).sum()
    }
}

impl Durable for TwoSamples {
    fn track(&mut self, _is_restored: bool) {
        self.changed.clear();
    }

    fn load(&mut self, key: &[u8], entry: Option<&[u8]>) -> Result<(), OpError> {
        let damaged = || OpError::Damaged { what: "an entry is none of a test".to_owned() };
        if key == PASSED {
            let entry = entry.and_then(|entry| entry.try_into().ok()).ok_or_else(damaged)?;
            self.passed = u64::from_le_bytes(entry);
            return Ok(());
        }
        let time_ms = u64::from_be_bytes(key.try_into().map_err(|_| damaged())?);
        self.panes.retain(|pane| pane.time_ms != time_ms);
        if let Some(entry) = entry {
            self.panes.push_back(Pane::load(time_ms, entry).ok_or_else(damaged)?);
        }
        Ok(())
    }

    fn finish_load(&mut self) -> Result<(), OpError> {
        self.panes.make_contiguous().sort_unstable_by_key(|pane| pane.time_ms);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::op::testing;
    use proptest::prelude::*;

    fn test(method: Method, peace: u64, window: u64) -> TwoSamples {
        TwoSamples::new(Options { method, peace, window, by: None, of: None })
    }

    fn statistics(test: &mut TwoSamples, batches: &[Vec<&str>]) -> (Vec<Option<f64>>, Vec<String>) {
        let ran = testing::run(test, batches);
        let statistic = |record: &String| number(record::field(record.as_bytes(), b"statistic").unwrap()).unwrap();
        let given = ran.batches.iter().map(|(_, records)| records.first().map(statistic)).collect();
        (given, ran.bad.into_iter().map(|(_, reason)| reason).collect())
    }

    #[test]
    fn a_window_forgets_and_makes_room_for_another_group() {
        let v1_and_v2 = vec!["[\"v1\",1]", "[\"v1\",3]", "[\"v2\",5]", "[\"v2\",7]"];
        let batches =
            [v1_and_v2.clone(), vec!["[\"v3\",0]"], vec!["[\"v2\",9]"], vec!["[\"v3\",2]", "[\"v3\",4]"], vec![]];
        let (given, bad) = statistics(&mut test(Method::Welch, 0, 2), &batches);
        assert_eq!(given.iter().map(Option::is_some).collect::<Vec<_>>(), [true, true, false, false, false]);
        assert!(given[0] < Some(0.0), "v1 is less than v2");
        assert_eq!(bad, ["\"v3\" is a third group, beside \"v1\" and \"v2\""]);
        let (given, bad) = statistics(&mut test(Method::Welch, 0, 0), &batches);
        assert!(given.iter().all(Option::is_some) && bad.len() == 3);
    }

    #[test]
    fn what_is_no_number_is_set_aside_in_peace_too() {
        let batches = [vec!["[true,null]", "7"], vec!["[true,1]", "[true,\"1\"]", "[false,1]"]];
        let (given, bad) = statistics(&mut test(Method::Student, 1, 0), &batches);
        assert_eq!((given, bad.len()), (vec![None, None], 3));
    }

    #[test]
    fn groups_that_do_not_vary_have_no_statistic() {
        let batches = [vec!["[0,1]", "[0,1]", "[1,2]", "[1,2]"]];
        let given = testing::run(&mut test(Method::Welch, 0, 0), &batches).batches.remove(0).1.remove(0);
        assert!(given.starts_with("{\"pValue\":null,\"degreesOfFreedom\":null,\"statistic\":null,"), "{given}");
    }

    proptest! {
        #[test]
        fn restored_anywhere_is_as_undisturbed(
            batches in prop::collection::vec(prop::collection::vec((any::<bool>(), -9_i32..9), 0..6), 1..14),
            window in 0_u64..5, peace in 0_u64..3, at in 0_usize..14,
        ) {
            let text = |batch: &Vec<(bool, i32)>| batch.iter().map(|(group, n)| format!("[{group},{n}.5]")).collect();
            let batches: Vec<Vec<String>> = batches.iter().map(text).collect();
            let make = || Box::new(test(Method::Welch, peace, window));
            let restored = testing::run_restored(&mut || make(), &batches, at);
            prop_assert_eq!(restored, testing::run(make().as_mut(), &batches).batches);
        }
    }
}
