//! Looks into a process at each of its durable steps: whenever its journal is written, the process
//! is stopped, its whole memory searched, and let go on.

use std::collections::BTreeMap;
use std::mem::MaybeUninit;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use rustix::fs::inotify;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};
use sumac_tests::scan::{Found, Needles};

/// What was seen in one process.
#[derive(Default)]
pub(crate) struct Seen {
    /// Everything that was found, over all looks.
    pub(crate) found: Found,
    /// How often it was looked at.
    pub(crate) looks: u32,
    /// How much memory was searched, in bytes, over all looks.
    pub(crate) bytes: u64,
}

/// A watch over one process.
pub(crate) struct Watch {
    process: u32,
    needles: Arc<Needles>,
    seen: Arc<Mutex<Seen>>,
    over: Arc<AtomicBool>,
}

impl Watch {
    /// Begins to watch a process whose journal lies in this folder.
    pub(crate) fn begin(process: u32, journal: &Path, needles: &Arc<Needles>) -> Self {
        let (seen, over) = (Arc::default(), Arc::default());
        let watch = Self { process, needles: Arc::clone(needles), seen, over };
        let events = inotify::init(inotify::CreateFlags::CLOEXEC).unwrap();
        inotify::add_watch(&events, journal, inotify::WatchFlags::MODIFY).unwrap();
        let on_thread = watch.again();
        // It ends with its process's folder, or with this test.
        std::thread::spawn(move || {
            let mut room = [MaybeUninit::<u8>::uninit(); 4096];
            let mut events = inotify::Reader::new(&events, &mut room);
            while events.next().is_ok() && !on_thread.over.load(Ordering::SeqCst) {
                on_thread.look();
            }
        });
        watch
    }

    /// Stops the process, searches its memory and lets it go on.
    pub(crate) fn look(&self) {
        let pid = Pid::from_raw(i32::try_from(self.process).unwrap()).unwrap();
        let mut seen = self.seen.lock().unwrap();
        kill_process(pid, Signal::STOP).unwrap();
        waitid(WaitId::Pid(pid), WaitIdOptions::STOPPED).unwrap();
        let looked = self.needles.find_in_process(self.process);
        kill_process(pid, Signal::CONT).unwrap();
        let (found, bytes) = looked.unwrap();
        for (secret, forms) in found {
            seen.found.entry(secret).or_default().extend(forms);
        }
        seen.looks += 1;
        seen.bytes += bytes;
    }

    /// Looks a last time, and says what was seen in all.
    pub(crate) fn end(self) -> Seen {
        self.over.store(true, Ordering::SeqCst);
        self.look();
        std::mem::take(&mut *self.seen.lock().unwrap())
    }

    fn again(&self) -> Self {
        let Self { process, needles, seen, over } = self;
        Self { process: *process, needles: Arc::clone(needles), seen: Arc::clone(seen), over: Arc::clone(over) }
    }
}

/// Whether this user may read the memory of a process; if not, says so once.
pub(crate) fn memory_can_be_read(process: u32) -> bool {
    match Needles::new().find_in_process(process) {
        Ok(_) => true,
        Err(why) => {
            println!("skipped: the memory of another process cannot be read here ({why})");
            false
        }
    }
}

/// Secrets by the clinic that they belong to.
pub(crate) fn of_clinic<'a>(found: &'a Found, clinic: &str) -> BTreeMap<&'a str, Vec<&'static str>> {
    let own = found.iter().filter(|(secret, _)| secret.ends_with(&format!(" of {clinic}")));
    own.map(|(secret, forms)| (secret.as_str(), forms.keys().copied().collect())).collect()
}
