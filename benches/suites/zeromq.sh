# ZeroMQ: against a loop of pyzmq (benches/others/zeromq.py), which is at the other end of both too. Messages
# are 100 bytes; ZEROMQ_MESSAGES of them (a million).
# shellcheck shell=bash

zeromq() {
  local count=${ZEROMQ_MESSAGES:-1000000} rounds=5 name input port wants=''
  local -a names_here=(zeromq-source zeromq-sink)
  if [ "${list:-}" ]; then
    printf '%s\n' "${names_here[@]}"
    return 0
  fi
  for name in "${names_here[@]}"; do wanted "$name" && wants=yes; done
  [ "$wants" ] || return 0
  /usr/bin/python3 -c 'import zmq' 2>/dev/null || { echo 'bench: no pyzmq: ZeroMQ is left out' >&2; return 0; }

  port=$((20000 + RANDOM % 12000))
  input=$(made "messages-$count-100.txt" "seq -f '%0100.0f' $count")
  local at=tcp://127.0.0.1:$port loop='/usr/bin/python3 benches/others/zeromq.py'

  # What pyzmq pushes is taken, to the last message.
  compare zeromq-source "$rounds" 1.25 \
    "rm -f $folder/stop; { $loop push $at <$input; } & sstream-source zeromq --bind $at --batch 100ms --output text --stop-file $folder/stop | { head -n $count >/dev/null; touch $folder/stop; cat >/dev/null; }; wait" \
    "{ $loop push $at <$input; } & $loop pull $at $count; wait"

  # What is pushed pyzmq takes, to the last message.
  compare zeromq-sink "$rounds" 1.25 \
    "$loop pull $at $count & sstream-sink zeromq $at <$input 2>/dev/null; wait" \
    "$loop pull $at $count & $loop push $at <$input; wait"
}
zeromq
