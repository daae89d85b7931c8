# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_sstream_source_global_optspecs
    string join \n input= batch= block-interval= max-line= columns= stop-file= idle-timeout= stop-after= skip-missed no-trace on-error= verbose quiet output= h/help V/version
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

complete -c sstream-source -n "__fish_sstream_source_needs_command" -l input -d 'What a line is' -r -f -a "text\t'Each line a string'
json\t'Each line a JSON value'
csv\t'Each row an object'
logfmt\t'Each line key=value pairs, an object'"
complete -c sstream-source -n "__fish_sstream_source_needs_command" -l batch -d 'The interval between batches [default: SSTREAM_BATCH, or 1s]' -r
complete -c sstream-source -n "__fish_sstream_source_needs_command" -l block-interval -d 'How long a record may wait for its block to fill' -r
complete -c sstream-source -n "__fish_sstream_source_needs_command" -l max-line -d 'A longer line is a bad record' -r
complete -c sstream-source -n "__fish_sstream_source_needs_command" -l columns -d 'The columns\' names for csv; by default the first line names them' -r
complete -c sstream-source -n "__fish_sstream_source_needs_command" -l stop-file -d 'Stop, as a signal would, when this file is there' -r -F
complete -c sstream-source -n "__fish_sstream_source_needs_command" -l idle-timeout -d 'Stop when nothing has come for so long' -r
complete -c sstream-source -n "__fish_sstream_source_needs_command" -l stop-after -d 'Stop so long after the start' -r
complete -c sstream-source -n "__fish_sstream_source_needs_command" -l on-error -d 'Bad records: fail, skip, or a FILE to append them to' -r
complete -c sstream-source -n "__fish_sstream_source_needs_command" -l output -d 'The output\'s form; by default print on a terminal and frames anywhere else' -r -f -a "print\t'The first 10 records of each batch, as Spark prints them'
frames\t'The stream format, for another sstream tool'
text\t'A string as itself and anything else as JSON, one a line'
json\t'Every record as JSON, one a line'"
complete -c sstream-source -n "__fish_sstream_source_needs_command" -l skip-missed -d 'Send more than a million missed batches (a suspend, a clock set) as empty ones'
complete -c sstream-source -n "__fish_sstream_source_needs_command" -l no-trace -d 'Leave the trace out of the stream\'s ends'
complete -c sstream-source -n "__fish_sstream_source_needs_command" -l verbose -d 'Say what happens, on stderr'
complete -c sstream-source -n "__fish_sstream_source_needs_command" -l quiet -d 'Say nothing but errors, on stderr'
complete -c sstream-source -n "__fish_sstream_source_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sstream-source -n "__fish_sstream_source_needs_command" -s V -l version -d 'Print version'
complete -c sstream-source -n "__fish_sstream_source_needs_command" -f -a "stdin" -d 'Lines of standard input'
complete -c sstream-source -n "__fish_sstream_source_needs_command" -f -a "queue" -d 'A file of batches: each line a JSON array of records'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand stdin" -l input -d 'What a line is' -r -f -a "text\t'Each line a string'
json\t'Each line a JSON value'
csv\t'Each row an object'
logfmt\t'Each line key=value pairs, an object'"
complete -c sstream-source -n "__fish_sstream_source_using_subcommand stdin" -l batch -d 'The interval between batches [default: SSTREAM_BATCH, or 1s]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand stdin" -l block-interval -d 'How long a record may wait for its block to fill' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand stdin" -l max-line -d 'A longer line is a bad record' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand stdin" -l columns -d 'The columns\' names for csv; by default the first line names them' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand stdin" -l stop-file -d 'Stop, as a signal would, when this file is there' -r -F
complete -c sstream-source -n "__fish_sstream_source_using_subcommand stdin" -l idle-timeout -d 'Stop when nothing has come for so long' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand stdin" -l stop-after -d 'Stop so long after the start' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand stdin" -l on-error -d 'Bad records: fail, skip, or a FILE to append them to' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand stdin" -l output -d 'The output\'s form; by default print on a terminal and frames anywhere else' -r -f -a "print\t'The first 10 records of each batch, as Spark prints them'
frames\t'The stream format, for another sstream tool'
text\t'A string as itself and anything else as JSON, one a line'
json\t'Every record as JSON, one a line'"
complete -c sstream-source -n "__fish_sstream_source_using_subcommand stdin" -l skip-missed -d 'Send more than a million missed batches (a suspend, a clock set) as empty ones'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand stdin" -l no-trace -d 'Leave the trace out of the stream\'s ends'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand stdin" -l verbose -d 'Say what happens, on stderr'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand stdin" -l quiet -d 'Say nothing but errors, on stderr'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand stdin" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand queue" -l clock -d 'Give batches as fast as they are read, or by the wall clock' -r -f -a "virtual\t'As fast as input comes'
wall\t'Real time'"
complete -c sstream-source -n "__fish_sstream_source_using_subcommand queue" -l start -d 'Where the first batch\'s interval starts, in ms since the epoch' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand queue" -l input -d 'What a line is' -r -f -a "text\t'Each line a string'
json\t'Each line a JSON value'
csv\t'Each row an object'
logfmt\t'Each line key=value pairs, an object'"
complete -c sstream-source -n "__fish_sstream_source_using_subcommand queue" -l batch -d 'The interval between batches [default: SSTREAM_BATCH, or 1s]' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand queue" -l block-interval -d 'How long a record may wait for its block to fill' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand queue" -l max-line -d 'A longer line is a bad record' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand queue" -l columns -d 'The columns\' names for csv; by default the first line names them' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand queue" -l stop-file -d 'Stop, as a signal would, when this file is there' -r -F
complete -c sstream-source -n "__fish_sstream_source_using_subcommand queue" -l idle-timeout -d 'Stop when nothing has come for so long' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand queue" -l stop-after -d 'Stop so long after the start' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand queue" -l on-error -d 'Bad records: fail, skip, or a FILE to append them to' -r
complete -c sstream-source -n "__fish_sstream_source_using_subcommand queue" -l output -d 'The output\'s form; by default print on a terminal and frames anywhere else' -r -f -a "print\t'The first 10 records of each batch, as Spark prints them'
frames\t'The stream format, for another sstream tool'
text\t'A string as itself and anything else as JSON, one a line'
json\t'Every record as JSON, one a line'"
complete -c sstream-source -n "__fish_sstream_source_using_subcommand queue" -l skip-missed -d 'Send more than a million missed batches (a suspend, a clock set) as empty ones'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand queue" -l no-trace -d 'Leave the trace out of the stream\'s ends'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand queue" -l verbose -d 'Say what happens, on stderr'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand queue" -l quiet -d 'Say nothing but errors, on stderr'
complete -c sstream-source -n "__fish_sstream_source_using_subcommand queue" -s h -l help -d 'Print help (see more with \'--help\')'
