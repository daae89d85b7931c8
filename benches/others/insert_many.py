"""insert_many.py URL COLLECTION: a loop over pymongo's insert_many, as a program of one's own would have it: the lines of stdin as
documents with ids, thousands at a time, in any order.
"""
import sys

import pymongo

url, name = sys.argv[1:3]
collection = pymongo.MongoClient(url).get_default_database()[name]
documents = []
for number, line in enumerate(sys.stdin):
    documents.append({"_id": f"loop-of-the-benchmark-{number}", "message": line[:-1]})
    if len(documents) == 5000:
        collection.insert_many(documents, ordered=False)
        documents = []
if documents:
    collection.insert_many(documents, ordered=False)
