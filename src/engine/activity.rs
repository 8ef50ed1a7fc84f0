//! What does the server say that a working session is doing? Asked by another session.

use anyhow::Result;
use async_trait::async_trait;

/// Asks on a connection of its own, so that a session that waits for ever is seen too.
#[async_trait(?Send)]
pub trait Watcher {
    /// What the session that holds the lock is doing now.
    ///
    /// # Errors
    /// The server cannot be reached by a second connection, or does not answer it.
    async fn look(&self, statement: Option<&str>) -> Result<Activity>;
}

/// What a server says about a session, in its own words.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Activity {
    /// The state or wait event, with the progress where the server tells one.
    pub doing: String,
    /// The sessions that it waits for.
    pub blockers: Option<String>,
    /// What a person has to do before the server goes on by itself.
    pub stopped: Option<&'static str>,
}

impl Activity {
    /// Nobody holds the lock any more.
    pub fn gone() -> Activity {
        Activity {
            doing: "it knows of no session that holds the lock".to_owned(),
            ..Activity::default()
        }
    }

    /// In one line.
    pub fn describe(&self) -> String {
        let mut line = self.doing.clone();
        for more in [self.blockers.as_deref(), self.stopped]
            .into_iter()
            .flatten()
        {
            line.push_str("; ");
            line.push_str(more);
        }
        line
    }
}
