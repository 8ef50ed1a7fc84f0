//! The databases that a command addresses, with their files.

use crate::{
    config::{MigrationsFrom, Settings},
    connect::{ConnectOptions, Route, Tunnel, TunnelPlan},
    drift::Committed,
    engine::{Engine, mysql::Mysql, timescale::Timescale},
    migrate::{
        Event,
        files::{MigrationSet, Source},
    },
    outcome::{Document, Failure, Finding},
    policy::Policies,
    report::{self, Progress},
    target::Target,
};
use std::{rc::Rc, sync::Arc, time::Duration};

/// One database with its files.
pub struct TargetSide {
    pub engine: Box<dyn Engine>,
    pub set: MigrationSet,
    pub policies: Option<Policies>,
    pub committed: Committed,
}

/// All that `--only` leaves.
pub struct Targets {
    pub sides: Vec<TargetSide>,
    route: Route,
}

impl Targets {
    /// Loads the files and prepares the engines; nothing is connected. None when a file is wrong,
    /// which is then told in the document.
    pub fn open(settings: &Settings, document: &mut Document) -> Option<Targets> {
        let sets = load(settings, document)?;
        Targets::of(settings, sets, document)
    }

    /// The same for a command that writes `schema.snapshot` and `schema.steps` anew: what is wrong
    /// with those that are there does not matter.
    pub fn open_to_write(settings: &Settings, document: &mut Document) -> Option<Targets> {
        let mut sets = load(settings, document)?;
        for set in &mut sets {
            (set.snapshot, set.steps) = (None, None);
        }
        Targets::of(settings, sets, document)
    }

    fn of(
        settings: &Settings,
        sets: Vec<MigrationSet>,
        document: &mut Document,
    ) -> Option<Targets> {
        let route = match route(settings, document) {
            Ok(route) => route,
            Err(failure) => {
                document.fail(&failure.into());
                return None;
            }
        };
        let mut sides = Vec::new();
        for set in sets {
            let read = policies(settings, &set)
                .and_then(|policies| Ok((policies, Committed::read(&set)?)));
            match read {
                Ok((policies, mut committed)) => {
                    for (key, part) in policies.iter().flat_map(Policies::stated) {
                        committed.ignore.leave(key, part);
                    }
                    sides.push(TargetSide {
                        engine: engine(settings, set.target, &route),
                        set,
                        policies,
                        committed,
                    });
                }
                Err(failures) => {
                    failures
                        .into_iter()
                        .for_each(|failure| document.fail(&failure.into()));
                    return None;
                }
            }
        }
        Some(Targets { sides, route })
    }

    /// Ends the sessions, and the tunnel.
    pub async fn close(&mut self, document: &mut Document) {
        for side in &mut self.sides {
            if let Err(error) = side.engine.close().await {
                document.fail(&error);
            }
        }
        let notes = self.route.close(!document.failures().is_empty()).await;
        let remarks = notes.into_iter().map(|note| Finding::remark(None, note));
        document.notes.extend(remarks);
    }
}

/// The migration files of every addressed database.
pub fn load(settings: &Settings, document: &mut Document) -> Option<Vec<MigrationSet>> {
    let source = source(settings);
    let mut sets = Vec::new();
    let mut wrong = false;
    for target in &settings.targets {
        match source.load(*target) {
            Ok(set) => sets.push(set),
            Err(failures) => {
                wrong = true;
                failures
                    .into_iter()
                    .for_each(|failure| document.fail(&failure.into()));
            }
        }
    }
    (!wrong).then_some(sets)
}

/// The policies beside a set's files, or in the file that is named.
pub fn policies(settings: &Settings, set: &MigrationSet) -> Result<Option<Policies>, Vec<Failure>> {
    if set.target != Target::Timescale {
        return Ok(None);
    }
    let named = match &settings.policies {
        None => set.policies.clone(),
        Some(path) => {
            let file = path.display().to_string();
            let text = std::fs::read_to_string(path).map_err(|error| {
                let failure = Failure::usage(format!("the policies cannot be read: {error}"));
                vec![
                    failure
                        .at(file.clone(), None)
                        .remedy("name another file: --policies FILE"),
                ]
            })?;
            Some((file, text))
        }
    };
    let environment = settings.environment.as_deref();
    match named {
        Some((file, text)) => Ok(Some(Policies::parse(&text, &file, environment)?)),
        None => Ok(None),
    }
}

/// Where the files come from.
pub fn source(settings: &Settings) -> Source {
    match &settings.migrations {
        Some(MigrationsFrom::Directory(directory)) => Source::Directory(directory.clone()),
        Some(MigrationsFrom::BuiltIn) | None => Source::Embedded,
    }
}

/// The one place that knows which engine serves which target.
fn engine(settings: &Settings, target: Target, route: &Route) -> Box<dyn Engine> {
    let options = options(settings, target, route);
    match target {
        Target::Mysql => Box::new(Mysql::new(settings.mysql.clone(), options)),
        Target::Timescale => Box::new(Timescale::new(
            settings.timescale.clone(),
            options,
            settings.app_role.clone(),
        )),
    }
}

/// Through the bastion where there is one; nothing is started yet.
fn route(settings: &Settings, document: &Document) -> Result<Route, Failure> {
    let Some(bastion) = &settings.bastion else {
        return Ok(Route::Direct);
    };
    let addressed = settings.targets.iter();
    let plan = TunnelPlan {
        bastion: bastion.clone(),
        endpoints: addressed
            .map(|target| settings.endpoint(*target).clone())
            .collect(),
        interactive: report::is_watched(),
        accepting: document.call.again_with("accept-new-host-key", None),
    };
    Ok(Route::Tunnel(Arc::new(Tunnel::new(plan)?)))
}

fn options(settings: &Settings, target: Target, route: &Route) -> ConnectOptions {
    let progress = Progress::new();
    ConnectOptions {
        timeout: settings.connect_timeout,
        wait: settings.wait,
        route: route.clone(),
        on_wait: Some(Rc::new(move |why| {
            progress.show(&Event::Unreachable { target, why })
        })),
        ..ConnectOptions::default()
    }
}

/// How long a statement waits for a table, where neither file nor flag says.
pub const LOCK_TIMEOUT: Duration = Duration::from_secs(10);
