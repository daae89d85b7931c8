"""A job of benches/peers by bytewax: bytewax_jobs.py JOB FILE"""
import json
import sys

import bytewax.operators as op
from bytewax.connectors.files import FileSource
from bytewax.connectors.stdio import StdOutSink
from bytewax.dataflow import Dataflow
from bytewax.testing import run_main

job, path = sys.argv[1:]
flow = Dataflow(job)
lines = op.input("in", flow, FileSource(path, batch_size=1000))


def top(counts, pair):
    return sorted([*counts, pair], key=lambda pair: -pair[1])[:10]


if job == "filter":
    result = op.count_final("count", op.filter("errors", lines, lambda line: "ERROR" in line), lambda _: "all")
elif job == "words":
    result = op.count_final("count", op.flat_map("words", lines, str.split), lambda word: word)
elif job == "group":
    result = op.count_final("count", op.map("json", lines, json.loads), lambda record: record["level"])
elif job == "top":
    records = op.map("json", lines, json.loads)
    counts = op.count_final("count", records, lambda record: f"{record['time'] // 60000} {record['user']}")
    keyed = op.map("minute", counts, lambda pair: (pair[0].split()[0], (pair[0].split()[1], pair[1])))
    result = op.flat_map("each", op.fold_final("top", keyed, list, top), lambda pair: pair[1])
else:
    pairs = op.map("json", lines, lambda line: (lambda record: (record["key"], record["n"]))(json.loads(line)))
    result = op.reduce_final("sum", pairs, lambda a, b: a + b)
op.output("out", op.map("text", result, str), StdOutSink())
run_main(flow)
