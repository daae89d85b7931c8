//! Window arithmetic: which batches a window holds, and when one comes out.
//!
//! At each batch time T that is a multiple of the slide (since the epoch, so
//! that separate pipelines join), one window comes out, of the batches in
//! (T - length, T]. Spark's windows fall on multiples of the slide since the
//! start of the job; all else is as in `WindowedDStream`.

use crate::duration::show_ms;
use crate::frame::BatchTime;

/// A window's length and slide over a stream of some interval, all in ms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// How far a window reaches back.
    pub length_ms: u64,
    /// How far apart windows are.
    pub slide_ms: u64,
}

impl Span {
    /// Checks a length and a slide (by default the interval) against the
    /// interval of the input. The error names the nearest that would do, or
    /// the `--batch` that would.
    pub fn new(length_ms: u64, slide_ms: Option<u64>, interval_ms: u64) -> Result<Span, String> {
        let slide_ms = slide_ms.unwrap_or(interval_ms);
        for (what, given_ms) in [("length", length_ms), ("slide", slide_ms)] {
            if !given_ms.is_multiple_of(interval_ms) {
                let below = given_ms - given_ms % interval_ms;
                let above = show_ms(below + interval_ms);
                let nearest = if below == 0 { above } else { format!("{} or {above}", show_ms(below)) };
                return Err(format!(
                    "the window's {what} {} is no multiple of the batch interval {}: the nearest are {nearest}, \
                     or cut batches of --batch {} at the first stage",
                    show_ms(given_ms),
                    show_ms(interval_ms),
                    show_ms(greatest_common_divisor(greatest_common_divisor(length_ms, slide_ms), interval_ms)),
                ));
            }
        }
        Ok(Span { length_ms, slide_ms })
    }

    /// Whether a window comes out at this batch time.
    pub fn is_due(&self, time: BatchTime) -> bool {
        time.0.is_multiple_of(self.slide_ms)
    }

    /// The first batch time, from `time` on, at which a window comes out.
    pub fn next_due(&self, time: BatchTime) -> BatchTime {
        BatchTime(time.0.div_ceil(self.slide_ms) * self.slide_ms)
    }

    /// Whether the window that comes out at `due` holds the batch `time`.
    pub fn holds(&self, due: BatchTime, time: BatchTime) -> bool {
        time <= due && time.0 + self.length_ms > due.0
    }
}

/// The greatest number that both are multiples of.
pub fn greatest_common_divisor(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_reaches_back_from_its_time() {
        let span = Span::new(3000, Some(2000), 1000).unwrap();
        //   batches  1 2 3 4 5 6 7 s
        //   at 4       [2 3 4]
        //   at 6           [4 5 6]
        let due: Vec<u64> = (1..8).filter(|s| span.is_due(BatchTime(s * 1000))).collect();
        assert_eq!(due, [2, 4, 6]);
        let held: Vec<u64> = (1..8).filter(|s| span.holds(BatchTime(4000), BatchTime(s * 1000))).collect();
        assert_eq!(held, [2, 3, 4]);
        assert_eq!(span.next_due(BatchTime(4000)), BatchTime(4000));
        assert_eq!(span.next_due(BatchTime(4001)), BatchTime(6000));
    }

    #[test]
    fn what_is_no_multiple_is_refused_with_the_nearest() {
        let error = Span::new(2500, None, 1000).unwrap_err();
        assert!(
            error.contains("length 2s500ms") && error.contains("2s or 3s") && error.contains("--batch 500ms"),
            "{error}"
        );
        let error = Span::new(30_000, Some(300), 1000).unwrap_err();
        assert!(
            error.contains("slide 300ms") && error.contains("are 1s,") && error.contains("--batch 100ms"),
            "{error}"
        );
        assert_eq!(Span::new(30_000, None, 1000).unwrap().slide_ms, 1000);
    }
}
