//! How much of the processes of this machine was seen. What nobody was seen to use is never called unused.

use crate::text;

/// Processes that are not even counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hidden {
    /// Nothing is known of any: `/proc` is not there.
    All,
    /// Those of other users: `/proc` is mounted so.
    Others,
    /// Those outside of this container.
    Outside,
}

impl Hidden {
    /// The stable id used in JSON.
    pub fn id(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Others => "of-others",
            Self::Outside => "outside-container",
        }
    }
}

/// What could not be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sight {
    /// Processes of others that could not be looked into.
    pub closed: usize,
    /// Those that are not even counted.
    pub hidden: Option<Hidden>,
}

impl Sight {
    /// What could not be seen, in words; none if all could.
    pub fn words(self) -> Option<String> {
        let hidden = match self.hidden {
            Some(Hidden::All) => return Some("no process can be looked into: there is no /proc".into()),
            Some(Hidden::Others) => Some("processes of other users are hidden here".to_string()),
            Some(Hidden::Outside) => Some("only processes of this container are seen".to_string()),
            None => None,
        };
        let closed = (self.closed > 0).then(|| {
            let n = text::counted(self.closed as u64, "process", "processes");
            format!("{n} of others cannot be looked into")
        });
        let both: Vec<String> = closed.into_iter().chain(hidden).collect();
        (!both.is_empty()).then(|| both.join("; "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_seen_is_said_and_nothing_else() {
        let words = |closed, hidden| Sight { closed, hidden }.words();
        assert_eq!(words(0, None), None);
        assert_eq!(words(1, None).as_deref(), Some("1 process of others cannot be looked into"));
        assert_eq!(
            words(1081, Some(Hidden::Outside)).as_deref(),
            Some(
                "1 081 processes of others cannot be looked into; only processes of this container are seen"
            )
        );
        assert_eq!(
            words(0, Some(Hidden::Others)).as_deref(),
            Some("processes of other users are hidden here")
        );
        assert!(words(3, Some(Hidden::All)).is_some_and(|w| w.contains("no /proc")));
    }
}
