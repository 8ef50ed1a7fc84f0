//! What the server will refuse, known before it is asked: no `upgrade` can make such a policy.
//!
//! Each rule was tried on TimescaleDB 2.23; what none of them knows is tried out in a transaction
//! that is rolled back (`PolicyStore::try_out`).

use super::refusals::Judge;
use crate::{
    outcome::Failure,
    policy::{
        Columnstore, Compression, JobKind, Refresh, Retention, Span, TableName, TableState,
        TimeKind, Wishes,
    },
};

impl Judge<'_> {
    /// Everything that cannot be made of this table's wishes.
    pub(super) fn unable(&self, name: &TableName, wishes: &Wishes) -> Vec<Failure> {
        let Some(now) = self.state.tables.get(name) else {
            return Vec::new();
        };
        if !self.state.can_have_policies {
            return Vec::new();
        }
        let mut wrong = Vec::new();
        wrong.extend(self.without_clock(name, wishes, now));
        wrong.extend(self.part_of_a_day(name, wishes, now));
        for refresh in wishes.refresh.iter().flatten() {
            wrong.extend(self.window(name, wishes, (now, refresh)));
        }
        if let Some(Compression::On(columnstore)) = &wishes.compression {
            wrong.extend(self.columns(name, wishes, (now, columnstore)));
            wrong.extend(self.without_refresh(name, wishes));
        }
        wrong
    }

    /// Numbers have no now of their own.
    fn without_clock(&self, name: &TableName, wishes: &Wishes, now: &TableState) -> Vec<Failure> {
        if now.time != (TimeKind::Number { has_now: false }) {
            return Vec::new();
        }
        let number = |span: &Span| matches!(span, Span::Integer(_));
        let retention =
            matches!(&wishes.retention, Some(Retention::DropAfter(span)) if number(span));
        let compression =
            matches!(&wishes.compression, Some(Compression::On(one)) if number(&one.after));
        let refresh = wishes.refresh.iter().flatten().next().is_some();
        let stated = [
            ("retention", retention),
            ("compression", compression),
            ("refresh", refresh),
        ];
        let mut wrong = Vec::new();
        for (key, _) in stated.into_iter().filter(|(_, stated)| *stated) {
            let message = format!(
                "{name} counts time in numbers and has no function that tells what now is, so the server can have no {key} policy"
            );
            let remedy = "give the table one in a migration: SELECT set_integer_now_func('TABLE', 'FUNCTION'); or leave the key out";
            wrong.push(self.wrong(wishes, key, message).remedy(remedy));
        }
        wrong
    }

    fn part_of_a_day(
        &self,
        name: &TableName,
        wishes: &Wishes,
        now: &TableState,
    ) -> Option<Failure> {
        let Some(Span::Interval(interval)) = wishes.chunk_interval else {
            return None;
        };
        const DAY: i128 = 86_400_000_000;
        let fits = interval.length() % DAY == 0;
        (now.time == TimeKind::Date && !fits).then(|| {
            let message = format!(
                "the time column of {name} holds dates, so chunk_interval cannot be {interval}"
            );
            self.wrong(wishes, "chunk_interval", message)
                .remedy("write a number of whole days")
        })
    }

    /// A refresh must have two whole buckets to work on.
    fn window(
        &self,
        name: &TableName,
        wishes: &Wishes,
        (now, refresh): (&TableState, &Refresh),
    ) -> Option<Failure> {
        let bounds = [refresh.start, refresh.end].into_iter().flatten();
        let number = matches!(now.time, TimeKind::Number { .. });
        if let Some(bound) = bounds
            .into_iter()
            .find(|bound| matches!(bound, Span::Integer(_)) != number)
        {
            let kind = if number { "numbers" } else { "times" };
            let message =
                format!("the time column of {name} holds {kind}, so refresh cannot go by {bound}");
            let remedy = match number {
                true => "write numbers for start_offset and end_offset",
                false => "write intervals for start_offset and end_offset, as in 7 days",
            };
            return Some(self.wrong(wishes, "refresh", message).remedy(remedy));
        }
        let (start, end, bucket) = (refresh.start?, refresh.end?, now.bucket?);
        let (length, bucket_length) = match (start, end, bucket) {
            (Span::Interval(start), Span::Interval(end), Span::Interval(bucket)) => {
                (start.length() - end.length(), bucket.length())
            }
            (Span::Integer(start), Span::Integer(end), Span::Integer(bucket)) => {
                (i128::from(start) - i128::from(end), i128::from(bucket))
            }
            _ => return None,
        };
        (length < 2 * bucket_length).then(|| {
            let message = format!(
                "{name} has buckets of {bucket}, and the refresh from {start} to {end} ago covers less than two of them, which the server refuses"
            );
            let remedy = format!(
                "make start_offset at least two buckets ({bucket}) longer than end_offset"
            );
            self.wrong(wishes, "refresh", message).remedy(remedy)
        })
    }

    fn columns(
        &self,
        name: &TableName,
        wishes: &Wishes,
        (now, columnstore): (&TableState, &Columnstore),
    ) -> Option<Failure> {
        let segments = columnstore.segment_by.iter().flatten();
        let orders = columnstore.order_by.iter().flatten();
        let named = segments.chain(orders.map(|order| &order.column));
        let missing = named
            .into_iter()
            .find(|column| !now.columns.is_empty() && !now.columns.contains(column))?;
        let message = format!("{name} has no column {missing} to compress by");
        let known = now.columns.join(", ");
        Some(
            self.wrong(wishes, "compression", message)
                .remedy(format!("its columns are {known}")),
        )
    }

    /// The server wants to know first up to when an aggregate is refreshed.
    fn without_refresh(&self, name: &TableName, wishes: &Wishes) -> Option<Failure> {
        self.state.tables.get(name)?.source.as_ref()?;
        let refreshed = match &wishes.refresh {
            Some(stated) => !stated.is_empty(),
            None => !self.state.jobs_of(name, JobKind::Refresh).is_empty(),
        };
        (!refreshed).then(|| {
            let message = format!(
                "{name} has no refresh policy, and without one the server takes no compression policy"
            );
            self.wrong(wishes, "compression", message)
                .remedy("state its refresh too, or leave compression out")
        })
    }
}
