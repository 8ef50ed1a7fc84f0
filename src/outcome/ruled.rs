//! Which rule of `check` a note or a failure is about, taken apart for formats that have a place for each.

/// A broken rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ruled {
    pub rule: &'static str,
    pub file: String,
    /// From 1.
    pub line: Option<usize>,
    /// What is wrong here.
    pub fact: String,
    /// Why that is a bad idea.
    pub reason: &'static str,
    /// What to write instead.
    pub safer: &'static str,
}
