//! `schema.steps`: which schema do the migrations leave at each version? One section for each
//! migration with what it changes, so that a database at an earlier version can be judged, and
//! adopted, without a server to try on.
//!
//! `+` stands before an object as it is from then on, `-` before one that goes. Each section's hash
//! is of the hash before it and of the section's text.

use super::{
    Key, Object, Schema, canonical,
    snapshot::{Head, hash, head, malformed},
    written::{self, Line, Malformed},
};
use crate::{outcome::Failure, target::Target};

const FIRST_LINE: &str =
    "# What each migration changes in the schema. Written by: sgmp-db snapshot";

/// The way from nothing to the newest version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Steps {
    pub target: Target,
    /// Major version of the server that it was read from.
    pub server_major: String,
    /// By version.
    pub steps: Vec<Step>,
}

/// What one migration changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    pub version: i32,
    pub gone: Vec<Key>,
    pub set: Vec<Object>,
}

impl Step {
    /// What makes `after` of `before`.
    pub fn between(version: i32, before: &Schema, after: &Schema) -> Step {
        Step {
            version,
            gone: before
                .objects
                .keys()
                .filter(|key| !after.objects.contains_key(key))
                .cloned()
                .collect(),
            set: after
                .objects
                .values()
                .filter(|object| before.objects.get(&object.key) != Some(object))
                .cloned()
                .collect(),
        }
    }

    fn apply(&self, schema: &mut Schema) {
        for key in &self.gone {
            schema.objects.remove(key);
        }
        self.set
            .iter()
            .for_each(|object| schema.insert(object.clone()));
    }

    fn render(&self) -> String {
        let gone = self
            .gone
            .iter()
            .map(|key| format!("\n- {}\n", canonical::head(key)));
        let set = self
            .set
            .iter()
            .map(|object| format!("\n+ {}", canonical::render(object)));
        gone.chain(set).collect()
    }
}

impl Steps {
    /// The schema at that version; none where there is no such version.
    pub fn at(&self, version: i32) -> Option<Schema> {
        let mut schema = Schema::default();
        for step in &self.steps {
            step.apply(&mut schema);
            if step.version == version {
                return Some(schema);
            }
        }
        None
    }

    /// Every version with its schema, oldest first.
    pub fn states(&self) -> impl Iterator<Item = (i32, Schema)> {
        let mut schema = Schema::default();
        self.steps.iter().map(move |step| {
            step.apply(&mut schema);
            (step.version, schema.clone())
        })
    }

    /// The text, as committed.
    pub fn render(&self) -> String {
        let mut text = format!("{FIRST_LINE}\n{}", head(self.target, &self.server_major));
        let mut before = String::new();
        for step in &self.steps {
            let section = step.render();
            before = hash(&format!("{before}{section}"));
            text.push_str(&format!("\n== V{} {before}\n{section}", step.version));
        }
        text
    }

    /// Reads a text back; `file` is for messages.
    ///
    /// # Errors
    /// Exit 2 with file and line: not of this form, or a section that is not what its hash is of.
    pub fn parse(text: &str, file: &str) -> Result<Steps, Failure> {
        read(text).map_err(|wrong| malformed(wrong, file))
    }
}

fn read(text: &str) -> Result<Steps, Malformed> {
    let lines = Line::all(text)?;
    let mut head = Head::new(&lines);
    let (target, server_major) = head.common()?;
    let mut steps: Vec<Step> = Vec::new();
    let (mut rest, mut before) = (head.rest, String::new());
    while let Some((line, more)) = rest.split_first() {
        let Some((version, stated)) = section_head(line) else {
            return line.wrong("a section begins with `== V<version> sha256:<hash>`");
        };
        let end = more
            .iter()
            .position(|line| line.is_head() && line.text.starts_with("== "))
            .unwrap_or(more.len());
        let step = step(version, &more[..end])?;
        before = hash(&format!("{before}{}", step.render()));
        if before != stated {
            return line.wrong(format!(
                "the hash is not that of this section and those before it ({before}): the file was edited by hand, or a merge mixed two of them"
            ));
        }
        if steps.last().is_some_and(|last| last.version >= version) {
            return line.wrong("the versions are not in order");
        }
        steps.push(step);
        rest = &more[end..];
    }
    Ok(Steps {
        target,
        server_major,
        steps,
    })
}

fn section_head<'a>(line: &Line<'a>) -> Option<(i32, &'a str)> {
    let (version, hash) = line.text.strip_prefix("== V")?.split_once(' ')?;
    Some((version.parse().ok()?, hash)).filter(|_| line.is_head())
}

fn step(version: i32, lines: &[Line<'_>]) -> Result<Step, Malformed> {
    let mut step = Step {
        version,
        gone: Vec::new(),
        set: Vec::new(),
    };
    let mut rest = lines;
    while let Some((line, more)) = rest.split_first() {
        let end = more
            .iter()
            .position(|line| line.is_head())
            .unwrap_or(more.len());
        let below = &more[..end];
        match line.text.split_at_checked(2) {
            Some(("+ ", head)) if line.is_head() => {
                step.set.push(written::object(head, *line, below)?);
            }
            Some(("- ", head)) if line.is_head() && below.is_empty() => {
                step.gone.push(written::key(head, *line)?);
            }
            _ => return line.wrong("a change begins with `+ ` or `- ` at the margin"),
        }
        rest = &more[end..];
    }
    Ok(step)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn schema(tables: &[(&str, &str)]) -> Schema {
        let mut schema = Schema::default();
        for (name, kind) in tables {
            let value = json!({"columns": {"a": {"type": kind}}});
            schema.insert(Object::new(Key::new("table", *name), value));
        }
        schema
    }

    #[test]
    fn every_version_comes_back_and_an_edit_is_refused_with_its_line() {
        let states = [
            schema(&[("a", "int"), ("b", "int")]),
            schema(&[("a", "text"), ("b", "int")]),
            schema(&[("a", "text")]),
        ];
        let mut steps = Steps {
            target: Target::Timescale,
            server_major: "17".to_owned(),
            steps: Vec::new(),
        };
        let mut before = Schema::default();
        for (version, state) in (1..).zip(&states) {
            steps.steps.push(Step::between(version, &before, state));
            before = state.clone();
        }
        let text = steps.render();
        let read = Steps::parse(&text, "f").unwrap();
        assert_eq!(read, steps);
        for (version, state) in (1..).zip(&states) {
            assert_eq!(read.at(version).as_ref(), Some(state));
        }
        assert_eq!(read.at(4), None);
        assert_eq!(read.states().count(), 3);
        let edited = Steps::parse(&text.replacen("type: text", "type: json", 1), "f");
        let failure = edited.unwrap_err();
        assert!(
            text.lines()
                .nth(failure.line.unwrap() - 1)
                .unwrap()
                .starts_with("== V2 ")
        );
        assert!(Steps::parse(&text.replace("- table", "table"), "f").is_err());
    }
}
