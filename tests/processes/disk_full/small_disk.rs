//! A small file system in memory, mounted over a node's folder, that a test fills up.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// Mounted for as long as it is held.
pub(crate) struct SmallDisk {
    at: PathBuf,
}

impl SmallDisk {
    /// Mounts so many MiB over a folder, with what was in it. Where this user may not mount, says so and gives none; under CI
    /// that is a failure.
    pub(crate) fn under(folder: &Path, mib: u64) -> Option<Self> {
        let aside = folder.with_extension("aside");
        fs::rename(folder, &aside).unwrap();
        fs::create_dir(folder).unwrap();
        let size = format!("size={mib}m,mode=0700");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "sumac-test"]).arg(folder).output();
        let mounted = mounted.map_err(|why| why.to_string()).and_then(|done| {
            if done.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&done.stderr).into_owned()) }
        });
        if let Err(why) = mounted {
            assert!(std::env::var_os("CI").is_none(), "a small disk cannot be mounted, and CI needs it: {why}");
            println!("SKIPPED: a small disk cannot be mounted: {}", why.trim());
            return None;
        }
        let disk = Self { at: folder.to_owned() };
        let copied = Command::new("cp").args(["-a", "-T"]).arg(&aside).arg(folder).status();
        assert!(copied.unwrap().success(), "{} is copied", aside.display());
        Some(disk)
    }

    fn filler(&self) -> PathBuf {
        self.at.join("filler")
    }

    /// Takes room away until so many bytes are free.
    pub(crate) fn fill_to(&self, free: u64) {
        let taken = fs::metadata(self.filler()).map_or(0, |file| file.blocks() * 512);
        let found = rustix::fs::statvfs(&self.at).unwrap();
        let more = (found.f_bavail * found.f_frsize).saturating_sub(free);
        let file = fs::File::options().create(true).append(true).open(self.filler()).unwrap();
        // Somebody may take the last bytes meanwhile; less room than was wanted is as good.
        let _full = rustix::fs::fallocate(&file, rustix::fs::FallocateFlags::empty(), taken, more.max(1)).is_err();
    }

    /// Gives all of it back.
    pub(crate) fn make_room(&self) {
        fs::remove_file(self.filler()).unwrap();
    }

    /// Waits until so many bytes more than now are used.
    pub(crate) fn until_grown_by(&self, bytes: u64) {
        let free = || {
            let found = rustix::fs::statvfs(&self.at).unwrap();
            found.f_bavail * found.f_frsize
        };
        let (before, give_up) = (free(), Instant::now() + Duration::from_secs(30));
        while free() + bytes > before {
            assert!(Instant::now() < give_up, "nothing is written");
            std::thread::yield_now();
        }
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: a node may still be ending.
        let gone = Command::new("umount").arg("-l").arg(&self.at).status();
        assert!(gone.is_ok_and(|status| status.success()) || std::thread::panicking(), "the small disk stays mounted");
    }
}
