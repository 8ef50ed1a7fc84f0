//! The document as JSON, one document and nothing else.

use super::Screen;
use crate::{outcome::Document, visible};
use std::io;

/// Writes the document and a line end. What a terminal would obey, or not show, is escaped: exact data
/// for a program, and harmless where somebody reads it.
pub fn write(document: &Document, out: &mut Screen<'_>) -> io::Result<()> {
    let text = serde_json::to_string_pretty(document).map_err(io::Error::from)?;
    out.exactly(&visible::json(&text))?;
    out.exactly("\n")
}
