//! A pipeline that is started again however often it ends, and is killed meanwhile.

use std::process::Child;
use std::time::Duration;

use rustix::process::Signal;

use crate::bash::bash;
use crate::pipeline::{members, tell_doings};
use crate::random::Random;
use crate::shell::Folder;
use crate::wait_until;

/// The shell that keeps a pipeline running, in a process group of its own each time. Dropped, it and
/// the pipeline end.
pub struct Keeper {
    shell: Child,
    folder: Folder,
    name: String,
}

impl Keeper {
    /// Keeps a line of bash running in the folder; what it says goes to the file `NAME.err`.
    pub fn start(folder: &Folder, name: &str, line: &str) -> Keeper {
        folder.file(&format!("{name}.sh"), line);
        let again = format!(
            "until [ -e {name}.done ]; do setsid bash -o pipefail {name}.sh 2>>{name}.err & echo $! >{name}.group; \
             wait $!; echo \"ended $?\" >>{name}.ends; sleep 0.1; done"
        );
        let shell = bash(&[], &again, &folder.path("")).spawn().unwrap();
        Keeper { shell, folder: folder.clone(), name: name.to_owned() }
    }

    fn file(&self, ending: &str) -> String {
        format!("{}.{ending}", self.name)
    }

    /// The process group of the line, which the shell leads that begins one; 0 if there was none yet.
    fn group(&self) -> i32 {
        self.folder.read(&self.file("group")).trim().parse().unwrap_or(0)
    }

    /// Kills all its processes, or one of its tools, which the others end after: they would not
    /// after the shell that leads them.
    pub fn kill_some(&self, random: &mut Random) {
        let processes = match self.group() {
            0 => return,
            group => members(group),
        };
        let victims = match random.below(3) {
            0 => processes,
            _ => {
                let tools: Vec<_> = processes.into_iter().filter(|process| process.pid != self.group()).collect();
                random.choose(&tools).cloned().into_iter().collect()
            }
        };
        victims.iter().for_each(|process| process.signal(Signal::KILL));
    }

    /// Kills all of it.
    pub fn kill_all(&self) {
        if self.group() > 0 {
            members(self.group()).iter().for_each(|process| process.signal(Signal::KILL));
        }
    }

    /// Everything it said.
    pub fn said(&self) -> String {
        self.folder.read(&self.file("err"))
    }

    /// How often it has ended.
    pub fn ends(&self) -> usize {
        self.folder.read(&self.file("ends")).lines().count()
    }

    /// Lets it end, as its processes do when they get a SIGTERM.
    ///
    /// # Panics
    /// It does not within the time.
    #[track_caller]
    pub fn finish(mut self, limit: Duration) {
        self.folder.file(&self.file("done"), "");
        let mut asked = 0;
        wait_until("the pipeline ends", limit, || {
            // One that was just started may not have been there to be asked.
            if self.group() != asked {
                asked = self.group();
                std::thread::sleep(Duration::from_millis(300));
                members(asked).iter().for_each(|process| process.signal(Signal::TERM));
            }
            self.shell.try_wait().unwrap().is_some()
        });
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        if std::thread::panicking() {
            tell_doings(self.group(), &format!("{}{}", self.said(), self.folder.read(&self.file("ends"))));
        }
        let _ = self.shell.kill();
        let _ = self.shell.wait();
        self.kill_all();
    }
}
