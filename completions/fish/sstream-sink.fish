# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_sstream_sink_global_optspecs
    string join \n pass input= batch= time-zone= block-interval= max-line= columns= no-header delimiter= quote= trim encoding= framing= numbers multiline= multiline-start= multiline-end= multiline-continue= multiline-timeout= max-lines= stop-file= idle-timeout= stop-after= skip-missed no-trace max-rate= max-batch= backpressure checkpoint= name= retain= on-loss= on-error= verbose quiet config= output= trace-log= metrics= metrics-file= new stage-name= max-memory= h/help V/version
end

function __fish_sstream_sink_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_sstream_sink_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_sstream_sink_using_subcommand
    set -l cmd (__fish_sstream_sink_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c sstream-sink -n "__fish_sstream_sink_needs_command" -l input -d 'Raw input in this form, so that the clock need not wait for the first byte' -r -f -a "text\t'Each line a string'
json\t'Each line a JSON value'
csv\t'Each row an object'
tsv\t'The same with tabs between fields'
logfmt\t'Each line key=value pairs, an object'
msgpack\t'Values of MessagePack, one behind the other'
avro\t'Records of Avro\'s container files, .avro'"
complete -c sstream-sink -n "__fish_sstream_sink_needs_command" -l batch -d 'The interval between batches; with a zone, 1d,Europe/Berlin, or --time-zone, batches of 1h, 1d, 1w or 1month end with those there; or 1000n, so many records each; or 1000n,5s, the same or so long after the first of them [default: SSTREAM_BATCH, or 1s]' -r
complete -c sstream-sink -n "__fish_sstream_sink_needs_command" -l time-zone -d 'The zone in whose calendar batches and windows of hours, days and longer end, and of times that name none: Europe/Berlin [default: UTC]' -r
complete -c sstream-sink -n "__fish_sstream_sink_needs_command" -l block-interval -d 'How long a record may wait for its block to fill' -r
complete -c sstream-sink -n "__fish_sstream_sink_needs_command" -l max-line -d 'A longer line is a bad record' -r
complete -c sstream-sink -n "__fish_sstream_sink_needs_command" -l columns -d 'The columns\' names for csv; by default the first line names them' -r
complete -c sstream-sink -n "__fish_sstream_sink_needs_command" -l delimiter -d 'csv: what stands between two fields, one character, as ; or \\t [default: a comma]' -r
complete -c sstream-sink -n "__fish_sstream_sink_needs_command" -l quote -d 'csv: what stands around fields that have delimiters in them, one character, or none [default: "]' -r
complete -c sstream-sink -n "__fish_sstream_sink_needs_command" -l encoding -d 'What the bytes are, in files UTF-16 by its byte order mark too: utf-8, utf-16, utf-16le, utf-16be, latin-1, windows-1252, gbk, shift_jis and so on, by the names of the web [default: utf-8]' -r
complete -c sstream-sink -n "__fish_sstream_sink_needs_command" -l framing -d 'What ends a record: lines, nul (a byte of zero), fixed:N (each has N bytes), octets (RFC 6587: what begins with a digit has its count of bytes before it, others are lines) [default: lines]' -r
complete -c sstream-sink -n "__fish_sstream_sink_needs_command" -l multiline -d 'One record of an event\'s lines: stack traces of a language with the log line before them, what a container\'s runtime cut, or both (cri,java)' -r -f -a "java\t'Exceptions of Java, Kotlin, Scala'
python\t'Tracebacks'
go\t'Panics and goroutines'
ruby\t'Exceptions'
rust\t'Panics, and errors with their causes'
cri\t'Long lines that containerd or CRI-O cut; cri,java and others: with events in what a container wrote'
docker\t'Long lines that Docker\'s json-file driver cut; docker,java and others likewise'"
complete -c sstream-sink -n "__fish_sstream_sink_needs_command" -l multiline-start -d 'A line that matches begins an event; other lines belong to the one before' -r
complete -c sstream-sink -n "__fish_sstream_sink_needs_command" -l multiline-end -d 'A line that matches ends an event' -r
complete -c sstream-sink -n "__fish_sstream_sink_needs_command" -l multiline-continue -d 'A line that matches belongs to the event before; others begin one' -r
complete -c sstream-sink -n "__fish_sstream_sink_needs_command" -l multiline-timeout -d 'An event to which nothing comes for so long is complete [default: 1s]' -r
complete -c sstream-sink -n "__fish_sstream_sink_needs_command" -l max-lines -d 'An event of more lines is a bad record, as is one that is longer than --max-line [default: 10000]' -r
complete -c sstream-sink -n "__fish_sstream_sink_needs_command" -l stop-file -d 'Stop, as a signal would, when this file is there' -r -F
complete -c sstream-sink -n "__fish_sstream_sink_needs_command" -l idle-timeout -d 'Stop when nothing has come for so long' -r
complete -c sstream-sink -n "__fish_sstream_sink_needs_command" -l stop-after -d 'Stop so long after the start' -r
complete -c sstream-sink -n "__fish_sstream_sink_needs_command" -l max-rate -d 'Take at most so many records a second; what is more waits in the input' -r
complete -c sstream-sink -n "__fish_sstream_sink_needs_command" -l max-batch -d 'A batch that has so many bytes of records takes no more; what is more comes in the next ones' -r
complete -c sstream-sink -n "__fish_sstream_sink_needs_command" -l checkpoint -d 'Keep in DIR what a restart of the pipeline needs [default: SSTREAM_CHECKPOINT]' -r -F
complete -c sstream-sink -n "__fish_sstream_sink_needs_command" -l name -d 'The source\'s name in the checkpoint, and the pipeline\'s where it is shown [default: its kind]' -r
complete -c sstream-sink -n "__fish_sstream_sink_needs_command" -l retain -d 'Keep the newest batches beyond what a restart needs: 100, 12h, or all [default: 100]' -r
complete -c sstream-sink -n "__fish_sstream_sink_needs_command" -l on-loss -d 'What a restart needs and is gone (a file removed): fail, or skip it [default: fail]' -r -f -a "fail\t'Stop with exit code 5'
skip\t'Leave it out, with a warning'"
complete -c sstream-sink -n "__fish_sstream_sink_needs_command" -l on-error -d 'Bad records: fail, skip, or a FILE to append them to' -r
complete -c sstream-sink -n "__fish_sstream_sink_needs_command" -l config -d 'Options, as TOML: a section a tool, [filter] or [source.tail]; what the command line says goes before it [default: SSTREAM_CONFIG]' -r -F
complete -c sstream-sink -n "__fish_sstream_sink_needs_command" -l output -d 'The output\'s form; by default print on a terminal and frames anywhere else' -r -f -a "print\t'The first 10 records of each batch, as Spark prints them'
frames\t'The stream format, for another sstream tool'
text\t'A string as itself and anything else as JSON, one a line'
json\t'Every record as JSON, one a line'"
complete -c sstream-sink -n "__fish_sstream_sink_needs_command" -l trace-log -d 'Append each batch\'s trace to FILE, for sstream-top FILE and sstream-ui FILE' -r -F
complete -c sstream-sink -n "__fish_sstream_sink_needs_command" -l metrics -d 'Serve OpenMetrics at http://ADDRESS/metrics; a port alone is on 127.0.0.1' -r
complete -c sstream-sink -n "__fish_sstream_sink_needs_command" -l metrics-file -d 'Keep metrics in FILE, for node_exporter\'s textfile collector' -r -F
complete -c sstream-sink -n "__fish_sstream_sink_needs_command" -l stage-name -d 'The stage\'s name in the checkpoint of the stream, if there is one, in the place of its number and tool, as 03-files' -r
complete -c sstream-sink -n "__fish_sstream_sink_needs_command" -l max-memory -d 'Most memory the process takes: with more the tool ends with exit 1 [default: three quarters of the machine\'s, or of its control group\'s if that is less]' -r
complete -c sstream-sink -n "__fish_sstream_sink_needs_command" -l pass -d 'Hand the stream on, each batch\'s end after the sink is done with it; what goes to stdout otherwise goes to stderr'
complete -c sstream-sink -n "__fish_sstream_sink_needs_command" -l no-header -d 'csv: no line names the columns, which are 1, 2, 3 unless --columns names them'
complete -c sstream-sink -n "__fish_sstream_sink_needs_command" -l trim -d 'csv: blanks around fields are no part of them'
complete -c sstream-sink -n "__fish_sstream_sink_needs_command" -l numbers -d 'Make numbers of the values that are some: of csv and logfmt, and of what sstream-parse finds by grok, regex and logfmt'
complete -c sstream-sink -n "__fish_sstream_sink_needs_command" -l skip-missed -d 'Send more than a million missed batches (a suspend, a clock set) as empty ones'
complete -c sstream-sink -n "__fish_sstream_sink_needs_command" -l no-trace -d 'Leave the trace out of the stream\'s ends'
complete -c sstream-sink -n "__fish_sstream_sink_needs_command" -l backpressure -d 'When batches take longer than their interval, take only what the pipeline keeps up with'
complete -c sstream-sink -n "__fish_sstream_sink_needs_command" -l verbose -d 'Say what happens, on stderr'
complete -c sstream-sink -n "__fish_sstream_sink_needs_command" -l quiet -d 'Say nothing but errors, on stderr'
complete -c sstream-sink -n "__fish_sstream_sink_needs_command" -l new -d 'Begin here with nothing where the checkpoint of the stream has gone on without this stage'
complete -c sstream-sink -n "__fish_sstream_sink_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sstream-sink -n "__fish_sstream_sink_needs_command" -s V -l version -d 'Print version'
complete -c sstream-sink -n "__fish_sstream_sink_needs_command" -f -a "print" -d 'The first records of each batch, as Spark prints them'
complete -c sstream-sink -n "__fish_sstream_sink_needs_command" -f -a "text" -d 'A string as itself and anything else as JSON, one a line, as they come'
complete -c sstream-sink -n "__fish_sstream_sink_needs_command" -f -a "json" -d 'Every record as JSON, one a line, as they come'
complete -c sstream-sink -n "__fish_sstream_sink_needs_command" -f -a "files" -d 'A file a batch, PREFIX-TIME_IN_MS[.SUFFIX], whole or not there'
complete -c sstream-sink -n "__fish_sstream_sink_needs_command" -f -a "exec" -d 'A command, run once a batch with the records as lines on its stdin'
complete -c sstream-sink -n "__fish_sstream_sink_needs_command" -f -a "listen" -d 'Lines to clients that connect to a TCP port'
complete -c sstream-sink -n "__fish_sstream_sink_needs_command" -f -a "tcp" -d 'Lines to a TCP server, to which it connects'
complete -c sstream-sink -n "__fish_sstream_sink_needs_command" -f -a "unix" -d 'Lines to clients that connect to a Unix socket'
complete -c sstream-sink -n "__fish_sstream_sink_needs_command" -f -a "serve" -d 'A web page that shows the newest batch, for whoever opens it'
complete -c sstream-sink -n "__fish_sstream_sink_needs_command" -f -a "null" -d 'Nowhere'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand print" -s n -d 'How many records of a batch' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand print" -l style -d 'As who prints' -r -f -a "spark\t'As Spark\'s print: times in ms, pairs as (key,value)'
python\t'As PySpark\'s pprint: local times (TZ), (\'key\', value), True, None'"
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand print" -l memory -d 'Records held in memory; what is more goes to a file in $TMPDIR' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand print" -l input -d 'Raw input in this form, so that the clock need not wait for the first byte' -r -f -a "text\t'Each line a string'
json\t'Each line a JSON value'
csv\t'Each row an object'
tsv\t'The same with tabs between fields'
logfmt\t'Each line key=value pairs, an object'
msgpack\t'Values of MessagePack, one behind the other'
avro\t'Records of Avro\'s container files, .avro'"
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand print" -l batch -d 'The interval between batches; with a zone, 1d,Europe/Berlin, or --time-zone, batches of 1h, 1d, 1w or 1month end with those there; or 1000n, so many records each; or 1000n,5s, the same or so long after the first of them [default: SSTREAM_BATCH, or 1s]' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand print" -l time-zone -d 'The zone in whose calendar batches and windows of hours, days and longer end, and of times that name none: Europe/Berlin [default: UTC]' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand print" -l block-interval -d 'How long a record may wait for its block to fill' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand print" -l max-line -d 'A longer line is a bad record' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand print" -l columns -d 'The columns\' names for csv; by default the first line names them' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand print" -l delimiter -d 'csv: what stands between two fields, one character, as ; or \\t [default: a comma]' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand print" -l quote -d 'csv: what stands around fields that have delimiters in them, one character, or none [default: "]' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand print" -l encoding -d 'What the bytes are, in files UTF-16 by its byte order mark too: utf-8, utf-16, utf-16le, utf-16be, latin-1, windows-1252, gbk, shift_jis and so on, by the names of the web [default: utf-8]' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand print" -l framing -d 'What ends a record: lines, nul (a byte of zero), fixed:N (each has N bytes), octets (RFC 6587: what begins with a digit has its count of bytes before it, others are lines) [default: lines]' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand print" -l multiline -d 'One record of an event\'s lines: stack traces of a language with the log line before them, what a container\'s runtime cut, or both (cri,java)' -r -f -a "java\t'Exceptions of Java, Kotlin, Scala'
python\t'Tracebacks'
go\t'Panics and goroutines'
ruby\t'Exceptions'
rust\t'Panics, and errors with their causes'
cri\t'Long lines that containerd or CRI-O cut; cri,java and others: with events in what a container wrote'
docker\t'Long lines that Docker\'s json-file driver cut; docker,java and others likewise'"
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand print" -l multiline-start -d 'A line that matches begins an event; other lines belong to the one before' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand print" -l multiline-end -d 'A line that matches ends an event' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand print" -l multiline-continue -d 'A line that matches belongs to the event before; others begin one' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand print" -l multiline-timeout -d 'An event to which nothing comes for so long is complete [default: 1s]' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand print" -l max-lines -d 'An event of more lines is a bad record, as is one that is longer than --max-line [default: 10000]' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand print" -l stop-file -d 'Stop, as a signal would, when this file is there' -r -F
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand print" -l idle-timeout -d 'Stop when nothing has come for so long' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand print" -l stop-after -d 'Stop so long after the start' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand print" -l max-rate -d 'Take at most so many records a second; what is more waits in the input' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand print" -l max-batch -d 'A batch that has so many bytes of records takes no more; what is more comes in the next ones' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand print" -l checkpoint -d 'Keep in DIR what a restart of the pipeline needs [default: SSTREAM_CHECKPOINT]' -r -F
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand print" -l name -d 'The source\'s name in the checkpoint, and the pipeline\'s where it is shown [default: its kind]' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand print" -l retain -d 'Keep the newest batches beyond what a restart needs: 100, 12h, or all [default: 100]' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand print" -l on-loss -d 'What a restart needs and is gone (a file removed): fail, or skip it [default: fail]' -r -f -a "fail\t'Stop with exit code 5'
skip\t'Leave it out, with a warning'"
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand print" -l on-error -d 'Bad records: fail, skip, or a FILE to append them to' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand print" -l config -d 'Options, as TOML: a section a tool, [filter] or [source.tail]; what the command line says goes before it [default: SSTREAM_CONFIG]' -r -F
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand print" -l output -d 'The output\'s form; by default print on a terminal and frames anywhere else' -r -f -a "print\t'The first 10 records of each batch, as Spark prints them'
frames\t'The stream format, for another sstream tool'
text\t'A string as itself and anything else as JSON, one a line'
json\t'Every record as JSON, one a line'"
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand print" -l trace-log -d 'Append each batch\'s trace to FILE, for sstream-top FILE and sstream-ui FILE' -r -F
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand print" -l metrics -d 'Serve OpenMetrics at http://ADDRESS/metrics; a port alone is on 127.0.0.1' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand print" -l metrics-file -d 'Keep metrics in FILE, for node_exporter\'s textfile collector' -r -F
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand print" -l stage-name -d 'The stage\'s name in the checkpoint of the stream, if there is one, in the place of its number and tool, as 03-files' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand print" -l max-memory -d 'Most memory the process takes: with more the tool ends with exit 1 [default: three quarters of the machine\'s, or of its control group\'s if that is less]' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand print" -l pass -d 'Hand the stream on, each batch\'s end after the sink is done with it; what goes to stdout otherwise goes to stderr'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand print" -l no-header -d 'csv: no line names the columns, which are 1, 2, 3 unless --columns names them'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand print" -l trim -d 'csv: blanks around fields are no part of them'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand print" -l numbers -d 'Make numbers of the values that are some: of csv and logfmt, and of what sstream-parse finds by grok, regex and logfmt'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand print" -l skip-missed -d 'Send more than a million missed batches (a suspend, a clock set) as empty ones'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand print" -l no-trace -d 'Leave the trace out of the stream\'s ends'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand print" -l backpressure -d 'When batches take longer than their interval, take only what the pipeline keeps up with'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand print" -l verbose -d 'Say what happens, on stderr'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand print" -l quiet -d 'Say nothing but errors, on stderr'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand print" -l new -d 'Begin here with nothing where the checkpoint of the stream has gone on without this stage'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand print" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand text" -l input -d 'Raw input in this form, so that the clock need not wait for the first byte' -r -f -a "text\t'Each line a string'
json\t'Each line a JSON value'
csv\t'Each row an object'
tsv\t'The same with tabs between fields'
logfmt\t'Each line key=value pairs, an object'
msgpack\t'Values of MessagePack, one behind the other'
avro\t'Records of Avro\'s container files, .avro'"
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand text" -l batch -d 'The interval between batches; with a zone, 1d,Europe/Berlin, or --time-zone, batches of 1h, 1d, 1w or 1month end with those there; or 1000n, so many records each; or 1000n,5s, the same or so long after the first of them [default: SSTREAM_BATCH, or 1s]' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand text" -l time-zone -d 'The zone in whose calendar batches and windows of hours, days and longer end, and of times that name none: Europe/Berlin [default: UTC]' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand text" -l block-interval -d 'How long a record may wait for its block to fill' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand text" -l max-line -d 'A longer line is a bad record' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand text" -l columns -d 'The columns\' names for csv; by default the first line names them' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand text" -l delimiter -d 'csv: what stands between two fields, one character, as ; or \\t [default: a comma]' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand text" -l quote -d 'csv: what stands around fields that have delimiters in them, one character, or none [default: "]' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand text" -l encoding -d 'What the bytes are, in files UTF-16 by its byte order mark too: utf-8, utf-16, utf-16le, utf-16be, latin-1, windows-1252, gbk, shift_jis and so on, by the names of the web [default: utf-8]' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand text" -l framing -d 'What ends a record: lines, nul (a byte of zero), fixed:N (each has N bytes), octets (RFC 6587: what begins with a digit has its count of bytes before it, others are lines) [default: lines]' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand text" -l multiline -d 'One record of an event\'s lines: stack traces of a language with the log line before them, what a container\'s runtime cut, or both (cri,java)' -r -f -a "java\t'Exceptions of Java, Kotlin, Scala'
python\t'Tracebacks'
go\t'Panics and goroutines'
ruby\t'Exceptions'
rust\t'Panics, and errors with their causes'
cri\t'Long lines that containerd or CRI-O cut; cri,java and others: with events in what a container wrote'
docker\t'Long lines that Docker\'s json-file driver cut; docker,java and others likewise'"
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand text" -l multiline-start -d 'A line that matches begins an event; other lines belong to the one before' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand text" -l multiline-end -d 'A line that matches ends an event' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand text" -l multiline-continue -d 'A line that matches belongs to the event before; others begin one' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand text" -l multiline-timeout -d 'An event to which nothing comes for so long is complete [default: 1s]' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand text" -l max-lines -d 'An event of more lines is a bad record, as is one that is longer than --max-line [default: 10000]' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand text" -l stop-file -d 'Stop, as a signal would, when this file is there' -r -F
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand text" -l idle-timeout -d 'Stop when nothing has come for so long' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand text" -l stop-after -d 'Stop so long after the start' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand text" -l max-rate -d 'Take at most so many records a second; what is more waits in the input' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand text" -l max-batch -d 'A batch that has so many bytes of records takes no more; what is more comes in the next ones' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand text" -l checkpoint -d 'Keep in DIR what a restart of the pipeline needs [default: SSTREAM_CHECKPOINT]' -r -F
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand text" -l name -d 'The source\'s name in the checkpoint, and the pipeline\'s where it is shown [default: its kind]' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand text" -l retain -d 'Keep the newest batches beyond what a restart needs: 100, 12h, or all [default: 100]' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand text" -l on-loss -d 'What a restart needs and is gone (a file removed): fail, or skip it [default: fail]' -r -f -a "fail\t'Stop with exit code 5'
skip\t'Leave it out, with a warning'"
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand text" -l on-error -d 'Bad records: fail, skip, or a FILE to append them to' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand text" -l config -d 'Options, as TOML: a section a tool, [filter] or [source.tail]; what the command line says goes before it [default: SSTREAM_CONFIG]' -r -F
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand text" -l output -d 'The output\'s form; by default print on a terminal and frames anywhere else' -r -f -a "print\t'The first 10 records of each batch, as Spark prints them'
frames\t'The stream format, for another sstream tool'
text\t'A string as itself and anything else as JSON, one a line'
json\t'Every record as JSON, one a line'"
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand text" -l trace-log -d 'Append each batch\'s trace to FILE, for sstream-top FILE and sstream-ui FILE' -r -F
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand text" -l metrics -d 'Serve OpenMetrics at http://ADDRESS/metrics; a port alone is on 127.0.0.1' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand text" -l metrics-file -d 'Keep metrics in FILE, for node_exporter\'s textfile collector' -r -F
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand text" -l stage-name -d 'The stage\'s name in the checkpoint of the stream, if there is one, in the place of its number and tool, as 03-files' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand text" -l max-memory -d 'Most memory the process takes: with more the tool ends with exit 1 [default: three quarters of the machine\'s, or of its control group\'s if that is less]' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand text" -l pass -d 'Hand the stream on, each batch\'s end after the sink is done with it; what goes to stdout otherwise goes to stderr'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand text" -l no-header -d 'csv: no line names the columns, which are 1, 2, 3 unless --columns names them'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand text" -l trim -d 'csv: blanks around fields are no part of them'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand text" -l numbers -d 'Make numbers of the values that are some: of csv and logfmt, and of what sstream-parse finds by grok, regex and logfmt'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand text" -l skip-missed -d 'Send more than a million missed batches (a suspend, a clock set) as empty ones'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand text" -l no-trace -d 'Leave the trace out of the stream\'s ends'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand text" -l backpressure -d 'When batches take longer than their interval, take only what the pipeline keeps up with'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand text" -l verbose -d 'Say what happens, on stderr'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand text" -l quiet -d 'Say nothing but errors, on stderr'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand text" -l new -d 'Begin here with nothing where the checkpoint of the stream has gone on without this stage'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand text" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand json" -l input -d 'Raw input in this form, so that the clock need not wait for the first byte' -r -f -a "text\t'Each line a string'
json\t'Each line a JSON value'
csv\t'Each row an object'
tsv\t'The same with tabs between fields'
logfmt\t'Each line key=value pairs, an object'
msgpack\t'Values of MessagePack, one behind the other'
avro\t'Records of Avro\'s container files, .avro'"
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand json" -l batch -d 'The interval between batches; with a zone, 1d,Europe/Berlin, or --time-zone, batches of 1h, 1d, 1w or 1month end with those there; or 1000n, so many records each; or 1000n,5s, the same or so long after the first of them [default: SSTREAM_BATCH, or 1s]' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand json" -l time-zone -d 'The zone in whose calendar batches and windows of hours, days and longer end, and of times that name none: Europe/Berlin [default: UTC]' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand json" -l block-interval -d 'How long a record may wait for its block to fill' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand json" -l max-line -d 'A longer line is a bad record' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand json" -l columns -d 'The columns\' names for csv; by default the first line names them' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand json" -l delimiter -d 'csv: what stands between two fields, one character, as ; or \\t [default: a comma]' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand json" -l quote -d 'csv: what stands around fields that have delimiters in them, one character, or none [default: "]' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand json" -l encoding -d 'What the bytes are, in files UTF-16 by its byte order mark too: utf-8, utf-16, utf-16le, utf-16be, latin-1, windows-1252, gbk, shift_jis and so on, by the names of the web [default: utf-8]' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand json" -l framing -d 'What ends a record: lines, nul (a byte of zero), fixed:N (each has N bytes), octets (RFC 6587: what begins with a digit has its count of bytes before it, others are lines) [default: lines]' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand json" -l multiline -d 'One record of an event\'s lines: stack traces of a language with the log line before them, what a container\'s runtime cut, or both (cri,java)' -r -f -a "java\t'Exceptions of Java, Kotlin, Scala'
python\t'Tracebacks'
go\t'Panics and goroutines'
ruby\t'Exceptions'
rust\t'Panics, and errors with their causes'
cri\t'Long lines that containerd or CRI-O cut; cri,java and others: with events in what a container wrote'
docker\t'Long lines that Docker\'s json-file driver cut; docker,java and others likewise'"
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand json" -l multiline-start -d 'A line that matches begins an event; other lines belong to the one before' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand json" -l multiline-end -d 'A line that matches ends an event' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand json" -l multiline-continue -d 'A line that matches belongs to the event before; others begin one' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand json" -l multiline-timeout -d 'An event to which nothing comes for so long is complete [default: 1s]' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand json" -l max-lines -d 'An event of more lines is a bad record, as is one that is longer than --max-line [default: 10000]' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand json" -l stop-file -d 'Stop, as a signal would, when this file is there' -r -F
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand json" -l idle-timeout -d 'Stop when nothing has come for so long' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand json" -l stop-after -d 'Stop so long after the start' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand json" -l max-rate -d 'Take at most so many records a second; what is more waits in the input' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand json" -l max-batch -d 'A batch that has so many bytes of records takes no more; what is more comes in the next ones' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand json" -l checkpoint -d 'Keep in DIR what a restart of the pipeline needs [default: SSTREAM_CHECKPOINT]' -r -F
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand json" -l name -d 'The source\'s name in the checkpoint, and the pipeline\'s where it is shown [default: its kind]' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand json" -l retain -d 'Keep the newest batches beyond what a restart needs: 100, 12h, or all [default: 100]' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand json" -l on-loss -d 'What a restart needs and is gone (a file removed): fail, or skip it [default: fail]' -r -f -a "fail\t'Stop with exit code 5'
skip\t'Leave it out, with a warning'"
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand json" -l on-error -d 'Bad records: fail, skip, or a FILE to append them to' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand json" -l config -d 'Options, as TOML: a section a tool, [filter] or [source.tail]; what the command line says goes before it [default: SSTREAM_CONFIG]' -r -F
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand json" -l output -d 'The output\'s form; by default print on a terminal and frames anywhere else' -r -f -a "print\t'The first 10 records of each batch, as Spark prints them'
frames\t'The stream format, for another sstream tool'
text\t'A string as itself and anything else as JSON, one a line'
json\t'Every record as JSON, one a line'"
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand json" -l trace-log -d 'Append each batch\'s trace to FILE, for sstream-top FILE and sstream-ui FILE' -r -F
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand json" -l metrics -d 'Serve OpenMetrics at http://ADDRESS/metrics; a port alone is on 127.0.0.1' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand json" -l metrics-file -d 'Keep metrics in FILE, for node_exporter\'s textfile collector' -r -F
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand json" -l stage-name -d 'The stage\'s name in the checkpoint of the stream, if there is one, in the place of its number and tool, as 03-files' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand json" -l max-memory -d 'Most memory the process takes: with more the tool ends with exit 1 [default: three quarters of the machine\'s, or of its control group\'s if that is less]' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand json" -l pass -d 'Hand the stream on, each batch\'s end after the sink is done with it; what goes to stdout otherwise goes to stderr'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand json" -l no-header -d 'csv: no line names the columns, which are 1, 2, 3 unless --columns names them'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand json" -l trim -d 'csv: blanks around fields are no part of them'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand json" -l numbers -d 'Make numbers of the values that are some: of csv and logfmt, and of what sstream-parse finds by grok, regex and logfmt'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand json" -l skip-missed -d 'Send more than a million missed batches (a suspend, a clock set) as empty ones'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand json" -l no-trace -d 'Leave the trace out of the stream\'s ends'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand json" -l backpressure -d 'When batches take longer than their interval, take only what the pipeline keeps up with'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand json" -l verbose -d 'Say what happens, on stderr'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand json" -l quiet -d 'Say nothing but errors, on stderr'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand json" -l new -d 'Begin here with nothing where the checkpoint of the stream has gone on without this stage'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand json" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand files" -l layout -d 'What a batch is: a file, or as Spark has it a directory with part-00000 and _SUCCESS, of an empty batch too' -r -f -a "files\t'A file'
spark\t'A directory with part-00000 and _SUCCESS'"
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand files" -l input -d 'Raw input in this form, so that the clock need not wait for the first byte' -r -f -a "text\t'Each line a string'
json\t'Each line a JSON value'
csv\t'Each row an object'
tsv\t'The same with tabs between fields'
logfmt\t'Each line key=value pairs, an object'
msgpack\t'Values of MessagePack, one behind the other'
avro\t'Records of Avro\'s container files, .avro'"
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand files" -l batch -d 'The interval between batches; with a zone, 1d,Europe/Berlin, or --time-zone, batches of 1h, 1d, 1w or 1month end with those there; or 1000n, so many records each; or 1000n,5s, the same or so long after the first of them [default: SSTREAM_BATCH, or 1s]' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand files" -l time-zone -d 'The zone in whose calendar batches and windows of hours, days and longer end, and of times that name none: Europe/Berlin [default: UTC]' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand files" -l block-interval -d 'How long a record may wait for its block to fill' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand files" -l max-line -d 'A longer line is a bad record' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand files" -l columns -d 'The columns\' names for csv; by default the first line names them' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand files" -l delimiter -d 'csv: what stands between two fields, one character, as ; or \\t [default: a comma]' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand files" -l quote -d 'csv: what stands around fields that have delimiters in them, one character, or none [default: "]' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand files" -l encoding -d 'What the bytes are, in files UTF-16 by its byte order mark too: utf-8, utf-16, utf-16le, utf-16be, latin-1, windows-1252, gbk, shift_jis and so on, by the names of the web [default: utf-8]' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand files" -l framing -d 'What ends a record: lines, nul (a byte of zero), fixed:N (each has N bytes), octets (RFC 6587: what begins with a digit has its count of bytes before it, others are lines) [default: lines]' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand files" -l multiline -d 'One record of an event\'s lines: stack traces of a language with the log line before them, what a container\'s runtime cut, or both (cri,java)' -r -f -a "java\t'Exceptions of Java, Kotlin, Scala'
python\t'Tracebacks'
go\t'Panics and goroutines'
ruby\t'Exceptions'
rust\t'Panics, and errors with their causes'
cri\t'Long lines that containerd or CRI-O cut; cri,java and others: with events in what a container wrote'
docker\t'Long lines that Docker\'s json-file driver cut; docker,java and others likewise'"
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand files" -l multiline-start -d 'A line that matches begins an event; other lines belong to the one before' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand files" -l multiline-end -d 'A line that matches ends an event' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand files" -l multiline-continue -d 'A line that matches belongs to the event before; others begin one' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand files" -l multiline-timeout -d 'An event to which nothing comes for so long is complete [default: 1s]' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand files" -l max-lines -d 'An event of more lines is a bad record, as is one that is longer than --max-line [default: 10000]' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand files" -l stop-file -d 'Stop, as a signal would, when this file is there' -r -F
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand files" -l idle-timeout -d 'Stop when nothing has come for so long' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand files" -l stop-after -d 'Stop so long after the start' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand files" -l max-rate -d 'Take at most so many records a second; what is more waits in the input' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand files" -l max-batch -d 'A batch that has so many bytes of records takes no more; what is more comes in the next ones' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand files" -l checkpoint -d 'Keep in DIR what a restart of the pipeline needs [default: SSTREAM_CHECKPOINT]' -r -F
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand files" -l name -d 'The source\'s name in the checkpoint, and the pipeline\'s where it is shown [default: its kind]' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand files" -l retain -d 'Keep the newest batches beyond what a restart needs: 100, 12h, or all [default: 100]' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand files" -l on-loss -d 'What a restart needs and is gone (a file removed): fail, or skip it [default: fail]' -r -f -a "fail\t'Stop with exit code 5'
skip\t'Leave it out, with a warning'"
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand files" -l on-error -d 'Bad records: fail, skip, or a FILE to append them to' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand files" -l config -d 'Options, as TOML: a section a tool, [filter] or [source.tail]; what the command line says goes before it [default: SSTREAM_CONFIG]' -r -F
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand files" -l output -d 'The output\'s form; by default print on a terminal and frames anywhere else' -r -f -a "print\t'The first 10 records of each batch, as Spark prints them'
frames\t'The stream format, for another sstream tool'
text\t'A string as itself and anything else as JSON, one a line'
json\t'Every record as JSON, one a line'"
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand files" -l trace-log -d 'Append each batch\'s trace to FILE, for sstream-top FILE and sstream-ui FILE' -r -F
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand files" -l metrics -d 'Serve OpenMetrics at http://ADDRESS/metrics; a port alone is on 127.0.0.1' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand files" -l metrics-file -d 'Keep metrics in FILE, for node_exporter\'s textfile collector' -r -F
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand files" -l stage-name -d 'The stage\'s name in the checkpoint of the stream, if there is one, in the place of its number and tool, as 03-files' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand files" -l max-memory -d 'Most memory the process takes: with more the tool ends with exit 1 [default: three quarters of the machine\'s, or of its control group\'s if that is less]' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand files" -l empty -d 'An empty batch has a file too'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand files" -l json -d 'Every record as JSON, one a line, strings too'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand files" -l pass -d 'Hand the stream on, each batch\'s end after the sink is done with it; what goes to stdout otherwise goes to stderr'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand files" -l no-header -d 'csv: no line names the columns, which are 1, 2, 3 unless --columns names them'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand files" -l trim -d 'csv: blanks around fields are no part of them'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand files" -l numbers -d 'Make numbers of the values that are some: of csv and logfmt, and of what sstream-parse finds by grok, regex and logfmt'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand files" -l skip-missed -d 'Send more than a million missed batches (a suspend, a clock set) as empty ones'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand files" -l no-trace -d 'Leave the trace out of the stream\'s ends'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand files" -l backpressure -d 'When batches take longer than their interval, take only what the pipeline keeps up with'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand files" -l verbose -d 'Say what happens, on stderr'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand files" -l quiet -d 'Say nothing but errors, on stderr'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand files" -l new -d 'Begin here with nothing where the checkpoint of the stream has gone on without this stage'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand files" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand exec" -l sh -d 'A script for /bin/sh -c, in place of CMD; a pipeline fails where its last command does' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand exec" -l accept -d 'Exit statuses of the command that are no failure: 0,1 for grep' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand exec" -l retry -d 'A command that fails is run again on the same batch, so often, after 100 ms, 200 ms and so on up to 10 s' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand exec" -l memory -d 'Records held in memory; what is more goes to a file in $TMPDIR' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand exec" -l input -d 'Raw input in this form, so that the clock need not wait for the first byte' -r -f -a "text\t'Each line a string'
json\t'Each line a JSON value'
csv\t'Each row an object'
tsv\t'The same with tabs between fields'
logfmt\t'Each line key=value pairs, an object'
msgpack\t'Values of MessagePack, one behind the other'
avro\t'Records of Avro\'s container files, .avro'"
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand exec" -l batch -d 'The interval between batches; with a zone, 1d,Europe/Berlin, or --time-zone, batches of 1h, 1d, 1w or 1month end with those there; or 1000n, so many records each; or 1000n,5s, the same or so long after the first of them [default: SSTREAM_BATCH, or 1s]' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand exec" -l time-zone -d 'The zone in whose calendar batches and windows of hours, days and longer end, and of times that name none: Europe/Berlin [default: UTC]' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand exec" -l block-interval -d 'How long a record may wait for its block to fill' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand exec" -l max-line -d 'A longer line is a bad record' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand exec" -l columns -d 'The columns\' names for csv; by default the first line names them' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand exec" -l delimiter -d 'csv: what stands between two fields, one character, as ; or \\t [default: a comma]' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand exec" -l quote -d 'csv: what stands around fields that have delimiters in them, one character, or none [default: "]' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand exec" -l encoding -d 'What the bytes are, in files UTF-16 by its byte order mark too: utf-8, utf-16, utf-16le, utf-16be, latin-1, windows-1252, gbk, shift_jis and so on, by the names of the web [default: utf-8]' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand exec" -l framing -d 'What ends a record: lines, nul (a byte of zero), fixed:N (each has N bytes), octets (RFC 6587: what begins with a digit has its count of bytes before it, others are lines) [default: lines]' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand exec" -l multiline -d 'One record of an event\'s lines: stack traces of a language with the log line before them, what a container\'s runtime cut, or both (cri,java)' -r -f -a "java\t'Exceptions of Java, Kotlin, Scala'
python\t'Tracebacks'
go\t'Panics and goroutines'
ruby\t'Exceptions'
rust\t'Panics, and errors with their causes'
cri\t'Long lines that containerd or CRI-O cut; cri,java and others: with events in what a container wrote'
docker\t'Long lines that Docker\'s json-file driver cut; docker,java and others likewise'"
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand exec" -l multiline-start -d 'A line that matches begins an event; other lines belong to the one before' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand exec" -l multiline-end -d 'A line that matches ends an event' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand exec" -l multiline-continue -d 'A line that matches belongs to the event before; others begin one' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand exec" -l multiline-timeout -d 'An event to which nothing comes for so long is complete [default: 1s]' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand exec" -l max-lines -d 'An event of more lines is a bad record, as is one that is longer than --max-line [default: 10000]' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand exec" -l stop-file -d 'Stop, as a signal would, when this file is there' -r -F
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand exec" -l idle-timeout -d 'Stop when nothing has come for so long' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand exec" -l stop-after -d 'Stop so long after the start' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand exec" -l max-rate -d 'Take at most so many records a second; what is more waits in the input' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand exec" -l max-batch -d 'A batch that has so many bytes of records takes no more; what is more comes in the next ones' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand exec" -l checkpoint -d 'Keep in DIR what a restart of the pipeline needs [default: SSTREAM_CHECKPOINT]' -r -F
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand exec" -l name -d 'The source\'s name in the checkpoint, and the pipeline\'s where it is shown [default: its kind]' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand exec" -l retain -d 'Keep the newest batches beyond what a restart needs: 100, 12h, or all [default: 100]' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand exec" -l on-loss -d 'What a restart needs and is gone (a file removed): fail, or skip it [default: fail]' -r -f -a "fail\t'Stop with exit code 5'
skip\t'Leave it out, with a warning'"
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand exec" -l on-error -d 'Bad records: fail, skip, or a FILE to append them to' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand exec" -l config -d 'Options, as TOML: a section a tool, [filter] or [source.tail]; what the command line says goes before it [default: SSTREAM_CONFIG]' -r -F
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand exec" -l output -d 'The output\'s form; by default print on a terminal and frames anywhere else' -r -f -a "print\t'The first 10 records of each batch, as Spark prints them'
frames\t'The stream format, for another sstream tool'
text\t'A string as itself and anything else as JSON, one a line'
json\t'Every record as JSON, one a line'"
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand exec" -l trace-log -d 'Append each batch\'s trace to FILE, for sstream-top FILE and sstream-ui FILE' -r -F
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand exec" -l metrics -d 'Serve OpenMetrics at http://ADDRESS/metrics; a port alone is on 127.0.0.1' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand exec" -l metrics-file -d 'Keep metrics in FILE, for node_exporter\'s textfile collector' -r -F
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand exec" -l stage-name -d 'The stage\'s name in the checkpoint of the stream, if there is one, in the place of its number and tool, as 03-files' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand exec" -l max-memory -d 'Most memory the process takes: with more the tool ends with exit 1 [default: three quarters of the machine\'s, or of its control group\'s if that is less]' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand exec" -l keep -d 'One command for the whole stream'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand exec" -l json -d 'Lines are JSON values, one a record; else they are text, and a newline in a string makes two lines'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand exec" -l pass -d 'Hand the stream on, each batch\'s end after the sink is done with it; what goes to stdout otherwise goes to stderr'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand exec" -l no-header -d 'csv: no line names the columns, which are 1, 2, 3 unless --columns names them'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand exec" -l trim -d 'csv: blanks around fields are no part of them'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand exec" -l numbers -d 'Make numbers of the values that are some: of csv and logfmt, and of what sstream-parse finds by grok, regex and logfmt'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand exec" -l skip-missed -d 'Send more than a million missed batches (a suspend, a clock set) as empty ones'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand exec" -l no-trace -d 'Leave the trace out of the stream\'s ends'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand exec" -l backpressure -d 'When batches take longer than their interval, take only what the pipeline keeps up with'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand exec" -l verbose -d 'Say what happens, on stderr'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand exec" -l quiet -d 'Say nothing but errors, on stderr'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand exec" -l new -d 'Begin here with nothing where the checkpoint of the stream has gone on without this stage'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand exec" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand listen" -l on-slow -d 'What becomes of batches that a client is too slow for [default: drop]' -r -f -a "drop\t'It misses them, whole ones, as stderr says; what comes while nobody is connected goes nowhere'
block\t'The pipeline waits for the slowest, and while nobody is connected'"
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand listen" -l max-clients -d 'So many clients at a time; more wait until one has gone [default: 100]' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand listen" -l buffer -d 'Batches held in memory for who is slow; a batch larger than a quarter of it lies in a file in $TMPDIR' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand listen" -l input -d 'Raw input in this form, so that the clock need not wait for the first byte' -r -f -a "text\t'Each line a string'
json\t'Each line a JSON value'
csv\t'Each row an object'
tsv\t'The same with tabs between fields'
logfmt\t'Each line key=value pairs, an object'
msgpack\t'Values of MessagePack, one behind the other'
avro\t'Records of Avro\'s container files, .avro'"
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand listen" -l batch -d 'The interval between batches; with a zone, 1d,Europe/Berlin, or --time-zone, batches of 1h, 1d, 1w or 1month end with those there; or 1000n, so many records each; or 1000n,5s, the same or so long after the first of them [default: SSTREAM_BATCH, or 1s]' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand listen" -l time-zone -d 'The zone in whose calendar batches and windows of hours, days and longer end, and of times that name none: Europe/Berlin [default: UTC]' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand listen" -l block-interval -d 'How long a record may wait for its block to fill' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand listen" -l max-line -d 'A longer line is a bad record' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand listen" -l columns -d 'The columns\' names for csv; by default the first line names them' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand listen" -l delimiter -d 'csv: what stands between two fields, one character, as ; or \\t [default: a comma]' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand listen" -l quote -d 'csv: what stands around fields that have delimiters in them, one character, or none [default: "]' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand listen" -l encoding -d 'What the bytes are, in files UTF-16 by its byte order mark too: utf-8, utf-16, utf-16le, utf-16be, latin-1, windows-1252, gbk, shift_jis and so on, by the names of the web [default: utf-8]' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand listen" -l framing -d 'What ends a record: lines, nul (a byte of zero), fixed:N (each has N bytes), octets (RFC 6587: what begins with a digit has its count of bytes before it, others are lines) [default: lines]' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand listen" -l multiline -d 'One record of an event\'s lines: stack traces of a language with the log line before them, what a container\'s runtime cut, or both (cri,java)' -r -f -a "java\t'Exceptions of Java, Kotlin, Scala'
python\t'Tracebacks'
go\t'Panics and goroutines'
ruby\t'Exceptions'
rust\t'Panics, and errors with their causes'
cri\t'Long lines that containerd or CRI-O cut; cri,java and others: with events in what a container wrote'
docker\t'Long lines that Docker\'s json-file driver cut; docker,java and others likewise'"
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand listen" -l multiline-start -d 'A line that matches begins an event; other lines belong to the one before' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand listen" -l multiline-end -d 'A line that matches ends an event' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand listen" -l multiline-continue -d 'A line that matches belongs to the event before; others begin one' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand listen" -l multiline-timeout -d 'An event to which nothing comes for so long is complete [default: 1s]' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand listen" -l max-lines -d 'An event of more lines is a bad record, as is one that is longer than --max-line [default: 10000]' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand listen" -l stop-file -d 'Stop, as a signal would, when this file is there' -r -F
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand listen" -l idle-timeout -d 'Stop when nothing has come for so long' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand listen" -l stop-after -d 'Stop so long after the start' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand listen" -l max-rate -d 'Take at most so many records a second; what is more waits in the input' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand listen" -l max-batch -d 'A batch that has so many bytes of records takes no more; what is more comes in the next ones' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand listen" -l checkpoint -d 'Keep in DIR what a restart of the pipeline needs [default: SSTREAM_CHECKPOINT]' -r -F
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand listen" -l name -d 'The source\'s name in the checkpoint, and the pipeline\'s where it is shown [default: its kind]' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand listen" -l retain -d 'Keep the newest batches beyond what a restart needs: 100, 12h, or all [default: 100]' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand listen" -l on-loss -d 'What a restart needs and is gone (a file removed): fail, or skip it [default: fail]' -r -f -a "fail\t'Stop with exit code 5'
skip\t'Leave it out, with a warning'"
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand listen" -l on-error -d 'Bad records: fail, skip, or a FILE to append them to' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand listen" -l config -d 'Options, as TOML: a section a tool, [filter] or [source.tail]; what the command line says goes before it [default: SSTREAM_CONFIG]' -r -F
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand listen" -l output -d 'The output\'s form; by default print on a terminal and frames anywhere else' -r -f -a "print\t'The first 10 records of each batch, as Spark prints them'
frames\t'The stream format, for another sstream tool'
text\t'A string as itself and anything else as JSON, one a line'
json\t'Every record as JSON, one a line'"
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand listen" -l trace-log -d 'Append each batch\'s trace to FILE, for sstream-top FILE and sstream-ui FILE' -r -F
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand listen" -l metrics -d 'Serve OpenMetrics at http://ADDRESS/metrics; a port alone is on 127.0.0.1' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand listen" -l metrics-file -d 'Keep metrics in FILE, for node_exporter\'s textfile collector' -r -F
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand listen" -l stage-name -d 'The stage\'s name in the checkpoint of the stream, if there is one, in the place of its number and tool, as 03-files' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand listen" -l max-memory -d 'Most memory the process takes: with more the tool ends with exit 1 [default: three quarters of the machine\'s, or of its control group\'s if that is less]' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand listen" -l tell-dropped -d 'A client that was too slow gets a line, \'# dropped 3 batches, 17 records\', where they are missing'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand listen" -l json -d 'Every record as JSON, one a line, strings too'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand listen" -l pass -d 'Hand the stream on, each batch\'s end after the sink is done with it; what goes to stdout otherwise goes to stderr'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand listen" -l no-header -d 'csv: no line names the columns, which are 1, 2, 3 unless --columns names them'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand listen" -l trim -d 'csv: blanks around fields are no part of them'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand listen" -l numbers -d 'Make numbers of the values that are some: of csv and logfmt, and of what sstream-parse finds by grok, regex and logfmt'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand listen" -l skip-missed -d 'Send more than a million missed batches (a suspend, a clock set) as empty ones'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand listen" -l no-trace -d 'Leave the trace out of the stream\'s ends'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand listen" -l backpressure -d 'When batches take longer than their interval, take only what the pipeline keeps up with'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand listen" -l verbose -d 'Say what happens, on stderr'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand listen" -l quiet -d 'Say nothing but errors, on stderr'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand listen" -l new -d 'Begin here with nothing where the checkpoint of the stream has gone on without this stage'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand listen" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand tcp" -l retry-for -d 'Give up, exit 1, when the server was away for so long [default: never]' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand tcp" -l buffer -d 'Batches held in memory for who is slow; a batch larger than a quarter of it lies in a file in $TMPDIR' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand tcp" -l input -d 'Raw input in this form, so that the clock need not wait for the first byte' -r -f -a "text\t'Each line a string'
json\t'Each line a JSON value'
csv\t'Each row an object'
tsv\t'The same with tabs between fields'
logfmt\t'Each line key=value pairs, an object'
msgpack\t'Values of MessagePack, one behind the other'
avro\t'Records of Avro\'s container files, .avro'"
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand tcp" -l batch -d 'The interval between batches; with a zone, 1d,Europe/Berlin, or --time-zone, batches of 1h, 1d, 1w or 1month end with those there; or 1000n, so many records each; or 1000n,5s, the same or so long after the first of them [default: SSTREAM_BATCH, or 1s]' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand tcp" -l time-zone -d 'The zone in whose calendar batches and windows of hours, days and longer end, and of times that name none: Europe/Berlin [default: UTC]' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand tcp" -l block-interval -d 'How long a record may wait for its block to fill' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand tcp" -l max-line -d 'A longer line is a bad record' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand tcp" -l columns -d 'The columns\' names for csv; by default the first line names them' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand tcp" -l delimiter -d 'csv: what stands between two fields, one character, as ; or \\t [default: a comma]' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand tcp" -l quote -d 'csv: what stands around fields that have delimiters in them, one character, or none [default: "]' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand tcp" -l encoding -d 'What the bytes are, in files UTF-16 by its byte order mark too: utf-8, utf-16, utf-16le, utf-16be, latin-1, windows-1252, gbk, shift_jis and so on, by the names of the web [default: utf-8]' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand tcp" -l framing -d 'What ends a record: lines, nul (a byte of zero), fixed:N (each has N bytes), octets (RFC 6587: what begins with a digit has its count of bytes before it, others are lines) [default: lines]' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand tcp" -l multiline -d 'One record of an event\'s lines: stack traces of a language with the log line before them, what a container\'s runtime cut, or both (cri,java)' -r -f -a "java\t'Exceptions of Java, Kotlin, Scala'
python\t'Tracebacks'
go\t'Panics and goroutines'
ruby\t'Exceptions'
rust\t'Panics, and errors with their causes'
cri\t'Long lines that containerd or CRI-O cut; cri,java and others: with events in what a container wrote'
docker\t'Long lines that Docker\'s json-file driver cut; docker,java and others likewise'"
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand tcp" -l multiline-start -d 'A line that matches begins an event; other lines belong to the one before' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand tcp" -l multiline-end -d 'A line that matches ends an event' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand tcp" -l multiline-continue -d 'A line that matches belongs to the event before; others begin one' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand tcp" -l multiline-timeout -d 'An event to which nothing comes for so long is complete [default: 1s]' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand tcp" -l max-lines -d 'An event of more lines is a bad record, as is one that is longer than --max-line [default: 10000]' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand tcp" -l stop-file -d 'Stop, as a signal would, when this file is there' -r -F
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand tcp" -l idle-timeout -d 'Stop when nothing has come for so long' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand tcp" -l stop-after -d 'Stop so long after the start' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand tcp" -l max-rate -d 'Take at most so many records a second; what is more waits in the input' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand tcp" -l max-batch -d 'A batch that has so many bytes of records takes no more; what is more comes in the next ones' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand tcp" -l checkpoint -d 'Keep in DIR what a restart of the pipeline needs [default: SSTREAM_CHECKPOINT]' -r -F
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand tcp" -l name -d 'The source\'s name in the checkpoint, and the pipeline\'s where it is shown [default: its kind]' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand tcp" -l retain -d 'Keep the newest batches beyond what a restart needs: 100, 12h, or all [default: 100]' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand tcp" -l on-loss -d 'What a restart needs and is gone (a file removed): fail, or skip it [default: fail]' -r -f -a "fail\t'Stop with exit code 5'
skip\t'Leave it out, with a warning'"
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand tcp" -l on-error -d 'Bad records: fail, skip, or a FILE to append them to' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand tcp" -l config -d 'Options, as TOML: a section a tool, [filter] or [source.tail]; what the command line says goes before it [default: SSTREAM_CONFIG]' -r -F
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand tcp" -l output -d 'The output\'s form; by default print on a terminal and frames anywhere else' -r -f -a "print\t'The first 10 records of each batch, as Spark prints them'
frames\t'The stream format, for another sstream tool'
text\t'A string as itself and anything else as JSON, one a line'
json\t'Every record as JSON, one a line'"
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand tcp" -l trace-log -d 'Append each batch\'s trace to FILE, for sstream-top FILE and sstream-ui FILE' -r -F
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand tcp" -l metrics -d 'Serve OpenMetrics at http://ADDRESS/metrics; a port alone is on 127.0.0.1' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand tcp" -l metrics-file -d 'Keep metrics in FILE, for node_exporter\'s textfile collector' -r -F
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand tcp" -l stage-name -d 'The stage\'s name in the checkpoint of the stream, if there is one, in the place of its number and tool, as 03-files' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand tcp" -l max-memory -d 'Most memory the process takes: with more the tool ends with exit 1 [default: three quarters of the machine\'s, or of its control group\'s if that is less]' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand tcp" -l json -d 'Every record as JSON, one a line, strings too'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand tcp" -l pass -d 'Hand the stream on, each batch\'s end after the sink is done with it; what goes to stdout otherwise goes to stderr'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand tcp" -l no-header -d 'csv: no line names the columns, which are 1, 2, 3 unless --columns names them'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand tcp" -l trim -d 'csv: blanks around fields are no part of them'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand tcp" -l numbers -d 'Make numbers of the values that are some: of csv and logfmt, and of what sstream-parse finds by grok, regex and logfmt'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand tcp" -l skip-missed -d 'Send more than a million missed batches (a suspend, a clock set) as empty ones'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand tcp" -l no-trace -d 'Leave the trace out of the stream\'s ends'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand tcp" -l backpressure -d 'When batches take longer than their interval, take only what the pipeline keeps up with'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand tcp" -l verbose -d 'Say what happens, on stderr'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand tcp" -l quiet -d 'Say nothing but errors, on stderr'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand tcp" -l new -d 'Begin here with nothing where the checkpoint of the stream has gone on without this stage'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand tcp" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand unix" -l on-slow -d 'What becomes of batches that a client is too slow for [default: drop]' -r -f -a "drop\t'It misses them, whole ones, as stderr says; what comes while nobody is connected goes nowhere'
block\t'The pipeline waits for the slowest, and while nobody is connected'"
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand unix" -l max-clients -d 'So many clients at a time; more wait until one has gone [default: 100]' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand unix" -l retry-for -d 'With --connect: give up, exit 1, when the server was away for so long [default: never]' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand unix" -l buffer -d 'Batches held in memory for who is slow; a batch larger than a quarter of it lies in a file in $TMPDIR' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand unix" -l input -d 'Raw input in this form, so that the clock need not wait for the first byte' -r -f -a "text\t'Each line a string'
json\t'Each line a JSON value'
csv\t'Each row an object'
tsv\t'The same with tabs between fields'
logfmt\t'Each line key=value pairs, an object'
msgpack\t'Values of MessagePack, one behind the other'
avro\t'Records of Avro\'s container files, .avro'"
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand unix" -l batch -d 'The interval between batches; with a zone, 1d,Europe/Berlin, or --time-zone, batches of 1h, 1d, 1w or 1month end with those there; or 1000n, so many records each; or 1000n,5s, the same or so long after the first of them [default: SSTREAM_BATCH, or 1s]' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand unix" -l time-zone -d 'The zone in whose calendar batches and windows of hours, days and longer end, and of times that name none: Europe/Berlin [default: UTC]' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand unix" -l block-interval -d 'How long a record may wait for its block to fill' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand unix" -l max-line -d 'A longer line is a bad record' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand unix" -l columns -d 'The columns\' names for csv; by default the first line names them' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand unix" -l delimiter -d 'csv: what stands between two fields, one character, as ; or \\t [default: a comma]' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand unix" -l quote -d 'csv: what stands around fields that have delimiters in them, one character, or none [default: "]' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand unix" -l encoding -d 'What the bytes are, in files UTF-16 by its byte order mark too: utf-8, utf-16, utf-16le, utf-16be, latin-1, windows-1252, gbk, shift_jis and so on, by the names of the web [default: utf-8]' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand unix" -l framing -d 'What ends a record: lines, nul (a byte of zero), fixed:N (each has N bytes), octets (RFC 6587: what begins with a digit has its count of bytes before it, others are lines) [default: lines]' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand unix" -l multiline -d 'One record of an event\'s lines: stack traces of a language with the log line before them, what a container\'s runtime cut, or both (cri,java)' -r -f -a "java\t'Exceptions of Java, Kotlin, Scala'
python\t'Tracebacks'
go\t'Panics and goroutines'
ruby\t'Exceptions'
rust\t'Panics, and errors with their causes'
cri\t'Long lines that containerd or CRI-O cut; cri,java and others: with events in what a container wrote'
docker\t'Long lines that Docker\'s json-file driver cut; docker,java and others likewise'"
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand unix" -l multiline-start -d 'A line that matches begins an event; other lines belong to the one before' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand unix" -l multiline-end -d 'A line that matches ends an event' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand unix" -l multiline-continue -d 'A line that matches belongs to the event before; others begin one' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand unix" -l multiline-timeout -d 'An event to which nothing comes for so long is complete [default: 1s]' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand unix" -l max-lines -d 'An event of more lines is a bad record, as is one that is longer than --max-line [default: 10000]' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand unix" -l stop-file -d 'Stop, as a signal would, when this file is there' -r -F
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand unix" -l idle-timeout -d 'Stop when nothing has come for so long' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand unix" -l stop-after -d 'Stop so long after the start' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand unix" -l max-rate -d 'Take at most so many records a second; what is more waits in the input' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand unix" -l max-batch -d 'A batch that has so many bytes of records takes no more; what is more comes in the next ones' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand unix" -l checkpoint -d 'Keep in DIR what a restart of the pipeline needs [default: SSTREAM_CHECKPOINT]' -r -F
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand unix" -l name -d 'The source\'s name in the checkpoint, and the pipeline\'s where it is shown [default: its kind]' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand unix" -l retain -d 'Keep the newest batches beyond what a restart needs: 100, 12h, or all [default: 100]' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand unix" -l on-loss -d 'What a restart needs and is gone (a file removed): fail, or skip it [default: fail]' -r -f -a "fail\t'Stop with exit code 5'
skip\t'Leave it out, with a warning'"
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand unix" -l on-error -d 'Bad records: fail, skip, or a FILE to append them to' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand unix" -l config -d 'Options, as TOML: a section a tool, [filter] or [source.tail]; what the command line says goes before it [default: SSTREAM_CONFIG]' -r -F
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand unix" -l output -d 'The output\'s form; by default print on a terminal and frames anywhere else' -r -f -a "print\t'The first 10 records of each batch, as Spark prints them'
frames\t'The stream format, for another sstream tool'
text\t'A string as itself and anything else as JSON, one a line'
json\t'Every record as JSON, one a line'"
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand unix" -l trace-log -d 'Append each batch\'s trace to FILE, for sstream-top FILE and sstream-ui FILE' -r -F
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand unix" -l metrics -d 'Serve OpenMetrics at http://ADDRESS/metrics; a port alone is on 127.0.0.1' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand unix" -l metrics-file -d 'Keep metrics in FILE, for node_exporter\'s textfile collector' -r -F
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand unix" -l stage-name -d 'The stage\'s name in the checkpoint of the stream, if there is one, in the place of its number and tool, as 03-files' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand unix" -l max-memory -d 'Most memory the process takes: with more the tool ends with exit 1 [default: three quarters of the machine\'s, or of its control group\'s if that is less]' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand unix" -l connect -d 'Connect to a server there, as tcp does'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand unix" -l tell-dropped -d 'A client that was too slow gets a line, \'# dropped 3 batches, 17 records\', where they are missing'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand unix" -l json -d 'Every record as JSON, one a line, strings too'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand unix" -l pass -d 'Hand the stream on, each batch\'s end after the sink is done with it; what goes to stdout otherwise goes to stderr'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand unix" -l no-header -d 'csv: no line names the columns, which are 1, 2, 3 unless --columns names them'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand unix" -l trim -d 'csv: blanks around fields are no part of them'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand unix" -l numbers -d 'Make numbers of the values that are some: of csv and logfmt, and of what sstream-parse finds by grok, regex and logfmt'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand unix" -l skip-missed -d 'Send more than a million missed batches (a suspend, a clock set) as empty ones'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand unix" -l no-trace -d 'Leave the trace out of the stream\'s ends'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand unix" -l backpressure -d 'When batches take longer than their interval, take only what the pipeline keeps up with'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand unix" -l verbose -d 'Say what happens, on stderr'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand unix" -l quiet -d 'Say nothing but errors, on stderr'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand unix" -l new -d 'Begin here with nothing where the checkpoint of the stream has gone on without this stage'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand unix" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand serve" -l host -d 'A name by which browsers may reach the page, beside addresses and localhost' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand serve" -l title -d 'What the page is called' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand serve" -l history -d 'So many batches are kept, for curves and for who comes late' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand serve" -l rows -d 'The first records of a batch that are shown' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand serve" -l buffer -d 'Batches held in memory: with more the oldest are forgotten earlier, and of one batch a quarter of it is shown' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand serve" -l input -d 'Raw input in this form, so that the clock need not wait for the first byte' -r -f -a "text\t'Each line a string'
json\t'Each line a JSON value'
csv\t'Each row an object'
tsv\t'The same with tabs between fields'
logfmt\t'Each line key=value pairs, an object'
msgpack\t'Values of MessagePack, one behind the other'
avro\t'Records of Avro\'s container files, .avro'"
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand serve" -l batch -d 'The interval between batches; with a zone, 1d,Europe/Berlin, or --time-zone, batches of 1h, 1d, 1w or 1month end with those there; or 1000n, so many records each; or 1000n,5s, the same or so long after the first of them [default: SSTREAM_BATCH, or 1s]' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand serve" -l time-zone -d 'The zone in whose calendar batches and windows of hours, days and longer end, and of times that name none: Europe/Berlin [default: UTC]' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand serve" -l block-interval -d 'How long a record may wait for its block to fill' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand serve" -l max-line -d 'A longer line is a bad record' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand serve" -l columns -d 'The columns\' names for csv; by default the first line names them' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand serve" -l delimiter -d 'csv: what stands between two fields, one character, as ; or \\t [default: a comma]' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand serve" -l quote -d 'csv: what stands around fields that have delimiters in them, one character, or none [default: "]' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand serve" -l encoding -d 'What the bytes are, in files UTF-16 by its byte order mark too: utf-8, utf-16, utf-16le, utf-16be, latin-1, windows-1252, gbk, shift_jis and so on, by the names of the web [default: utf-8]' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand serve" -l framing -d 'What ends a record: lines, nul (a byte of zero), fixed:N (each has N bytes), octets (RFC 6587: what begins with a digit has its count of bytes before it, others are lines) [default: lines]' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand serve" -l multiline -d 'One record of an event\'s lines: stack traces of a language with the log line before them, what a container\'s runtime cut, or both (cri,java)' -r -f -a "java\t'Exceptions of Java, Kotlin, Scala'
python\t'Tracebacks'
go\t'Panics and goroutines'
ruby\t'Exceptions'
rust\t'Panics, and errors with their causes'
cri\t'Long lines that containerd or CRI-O cut; cri,java and others: with events in what a container wrote'
docker\t'Long lines that Docker\'s json-file driver cut; docker,java and others likewise'"
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand serve" -l multiline-start -d 'A line that matches begins an event; other lines belong to the one before' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand serve" -l multiline-end -d 'A line that matches ends an event' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand serve" -l multiline-continue -d 'A line that matches belongs to the event before; others begin one' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand serve" -l multiline-timeout -d 'An event to which nothing comes for so long is complete [default: 1s]' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand serve" -l max-lines -d 'An event of more lines is a bad record, as is one that is longer than --max-line [default: 10000]' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand serve" -l stop-file -d 'Stop, as a signal would, when this file is there' -r -F
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand serve" -l idle-timeout -d 'Stop when nothing has come for so long' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand serve" -l stop-after -d 'Stop so long after the start' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand serve" -l max-rate -d 'Take at most so many records a second; what is more waits in the input' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand serve" -l max-batch -d 'A batch that has so many bytes of records takes no more; what is more comes in the next ones' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand serve" -l checkpoint -d 'Keep in DIR what a restart of the pipeline needs [default: SSTREAM_CHECKPOINT]' -r -F
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand serve" -l name -d 'The source\'s name in the checkpoint, and the pipeline\'s where it is shown [default: its kind]' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand serve" -l retain -d 'Keep the newest batches beyond what a restart needs: 100, 12h, or all [default: 100]' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand serve" -l on-loss -d 'What a restart needs and is gone (a file removed): fail, or skip it [default: fail]' -r -f -a "fail\t'Stop with exit code 5'
skip\t'Leave it out, with a warning'"
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand serve" -l on-error -d 'Bad records: fail, skip, or a FILE to append them to' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand serve" -l config -d 'Options, as TOML: a section a tool, [filter] or [source.tail]; what the command line says goes before it [default: SSTREAM_CONFIG]' -r -F
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand serve" -l output -d 'The output\'s form; by default print on a terminal and frames anywhere else' -r -f -a "print\t'The first 10 records of each batch, as Spark prints them'
frames\t'The stream format, for another sstream tool'
text\t'A string as itself and anything else as JSON, one a line'
json\t'Every record as JSON, one a line'"
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand serve" -l trace-log -d 'Append each batch\'s trace to FILE, for sstream-top FILE and sstream-ui FILE' -r -F
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand serve" -l metrics -d 'Serve OpenMetrics at http://ADDRESS/metrics; a port alone is on 127.0.0.1' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand serve" -l metrics-file -d 'Keep metrics in FILE, for node_exporter\'s textfile collector' -r -F
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand serve" -l stage-name -d 'The stage\'s name in the checkpoint of the stream, if there is one, in the place of its number and tool, as 03-files' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand serve" -l max-memory -d 'Most memory the process takes: with more the tool ends with exit 1 [default: three quarters of the machine\'s, or of its control group\'s if that is less]' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand serve" -l stay -d 'After the end of the stream go on serving, until Ctrl-C or SIGTERM'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand serve" -l pass -d 'Hand the stream on, each batch\'s end after the sink is done with it; what goes to stdout otherwise goes to stderr'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand serve" -l no-header -d 'csv: no line names the columns, which are 1, 2, 3 unless --columns names them'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand serve" -l trim -d 'csv: blanks around fields are no part of them'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand serve" -l numbers -d 'Make numbers of the values that are some: of csv and logfmt, and of what sstream-parse finds by grok, regex and logfmt'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand serve" -l skip-missed -d 'Send more than a million missed batches (a suspend, a clock set) as empty ones'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand serve" -l no-trace -d 'Leave the trace out of the stream\'s ends'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand serve" -l backpressure -d 'When batches take longer than their interval, take only what the pipeline keeps up with'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand serve" -l verbose -d 'Say what happens, on stderr'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand serve" -l quiet -d 'Say nothing but errors, on stderr'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand serve" -l new -d 'Begin here with nothing where the checkpoint of the stream has gone on without this stage'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand serve" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand null" -l input -d 'Raw input in this form, so that the clock need not wait for the first byte' -r -f -a "text\t'Each line a string'
json\t'Each line a JSON value'
csv\t'Each row an object'
tsv\t'The same with tabs between fields'
logfmt\t'Each line key=value pairs, an object'
msgpack\t'Values of MessagePack, one behind the other'
avro\t'Records of Avro\'s container files, .avro'"
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand null" -l batch -d 'The interval between batches; with a zone, 1d,Europe/Berlin, or --time-zone, batches of 1h, 1d, 1w or 1month end with those there; or 1000n, so many records each; or 1000n,5s, the same or so long after the first of them [default: SSTREAM_BATCH, or 1s]' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand null" -l time-zone -d 'The zone in whose calendar batches and windows of hours, days and longer end, and of times that name none: Europe/Berlin [default: UTC]' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand null" -l block-interval -d 'How long a record may wait for its block to fill' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand null" -l max-line -d 'A longer line is a bad record' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand null" -l columns -d 'The columns\' names for csv; by default the first line names them' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand null" -l delimiter -d 'csv: what stands between two fields, one character, as ; or \\t [default: a comma]' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand null" -l quote -d 'csv: what stands around fields that have delimiters in them, one character, or none [default: "]' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand null" -l encoding -d 'What the bytes are, in files UTF-16 by its byte order mark too: utf-8, utf-16, utf-16le, utf-16be, latin-1, windows-1252, gbk, shift_jis and so on, by the names of the web [default: utf-8]' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand null" -l framing -d 'What ends a record: lines, nul (a byte of zero), fixed:N (each has N bytes), octets (RFC 6587: what begins with a digit has its count of bytes before it, others are lines) [default: lines]' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand null" -l multiline -d 'One record of an event\'s lines: stack traces of a language with the log line before them, what a container\'s runtime cut, or both (cri,java)' -r -f -a "java\t'Exceptions of Java, Kotlin, Scala'
python\t'Tracebacks'
go\t'Panics and goroutines'
ruby\t'Exceptions'
rust\t'Panics, and errors with their causes'
cri\t'Long lines that containerd or CRI-O cut; cri,java and others: with events in what a container wrote'
docker\t'Long lines that Docker\'s json-file driver cut; docker,java and others likewise'"
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand null" -l multiline-start -d 'A line that matches begins an event; other lines belong to the one before' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand null" -l multiline-end -d 'A line that matches ends an event' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand null" -l multiline-continue -d 'A line that matches belongs to the event before; others begin one' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand null" -l multiline-timeout -d 'An event to which nothing comes for so long is complete [default: 1s]' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand null" -l max-lines -d 'An event of more lines is a bad record, as is one that is longer than --max-line [default: 10000]' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand null" -l stop-file -d 'Stop, as a signal would, when this file is there' -r -F
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand null" -l idle-timeout -d 'Stop when nothing has come for so long' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand null" -l stop-after -d 'Stop so long after the start' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand null" -l max-rate -d 'Take at most so many records a second; what is more waits in the input' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand null" -l max-batch -d 'A batch that has so many bytes of records takes no more; what is more comes in the next ones' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand null" -l checkpoint -d 'Keep in DIR what a restart of the pipeline needs [default: SSTREAM_CHECKPOINT]' -r -F
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand null" -l name -d 'The source\'s name in the checkpoint, and the pipeline\'s where it is shown [default: its kind]' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand null" -l retain -d 'Keep the newest batches beyond what a restart needs: 100, 12h, or all [default: 100]' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand null" -l on-loss -d 'What a restart needs and is gone (a file removed): fail, or skip it [default: fail]' -r -f -a "fail\t'Stop with exit code 5'
skip\t'Leave it out, with a warning'"
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand null" -l on-error -d 'Bad records: fail, skip, or a FILE to append them to' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand null" -l config -d 'Options, as TOML: a section a tool, [filter] or [source.tail]; what the command line says goes before it [default: SSTREAM_CONFIG]' -r -F
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand null" -l output -d 'The output\'s form; by default print on a terminal and frames anywhere else' -r -f -a "print\t'The first 10 records of each batch, as Spark prints them'
frames\t'The stream format, for another sstream tool'
text\t'A string as itself and anything else as JSON, one a line'
json\t'Every record as JSON, one a line'"
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand null" -l trace-log -d 'Append each batch\'s trace to FILE, for sstream-top FILE and sstream-ui FILE' -r -F
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand null" -l metrics -d 'Serve OpenMetrics at http://ADDRESS/metrics; a port alone is on 127.0.0.1' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand null" -l metrics-file -d 'Keep metrics in FILE, for node_exporter\'s textfile collector' -r -F
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand null" -l stage-name -d 'The stage\'s name in the checkpoint of the stream, if there is one, in the place of its number and tool, as 03-files' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand null" -l max-memory -d 'Most memory the process takes: with more the tool ends with exit 1 [default: three quarters of the machine\'s, or of its control group\'s if that is less]' -r
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand null" -l pass -d 'Hand the stream on, each batch\'s end after the sink is done with it; what goes to stdout otherwise goes to stderr'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand null" -l no-header -d 'csv: no line names the columns, which are 1, 2, 3 unless --columns names them'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand null" -l trim -d 'csv: blanks around fields are no part of them'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand null" -l numbers -d 'Make numbers of the values that are some: of csv and logfmt, and of what sstream-parse finds by grok, regex and logfmt'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand null" -l skip-missed -d 'Send more than a million missed batches (a suspend, a clock set) as empty ones'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand null" -l no-trace -d 'Leave the trace out of the stream\'s ends'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand null" -l backpressure -d 'When batches take longer than their interval, take only what the pipeline keeps up with'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand null" -l verbose -d 'Say what happens, on stderr'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand null" -l quiet -d 'Say nothing but errors, on stderr'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand null" -l new -d 'Begin here with nothing where the checkpoint of the stream has gone on without this stage'
complete -c sstream-sink -n "__fish_sstream_sink_using_subcommand null" -s h -l help -d 'Print help (see more with \'--help\')'
