# What jq's manual has and jaq lacks, or does otherwise.

def keys_unsorted: keys_in_order;
def keys: keys_in_order | sort;
def tonumber:
  if type == "number" then .
  elif type == "string" then
    (try fromjson catch null) as $number
    | if $number | type == "number" then $number
      else error("string (\(tojson)) cannot be parsed as a number") end
  else error("\(type) (\(tojson)) cannot be parsed as a number") end;

def del(f): delpaths([path(f)]);
def to_entries: [keys_unsorted[] as $key | {key: $key, value: .[$key]}];
def from_entries: reduce .[] as $x ({};
  . + { ($x | if type == "object" then
              (if has("key") then .key elif has("k") then .k elif has("name") then .name
               elif has("Name") then .Name elif has("Key") then .Key else .K end)
            else . end
          | if type == "string" then . elif type == "null" then "null" else tojson end):
        ($x | if type != "object" then null elif has("value") then .value
              elif has("v") then .v else .Value end) });
def with_entries(f): to_entries | map(f) | from_entries;
def walk(f): def w: if type == "object" then map_values(w) elif type == "array" then map(w) else . end | f; w;
def join($sep): reduce .[] as $x (null;
  (if . == null then "" else . + $sep end)
  + ($x | if . == null then "" elif type == "boolean" or type == "number" then tojson else . end)) // "";
def flatten($depth): if $depth < 0 then error("flatten depth must not be negative")
  else reduce .[] as $x ([]; if ($x | type) == "array" and $depth > 0
                             then . + ($x | flatten($depth - 1)) else . + [$x] end) end;
def flatten: flatten(1e9);
def ltrimstr($x): if type == "string" and ($x | type) == "string" and startswith($x)
  then .[($x | length):] else . end;
def rtrimstr($x): if type == "string" and ($x | type) == "string" and $x != "" and endswith($x)
  then .[:length - ($x | length)] else . end;
def trimstr($x): ltrimstr($x) | rtrimstr($x);

def match($re): match_all($re)[];
def match($re; $flags): match_all($re; $flags)[];
def capture($re): capture_all($re)[];
def capture($re; $flags): capture_all($re; $flags)[];
def scan($re; $flags): match_all($re; "g" + $flags)[]
  | if .captures | length > 0 then [.captures[].string] else .string end;
def scan($re): scan($re; null);
def split($re; $flags): [split_captures($re; "g" + $flags) | .[range(0; length; 2)]];
def splits($re; $flags): split($re; $flags)[];
def splits($re): splits($re; null);
# Each result of f makes a text of its own: the first of every match the first.
def sub($re; f; $flags): . as $in | split_captures($re; $flags) as $parts
  | reduce range(1; $parts | length; 2) as $at ([];
      [$parts[$at] | f] as $inserts
      | reduce range($inserts | length) as $i (.; .[$i] += $parts[$at - 1] + $inserts[$i]))
  | .[] + $parts[-1] // $in;
def sub($re; f): sub($re; f; "");
def gsub($re; f; $flags): sub($re; f; $flags + "g");
def gsub($re; f): sub($re; f; "g");
def ascii: [.] | implode;
def toarray: if type == "array" then . else [.] end;
def isvalid(f): try (f | true) catch false;
def leaf_paths: paths(scalars);
def date: todate;
def dateadd($unit; $n): . + $n;
def datesub($unit; $n): . - $n;
def IN(s): any(s == .; .);
def IN(source; s): any(source == s; .);
def INDEX(stream; f): reduce stream as $row ({}; .[$row | f | tostring] |= $row);
def INDEX(f): INDEX(.[]; f);
def tostream: path(def r: (.[]? | r), .; r) as $p | getpath($p)
  | reduce path(.[]?) as $q ([$p, .]; [$p + $q]);
def fromstream(f): foreach f as $i ({x: null, e: false};
  if .e then {x: null, e: false} end
  | if $i | length == 2
    then .e = ($i[0] | length == 0) | .x = (.x | setpath($i[0]; $i[1]))
    else .e = ($i[0] | length == 1) end;
  if .e then .x else empty end);
def truncate_stream(stream): . as $n | null | stream
  | . as $i | if ($i[0] | length) > $n then [$i[0][$n:]] + $i[1:] else empty end;

def @csv: if type != "array" then error("\(type) (\(tojson)) cannot be csv-formatted, only an array can be") else
  map(if type == "number" or type == "boolean" then tojson
      elif type == "null" then ""
      elif type == "string" then "\"" + (split("\"") | join("\"\"")) + "\""
      else error("\(type) (\(tojson)) is not valid in a csv row") end) | join(",") end;
def @tsv: if type != "array" then error("\(type) (\(tojson)) cannot be tsv-formatted, only an array can be") else
  map(if type == "number" or type == "boolean" then tojson
      elif type == "null" then ""
      elif type == "string" then
        (split("\\") | join("\\\\")) | (split("\t") | join("\\t"))
        | (split("\n") | join("\\n")) | (split("\r") | join("\\r"))
      else error("\(type) (\(tojson)) is not valid in a tsv row") end) | join("\t") end;
