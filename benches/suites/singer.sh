# Singer: between a tap and a target, against the pipe that Singer itself has there. The tap is cat, of 200,000
# records; the target is target-jsonl, of which the time is. As a source nothing is behind us but null.
# shellcheck shell=bash

singer() {
  local target config=$folder/target.json records rows=200000
  wanted singer-source || wanted singer-sink || return 0
  [ "${list:-}" ] && return 0
  target=$(connect/singer/tests/programs) || { echo 'bench: no Singer target: Singer is left out' >&2; return 0; }
  local PATH=$target:$PATH
  target=target-jsonl
  mkdir -p "$folder/rows"
  jq -n --arg path "$folder/rows" '{destination_path: $path, do_timestamp_file: false}' >"$config"
  rows=$(made rows-200k.jsonl "seq $rows | jq -c '{n: ., host: \"host\(. % 100)\", text: (\"x\" * 60)}'")
  records=$(made singer-200k.jsonl "{ jq -nc '{type: \"SCHEMA\", stream: \"r\", key_properties: [],
    schema: {type: \"object\", properties: {n: {type: \"integer\"}, host: {type: \"string\"}, text: {type: \"string\"}}}}'
    jq -c '{type: \"RECORD\", stream: \"r\", record: .}' $rows; jq -nc '{type: \"STATE\", value: {n: 200000}}'; }")
  compare singer-source 5 1.25 \
    "sstream-source singer --batch 100ms --output text -- cat $records 2>/dev/null >/dev/null" "cat $records | $target --config $config >/dev/null 2>&1"
  compare singer-sink 3 1.25 \
    "sstream-sink singer --batch 60s --input json --stream '\"r\"' -- $target --config $config <$rows 2>/dev/null" \
    "cat $records | $target --config $config >/dev/null 2>&1"
}
if [ "${list:-}" ]; then printf '%s\n' singer-source singer-sink; else singer; fi
