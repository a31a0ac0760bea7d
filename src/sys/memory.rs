//! How the C library keeps memory. Both settings are promises about peak memory, not about correctness.

/// Two arenas for all threads, and large pieces straight from the system and back to it.
///
/// The C library gives each thread an arena of its own and learns to keep what was large and is free again; for a scan,
/// where one thread frees what another made, that is 5 MiB more on a box of a million files, and no faster.
/// Call it before the first thread is started.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[expect(unsafe_code, reason = "the C library's switch for this is a C function")]
pub fn keep_little() {
    for (what, value) in [(libc::M_ARENA_MAX, 2), (libc::M_MMAP_THRESHOLD, 128 * 1024)] {
        // SAFETY: mallopt takes two integers and changes the allocator's settings only; it may be called at any time.
        // What it does not know it refuses, and that is as good.
        let _ = unsafe { libc::mallopt(what, value) };
    }
}

/// Other C libraries have no such switch.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub fn keep_little() {}
