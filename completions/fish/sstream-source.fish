# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_sstream_source_global_optspecs
    string join \n input= with= batch= time-zone= block-interval= max-line= columns= no-header delimiter= quote= trim encoding= framing= numbers multiline= multiline-start= multiline-end= multiline-continue= multiline-timeout= max-lines= stop-file= idle-timeout= stop-after= skip-missed no-trace max-rate= max-batch= backpressure checkpoint= name= retain= on-loss= on-error= verbose quiet config= output= trace-log= metrics= metrics-file= new stage-name= max-memory= h/help V/version
end

function __fish_sstream_source_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_sstream_source_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_sstream_source_using_subcommand
    set -l cmd (__fish_sstream_source_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c sstream-source -n "__fish_sstream_source_needs_command" -l input -d 'What a line is; text unless told' -r -f -a "text\t'Each line a string'
json\t'Each line a JSON value'
csv\t'Each row an object'
tsv\t'The same with tabs between fields'
logfmt\t'Each line key=value pairs, an object'
msgpack\t'Values of MessagePack, one behind the other'
avro\t'Records of Avro\'s container files, .avro'"
complete -c sstream-source -n "__fish_sstream_source_needs_command" -l with -d 'Make objects of the value and of where it is from, several with commas: listen, udp and unix know client and host; dir and tail know file, line, offset and host; others host' -r -f -a "file\t'The file\'s path, without what a rotation added to it'
line\t'The number of the (first) line in its file, from 1; a restart counts those before it again'
offset\t'The byte of the file at which the line begins'
host\t'This machine\'s name'
client\t'Who sent it: address and port, or on a unix socket its number'"
complete -c sstream-source -n "__fish_sstream_source_needs_command" -l batch -d 'The interval between batches; with a zone, 1d,Europe/Berlin, or --time-zone, batches of 1h, 1d, 1w or 1month end with those there; or 1000n, so many records each; or 1000n,5s, the same or so long after the first of them [default: SSTREAM_BATCH, or 1s]' -r
complete -c sstream-source -n "__fish_sstream_source_needs_command" -l time-zone -d 'The zone in whose calendar batches and windows of hours, days and longer end, and of times that name none: Europe/Berlin [default: UTC]' -r
complete -c sstream-source -n "__fish_sstream_source_needs_command" -l block-interval -d 'How long a record may wait for its block to fill' -r
complete -c sstream-source -n "__fish_sstream_source_needs_command" -l max-line -d 'A longer line is a bad record' -r
complete -c sstream-source -n "__fish_sstream_source_needs_command" -l columns -d 'The columns\' names for csv; by default the first line names them' -r
complete -c sstream-source -n "__fish_sstream_source_needs_command" -l delimiter -d 'csv: what stands between two fields, one character, as ; or \\t [default: a comma]' -r
complete -c sstream-source -n "__fish_sstream_source_needs_command" -l quote -d 'csv: what stands around fields that have delimiters in them, one character, or none [default: "]' -r
complete -c sstream-source -n "__fish_sstream_source_needs_command" -l encoding -d 'What the bytes are, in files UTF-16 by its byte order mark too: utf-8, utf-16, utf-16le, utf-16be, latin-1, windows-1252, gbk, shift_jis and so on, by the names of the web [default: utf-8]' -r
complete -c sstream-source -n "__fish_sstream_source_needs_command" -l framing -d 'What ends a record: lines, nul (a byte of zero), fixed:N (each has N bytes), octets (RFC 6587: what begins with a digit has its count of bytes before it, others are lines) [default: lines]' -r
complete -c sstream-source -n "__fish_sstream_source_needs_command" -l multiline -d 'One record of an event\'s lines: stack traces of a language with the log line before them, what a container\'s runtime cut, or both (cri,java)' -r -f -a "java\t'Exceptions of Java, Kotlin, Scala'
python\t'Tracebacks'
go\t'Panics and goroutines'
ruby\t'Exceptions'
rust\t'Panics, and errors with their causes'
cri\t'Long lines that containerd or CRI-O cut; cri,java and others: with events in what a container wrote'
docker\t'Long lines that Docker\'s json-file driver cut; docker,java and others likewise'"
complete -c sstream-source -n "__fish_sstream_source_needs_command" -l multiline-start -d 'A line that matches begins an event; other lines belong to the one before' -r
complete -c sstream-source -n "__fish_sstream_source_needs_command" -l multiline-end -d 'A line that matches ends an event' -r
complete -c sstream-source -n "__fish_sstream_source_needs_command" -l multiline-continue -d 'A line that matches belongs to the event before; others begin one' -r
complete -c sstream-source -n "__fish_sstream_source_needs_command" -l multiline-timeout -d 'An event to which nothing comes for so long is complete [default: 1s]' -r
complete -c sstream-source -n "__fish_sstream_source_needs_command" -l max-lines -d 'An event of more lines is a bad record, as is one that is longer than --max-line [default: 10000]' -r
complete -c sstream-source -n "__fish_sstream_source_needs_command" -l stop-file -d 'Stop, as a signal would, when this file is there' -r -F
complete -c sstream-source -n "__fish_sstream_source_needs_command" -l idle-timeout -d 'Stop when nothing has come for so long' -r
complete -c sstream-source -n "__fish_sstream_source_needs_command" -l stop-after -d 'Stop so long after the start' -r
complete -c sstream-source -n "__fish_sstream_source_needs_command" -l max-rate -d 'Take at most so many records a second; what is more waits in the input' -r
complete -c sstream-source -n "__fish_sstream_source_needs_command" -l max-batch -d 'A batch that has so many bytes of records takes no more; what is more comes in the next ones' -r
complete -c sstream-source -n "__fish_sstream_source_needs_command" -l checkpoint -d 'Keep in DIR what a restart of the pipeline needs [default: SSTREAM_CHECKPOINT]' -r -F
complete -c sstream-source -n "__fish_sstream_source_needs_command" -l name -d 'The source\'s name in the checkpoint, and the pipeline\'s where it is shown [default: its kind]' -r
complete -c sstream-source -n "__fish_sstream_source_needs_command" -l retain -d 'Keep the newest batches beyond what a restart needs: 100, 12h, or all [default: 100]' -r
complete -c sstream-source -n "__fish_sstream_source_needs_command" -l on-loss -d 'What a restart needs and is gone (a file removed): fail, or skip it [default: fail]' -r -f -a "fail\t'Stop with exit code 5'
skip\t'Leave it out, with a warning'"
complete -c sstream-source -n "__fish_sstream_source_needs_command" -l on-error -d 'Bad records: fail, skip, or a FILE to append them to' -r
complete -c sstream-source -n "__fish_sstream_source_needs_command" -l config -d 'Options, as TOML: a section a tool, [filter] or [source.tail]; what the command line says goes before it [default: SSTREAM_CONFIG]' -r -F
complete -c sstream-source -n "__fish_sstream_source_needs_command" -l output -d 'The output\'s form; by default print on a terminal and frames anywhere else' -r -f -a "print\t'The first 10 records of each batch, as Spark prints them'
frames\t'The stream format, for another sstream tool'
text\t'A string as itself and anything else as JSON, one a line'
json\t'Every record as JSON, one a line'"
complete -c sstream-source -n "__fish_sstream_source_needs_command" -l trace-log -d 'Append each batch\'s trace to FILE, for sstream-top FILE and sstream-ui FILE' -r -F
complete -c sstream-source -n "__fish_sstream_source_needs_command" -l metrics -d 'Serve OpenMetrics at http://ADDRESS/metrics; a port alone is on 127.0.0.1' -r
complete -c sstream-source -n "__fish_sstream_source_needs_command" -l metrics-file -d 'Keep metrics in FILE, for node_exporter\'s textfile collector' -r -F
complete -c sstream-source -n "__fish_sstream_source_needs_command" -l stage-name -d 'The stage\'s name in the checkpoint of the stream, if there is one, in the place of its number and tool, as 03-files' -r
complete -c sstream-source -n "__fish_sstream_source_needs_command" -l max-memory -d 'Most memory the process takes: with more the tool ends with exit 1 [default: three quarters of the machine\'s, or of its control group\'s if that is less]' -r
complete -c sstream-source -n "__fish_sstream_source_needs_command" -l no-header -d 'csv: no line names the columns, which are 1, 2, 3 unless --columns names them'
complete -c sstream-source -n "__fish_sstream_source_needs_command" -l trim -d 'csv: blanks around fields are no part of them'
complete -c sstream-source -n "__fish_sstream_source_needs_command" -l numbers -d 'Make numbers of the values that are some: of csv and logfmt, and of what sstream-parse finds by grok, regex and logfmt'
complete -c sstream-source -n "__fish_sstream_source_needs_command" -l skip-missed -d 'Send more than a million missed batches (a suspend, a clock set) as empty ones'
complete -c sstream-source -n "__fish_sstream_source_needs_command" -l no-trace -d 'Leave the trace out of the stream\'s ends'
complete -c sstream-source -n "__fish_sstream_source_needs_command" -l backpressure -d 'When batches take longer than their interval, take only what the pipeline keeps up with'
complete -c sstream-source -n "__fish_sstream_source_needs_command" -l verbose -d 'Say what happens, on stderr'
complete -c sstream-source -n "__fish_sstream_source_needs_command" -l quiet -d 'Say nothing but errors, on stderr'
complete -c sstream-source -n "__fish_sstream_source_needs_command" -l new -d 'Begin here with nothing where the checkpoint of the stream has gone on without this stage'
complete -c sstream-source -n "__fish_sstream_source_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sstream-source -n "__fish_sstream_source_needs_command" -s V -l version -d 'Print version'
complete -c sstream-source -n "__fish_sstream_source_needs_command" -f -a "stdin" -d 'Lines of standard input'
complete -c sstream-source -n "__fish_sstream_source_needs_command" -f -a "tcp" -d 'Lines from a TCP server, to which it connects'
complete -c sstream-source -n "__fish_sstream_source_needs_command" -f -a "listen" -d 'Lines from clients that connect to a TCP port'
complete -c sstream-source -n "__fish_sstream_source_needs_command" -f -a "udp" -d 'Lines from UDP datagrams'
complete -c sstream-source -n "__fish_sstream_source_needs_command" -f -a "unix" -d 'Lines from clients that connect to a unix socket'
complete -c sstream-source -n "__fish_sstream_source_needs_command" -f -a "exec" -d 'Lines that a program writes'
complete -c sstream-source -n "__fish_sstream_source_needs_command" -f -a "rate" -d 'Records made at a steady rate, to try a pipeline'
complete -c sstream-source -n "__fish_sstream_source_needs_command" -f -a "dir" -d 'Every file of a directory, once and whole'
complete -c sstream-source -n "__fish_sstream_source_needs_command" -f -a "tail" -d 'Lines that are appended to files'
complete -c sstream-source -n "__fish_sstream_source_needs_command" -f -a "queue" -d 'A file of batches: each line a JSON array of records'
complete -c sstream-source -n "__fish_sstream_source_needs_command" -f -a "replay" -d 'A saved framed stream, once more'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand stdin" -l input -d 'What a line is; text unless told' -r -f -a "text\t'Each line a string'
json\t'Each line a JSON value'
csv\t'Each row an object'
tsv\t'The same with tabs between fields'
logfmt\t'Each line key=value pairs, an object'
msgpack\t'Values of MessagePack, one behind the other'
avro\t'Records of Avro\'s container files, .avro'"
complete -c sstream-source -n "__fish_sstream_source_using_subcommand stdin" -l with -d 'Make objects of the value and of where it is from, several with commas: listen, udp and unix know client and host; dir and tail know file, line, offset and host; others host' -r -f -a "file\t'The file\'s path, without what a rotation added to it'
line\t'The number of the (first) line in its file, from 1; a restart counts those before it again'
offset\t'The byte of the file at which the line begins'
host\t'This machine\'s name'
client\t'Who sent it: address and port, or on a unix socket its number'"
complete -c sstream-source -n "__fish_sstream_source_using_subcommand stdin" -l batch -d 'The interval between batches; with a zone, 1d,Europe/Berlin, or --time-zone, batches of 1h, 1d, 1w or 1month end with those there; or 1000n, so many records each; or 1000n,5s, the same or so long after the first of them [default: SSTREAM_BATCH, or 1s]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand stdin" -l time-zone -d 'The zone in whose calendar batches and windows of hours, days and longer end, and of times that name none: Europe/Berlin [default: UTC]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand stdin" -l block-interval -d 'How long a record may wait for its block to fill' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand stdin" -l max-line -d 'A longer line is a bad record' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand stdin" -l columns -d 'The columns\' names for csv; by default the first line names them' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand stdin" -l delimiter -d 'csv: what stands between two fields, one character, as ; or \\t [default: a comma]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand stdin" -l quote -d 'csv: what stands around fields that have delimiters in them, one character, or none [default: "]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand stdin" -l encoding -d 'What the bytes are, in files UTF-16 by its byte order mark too: utf-8, utf-16, utf-16le, utf-16be, latin-1, windows-1252, gbk, shift_jis and so on, by the names of the web [default: utf-8]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand stdin" -l framing -d 'What ends a record: lines, nul (a byte of zero), fixed:N (each has N bytes), octets (RFC 6587: what begins with a digit has its count of bytes before it, others are lines) [default: lines]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand stdin" -l multiline -d 'One record of an event\'s lines: stack traces of a language with the log line before them, what a container\'s runtime cut, or both (cri,java)' -r -f -a "java\t'Exceptions of Java, Kotlin, Scala'
python\t'Tracebacks'
go\t'Panics and goroutines'
ruby\t'Exceptions'
rust\t'Panics, and errors with their causes'
cri\t'Long lines that containerd or CRI-O cut; cri,java and others: with events in what a container wrote'
docker\t'Long lines that Docker\'s json-file driver cut; docker,java and others likewise'"
complete -c sstream-source -n "__fish_sstream_source_using_subcommand stdin" -l multiline-start -d 'A line that matches begins an event; other lines belong to the one before' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand stdin" -l multiline-end -d 'A line that matches ends an event' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand stdin" -l multiline-continue -d 'A line that matches belongs to the event before; others begin one' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand stdin" -l multiline-timeout -d 'An event to which nothing comes for so long is complete [default: 1s]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand stdin" -l max-lines -d 'An event of more lines is a bad record, as is one that is longer than --max-line [default: 10000]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand stdin" -l stop-file -d 'Stop, as a signal would, when this file is there' -r -F
complete -c sstream-source -n "__fish_sstream_source_using_subcommand stdin" -l idle-timeout -d 'Stop when nothing has come for so long' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand stdin" -l stop-after -d 'Stop so long after the start' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand stdin" -l max-rate -d 'Take at most so many records a second; what is more waits in the input' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand stdin" -l max-batch -d 'A batch that has so many bytes of records takes no more; what is more comes in the next ones' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand stdin" -l checkpoint -d 'Keep in DIR what a restart of the pipeline needs [default: SSTREAM_CHECKPOINT]' -r -F
complete -c sstream-source -n "__fish_sstream_source_using_subcommand stdin" -l name -d 'The source\'s name in the checkpoint, and the pipeline\'s where it is shown [default: its kind]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand stdin" -l retain -d 'Keep the newest batches beyond what a restart needs: 100, 12h, or all [default: 100]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand stdin" -l on-loss -d 'What a restart needs and is gone (a file removed): fail, or skip it [default: fail]' -r -f -a "fail\t'Stop with exit code 5'
skip\t'Leave it out, with a warning'"
complete -c sstream-source -n "__fish_sstream_source_using_subcommand stdin" -l on-error -d 'Bad records: fail, skip, or a FILE to append them to' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand stdin" -l config -d 'Options, as TOML: a section a tool, [filter] or [source.tail]; what the command line says goes before it [default: SSTREAM_CONFIG]' -r -F
complete -c sstream-source -n "__fish_sstream_source_using_subcommand stdin" -l output -d 'The output\'s form; by default print on a terminal and frames anywhere else' -r -f -a "print\t'The first 10 records of each batch, as Spark prints them'
frames\t'The stream format, for another sstream tool'
text\t'A string as itself and anything else as JSON, one a line'
json\t'Every record as JSON, one a line'"
complete -c sstream-source -n "__fish_sstream_source_using_subcommand stdin" -l trace-log -d 'Append each batch\'s trace to FILE, for sstream-top FILE and sstream-ui FILE' -r -F
complete -c sstream-source -n "__fish_sstream_source_using_subcommand stdin" -l metrics -d 'Serve OpenMetrics at http://ADDRESS/metrics; a port alone is on 127.0.0.1' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand stdin" -l metrics-file -d 'Keep metrics in FILE, for node_exporter\'s textfile collector' -r -F
complete -c sstream-source -n "__fish_sstream_source_using_subcommand stdin" -l stage-name -d 'The stage\'s name in the checkpoint of the stream, if there is one, in the place of its number and tool, as 03-files' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand stdin" -l max-memory -d 'Most memory the process takes: with more the tool ends with exit 1 [default: three quarters of the machine\'s, or of its control group\'s if that is less]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand stdin" -l unpack -d 'Unpack what gzip, bzip2, xz or zstd have packed, as its first bytes say; other input is left as it is'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand stdin" -l no-header -d 'csv: no line names the columns, which are 1, 2, 3 unless --columns names them'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand stdin" -l trim -d 'csv: blanks around fields are no part of them'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand stdin" -l numbers -d 'Make numbers of the values that are some: of csv and logfmt, and of what sstream-parse finds by grok, regex and logfmt'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand stdin" -l skip-missed -d 'Send more than a million missed batches (a suspend, a clock set) as empty ones'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand stdin" -l no-trace -d 'Leave the trace out of the stream\'s ends'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand stdin" -l backpressure -d 'When batches take longer than their interval, take only what the pipeline keeps up with'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand stdin" -l verbose -d 'Say what happens, on stderr'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand stdin" -l quiet -d 'Say nothing but errors, on stderr'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand stdin" -l new -d 'Begin here with nothing where the checkpoint of the stream has gone on without this stage'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand stdin" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand tcp" -l spool -d 'While the pipeline is held up take what comes all the same, and let so much of it wait, beyond 8 MiB on disk; without this senders wait, and datagrams are lost' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand tcp" -l input -d 'What a line is; text unless told' -r -f -a "text\t'Each line a string'
json\t'Each line a JSON value'
csv\t'Each row an object'
tsv\t'The same with tabs between fields'
logfmt\t'Each line key=value pairs, an object'
msgpack\t'Values of MessagePack, one behind the other'
avro\t'Records of Avro\'s container files, .avro'"
complete -c sstream-source -n "__fish_sstream_source_using_subcommand tcp" -l with -d 'Make objects of the value and of where it is from, several with commas: listen, udp and unix know client and host; dir and tail know file, line, offset and host; others host' -r -f -a "file\t'The file\'s path, without what a rotation added to it'
line\t'The number of the (first) line in its file, from 1; a restart counts those before it again'
offset\t'The byte of the file at which the line begins'
host\t'This machine\'s name'
client\t'Who sent it: address and port, or on a unix socket its number'"
complete -c sstream-source -n "__fish_sstream_source_using_subcommand tcp" -l batch -d 'The interval between batches; with a zone, 1d,Europe/Berlin, or --time-zone, batches of 1h, 1d, 1w or 1month end with those there; or 1000n, so many records each; or 1000n,5s, the same or so long after the first of them [default: SSTREAM_BATCH, or 1s]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand tcp" -l time-zone -d 'The zone in whose calendar batches and windows of hours, days and longer end, and of times that name none: Europe/Berlin [default: UTC]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand tcp" -l block-interval -d 'How long a record may wait for its block to fill' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand tcp" -l max-line -d 'A longer line is a bad record' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand tcp" -l columns -d 'The columns\' names for csv; by default the first line names them' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand tcp" -l delimiter -d 'csv: what stands between two fields, one character, as ; or \\t [default: a comma]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand tcp" -l quote -d 'csv: what stands around fields that have delimiters in them, one character, or none [default: "]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand tcp" -l encoding -d 'What the bytes are, in files UTF-16 by its byte order mark too: utf-8, utf-16, utf-16le, utf-16be, latin-1, windows-1252, gbk, shift_jis and so on, by the names of the web [default: utf-8]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand tcp" -l framing -d 'What ends a record: lines, nul (a byte of zero), fixed:N (each has N bytes), octets (RFC 6587: what begins with a digit has its count of bytes before it, others are lines) [default: lines]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand tcp" -l multiline -d 'One record of an event\'s lines: stack traces of a language with the log line before them, what a container\'s runtime cut, or both (cri,java)' -r -f -a "java\t'Exceptions of Java, Kotlin, Scala'
python\t'Tracebacks'
go\t'Panics and goroutines'
ruby\t'Exceptions'
rust\t'Panics, and errors with their causes'
cri\t'Long lines that containerd or CRI-O cut; cri,java and others: with events in what a container wrote'
docker\t'Long lines that Docker\'s json-file driver cut; docker,java and others likewise'"
complete -c sstream-source -n "__fish_sstream_source_using_subcommand tcp" -l multiline-start -d 'A line that matches begins an event; other lines belong to the one before' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand tcp" -l multiline-end -d 'A line that matches ends an event' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand tcp" -l multiline-continue -d 'A line that matches belongs to the event before; others begin one' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand tcp" -l multiline-timeout -d 'An event to which nothing comes for so long is complete [default: 1s]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand tcp" -l max-lines -d 'An event of more lines is a bad record, as is one that is longer than --max-line [default: 10000]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand tcp" -l stop-file -d 'Stop, as a signal would, when this file is there' -r -F
complete -c sstream-source -n "__fish_sstream_source_using_subcommand tcp" -l idle-timeout -d 'Stop when nothing has come for so long' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand tcp" -l stop-after -d 'Stop so long after the start' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand tcp" -l max-rate -d 'Take at most so many records a second; what is more waits in the input' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand tcp" -l max-batch -d 'A batch that has so many bytes of records takes no more; what is more comes in the next ones' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand tcp" -l checkpoint -d 'Keep in DIR what a restart of the pipeline needs [default: SSTREAM_CHECKPOINT]' -r -F
complete -c sstream-source -n "__fish_sstream_source_using_subcommand tcp" -l name -d 'The source\'s name in the checkpoint, and the pipeline\'s where it is shown [default: its kind]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand tcp" -l retain -d 'Keep the newest batches beyond what a restart needs: 100, 12h, or all [default: 100]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand tcp" -l on-loss -d 'What a restart needs and is gone (a file removed): fail, or skip it [default: fail]' -r -f -a "fail\t'Stop with exit code 5'
skip\t'Leave it out, with a warning'"
complete -c sstream-source -n "__fish_sstream_source_using_subcommand tcp" -l on-error -d 'Bad records: fail, skip, or a FILE to append them to' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand tcp" -l config -d 'Options, as TOML: a section a tool, [filter] or [source.tail]; what the command line says goes before it [default: SSTREAM_CONFIG]' -r -F
complete -c sstream-source -n "__fish_sstream_source_using_subcommand tcp" -l output -d 'The output\'s form; by default print on a terminal and frames anywhere else' -r -f -a "print\t'The first 10 records of each batch, as Spark prints them'
frames\t'The stream format, for another sstream tool'
text\t'A string as itself and anything else as JSON, one a line'
json\t'Every record as JSON, one a line'"
complete -c sstream-source -n "__fish_sstream_source_using_subcommand tcp" -l trace-log -d 'Append each batch\'s trace to FILE, for sstream-top FILE and sstream-ui FILE' -r -F
complete -c sstream-source -n "__fish_sstream_source_using_subcommand tcp" -l metrics -d 'Serve OpenMetrics at http://ADDRESS/metrics; a port alone is on 127.0.0.1' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand tcp" -l metrics-file -d 'Keep metrics in FILE, for node_exporter\'s textfile collector' -r -F
complete -c sstream-source -n "__fish_sstream_source_using_subcommand tcp" -l stage-name -d 'The stage\'s name in the checkpoint of the stream, if there is one, in the place of its number and tool, as 03-files' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand tcp" -l max-memory -d 'Most memory the process takes: with more the tool ends with exit 1 [default: three quarters of the machine\'s, or of its control group\'s if that is less]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand tcp" -l no-header -d 'csv: no line names the columns, which are 1, 2, 3 unless --columns names them'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand tcp" -l trim -d 'csv: blanks around fields are no part of them'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand tcp" -l numbers -d 'Make numbers of the values that are some: of csv and logfmt, and of what sstream-parse finds by grok, regex and logfmt'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand tcp" -l skip-missed -d 'Send more than a million missed batches (a suspend, a clock set) as empty ones'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand tcp" -l no-trace -d 'Leave the trace out of the stream\'s ends'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand tcp" -l backpressure -d 'When batches take longer than their interval, take only what the pipeline keeps up with'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand tcp" -l verbose -d 'Say what happens, on stderr'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand tcp" -l quiet -d 'Say nothing but errors, on stderr'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand tcp" -l new -d 'Begin here with nothing where the checkpoint of the stream has gone on without this stage'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand tcp" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand listen" -l max-clients -d 'So many clients at a time; more wait until one has gone' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand listen" -l max-unfinished -d 'When clients hold more than this of unfinished lines together, those that hold much of it are cut off, each with a bad record' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand listen" -l spool -d 'While the pipeline is held up take what comes all the same, and let so much of it wait, beyond 8 MiB on disk; without this senders wait, and datagrams are lost' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand listen" -l input -d 'What a line is; text unless told' -r -f -a "text\t'Each line a string'
json\t'Each line a JSON value'
csv\t'Each row an object'
tsv\t'The same with tabs between fields'
logfmt\t'Each line key=value pairs, an object'
msgpack\t'Values of MessagePack, one behind the other'
avro\t'Records of Avro\'s container files, .avro'"
complete -c sstream-source -n "__fish_sstream_source_using_subcommand listen" -l with -d 'Make objects of the value and of where it is from, several with commas: listen, udp and unix know client and host; dir and tail know file, line, offset and host; others host' -r -f -a "file\t'The file\'s path, without what a rotation added to it'
line\t'The number of the (first) line in its file, from 1; a restart counts those before it again'
offset\t'The byte of the file at which the line begins'
host\t'This machine\'s name'
client\t'Who sent it: address and port, or on a unix socket its number'"
complete -c sstream-source -n "__fish_sstream_source_using_subcommand listen" -l batch -d 'The interval between batches; with a zone, 1d,Europe/Berlin, or --time-zone, batches of 1h, 1d, 1w or 1month end with those there; or 1000n, so many records each; or 1000n,5s, the same or so long after the first of them [default: SSTREAM_BATCH, or 1s]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand listen" -l time-zone -d 'The zone in whose calendar batches and windows of hours, days and longer end, and of times that name none: Europe/Berlin [default: UTC]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand listen" -l block-interval -d 'How long a record may wait for its block to fill' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand listen" -l max-line -d 'A longer line is a bad record' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand listen" -l columns -d 'The columns\' names for csv; by default the first line names them' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand listen" -l delimiter -d 'csv: what stands between two fields, one character, as ; or \\t [default: a comma]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand listen" -l quote -d 'csv: what stands around fields that have delimiters in them, one character, or none [default: "]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand listen" -l encoding -d 'What the bytes are, in files UTF-16 by its byte order mark too: utf-8, utf-16, utf-16le, utf-16be, latin-1, windows-1252, gbk, shift_jis and so on, by the names of the web [default: utf-8]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand listen" -l framing -d 'What ends a record: lines, nul (a byte of zero), fixed:N (each has N bytes), octets (RFC 6587: what begins with a digit has its count of bytes before it, others are lines) [default: lines]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand listen" -l multiline -d 'One record of an event\'s lines: stack traces of a language with the log line before them, what a container\'s runtime cut, or both (cri,java)' -r -f -a "java\t'Exceptions of Java, Kotlin, Scala'
python\t'Tracebacks'
go\t'Panics and goroutines'
ruby\t'Exceptions'
rust\t'Panics, and errors with their causes'
cri\t'Long lines that containerd or CRI-O cut; cri,java and others: with events in what a container wrote'
docker\t'Long lines that Docker\'s json-file driver cut; docker,java and others likewise'"
complete -c sstream-source -n "__fish_sstream_source_using_subcommand listen" -l multiline-start -d 'A line that matches begins an event; other lines belong to the one before' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand listen" -l multiline-end -d 'A line that matches ends an event' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand listen" -l multiline-continue -d 'A line that matches belongs to the event before; others begin one' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand listen" -l multiline-timeout -d 'An event to which nothing comes for so long is complete [default: 1s]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand listen" -l max-lines -d 'An event of more lines is a bad record, as is one that is longer than --max-line [default: 10000]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand listen" -l stop-file -d 'Stop, as a signal would, when this file is there' -r -F
complete -c sstream-source -n "__fish_sstream_source_using_subcommand listen" -l idle-timeout -d 'Stop when nothing has come for so long' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand listen" -l stop-after -d 'Stop so long after the start' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand listen" -l max-rate -d 'Take at most so many records a second; what is more waits in the input' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand listen" -l max-batch -d 'A batch that has so many bytes of records takes no more; what is more comes in the next ones' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand listen" -l checkpoint -d 'Keep in DIR what a restart of the pipeline needs [default: SSTREAM_CHECKPOINT]' -r -F
complete -c sstream-source -n "__fish_sstream_source_using_subcommand listen" -l name -d 'The source\'s name in the checkpoint, and the pipeline\'s where it is shown [default: its kind]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand listen" -l retain -d 'Keep the newest batches beyond what a restart needs: 100, 12h, or all [default: 100]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand listen" -l on-loss -d 'What a restart needs and is gone (a file removed): fail, or skip it [default: fail]' -r -f -a "fail\t'Stop with exit code 5'
skip\t'Leave it out, with a warning'"
complete -c sstream-source -n "__fish_sstream_source_using_subcommand listen" -l on-error -d 'Bad records: fail, skip, or a FILE to append them to' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand listen" -l config -d 'Options, as TOML: a section a tool, [filter] or [source.tail]; what the command line says goes before it [default: SSTREAM_CONFIG]' -r -F
complete -c sstream-source -n "__fish_sstream_source_using_subcommand listen" -l output -d 'The output\'s form; by default print on a terminal and frames anywhere else' -r -f -a "print\t'The first 10 records of each batch, as Spark prints them'
frames\t'The stream format, for another sstream tool'
text\t'A string as itself and anything else as JSON, one a line'
json\t'Every record as JSON, one a line'"
complete -c sstream-source -n "__fish_sstream_source_using_subcommand listen" -l trace-log -d 'Append each batch\'s trace to FILE, for sstream-top FILE and sstream-ui FILE' -r -F
complete -c sstream-source -n "__fish_sstream_source_using_subcommand listen" -l metrics -d 'Serve OpenMetrics at http://ADDRESS/metrics; a port alone is on 127.0.0.1' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand listen" -l metrics-file -d 'Keep metrics in FILE, for node_exporter\'s textfile collector' -r -F
complete -c sstream-source -n "__fish_sstream_source_using_subcommand listen" -l stage-name -d 'The stage\'s name in the checkpoint of the stream, if there is one, in the place of its number and tool, as 03-files' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand listen" -l max-memory -d 'Most memory the process takes: with more the tool ends with exit 1 [default: three quarters of the machine\'s, or of its control group\'s if that is less]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand listen" -l no-header -d 'csv: no line names the columns, which are 1, 2, 3 unless --columns names them'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand listen" -l trim -d 'csv: blanks around fields are no part of them'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand listen" -l numbers -d 'Make numbers of the values that are some: of csv and logfmt, and of what sstream-parse finds by grok, regex and logfmt'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand listen" -l skip-missed -d 'Send more than a million missed batches (a suspend, a clock set) as empty ones'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand listen" -l no-trace -d 'Leave the trace out of the stream\'s ends'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand listen" -l backpressure -d 'When batches take longer than their interval, take only what the pipeline keeps up with'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand listen" -l verbose -d 'Say what happens, on stderr'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand listen" -l quiet -d 'Say nothing but errors, on stderr'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand listen" -l new -d 'Begin here with nothing where the checkpoint of the stream has gone on without this stage'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand listen" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand udp" -l spool -d 'While the pipeline is held up take what comes all the same, and let so much of it wait, beyond 8 MiB on disk; without this senders wait, and datagrams are lost' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand udp" -l input -d 'What a line is; text unless told' -r -f -a "text\t'Each line a string'
json\t'Each line a JSON value'
csv\t'Each row an object'
tsv\t'The same with tabs between fields'
logfmt\t'Each line key=value pairs, an object'
msgpack\t'Values of MessagePack, one behind the other'
avro\t'Records of Avro\'s container files, .avro'"
complete -c sstream-source -n "__fish_sstream_source_using_subcommand udp" -l with -d 'Make objects of the value and of where it is from, several with commas: listen, udp and unix know client and host; dir and tail know file, line, offset and host; others host' -r -f -a "file\t'The file\'s path, without what a rotation added to it'
line\t'The number of the (first) line in its file, from 1; a restart counts those before it again'
offset\t'The byte of the file at which the line begins'
host\t'This machine\'s name'
client\t'Who sent it: address and port, or on a unix socket its number'"
complete -c sstream-source -n "__fish_sstream_source_using_subcommand udp" -l batch -d 'The interval between batches; with a zone, 1d,Europe/Berlin, or --time-zone, batches of 1h, 1d, 1w or 1month end with those there; or 1000n, so many records each; or 1000n,5s, the same or so long after the first of them [default: SSTREAM_BATCH, or 1s]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand udp" -l time-zone -d 'The zone in whose calendar batches and windows of hours, days and longer end, and of times that name none: Europe/Berlin [default: UTC]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand udp" -l block-interval -d 'How long a record may wait for its block to fill' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand udp" -l max-line -d 'A longer line is a bad record' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand udp" -l columns -d 'The columns\' names for csv; by default the first line names them' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand udp" -l delimiter -d 'csv: what stands between two fields, one character, as ; or \\t [default: a comma]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand udp" -l quote -d 'csv: what stands around fields that have delimiters in them, one character, or none [default: "]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand udp" -l encoding -d 'What the bytes are, in files UTF-16 by its byte order mark too: utf-8, utf-16, utf-16le, utf-16be, latin-1, windows-1252, gbk, shift_jis and so on, by the names of the web [default: utf-8]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand udp" -l framing -d 'What ends a record: lines, nul (a byte of zero), fixed:N (each has N bytes), octets (RFC 6587: what begins with a digit has its count of bytes before it, others are lines) [default: lines]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand udp" -l multiline -d 'One record of an event\'s lines: stack traces of a language with the log line before them, what a container\'s runtime cut, or both (cri,java)' -r -f -a "java\t'Exceptions of Java, Kotlin, Scala'
python\t'Tracebacks'
go\t'Panics and goroutines'
ruby\t'Exceptions'
rust\t'Panics, and errors with their causes'
cri\t'Long lines that containerd or CRI-O cut; cri,java and others: with events in what a container wrote'
docker\t'Long lines that Docker\'s json-file driver cut; docker,java and others likewise'"
complete -c sstream-source -n "__fish_sstream_source_using_subcommand udp" -l multiline-start -d 'A line that matches begins an event; other lines belong to the one before' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand udp" -l multiline-end -d 'A line that matches ends an event' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand udp" -l multiline-continue -d 'A line that matches belongs to the event before; others begin one' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand udp" -l multiline-timeout -d 'An event to which nothing comes for so long is complete [default: 1s]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand udp" -l max-lines -d 'An event of more lines is a bad record, as is one that is longer than --max-line [default: 10000]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand udp" -l stop-file -d 'Stop, as a signal would, when this file is there' -r -F
complete -c sstream-source -n "__fish_sstream_source_using_subcommand udp" -l idle-timeout -d 'Stop when nothing has come for so long' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand udp" -l stop-after -d 'Stop so long after the start' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand udp" -l max-rate -d 'Take at most so many records a second; what is more waits in the input' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand udp" -l max-batch -d 'A batch that has so many bytes of records takes no more; what is more comes in the next ones' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand udp" -l checkpoint -d 'Keep in DIR what a restart of the pipeline needs [default: SSTREAM_CHECKPOINT]' -r -F
complete -c sstream-source -n "__fish_sstream_source_using_subcommand udp" -l name -d 'The source\'s name in the checkpoint, and the pipeline\'s where it is shown [default: its kind]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand udp" -l retain -d 'Keep the newest batches beyond what a restart needs: 100, 12h, or all [default: 100]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand udp" -l on-loss -d 'What a restart needs and is gone (a file removed): fail, or skip it [default: fail]' -r -f -a "fail\t'Stop with exit code 5'
skip\t'Leave it out, with a warning'"
complete -c sstream-source -n "__fish_sstream_source_using_subcommand udp" -l on-error -d 'Bad records: fail, skip, or a FILE to append them to' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand udp" -l config -d 'Options, as TOML: a section a tool, [filter] or [source.tail]; what the command line says goes before it [default: SSTREAM_CONFIG]' -r -F
complete -c sstream-source -n "__fish_sstream_source_using_subcommand udp" -l output -d 'The output\'s form; by default print on a terminal and frames anywhere else' -r -f -a "print\t'The first 10 records of each batch, as Spark prints them'
frames\t'The stream format, for another sstream tool'
text\t'A string as itself and anything else as JSON, one a line'
json\t'Every record as JSON, one a line'"
complete -c sstream-source -n "__fish_sstream_source_using_subcommand udp" -l trace-log -d 'Append each batch\'s trace to FILE, for sstream-top FILE and sstream-ui FILE' -r -F
complete -c sstream-source -n "__fish_sstream_source_using_subcommand udp" -l metrics -d 'Serve OpenMetrics at http://ADDRESS/metrics; a port alone is on 127.0.0.1' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand udp" -l metrics-file -d 'Keep metrics in FILE, for node_exporter\'s textfile collector' -r -F
complete -c sstream-source -n "__fish_sstream_source_using_subcommand udp" -l stage-name -d 'The stage\'s name in the checkpoint of the stream, if there is one, in the place of its number and tool, as 03-files' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand udp" -l max-memory -d 'Most memory the process takes: with more the tool ends with exit 1 [default: three quarters of the machine\'s, or of its control group\'s if that is less]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand udp" -l no-header -d 'csv: no line names the columns, which are 1, 2, 3 unless --columns names them'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand udp" -l trim -d 'csv: blanks around fields are no part of them'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand udp" -l numbers -d 'Make numbers of the values that are some: of csv and logfmt, and of what sstream-parse finds by grok, regex and logfmt'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand udp" -l skip-missed -d 'Send more than a million missed batches (a suspend, a clock set) as empty ones'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand udp" -l no-trace -d 'Leave the trace out of the stream\'s ends'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand udp" -l backpressure -d 'When batches take longer than their interval, take only what the pipeline keeps up with'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand udp" -l verbose -d 'Say what happens, on stderr'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand udp" -l quiet -d 'Say nothing but errors, on stderr'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand udp" -l new -d 'Begin here with nothing where the checkpoint of the stream has gone on without this stage'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand udp" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand unix" -l max-clients -d 'So many clients at a time; more wait until one has gone' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand unix" -l max-unfinished -d 'When clients hold more than this of unfinished lines together, those that hold much of it are cut off, each with a bad record' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand unix" -l spool -d 'While the pipeline is held up take what comes all the same, and let so much of it wait, beyond 8 MiB on disk; without this senders wait, and datagrams are lost' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand unix" -l input -d 'What a line is; text unless told' -r -f -a "text\t'Each line a string'
json\t'Each line a JSON value'
csv\t'Each row an object'
tsv\t'The same with tabs between fields'
logfmt\t'Each line key=value pairs, an object'
msgpack\t'Values of MessagePack, one behind the other'
avro\t'Records of Avro\'s container files, .avro'"
complete -c sstream-source -n "__fish_sstream_source_using_subcommand unix" -l with -d 'Make objects of the value and of where it is from, several with commas: listen, udp and unix know client and host; dir and tail know file, line, offset and host; others host' -r -f -a "file\t'The file\'s path, without what a rotation added to it'
line\t'The number of the (first) line in its file, from 1; a restart counts those before it again'
offset\t'The byte of the file at which the line begins'
host\t'This machine\'s name'
client\t'Who sent it: address and port, or on a unix socket its number'"
complete -c sstream-source -n "__fish_sstream_source_using_subcommand unix" -l batch -d 'The interval between batches; with a zone, 1d,Europe/Berlin, or --time-zone, batches of 1h, 1d, 1w or 1month end with those there; or 1000n, so many records each; or 1000n,5s, the same or so long after the first of them [default: SSTREAM_BATCH, or 1s]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand unix" -l time-zone -d 'The zone in whose calendar batches and windows of hours, days and longer end, and of times that name none: Europe/Berlin [default: UTC]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand unix" -l block-interval -d 'How long a record may wait for its block to fill' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand unix" -l max-line -d 'A longer line is a bad record' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand unix" -l columns -d 'The columns\' names for csv; by default the first line names them' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand unix" -l delimiter -d 'csv: what stands between two fields, one character, as ; or \\t [default: a comma]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand unix" -l quote -d 'csv: what stands around fields that have delimiters in them, one character, or none [default: "]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand unix" -l encoding -d 'What the bytes are, in files UTF-16 by its byte order mark too: utf-8, utf-16, utf-16le, utf-16be, latin-1, windows-1252, gbk, shift_jis and so on, by the names of the web [default: utf-8]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand unix" -l framing -d 'What ends a record: lines, nul (a byte of zero), fixed:N (each has N bytes), octets (RFC 6587: what begins with a digit has its count of bytes before it, others are lines) [default: lines]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand unix" -l multiline -d 'One record of an event\'s lines: stack traces of a language with the log line before them, what a container\'s runtime cut, or both (cri,java)' -r -f -a "java\t'Exceptions of Java, Kotlin, Scala'
python\t'Tracebacks'
go\t'Panics and goroutines'
ruby\t'Exceptions'
rust\t'Panics, and errors with their causes'
cri\t'Long lines that containerd or CRI-O cut; cri,java and others: with events in what a container wrote'
docker\t'Long lines that Docker\'s json-file driver cut; docker,java and others likewise'"
complete -c sstream-source -n "__fish_sstream_source_using_subcommand unix" -l multiline-start -d 'A line that matches begins an event; other lines belong to the one before' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand unix" -l multiline-end -d 'A line that matches ends an event' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand unix" -l multiline-continue -d 'A line that matches belongs to the event before; others begin one' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand unix" -l multiline-timeout -d 'An event to which nothing comes for so long is complete [default: 1s]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand unix" -l max-lines -d 'An event of more lines is a bad record, as is one that is longer than --max-line [default: 10000]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand unix" -l stop-file -d 'Stop, as a signal would, when this file is there' -r -F
complete -c sstream-source -n "__fish_sstream_source_using_subcommand unix" -l idle-timeout -d 'Stop when nothing has come for so long' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand unix" -l stop-after -d 'Stop so long after the start' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand unix" -l max-rate -d 'Take at most so many records a second; what is more waits in the input' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand unix" -l max-batch -d 'A batch that has so many bytes of records takes no more; what is more comes in the next ones' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand unix" -l checkpoint -d 'Keep in DIR what a restart of the pipeline needs [default: SSTREAM_CHECKPOINT]' -r -F
complete -c sstream-source -n "__fish_sstream_source_using_subcommand unix" -l name -d 'The source\'s name in the checkpoint, and the pipeline\'s where it is shown [default: its kind]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand unix" -l retain -d 'Keep the newest batches beyond what a restart needs: 100, 12h, or all [default: 100]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand unix" -l on-loss -d 'What a restart needs and is gone (a file removed): fail, or skip it [default: fail]' -r -f -a "fail\t'Stop with exit code 5'
skip\t'Leave it out, with a warning'"
complete -c sstream-source -n "__fish_sstream_source_using_subcommand unix" -l on-error -d 'Bad records: fail, skip, or a FILE to append them to' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand unix" -l config -d 'Options, as TOML: a section a tool, [filter] or [source.tail]; what the command line says goes before it [default: SSTREAM_CONFIG]' -r -F
complete -c sstream-source -n "__fish_sstream_source_using_subcommand unix" -l output -d 'The output\'s form; by default print on a terminal and frames anywhere else' -r -f -a "print\t'The first 10 records of each batch, as Spark prints them'
frames\t'The stream format, for another sstream tool'
text\t'A string as itself and anything else as JSON, one a line'
json\t'Every record as JSON, one a line'"
complete -c sstream-source -n "__fish_sstream_source_using_subcommand unix" -l trace-log -d 'Append each batch\'s trace to FILE, for sstream-top FILE and sstream-ui FILE' -r -F
complete -c sstream-source -n "__fish_sstream_source_using_subcommand unix" -l metrics -d 'Serve OpenMetrics at http://ADDRESS/metrics; a port alone is on 127.0.0.1' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand unix" -l metrics-file -d 'Keep metrics in FILE, for node_exporter\'s textfile collector' -r -F
complete -c sstream-source -n "__fish_sstream_source_using_subcommand unix" -l stage-name -d 'The stage\'s name in the checkpoint of the stream, if there is one, in the place of its number and tool, as 03-files' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand unix" -l max-memory -d 'Most memory the process takes: with more the tool ends with exit 1 [default: three quarters of the machine\'s, or of its control group\'s if that is less]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand unix" -l no-header -d 'csv: no line names the columns, which are 1, 2, 3 unless --columns names them'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand unix" -l trim -d 'csv: blanks around fields are no part of them'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand unix" -l numbers -d 'Make numbers of the values that are some: of csv and logfmt, and of what sstream-parse finds by grok, regex and logfmt'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand unix" -l skip-missed -d 'Send more than a million missed batches (a suspend, a clock set) as empty ones'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand unix" -l no-trace -d 'Leave the trace out of the stream\'s ends'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand unix" -l backpressure -d 'When batches take longer than their interval, take only what the pipeline keeps up with'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand unix" -l verbose -d 'Say what happens, on stderr'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand unix" -l quiet -d 'Say nothing but errors, on stderr'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand unix" -l new -d 'Begin here with nothing where the checkpoint of the stream has gone on without this stage'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand unix" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand exec" -l input -d 'What a line is; text unless told' -r -f -a "text\t'Each line a string'
json\t'Each line a JSON value'
csv\t'Each row an object'
tsv\t'The same with tabs between fields'
logfmt\t'Each line key=value pairs, an object'
msgpack\t'Values of MessagePack, one behind the other'
avro\t'Records of Avro\'s container files, .avro'"
complete -c sstream-source -n "__fish_sstream_source_using_subcommand exec" -l with -d 'Make objects of the value and of where it is from, several with commas: listen, udp and unix know client and host; dir and tail know file, line, offset and host; others host' -r -f -a "file\t'The file\'s path, without what a rotation added to it'
line\t'The number of the (first) line in its file, from 1; a restart counts those before it again'
offset\t'The byte of the file at which the line begins'
host\t'This machine\'s name'
client\t'Who sent it: address and port, or on a unix socket its number'"
complete -c sstream-source -n "__fish_sstream_source_using_subcommand exec" -l batch -d 'The interval between batches; with a zone, 1d,Europe/Berlin, or --time-zone, batches of 1h, 1d, 1w or 1month end with those there; or 1000n, so many records each; or 1000n,5s, the same or so long after the first of them [default: SSTREAM_BATCH, or 1s]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand exec" -l time-zone -d 'The zone in whose calendar batches and windows of hours, days and longer end, and of times that name none: Europe/Berlin [default: UTC]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand exec" -l block-interval -d 'How long a record may wait for its block to fill' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand exec" -l max-line -d 'A longer line is a bad record' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand exec" -l columns -d 'The columns\' names for csv; by default the first line names them' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand exec" -l delimiter -d 'csv: what stands between two fields, one character, as ; or \\t [default: a comma]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand exec" -l quote -d 'csv: what stands around fields that have delimiters in them, one character, or none [default: "]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand exec" -l encoding -d 'What the bytes are, in files UTF-16 by its byte order mark too: utf-8, utf-16, utf-16le, utf-16be, latin-1, windows-1252, gbk, shift_jis and so on, by the names of the web [default: utf-8]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand exec" -l framing -d 'What ends a record: lines, nul (a byte of zero), fixed:N (each has N bytes), octets (RFC 6587: what begins with a digit has its count of bytes before it, others are lines) [default: lines]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand exec" -l multiline -d 'One record of an event\'s lines: stack traces of a language with the log line before them, what a container\'s runtime cut, or both (cri,java)' -r -f -a "java\t'Exceptions of Java, Kotlin, Scala'
python\t'Tracebacks'
go\t'Panics and goroutines'
ruby\t'Exceptions'
rust\t'Panics, and errors with their causes'
cri\t'Long lines that containerd or CRI-O cut; cri,java and others: with events in what a container wrote'
docker\t'Long lines that Docker\'s json-file driver cut; docker,java and others likewise'"
complete -c sstream-source -n "__fish_sstream_source_using_subcommand exec" -l multiline-start -d 'A line that matches begins an event; other lines belong to the one before' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand exec" -l multiline-end -d 'A line that matches ends an event' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand exec" -l multiline-continue -d 'A line that matches belongs to the event before; others begin one' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand exec" -l multiline-timeout -d 'An event to which nothing comes for so long is complete [default: 1s]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand exec" -l max-lines -d 'An event of more lines is a bad record, as is one that is longer than --max-line [default: 10000]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand exec" -l stop-file -d 'Stop, as a signal would, when this file is there' -r -F
complete -c sstream-source -n "__fish_sstream_source_using_subcommand exec" -l idle-timeout -d 'Stop when nothing has come for so long' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand exec" -l stop-after -d 'Stop so long after the start' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand exec" -l max-rate -d 'Take at most so many records a second; what is more waits in the input' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand exec" -l max-batch -d 'A batch that has so many bytes of records takes no more; what is more comes in the next ones' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand exec" -l checkpoint -d 'Keep in DIR what a restart of the pipeline needs [default: SSTREAM_CHECKPOINT]' -r -F
complete -c sstream-source -n "__fish_sstream_source_using_subcommand exec" -l name -d 'The source\'s name in the checkpoint, and the pipeline\'s where it is shown [default: its kind]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand exec" -l retain -d 'Keep the newest batches beyond what a restart needs: 100, 12h, or all [default: 100]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand exec" -l on-loss -d 'What a restart needs and is gone (a file removed): fail, or skip it [default: fail]' -r -f -a "fail\t'Stop with exit code 5'
skip\t'Leave it out, with a warning'"
complete -c sstream-source -n "__fish_sstream_source_using_subcommand exec" -l on-error -d 'Bad records: fail, skip, or a FILE to append them to' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand exec" -l config -d 'Options, as TOML: a section a tool, [filter] or [source.tail]; what the command line says goes before it [default: SSTREAM_CONFIG]' -r -F
complete -c sstream-source -n "__fish_sstream_source_using_subcommand exec" -l output -d 'The output\'s form; by default print on a terminal and frames anywhere else' -r -f -a "print\t'The first 10 records of each batch, as Spark prints them'
frames\t'The stream format, for another sstream tool'
text\t'A string as itself and anything else as JSON, one a line'
json\t'Every record as JSON, one a line'"
complete -c sstream-source -n "__fish_sstream_source_using_subcommand exec" -l trace-log -d 'Append each batch\'s trace to FILE, for sstream-top FILE and sstream-ui FILE' -r -F
complete -c sstream-source -n "__fish_sstream_source_using_subcommand exec" -l metrics -d 'Serve OpenMetrics at http://ADDRESS/metrics; a port alone is on 127.0.0.1' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand exec" -l metrics-file -d 'Keep metrics in FILE, for node_exporter\'s textfile collector' -r -F
complete -c sstream-source -n "__fish_sstream_source_using_subcommand exec" -l stage-name -d 'The stage\'s name in the checkpoint of the stream, if there is one, in the place of its number and tool, as 03-files' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand exec" -l max-memory -d 'Most memory the process takes: with more the tool ends with exit 1 [default: three quarters of the machine\'s, or of its control group\'s if that is less]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand exec" -l no-header -d 'csv: no line names the columns, which are 1, 2, 3 unless --columns names them'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand exec" -l trim -d 'csv: blanks around fields are no part of them'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand exec" -l numbers -d 'Make numbers of the values that are some: of csv and logfmt, and of what sstream-parse finds by grok, regex and logfmt'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand exec" -l skip-missed -d 'Send more than a million missed batches (a suspend, a clock set) as empty ones'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand exec" -l no-trace -d 'Leave the trace out of the stream\'s ends'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand exec" -l backpressure -d 'When batches take longer than their interval, take only what the pipeline keeps up with'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand exec" -l verbose -d 'Say what happens, on stderr'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand exec" -l quiet -d 'Say nothing but errors, on stderr'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand exec" -l new -d 'Begin here with nothing where the checkpoint of the stream has gone on without this stage'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand exec" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand rate" -l input -d 'What a line is; text unless told' -r -f -a "text\t'Each line a string'
json\t'Each line a JSON value'
csv\t'Each row an object'
tsv\t'The same with tabs between fields'
logfmt\t'Each line key=value pairs, an object'
msgpack\t'Values of MessagePack, one behind the other'
avro\t'Records of Avro\'s container files, .avro'"
complete -c sstream-source -n "__fish_sstream_source_using_subcommand rate" -l with -d 'Make objects of the value and of where it is from, several with commas: listen, udp and unix know client and host; dir and tail know file, line, offset and host; others host' -r -f -a "file\t'The file\'s path, without what a rotation added to it'
line\t'The number of the (first) line in its file, from 1; a restart counts those before it again'
offset\t'The byte of the file at which the line begins'
host\t'This machine\'s name'
client\t'Who sent it: address and port, or on a unix socket its number'"
complete -c sstream-source -n "__fish_sstream_source_using_subcommand rate" -l batch -d 'The interval between batches; with a zone, 1d,Europe/Berlin, or --time-zone, batches of 1h, 1d, 1w or 1month end with those there; or 1000n, so many records each; or 1000n,5s, the same or so long after the first of them [default: SSTREAM_BATCH, or 1s]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand rate" -l time-zone -d 'The zone in whose calendar batches and windows of hours, days and longer end, and of times that name none: Europe/Berlin [default: UTC]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand rate" -l block-interval -d 'How long a record may wait for its block to fill' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand rate" -l max-line -d 'A longer line is a bad record' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand rate" -l columns -d 'The columns\' names for csv; by default the first line names them' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand rate" -l delimiter -d 'csv: what stands between two fields, one character, as ; or \\t [default: a comma]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand rate" -l quote -d 'csv: what stands around fields that have delimiters in them, one character, or none [default: "]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand rate" -l encoding -d 'What the bytes are, in files UTF-16 by its byte order mark too: utf-8, utf-16, utf-16le, utf-16be, latin-1, windows-1252, gbk, shift_jis and so on, by the names of the web [default: utf-8]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand rate" -l framing -d 'What ends a record: lines, nul (a byte of zero), fixed:N (each has N bytes), octets (RFC 6587: what begins with a digit has its count of bytes before it, others are lines) [default: lines]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand rate" -l multiline -d 'One record of an event\'s lines: stack traces of a language with the log line before them, what a container\'s runtime cut, or both (cri,java)' -r -f -a "java\t'Exceptions of Java, Kotlin, Scala'
python\t'Tracebacks'
go\t'Panics and goroutines'
ruby\t'Exceptions'
rust\t'Panics, and errors with their causes'
cri\t'Long lines that containerd or CRI-O cut; cri,java and others: with events in what a container wrote'
docker\t'Long lines that Docker\'s json-file driver cut; docker,java and others likewise'"
complete -c sstream-source -n "__fish_sstream_source_using_subcommand rate" -l multiline-start -d 'A line that matches begins an event; other lines belong to the one before' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand rate" -l multiline-end -d 'A line that matches ends an event' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand rate" -l multiline-continue -d 'A line that matches belongs to the event before; others begin one' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand rate" -l multiline-timeout -d 'An event to which nothing comes for so long is complete [default: 1s]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand rate" -l max-lines -d 'An event of more lines is a bad record, as is one that is longer than --max-line [default: 10000]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand rate" -l stop-file -d 'Stop, as a signal would, when this file is there' -r -F
complete -c sstream-source -n "__fish_sstream_source_using_subcommand rate" -l idle-timeout -d 'Stop when nothing has come for so long' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand rate" -l stop-after -d 'Stop so long after the start' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand rate" -l max-rate -d 'Take at most so many records a second; what is more waits in the input' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand rate" -l max-batch -d 'A batch that has so many bytes of records takes no more; what is more comes in the next ones' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand rate" -l checkpoint -d 'Keep in DIR what a restart of the pipeline needs [default: SSTREAM_CHECKPOINT]' -r -F
complete -c sstream-source -n "__fish_sstream_source_using_subcommand rate" -l name -d 'The source\'s name in the checkpoint, and the pipeline\'s where it is shown [default: its kind]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand rate" -l retain -d 'Keep the newest batches beyond what a restart needs: 100, 12h, or all [default: 100]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand rate" -l on-loss -d 'What a restart needs and is gone (a file removed): fail, or skip it [default: fail]' -r -f -a "fail\t'Stop with exit code 5'
skip\t'Leave it out, with a warning'"
complete -c sstream-source -n "__fish_sstream_source_using_subcommand rate" -l on-error -d 'Bad records: fail, skip, or a FILE to append them to' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand rate" -l config -d 'Options, as TOML: a section a tool, [filter] or [source.tail]; what the command line says goes before it [default: SSTREAM_CONFIG]' -r -F
complete -c sstream-source -n "__fish_sstream_source_using_subcommand rate" -l output -d 'The output\'s form; by default print on a terminal and frames anywhere else' -r -f -a "print\t'The first 10 records of each batch, as Spark prints them'
frames\t'The stream format, for another sstream tool'
text\t'A string as itself and anything else as JSON, one a line'
json\t'Every record as JSON, one a line'"
complete -c sstream-source -n "__fish_sstream_source_using_subcommand rate" -l trace-log -d 'Append each batch\'s trace to FILE, for sstream-top FILE and sstream-ui FILE' -r -F
complete -c sstream-source -n "__fish_sstream_source_using_subcommand rate" -l metrics -d 'Serve OpenMetrics at http://ADDRESS/metrics; a port alone is on 127.0.0.1' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand rate" -l metrics-file -d 'Keep metrics in FILE, for node_exporter\'s textfile collector' -r -F
complete -c sstream-source -n "__fish_sstream_source_using_subcommand rate" -l stage-name -d 'The stage\'s name in the checkpoint of the stream, if there is one, in the place of its number and tool, as 03-files' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand rate" -l max-memory -d 'Most memory the process takes: with more the tool ends with exit 1 [default: three quarters of the machine\'s, or of its control group\'s if that is less]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand rate" -l no-header -d 'csv: no line names the columns, which are 1, 2, 3 unless --columns names them'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand rate" -l trim -d 'csv: blanks around fields are no part of them'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand rate" -l numbers -d 'Make numbers of the values that are some: of csv and logfmt, and of what sstream-parse finds by grok, regex and logfmt'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand rate" -l skip-missed -d 'Send more than a million missed batches (a suspend, a clock set) as empty ones'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand rate" -l no-trace -d 'Leave the trace out of the stream\'s ends'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand rate" -l backpressure -d 'When batches take longer than their interval, take only what the pipeline keeps up with'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand rate" -l verbose -d 'Say what happens, on stderr'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand rate" -l quiet -d 'Say nothing but errors, on stderr'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand rate" -l new -d 'Begin here with nothing where the checkpoint of the stream has gone on without this stage'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand rate" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand dir" -l settle -d 'A file that is written in place is whole when it was not changed for so long' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand dir" -l scan -d 'How often to look for files, for file systems with no events [default: 10s; tail 1s]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand dir" -l input -d 'What a line is; text unless told' -r -f -a "text\t'Each line a string'
json\t'Each line a JSON value'
csv\t'Each row an object'
tsv\t'The same with tabs between fields'
logfmt\t'Each line key=value pairs, an object'
msgpack\t'Values of MessagePack, one behind the other'
avro\t'Records of Avro\'s container files, .avro'"
complete -c sstream-source -n "__fish_sstream_source_using_subcommand dir" -l with -d 'Make objects of the value and of where it is from, several with commas: listen, udp and unix know client and host; dir and tail know file, line, offset and host; others host' -r -f -a "file\t'The file\'s path, without what a rotation added to it'
line\t'The number of the (first) line in its file, from 1; a restart counts those before it again'
offset\t'The byte of the file at which the line begins'
host\t'This machine\'s name'
client\t'Who sent it: address and port, or on a unix socket its number'"
complete -c sstream-source -n "__fish_sstream_source_using_subcommand dir" -l batch -d 'The interval between batches; with a zone, 1d,Europe/Berlin, or --time-zone, batches of 1h, 1d, 1w or 1month end with those there; or 1000n, so many records each; or 1000n,5s, the same or so long after the first of them [default: SSTREAM_BATCH, or 1s]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand dir" -l time-zone -d 'The zone in whose calendar batches and windows of hours, days and longer end, and of times that name none: Europe/Berlin [default: UTC]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand dir" -l block-interval -d 'How long a record may wait for its block to fill' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand dir" -l max-line -d 'A longer line is a bad record' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand dir" -l columns -d 'The columns\' names for csv; by default the first line names them' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand dir" -l delimiter -d 'csv: what stands between two fields, one character, as ; or \\t [default: a comma]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand dir" -l quote -d 'csv: what stands around fields that have delimiters in them, one character, or none [default: "]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand dir" -l encoding -d 'What the bytes are, in files UTF-16 by its byte order mark too: utf-8, utf-16, utf-16le, utf-16be, latin-1, windows-1252, gbk, shift_jis and so on, by the names of the web [default: utf-8]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand dir" -l framing -d 'What ends a record: lines, nul (a byte of zero), fixed:N (each has N bytes), octets (RFC 6587: what begins with a digit has its count of bytes before it, others are lines) [default: lines]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand dir" -l multiline -d 'One record of an event\'s lines: stack traces of a language with the log line before them, what a container\'s runtime cut, or both (cri,java)' -r -f -a "java\t'Exceptions of Java, Kotlin, Scala'
python\t'Tracebacks'
go\t'Panics and goroutines'
ruby\t'Exceptions'
rust\t'Panics, and errors with their causes'
cri\t'Long lines that containerd or CRI-O cut; cri,java and others: with events in what a container wrote'
docker\t'Long lines that Docker\'s json-file driver cut; docker,java and others likewise'"
complete -c sstream-source -n "__fish_sstream_source_using_subcommand dir" -l multiline-start -d 'A line that matches begins an event; other lines belong to the one before' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand dir" -l multiline-end -d 'A line that matches ends an event' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand dir" -l multiline-continue -d 'A line that matches belongs to the event before; others begin one' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand dir" -l multiline-timeout -d 'An event to which nothing comes for so long is complete [default: 1s]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand dir" -l max-lines -d 'An event of more lines is a bad record, as is one that is longer than --max-line [default: 10000]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand dir" -l stop-file -d 'Stop, as a signal would, when this file is there' -r -F
complete -c sstream-source -n "__fish_sstream_source_using_subcommand dir" -l idle-timeout -d 'Stop when nothing has come for so long' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand dir" -l stop-after -d 'Stop so long after the start' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand dir" -l max-rate -d 'Take at most so many records a second; what is more waits in the input' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand dir" -l max-batch -d 'A batch that has so many bytes of records takes no more; what is more comes in the next ones' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand dir" -l checkpoint -d 'Keep in DIR what a restart of the pipeline needs [default: SSTREAM_CHECKPOINT]' -r -F
complete -c sstream-source -n "__fish_sstream_source_using_subcommand dir" -l name -d 'The source\'s name in the checkpoint, and the pipeline\'s where it is shown [default: its kind]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand dir" -l retain -d 'Keep the newest batches beyond what a restart needs: 100, 12h, or all [default: 100]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand dir" -l on-loss -d 'What a restart needs and is gone (a file removed): fail, or skip it [default: fail]' -r -f -a "fail\t'Stop with exit code 5'
skip\t'Leave it out, with a warning'"
complete -c sstream-source -n "__fish_sstream_source_using_subcommand dir" -l on-error -d 'Bad records: fail, skip, or a FILE to append them to' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand dir" -l config -d 'Options, as TOML: a section a tool, [filter] or [source.tail]; what the command line says goes before it [default: SSTREAM_CONFIG]' -r -F
complete -c sstream-source -n "__fish_sstream_source_using_subcommand dir" -l output -d 'The output\'s form; by default print on a terminal and frames anywhere else' -r -f -a "print\t'The first 10 records of each batch, as Spark prints them'
frames\t'The stream format, for another sstream tool'
text\t'A string as itself and anything else as JSON, one a line'
json\t'Every record as JSON, one a line'"
complete -c sstream-source -n "__fish_sstream_source_using_subcommand dir" -l trace-log -d 'Append each batch\'s trace to FILE, for sstream-top FILE and sstream-ui FILE' -r -F
complete -c sstream-source -n "__fish_sstream_source_using_subcommand dir" -l metrics -d 'Serve OpenMetrics at http://ADDRESS/metrics; a port alone is on 127.0.0.1' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand dir" -l metrics-file -d 'Keep metrics in FILE, for node_exporter\'s textfile collector' -r -F
complete -c sstream-source -n "__fish_sstream_source_using_subcommand dir" -l stage-name -d 'The stage\'s name in the checkpoint of the stream, if there is one, in the place of its number and tool, as 03-files' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand dir" -l max-memory -d 'Most memory the process takes: with more the tool ends with exit 1 [default: three quarters of the machine\'s, or of its control group\'s if that is less]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand dir" -l new-only -d 'Leave what is there at the first start'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand dir" -l available-now -d 'Take what is there at the start, in batches, and stop; exit code 1 if something could not be read'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand dir" -l no-header -d 'csv: no line names the columns, which are 1, 2, 3 unless --columns names them'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand dir" -l trim -d 'csv: blanks around fields are no part of them'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand dir" -l numbers -d 'Make numbers of the values that are some: of csv and logfmt, and of what sstream-parse finds by grok, regex and logfmt'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand dir" -l skip-missed -d 'Send more than a million missed batches (a suspend, a clock set) as empty ones'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand dir" -l no-trace -d 'Leave the trace out of the stream\'s ends'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand dir" -l backpressure -d 'When batches take longer than their interval, take only what the pipeline keeps up with'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand dir" -l verbose -d 'Say what happens, on stderr'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand dir" -l quiet -d 'Say nothing but errors, on stderr'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand dir" -l new -d 'Begin here with nothing where the checkpoint of the stream has gone on without this stage'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand dir" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand tail" -l from -d 'Where to begin in files that are there at the first start' -r -f -a "beginning\t'All that it holds'
end\t'What is appended from now on'"
complete -c sstream-source -n "__fish_sstream_source_using_subcommand tail" -l scan -d 'How often to look for files, for file systems with no events [default: 10s; tail 1s]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand tail" -l input -d 'What a line is; text unless told' -r -f -a "text\t'Each line a string'
json\t'Each line a JSON value'
csv\t'Each row an object'
tsv\t'The same with tabs between fields'
logfmt\t'Each line key=value pairs, an object'
msgpack\t'Values of MessagePack, one behind the other'
avro\t'Records of Avro\'s container files, .avro'"
complete -c sstream-source -n "__fish_sstream_source_using_subcommand tail" -l with -d 'Make objects of the value and of where it is from, several with commas: listen, udp and unix know client and host; dir and tail know file, line, offset and host; others host' -r -f -a "file\t'The file\'s path, without what a rotation added to it'
line\t'The number of the (first) line in its file, from 1; a restart counts those before it again'
offset\t'The byte of the file at which the line begins'
host\t'This machine\'s name'
client\t'Who sent it: address and port, or on a unix socket its number'"
complete -c sstream-source -n "__fish_sstream_source_using_subcommand tail" -l batch -d 'The interval between batches; with a zone, 1d,Europe/Berlin, or --time-zone, batches of 1h, 1d, 1w or 1month end with those there; or 1000n, so many records each; or 1000n,5s, the same or so long after the first of them [default: SSTREAM_BATCH, or 1s]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand tail" -l time-zone -d 'The zone in whose calendar batches and windows of hours, days and longer end, and of times that name none: Europe/Berlin [default: UTC]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand tail" -l block-interval -d 'How long a record may wait for its block to fill' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand tail" -l max-line -d 'A longer line is a bad record' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand tail" -l columns -d 'The columns\' names for csv; by default the first line names them' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand tail" -l delimiter -d 'csv: what stands between two fields, one character, as ; or \\t [default: a comma]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand tail" -l quote -d 'csv: what stands around fields that have delimiters in them, one character, or none [default: "]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand tail" -l encoding -d 'What the bytes are, in files UTF-16 by its byte order mark too: utf-8, utf-16, utf-16le, utf-16be, latin-1, windows-1252, gbk, shift_jis and so on, by the names of the web [default: utf-8]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand tail" -l framing -d 'What ends a record: lines, nul (a byte of zero), fixed:N (each has N bytes), octets (RFC 6587: what begins with a digit has its count of bytes before it, others are lines) [default: lines]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand tail" -l multiline -d 'One record of an event\'s lines: stack traces of a language with the log line before them, what a container\'s runtime cut, or both (cri,java)' -r -f -a "java\t'Exceptions of Java, Kotlin, Scala'
python\t'Tracebacks'
go\t'Panics and goroutines'
ruby\t'Exceptions'
rust\t'Panics, and errors with their causes'
cri\t'Long lines that containerd or CRI-O cut; cri,java and others: with events in what a container wrote'
docker\t'Long lines that Docker\'s json-file driver cut; docker,java and others likewise'"
complete -c sstream-source -n "__fish_sstream_source_using_subcommand tail" -l multiline-start -d 'A line that matches begins an event; other lines belong to the one before' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand tail" -l multiline-end -d 'A line that matches ends an event' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand tail" -l multiline-continue -d 'A line that matches belongs to the event before; others begin one' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand tail" -l multiline-timeout -d 'An event to which nothing comes for so long is complete [default: 1s]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand tail" -l max-lines -d 'An event of more lines is a bad record, as is one that is longer than --max-line [default: 10000]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand tail" -l stop-file -d 'Stop, as a signal would, when this file is there' -r -F
complete -c sstream-source -n "__fish_sstream_source_using_subcommand tail" -l idle-timeout -d 'Stop when nothing has come for so long' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand tail" -l stop-after -d 'Stop so long after the start' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand tail" -l max-rate -d 'Take at most so many records a second; what is more waits in the input' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand tail" -l max-batch -d 'A batch that has so many bytes of records takes no more; what is more comes in the next ones' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand tail" -l checkpoint -d 'Keep in DIR what a restart of the pipeline needs [default: SSTREAM_CHECKPOINT]' -r -F
complete -c sstream-source -n "__fish_sstream_source_using_subcommand tail" -l name -d 'The source\'s name in the checkpoint, and the pipeline\'s where it is shown [default: its kind]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand tail" -l retain -d 'Keep the newest batches beyond what a restart needs: 100, 12h, or all [default: 100]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand tail" -l on-loss -d 'What a restart needs and is gone (a file removed): fail, or skip it [default: fail]' -r -f -a "fail\t'Stop with exit code 5'
skip\t'Leave it out, with a warning'"
complete -c sstream-source -n "__fish_sstream_source_using_subcommand tail" -l on-error -d 'Bad records: fail, skip, or a FILE to append them to' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand tail" -l config -d 'Options, as TOML: a section a tool, [filter] or [source.tail]; what the command line says goes before it [default: SSTREAM_CONFIG]' -r -F
complete -c sstream-source -n "__fish_sstream_source_using_subcommand tail" -l output -d 'The output\'s form; by default print on a terminal and frames anywhere else' -r -f -a "print\t'The first 10 records of each batch, as Spark prints them'
frames\t'The stream format, for another sstream tool'
text\t'A string as itself and anything else as JSON, one a line'
json\t'Every record as JSON, one a line'"
complete -c sstream-source -n "__fish_sstream_source_using_subcommand tail" -l trace-log -d 'Append each batch\'s trace to FILE, for sstream-top FILE and sstream-ui FILE' -r -F
complete -c sstream-source -n "__fish_sstream_source_using_subcommand tail" -l metrics -d 'Serve OpenMetrics at http://ADDRESS/metrics; a port alone is on 127.0.0.1' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand tail" -l metrics-file -d 'Keep metrics in FILE, for node_exporter\'s textfile collector' -r -F
complete -c sstream-source -n "__fish_sstream_source_using_subcommand tail" -l stage-name -d 'The stage\'s name in the checkpoint of the stream, if there is one, in the place of its number and tool, as 03-files' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand tail" -l max-memory -d 'Most memory the process takes: with more the tool ends with exit 1 [default: three quarters of the machine\'s, or of its control group\'s if that is less]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand tail" -l available-now -d 'Take what is there at the start, in batches, and stop; exit code 1 if something could not be read'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand tail" -l no-header -d 'csv: no line names the columns, which are 1, 2, 3 unless --columns names them'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand tail" -l trim -d 'csv: blanks around fields are no part of them'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand tail" -l numbers -d 'Make numbers of the values that are some: of csv and logfmt, and of what sstream-parse finds by grok, regex and logfmt'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand tail" -l skip-missed -d 'Send more than a million missed batches (a suspend, a clock set) as empty ones'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand tail" -l no-trace -d 'Leave the trace out of the stream\'s ends'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand tail" -l backpressure -d 'When batches take longer than their interval, take only what the pipeline keeps up with'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand tail" -l verbose -d 'Say what happens, on stderr'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand tail" -l quiet -d 'Say nothing but errors, on stderr'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand tail" -l new -d 'Begin here with nothing where the checkpoint of the stream has gone on without this stage'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand tail" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand queue" -l clock -d 'Give batches as fast as they are read, or by the wall clock' -r -f -a "virtual\t'As fast as input comes'
wall\t'Real time'"
complete -c sstream-source -n "__fish_sstream_source_using_subcommand queue" -l start -d 'Where the first batch\'s interval starts, in ms since the epoch; 0 unless told' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand queue" -l input -d 'What a line is; text unless told' -r -f -a "text\t'Each line a string'
json\t'Each line a JSON value'
csv\t'Each row an object'
tsv\t'The same with tabs between fields'
logfmt\t'Each line key=value pairs, an object'
msgpack\t'Values of MessagePack, one behind the other'
avro\t'Records of Avro\'s container files, .avro'"
complete -c sstream-source -n "__fish_sstream_source_using_subcommand queue" -l with -d 'Make objects of the value and of where it is from, several with commas: listen, udp and unix know client and host; dir and tail know file, line, offset and host; others host' -r -f -a "file\t'The file\'s path, without what a rotation added to it'
line\t'The number of the (first) line in its file, from 1; a restart counts those before it again'
offset\t'The byte of the file at which the line begins'
host\t'This machine\'s name'
client\t'Who sent it: address and port, or on a unix socket its number'"
complete -c sstream-source -n "__fish_sstream_source_using_subcommand queue" -l batch -d 'The interval between batches; with a zone, 1d,Europe/Berlin, or --time-zone, batches of 1h, 1d, 1w or 1month end with those there; or 1000n, so many records each; or 1000n,5s, the same or so long after the first of them [default: SSTREAM_BATCH, or 1s]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand queue" -l time-zone -d 'The zone in whose calendar batches and windows of hours, days and longer end, and of times that name none: Europe/Berlin [default: UTC]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand queue" -l block-interval -d 'How long a record may wait for its block to fill' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand queue" -l max-line -d 'A longer line is a bad record' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand queue" -l columns -d 'The columns\' names for csv; by default the first line names them' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand queue" -l delimiter -d 'csv: what stands between two fields, one character, as ; or \\t [default: a comma]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand queue" -l quote -d 'csv: what stands around fields that have delimiters in them, one character, or none [default: "]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand queue" -l encoding -d 'What the bytes are, in files UTF-16 by its byte order mark too: utf-8, utf-16, utf-16le, utf-16be, latin-1, windows-1252, gbk, shift_jis and so on, by the names of the web [default: utf-8]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand queue" -l framing -d 'What ends a record: lines, nul (a byte of zero), fixed:N (each has N bytes), octets (RFC 6587: what begins with a digit has its count of bytes before it, others are lines) [default: lines]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand queue" -l multiline -d 'One record of an event\'s lines: stack traces of a language with the log line before them, what a container\'s runtime cut, or both (cri,java)' -r -f -a "java\t'Exceptions of Java, Kotlin, Scala'
python\t'Tracebacks'
go\t'Panics and goroutines'
ruby\t'Exceptions'
rust\t'Panics, and errors with their causes'
cri\t'Long lines that containerd or CRI-O cut; cri,java and others: with events in what a container wrote'
docker\t'Long lines that Docker\'s json-file driver cut; docker,java and others likewise'"
complete -c sstream-source -n "__fish_sstream_source_using_subcommand queue" -l multiline-start -d 'A line that matches begins an event; other lines belong to the one before' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand queue" -l multiline-end -d 'A line that matches ends an event' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand queue" -l multiline-continue -d 'A line that matches belongs to the event before; others begin one' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand queue" -l multiline-timeout -d 'An event to which nothing comes for so long is complete [default: 1s]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand queue" -l max-lines -d 'An event of more lines is a bad record, as is one that is longer than --max-line [default: 10000]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand queue" -l stop-file -d 'Stop, as a signal would, when this file is there' -r -F
complete -c sstream-source -n "__fish_sstream_source_using_subcommand queue" -l idle-timeout -d 'Stop when nothing has come for so long' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand queue" -l stop-after -d 'Stop so long after the start' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand queue" -l max-rate -d 'Take at most so many records a second; what is more waits in the input' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand queue" -l max-batch -d 'A batch that has so many bytes of records takes no more; what is more comes in the next ones' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand queue" -l checkpoint -d 'Keep in DIR what a restart of the pipeline needs [default: SSTREAM_CHECKPOINT]' -r -F
complete -c sstream-source -n "__fish_sstream_source_using_subcommand queue" -l name -d 'The source\'s name in the checkpoint, and the pipeline\'s where it is shown [default: its kind]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand queue" -l retain -d 'Keep the newest batches beyond what a restart needs: 100, 12h, or all [default: 100]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand queue" -l on-loss -d 'What a restart needs and is gone (a file removed): fail, or skip it [default: fail]' -r -f -a "fail\t'Stop with exit code 5'
skip\t'Leave it out, with a warning'"
complete -c sstream-source -n "__fish_sstream_source_using_subcommand queue" -l on-error -d 'Bad records: fail, skip, or a FILE to append them to' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand queue" -l config -d 'Options, as TOML: a section a tool, [filter] or [source.tail]; what the command line says goes before it [default: SSTREAM_CONFIG]' -r -F
complete -c sstream-source -n "__fish_sstream_source_using_subcommand queue" -l output -d 'The output\'s form; by default print on a terminal and frames anywhere else' -r -f -a "print\t'The first 10 records of each batch, as Spark prints them'
frames\t'The stream format, for another sstream tool'
text\t'A string as itself and anything else as JSON, one a line'
json\t'Every record as JSON, one a line'"
complete -c sstream-source -n "__fish_sstream_source_using_subcommand queue" -l trace-log -d 'Append each batch\'s trace to FILE, for sstream-top FILE and sstream-ui FILE' -r -F
complete -c sstream-source -n "__fish_sstream_source_using_subcommand queue" -l metrics -d 'Serve OpenMetrics at http://ADDRESS/metrics; a port alone is on 127.0.0.1' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand queue" -l metrics-file -d 'Keep metrics in FILE, for node_exporter\'s textfile collector' -r -F
complete -c sstream-source -n "__fish_sstream_source_using_subcommand queue" -l stage-name -d 'The stage\'s name in the checkpoint of the stream, if there is one, in the place of its number and tool, as 03-files' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand queue" -l max-memory -d 'Most memory the process takes: with more the tool ends with exit 1 [default: three quarters of the machine\'s, or of its control group\'s if that is less]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand queue" -l no-header -d 'csv: no line names the columns, which are 1, 2, 3 unless --columns names them'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand queue" -l trim -d 'csv: blanks around fields are no part of them'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand queue" -l numbers -d 'Make numbers of the values that are some: of csv and logfmt, and of what sstream-parse finds by grok, regex and logfmt'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand queue" -l skip-missed -d 'Send more than a million missed batches (a suspend, a clock set) as empty ones'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand queue" -l no-trace -d 'Leave the trace out of the stream\'s ends'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand queue" -l backpressure -d 'When batches take longer than their interval, take only what the pipeline keeps up with'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand queue" -l verbose -d 'Say what happens, on stderr'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand queue" -l quiet -d 'Say nothing but errors, on stderr'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand queue" -l new -d 'Begin here with nothing where the checkpoint of the stream has gone on without this stage'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand queue" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand replay" -l speed -d 'How fast: 1x keeps to the batches\' times, max is as fast as it goes' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand replay" -l input -d 'What a line is; text unless told' -r -f -a "text\t'Each line a string'
json\t'Each line a JSON value'
csv\t'Each row an object'
tsv\t'The same with tabs between fields'
logfmt\t'Each line key=value pairs, an object'
msgpack\t'Values of MessagePack, one behind the other'
avro\t'Records of Avro\'s container files, .avro'"
complete -c sstream-source -n "__fish_sstream_source_using_subcommand replay" -l with -d 'Make objects of the value and of where it is from, several with commas: listen, udp and unix know client and host; dir and tail know file, line, offset and host; others host' -r -f -a "file\t'The file\'s path, without what a rotation added to it'
line\t'The number of the (first) line in its file, from 1; a restart counts those before it again'
offset\t'The byte of the file at which the line begins'
host\t'This machine\'s name'
client\t'Who sent it: address and port, or on a unix socket its number'"
complete -c sstream-source -n "__fish_sstream_source_using_subcommand replay" -l batch -d 'The interval between batches; with a zone, 1d,Europe/Berlin, or --time-zone, batches of 1h, 1d, 1w or 1month end with those there; or 1000n, so many records each; or 1000n,5s, the same or so long after the first of them [default: SSTREAM_BATCH, or 1s]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand replay" -l time-zone -d 'The zone in whose calendar batches and windows of hours, days and longer end, and of times that name none: Europe/Berlin [default: UTC]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand replay" -l block-interval -d 'How long a record may wait for its block to fill' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand replay" -l max-line -d 'A longer line is a bad record' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand replay" -l columns -d 'The columns\' names for csv; by default the first line names them' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand replay" -l delimiter -d 'csv: what stands between two fields, one character, as ; or \\t [default: a comma]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand replay" -l quote -d 'csv: what stands around fields that have delimiters in them, one character, or none [default: "]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand replay" -l encoding -d 'What the bytes are, in files UTF-16 by its byte order mark too: utf-8, utf-16, utf-16le, utf-16be, latin-1, windows-1252, gbk, shift_jis and so on, by the names of the web [default: utf-8]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand replay" -l framing -d 'What ends a record: lines, nul (a byte of zero), fixed:N (each has N bytes), octets (RFC 6587: what begins with a digit has its count of bytes before it, others are lines) [default: lines]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand replay" -l multiline -d 'One record of an event\'s lines: stack traces of a language with the log line before them, what a container\'s runtime cut, or both (cri,java)' -r -f -a "java\t'Exceptions of Java, Kotlin, Scala'
python\t'Tracebacks'
go\t'Panics and goroutines'
ruby\t'Exceptions'
rust\t'Panics, and errors with their causes'
cri\t'Long lines that containerd or CRI-O cut; cri,java and others: with events in what a container wrote'
docker\t'Long lines that Docker\'s json-file driver cut; docker,java and others likewise'"
complete -c sstream-source -n "__fish_sstream_source_using_subcommand replay" -l multiline-start -d 'A line that matches begins an event; other lines belong to the one before' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand replay" -l multiline-end -d 'A line that matches ends an event' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand replay" -l multiline-continue -d 'A line that matches belongs to the event before; others begin one' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand replay" -l multiline-timeout -d 'An event to which nothing comes for so long is complete [default: 1s]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand replay" -l max-lines -d 'An event of more lines is a bad record, as is one that is longer than --max-line [default: 10000]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand replay" -l stop-file -d 'Stop, as a signal would, when this file is there' -r -F
complete -c sstream-source -n "__fish_sstream_source_using_subcommand replay" -l idle-timeout -d 'Stop when nothing has come for so long' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand replay" -l stop-after -d 'Stop so long after the start' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand replay" -l max-rate -d 'Take at most so many records a second; what is more waits in the input' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand replay" -l max-batch -d 'A batch that has so many bytes of records takes no more; what is more comes in the next ones' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand replay" -l checkpoint -d 'Keep in DIR what a restart of the pipeline needs [default: SSTREAM_CHECKPOINT]' -r -F
complete -c sstream-source -n "__fish_sstream_source_using_subcommand replay" -l name -d 'The source\'s name in the checkpoint, and the pipeline\'s where it is shown [default: its kind]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand replay" -l retain -d 'Keep the newest batches beyond what a restart needs: 100, 12h, or all [default: 100]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand replay" -l on-loss -d 'What a restart needs and is gone (a file removed): fail, or skip it [default: fail]' -r -f -a "fail\t'Stop with exit code 5'
skip\t'Leave it out, with a warning'"
complete -c sstream-source -n "__fish_sstream_source_using_subcommand replay" -l on-error -d 'Bad records: fail, skip, or a FILE to append them to' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand replay" -l config -d 'Options, as TOML: a section a tool, [filter] or [source.tail]; what the command line says goes before it [default: SSTREAM_CONFIG]' -r -F
complete -c sstream-source -n "__fish_sstream_source_using_subcommand replay" -l output -d 'The output\'s form; by default print on a terminal and frames anywhere else' -r -f -a "print\t'The first 10 records of each batch, as Spark prints them'
frames\t'The stream format, for another sstream tool'
text\t'A string as itself and anything else as JSON, one a line'
json\t'Every record as JSON, one a line'"
complete -c sstream-source -n "__fish_sstream_source_using_subcommand replay" -l trace-log -d 'Append each batch\'s trace to FILE, for sstream-top FILE and sstream-ui FILE' -r -F
complete -c sstream-source -n "__fish_sstream_source_using_subcommand replay" -l metrics -d 'Serve OpenMetrics at http://ADDRESS/metrics; a port alone is on 127.0.0.1' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand replay" -l metrics-file -d 'Keep metrics in FILE, for node_exporter\'s textfile collector' -r -F
complete -c sstream-source -n "__fish_sstream_source_using_subcommand replay" -l stage-name -d 'The stage\'s name in the checkpoint of the stream, if there is one, in the place of its number and tool, as 03-files' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand replay" -l max-memory -d 'Most memory the process takes: with more the tool ends with exit 1 [default: three quarters of the machine\'s, or of its control group\'s if that is less]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand replay" -l no-header -d 'csv: no line names the columns, which are 1, 2, 3 unless --columns names them'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand replay" -l trim -d 'csv: blanks around fields are no part of them'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand replay" -l numbers -d 'Make numbers of the values that are some: of csv and logfmt, and of what sstream-parse finds by grok, regex and logfmt'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand replay" -l skip-missed -d 'Send more than a million missed batches (a suspend, a clock set) as empty ones'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand replay" -l no-trace -d 'Leave the trace out of the stream\'s ends'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand replay" -l backpressure -d 'When batches take longer than their interval, take only what the pipeline keeps up with'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand replay" -l verbose -d 'Say what happens, on stderr'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand replay" -l quiet -d 'Say nothing but errors, on stderr'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand replay" -l new -d 'Begin here with nothing where the checkpoint of the stream has gone on without this stage'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand replay" -s h -l help -d 'Print help (see more with \'--help\')'
