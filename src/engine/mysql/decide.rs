//! Is the statement in flight in the database? Decided by evidence, never guessed.

use super::{
    Mysql,
    effect::{Effect, Proof, Seen, Watched, WatchedKind, effect},
    evidence::{self, Evidence},
    filled, guard,
    preamble::PINNED,
    session, texts,
    trial::{self, Trial},
};
use crate::{
    engine::{Flight, Verdict, fingerprint},
    outcome::Failure,
    sql::{Commits, Dialect, Statement, tokens},
    target::Target,
};
use anyhow::Result;
use mysql_async::Row;

/// Decides about the statement in flight of a ledger entry.
pub async fn decide(mysql: &mut Mysql, flight: &Flight<'_>) -> Result<Verdict> {
    let seen = match effect(flight.statement) {
        Effect::Repeatable => return Ok(Verdict::NotApplied),
        // In flight only where no transaction covers it.
        _ if flight.statement.facts.commits == Commits::Transactional => {
            return Ok(Verdict::Unknown(
                guard::reason(mysql, flight.statement).await?,
            ));
        }
        Effect::Hidden(why) => return Ok(Verdict::Unknown(why.to_owned())),
        Effect::Seen(seen) => seen,
    };
    let Some(before) = recorded(mysql, flight, &seen).await? else {
        return Ok(Verdict::Unknown(
            "the journal does not hold what the statement found".to_owned(),
        ));
    };
    let now = now(mysql, &seen).await?;
    if seen.proof == Proof::Emptied {
        return Ok(emptied(&before, &now));
    }
    let unchanged = now.coarse(&seen.watched) == before;
    if unchanged && !seen.may_look_unchanged {
        return Ok(Verdict::NotApplied);
    }
    if seen.proof == Proof::Filled
        && !unchanged
        && let Some(why) = filled::by_halves(mysql, &seen.watched).await?
    {
        return Ok(Verdict::Unknown(why));
    }
    let expected = match seen.proof {
        Proof::Trial | Proof::View => {
            trial::expected(
                mysql,
                &Trial {
                    statement: flight.statement.text(),
                    watched: &seen.watched,
                    proof: seen.proof,
                    before: &before,
                    settings: flight.settings,
                    pinned: &PINNED,
                },
            )
            .await
        }
        _ => Ok(now.clone()),
    };
    Ok(match expected {
        Err(why) if unchanged => Verdict::Unknown(format!(
            "what it names looks as before, and so it may after the statement ({why})"
        )),
        Err(why) => Verdict::Unknown(format!(
            "what it names has changed, and whether the statement did it cannot be tried: {why}"
        )),
        Ok(expected) if unchanged => untouched(&expected, &before, &seen),
        Ok(expected) => changed(flight, &seen, &now, &expected),
    })
}

/// Nothing looks different: either it did not run, or it leaves no trace.
fn untouched(expected: &Evidence, before: &Evidence, seen: &Seen) -> Verdict {
    if expected.coarse(&seen.watched) == *before {
        Verdict::Unknown("it leaves what it names looking as before, so nothing tells".to_owned())
    } else {
        Verdict::NotApplied
    }
}

/// Something looks different: as the statement says, and in no other way?
fn changed(flight: &Flight<'_>, seen: &Seen, now: &Evidence, expected: &Evidence) -> Verdict {
    let as_said = match seen.proof {
        Proof::Made | Proof::Filled => now.0.iter().all(Option::is_some),
        Proof::Gone => now.0.iter().all(Option::is_none),
        Proof::Body => now.0.iter().all(|state| {
            state
                .as_deref()
                .is_some_and(|body| ends_with(flight.statement, body))
        }),
        Proof::Trial => now == expected,
        // Made by the same login under the same settings, in another database.
        Proof::View => now == expected,
        Proof::Emptied => false,
    };
    if as_said {
        return Verdict::Applied;
    }
    let names: Vec<&str> = seen.watched.iter().map(|one| one.name.as_str()).collect();
    Verdict::Unknown(format!(
        "{} changed since, but not in the way the statement says: somebody else changed it",
        names.join(", ")
    ))
}

/// Rows before and after a TRUNCATE, with the table's number where it is known.
fn emptied(before: &Evidence, now: &Evidence) -> Verdict {
    let rows = |evidence: &Evidence| evidence.0.first().is_some_and(Option::is_some);
    let id = |evidence: &Evidence| evidence.0.get(1).cloned().flatten();
    match (id(before), id(now)) {
        (Some(old), Some(new)) if old == new => return Verdict::NotApplied,
        _ if !rows(before) && !rows(now) => return Verdict::NotApplied,
        _ if rows(before) && !rows(now) => return Verdict::Applied,
        _ => {}
    }
    Verdict::Unknown("the table holds rows, which may have come after it was truncated".to_owned())
}

/// Does the statement end with this stored program's body? The body is the last part of the state.
fn ends_with(statement: &Statement, state: &str) -> bool {
    // Definer and head are on the first two lines.
    let body = state.splitn(3, '\n').nth(2).unwrap_or_default();
    let (statement, body) = (statement.tokens(), tokens(Dialect::Mysql, body));
    let tail = statement.len().checked_sub(body.len());
    !body.is_empty()
        && tail.is_some_and(|tail| {
            statement[tail..]
                .iter()
                .zip(&body)
                .all(|(one, other)| one.text == other.text)
        })
}

/// What the journal says the statement found.
async fn recorded(mysql: &mut Mysql, flight: &Flight<'_>, seen: &Seen) -> Result<Option<Evidence>> {
    let query = format!(
        "SELECT evidence, in_flight_sha256, CAST(in_flight AS CHAR) FROM sgmp_db_ledger WHERE id = {}",
        flight.entry
    );
    let sets = mysql.packet(&[&query]).await?;
    let text = |column: usize| -> Option<String> {
        sets[0]
            .first()?
            .get_opt::<Option<String>, _>(column)?
            .ok()?
    };
    let same = text(1).as_deref() == Some(fingerprint(flight.statement.text()).as_str());
    let (row, number) = (text(0).filter(|_| same), text(2));
    let evidence = match number.and_then(|number| number.parse().ok()) {
        Some(number) => texts::whole_evidence(mysql, flight.entry, number, row).await?,
        None => row,
    };
    Ok(evidence.and_then(|text| Evidence::from_text(&text, seen.watched.len())))
}

/// The state now, with definitions also where only existence was asked before.
async fn now(mysql: &mut Mysql, seen: &Seen) -> Result<Evidence> {
    let full: Vec<Watched> = seen
        .watched
        .iter()
        .cloned()
        .map(|watched| match (watched.kind, seen.proof) {
            (WatchedKind::TableExists, Proof::Trial) => Watched {
                kind: WatchedKind::TableDefinition,
                ..watched
            },
            _ => watched,
        })
        .collect();
    let conn = mysql.session().await?;
    // The names of what is looked at are quoted as the session quotes them.
    let pin: Result<Vec<Vec<Row>>, _> =
        session::packet(conn, &["SET NAMES utf8mb4", &PINNED]).await;
    if let Err(failed) = pin {
        return Err(Failure::failed(session::words(&failed.error))
            .on(Target::Mysql)
            .into());
    }
    evidence::look(conn, &full).await.map_err(|error| {
        Failure::failed(session::words(&error))
            .on(Target::Mysql)
            .into()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_compared_by_its_tokens() {
        let text = "CREATE TRIGGER g BEFORE INSERT ON a FOR EACH ROW\nBEGIN\n  SET NEW.b = 1;\nEND";
        let statement = &Statement::of(Dialect::Mysql, text);
        assert!(ends_with(
            statement,
            "x@%\nBEFORE INSERT ON a\nBEGIN\n  SET NEW.b = 1;\nEND"
        ));
        assert!(!ends_with(
            statement,
            "x@%\nBEFORE INSERT ON a\nBEGIN\n  SET NEW.b = 2;\nEND"
        ));
        assert!(!ends_with(statement, "x@%\nBEFORE INSERT ON a\n"));
    }

    #[test]
    fn a_truncate_is_decided_by_the_tables_number_else_by_its_rows() {
        let state = |rows: bool, id: Option<&str>| {
            Evidence(vec![rows.then(|| "rows".to_owned()), id.map(str::to_owned)])
        };
        let same = emptied(&state(true, Some("7")), &state(true, Some("7")));
        assert_eq!(same, Verdict::NotApplied);
        let gone = emptied(&state(true, None), &state(false, None));
        assert_eq!(gone, Verdict::Applied);
        let new_rows = emptied(&state(true, Some("7")), &state(true, Some("8")));
        assert!(matches!(new_rows, Verdict::Unknown(_)));
        let unknown = emptied(&state(true, None), &state(true, None));
        assert!(matches!(unknown, Verdict::Unknown(_)));
    }
}
