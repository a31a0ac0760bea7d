//! The words of JSON, read from bytes as they come. Names in an export are bytes, not text: what is not UTF-8 stays
//! as it is. Nothing here calls itself, and nothing is held that could grow without end.

use std::fmt;
use std::io::{self, Read};

/// So long a string may be that is kept: longer than any path.
const LONGEST: usize = 64 * 1024;

/// So deep a value may be nested that is passed over.
const DEEPEST: usize = 512;

/// Why an export cannot be read, and where.
#[derive(Debug)]
pub enum Broken {
    /// The system says so.
    Read(io::Error),
    /// It is not what it should be.
    Form {
        /// The line, from 1.
        line: u64,
        /// The byte in the line, from 1.
        byte: u64,
        /// What is the matter.
        what: String,
    },
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read(error) => write!(f, "{error}"),
            Self::Form { line, byte, what } => write!(f, "line {line}, byte {byte}: {what}"),
        }
    }
}

/// Reads words one after the other.
pub struct Lexer<R> {
    input: R,
    buffer: Box<[u8]>,
    at: usize,
    end: usize,
    /// Bytes before the buffer.
    before: u64,
    line: u64,
    /// Where the line began, in bytes of all.
    line_began: u64,
}

impl<R: Read> Lexer<R> {
    /// Reads from here.
    pub fn new(input: R) -> Self {
        Self {
            input,
            buffer: vec![0; 64 * 1024].into_boxed_slice(),
            at: 0,
            end: 0,
            before: 0,
            line: 1,
            line_began: 0,
        }
    }

    /// Something is wrong at this place.
    pub fn broken(&self, what: impl Into<String>) -> Broken {
        let byte = self.before + self.at as u64 - self.line_began + 1;
        Broken::Form { line: self.line, byte, what: what.into() }
    }

    fn fill(&mut self) -> Result<bool, Broken> {
        self.before += self.end as u64;
        self.at = 0;
        self.end = 0;
        self.end = self.input.read(&mut self.buffer).map_err(Broken::Read)?;
        Ok(self.end > 0)
    }

    /// The next byte, which stays; none at the end.
    pub fn peek(&mut self) -> Result<Option<u8>, Broken> {
        if self.at == self.end && !self.fill()? {
            return Ok(None);
        }
        Ok(Some(self.buffer[self.at]))
    }

    fn next(&mut self) -> Result<u8, Broken> {
        let byte = self.peek()?.ok_or_else(|| self.broken("it ends here, cut off"))?;
        self.at += 1;
        Ok(byte)
    }

    /// The next byte that is no space; none at the end.
    pub fn ahead(&mut self) -> Result<Option<u8>, Broken> {
        while let Some(byte) = self.peek()? {
            match byte {
                b'\n' => {
                    self.line += 1;
                    self.line_began = self.before + self.at as u64 + 1;
                }
                b' ' | b'\t' | b'\r' => {}
                _ => return Ok(Some(byte)),
            }
            self.at += 1;
        }
        Ok(None)
    }

    /// The next byte that is no space is this one.
    pub fn expect(&mut self, byte: u8) -> Result<(), Broken> {
        match self.ahead()? {
            Some(b) if b == byte => {
                self.at += 1;
                Ok(())
            }
            Some(_) => Err(self.broken(format!("here should be `{}`", char::from(byte)))),
            None => Err(self.broken("it ends here, cut off")),
        }
    }

    /// Whether the next byte that is no space is this one; if so it is taken.
    pub fn take(&mut self, byte: u8) -> Result<bool, Broken> {
        let there = self.ahead()? == Some(byte);
        self.at += usize::from(there);
        Ok(there)
    }

    /// A string, in place of what is in `out`.
    pub fn string(&mut self, out: &mut Vec<u8>) -> Result<(), Broken> {
        out.clear();
        self.expect(b'"')?;
        loop {
            // Most of a string is plain: taken at once.
            let rest = &self.buffer[self.at..self.end];
            let plain = rest.iter().position(|b| matches!(b, 0..0x20 | b'"' | b'\\')).unwrap_or(rest.len());
            if out.len() + plain > LONGEST {
                return Err(self.broken("a string longer than any name"));
            }
            out.extend_from_slice(&rest[..plain]);
            self.at += plain;
            match self.next()? {
                b'"' => return Ok(()),
                b'\\' => self.escape(out)?,
                0..0x20 => {
                    self.at -= 1;
                    return Err(self.broken("a control character in a string"));
                }
                _ => self.at -= 1,
            }
        }
    }

    fn escape(&mut self, out: &mut Vec<u8>) -> Result<(), Broken> {
        let plain = match self.next()? {
            b @ (b'"' | b'\\' | b'/') => b,
            b'b' => 0x08,
            b'f' => 0x0c,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'u' => {
                let unit = self.hex()?;
                return self.unit(unit, out);
            }
            _ => return Err(self.broken("an escape that JSON does not know")),
        };
        out.push(plain);
        Ok(())
    }

    fn hex(&mut self) -> Result<u32, Broken> {
        let mut n = 0;
        for _ in 0..4 {
            let digit = char::from(self.next()?).to_digit(16);
            n = n * 16 + digit.ok_or_else(|| self.broken("here should be four hexadecimal digits"))?;
        }
        Ok(n)
    }

    /// A UTF-16 unit as bytes. Python writes a byte that is not UTF-8 as a lone half of a pair, from U+DC80 on.
    fn unit(&mut self, unit: u32, out: &mut Vec<u8>) -> Result<(), Broken> {
        let mut high = unit;
        loop {
            if !(0xd800..0xdc00).contains(&high) {
                break;
            }
            // The first half of a pair, if the second follows.
            if self.peek()? != Some(b'\\') {
                break;
            }
            self.at += 1;
            if self.peek()? != Some(b'u') {
                push(out, char::REPLACEMENT_CHARACTER);
                return self.escape(out);
            }
            self.at += 1;
            let low = self.hex()?;
            if (0xdc00..0xe000).contains(&low) {
                let whole = 0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00);
                push(out, char::from_u32(whole).unwrap_or(char::REPLACEMENT_CHARACTER));
                return Ok(());
            }
            push(out, char::REPLACEMENT_CHARACTER);
            high = low;
            if out.len() > LONGEST {
                return Err(self.broken("a string longer than any name"));
            }
        }
        if (0xdc80..0xdd00).contains(&high) {
            out.push((high - 0xdc00) as u8);
        } else {
            push(out, char::from_u32(high).unwrap_or(char::REPLACEMENT_CHARACTER));
        }
        Ok(())
    }

    /// A number that is not negative; what comes after a point is left out. A negative one is 0.
    pub fn number(&mut self) -> Result<u64, Broken> {
        self.ahead()?;
        let negative = self.peek()? == Some(b'-');
        self.at += usize::from(negative);
        let mut n: u64 = 0;
        let mut digits = 0;
        while let Some(b @ b'0'..=b'9') = self.peek()? {
            let more = n.checked_mul(10).and_then(|n| n.checked_add(u64::from(b - b'0')));
            n = more.ok_or_else(|| self.broken("a number too large to be true"))?;
            digits += 1;
            self.at += 1;
        }
        if digits == 0 {
            return Err(self.broken("here should be a number"));
        }
        if self.peek()? == Some(b'.') {
            self.at += 1;
            while let Some(b'0'..=b'9') = self.peek()? {
                self.at += 1;
            }
        }
        if let Some(b'e' | b'E') = self.peek()? {
            return Err(self.broken("a number with an exponent, which no export has"));
        }
        Ok(if negative { 0 } else { n })
    }

    /// A yes or no.
    pub fn boolean(&mut self) -> Result<bool, Broken> {
        match self.ahead()? {
            Some(b't') => self.literal(b"true").map(|()| true),
            Some(b'f') => self.literal(b"false").map(|()| false),
            _ => Err(self.broken("here should be true or false")),
        }
    }

    fn literal(&mut self, word: &[u8]) -> Result<(), Broken> {
        for byte in word {
            if self.next()? != *byte {
                return Err(self.broken("here should be a value"));
            }
        }
        Ok(())
    }

    /// Passes over any value. `scratch` is overwritten.
    pub fn skip(&mut self, scratch: &mut Vec<u8>) -> Result<(), Broken> {
        // The brackets that are open; those of objects are true.
        let mut open: Vec<bool> = Vec::new();
        loop {
            match self.ahead()? {
                Some(b @ (b'{' | b'[')) => {
                    self.at += 1;
                    let object = b == b'{';
                    if !self.take(if object { b'}' } else { b']' })? {
                        if open.len() >= DEEPEST {
                            return Err(self.broken("values nested too deeply"));
                        }
                        open.push(object);
                        if object {
                            self.string(scratch)?;
                            self.expect(b':')?;
                        }
                        continue;
                    }
                }
                Some(b'"') => self.string(scratch)?,
                Some(b't' | b'f') => drop(self.boolean()?),
                Some(b'n') => self.literal(b"null")?,
                Some(b'-' | b'0'..=b'9') => {
                    while let Some(b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9') = self.peek()? {
                        self.at += 1;
                    }
                }
                Some(_) => return Err(self.broken("here should be a value")),
                None => return Err(self.broken("it ends here, cut off")),
            }
            // A value is over: so may be those around it.
            loop {
                let Some(object) = open.last().copied() else { return Ok(()) };
                if self.take(b',')? {
                    if object {
                        self.string(scratch)?;
                        self.expect(b':')?;
                    }
                    break;
                }
                self.expect(if object { b'}' } else { b']' })?;
                open.pop();
            }
        }
    }
}

fn push(out: &mut Vec<u8>, c: char) {
    out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn string(json: &[u8]) -> Result<Vec<u8>, String> {
        let mut out = Vec::new();
        Lexer::new(json).string(&mut out).map_err(|e| e.to_string())?;
        Ok(out)
    }

    #[test]
    fn strings_are_bytes() {
        for (json, bytes) in [
            (&b"\"a\xff\x7fb\""[..], &b"a\xff\x7fb"[..]),
            (br#""\"\\\/\b\f\n\r\t""#, b"\"\\/\x08\x0c\n\r\t"),
            (br#""\u0041\u00e9\u20ac""#, "Aé€".as_bytes()),
            (br#""\ud83d\ude00""#, "😀".as_bytes()),
            (br#""\udcff\udc80""#, b"\xff\x80"),
            (br#""\ud83dx""#, "\u{fffd}x".as_bytes()),
            (br#""\ud83d\n""#, "\u{fffd}\n".as_bytes()),
            (br#""\ud83d\ud83d\ude00""#, "\u{fffd}😀".as_bytes()),
            (br#""\u0000""#, b"\0"),
        ] {
            assert_eq!(string(json).as_deref(), Ok(bytes), "{}", String::from_utf8_lossy(json));
        }
        for (json, why) in [
            (&b"\"a"[..], "line 1, byte 3: it ends here, cut off"),
            (b"\"a\nb\"", "line 1, byte 3: a control character in a string"),
            (br#""\x""#, "line 1, byte 4: an escape that JSON does not know"),
            (br#""\u12g4""#, "line 1, byte 7: here should be four hexadecimal digits"),
            (b"\n\n x", "line 3, byte 2: here should be `\"`"),
        ] {
            assert_eq!(string(json), Err(why.to_string()));
        }
    }

    /// Gives one byte at a time, so that every word crosses the end of a buffer.
    struct Slow<'a>(&'a [u8]);

    impl Read for Slow<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let Some((first, rest)) = self.0.split_first() else { return Ok(0) };
            buffer[0] = *first;
            self.0 = rest;
            Ok(1)
        }
    }

    #[test]
    fn any_value_is_passed_over_however_the_bytes_come() {
        let values = [
            "null",
            "true",
            "-1.5e+7",
            "\"x\\u0041\"",
            "[]",
            "{}",
            "[1,[2,{\"a\":[]}],3]",
            " { \"a\" : 1 , \"b\" : [ ] } ",
        ];
        for value in values {
            let text = format!("{value} ,");
            let mut lexer = Lexer::new(Slow(text.as_bytes()));
            lexer.skip(&mut Vec::new()).unwrap_or_else(|e| panic!("{value}: {e}"));
            assert_eq!(lexer.ahead().expect("read"), Some(b','), "{value}");
        }
        for broken in ["[1,]", "{\"a\"}", "{1:2}", "[1 2]", "[}", "tru", "", "{\"a\":1,}"] {
            assert!(Lexer::new(broken.as_bytes()).skip(&mut Vec::new()).is_err(), "{broken}");
        }
        let deep = "[".repeat(1_000_000);
        assert!(Lexer::new(deep.as_bytes()).skip(&mut Vec::new()).is_err());
    }

    #[test]
    fn numbers_are_whole_and_no_larger_than_can_be() {
        let number = |text: &str| Lexer::new(text.as_bytes()).number().ok();
        assert_eq!(number("1700000000.123"), Some(1_700_000_000));
        assert_eq!(number("-5"), Some(0));
        assert_eq!(number("18446744073709551615"), Some(u64::MAX));
        assert_eq!(number("18446744073709551616"), None);
        assert_eq!(number("x"), None);
        assert_eq!(number("1e9"), None);
    }
}
