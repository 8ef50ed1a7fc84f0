//! A question to somebody who sits at a terminal.

use super::{Screen, Shown};
use std::io::{self, BufRead, IsTerminal};

/// Is there anybody to ask?
pub fn can_ask() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Shows the lines and the question on stderr; only `yes` is a yes.
///
/// # Errors
/// The terminal is gone.
pub fn ask(lines: &[Shown], question: &'static str) -> io::Result<bool> {
    let mut err = io::stderr().lock();
    let mut screen = Screen::new(&mut err);
    for line in lines {
        screen.put(line)?;
    }
    screen.print(&Shown::line(question))?;
    screen.flush()?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    Ok(answer.trim().eq_ignore_ascii_case("yes"))
}

/// Does a person see what is written there, so that a program of ours may ask on the terminal?
pub fn is_watched() -> bool {
    io::stderr().is_terminal()
}
