//! The command line, one file a command. Nothing else prints: data goes to standard output, messages to standard error.

mod agree;
mod apply;
mod claims;
mod evaluate;
mod export;
mod import;
mod link;
mod link_scores;
mod normalize;
mod report;
mod review;
mod run;
mod schema;
mod shell;
mod terminal;
#[cfg(feature = "train")]
mod train;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

use crate::error::Error;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// All good: 0.
    Good,
    /// Finished, but some articles failed: 1.
    Flawed,
    /// Usage, configuration or model error, nothing done: 2.
    Unusable,
    /// Stopped by Ctrl-C after everything finished was put in place: 130.
    Interrupted,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Good => 0,
            Exit::Flawed => 1,
            Exit::Unusable => 2,
            Exit::Interrupted => 130,
        })
    }
}

/// Why a command stopped before its end.
#[derive(Debug)]
enum Stop {
    /// An error to tell.
    Error(Error),
    /// Nobody reads our output any more: no error.
    BrokenPipe,
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

impl From<std::io::Error> for Stop {
    fn from(error: std::io::Error) -> Self {
        if error.kind() == std::io::ErrorKind::BrokenPipe {
            Self::BrokenPipe
        } else {
            Self::Error(Error::new(crate::error::ErrorKind::Unwritable, error.to_string()))
        }
    }
}

const EXAMPLES: &str = "\
Examples:
  khabar run articles/ -o out            annotate a folder; run again to go on where it stopped
  khabar claims out --side CN            list the claims attributed to China
  khabar claims out --format csv --excel > claims.csv
  khabar link out                        the same claim said twice, and contradictions, in out/links.json
  khabar report out                      compare the two sides: out/report.html
  khabar review out --reviewer Huda      check the claims on a local page, then: khabar apply out -o checked
  cat article.txt | khabar run - --jsonl -   annotate standard input to standard output";

const AFTER: &str = "\
Exit status: 0 all good; 1 finished, but some articles failed (see OUT/errors.jsonl);
2 wrong usage or configuration, nothing done; 130 stopped by Ctrl-C, what was finished is in place.
Documentation: README.md and ARCHITECTURE.md of the source; `khabar schema` describes the output.";

/// Reads Arabic and English news and writes the claims that it attributes to the United States or to China.
#[derive(Debug, Parser)]
#[command(name = "khabar", version, about, before_help = EXAMPLES, after_help = AFTER, propagate_version = true,
          max_term_width = 110, subcommand_required = true, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Annotate articles: one JSON for each, all claims in claims.jsonl
    Run(run::Run),
    /// List, filter and export the claims of a run
    Claims(claims::Claims),
    /// Link near-duplicate articles and the same or contradicting claims
    Link(link::LinkArgs),
    /// Write a run's articles in the format of another tool
    Export(export::Export),
    /// Take annotations of another tool back as gold
    Import(import::Import),
    /// Review the claims of a run on a local page
    Review(review::Review),
    /// Write the documents with the decisions of a review carried out
    Apply(apply::Apply),
    /// Score a run against gold
    Evaluate(evaluate::EvaluateArgs),
    /// Measure how well two or more annotations of the same articles agree
    Agree(agree::Agree),
    /// Write a report of a run's claims, the two sides beside each other, as one HTML file
    Report(report::Report),
    /// Print the JSON Schema of the output
    Schema(schema::Schema),
    /// Show a view of the text: standard input to standard output
    Normalize(normalize::Normalize),
    /// Train the built-in models from treebanks and raw text
    #[cfg(feature = "train")]
    Train(train::Train),
    /// Print completions for a shell
    Completions(shell::Completions),
    /// Print the manual page
    Man(shell::Man),
}

/// The definition of the command line: for completions, the manual page and tests.
pub fn command() -> clap::Command {
    Cli::command()
}

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    // Articles run beside each other; the products inside one need no threads of their own.
    let _ = rayon::ThreadPoolBuilder::new().num_threads(1).build_global();
    run(std::env::args_os()).into()
}

/// Runs a command line.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> Exit {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            let asked =
                matches!(error.kind(), clap::error::ErrorKind::DisplayHelp | clap::error::ErrorKind::DisplayVersion);
            // Nothing is left to tell if not even the message can be written.
            let _ = error.print();
            return if asked { Exit::Good } else { Exit::Unusable };
        }
    };
    let ended = match cli.command {
        Command::Run(command) => command.run(),
        Command::Claims(command) => command.run(),
        Command::Link(command) => command.run(),
        Command::Export(command) => command.run(),
        Command::Import(command) => command.run(),
        Command::Review(command) => command.run(),
        Command::Apply(command) => command.run(),
        Command::Evaluate(command) => command.run(),
        Command::Agree(command) => command.run(),
        Command::Report(command) => command.run(),
        Command::Schema(command) => command.run(),
        Command::Normalize(command) => command.run(),
        #[cfg(feature = "train")]
        Command::Train(command) => command.run(),
        Command::Completions(command) => command.run(),
        Command::Man(command) => command.run(),
    };
    match ended {
        Ok(exit) => exit,
        Err(Stop::BrokenPipe) => Exit::Good,
        Err(Stop::Error(error)) => {
            terminal::tell(&format!("khabar: {error}"));
            Exit::Unusable
        }
    }
}
