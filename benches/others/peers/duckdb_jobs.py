"""A job of benches/peers by DuckDB: duckdb_jobs.py JOB FILE"""
import sys

import duckdb

job, path = sys.argv[1:]
TEXT = f"read_csv('{path}', columns = {{'line': 'VARCHAR'}}, delim = '\\x01', quote = '', escape = '', header = false)"
JOBS = {
    "filter": f"select count(*) from {TEXT} where contains(line, 'ERROR')",
    "words": f"select word, count(*) from (select unnest(string_split(line, ' ')) word from {TEXT}) group by word",
    "group": f"select level, count(*) from read_json('{path}', format = 'newline_delimited') group by level",
    "top": f"""select * from (select time // 60000 as minute, user, count(*) n from read_json('{path}', format = 'newline_delimited')
        group by all) qualify row_number() over (partition by minute order by n desc) <= 10""",
    "state": f"select key, sum(n) from read_json('{path}', format = 'newline_delimited') group by key",
}
duckdb.execute("set threads = 2")
duckdb.execute(f"copy ({JOBS[job]}) to '/dev/stdout' (header false)")
