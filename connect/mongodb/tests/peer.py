"""pymongo as the foreign client: peer.py URL EXPRESSION [SHOWN]

Evaluates the expression, in which `db` is the address's database, and prints each element of what it gives, or SHOWN of it, in which
it is `d`: as Extended JSON, a line each.
"""
import sys

import pymongo
from bson import json_util

url, expression, *shown = sys.argv[1:]
client = pymongo.MongoClient(url, serverSelectionTimeoutMS=5000)
db = client.get_default_database("test")
result = eval(expression)
if isinstance(result, (int, float, str, dict)) or result is None:
    result = [result]
for d in result:
    print(json_util.dumps(eval(shown[0]) if shown else d, json_options=json_util.RELAXED_JSON_OPTIONS))
