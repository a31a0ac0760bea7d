//! The caches of repositories, shared ones, and what links into them.

use crate::families::testing::Fixture;

fn object(n: u8) -> String {
    format!("{:02x}/{}", n, "0a".repeat(15))
}

#[test]
fn objects_stay_together_and_what_a_copy_left_is_safe() {
    let f = Fixture::new();
    f.file("proj/.dvc/config", "[core]\n    analytics = false\n");
    f.file("proj/.dvc/config.local", "['remote \"s3\"']\n    password = x\n");
    let md5 = "proj/.dvc/cache/files/md5";
    f.kib(&format!("{md5}/{}", object(1)), 16);
    f.kib(&format!("{md5}/{}", object(2)), 16);
    f.hard_link(&format!("{md5}/{}", object(2)), "proj/data.bin");
    f.file(&format!("{md5}/{}.dir", object(3)), "[]");
    f.kib(&format!("{md5}/01/.{}.tmp", "aB-_".repeat(5) + "zz"), 4);
    f.kib(&format!("{md5}/02/.{}.tmp", "aB-_".repeat(5) + "yy"), 4);
    f.kib(&format!("{md5}/02/notes.tmp"), 4);
    f.kib(&format!("proj/.dvc/cache/{}", object(9)), 8);
    f.kib("proj/.dvc/cache/runs/ab/abc/def", 4);
    f.kib("proj/.dvc/tmp/exps/celery/broker/in/1.msg", 4);
    f.file("proj/.dvc/tmp/lock", "1");
    f.age_all("");
    assert_eq!(
        f.outline(),
        "trackers: dvc repository ~/proj/.dvc\n\
         \x20 settings \"config.local\" [protected] 4 4 {the repository's configuration; it may hold passwords of remotes}\n\
         \x20 settings \"config\" [protected] 4 4 {the repository's configuration; it may hold passwords of remotes}\n\
         \x20 objects \"objects\" [look-first] 56 40 {2 files; 1 list of a folder's files; workspaces hold some of them by hard links: those give nothing back; what was never pushed is nowhere else, and a workspace may link to it; `dvc gc` knows; 16.0 KiB in 1 file stay: other names hold them}\n\
         \x20 !partial \".aB-_aB-_aB-_aB-_aB-_zz.tmp\" [safe] 4 4 {left over from an interrupted copy: DVC begins anew}\n\
         \x20 !partial \".aB-_aB-_aB-_aB-_aB-_yy.tmp\" [safe] 4 4 {left over from an interrupted copy: DVC begins anew}\n\
         \x20 objects \"objects of DVC 2\" [look-first] 12 12 {1 file; what was never pushed is nowhere else, and a workspace may link to it; `dvc gc` knows}\n\
         \x20 run cache \"stages already run\" [look-first] 16 16 {without it `dvc repro` runs stages again}\n\
         \x20 experiments \"queued and temporary experiments\" [look-first] 20 20 {`dvc queue status` says what is in it}\n\
         \x20 other \"other files\" [look-first] 20 4\n"
    );
}

#[test]
fn a_workspace_of_links_protects_what_it_links_to() {
    let f = Fixture::new();
    f.file("own/.dvc/config", "[cache]\n    type = symlink\n");
    f.kib(&format!("own/.dvc/cache/files/md5/{}", object(1)), 4);
    f.file("user/.dvc/config", "[cache]\n    dir = ../../shared\n    type = reflink,symlink\n");
    f.folder("user/.dvc/tmp");
    f.kib(&format!("shared/files/md5/{}", object(1)), 4);
    f.kib(&format!("remote/files/md5/{}", object(1)), 4);
    f.kib("other/files/md5/sums.txt", 4);
    f.age_all("");
    assert_eq!(
        f.outline(),
        "trackers: dvc repository ~/own/.dvc\n\
         \x20 settings \"config\" [protected] 4 4 {the repository's configuration; it may hold passwords of remotes}\n\
         \x20 objects \"objects\" [protected] 12 12 {1 file; `cache.type` is symlink: the workspace's files are links to these}\n\
         trackers: dvc objects ~/remote/files\n\
         \x20 objects \"objects\" [look-first] 12 12 {1 file; what was never pushed is nowhere else, and a workspace may link to it; `dvc gc` knows}\n\
         trackers: dvc objects ~/shared/files\n\
         \x20 objects \"objects\" [protected] 12 12 {1 file; what was never pushed is nowhere else, and a workspace may link to it; `dvc gc` knows; the DVC workspace ~/user links into it and would break}\n\
         trackers: dvc repository ~/user/.dvc\n\
         \x20 settings \"config\" [protected] 4 4 {the repository's configuration; it may hold passwords of remotes}\n\
         \x20 other \"other files\" [look-first] 8 4\n"
    );
}

#[test]
fn caches_and_the_index_lie_where_the_configuration_says() {
    let mut f = Fixture::new();
    f.file(".config/dvc/config", "[cache]\n    dir = ../../fast\n");
    f.env = f.env.clone().with_var("DVC_SITE_CACHE_DIR", f.path("site"));
    f.kib(&format!("fast/files/md5/{}", object(1)), 4);
    f.kib(&format!("fast/{}", object(2)), 4);
    f.kib(&format!("site/repo/{}/hashes/local/cache.db", "0a".repeat(16)), 4);
    f.age_all("");
    assert_eq!(
        f.outline(),
        "trackers: dvc cache ~/fast\n\
         \x20 objects \"objects\" [look-first] 12 12 {1 file; what was never pushed is nowhere else, and a workspace may link to it; `dvc gc` knows}\n\
         \x20 objects \"objects of DVC 2\" [look-first] 8 8 {1 file; what was never pushed is nowhere else, and a workspace may link to it; `dvc gc` knows}\n\
         trackers: dvc index ~/site\n\
         \x20 index \"0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a\" [safe] 16 16 {what DVC remembers of a repository's files; it hashes them again}\n"
    );
}
