//! What a `.wandb` file says of its run near its beginning: project, entity and name.
//!
//! Layout: a header of seven bytes (`:W&B`, a magic number, a version), then the log format of `LevelDB`: blocks of
//! 32 KiB, in them checksum (4), length (2), type (1) and a protobuf record, whose field 17 is the run. Numbers of
//! fields as wandb 0.31 writes them.

/// How much of a file is worth reading for it.
pub const HEAD: usize = 32 << 10;

/// What a run is called.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Run {
    /// The person or team.
    pub entity: Option<String>,
    /// The project.
    pub project: Option<String>,
    /// The name on the web page.
    pub name: Option<String>,
}

/// The run record among the first records of a file.
pub fn run(head: &[u8]) -> Option<Run> {
    let mut rest = head.strip_prefix(b":W&B")?.get(3..)?;
    loop {
        let len = usize::from(u16::from_le_bytes(rest.get(4..6)?.try_into().ok()?));
        // Only a record that lies in one piece is read: the run's is among the first and small.
        let whole = *rest.get(6)? == 1;
        let record = rest.get(7..7 + len)?;
        if let Some(run) = whole.then(|| field(record, 17)).flatten() {
            let text =
                |n| field(run, n).and_then(|t| String::from_utf8(t.into()).ok()).filter(|t| !t.is_empty());
            return Some(Run { entity: text(2), project: text(3), name: text(8) });
        }
        rest = rest.get(7 + len..)?;
    }
}

/// The bytes of the first field with this number that has a length.
fn field(mut message: &[u8], wanted: u64) -> Option<&[u8]> {
    while !message.is_empty() {
        let (tag, rest) = varint(message)?;
        message = match tag & 7 {
            0 => varint(rest)?.1,
            1 => rest.get(8..)?,
            5 => rest.get(4..)?,
            2 => {
                let (len, rest) = varint(rest)?;
                let (bytes, rest) = rest.split_at_checked(usize::try_from(len).ok()?)?;
                if tag >> 3 == wanted {
                    return Some(bytes);
                }
                rest
            }
            _ => return None,
        };
    }
    None
}

fn varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut value = 0;
    for (i, byte) in bytes.iter().enumerate().take(9) {
        value |= u64::from(byte & 0x7f) << (7 * i);
        if byte & 0x80 == 0 {
            return Some((value, &bytes[i + 1..]));
        }
    }
    None
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// A file as wandb begins it: another record, then the run's.
    pub fn log(project: &str, name: &str) -> Vec<u8> {
        let text = |tag: u8, text: &str| [&[tag, text.len() as u8][..], text.as_bytes()].concat();
        let run = [text(0x0a, "8lr3valp"), text(0x1a, project), text(0x42, name)].concat();
        let records = [
            vec![0x08, 0x01, 0xaa, 0x01, 0x01, b'x'],
            [&[0x08, 2, 0x8a, 1, run.len() as u8][..], &run].concat(),
        ];
        let mut out = b":W&B\xe1\xbe\0".to_vec();
        for record in records {
            out.extend([0; 4]);
            out.extend((record.len() as u16).to_le_bytes());
            out.push(1);
            out.extend(record);
        }
        out
    }

    #[test]
    fn a_run_says_its_project_and_name_and_a_torn_one_nothing() {
        let log = log("vit", "first-try");
        let wanted = Run { entity: None, project: Some("vit".into()), name: Some("first-try".into()) };
        assert_eq!(run(&log), Some(wanted));
        for cut in 0..log.len() {
            assert_eq!(run(&log[..cut]), None, "cut at {cut}");
        }
        assert_eq!(run(&[0xff; 64]), None);
    }
}
