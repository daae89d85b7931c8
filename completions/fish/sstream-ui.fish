complete -c sstream-ui -l listen -d 'Serve here; a port alone is on 127.0.0.1 [default: 4040 or the next free port]' -r
complete -c sstream-ui -l host -d 'A name by which browsers may reach the page, beside addresses and localhost' -r
complete -c sstream-ui -l retain -d 'How many batches of a pipeline to keep' -r
complete -c sstream-ui -l config -d 'Options, as TOML: a section a tool, [filter] or [source.tail]; what the command line says goes before it [default: SSTREAM_CONFIG]' -r -F
complete -c sstream-ui -l show-records -d 'Show the first records of each batch too, to whoever can reach the page'
complete -c sstream-ui -l verbose -d 'Say what happens, on stderr'
complete -c sstream-ui -l quiet -d 'Say nothing but errors, on stderr'
complete -c sstream-ui -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sstream-ui -s V -l version -d 'Print version'
