//! The calls that a stage makes, in the order that [`Sink`] tells.

use sstream::connect::{BatchTime, Block, OutletError, Sink, Under};

use super::group::{Group, rows_name};
use super::note::{Note, closed_name, list_name};
use super::{ParquetSink, Prepared, SCHEMA};
use crate::error::SinkError;
use crate::store::held::HeldRows;

impl Sink for ParquetSink<'_> {
    fn begin(&mut self, under: &Under<'_>) -> Result<Option<BatchTime>, OutletError> {
        self.is_under_checkpoint = true;
        self.staging.mark(under.job);
        let notes: Vec<Note> = under.notes.iter().filter_map(|note| Note::parse(note)).collect();
        for note in &notes {
            if let Note::Files { group } = note {
                self.show_again(&list_name(group))?;
            }
        }
        let schema = self.staging.name(SCHEMA);
        self.table.restore(&self.staging.path(&schema))?;
        let kept = match notes.last() {
            Some(Note::Rows { group, length }) => self.restore(group, *length)?,
            _ => None,
        };
        self.staging.sync_shown(&mut self.changed)?;
        self.staging.clean(|name| name == schema || Some(name) == kept.as_deref())?;
        if let Some(Group { held: Some(held), .. }) = &self.group {
            let (name, length) = (held.name.clone(), held.length);
            self.replay(&name, length)?;
        }
        Ok(None)
    }

    fn block(&mut self, block: Block<'_>) -> Result<(), OutletError> {
        match self.table.columns() {
            None => self.wait(block),
            Some(_) => self.take(block.time, block.bytes),
        }
    }

    fn end(&mut self, time: BatchTime, _: u64) -> Result<(), OutletError> {
        self.learn(time)?;
        self.begin_empty(time)?;
        match &mut self.group {
            Some(group) if !group.is_complete(time) => {
                group.ended = group.held.as_ref().map_or(0, |held| held.length);
                Ok(())
            }
            _ => self.finish_and_show(),
        }
    }

    fn prepare(&mut self, time: BatchTime, _: u64, note: &mut Vec<u8>) -> Result<(), OutletError> {
        self.learn(time)?;
        self.begin_empty(time)?;
        let Some(group) = &mut self.group else { return Ok(()) };
        let name = self.staging.name(&group.start.to_string());
        if !group.is_complete(time) {
            group.ended = group.held.as_ref().map_or(0, |held| held.length);
            note.extend(Note::Rows { group: name, length: group.ended }.text().into_bytes());
            return Ok(());
        }
        if let Some((group, files)) = self.finish()? {
            let list = list_name(&name);
            self.staging.list(&list, &files)?;
            note.extend(Note::Files { group: name }.text().into_bytes());
            self.prepared.push(Prepared { list, files, held: group.held.map(|held| held.name) });
        }
        Ok(())
    }

    fn persist(&mut self) -> Result<(), OutletError> {
        self.save_columns()?;
        let mut names: Vec<&str> = Vec::new();
        for Prepared { list, files, .. } in &self.prepared {
            names.push(list);
            names.extend(files.iter().map(|file| file.name.as_str()));
        }
        let held = self.group.as_ref().and_then(|group| group.held.as_ref());
        names.extend(held.map(|held| held.name.as_str()));
        self.staging.sync(names.into_iter())?;
        self.forget_shown()
    }

    fn publish(&mut self) -> Result<(), OutletError> {
        // These names become durable with the next batches; until then the lists are there.
        for Prepared { list, files, held } in self.prepared.drain(..) {
            self.staging.show(&files, &mut self.changed)?;
            held.map_or(Ok(()), |held| self.staging.remove(&held))?;
            self.shown.push(list);
        }
        Ok(())
    }

    fn close(&mut self, complete: bool) -> Result<(), OutletError> {
        self.is_closed = true;
        match (self.is_under_checkpoint, complete) {
            (true, true) => self.decide()?,
            // A restart goes on with what is committed.
            (true, false) => {}
            (false, true) => self.finish_and_show()?,
            (false, false) => self.show_what_has_ended()?,
        }
        self.forget_shown()?;
        if !self.is_under_checkpoint {
            self.staging.clean(|_| false)?;
            self.staging.leave();
        }
        Ok(())
    }
}

impl Drop for ParquetSink<'_> {
    /// Where the sink itself has failed nobody closes it. Batches that had ended before have ended well.
    fn drop(&mut self) {
        if !self.is_closed
            && !self.is_under_checkpoint
            && let Err(error) = self.close(false)
        {
            self.console.warn(&format!("batches that wait for their file are lost: {error}"));
        }
    }
}

impl ParquetSink<'_> {
    /// Does what a crash has left undone of a list, and removes it.
    fn show_again(&mut self, list: &str) -> Result<(), OutletError> {
        if let Some(files) = self.staging.listed(list)? {
            self.staging.show(&files, &mut self.changed)?;
            self.staging.sync_shown(&mut self.changed)?;
            self.staging.remove(list)?;
        }
        Ok(())
    }

    /// Goes on with a group, or sees that it was closed; what is to stay in the folder for that.
    fn restore(&mut self, group: &str, length: u64) -> Result<Option<String>, OutletError> {
        let start = Note::start(group);
        let closed = closed_name(group, length);
        if let Some(files) = self.staging.listed(&closed)? {
            self.staging.show(&files, &mut self.changed)?;
            return Ok(Some(closed));
        }
        let (Some(start), rows) = (start, format!("{group}.rows")) else { return Ok(None) };
        match HeldRows::open(&self.staging, rows.clone(), length)? {
            Some(held) => {
                debug_assert_eq!(rows, rows_name(&self.staging, start));
                self.group = Some(Group::restore(start, self.every, held));
                Ok(Some(rows))
            }
            None => {
                let what = "rows that were committed are not here: they were removed, or are in a file that is shown already \
                            and has later ones too";
                Err(SinkError::Gone { path: self.staging.path(&rows), what: what.to_owned() }.into())
            }
        }
    }

    /// Completes the group, and shows its files at once.
    fn finish_and_show(&mut self) -> Result<(), OutletError> {
        let Some((group, files)) = self.finish()? else { return Ok(()) };
        self.staging.sync(files.iter().map(|file| file.name.as_str()))?;
        self.staging.show(&files, &mut self.changed)?;
        self.staging.sync_shown(&mut self.changed)?;
        group.held.map_or(Ok(()), |held| self.staging.remove(&held.name))
    }

    /// The same under a checkpoint, with no commit that would tell it.
    fn decide(&mut self) -> Result<(), OutletError> {
        let Some((group, files)) = self.finish()? else { return Ok(()) };
        self.staging.sync(files.iter().map(|file| file.name.as_str()))?;
        let name = self.staging.name(&group.start.to_string());
        self.staging.decide(&closed_name(&name, group.ended), &files)?;
        self.staging.show(&files, &mut self.changed)?;
        self.staging.sync_shown(&mut self.changed)?;
        group.held.map_or(Ok(()), |held| self.staging.remove(&held.name))
    }

    /// An open batch is void; those of the group that have ended have their files.
    fn show_what_has_ended(&mut self) -> Result<(), OutletError> {
        self.files.clear();
        self.first.clear();
        match &mut self.group {
            Some(Group { held: Some(held), ended, .. }) if *ended > 0 => {
                let (name, length) = (held.name.clone(), *ended);
                held.cut(&self.staging, length)?;
                self.replay(&name, length)?;
                self.finish_and_show()
            }
            _ => {
                self.group = None;
                Ok(())
            }
        }
    }

    /// Removes lists of files that are shown, once their names are durable.
    fn forget_shown(&mut self) -> Result<(), OutletError> {
        self.staging.sync_shown(&mut self.changed)?;
        self.shown.drain(..).try_for_each(|list| self.staging.remove(&list))
    }
}
