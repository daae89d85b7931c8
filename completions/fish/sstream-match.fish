complete -c sstream-match -l define -d 'What a name means: EXPR is true of the record; $NAME are the records taken so far under each name, as arrays' -r
complete -c sstream-match -l by -d 'The key of a record, an EXPR: sequences are looked for in each key\'s records' -r
complete -c sstream-match -l within -d 'From the first record to the last of a match less than so long' -r
complete -c sstream-match -l skip -d 'Where the next match may begin: past-last, next, first:NAME, last:NAME [default: past-last]' -r
complete -c sstream-match -l emit -d 'What comes out' -r -f -a "match\t'Matches'
timeout\t'What was begun and not finished within the time, with "timeout":true'
both\t'Both'"
complete -c sstream-match -l select -d 'What is made of a match: EXPR of $key $start $end and, as arrays, $NAME; every result is a record' -r
complete -c sstream-match -l max-partial -d 'So many partial matches of a key may be open; more is an error' -r
complete -c sstream-match -l memory -d 'Hold about so many bytes of what is known of keys in memory; what is more goes to files in the checkpoint, or in $TMPDIR [default: all is in memory]' -r
complete -c sstream-match -l time -d 'The time of a record, an EXPR: go by it in the place of when records arrive' -r
complete -c sstream-match -l time-unit -d 'What a number counts since 1970 [default: ms]' -r -f -a "s\t'Seconds'
ms\t'Milliseconds'
us\t'Microseconds'
ns\t'Nanoseconds'"
complete -c sstream-match -l time-format -d 'How a string is to be read, as strptime does: \'%d/%b/%Y:%H:%M:%S %z\'; without it RFC 3339' -r
complete -c sstream-match -l watermark -d 'Wait so long, by the greatest time so far, for records that come out of order: the watermark is so far behind; by default that of the stream' -r
complete -c sstream-match -l idle -d 'When no record has come for so long, let the watermark go on with the batches' -r
complete -c sstream-match -l late -d 'Records that come when all they could change is closed: drop (counted), fail, or a FILE to append them to [default: drop]' -r
complete -c sstream-match -l checkpoint-every -d 'Keep the state in the stream\'s checkpoint, if there is one, only at multiples of this: less is written, and more is sent again after a restart [default: each batch]' -r
complete -c sstream-match -l carry -d 'Begin with the state in FILE, if it is there, and leave there what is next: a stage of which a process each does some batches, as on a cluster' -r -F
complete -c sstream-match -l input -d 'Raw input in this form, so that the clock need not wait for the first byte' -r -f -a "text\t'Each line a string'
json\t'Each line a JSON value'
csv\t'Each row an object'
tsv\t'The same with tabs between fields'
logfmt\t'Each line key=value pairs, an object'
msgpack\t'Values of MessagePack, one behind the other'
avro\t'Records of Avro\'s container files, .avro'"
complete -c sstream-match -l batch -d 'The interval between batches; with a zone, 1d,Europe/Berlin, or --time-zone, batches of 1h, 1d, 1w or 1month end with those there; or 1000n, so many records each; or 1000n,5s, the same or so long after the first of them [default: SSTREAM_BATCH, or 1s]' -r
complete -c sstream-match -l time-zone -d 'The zone in whose calendar batches and windows of hours, days and longer end, and of times that name none: Europe/Berlin [default: UTC]' -r
complete -c sstream-match -l block-interval -d 'How long a record may wait for its block to fill' -r
complete -c sstream-match -l max-line -d 'A longer line is a bad record' -r
complete -c sstream-match -l columns -d 'The columns\' names for csv; by default the first line names them' -r
complete -c sstream-match -l delimiter -d 'csv: what stands between two fields, one character, as ; or \\t [default: a comma]' -r
complete -c sstream-match -l quote -d 'csv: what stands around fields that have delimiters in them, one character, or none [default: "]' -r
complete -c sstream-match -l encoding -d 'What the bytes are, in files UTF-16 by its byte order mark too: utf-8, utf-16, utf-16le, utf-16be, latin-1, windows-1252, gbk, shift_jis and so on, by the names of the web [default: utf-8]' -r
complete -c sstream-match -l framing -d 'What ends a record: lines, nul (a byte of zero), fixed:N (each has N bytes), octets (RFC 6587: what begins with a digit has its count of bytes before it, others are lines) [default: lines]' -r
complete -c sstream-match -l multiline -d 'One record of an event\'s lines: stack traces of a language with the log line before them, what a container\'s runtime cut, or both (cri,java)' -r -f -a "java\t'Exceptions of Java, Kotlin, Scala'
python\t'Tracebacks'
go\t'Panics and goroutines'
ruby\t'Exceptions'
rust\t'Panics, and errors with their causes'
cri\t'Long lines that containerd or CRI-O cut; cri,java and others: with events in what a container wrote'
docker\t'Long lines that Docker\'s json-file driver cut; docker,java and others likewise'"
complete -c sstream-match -l multiline-start -d 'A line that matches begins an event; other lines belong to the one before' -r
complete -c sstream-match -l multiline-end -d 'A line that matches ends an event' -r
complete -c sstream-match -l multiline-continue -d 'A line that matches belongs to the event before; others begin one' -r
complete -c sstream-match -l multiline-timeout -d 'An event to which nothing comes for so long is complete [default: 1s]' -r
complete -c sstream-match -l max-lines -d 'An event of more lines is a bad record, as is one that is longer than --max-line [default: 10000]' -r
complete -c sstream-match -l stop-file -d 'Stop, as a signal would, when this file is there' -r -F
complete -c sstream-match -l idle-timeout -d 'Stop when nothing has come for so long' -r
complete -c sstream-match -l stop-after -d 'Stop so long after the start' -r
complete -c sstream-match -l max-rate -d 'Take at most so many records a second; what is more waits in the input' -r
complete -c sstream-match -l max-batch -d 'A batch that has so many bytes of records takes no more; what is more comes in the next ones' -r
complete -c sstream-match -l checkpoint -d 'Keep in DIR what a restart of the pipeline needs [default: SSTREAM_CHECKPOINT]' -r -F
complete -c sstream-match -l name -d 'The source\'s name in the checkpoint, and the pipeline\'s where it is shown [default: its kind]' -r
complete -c sstream-match -l retain -d 'Keep the newest batches beyond what a restart needs: 100, 12h, or all [default: 100]' -r
complete -c sstream-match -l on-loss -d 'What a restart needs and is gone (a file removed): fail, or skip it [default: fail]' -r -f -a "fail\t'Stop with exit code 5'
skip\t'Leave it out, with a warning'"
complete -c sstream-match -l on-error -d 'Bad records: fail, skip, or a FILE to append them to' -r
complete -c sstream-match -l config -d 'Options, as TOML: a section a tool, [filter] or [source.tail]; what the command line says goes before it [default: SSTREAM_CONFIG]' -r -F
complete -c sstream-match -l output -d 'The output\'s form; by default print on a terminal and frames anywhere else' -r -f -a "print\t'The first 10 records of each batch, as Spark prints them'
frames\t'The stream format, for another sstream tool'
text\t'A string as itself and anything else as JSON, one a line'
json\t'Every record as JSON, one a line'"
complete -c sstream-match -l trace-log -d 'Append each batch\'s trace to FILE, for sstream-top FILE and sstream-ui FILE' -r -F
complete -c sstream-match -l metrics -d 'Serve OpenMetrics at http://ADDRESS/metrics; a port alone is on 127.0.0.1' -r
complete -c sstream-match -l metrics-file -d 'Keep metrics in FILE, for node_exporter\'s textfile collector' -r -F
complete -c sstream-match -l stage-name -d 'The stage\'s name in the checkpoint of the stream, if there is one, in the place of its number and tool, as 03-files' -r
complete -c sstream-match -l max-memory -d 'Most memory the process takes: with more the tool ends with exit 1 [default: three quarters of the machine\'s, or of its control group\'s if that is less]' -r
complete -c sstream-match -l all -d 'Every way in which the pattern matches'
complete -c sstream-match -l deal -d 'Give the records with their keys, by which they are dealt to the parts, in the place of what is done with them'
complete -c sstream-match -l dealt -d 'Be such a part: take records as --deal gives them'
complete -c sstream-match -l no-header -d 'csv: no line names the columns, which are 1, 2, 3 unless --columns names them'
complete -c sstream-match -l trim -d 'csv: blanks around fields are no part of them'
complete -c sstream-match -l numbers -d 'Make numbers of the values that are some: of csv and logfmt, and of what sstream-parse finds by grok, regex and logfmt'
complete -c sstream-match -l skip-missed -d 'Send more than a million missed batches (a suspend, a clock set) as empty ones'
complete -c sstream-match -l no-trace -d 'Leave the trace out of the stream\'s ends'
complete -c sstream-match -l backpressure -d 'When batches take longer than their interval, take only what the pipeline keeps up with'
complete -c sstream-match -l verbose -d 'Say what happens, on stderr'
complete -c sstream-match -l quiet -d 'Say nothing but errors, on stderr'
complete -c sstream-match -l new -d 'Begin here with nothing where the checkpoint of the stream has gone on without this stage'
complete -c sstream-match -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sstream-match -s V -l version -d 'Print version'
