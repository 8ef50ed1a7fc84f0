//! The first turn: licence, hypertables and aggregates, jobs with their statistics.

use super::{quoted, session, spans};
use crate::connect::PgClient as Client;
use crate::policy::{
    Failing, Interval, Job, JobKind, Policies, PolicyState, Refresh, Retention, Span, Stalled,
    TableName, TableState, TimeKind,
};
use futures_util::try_join;
use std::collections::BTreeMap;
use tokio_postgres::{Error, SimpleQueryRow};

/// What there is to ask, by what is there and not by the version. `pg_has_role` tells whether the
/// errors of somebody else's jobs may be seen. The server's own processes are hidden from an ordinary
/// role: where it sees no checkpointer, no scheduler says nothing. A standby runs no jobs.
const ABILITIES: &str = "SELECT pg_catalog.current_setting('timescaledb.license', true), \
     (SELECT extversion FROM pg_catalog.pg_extension WHERE extname = 'timescaledb'), \
     pg_catalog.to_regclass('timescaledb_information.job_errors') IS NOT NULL, \
     pg_catalog.to_regclass('timescaledb_information.compression_settings') IS NOT NULL, \
     pg_catalog.to_regclass('public.sgmp_db_ledger') IS NOT NULL, \
     CASE WHEN NOT pg_catalog.pg_is_in_recovery() AND EXISTS \
     (SELECT FROM pg_catalog.pg_stat_activity WHERE backend_type = 'checkpointer') THEN EXISTS \
     (SELECT FROM pg_catalog.pg_stat_activity WHERE datname = pg_catalog.current_database() \
     AND backend_type LIKE 'TimescaleDB%Scheduler') END";

/// Hypertables and aggregates by their first dimension. `to_jsonb` reads columns that not every
/// version has. A number's clock is a function without arguments, of which the view tells no schema.
const TABLES: &str = "SELECT COALESCE(ca.view_schema, d.hypertable_schema), \
     COALESCE(ca.view_name, d.hypertable_name), \
     d.hypertable_schema, \
     d.hypertable_name, \
     COALESCE(over.view_schema, ca.hypertable_schema), \
     COALESCE(over.view_name, ca.hypertable_name), \
     COALESCE(h.compression_enabled, (pg_catalog.to_jsonb(ca) ->> 'compression_enabled')::boolean, false), \
     d.column_type, \
     (EXTRACT(EPOCH FROM d.time_interval) * 1000000)::bigint, \
     d.integer_interval, \
     (SELECT pg_catalog.format('%I.%I()', n.nspname, p.proname) \
     FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace \
     WHERE p.proname = d.integer_now_func AND p.pronargs = 0 ORDER BY n.nspname LIMIT 1), \
     ca.view_definition, \
     (SELECT pg_catalog.json_agg(a.attname) FROM pg_catalog.pg_attribute a \
     WHERE a.attnum > 0 AND NOT a.attisdropped AND a.attrelid = pg_catalog.to_regclass(pg_catalog.format('%I.%I', \
     COALESCE(ca.view_schema, d.hypertable_schema), COALESCE(ca.view_name, d.hypertable_name)))) \
     FROM timescaledb_information.dimensions d \
     LEFT JOIN timescaledb_information.hypertables h USING (hypertable_schema, hypertable_name) \
     LEFT JOIN timescaledb_information.continuous_aggregates ca \
     ON ca.materialization_hypertable_schema = d.hypertable_schema \
     AND ca.materialization_hypertable_name = d.hypertable_name \
     LEFT JOIN timescaledb_information.continuous_aggregates over \
     ON over.materialization_hypertable_schema = ca.hypertable_schema \
     AND over.materialization_hypertable_name = ca.hypertable_name \
     WHERE d.dimension_number = 1 \
     ORDER BY 1, 2";

/// What is known of one table beyond its state.
#[derive(Debug, Clone, Default)]
pub struct Storage {
    /// The hypertable itself: an aggregate's has another name than the aggregate.
    pub hypertable: Option<TableName>,
    pub column_type: String,
    /// The function that tells an integer time column's now.
    pub now: Option<String>,
    pub columnstore: bool,
}

/// What the first turn tells.
pub struct Facts {
    pub state: PolicyState,
    pub storage: BTreeMap<TableName, Storage>,
    pub has_errors: bool,
    pub has_settings: bool,
    pub has_ledger: bool,
}

/// Asks everything that does not depend on another answer.
pub async fn read(client: &Client, policies: &Policies) -> Result<Facts, Error> {
    let (jobs, others) = (jobs_query(), others_query(policies));
    let (abilities, tables, jobs, others) = try_join!(
        session::rows(client, ABILITIES),
        session::rows(client, TABLES),
        session::rows(client, &jobs),
        session::rows(client, &others)
    )?;
    let ability = |index| {
        abilities
            .first()
            .and_then(|row| session::optional(row, index))
    };
    let mut state = PolicyState {
        can_have_policies: ability(0) != Some("apache"),
        has_scheduler: ability(5).map(|answer| answer == "t"),
        several_refreshes: ability(1).is_some_and(allows_several_refreshes),
        ..PolicyState::default()
    };
    let mut storage = BTreeMap::new();
    for row in &tables {
        let name = name(row, 0);
        storage.insert(name.clone(), storage_of(row));
        state.tables.insert(name, table(row));
    }
    follow_clocks(&mut state.tables);
    state.jobs = jobs.iter().filter_map(job).collect();
    state.others = others.iter().map(other).collect();
    Ok(Facts {
        state,
        storage,
        has_errors: ability(2) == Some("t"),
        has_settings: ability(3) == Some("t"),
        has_ledger: ability(4) == Some("t"),
    })
}

/// Several refresh policies for one aggregate came with 2.21; nothing in the catalog tells.
fn allows_several_refreshes(version: &str) -> bool {
    let mut parts = version
        .split(['.', '-'])
        .map(|part| part.parse::<u32>().unwrap_or(0));
    (parts.next().unwrap_or(0), parts.next().unwrap_or(0)) >= (2, 21)
}

/// Jobs that are policies. Before 2.20 the job of an aggregate names its materialisation table.
fn jobs_query() -> String {
    let names: Vec<String> = JobKind::ALL
        .iter()
        .map(|row| session::text(row.1))
        .collect();
    let config = |key: &str| spans::sql(&format!("j.config ->> '{key}'"));
    format!(
        "SELECT COALESCE(ca.view_schema, j.hypertable_schema), \
         COALESCE(ca.view_name, j.hypertable_name), \
         j.job_id, \
         j.proc_name, \
         j.scheduled, \
         {}, {}, {}, {}, {}, {}, \
         pg_catalog.to_char(NULLIF(s.last_successful_finish, '-infinity') AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), \
         NULLIF(s.last_successful_finish, '-infinity') > pg_catalog.now() - 2 * j.schedule_interval, \
         s.last_run_status = 'Failed', \
         s.total_failures, \
         CASE WHEN NOT j.scheduled THEN NULL \
         WHEN j.next_start = 'infinity' THEN 'never' \
         WHEN j.next_start IS NULL AND s.last_run_started_at > '-infinity' AND s.job_status <> 'Running' THEN 'unplanned' \
         WHEN j.next_start > '-infinity' AND j.next_start < pg_catalog.now() - j.schedule_interval - interval '1 hour' THEN \
         pg_catalog.to_char(j.next_start AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') END \
         FROM timescaledb_information.jobs j \
         LEFT JOIN timescaledb_information.job_stats s USING (job_id) \
         LEFT JOIN timescaledb_information.continuous_aggregates ca \
         ON ca.materialization_hypertable_schema = j.hypertable_schema \
         AND ca.materialization_hypertable_name = j.hypertable_name \
         WHERE j.proc_schema LIKE '\\_timescaledb\\_%' AND j.proc_name IN ({}) \
         ORDER BY j.job_id",
        spans::sql("j.schedule_interval"),
        config("drop_after"),
        config("drop_created_before"),
        config("compress_after"),
        config("start_offset"),
        config("end_offset"),
        names.join(", ")
    )
}

/// What stands under the file's names, for those that turn out to be no hypertable.
fn others_query(policies: &Policies) -> String {
    let mut names: Vec<String> = policies
        .tables
        .keys()
        .map(|name| format!("pg_catalog.to_regclass({})", session::text(&quoted(name))))
        .collect();
    names.push("NULL".to_owned());
    format!(
        "SELECT n.nspname, c.relname, c.relkind FROM pg_catalog.pg_class c \
         JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         WHERE c.oid IN ({}) ORDER BY 1, 2",
        names.join(", ")
    )
}

fn name(row: &SimpleQueryRow, at: usize) -> TableName {
    TableName {
        schema: session::column(row, at).to_owned(),
        name: session::column(row, at + 1).to_owned(),
    }
}

fn storage_of(row: &SimpleQueryRow) -> Storage {
    Storage {
        hypertable: Some(name(row, 2)),
        columnstore: session::column(row, 6) == "t",
        column_type: session::column(row, 7).to_owned(),
        now: session::optional(row, 10).map(str::to_owned),
    }
}

fn table(row: &SimpleQueryRow) -> TableState {
    let number = |index| session::optional(row, index).and_then(|text| text.parse::<i64>().ok());
    TableState {
        source: session::optional(row, 5).map(|_| name(row, 4)),
        chunk_interval: match (number(8), number(9)) {
            (Some(microseconds), _) => Some(Span::Interval(of_microseconds(microseconds))),
            (None, integer) => integer.map(Span::Integer),
        },
        columnstore: None,
        time: match session::column(row, 7) {
            "smallint" | "integer" | "bigint" => TimeKind::Number {
                has_now: session::optional(row, 10).is_some(),
            },
            "date" => TimeKind::Date,
            _ => TimeKind::Time,
        },
        bucket: session::optional(row, 11).and_then(bucket),
        columns: session::optional(row, 12)
            .and_then(|list| serde_json::from_str(list).ok())
            .unwrap_or_default(),
    }
}

/// The first argument of `time_bucket` in an aggregate's definition as the server prints it.
fn bucket(definition: &str) -> Option<Span> {
    let (_, call) = definition.split_once("time_bucket(")?;
    // A number that was cast stands in brackets: `(100)::bigint`.
    let argument = call.trim_start_matches([' ', '(']);
    match argument.strip_prefix('\'') {
        Some(quoted) => Span::parse(quoted.split('\'').next()?),
        None => Span::parse(argument.split([',', ':', ')']).next()?),
    }
}

/// An aggregate of numbers goes by the clock of the table that it aggregates in the end.
fn follow_clocks(tables: &mut BTreeMap<TableName, TableState>) {
    // As often as aggregates can stand on each other, which ends.
    for _ in 0..tables.len() {
        let clocks: Vec<(TableName, TimeKind)> = tables
            .iter()
            .filter_map(|(name, state)| {
                let time = tables.get(state.source.as_ref()?)?.time;
                let number = matches!(
                    (time, state.time),
                    (TimeKind::Number { .. }, TimeKind::Number { .. })
                );
                (number && time != state.time).then(|| (name.clone(), time))
            })
            .collect();
        if clocks.is_empty() {
            return;
        }
        for (name, time) in clocks {
            tables.entry(name).and_modify(|state| state.time = time);
        }
    }
}

/// In whole days where it is.
fn of_microseconds(microseconds: i64) -> Interval {
    const DAY: i64 = 86_400_000_000;
    let whole = microseconds % DAY == 0;
    Interval {
        months: 0,
        days: if whole { microseconds / DAY } else { 0 },
        microseconds: if whole { 0 } else { microseconds },
    }
}

fn job(row: &SimpleQueryRow) -> Option<Job> {
    let kind = JobKind::ALL
        .iter()
        .find(|kind| kind.1 == session::column(row, 3))?
        .0;
    let span = |index| spans::read(row, index);
    let every = match span(5) {
        Some(Span::Interval(interval)) => interval,
        _ => Interval::default(),
    };
    let created = match span(7) {
        Some(Span::Interval(interval)) => Some(Retention::DropCreatedBefore(interval)),
        _ => None,
    };
    let failing = (session::column(row, 13) == "t").then(|| Failing {
        failures: session::column(row, 14).parse().unwrap_or(0),
        ..Failing::default()
    });
    Some(Job {
        id: session::column(row, 2).parse().ok()?,
        kind,
        table: name(row, 0),
        scheduled: session::column(row, 4) == "t",
        every,
        retention: span(6).map(Retention::DropAfter).or(created),
        after: span(8),
        refresh: (kind == JobKind::Refresh).then(|| Refresh {
            start: span(9),
            end: span(10),
            every,
        }),
        last_success: session::optional(row, 11).map(str::to_owned),
        succeeded_lately: session::column(row, 12) == "t",
        failing,
        stalled: session::optional(row, 15).map(|why| match why {
            "never" => Stalled::Never,
            "unplanned" => Stalled::Unplanned,
            since => Stalled::Overdue(since.to_owned()),
        }),
    })
}

fn other(row: &SimpleQueryRow) -> (TableName, &'static str) {
    let what = match session::column(row, 2) {
        "r" => "a plain table",
        "p" => "a partitioned table",
        "v" => "a view",
        "m" => "a materialized view",
        "f" => "a foreign table",
        _ => "something else",
    };
    (name(row, 0), what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_refresh_policies_are_a_matter_of_the_version() {
        let allowed = ["2.21.0", "2.31.0", "2.23.0-dev", "3.0"];
        assert!(allowed.into_iter().all(allows_several_refreshes));
        assert!(
            !["2.20.3", "2.5.0", ""]
                .into_iter()
                .any(allows_several_refreshes)
        );
    }

    #[test]
    fn the_bucket_of_an_aggregate_is_read_from_its_definition() {
        for (definition, expected) in [
            (
                " SELECT time_bucket('1 mon'::interval, hd.ts) AS b,",
                Some("1 month"),
            ),
            (
                "SELECT public.time_bucket('01:00:00'::interval, ts)",
                Some("1 hour"),
            ),
            ("SELECT time_bucket((100)::bigint, t)", Some("100")),
            ("SELECT time_bucket(100, t)", Some("100")),
            ("SELECT 1", None),
        ] {
            let read = bucket(definition).map(|span| span.to_string());
            assert_eq!(read.as_deref(), expected, "{definition}");
        }
    }

    #[test]
    fn a_chunk_interval_reads_in_days_where_it_is_days() {
        assert_eq!(of_microseconds(604_800_000_000).to_string(), "7 days");
        assert_eq!(
            of_microseconds(5_400_000_000).to_string(),
            "1 hour 30 minutes"
        );
    }
}
