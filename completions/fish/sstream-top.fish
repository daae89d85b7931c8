complete -c sstream-top -l config -d 'Options, as TOML: a section a tool, [filter] or [source.tail]; what the command line says goes before it [default: SSTREAM_CONFIG]' -r -F
complete -c sstream-top -l all -d 'Show all running pipelines'
complete -c sstream-top -l lines -d 'A line a batch on stderr, even where there is a terminal'
complete -c sstream-top -l verbose -d 'Say what happens, on stderr'
complete -c sstream-top -l quiet -d 'Say nothing but errors, on stderr'
complete -c sstream-top -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sstream-top -s V -l version -d 'Print version'
