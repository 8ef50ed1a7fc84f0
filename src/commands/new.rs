//! `new`: the next numbered file, with its way back.

use super::targets;
use crate::{
    cli::NewArguments,
    config::Settings,
    migrate::files::{Origin, create},
    outcome::{Document, Failure, quoted},
};
use anyhow::Result;
use serde_json::json;

/// Creates both files.
pub fn run(settings: &Settings, arguments: &NewArguments, document: &mut Document) -> Result<()> {
    let [target] = settings.targets.as_slice() else {
        let name = quoted(&arguments.name);
        return Err(Failure::usage("for which database is the migration?")
            .remedy(format!(
                "sgmp-db new {name} --only mysql, or: sgmp-db new {name} --only timescale"
            ))
            .into());
    };
    let set = match targets::source(settings).load(*target) {
        Ok(set) => set,
        Err(failures) => {
            failures
                .into_iter()
                .for_each(|failure| document.fail(&failure.into()));
            return Ok(());
        }
    };
    let Origin::Folder(folder) = &set.origin else {
        let name = &arguments.name;
        return Err(Failure::usage("the migrations are those of this binary, which cannot be changed")
            .on(*target)
            .remedy(format!(
                "stand in the project's directory, or name one: sgmp-db new {name} --only {target} --migrations DIR"
            ))
            .into());
    };
    let created = create(&set, folder, &arguments.name)?;
    let (up, down) = (
        created.up.display().to_string(),
        created.down.display().to_string(),
    );
    document.extra.insert("created", json!([up, down]));
    let next = document
        .call
        .complete("write the SQL, then type: sgmp-db check --fix");
    document.words = vec![up, down, next];
    Ok(())
}
