//! The second turn: what is asked only because of what the first one told.

use super::{
    catalog::{Facts, Storage},
    quoted, session, spans,
};
use crate::connect::PgClient as Client;
use crate::policy::{
    ColumnstoreState, Compression, Doomed, JobKind, Loss, OrderBy, Policies, PolicyState,
    Retention, Span, TableName,
};
use futures_util::{future::try_join_all, try_join};
use std::collections::BTreeMap;
use tokio_postgres::{Error, SimpleQueryRow};

/// Typed settings; absent from versions that have dropped the view.
const SETTINGS: &str = "SELECT hypertable_schema, hypertable_name, attname, segmentby_column_index, \
     orderby_column_index, orderby_asc, orderby_nullsfirst \
     FROM timescaledb_information.compression_settings \
     ORDER BY 1, 2, 4 NULLS LAST, 5";

/// The same as lists in text.
const SETTINGS_AS_TEXT: &str = "SELECT n.nspname, c.relname, s.segmentby, s.orderby \
     FROM timescaledb_information.hypertable_columnstore_settings s \
     JOIN pg_catalog.pg_class c ON c.oid = s.hypertable \
     JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
     ORDER BY 1, 2";

/// Fills in the rest of the state.
pub async fn read(
    client: &Client,
    policies: &Policies,
    facts: Facts,
) -> Result<PolicyState, Error> {
    let asker = Asker {
        client,
        policies,
        facts: &facts,
    };
    let (settings, errors, doomed, compressed) = try_join!(
        asker.settings(),
        asker.errors(),
        asker.doomed(),
        asker.compressed()
    )?;
    let Facts {
        mut state, storage, ..
    } = facts;
    for (name, storage) in storage.iter().filter(|(_, storage)| storage.columnstore) {
        let own = storage
            .hypertable
            .as_ref()
            .and_then(|hypertable| settings.get(hypertable));
        if let Some(table) = state.tables.get_mut(name) {
            table.columnstore = Some(own.cloned().unwrap_or_default());
        }
    }
    for row in &errors {
        let id = session::column(row, 0).parse::<i64>().ok();
        let job = state.jobs.iter_mut().find(|job| Some(job.id) == id);
        if let Some(failing) = job.and_then(|job| job.failing.as_mut()) {
            failing.since = session::optional(row, 1).map(str::to_owned);
            failing.error = session::optional(row, 2).map(str::to_owned);
        }
    }
    state.doomed = doomed;
    state.compressed = compressed;
    Ok(state)
}

struct Asker<'a> {
    client: &'a Client,
    policies: &'a Policies,
    facts: &'a Facts,
}

impl Asker<'_> {
    async fn settings(&self) -> Result<BTreeMap<TableName, ColumnstoreState>, Error> {
        let mut settings: BTreeMap<TableName, ColumnstoreState> = BTreeMap::new();
        if !self
            .facts
            .storage
            .values()
            .any(|storage| storage.columnstore)
        {
            return Ok(settings);
        }
        if !self.facts.has_settings {
            let rows = session::rows(self.client, SETTINGS_AS_TEXT).await?;
            settings.extend(rows.iter().map(|row| (name(row), of_text(row))));
            return Ok(settings);
        }
        for row in session::rows(self.client, SETTINGS).await? {
            let table = settings.entry(name(&row)).or_default();
            let column = session::column(&row, 2).to_owned();
            if session::optional(&row, 3).is_some() {
                table.segment_by.push(column);
            } else if session::optional(&row, 4).is_some() {
                table.order_by.push(OrderBy {
                    column,
                    descending: session::column(&row, 5) == "f",
                    nulls_first: session::column(&row, 6) == "t",
                });
            }
        }
        Ok(settings)
    }

    /// Since when failing jobs fail, and with which words.
    async fn errors(&self) -> Result<Vec<SimpleQueryRow>, Error> {
        let failing = self
            .facts
            .state
            .jobs
            .iter()
            .filter(|job| job.failing.is_some());
        let ids: Vec<String> = failing.map(|job| job.id.to_string()).collect();
        if ids.is_empty() || !self.facts.has_errors {
            return Ok(Vec::new());
        }
        let query = format!(
            "SELECT e.job_id, \
             pg_catalog.to_char(min(e.start_time) AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), \
             (pg_catalog.array_agg(e.err_message ORDER BY e.start_time DESC))[1] \
             FROM timescaledb_information.job_errors e \
             JOIN timescaledb_information.job_stats s USING (job_id) \
             WHERE e.job_id IN ({}) \
             AND (s.last_successful_finish IS NULL OR e.start_time > s.last_successful_finish) \
             GROUP BY e.job_id ORDER BY e.job_id",
            ids.join(", ")
        );
        session::rows(self.client, &query).await
    }

    async fn compressed(&self) -> Result<BTreeMap<TableName, i64>, Error> {
        let off = |name: &&TableName| {
            let wishes = self.policies.tables.get(*name);
            wishes.is_some_and(|wishes| wishes.compression == Some(Compression::None))
        };
        let tables = self
            .facts
            .storage
            .iter()
            .filter(|(_, storage)| storage.columnstore);
        let asked = tables
            .filter(|(name, _)| off(name))
            .map(|(name, storage)| async move {
                let Some(hypertable) = &storage.hypertable else {
                    return Ok((name.clone(), 0));
                };
                let query = format!(
                    "SELECT count(*) FROM timescaledb_information.chunks \
                 WHERE hypertable_schema = {} AND hypertable_name = {} AND is_compressed",
                    session::text(&hypertable.schema),
                    session::text(&hypertable.name)
                );
                let rows = session::rows(self.client, &query).await?;
                let count = rows
                    .first()
                    .and_then(|row| session::column(row, 0).parse().ok());
                Ok((name.clone(), count.unwrap_or(0)))
            });
        Ok(try_join_all(asked).await?.into_iter().collect())
    }

    async fn doomed(&self) -> Result<BTreeMap<TableName, Doomed>, Error> {
        let stated = self.policies.tables.iter().filter_map(|(name, wishes)| {
            let retention = wishes.retention.filter(|one| *one != Retention::None)?;
            let storage = self.facts.storage.get(name)?;
            let old = old(storage, &retention, "INTERVAL '0'")?;
            Some((name, storage, retention, old))
        });
        let asked = stated.map(|(name, storage, retention, old)| async move {
            let doomed = self.doomed_of(name, storage, &retention, &old).await?;
            Ok((name.clone(), doomed))
        });
        Ok(try_join_all(asked).await?.into_iter().collect())
    }

    async fn doomed_of(
        &self,
        name: &TableName,
        storage: &Storage,
        wanted: &Retention,
        old_now: &str,
    ) -> Result<Doomed, Error> {
        let table = session::text(&quoted(name));
        let jobs = self.facts.state.jobs_of(name, JobKind::Retention);
        let job = jobs.first();
        let success = job.and_then(|job| job.last_success.as_ref());
        let missed = success.map(|when| {
            let ago = format!("(pg_catalog.now() - {}::timestamptz)", session::text(when));
            old(storage, wanted, &ago)
        });
        let count = |old: &str| format!("(SELECT count(*) FROM show_chunks({table}, {old}))");
        let changed = match self.facts.has_ledger {
            true => format!(
                "COALESCE((SELECT max(started_at) FROM public.sgmp_db_ledger WHERE event = 'policy' AND details LIKE {}) \
                 > {}, false)",
                session::text(&format!(
                    "retention of {}:%",
                    name.to_string().replace('_', "\\_")
                )),
                success.map_or("'-infinity'::timestamptz".to_owned(), |when| format!(
                    "{}::timestamptz",
                    session::text(when)
                ))
            ),
            false => "false".to_owned(),
        };
        let query = format!(
            "SELECT {}, {}, {changed}",
            count(old_now),
            missed.flatten().map_or("0".to_owned(), |old| count(&old))
        );
        let in_line = job.is_some_and(|job| job.scheduled && job.retention == Some(*wanted));
        let counted = session::rows(self.client, &query);
        let measured = self.loss(name, storage, old_now, in_line);
        let (counted, loss) = try_join!(counted, measured)?;
        let number = |index| {
            let text = counted.first().map(|row| session::column(row, index));
            text.and_then(|text| text.parse().ok()).unwrap_or(0)
        };
        Ok(Doomed {
            chunks: number(0),
            missed: number(1),
            changed_since: counted
                .first()
                .is_some_and(|row| session::column(row, 2) == "t"),
            loss,
        })
    }

    /// Size and range of the old chunks, only where a change may let them go.
    async fn loss(
        &self,
        name: &TableName,
        storage: &Storage,
        old: &str,
        in_line: bool,
    ) -> Result<Option<Loss>, Error> {
        let Some(hypertable) = storage.hypertable.as_ref().filter(|_| !in_line) else {
            return Ok(None);
        };
        let query = format!(
            "SELECT COALESCE(sum(s.total_bytes), 0), \
             COALESCE(min(c.range_start)::text, min(c.range_start_integer)::text), \
             COALESCE(max(c.range_end)::text, max(c.range_end_integer)::text) \
             FROM (SELECT * FROM timescaledb_information.chunks WHERE hypertable_schema = {} AND hypertable_name = {}) AS c \
             JOIN chunks_detailed_size({}) s USING (chunk_schema, chunk_name) \
             WHERE pg_catalog.format('%I.%I', c.chunk_schema, c.chunk_name)::regclass \
             IN (SELECT show_chunks({}, {old}))",
            session::text(&hypertable.schema),
            session::text(&hypertable.name),
            session::text(&quoted(hypertable)),
            session::text(&quoted(name))
        );
        let rows = session::rows(self.client, &query).await?;
        Ok(rows.first().and_then(|row| {
            Some(Loss {
                bytes: session::column(row, 0).parse().ok()?,
                from: session::optional(row, 1)?.to_owned(),
                to: session::optional(row, 2)?.to_owned(),
            })
        }))
    }
}

/// The argument of `show_chunks` and `drop_chunks` that picks what the policy would drop, seen from
/// `ago` before now. None where a number's clock is not known, or not for another time than now.
pub fn old(storage: &Storage, retention: &Retention, ago: &str) -> Option<String> {
    let numbers = matches!(
        storage.column_type.as_str(),
        "smallint" | "integer" | "bigint"
    );
    match retention {
        // Refused elsewhere: the file says a time where there are numbers, or the other way round.
        Retention::DropAfter(span) if matches!(span, Span::Integer(_)) != numbers => None,
        Retention::DropAfter(Span::Interval(interval)) => {
            Some(format!("older_than => INTERVAL '{interval}' + {ago}"))
        }
        Retention::DropCreatedBefore(interval) => {
            Some(format!("created_before => INTERVAL '{interval}' + {ago}"))
        }
        Retention::DropAfter(span @ Span::Integer(_)) => {
            let (now, literal) = (storage.now.as_ref()?, spans::literal(span));
            let kind = &storage.column_type;
            (ago == "INTERVAL '0'").then(|| format!("older_than => ({now} - {literal})::{kind}"))
        }
        Retention::None => None,
    }
}

fn name(row: &SimpleQueryRow) -> TableName {
    TableName {
        schema: session::column(row, 0).to_owned(),
        name: session::column(row, 1).to_owned(),
    }
}

fn of_text(row: &SimpleQueryRow) -> ColumnstoreState {
    let words = |index| {
        let text = session::column(row, index);
        let words = text
            .split(',')
            .map(str::trim)
            .filter(|word| !word.is_empty());
        words.map(str::to_owned).collect::<Vec<String>>()
    };
    ColumnstoreState {
        segment_by: words(2)
            .iter()
            .map(|word| word.trim_matches('"').to_owned())
            .collect(),
        order_by: words(3)
            .iter()
            .filter_map(|word| OrderBy::parse(word))
            .collect(),
    }
}
