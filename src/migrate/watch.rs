//! Work that takes long says so: every half minute what the server says it is doing.

use super::event::{Event, Observer};
use crate::{
    engine::{Activity, Watcher},
    target::Target,
};
use std::{
    cell::RefCell,
    time::{Duration, Instant},
};

/// How long nothing may move before it is told, and then how often.
const EVERY: Duration = Duration::from_secs(30);
/// How long the second connection may take to answer.
const PATIENCE: Duration = Duration::from_secs(15);

/// What a side is at, and since when.
#[derive(Debug)]
pub struct At {
    step: RefCell<Step>,
}

#[derive(Debug, Clone)]
struct Step {
    file: Option<String>,
    /// Number and text of the statement under way.
    statement: Option<(usize, String)>,
    since: Instant,
}

impl Default for At {
    /// Not in a file.
    fn default() -> At {
        At {
            step: RefCell::new(Step {
                file: None,
                statement: None,
                since: Instant::now(),
            }),
        }
    }
}

impl At {
    /// Statement `number` of `file` is next to end.
    pub fn statement(&self, file: &str, number: usize, text: &str) {
        *self.step.borrow_mut() = Step {
            file: Some(file.to_owned()),
            // Only its names are of use, and they are at its beginning.
            statement: Some((number, text.chars().take(2000).collect())),
            since: Instant::now(),
        };
    }

    /// Between files.
    pub fn between(&self) {
        *self.step.borrow_mut() = Step {
            file: None,
            statement: None,
            since: Instant::now(),
        };
    }
}

/// Does `work`; whenever it has not moved on for half a minute, `observer` is told why.
pub async fn watched<T>(
    work: impl Future<Output = T>,
    watcher: Box<dyn Watcher>,
    target: Target,
    at: &At,
    observer: Observer<'_>,
) -> T {
    tokio::pin!(work);
    let watching = watch(&*watcher, target, at, observer);
    tokio::pin!(watching);
    tokio::select! {
        done = &mut work => done,
        never = &mut watching => match never {},
    }
}

async fn watch(
    watcher: &dyn Watcher,
    target: Target,
    at: &At,
    observer: Observer<'_>,
) -> std::convert::Infallible {
    let mut told = Instant::now();
    loop {
        let since = at.step.borrow().since;
        let due = since.max(told) + EVERY;
        if Instant::now() < due {
            tokio::time::sleep(due - Instant::now()).await;
            continue;
        }
        let step = at.step.borrow().clone();
        let statement = step.statement.as_ref().map(|(_, text)| text.as_str());
        let seen = tokio::time::timeout(PATIENCE, watcher.look(statement)).await;
        let doing = match seen {
            Ok(Ok(activity)) => activity,
            Ok(Err(error)) => silent(&format!("{error:#}")),
            Err(_) => silent(&format!("no answer in {} s", PATIENCE.as_secs())),
        };
        told = Instant::now();
        // What has moved on meanwhile needs no explanation.
        if at.step.borrow().since == step.since {
            observer(Event::Busy {
                target,
                file: step.file.as_deref(),
                statement: step.statement.as_ref().map(|(number, _)| *number),
                seconds: step.since.elapsed().as_secs(),
                doing: &doing.describe(),
            });
        }
    }
}

fn silent(why: &str) -> Activity {
    Activity {
        doing: format!("nothing: a second connection fails: {why}"),
        ..Activity::default()
    }
}
