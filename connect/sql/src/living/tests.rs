//! Tables restored from what was saved of them are those that there were, and go on as those do.

use proptest::prelude::*;
use rusqlite::Connection;
use sstream::connect::{BatchTime, Block, Console, Downstream, Level};

use super::*;

const INIT: &str = "create table t(k integer primary key, v); create table names(name text primary key, n) without rowid; \
                    create table log(x); create index by_x on log(x)";

/// The state as a checkpoint has it.
type Saved = BTreeMap<Vec<u8>, Vec<u8>>;

fn living() -> Living {
    let scratch = Scratch::new(&Console::new("test", Level::Error)).unwrap();
    let database = Rc::new(Database::in_file(&scratch.database()).unwrap());
    database.letting(May::Make, |connection| connection.execute_batch(INIT)).unwrap();
    Living::new(database, scratch).unwrap()
}

fn restored(saved: &Saved) -> Living {
    let mut living = living();
    living.track(true);
    saved.iter().for_each(|(key, entry)| living.load(key, Some(entry)).unwrap());
    living.finish_load().unwrap();
    living
}

fn batch(living: &mut Living, sql: &str) {
    living.begin().unwrap();
    let ran = living.database.letting(May::Change, |connection| connection.execute_batch(sql));
    match ran {
        Ok(()) => living.commit().unwrap(),
        Err(_) => living.roll_back().unwrap(),
    }
}

/// Saves what changed, perhaps with a slice of all; how many bytes of changes there were.
fn save(living: &mut Living, saved: &mut Saved) -> usize {
    let mut bytes = 0;
    let mut keep = |key: &[u8], entry: Option<&[u8]>| {
        bytes += PIECE_AND_KEY;
        saved.insert(key.to_vec(), entry.unwrap().to_vec());
    };
    living.changes(&mut keep).unwrap();
    bytes
}

const PIECE_AND_KEY: usize = pages::PIECE + 5;

#[derive(Default)]
struct Lines(String);

impl Downstream for Lines {
    fn block(&mut self, block: Block<'_>) {
        self.0.push_str(&String::from_utf8_lossy(block.bytes));
    }
    fn end(&mut self, _: BatchTime, _: u64, _: Option<sstream::connect::Watermark>) {}
    fn bad_record(&mut self, _: BatchTime, _: &[u8], reason: &str) -> Result<(), OpError> {
        panic!("{reason}")
    }
}

fn shown(living: &Living) -> String {
    let mut lines = Lines::default();
    let mut out = Out::new(&mut lines);
    living.show(&mut out).unwrap();
    out.finish_block();
    drop(out);
    lines.0
}

/// A batch of statements, by a number.
fn statements(kind: u8, a: u16, b: u16) -> String {
    let row = a % 400;
    match kind % 8 {
        0 => format!("insert or replace into t values({row}, {b})"),
        1 => format!("update t set v = v + 1 where k = {row}"),
        2 => format!("insert or replace into names values('name {row}', hex(zeroblob({})))", b % 3000),
        3 => format!("delete from names where name < 'name {row}'"),
        4 => format!(
            "with recursive r(x) as (select 1 union all select x + 1 from r where x < {}) insert into log select x * {a} from r",
            b % 200 + 1
        ),
        5 => format!("delete from log where x % 3 = {}", b % 3),
        6 => "delete from t".to_owned(),
        // Fails in its middle.
        _ => format!("insert into t values({}, 1); insert into names values(null, 1)", 1000 + row),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn restored_anywhere_is_undisturbed(
        batches in prop::collection::vec(prop::collection::vec((any::<u8>(), any::<u16>(), any::<u16>()), 0..4), 1..24),
        killed in any::<prop::sample::Index>(),
        every in 1_usize..4,
        has_reader in any::<bool>(),
    ) {
        let (mut one, mut saved) = (living(), Saved::new());
        one.track(false);
        // Somebody who reads for long holds the log up.
        let reader = Connection::open(one.scratch.database()).unwrap();
        let mut other: Option<Living> = None;
        for (index, statement) in batches.iter().enumerate() {
            let sql: Vec<String> = statement.iter().map(|&(kind, a, b)| statements(kind, a, b)).collect();
            if has_reader && index % 5 == 1 {
                reader.execute_batch("begin; select count(*) from t").unwrap();
            } else if has_reader && index % 5 == 4 {
                reader.execute_batch("commit").ok();
            }
            batch(&mut one, &sql.join(";"));
            if index % every == 0 {
                save(&mut one, &mut saved);
            }
            if let Some(other) = &mut other {
                batch(other, &sql.join(";"));
                prop_assert_eq!(shown(other), shown(&one));
            } else if index % every == 0 && index >= killed.index(batches.len()) {
                let again = restored(&saved);
                prop_assert_eq!(shown(&again), shown(&one));
                other = Some(again);
            }
        }
        // What a restored one saves on is enough, too.
        if let Some(mut other) = other {
            save(&mut other, &mut saved);
            prop_assert_eq!(shown(&restored(&saved)), shown(&other));
            // And so is a whole of slices.
            let mut slices = Saved::new();
            let mut from_start = true;
            while !other.slice(std::mem::take(&mut from_start), 3000, &mut |key, entry| {
                slices.insert(key.to_vec(), entry.unwrap().to_vec());
            }) {}
            prop_assert_eq!(shown(&restored(&slices)), shown(&other));
        }
    }
}

#[test]
fn a_batch_costs_what_it_changes() {
    let (mut living, mut saved) = (living(), Saved::new());
    living.track(false);
    let fill = "with recursive r(x) as (select 1 union all select x + 1 from r where x < 100000) insert into t select x, x * 7 from r";
    batch(&mut living, fill);
    let all = save(&mut living, &mut saved);
    assert!(all > 900_000, "{all}");
    for row in 1..20 {
        batch(&mut living, &format!("update t set v = v + 1 where k = {}", row * 4000));
        let bytes = save(&mut living, &mut saved);
        assert!(bytes <= 3 * PIECE_AND_KEY, "{bytes}");
    }
    batch(&mut living, "delete from log");
    assert_eq!(save(&mut living, &mut saved), 0);
    assert_eq!(shown(&restored(&saved)), shown(&living));
}

#[test]
fn what_is_no_state_of_tables_is_damaged() {
    let load = |key: &[u8], entry: Option<&[u8]>| {
        let mut living = living();
        living.track(true);
        living.load(key, entry).and_then(|()| living.finish_load())
    };
    let piece = [7; pages::PIECE];
    for (key, entry) in [
        (&[0, 0, 0, 1, 0][..], None),
        (&[0, 0, 0, 1], Some(&piece[..])),
        (&[0, 0, 0, 0, 0], Some(&piece)),
        (&[0, 0, 0, 1, 64], Some(&piece)),
        (&[0, 0, 0, 1, 0], Some(&piece[1..])),
        (&[0, 0, 0, 1, 0], Some(&piece)),
    ] {
        let error = load(key, entry).unwrap_err();
        assert!(matches!(error, OpError::Damaged { .. }), "{key:?}: {error}");
    }
    let mut none = living();
    none.track(true);
    assert!(none.finish_load().is_err());
}

#[test]
fn a_full_disk_is_not_the_batch_s_fault() {
    let mut living = living();
    living.database.letting(May::All, |connection| connection.pragma_update(None, "max_page_count", 10)).unwrap();
    living.begin().unwrap();
    let insert = "insert into log select hex(zeroblob(50000))";
    let error = living.database.letting(May::Change, |connection| connection.execute_batch(insert)).unwrap_err();
    assert!(crate::database::is_of_the_world(&error), "{error:?}");
    assert!(living.of_sqlite(&error).to_string().contains("tables.db: database or disk is full"));
    living.roll_back().unwrap();
    batch(&mut living, "insert into log values(1)");
    assert_eq!(shown(&living), "[[\"log\",1],{\"x\":1}]\n");
}
