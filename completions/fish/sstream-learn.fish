# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_sstream_learn_global_optspecs
    string join \n input= batch= time-zone= block-interval= max-line= columns= no-header delimiter= quote= trim encoding= framing= numbers multiline= multiline-start= multiline-end= multiline-continue= multiline-timeout= max-lines= stop-file= idle-timeout= stop-after= skip-missed no-trace max-rate= max-batch= backpressure checkpoint= name= retain= on-loss= on-error= verbose quiet config= output= trace-log= metrics= metrics-file= new stage-name= max-memory= h/help V/version
end

function __fish_sstream_learn_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_sstream_learn_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_sstream_learn_using_subcommand
    set -l cmd (__fish_sstream_learn_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c sstream-learn -n "__fish_sstream_learn_needs_command" -l input -d 'Raw input in this form, so that the clock need not wait for the first byte' -r -f -a "text\t'Each line a string'
json\t'Each line a JSON value'
csv\t'Each row an object'
tsv\t'The same with tabs between fields'
logfmt\t'Each line key=value pairs, an object'
msgpack\t'Values of MessagePack, one behind the other'
avro\t'Records of Avro\'s container files, .avro'"
complete -c sstream-learn -n "__fish_sstream_learn_needs_command" -l batch -d 'The interval between batches; with a zone, 1d,Europe/Berlin, or --time-zone, batches of 1h, 1d, 1w or 1month end with those there; or 1000n, so many records each; or 1000n,5s, the same or so long after the first of them [default: SSTREAM_BATCH, or 1s]' -r
complete -c sstream-learn -n "__fish_sstream_learn_needs_command" -l time-zone -d 'The zone in whose calendar batches and windows of hours, days and longer end, and of times that name none: Europe/Berlin [default: UTC]' -r
complete -c sstream-learn -n "__fish_sstream_learn_needs_command" -l block-interval -d 'How long a record may wait for its block to fill' -r
complete -c sstream-learn -n "__fish_sstream_learn_needs_command" -l max-line -d 'A longer line is a bad record' -r
complete -c sstream-learn -n "__fish_sstream_learn_needs_command" -l columns -d 'The columns\' names for csv; by default the first line names them' -r
complete -c sstream-learn -n "__fish_sstream_learn_needs_command" -l delimiter -d 'csv: what stands between two fields, one character, as ; or \\t [default: a comma]' -r
complete -c sstream-learn -n "__fish_sstream_learn_needs_command" -l quote -d 'csv: what stands around fields that have delimiters in them, one character, or none [default: "]' -r
complete -c sstream-learn -n "__fish_sstream_learn_needs_command" -l encoding -d 'What the bytes are, in files UTF-16 by its byte order mark too: utf-8, utf-16, utf-16le, utf-16be, latin-1, windows-1252, gbk, shift_jis and so on, by the names of the web [default: utf-8]' -r
complete -c sstream-learn -n "__fish_sstream_learn_needs_command" -l framing -d 'What ends a record: lines, nul (a byte of zero), fixed:N (each has N bytes), octets (RFC 6587: what begins with a digit has its count of bytes before it, others are lines) [default: lines]' -r
complete -c sstream-learn -n "__fish_sstream_learn_needs_command" -l multiline -d 'One record of an event\'s lines: stack traces of a language with the log line before them, what a container\'s runtime cut, or both (cri,java)' -r -f -a "java\t'Exceptions of Java, Kotlin, Scala'
python\t'Tracebacks'
go\t'Panics and goroutines'
ruby\t'Exceptions'
rust\t'Panics, and errors with their causes'
cri\t'Long lines that containerd or CRI-O cut; cri,java and others: with events in what a container wrote'
docker\t'Long lines that Docker\'s json-file driver cut; docker,java and others likewise'"
complete -c sstream-learn -n "__fish_sstream_learn_needs_command" -l multiline-start -d 'A line that matches begins an event; other lines belong to the one before' -r
complete -c sstream-learn -n "__fish_sstream_learn_needs_command" -l multiline-end -d 'A line that matches ends an event' -r
complete -c sstream-learn -n "__fish_sstream_learn_needs_command" -l multiline-continue -d 'A line that matches belongs to the event before; others begin one' -r
complete -c sstream-learn -n "__fish_sstream_learn_needs_command" -l multiline-timeout -d 'An event to which nothing comes for so long is complete [default: 1s]' -r
complete -c sstream-learn -n "__fish_sstream_learn_needs_command" -l max-lines -d 'An event of more lines is a bad record, as is one that is longer than --max-line [default: 10000]' -r
complete -c sstream-learn -n "__fish_sstream_learn_needs_command" -l stop-file -d 'Stop, as a signal would, when this file is there' -r -F
complete -c sstream-learn -n "__fish_sstream_learn_needs_command" -l idle-timeout -d 'Stop when nothing has come for so long' -r
complete -c sstream-learn -n "__fish_sstream_learn_needs_command" -l stop-after -d 'Stop so long after the start' -r
complete -c sstream-learn -n "__fish_sstream_learn_needs_command" -l max-rate -d 'Take at most so many records a second; what is more waits in the input' -r
complete -c sstream-learn -n "__fish_sstream_learn_needs_command" -l max-batch -d 'A batch that has so many bytes of records takes no more; what is more comes in the next ones' -r
complete -c sstream-learn -n "__fish_sstream_learn_needs_command" -l checkpoint -d 'Keep in DIR what a restart of the pipeline needs [default: SSTREAM_CHECKPOINT]' -r -F
complete -c sstream-learn -n "__fish_sstream_learn_needs_command" -l name -d 'The source\'s name in the checkpoint, and the pipeline\'s where it is shown [default: its kind]' -r
complete -c sstream-learn -n "__fish_sstream_learn_needs_command" -l retain -d 'Keep the newest batches beyond what a restart needs: 100, 12h, or all [default: 100]' -r
complete -c sstream-learn -n "__fish_sstream_learn_needs_command" -l on-loss -d 'What a restart needs and is gone (a file removed): fail, or skip it [default: fail]' -r -f -a "fail\t'Stop with exit code 5'
skip\t'Leave it out, with a warning'"
complete -c sstream-learn -n "__fish_sstream_learn_needs_command" -l on-error -d 'Bad records: fail, skip, or a FILE to append them to' -r
complete -c sstream-learn -n "__fish_sstream_learn_needs_command" -l config -d 'Options, as TOML: a section a tool, [filter] or [source.tail]; what the command line says goes before it [default: SSTREAM_CONFIG]' -r -F
complete -c sstream-learn -n "__fish_sstream_learn_needs_command" -l output -d 'The output\'s form; by default print on a terminal and frames anywhere else' -r -f -a "print\t'The first 10 records of each batch, as Spark prints them'
frames\t'The stream format, for another sstream tool'
text\t'A string as itself and anything else as JSON, one a line'
json\t'Every record as JSON, one a line'"
complete -c sstream-learn -n "__fish_sstream_learn_needs_command" -l trace-log -d 'Append each batch\'s trace to FILE, for sstream-top FILE and sstream-ui FILE' -r -F
complete -c sstream-learn -n "__fish_sstream_learn_needs_command" -l metrics -d 'Serve OpenMetrics at http://ADDRESS/metrics; a port alone is on 127.0.0.1' -r
complete -c sstream-learn -n "__fish_sstream_learn_needs_command" -l metrics-file -d 'Keep metrics in FILE, for node_exporter\'s textfile collector' -r -F
complete -c sstream-learn -n "__fish_sstream_learn_needs_command" -l stage-name -d 'The stage\'s name in the checkpoint of the stream, if there is one, in the place of its number and tool, as 03-files' -r
complete -c sstream-learn -n "__fish_sstream_learn_needs_command" -l max-memory -d 'Most memory the process takes: with more the tool ends with exit 1 [default: three quarters of the machine\'s, or of its control group\'s if that is less]' -r
complete -c sstream-learn -n "__fish_sstream_learn_needs_command" -l no-header -d 'csv: no line names the columns, which are 1, 2, 3 unless --columns names them'
complete -c sstream-learn -n "__fish_sstream_learn_needs_command" -l trim -d 'csv: blanks around fields are no part of them'
complete -c sstream-learn -n "__fish_sstream_learn_needs_command" -l numbers -d 'Make numbers of the values that are some: of csv and logfmt, and of what sstream-parse finds by grok, regex and logfmt'
complete -c sstream-learn -n "__fish_sstream_learn_needs_command" -l skip-missed -d 'Send more than a million missed batches (a suspend, a clock set) as empty ones'
complete -c sstream-learn -n "__fish_sstream_learn_needs_command" -l no-trace -d 'Leave the trace out of the stream\'s ends'
complete -c sstream-learn -n "__fish_sstream_learn_needs_command" -l backpressure -d 'When batches take longer than their interval, take only what the pipeline keeps up with'
complete -c sstream-learn -n "__fish_sstream_learn_needs_command" -l verbose -d 'Say what happens, on stderr'
complete -c sstream-learn -n "__fish_sstream_learn_needs_command" -l quiet -d 'Say nothing but errors, on stderr'
complete -c sstream-learn -n "__fish_sstream_learn_needs_command" -l new -d 'Begin here with nothing where the checkpoint of the stream has gone on without this stage'
complete -c sstream-learn -n "__fish_sstream_learn_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sstream-learn -n "__fish_sstream_learn_needs_command" -s V -l version -d 'Print version'
complete -c sstream-learn -n "__fish_sstream_learn_needs_command" -f -a "kmeans" -d 'Clusters: centers that move to where points are'
complete -c sstream-learn -n "__fish_sstream_learn_needs_command" -f -a "linear" -d 'A number, by linear regression'
complete -c sstream-learn -n "__fish_sstream_learn_needs_command" -f -a "logistic" -d 'One of two classes, 0 and 1, by logistic regression'
complete -c sstream-learn -n "__fish_sstream_learn_needs_command" -f -a "test" -d 'Whether two groups have the same mean'
complete -c sstream-learn -n "__fish_sstream_learn_needs_command" -f -a "predict" -d 'Predict by a model in a file'
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand kmeans" -l k -d 'How many clusters [default: as many as --centers, or 2]' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand kmeans" -l centers -d 'Begin with these centers: [[0,0],[5,5]]' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand kmeans" -l random -d 'Begin with centers of DIM numbers each, drawn from the normal distribution' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand kmeans" -l seed -d 'Draw the centers that this number gives, here as in Spark' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand kmeans" -l weights -d 'The weight of each center at the beginning: [1,1]; by default none, so that the first points decide' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand kmeans" -l decay -d 'What the past counts after a batch: 1 as much as ever, 0 nothing [default: 1]' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand kmeans" -l half-life -d 'After so many batches or points the past counts half' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand kmeans" -l unit -d 'What --decay and --half-life count' -r -f -a "batches\t'Batches, empty ones too'
points\t'Points'"
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand kmeans" -l emit -d 'What comes out' -r -f -a "model\t'The model after each batch, one record'
before\t'A prediction for each record, by the model from before its batch'
after\t'A prediction for each record, by the model that has learnt from its batch'"
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand kmeans" -l features -d 'The features are what EXPR makes of a record, an array of numbers; nothing leaves it out' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand kmeans" -l by -d 'Predictions come out as [KEY,PREDICTION], with what EXPR makes of the record as the key' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand kmeans" -l checkpoint-every -d 'Keep the state in the stream\'s checkpoint, if there is one, only at multiples of this: less is written, and more is sent again after a restart [default: each batch]' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand kmeans" -l carry -d 'Begin with the state in FILE, if it is there, and leave there what is next: a stage of which a process each does some batches, as on a cluster' -r -F
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand kmeans" -l input -d 'Raw input in this form, so that the clock need not wait for the first byte' -r -f -a "text\t'Each line a string'
json\t'Each line a JSON value'
csv\t'Each row an object'
tsv\t'The same with tabs between fields'
logfmt\t'Each line key=value pairs, an object'
msgpack\t'Values of MessagePack, one behind the other'
avro\t'Records of Avro\'s container files, .avro'"
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand kmeans" -l batch -d 'The interval between batches; with a zone, 1d,Europe/Berlin, or --time-zone, batches of 1h, 1d, 1w or 1month end with those there; or 1000n, so many records each; or 1000n,5s, the same or so long after the first of them [default: SSTREAM_BATCH, or 1s]' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand kmeans" -l time-zone -d 'The zone in whose calendar batches and windows of hours, days and longer end, and of times that name none: Europe/Berlin [default: UTC]' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand kmeans" -l block-interval -d 'How long a record may wait for its block to fill' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand kmeans" -l max-line -d 'A longer line is a bad record' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand kmeans" -l columns -d 'The columns\' names for csv; by default the first line names them' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand kmeans" -l delimiter -d 'csv: what stands between two fields, one character, as ; or \\t [default: a comma]' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand kmeans" -l quote -d 'csv: what stands around fields that have delimiters in them, one character, or none [default: "]' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand kmeans" -l encoding -d 'What the bytes are, in files UTF-16 by its byte order mark too: utf-8, utf-16, utf-16le, utf-16be, latin-1, windows-1252, gbk, shift_jis and so on, by the names of the web [default: utf-8]' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand kmeans" -l framing -d 'What ends a record: lines, nul (a byte of zero), fixed:N (each has N bytes), octets (RFC 6587: what begins with a digit has its count of bytes before it, others are lines) [default: lines]' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand kmeans" -l multiline -d 'One record of an event\'s lines: stack traces of a language with the log line before them, what a container\'s runtime cut, or both (cri,java)' -r -f -a "java\t'Exceptions of Java, Kotlin, Scala'
python\t'Tracebacks'
go\t'Panics and goroutines'
ruby\t'Exceptions'
rust\t'Panics, and errors with their causes'
cri\t'Long lines that containerd or CRI-O cut; cri,java and others: with events in what a container wrote'
docker\t'Long lines that Docker\'s json-file driver cut; docker,java and others likewise'"
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand kmeans" -l multiline-start -d 'A line that matches begins an event; other lines belong to the one before' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand kmeans" -l multiline-end -d 'A line that matches ends an event' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand kmeans" -l multiline-continue -d 'A line that matches belongs to the event before; others begin one' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand kmeans" -l multiline-timeout -d 'An event to which nothing comes for so long is complete [default: 1s]' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand kmeans" -l max-lines -d 'An event of more lines is a bad record, as is one that is longer than --max-line [default: 10000]' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand kmeans" -l stop-file -d 'Stop, as a signal would, when this file is there' -r -F
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand kmeans" -l idle-timeout -d 'Stop when nothing has come for so long' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand kmeans" -l stop-after -d 'Stop so long after the start' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand kmeans" -l max-rate -d 'Take at most so many records a second; what is more waits in the input' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand kmeans" -l max-batch -d 'A batch that has so many bytes of records takes no more; what is more comes in the next ones' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand kmeans" -l checkpoint -d 'Keep in DIR what a restart of the pipeline needs [default: SSTREAM_CHECKPOINT]' -r -F
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand kmeans" -l name -d 'The source\'s name in the checkpoint, and the pipeline\'s where it is shown [default: its kind]' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand kmeans" -l retain -d 'Keep the newest batches beyond what a restart needs: 100, 12h, or all [default: 100]' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand kmeans" -l on-loss -d 'What a restart needs and is gone (a file removed): fail, or skip it [default: fail]' -r -f -a "fail\t'Stop with exit code 5'
skip\t'Leave it out, with a warning'"
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand kmeans" -l on-error -d 'Bad records: fail, skip, or a FILE to append them to' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand kmeans" -l config -d 'Options, as TOML: a section a tool, [filter] or [source.tail]; what the command line says goes before it [default: SSTREAM_CONFIG]' -r -F
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand kmeans" -l output -d 'The output\'s form; by default print on a terminal and frames anywhere else' -r -f -a "print\t'The first 10 records of each batch, as Spark prints them'
frames\t'The stream format, for another sstream tool'
text\t'A string as itself and anything else as JSON, one a line'
json\t'Every record as JSON, one a line'"
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand kmeans" -l trace-log -d 'Append each batch\'s trace to FILE, for sstream-top FILE and sstream-ui FILE' -r -F
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand kmeans" -l metrics -d 'Serve OpenMetrics at http://ADDRESS/metrics; a port alone is on 127.0.0.1' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand kmeans" -l metrics-file -d 'Keep metrics in FILE, for node_exporter\'s textfile collector' -r -F
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand kmeans" -l stage-name -d 'The stage\'s name in the checkpoint of the stream, if there is one, in the place of its number and tool, as 03-files' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand kmeans" -l max-memory -d 'Most memory the process takes: with more the tool ends with exit 1 [default: three quarters of the machine\'s, or of its control group\'s if that is less]' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand kmeans" -l no-header -d 'csv: no line names the columns, which are 1, 2, 3 unless --columns names them'
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand kmeans" -l trim -d 'csv: blanks around fields are no part of them'
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand kmeans" -l numbers -d 'Make numbers of the values that are some: of csv and logfmt, and of what sstream-parse finds by grok, regex and logfmt'
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand kmeans" -l skip-missed -d 'Send more than a million missed batches (a suspend, a clock set) as empty ones'
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand kmeans" -l no-trace -d 'Leave the trace out of the stream\'s ends'
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand kmeans" -l backpressure -d 'When batches take longer than their interval, take only what the pipeline keeps up with'
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand kmeans" -l verbose -d 'Say what happens, on stderr'
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand kmeans" -l quiet -d 'Say nothing but errors, on stderr'
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand kmeans" -l new -d 'Begin here with nothing where the checkpoint of the stream has gone on without this stage'
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand kmeans" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand linear" -l weights -d 'Begin with these weights, one a feature: [0,0]' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand linear" -l step -d 'The length of the first step in a batch; step i is as long by the root of i' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand linear" -l iterations -d 'How many steps in a batch, at most' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand linear" -l reg -d 'How much weights shrink with each step: L2 regularisation. In linear it changes nothing, as in Spark, and a warning says so: --ridge does' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand linear" -l fraction -d 'What share of the batch each step looks at: a sample, the same whenever the batch is learnt from' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand linear" -l tolerance -d 'End the steps when one changes the weights by less than this share of their length' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand linear" -l emit -d 'What comes out' -r -f -a "model\t'The model after each batch, one record'
before\t'A prediction for each record, by the model from before its batch'
after\t'A prediction for each record, by the model that has learnt from its batch'"
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand linear" -l label -d 'The label is what EXPR makes of a record: a number; for logistic 0 or 1, or false or true' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand linear" -l features -d 'The features are what EXPR makes of a record, an array of numbers; nothing leaves it out' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand linear" -l by -d 'Predictions come out as [KEY,PREDICTION], with what EXPR makes of the record as the key' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand linear" -l checkpoint-every -d 'Keep the state in the stream\'s checkpoint, if there is one, only at multiples of this: less is written, and more is sent again after a restart [default: each batch]' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand linear" -l carry -d 'Begin with the state in FILE, if it is there, and leave there what is next: a stage of which a process each does some batches, as on a cluster' -r -F
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand linear" -l ridge -d 'How much weights shrink with each step: L2 regularisation, as Spark\'s RidgeRegressionWithSGD has it' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand linear" -l input -d 'Raw input in this form, so that the clock need not wait for the first byte' -r -f -a "text\t'Each line a string'
json\t'Each line a JSON value'
csv\t'Each row an object'
tsv\t'The same with tabs between fields'
logfmt\t'Each line key=value pairs, an object'
msgpack\t'Values of MessagePack, one behind the other'
avro\t'Records of Avro\'s container files, .avro'"
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand linear" -l batch -d 'The interval between batches; with a zone, 1d,Europe/Berlin, or --time-zone, batches of 1h, 1d, 1w or 1month end with those there; or 1000n, so many records each; or 1000n,5s, the same or so long after the first of them [default: SSTREAM_BATCH, or 1s]' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand linear" -l time-zone -d 'The zone in whose calendar batches and windows of hours, days and longer end, and of times that name none: Europe/Berlin [default: UTC]' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand linear" -l block-interval -d 'How long a record may wait for its block to fill' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand linear" -l max-line -d 'A longer line is a bad record' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand linear" -l columns -d 'The columns\' names for csv; by default the first line names them' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand linear" -l delimiter -d 'csv: what stands between two fields, one character, as ; or \\t [default: a comma]' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand linear" -l quote -d 'csv: what stands around fields that have delimiters in them, one character, or none [default: "]' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand linear" -l encoding -d 'What the bytes are, in files UTF-16 by its byte order mark too: utf-8, utf-16, utf-16le, utf-16be, latin-1, windows-1252, gbk, shift_jis and so on, by the names of the web [default: utf-8]' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand linear" -l framing -d 'What ends a record: lines, nul (a byte of zero), fixed:N (each has N bytes), octets (RFC 6587: what begins with a digit has its count of bytes before it, others are lines) [default: lines]' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand linear" -l multiline -d 'One record of an event\'s lines: stack traces of a language with the log line before them, what a container\'s runtime cut, or both (cri,java)' -r -f -a "java\t'Exceptions of Java, Kotlin, Scala'
python\t'Tracebacks'
go\t'Panics and goroutines'
ruby\t'Exceptions'
rust\t'Panics, and errors with their causes'
cri\t'Long lines that containerd or CRI-O cut; cri,java and others: with events in what a container wrote'
docker\t'Long lines that Docker\'s json-file driver cut; docker,java and others likewise'"
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand linear" -l multiline-start -d 'A line that matches begins an event; other lines belong to the one before' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand linear" -l multiline-end -d 'A line that matches ends an event' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand linear" -l multiline-continue -d 'A line that matches belongs to the event before; others begin one' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand linear" -l multiline-timeout -d 'An event to which nothing comes for so long is complete [default: 1s]' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand linear" -l max-lines -d 'An event of more lines is a bad record, as is one that is longer than --max-line [default: 10000]' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand linear" -l stop-file -d 'Stop, as a signal would, when this file is there' -r -F
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand linear" -l idle-timeout -d 'Stop when nothing has come for so long' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand linear" -l stop-after -d 'Stop so long after the start' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand linear" -l max-rate -d 'Take at most so many records a second; what is more waits in the input' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand linear" -l max-batch -d 'A batch that has so many bytes of records takes no more; what is more comes in the next ones' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand linear" -l checkpoint -d 'Keep in DIR what a restart of the pipeline needs [default: SSTREAM_CHECKPOINT]' -r -F
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand linear" -l name -d 'The source\'s name in the checkpoint, and the pipeline\'s where it is shown [default: its kind]' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand linear" -l retain -d 'Keep the newest batches beyond what a restart needs: 100, 12h, or all [default: 100]' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand linear" -l on-loss -d 'What a restart needs and is gone (a file removed): fail, or skip it [default: fail]' -r -f -a "fail\t'Stop with exit code 5'
skip\t'Leave it out, with a warning'"
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand linear" -l on-error -d 'Bad records: fail, skip, or a FILE to append them to' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand linear" -l config -d 'Options, as TOML: a section a tool, [filter] or [source.tail]; what the command line says goes before it [default: SSTREAM_CONFIG]' -r -F
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand linear" -l output -d 'The output\'s form; by default print on a terminal and frames anywhere else' -r -f -a "print\t'The first 10 records of each batch, as Spark prints them'
frames\t'The stream format, for another sstream tool'
text\t'A string as itself and anything else as JSON, one a line'
json\t'Every record as JSON, one a line'"
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand linear" -l trace-log -d 'Append each batch\'s trace to FILE, for sstream-top FILE and sstream-ui FILE' -r -F
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand linear" -l metrics -d 'Serve OpenMetrics at http://ADDRESS/metrics; a port alone is on 127.0.0.1' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand linear" -l metrics-file -d 'Keep metrics in FILE, for node_exporter\'s textfile collector' -r -F
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand linear" -l stage-name -d 'The stage\'s name in the checkpoint of the stream, if there is one, in the place of its number and tool, as 03-files' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand linear" -l max-memory -d 'Most memory the process takes: with more the tool ends with exit 1 [default: three quarters of the machine\'s, or of its control group\'s if that is less]' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand linear" -l no-header -d 'csv: no line names the columns, which are 1, 2, 3 unless --columns names them'
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand linear" -l trim -d 'csv: blanks around fields are no part of them'
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand linear" -l numbers -d 'Make numbers of the values that are some: of csv and logfmt, and of what sstream-parse finds by grok, regex and logfmt'
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand linear" -l skip-missed -d 'Send more than a million missed batches (a suspend, a clock set) as empty ones'
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand linear" -l no-trace -d 'Leave the trace out of the stream\'s ends'
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand linear" -l backpressure -d 'When batches take longer than their interval, take only what the pipeline keeps up with'
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand linear" -l verbose -d 'Say what happens, on stderr'
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand linear" -l quiet -d 'Say nothing but errors, on stderr'
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand linear" -l new -d 'Begin here with nothing where the checkpoint of the stream has gone on without this stage'
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand linear" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand logistic" -l weights -d 'Begin with these weights, one a feature: [0,0]' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand logistic" -l step -d 'The length of the first step in a batch; step i is as long by the root of i' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand logistic" -l iterations -d 'How many steps in a batch, at most' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand logistic" -l reg -d 'How much weights shrink with each step: L2 regularisation. In linear it changes nothing, as in Spark, and a warning says so: --ridge does' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand logistic" -l fraction -d 'What share of the batch each step looks at: a sample, the same whenever the batch is learnt from' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand logistic" -l tolerance -d 'End the steps when one changes the weights by less than this share of their length' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand logistic" -l emit -d 'What comes out' -r -f -a "model\t'The model after each batch, one record'
before\t'A prediction for each record, by the model from before its batch'
after\t'A prediction for each record, by the model that has learnt from its batch'"
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand logistic" -l label -d 'The label is what EXPR makes of a record: a number; for logistic 0 or 1, or false or true' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand logistic" -l features -d 'The features are what EXPR makes of a record, an array of numbers; nothing leaves it out' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand logistic" -l by -d 'Predictions come out as [KEY,PREDICTION], with what EXPR makes of the record as the key' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand logistic" -l checkpoint-every -d 'Keep the state in the stream\'s checkpoint, if there is one, only at multiples of this: less is written, and more is sent again after a restart [default: each batch]' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand logistic" -l carry -d 'Begin with the state in FILE, if it is there, and leave there what is next: a stage of which a process each does some batches, as on a cluster' -r -F
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand logistic" -l input -d 'Raw input in this form, so that the clock need not wait for the first byte' -r -f -a "text\t'Each line a string'
json\t'Each line a JSON value'
csv\t'Each row an object'
tsv\t'The same with tabs between fields'
logfmt\t'Each line key=value pairs, an object'
msgpack\t'Values of MessagePack, one behind the other'
avro\t'Records of Avro\'s container files, .avro'"
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand logistic" -l batch -d 'The interval between batches; with a zone, 1d,Europe/Berlin, or --time-zone, batches of 1h, 1d, 1w or 1month end with those there; or 1000n, so many records each; or 1000n,5s, the same or so long after the first of them [default: SSTREAM_BATCH, or 1s]' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand logistic" -l time-zone -d 'The zone in whose calendar batches and windows of hours, days and longer end, and of times that name none: Europe/Berlin [default: UTC]' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand logistic" -l block-interval -d 'How long a record may wait for its block to fill' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand logistic" -l max-line -d 'A longer line is a bad record' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand logistic" -l columns -d 'The columns\' names for csv; by default the first line names them' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand logistic" -l delimiter -d 'csv: what stands between two fields, one character, as ; or \\t [default: a comma]' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand logistic" -l quote -d 'csv: what stands around fields that have delimiters in them, one character, or none [default: "]' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand logistic" -l encoding -d 'What the bytes are, in files UTF-16 by its byte order mark too: utf-8, utf-16, utf-16le, utf-16be, latin-1, windows-1252, gbk, shift_jis and so on, by the names of the web [default: utf-8]' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand logistic" -l framing -d 'What ends a record: lines, nul (a byte of zero), fixed:N (each has N bytes), octets (RFC 6587: what begins with a digit has its count of bytes before it, others are lines) [default: lines]' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand logistic" -l multiline -d 'One record of an event\'s lines: stack traces of a language with the log line before them, what a container\'s runtime cut, or both (cri,java)' -r -f -a "java\t'Exceptions of Java, Kotlin, Scala'
python\t'Tracebacks'
go\t'Panics and goroutines'
ruby\t'Exceptions'
rust\t'Panics, and errors with their causes'
cri\t'Long lines that containerd or CRI-O cut; cri,java and others: with events in what a container wrote'
docker\t'Long lines that Docker\'s json-file driver cut; docker,java and others likewise'"
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand logistic" -l multiline-start -d 'A line that matches begins an event; other lines belong to the one before' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand logistic" -l multiline-end -d 'A line that matches ends an event' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand logistic" -l multiline-continue -d 'A line that matches belongs to the event before; others begin one' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand logistic" -l multiline-timeout -d 'An event to which nothing comes for so long is complete [default: 1s]' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand logistic" -l max-lines -d 'An event of more lines is a bad record, as is one that is longer than --max-line [default: 10000]' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand logistic" -l stop-file -d 'Stop, as a signal would, when this file is there' -r -F
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand logistic" -l idle-timeout -d 'Stop when nothing has come for so long' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand logistic" -l stop-after -d 'Stop so long after the start' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand logistic" -l max-rate -d 'Take at most so many records a second; what is more waits in the input' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand logistic" -l max-batch -d 'A batch that has so many bytes of records takes no more; what is more comes in the next ones' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand logistic" -l checkpoint -d 'Keep in DIR what a restart of the pipeline needs [default: SSTREAM_CHECKPOINT]' -r -F
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand logistic" -l name -d 'The source\'s name in the checkpoint, and the pipeline\'s where it is shown [default: its kind]' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand logistic" -l retain -d 'Keep the newest batches beyond what a restart needs: 100, 12h, or all [default: 100]' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand logistic" -l on-loss -d 'What a restart needs and is gone (a file removed): fail, or skip it [default: fail]' -r -f -a "fail\t'Stop with exit code 5'
skip\t'Leave it out, with a warning'"
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand logistic" -l on-error -d 'Bad records: fail, skip, or a FILE to append them to' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand logistic" -l config -d 'Options, as TOML: a section a tool, [filter] or [source.tail]; what the command line says goes before it [default: SSTREAM_CONFIG]' -r -F
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand logistic" -l output -d 'The output\'s form; by default print on a terminal and frames anywhere else' -r -f -a "print\t'The first 10 records of each batch, as Spark prints them'
frames\t'The stream format, for another sstream tool'
text\t'A string as itself and anything else as JSON, one a line'
json\t'Every record as JSON, one a line'"
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand logistic" -l trace-log -d 'Append each batch\'s trace to FILE, for sstream-top FILE and sstream-ui FILE' -r -F
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand logistic" -l metrics -d 'Serve OpenMetrics at http://ADDRESS/metrics; a port alone is on 127.0.0.1' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand logistic" -l metrics-file -d 'Keep metrics in FILE, for node_exporter\'s textfile collector' -r -F
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand logistic" -l stage-name -d 'The stage\'s name in the checkpoint of the stream, if there is one, in the place of its number and tool, as 03-files' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand logistic" -l max-memory -d 'Most memory the process takes: with more the tool ends with exit 1 [default: three quarters of the machine\'s, or of its control group\'s if that is less]' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand logistic" -l no-header -d 'csv: no line names the columns, which are 1, 2, 3 unless --columns names them'
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand logistic" -l trim -d 'csv: blanks around fields are no part of them'
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand logistic" -l numbers -d 'Make numbers of the values that are some: of csv and logfmt, and of what sstream-parse finds by grok, regex and logfmt'
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand logistic" -l skip-missed -d 'Send more than a million missed batches (a suspend, a clock set) as empty ones'
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand logistic" -l no-trace -d 'Leave the trace out of the stream\'s ends'
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand logistic" -l backpressure -d 'When batches take longer than their interval, take only what the pipeline keeps up with'
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand logistic" -l verbose -d 'Say what happens, on stderr'
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand logistic" -l quiet -d 'Say nothing but errors, on stderr'
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand logistic" -l new -d 'Begin here with nothing where the checkpoint of the stream has gone on without this stage'
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand logistic" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand test" -l method -d 'Which test' -r -f -a "welch\t'Welch\'s t-test: groups may vary differently'
student\t'Student\'s t-test: both vary alike'"
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand test" -l peace -d 'So many batches at the beginning do not count, while what is new to people wears off' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand test" -l window -d 'Compare the newest N batches; 0: all there were' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand test" -l by -d 'The group is what EXPR makes of a record' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand test" -l of -l features -d 'The value is what EXPR makes of a record, or of a pair\'s second' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand test" -l checkpoint-every -d 'Keep the state in the stream\'s checkpoint, if there is one, only at multiples of this: less is written, and more is sent again after a restart [default: each batch]' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand test" -l carry -d 'Begin with the state in FILE, if it is there, and leave there what is next: a stage of which a process each does some batches, as on a cluster' -r -F
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand test" -l input -d 'Raw input in this form, so that the clock need not wait for the first byte' -r -f -a "text\t'Each line a string'
json\t'Each line a JSON value'
csv\t'Each row an object'
tsv\t'The same with tabs between fields'
logfmt\t'Each line key=value pairs, an object'
msgpack\t'Values of MessagePack, one behind the other'
avro\t'Records of Avro\'s container files, .avro'"
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand test" -l batch -d 'The interval between batches; with a zone, 1d,Europe/Berlin, or --time-zone, batches of 1h, 1d, 1w or 1month end with those there; or 1000n, so many records each; or 1000n,5s, the same or so long after the first of them [default: SSTREAM_BATCH, or 1s]' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand test" -l time-zone -d 'The zone in whose calendar batches and windows of hours, days and longer end, and of times that name none: Europe/Berlin [default: UTC]' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand test" -l block-interval -d 'How long a record may wait for its block to fill' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand test" -l max-line -d 'A longer line is a bad record' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand test" -l columns -d 'The columns\' names for csv; by default the first line names them' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand test" -l delimiter -d 'csv: what stands between two fields, one character, as ; or \\t [default: a comma]' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand test" -l quote -d 'csv: what stands around fields that have delimiters in them, one character, or none [default: "]' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand test" -l encoding -d 'What the bytes are, in files UTF-16 by its byte order mark too: utf-8, utf-16, utf-16le, utf-16be, latin-1, windows-1252, gbk, shift_jis and so on, by the names of the web [default: utf-8]' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand test" -l framing -d 'What ends a record: lines, nul (a byte of zero), fixed:N (each has N bytes), octets (RFC 6587: what begins with a digit has its count of bytes before it, others are lines) [default: lines]' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand test" -l multiline -d 'One record of an event\'s lines: stack traces of a language with the log line before them, what a container\'s runtime cut, or both (cri,java)' -r -f -a "java\t'Exceptions of Java, Kotlin, Scala'
python\t'Tracebacks'
go\t'Panics and goroutines'
ruby\t'Exceptions'
rust\t'Panics, and errors with their causes'
cri\t'Long lines that containerd or CRI-O cut; cri,java and others: with events in what a container wrote'
docker\t'Long lines that Docker\'s json-file driver cut; docker,java and others likewise'"
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand test" -l multiline-start -d 'A line that matches begins an event; other lines belong to the one before' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand test" -l multiline-end -d 'A line that matches ends an event' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand test" -l multiline-continue -d 'A line that matches belongs to the event before; others begin one' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand test" -l multiline-timeout -d 'An event to which nothing comes for so long is complete [default: 1s]' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand test" -l max-lines -d 'An event of more lines is a bad record, as is one that is longer than --max-line [default: 10000]' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand test" -l stop-file -d 'Stop, as a signal would, when this file is there' -r -F
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand test" -l idle-timeout -d 'Stop when nothing has come for so long' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand test" -l stop-after -d 'Stop so long after the start' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand test" -l max-rate -d 'Take at most so many records a second; what is more waits in the input' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand test" -l max-batch -d 'A batch that has so many bytes of records takes no more; what is more comes in the next ones' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand test" -l checkpoint -d 'Keep in DIR what a restart of the pipeline needs [default: SSTREAM_CHECKPOINT]' -r -F
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand test" -l name -d 'The source\'s name in the checkpoint, and the pipeline\'s where it is shown [default: its kind]' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand test" -l retain -d 'Keep the newest batches beyond what a restart needs: 100, 12h, or all [default: 100]' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand test" -l on-loss -d 'What a restart needs and is gone (a file removed): fail, or skip it [default: fail]' -r -f -a "fail\t'Stop with exit code 5'
skip\t'Leave it out, with a warning'"
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand test" -l on-error -d 'Bad records: fail, skip, or a FILE to append them to' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand test" -l config -d 'Options, as TOML: a section a tool, [filter] or [source.tail]; what the command line says goes before it [default: SSTREAM_CONFIG]' -r -F
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand test" -l output -d 'The output\'s form; by default print on a terminal and frames anywhere else' -r -f -a "print\t'The first 10 records of each batch, as Spark prints them'
frames\t'The stream format, for another sstream tool'
text\t'A string as itself and anything else as JSON, one a line'
json\t'Every record as JSON, one a line'"
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand test" -l trace-log -d 'Append each batch\'s trace to FILE, for sstream-top FILE and sstream-ui FILE' -r -F
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand test" -l metrics -d 'Serve OpenMetrics at http://ADDRESS/metrics; a port alone is on 127.0.0.1' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand test" -l metrics-file -d 'Keep metrics in FILE, for node_exporter\'s textfile collector' -r -F
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand test" -l stage-name -d 'The stage\'s name in the checkpoint of the stream, if there is one, in the place of its number and tool, as 03-files' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand test" -l max-memory -d 'Most memory the process takes: with more the tool ends with exit 1 [default: three quarters of the machine\'s, or of its control group\'s if that is less]' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand test" -l no-header -d 'csv: no line names the columns, which are 1, 2, 3 unless --columns names them'
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand test" -l trim -d 'csv: blanks around fields are no part of them'
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand test" -l numbers -d 'Make numbers of the values that are some: of csv and logfmt, and of what sstream-parse finds by grok, regex and logfmt'
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand test" -l skip-missed -d 'Send more than a million missed batches (a suspend, a clock set) as empty ones'
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand test" -l no-trace -d 'Leave the trace out of the stream\'s ends'
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand test" -l backpressure -d 'When batches take longer than their interval, take only what the pipeline keeps up with'
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand test" -l verbose -d 'Say what happens, on stderr'
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand test" -l quiet -d 'Say nothing but errors, on stderr'
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand test" -l new -d 'Begin here with nothing where the checkpoint of the stream has gone on without this stage'
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand test" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand predict" -l model -d 'The model, as --emit model gives it: the last line of FILE' -r -F
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand predict" -l as -d 'What is predicted by weights; clusters give the number of the nearest' -r -f -a "value\t'Of linear: the sum of the weighted features (the default)'
class\t'Of logistic: 0 or 1'
probability\t'Of logistic: the probability of 1'"
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand predict" -l features -d 'The features are what EXPR makes of a record, an array of numbers; nothing leaves it out' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand predict" -l by -d 'Predictions come out as [KEY,PREDICTION], with what EXPR makes of the record as the key' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand predict" -l input -d 'Raw input in this form, so that the clock need not wait for the first byte' -r -f -a "text\t'Each line a string'
json\t'Each line a JSON value'
csv\t'Each row an object'
tsv\t'The same with tabs between fields'
logfmt\t'Each line key=value pairs, an object'
msgpack\t'Values of MessagePack, one behind the other'
avro\t'Records of Avro\'s container files, .avro'"
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand predict" -l batch -d 'The interval between batches; with a zone, 1d,Europe/Berlin, or --time-zone, batches of 1h, 1d, 1w or 1month end with those there; or 1000n, so many records each; or 1000n,5s, the same or so long after the first of them [default: SSTREAM_BATCH, or 1s]' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand predict" -l time-zone -d 'The zone in whose calendar batches and windows of hours, days and longer end, and of times that name none: Europe/Berlin [default: UTC]' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand predict" -l block-interval -d 'How long a record may wait for its block to fill' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand predict" -l max-line -d 'A longer line is a bad record' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand predict" -l columns -d 'The columns\' names for csv; by default the first line names them' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand predict" -l delimiter -d 'csv: what stands between two fields, one character, as ; or \\t [default: a comma]' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand predict" -l quote -d 'csv: what stands around fields that have delimiters in them, one character, or none [default: "]' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand predict" -l encoding -d 'What the bytes are, in files UTF-16 by its byte order mark too: utf-8, utf-16, utf-16le, utf-16be, latin-1, windows-1252, gbk, shift_jis and so on, by the names of the web [default: utf-8]' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand predict" -l framing -d 'What ends a record: lines, nul (a byte of zero), fixed:N (each has N bytes), octets (RFC 6587: what begins with a digit has its count of bytes before it, others are lines) [default: lines]' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand predict" -l multiline -d 'One record of an event\'s lines: stack traces of a language with the log line before them, what a container\'s runtime cut, or both (cri,java)' -r -f -a "java\t'Exceptions of Java, Kotlin, Scala'
python\t'Tracebacks'
go\t'Panics and goroutines'
ruby\t'Exceptions'
rust\t'Panics, and errors with their causes'
cri\t'Long lines that containerd or CRI-O cut; cri,java and others: with events in what a container wrote'
docker\t'Long lines that Docker\'s json-file driver cut; docker,java and others likewise'"
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand predict" -l multiline-start -d 'A line that matches begins an event; other lines belong to the one before' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand predict" -l multiline-end -d 'A line that matches ends an event' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand predict" -l multiline-continue -d 'A line that matches belongs to the event before; others begin one' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand predict" -l multiline-timeout -d 'An event to which nothing comes for so long is complete [default: 1s]' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand predict" -l max-lines -d 'An event of more lines is a bad record, as is one that is longer than --max-line [default: 10000]' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand predict" -l stop-file -d 'Stop, as a signal would, when this file is there' -r -F
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand predict" -l idle-timeout -d 'Stop when nothing has come for so long' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand predict" -l stop-after -d 'Stop so long after the start' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand predict" -l max-rate -d 'Take at most so many records a second; what is more waits in the input' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand predict" -l max-batch -d 'A batch that has so many bytes of records takes no more; what is more comes in the next ones' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand predict" -l checkpoint -d 'Keep in DIR what a restart of the pipeline needs [default: SSTREAM_CHECKPOINT]' -r -F
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand predict" -l name -d 'The source\'s name in the checkpoint, and the pipeline\'s where it is shown [default: its kind]' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand predict" -l retain -d 'Keep the newest batches beyond what a restart needs: 100, 12h, or all [default: 100]' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand predict" -l on-loss -d 'What a restart needs and is gone (a file removed): fail, or skip it [default: fail]' -r -f -a "fail\t'Stop with exit code 5'
skip\t'Leave it out, with a warning'"
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand predict" -l on-error -d 'Bad records: fail, skip, or a FILE to append them to' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand predict" -l config -d 'Options, as TOML: a section a tool, [filter] or [source.tail]; what the command line says goes before it [default: SSTREAM_CONFIG]' -r -F
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand predict" -l output -d 'The output\'s form; by default print on a terminal and frames anywhere else' -r -f -a "print\t'The first 10 records of each batch, as Spark prints them'
frames\t'The stream format, for another sstream tool'
text\t'A string as itself and anything else as JSON, one a line'
json\t'Every record as JSON, one a line'"
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand predict" -l trace-log -d 'Append each batch\'s trace to FILE, for sstream-top FILE and sstream-ui FILE' -r -F
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand predict" -l metrics -d 'Serve OpenMetrics at http://ADDRESS/metrics; a port alone is on 127.0.0.1' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand predict" -l metrics-file -d 'Keep metrics in FILE, for node_exporter\'s textfile collector' -r -F
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand predict" -l stage-name -d 'The stage\'s name in the checkpoint of the stream, if there is one, in the place of its number and tool, as 03-files' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand predict" -l max-memory -d 'Most memory the process takes: with more the tool ends with exit 1 [default: three quarters of the machine\'s, or of its control group\'s if that is less]' -r
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand predict" -l no-header -d 'csv: no line names the columns, which are 1, 2, 3 unless --columns names them'
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand predict" -l trim -d 'csv: blanks around fields are no part of them'
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand predict" -l numbers -d 'Make numbers of the values that are some: of csv and logfmt, and of what sstream-parse finds by grok, regex and logfmt'
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand predict" -l skip-missed -d 'Send more than a million missed batches (a suspend, a clock set) as empty ones'
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand predict" -l no-trace -d 'Leave the trace out of the stream\'s ends'
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand predict" -l backpressure -d 'When batches take longer than their interval, take only what the pipeline keeps up with'
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand predict" -l verbose -d 'Say what happens, on stderr'
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand predict" -l quiet -d 'Say nothing but errors, on stderr'
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand predict" -l new -d 'Begin here with nothing where the checkpoint of the stream has gone on without this stage'
complete -c sstream-learn -n "__fish_sstream_learn_using_subcommand predict" -s h -l help -d 'Print help (see more with \'--help\')'
