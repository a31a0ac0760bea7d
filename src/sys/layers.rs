//! In which layer of an overlay a file lies: in those of the image, where deleting gives nothing back, or in the upper
//! one, which is the container's own (Documentation/filesystems/overlayfs.rst).

use std::ffi::OsStr;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use super::beneath::{self, Identity};
use super::mounts::MountInfo;

/// Where a thing lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layer {
    /// In the upper layer alone.
    Upper,
    /// In the upper layer, and an older one of that name in the image.
    Copied,
    /// In the image.
    Image,
    /// Nobody says.
    Unknown,
}

/// An overlay, as far as it helps to tell its layers apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Overlay {
    /// When the upper layer was made: the birth of the root of the overlay.
    born: Option<(i64, u32)>,
    /// Whether a file may lie in the upper layer with its content still in the image.
    metacopy: bool,
}

impl Overlay {
    /// Looks at a mounted overlay of the kernel's; of others nothing is known.
    pub fn of(mount: &MountInfo, table: &[MountInfo]) -> Self {
        // A part of an overlay that is mounted elsewhere has another root than the overlay.
        let whole = Path::new("/");
        let root = if mount.root == whole {
            Some(mount)
        } else {
            table.iter().find(|m| m.dev == mount.dev && m.fstype == mount.fstype && m.root == whole)
        };
        let born = root.and_then(|m| {
            let id = beneath::look_at(beneath::open_folder(&m.path).ok()?).ok()?;
            id.btime.filter(|_| id.mount == m.id)
        });
        Self { born, metacopy: has_metacopy(&mount.options) }
    }

    /// Where an entry of an open folder lies.
    pub fn layer(&self, folder: &OwnedFd, name: &OsStr, it: &Identity) -> Layer {
        if is_upper_alone(folder, name) == Some(true) { Layer::Upper } else { self.by_birth(it.btime) }
    }

    /// The image was there before the upper layer was made, so what is older than that is the image's; and so is what has
    /// no birth, as on squashfs, while the upper layer has one. The date of the last change says nothing: images bring it
    /// along.
    fn by_birth(&self, born: Option<(i64, u32)>) -> Layer {
        match (self.born, born) {
            (Some(_), None) => Layer::Image,
            (Some(root), Some(it)) if it < root => Layer::Image,
            (Some(_), Some(_)) if !self.metacopy => Layer::Copied,
            _ => Layer::Unknown,
        }
    }
}

/// `metacopy` is among the options only where it is not what the module does by itself.
fn has_metacopy(options: &str) -> bool {
    let said = options.split(',').find_map(|o| o.strip_prefix("metacopy="));
    match said {
        Some(value) => value == "on",
        None => std::fs::read("/sys/module/overlay/parameters/metacopy").is_ok_and(|v| v.starts_with(b"Y")),
    }
}

/// Whether renaming a file in this open folder first copies the file: it lies on an overlay of the kernel's, and may come
/// from the image. The copy is another inode, and takes room (Documentation/filesystems/overlayfs.rst, "Non-directories").
pub fn rename_copies(folder: impl AsFd) -> bool {
    const OVERLAYFS_SUPER_MAGIC: u64 = 0x794c_7630;
    rustix::fs::fstatfs(folder).is_ok_and(|fs| fs.f_type as u64 == OVERLAYFS_SUPER_MAGIC)
}

/// Whether an entry of an open folder lies in the upper layer of an overlay and nowhere else, by the handle the kernel
/// gives out for it; `None` where it gives none, or the handle is no overlay's.
#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "no crate of ours has name_to_handle_at")]
pub fn is_upper_alone(folder: impl AsFd, name: &OsStr) -> Option<bool> {
    use std::os::fd::AsRawFd;
    use std::os::unix::ffi::OsStrExt;

    /// `struct file_handle` with room for the largest handle there is (`MAX_HANDLE_SZ`).
    #[repr(C)]
    struct Handle {
        length: libc::c_uint,
        kind: libc::c_int,
        bytes: [u8; 128],
    }
    let name = std::ffi::CString::new(name.as_bytes()).ok()?;
    let mut handle = Handle { length: 128, kind: 0, bytes: [0; 128] };
    let mut mount: libc::c_int = 0;
    // SAFETY: the name ends with a zero; the handle is laid out as the kernel's, says how much room is behind its head
    // and has that room; both outlive the call, and the kernel writes no more than that. Without AT_SYMLINK_FOLLOW no
    // link is followed.
    let done = unsafe {
        libc::name_to_handle_at(
            folder.as_fd().as_raw_fd(),
            name.as_ptr(),
            (&raw mut handle).cast::<libc::file_handle>(),
            &raw mut mount,
            libc::AT_HANDLE_FID,
        )
    };
    let length = usize::try_from(handle.length).ok()?;
    (done == 0).then(|| handle.bytes.get(..length)).flatten().and_then(|b| upper_flag(handle.kind, b))
}

/// Other systems have no overlays.
#[cfg(not(target_os = "linux"))]
pub fn is_upper_alone(_: impl AsFd, _: &OsStr) -> Option<bool> {
    None
}

/// Reads an overlay's handle (Linux 6.18, fs/overlayfs/overlayfs.h, `struct ovl_fh`): three bytes of padding, version
/// 0, the magic number, the length behind the padding, flags. Anything else is not read at all.
fn upper_flag(kind: i32, bytes: &[u8]) -> Option<bool> {
    const OVERLAY: i32 = 0xf8;
    const PATH_UPPER: u8 = 4;
    match bytes {
        [0, 0, 0, 0, 0xfb, length, flags, ..]
            if kind == OVERLAY && usize::from(*length) == bytes.len() - 3 =>
        {
            Some(flags & PATH_UPPER != 0)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_overlays_handle_is_read() {
        let mut bytes = vec![0_u8; 32];
        bytes[4..7].copy_from_slice(&[0xfb, 29, 4]);
        assert_eq!(upper_flag(0xf8, &bytes), Some(true));
        bytes[6] = 2;
        assert_eq!(upper_flag(0xf8, &bytes), Some(false));
        assert_eq!(upper_flag(1, &bytes), None, "another file system's");
        assert_eq!(upper_flag(0xf8, &bytes[..31]), None, "another length");
        bytes[3] = 1;
        assert_eq!(upper_flag(0xf8, &bytes), None, "another version");
        assert_eq!(upper_flag(0xf8, &[]), None);
    }

    #[test]
    fn no_overlay_has_no_upper_layer() {
        let tmp = tempfile::tempdir().expect("a folder");
        std::fs::write(tmp.path().join("x"), b"x").expect("written");
        let folder = super::super::read::open_folder(tmp.path()).expect("open");
        assert_ne!(is_upper_alone(&folder, OsStr::new("x")), Some(false));
        assert_eq!(is_upper_alone(&folder, OsStr::new("none")), None);
    }

    #[test]
    fn birth_tells_the_image_from_what_came_later() {
        let overlay = Overlay { born: Some((100, 5)), metacopy: false };
        assert_eq!(overlay.by_birth(Some((100, 4))), Layer::Image);
        assert_eq!(overlay.by_birth(Some((100, 5))), Layer::Copied);
        assert_eq!(overlay.by_birth(None), Layer::Image, "squashfs knows no birth, the upper layer does");
        assert_eq!(Overlay { born: None, ..overlay }.by_birth(Some((1, 1))), Layer::Unknown);
        let lazy = Overlay { metacopy: true, ..overlay };
        assert_eq!(lazy.by_birth(Some((200, 0))), Layer::Unknown, "its content may be the image's");
        assert_eq!(lazy.by_birth(Some((1, 0))), Layer::Image);
        assert!(has_metacopy("rw,lowerdir=/l,metacopy=on") && !has_metacopy("rw,metacopy=off"));
    }
}
