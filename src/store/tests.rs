use std::collections::BTreeMap;

use super::*;
use proptest::prelude::*;

type Model = BTreeMap<Vec<u8>, Vec<u8>>;

fn store(order: Order) -> Store {
    Store::new(Arc::new(Temporary::new()), order)
}

/// Writes changes, of one key the last, as a run.
fn write(store: &mut Store, changes: &[(u16, Option<u16>)]) {
    let order = store.order();
    let mut sorted: BTreeMap<(u64, Vec<u8>), Option<Vec<u8>>> = BTreeMap::new();
    for (key, value) in changes {
        let key = key_of(*key);
        sorted.insert((order.of(&key), key), value.map(value_of));
    }
    let mut run = store.begin().unwrap();
    for ((_, key), value) in &sorted {
        run.push(key, value.as_deref()).unwrap();
    }
    let bytes = run.bytes();
    store.add(run).unwrap();
    store.tend(bytes, &mut |_| true).unwrap();
}

fn key_of(key: u16) -> Vec<u8> {
    format!("key{key}").into_bytes()
}

fn value_of(value: u16) -> Vec<u8> {
    format!("{value}").repeat(usize::from(value) % 9).into_bytes()
}

fn all(store: &Store) -> Model {
    let mut all = Model::new();
    store
        .each(&mut |key, value| {
            assert_eq!(all.insert(key.to_vec(), value.to_vec()), None);
            Ok(())
        })
        .unwrap();
    all
}

fn look(store: &mut Store, keys: impl Iterator<Item = u16>) -> Model {
    let mut wanted = Wanted::default();
    keys.for_each(|key| wanted.push(&key_of(key)));
    let mut found = Model::new();
    store
        .look(&mut wanted, &mut |key, value| {
            assert_eq!(found.insert(key.to_vec(), value.to_vec()), None);
            Ok(())
        })
        .unwrap();
    found
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn it_has_what_was_written_last(
        rounds in prop::collection::vec(prop::collection::vec((0..400u16, prop::option::weighted(0.8, 0..1000u16)), 0..120), 0..30),
        seed: u64,
        asked in prop::collection::vec(0..500u16, 0..60),
    ) {
        let mut store = store(Order::Hash(seed));
        let mut model = Model::new();
        for changes in &rounds {
            write(&mut store, changes);
            for (key, value) in changes {
                match value {
                    Some(value) => drop(model.insert(key_of(*key), value_of(*value))),
                    None => drop(model.remove(&key_of(*key))),
                }
            }
            prop_assert_eq!(&all(&store), &model);
            let expected: Model =
                asked.iter().filter_map(|&key| model.get_key_value(&key_of(key))).map(|(k, v)| (k.clone(), v.clone())).collect();
            prop_assert_eq!(look(&mut store, asked.iter().copied()), expected);
        }
        prop_assert!(store.fresh.len() <= 12, "{} fresh runs", store.fresh.len());
    }
}

#[test]
fn parts_have_about_the_same_size_and_fresh_runs_are_few() {
    let mut store = store(Order::Hash(3));
    let mut most = 0;
    for round in 0..200u16 {
        let changes: Vec<_> = (0..100).map(|key| (key * 191 + round, Some(round))).collect();
        write(&mut store, &changes);
        most = most.max(store.fresh.len());
    }
    assert!(most < 40, "{most} fresh runs");
    let parts: Vec<u64> = store.parts.iter().map(Part::bytes).collect();
    assert!(parts.len() > 20 && parts.iter().all(|&bytes| bytes < 8 * 1024), "{parts:?}");
    assert!(store.bytes() > 0 && !store.is_empty());
    let (mut bytes, expected) =
        (Vec::new(), store.parts.iter().filter(|part| part.run.is_some()).count() + store.fresh.len());
    store.keep(&mut bytes);
    bytes.push(9);
    let mut input = bytes.as_slice();
    let (ids, next) = ids(&mut input).unwrap();
    assert_eq!((ids.len(), next, input), (expected, store.next, &[9][..]));
}
