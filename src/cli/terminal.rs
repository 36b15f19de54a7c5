//! Messages, and whether a stream is a terminal that shows colour and movement.

use std::io::{IsTerminal, Write};

/// A message on standard error; where nobody reads it, there is nobody left to tell.
pub(super) fn tell(message: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{message}");
}

/// Whether standard error is a terminal that can move the cursor.
pub(super) fn moving() -> bool {
    std::io::stderr().is_terminal() && !dumb()
}

/// Whether standard output may be coloured.
pub(super) fn coloured() -> bool {
    std::io::stdout().is_terminal() && !dumb() && colour_wanted()
}

/// Whether the progress bar may be coloured.
pub(super) fn coloured_messages() -> bool {
    moving() && colour_wanted()
}

fn dumb() -> bool {
    std::env::var_os("TERM").is_some_and(|term| term == "dumb")
}

fn colour_wanted() -> bool {
    std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}
