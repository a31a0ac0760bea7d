//! Where the lists go, and that they are there: written to the disk, read back, understood, and nothing missing.

use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use super::Recipe;
use crate::env::Env;
use crate::removal::draft::Environment;
use crate::removal::facts::sentence;
use crate::sys::read::{Range, read_beneath};
use crate::sys::{beneath, mounts, reserve};
use crate::text;

/// The folder for them among mldu's own records.
const FOLDER: &str = "environments";

/// Bytes that the longest name of a file has beside that of the environment.
const NAME: usize = 80;

/// Where lists may go, best first: among our records, else beside the environment.
fn folders(env: &Env, environment: &Environment) -> [(PathBuf, bool); 2] {
    [(env.state().join(FOLDER), true), (environment.beside.clone(), false)]
}

/// The folder lists of so many bytes would go to.
///
/// # Errors
/// Why none of them can.
pub fn folder(env: &Env, environment: &Environment, bytes: usize) -> Result<PathBuf, String> {
    let mut why = String::new();
    for (folder, own) in folders(env, environment) {
        match fits(env, &folder, own, bytes) {
            Ok(()) => return Ok(folder),
            Err(reason) if why.is_empty() => why = format!("{}: {reason}", text::path(&folder)),
            Err(_) => {}
        }
    }
    Err(why)
}

/// Whether something can be written into a folder, which may have to be made. Our own must not come to lie in the home
/// of somebody else, who could not use it any more.
fn fits(env: &Env, folder: &Path, own: bool, bytes: usize) -> Result<(), String> {
    let there = folder.ancestors().find(|p| p.exists()).ok_or("it is not there")?;
    let look = there.canonicalize().and_then(|p| beneath::look_at(beneath::open_folder(&p)?));
    let uid = look.map_err(|e| sentence(&e))?.uid;
    if own && uid != env.uid() {
        return Err("it is somebody else's".into());
    }
    if !beneath::may_write(there) {
        return Err("you may not write there, or it is read-only".into());
    }
    let needed = 16_384 + bytes as u64;
    let Ok(space) = mounts::space(there) else { return Ok(()) };
    let room = space.available >= needed
        || (env.uid() == 0 && space.free >= needed && reserve::probe(there, needed).is_ok());
    if !room || space.inodes_available.is_some_and(|n| n < 4) {
        return Err("no space left".into());
    }
    Ok(())
}

/// Writes the lists of an environment and reads them back; says where they are.
///
/// # Errors
/// Why they could be written nowhere. Then nothing is left of them.
pub fn write(
    env: &Env,
    environment: &Environment,
    recipe: &Recipe,
    date: &str,
) -> Result<Vec<PathBuf>, String> {
    let texts = recipe.texts(environment, date);
    let mut why = String::new();
    for (folder, own) in folders(env, environment) {
        let bytes = texts.iter().map(|t| t.1.len()).sum();
        let written = fits(env, &folder, own, bytes)
            .and_then(|()| into(&folder, own, environment, recipe, &texts, date));
        match written {
            Ok(files) => return Ok(files),
            Err(reason) if why.is_empty() => why = format!("{}: {reason}", text::path(&folder)),
            Err(_) => {}
        }
    }
    Err(why)
}

fn into(
    folder: &Path,
    own: bool,
    environment: &Environment,
    recipe: &Recipe,
    texts: &[(&'static str, String)],
    date: &str,
) -> Result<Vec<PathBuf>, String> {
    if own && !folder.exists() {
        let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
        made.map_err(|e| sentence(&e))?;
    }
    let real = folder.canonicalize().map_err(|e| sentence(&e))?;
    let open = beneath::open_folder(&real).map_err(|e| sentence(&e))?;
    let stem = file_name(&environment.name);
    for n in 1..1000 {
        let again = if n == 1 { String::new() } else { format!("-{n}") };
        let names: Vec<String> =
            texts.iter().map(|(end, _)| format!("{stem}-{date}{again}-{end}.txt")).collect();
        if names.iter().any(|name| beneath::look(&open, name.as_ref()).is_ok()) {
            continue;
        }
        let mut done: Vec<&String> = Vec::new();
        let written = texts.iter().zip(&names).try_for_each(|((end, list), name)| {
            beneath::write_new(&open, name.as_ref(), list.as_bytes()).map_err(|e| sentence(&e))?;
            done.push(name);
            let back = read_beneath(&open, Path::new(name), Range::Head, list.len() + 1);
            let back = back.map_err(|e| sentence(&e))?;
            let back = String::from_utf8(back).map_err(|_| "it came back as something else".to_string())?;
            recipe.verify(end, &back)
        });
        // A file system that cannot say that the names are safe, too, has done what it can.
        let _ = std::fs::File::open(&real).and_then(|f| f.sync_all());
        match written {
            Ok(()) => return Ok(names.iter().map(|name| folder.join(name)).collect()),
            Err(why) => {
                for name in done {
                    let _ = beneath::unlink(&open, name.as_ref());
                }
                return Err(why);
            }
        }
    }
    Err(io::Error::from(io::ErrorKind::AlreadyExists).to_string())
}

/// A name that any shell and any file system takes.
fn file_name(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || "._".contains(c) { c } else { '-' };
    let all: String = name.chars().map(plain).collect();
    let name = all.trim_start_matches(['-', '.', '~']).trim_end_matches('-');
    let from = name.len().saturating_sub(NAME);
    if name.is_empty() { "environment".into() } else { name[from..].to_string() }
}

#[cfg(test)]
mod tests {
    use super::super::gather;
    use super::*;
    use std::fs;

    const DATE: &str = "20261121-031200";

    fn world() -> (tempfile::TempDir, Env, Environment) {
        let tmp = tempfile::tempdir().expect("a folder");
        let root = tmp.path().canonicalize().expect("a path");
        let at = root.join("home/envs/train");
        let site = at.join("lib/python3.11/site-packages/six-1.17.0.dist-info");
        fs::create_dir_all(&site).expect("made");
        fs::write(site.join("METADATA"), "Name: six\nVersion: 1.17.0\n").expect("written");
        let beside = root.join("home/envs");
        let environment = Environment { name: "train".into(), path: at, beside };
        (tmp, Env::fixed(root.join("home")), environment)
    }

    #[test]
    fn lists_go_among_our_records_and_never_over_another() {
        let (_tmp, env, environment) = world();
        let recipe = gather::read(&environment.path).expect("read");
        let folder = env.state().join("environments");
        assert_eq!(super::folder(&env, &environment, 1000), Ok(folder.clone()));
        assert!(!folder.exists(), "looking writes nothing");
        let first = write(&env, &environment, &recipe, DATE).expect("written");
        let second = write(&env, &environment, &recipe, DATE).expect("written");
        assert_eq!(first, [folder.join("train-20261121-031200-pip.txt")]);
        assert_eq!(second, [folder.join("train-20261121-031200-2-pip.txt")]);
        let list = fs::read_to_string(&first[0]).expect("read");
        assert!(list.lines().any(|l| l == "six==1.17.0"), "{list}");
    }

    #[test]
    fn where_our_records_cannot_be_they_lie_beside_the_environment() {
        let (_tmp, env, environment) = world();
        let recipe = gather::read(&environment.path).expect("read");
        fs::create_dir_all(env.state()).expect("made");
        // A file is where the folder would be.
        fs::write(env.state().join("environments"), "").expect("written");
        let files = write(&env, &environment, &recipe, DATE).expect("written");
        assert_eq!(files, [environment.beside.join("train-20261121-031200-pip.txt")]);
        let nowhere = Environment { beside: "/proc".into(), ..environment };
        let why = write(&env, &nowhere, &recipe, DATE).expect_err("there is no place");
        assert!(why.contains("environments: "), "{why}");
    }

    #[test]
    fn names_of_files_are_plain() {
        for (name, file) in [
            ("train", "train"),
            ("~/work/net/.pixi/envs/default", "work-net-.pixi-envs-default"),
            ("net:gpu", "net-gpu"),
            ("..", "environment"),
            ("é\\n", "n"),
        ] {
            assert_eq!(file_name(name), file, "{name}");
        }
        assert_eq!(file_name(&"x".repeat(300)).len(), NAME);
    }
}
