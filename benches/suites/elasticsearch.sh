# Elasticsearch: against a loop over _bulk in Python (benches/others/bulk.py), on one OpenSearch that is started for this.
# Documents are lines of 100 bytes; ELASTICSEARCH_DOCUMENTS of them (200 thousand), each time into a new index. The server
# takes most of the time, for both.
# shellcheck shell=bash

elasticsearch() {
  local count=${ELASTICSEARCH_DOCUMENTS:-200000} rounds=5 port url input server=connect/elasticsearch/tests/opensearch/server
  wanted elasticsearch-sink || return 0
  "$server" available || { echo 'bench: no Java or Maven: Elasticsearch is left out' >&2; return 0; }
  port=$((20000 + RANDOM % 12000))
  url=http://127.0.0.1:$port
  OPENSEARCH_JVM=-Xmx1g "$server" run "$port" "$folder/data" $$ >/dev/null 2>&1 &
  local service=$!
  # shellcheck disable=SC2064
  trap "kill $service; wait $service 2>/dev/null; rm -rf '$folder'" EXIT
  until curl -sf "$url/_cluster/health?wait_for_status=yellow" >/dev/null 2>&1; do sleep 0.2; done
  input=$(made "lines-$count-100.txt" "seq -f '%0100.0f' $count")
  compare elasticsearch-sink "$rounds" 1.25 \
    "sstream-sink elasticsearch $url --index ours-\$RANDOM\$RANDOM --doc '{message: .}' <$input 2>/dev/null" \
    "python3 benches/others/bulk.py $url theirs-\$RANDOM\$RANDOM <$input"
  kill "$service"
  wait "$service" 2>/dev/null || true
  trap 'rm -rf "$folder"' EXIT
}
elasticsearch
