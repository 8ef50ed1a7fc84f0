//! From file names to migrations: refinery's convention, and every way to miss it told.

use super::{Directives, Migration, Script};
use crate::{
    outcome::Failure,
    sql::{Dialect, SqlText, is_only_comments},
};
use refinery_core::parse_migration_name;
use std::collections::BTreeMap;

/// A file as found: path for messages, bytes.
pub struct Found {
    pub name: String,
    pub file: String,
    pub bytes: Vec<u8>,
}

/// What a file name says.
#[derive(Debug, PartialEq, Eq)]
struct Named {
    version: i32,
    name: String,
    down: bool,
}

/// Sorts the files into migrations.
///
/// # Errors
/// Every problem of every file (exit 2).
pub fn migrations(dialect: Dialect, files: Vec<Found>) -> Result<Vec<Migration>, Vec<Failure>> {
    let mut wrong = Vec::new();
    let mut ups: BTreeMap<i32, (String, Script)> = BTreeMap::new();
    let mut downs: BTreeMap<i32, (String, Script)> = BTreeMap::new();
    for found in files {
        let named = match parse(&found.name) {
            Ok(named) => named,
            Err(failure) => {
                wrong.push(failure.at(found.file, None));
                continue;
            }
        };
        let file = found.file.clone();
        match read(dialect, found) {
            Err(failures) => wrong.extend(failures),
            Ok(script) => {
                let side = if named.down { &mut downs } else { &mut ups };
                if let Some((_, other)) = side.get(&named.version) {
                    wrong.push(
                        Failure::usage(format!(
                            "version {} is there twice: {} too",
                            named.version, other.file
                        ))
                        .at(file, None)
                        .remedy("give one of them the next free number"),
                    );
                } else {
                    side.insert(named.version, (named.name, script));
                }
            }
        }
    }
    let migrations = pair(ups, downs, &mut wrong);
    gaps(&migrations, &mut wrong);
    if wrong.is_empty() {
        Ok(migrations)
    } else {
        Err(wrong)
    }
}

fn pair(
    ups: BTreeMap<i32, (String, Script)>,
    mut downs: BTreeMap<i32, (String, Script)>,
    wrong: &mut Vec<Failure>,
) -> Vec<Migration> {
    let mut migrations = Vec::with_capacity(ups.len());
    for (version, (name, up)) in ups {
        let down = match downs.remove(&version) {
            Some((other, down)) if other != name => {
                wrong.push(
                    Failure::usage(format!("it is the way back of V{version}__{other}, and that file is called V{version}__{name}"))
                        .at(down.file, None)
                        .remedy(format!("rename it to V{version}__{name}.down.sql")),
                );
                None
            }
            other => other.map(|(_, down)| down),
        };
        migrations.push(Migration {
            version,
            name,
            up,
            down,
        });
    }
    for (version, (name, down)) in downs {
        wrong.push(
            Failure::usage(format!(
                "a way back without a way there: V{version}__{name}.sql is missing"
            ))
            .at(down.file, None)
            .remedy("restore the file from version control, or remove this one"),
        );
    }
    migrations
}

fn gaps(migrations: &[Migration], wrong: &mut Vec<Failure>) {
    let mut expected = 1;
    for migration in migrations {
        if migration.version != expected && wrong.is_empty() {
            wrong.push(
                Failure::usage(format!("V{expected} is missing before V{}", migration.version))
                    .at(migration.up.file.clone(), None)
                    .remedy(format!("restore V{expected} from version control, or number the files from 1 without a gap")),
            );
        }
        expected = migration.version + 1;
    }
}

/// What a name says, by refinery's own parser; what refinery would skip or misread is an error.
fn parse(file_name: &str) -> Result<Named, Failure> {
    let form =
        "name it V<number>__<words_joined_by_underscores>.sql, or .down.sql for its way back";
    let refuse = |why: &str| Failure::usage(why.to_owned()).remedy(form);
    let (stem, down) = match file_name.strip_suffix(".down.sql") {
        Some(stem) => (stem, true),
        None => match file_name.strip_suffix(".sql") {
            Some(stem) => (stem, false),
            None => return Err(refuse("the file does not end in .sql")),
        },
    };
    if stem.starts_with('U') {
        return Err(refuse(
            "unversioned migrations (U…) have no order and cannot be recorded",
        ));
    }
    let digits: String = stem
        .chars()
        .skip(1)
        .take_while(char::is_ascii_digit)
        .collect();
    if stem.starts_with('V') && digits.len() > 9 && digits.parse::<i32>().is_err() {
        return Err(refuse(
            "the version is larger than 32 bits, the size of refinery's history column: timestamps do not fit",
        ));
    }
    let (_, version, name) = parse_migration_name(stem).map_err(|_| {
        refuse("the name is not refinery's form, so it would be skipped in silence")
    })?;
    if stem != format!("V{digits}__{name}") {
        return Err(refuse(
            "the name has characters beside letters, digits and underscores",
        ));
    }
    if digits.starts_with('0') {
        return Err(refuse(
            "the version has a leading zero, so that V01 and V1 would be the same",
        ));
    }
    Ok(Named {
        version,
        name,
        down,
    })
}

fn read(dialect: Dialect, found: Found) -> Result<Script, Vec<Failure>> {
    let Found { file, bytes, .. } = found;
    let text = String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let line = error.as_bytes()[..valid]
            .iter()
            .filter(|byte| **byte == b'\n')
            .count()
            + 1;
        vec![
            Failure::usage(format!("the file is not UTF-8 (byte {} of it)", valid + 1))
                .at(file.clone(), Some(line))
                .remedy("save it as UTF-8"),
        ]
    })?;
    if is_only_comments(dialect, &text) {
        return Err(vec![
            Failure::usage("the file has no statement")
                .at(file, None)
                .remedy("write its SQL, or remove it"),
        ]);
    }
    let directives = Directives::parse(dialect, &text, &file)?;
    Ok(Script {
        file,
        sql: SqlText::new(dialect, text),
        directives,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(names: &[&str]) -> Vec<Found> {
        names
            .iter()
            .map(|name| Found {
                name: (*name).to_owned(),
                file: (*name).to_owned(),
                bytes: b"SELECT 1;".to_vec(),
            })
            .collect()
    }

    #[test]
    fn versions_are_ordered_as_numbers() {
        let names: Vec<String> = (1..=10).map(|n| format!("V{n}__a.sql")).collect();
        let mut names: Vec<&str> = names.iter().map(String::as_str).collect();
        names.sort_unstable();
        let versions: Vec<i32> = migrations(Dialect::Mysql, found(&names))
            .unwrap()
            .iter()
            .map(|one| one.version)
            .collect();
        assert_eq!(versions, (1..=10).collect::<Vec<_>>());
    }

    #[test]
    fn every_wrong_name_is_told() {
        for name in [
            "V1_x.sql",
            "v1__x.sql",
            "V1.2__x.sql",
            "U1__x.sql",
            "V01__x.sql",
            "V20260101120000__x.sql",
            "V1__a b.sql",
            "V1__x.SQL",
            "V1__a.b.sql",
            "V__x.sql",
            "1__x.sql",
            "V1__.sql",
            "notes.txt",
        ] {
            assert!(parse(name).is_err(), "{name}");
        }
    }

    #[test]
    fn duplicates_gaps_and_lonely_ways_back_are_all_told() {
        let told = |names: &[&str]| {
            migrations(Dialect::Mysql, found(names))
                .unwrap_err()
                .iter()
                .map(|one| one.message.clone())
                .collect::<Vec<_>>()
        };
        assert!(told(&["V1__a.sql", "V1__b.sql"])[0].contains("twice"));
        assert!(told(&["V1__a.sql", "V3__b.sql"])[0].contains("V2 is missing"));
        assert!(told(&["V1__a.sql", "V2__b.down.sql"])[0].contains("V2__b.sql is missing"));
        assert!(told(&["V1__a.sql", "V1__b.down.sql"])[0].contains("V1__b"));
        assert_eq!(told(&["V1__a.sql", "x.sql", "y.sql"]).len(), 2);
    }

    #[test]
    fn empty_and_non_utf8_files_are_refused_with_the_line() {
        for (bytes, line) in [
            (&b""[..], None),
            (b"-- only\n", None),
            (b"SELECT 1;\n'\xff'", Some(2)),
        ] {
            let file = Found {
                name: "V1__a.sql".to_owned(),
                file: "f".to_owned(),
                bytes: bytes.to_vec(),
            };
            assert_eq!(
                migrations(Dialect::Mysql, vec![file]).unwrap_err()[0].line,
                line
            );
        }
    }
}
