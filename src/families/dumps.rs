//! What a crash or a profiler left beside a person's own files: core dumps, GPU core dumps, profiles of Nsight.
//!
//! Layout: `core(5)` (`core`, `core.<pid>`), ELF (gABI: `e_type` 4 is a core file), CUDA-GDB (`*.nvcudmp`), Nsight
//! Systems (`*.nsys-rep`, earlier `*.qdrep`, `*.sqlite` exported from it) and Nsight Compute (`*.ncu-rep`).

use super::names::is_number;
use super::{About, Family, File, Listing, Marker, Range, StoreView};
use crate::model::category::Category;
use crate::model::item::{Found, NewItem};
use crate::model::verdict::Verdict;
use crate::text;

/// The family.
pub struct Dumps;

static ABOUT: About = About {
    id: "dumps",
    name: "Core dumps and profiles",
    items: "a dump of a program, or a recorded profile",
    category: Category::Temporary,
    verdict: Verdict::LookFirst,
    markers: &[
        Marker::Name("core"),
        Marker::Stem("core"),
        Marker::Ext("nvcudmp"),
        Marker::Ext("nsys-rep"),
        Marker::Ext("qdrep"),
        Marker::Ext("ncu-rep"),
    ],
    hint: "only another crash or another profile brings one back; export again with `nsys export`",
    source: "core(5); System V gABI, ELF header; CUDA-GDB, GPU core dumps; Nsight Systems and Nsight Compute user guides",
    unclaimed: Some(Category::Other),
    ..About::DEFAULT
};

/// Endings of what tools of NVIDIA write, what it is called, and what a person should know.
const ENDS: [(&str, &str, &str); 4] = [
    (
        ".nvcudmp",
        "GPU core dump",
        "the memory of a GPU program that crashed; worth as much as the hunt for its cause",
    ),
    (".nsys-rep", "profile", "recorded by Nsight Systems"),
    (".qdrep", "profile", "recorded by Nsight Systems before 2021.4"),
    (".ncu-rep", "profile", "recorded by Nsight Compute"),
];

impl Family for Dumps {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn claims(&self, folder: &Listing<'_>) -> Option<&'static str> {
        // The name `core` proves nothing: packages have such files, too. Its header is looked at then.
        let wanted = |name: &str| is_core(name) || ENDS.iter().any(|(end, ..)| name.ends_with(end));
        (folder.is_among_peoples() && !folder.is_a_top() && folder.any_file(wanted)).then_some("files")
    }

    fn items(&self, store: &StoreView<'_>) -> Found {
        let root = store.root();
        let files: Vec<File<'_>> = root.files().into_iter().filter(File::is_regular).collect();
        let items = files.iter().filter_map(|file| {
            let item = item(store, file, |name| root.has_file(name))?.body(file.node);
            Some(if store.is_live(file) {
                NewItem { verdict: Verdict::InUse, ..item.note("written less than ten minutes ago, or open") }
            } else {
                item
            })
        });
        Found { items: items.collect(), ..Found::default() }
    }
}

fn item(store: &StoreView<'_>, file: &File<'_>, is_there: impl Fn(&str) -> bool) -> Option<NewItem> {
    let name = file.name();
    if is_core(name) {
        let head = store.read(file.node, Range::Head, 20)?;
        let item = NewItem::new("core dump", text::display(file.bytes), Verdict::LookFirst);
        return is_elf_core(&head).then(|| {
            item.note("the memory of a program that crashed; worth as much as the hunt for its cause")
        });
    }
    if let Some((_, kind, why)) = ENDS.iter().find(|(end, ..)| name.ends_with(end)) {
        return Some(NewItem::new(kind, file.shown(), Verdict::LookFirst).note(*why));
    }
    let report = name.strip_suffix(".sqlite").filter(|stem| is_there(&format!("{stem}.nsys-rep")))?;
    let item = NewItem::new("exported profile", file.shown(), Verdict::Rebuild);
    Some(item.note(format!("exported from {}.nsys-rep, which is beside it", text::plain(report))))
}

fn is_core(name: &str) -> bool {
    name == "core" || name.strip_prefix("core.").is_some_and(is_number)
}

/// Whether a file is a core file of a program, in either byte order.
fn is_elf_core(head: &[u8]) -> bool {
    let kind = match (head.get(..4), head.get(5), head.get(16..18)) {
        (Some(b"\x7fELF"), Some(1), Some(kind)) => u16::from_le_bytes([kind[0], kind[1]]),
        (Some(b"\x7fELF"), Some(2), Some(kind)) => u16::from_be_bytes([kind[0], kind[1]]),
        _ => return false,
    };
    kind == 4
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::families::testing::Fixture;

    fn elf(kind: u8) -> Vec<u8> {
        let mut head = vec![0; 4096];
        head[..6].copy_from_slice(b"\x7fELF\x02\x01");
        head[16] = kind;
        head
    }

    #[test]
    fn a_core_dump_is_known_by_its_header() {
        let f = Fixture::new();
        f.file("work/core", elf(4));
        f.file("work/core.4711", elf(4));
        f.file("work/core.12", elf(2));
        f.file("work/core.13", "x");
        f.file("work/core.7", elf(4));
        f.age("work/core.7", 60);
        f.kib("work/core_1795_gpu07_4711.nvcudmp", 8);
        f.kib("work/train\u{1b}[2J.nsys-rep", 8);
        f.kib("work/train\u{1b}[2J.sqlite", 8);
        f.kib("work/mine.sqlite", 8);
        f.kib("work/kernels.ncu-rep", 8);
        f.kib("pkg/core/core.py", 4);
        f.kib("pkg/core.py", 4);
        f.file("schemas/vocabularies/core", "{}");
        f.file("alone/core", elf(4));
        assert_eq!(
            f.outline(),
            "temporary: dumps files ~/alone\n\
             \x20 core dump \"core\" [look-first] 4 4 {the memory of a program that crashed; worth as much as the hunt for its cause}\n\
             temporary: dumps files ~/work\n\
             \x20 core dump \"core\" [look-first] 4 4 {the memory of a program that crashed; worth as much as the hunt for its cause}\n\
             \x20 core dump \"core.4711\" [look-first] 4 4 {the memory of a program that crashed; worth as much as the hunt for its cause}\n\
             \x20 core dump \"core.7\" [in-use] 4 4 {the memory of a program that crashed; worth as much as the hunt for its cause; written less than ten minutes ago, or open}\n\
             \x20 GPU core dump \"core_1795_gpu07_4711.nvcudmp\" [look-first] 8 8 {the memory of a GPU program that crashed; worth as much as the hunt for its cause}\n\
             \x20 profile \"kernels.ncu-rep\" [look-first] 8 8 {recorded by Nsight Compute}\n\
             \x20 profile \"train\\e[2J.nsys-rep\" [look-first] 8 8 {recorded by Nsight Systems}\n\
             \x20 exported profile \"train\\e[2J.sqlite\" [rebuild] 8 8 {exported from train\\e[2J.nsys-rep, which is beside it}\n\
             \x20 other \"other files\" [look-first] 20 16\n"
        );
        assert!(!is_elf_core(b"\x7fELF") && !is_elf_core(&[]));
    }
}
