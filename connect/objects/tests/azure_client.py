"""Azure's own library as the foreign client: azure_client.py PORT make | list | get PREFIX, of the container `bkt` of Azurite."""

import sys

from azure.storage.blob import BlobServiceClient

port, action, *words = sys.argv[1:]
# The account and the key that Azurite has, and that everybody knows.
key = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
account = {"account_name": "devstoreaccount1", "account_key": key}
container = BlobServiceClient(f"http://127.0.0.1:{port}/devstoreaccount1", credential=account).get_container_client("bkt")
if action == "make":
    container.create_container()
elif action == "list":
    for blob in container.list_blobs():
        print(blob.name, blob.size)
elif action == "get":
    for blob in container.list_blobs(name_starts_with=words[0]):
        sys.stdout.buffer.write(container.download_blob(blob.name).readall())
