//! All forms of the cache at once.

use super::*;
use crate::families::testing::Fixture;

const ROOT: &str = ".cache/modelscope";
#[test]
fn all_forms_lie_side_by_side_and_a_link_is_no_second_model() {
    let f = Fixture::new();
    let r = |name: &str| format!("{ROOT}/{name}");
    f.kib(&r("models/Qwen--Qwen3-0.6B/snapshots/master/model.safetensors"), 64);
    f.kib(&r("models/Qwen--Qwen3-0.6B/snapshots/v1.0/model.safetensors"), 32);
    f.kib(&r("models/Qwen--Qwen3-0.6B/snapshots/v1.0/big.bin.incomplete"), 8);
    f.kib(&r("hub/models/Qwen/Qwen2___5-7B/model.safetensors"), 16);
    f.file(&r("hub/models/Qwen/Qwen2___5-7B/.msc"), "\u{80}pickle");
    f.file(&r("hub/models/Qwen/Qwen2___5-7B/.mv"), "Revision:master,CreatedAt:1733000000");
    f.old_link("Qwen2___5-7B", &r("hub/models/Qwen/Qwen2.5-7B"));
    f.kib(&r("hub/damo/nlp_bert/pytorch_model.bin"), 8);
    f.file(&r("hub/damo/nlp_bert/.msc"), "x");
    f.kib(&r("hub/damo/nlp_bert/pytorch_model.bin_0_1048575"), 4);
    f.kib(&r("models/mine/own/model.bin"), 4);
    f.kib(&r("datasets/acme--corpus/snapshots/master/a.csv"), 4);
    f.kib(&r("hub/models/._____temp/Qwen/x/part"), 4);
    f.file(&r("ast_indexer"), "{}");
    f.file(&r(&format!(".lock/repo_{}.lock", "a".repeat(64))), "");
    f.file(&r(&format!(".download_state/.ms_download_{}.json", "b".repeat(64))), "{}");
    f.kib(&r("hub/notes/papers/a.pdf"), 4);
    f.file(".modelscope/credentials/session", "s3cret");
    f.file(".modelscope/credentials/git_token", "s3cret");
    f.age_all(ROOT);
    let outline = f.outline();
    assert_eq!(
        outline,
        "hub: modelscope cache ~/.cache/modelscope\n\
         \x20 model \"Qwen/Qwen3-0.6B\" [re-download] 120 120\n\
         \x20   revision \"master\" [re-download] 68 68\n\
         \x20   revision \"v1.0\" [re-download] 36 36\n\
         \x20   !partial \"big.bin.incomplete\" [safe] 8 8 {the next download of this file could go on from it}\n\
         \x20 model \"mine/own\" [look-first] 8 8 {no index in it says that ModelScope fetched it}\n\
         \x20 dataset \"acme/corpus\" [re-download] 16 16\n\
         \x20   revision \"master\" [re-download] 8 8\n\
         \x20 index \"index of the library's own code\" [rebuild] 4 4 {made again when the library is imported}\n\
         \x20 !partial \"unfinished downloads\" [safe] 16 16 {left by downloads that were stopped}\n\
         \x20 model \"Qwen/Qwen2.5-7B\" master [re-download] 28 28\n\
         \x20 model \"damo/nlp_bert\" [re-download] 20 20\n\
         \x20   files \"files\" [re-download] 16 16\n\
         \x20   !partial \"pytorch_model.bin_0_1048575\" [safe] 4 4 {the next download of this file could go on from it}\n\
         \x20 notes \"notes of downloads\" [safe] 4 4 {never removed by the library; a download that was stopped begins anew without them}\n\
         \x20 notes \"lock files\" [safe] 0 0 {never removed by the library; a download that was stopped begins anew without them}\n\
         \x20 other \"other files\" [look-first] 52 12\n\
         hub: modelscope login ~/.modelscope\n\
         \x20 secret \"login\" [protected] 12 12\n"
    );
}

#[test]
fn what_is_being_fetched_is_in_use() {
    let f = Fixture::new();
    let at = format!("{ROOT}/models/a--b/snapshots/master/x.bin.incomplete");
    f.kib(&at, 4);
    f.age_all(ROOT);
    f.age(&at, 5);
    let outline = f.outline();
    assert_eq!(outline.matches("[in-use]").count(), 3, "{outline}");
    assert!(!outline.contains("[safe]"), "{outline}");
}

#[test]
fn caches_and_copies_elsewhere_are_known_by_their_shape() {
    let f = Fixture::new();
    f.kib("data/ms/models/a--b/snapshots/master/x.bin", 4);
    f.file(&format!("data/ms/.lock/file_{}.lock", "a".repeat(64)), "");
    f.kib("work/qwen/model.bin", 4);
    f.file("work/qwen/.msc", "x");
    f.file("work/qwen/.mv", "Revision:v2,CreatedAt:1");
    f.kib("plain/models/a/x", 4);
    f.file("plain/.lock/mine", "");
    f.age_all("data");
    f.age_all("work");
    assert_eq!(
        f.outline(),
        "hub: modelscope cache ~/data/ms\n\
         \x20 model \"a/b\" [re-download] 16 16\n\
         \x20   revision \"master\" [re-download] 8 8\n\
         \x20 notes \"lock files\" [safe] 0 0 {never removed by the library; a download that was stopped begins anew without them}\n\
         hub: modelscope copy ~/work/qwen\n\
         \x20 copy \"qwen\" v2 [look-first] 12 12 {fetched by ModelScope to a folder of its own; what else is in it nobody noted}\n"
    );
}

#[test]
fn places_follow_the_variables() {
    let paths = |env: &Env| -> Vec<String> {
        ModelScope.places(env).iter().map(|p| format!("{} {}", p.role, p.path.display())).collect()
    };
    let default = ["cache /h/.cache/modelscope", "login /h/.modelscope"];
    assert_eq!(paths(&Env::fixed("/h").with_var("XDG_CACHE_HOME", "/fast")), default);
    let env = Env::fixed("/h").with_var("MS_CACHE_HOME", "/ms").with_var("MODELSCOPE_HOME", "/login");
    assert_eq!(paths(&env)[..2], ["cache /ms", "login /login"]);
    let env = env.with_var("MODELSCOPE_CACHE", "/new").with_var("MODELSCOPE_CREDENTIALS_PATH", "/secret");
    assert_eq!(paths(&env)[..3], ["cache /new", "credentials /secret", "login /login"]);
}

#[test]
fn hostile_names_and_content_do_no_harm() {
    use std::os::unix::ffi::OsStrExt;
    let f = Fixture::new();
    let odd = std::ffi::OsStr::from_bytes(b"\xff\x1b[2J--x");
    std::fs::create_dir_all(f.folder(&format!("{ROOT}/models")).join(odd).join("snapshots"))
        .expect("folders");
    f.file(&format!("{ROOT}/models/a--b/snapshots"), "a file");
    f.folder(&format!("{ROOT}/hub/a/b/.msc"));
    f.file(&format!("{ROOT}/hub/a/c/.msc"), "");
    f.file(&format!("{ROOT}/hub/a/c/.mv"), [0xff, 0x1b]);
    f.link("/etc", &format!("{ROOT}/hub/a/d"));
    f.folder(&format!("{ROOT}/.lock/repo_{}.lock", "a".repeat(64)));
    f.file(".modelscope/credentials", "a file");
    let outline = f.outline();
    assert!(!outline.contains('\u{1b}') && !outline.contains("problem"), "{outline}");
    assert!(!outline.contains("[safe]"), "{outline}");
}
