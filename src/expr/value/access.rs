//! How programs look into values and update them: `.a`, `.[]`, `.[1:]`, and each
//! of these before `|=`.

use jaq_core::Exn;
use jaq_core::path::Opt;
use jaq_core::val::Range;
use jaq_json::{Map, Rc, Val};

use super::nesting::Nesting;
use super::{Error, Value, ValueResult, inner_error, owned, position};

type ValueException<'a> = Result<Value, Exn<'a, Value>>;
type Values = Box<dyn Iterator<Item = ValueResult>>;

/// The greatest array index that an assignment may create, as in jq.
const INDEX_MAX: usize = 536_870_911;

impl jaq_core::ValT for Value {
    fn from_num(digits: &str) -> ValueResult {
        Val::from_num(digits).map(Value::flat).map_err(inner_error)
    }

    fn from_map<I: IntoIterator<Item = (Self, Self)>>(entries: I) -> ValueResult {
        let mut parts = Nesting::FLAT;
        let entry = |(key, Value(value, nesting)): (Value, Value)| {
            parts = parts.max(nesting);
            Ok((Value::string_key(key)?, value))
        };
        let map: Result<Map, Error> = entries.into_iter().map(entry).collect();
        map.map(|map| Value::around(Val::obj(map), parts))
    }

    fn key_values(self) -> Box<dyn Iterator<Item = Result<(Self, Self), Error>>> {
        let nesting = self.1;
        let part = move |item| Value::part_of(nesting, item);
        match self.0 {
            Val::Arr(items) => {
                let items = owned(items).into_iter().enumerate();
                Box::new(items.map(move |(index, item)| Ok((Value::from(index), part(item)))))
            }
            Val::Obj(map) => {
                let entries = owned(map).into_iter();
                Box::new(entries.map(move |(key, item)| Ok((Value::flat(key), part(item)))))
            }
            _ => Box::new(std::iter::once(Err(self.cannot_iterate()))),
        }
    }

    fn values(self) -> Values {
        let nesting = self.1;
        let part = move |item| Ok(Value::part_of(nesting, item));
        match self.0 {
            Val::Arr(items) => Box::new(owned(items).into_iter().map(part)),
            Val::Obj(map) => Box::new(owned(map).into_values().map(part)),
            _ => Box::new(std::iter::once(Err(self.cannot_iterate()))),
        }
    }

    fn index(self, index: &Self) -> ValueResult {
        match (&self.0, &index.0) {
            (Val::Null, Val::TStr(_) | Val::Num(_) | Val::Null | Val::Obj(_)) => Ok(Value::NULL),
            (Val::Obj(map), Val::TStr(_)) => {
                Ok(Value::part_of(self.1, map.get(&index.0).cloned().unwrap_or(Val::Null)))
            }
            (Val::Arr(items), Val::Num(_)) => {
                let item = index
                    .as_index()
                    .and_then(|index| position(index, items.len()))
                    .map(|position| items[position].clone());
                Ok(Value::part_of(self.1, item.unwrap_or(Val::Null)))
            }
            // The positions of one array in another, and slices.
            (Val::Arr(_), Val::Arr(_)) | (Val::Arr(_) | Val::TStr(_), Val::Obj(_)) => {
                self.0.index(&index.0).map(|value| Value(value, self.1)).map_err(inner_error)
            }
            _ => Err(self.cannot_index(index)),
        }
    }

    fn range(self, range: Range<&Self>) -> ValueResult {
        match self.0 {
            Val::Null => Ok(self),
            Val::Arr(_) | Val::TStr(_) => {
                let inner = range.start.map(|value| &value.0)..range.end.map(|value| &value.0);
                self.0.range(inner).map(|value| Value(value, self.1)).map_err(|_| slice_bounds())
            }
            _ => Err(self.cannot_index(&Value::of(Val::obj(Map::default())))),
        }
    }

    fn map_values<'a, I: Iterator<Item = ValueException<'a>>>(
        self,
        opt: Opt,
        f: impl Fn(Self) -> I,
    ) -> ValueException<'a> {
        let nesting = self.1;
        let part = |item| Value::part_of(nesting, item);
        match self.0 {
            Val::Arr(items) => {
                let results = owned(items).into_iter().flat_map(|item| f(part(item)));
                results.collect()
            }
            Val::Obj(map) => {
                let (mut result, mut parts) = (Map::default(), Nesting::FLAT);
                for (key, item) in owned(map) {
                    if let Some(item) = f(part(item)).next() {
                        let Value(item, nesting) = item?;
                        parts = parts.max(nesting);
                        result.insert(key, item);
                    }
                }
                Ok(Value::around(Val::obj(result), parts))
            }
            _ => opt.fail(self, |value| value.cannot_iterate().into()),
        }
    }

    fn map_index<'a, I: Iterator<Item = ValueException<'a>>>(
        mut self,
        index: &Self,
        opt: Opt,
        f: impl Fn(Self) -> I,
    ) -> ValueException<'a> {
        if let (Val::Null | Val::Arr(_), Val::Obj(bounds)) = (&self.0, &index.0) {
            let bound = |name: &'static str| bounds.get(&Val::utf8_str(name)).cloned().map(Value::of);
            let (start, end) = (bound("start"), bound("end"));
            return self.map_range(start.as_ref()..end.as_ref(), opt, f);
        }
        // As in jq, what is not there yet comes to be, unless it is deleted.
        let was_null = self.0 == Val::Null;
        let nesting = self.1;
        let part = |item| Value::part_of(nesting, item);
        let mut new_part = Nesting::FLAT;
        match (&self.0, &index.0) {
            (Val::Null, Val::TStr(_)) => self.0 = Val::obj(Map::default()),
            (Val::Null, Val::Num(_)) => self.0 = Val::Arr(Rc::default()),
            _ => {}
        }
        match (&mut self.0, &index.0) {
            (Val::Obj(map), Val::TStr(_)) => {
                let map = Rc::make_mut(map);
                let old = map.get_mut(&index.0).map(std::mem::take);
                match f(part(old.unwrap_or_default())).next().transpose()? {
                    Some(Value(new, nesting)) => {
                        new_part = nesting;
                        map.insert(index.0.clone(), new);
                    }
                    None if was_null => return Ok(Value::NULL),
                    None => drop(map.shift_remove(&index.0)),
                }
                Ok(self.with_part(new_part))
            }
            (Val::Arr(items), Val::Num(_)) => {
                let at = index.as_index().unwrap_or(0);
                let length = items.len();
                let at = match usize::try_from(at) {
                    Ok(at) if at <= INDEX_MAX => at,
                    Ok(_) => {
                        return opt.fail(self, |_| Error::str("Array index too large").into());
                    }
                    Err(_) => match position(at, length) {
                        Some(at) => at,
                        None => {
                            return opt.fail(self, |_| Error::str("Out of bounds negative array index").into());
                        }
                    },
                };
                let items = Rc::make_mut(items);
                let old = items.get_mut(at).map(std::mem::take).unwrap_or_default();
                match f(part(old)).next().transpose()? {
                    Some(Value(new, nesting)) => {
                        new_part = nesting;
                        if at >= length {
                            items.resize(at + 1, Val::Null);
                        }
                        items[at] = new;
                    }
                    None if at < length => drop(items.remove(at)),
                    None if was_null => return Ok(Value::NULL),
                    None => {}
                }
                Ok(self.with_part(new_part))
            }
            _ => opt.fail(self, |value| value.cannot_index(index).into()),
        }
    }

    fn map_range<'a, I: Iterator<Item = ValueException<'a>>>(
        mut self,
        range: Range<&Self>,
        opt: Opt,
        f: impl Fn(Self) -> I,
    ) -> ValueException<'a> {
        if self.0 == Val::Null {
            self.0 = Val::Arr(Rc::default());
        }
        let Val::Arr(items) = &mut self.0 else {
            return opt
                .fail(self, |value| Error::str(format_args!("Cannot update a slice of {}", value.type_name())).into());
        };
        let length = items.len();
        let bound = |bound: Option<&Value>, otherwise: usize| -> Result<usize, Error> {
            match bound {
                None | Some(Value(Val::Null, _)) => Ok(otherwise),
                Some(value) => {
                    let index = value.as_index().ok_or_else(slice_bounds)?;
                    let from_start =
                        usize::try_from(index).unwrap_or_else(|_| length.saturating_sub(index.unsigned_abs()));
                    Ok(from_start.min(length))
                }
            }
        };
        let bounds = bound(range.start, 0).and_then(|start| Ok((start, bound(range.end, length)?)));
        let (start, end) = match bounds {
            Ok((start, end)) => (start, end.max(start)),
            Err(error) => return opt.fail(self, |_| Exn::from(error)),
        };
        let nesting = self.1;
        let slice = items[start..end].iter().cloned().map(|item| Value::part_of(nesting, item)).collect();
        let (new, new_nesting) = match f(slice).next().transpose()? {
            None => (Rc::default(), Nesting::FLAT),
            Some(Value(Val::Arr(new), nesting)) => (new, nesting),
            Some(_) => {
                let message = "A slice of an array can only be assigned another array";
                return Err(Error::str(message).into());
            }
        };
        Rc::make_mut(items).splice(start..end, new.iter().cloned());
        self.1 = nesting.max(new_nesting).max(Nesting::FLAT.around());
        Ok(self)
    }

    fn as_bool(&self) -> bool {
        self.0.as_bool()
    }

    fn into_string(self) -> Self {
        match self.0 {
            Val::TStr(_) => self,
            _ => Value::from(self.to_string()),
        }
    }
}

fn slice_bounds() -> Error {
    Error::str("Start and end indices of an array slice must be numbers")
}
