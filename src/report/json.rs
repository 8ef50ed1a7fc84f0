//! The document as JSON, one document and nothing else.

use crate::outcome::Document;
use std::io::{self, Write};

/// Writes the document and a line end.
pub fn write(document: &Document, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, document).map_err(io::Error::from)?;
    writeln!(out)
}
