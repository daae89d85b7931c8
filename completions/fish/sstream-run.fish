complete -c sstream-run -l name -d 'What to call the pipeline: on stderr, in sstream ps and sstream-top' -r
complete -c sstream-run -l checkpoint -d 'The pipeline\'s checkpoint: sets SSTREAM_CHECKPOINT for its first stages' -r -F
complete -c sstream-run -l batch -d 'The interval between batches, or their count of records: sets SSTREAM_BATCH for its first stages' -r
complete -c sstream-run -l restart -d 'When to start the pipeline again: never after exit codes 2, 4 and 5' -r -f -a "always\t'Also when it ended well'
on-failure\t'When it failed'
no\t'Never: for cron'"
complete -c sstream-run -l max-restarts -d 'Give up after so many restarts in a row' -r
complete -c sstream-run -l restart-delay -d 'Wait so long before the first restart, and twice as long before each further one' -r
complete -c sstream-run -l max-restart-delay -d 'Wait at most so long; a run that lasted longer begins anew with the first delay' -r
complete -c sstream-run -l stop-file -d 'Stop when this file is there, as at SIGTERM' -r -F
complete -c sstream-run -l stop-timeout -d 'How long stages may drain after a stop; then all get SIGTERM' -r
complete -c sstream-run -l kill-after -d 'How long what is left of an ended pipeline may go on; then SIGTERM, then SIGKILL' -r
complete -c sstream-run -l config -d 'Options, as TOML: a section a tool, [filter] or [source.tail]; what the command line says goes before it [default: SSTREAM_CONFIG]' -r -F
complete -c sstream-run -l file -d 'PIPELINE is the name of a file of shell, not the text itself'
complete -c sstream-run -l verbose -d 'Say what happens, on stderr'
complete -c sstream-run -l quiet -d 'Say nothing but errors, on stderr'
complete -c sstream-run -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sstream-run -s V -l version -d 'Print version'
