# A million lines of 100 bytes as objects of Java and as SequenceFiles, beside Spark's own saveAsObjectFile and saveAsSequenceFile on
# two cores, warm; and what a stage holds. Needs CONNECT=sequencefile built.
# shellcheck shell=bash

sequencefiles() {
  local lines= pairs= sink="sstream-sink sequencefile $folder/sequences/b --layout spark"
  if [ ! "${list:-}" ]; then
    lines=$(log 1000000)
    pairs=$(made log-pairs.jsonl "jq -cR '[input_line_number, .]' $lines")
  fi
  local begin="rm -rf $folder/sequences; mkdir $folder/sequences; sstream-source stdin --batch 1h"
  # Each side is two processes, or two cores.
  beside sequencefile-objects 1.0 sequences objects 7 "$lines" "$begin <$lines | $sink --objects"
  beside sequencefile-pairs 1.0 sequences pairs 5 "$pairs" "$begin --input json <$pairs | $sink --key-type long"
  # Named, whatever the ratio is: what compression costs.
  compare sequencefile-block 5 100 "$begin --input json <$pairs | $sink --key-type long --compression block" \
    "$begin --input json <$pairs | $sink --key-type long"
  resident sequencefile-memory 24 "cat $pairs" "sstream-source stdin --input json --batch 1h" \
    "sstream-sink sequencefile $(mktemp -d -p "$folder")/b --key-type long --compression block"
}

sequencefiles
