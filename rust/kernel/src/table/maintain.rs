//! Maintained segments: what is asked of a table, in its order among commits.

use super::version::text_bytes;
use super::{Shared, Table, WRITER_PANICKED};
use crate::member::{Position, lock};
use crate::rule::Plan;
use crate::schema::builtin;
use crate::wire::watch;

impl Table {
    /// Evaluates a plan and keeps its members right from now on. Another plan for a segment replaces the former one, and who enters or
    /// leaves by it is recorded.
    ///
    /// The moment is the plan's, or where the table has come further than that, the table's; for a segment that is there, the next after
    /// it, so that what the plan changes has a position of its own. Everything due until then happens first.
    ///
    /// # Panics
    /// When an earlier writer panicked.
    pub fn maintain(&self, segment: &str, plan: Plan) {
        let _permit = self.0.writer.acquire();
        let (is_known, moment) = {
            let published = self.0.published.read().expect(WRITER_PANICKED);
            let is_known = published.member_count(segment).is_some();
            (is_known, published.moment_millis())
        };
        let moment = if is_known {
            moment.saturating_add(1)
        } else {
            moment
        };
        let mut maintainer = self.0.maintainer();
        let mut fork = self.version();
        maintainer.advance(&mut fork, plan.now_millis().max(moment));
        maintainer.maintain(&mut fork, segment, plan);
        self.0.publish(fork);
    }

    /// Forgets a segment's members and changes.
    ///
    /// # Panics
    /// When an earlier writer panicked.
    pub fn release(&self, segment: &str) {
        let _permit = self.0.writer.acquire();
        let mut fork = self.version();
        self.0.maintainer().release(&mut fork, segment);
        self.0.publish(fork);
    }

    /// The first moment at which [`advance`](Self::advance) has something to do.
    pub fn next_due(&self) -> Option<i64> {
        lock(&self.0.history).next_due()
    }

    /// Moves every segment's moment forward; whatever falls due until then happens, in order. Answers how many entered or left.
    ///
    /// # Panics
    /// When an earlier writer panicked.
    pub fn advance(&self, now_millis: i64) -> usize {
        let _permit = self.0.writer.acquire();
        self.0.advance(now_millis)
    }

    /// Who entered and left a maintained segment after a position: a serialized `segue.v1.WatchSegmentResponse` of changes alone, and the
    /// position behind them, which is that of everything so far unless the limit was reached. Changes of one position stay together.
    ///
    /// `None` when the position lies before what is remembered or was never reached, or the segment is not maintained.
    ///
    /// # Panics
    /// When a writer panicked.
    pub fn changes(
        &self,
        segment: &str,
        after: Position,
        limit: usize,
    ) -> Option<(Vec<u8>, Position)> {
        let watched = lock(&self.0.history).after(segment, after, limit)?;
        let ids = {
            let published = self.0.published.read().expect(WRITER_PANICKED);
            published.columns.shared(builtin::PROFILE_ID)
        };
        let id = |row| text_bytes(ids.as_deref(), row).unwrap_or_default();
        Some((
            watch::encode_changes(&watched.changes, id),
            watched.position,
        ))
    }

    /// Bytes of memory: those of the version, and of the changes remembered.
    ///
    /// # Panics
    /// When a writer panicked.
    pub fn memory_bytes(&self) -> usize {
        self.version().memory_bytes() + lock(&self.0.history).memory_bytes()
    }
}

impl Shared {
    /// Moves every segment's moment forward. Only for the one writer.
    pub(super) fn advance(&self, now_millis: i64) -> usize {
        let mut maintainer = self.maintainer();
        if !maintainer.is_due(now_millis) {
            return 0;
        }
        let mut fork = self.version();
        let n_changes = maintainer.advance(&mut fork, now_millis);
        self.publish(fork);
        n_changes
    }
}
