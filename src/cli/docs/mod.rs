//! Man pages and completions, made of the definitions of command lines.

pub mod man;

use std::path::PathBuf;

use clap_complete::{Shell, generate};

use super::described::Described;

/// What is made for a tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A page of section 1.
    Man,
    /// What completes its command line in a shell.
    Completion(Shell),
}

impl Form {
    /// All of them, each with its name.
    pub const ALL: [(&'static str, Form); 4] = [
        ("man", Form::Man),
        ("bash", Form::Completion(Shell::Bash)),
        ("zsh", Form::Completion(Shell::Zsh)),
        ("fish", Form::Completion(Shell::Fish)),
    ];

    /// The one of this name.
    pub fn of(name: &str) -> Option<Form> {
        Form::ALL.into_iter().find_map(|(known, form)| (known == name).then_some(form))
    }

    /// Where it is kept below a package.
    pub fn path(self, tool: &str) -> PathBuf {
        match self {
            Form::Man => format!("man/{tool}.1"),
            Form::Completion(Shell::Zsh) => format!("completions/zsh/_{tool}"),
            Form::Completion(Shell::Fish) => format!("completions/fish/{tool}.fish"),
            Form::Completion(shell) => format!("completions/{shell}/{tool}"),
        }
        .into()
    }

    /// The text; `others` are for SEE ALSO.
    pub fn text(self, tool: &Described, others: &[String]) -> Vec<u8> {
        match self {
            Form::Man => man::page(tool, others).into_bytes(),
            Form::Completion(shell) => {
                let mut script = Vec::new();
                generate(shell, &mut tool.command.clone(), tool.command.get_name(), &mut script);
                script
            }
        }
    }
}
