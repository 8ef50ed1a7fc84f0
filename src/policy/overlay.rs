//! One environment's values laid over the common ones, with the line of whichever is in force.

use crate::{
    outcome::Failure,
    yaml::{Document, Path, Yaml, nearest},
};

/// Keys whose value an environment replaces as a whole, because their parts exclude each other.
const WHOLE: [&str; 2] = ["retention", "refresh"];

/// The tree that is read, and where its values stand.
pub struct Overlay<'d> {
    pub root: Yaml,
    document: &'d Document,
    /// The environment and its tree.
    over: Option<(&'d str, &'d Yaml)>,
}

impl<'d> Overlay<'d> {
    /// The common values only.
    pub fn common(document: &'d Document) -> Overlay<'d> {
        Overlay {
            root: without_environments(&document.root),
            document,
            over: None,
        }
    }

    /// Every environment of the file, each over the common values.
    pub fn environments(document: &'d Document) -> Vec<(&'d str, Overlay<'d>)> {
        let common = without_environments(&document.root);
        let environments = member(&document.root, "environments").and_then(Yaml::entries);
        let entries = environments.unwrap_or_default().iter();
        entries
            .map(|(name, yaml)| {
                let overlay = Overlay {
                    root: merged(&common, yaml),
                    document,
                    over: Some((name, yaml)),
                };
                (name.as_str(), overlay)
            })
            .collect()
    }

    /// The line of the value in force at that path.
    pub fn line(&self, path: Path<'_>) -> Option<usize> {
        match self.over {
            Some((name, yaml)) if has(yaml, path) => {
                let whole = [&["environments", name], path].concat();
                self.document.line(&whole)
            }
            _ => self.document.line(path),
        }
    }

    /// A failure about the value in force at that path.
    pub fn wrong(&self, path: Path<'_>, message: impl Into<String>) -> Failure {
        Failure::usage(message).at(self.document.file.clone(), self.line(path))
    }
}

/// What is wrong with the name of an environment.
pub fn no_such_environment(document: &Document, wanted: &str) -> Failure {
    let environments = member(&document.root, "environments").and_then(Yaml::entries);
    let known = environments.unwrap_or_default().iter();
    let near = nearest(wanted, known.map(|(name, _)| name.as_str()));
    let failure = document.wrong(
        &["environments"],
        format!("there is no environment {wanted}"),
    );
    failure.remedy(match near {
        Some(near) => format!("perhaps --env {near} is meant"),
        None => "add it below environments:, or leave --env out".to_owned(),
    })
}

/// The value of a key.
pub fn member<'y>(yaml: &'y Yaml, key: &str) -> Option<&'y Yaml> {
    let entries = yaml.entries()?;
    entries
        .iter()
        .find(|(name, _)| name == key)
        .map(|(_, value)| value)
}

fn has(yaml: &Yaml, path: Path<'_>) -> bool {
    let mut at = Some(yaml);
    for key in path {
        at = at.and_then(|yaml| member(yaml, key));
    }
    at.is_some()
}

fn without_environments(root: &Yaml) -> Yaml {
    match root {
        Yaml::Map(entries) => {
            let kept = entries.iter().filter(|(key, _)| key != "environments");
            Yaml::Map(kept.cloned().collect())
        }
        other => other.clone(),
    }
}

fn merged(below: &Yaml, above: &Yaml) -> Yaml {
    let (Yaml::Map(common), Yaml::Map(own)) = (below, above) else {
        // A key without a value, as in `staging:`, overrides nothing.
        return if *above == Yaml::Null { below } else { above }.clone();
    };
    let mut entries = common.clone();
    for (key, value) in own {
        match entries.iter_mut().find(|(known, _)| known == key) {
            Some((_, known)) if !WHOLE.contains(&key.as_str()) => *known = merged(known, value),
            Some((_, known)) => *known = value.clone(),
            None => entries.push((key.clone(), value.clone())),
        }
    }
    Yaml::Map(entries)
}
