//! `/proc/PID/stat`: what a process is to the kernel. Everybody may read it of everybody (unless it is hidden).

/// Clock ticks in a second, in what the kernel tells programs (`USER_HZ`): the same on all machines Linux is built for now.
const TICKS: u64 = 100;

/// `PF_KTHREAD` of `include/linux/sched.h`.
const KERNEL: u64 = 0x0020_0000;

/// What is known of a process by that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stat {
    /// Whether it can have nothing open: a thread of the kernel, or one that ended and was not buried yet.
    pub is_empty: bool,
    /// When it began, in ticks since the machine did.
    pub began: u64,
    /// The process that started it, or took it over; 0 of the first one in a container.
    pub parent: u32,
}

/// Reads it; none if the process is gone or hidden.
pub fn of(pid: u32) -> Option<Stat> {
    parse(&std::fs::read(format!("/proc/{pid}/stat")).ok()?)
}

fn parse(text: &[u8]) -> Option<Stat> {
    // The name is in parentheses and may hold any.
    let at = text.iter().rposition(|b| *b == b')')?;
    let words: Vec<&str> = std::str::from_utf8(&text[at + 1..]).ok()?.split_ascii_whitespace().collect();
    let number = |i: usize| words.get(i)?.parse::<u64>().ok();
    let is_empty = matches!(*words.first()?, "Z" | "X") || number(6)? & KERNEL != 0;
    Some(Stat { is_empty, began: number(19)?, parent: number(1)? as u32 })
}

/// When the machine began, seconds since 1970.
pub fn boot() -> Option<i64> {
    let text = std::fs::read_to_string("/proc/stat").ok()?;
    text.lines().find_map(|l| l.strip_prefix("btime ")?.trim().parse().ok())
}

impl Stat {
    /// When it began, seconds since 1970, on a machine that began then.
    pub fn since(&self, boot: i64) -> i64 {
        boot.saturating_add_unsigned(self.began / TICKS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_parentheses_do_not_confuse() {
        let line = |state: &str, flags: u64| {
            format!("12 (a ) R 3) b) {state} 1 12 12 0 -1 {flags} 0 0 0 0 0 0 0 0 20 0 1 0 12345 0 0\n")
        };
        let read = |state, flags| parse(line(state, flags).as_bytes()).expect("a process");
        assert_eq!(read("S", 4_194_304), Stat { is_empty: false, began: 12_345, parent: 1 });
        assert!(read("Z", 0).is_empty);
        assert!(read("I", 0x0020_8040).is_empty);
        assert_eq!(read("S", 0).since(1_000), 1_123);
        assert_eq!(parse(b"nonsense"), None);
        assert!(!of(std::process::id()).expect("this one").is_empty);
    }
}
