//! What `conda clean` is asked for, flag by flag: what conda does then, which things that is here, and what is different.
//!
//! conda 26.7, `conda/cli/main_clean.py`; libmamba 2.8, `src/api/clean.cpp`.

/// A flag of `conda clean`.
#[derive(Debug, PartialEq, Eq)]
pub struct Flag {
    /// Its long name, without the dashes.
    pub long: &'static str,
    /// Its letter.
    pub short: char,
    /// What conda takes then.
    pub conda: &'static str,
    /// The things that are meant: family and kind. None: there is no such flag here.
    pub kinds: &'static [(&'static str, &'static str)],
    /// What is different here.
    pub here: &'static str,
}

/// All of them. `--all` takes the kinds of the five before it.
pub const FLAGS: &[Flag] = &[
    Flag {
        long: "tarballs",
        short: 't',
        conda: "the archives that lie directly in a `pkgs` folder with an `urls.txt` it may write, and have one name",
        kinds: &[("conda", "tarball"), ("conda", "partial")],
        here: "also in the nested folders of mamba 2.6, in caches without `urls.txt`, and unfinished downloads of any version \
               (`.partial`, `.part`); what comes from no web address may be the only copy: only with `--look-first`; what has \
               another name says how much of it stays",
    },
    Flag {
        long: "packages",
        short: 'p',
        conda: "the extracted packages of which no file has a second name: symbolic links do not count, so environments made of \
                them break (up to 26.7), and what links itself or is in a backup is never found",
        kinds: &[
            ("conda", "package"),
            ("conda", "extraction"),
            ("rattler", "package"),
            ("rattler", "extraction"),
        ],
        here: "asks whose the other names are: what an environment links stays, by symbolic links too; what links itself, or only \
               a backup holds, goes; half-extracted ones without `info/`, and nested ones, too; a link to a package is not counted as \
               one; those of pixi, whose cache does not say where they are from, only with `--look-first`",
    },
    Flag {
        long: "index-cache",
        short: 'i',
        conda: "the folder `pkgs/cache` as a whole, without its size; before 4.13 even with `--dry-run`",
        kinds: &[("conda", "index"), ("conda", "notices"), ("rattler", "index")],
        here: "a row with its size for each channel; also the shards of mamba and conda, notices, and what pixi keeps",
    },
    Flag {
        long: "tempfiles",
        short: 'c',
        conda: "files that end in `.c~` or `.trash` below the base prefix, or those that are named; not its own `.conda_trash`",
        kinds: &[
            ("conda", "temporary file"),
            ("conda", "temporary folder"),
            ("conda", "trash"),
            ("conda", "lock"),
            ("conda-env", "temporary file"),
            ("conda-env", "trash"),
            ("rattler", "lock"),
        ],
        here: "in every cache and environment, with `.conda_trash`, `.mamba_trash`, `.trash/`, what mamba was downloading, and \
               locks nobody holds; not what Emacs calls its copy of a C file, and not while an install may come back for it",
    },
    Flag {
        long: "logfiles",
        short: 'l',
        conda: "the files in `pkgs/.logs`",
        kinds: &[("conda", "logs")],
        here: "the same, with their size",
    },
    Flag {
        long: "all",
        short: 'a',
        conda: "all of these",
        kinds: &[("conda", "leftovers")],
        here: "all of these",
    },
    Flag {
        long: "force-pkgs-dirs",
        short: 'f',
        conda: "every `pkgs` folder, whoever links into it",
        kinds: &[],
        here: "no such thing, for it breaks environments and loses packages that are nowhere else; what environments hard-link \
               gives back nothing anyway. A cache nobody uses any more is marked in the interface, which says what needs it",
    },
];

/// The kinds that some of the flags mean.
pub fn kinds(asked: impl Fn(&Flag) -> bool) -> Vec<(&'static str, &'static str)> {
    let all = FLAGS.iter().any(|f| f.long == "all" && asked(f));
    FLAGS.iter().filter(|f| all || asked(f)).flat_map(|f| f.kinds.iter().copied()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_is_all_and_one_is_one() {
        let named = |long: &'static str| kinds(move |f| f.long == long);
        assert_eq!(named("logfiles"), [("conda", "logs")]);
        let each: usize = FLAGS.iter().map(|f| f.kinds.len()).sum();
        assert_eq!(named("all").len(), each);
        assert!(named("force-pkgs-dirs").is_empty() && kinds(|_| false).is_empty());
    }
}
