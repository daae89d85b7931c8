complete -c sstream-submit -l master -d 'The cluster, as spark://host:7077, yarn or local[4]' -r
complete -c sstream-submit -l sstream-home -d 'The directory in which every node has our tools; without it those beside this command are sent with the application' -r -F
complete -c sstream-submit -l jar -d 'The driver for Spark, if it is not where make install puts it' -r -F
complete -c sstream-submit -l parts -d 'How many parts keys are spread over [default: as Spark has cores, at least 2]' -r
complete -c sstream-submit -l config -d 'Options, as TOML: a section a tool, [filter] or [source.tail]; what the command line says goes before it [default: SSTREAM_CONFIG]' -r -F
complete -c sstream-submit -l plan -d 'Print the plan, as JSON that docs/SPARK-SUBMIT.md describes, and start nothing'
complete -c sstream-submit -l on-driver -d 'Run sinks that are of one machine (exec, kinds that are programs, files of a connector) on the driver, which gets every batch whole for that'
complete -c sstream-submit -l verbose -d 'Say what happens, on stderr'
complete -c sstream-submit -l quiet -d 'Say nothing but errors, on stderr'
complete -c sstream-submit -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sstream-submit -s V -l version -d 'Print version'
