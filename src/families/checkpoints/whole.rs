//! Whether a file of weights is all there, as far as its own format says.
//!
//! Formats: zip (`.keras`, torch since 1.6) ends with its central directory; HDF5 says in its superblock where it
//! ends; safetensors says in its header where each tensor ends. Old torch files are plain pickles and say nothing.

use crate::families::names::{hdf5_end, zip_is_whole};
use crate::families::{File, Range, StoreView};

/// Headers of safetensors files larger than this are not read.
const HEADER_CAP: u64 = 1 << 20;

/// Why a file is not all there; nothing if it is, or if its format does not tell.
pub fn torn(store: &StoreView<'_>, file: &File<'_>) -> Option<&'static str> {
    if file.size == 0 {
        return Some("it is empty");
    }
    let head = store.read(file.node, Range::Head, 64)?;
    let missing = if head.starts_with(b"PK\x03\x04") {
        !zip_ends(store, file)?
    } else if file.name().ends_with(".safetensors") {
        safetensors_end(store, file, &head)? > file.size
    } else {
        hdf5_end(&head)? > file.size
    };
    missing.then_some("its end is missing")
}

fn zip_ends(store: &StoreView<'_>, file: &File<'_>) -> Option<bool> {
    for cap in [1 << 10, 1 << 16] {
        if zip_is_whole(&store.read(file.node, Range::Tail, cap)?) {
            return Some(true);
        }
    }
    Some(false)
}

/// Where the last tensor of a safetensors file ends; at least where its header ends.
fn safetensors_end(store: &StoreView<'_>, file: &File<'_>, head: &[u8]) -> Option<u64> {
    let len = u64::from_le_bytes(head.get(..8)?.try_into().ok()?);
    let header_end = len.checked_add(8)?;
    // A header of gigabytes is no header but another format.
    if head.get(8) != Some(&b'{') {
        return None;
    }
    if header_end > file.size || len > HEADER_CAP {
        return Some(header_end);
    }
    let header = store.read(file.node, Range::At(8), len as usize)?;
    let header: serde_json::Value = serde_json::from_slice(&header).ok()?;
    let ends = header.as_object()?.values().filter_map(|t| t.get("data_offsets")?.get(1)?.as_u64());
    header_end.checked_add(ends.max().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use crate::families::testing::Fixture;

    #[test]
    fn formats_that_say_where_they_end_are_believed() {
        let f = Fixture::new();
        let hdf5 = |end: u64| {
            let mut bytes = b"\x89HDF\r\n\x1a\n\0\0\0\0\0\x08\x08\0".to_vec();
            bytes.resize(40, 0xff);
            bytes.extend(end.to_le_bytes());
            bytes.resize(1024, 0);
            bytes
        };
        let safetensors = |end: u64| {
            let header = format!("{:<56}", format!("{{\"w\":{{\"data_offsets\":[0,{end}]}}}}"));
            let mut bytes = 56_u64.to_le_bytes().to_vec();
            bytes.extend(header.bytes());
            bytes.resize(1024, 0);
            bytes
        };
        f.file("h5/epoch_1.h5", hdf5(1025));
        f.file("h5/epoch_2.h5", hdf5(1024));
        f.file("st/epoch_1.safetensors", safetensors(961));
        f.file("st/epoch_2.safetensors", safetensors(960));
        // A header that would be larger than the file.
        f.file("st/epoch_0.safetensors", [&(1_u64 << 40).to_le_bytes()[..], b"{"].concat());
        // Pickles of old torch, and anything else, say nothing.
        f.file("pt/epoch_1.pt", b"\x80\x02");
        f.file("pt/epoch_2.pt", b"\x80\x02");
        let torn = "{incomplete: its end is missing}";
        assert_eq!(
            f.outline(),
            format!(
                "checkpoints: checkpoints series ~/h5 (2 steps, latest epoch 2)\n\
                 \x20 !step \"epoch 1\" [safe] 4 4 {torn}\n\
                 \x20 step \"epoch 2\" [look-first] 4 4 {{latest}}\n\
                 checkpoints: checkpoints series ~/pt (2 steps, latest epoch 2)\n\
                 \x20 step \"epoch 1\" [look-first] 4 4\n\
                 \x20 step \"epoch 2\" [look-first] 4 4 {{latest}}\n\
                 checkpoints: checkpoints series ~/st (3 steps, latest epoch 2)\n\
                 \x20 !step \"epoch 0\" [safe] 4 4 {torn}\n\
                 \x20 !step \"epoch 1\" [safe] 4 4 {torn}\n\
                 \x20 step \"epoch 2\" [look-first] 4 4 {{latest}}\n"
            )
        );
    }
}
