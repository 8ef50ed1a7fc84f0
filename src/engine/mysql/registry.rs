//! What the backend has written down about its continuous aggregates.

use super::{Mysql, record, session};
use crate::engine::{AggregateRegistry, Dependency, Event, Identity, NewEntry, Registry, ViewRow};
use anyhow::{Context, Result};
use async_trait::async_trait;
use mysql_async::{Row, from_row_opt};

const VIEWS: &str = "SELECT house_id, identifier, view_name FROM identifier_view \
     ORDER BY house_id, identifier";

const DEPENDENCIES: &str = "SELECT d.house_id, d.identifier, d.analytics_id, a.continuous_aggregation \
     FROM identifier_dependency d JOIN analytics a ON a.analytics_id = d.analytics_id \
     ORDER BY d.house_id, d.identifier, d.analytics_id";

#[async_trait(?Send)]
impl AggregateRegistry for Mysql {
    async fn read(&mut self) -> Result<Registry> {
        let sets = self
            .packet(&[VIEWS, DEPENDENCIES])
            .await
            .context("reading identifier_view and identifier_dependency")?;
        Ok(Registry {
            views: sets[0].iter().map(view).collect::<Result<_>>()?,
            dependencies: sets[1].iter().map(dependency).collect::<Result<_>>()?,
        })
    }

    fn insert_view(&self, row: &ViewRow) -> String {
        format!(
            "INSERT INTO identifier_view (house_id, identifier, view_name) VALUES ({}, {}, {})",
            row.house_id,
            session::readable(&row.identifier),
            session::readable(&row.view_name)
        )
    }

    fn delete_view(&self, row: &ViewRow) -> String {
        format!(
            "DELETE FROM identifier_view WHERE house_id = {} AND identifier = {}",
            row.house_id,
            session::readable(&row.identifier)
        )
    }

    fn delete_dependency(&self, dependency: &Dependency) -> String {
        format!(
            "DELETE FROM identifier_dependency WHERE house_id = {} AND identifier = {} AND analytics_id = {}",
            dependency.house_id,
            session::readable(&dependency.identifier),
            dependency.analytics_id
        )
    }

    async fn add_view(&mut self, row: &ViewRow, identity: &Identity) -> Result<()> {
        let insert = self.insert_view(row);
        let words = format!(
            "identifier_view: {} serves {} of house {}",
            row.view_name, row.identifier, row.house_id
        );
        let log = record::log_statement(&NewEntry {
            event: Event::Policy,
            details: &words,
            identity,
        });
        self.packet(&["START TRANSACTION", &insert, &log, "COMMIT"])
            .await
            .context("adding a row to identifier_view")?;
        Ok(())
    }
}

fn view(row: &Row) -> Result<ViewRow> {
    let (house_id, identifier, view_name) =
        from_row_opt(row.clone()).context("a row of identifier_view that is not the backend's")?;
    Ok(ViewRow {
        house_id,
        identifier,
        view_name,
    })
}

fn dependency(row: &Row) -> Result<Dependency> {
    let (house_id, identifier, analytics_id, is_wanted) = from_row_opt(row.clone())
        .context("a row of identifier_dependency that is not the backend's")?;
    Ok(Dependency {
        house_id,
        identifier,
        analytics_id,
        is_wanted,
    })
}
