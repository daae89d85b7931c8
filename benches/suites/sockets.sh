# Lines to who connects: sink listen, of which nothing may be lost, against `nc -l`, which sends a file. Five million
# lines; the reader is socat for both.
# shellcheck shell=bash

sockets() {
  local port=$((20000 + RANDOM % 12000)) input reader
  wanted sink-listen || return 0
  input=$(log 5000000)
  reader="socat -u -b 65536 TCP:127.0.0.1:$port,retry=500,interval=0.01 - | cksum"
  compare sink-listen 5 1.25 \
    "sstream-sink listen $port --on-slow block --batch 100ms <$input 2>/dev/null & $reader; wait \$!" \
    "nc -l -N 127.0.0.1 $port <$input & $reader; wait \$!"
}
sockets
