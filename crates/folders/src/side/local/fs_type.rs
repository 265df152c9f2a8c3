//! What a file system can do, told by its type: everything that can be known without writing.

use std::os::fd::BorrowedFd;

use rustix::fs::{
    Access, AtFlags, IFlags, StatVfsMountFlags, StatxFlags, accessat, fstatfs, fstatvfs, ioctl_getflags,
    statx,
};

use super::{Capabilities, Trust};
use crate::side::Folding;

// Magic numbers of `statfs(2)`.
const EXT: u32 = 0xef53;
const FAT: u32 = 0x4d44;
const EXFAT: u32 = 0x2011_bab0;
const NTFS3: u32 = 0x7366_746e;
const NTFS: u32 = 0x5346_544e;
const HFS: u32 = 0x4244;
const HFS_PLUS: u32 = 0x482b;
const UDF: u32 = 0x1501_3346;
const ISO9660: u32 = 0x9660;
const CIFS: u32 = 0xff53_4d42;
const SMB2: u32 = 0xfe53_4d42;
const FUSE: u32 = 0x6573_5546;
const XFS: u32 = 0x5846_5342;
const BTRFS: u32 = 0x9123_683e;
const ZFS: u32 = 0x2fc1_2fc1;
const BCACHEFS: u32 = 0xca45_1a4e;
const NFS: u32 = 0x6969;
const CEPH: u32 = 0x00c3_6400;
const AFS: u32 = 0x5346_414f;
const PLAN9: u32 = 0x0102_1997;
const F2FS: u32 = 0xf2f5_2010;
const TMPFS: u32 = 0x0102_1994;
const OVERLAY: u32 = 0x794c_7630;

/// `FS_CASEFOLD_FL` of `<linux/fs.h>`: a directory that takes names for one which differ in case, or in how their characters
/// are composed.
const CASEFOLD: IFlags = IFlags::from_bits_retain(0x4000_0000);

/// Asks a directory's file system. Whether names can be exchanged or renamed without overwriting is for the half that
/// writes to find out: it takes a try.
pub(super) fn probe(dir: BorrowedFd<'_>) -> rustix::io::Result<(Capabilities, Trust)> {
    // The magic is 32 bits whatever the field's width.
    let magic = fstatfs(dir)?.f_type as u32;
    let read_only = fstatvfs(dir)?.f_flag.contains(StatVfsMountFlags::RDONLY);
    let allowed = accessat(dir, c".", Access::WRITE_OK | Access::EXEC_OK, AtFlags::EACCESS).is_ok();
    let time_resolution = match magic {
        // Inodes of the oldest size have room for neither births nor parts of a second.
        EXT if !tells_births(dir)? => 1_000_000_000,
        FAT => 2_000_000_000,
        EXFAT => 10_000_000,
        HFS | HFS_PLUS | ISO9660 => 1_000_000_000,
        UDF => 1_000,
        NTFS | NTFS3 | CIFS | SMB2 => 100,
        _ => 1,
    };
    let capabilities = Capabilities {
        exchange: false,
        no_replace: false,
        reflink: matches!(magic, XFS | BTRFS | BCACHEFS),
        time_resolution,
        folding: match magic {
            EXT | F2FS | TMPFS | OVERLAY | BCACHEFS => Folding::WhereSaid,
            // What a file system in user space does with names is its own affair, unless it says so where it does.
            FUSE if says_it_folds(dir) => Folding::WhereSaid,
            FAT | EXFAT | HFS | HFS_PLUS | CIFS | SMB2 | NTFS | NTFS3 | FUSE | ZFS => Folding::Perhaps,
            _ => Folding::Never,
        },
        case_sensitive: !matches!(magic, FAT | EXFAT | HFS | HFS_PLUS | CIFS | SMB2),
        permissions: !matches!(magic, FAT | EXFAT | CIFS | SMB2),
        writable: !read_only && allowed,
    };
    // FAT has no inodes: their numbers are made up at each mount, and the change time is not stored. FUSE servers may
    // make numbers up as well.
    let trust = Trust {
        ids: !matches!(magic, FAT | EXFAT | FUSE),
        ctime: !matches!(magic, FAT | EXFAT),
        clock: !matches!(magic, NFS | CIFS | SMB2 | CEPH | AFS | PLAN9 | FUSE),
        owner: false,
    };
    Ok((capabilities, trust))
}

fn tells_births(dir: BorrowedFd<'_>) -> rustix::io::Result<bool> {
    let stat = statx(dir, c"", AtFlags::EMPTY_PATH, StatxFlags::BTIME)?;
    Ok(stat.stx_mask & StatxFlags::BTIME.bits() != 0)
}

/// Whether a directory says of itself that it takes several names for one.
pub(super) fn says_it_folds(dir: BorrowedFd<'_>) -> bool {
    ioctl_getflags(dir).is_ok_and(|flags| flags.contains(CASEFOLD))
}
