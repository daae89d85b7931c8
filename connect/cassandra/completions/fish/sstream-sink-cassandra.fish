complete -c sstream-sink-cassandra -l table -d 'The table, with a column for each key of a record, names as they are, also in capitals; as \'KEYSPACE.TABLE(COLUMN,…)\' these columns alone: other keys are left out, and a record that is an array has its values in this order' -r
complete -c sstream-sink-cassandra -l cql -d 'A statement to run for each record, an INSERT, UPDATE or DELETE with :name for the value of that key' -r
complete -c sstream-sink-cassandra -l row -d 'The row, an object: a jq program on the record, whose $time is the batch\'s time in ms; without a result nothing is written [default: the record]' -r
complete -c sstream-sink-cassandra -l id -d 'The column of text, or the parameter of --cql, that gets an id of the batch\'s time and the record\'s place in it: for rows that have no key of their own' -r
complete -c sstream-sink-cassandra -l key -d 'The primary key of the table that --create makes, as Cassandra writes it: \'user,at\', the first of which tells the partition, or \'(user,day),at\' [default: the column of --id]' -r
complete -c sstream-sink-cassandra -l type -d 'The type of a column that --create makes, as at=timestamp; several times for several' -r
complete -c sstream-sink-cassandra -l ttl -d 'Rows are gone after so long, in whole seconds' -r
complete -c sstream-sink-cassandra -l consistency -d 'How many replicas have to have a row before it counts' -r -f -a "any\t'One replica, or a hint to it at the server that is asked'
one\t'One replica'
two\t'Two replicas'
three\t'Three replicas'
quorum\t'Most of all replicas'
all\t'All replicas'
local-quorum\t'Most of the replicas in the data centre of the server that is asked'
each-quorum\t'Most of the replicas in each data centre'
local-one\t'One replica in the data centre of the server that is asked'"
complete -c sstream-sink-cassandra -l user -d 'Who logs in' -r
complete -c sstream-sink-cassandra -l password-file -d 'The user\'s password is in this file' -r -F
complete -c sstream-sink-cassandra -l ca -d 'Believe servers whose certificates these have signed (PEM), and not the system\'s' -r -F
complete -c sstream-sink-cassandra -l bulk-bytes -d 'A request, which has rows of one partition, has about so many bytes of them at most' -r
complete -c sstream-sink-cassandra -l at-once -d 'So many requests are under way at a time, at most' -r
complete -c sstream-sink-cassandra -l timeout -d 'The time for an answer' -r
complete -c sstream-sink-cassandra -l retry -d 'Give up (exit 1) after so many tries in a row that came to nothing, since servers are away or too few of them answer [default: never]' -r
complete -c sstream-sink-cassandra -l retry-for -d 'Give up (exit 1) when nothing was taken for so long [default: never]' -r
complete -c sstream-sink-cassandra -l memory -d 'How much of a batch is held in memory until its end has come; what is more goes to a file in $TMPDIR' -r
complete -c sstream-sink-cassandra -l input -d 'Raw input in this form, so that the clock need not wait for the first byte' -r -f -a "text\t'Each line a string'
json\t'Each line a JSON value'
csv\t'Each row an object'
tsv\t'The same with tabs between fields'
logfmt\t'Each line key=value pairs, an object'
msgpack\t'Values of MessagePack, one behind the other'
avro\t'Records of Avro\'s container files, .avro'"
complete -c sstream-sink-cassandra -l batch -d 'The interval between batches; with a zone, 1d,Europe/Berlin, or --time-zone, batches of 1h, 1d, 1w or 1month end with those there; or 1000n, so many records each; or 1000n,5s, the same or so long after the first of them [default: SSTREAM_BATCH, or 1s]' -r
complete -c sstream-sink-cassandra -l time-zone -d 'The zone in whose calendar batches and windows of hours, days and longer end, and of times that name none: Europe/Berlin [default: UTC]' -r
complete -c sstream-sink-cassandra -l block-interval -d 'How long a record may wait for its block to fill' -r
complete -c sstream-sink-cassandra -l max-line -d 'A longer line is a bad record' -r
complete -c sstream-sink-cassandra -l columns -d 'The columns\' names for csv; by default the first line names them' -r
complete -c sstream-sink-cassandra -l delimiter -d 'csv: what stands between two fields, one character, as ; or \\t [default: a comma]' -r
complete -c sstream-sink-cassandra -l quote -d 'csv: what stands around fields that have delimiters in them, one character, or none [default: "]' -r
complete -c sstream-sink-cassandra -l encoding -d 'What the bytes are, in files UTF-16 by its byte order mark too: utf-8, utf-16, utf-16le, utf-16be, latin-1, windows-1252, gbk, shift_jis and so on, by the names of the web [default: utf-8]' -r
complete -c sstream-sink-cassandra -l framing -d 'What ends a record: lines, nul (a byte of zero), fixed:N (each has N bytes), octets (RFC 6587: what begins with a digit has its count of bytes before it, others are lines) [default: lines]' -r
complete -c sstream-sink-cassandra -l multiline -d 'One record of an event\'s lines: stack traces of a language with the log line before them, what a container\'s runtime cut, or both (cri,java)' -r -f -a "java\t'Exceptions of Java, Kotlin, Scala'
python\t'Tracebacks'
go\t'Panics and goroutines'
ruby\t'Exceptions'
rust\t'Panics, and errors with their causes'
cri\t'Long lines that containerd or CRI-O cut; cri,java and others: with events in what a container wrote'
docker\t'Long lines that Docker\'s json-file driver cut; docker,java and others likewise'"
complete -c sstream-sink-cassandra -l multiline-start -d 'A line that matches begins an event; other lines belong to the one before' -r
complete -c sstream-sink-cassandra -l multiline-end -d 'A line that matches ends an event' -r
complete -c sstream-sink-cassandra -l multiline-continue -d 'A line that matches belongs to the event before; others begin one' -r
complete -c sstream-sink-cassandra -l multiline-timeout -d 'An event to which nothing comes for so long is complete [default: 1s]' -r
complete -c sstream-sink-cassandra -l max-lines -d 'An event of more lines is a bad record, as is one that is longer than --max-line [default: 10000]' -r
complete -c sstream-sink-cassandra -l stop-file -d 'Stop, as a signal would, when this file is there' -r -F
complete -c sstream-sink-cassandra -l idle-timeout -d 'Stop when nothing has come for so long' -r
complete -c sstream-sink-cassandra -l stop-after -d 'Stop so long after the start' -r
complete -c sstream-sink-cassandra -l max-rate -d 'Take at most so many records a second; what is more waits in the input' -r
complete -c sstream-sink-cassandra -l max-batch -d 'A batch that has so many bytes of records takes no more; what is more comes in the next ones' -r
complete -c sstream-sink-cassandra -l checkpoint -d 'Keep in DIR what a restart of the pipeline needs [default: SSTREAM_CHECKPOINT]' -r -F
complete -c sstream-sink-cassandra -l name -d 'The source\'s name in the checkpoint, and the pipeline\'s where it is shown [default: its kind]' -r
complete -c sstream-sink-cassandra -l retain -d 'Keep the newest batches beyond what a restart needs: 100, 12h, or all [default: 100]' -r
complete -c sstream-sink-cassandra -l on-loss -d 'What a restart needs and is gone (a file removed): fail, or skip it [default: fail]' -r -f -a "fail\t'Stop with exit code 5'
skip\t'Leave it out, with a warning'"
complete -c sstream-sink-cassandra -l on-error -d 'Bad records: fail, skip, or a FILE to append them to' -r
complete -c sstream-sink-cassandra -l config -d 'Options, as TOML: a section a tool, [filter] or [source.tail]; what the command line says goes before it [default: SSTREAM_CONFIG]' -r -F
complete -c sstream-sink-cassandra -l output -d 'The output\'s form; by default print on a terminal and frames anywhere else' -r -f -a "print\t'The first 10 records of each batch, as Spark prints them'
frames\t'The stream format, for another sstream tool'
text\t'A string as itself and anything else as JSON, one a line'
json\t'Every record as JSON, one a line'"
complete -c sstream-sink-cassandra -l trace-log -d 'Append each batch\'s trace to FILE, for sstream-top FILE and sstream-ui FILE' -r -F
complete -c sstream-sink-cassandra -l metrics -d 'Serve OpenMetrics at http://ADDRESS/metrics; a port alone is on 127.0.0.1' -r
complete -c sstream-sink-cassandra -l metrics-file -d 'Keep metrics in FILE, for node_exporter\'s textfile collector' -r -F
complete -c sstream-sink-cassandra -l stage-name -d 'The stage\'s name in the checkpoint of the stream, if there is one, in the place of its number and tool, as 03-files' -r
complete -c sstream-sink-cassandra -l max-memory -d 'Most memory the process takes: with more the tool ends with exit 1 [default: three quarters of the machine\'s, or of its control group\'s if that is less]' -r
complete -c sstream-sink-cassandra -l create -d 'Make the table, if there is none, with columns for the records of the first batch'
complete -c sstream-sink-cassandra -l counter -d 'The statement counts up counters: a batch that comes again counts once more'
complete -c sstream-sink-cassandra -l tls -d 'Speak TLS'
complete -c sstream-sink-cassandra -l pass -d 'Hand the stream on, each batch\'s end after the sink is done with it'
complete -c sstream-sink-cassandra -l no-header -d 'csv: no line names the columns, which are 1, 2, 3 unless --columns names them'
complete -c sstream-sink-cassandra -l trim -d 'csv: blanks around fields are no part of them'
complete -c sstream-sink-cassandra -l numbers -d 'Make numbers of the values that are some: of csv and logfmt, and of what sstream-parse finds by grok, regex and logfmt'
complete -c sstream-sink-cassandra -l skip-missed -d 'Send more than a million missed batches (a suspend, a clock set) as empty ones'
complete -c sstream-sink-cassandra -l no-trace -d 'Leave the trace out of the stream\'s ends'
complete -c sstream-sink-cassandra -l backpressure -d 'When batches take longer than their interval, take only what the pipeline keeps up with'
complete -c sstream-sink-cassandra -l verbose -d 'Say what happens, on stderr'
complete -c sstream-sink-cassandra -l quiet -d 'Say nothing but errors, on stderr'
complete -c sstream-sink-cassandra -l new -d 'Begin here with nothing where the checkpoint of the stream has gone on without this stage'
complete -c sstream-sink-cassandra -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sstream-sink-cassandra -s V -l version -d 'Print version'
