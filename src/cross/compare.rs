//! From rows and aggregates to what does not fit, with the statements that repair each.

use crate::{
    engine::{
        AggregateRegistry, AggregateStore, Dependency, MadeAggregate, MadeAggregates, Registry,
        ViewRow,
    },
    outcome::{Change, Finding, Kind},
    policy::{Job, backend},
    target::Target,
};
use serde_json::json;
use sha2::{Digest, Sha256};

/// What `--fix-aggregates` does about an inconsistency. Nothing here drops anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Repair {
    AddRow(ViewRow),
    Create(ViewRow),
    AddRefresh(String),
}

/// One thing that does not fit.
#[derive(Debug, Clone)]
pub struct Inconsistency {
    pub finding: Finding,
    /// In order; empty where only somebody who knows may decide.
    pub repairs: Vec<Repair>,
}

/// Both sides as they are, and how each is spoken to.
struct Sides<'a> {
    registry: &'a Registry,
    made: &'a MadeAggregates,
    rows: &'a dyn AggregateRegistry,
    store: &'a dyn AggregateStore,
}

/// Compares.
pub fn compare(
    (registry, rows): (&Registry, &dyn AggregateRegistry),
    (made, store): (&MadeAggregates, &dyn AggregateStore),
) -> Vec<Inconsistency> {
    let sides = Sides {
        registry,
        made,
        rows,
        store,
    };
    let mut found = Vec::new();
    for row in &registry.views {
        sides.row(row, &mut found);
    }
    let adopted = sides.dependencies(&mut found);
    for aggregate in &made.made {
        let has_row = registry
            .views
            .iter()
            .any(|row| row.view_name == aggregate.name);
        if !has_row && !adopted.contains(&aggregate.name) {
            found.push(sides.without_row(aggregate));
        }
    }
    found
}

impl Sides<'_> {
    fn row(&self, row: &ViewRow, found: &mut Vec<Inconsistency>) {
        let made = self.made.made.iter().find(|one| one.name == row.view_name);
        let serves = |one: &Dependency| {
            one.is_wanted && one.house_id == row.house_id && one.identifier == row.identifier
        };
        if !self.registry.dependencies.iter().any(serves) {
            return found.push(self.without_dependency(row, made.is_some()));
        }
        let Some(aggregate) = made else {
            return found.push(self.without_aggregate(row));
        };
        if !self.store.is_as_made(&aggregate.definition, row) {
            found.push(self.other_definition(row, aggregate));
        }
        self.refresh(aggregate, found);
    }

    /// The dashboards query an aggregate that is not there.
    fn without_aggregate(&self, row: &ViewRow) -> Inconsistency {
        let message = format!(
            "identifier_view names {} for {} of house {}, and there is no such aggregate",
            row.view_name, row.identifier, row.house_id
        );
        let finding = finding(Target::Timescale, &row.view_name, Change::Missing, message);
        self.repaired(finding, vec![Repair::Create(row.clone())])
    }

    /// The backend was cut off between its last dependency and the row, or between row and view.
    fn without_dependency(&self, row: &ViewRow, is_made: bool) -> Inconsistency {
        let message = format!(
            "identifier_view names {} for {} of house {}, and no analytic item with continuous aggregation depends on it",
            row.view_name, row.identifier, row.house_id
        );
        let mut statements = vec![format!("in MySQL: {};", self.rows.delete_view(row))];
        if is_made {
            let drop = self.store.drop(&row.view_name);
            statements.push(format!("then in TimescaleDB, with its data: {drop};"));
        }
        let finding = finding(Target::Mysql, &row.view_name, Change::Unexpected, message);
        by_hand(finding, &statements.join(" "))
    }

    fn without_row(&self, aggregate: &MadeAggregate) -> Inconsistency {
        let message = format!(
            "the aggregate {} has no row in identifier_view, so nobody queries it",
            aggregate.name
        );
        let finding = finding(
            Target::Timescale,
            &aggregate.name,
            Change::Unexpected,
            message,
        );
        let drop = self.store.drop(&aggregate.name);
        by_hand(finding, &format!("drop it with its data: {drop};"))
    }

    fn other_definition(&self, row: &ViewRow, aggregate: &MadeAggregate) -> Inconsistency {
        let create = self.store.create(row);
        let message = format!(
            "{} does not select what the backend makes it select for {} of house {}",
            row.view_name, row.identifier, row.house_id
        );
        let finding = finding(Target::Timescale, &row.view_name, Change::Changed, message)
            .path("definition")
            .values(
                create.first().map(|sql| json!(sql)),
                Some(json!(aggregate.definition.trim())),
            );
        let statements = format!(
            "make it anew, which loses what is older than the rows of house_data: {}; {};",
            self.store.drop(&row.view_name),
            create.join("; ")
        );
        by_hand(finding, &statements)
    }

    /// Dependencies without a row; returns the aggregates that turned out to be theirs.
    fn dependencies(&self, found: &mut Vec<Inconsistency>) -> Vec<String> {
        let mut adopted: Vec<String> = Vec::new();
        let mut told: Vec<(i64, &str)> = Vec::new();
        for one in &self.registry.dependencies {
            if !one.is_wanted {
                found.push(self.unwanted(one));
                continue;
            }
            let key = (one.house_id, one.identifier.as_str());
            let has_row = self
                .registry
                .views
                .iter()
                .any(|row| (row.house_id, row.identifier.as_str()) == key);
            if has_row || told.contains(&key) {
                continue;
            }
            told.push(key);
            let (row, is_made) = self.row_for(one);
            let message = format!(
                "analytic item {} depends on {} of house {}, and identifier_view names no aggregate for it",
                one.analytics_id, one.identifier, one.house_id
            );
            let finding = finding(Target::Mysql, &row.view_name, Change::Missing, message);
            let mut repairs = vec![Repair::AddRow(row.clone())];
            if is_made {
                adopted.push(row.view_name);
            } else {
                repairs.push(Repair::Create(row));
            }
            found.push(self.repaired(finding, repairs));
        }
        adopted
    }

    /// An aggregate without a row that selects just this is the one whose row was lost.
    fn row_for(&self, dependency: &Dependency) -> (ViewRow, bool) {
        let row = |view_name: String| ViewRow {
            house_id: dependency.house_id,
            identifier: dependency.identifier.clone(),
            view_name,
        };
        let lost = self.made.made.iter().find(|one| {
            backend::house(&one.name) == Some(dependency.house_id)
                && !self
                    .registry
                    .views
                    .iter()
                    .any(|view| view.view_name == one.name)
                && self
                    .store
                    .is_as_made(&one.definition, &row(one.name.clone()))
        });
        match lost {
            Some(lost) => (row(lost.name.clone()), true),
            None => (row(self.free_name(dependency)), false),
        }
    }

    /// The same name whenever it is asked for, as long as it is free.
    fn free_name(&self, dependency: &Dependency) -> String {
        let names = (0_u32..).map(|attempt| {
            let seed = format!(
                "{}/{}/{attempt}",
                dependency.house_id, dependency.identifier
            );
            let letters: String = Sha256::digest(seed.as_bytes())
                .iter()
                .take(6)
                .map(|byte| char::from(b'a' + byte % 26))
                .collect();
            format!("house_{}_{letters}", dependency.house_id)
        });
        let is_free = |name: &String| {
            !self.made.made.iter().any(|one| one.name == *name)
                && !self.registry.views.iter().any(|row| row.view_name == *name)
        };
        names.take(1000).find(is_free).unwrap_or_default()
    }

    fn unwanted(&self, dependency: &Dependency) -> Inconsistency {
        let message = format!(
            "identifier_dependency has {} of house {} for analytic item {}, whose continuous aggregation is off",
            dependency.identifier, dependency.house_id, dependency.analytics_id
        );
        let object = format!("analytics {}", dependency.analytics_id);
        let finding = finding(Target::Mysql, &object, Change::Unexpected, message);
        let delete = self.rows.delete_dependency(dependency);
        by_hand(finding, &format!("in MySQL: {delete};"))
    }

    fn refresh(&self, aggregate: &MadeAggregate, found: &mut Vec<Inconsistency>) {
        let name = &aggregate.name;
        let wanted = backend::refresh();
        let told = |change, message: String| {
            finding(Target::Timescale, name, change, message).path("refresh")
        };
        let Some((first, others)) = aggregate.jobs.split_first() else {
            let message =
                format!("{name} has no refresh policy, so it stays as it is; {wanted} is expected");
            let repairs = vec![Repair::AddRefresh(name.clone())];
            return found.push(self.repaired(told(Change::Missing, message), repairs));
        };
        if first.refresh != Some(wanted) {
            let actual = first
                .refresh
                .map_or_else(|| "otherwise".to_owned(), |one| one.to_string());
            let message = format!("{name} is refreshed {actual}; the backend makes it {wanted}");
            let told = told(Change::Changed, message)
                .values(Some(json!(wanted.to_string())), Some(json!(actual)));
            found.push(by_hand(
                told,
                &format!("{};", self.store.alter_refresh(first.id)),
            ));
        }
        if let Some((message, statement)) = unwell(name, first) {
            found.push(by_hand(told(Change::Changed, message), &statement));
        }
        for job in others {
            let message = format!(
                "{name} has another refresh policy, job {}; the backend makes one",
                job.id
            );
            let delete = format!("SELECT delete_job({});", job.id);
            found.push(by_hand(told(Change::Unexpected, message), &delete));
        }
    }

    fn repaired(&self, finding: Finding, repairs: Vec<Repair>) -> Inconsistency {
        let statements: Vec<String> = repairs
            .iter()
            .map(|repair| self.statement(repair))
            .collect();
        let needs_aggregates = |repair: &Repair| !matches!(repair, Repair::AddRow(_));
        if !self.made.can_exist && repairs.iter().any(needs_aggregates) {
            let words = "this server's licence allows no continuous aggregates; on one that does: ";
            return by_hand(finding, &format!("{words}{}", statements.join(" ")));
        }
        let remedy = format!(
            "sgmp-db policies --fix-aggregates, or by hand: {}",
            statements.join(" ")
        );
        Inconsistency {
            finding: finding.remedy(remedy),
            repairs,
        }
    }

    fn statement(&self, repair: &Repair) -> String {
        match repair {
            Repair::AddRow(row) => format!("in MySQL: {};", self.rows.insert_view(row)),
            Repair::Create(row) => {
                format!("in TimescaleDB: {};", self.store.create(row).join("; "))
            }
            Repair::AddRefresh(name) => {
                format!("in TimescaleDB: {};", self.store.add_refresh(name))
            }
        }
    }
}

/// What keeps the right policy from working.
fn unwell(name: &str, job: &Job) -> Option<(String, String)> {
    if !job.scheduled {
        let resume = format!("SELECT alter_job({}, scheduled => true);", job.id);
        return Some((
            format!("the refresh policy of {name} is paused (job {})", job.id),
            resume,
        ));
    }
    let failing = job.failing.as_ref()?;
    let message = format!(
        "the refresh policy of {name} is failing, {} failed runs (job {})",
        failing.failures, job.id
    );
    Some((message, format!("CALL run_job({});", job.id)))
}

fn finding(target: Target, object: &str, change: Change, message: String) -> Finding {
    Finding::new(Kind::CrossDatabase, target, message)
        .about(object)
        .change(change)
}

fn by_hand(finding: Finding, statements: &str) -> Inconsistency {
    Inconsistency {
        finding: finding.remedy(statements),
        repairs: Vec::new(),
    }
}
