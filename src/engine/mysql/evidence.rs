//! What state are the objects in that a statement names? Asked before the statement, stored in its
//! journal row, and asked again after a crash.
//!
//! This state is complete (everything that SHOW CREATE shows, definers and comments too) and has
//! nothing to do with the normalised model of drift.

use super::{
    effect::{Effect, Seen, Watched, WatchedKind},
    session,
};
use mysql_async::{Conn, Row, prelude::Queryable};

/// The state of each watched object in order: none where it is absent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence(pub Vec<Option<String>>);

/// What an object that is only known to exist looks like.
const THERE: &str = "there";

/// The queries whose answers are the evidence; empty where the statement needs none.
pub fn probes(effect: &Effect) -> Vec<String> {
    match effect {
        Effect::Seen(seen) => seen.watched.iter().map(probe).collect(),
        Effect::Repeatable | Effect::Hidden(_) => Vec::new(),
    }
}

/// An expression whose value is the evidence, for a journal row that is written before anybody could
/// read an answer; none where only SHOW CREATE tells, or a table's own rows.
pub fn expression(seen: &Seen) -> Option<String> {
    let asked: Vec<String> = seen
        .watched
        .iter()
        .filter(|one| {
            !matches!(
                one.kind,
                WatchedKind::TableDefinition | WatchedKind::Rows | WatchedKind::TableId
            )
        })
        .map(|one| format!("({})", probe(one)))
        .collect();
    (asked.len() == seen.watched.len())
        .then(|| format!("CAST(JSON_ARRAY({}) AS CHAR)", asked.join(", ")))
}

/// One query for one object; no row where it is absent. SHOW CREATE TABLE fails then instead.
fn probe(watched: &Watched) -> String {
    let schema = watched
        .schema
        .as_deref()
        .map_or_else(|| "DATABASE()".to_owned(), session::text);
    let name = session::text(&watched.name);
    let table = qualified(watched);
    let from = |columns: &str, view: &str, of: &str| {
        format!(
            "SELECT {columns} FROM information_schema.{view} WHERE {of}_SCHEMA = {schema} AND {of}_NAME = {name}"
        )
    };
    match watched.kind {
        WatchedKind::TableExists => from("'there'", "TABLES", "TABLE"),
        WatchedKind::TableDefinition => format!("SHOW CREATE TABLE {table}"),
        WatchedKind::Rows => format!("SELECT 'rows' FROM {table} LIMIT 1"),
        // Needs PROCESS; last in its packet, so that a refusal loses nothing else.
        WatchedKind::TableId => format!(
            "SELECT CAST(TABLE_ID AS CHAR) FROM information_schema.INNODB_TABLES \
             WHERE NAME = CONCAT({schema}, '/', {name})"
        ),
        WatchedKind::View => from(
            "CONCAT_WS('\n', DEFINER, SECURITY_TYPE, CHECK_OPTION, VIEW_DEFINITION)",
            "VIEWS",
            "TABLE",
        ),
        WatchedKind::Trigger => from(
            "CONCAT_WS('\n', DEFINER, CONCAT(ACTION_TIMING, ' ', EVENT_MANIPULATION, ' ON ', \
             EVENT_OBJECT_TABLE), ACTION_STATEMENT)",
            "TRIGGERS",
            "TRIGGER",
        ),
        WatchedKind::Event => from(
            "CONCAT_WS('\n', DEFINER, STATUS, EVENT_DEFINITION)",
            "EVENTS",
            "EVENT",
        ),
        WatchedKind::Procedure => routine(&from, "PROCEDURE"),
        WatchedKind::Function => routine(&from, "FUNCTION"),
        WatchedKind::Database => {
            format!("SELECT 'there' FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = {name}")
        }
    }
}

fn routine(from: &dyn Fn(&str, &str, &str) -> String, kind: &str) -> String {
    let query = from(
        "CONCAT_WS('\n', DEFINER, SECURITY_TYPE, ROUTINE_DEFINITION)",
        "ROUTINES",
        "ROUTINE",
    );
    format!("{query} AND ROUTINE_TYPE = '{kind}'")
}

/// The name as a statement writes it.
pub fn qualified(watched: &Watched) -> String {
    let name = session::identifier(&watched.name);
    match &watched.schema {
        Some(schema) => format!("{}.{name}", session::identifier(schema)),
        None => name,
    }
}

/// Reads the answers to `probes`; none where the packet ended before all of them were answered.
/// A table number that was refused reads as unknown, which is as good as an absent one.
pub fn read(seen: &Seen, sets: &[Vec<Row>]) -> Option<Evidence> {
    let mut states = Vec::new();
    for (index, watched) in seen.watched.iter().enumerate() {
        match sets.get(index) {
            Some(rows) => states.push(state(watched, rows)),
            None if watched.kind == WatchedKind::TableId => states.push(None),
            None => return None,
        }
    }
    Some(Evidence(states))
}

fn state(watched: &Watched, rows: &[Row]) -> Option<String> {
    let row = rows.first()?;
    // SHOW CREATE TABLE answers with the name first.
    let column = usize::from(watched.kind == WatchedKind::TableDefinition);
    let text = row.get_opt::<String, _>(column)?.ok()?;
    Some(match watched.kind {
        WatchedKind::TableDefinition => without_counter(&text),
        _ => text,
    })
}

/// A definition without its AUTO_INCREMENT counter, which rows move.
pub fn without_counter(definition: &str) -> String {
    // Table options stand behind the last closing bracket of the column list, on a line of their
    // own; a default or comment above cannot reach there.
    let Some(options) = definition.rfind("\n) ENGINE=") else {
        return definition.to_owned();
    };
    let (head, tail) = definition.split_at(options);
    let Some(start) = tail.find(" AUTO_INCREMENT=") else {
        return definition.to_owned();
    };
    let digits = start + " AUTO_INCREMENT=".len();
    let end = tail[digits..]
        .find(|c: char| !c.is_ascii_digit())
        .map_or(tail.len(), |offset| digits + offset);
    format!("{head}{}{}", &tail[..start], &tail[end..])
}

/// The state now, one turn for each object; an object that cannot be shown because it is absent
/// reads as absent.
pub async fn look(conn: &mut Conn, watched: &[Watched]) -> Result<Evidence, mysql_async::Error> {
    let mut states = Vec::new();
    for one in watched {
        let answer: Result<Vec<Row>, _> = conn.query(probe(one)).await;
        states.push(match answer {
            Ok(rows) => state(one, &rows),
            // 1146 no such table; 1227 a privilege that only a better answer needs.
            Err(mysql_async::Error::Server(error)) if matches!(error.code, 1146 | 1227) => None,
            Err(error) => return Err(error),
        });
    }
    Ok(Evidence(states))
}

impl Evidence {
    /// As stored in the journal.
    pub fn to_text(&self) -> String {
        serde_json::to_string(&self.0).unwrap_or_default()
    }

    /// As stored in the journal; none where it is not evidence about so many objects.
    pub fn from_text(text: &str, count: usize) -> Option<Evidence> {
        let states: Vec<Option<String>> = serde_json::from_str(text).ok()?;
        (states.len() == count).then_some(Evidence(states))
    }

    /// The same, knowing of each object no more than the kind of evidence before a statement tells.
    pub fn coarse(&self, watched: &[Watched]) -> Evidence {
        let coarse = |(watched, state): (&Watched, &Option<String>)| match watched.kind {
            WatchedKind::TableExists => state.as_ref().map(|_| THERE.to_owned()),
            _ => state.clone(),
        };
        Evidence(watched.iter().zip(&self.0).map(coarse).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_counter_is_left_out_and_a_comment_that_looks_like_it_is_not() {
        let definition = "CREATE TABLE `a` (\n  `b` int NOT NULL COMMENT ' AUTO_INCREMENT=7'\n) ENGINE=InnoDB AUTO_INCREMENT=12 DEFAULT CHARSET=utf8mb4";
        let expected = "CREATE TABLE `a` (\n  `b` int NOT NULL COMMENT ' AUTO_INCREMENT=7'\n) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4";
        assert_eq!(without_counter(definition), expected);
        assert_eq!(without_counter(expected), expected);
    }

    #[test]
    fn evidence_survives_the_journal() {
        let evidence = Evidence(vec![None, Some("CREATE TABLE `ä` (\n'\\\")".to_owned())]);
        assert_eq!(
            Evidence::from_text(&evidence.to_text(), 2),
            Some(evidence.clone())
        );
        assert_eq!(Evidence::from_text(&evidence.to_text(), 1), None);
        assert_eq!(Evidence::from_text("", 0), None);
    }
}
