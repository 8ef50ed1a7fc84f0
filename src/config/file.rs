//! The configuration file: `sgmp-db.yaml`, or the backend's own `config.yaml`.

use super::{
    known::{KNOWN, Known},
    values::{Origin, Value, Values},
};
use crate::{
    outcome::Failure,
    yaml::{Document, Yaml, nearest},
};
use std::path::{Path, PathBuf};

/// What a file says.
#[derive(Default)]
pub struct FileValues {
    pub values: Values,
    pub notes: Vec<String>,
}

/// Reads the file that is named, else the first of the two that is there.
///
/// # Errors
/// Every problem with file and line (exit 2).
pub fn read(named: Option<&Path>, directory: &Path) -> Result<FileValues, Vec<Failure>> {
    let Some(path) = choose(named, directory) else {
        return Ok(FileValues::default());
    };
    let shown = path
        .strip_prefix(directory)
        .unwrap_or(&path)
        .display()
        .to_string();
    let text = std::fs::read_to_string(&path).map_err(|error| {
        vec![
            Failure::usage(format!("the configuration cannot be read: {error}"))
                .at(shown.clone(), None)
                .remedy("name another file: --config FILE"),
        ]
    })?;
    let ours = path.file_name().is_none_or(|name| name != "config.yaml");
    let document = Document::parse(&text, &shown).map_err(|failure| vec![failure])?;
    collect(&document, ours)
}

fn choose(named: Option<&Path>, directory: &Path) -> Option<PathBuf> {
    match named {
        Some(path) => Some(directory.join(path)),
        None => ["sgmp-db.yaml", "config.yaml"]
            .into_iter()
            .map(|name| directory.join(name))
            .find(|path| path.exists()),
    }
}

/// Takes the known keys. In our own file an unknown one is an error; in the backend's it is the
/// backend's, and only a near miss of ours is worth a word.
fn collect(document: &Document, ours: bool) -> Result<FileValues, Vec<Failure>> {
    let mut found = FileValues::default();
    let mut wrong = Vec::new();
    let Some(entries) = document.root.entries() else {
        let kind = document.root.kind();
        return Err(vec![document.wrong(
            &[],
            format!("the file holds {kind} instead of keys and values"),
        )]);
    };
    for (key, yaml) in entries {
        match (find(key), yaml.scalar()) {
            (Some(known), Some(text)) => {
                let line = document.line(&[key]);
                let origin = Origin::File {
                    file: document.file.clone(),
                    line,
                    key: key.clone(),
                };
                if found.values.contains_key(known.variable) {
                    wrong.push(
                        document
                            .wrong(&[key], format!("{key} is the same setting as a line above")),
                    );
                }
                found.values.insert(known.variable, Value { text, origin });
            }
            (Some(_), None) if matches!(yaml, Yaml::Null) => {}
            (Some(_), None) => {
                let kind = yaml.kind();
                wrong.push(document.wrong(&[key], format!("{key} must be one value, not {kind}")));
            }
            (None, _) => unknown(document, key, ours, &mut found.notes, &mut wrong),
        }
    }
    if wrong.is_empty() {
        Ok(found)
    } else {
        Err(wrong)
    }
}

fn find(key: &str) -> Option<Known> {
    KNOWN
        .into_iter()
        .find(|known| known.variable == key || known.file_key().is_some_and(|name| name == key))
}

fn unknown(
    document: &Document,
    key: &str,
    ours: bool,
    notes: &mut Vec<String>,
    wrong: &mut Vec<Failure>,
) {
    let names: Vec<String> = KNOWN
        .iter()
        .flat_map(|known| {
            known
                .file_key()
                .into_iter()
                .chain([known.variable.to_owned()])
        })
        .collect();
    let near = nearest(key, names.iter().map(String::as_str));
    if ours {
        let failure = document.wrong(&[key], format!("there is no setting {key}"));
        wrong.push(match near {
            Some(near) => failure.remedy(format!("perhaps {near} is meant")),
            None => failure.remedy("the settings are in docs/configuration.md"),
        });
    } else if let Some(near) = near {
        notes.push(format!(
            "{} has {key}, which is no setting; perhaps {near} is meant",
            document.file
        ));
    }
}
