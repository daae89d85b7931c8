complete -c sstream-window -l session -d 'Windows of a key\'s records that are no further apart than this: 30m, or EXPR, the gap behind each record in ms' -r
complete -c sstream-window -l max -d 'A session is no longer than this' -r
complete -c sstream-window -l cumulate -d 'Windows from each multiple of LEN on, up to each STEP within it' -r
complete -c sstream-window -l offset -d 'Let windows begin so long after the multiples of SLIDE since 1970; it may be negative' -r
complete -c sstream-window -l emit -d 'Which windows of event time come out when [default: closed]' -r -f -a "closed\t'Each window once, when the watermark has passed its end'
changed\t'With each batch the windows that it changed'
all\t'With each batch all windows; none is ever forgotten'"
complete -c sstream-window -l time-output -d 'How start and end are written [default: ms]' -r -f -a "ms\t'Milliseconds since 1970'
rfc3339\t'As 2016-07-23T14:11:50Z, in the zone of --time-zone'"
complete -c sstream-window -l time -d 'The time of a record, an EXPR: go by it in the place of when records arrive' -r
complete -c sstream-window -l time-unit -d 'What a number counts since 1970 [default: ms]' -r -f -a "s\t'Seconds'
ms\t'Milliseconds'
us\t'Microseconds'
ns\t'Nanoseconds'"
complete -c sstream-window -l time-format -d 'How a string is to be read, as strptime does: \'%d/%b/%Y:%H:%M:%S %z\'; without it RFC 3339' -r
complete -c sstream-window -l watermark -d 'Wait so long, by the greatest time so far, for records that come out of order: the watermark is so far behind; by default that of the stream' -r
complete -c sstream-window -l idle -d 'When no record has come for so long, let the watermark go on with the batches' -r
complete -c sstream-window -l late -d 'Records that come when all they could change is closed: drop (counted), fail, or a FILE to append them to [default: drop]' -r
complete -c sstream-window -l by -d 'The key is what EXPR, a jq program, makes of a record: every result is one' -r
complete -c sstream-window -l of -d 'Aggregate what EXPR makes of a record (with --by-key: of a pair\'s value); top:N ranks by it and gives the record' -r
complete -c sstream-window -l error -d 'The relative error of count-distinct and quantile:Q [default: 0.01]' -r
complete -c sstream-window -l expr -d 'Make one value of two, $a and the later $b, in the place of AGG; has to be associative, as \'$a + $b\' is' -r
complete -c sstream-window -l exec -d 'A command in the place of --expr: answers each line {"a":…,"b":…} with a line of JSON' -r
complete -c sstream-window -l exec-timeout -d 'How long an answer of the command may take [default: 10s]' -r
complete -c sstream-window -s j -l jobs -d 'Deal the keys over N threads, with the same output; 0: as many as there are processors' -r
complete -c sstream-window -l memory -d 'Hold about so many bytes in memory: of records that come out as they are [default: 256MiB], or of what is open by event time [default: all]; what is more goes to files in $TMPDIR or the checkpoint' -r
complete -c sstream-window -l checkpoint-every -d 'Keep the state in the stream\'s checkpoint, if there is one, only at multiples of this: less is written, and more is sent again after a restart [default: each batch]' -r
complete -c sstream-window -l carry -d 'Begin with the state in FILE, if it is there, and leave there what is next: a stage of which a process each does some batches, as on a cluster' -r -F
complete -c sstream-window -l input -d 'Raw input in this form, so that the clock need not wait for the first byte' -r -f -a "text\t'Each line a string'
json\t'Each line a JSON value'
csv\t'Each row an object'
tsv\t'The same with tabs between fields'
logfmt\t'Each line key=value pairs, an object'
msgpack\t'Values of MessagePack, one behind the other'
avro\t'Records of Avro\'s container files, .avro'"
complete -c sstream-window -l batch -d 'The interval between batches; with a zone, 1d,Europe/Berlin, or --time-zone, batches of 1h, 1d, 1w or 1month end with those there; or 1000n, so many records each; or 1000n,5s, the same or so long after the first of them [default: SSTREAM_BATCH, or 1s]' -r
complete -c sstream-window -l time-zone -d 'The zone in whose calendar batches and windows of hours, days and longer end, and of times that name none: Europe/Berlin [default: UTC]' -r
complete -c sstream-window -l block-interval -d 'How long a record may wait for its block to fill' -r
complete -c sstream-window -l max-line -d 'A longer line is a bad record' -r
complete -c sstream-window -l columns -d 'The columns\' names for csv; by default the first line names them' -r
complete -c sstream-window -l delimiter -d 'csv: what stands between two fields, one character, as ; or \\t [default: a comma]' -r
complete -c sstream-window -l quote -d 'csv: what stands around fields that have delimiters in them, one character, or none [default: "]' -r
complete -c sstream-window -l encoding -d 'What the bytes are, in files UTF-16 by its byte order mark too: utf-8, utf-16, utf-16le, utf-16be, latin-1, windows-1252, gbk, shift_jis and so on, by the names of the web [default: utf-8]' -r
complete -c sstream-window -l framing -d 'What ends a record: lines, nul (a byte of zero), fixed:N (each has N bytes), octets (RFC 6587: what begins with a digit has its count of bytes before it, others are lines) [default: lines]' -r
complete -c sstream-window -l multiline -d 'One record of an event\'s lines: stack traces of a language with the log line before them, what a container\'s runtime cut, or both (cri,java)' -r -f -a "java\t'Exceptions of Java, Kotlin, Scala'
python\t'Tracebacks'
go\t'Panics and goroutines'
ruby\t'Exceptions'
rust\t'Panics, and errors with their causes'
cri\t'Long lines that containerd or CRI-O cut; cri,java and others: with events in what a container wrote'
docker\t'Long lines that Docker\'s json-file driver cut; docker,java and others likewise'"
complete -c sstream-window -l multiline-start -d 'A line that matches begins an event; other lines belong to the one before' -r
complete -c sstream-window -l multiline-end -d 'A line that matches ends an event' -r
complete -c sstream-window -l multiline-continue -d 'A line that matches belongs to the event before; others begin one' -r
complete -c sstream-window -l multiline-timeout -d 'An event to which nothing comes for so long is complete [default: 1s]' -r
complete -c sstream-window -l max-lines -d 'An event of more lines is a bad record, as is one that is longer than --max-line [default: 10000]' -r
complete -c sstream-window -l stop-file -d 'Stop, as a signal would, when this file is there' -r -F
complete -c sstream-window -l idle-timeout -d 'Stop when nothing has come for so long' -r
complete -c sstream-window -l stop-after -d 'Stop so long after the start' -r
complete -c sstream-window -l max-rate -d 'Take at most so many records a second; what is more waits in the input' -r
complete -c sstream-window -l max-batch -d 'A batch that has so many bytes of records takes no more; what is more comes in the next ones' -r
complete -c sstream-window -l checkpoint -d 'Keep in DIR what a restart of the pipeline needs [default: SSTREAM_CHECKPOINT]' -r -F
complete -c sstream-window -l name -d 'The source\'s name in the checkpoint, and the pipeline\'s where it is shown [default: its kind]' -r
complete -c sstream-window -l retain -d 'Keep the newest batches beyond what a restart needs: 100, 12h, or all [default: 100]' -r
complete -c sstream-window -l on-loss -d 'What a restart needs and is gone (a file removed): fail, or skip it [default: fail]' -r -f -a "fail\t'Stop with exit code 5'
skip\t'Leave it out, with a warning'"
complete -c sstream-window -l on-error -d 'Bad records: fail, skip, or a FILE to append them to' -r
complete -c sstream-window -l config -d 'Options, as TOML: a section a tool, [filter] or [source.tail]; what the command line says goes before it [default: SSTREAM_CONFIG]' -r -F
complete -c sstream-window -l output -d 'The output\'s form; by default print on a terminal and frames anywhere else' -r -f -a "print\t'The first 10 records of each batch, as Spark prints them'
frames\t'The stream format, for another sstream tool'
text\t'A string as itself and anything else as JSON, one a line'
json\t'Every record as JSON, one a line'"
complete -c sstream-window -l trace-log -d 'Append each batch\'s trace to FILE, for sstream-top FILE and sstream-ui FILE' -r -F
complete -c sstream-window -l metrics -d 'Serve OpenMetrics at http://ADDRESS/metrics; a port alone is on 127.0.0.1' -r
complete -c sstream-window -l metrics-file -d 'Keep metrics in FILE, for node_exporter\'s textfile collector' -r -F
complete -c sstream-window -l stage-name -d 'The stage\'s name in the checkpoint of the stream, if there is one, in the place of its number and tool, as 03-files' -r
complete -c sstream-window -l max-memory -d 'Most memory the process takes: with more the tool ends with exit 1 [default: three quarters of the machine\'s, or of its control group\'s if that is less]' -r
complete -c sstream-window -l by-key -d 'Records are pairs [KEY, VALUE]: the values of each key are aggregated'
complete -c sstream-window -l by-value -d 'The record itself is the key'
complete -c sstream-window -l deal -d 'Give the records with their keys, by which they are dealt to the parts, in the place of what is done with them'
complete -c sstream-window -l dealt -d 'Be such a part: take records as --deal gives them'
complete -c sstream-window -l no-header -d 'csv: no line names the columns, which are 1, 2, 3 unless --columns names them'
complete -c sstream-window -l trim -d 'csv: blanks around fields are no part of them'
complete -c sstream-window -l numbers -d 'Make numbers of the values that are some: of csv and logfmt, and of what sstream-parse finds by grok, regex and logfmt'
complete -c sstream-window -l skip-missed -d 'Send more than a million missed batches (a suspend, a clock set) as empty ones'
complete -c sstream-window -l no-trace -d 'Leave the trace out of the stream\'s ends'
complete -c sstream-window -l backpressure -d 'When batches take longer than their interval, take only what the pipeline keeps up with'
complete -c sstream-window -l verbose -d 'Say what happens, on stderr'
complete -c sstream-window -l quiet -d 'Say nothing but errors, on stderr'
complete -c sstream-window -l new -d 'Begin here with nothing where the checkpoint of the stream has gone on without this stage'
complete -c sstream-window -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sstream-window -s V -l version -d 'Print version'
