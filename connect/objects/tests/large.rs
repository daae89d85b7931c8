//! A large object goes through a few MiB, in and out.

use crate::server::{S3, has_s3};

/// The most memory that a program had, in KiB, by the system's own account.
const PEAK: &str = "peak() { python3 -c 'import resource, subprocess, sys; \
                    code = subprocess.call(sys.argv[2:]); \
                    open(sys.argv[1], \"w\").write(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)); sys.exit(code)' \"$@\"; };";

#[test]
fn half_a_gigabyte_goes_through_a_few_mib() {
    if !has_s3() {
        return;
    }
    let server = S3::start();
    let line = "a line of a hundred bytes, more or less, as logs have them, and that is all there is to say of it....";
    let line = format!(
        "{PEAK} lines() {{ (set +o pipefail; yes '{line}' | head -c $1); }}; \
         lines 500M | client put bkt in/large; \
         peak source sstream-source dir s3://bkt/in $E --available-now --batch 100ms | sstream-sink null; \
         lines 100M | peak sink sstream-sink files s3://bkt/out/large $E --memory 4MiB --batch 1h; \
         client list bkt out | cut -d ' ' -f 2"
    );
    server.run(&line).exits(0).prints("104857601\n");
    for (tool, limit_kib) in [("sink", 64 << 10), ("source", 32 << 10)] {
        let peak: u64 = server.folder.read(tool).parse().unwrap();
        assert!(peak < limit_kib, "{tool}: {peak} KiB");
    }
}
