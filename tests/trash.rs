//! The trash on real files: what comes back and what does not, what is emptied and what stays, and what the program says
//! of it.

#[path = "common/world.rs"]
mod world;

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use clap::Parser;
use mldu::cli::{Cli, Command, TrashCommand};
use mldu::commands::{self, Exit, undo};
use mldu::model::marks::{Mark, Marks};
use mldu::removal::empty::Empty;
use mldu::removal::ledger::{self, Trashed};
use mldu::removal::plan::How;
use mldu::removal::restore::{self, Allow};
use mldu::text::Units;
use serde_json::Value;
use world::{World, contents};

/// What the program does with these words, in the world of the test alone: the real one sees the trashes of all mounts.
/// Exit code, what it prints, what it complains about. Nobody is there to be asked.
fn mldu(w: &World, args: &[&str]) -> (i32, String, String) {
    mldu_with(w, args, false)
}

fn mldu_with(w: &World, args: &[&str], read_only: bool) -> (i32, String, String) {
    let cli = match Cli::try_parse_from(std::iter::once("mldu").chain(args.iter().copied())) {
        Ok(cli) => cli,
        Err(e) => return (e.exit_code(), String::new(), e.to_string()),
    };
    let units = Units::Binary;
    let said = match cli.command.expect("a command") {
        Command::Undo(args) => undo::undo(&w.env, &args, read_only),
        Command::Trash { command: TrashCommand::List(args) } => commands::trash::listed(&w.env, units, &args),
        Command::Trash { command: TrashCommand::Empty(args) } => {
            commands::trash::emptied(&w.env, units, &args, read_only, |_| args.yes)
        }
        other => panic!("{other:?}"),
    };
    let code = match said.exit {
        Exit::Done => 0,
        Exit::Error => 1,
        Exit::Usage => 2,
        Exit::Limit => 3,
        Exit::Partly => 4,
        Exit::Signal(n) => i32::from(n),
    };
    (code, said.out, said.why)
}

fn trash(w: &World, below: &str) -> PathBuf {
    w.root.join("home/.local/share/Trash").join(below)
}

/// Puts a file into the home trash as another program does.
fn foreign(w: &World, name: &str, path: &str, date: &str) -> PathBuf {
    for folder in ["files", "info"] {
        std::fs::create_dir_all(trash(w, folder)).expect("made");
    }
    let record = format!("[Trash Info]\nPath={path}\nDeletionDate={date}\n");
    std::fs::write(trash(w, "info").join(format!("{name}.trashinfo")), record).expect("written");
    let file = trash(w, "files").join(name);
    std::fs::write(&file, name).expect("written");
    file
}

fn ours(w: &World) -> Vec<Trashed> {
    w.trashed().into_iter().filter(Trashed::is_ours).collect()
}

/// Gives records another date.
fn dated(thing: &Trashed, date: &str) {
    let record = std::fs::read_to_string(thing.info()).expect("read");
    let line = format!("DeletionDate={}", thing.date);
    assert!(record.contains(&line), "{record}");
    std::fs::write(thing.info(), record.replace(&line, &format!("DeletionDate={date}"))).expect("written");
}

#[test]
fn a_thing_comes_back_by_its_number_its_place_or_its_run() {
    let w = World::new();
    let files: Vec<PathBuf> = ["m/a", "m/b", "n/c"].iter().map(|f| w.file(f, 4)).collect();
    let before = contents(&w.root.join("home"));
    let paths: Vec<&Path> = files.iter().map(PathBuf::as_path).collect();
    let report = w.remove(&paths, How::Trash);
    let all = ours(&w);
    let a = all.iter().find(|t| t.original == files[0]).expect("a");
    let (code, said, _) = mldu(&w, &["undo", "-n", a.id().expect("a number")]);
    assert!(code == 0 && said.contains("home/m/a") && !files[0].exists(), "{said}");
    let (code, said, _) = mldu(&w, &["undo", &a.id().expect("a number")[..5]]);
    assert_eq!((code, said.lines().next()), (0, Some("1 of 1 back in place")));
    assert!(files[0].exists() && !files[1].exists());
    let (code, ..) = mldu(&w, &["undo", "m/b"]);
    assert!(code == 0 && files[1].exists() && !files[2].exists());
    let (code, _, why) = mldu(&w, &["undo", &report.run, "nothing/of/that"]);
    assert!(code == 1 && why.contains("nothing in the trash is called nothing/of/that"), "{why}");
    assert!(!files[2].exists(), "all words are clear, or nothing is done");
    assert_eq!(mldu(&w, &["undo", &report.run]).0, 0);
    std::fs::remove_dir_all(w.root.join("home/.local")).expect("only the empty trash was there");
    assert_eq!(contents(&w.root.join("home")), before);
}

#[test]
fn of_two_things_from_one_place_none_is_guessed() {
    let w = World::new();
    let file = w.file("m/a", 4);
    assert!(w.remove(&[&file], How::Trash).is_clean());
    std::fs::write(&file, "the second").expect("written");
    assert!(w.remove(&[&file], How::Trash).is_clean());
    let all = ours(&w);
    let ids: Vec<&str> = all.iter().map(|t| t.id().expect("a number")).collect();
    let (code, said, why) = mldu(&w, &["undo", "m/a"]);
    assert!(code == 1 && said.is_empty() && ids.iter().all(|id| why.contains(id)), "{why}");
    let (code, said, _) = mldu(&w, &["undo", "--all"]);
    assert!(code == 1 && said.contains("0 of 2 back in place"), "{said}");
    assert!(ids.iter().all(|id| said.contains(&format!("{id}, trashed "))), "{said}");
    assert!(!file.exists());
    let second = all.iter().find(|t| t.ours.as_ref().is_some_and(|o| o.bytes == 4096)).expect("there");
    let content = std::fs::read(second.file()).expect("read");
    assert_eq!(mldu(&w, &["undo", second.id().expect("a number")]).0, 0);
    assert_eq!(std::fs::read(&file).expect("read"), content);
    assert_eq!(ours(&w).len(), 1);
}

#[test]
fn what_lies_in_the_place_stays_and_a_thing_comes_back_beside_it() {
    let w = World::new();
    let file = w.file("m/a.bin", 4);
    for content in ["one", "two"] {
        std::fs::write(&file, content).expect("written");
        assert!(w.remove(&[&file], How::Trash).is_clean());
    }
    std::fs::write(&file, "new").expect("written");
    let (code, said, _) = mldu(&w, &["undo", "--last"]);
    assert!(
        code == 1 && said.contains("something else lies there now") && said.contains("--beside"),
        "{said}"
    );
    let mut back = Vec::new();
    for thing in ours(&w) {
        let content = std::fs::read_to_string(thing.file()).expect("read");
        let (code, said, _) = mldu(&w, &["undo", "--beside", thing.id().expect("a number")]);
        assert_eq!(code, 0, "{said}");
        back.push(content);
    }
    let read = |name: &str| std::fs::read_to_string(w.root.join("home/m").join(name)).expect(name);
    assert_eq!(read("a.bin"), "new");
    assert_eq!([read("a.bin (restored)"), read("a.bin (restored 2)")], back[..]);
    assert!(w.trashed().is_empty());
}

#[test]
fn folders_are_made_again_as_they_were_and_only_if_it_comes_back() {
    let w = World::new();
    let file = w.file("deep/er/m/a", 4);
    let mode = |path: &Path| path.metadata().expect("there").mode() & 0o7777;
    let parent = file.parent().expect("a folder").to_path_buf();
    std::fs::set_permissions(&parent, std::fs::Permissions::from_mode(0o2750)).expect("set");
    assert!(w.remove(&[&file], How::Trash).is_clean());
    let deep = w.root.join("home/deep");
    std::fs::remove_dir_all(&deep).expect("removed");
    // Where a file lies in the way nothing is made, and nothing is left.
    std::fs::write(&deep, "in the way").expect("written");
    let (code, said, _) = mldu(&w, &["undo"]);
    assert!(code == 1 && said.contains("stays in the trash"), "{said}");
    assert_eq!(std::fs::read(&deep).expect("read"), b"in the way");
    std::fs::remove_file(&deep).expect("removed");
    assert_eq!(mldu(&w, &["undo"]).0, 0);
    assert!(file.exists());
    assert_eq!((mode(&parent), mode(&deep), mode(&deep.join("er"))), (0o2750, 0o700, 0o700));
}

#[test]
fn folders_that_were_made_for_nothing_go_again() {
    let w = World::new();
    let (dir, hash) = ("home/.cache/tfhub_modules", "a".repeat(40));
    let item = two_parts(&w, &hash);
    assert!(w.run(&w.plan(&item.0, &item.1, How::Trash)).is_clean());
    assert_eq!(ours(&w).len(), 2);
    let cache = w.root.join(dir);
    std::fs::remove_dir_all(&cache).expect("removed");
    // The part that comes back last is not who it was any more: the first was there already, and so was its folder.
    let swapped = ours(&w).into_iter().find(|t| t.original.ends_with(&hash)).expect("the model");
    let all = w.trashed();
    std::fs::rename(swapped.file(), w.root.join("kept")).expect("moved");
    std::fs::write(swapped.file(), "another").expect("written");
    for item in restore::plan(&all, |_| true) {
        let done = item.bring(Allow::default());
        assert!(done.iter().all(|d| d.failed.is_some()), "all or none: {done:?}");
        assert!(done.iter().any(|d| d.failed.as_deref() == Some("it changed while it lay in the trash")));
    }
    assert!(!cache.exists(), "the folder it was in is not left behind");
}

/// A TF-Hub module with its descriptor: an item of two parts, marked.
fn two_parts(w: &World, hash: &str) -> (mldu::model::inventory::Inventory, Marks) {
    let dir = ".cache/tfhub_modules";
    w.file(&format!("{dir}/{hash}/saved_model.pb"), 8);
    let text = "Module: https://tfhub.dev/google/nnlm/2\n";
    let descriptor = w.root.join("home").join(dir).join(format!("{hash}.descriptor.txt"));
    std::fs::write(descriptor, text).expect("written");
    let inventory = w.scan();
    let mut marks = Marks::default();
    let item = inventory
        .items()
        .find(|i| i.kind == "module" && i.parts.len() == 2)
        .expect("a module of two parts")
        .id;
    marks.insert(Mark::Item(item));
    (inventory, marks)
}

#[test]
fn an_item_of_which_a_part_is_gone_comes_back_only_when_that_is_said() {
    let w = World::new();
    let hash = "b".repeat(40);
    let home = w.root.join("home/.cache/tfhub_modules");
    let (model, text) = (home.join(&hash), home.join(format!("{hash}.descriptor.txt")));
    for record_too in [false, true] {
        let (inventory, marks) = two_parts(&w, &hash);
        let plan = w.plan(&inventory, &marks, How::Trash);
        assert!(plan.refused.is_empty(), "{:?}", plan.refused);
        assert!(w.run(&plan).is_clean());
        let all = w.trashed();
        let descriptor = all.iter().find(|t| t.is_ours() && t.original == text);
        let descriptor = descriptor.unwrap_or_else(|| panic!("the descriptor is in {all:#?}")).clone();
        assert_eq!(descriptor.ours.as_ref().and_then(|o| o.part).map(|(_, of)| of), Some(2));
        std::fs::remove_file(descriptor.file()).expect("emptied elsewhere");
        if record_too {
            std::fs::remove_file(descriptor.info()).expect("emptied elsewhere");
        }
        let (code, said, _) = mldu(&w, &["undo"]);
        let why = if record_too { "is in no trash that is there" } else { "was emptied elsewhere (" };
        assert!(code == 1 && said.contains("1 of its 2 parts ") && said.contains(why), "{said}");
        assert!(said.contains("--partly") && !model.exists(), "{said}");
        let (code, said, _) = mldu(&w, &["undo", "--partly"]);
        assert!(code == 0 && model.exists() && !text.exists(), "{said}");
        // What is left is a record of nothing: it cannot come back, and says so.
        let left = w.trashed();
        assert_eq!(left.len(), usize::from(!record_too));
        for lone in left {
            let (code, said, _) = mldu(&w, &["undo", lone.id().expect("a number")]);
            assert!(code == 1 && said.contains("only its record is left"), "{said}");
            assert!(mldu(&w, &["trash", "list"]).1.contains("(emptied elsewhere: only its record is left)"));
            let (code, said, _) = mldu(&w, &["trash", "empty", "-y", lone.id().expect("a number")]);
            assert!(code == 1 && said.contains("its record is new"), "{said}");
            let record = std::fs::File::options().write(true).open(lone.info()).expect("open");
            record
                .set_modified(std::time::SystemTime::now() - std::time::Duration::from_secs(700))
                .expect("set");
            assert_eq!(mldu(&w, &["trash", "empty", "-y", lone.id().expect("a number")]).0, 0);
            assert!(!lone.info().exists());
        }
    }
}

#[test]
fn a_record_of_what_was_never_moved_holds_nothing_up() {
    let w = World::new();
    let hash = "c".repeat(40);
    let (inventory, marks) = two_parts(&w, &hash);
    assert!(w.run(&w.plan(&inventory, &marks, How::Trash)).is_clean());
    // As a kill between the record and the move leaves it: the record is there, the thing where it was.
    let all = ours(&w);
    let text = all.iter().find(|t| t.original.extension().is_some_and(|e| e == "txt")).expect("a part");
    std::fs::rename(text.file(), &text.original).expect("moved");
    let (code, said, _) = mldu(&w, &["undo"]);
    assert_eq!((code, said.lines().next()), (0, Some("1 of 1 back in place")), "{said}");
    assert!(all.iter().all(|t| t.original.exists()));
}

#[test]
fn a_link_to_a_folder_comes_back_as_that() {
    let w = World::new();
    w.file("data/precious", 4);
    let link = w.root.join("home/link");
    std::os::unix::fs::symlink(w.root.join("home/data"), &link).expect("linked");
    let before = contents(&w.root.join("home"));
    assert!(w.remove(&[&link], How::Trash).is_clean());
    assert!(link.symlink_metadata().is_err() && w.root.join("home/data/precious").exists());
    assert_eq!(mldu(&w, &["undo", "link"]).0, 0);
    std::fs::remove_dir_all(w.root.join("home/.local")).expect("only the empty trash was there");
    assert_eq!(contents(&w.root.join("home")), before);
    // Emptied, it goes alone.
    assert!(w.remove(&[&link], How::Trash).is_clean());
    assert_eq!(mldu(&w, &["trash", "empty", "-y"]).0, 0);
    assert!(link.symlink_metadata().is_err() && w.root.join("home/data/precious").exists());
}

#[test]
fn what_has_no_believable_date_is_older_than_nothing() {
    let w = World::new();
    let files: Vec<PathBuf> =
        ["old", "fresh", "future", "epoch", "odd"].iter().map(|f| w.file(f, 4)).collect();
    let paths: Vec<&Path> = files.iter().map(PathBuf::as_path).collect();
    assert!(w.remove(&paths, How::Trash).is_clean());
    for (name, date) in [
        ("old", "2020-01-01T00:00:00"),
        ("future", "2099-01-01T00:00:00"),
        ("epoch", "1970-01-01T00:00:01"),
        ("odd", "the other day"),
    ] {
        let all = ours(&w);
        dated(all.iter().find(|t| t.original.ends_with(name)).expect(name), date);
    }
    let kept = |name: &str| ours(&w).iter().any(|t| t.original.ends_with(name));
    let (code, said, _) = mldu(&w, &["trash", "empty", "--older-than", "7d", "-n"]);
    assert!(code == 0 && kept("old"), "{said}");
    assert_eq!(said.matches("of unknown age").count(), 3, "{said}");
    assert!(said.contains("1 thing, 4.0 KiB"), "{said}");
    assert_eq!(mldu(&w, &["trash", "empty", "--older-than", "7d", "-y"]).0, 0);
    assert!(!kept("old") && ["fresh", "future", "epoch", "odd"].into_iter().all(kept));
    let (code, said, _) = mldu(&w, &["trash", "empty", "--older-than", "7d", "-y"]);
    assert!(code == 0 && said.contains("nothing is that old"), "{said}");
    assert_eq!(mldu(&w, &["trash", "empty", "--older-than", "soon"]).0, 2);
    let (code, said, _) = mldu(&w, &["trash", "list", "--json"]);
    let v: Value = serde_json::from_str(&said).expect("JSON");
    let rows = v["trashed"].as_array().expect("rows");
    let ages = rows.iter().filter(|r| r["age_seconds"].is_number()).count();
    assert_eq!((code, rows.len(), ages), (0, 4, 1), "{said}");
    // Named, a thing goes whatever its age.
    assert_eq!(mldu(&w, &["trash", "empty", "-y", "odd"]).0, 0);
    assert!(!kept("odd") && kept("future"));
}

#[test]
fn what_others_put_there_goes_only_when_it_is_chosen_as_such() {
    let w = World::new();
    let mine = w.file("mine", 4);
    assert!(w.remove(&[&mine], How::Trash).is_clean());
    let theirs = foreign(&w, "theirs", "/x/theirs", "2020-01-01T00:00:00");
    let other = foreign(&w, "other", "/x/other", "2020-01-01T00:00:00");
    let orphan = trash(&w, "files/orphan.0123456789abcdef");
    std::fs::write(&orphan, "precious").expect("written");
    let (_, said, _) = mldu(&w, &["trash", "list"]);
    assert!(said.contains("  /x/theirs\n") && said.contains("(nothing says where it was)"), "{said}");
    assert_eq!(mldu(&w, &["trash", "list", "--foreign"]).1.lines().count(), 4);
    assert_eq!(mldu(&w, &["trash", "list", "--ours"]).1.lines().count(), 2);
    let (code, _, why) = mldu(&w, &["trash", "empty", "-y", "/x/theirs"]);
    assert!(code == 1 && why.contains("put there by another program: --foreign"), "{why}");
    assert_eq!(mldu(&w, &["trash", "empty", "-y"]).0, 0);
    assert!(ours(&w).is_empty() && theirs.exists() && other.exists() && orphan.exists());
    let (code, said, _) = mldu(&w, &["trash", "empty", "--foreign", "-n"]);
    assert!(code == 0 && said.contains("2 things that other programs put there, 8.0 KiB"), "{said}");
    assert_eq!(mldu(&w, &["trash", "empty", "--foreign"]).0, 2, "nobody was there to be asked");
    assert!(theirs.exists());
    assert_eq!(mldu(&w, &["trash", "empty", "--foreign", "-y", "/x/theirs"]).0, 0);
    assert!(!theirs.exists() && !trash(&w, "info/theirs.trashinfo").exists() && other.exists());
    assert_eq!(mldu(&w, &["trash", "empty", "--foreign", "-y"]).0, 0);
    assert!(!other.exists() && orphan.exists(), "what nothing is known of goes only by its name");
    let (code, _, why) = mldu(&w, &["undo", &orphan.display().to_string()]);
    assert!(code == 1 && why.contains("nothing says where it was"), "{why}");
    assert_eq!(mldu(&w, &["trash", "empty", "--foreign", "-y", &orphan.display().to_string()]).0, 0);
    assert!(!orphan.exists());
}

#[test]
fn what_others_put_there_comes_back_by_itself_if_its_record_can_be_trusted() {
    let w = World::new();
    let home = w.root.join("home").display().to_string();
    foreign(&w, "a", &format!("{home}/back/a"), "2026-01-01T00:00:00");
    foreign(&w, "up", &format!("{home}/back/../../up"), "2026-01-01T00:00:00");
    assert_eq!(mldu(&w, &["undo", "--all"]).1, "nothing that mldu trashed is left in the trash\n");
    let (code, said, _) = mldu(&w, &["undo", "back/a"]);
    assert!(code == 0 && w.root.join("home/back/a").exists(), "{said}");
    assert!(!trash(&w, "info/a.trashinfo").exists());
    let (code, said, _) = mldu(&w, &["undo", &trash(&w, "files/up").display().to_string()]);
    assert!(code == 1 && said.contains("not to be trusted"), "{said}");
    assert!(!w.root.join("up").exists());
}

#[test]
fn a_trash_others_may_write_to_is_left_alone() {
    let w = World::new();
    let file = w.file("a", 4);
    assert!(w.remove(&[&file], How::Trash).is_clean());
    let open = |mode| {
        std::fs::set_permissions(trash(&w, "files"), std::fs::Permissions::from_mode(mode)).expect("set");
    };
    open(0o777);
    let (code, said, _) = mldu(&w, &["trash", "empty", "-y"]);
    assert!(code == 1 && said.contains("others may write to it"), "{said}");
    let (code, said, _) = mldu(&w, &["undo"]);
    assert!(code == 1 && said.contains("others may write to it"), "{said}");
    assert_eq!(ours(&w).len(), 1);
    open(0o700);
    assert_eq!(mldu(&w, &["undo"]).0, 0);
    assert!(file.exists());
}

#[test]
fn what_a_process_uses_is_not_emptied() {
    let w = World::new();
    let open = w.file("run/deep/log", 4);
    let idle = w.file("idle", 4);
    assert!(
        w.remove(&[open.parent().expect("a folder").parent().expect("a folder"), &idle], How::Trash)
            .is_clean()
    );
    let run = ours(&w).into_iter().find(|t| t.original.ends_with("run")).expect("the folder");
    let held = run.file().join("deep/log");
    let mut child = std::process::Command::new("sleep")
        .arg("60")
        .stdin(std::fs::File::open(&held).expect("open"))
        .spawn()
        .expect("sleep runs");
    // The child is another program only after exec.
    while std::fs::read_to_string(format!("/proc/{}/comm", child.id())).expect("it runs").trim() != "sleep" {
        std::thread::yield_now();
    }
    let (code, said, _) = mldu(&w, &["trash", "empty", "-y"]);
    child.kill().expect("ended");
    child.wait().expect("ended");
    assert_eq!(code, 4, "{said}");
    assert!(said.contains(&format!("in use: open by sleep {}", child.id())), "{said}");
    assert!(held.exists() && ours(&w).len() == 1);
    // A lock is seen though this process is not looked into.
    let file = std::fs::File::open(&held).expect("open");
    file.lock().expect("locked");
    let done = Empty::plan(&w.trashed(), |_| true).run(&AtomicBool::new(false), &mut |_| {});
    assert!(
        done[0].failed.as_deref().is_some_and(|w| w.contains("holds a lock on something in it")),
        "{done:?}"
    );
    assert!(held.exists());
    drop(file);
    assert_eq!(mldu(&w, &["trash", "empty", "-y"]).0, 0);
    assert!(w.trashed().is_empty() && !run.file().exists());
}

#[test]
fn what_was_swapped_after_the_look_stays() {
    let w = World::new();
    let theirs = foreign(&w, "theirs", "/x/theirs", "2020-01-01T00:00:00");
    let all = w.trashed();
    let empty = Empty::chosen(all.iter().map(|t| (t.clone(), None)));
    assert_eq!((empty.foreign(), empty.unknown()), (1, 1));
    std::fs::rename(&theirs, w.root.join("kept")).expect("moved");
    std::fs::write(&theirs, "another").expect("written");
    let done = empty.run(&AtomicBool::new(false), &mut |_| {});
    assert_eq!(done[0].failed.as_deref(), Some("changed since it was trashed"));
    assert_eq!(std::fs::read(&theirs).expect("read"), b"another");
}

#[test]
fn desktops_are_told_what_the_folders_take() {
    let w = World::new();
    w.file("big folder/weights", 300);
    w.file("big folder/in/config", 1);
    let single = w.file("single", 4);
    let folder = w.root.join("home/big folder");
    let du = std::process::Command::new("du").args(["-s", "-B1"]).arg(&folder).output().expect("du");
    let du = String::from_utf8(du.stdout).expect("text").split('\t').next().expect("a size").to_string();
    assert!(w.remove(&[&folder, &single], How::Trash).is_clean());
    let sizes = || std::fs::read_to_string(trash(&w, "directorysizes")).expect("read");
    let thing = ours(&w).into_iter().find(|t| t.original == folder).expect("the folder");
    let mtime = thing.info().metadata().expect("there").mtime();
    let name = thing.name.to_str().expect("text").replace(' ', "%20");
    assert_eq!(sizes(), format!("{du} {mtime} {name}\n"));
    assert_eq!(mldu(&w, &["undo"]).0, 0);
    assert!(!trash(&w, "directorysizes").exists(), "there is nothing to tell any more");
    assert!(w.remove(&[&folder], How::Trash).is_clean());
    assert_eq!(sizes().lines().count(), 1);
    assert_eq!(mldu(&w, &["trash", "empty", "-y"]).0, 0);
    assert!(!trash(&w, "directorysizes").exists(), "there is nothing to tell any more");
}

#[test]
fn odd_names_are_listed_safely_and_come_back_by_their_number() {
    let w = World::new();
    let odd = w.root.join("home").join(OsStr::from_bytes(b"a\n\x1b[2J\xff"));
    std::fs::write(&odd, "x").expect("written");
    assert!(w.remove(&[&odd], How::Trash).is_clean());
    let (code, said, _) = mldu(&w, &["trash", "list"]);
    assert!(code == 0 && said.contains("a\\n\\e[2J\\xff"), "{said:?}");
    assert!(said.chars().all(|c| c == '\n' || !c.is_control()), "{said:?}");
    let (_, said, _) = mldu(&w, &["trash", "list", "--json"]);
    let v: Value = serde_json::from_str(&said).expect("JSON");
    assert!(v["trashed"][0]["path_b64"].is_string(), "{v}");
    let id = v["trashed"][0]["id"].as_str().expect("a number").to_string();
    assert_eq!(mldu(&w, &["undo", &id]).0, 0);
    assert_eq!(std::fs::read(&odd).expect("read"), b"x");
}

#[test]
fn read_only_nothing_is_emptied_and_nothing_comes_back() {
    let w = World::new();
    let file = w.file("a", 4);
    assert!(w.remove(&[&file], How::Trash).is_clean());
    let before = contents(&w.root);
    for args in [&["undo"][..], &["trash", "empty", "-y"], &["trash", "empty", "--foreign", "-y"]] {
        let (code, _, why) = mldu_with(&w, args, true);
        assert!(code == 1 && why.contains("read-only"), "{why}");
    }
    assert_eq!(contents(&w.root), before);
    assert_eq!(mldu_with(&w, &["undo", "-n"], true).0, 0);
}

#[test]
fn a_trash_that_is_not_there_is_told() {
    let w = World::new();
    let away = w.root.join("mnt/.Trash-7");
    assert!(mldu::removal::record::note_root(&w.env, &away));
    assert_eq!(ledger::absent(&w.env), std::slice::from_ref(&away));
    let line = "/mnt/.Trash-7 is not there now: its file system is not mounted, or it was removed";
    assert!(mldu(&w, &["trash", "list"]).1.contains(line));
    assert!(mldu(&w, &["undo"]).1.contains(line));
    assert!(mldu(&w, &["undo", "x"]).2.contains(line));
    // A mount point without its file system is an empty folder; where other things lie, the trash was removed.
    std::fs::create_dir_all(w.root.join("mnt")).expect("made");
    assert!(mldu(&w, &["trash", "list"]).1.contains(line));
    std::fs::create_dir_all(w.root.join("mnt/data")).expect("made");
    assert!(ledger::absent(&w.env).is_empty());
    std::fs::remove_dir(w.root.join("mnt/data")).expect("removed");
    std::fs::create_dir_all(away.join("info")).expect("made");
    assert!(ledger::absent(&w.env).is_empty());
}

fn sh(script: &str) {
    let done = std::process::Command::new("sh").args(["-c", script]).status().expect("sh runs");
    assert!(done.success(), "{script}");
}

#[test]
#[ignore = "needs root and a mount namespace of its own"]
fn a_file_system_that_is_not_mounted_gets_its_things_back_when_it_is_again() {
    let mut w = World::new();
    let (disk, other) = (w.root.join("disk"), w.root.join("other"));
    for folder in [&disk, &other] {
        std::fs::create_dir(folder).expect("made");
    }
    let (at, there) = (disk.display().to_string(), other.display().to_string());
    sh(&format!("mount -t tmpfs -o mode=755 none {at}"));
    std::fs::create_dir_all(disk.join("models/x")).expect("made");
    std::fs::write(disk.join("models/x/w"), "weights").expect("written");
    w.env = w.env.clone().with_disk(&w.root);
    assert!(w.remove(&[&disk.join("models/x")], How::Trash).is_clean());
    assert!(disk.join(".Trash-0/files").is_dir());
    let thing = w.trashed().into_iter().find(Trashed::is_ours).expect("it lies there");
    let id = thing.id().expect("a number").to_string();
    std::fs::remove_dir(disk.join("models")).expect("removed");
    // Mounted elsewhere, its things are where it is; the place it was mounted at has no such folder, and gets none.
    sh(&format!("mount --move {at} {there}"));
    assert!(mldu(&w, &["undo", "-n", &id]).1.contains("other/models/x"));
    assert!(mldu(&w, &["trash", "list"]).1.contains("disk/.Trash-0 is not there now"));
    // Something else is mounted over the folder the record names: nothing is made on that.
    std::fs::create_dir(other.join("models")).expect("made");
    sh(&format!("mount -t tmpfs none {there}/models"));
    let (code, said, _) = mldu(&w, &["undo", &id]);
    assert!(code == 1 && said.contains("would have to be copied"), "{said}");
    assert_eq!(std::fs::read_dir(other.join("models")).expect("read").count(), 0);
    sh(&format!("umount {there}/models && rmdir {there}/models"));
    assert_eq!(mldu(&w, &["undo", &id]).0, 0);
    assert_eq!(std::fs::read(other.join("models/x/w")).expect("read"), b"weights");
    // What is mounted inside a thing in the trash is not emptied with it.
    assert!(w.remove(&[&other.join("models/x")], How::Trash).is_clean());
    let thing = w.trashed().into_iter().find(Trashed::is_ours).expect("it lies there");
    std::fs::create_dir(thing.file().join("in")).expect("made");
    w.file("victim/precious", 4);
    let victim = w.root.join("home/victim").display().to_string();
    sh(&format!("mount --bind {victim} {}/in", thing.file().display()));
    let (code, said, _) = mldu(&w, &["trash", "empty", "-y", thing.id().expect("a number")]);
    assert!(code == 1 && said.contains("something is mounted in it"), "{said}");
    assert!(thing.file().join("w").exists() && w.root.join("home/victim/precious").exists());
    sh(&format!("umount {}/in && umount {there}", thing.file().display()));
}
