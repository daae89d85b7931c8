"""Reads folders of Parquet, as others do.

peer.py rows DIR          all rows by pyarrow, files in the order of their names, a line of JSON each, keys sorted
peer.py columns DIR       the columns and types of the first file, as pyarrow names them, a line each
peer.py duckdb SQL        the result of a query by DuckDB, values with | between, a row a line
peer.py groups DIR        of each file: its path, rows, row groups, and compression
peer.py numbers DIR COL   how many rows, how many different COL, the least and the greatest
"""

import datetime
import decimal
import json
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


match sys.argv[1:]:
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
