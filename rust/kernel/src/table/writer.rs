//! One writer at a time.

use std::sync::{Arc, Condvar, Mutex, MutexGuard};

/// A lock whose holder may move to another thread, which a standard guard may not: a transaction ends where its owner is.
#[derive(Debug, Default)]
pub(super) struct WriterLock {
    taken: Mutex<bool>,
    freed: Condvar,
}

/// The right to write; given back when dropped.
#[derive(Debug)]
pub(super) struct WritePermit(Arc<WriterLock>);

impl WriterLock {
    /// Waits until no other writer is there.
    pub(super) fn acquire(self: &Arc<Self>) -> WritePermit {
        let mut taken = self.state();
        while *taken {
            taken = self.freed.wait(taken).expect(NEVER_POISONED);
        }
        *taken = true;
        WritePermit(Arc::clone(self))
    }

    fn state(&self) -> MutexGuard<'_, bool> {
        self.taken.lock().expect(NEVER_POISONED)
    }
}

impl Drop for WritePermit {
    fn drop(&mut self) {
        *self.0.state() = false;
        self.0.freed.notify_one();
    }
}

const NEVER_POISONED: &str = "nothing panics while the flag is held";
