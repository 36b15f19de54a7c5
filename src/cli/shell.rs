//! `khabar completions` and `khabar man`.

use std::io::Write;

use clap::Args;
use clap_complete::Shell;

use super::{Exit, Stop};

/// Print completions for a shell
#[derive(Debug, Args)]
#[command(before_help = "Examples:\n  khabar completions bash > ~/.local/share/bash-completion/completions/khabar")]
pub(super) struct Completions {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

impl Completions {
    pub(super) fn run(&self) -> Result<Exit, Stop> {
        let mut text = Vec::new();
        clap_complete::generate(self.shell, &mut super::command(), "khabar", &mut text);
        std::io::stdout().lock().write_all(&text)?;
        Ok(Exit::Good)
    }
}

/// Print the manual page
#[derive(Debug, Args)]
#[command(before_help = "Examples:\n  khabar man > khabar.1\n  khabar man run | man -l -")]
pub(super) struct Man {
    /// The page of this command instead of the whole
    command: Option<String>,
}

impl Man {
    pub(super) fn run(&self) -> Result<Exit, Stop> {
        let mut whole = super::command();
        whole.build();
        let page = match &self.command {
            None => whole,
            Some(name) => {
                let known = whole.get_subcommands().map(|c| c.get_name().to_owned()).collect::<Vec<_>>().join(", ");
                whole.find_subcommand(name).cloned().ok_or_else(|| {
                    crate::error::Error::new(
                        crate::error::ErrorKind::Config,
                        format!("no command is called {name:?}: {known}"),
                    )
                })?
            }
        };
        let mut text = Vec::new();
        clap_mangen::Man::new(page).render(&mut text)?;
        std::io::stdout().lock().write_all(&text)?;
        Ok(Exit::Good)
    }
}
