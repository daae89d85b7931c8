//! A set of indexes that is filled and emptied again and again.

/// Each index at most once, in the order in which they came. Emptying it costs
/// nothing, however many indexes there are.
pub(super) struct ChangeSet {
    list: Vec<u32>,
    /// By index: `first` and the index's position in the list, or something
    /// less if it is not there.
    marks: Vec<u64>,
    first: u64,
}

impl ChangeSet {
    /// The empty set.
    pub fn new() -> ChangeSet {
        ChangeSet { list: Vec::new(), marks: Vec::new(), first: 1 }
    }

    /// Puts an index in. Its position in the order, and whether it is new.
    #[inline]
    pub fn insert(&mut self, index: usize) -> (usize, bool) {
        if index >= self.marks.len() {
            self.marks.resize(index + 1, 0);
        }
        let mark = &mut self.marks[index];
        if *mark >= self.first {
            return ((*mark - self.first) as usize, false);
        }
        let position = self.list.len();
        *mark = self.first + position as u64;
        self.list.push(index as u32);
        (position, true)
    }

    /// Reads what there is of an index, so that it is in the caches. What is
    /// returned means nothing.
    #[inline]
    pub fn fetch(&self, index: usize) -> u64 {
        self.marks.get(index).copied().unwrap_or(0)
    }

    /// The position of an index that is in the set.
    pub fn position(&self, index: usize) -> Option<usize> {
        let mark = *self.marks.get(index)?;
        mark.checked_sub(self.first).map(|position| position as usize)
    }

    /// The indexes, in the order in which they came.
    pub fn indexes(&self) -> &[u32] {
        &self.list
    }

    /// The indexes; the set is empty then. To be given back by [`ChangeSet::reuse`].
    pub fn take(&mut self) -> Vec<u32> {
        let list = std::mem::take(&mut self.list);
        self.first += list.len() as u64;
        list
    }

    /// Takes a list's room for later use.
    pub fn reuse(&mut self, mut list: Vec<u32>) {
        list.clear();
        self.list = list;
    }

    /// Takes all indexes out.
    pub fn clear(&mut self) {
        self.first += self.list.len() as u64;
        self.list.clear();
    }

    /// The index `order[i]` becomes `i`; the others go.
    pub fn reorder(&mut self, order: &[u32]) {
        if self.list.is_empty() {
            return;
        }
        let end = order.iter().max().map_or(0, |&greatest| greatest as usize + 1);
        let mut new_index = vec![None; end];
        for (index, &from) in order.iter().enumerate() {
            new_index[from as usize] = Some(index as u32);
        }
        self.renumber(|index| new_index.get(index as usize).copied().flatten());
    }

    /// Each index becomes `new_index` of it, or goes if there is none.
    fn renumber(&mut self, new_index: impl Fn(u32) -> Option<u32>) {
        let old = std::mem::take(&mut self.list);
        self.first += old.len() as u64;
        self.marks = Vec::new();
        for index in old.into_iter().filter_map(new_index) {
            self.insert(index as usize);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_in_order() {
        let mut set = ChangeSet::new();
        assert_eq!([5, 2, 5, 9].map(|index| set.insert(index)), [(0, true), (1, true), (0, false), (2, true)]);
        assert_eq!((set.position(9), set.position(0), set.position(99)), (Some(2), None, None));
        set.renumber(|index| (index != 5).then_some(index + 1));
        assert_eq!(set.indexes(), [3, 10]);
        assert_eq!((set.position(10), set.position(9)), (Some(1), None));
        let list = set.take();
        assert_eq!(list, [3, 10]);
        set.reuse(list);
        assert_eq!((set.indexes().len(), set.position(10), set.insert(10)), (0, None, (0, true)));
        set.clear();
        assert_eq!((set.position(10), set.insert(3)), (None, (0, true)));
    }
}
