//! Whether and how chunks go to the columnstore.

use super::{PolicyPlan, Subject, UPGRADE};
use crate::{
    outcome::Change,
    policy::{Columnstore, ColumnstoreState, Compression, JobKind, StepChange, step::list},
};
use serde_json::json;

impl PolicyPlan {
    pub(super) fn columnstore(&mut self, subject: &Subject<'_>) {
        match &subject.wishes.compression {
            None => {}
            Some(Compression::On(_)) if !subject.state.can_have_policies => {
                self.lacks(format!("compression of {}", subject.name), false);
            }
            Some(Compression::On(wanted)) => {
                self.settings(subject, wanted);
                self.compression_policy(subject, wanted);
            }
            Some(Compression::None) => self.no_columnstore(subject),
        }
    }

    fn settings(&mut self, subject: &Subject<'_>, wanted: &Columnstore) {
        let now = subject.now.columnstore.as_ref();
        let empty = ColumnstoreState::default();
        let actual = now.unwrap_or(&empty);
        let segments = wanted
            .segment_by
            .as_ref()
            .filter(|one| **one != actual.segment_by);
        let orders = wanted
            .order_by
            .as_ref()
            .filter(|one| **one != actual.order_by);
        if now.is_some() && segments.is_none() && orders.is_none() {
            return;
        }
        let told = match (now, segments, orders) {
            (None, ..) => subject.finding(
                "compression",
                Change::Missing,
                format!(
                    "the columnstore of {} is off; it should be on",
                    subject.name
                ),
            ),
            (_, Some(segments), _) => differs(
                subject,
                "segment_by",
                list(segments),
                list(&actual.segment_by),
            ),
            (_, None, Some(orders)) => {
                differs(subject, "order_by", list(orders), list(&actual.order_by))
            }
            (_, None, None) => return,
        };
        // Older servers reset what is not said, so what the server has is said again.
        let segment_by = wanted
            .segment_by
            .clone()
            .or_else(|| kept(&actual.segment_by));
        let order_by = wanted.order_by.clone().or_else(|| kept(&actual.order_by));
        let step = subject.step(StepChange::SetColumnstore {
            segment_by,
            order_by,
            aggregate: subject.now.source.is_some(),
        });
        self.settle(vec![step], told);
    }

    fn compression_policy(&mut self, subject: &Subject<'_>, wanted: &Columnstore) {
        let jobs = subject.jobs(JobKind::Compression);
        let expected = Some(json!(wanted.after.to_string()));
        let Some(job) = jobs.first() else {
            let message = format!(
                "{} has no compression policy; after {} is expected",
                subject.name, wanted.after
            );
            let told = subject.finding("compression.after", Change::Missing, message);
            let step = subject.step(StepChange::AddCompression(wanted.after));
            return self.settle(vec![step], told.values(expected, None));
        };
        self.health(subject.name, job);
        self.paused(subject, job);
        if job.after != Some(wanted.after) {
            let actual = job
                .after
                .map_or_else(|| "something else".to_owned(), |span| span.to_string());
            let message = format!(
                "chunks of {} are compressed after {actual}; {} is expected",
                subject.name, wanted.after
            );
            let told = subject.finding("compression.after", Change::Changed, message);
            let step = subject.step(StepChange::AlterCompression(job.id, wanted.after));
            self.settle(vec![step], told.values(expected, Some(json!(actual))));
        }
    }

    /// Turning the columnstore off is one-way only in appearance: its chunks must leave it first.
    fn no_columnstore(&mut self, subject: &Subject<'_>) {
        for job in subject.jobs(JobKind::Compression) {
            let message = format!(
                "{} has a compression policy; none is expected",
                subject.name
            );
            let told = subject.finding("compression", Change::Unexpected, message);
            let step = subject.step(StepChange::RemoveJob(job.id, JobKind::Compression));
            self.settle(vec![step], told);
        }
        if subject.now.columnstore.is_none() {
            return;
        }
        let chunks = subject
            .state
            .compressed
            .get(subject.name)
            .copied()
            .unwrap_or(0);
        let message = format!(
            "the columnstore of {} is on; it should be off",
            subject.name
        );
        let told = subject.finding("compression", Change::Unexpected, message);
        if chunks == 0 {
            let step = subject.step(StepChange::DisableColumnstore {
                aggregate: subject.now.source.is_some(),
            });
            return self.settle(vec![step], told);
        }
        let mut told = told.remedy(format!(
            "take them out, then type {UPGRADE}: SELECT decompress_chunk(c, true) FROM show_chunks('{}') AS c;",
            subject.name
        ));
        told.message.push_str(&format!(
            ", and {chunks} compressed chunks must be decompressed before it can be turned off"
        ));
        self.remain(told);
    }
}

fn differs(
    subject: &Subject<'_>,
    key: &str,
    expected: String,
    actual: String,
) -> crate::outcome::Finding {
    let message = format!(
        "{key} of the columnstore of {} is {actual}; {expected} is expected (a change affects only chunks compressed from then on)",
        subject.name
    );
    subject
        .finding(&format!("compression.{key}"), Change::Changed, message)
        .values(Some(json!(expected)), Some(json!(actual)))
}

fn kept<T: Clone>(items: &[T]) -> Option<Vec<T>> {
    (!items.is_empty()).then(|| items.to_vec())
}
