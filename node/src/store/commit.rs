//! The commit thread: the only writer. It takes what callers have queued, writes it as one group, syncs the
//! journal once, brings the index up to date, and only then answers each caller.
//!
//! A lone caller never waits for company. While others keep arriving, a group gathers for at most 5 ms or
//! 1,000 records. After any failure nothing more is written: after a failed sync nobody can say what the
//! disk holds, and opening again finds out.

use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender};
use std::sync::{Arc, PoisonError};
use std::time::Instant;

use super::backup::{KeyringCopy, Snapshot};
use super::batch::{Group, Position};
use super::columns::ColumnGeneration;
use super::compaction::Compacted;
use super::entry::Entry;
use super::erasure::Erasure;
use super::fault::StoreError;
use super::journal::{SEGMENT_HEADER_BYTES, Tail};
use super::limits::{GROUP_BYTES_MAX, GROUP_GATHER_MAX, GROUP_RECORDS_MAX};
use super::limits::{SEGMENT_BYTES, TIDY_EVERY};
use super::rotation::UnlockChange;
use super::view::{Front, Shared};

/// What the commit thread is asked to do. Complete.
#[derive(Debug)]
pub(crate) enum Job {
    /// May share its group, and so its one sync, with the batches that are queued behind it.
    Append(Request),
    Erase(Erasure, Reply<()>),
    /// Never runs while a group is open: `gather` ends a group at any job that is no batch.
    Compact(Reply<Compacted>),
    Snapshot(Reply<Snapshot>),
    ChangeUnlock(UnlockChange, Reply<()>),
    RenewKeys(Reply<()>),
    PutColumns(ColumnGeneration, Reply<bool>),
    PutKeyringCopy(KeyringCopy, Reply<bool>),
    /// Save the watermark.
    Seal(Reply<()>),
    /// Flush the index and save the watermark, before the store is closed.
    Settle(Reply<()>),
}

/// One caller's batch.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) entries: Vec<Entry>,
    /// Counts towards the group's bound of `GROUP_BYTES_MAX` bytes.
    pub(crate) bytes: usize,
    /// Answered only once the frames are synced and the index shows them, or with what failed.
    pub(crate) reply: Reply<Position>,
}

/// Where an answer goes; a caller who is gone is no concern of the thread's.
pub(crate) type Reply<T> = SyncSender<Result<T, StoreError>>;

/// The state of the commit thread.
#[derive(Debug)]
pub(crate) struct Writer {
    pub(crate) shared: Arc<Shared>,
    /// The end of what is durable: it moves only after the journal has synced a group.
    pub(crate) tail: Tail,
    /// Bytes of the segments before the tail's.
    pub(crate) closed_bytes: u64,
    /// The first failure. Once it is set nothing is written any more until the store is opened again.
    stopped: Option<StoreError>,
}

impl Writer {
    pub(crate) fn new(shared: Arc<Shared>, tail: Tail, closed_bytes: u64) -> Self {
        Self { shared, tail, closed_bytes, stopped: None }
    }

    /// Works until every sender is gone.
    pub(crate) fn run(mut self, jobs: &Receiver<Job>) {
        let mut next = None;
        self.tidy();
        while let Some(job) = next.take().or_else(|| self.wait(jobs)) {
            match job {
                Job::Append(first) => {
                    let (group, after) = gather(first, jobs);
                    next = after;
                    self.commit(group);
                }
                Job::Erase(erasure, reply) => {
                    let done = self.erase(&erasure);
                    answer(&reply, done);
                }
                Job::Compact(reply) => {
                    let done = self.unless_stopped(Self::compact);
                    answer(&reply, done);
                }
                Job::Snapshot(reply) => {
                    let done = self.unless_stopped(Self::snapshot);
                    answer(&reply, done);
                }
                Job::ChangeUnlock(change, reply) => {
                    let done = self.change_unlock(&change);
                    answer(&reply, done);
                }
                Job::RenewKeys(reply) => {
                    let done = self.unless_stopped(Self::renew_keys);
                    answer(&reply, done);
                }
                Job::PutKeyringCopy(copy, reply) => {
                    // A place that cannot be written to is no reason to stop.
                    answer(&reply, self.put_keyring_copy(&copy));
                }
                Job::PutColumns(generation, reply) => {
                    let done = self.unless_stopped(|writer| writer.put_columns(&generation));
                    answer(&reply, done);
                }
                Job::Seal(reply) => {
                    let done = self.unless_stopped(Self::seal);
                    answer(&reply, done);
                }
                Job::Settle(reply) => {
                    let done = self.unless_stopped(Self::settle);
                    answer(&reply, done);
                }
            }
            self.tidy();
        }
    }

    /// The next job; while there is none, the store is tidied up now and then.
    fn wait(&mut self, jobs: &Receiver<Job>) -> Option<Job> {
        loop {
            match jobs.recv_timeout(TIDY_EVERY) {
                Ok(job) => return Some(job),
                Err(RecvTimeoutError::Timeout) => self.tidy(),
                Err(RecvTimeoutError::Disconnected) => return None,
            }
        }
    }

    /// Writes the group as one: every caller gets a position of their own, or all get the same error.
    fn commit(&mut self, group: Vec<Request>) {
        match self.unless_stopped(|writer| writer.write(&group)) {
            Ok(positions) => {
                for (request, position) in group.iter().zip(positions) {
                    answer(&request.reply, Ok(position));
                }
            }
            Err(error) => {
                for request in group {
                    answer(&request.reply, Err(error.clone()));
                }
            }
        }
    }

    /// Begins a segment first if the tail's has grown to `SEGMENT_BYTES`: no group spans two segments.
    fn write(&mut self, group: &[Request]) -> Result<Vec<Position>, StoreError> {
        if self.tail.offset >= SEGMENT_BYTES {
            self.begin_segment()?;
        }
        let shared = Arc::clone(&self.shared);
        let mut building = Group::new(&shared, self.tail);
        let positions = group.iter().map(|request| building.add(&request.entries));
        let positions = positions.collect::<Result<Vec<_>, _>>()?;
        self.take_over(building)?;
        Ok(positions)
    }

    /// Begins a segment, so that nothing is appended to those before any more; a segment without a frame stays.
    pub(crate) fn begin_segment(&mut self) -> Result<(), StoreError> {
        if self.tail.offset > SEGMENT_HEADER_BYTES {
            self.closed_bytes = self.closed_bytes.saturating_add(self.tail.offset);
            self.tail = self.shared.journal.rotate(&self.tail)?;
        }
        Ok(())
    }

    /// Makes a group durable, then shows readers the whole of it at once.
    pub(crate) fn take_over(&mut self, group: Group<'_>) -> Result<(), StoreError> {
        let Group { mut draft, start, tail, frames, .. } = group;
        if frames.is_empty() {
            return Ok(());
        }
        self.shared.journal.append(&start, &frames)?;
        {
            let mut front = self.shared.front.write().unwrap_or_else(PoisonError::into_inner);
            let (index, erased) = (Arc::clone(&front.index), Arc::clone(&front.erased));
            let taken_up = std::mem::take(&mut draft.taken_up);
            *front = Front { head: draft.commit()?, index, erased };
            let mut changed = self.shared.changed.write().unwrap_or_else(PoisonError::into_inner);
            taken_up.into_iter().for_each(|(key, kind, sequence)| changed.note(key, kind, sequence));
        }
        self.tail = tail;
        Ok(())
    }

    /// Does what has become due since, and nobody asked for.
    fn tidy(&mut self) {
        if self.stopped.is_none()
            && let Err(error) = self.renew_index_if_due().and_then(|()| self.compact_if_worth_it())
        {
            self.stopped = Some(error);
        }
    }

    /// The keyring is not told yet that the index can be trusted: `closing::close` does that, last.
    fn settle(&mut self) -> Result<(), StoreError> {
        self.shared.front().index.flush()?;
        let mut keys = self.shared.keys.write().unwrap_or_else(PoisonError::into_inner);
        keys.keyring.watermark = self.tail.mark;
        keys.keyring.journal_bytes = self.closed_bytes.saturating_add(self.tail.offset);
        keys.keyring.save(self.shared.disk.as_ref())
    }

    /// Saves nothing if the watermark is at the tail already.
    pub(crate) fn seal(&mut self) -> Result<(), StoreError> {
        let mut keys = self.shared.keys.write().unwrap_or_else(PoisonError::into_inner);
        if keys.keyring.watermark == self.tail.mark {
            return Ok(());
        }
        keys.keyring.watermark = self.tail.mark;
        keys.keyring.save(self.shared.disk.as_ref())
    }

    /// Runs the work unless something failed before; then answers [`StoreError::Stopped`] with the reason.
    /// A failure of the work itself stops the thread's writing for good.
    pub(crate) fn unless_stopped<T>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        if let Some(error) = &self.stopped {
            return Err(StoreError::Stopped { why: error.to_string() });
        }
        let done = work(self);
        if let Err(error) = &done {
            self.stopped = Some(error.clone());
        }
        done
    }
}

/// The batches that share one sync, and the job that came after them if it was another kind.
fn gather(first: Request, jobs: &Receiver<Job>) -> (Vec<Request>, Option<Job>) {
    let begun = Instant::now();
    let (mut records, mut bytes) = (first.entries.len(), first.bytes);
    let mut group = vec![first];
    while records < GROUP_RECORDS_MAX && bytes < GROUP_BYTES_MAX && begun.elapsed() < GROUP_GATHER_MAX {
        match jobs.try_recv() {
            Ok(Job::Append(request)) => {
                records = records.saturating_add(request.entries.len());
                bytes = bytes.saturating_add(request.bytes);
                group.push(request);
            }
            Ok(other) => {
                return (group, Some(other));
            }
            Err(_) => break,
        }
    }
    (group, None)
}

/// Sends without asking whether anyone still listens.
fn answer<T>(reply: &Reply<T>, done: Result<T, StoreError>) {
    // The caller may have ended while it waited; what was written stays written.
    let _gone = reply.send(done).is_err();
}
