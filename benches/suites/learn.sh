# Learning: a batch of a million points. What it costs beside Spark and scikit-learn:
# cargo bench --bench learn, benches/learn-others.
# shellcheck shell=bash

# Ten clouds in ten dimensions.
points='awk -v lines=1000000 "BEGIN { seed = 1; for (i = 0; i < lines; i++) { line = \"\"; for (j = 0; j < 10; j++) {
  seed = (seed * 16807) % 2147483647; line = line (j ? \",\" : \"[\") sprintf(\"%.15g\", (i % 10) * (j + 1) % 7 + 3 * seed / 2147483647) }
  print line \"]\" } }"'

learning() {
  local text= centers=
  if [ -z "${list:-}" ]; then
    text=$(made points.jsonl "$points")
    centers=$(head -n 10 "$text" | jq -cs .)
  fi
  time_of kmeans-of-1-million-points 5 2000 \
    "sstream-learn kmeans --centers '$centers' --input json --batch 1h < $text | sstream-sink null"
  resident kmeans-memory 20 "cat $text" "sstream-learn kmeans --centers $centers --input json --batch 1h"
}
learning
