//! Whether a stream is a terminal that shows colour and movement.

use std::io::IsTerminal;

/// Whether standard error is a terminal that can move the cursor.
pub(super) fn moving() -> bool {
    std::io::stderr().is_terminal() && !dumb()
}

/// Whether standard output may be coloured.
pub(super) fn coloured() -> bool {
    std::io::stdout().is_terminal() && !dumb() && !std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
}

/// Whether the progress bar may be coloured.
pub(super) fn coloured_messages() -> bool {
    moving() && !std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
}

fn dumb() -> bool {
    std::env::var_os("TERM").is_some_and(|term| term == "dumb")
}
