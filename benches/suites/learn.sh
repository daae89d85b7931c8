# Learning: a batch of a million points. The same by Spark and scikit-learn, which benches/others/python installs.
# shellcheck shell=bash

# Ten clouds in ten dimensions.
points='awk -v lines=1000000 "BEGIN { seed = 1; for (i = 0; i < lines; i++) { line = \"\"; for (j = 0; j < 10; j++) {
  seed = (seed * 16807) % 2147483647; line = line (j ? \",\" : \"[\") sprintf(\"%.15g\", (i % 10) * (j + 1) % 7 + 3 * seed / 2147483647) }
  print line \"]\" } }"'

learning() {
  local text= centers= numbers= records=
  if [ -z "${list:-}" ]; then
    text=$(made points.jsonl "$points")
    centers=$(head -n 10 "$text" | jq -cs .)
  fi
  time_of kmeans-of-1-million-points 5 2000 \
    "sstream-learn kmeans --centers '$centers' --input json --batch 1h < $text | sstream-sink null"
  resident kmeans-memory 20 "cat $text" "sstream-learn kmeans --centers $centers --input json --batch 1h"

  # What learning from a batch takes: of numbers in memory; and from a file of lines to the new model, most of
  # which is reading them, for which nothing is wanted but that it stays so.
  numbers="${CARGO_TARGET_DIR:-target}/release/examples/kmeans_in_memory $text"
  records="sstream-learn kmeans --centers '$centers' --input json --batch 1h < $text > $folder/out"
  beside kmeans-against-spark 0.2 kmeans spark memory 15 "$text" "$numbers"
  beside kmeans-file-against-spark 0.5 kmeans spark file 7 "$text" "$records"
  beside kmeans-against-scikit-learn 0.333 kmeans scikit-learn memory 15 "$text" "$numbers"
  beside kmeans-file-against-scikit-learn 0.333 kmeans scikit-learn file 5 "$text" "$records"
}
learning
