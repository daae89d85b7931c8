# MQTT: against mosquitto's own clients, on one broker that is started for this. Messages are 100 bytes;
# MQTT_MESSAGES of them (60 thousand: mosquitto 2.0.11 stands still, with any client, where the numbers of
# messages begin anew while thousands are on their way).
# shellcheck shell=bash

mqtt() {
  local count=${MQTT_MESSAGES:-60000} rounds=5 name ours round port input wants='' PATH=$PATH:/usr/sbin
  local -a names_here=(mqtt-source mqtt-sink)
  if [ "${list:-}" ]; then
    printf '%s\n' "${names_here[@]}"
    return 0
  fi
  for name in "${names_here[@]}"; do wanted "$name" && wants=yes; done
  [ "$wants" ] || return 0
  command -v mosquitto mosquitto_sub >/dev/null || { echo 'bench: no mosquitto: MQTT is left out' >&2; return 0; }

  port=$((20000 + RANDOM % 12000))
  printf 'listener %s 127.0.0.1\nallow_anonymous true\npersistence false\nmax_inflight_messages 20000\nmax_queued_messages 0\n' \
    "$port" >"$folder/mosquitto.conf"
  mosquitto -c "$folder/mosquitto.conf" 2>/dev/null &
  local broker=$! at="-h 127.0.0.1 -p $port"
  # shellcheck disable=SC2064
  trap "kill $broker; rm -rf '$folder'" EXIT
  until mosquitto_pub $at -t ready -n 2>/dev/null; do sleep 0.1; done
  input=$(made "messages-$count-100.txt" "seq -f '%0100.0f' $count")

  # What the broker holds for a session each is taken from it, with QoS 1. One round to warm up.
  local source="sstream-source mqtt mqtt://127.0.0.1:$port --topic in --receive-maximum 20000 --batch 100ms --output text"
  for name in ours theirs; do
    for ((round = 0; round <= rounds; round++)); do
      mosquitto_sub $at -V 5 -x 3600 -c -i "$name-$round" -q 1 -t in -E
    done
  done
  mosquitto_pub $at -q 1 -t in -l <"$input"
  if wanted mqtt-source; then
    for ((round = 0; round <= rounds; round++)); do
      rm -f "$folder/stop"
      ours="$source --client-id ours-$round --stop-file $folder/stop | { head -n $count >/dev/null; touch $folder/stop; cat >/dev/null; }"
      echo "[$(seconds "$ours"), $(seconds "mosquitto_sub $at -V 5 -x 3600 -D connect receive-maximum 20000 -c -i theirs-$round -q 1 -t in -C $count >/dev/null")]"
    done | tail -n "$rounds" | summary "$source --client-id ID" "mosquitto_sub -q 1 -c -i ID -C $count" >"$folder/mqtt-source.json"
    record mqtt-source 'times as long' "$(jq .ratio "$folder/mqtt-source.json")" 1.25 "$folder/mqtt-source.json"
  fi

  compare mqtt-sink "$rounds" 1.25 "sstream-sink mqtt mqtt://127.0.0.1:$port --topic '\"out\"' <$input" \
    "mosquitto_pub $at -q 1 -t out -l <$input"
  kill "$broker"
  trap 'rm -rf "$folder"' EXIT
}
mqtt
