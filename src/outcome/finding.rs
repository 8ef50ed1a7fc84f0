//! One thing that is not as it should be, or a note beside it.

use super::{Exit, Ruled};
use crate::{schema::Change, target::Target};
use serde::Serialize;

/// What sort of finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Pending,
    Checksum,
    History,
    HalfApplied,
    Lock,
    Unknown,
    Drift,
    Policy,
    CrossDatabase,
    /// Of a note that is about none of these, such as a setting; in the document it has no kind.
    Remark,
}

impl Kind {
    /// The exit code that a finding of this kind calls for.
    pub fn exit(self) -> Exit {
        match self {
            Kind::Pending => Exit::Pending,
            Kind::Checksum | Kind::History => Exit::History,
            Kind::HalfApplied => Exit::HalfApplied,
            Kind::Lock => Exit::Lock,
            Kind::Unknown => Exit::Unknown,
            Kind::Drift | Kind::Policy | Kind::CrossDatabase => Exit::Drift,
            Kind::Remark => Exit::Ok,
        }
    }

    fn is_remark(&self) -> bool {
        *self == Kind::Remark
    }
}

/// A finding, or (in the document's `notes`) a note of the same form that calls for no exit code.
#[derive(Debug, Clone, Serialize)]
pub struct Finding {
    #[serde(skip_serializing_if = "Kind::is_remark")]
    pub kind: Kind,
    /// None where it is about the configuration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<Target>,
    /// What it is about: a file, a table, a policy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub change: Option<Change>,
    /// Which part of the object, dotted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected: Option<serde_json::Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actual: Option<serde_json::Value>,
    pub message: String,
    /// The end of the message that is a unified diff, and so is lines by its nature.
    #[serde(skip)]
    pub patch: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
    /// The rule of `check` that is broken.
    #[serde(skip)]
    pub ruled: Option<Box<Ruled>>,
}

impl Finding {
    /// A finding with its message, and nothing else known yet.
    pub fn new(
        kind: Kind,
        target: impl Into<Option<Target>>,
        message: impl Into<String>,
    ) -> Finding {
        Finding {
            kind,
            target: target.into(),
            object: None,
            change: None,
            path: None,
            expected: None,
            actual: None,
            message: message.into(),
            patch: None,
            remedy: None,
            ruled: None,
        }
    }

    /// A note that is about nothing that a finding can be about.
    pub fn remark(target: impl Into<Option<Target>>, message: impl Into<String>) -> Finding {
        Finding::new(Kind::Remark, target, message)
    }

    /// The same, with the rule that is broken.
    pub fn ruled(mut self, ruled: Ruled) -> Finding {
        self.ruled = Some(Box::new(ruled));
        self
    }

    /// The same, about that object.
    pub fn about(mut self, object: impl Into<String>) -> Finding {
        self.object = Some(object.into());
        self
    }

    /// The same, with the direction.
    pub fn change(mut self, change: Change) -> Finding {
        self.change = Some(change);
        self
    }

    /// The same, at that part of the object.
    pub fn path(mut self, path: impl Into<String>) -> Finding {
        self.path = Some(path.into());
        self
    }

    /// The same, with both values.
    pub fn values(
        mut self,
        expected: Option<serde_json::Value>,
        actual: Option<serde_json::Value>,
    ) -> Finding {
        self.expected = expected;
        self.actual = actual;
        self
    }

    /// The same, with a unified diff behind its message.
    pub fn patch(mut self, patch: &str) -> Finding {
        let patch = patch.trim_end();
        self.message = format!("{}\n{patch}", self.message);
        self.patch = Some(patch.to_owned());
        self
    }

    /// The message without that diff: one line.
    pub fn headline(&self) -> &str {
        let patch = self.patch.as_deref().unwrap_or_default();
        let head = self.message.strip_suffix(patch);
        head.unwrap_or(&self.message).trim_end_matches('\n')
    }

    /// The same, with what to type next.
    pub fn remedy(mut self, remedy: impl Into<String>) -> Finding {
        self.remedy = Some(remedy.into());
        self
    }
}
