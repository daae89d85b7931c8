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

/// What Spark of Java 17 needs of it. Its own `spark-submit` gives that to a driver beside itself and to executors, and not to a
/// driver in a standalone cluster (measured with Spark 3.5.7).
const JAVA_17: &str = "-XX:+IgnoreUnrecognizedVMOptions \
    --add-opens=java.base/java.lang=ALL-UNNAMED --add-opens=java.base/java.lang.invoke=ALL-UNNAMED \
    --add-opens=java.base/java.lang.reflect=ALL-UNNAMED --add-opens=java.base/java.io=ALL-UNNAMED \
    --add-opens=java.base/java.net=ALL-UNNAMED --add-opens=java.base/java.nio=ALL-UNNAMED \
    --add-opens=java.base/java.util=ALL-UNNAMED --add-opens=java.base/java.util.concurrent=ALL-UNNAMED \
    --add-opens=java.base/java.util.concurrent.atomic=ALL-UNNAMED --add-opens=java.base/jdk.internal.ref=ALL-UNNAMED \
    --add-opens=java.base/sun.nio.ch=ALL-UNNAMED --add-opens=java.base/sun.nio.cs=ALL-UNNAMED \
    --add-opens=java.base/sun.security.action=ALL-UNNAMED --add-opens=java.base/sun.util.calendar=ALL-UNNAMED \
    --add-opens=java.security.jgss/sun.security.krb5=ALL-UNNAMED -Djdk.reflect.useDirectMethodHandle=false";

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
        let mut jars = Vec::new();
        for kind in plan.kinds_with_jars() {
            jars.extend(jars_of(kind, &jar)?);
        }
        if !jars.is_empty() {
            command.arg("--jars").arg(jars.join(OsStr::new(",")));
        }
        match self.master.starts_with("spark:") && in_cluster(self.options) {
            true => command.args(with_java_17(self.options)),
            false => command.args(self.options),
        };
        command.arg(jar);
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
        command.arg("--plan").arg(for_yarn(&plan.to_json()));
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

/// Whether the driver is to run in the cluster.
fn in_cluster(options: &[OsString]) -> bool {
    let is_asked = |pair: &[OsString]| pair[0] == "--deploy-mode" && pair[1] == "cluster";
    options.windows(2).any(is_asked) || options.iter().any(|word| word == "--deploy-mode=cluster")
}

/// The options, with what Java 17 needs in front of those for the driver's Java, of which Spark takes the last.
fn with_java_17(options: &[OsString]) -> Vec<OsString> {
    const CONF: &str = "spark.driver.extraJavaOptions=";
    let mut options = options.to_vec();
    let flag = options.iter().position(|word| word == "--driver-java-options").map(|at| at + 1);
    let is_conf = |word: &OsString| word.to_str().is_some_and(|word| word.starts_with(CONF));
    let (at, key) = match (flag.filter(|at| *at < options.len()), options.iter().position(is_conf)) {
        (Some(at), _) => (at, ""),
        (None, Some(at)) => (at, CONF),
        (None, None) => {
            options.extend(["--driver-java-options".into(), "".into()]);
            (options.len() - 1, "")
        }
    };
    let own = options[at].to_string_lossy()[key.len()..].to_owned();
    options[at] = format!("{key}{JAVA_17} {own}").into();
    options
}

/// JSON with line breaks that YARN hands on as it is: in the words of a driver that runs in its cluster it replaces `{{` and
/// `}}`, which here are in strings alone.
fn for_yarn(json: &str) -> String {
    json.replace("{{", "{\\u007b").replace("}}", "}\\u007d")
}

/// What Spark itself does not have to read a kind: beside the jar.
fn jars_of(kind: &str, jar: &Path) -> Result<Vec<OsString>, ToolError> {
    let folder = jar.with_file_name(format!("sstream-spark-{kind}"));
    let files = std::fs::read_dir(&folder).map_err(|error| ToolError::Open {
        what: format!("{}, what Spark needs to read {kind} (make spark, make install)", folder.display()),
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

#[cfg(test)]
mod tests {
    use super::super::walk;
    use super::*;

    #[test]
    fn what_java_17_needs_stands_before_what_the_user_asks_of_it() {
        let options = |words: &[&str]| {
            let words: Vec<OsString> = words.iter().map(|word| word.into()).collect();
            with_java_17(&words).into_iter().map(|word| word.into_string().unwrap()).collect::<Vec<_>>()
        };
        assert_eq!(options(&["--conf", "a=1"])[..3], ["--conf", "a=1", "--driver-java-options"]);
        let given = options(&["--driver-java-options", "-Xa"]);
        assert!(given[1].starts_with("-XX:+Ignore") && given[1].ends_with(" -Xa"), "{given:?}");
        let given = options(&["--conf", "spark.driver.extraJavaOptions=-Xa", "--driver-memory"]);
        assert!(given[1].starts_with("spark.driver.extraJavaOptions=-XX:+Ignore"), "{given:?}");
        assert!(given[1].ends_with(" -Xa") && given.len() == 3, "{given:?}");
    }

    #[test]
    fn yarn_finds_nothing_to_replace_in_a_plan() {
        let line = "sstream-source tcp h:1 | sstream-map '\"{{\" as $a | {a: {b: {c: $a}}}' | sstream-sink null";
        let json = walk::plan(line, false).unwrap().to_json();
        let sent = for_yarn(&json);
        assert!(json.contains("}}}") && json.contains("{{") && !sent.contains("}}") && !sent.contains("{{"), "{sent}");
        let read = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
        assert_eq!(read(&sent), read(&json));
    }
}
