complete -c sstream-union -l memory -d 'How much of the open batches is kept in memory; what is beyond goes to a file in TMPDIR [default: 256MiB]' -r
complete -c sstream-union -l config -d 'Options, as TOML: a section a tool, [filter] or [source.tail]; what the command line says goes before it [default: SSTREAM_CONFIG]' -r -F
complete -c sstream-union -l output -d 'The output\'s form; by default print on a terminal and frames anywhere else' -r -f -a "print\t'The first 10 records of each batch, as Spark prints them'
frames\t'The stream format, for another sstream tool'
text\t'A string as itself and anything else as JSON, one a line'
json\t'Every record as JSON, one a line'"
complete -c sstream-union -l trace-log -d 'Append each batch\'s trace to FILE, for sstream-top FILE and sstream-ui FILE' -r -F
complete -c sstream-union -l metrics -d 'Serve OpenMetrics at http://ADDRESS/metrics; a port alone is on 127.0.0.1' -r
complete -c sstream-union -l metrics-file -d 'Keep metrics in FILE, for node_exporter\'s textfile collector' -r -F
complete -c sstream-union -l stage-name -d 'The stage\'s name in the checkpoint of the stream, if there is one, in the place of its number and tool, as 03-files' -r
complete -c sstream-union -l max-memory -d 'Most memory the process takes: with more the tool ends with exit 1 [default: three quarters of the machine\'s, or of its control group\'s if that is less]' -r
complete -c sstream-union -l verbose -d 'Say what happens, on stderr'
complete -c sstream-union -l quiet -d 'Say nothing but errors, on stderr'
complete -c sstream-union -l new -d 'Begin here with nothing where the checkpoint of the stream has gone on without this stage'
complete -c sstream-union -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sstream-union -s V -l version -d 'Print version'
