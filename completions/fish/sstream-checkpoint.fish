# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_sstream_checkpoint_global_optspecs
    string join \n verbose quiet config= h/help V/version
end

function __fish_sstream_checkpoint_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_sstream_checkpoint_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_sstream_checkpoint_using_subcommand
    set -l cmd (__fish_sstream_checkpoint_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c sstream-checkpoint -n "__fish_sstream_checkpoint_needs_command" -l config -d 'Options, as TOML: a section a tool, [filter] or [source.tail]; what the command line says goes before it [default: SSTREAM_CONFIG]' -r -F
complete -c sstream-checkpoint -n "__fish_sstream_checkpoint_needs_command" -l verbose -d 'Say what happens, on stderr'
complete -c sstream-checkpoint -n "__fish_sstream_checkpoint_needs_command" -l quiet -d 'Say nothing but errors, on stderr'
complete -c sstream-checkpoint -n "__fish_sstream_checkpoint_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sstream-checkpoint -n "__fish_sstream_checkpoint_needs_command" -s V -l version -d 'Print version'
complete -c sstream-checkpoint -n "__fish_sstream_checkpoint_needs_command" -f -a "ls" -d 'What is there: sources, stages, sinks, who runs, and where a restart would resume'
complete -c sstream-checkpoint -n "__fish_sstream_checkpoint_needs_command" -f -a "show" -d 'What is known of batch T: where it came from, and who has it'
complete -c sstream-checkpoint -n "__fish_sstream_checkpoint_needs_command" -f -a "state" -d 'The state of a stage after batch T, in lines of JSON'
complete -c sstream-checkpoint -n "__fish_sstream_checkpoint_needs_command" -f -a "diff" -d 'Which keys of a state came, went and changed from batch T1 to T2'
complete -c sstream-checkpoint -n "__fish_sstream_checkpoint_needs_command" -f -a "verify" -d 'Check every checksum of every file: exit 0 if all is well, 5 if something is damaged'
complete -c sstream-checkpoint -n "__fish_sstream_checkpoint_needs_command" -f -a "reset" -d 'Let all begin again after batch T: batches are sent again, states go back, sinks write again'
complete -c sstream-checkpoint -n "__fish_sstream_checkpoint_needs_command" -f -a "forget" -d 'Let a stage go that holds the others back, with its state or its commits'
complete -c sstream-checkpoint -n "__fish_sstream_checkpoint_using_subcommand ls" -l json -d 'As one JSON object'
complete -c sstream-checkpoint -n "__fish_sstream_checkpoint_using_subcommand ls" -s h -l help -d 'Print help'
complete -c sstream-checkpoint -n "__fish_sstream_checkpoint_using_subcommand show" -l records -d 'The records too, of sources whose records the checkpoint keeps'
complete -c sstream-checkpoint -n "__fish_sstream_checkpoint_using_subcommand show" -l json -d 'As one JSON object'
complete -c sstream-checkpoint -n "__fish_sstream_checkpoint_using_subcommand show" -s h -l help -d 'Print help'
complete -c sstream-checkpoint -n "__fish_sstream_checkpoint_using_subcommand state" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sstream-checkpoint -n "__fish_sstream_checkpoint_using_subcommand diff" -l json -d 'Each key as a JSON object with what it was and is'
complete -c sstream-checkpoint -n "__fish_sstream_checkpoint_using_subcommand diff" -s h -l help -d 'Print help'
complete -c sstream-checkpoint -n "__fish_sstream_checkpoint_using_subcommand verify" -s h -l help -d 'Print help'
complete -c sstream-checkpoint -n "__fish_sstream_checkpoint_using_subcommand reset" -l to -d 'The batch after which all begin' -r
complete -c sstream-checkpoint -n "__fish_sstream_checkpoint_using_subcommand reset" -l yes -d 'Do it; without this, say what would be done'
complete -c sstream-checkpoint -n "__fish_sstream_checkpoint_using_subcommand reset" -s h -l help -d 'Print help'
complete -c sstream-checkpoint -n "__fish_sstream_checkpoint_using_subcommand forget" -l yes -d 'Do it; without this, say what would be done'
complete -c sstream-checkpoint -n "__fish_sstream_checkpoint_using_subcommand forget" -s h -l help -d 'Print help'
