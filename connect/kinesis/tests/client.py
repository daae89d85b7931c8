"""A foreign client of Kinesis: boto3. Usage: client.py ACTION STREAM WORD…

    create STREAM SHARDS        makes a stream, and waits until it is there
    delete STREAM
    put STREAM [KEY]            a record for each line on stdin; its key is the line's first word, or KEY
    aggregate STREAM N [KEY]    the same, N lines in a record, as the Kinesis Producer Library does
    split STREAM SHARD          a shard, by its number, in the middle of its keys
    merge STREAM SHARD OTHER
    read STREAM [FORM]          what is in all shards, parents first, a line each in Python's FORM of key, data,
                                shard, sequence and time; {data} unless told
    count STREAM COUNT [LIMIT]  reads so many records from the oldest on, and no faster than it goes

In the environment: ENDPOINT, where the service is.
"""

import hashlib
import os
import sys
import time

import boto3
from botocore.config import Config

kinesis = boto3.client(
    "kinesis",
    endpoint_url=os.environ["ENDPOINT"],
    region_name="us-east-1",
    config=Config(retries={"max_attempts": 10}),
)
action, stream, *words = sys.argv[1:]


def is_active():
    while kinesis.describe_stream(StreamName=stream)["StreamDescription"]["StreamStatus"] != "ACTIVE":
        time.sleep(0.02)


def shards():
    found, token = [], None
    while True:
        answer = kinesis.list_shards(**({"NextToken": token} if token else {"StreamName": stream}))
        found += answer["Shards"]
        token = answer.get("NextToken")
        if not token:
            return found


def name(number):
    return f"shardId-{int(number):012}"


def put(records):
    for first in range(0, len(records), 500):
        left = records[first : first + 500]
        while left:
            results = kinesis.put_records(StreamName=stream, Records=left)["Records"]
            left = [record for record, result in zip(left, results) if "ErrorCode" in result]


def lines(key=None):
    for line in sys.stdin.buffer.read().splitlines():
        yield key or line.split(b" ")[0].decode() or "-", line


def number(value):
    out = b""
    while value >= 128:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def field(tag, data):
    return number(tag << 3 | 2) + number(len(data)) + data


def aggregate(parts):
    keys = sorted({key for key, _ in parts})
    message = b"".join(field(1, key.encode()) for key in keys)
    for key, data in parts:
        message += field(3, number(1 << 3) + number(keys.index(key)) + field(3, data))
    return b"\xf3\x89\x9a\xc2" + message + hashlib.md5(message).digest()


def iterator(shard):
    answer = kinesis.get_shard_iterator(StreamName=stream, ShardId=shard, ShardIteratorType="TRIM_HORIZON")
    return answer["ShardIterator"]


if action == "create":
    kinesis.create_stream(StreamName=stream, ShardCount=int(words[0]))
    is_active()
elif action == "delete":
    kinesis.delete_stream(StreamName=stream)
    while stream in kinesis.list_streams()["StreamNames"]:
        time.sleep(0.02)
elif action == "put":
    put([{"Data": line, "PartitionKey": key} for key, line in lines(*words)])
elif action == "aggregate":
    parts = list(lines(*words[1:]))
    size = int(words[0])
    groups = [parts[at : at + size] for at in range(0, len(parts), size)]
    put([{"Data": aggregate(group), "PartitionKey": group[0][0]} for group in groups])
elif action == "split":
    keys = next(shard for shard in shards() if shard["ShardId"] == name(words[0]))["HashKeyRange"]
    middle = (int(keys["StartingHashKey"]) + int(keys["EndingHashKey"])) // 2
    kinesis.split_shard(StreamName=stream, ShardToSplit=name(words[0]), NewStartingHashKey=str(middle))
    is_active()
elif action == "merge":
    kinesis.merge_shards(StreamName=stream, ShardToMerge=name(words[0]), AdjacentShardToMerge=name(words[1]))
    is_active()
elif action == "read":
    form = words[0] if words else "{data}"
    for shard in shards():
        at = iterator(shard["ShardId"])
        while at:
            answer = kinesis.get_records(ShardIterator=at)
            for record in answer["Records"]:
                print(
                    form.format(
                        key=record["PartitionKey"],
                        data=record["Data"].decode(),
                        shard=shard["ShardId"],
                        sequence=record["SequenceNumber"],
                        time=record["ApproximateArrivalTimestamp"],
                    )
                )
            at = answer.get("NextShardIterator") if answer["Records"] else None
elif action == "count":
    left, limit = int(words[0]), int(words[1]) if len(words) > 1 else 10000
    open_shards = [iterator(shard["ShardId"]) for shard in shards()]
    out = sys.stdout.buffer
    while left > 0:
        for index, at in enumerate(open_shards):
            answer = kinesis.get_records(ShardIterator=at, Limit=limit)
            open_shards[index] = answer["NextShardIterator"]
            left -= len(answer["Records"])
            for record in answer["Records"]:
                out.write(record["Data"] + b"\n")
else:
    sys.exit(__doc__)
