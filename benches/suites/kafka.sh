# Kafka: against kcat, on one broker that is started for this. Messages are 100
# bytes, in 4 partitions; KAFKA_MESSAGES of them (5 million).
# shellcheck shell=bash

kafka() {
  local count=${KAFKA_MESSAGES:-5000000} broker=connect/kafka/tests/broker brokers='' input=INPUT name
  local -a names_here=(kafka-consume kafka-produce kafka-transform kafka-transactions kafka-2-shards kafka-4-shards)
  if [ "${list:-}" ]; then
    printf '%s\n' "${names_here[@]}"
    return 0
  fi
  for name in "${names_here[@]}"; do wanted "$name" && brokers=wanted; done
  [ "$brokers" ] || return 0
  "$broker" available || { echo 'bench: no Java and Maven: Kafka is left out' >&2; return 0; }

  KAFKA_JVM='' KAFKA_HEAP=1g "$broker" start "$folder/kafka" >/dev/null
  # shellcheck disable=SC2064
  trap "'$broker' stop '$folder/kafka'; rm -rf '$folder'" EXIT
  brokers=$(sed -n 's/^BROKERS=//p' "$folder/kafka/env")
  topic() { "$broker" tool kafka-topics --bootstrap-server "$brokers" --create --topic "$1" --partitions 4 >/dev/null 2>&1; }
  input=$data/messages-$count.txt
  mkdir -p "$data"
  [ -s "$input" ] || awk -v count="$count" 'BEGIN {
    for (i = 0; i < count; i++) printf "%09d %s %s\n", i, i % 20 ? "INFO " : "ERROR", substr("the quick brown fox jumps over the lazy dog and runs away from the wolf who is after it at night", 1, 83)
  }' >"$input"
  for name in in out-ours out-kcat out-plain out-transactions; do topic "$name"; done
  kcat -P -b "$brokers" -t in <"$input"

  # The wall times that follow include starting and finding the brokers.
  local source="sstream-source kafka --brokers $brokers --topic in --available-now"
  local consume="kcat -C -e -q -b $brokers -t in -o beginning"
  compare kafka-consume 5 1.111 "$source | sstream-sink null" "$consume >/dev/null"

  # Half of the messages pass. kcat does the slower of the two things it does alone.
  compare kafka-transform 3 1.25 \
    "$source | sstream-filter '[02468] (INFO|ERROR)' | sstream-sink kafka --brokers $brokers --topic out-ours --no-batch-header" \
    "kcat -P -b $brokers -t out-kcat <$input"

  # The same line with and without transactions, in batches of 1 s.
  local copy="$source --from beginning --max-rate-per-partition 10000000"
  compare kafka-transactions 3 1.2 \
    "rm -rf $folder/ck; $copy --checkpoint $folder/ck | sstream-sink kafka --brokers $brokers --topic out-transactions" \
    "$copy | sstream-sink kafka --brokers $brokers --topic out-plain"

  # Shards as processes: the same work by one, and by several at once.
  shards() { # how many
    local shard line=''
    for shard in $(seq "$1"); do
      line+="$source --shard $shard/$1 --value text | sstream-flatmap --split ' ' | sstream-reduce --by-value count | sstream-sink null & "
    done
    echo "$line wait"
  }
  compare kafka-2-shards 3 1.0 "$(shards 2)" "$(shards 1)"
  compare kafka-4-shards 3 1.0 "$(shards 4)" "$(shards 1)"
  "$broker" stop "$folder/kafka"
  trap 'rm -rf "$folder"' EXIT
}
kafka
