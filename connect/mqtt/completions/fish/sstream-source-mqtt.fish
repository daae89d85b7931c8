complete -c sstream-source-mqtt -l mqtt-version -d 'The version of the protocol' -r -f -a "3.1.1\t'3.1.1'
5\t'5'"
complete -c sstream-source-mqtt -l user-file -d 'User and password, as user:password in this file' -r -F
complete -c sstream-source-mqtt -l ca -d 'Believe brokers whose certificates these have signed (PEM), and not the system\'s' -r -F
complete -c sstream-source-mqtt -l will-topic -d 'A last will: the topic of a message of QoS 1 that the broker sends when this end was killed or cut off; after a stop it sends none' -r
complete -c sstream-source-mqtt -l will -d 'What the last will says' -r
complete -c sstream-source-mqtt -l timeout -d 'A broker that does not answer for so long is gone' -r
complete -c sstream-source-mqtt -l topic -d 'A topic, or a filter: a/+/c, a/#, $share/GROUP/a/#; several times for several' -r
complete -c sstream-source-mqtt -l qos -d 'The QoS that is asked for: 0 at most once, 1 at least once, 2 exactly once as far as the broker' -r
complete -c sstream-source-mqtt -l client-id -d 'Whose session it is, which the broker keeps while we are away; without, what is sent meanwhile is lost' -r
complete -c sstream-source-mqtt -l session-expiry -d 'How long the broker is to keep the session (version 5)' -r
complete -c sstream-source-mqtt -l receive-maximum -d 'So many messages of QoS 1 and 2 may be on their way at a time (version 5)' -r
complete -c sstream-source-mqtt -l spool -d 'While the pipeline is held up, let so much more wait on disk, beyond 16 MiB in memory; without this the broker is held up, which may drop what it has (QoS 0) or the connection' -r
complete -c sstream-source-mqtt -l value -d 'What a message\'s value is' -r -f -a "text\t'A string'
json\t'A JSON value'
msgpack\t'A value of MessagePack'
avro\t'A datum of Avro, by --schema'"
complete -c sstream-source-mqtt -l schema -d 'With --value avro: the schema of all messages, or a folder of schemas, of which each message names its own, by Confluent\'s number (NUMBER.avsc) or by fingerprint' -r -F
complete -c sstream-source-mqtt -l reader-schema -d 'With --value avro: the schema that records are to have, whichever a message was written by' -r -F
complete -c sstream-source-mqtt -l with -d 'Make objects of the value and of these, several with commas' -r -f -a "topic\t'The topic'
qos\t'The QoS that it came with: 0, 1 or 2'
retain\t'Whether the broker had kept it for who subscribes later'
properties\t'The user properties of version 5, an array of [NAME, VALUE]'"
complete -c sstream-source-mqtt -l batch -d 'The interval between batches; with a zone, 1d,Europe/Berlin, or --time-zone, batches of 1h, 1d, 1w or 1month end with those there; or 1000n, so many records each; or 1000n,5s, the same or so long after the first of them [default: SSTREAM_BATCH, or 1s]' -r
complete -c sstream-source-mqtt -l time-zone -d 'The zone in whose calendar batches and windows of hours, days and longer end, and of times that name none: Europe/Berlin [default: UTC]' -r
complete -c sstream-source-mqtt -l block-interval -d 'How long a record may wait for its block to fill' -r
complete -c sstream-source-mqtt -l max-line -d 'A longer line is a bad record' -r
complete -c sstream-source-mqtt -l stop-file -d 'Stop, as a signal would, when this file is there' -r -F
complete -c sstream-source-mqtt -l idle-timeout -d 'Stop when nothing has come for so long' -r
complete -c sstream-source-mqtt -l stop-after -d 'Stop so long after the start' -r
complete -c sstream-source-mqtt -l max-rate -d 'Take at most so many records a second; what is more waits in the input' -r
complete -c sstream-source-mqtt -l max-batch -d 'A batch that has so many bytes of records takes no more; what is more comes in the next ones' -r
complete -c sstream-source-mqtt -l checkpoint -d 'Keep in DIR what a restart of the pipeline needs [default: SSTREAM_CHECKPOINT]' -r -F
complete -c sstream-source-mqtt -l name -d 'The source\'s name in the checkpoint, and the pipeline\'s where it is shown [default: its kind]' -r
complete -c sstream-source-mqtt -l retain -d 'Keep the newest batches beyond what a restart needs: 100, 12h, or all [default: 100]' -r
complete -c sstream-source-mqtt -l on-loss -d 'What a restart needs and is gone (a file removed): fail, or skip it [default: fail]' -r -f -a "fail\t'Stop with exit code 5'
skip\t'Leave it out, with a warning'"
complete -c sstream-source-mqtt -l on-error -d 'Bad records: fail, skip, or a FILE to append them to' -r
complete -c sstream-source-mqtt -l config -d 'Options, as TOML: a section a tool, [filter] or [source.tail]; what the command line says goes before it [default: SSTREAM_CONFIG]' -r -F
complete -c sstream-source-mqtt -l output -d 'The output\'s form; by default print on a terminal and frames anywhere else' -r -f -a "print\t'The first 10 records of each batch, as Spark prints them'
frames\t'The stream format, for another sstream tool'
text\t'A string as itself and anything else as JSON, one a line'
json\t'Every record as JSON, one a line'"
complete -c sstream-source-mqtt -l trace-log -d 'Append each batch\'s trace to FILE, for sstream-top FILE and sstream-ui FILE' -r -F
complete -c sstream-source-mqtt -l metrics -d 'Serve OpenMetrics at http://ADDRESS/metrics; a port alone is on 127.0.0.1' -r
complete -c sstream-source-mqtt -l metrics-file -d 'Keep metrics in FILE, for node_exporter\'s textfile collector' -r -F
complete -c sstream-source-mqtt -l stage-name -d 'The stage\'s name in the checkpoint of the stream, if there is one, in the place of its number and tool, as 03-files' -r
complete -c sstream-source-mqtt -l max-memory -d 'Most memory the process takes: with more the tool ends with exit 1 [default: three quarters of the machine\'s, or of its control group\'s if that is less]' -r
complete -c sstream-source-mqtt -l input -d 'What a line is; text unless told' -r -f -a "text\t'Each line a string'
json\t'Each line a JSON value'
csv\t'Each row an object'
tsv\t'The same with tabs between fields'
logfmt\t'Each line key=value pairs, an object'
msgpack\t'Values of MessagePack, one behind the other'
avro\t'Records of Avro\'s container files, .avro'"
complete -c sstream-source-mqtt -l columns -d 'The columns\' names for csv; by default the first line names them' -r
complete -c sstream-source-mqtt -l delimiter -d 'csv: what stands between two fields, one character, as ; or \\t [default: a comma]' -r
complete -c sstream-source-mqtt -l quote -d 'csv: what stands around fields that have delimiters in them, one character, or none [default: "]' -r
complete -c sstream-source-mqtt -l encoding -d 'What the bytes are, in files UTF-16 by its byte order mark too: utf-8, utf-16, utf-16le, utf-16be, latin-1, windows-1252, gbk, shift_jis and so on, by the names of the web [default: utf-8]' -r
complete -c sstream-source-mqtt -l framing -d 'What ends a record: lines, nul (a byte of zero), fixed:N (each has N bytes), octets (RFC 6587: what begins with a digit has its count of bytes before it, others are lines) [default: lines]' -r
complete -c sstream-source-mqtt -l multiline -d 'One record of an event\'s lines: stack traces of a language with the log line before them, what a container\'s runtime cut, or both (cri,java)' -r -f -a "java\t'Exceptions of Java, Kotlin, Scala'
python\t'Tracebacks'
go\t'Panics and goroutines'
ruby\t'Exceptions'
rust\t'Panics, and errors with their causes'
cri\t'Long lines that containerd or CRI-O cut; cri,java and others: with events in what a container wrote'
docker\t'Long lines that Docker\'s json-file driver cut; docker,java and others likewise'"
complete -c sstream-source-mqtt -l multiline-start -d 'A line that matches begins an event; other lines belong to the one before' -r
complete -c sstream-source-mqtt -l multiline-end -d 'A line that matches ends an event' -r
complete -c sstream-source-mqtt -l multiline-continue -d 'A line that matches belongs to the event before; others begin one' -r
complete -c sstream-source-mqtt -l multiline-timeout -d 'An event to which nothing comes for so long is complete [default: 1s]' -r
complete -c sstream-source-mqtt -l max-lines -d 'An event of more lines is a bad record, as is one that is longer than --max-line [default: 10000]' -r
complete -c sstream-source-mqtt -l will-retained -d 'The broker keeps the last will, for who subscribes later'
complete -c sstream-source-mqtt -l skip-missed -d 'Send more than a million missed batches (a suspend, a clock set) as empty ones'
complete -c sstream-source-mqtt -l no-trace -d 'Leave the trace out of the stream\'s ends'
complete -c sstream-source-mqtt -l backpressure -d 'When batches take longer than their interval, take only what the pipeline keeps up with'
complete -c sstream-source-mqtt -l verbose -d 'Say what happens, on stderr'
complete -c sstream-source-mqtt -l quiet -d 'Say nothing but errors, on stderr'
complete -c sstream-source-mqtt -l new -d 'Begin here with nothing where the checkpoint of the stream has gone on without this stage'
complete -c sstream-source-mqtt -l no-header -d 'csv: no line names the columns, which are 1, 2, 3 unless --columns names them'
complete -c sstream-source-mqtt -l trim -d 'csv: blanks around fields are no part of them'
complete -c sstream-source-mqtt -l numbers -d 'Make numbers of the values that are some: of csv and logfmt, and of what sstream-parse finds by grok, regex and logfmt'
complete -c sstream-source-mqtt -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sstream-source-mqtt -s V -l version -d 'Print version'
