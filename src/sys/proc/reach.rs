//! How far this process can see: in a container, or where `/proc` hides processes, even their number is not known.

use std::path::Path;

use crate::model::sight::Hidden;

/// The number of the first namespace of processes, `PROC_PID_INIT_INO` of `include/linux/proc_ns.h`.
const FIRST: &str = "pid:[4026531836]";

/// Which processes are not even counted.
pub fn hidden() -> Option<Hidden> {
    let exists = |path: &str| Path::new(path).symlink_metadata().is_ok();
    if !exists("/proc/self/stat") {
        return Some(Hidden::All);
    }
    // With `hidepid=2` those of others are not there at all, the first one neither.
    if !exists("/proc/1") {
        return Some(Hidden::Others);
    }
    let ours = std::fs::read_link("/proc/self/ns/pid").ok()?;
    (ours.as_os_str() != FIRST).then_some(Hidden::Outside)
}
