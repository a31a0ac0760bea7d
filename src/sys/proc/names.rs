//! By which names processes see the watched folders. A bind mount gives a folder a second name; a process in a container
//! sees it by the names of its own mounts. All of that is in the tables of mounts, so no file system is asked.

use std::ffi::OsString;
use std::path::{Component, Path, PathBuf};
use std::rc::Rc;

use rustc_hash::FxHashMap;

use crate::sys::mounts::{self, MountInfo};

/// Links on one way, before it is taken for a circle.
const LINKS: usize = 40;

/// A watched folder: where it is, and where that is in its file system.
struct Place {
    ours: PathBuf,
    at: Option<(u64, PathBuf)>,
}

/// The watched folders by the names of one table of mounts.
#[derive(Default)]
pub struct View {
    /// Those names that lie in no other, sorted.
    outer: Vec<PathBuf>,
    /// What each of them is.
    names: FxHashMap<PathBuf, Vec<PathBuf>>,
}

impl View {
    fn of(names: FxHashMap<PathBuf, Vec<PathBuf>>) -> Self {
        let mut all: Vec<&PathBuf> = names.keys().collect();
        all.sort();
        let mut outer: Vec<PathBuf> = Vec::new();
        for name in all {
            if !outer.last().is_some_and(|o| name.starts_with(o)) {
                outer.push(name.clone());
            }
        }
        Self { outer, names }
    }

    /// Where a path is, if it is in a watched folder: by each name that folder has.
    pub fn ours(&self, path: &Path) -> Vec<PathBuf> {
        let before = self.outer.partition_point(|o| o.as_path() <= path);
        if before == 0 || !path.starts_with(&self.outer[before - 1]) {
            return Vec::new();
        }
        let mut found: Vec<PathBuf> = Vec::new();
        for above in path.ancestors() {
            let Ok(rest) = path.strip_prefix(above) else { continue };
            for ours in self.names.get(above).into_iter().flatten() {
                let it = if rest.as_os_str().is_empty() { ours.clone() } else { ours.join(rest) };
                if !found.contains(&it) {
                    found.push(it);
                }
            }
        }
        found
    }
}

/// How one process sees paths.
pub struct Eye {
    /// What its paths are.
    pub view: Rc<View>,
    /// What `/` is to it, by the name that links of `/proc` give it.
    root: PathBuf,
    /// Whether its mounts are ours.
    pub is_ours: bool,
}

/// What is watched, and how processes see it.
pub struct Watch {
    places: Vec<Place>,
    table: Vec<MountInfo>,
    here: Option<PathBuf>,
    own: Rc<View>,
    others: FxHashMap<PathBuf, Rc<View>>,
    folders: FxHashMap<PathBuf, PathBuf>,
}

impl Watch {
    /// Watches folders.
    pub fn of(folders: &[PathBuf]) -> Self {
        let table = mounts::read();
        let by_path: FxHashMap<&Path, usize> =
            table.iter().enumerate().map(|(i, m)| (m.path.as_path(), i)).collect();
        let place = |folder: &PathBuf| {
            let mount = folder.ancestors().find_map(|a| by_path.get(a)).map(|i| &table[*i]);
            let at = mount.and_then(|m| Some((m.dev, inside(m, folder)?)));
            Place { ours: folder.clone(), at }
        };
        let places: Vec<Place> = folders.iter().map(place).collect();
        let mut names = names_in(&places, &table);
        for place in &places {
            let own = names.entry(place.ours.clone()).or_default();
            if !own.contains(&place.ours) {
                own.push(place.ours.clone());
            }
        }
        let here = std::fs::read_link("/proc/self/ns/mnt").ok();
        let own = Rc::new(View::of(names));
        Self { places, table, here, own, others: FxHashMap::default(), folders: FxHashMap::default() }
    }

    /// How the process of a folder of `/proc` sees it.
    pub fn eye(&mut self, base: &Path) -> Eye {
        let root = std::fs::read_link(base.join("root")).unwrap_or_else(|_| "/".into());
        let there = std::fs::read_link(base.join("ns/mnt")).ok();
        match there.filter(|t| self.here.as_ref().is_some_and(|h| h != t)) {
            None => Eye { view: Rc::clone(&self.own), root, is_ours: true },
            Some(there) => {
                let places = &self.places;
                let view = self.others.entry(there.join(root.strip_prefix("/").unwrap_or(&root)));
                let view = view.or_insert_with(|| {
                    let mut table =
                        std::fs::read(base.join("mountinfo")).map(|t| mounts::parse(&t)).unwrap_or_default();
                    // They are told from where it stands.
                    for mount in &mut table {
                        mount.path = below(&root, &mount.path);
                    }
                    Rc::new(View::of(names_in(places, &table)))
                });
                Eye { view: Rc::clone(view), root, is_ours: false }
            }
        }
    }

    /// Where a path is that a process names itself, in its arguments or variables. Such a path may lead through links;
    /// they are followed where that asks local file systems only.
    pub fn named(&mut self, eye: &Eye, path: &Path) -> Vec<PathBuf> {
        let path = below(&eye.root, path);
        let found = eye.view.ours(&path);
        if !found.is_empty() || !eye.is_ours {
            return found;
        }
        // The last name is the thing itself: the Python of an environment is a link to another one.
        let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else { return found };
        if !self.folders.contains_key(folder) {
            self.folders.insert(folder.to_path_buf(), without_links(folder, &self.table));
        }
        let real = self.folders.get(folder).map_or(folder, PathBuf::as_path);
        eye.view.ours(&real.join(name))
    }
}

/// A path of a process below what `/` is to it.
fn below(root: &Path, path: &Path) -> PathBuf {
    path.strip_prefix("/").map_or_else(|_| root.join(path), |rest| root.join(rest))
}

/// Where a path of a mount is in the file system that is mounted.
fn inside(mount: &MountInfo, path: &Path) -> Option<PathBuf> {
    Some(mount.root.join(path.strip_prefix(&mount.path).ok()?))
}

/// What a path of their mount is called on one of ours, if that shows as much.
pub fn translated(path: &Path, theirs: &MountInfo, ours: &MountInfo) -> Option<PathBuf> {
    Some(ours.path.join(inside(theirs, path)?.strip_prefix(&ours.root).ok()?))
}

/// What the places are called on these mounts.
fn names_in(places: &[Place], table: &[MountInfo]) -> FxHashMap<PathBuf, Vec<PathBuf>> {
    let mut by_dev: FxHashMap<u64, Vec<&MountInfo>> = FxHashMap::default();
    for mount in table {
        by_dev.entry(mount.dev).or_default().push(mount);
    }
    let mut names: FxHashMap<PathBuf, Vec<PathBuf>> = FxHashMap::default();
    for place in places {
        let Some((dev, at)) = &place.at else { continue };
        for mount in by_dev.get(dev).into_iter().flatten() {
            let (seen, ours) = if let Ok(rest) = at.strip_prefix(&mount.root) {
                (mount.path.join(rest), place.ours.clone())
            } else if let Ok(rest) = mount.root.strip_prefix(at) {
                (mount.path.clone(), place.ours.join(rest))
            } else {
                continue;
            };
            let known = names.entry(seen).or_default();
            if !known.contains(&ours) {
                known.push(ours);
            }
        }
    }
    names
}

/// The path of a folder without links on the way. What may not answer is not asked.
fn without_links(folder: &Path, table: &[MountInfo]) -> PathBuf {
    let parts = |p: &Path| p.components().rev().map(|c| c.as_os_str().to_os_string()).collect::<Vec<_>>();
    let answers = |p: &Path| mounts::holding(table, p).is_some_and(|m| !m.is_remote() && !m.is_kernel());
    let mut todo: Vec<OsString> = parts(folder);
    let mut done = PathBuf::from("/");
    let mut links = 0;
    while let Some(name) = todo.pop() {
        match Path::new(&name).components().next() {
            Some(Component::Normal(_)) => {}
            Some(Component::ParentDir) => {
                done.pop();
                continue;
            }
            _ => continue,
        }
        let next = done.join(&name);
        let link = if answers(&next) { std::fs::read_link(&next).ok() } else { None };
        match link {
            Some(_) if links == LINKS => return folder.to_path_buf(),
            Some(to) => {
                links += 1;
                if to.is_absolute() {
                    done = PathBuf::from("/");
                }
                todo.extend(parts(&to));
            }
            None => done = next,
        }
    }
    done
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(watched: &[(&str, u64, &str)], table: &str) -> View {
        let places: Vec<Place> = watched
            .iter()
            .map(|(ours, dev, at)| Place { ours: ours.into(), at: Some((*dev, at.into())) })
            .collect();
        View::of(names_in(&places, &mounts::parse(table.as_bytes())))
    }

    #[test]
    fn a_container_sees_a_folder_by_its_own_names() {
        let dev = rustix::fs::makedev(8, 1);
        let watched = [("/data/hub", dev, "/hub"), ("/data/hub-2", dev, "/hub-2")];
        let v = view(
            &watched,
            "1 0 0:50 / / rw - overlay overlay rw\n2 1 8:1 /hub/models /models rw - ext4 /dev/sda1 rw\n\
             3 1 8:1 / /host rw - ext4 /dev/sda1 rw\n4 1 8:2 /hub /other rw - ext4 /dev/sdb1 rw\n",
        );
        let ours = |p: &str| v.ours(Path::new(p)).iter().map(|p| p.display().to_string()).collect::<Vec<_>>();
        assert_eq!(ours("/models/a/w.bin"), ["/data/hub/models/a/w.bin"]);
        assert_eq!(ours("/models"), ["/data/hub/models"]);
        assert_eq!(ours("/host/hub/x"), ["/data/hub/x"]);
        assert_eq!(ours("/host/hub-2"), ["/data/hub-2"]);
        assert_eq!(ours("/host/hubris"), [""; 0]);
        assert_eq!(ours("/other/x"), [""; 0]);
        assert_eq!(ours("/data/hub/x"), [""; 0], "that is another folder there");
    }

    #[test]
    fn what_is_watched_twice_is_found_twice() {
        let watched = [("/a", 7, "/a"), ("/b", 7, "/b")];
        let v = view(&watched, "1 0 0:7 / / rw - ext4 x rw\n2 1 0:7 /b /a/in rw - ext4 x rw\n");
        assert_eq!(v.ours(Path::new("/a/in/x")), [PathBuf::from("/b/x"), PathBuf::from("/a/in/x")]);
    }

    #[test]
    fn links_on_the_way_are_followed_where_that_cannot_hang() {
        let tmp = tempfile::tempdir().expect("a folder");
        let root = tmp.path().canonicalize().expect("a path");
        std::fs::create_dir_all(root.join("disk/ana/env/bin")).expect("made");
        std::os::unix::fs::symlink("disk", root.join("home")).expect("linked");
        std::os::unix::fs::symlink("round", root.join("round")).expect("linked");
        let mut watch = Watch::of(&[root.join("disk/ana/env")]);
        let eye = watch.eye(Path::new("/proc/self"));
        let mut named = |p: &str| watch.named(&eye, &root.join(p));
        assert_eq!(named("home/ana/env/bin/python"), [root.join("disk/ana/env/bin/python")]);
        assert_eq!(named("home/../home/ana/env"), [root.join("disk/ana/env")]);
        assert!(named("round/x").is_empty());
        // On a file system that may hang nothing is asked.
        let there = format!("1 0 0:1 / / rw - ext4 x rw\n2 1 0:2 / {} rw - nfs4 s:/ rw\n", root.display());
        let table = mounts::parse(there.as_bytes());
        assert_eq!(without_links(&root.join("home/ana"), &table), root.join("home/ana"));
    }
}
