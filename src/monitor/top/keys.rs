//! What keys do to what is looked at.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use crate::frame::BatchTime;

/// What a screen looks at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// Which pipeline, of several.
    pub pipeline: usize,
    /// Which batch is marked, counted from the newest; none follows the newest.
    pub marked: Option<BatchTime>,
    /// The marked batch is shown with its stages and records.
    pub is_open: bool,
    /// The help is shown.
    pub help: bool,
}

/// What is to be done after a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    /// Nothing but drawing.
    Draw,
    /// Leave the screen.
    Quit,
    /// What Ctrl-C does where no program reads keys.
    Interrupt,
    /// Records are to be shown.
    Records,
}

/// Takes a key. `times` are the batches' times, oldest first, and `pipelines`
/// how many pipelines there are.
pub fn press(look: &mut Look, key: KeyEvent, times: &[BatchTime], pipelines: usize) -> Done {
    let control = key.modifiers.contains(KeyModifiers::CONTROL);
    match key.code {
        KeyCode::Char('c') if control => return Done::Interrupt,
        KeyCode::Char('q') => return Done::Quit,
        KeyCode::Char('?') => look.help = !look.help,
        _ if look.help => look.help = false,
        KeyCode::Esc | KeyCode::Backspace if look.is_open => look.is_open = false,
        KeyCode::Esc => look.marked = None,
        KeyCode::Up | KeyCode::Char('k') => mark(look, times, 1),
        KeyCode::Down | KeyCode::Char('j') => mark(look, times, -1),
        KeyCode::PageUp => mark(look, times, 10),
        KeyCode::PageDown => mark(look, times, -10),
        KeyCode::Home => look.marked = times.first().copied(),
        KeyCode::End => look.marked = None,
        KeyCode::Tab | KeyCode::Right if pipelines > 1 => {
            *look = Look { pipeline: (look.pipeline + 1) % pipelines, ..Look::default() };
        }
        KeyCode::BackTab | KeyCode::Left if pipelines > 1 => {
            *look = Look { pipeline: (look.pipeline + pipelines - 1) % pipelines, ..Look::default() };
        }
        KeyCode::Enter if !times.is_empty() => {
            look.marked = look.marked.or(times.last().copied());
            look.is_open = !look.is_open;
            return if look.is_open { Done::Records } else { Done::Draw };
        }
        _ => {}
    }
    Done::Draw
}

/// Moves the mark by so many batches into the past. The newest batch stands on
/// top: beyond it nothing is marked, and the list follows what comes.
fn mark(look: &mut Look, times: &[BatchTime], by: i64) {
    let last = times.len() as i64 - 1;
    let at = look.marked.map_or(last + 1, |marked| times.partition_point(|time| *time < marked) as i64);
    // Up on the screen is towards the newest.
    let next = at + by;
    look.marked = if next > last { None } else { times.get(next.max(0) as usize).copied() };
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times() -> Vec<BatchTime> {
        (1..=5).map(|n| BatchTime(n * 1000)).collect()
    }

    fn after(keys: &[KeyCode]) -> Look {
        let mut look = Look::default();
        for key in keys {
            press(&mut look, KeyEvent::from(*key), &times(), 2);
        }
        look
    }

    #[test]
    fn arrows_mark_a_batch_and_the_newest_follows() {
        assert_eq!(after(&[KeyCode::Down]).marked, Some(BatchTime(5000)));
        assert_eq!(after(&[KeyCode::Down, KeyCode::Down]).marked, Some(BatchTime(4000)));
        assert_eq!(after(&[KeyCode::Down, KeyCode::Up]).marked, None);
        assert_eq!(after(&[KeyCode::PageDown]).marked, Some(BatchTime(1000)));
        assert_eq!(after(&[KeyCode::Home]).marked, Some(BatchTime(1000)));
    }

    #[test]
    fn enter_opens_the_marked_batch_or_the_newest() {
        assert_eq!(after(&[KeyCode::Enter]).marked, Some(BatchTime(5000)));
        assert!(after(&[KeyCode::Enter]).is_open);
        assert!(!after(&[KeyCode::Enter, KeyCode::Esc]).is_open);
    }

    #[test]
    fn tab_goes_to_the_next_pipeline() {
        assert_eq!(after(&[KeyCode::Tab]).pipeline, 1);
        assert_eq!(after(&[KeyCode::Tab, KeyCode::Tab]).pipeline, 0);
    }

    #[test]
    fn control_c_is_not_eaten() {
        let key = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
        assert_eq!(press(&mut Look::default(), key, &times(), 1), Done::Interrupt);
    }
}
