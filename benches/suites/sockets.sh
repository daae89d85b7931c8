# Lines to who connects: sink listen, of which nothing may be lost, against socat, which sends a file. Five million
# lines; the reader is socat for both. socat makes no records of lines, so that we may take longer.
# shellcheck shell=bash

sockets() {
  local port=$((20000 + RANDOM % 12000)) input reader
  wanted sink-listen || return 0
  input=$(log 5000000)
  reader="socat -u -b 65536 TCP:127.0.0.1:$port,retry=500,interval=0.01 - | cksum"
  compare sink-listen 5 1.6 \
    "sstream-sink listen $port --on-slow block --batch 100ms <$input 2>/dev/null & $reader; wait \$!" \
    "socat -u -b 65536 OPEN:$input TCP-LISTEN:$port,bind=127.0.0.1,reuseaddr & $reader; wait \$!"
}
sockets
