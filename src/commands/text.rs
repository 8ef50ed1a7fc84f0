//! `completions` and `man`: texts made from the command line's own definition.

use crate::{
    cli::{self, CompletionsArguments},
    outcome::Document,
};
use anyhow::{Context, Result};
use serde_json::Value;

/// The completion script of a shell.
pub fn completions(arguments: &CompletionsArguments, document: &mut Document) -> Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut cli::command(), "sgmp-db", &mut script);
    put(document, script)
}

/// The manual page, in roff.
pub fn manual(document: &mut Document) -> Result<()> {
    let mut page = Vec::new();
    clap_mangen::Man::new(cli::command())
        .render(&mut page)
        .context("rendering the manual")?;
    put(document, page)
}

fn put(document: &mut Document, text: Vec<u8>) -> Result<()> {
    let text = String::from_utf8(text).context("a text that is not UTF-8")?;
    document
        .extra
        .insert("text", Value::String(text.trim_end().to_owned()));
    Ok(())
}
