//! What is read, in which order: known places, then what was asked for, then the rest of the mounts.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::borders::Borders;
use super::settings::Settings;
use crate::env::Env;
use crate::families::{Claim, KnownPlace};
use crate::model::problem::Problem;
use crate::sys::mounts::{self, MountInfo};

/// A step of a scan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Phase {
    /// What is being read, in words.
    pub name: &'static str,
    /// The folders, none inside another.
    pub roots: Vec<PathBuf>,
    /// Whether to stay on the file system of each.
    pub one_fs: bool,
    /// Whether a small store is not to wait for a large one beside it.
    pub in_turn: bool,
}

impl Phase {
    /// What lies in known places.
    fn known(own: Vec<PathBuf>, one_fs: bool) -> Self {
        Self { name: "known places", roots: outermost(own), one_fs, in_turn: true }
    }

    /// What lies anywhere.
    pub fn of(name: &'static str, roots: Vec<PathBuf>, one_fs: bool) -> Self {
        Self { name, roots, one_fs, in_turn: false }
    }
}

/// All that is read.
#[derive(Debug, Default)]
pub struct Itinerary {
    /// In this order.
    pub phases: Vec<Phase>,
    /// Folders that are stores by where they are.
    pub places: Vec<(PathBuf, Claim)>,
    /// What was asked for, in words for the report.
    pub roots: Vec<PathBuf>,
    /// What is not there though something names it.
    pub problems: Vec<Problem>,
}

impl Itinerary {
    /// Plans a scan of `asked`, or of everything known if nothing was asked for.
    pub fn plan(settings: &Settings, table: &[MountInfo], borders: &Borders) -> Self {
        let (env, one_fs, exclude) = (&*settings.env, settings.one_fs, &settings.exclude);
        let mut trip = Self::default();
        let asked: Vec<PathBuf> =
            settings.roots.iter().filter_map(|p| trip.resolve(p, true, borders)).collect();
        for known in settings.families.places(env) {
            let by = known.place.named_by.clone();
            if !env.sees(&known.place.path) {
                continue;
            }
            let real = trip.resolve_place(&known.place.path, by.as_deref(), borders);
            let Some(path) = real.filter(|p| !exclude.covers(p)) else { continue };
            let own = settings.families.is_own(known.claim.about().id);
            match no_place(env, &path, table) {
                None => trip.places.push((path, known.claim)),
                Some(why) if own => trip.refuse(&known, &path, why),
                // A library may have a mount of its own for its cache; a home is none for any.
                Some(_) if may_be_a_place(env, &path) => trip.places.push((path, known.claim)),
                Some(_) => {}
            }
        }
        let mut own: Vec<PathBuf> = trip.places.iter().map(|(p, _)| p.clone()).collect();
        if settings.roots.is_empty() {
            trip.phases.push(Phase::known(own.clone(), false));
            let homes: Vec<PathBuf> = env
                .homes()
                .filter(|h| env.sees(h) && !exclude.covers(h))
                .filter_map(|h| trip.resolve(h, false, borders))
                .collect();
            trip.phases.push(Phase::of("home", outermost(homes.clone()), false));
            own.extend(homes);
            let rest = if env.is_fixed() {
                Vec::new()
            } else {
                let mut rest = holders(table, &own);
                rest.extend(shared(table).filter(|p| !borders.is_dead(p) && !exclude.covers(p)));
                rest.sort();
                rest.dedup();
                rest
            };
            trip.roots = if rest.is_empty() { outermost(own) } else { rest.clone() };
            trip.phases.push(Phase::of("the rest", rest, true));
        } else {
            own.retain(|p| asked.iter().any(|a| p.starts_with(a)));
            trip.phases.push(Phase::known(own, one_fs));
            trip.roots = if one_fs { outermost_of_each(asked, table) } else { outermost(asked) };
            trip.phases.push(Phase::of("the rest", trip.roots.clone(), one_fs));
        }
        trip.phases.retain(|p| !p.roots.is_empty());
        trip
    }

    /// The folder a path means, through links; a path that was asked for and is none is a problem.
    fn resolve(&mut self, path: &Path, asked: bool, borders: &Borders) -> Option<PathBuf> {
        if borders.is_dead(path) {
            return None;
        }
        match path.canonicalize() {
            Ok(real) if borders.is_dead(&real) => None,
            Ok(real) if real.is_dir() => Some(real),
            Ok(_) if asked => {
                self.problems.push(Problem::new(path, "scan", "not a folder"));
                None
            }
            Err(error) if asked => {
                self.problems.push(Problem::new(path, "scan", error));
                None
            }
            _ => None,
        }
    }

    /// What a person calls a cache of their own, and what is none, is said to them.
    fn refuse(&mut self, known: &KnownPlace, path: &Path, why: &str) {
        let error = format!("the table `{}` calls it a cache, but it is {why}", known.claim.about().id);
        self.problems.push(Problem::new(path, Problem::LOAD, error));
    }

    fn resolve_place(&mut self, path: &Path, named_by: Option<&str>, borders: &Borders) -> Option<PathBuf> {
        let real = self.resolve(path, false, borders);
        if real.is_none()
            && !borders.is_dead(path)
            && let Some(by) = named_by
            && path.symlink_metadata().is_err()
        {
            self.problems.push(Problem::new(
                path,
                "open",
                format!("{by} names this folder, but it is not there"),
            ));
        }
        real
    }
}

/// Whether a folder can be a cache by where it is: not if a link or a variable leads to all of a home or more.
pub fn may_be_a_place(env: &Env, real: &Path) -> bool {
    env.sees(real)
        && real.parent().is_some()
        && !env.homes().any(|home| env.real_path(home).starts_with(real))
}

/// Why a folder cannot be a cache that a person declares: it is more than that.
fn no_place(env: &Env, real: &Path, table: &[MountInfo]) -> Option<&'static str> {
    let is_home = |home: &Path| real == home || real == env.real_path(home);
    if real.parent().is_none() {
        Some("the root of the disk")
    } else if env.homes().any(is_home) || env.accounts().iter().any(|a| real == a.home) {
        Some("a home")
    } else if !may_be_a_place(env, real) {
        Some("above a home")
    } else if table.iter().any(|m| m.path == real) {
        Some("a mounted file system")
    } else {
        None
    }
}

/// Paths without those inside others, sorted.
pub fn outermost(mut paths: Vec<PathBuf>) -> Vec<PathBuf> {
    paths.sort();
    paths.dedup();
    let mut outer: Vec<PathBuf> = Vec::new();
    for path in paths {
        if !outer.iter().any(|o| path.starts_with(o)) {
            outer.push(path);
        }
    }
    outer
}

/// The same for a walk that does not leave the file system of its root: what lies on another one is a root itself.
fn outermost_of_each(paths: Vec<PathBuf>, table: &[MountInfo]) -> Vec<PathBuf> {
    let mut by_mount: BTreeMap<Option<u64>, Vec<PathBuf>> = BTreeMap::new();
    for path in paths {
        by_mount.entry(mounts::holding(table, &path).map(|m| m.dev)).or_default().push(path);
    }
    let mut roots: Vec<PathBuf> = by_mount.into_values().flat_map(outermost).collect();
    roots.sort();
    roots
}

/// The mount points that hold these folders.
fn holders(table: &[MountInfo], paths: &[PathBuf]) -> Vec<PathBuf> {
    let mut points: Vec<PathBuf> =
        paths.iter().filter_map(|p| mounts::holding(table, p)).map(|m| m.path.clone()).collect();
    points.sort();
    points.dedup();
    points
}

/// Where people keep what they share: disks of their own, read for everybody who may. A network file system is read if
/// somebody asks for it.
const SHARED: &[&str] =
    &["/data", "/datasets", "/mnt", "/models", "/scratch", "/shared", "/srv", "/storage", "/workspace"];

/// The mount points of shared disks: those with such a name, or in a folder with such a name.
fn shared(table: &[MountInfo]) -> impl Iterator<Item = PathBuf> + '_ {
    let is_shared = |path: &Path| {
        let first: PathBuf = path.components().take(2).collect();
        let stem = first.to_string_lossy();
        SHARED.contains(&stem.trim_end_matches(|c: char| c.is_ascii_digit()))
    };
    // What an earlier mount shows is read there.
    let is_second = move |at: usize, m: &MountInfo| {
        table[..at].iter().any(|o| o.dev == m.dev && m.root.starts_with(&o.root))
    };
    let disks = table.iter().enumerate().filter(|(_, m)| !m.is_remote() && !m.is_kernel());
    disks.filter(move |(at, m)| is_shared(&m.path) && !is_second(*at, m)).map(|(_, m)| m.path.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_outermost_folders_are_read() {
        let p = |s: &[&str]| s.iter().map(PathBuf::from).collect::<Vec<_>>();
        assert_eq!(outermost(p(&["/b/c", "/a", "/b", "/a", "/bc"])), p(&["/a", "/b", "/bc"]));
    }

    #[test]
    fn disks_that_people_share_are_read_too() {
        let table = mounts::parse(
            b"1 0 8:1 / / rw - ext4 a rw\n2 1 8:2 / /data2 rw - ext4 b rw\n3 1 8:3 / /mnt/ssd rw - xfs c rw\n\
            4 1 0:9 / /data rw - nfs4 h:/d rw\n5 1 8:5 / /database rw - ext4 e rw\n6 1 0:4 / /srv/p rw - proc p rw\n\
            7 1 8:1 /home/x /mnt/x rw - ext4 a rw\n8 1 8:6 /v1 /scratch rw - ext4 f rw\n",
        );
        assert_eq!(shared(&table).collect::<Vec<_>>(), ["/data2", "/mnt/ssd", "/scratch"].map(Path::new));
    }

    #[test]
    fn what_holds_a_home_is_no_cache() {
        let env = Env::fixed("/home/ana").with_disk("/");
        for path in ["/", "/home", "/home/ana"] {
            assert!(!may_be_a_place(&env, Path::new(path)), "{path}");
        }
        assert!(
            may_be_a_place(&env, Path::new("/home/ana/.cache")) && may_be_a_place(&env, Path::new("/data"))
        );
        assert!(!may_be_a_place(&Env::fixed("/home/ana"), Path::new("/data")), "outside of this world");
    }

    #[test]
    fn a_mount_is_no_cache_that_a_person_declares() {
        let dir = tempfile::tempdir().expect("a folder");
        let home = dir.path().canonicalize().expect("a path");
        std::fs::create_dir_all(home.join("data/lab")).expect("made");
        let table = "[[cache]]\nid = \"lab\"\nname = \"lab\"\ncategory = \"hub\"\nverdict = \"safe\"\n\
                     path = [\"~/data/lab\"]\nitems = \"files\"\nhint = \"none\"\n";
        let env = Env::fixed(&home).with_file(home.join(".config/mldu/caches.d/lab.toml"), table);
        let settings = Settings::new(std::sync::Arc::new(env), 0);
        let plan = |mounted: &Path| {
            let line = format!("1 0 8:1 / {} rw - ext4 /dev/x rw\n", mounted.display());
            let table = crate::sys::mounts::parse(line.as_bytes());
            let trip = Itinerary::plan(&settings, &table, &Borders::default());
            let placed = trip.places.iter().any(|(_, claim)| claim.about().id == "lab");
            (placed, trip.problems.iter().map(|p| p.error.clone()).collect::<Vec<_>>())
        };
        assert_eq!(plan(&home.join("data")), (true, vec![]));
        let why = "the table `lab` calls it a cache, but it is a mounted file system";
        assert_eq!(plan(&home.join("data/lab")), (false, vec![why.to_string()]));
    }

    #[test]
    fn a_folder_that_is_asked_for_and_missing_is_a_problem() {
        let mut settings = Settings::new(std::sync::Arc::new(Env::fixed("/nowhere")), 0);
        settings.roots = vec!["/no/such/folder".into()];
        let trip = Itinerary::plan(&settings, &[], &Borders::default());
        assert_eq!(trip.problems.len(), 1);
        assert_eq!(trip.problems[0].operation, "scan");
        assert!(trip.phases.is_empty());
    }
}
