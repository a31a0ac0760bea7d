//! Which process this is, so that another one can tell later whether it still runs: a number alone is given again.

/// A process, told apart from all that had or will have its number.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Process {
    /// The machine's name.
    pub host: String,
    /// The boot of that machine; empty where the kernel does not say.
    pub boot: String,
    /// The space of process numbers (a container has its own); empty where the kernel does not say.
    pub space: String,
    /// Its number.
    pub pid: u32,
    /// When it was started, in ticks since the boot.
    pub started: u64,
}

/// Whether a process runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Life {
    /// It does.
    Runs,
    /// It does not.
    Ended,
    /// It lives in another container or on another machine, which cannot be asked.
    Unknown,
}

impl Process {
    /// This one.
    pub fn own() -> Self {
        let pid = std::process::id();
        Self { pid, started: started(pid).unwrap_or(0), ..here() }
    }

    /// Whether it still runs.
    pub fn life(&self) -> Life {
        let here = here();
        if self.boot.is_empty() || here.boot.is_empty() {
            return Life::Unknown;
        }
        if self.boot != here.boot {
            // The same machine was started anew since; another one may still be at it.
            return if self.host == here.host { Life::Ended } else { Life::Unknown };
        }
        if self.space != here.space {
            return Life::Unknown;
        }
        if started(self.pid).is_some_and(|at| at == self.started) { Life::Runs } else { Life::Ended }
    }
}

fn here() -> Process {
    let space = std::fs::read_link("/proc/self/ns/pid").unwrap_or_default();
    Process {
        host: super::user::host(),
        boot: super::machine::boot(),
        space: space.to_string_lossy().into_owned(),
        ..Process::default()
    }
}

/// When a process was started: the 22nd field of its `stat`. The name before it may hold anything, so what counts
/// begins behind the last bracket. A process that ended and was not yet collected does nothing any more.
fn started(pid: u32) -> Option<u64> {
    let stat = std::fs::read(format!("/proc/{pid}/stat")).ok()?;
    let behind = stat.iter().rposition(|b| *b == b')')? + 1;
    let fields = String::from_utf8_lossy(&stat[behind..]).into_owned();
    let mut fields = fields.split_ascii_whitespace();
    if matches!(fields.next()?, "Z" | "X") {
        return None;
    }
    fields.nth(18)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_runs_and_others_are_told_apart() {
        let own = Process::own();
        assert!(own.started > 0 && !own.boot.is_empty());
        assert_eq!(own.life(), Life::Runs);
        assert_eq!(Process { started: own.started + 1, ..own.clone() }.life(), Life::Ended);
        assert_eq!(Process { boot: "another".into(), ..own.clone() }.life(), Life::Ended);
        let elsewhere = Process { boot: "another".into(), host: "another".into(), ..own.clone() };
        assert_eq!(elsewhere.life(), Life::Unknown);
        assert_eq!(Process { space: "pid:[1]".into(), ..own.clone() }.life(), Life::Unknown);
        assert_eq!(Process { boot: String::new(), ..own }.life(), Life::Unknown);
    }

    #[test]
    fn a_process_that_ended_does_not_run() {
        let mut child = std::process::Command::new("sleep").arg("60").spawn().expect("sleep runs");
        let pid = child.id();
        let process = Process { pid, started: started(pid).expect("it runs"), ..Process::own() };
        assert_eq!(process.life(), Life::Runs);
        child.kill().expect("ended");
        // Killed but not collected yet, then gone.
        while process.life() == Life::Runs {
            std::thread::yield_now();
        }
        child.wait().expect("ended");
        assert_eq!(process.life(), Life::Ended);
    }
}
