//! Which machine this is, and since when it runs: so that a plan is not carried out on another one.

use std::path::Path;

use sha2::{Digest, Sha256};

/// Where systemd, D-Bus and most images keep the number of the machine.
const IDS: [&str; 2] = ["/etc/machine-id", "/var/lib/dbus/machine-id"];

/// A number of this machine; none where it has none, as in many containers. It is made of its own so that this one
/// cannot be told from it: machine-id(5) wants that of what is written into files.
pub fn id() -> Option<String> {
    IDS.iter().find_map(|file| id_in(Path::new(file)))
}

fn id_in(file: &Path) -> Option<String> {
    let text = std::fs::read_to_string(file).ok()?;
    let text = text.trim();
    let is_one = text.len() == 32 && text.bytes().all(|b| b.is_ascii_hexdigit());
    is_one.then(|| {
        let hash = Sha256::digest(format!("a plan of mldu on {text}"));
        hash.iter().take(16).fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"))
    })
}

/// The boot of this machine; empty where the kernel does not say.
pub fn boot() -> String {
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    boot.trim().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_in_the_file_is_not_given_away() {
        let tmp = tempfile::tempdir().expect("a folder");
        let file = tmp.path().join("machine-id");
        assert_eq!(id_in(&file), None);
        for odd in ["", "uninitialized\n", "0123", "zz23456789abcdef0123456789abcdef\n"] {
            std::fs::write(&file, odd).expect("written");
            assert_eq!(id_in(&file), None, "{odd:?}");
        }
        std::fs::write(&file, "0123456789abcdef0123456789abcdef\n").expect("written");
        let one = id_in(&file).expect("a number");
        assert_eq!((one.len(), one.contains("0123456789abcdef")), (32, false));
        std::fs::write(&file, "1123456789abcdef0123456789abcdef\n").expect("written");
        assert_ne!(id_in(&file), Some(one));
    }
}
