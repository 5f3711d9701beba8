//! The disk as a file system of this machine (FUSE), so that real nodes live on it. Needs /dev/fuse, and root or
//! `fusermount3`. Nothing is cached by the kernel: what a node reads and writes comes here.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use fuser::{
    BackgroundSession, Config, FileAttr, FileHandle, FileType, Filesystem, FopenFlags, Generation, INodeNo,
    LockOwner, MountOption, OpenFlags, RenameFlags, ReplyAttr, ReplyCreate, ReplyData, ReplyDirectory,
    ReplyEmpty, ReplyEntry, ReplyOpen, ReplyStatfs, ReplyWrite, Request, TimeOrNow, WriteFlags,
};
use rustix::io::Errno;
use rustix::mount::{UnmountFlags, unmount};

use super::{Answer, Disk, Look};
use crate::error::{Error, Result};

/// Nothing is remembered by the kernel: a cut changes everything at once.
const NOT_CACHED: Duration = Duration::ZERO;
/// Unit in which room is told, bytes.
const BLOCK_BYTES: u32 = 4096;

/// A disk that is mounted; dropping it takes it away again.
#[derive(Debug)]
pub struct Mounted {
    disk: Shared,
    path: PathBuf,
    session: Option<BackgroundSession>,
}

#[derive(Debug, Clone)]
struct Shared(Arc<Mutex<Disk>>);

impl Mounted {
    /// Mounts a disk with what lies in `path` over it.
    pub fn over(path: &Path) -> Result<Self> {
        take_away(path);
        let disk = Shared(Arc::new(Mutex::new(Disk::load(path)?)));
        let mut config = Config::default();
        config.mount_options = vec![MountOption::FSName("symbiose-testnet".to_owned()), MountOption::NoDev];
        let session = fuser::spawn_mount(disk.clone(), path, &config)
            .map_err(Error::file("mount a disk over", path))?;
        Ok(Self { disk, path: path.to_owned(), session: Some(session) })
    }

    /// Why no disk can be mounted on this machine, if none can.
    pub fn refused() -> Option<String> {
        let probe = std::env::temp_dir().join(format!("symbiose-disk-{}", std::process::id()));
        if let Err(error) = std::fs::create_dir_all(&probe) {
            return Some(error.to_string());
        }
        let refused = Self::over(&probe).err().map(|error| error.to_string());
        // An empty folder in a temporary place hurts nobody.
        std::fs::remove_dir(&probe).ok();
        refused
    }

    /// The disk, to be hurt.
    pub fn disk(&self) -> MutexGuard<'_, Disk> {
        self.disk.lock()
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        // A process that still looks at it keeps it a little longer, out of everybody's way.
        unmount(&self.path, UnmountFlags::DETACH).ok();
        drop(self.session.take());
    }
}

/// Takes away what a testnet that was killed left mounted, layer by layer.
pub fn take_away(path: &Path) {
    let is_ours = |line: &str| {
        let mut words = line.split(' ');
        words.next() == Some("symbiose-testnet") && words.next() == path.to_str()
    };
    let mounts = std::fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    for _ in mounts.lines().filter(|line| is_ours(line)) {
        unmount(path, UnmountFlags::DETACH).ok();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Disk> {
        self.0.lock().expect("invariant: no operation of the disk panics")
    }

    /// Makes something and looks at it.
    fn made(&self, parent: INodeNo, name: &OsStr, mode: u32, is_folder: bool) -> Answer<Look> {
        let mut disk = self.lock();
        let number = disk.make(parent.0, name, permissions(mode), is_folder)?;
        disk.look(number)
    }
}

fn permissions(mode: u32) -> u16 {
    u16::try_from(mode & 0o7777).expect("invariant: twelve bits")
}

fn attributes(look: Look) -> FileAttr {
    FileAttr {
        ino: INodeNo(look.number),
        size: look.len,
        blocks: look.len.div_ceil(512),
        atime: UNIX_EPOCH,
        mtime: UNIX_EPOCH,
        ctime: UNIX_EPOCH,
        crtime: UNIX_EPOCH,
        kind: if look.is_folder { FileType::Directory } else { FileType::RegularFile },
        perm: look.mode,
        nlink: look.names.max(1),
        uid: rustix::process::getuid().as_raw(),
        gid: rustix::process::getgid().as_raw(),
        rdev: 0,
        blksize: BLOCK_BYTES,
        flags: 0,
    }
}

fn refusal(errno: Errno) -> fuser::Errno {
    fuser::Errno::from_i32(errno.raw_os_error())
}

fn entry(answer: Answer<Look>, reply: ReplyEntry) {
    match answer {
        Ok(look) => reply.entry(&NOT_CACHED, &attributes(look), Generation(0)),
        Err(errno) => reply.error(refusal(errno)),
    }
}

fn empty(answer: Answer<()>, reply: ReplyEmpty) {
    match answer {
        Ok(()) => reply.ok(),
        Err(errno) => reply.error(refusal(errno)),
    }
}

impl Filesystem for Shared {
    fn lookup(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEntry) {
        entry(self.lock().find(parent.0, name), reply);
    }

    fn getattr(&self, _: &Request, ino: INodeNo, _: Option<FileHandle>, reply: ReplyAttr) {
        match self.lock().look(ino.0) {
            Ok(look) => reply.attr(&NOT_CACHED, &attributes(look)),
            Err(errno) => reply.error(refusal(errno)),
        }
    }

    fn setattr(
        &self,
        _: &Request,
        ino: INodeNo,
        mode: Option<u32>,
        _: Option<u32>,
        _: Option<u32>,
        size: Option<u64>,
        _: Option<TimeOrNow>,
        _: Option<TimeOrNow>,
        _: Option<SystemTime>,
        _: Option<FileHandle>,
        _: Option<SystemTime>,
        _: Option<SystemTime>,
        _: Option<SystemTime>,
        _: Option<fuser::BsdFileFlags>,
        reply: ReplyAttr,
    ) {
        let mut disk = self.lock();
        let changed = mode
            .map_or(Ok(()), |mode| disk.set_mode(ino.0, permissions(mode)))
            .and_then(|()| size.map_or(Ok(()), |size| disk.set_len(ino.0, size)))
            .and_then(|()| disk.look(ino.0));
        match changed {
            Ok(look) => reply.attr(&NOT_CACHED, &attributes(look)),
            Err(errno) => reply.error(refusal(errno)),
        }
    }

    fn mkdir(&self, _: &Request, parent: INodeNo, name: &OsStr, mode: u32, umask: u32, reply: ReplyEntry) {
        entry(self.made(parent, name, mode & !umask, true), reply);
    }

    fn unlink(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        empty(self.lock().remove(parent.0, name), reply);
    }

    fn rmdir(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        empty(self.lock().remove(parent.0, name), reply);
    }

    fn rename(
        &self,
        _: &Request,
        parent: INodeNo,
        name: &OsStr,
        newparent: INodeNo,
        newname: &OsStr,
        flags: RenameFlags,
        reply: ReplyEmpty,
    ) {
        let renamed = if flags.is_empty() {
            self.lock().rename((parent.0, name), (newparent.0, newname))
        } else {
            Err(Errno::INVAL)
        };
        empty(renamed, reply);
    }

    fn link(&self, _: &Request, ino: INodeNo, newparent: INodeNo, newname: &OsStr, reply: ReplyEntry) {
        let mut disk = self.lock();
        let linked = disk.link(ino.0, newparent.0, newname).and_then(|()| disk.look(ino.0));
        entry(linked, reply);
    }

    fn open(&self, _: &Request, _: INodeNo, _: OpenFlags, reply: ReplyOpen) {
        reply.opened(FileHandle(0), FopenFlags::FOPEN_DIRECT_IO);
    }

    fn create(
        &self,
        _: &Request,
        parent: INodeNo,
        name: &OsStr,
        mode: u32,
        umask: u32,
        _: i32,
        reply: ReplyCreate,
    ) {
        match self.made(parent, name, mode & !umask, false) {
            Ok(look) => {
                let direct = FopenFlags::FOPEN_DIRECT_IO;
                reply.created(&NOT_CACHED, &attributes(look), Generation(0), FileHandle(0), direct);
            }
            Err(errno) => reply.error(refusal(errno)),
        }
    }

    fn read(
        &self,
        _: &Request,
        ino: INodeNo,
        _: FileHandle,
        offset: u64,
        size: u32,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyData,
    ) {
        match self.lock().read(ino.0, offset, size as usize) {
            Ok(bytes) => reply.data(bytes),
            Err(errno) => reply.error(refusal(errno)),
        }
    }

    fn write(
        &self,
        _: &Request,
        ino: INodeNo,
        _: FileHandle,
        offset: u64,
        data: &[u8],
        _: WriteFlags,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyWrite,
    ) {
        match self.lock().write(ino.0, offset, data) {
            Ok(()) => reply.written(u32::try_from(data.len()).unwrap_or(u32::MAX)),
            Err(errno) => reply.error(refusal(errno)),
        }
    }

    fn flush(&self, _: &Request, _: INodeNo, _: FileHandle, _: LockOwner, reply: ReplyEmpty) {
        reply.ok();
    }

    fn fsync(&self, _: &Request, ino: INodeNo, _: FileHandle, _: bool, reply: ReplyEmpty) {
        empty(self.lock().sync_file(ino.0), reply);
    }

    fn fsyncdir(&self, _: &Request, ino: INodeNo, _: FileHandle, _: bool, reply: ReplyEmpty) {
        empty(self.lock().sync_folder(ino.0), reply);
    }

    fn fallocate(
        &self,
        _: &Request,
        ino: INodeNo,
        _: FileHandle,
        offset: u64,
        length: u64,
        mode: i32,
        reply: ReplyEmpty,
    ) {
        let allocated =
            if mode == 0 { self.lock().allocate(ino.0, offset + length) } else { Err(Errno::OPNOTSUPP) };
        empty(allocated, reply);
    }

    fn readdir(&self, _: &Request, ino: INodeNo, _: FileHandle, offset: u64, mut reply: ReplyDirectory) {
        let disk = self.lock();
        let here = [(".".into(), ino.0), ("..".into(), ino.0)];
        let all = here.into_iter().chain(disk.list(ino.0)).enumerate();
        for (at, (name, number)) in all.skip(usize::try_from(offset).unwrap_or(usize::MAX)) {
            let is_folder = disk.look(number).is_ok_and(|look| look.is_folder);
            let kind = if is_folder { FileType::Directory } else { FileType::RegularFile };
            if reply.add(INodeNo(number), at as u64 + 1, kind, name) {
                break;
            }
        }
        reply.ok();
    }

    fn statfs(&self, _: &Request, _: INodeNo, reply: ReplyStatfs) {
        let (used, room) = self.lock().usage();
        let block = u64::from(BLOCK_BYTES);
        let free = room.saturating_sub(used) / block;
        reply.statfs(room / block, free, free, 1 << 20, 1 << 20, BLOCK_BYTES, 255, BLOCK_BYTES);
    }
}
