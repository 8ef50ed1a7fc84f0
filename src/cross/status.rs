//! The findings of `status` about both databases together.

use super::{Readiness, check};
use crate::{
    engine::Engine,
    outcome::{Document, Failure, Finding, Kind},
};

/// Compares where both are ready, and says where one alone cannot be compared.
pub async fn tell(engines: &mut [&mut dyn Engine], ready: &[Readiness], document: &mut Document) {
    if !ready.contains(&Readiness::Ready) {
        return;
    }
    if ready.len() < 2 {
        let words = "whether the backend's aggregates fit their rows is not known: that needs both databases, without --only";
        let note = Finding::new(Kind::CrossDatabase, None, words);
        return document.notes.push(note);
    }
    if ready.contains(&Readiness::NotYet) {
        return;
    }
    match check(engines).await {
        Ok(found) => {
            let findings = found.into_iter().map(|one| one.finding);
            document.findings.extend(findings);
        }
        // A login that may not read the rows cannot tell whether they fit.
        Err(error) => {
            let failure = Failure::from_error(&error);
            let words = format!(
                "whether the backend's aggregates fit their rows is not known: {}",
                failure.message
            );
            document
                .findings
                .push(Finding::new(Kind::Unknown, failure.target, words));
        }
    }
}
