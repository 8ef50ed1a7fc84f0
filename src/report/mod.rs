//! How does it look? Takes finished values and writes them; decides nothing.
//!
//! Whatever is written goes through `Screen`, which takes only what is `Shown`: a name or a message of a
//! server cannot be printed raw by mistake.

mod annotations;
mod json;
mod pending;
mod places;
mod progress;
mod prompt;
mod sarif;
mod screen;
mod style;
mod table;
mod text;

pub use progress::Progress;
pub use prompt::{
    is_watched, {ask, can_ask},
};
pub use screen::{Screen, Shown};
pub use style::{Colour, Style};

use crate::outcome::Document;
use std::io::{self, Write};

/// In which form the document goes to stdout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    Json,
    Text(Style),
    /// Workflow commands of GitHub Actions on stdout, whoever runs us.
    Github,
    Sarif,
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
    let (mut out, mut err) = (Screen::new(out), Screen::new(err));
    let result = match form {
        Form::Json => json::write(document, &mut out).and_then(|()| out.flush()),
        Form::Github => annotations::all(document, &mut out).and_then(|()| out.flush()),
        Form::Sarif => sarif::write(document, &mut out).and_then(|()| out.flush()),
        Form::Text(style) => text::write(document, style, &mut out)
            .and_then(|()| out.flush())
            .and_then(|()| text::write_beside(document, style, &mut err))
            .and_then(|()| text::write_failures(document, style, &mut err)),
    };
    let annotated = match form {
        Form::Github => Ok(()),
        _ => annotations::write(document, &mut err),
    };
    match result.and(annotated) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use std::{
        fs,
        path::{Path, PathBuf},
    };

    fn files(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => files(&path, found),
                false => found.push(path),
            }
        }
    }

    /// What a server or a file says reaches a reader through `Screen`, or not at all.
    #[test]
    fn nobody_prints_by_himself() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let mut found = Vec::new();
        files(&root, &mut found);
        assert!(found.len() > 200, "these are not the sources");
        let streams = ["stdout()", "stderr()", "println!", "print!", "dbg!"];
        let writing = ["write!(", "writeln!(", "write_all(", "write_fmt("];
        let streams_are_known = [
            "main.rs",
            "report/progress.rs",
            "report/prompt.rs",
            "report/style.rs",
        ];
        for path in found {
            let name = path.strip_prefix(&root).unwrap().to_str().unwrap();
            let text = fs::read_to_string(&path).unwrap();
            let text = text.split("#[cfg(test)]").next().unwrap();
            let text = text.replace("use_stderr()", "");
            let has =
                |words: &[&'static str]| words.iter().copied().find(|word| text.contains(word));
            if !streams_are_known.contains(&name) {
                assert_eq!(has(&streams), None, "{name} prints past report::Screen");
            }
            let writes =
                name == "main.rs" || name.starts_with("report/") || name.starts_with("commands/");
            if writes && name != "report/screen.rs" {
                assert_eq!(has(&writing), None, "{name} writes past report::Screen");
            }
            // What writes SQL comments is `sql::Script`.
            if name.starts_with("commands/")
                || name.starts_with("drift/")
                || name.contains("/repair/")
            {
                assert_eq!(
                    has(&["\"-- ", "\"/* "]),
                    None,
                    "{name} writes a comment past sql::Script"
                );
            }
        }
    }
}
