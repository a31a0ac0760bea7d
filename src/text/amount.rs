//! Amounts as people say them: `20G`, `500M`, `15%`. Letters stand for powers of 1024, as in mldu's own sizes.

/// How much.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Amount {
    /// So many bytes.
    Bytes(u64),
    /// So many percent of a whole.
    Percent(f64),
}

impl Amount {
    /// In bytes, of a whole of so many; at least that much.
    pub fn of(self, whole: u64) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes,
            Self::Percent(percent) => (whole as f64 * percent / 100.0).ceil() as u64,
        }
    }

    /// Reads one.
    ///
    /// # Errors
    /// What is wrong with it, and how it is said.
    pub fn parse(text: &str) -> Result<Self, String> {
        let amount = match text.trim().strip_suffix('%') {
            Some(percent) => Self::Percent(percentage(percent)?),
            None => Self::Bytes(size(text)?),
        };
        if amount == Self::Bytes(0) || amount == Self::Percent(0.0) {
            return Err("that is nothing; say how much: 20G, 500M or 15%".into());
        }
        Ok(amount)
    }
}

fn percentage(text: &str) -> Result<f64, String> {
    let percent = text.trim().parse::<f64>().ok().filter(|p| (0.0..=100.0).contains(p));
    percent.ok_or_else(|| "a percentage is from 0% to 100%".to_string())
}

/// Reads a size in bytes: `500M`, `1.5 TiB`.
///
/// # Errors
/// What is wrong with it, and how it is said.
pub fn size(text: &str) -> Result<u64, String> {
    let sizes = parse_size::Config::new().with_binary();
    sizes.parse_size(text).map_err(|e| format!("{e}; a size is like 500M, 20G or 1.5 TiB"))
}

/// Bytes as a person would type them, rounded up to three digits or four.
pub fn typed(bytes: u64) -> String {
    for (shift, letter) in [(40, 'T'), (30, 'G'), (20, 'M'), (10, 'K')] {
        if bytes >= 10 << shift {
            return format!("{}{letter}", bytes.div_ceil(1 << shift));
        }
    }
    bytes.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_sizes_or_shares_and_nothing_is_none() {
        assert_eq!(Amount::parse("20G"), Ok(Amount::Bytes(20 << 30)));
        assert_eq!(Amount::parse("500m"), Ok(Amount::Bytes(500 << 20)));
        assert_eq!(Amount::parse(" 15 %"), Ok(Amount::Percent(15.0)));
        assert_eq!(Amount::Percent(15.0).of(1000), 150);
        assert_eq!(Amount::Percent(0.1).of(1001), 2, "rounded up");
        assert_eq!(Amount::Bytes(7).of(3), 7);
        for bad in ["", "0", "0%", "101%", "-5G", "much", "5X", "%", "NaN%"] {
            assert!(Amount::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_is_typed_is_never_less() {
        for (bytes, text) in
            [(20 << 30, "20G"), ((41 << 30) + 1, "42G"), (5 << 30, "5120M"), (11 << 40, "11T"), (9, "9")]
        {
            assert_eq!(typed(bytes), text);
            assert!(Amount::parse(text).expect("an amount").of(0) >= bytes);
        }
    }
}
