"""boto3 as the foreign client of S3: client.py make BUCKET | put BUCKET KEY <CONTENT | get BUCKET PREFIX |
list BUCKET [PREFIX] | delete BUCKET KEY | uploads BUCKET | many BUCKET PREFIX COUNT"""

import os
import sys
from concurrent.futures import ThreadPoolExecutor

import boto3
from botocore.config import Config

s3 = boto3.client("s3", endpoint_url=os.environ["ENDPOINT"], region_name="us-east-1",
                  verify=os.environ.get("CA", True),
                  config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 3}))


def listed(bucket, prefix=""):
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    return [found for page in pages for found in page.get("Contents", [])]


action, bucket, *words = sys.argv[1:]
if action == "make":
    s3.create_bucket(Bucket=bucket)
elif action == "put":
    s3.upload_fileobj(sys.stdin.buffer, bucket, words[0])
elif action == "get":
    for found in listed(bucket, words[0]):
        body = s3.get_object(Bucket=bucket, Key=found["Key"])["Body"]
        for piece in body.iter_chunks(1 << 20):
            sys.stdout.buffer.write(piece)
elif action == "list":
    for found in listed(bucket, *words):
        print(found["Key"], found["Size"])
elif action == "delete":
    s3.delete_object(Bucket=bucket, Key=words[0])
elif action == "uploads":
    for upload in s3.list_multipart_uploads(Bucket=bucket).get("Uploads", []):
        print(upload["Key"])
elif action == "many":
    prefix, count = words[0], int(words[1])
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: s3.put_object(Bucket=bucket, Key=f"{prefix}{n:05}", Body=f"{n}\n".encode()), range(count)))
else:
    sys.exit(__doc__)
