//! What happens if a thing is deleted. One word, the same everywhere.

/// The answer to "what if this goes?", from harmless to forbidden.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Verdict {
    /// No program and no person misses it.
    Safe,
    /// A library fetches it again when it is needed (network, sometimes a login).
    ReDownload,
    /// It can be computed again, at the price of time.
    Rebuild,
    /// A person may have made it, or nobody knows: look before it goes.
    LookFirst,
    /// A process has it open, or works inside it.
    InUse,
    /// A secret, a setting, or something others depend on: never removed.
    Protected,
}

impl Verdict {
    /// All verdicts, from harmless to forbidden.
    pub const ALL: [Self; 6] =
        [Self::Safe, Self::ReDownload, Self::Rebuild, Self::LookFirst, Self::InUse, Self::Protected];

    /// The stable id used in JSON.
    pub fn id(self) -> &'static str {
        match self {
            Self::Safe => "safe",
            Self::ReDownload => "re-download",
            Self::Rebuild => "rebuild",
            Self::LookFirst => "look-first",
            Self::InUse => "in-use",
            Self::Protected => "protected",
        }
    }

    /// The words on the screen.
    pub fn label(self) -> &'static str {
        match self {
            Self::LookFirst => "look first",
            Self::InUse => "IN USE",
            other => other.id(),
        }
    }

    /// Whether a thing with this verdict may be removed at all.
    pub fn removable(self) -> bool {
        self < Self::InUse
    }
}

impl serde::Serialize for Verdict {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self.id())
    }
}

impl<'de> serde::Deserialize<'de> for Verdict {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let id = String::deserialize(d)?;
        Self::ALL.into_iter().find(|v| v.id() == id).ok_or_else(|| {
            serde::de::Error::custom(format!(
                "unknown verdict `{id}`, expected one of {}",
                Self::ALL.map(Self::id).join(", ")
            ))
        })
    }
}
