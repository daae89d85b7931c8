//! What an operator of event time has of its stream: how records tell their time, and how far the
//! times have come.

use super::{EventTime, NotATime, TimeForm, TimeOf, Watermarks};
use crate::expr::Program;
use crate::frame::Head;

/// How one stream tells its time.
#[derive(Clone, Debug)]
pub struct Timing {
    time: Option<TimeOf>,
    form: TimeForm,
    /// How far the times have come.
    pub watermarks: Watermarks,
}

impl Timing {
    /// By `program`, or without one as the stream's head says.
    pub fn new(program: Option<Program>, form: TimeForm, watermarks: Watermarks) -> Timing {
        let time = program.map(|program| TimeOf::new(program, form.clone()));
        Timing { time, form, watermarks }
    }

    /// For a part of the stage, see [`Watermarks::of_parts`].
    pub fn of_parts(self) -> Timing {
        Timing { watermarks: self.watermarks.of_parts(), ..self }
    }

    /// Sees the stream's head, and tells in it that ends carry a watermark if they do from here on.
    ///
    /// # Errors
    /// Nobody says what the time of a record is: a usage error.
    pub fn head(&mut self, head: &mut Head) -> Result<(), String> {
        if self.time.is_none() {
            let source = head.time().ok_or(
                "no stage before gives its records a time of their own, as a window with --time does: say by --time EXPR \
                 what the time of a record is",
            )?;
            let program = Program::parse(source, &[]).map_err(|error| format!("the head's \"time\": {error}"))?;
            // The form is that of the stage that made these times: ms.
            let form = TimeForm { zone: self.form.zone.clone(), ..TimeForm::default() };
            self.time = Some(TimeOf::new(program, form));
        }
        if self.watermarks.is_own() {
            head.set_watermark();
        }
        Ok(())
    }

    /// Whether ends will carry a watermark: this stage's own, or one that a stage before makes.
    pub fn has_watermark(&self, head: &Head) -> bool {
        self.watermarks.is_own() || head.has_watermark()
    }

    /// The time of a record.
    ///
    /// # Errors
    /// Why it has none, which makes it a bad record.
    #[inline]
    pub fn read(&mut self, record: &[u8]) -> Result<EventTime, NotATime> {
        match &mut self.time {
            Some(time) => time.read(record),
            None => Err(NotATime::unknown()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_head_says_the_time_that_nobody_gave() {
        let mut timing = Timing::new(None, TimeForm::default(), Watermarks::own(5, None));
        let mut head = Head::new(1000);
        assert!(timing.head(&mut head).unwrap_err().contains("--time EXPR"));
        head.set_time(".end - 1");
        timing.head(&mut head).unwrap();
        assert_eq!(timing.read(br#"{"end":5000}"#), Ok(4999));
        assert!(timing.read(b"{}").is_err());
        assert!(head.has_watermark() && timing.has_watermark(&Head::new(1)));
    }

    #[test]
    fn an_own_time_goes_before_the_heads() {
        let program = Program::parse(".t", &[]).unwrap();
        let mut timing = Timing::new(Some(program), TimeForm::default(), Watermarks::of_input());
        let mut head = Head::new(1000);
        head.set_time(".end - 1");
        timing.head(&mut head).unwrap();
        assert_eq!(timing.read(br#"{"t":1,"end":5000}"#), Ok(1));
        assert!(!head.has_watermark() && !timing.has_watermark(&head));
    }
}
