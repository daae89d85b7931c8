//! Starts Spark with a plan: its own `spark-submit`, with the driver's jar, the plan and our tools.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::plan::Plan;
use super::published;
use crate::cli::ToolError;
use crate::command::find;
use crate::console::Console;
use crate::error::Exit;

/// The driver's class, in its jar.
const CLASS: &str = "sstream.spark.Driver";

/// The driver's jar, as it is installed.
const JAR: &str = "sstream-spark.jar";

/// What the user says of the cluster.
#[derive(Debug)]
pub struct Launch<'a> {
    /// Its master's URL.
    pub master: &'a str,
    /// Where our tools are installed on every node; none: those beside this program are sent.
    pub home: Option<&'a Path>,
    /// The jar; none: where it is installed.
    pub jar: Option<&'a Path>,
    /// How many parts keys are spread over; none: as Spark has cores.
    pub parts: Option<u32>,
    /// For spark-submit itself.
    pub options: &'a [OsString],
    /// For messages.
    pub console: &'a Console,
}

impl Launch<'_> {
    /// Puts spark-submit in the place of this process; comes back only if that fails.
    ///
    /// # Errors
    /// Spark, the jar or a tool is not there; the plan cannot be written.
    pub fn exec(&self, plan: &Plan) -> Result<(), ToolError> {
        let spark_submit = spark_submit()?;
        let jar = self.jar()?;
        let mut command = Command::new(&spark_submit);
        command.args(["--master", self.master, "--class", CLASS, "--name", "sstream"]);
        if self.home.is_none() {
            let tools = tools(plan)?;
            command.arg("--files").arg(tools.join(OsStr::new(",")));
        }
        if plan.reads("kafka") {
            command.arg("--jars").arg(kafka(&jar)?.join(OsStr::new(",")));
        }
        command.args(self.options).arg(jar);
        if let Some(home) = self.home {
            command.arg("--sstream-home").arg(home);
        }
        if let Some(parts) = self.parts {
            command.arg("--parts").arg(parts.to_string());
        }
        match published::place(plan) {
            Ok(words) => command.args(words),
            Err(error) => {
                self.console.info(&format!("cannot be seen by sstream ps: {error}"));
                &mut command
            }
        };
        command.arg("--plan").arg(plan.to_json());
        let error = command.exec();
        Err(ToolError::Open { what: spark_submit.display().to_string(), error })
    }

    fn jar(&self) -> Result<PathBuf, ToolError> {
        if let Some(jar) = self.jar {
            return match jar.is_file() {
                true => Ok(jar.to_owned()),
                false => Err(missing(format!("--jar {}: there is no such file", jar.display()))),
            };
        }
        let program = std::env::current_exe().map_err(|error| ToolError::Open { what: JAR.to_owned(), error })?;
        // As `make install` puts it, and as `make spark` leaves it beside a build.
        let places = [format!("../share/sstream/{JAR}"), format!("../spark/{JAR}")];
        let folder = program.parent().unwrap_or(Path::new("/"));
        let jar = places.iter().map(|place| folder.join(place)).find(|jar| jar.is_file());
        jar.ok_or_else(|| {
            missing(format!("{JAR}, the driver for Spark, is not installed: make spark, make install; or --jar FILE"))
        })
    }
}

/// What Spark itself does not have to read Kafka: beside the jar.
fn kafka(jar: &Path) -> Result<Vec<OsString>, ToolError> {
    let folder = jar.with_file_name("sstream-spark-kafka");
    let files = std::fs::read_dir(&folder).map_err(|error| ToolError::Open {
        what: format!("{}, what Spark needs for Kafka (make spark, make install)", folder.display()),
        error,
    })?;
    Ok(files.filter_map(|file| Some(file.ok()?.path().into_os_string())).collect())
}

/// Spark's own program: that of SPARK_HOME, or one in PATH.
fn spark_submit() -> Result<PathBuf, ToolError> {
    if let Some(home) = std::env::var_os("SPARK_HOME").filter(|home| !home.is_empty()) {
        let program = Path::new(&home).join("bin/spark-submit");
        return match program.is_file() {
            true => Ok(program),
            false => Err(missing(format!("SPARK_HOME={}: there is no bin/spark-submit in it", home.display()))),
        };
    }
    find(OsStr::new("spark-submit")).ok_or_else(|| {
        missing(
            "there is no spark-submit: install Spark 3.5 (spark.apache.org/downloads, or pip install pyspark==3.5.8) and \
             Java 11 or 17, and set SPARK_HOME or PATH"
                .to_owned(),
        )
    })
}

/// The tools of a plan, beside this program.
fn tools(plan: &Plan) -> Result<Vec<OsString>, ToolError> {
    let program = std::env::current_exe().map_err(|error| ToolError::Open { what: "our tools".to_owned(), error })?;
    let names: BTreeSet<&str> = plan.tools().collect();
    names
        .into_iter()
        .map(|name| {
            let tool = program.with_file_name(name);
            match tool.is_file() {
                true => Ok(tool.into_os_string()),
                false => Err(missing(format!("{}: it is to be sent to the cluster, and not there", tool.display()))),
            }
        })
        .collect()
}

fn missing(message: String) -> ToolError {
    ToolError::Command { message, exit: Exit::World }
}
