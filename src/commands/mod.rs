//! Which workflow, which report? One file per verb, thin.

mod adopt;
mod check;
mod consent;
mod diff;
mod downgrade;
mod files;
mod history;
mod lint;
mod new;
mod policies;
mod resolve;
mod sandbox;
mod servers;
mod snapshot;
mod status;
mod targets;
mod text;
mod upgrade;
mod verify;

use crate::{
    cli::{Cli, Command, FormatArgument},
    config::{Environment, Settings},
    outcome::{Document, Exit, Finding},
    report::{self, Form, Style},
};
use anyhow::Result;
use std::io::Write;

/// Where a command's words go.
pub struct Streams<'a> {
    pub out: &'a mut dyn Write,
    pub err: &'a mut dyn Write,
}

/// Runs one command to its end and returns the exit code.
///
/// # Errors
/// Only when the result itself cannot be written.
pub async fn run(cli: Cli, environment: &Environment, streams: Streams<'_>) -> Result<u8> {
    let form = form(&cli, environment);
    let mut document = Document::new(cli.command.name());
    document.call = cli.call();
    let beside = match execute(cli, environment, &mut document).await {
        Ok(beside) => beside,
        Err(error) => {
            document.fail(&error);
            None
        }
    };
    document.conclude(beside);
    report::write(&document, form, streams.out, streams.err)?;
    Ok(document.exit)
}

async fn execute(
    cli: Cli,
    environment: &Environment,
    document: &mut Document,
) -> Result<Option<Exit>> {
    let mut settings = match Settings::resolve(&cli.flags(), environment, &std::env::current_dir()?)
    {
        Ok(settings) => settings,
        Err(failures) => {
            failures
                .into_iter()
                .for_each(|failure| document.fail(&failure.into()));
            return Ok(None);
        }
    };
    for note in &settings.notes {
        document.notes.push(Finding::remark(None, note.clone()));
    }
    if let Some(purpose) = files::Purpose::of(&cli.command) {
        files::choose(&mut settings, purpose, document)?;
    }
    let json = cli.global.json;
    match cli.command {
        Command::Upgrade(arguments) => upgrade::run(&settings, &arguments, json, document).await,
        Command::Downgrade(arguments) => {
            downgrade::run(&settings, &arguments, json, document).await
        }
        Command::Status(arguments) => status::run(&settings, &arguments, document)
            .await
            .map(|()| None),
        Command::Adopt(arguments) => adopt::run(&settings, &arguments, document)
            .await
            .map(|()| None),
        Command::Verify => verify::run(&settings, environment, document).await,
        Command::Snapshot(arguments) => {
            snapshot::run(&settings, environment, (&arguments, document)).await
        }
        Command::Diff(arguments) => diff::run(&settings, &arguments, document)
            .await
            .map(|()| None),
        Command::Policies(arguments) => policies::run(&settings, &arguments, json, document).await,
        Command::Resolve(arguments) => resolve::run(&settings, &arguments, document)
            .await
            .map(|()| None),
        Command::History => history::run(&settings, document).await.map(|()| None),
        Command::New(arguments) => new::run(&settings, &arguments, document).map(|()| None),
        Command::Check(arguments) => check::run(&settings, &arguments, document).map(|()| None),
        Command::Sandbox(arguments) => sandbox::run(&arguments, environment, document)
            .await
            .map(|()| None),
        Command::Completions(arguments) => text::completions(&arguments, document).map(|()| None),
        Command::Man => text::manual(document).map(|()| None),
    }
}

/// How a command's result is to be written.
pub fn form(cli: &Cli, environment: &Environment) -> Form {
    let asked = match &cli.command {
        Command::Check(check) => check.format,
        _ => None,
    };
    match asked {
        _ if cli.global.json => return Form::Json,
        Some(FormatArgument::Json) => return Form::Json,
        Some(FormatArgument::Github) => return Form::Github,
        Some(FormatArgument::Sarif) => return Form::Sarif,
        Some(FormatArgument::Text) | None => {}
    }
    Form::Text(Style::detect(
        cli.global.color.into(),
        environment.get("NO_COLOR"),
        environment.get("COLUMNS"),
    ))
}
