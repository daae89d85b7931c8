# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_sstream_global_optspecs
    string join \n list verbose quiet config= h/help V/version
end

function __fish_sstream_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_sstream_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_sstream_using_subcommand
    set -l cmd (__fish_sstream_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c sstream -n "__fish_sstream_needs_command" -l config -d 'Options, as TOML: a section a tool, [filter] or [source.tail]; what the command line says goes before it [default: SSTREAM_CONFIG]' -r -F
complete -c sstream -n "__fish_sstream_needs_command" -l list -d 'List all tools'
complete -c sstream -n "__fish_sstream_needs_command" -l verbose -d 'Say what happens, on stderr'
complete -c sstream -n "__fish_sstream_needs_command" -l quiet -d 'Say nothing but errors, on stderr'
complete -c sstream -n "__fish_sstream_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sstream -n "__fish_sstream_needs_command" -s V -l version -d 'Print version'
complete -c sstream -n "__fish_sstream_needs_command" -f -a "ps" -d 'List the pipelines that run: id, name, age, batch, lag, state'
complete -c sstream -n "__fish_sstream_needs_command" -f -a "stop" -d 'Ask pipelines to stop: SIGTERM to their first stages; the others drain'
complete -c sstream -n "__fish_sstream_needs_command" -f -a "explain" -d 'Say what a pipeline would do, what holds after a crash, and what is wrong; runs nothing'
complete -c sstream -n "__fish_sstream_needs_command" -f -a "config" -d 'Say what holds of a tool\'s options, and where it is from: default, file and line, environment, command line'
complete -c sstream -n "__fish_sstream_using_subcommand ps" -s h -l help -d 'Print help'
complete -c sstream -n "__fish_sstream_using_subcommand stop" -s h -l help -d 'Print help'
complete -c sstream -n "__fish_sstream_using_subcommand explain" -l checkpoint -d 'Say of each stage what a start under DIR would go on with, what would be new, and what be refused: then the exit code is 5; nothing is changed' -r -F
complete -c sstream -n "__fish_sstream_using_subcommand explain" -s h -l help -d 'Print help'
complete -c sstream -n "__fish_sstream_using_subcommand config" -s h -l help -d 'Print help'
