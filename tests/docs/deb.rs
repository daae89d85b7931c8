//! `scripts/deb` makes a package of an installed tree that dpkg installs: of one tool here, not packed tightly.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::bash::{FOR_MINUTES, bash};
use super::root;

fn run(folder: &Path, line: &str) -> String {
    let output = bash(FOR_MINUTES, line, folder).output().unwrap();
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{line}: {stdout}{stderr}");
    stdout.into_owned()
}

#[test]
fn a_package_is_made_and_installs() {
    if Command::new("dpkg-deb").arg("--version").output().is_err() {
        // No Debian: there are no packages of it.
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let repository = root().display();
    run(
        folder,
        &format!(
            "install -D -t root/usr/bin {tool} && install -D -m 644 -t root/usr/share/man/man1 {repository}/man/sstream-filter.1",
            tool = env!("CARGO_BIN_EXE_sstream-filter")
        ),
    );
    let make = format!("DEB_COMPRESSION=none {repository}/scripts/deb root");
    let package = run(folder, &format!("{make} out"));
    let package = package.trim();
    // The same bytes again.
    run(folder, &format!("{make} again && cmp {package} again/*.deb"));

    let control = run(folder, &format!("dpkg-deb -f {package}"));
    for field in ["Package: sstream", &format!("Version: {}", env!("CARGO_PKG_VERSION")), "Depends: libc6 (>= 2."] {
        assert!(control.contains(field), "{field}: {control}");
    }
    run(
        folder,
        &format!(
            "mkdir -p to/var/lib/dpkg/info to/var/lib/dpkg/updates && touch to/var/lib/dpkg/status && \
             PATH=$PATH:/usr/sbin:/sbin dpkg --root=to --force-not-root --force-depends --log=log -i {package}"
        ),
    );
    let installed = folder.join("to");
    run(&installed, "md5sum --quiet -c var/lib/dpkg/info/sstream.md5sums");
    assert!(run(&installed, "printf 'a\\nb\\n' | usr/bin/sstream-filter a --output text").contains('a'));
    run(&installed, "test -e usr/share/man/man1/sstream-filter.1.gz && zcat usr/share/doc/sstream/changelog.gz");
    assert!(fs::read_to_string(installed.join("usr/share/doc/sstream/copyright")).unwrap().contains("MIT License"));
    let units =
        run(&installed, "cat usr/lib/systemd/system/sstream@.service usr/lib/systemd/system/sstream-once@.timer");
    assert!(units.contains("ExecStart=/usr/bin/sstream-run") && !units.contains("/usr/local"), "{units}");
}
