# Lines to who connects: sink listen, of which nothing may be lost, against `nc -l`, which sends a file. Twenty million
# lines, so that the first batch, for which the reader has to wait, counts for little; the reader is socat for both.
# shellcheck shell=bash

sockets() {
  local port=$((20000 + RANDOM % 12000)) input lines reader
  wanted sink-listen || return 0
  input=$(log 5000000)
  lines="cat $input $input $input $input"
  reader="socat -u -b 65536 TCP:127.0.0.1:$port,retry=500,interval=0.01 - | cksum"
  compare sink-listen 5 1.25 \
    "$lines | sstream-sink listen $port --on-slow block --batch 100ms 2>/dev/null & $reader; wait \$!" \
    "$lines | nc -l -N 127.0.0.1 $port & $reader; wait \$!"
}
sockets
