# 1 million records as a file of Parquet, beside pyarrow that reads the same lines of JSON and writes them; and what folders cost.
# Needs CONNECT=parquet built; pyarrow is fetched into the user's cache by connect/parquet/tests/peer.
# shellcheck shell=bash

hits='awk "BEGIN { seed = 1; split(\"GET GET GET GET POST PUT\", methods, \" \")
  for (i = 0; i < 1000000; i++) { seed = (seed * 16807) % 2147483647
    printf \"{\\\"at\\\":%.0f,\\\"path\\\":\\\"/articles/%d\\\",\\\"method\\\":\\\"%s\\\",\\\"status\\\":%d,\\\"bytes\\\":%d,\\\"seconds\\\":%.6f,\\\"user\\\":\\\"u%d\\\"}\\n\",
      1700000000000 + i, seed % 5000, methods[seed % 6 + 1], seed % 20 ? 200 : 404, seed % 100000, seed / 2147483647, seed % 20000 } }"'

in_parquet() {
  local hits_file= ours= arrow='connect/parquet/tests/peer run'
  if [ ! "${list:-}" ]; then
    hits_file=$(made hits.jsonl "$hits")
    connect/parquet/tests/peer available || { echo 'parquet: left out: no pyarrow'; return 0; }
  fi
  cat >"$folder/arrow.py" <<END
import sys
import pyarrow.json as json
import pyarrow.parquet as parquet

table = json.read_json("$hits_file")
parquet.write_table(table, "$folder/arrow.parquet", compression=sys.argv[1])
END
  ours="rm -rf $folder/lake; mkdir $folder/lake; sstream-source stdin --input json --batch 1h < $hits_file | sstream-sink parquet $folder/lake"
  # pyarrow has a thread a processor; ours are two processes.
  compare parquet-zstd 7 2.0 "$ours" "$arrow $folder/arrow.py zstd"
  compare parquet-snappy 7 2.0 "$ours --compression snappy" "$arrow $folder/arrow.py snappy"
  resident parquet-memory 64 "cat $hits_file" "sstream-source stdin --input json --batch 1h" \
    "sstream-sink parquet $(mktemp -d -p "$folder")"
  # Named, whatever the ratio is: what folders cost.
  compare parquet-partitioned 5 100 "$ours --partition 'dt=%Y-%m-%d/hour=%H/of={.method}' --time .at" "$ours"
}

in_parquet
