//! The process: hands the arguments to the library and turns its outcome into an exit code.

use sgmp_db::{
    cli,
    commands::{self, Streams},
    config::Environment,
    interrupt,
    outcome::{Document, Failure},
    report::{self, Form, Screen, Shown},
};
use std::{
    io::{self, Write},
    process::ExitCode,
};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args_os()
        .map(|argument| argument.to_string_lossy().into_owned())
        .collect();
    // Not locked: the thread that hears signals may have the last word.
    let (mut out, mut err) = (io::stdout(), io::stderr());
    let ended = match cli::parse(&arguments) {
        Ok(command) => run(command, &mut out, &mut err),
        Err(usage) if usage.is_help => say(&mut out, &usage.text).map(|()| 0).map_err(Into::into),
        Err(usage) if usage.json => {
            let mut document = Document::new(usage.command);
            document.fail(&Failure::usage(usage.fact).remedy(usage.remedy).into());
            document.conclude(None);
            report::write(&document, Form::Json, &mut out, &mut err)
                .map(|()| document.exit)
                .map_err(Into::into)
        }
        Err(usage) => say(&mut err, &usage.text).map(|()| 2).map_err(Into::into),
    };
    match ended {
        Ok(code) => ExitCode::from(code),
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            // Nothing is left to tell it to when stderr is gone as well.
            drop(say(&mut err, &format!("error: {error:#}\n")));
            ExitCode::FAILURE
        }
    }
}

fn say(to: &mut dyn Write, text: &str) -> io::Result<()> {
    Screen::new(to).print(&Shown::lines(text))
}

fn run(command: cli::Cli, out: &mut dyn Write, err: &mut dyn Write) -> anyhow::Result<u8> {
    let environment = Environment::of_process();
    let (name, form) = (
        command.command.name(),
        commands::form(&command, &environment),
    );
    // Last words, too, repeat what decides which files and which databases.
    let call = command.call();
    interrupt::watch(move |failure| {
        let mut document = Document::new(name);
        document.call = call.clone();
        document.fail(&failure.clone().into());
        document.conclude(None);
        // Whoever stopped us may have stopped reading as well.
        drop(report::write(
            &document,
            form,
            &mut io::stdout(),
            &mut io::stderr(),
        ));
        document.exit
    })?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let code = runtime.block_on(commands::run(command, &environment, Streams { out, err }));
    // A lookup of a name that never answers must not keep the process.
    runtime.shutdown_background();
    code
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .downcast_ref::<io::Error>()
        .is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
