complete -c sstream-sink-sequencefile -l layout -d 'What a batch is: a file, or as Spark has it a directory with part-00000 and _SUCCESS, of an empty batch too' -r -f -a "files\t'A file'
spark\t'A directory with part-00000 and _SUCCESS'"
complete -c sstream-sink-sequencefile -l key -d 'The key of a record, an EXPR; without it the first of a pair' -r
complete -c sstream-sink-sequencefile -l value -d 'The value of a record, an EXPR; without it the second of a pair, or with --key-type null and --objects the record itself' -r
complete -c sstream-sink-sequencefile -l key-type -d 'The class of keys: Text (a string as itself, anything else as JSON), LongWritable, IntWritable, DoubleWritable, BooleanWritable, BytesWritable (of UTF-8, or of what a string is the base64 of), or NullWritable, which holds nothing' -r -f -a "text\t'Text: a string as itself, anything else as JSON'
long\t'`LongWritable`: an integer of 64 bits'
int\t'`IntWritable`: an integer of 32 bits'
double\t'`DoubleWritable`: a number'
boolean\t'`BooleanWritable`: true or false'
bytes\t'`BytesWritable`: the UTF-8 of what text has'
base64\t'`BytesWritable`: the bytes that a string is the base64 of'
null\t'`NullWritable`: nothing'"
complete -c sstream-sink-sequencefile -l value-type -d 'The class of values, as that of keys' -r -f -a "text\t'Text: a string as itself, anything else as JSON'
long\t'`LongWritable`: an integer of 64 bits'
int\t'`IntWritable`: an integer of 32 bits'
double\t'`DoubleWritable`: a number'
boolean\t'`BooleanWritable`: true or false'
bytes\t'`BytesWritable`: the UTF-8 of what text has'
base64\t'`BytesWritable`: the bytes that a string is the base64 of'
null\t'`NullWritable`: nothing'"
complete -c sstream-sink-sequencefile -l tuples -d 'Which arrays of two are a scala.Tuple2: records that are pairs, all of them, or none' -r -f -a "record\t'A record that is a pair; what is inside of records is an array'
all\t'Every array of two'
none\t'None'"
complete -c sstream-sink-sequencefile -l scala -d 'The Scala of who reads: tuples of one are not those of the other. Spark 3 has 2.12 unless it says 2.13, Spark 4 has 2.13' -r -f -a "2.12\t'What Spark 3 is built for, unless it says so'
2.13\t'Spark 4, and builds of Spark 3 that say so'"
complete -c sstream-sink-sequencefile -l compression -d 'What is compressed: nothing, each value by itself, or blocks of about 1 MB' -r -f -a "none\t'Nothing'
record\t'Each value by itself'
block\t'Many keys together, and their values'"
complete -c sstream-sink-sequencefile -l codec -d 'How: by Hadoop\'s DefaultCodec, GzipCodec or SnappyCodec [default: zlib]' -r -f -a "zlib\t'zlib, as DefaultCodec and DeflateCodec have it'
gzip\t'gzip'
snappy\t'Snappy, in Hadoop\'s pieces'"
complete -c sstream-sink-sequencefile -l metadata -d 'Metadata in the head of each file; several times for several' -r
complete -c sstream-sink-sequencefile -l input -d 'Raw input in this form, so that the clock need not wait for the first byte' -r -f -a "text\t'Each line a string'
json\t'Each line a JSON value'
csv\t'Each row an object'
tsv\t'The same with tabs between fields'
logfmt\t'Each line key=value pairs, an object'
msgpack\t'Values of MessagePack, one behind the other'
avro\t'Records of Avro\'s container files, .avro'"
complete -c sstream-sink-sequencefile -l batch -d 'The interval between batches; with a zone, 1d,Europe/Berlin, or --time-zone, batches of 1h, 1d, 1w or 1month end with those there; or 1000n, so many records each; or 1000n,5s, the same or so long after the first of them [default: SSTREAM_BATCH, or 1s]' -r
complete -c sstream-sink-sequencefile -l time-zone -d 'The zone in whose calendar batches and windows of hours, days and longer end, and of times that name none: Europe/Berlin [default: UTC]' -r
complete -c sstream-sink-sequencefile -l block-interval -d 'How long a record may wait for its block to fill' -r
complete -c sstream-sink-sequencefile -l max-line -d 'A longer line is a bad record' -r
complete -c sstream-sink-sequencefile -l columns -d 'The columns\' names for csv; by default the first line names them' -r
complete -c sstream-sink-sequencefile -l delimiter -d 'csv: what stands between two fields, one character, as ; or \\t [default: a comma]' -r
complete -c sstream-sink-sequencefile -l quote -d 'csv: what stands around fields that have delimiters in them, one character, or none [default: "]' -r
complete -c sstream-sink-sequencefile -l encoding -d 'What the bytes are, in files UTF-16 by its byte order mark too: utf-8, utf-16, utf-16le, utf-16be, latin-1, windows-1252, gbk, shift_jis and so on, by the names of the web [default: utf-8]' -r
complete -c sstream-sink-sequencefile -l framing -d 'What ends a record: lines, nul (a byte of zero), fixed:N (each has N bytes), octets (RFC 6587: what begins with a digit has its count of bytes before it, others are lines) [default: lines]' -r
complete -c sstream-sink-sequencefile -l multiline -d 'One record of an event\'s lines: stack traces of a language with the log line before them, what a container\'s runtime cut, or both (cri,java)' -r -f -a "java\t'Exceptions of Java, Kotlin, Scala'
python\t'Tracebacks'
go\t'Panics and goroutines'
ruby\t'Exceptions'
rust\t'Panics, and errors with their causes'
cri\t'Long lines that containerd or CRI-O cut; cri,java and others: with events in what a container wrote'
docker\t'Long lines that Docker\'s json-file driver cut; docker,java and others likewise'"
complete -c sstream-sink-sequencefile -l multiline-start -d 'A line that matches begins an event; other lines belong to the one before' -r
complete -c sstream-sink-sequencefile -l multiline-end -d 'A line that matches ends an event' -r
complete -c sstream-sink-sequencefile -l multiline-continue -d 'A line that matches belongs to the event before; others begin one' -r
complete -c sstream-sink-sequencefile -l multiline-timeout -d 'An event to which nothing comes for so long is complete [default: 1s]' -r
complete -c sstream-sink-sequencefile -l max-lines -d 'An event of more lines is a bad record, as is one that is longer than --max-line [default: 10000]' -r
complete -c sstream-sink-sequencefile -l stop-file -d 'Stop, as a signal would, when this file is there' -r -F
complete -c sstream-sink-sequencefile -l idle-timeout -d 'Stop when nothing has come for so long' -r
complete -c sstream-sink-sequencefile -l stop-after -d 'Stop so long after the start' -r
complete -c sstream-sink-sequencefile -l max-rate -d 'Take at most so many records a second; what is more waits in the input' -r
complete -c sstream-sink-sequencefile -l max-batch -d 'A batch that has so many bytes of records takes no more; what is more comes in the next ones' -r
complete -c sstream-sink-sequencefile -l checkpoint -d 'Keep in DIR what a restart of the pipeline needs [default: SSTREAM_CHECKPOINT]' -r -F
complete -c sstream-sink-sequencefile -l name -d 'The source\'s name in the checkpoint, and the pipeline\'s where it is shown [default: its kind]' -r
complete -c sstream-sink-sequencefile -l retain -d 'Keep the newest batches beyond what a restart needs: 100, 12h, or all [default: 100]' -r
complete -c sstream-sink-sequencefile -l on-loss -d 'What a restart needs and is gone (a file removed): fail, or skip it [default: fail]' -r -f -a "fail\t'Stop with exit code 5'
skip\t'Leave it out, with a warning'"
complete -c sstream-sink-sequencefile -l on-error -d 'Bad records: fail, skip, or a FILE to append them to' -r
complete -c sstream-sink-sequencefile -l config -d 'Options, as TOML: a section a tool, [filter] or [source.tail]; what the command line says goes before it [default: SSTREAM_CONFIG]' -r -F
complete -c sstream-sink-sequencefile -l output -d 'The output\'s form; by default print on a terminal and frames anywhere else' -r -f -a "print\t'The first 10 records of each batch, as Spark prints them'
frames\t'The stream format, for another sstream tool'
text\t'A string as itself and anything else as JSON, one a line'
json\t'Every record as JSON, one a line'"
complete -c sstream-sink-sequencefile -l trace-log -d 'Append each batch\'s trace to FILE, for sstream-top FILE and sstream-ui FILE' -r -F
complete -c sstream-sink-sequencefile -l metrics -d 'Serve OpenMetrics at http://ADDRESS/metrics; a port alone is on 127.0.0.1' -r
complete -c sstream-sink-sequencefile -l metrics-file -d 'Keep metrics in FILE, for node_exporter\'s textfile collector' -r -F
complete -c sstream-sink-sequencefile -l stage-name -d 'The stage\'s name in the checkpoint of the stream, if there is one, in the place of its number and tool, as 03-files' -r
complete -c sstream-sink-sequencefile -l max-memory -d 'Most memory the process takes: with more the tool ends with exit 1 [default: three quarters of the machine\'s, or of its control group\'s if that is less]' -r
complete -c sstream-sink-sequencefile -l empty -d 'An empty batch has a file too'
complete -c sstream-sink-sequencefile -l objects -d 'Records as objects of Java, ten in an array, as Spark\'s saveAsObjectFile has them: String, Long, Double, Boolean, null, Object[], scala.Tuple2, LinkedHashMap, and BigInteger or BigDecimal for numbers that do not fit'
complete -c sstream-sink-sequencefile -l pass -d 'Hand the stream on, each batch\'s end after the sink is done with it'
complete -c sstream-sink-sequencefile -l no-header -d 'csv: no line names the columns, which are 1, 2, 3 unless --columns names them'
complete -c sstream-sink-sequencefile -l trim -d 'csv: blanks around fields are no part of them'
complete -c sstream-sink-sequencefile -l numbers -d 'Make numbers of the values that are some: of csv and logfmt, and of what sstream-parse finds by grok, regex and logfmt'
complete -c sstream-sink-sequencefile -l skip-missed -d 'Send more than a million missed batches (a suspend, a clock set) as empty ones'
complete -c sstream-sink-sequencefile -l no-trace -d 'Leave the trace out of the stream\'s ends'
complete -c sstream-sink-sequencefile -l backpressure -d 'When batches take longer than their interval, take only what the pipeline keeps up with'
complete -c sstream-sink-sequencefile -l verbose -d 'Say what happens, on stderr'
complete -c sstream-sink-sequencefile -l quiet -d 'Say nothing but errors, on stderr'
complete -c sstream-sink-sequencefile -l new -d 'Begin here with nothing where the checkpoint of the stream has gone on without this stage'
complete -c sstream-sink-sequencefile -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sstream-sink-sequencefile -s V -l version -d 'Print version'
