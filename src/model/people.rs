//! Who is who: names of users by number, and which of them is the person who looks.

use std::collections::BTreeMap;

use super::measure::Owners;
use crate::text;

/// The users of a box.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct People {
    /// The user this process acts for; unknown in an import, where nobody is somebody else.
    pub me: Option<u32>,
    /// The one who called for root, if this is root.
    pub caller: Option<u32>,
    /// Names, safe to show.
    pub names: BTreeMap<u32, String>,
}

impl People {
    /// The name of a user, or the number.
    pub fn name(&self, uid: u32) -> String {
        self.names.get(&uid).cloned().unwrap_or_else(|| uid.to_string())
    }

    /// Whether things of this user are somebody else's.
    pub fn is_other(&self, uid: u32) -> bool {
        self.me.is_some_and(|me| me != uid) && self.caller != Some(uid)
    }

    /// Whether something is held by others, or by others too.
    pub fn are_others(&self, owners: Owners) -> bool {
        match owners {
            Owners::Nobody => false,
            Owners::One(uid) => self.is_other(uid),
            Owners::Several(_) => self.me.is_some(),
        }
    }

    /// Who holds something, in words.
    pub fn owner(&self, owners: Owners) -> Option<String> {
        match owners {
            Owners::Nobody => None,
            Owners::One(uid) => Some(self.name(uid)),
            Owners::Several(n) => Some(text::counted(u64::from(n), "owner", "owners")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn others_are_those_who_are_neither_me_nor_who_called_for_root() {
        let names = BTreeMap::from([(1000, "ana".to_string())]);
        let root = People { me: Some(0), caller: Some(1000), names };
        assert!(!root.is_other(0) && !root.is_other(1000) && root.is_other(1001));
        assert_eq!(root.owner(Owners::One(1000)).as_deref(), Some("ana"));
        assert_eq!(root.owner(Owners::One(1001)).as_deref(), Some("1001"));
        assert_eq!(root.owner(Owners::Several(3)).as_deref(), Some("3 owners"));
        assert!(root.are_others(Owners::Several(2)));
        let import = People::default();
        assert!(!import.is_other(7) && !import.are_others(Owners::Several(2)));
        assert_eq!(import.owner(Owners::Nobody), None);
    }
}
