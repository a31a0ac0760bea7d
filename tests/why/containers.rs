//! Layers of a container, of which the upper one is full.

use std::path::Path;

use mldu::env::Env;
use mldu::removal::plan::How;

use crate::desk::Desk;
use crate::ground::{Mounted, put, run};
use crate::world::World;

#[test]
#[ignore = "needs root: mounts an overlay"]
fn a_container_whose_layer_is_full() {
    let base = Mounted::ext4(16);
    let image = Mounted::tmpfs("size=8m");
    for dir in ["upper", "work", "merged"] {
        std::fs::create_dir(base.path.join(dir)).expect("made");
    }
    put(&image.path.join("image/model"), 1024);
    let (b, i) = (base.path.display(), image.path.display());
    let options = format!("lowerdir={i},upperdir={b}/upper,workdir={b}/work");
    let merged = base.path.join("merged");
    run("mount", &["-t", "overlay", "-o", &options, "overlay", &merged.display().to_string()]);
    let desk = Desk::new();
    put(&merged.join("made here"), 1024);
    let work = merged.join("notebooks");
    std::fs::create_dir(&work).expect("made");
    desk.is_well(&work);
    base.fill();
    let said = desk.why(&work);
    let sentence = said.is_blocked("FULL", &merged, "notebooks", "ENOSPC");
    assert!(sentence.starts_with(&format!("{} has 0 B left for you", merged.display())), "{sentence}");
    let way_on = said.str("way_on");
    assert!(way_on.contains("What came with the container's image gives nothing back"), "{way_on}");
    assert!(way_on.contains("The host's disk lies below"), "{way_on}");
    // As it says: what came with the image gives nothing back, what was written since does.
    let world = World::on(&merged, Env::fixed(&desk.home).with_disk("/"));
    let inventory = world.scan();
    let frees = |path: &Path| world.plan(&inventory, &World::marks(&inventory, &[path]), How::ForGood).frees;
    assert_eq!((frees(&merged.join("image/model")), frees(&merged.join("made here"))), (0, 1 << 20));
    desk.remove(&merged, &[&merged.join("made here")]);
    desk.is_well(&work);
    run("umount", &[&merged.display().to_string()]);
}
