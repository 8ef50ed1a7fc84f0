//! Which statement carries a step out, in the spelling that this server has.

use super::{quoted, session, spans};
use crate::connect::PgClient as Client;
use crate::policy::{OrderBy, Refresh, Retention, Span, Step, StepChange, TableName};
use tokio_postgres::Error;

/// Where the extension's functions are, and whether there is a policy named after the columnstore:
/// that one is a procedure.
const SERVER: &str = "SELECT pg_catalog.quote_ident(n.nspname), \
     EXISTS (SELECT FROM pg_catalog.pg_proc p WHERE p.pronamespace = n.oid AND p.proname = 'add_columnstore_policy' AND p.prokind = 'p') \
     FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace \
     WHERE e.extname = 'timescaledb'";

/// What the spelling depends on.
#[derive(Debug, Clone)]
pub struct Server {
    /// Quoted.
    pub schema: String,
    pub columnstore: bool,
}

impl Server {
    /// Asks the server.
    pub async fn ask(client: &Client) -> Result<Server, Error> {
        let rows = session::rows(client, SERVER).await?;
        Ok(Server {
            schema: rows
                .first()
                .map_or("public", |row| session::column(row, 0))
                .to_owned(),
            columnstore: rows
                .first()
                .is_some_and(|row| session::column(row, 1) == "t"),
        })
    }

    /// The statement of a step.
    pub fn statement(&self, step: &Step) -> String {
        let schema = &self.schema;
        let table = session::text(&quoted(&step.table));
        match &step.change {
            StepChange::SetChunkInterval(span) => format!(
                "SELECT {schema}.set_chunk_time_interval({table}, {})",
                spans::literal(span)
            ),
            StepChange::SetColumnstore {
                segment_by,
                order_by,
                aggregate,
            } => self.settings(
                &step.table,
                segment_by.as_deref(),
                order_by.as_deref(),
                *aggregate,
            ),
            StepChange::DisableColumnstore { aggregate } => {
                let off = if self.columnstore {
                    "timescaledb.enable_columnstore"
                } else {
                    "timescaledb.compress"
                };
                format!("{} SET ({off} = false)", alter(&step.table, *aggregate))
            }
            StepChange::AddRetention(retention) => {
                format!(
                    "SELECT {schema}.add_retention_policy({table}, {})",
                    argument(retention)
                )
            }
            StepChange::AddCompression(after) => {
                let after = spans::literal(after);
                match self.columnstore {
                    true => {
                        format!("CALL {schema}.add_columnstore_policy({table}, after => {after})")
                    }
                    false => format!("SELECT {schema}.add_compression_policy({table}, {after})"),
                }
            }
            StepChange::AddRefresh(refresh) => format!(
                "SELECT {schema}.add_continuous_aggregate_policy({table}, start_offset => {}, end_offset => {}, \
                 schedule_interval => INTERVAL '{}')",
                bound(refresh.start.as_ref()),
                bound(refresh.end.as_ref()),
                refresh.every
            ),
            StepChange::AlterRetention(job, retention) => {
                self.alter_job(*job, &retention_config(retention), None)
            }
            StepChange::AlterCompression(job, after) => {
                let config = format!("'compress_after', {}", spans::json(Some(after)));
                self.alter_job(*job, &config, None)
            }
            StepChange::AlterRefresh(job, refresh) => {
                self.alter_job(*job, &refresh_config(refresh), Some(refresh))
            }
            StepChange::Resume(job, _) => {
                format!("SELECT job_id FROM {schema}.alter_job({job}, scheduled => true)")
            }
            StepChange::RemoveJob(job, _) => format!("SELECT {schema}.delete_job({job})"),
        }
    }

    /// `alter_job` keeps the job's number, its schedule and its statistics.
    fn alter_job(&self, job: i64, config: &str, refresh: Option<&Refresh>) -> String {
        let schema = &self.schema;
        let every = refresh.map_or_else(String::new, |refresh| {
            format!("schedule_interval => INTERVAL '{}', ", refresh.every)
        });
        format!(
            "SELECT {schema}.alter_job(job_id, {every}config => config || pg_catalog.jsonb_build_object({config})) \
             FROM timescaledb_information.jobs WHERE job_id = {job}"
        )
    }

    fn settings(
        &self,
        table: &TableName,
        segment_by: Option<&[String]>,
        order_by: Option<&[OrderBy]>,
        aggregate: bool,
    ) -> String {
        let (on, segment, order) = match self.columnstore {
            true => ("enable_columnstore", "segmentby", "orderby"),
            false => ("compress", "compress_segmentby", "compress_orderby"),
        };
        let mut options = vec![format!("timescaledb.{on} = true")];
        if let Some(columns) = segment_by {
            let columns: Vec<String> = columns.iter().map(|one| session::identifier(one)).collect();
            options.push(format!(
                "timescaledb.{segment} = {}",
                session::text(&columns.join(", "))
            ));
        }
        if let Some(columns) = order_by {
            let columns: Vec<String> = columns.iter().map(order_sql).collect();
            options.push(format!(
                "timescaledb.{order} = {}",
                session::text(&columns.join(", "))
            ));
        }
        format!("{} SET ({})", alter(table, aggregate), options.join(", "))
    }
}

fn alter(table: &TableName, aggregate: bool) -> String {
    let kind = if aggregate {
        "MATERIALIZED VIEW"
    } else {
        "TABLE"
    };
    format!("ALTER {kind} {}", quoted(table))
}

fn order_sql(order: &OrderBy) -> String {
    let direction = if order.descending { "DESC" } else { "ASC" };
    let nulls = if order.nulls_first { "FIRST" } else { "LAST" };
    format!(
        "{} {direction} NULLS {nulls}",
        session::identifier(&order.column)
    )
}

fn argument(retention: &Retention) -> String {
    match retention {
        Retention::DropAfter(span) => format!("drop_after => {}", spans::literal(span)),
        Retention::DropCreatedBefore(interval) => {
            format!("drop_created_before => INTERVAL '{interval}'")
        }
        Retention::None => "drop_after => NULL".to_owned(),
    }
}

fn retention_config(retention: &Retention) -> String {
    match retention {
        Retention::DropAfter(span) => format!("'drop_after', {}", spans::json(Some(span))),
        Retention::DropCreatedBefore(interval) => {
            let span = Span::Interval(*interval);
            format!("'drop_created_before', {}", spans::json(Some(&span)))
        }
        Retention::None => "'drop_after', 'null'::jsonb".to_owned(),
    }
}

fn refresh_config(refresh: &Refresh) -> String {
    format!(
        "'start_offset', {}, 'end_offset', {}",
        spans::json(refresh.start.as_ref()),
        spans::json(refresh.end.as_ref())
    )
}

fn bound(span: Option<&Span>) -> String {
    span.map_or("NULL".to_owned(), spans::literal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_of_compression_are_spoken() {
        let step = |change| Step::new(&TableName::parse("t"), change);
        let after = step(StepChange::AddCompression(Span::parse("7 days").unwrap()));
        let on = step(StepChange::SetColumnstore {
            segment_by: Some(vec!["a\"b".to_owned()]),
            order_by: OrderBy::parse("t desc").map(|one| vec![one]),
            aggregate: false,
        });
        let server = |columnstore| Server {
            schema: "public".to_owned(),
            columnstore,
        };
        assert_eq!(
            server(true).statement(&after),
            "CALL public.add_columnstore_policy(E'\"public\".\"t\"', after => INTERVAL '7 days')"
        );
        assert_eq!(
            server(false).statement(&after),
            "SELECT public.add_compression_policy(E'\"public\".\"t\"', INTERVAL '7 days')"
        );
        assert_eq!(
            server(true).statement(&on),
            "ALTER TABLE \"public\".\"t\" SET (timescaledb.enable_columnstore = true, \
             timescaledb.segmentby = E'\"a\"\"b\"', timescaledb.orderby = E'\"t\" DESC NULLS FIRST')"
        );
        assert!(
            server(false)
                .statement(&on)
                .contains("timescaledb.compress_segmentby")
        );
    }
}
