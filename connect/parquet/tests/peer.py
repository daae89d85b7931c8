"""Reads folders of Parquet, as others do.

peer.py rows DIR          all rows by pyarrow, files in the order of their names, a line of JSON each, keys sorted
peer.py columns DIR       the columns and types of the first file, as pyarrow names them, a line each
peer.py duckdb SQL        the result of a query by DuckDB, values with | between, a row a line
peer.py groups DIR        of each file: its path, rows, row groups, and compression
peer.py random SEED       batches of records at random, nested, with much that lacks or is empty, a line of JSON each
peer.py same BATCHES DIR  fails unless the files have the records of these batches, in order
peer.py numbers DIR COL   how many rows, how many different COL, the least and the greatest
"""

import datetime
import decimal
import json
import random
import sys
from pathlib import Path

import pyarrow.dataset as dataset
import pyarrow.parquet as parquet


def files(folder):
    return sorted(Path(folder).rglob("[!._]*.parquet"))


def plain(value):
    match value:
        case decimal.Decimal():
            return "decimal " + str(value)
        case datetime.datetime() | datetime.date():
            return value.isoformat()
        case bytes():
            return "bytes " + value.decode()
        case dict():
            return {key: plain(inner) for key, inner in value.items()}
        case list():
            return [plain(inner) for inner in value]
        case tuple():
            return [plain(inner) for inner in value]
        case _:
            return value


# An object is a dict of its keys, an array a list of what its elements are.
KINDS = {
    "i": 0, "s": "", "b": True, "x": 0.5, "o": {"p": {"q": 0, "r": ""}, "l": [{"y": 0, "z": [""]}]},
    "m": [[[0]]], "n": [{"a": {"b": [True]}}],
}  # fmt: skip


def any_value(kind, chance):
    if chance.random() < 0.2:
        return None
    match kind:
        case dict():
            return {key: any_value(inner, chance) for key, inner in kind.items() if chance.random() < 0.8}
        case list():
            return [any_value(kind[0], chance) for _ in range(chance.choice([0, 1, 2, 5]))]
        case bool():
            return chance.random() < 0.5
        case int():
            return chance.randrange(-(2**63), 2**63)
        case float():
            return chance.random() * 10.0 ** chance.randrange(-300, 300)
        case _:
            return "".join(chance.choice('aé"\\\n 😀') for _ in range(chance.randrange(6)))


def whole(value, kind):
    """With null for what lacks."""
    match value, kind:
        case dict(), dict():
            return {key: whole(value.get(key), inner) for key, inner in kind.items()}
        case list(), list():
            return [whole(inner, kind[0]) for inner in value]
        case _:
            return value


def batches_of(seed):
    chance = random.Random(seed)
    # The first one has everything, so that all columns are known.
    first = {"i": 1, "s": "a", "b": True, "x": 0.5, "o": {"p": {"q": 1, "r": "a"}, "l": [{"y": 1, "z": ["a"]}]},
             "m": [[[1]]], "n": [{"a": {"b": [True]}}]}  # fmt: skip
    yield [first]
    for _ in range(3):
        yield [any_value(KINDS, chance) or {} for _ in range(chance.randrange(300))]


match sys.argv[1:]:
    case ["random", seed]:
        for batch in batches_of(int(seed)):
            print(json.dumps(batch))
    case ["same", batches, folder]:
        wanted = [whole(record, KINDS) for line in open(batches) for record in json.loads(line)]
        paths = sorted(files(folder), key=lambda path: int(path.stem.split("-")[1]))
        found = [row for path in paths for row in parquet.ParquetFile(path).read().to_pylist()]
        for number, (want, have) in enumerate(zip(wanted, found, strict=True)):
            if want != have:
                sys.exit(f"row {number}: wanted {want}, found {have}")
    case ["rows", folder]:
        for path in files(folder):
            for row in parquet.ParquetFile(path).read().to_pylist():
                print(json.dumps(plain(row), sort_keys=True, ensure_ascii=False))
    case ["columns", folder]:
        for field in parquet.ParquetFile(files(folder)[0]).schema_arrow:
            print(f"{field.name}: {field.type}{'' if field.nullable else ' not null'}")
    case ["duckdb", sql]:
        import duckdb

        for row in duckdb.sql(sql).fetchall():
            print("|".join("" if value is None else str(value) for value in row))
    case ["groups", folder]:
        for path in files(folder):
            meta = parquet.ParquetFile(path).metadata
            codec = meta.row_group(0).column(0).compression
            print(path.relative_to(folder), meta.num_rows, meta.num_row_groups, codec)
    case ["numbers", folder, column]:
        # Each file by itself: what is under way is none of a dataset's business, and must not be seen in it.
        values = dataset.dataset(folder, format="parquet", partitioning="hive").to_table(columns=[column])[column]
        values = sorted(values.to_pylist())
        print(len(values), len(set(values)), *(values[:1] + values[-1:]))
    case _:
        sys.exit(__doc__)
