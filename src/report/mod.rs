//! How does it look? Takes finished values and writes them; decides nothing.

mod annotations;
mod json;
mod progress;
mod style;
mod table;
mod text;

pub use progress::Progress;
pub use style::{Colour, Style};

use crate::outcome::Document;
use std::io::{self, Write};

/// In which form the document goes to stdout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    Json,
    Text(Style),
}

/// Writes the result to `out` and what went wrong to `err`.
///
/// # Errors
/// When either cannot be written; a closed pipe is not an error.
pub fn write(
    document: &Document,
    form: Form,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> io::Result<()> {
    let result = match form {
        Form::Json => json::write(document, out).and_then(|()| out.flush()),
        Form::Text(style) => text::write(document, style, out)
            .and_then(|()| out.flush())
            .and_then(|()| text::write_beside(document, style, err))
            .and_then(|()| text::write_failures(document, style, err)),
    };
    let annotated = annotations::write(document, err);
    match result.and(annotated) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}
