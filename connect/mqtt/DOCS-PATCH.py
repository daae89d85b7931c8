def sub(p,a,b):
    s=open(p).read(); assert a in s,(p,a); open(p,'w').write(s.replace(a,b,1))
sub('README.md','kafka, http |\n','kafka, http, mqtt |\n')
sub('README.md','kafka, http, null |','kafka, http, mqtt, null |')
sub('README.md','- [docs/CONNECTORS.md]','- [connect/mqtt](connect/mqtt/README.md): the MQTT source and sink; `make demo CONNECT=mqtt`.\n- [docs/CONNECTORS.md]')
sub('README.md','| `http` | at least once: what','| `mqtt` | at least once |\n| `http` | at least once: what')
sub('docs/RELIABILITY.md','| `http` | from its log; from','| `mqtt` with `--client-id` and QoS 1 or 2 | from its log; from the broker, what was not acknowledged | nothing: a message is acknowledged when it is on disk, and otherwise comes again from the broker, so that it may come twice; without `--client-id` what is sent while the source is away | `connect/mqtt/tests`: `a_message_is_acknowledged_when_it_is_safe`, `pipelines_and_brokers_are_killed` |\n| `http` | from its log; from')
sub('docs/RELIABILITY.md','| `http` | at least once; exactly','| `mqtt` | at least once | a batch is done with when the broker has acknowledged it (QoS 0: has read it) | `connect/mqtt/tests`: `pipelines_and_brokers_are_killed` |\n| `http` | at least once; exactly')
sub('docs/TESTING.md','| curl, python3, openssl, zstd | HTTP','| mosquitto, mosquitto-clients, openssl | MQTT | the same; with `MQTT_TESTS=required` a failure |\n| curl, python3, openssl, zstd | HTTP')
sub('docs/TESTING.md','| HTTP | `connect/http/tests/`','| MQTT | `connect/mqtt/tests/` | a real mosquitto, mosquitto_pub and mosquitto_sub as witnesses, pipelines and brokers killed; see [its page](../connect/mqtt/README.md) |\n| HTTP | `connect/http/tests/`')
sub('.ci/run','HTTP_TESTS=required','HTTP_TESTS=required MQTT_TESTS=required')
sub('.ci/run','curl and Python','curl and Python, mosquitto')
sub('docs/DEPENDENCIES.md','the system\'s roots by rustls-platform-verifier |','the system\'s roots by rustls-platform-verifier, which ureq brings too |')
sub('CHANGELOG.md','- HTTP: `sstream-source http`','- MQTT: `sstream-source mqtt` and `sstream-sink mqtt`, versions 3.1.1 and 5: a message is\n  acknowledged when it is on disk (connect/mqtt); `make demo CONNECT=mqtt`.\n- HTTP: `sstream-source http`')
sub('src/cli/connector/known.rs','''    Connector {
        kind: "http",''','''    Connector {
        kind: "mqtt",
        connector: "mqtt",
        source: Some("Messages of MQTT"),
        sink: Some("Topics of MQTT"),
        operator: None,
    },
    Connector {
        kind: "http",''')
