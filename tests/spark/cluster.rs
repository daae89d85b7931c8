//! A standalone cluster on loopback: a master and two workers with a core each.

use std::fs::File;
use std::net::TcpStream;
use std::ops::{Deref, DerefMut};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use sstream_testkit::bash::tools;
use sstream_testkit::needs::free_port;
use sstream_testkit::wait_until;

/// How long a process of the cluster may take to be there, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(180);

/// A cluster; dropped, it ends.
pub struct Cluster {
    home: PathBuf,
    url: String,
    processes: Vec<Child>,
    _folder: tempfile::TempDir,
}

/// A line that runs, and does not outlive its test.
pub struct Driver(Child);

impl Deref for Driver {
    type Target = Child;

    fn deref(&self) -> &Child {
        &self.0
    }
}

impl DerefMut for Driver {
    fn deref_mut(&mut self) -> &mut Child {
        &mut self.0
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Cluster {
    /// Fetches what is not there yet, builds the driver, and starts the cluster.
    ///
    /// # Panics
    /// Something of that fails.
    pub fn start() -> Cluster {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let version = std::env::var("SPARK_VERSION").unwrap_or_default();
        let home = root.join(if version == "4" { "target/spark4/home" } else { "target/spark/home" });
        let made = Command::new("tests/spark/home").arg(&home).arg(version).current_dir(root).status().unwrap();
        assert!(made.success(), "tests/spark/home: {made}");
        let folder = tempfile::tempdir().unwrap();
        let port = free_port();
        let url = format!("spark://127.0.0.1:{port}");
        let mut cluster = Cluster { home, url: url.clone(), processes: Vec::new(), _folder: folder };
        let port = port.to_string();
        cluster.spawn("org.apache.spark.deploy.master.Master", &["--port", &port, "--webui-port", "0"]);
        wait_until("the master listens", PATIENCE, || TcpStream::connect(&url["spark://".len()..]).is_ok());
        let work = cluster._folder.path().display().to_string();
        for _ in 0..2 {
            let options = ["--cores", "1", "--memory", "700m", "--webui-port", "0", "--work-dir", &work, &url];
            cluster.spawn("org.apache.spark.deploy.worker.Worker", &options);
        }
        cluster
    }

    fn spawn(&mut self, class: &str, options: &[&str]) {
        let mut command = Command::new(self.home.join("bin/spark-class"));
        command.args([class, "--host", "127.0.0.1"]).args(options);
        command.env("SPARK_LOCAL_IP", "127.0.0.1").env("SPARK_DAEMON_MEMORY", "128m");
        command.stdout(Stdio::null()).stderr(Stdio::null()).stdin(Stdio::null());
        self.processes.push(command.spawn().unwrap());
    }

    /// A command that runs the driver on the files of plans, in one application.
    pub fn driver(&self, plans: &[PathBuf]) -> Command {
        let mut command = Command::new(self.home.join("bin/spark-submit"));
        command.args(["--master", &self.url, "--class", "sstream.spark.Driver"]).args(SMALL);
        // Many plans have many small jobs.
        command.args(["--conf", "spark.streaming.concurrentJobs=4"]);
        command.arg(self.jar()).arg("--sstream-home").arg(tools()).args(["--parts", "2"]).args(plans);
        self.with_environment(command)
    }

    /// A command that submits a line as users do.
    pub fn submit(&self, line: &str, options: &[&str]) -> Command {
        let mut command = Command::new(tools().join("sstream-submit"));
        command.args(["--master", &self.url, "--jar"]).arg(self.jar()).args(options).arg(line).arg("--").args(SMALL);
        let executors = format!("spark.executor.extraJavaOptions={QUICK}");
        command.args(["--driver-java-options", QUICK, "--conf", &executors]);
        self.with_environment(command)
    }

    /// Submits a line that goes on while the test does; what is said goes behind what is in the file `err` of a folder.
    pub fn begin(&self, line: &str, folder: &Path) -> Driver {
        let said = File::options().create(true).append(true).open(folder.join("err")).unwrap();
        Driver(self.submit(line, &["--parts", "2"]).stdout(Stdio::null()).stderr(said).spawn().unwrap())
    }

    /// Kills an executor as a crash would; there is one, or will be.
    pub fn kill_an_executor(&self) {
        let mut executor = None;
        wait_until("an executor runs", PATIENCE, || {
            executor = self.executors().into_iter().next();
            executor.is_some()
        });
        let _ = Command::new("kill").args(["-KILL", &executor.unwrap()]).status();
    }

    /// Executors are processes of the workers.
    fn executors(&self) -> Vec<String> {
        let workers: Vec<String> = self.processes.iter().map(|process| process.id().to_string()).collect();
        let output = Command::new("ps").args(["-o", "pid=,args=", "--ppid", &workers.join(",")]).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let executors = text.lines().filter(|line| line.contains("CoarseGrainedExecutorBackend"));
        executors.filter_map(|line| Some(line.split_whitespace().next()?.to_owned())).collect()
    }

    fn jar(&self) -> PathBuf {
        self.home.with_file_name("sstream-spark.jar")
    }

    fn with_environment(&self, mut command: Command) -> Command {
        command.env("SPARK_HOME", &self.home).env("SPARK_LOCAL_IP", "127.0.0.1").stdin(Stdio::null());
        command
    }
}

/// Options for a machine that does other things too.
const SMALL: &[&str] = &[
    "--driver-memory",
    "512m",
    "--conf",
    "spark.executor.memory=512m",
    "--conf",
    "spark.ui.enabled=false",
    "--conf",
    "spark.driver.host=127.0.0.1",
];

/// For a JVM that lives for seconds: the first compiler only, which is started fast.
const QUICK: &str = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC";

impl Drop for Cluster {
    fn drop(&mut self) {
        // Workers first, which end their executors.
        for process in self.processes.iter_mut().rev() {
            let _ = Command::new("kill").arg(process.id().to_string()).status();
            let _ = process.wait();
        }
    }
}
