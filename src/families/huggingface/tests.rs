//! Caches as the library, its earlier versions, llama.cpp and people leave them.

use super::*;
use crate::families::testing::Fixture;

const HUB: &str = "hub";

/// A cache that is being made.
struct Cache(Fixture);

/// 40 times a digit: a commit, or the name of a small blob.
fn h40(c: char) -> String {
    c.to_string().repeat(40)
}

/// 64 times a digit: the name of a large blob.
fn h64(c: char) -> String {
    c.to_string().repeat(64)
}

impl Cache {
    fn new() -> Self {
        let mut f = Fixture::new();
        f.env = f.env.clone().with_var("HF_HUB_CACHE", f.folder(HUB));
        Self(f)
    }

    fn file(&self, below: &str, content: impl AsRef<[u8]>) {
        self.0.file(&format!("{HUB}/{below}"), content);
    }

    fn kib(&self, below: &str, n: usize) {
        self.0.kib(&format!("{HUB}/{below}"), n);
    }

    fn link(&self, target: &str, below: &str) {
        self.0.old_link(target, &format!("{HUB}/{below}"));
    }

    fn age(&self, below: &str, seconds: i64) {
        self.0.age(&format!("{HUB}/{below}"), seconds);
    }

    /// A file of a revision: a link to a blob.
    fn snap(&self, repo: &str, commit: char, path: &str, blob: &str) {
        let up = "../".repeat(path.matches('/').count() + 2);
        let below = format!("{repo}/snapshots/{}/{path}", h40(commit));
        self.link(&format!("{up}blobs/{blob}"), &below);
    }

    fn names(&self, repo: &str, name: &str, commit: char) {
        self.file(&format!("{repo}/refs/{name}"), h40(commit));
    }

    /// A content all repositories share, with its list.
    fn shared(&self, c: char, kib: usize, list: &[(&str, &str)]) {
        let hash = h64(c);
        let at = format!("blobs/{}/{hash}", &hash[..2]);
        self.file("blobs/.huggingface-shared-blobs", "1\n");
        self.kib(&at, kib);
        let lines = list.iter().map(|(repo, blob)| format!("{repo}/blobs/{blob}\n"));
        self.file(&format!("{at}.refs"), lines.collect::<String>());
        self.file(&format!("{at}.lock"), "");
    }

    /// A blob of a repository that is a link to shared content.
    fn share(&self, repo: &str, blob: &str, c: char) {
        let hash = h64(c);
        self.link(&format!("../../blobs/{}/{hash}", &hash[..2]), &format!("{repo}/blobs/{blob}"));
    }

    /// What was recognized, without the line of the store.
    fn outline(&self) -> String {
        let all = self.0.outline();
        let (store, items) = all.split_once('\n').expect("a store");
        assert_eq!(store, "hub: huggingface hub ~/hub");
        items.to_string()
    }
}

#[test]
fn revisions_share_blobs_and_what_none_needs_is_told_apart() {
    let c = Cache::new();
    let repo = "models--acme--tiny-llm";
    let (old, new, config) = (h64('a'), h64('b'), h40('c'));
    c.kib(&format!("{repo}/blobs/{old}"), 100);
    c.kib(&format!("{repo}/blobs/{new}"), 200);
    c.kib(&format!("{repo}/blobs/{config}"), 4);
    for (commit, weights) in [('1', &old), ('2', &new), ('3', &new)] {
        c.snap(repo, commit, "config.json", &config);
        c.snap(repo, commit, "onnx/model.safetensors", weights);
    }
    c.snap(repo, '1', "onnx/again.safetensors", &old);
    c.names(repo, "v1.0", '1');
    c.names(repo, "main", '2');
    c.names(repo, "refs/pr/1", '2');
    c.file(&format!("{repo}/trees/{}.json", h40('2')), r#"{"format_version":1,"files":{}}"#);
    c.file(&format!("{repo}/.no_exist/{}/adapter_config.json", h40('2')), "");
    c.kib(&format!("{repo}/blobs/{}", h64('d')), 8);
    c.kib(&format!("{repo}/blobs/{}", h40('e')), 8);
    c.kib(&format!("{repo}/blobs/{}.incomplete", h64('4')), 16);
    c.kib(&format!("{repo}/blobs/{}.0badc0de.incomplete", h64('5')), 32);
    c.kib(&format!("{repo}/blobs/{}.downloadInProgress", h64('6')), 64);
    c.file(&format!("{repo}/refs/main.0badc0de.tmp"), h40('2'));
    c.file(&format!(".locks/{repo}/{old}.lock"), "");
    assert_eq!(
        c.outline(),
        "\x20 model \"acme/tiny-llm\" [re-download] 528 528\n\
         \x20   revision \"v1.0\" 11111111 [re-download] 124 120\n\
         \x20   revision \"main, refs/pr/1\" 22222222 [re-download] 228 24\n\
         \x20   !revision \"detached\" 33333333 [re-download] 216 12 {no branch or tag names it any more, or it was fetched by its hash}\n\
         \x20   !blobs \"2 unreferenced blobs\" [safe] 16 16 {no revision links to them}\n\
         \x20   !temp \"main.0badc0de.tmp\" [safe] 4 4 {left by a program that was stopped}\n\
         \x20   !partial \"unfinished download 44444444\" [safe] 16 16 {the next download of this file could go on from it}\n\
         \x20   !partial \"unfinished download 55555555\" [safe] 32 32 {never resumed by the library}\n\
         \x20   !partial \"unfinished download 66666666\" [safe] 64 64 {the next download of this file could go on from it}\n\
         \x20 locks \"lock files\" [safe] 8 8 {empty, and the library never removes them}\n"
    );
    let inventory = c.0.scan();
    let find = |name: &str| inventory.items().find(|i| i.name == name).expect(name);
    let both = [find("main, refs/pr/1").id, find("detached").id];
    // Together they give back the weights that neither gives back alone.
    assert_eq!(inventory.measure_set(&both).frees / 1024, 24 + 12 + 200);
    let revision = find("v1.0");
    assert_eq!(
        revision.origin.as_deref(),
        Some(&*format!("https://huggingface.co/acme/tiny-llm/tree/{}", h40('1')))
    );
    // The ref goes, but it is no content.
    assert_eq!(revision.measure.frees_apparent, 100 * 1024);
}

#[test]
fn kinds_and_names_of_repositories() {
    let c = Cache::new();
    for repo in ["models--gpt2", "datasets--acme--corpus", "spaces--acme--demo", "kernels--acme--act.fn_2"] {
        c.kib(&format!("{repo}/blobs/{}", h64('a')), 4);
        c.snap(repo, '1', "file", &h64('a'));
        c.names(repo, "main", '1');
    }
    // None of these is one.
    c.kib("models--acme--stray", 4);
    c.kib("weights--acme--x/snapshots/f", 4);
    c.kib("models--acme--nothing-of-a-repo/f", 4);
    c.kib("models--bad name--x/snapshots/f", 4);
    let inventory = c.0.scan();
    let mut seen: Vec<(String, String)> = inventory
        .items()
        .filter(|i| i.parent.is_none())
        .map(|i| (format!("{} {}", i.kind, i.name), i.origin.clone().unwrap_or_default()))
        .collect();
    seen.sort();
    let seen: Vec<(&str, &str)> = seen.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    assert_eq!(
        seen,
        [
            ("dataset acme/corpus", "https://huggingface.co/datasets/acme/corpus"),
            ("kernel acme/act.fn_2", "https://huggingface.co/kernels/acme/act.fn_2"),
            ("model gpt2", "https://huggingface.co/gpt2"),
            ("other other files", ""),
            ("space acme/demo", "https://huggingface.co/spaces/acme/demo"),
        ]
    );
    let rest = inventory.items().find(|i| i.is_rest).expect("a rest");
    assert_eq!(rest.parts.len(), 4);
}

#[test]
fn a_mirror_is_named_without_its_password() {
    let mut c = Cache::new();
    c.0.env = c.0.env.clone().with_var("HF_ENDPOINT", "https://me:secret@hf.example/");
    c.kib(&format!("models--gpt2/blobs/{}", h64('a')), 4);
    c.snap("models--gpt2", '1', "file", &h64('a'));
    let inventory = c.0.scan();
    let model = inventory.items().find(|i| i.kind == "model").expect("a model");
    assert_eq!(model.origin.as_deref(), Some("https://***@hf.example/gpt2"));
}

#[test]
fn without_links_a_revision_is_its_files() {
    let c = Cache::new();
    let repo = "models--acme--nolink";
    c.0.folder(&format!("{HUB}/{repo}/blobs"));
    c.kib(&format!("{repo}/snapshots/{}/model.bin", h40('1')), 100);
    c.kib(&format!("{repo}/snapshots/{}/model.bin", h40('2')), 100);
    c.names(repo, "main", '2');
    assert_eq!(
        c.outline(),
        "\x20 model \"acme/nolink\" [re-download] 228 228\n\
         \x20   !revision \"detached\" 11111111 [re-download] 104 104 {no branch or tag names it any more, or it was fetched by its hash}\n\
         \x20   revision \"main\" 22222222 [re-download] 108 108\n"
    );
}

#[test]
fn what_is_missing_is_said_and_costs_nobody_the_rest() {
    let c = Cache::new();
    let broken = "models--a--broken";
    c.kib(&format!("{broken}/blobs/{}", h64('a')), 4);
    c.snap(broken, '1', "config.json", &h64('a'));
    c.snap(broken, '1', "model.safetensors", &h64('b'));
    c.snap(broken, '1', "tokenizer.json", &h64('c'));
    c.names(broken, "main", '1');
    let dangling = "models--b--dangling";
    c.kib(&format!("{dangling}/blobs/{}", h64('a')), 4);
    c.snap(dangling, '1', "f", &h64('a'));
    c.names(dangling, "main", '2');
    c.names(dangling, "v2", '3');
    let empty = "models--c--empty";
    let commit = h40('1');
    c.0.folder(&format!("{HUB}/{empty}/snapshots/{commit}"));
    c.age(&format!("{empty}/snapshots/{commit}"), 86_400);
    c.age(&format!("{empty}/snapshots"), 86_400);
    c.age(empty, 86_400);
    c.names("models--d--only-refs", "main", '1');
    c.file(&format!("models--d--only-refs/.no_exist/{commit}/config.json"), "");
    c.file("models--e--starting/refs/main", &commit);
    c.age("models--e--starting/refs/main", 60);
    assert_eq!(
        c.outline(),
        "\x20 model \"a/broken\" [re-download] 40 40\n\
         \x20   !revision \"main\" 11111111 [re-download] 24 24 {2 files missing, so it does not load without the network}\n\
         \x20 model \"b/dangling\" [re-download] 36 36 {main and 1 more name commits that are not here}\n\
         \x20   !revision \"detached\" 11111111 [re-download] 12 12 {no branch or tag names it any more, or it was fetched by its hash}\n\
         \x20 !model \"c/empty\" [safe] 12 12 {nothing was downloaded}\n\
         \x20   !revision \"detached\" 11111111 [safe] 4 4 {no branch or tag names it any more, or it was fetched by its hash; empty}\n\
         \x20 !model \"d/only-refs\" [safe] 20 20 {nothing was downloaded}\n\
         \x20 model \"e/starting\" [in-use] 12 12 {written a moment ago}\n"
    );
}

#[test]
fn listings_and_indexes_say_what_should_be_there() {
    let c = Cache::new();
    let repo = "models--acme--big";
    let tree = r#"{"format_version":1,"files":{"model.safetensors.index.json":{"size":9},"a-1.safetensors":{"size":1},
        "a-2.safetensors":{"size":1},"README.md":{"size":1}}}"#;
    c.file(&format!("{repo}/trees/{}.json", h40('1')), tree);
    let index = r#"{"metadata":{"x":NaN0},"weight_map":{}}"#.replace("NaN0", "0").replace(
        "{}",
        r#"{"t.0":"a-1.safetensors","t.1":"a-1.safetensors","t.2":"a-2.safetensors","t.3":"a-3.safetensors"}"#,
    );
    c.file(&format!("{repo}/blobs/{}", h40('a')), &index);
    c.kib(&format!("{repo}/blobs/{}", h64('b')), 4);
    c.snap(repo, '1', "model.safetensors.index.json", &h40('a'));
    c.snap(repo, '1', "a-1.safetensors", &h64('b'));
    // Only the index was asked for: nothing is missing.
    c.snap(repo, '2', "model.safetensors.index.json", &h40('a'));
    // A listing that nobody can read, and one of a later format.
    c.snap(repo, '3', "a-1.safetensors", &h64('b'));
    c.file(&format!("{repo}/trees/{}.json", h40('3')), "{\"format_version\":1,\"files\":[");
    c.snap(repo, '4', "a-1.safetensors", &h64('b'));
    c.file(&format!("{repo}/trees/{}.json", h40('4')), tree.replace(":1,\"files\"", ":2,\"files\""));
    for (name, commit) in [("main", '1'), ("two", '2'), ("three", '3'), ("four", '4')] {
        c.names(repo, name, commit);
    }
    assert_eq!(
        c.outline(),
        "\x20 model \"acme/big\" [re-download] 84 84\n\
         \x20   revision \"main\" 11111111 [re-download] 24 16 {partial: 2 of 4 files; 2 of 3 weight files missing}\n\
         \x20   revision \"two\" 22222222 [re-download] 12 8\n\
         \x20   revision \"three\" 33333333 [re-download] 20 16\n\
         \x20   revision \"four\" 44444444 [re-download] 20 16\n\
         problem: understand ~/hub/models--acme--big/trees/3333333333333333333333333333333333333333.json: \
         invalid type: sequence, expected a map at line 1 column 28\n"
    );
}

#[test]
fn links_that_leave_a_repository_are_not_followed() {
    let c = Cache::new();
    let repo = "models--evil--links";
    c.kib("precious/data.bin", 64);
    c.0.kib("mine.bin", 64);
    c.kib(&format!("{repo}/blobs/{}", h64('a')), 4);
    let at = format!("{repo}/snapshots/{}", h40('1'));
    c.link("../../../precious/data.bin", &format!("{at}/sibling"));
    c.link("../../../../../../mine.bin", &format!("{at}/above"));
    c.link("/etc/passwd", &format!("{at}/absolute"));
    c.link(&"../".repeat(200), &format!("{at}/root"));
    c.link("../../snapshots", &format!("{at}/loop"));
    c.link("here", &format!("{at}/there"));
    c.link("../../../precious/data.bin", &format!("{repo}/blobs/{}", h64('b')));
    c.snap(repo, '1', "through", &h64('b'));
    c.snap(repo, '1', "good", &h64('a'));
    c.names(repo, "main", '1');
    assert_eq!(
        c.outline(),
        "\x20 model \"evil/links\" [re-download] 40 40\n\
         \x20   revision \"main\" 11111111 [re-download] 24 24 {6 links lead out of the repository; what is there is not touched}\n\
         \x20 other \"other files\" [look-first] 72 68\n"
    );
    let inventory = c.0.scan();
    let precious = inventory.tree.find(&c.0.path(&format!("{HUB}/precious/data.bin"))).expect("scanned");
    for item in inventory.items().filter(|i| !i.is_rest) {
        assert!(!inventory.nodes_of(item.id).contains(&precious), "{}", item.name);
    }
}

#[test]
fn a_blob_that_a_link_may_mean_is_never_called_unreferenced() {
    let c = Cache::new();
    // The cache was at another path when this link was made.
    let moved = "models--a--moved";
    c.kib(&format!("{moved}/blobs/{}", h64('a')), 4);
    c.link(&format!("/old/hub/{moved}/blobs/{}", h64('a')), &format!("{moved}/snapshots/{}/f", h40('1')));
    c.names(moved, "main", '1');
    // Another repository has a link into this one.
    c.kib(&format!("models--b--lender/blobs/{}", h64('b')), 4);
    c.link(
        &format!("../../models--b--lender/blobs/{}", h64('b')),
        &format!("models--c--borrower/blobs/{}", h64('b')),
    );
    c.snap("models--c--borrower", '1', "f", &h64('b'));
    c.names("models--c--borrower", "main", '1');
    assert_eq!(
        c.outline(),
        "\x20 model \"a/moved\" [re-download] 32 32\n\
         \x20   revision \"main\" 11111111 [re-download] 16 16\n\
         \x20 model \"b/lender\" [look-first] 12 12\n\
         \x20   blobs \"1 borrowed blob\" [look-first] 4 4 {another repository links to them}\n\
         \x20 model \"c/borrower\" [re-download] 32 32\n\
         \x20   revision \"main\" 11111111 [re-download] 16 16 {1 link leads out of the repository; what is there is not touched}\n"
    );
}

#[cfg(unix)]
#[test]
fn what_cannot_be_read_makes_nothing_safe() {
    use std::os::unix::fs::PermissionsExt;
    let c = Cache::new();
    let repo = "models--a--closed";
    c.kib(&format!("{repo}/blobs/{}", h64('a')), 4);
    c.snap(repo, '1', "sub/f", &h64('a'));
    c.names(repo, "main", '1');
    c.age(&format!("{repo}/snapshots/{}", h40('1')), 86_400);
    let sub = c.0.path(&format!("{HUB}/{repo}/snapshots/{}/sub", h40('1')));
    std::fs::set_permissions(&sub, std::fs::Permissions::from_mode(0o000)).expect("closed");
    let reads_everything = std::fs::read_dir(&sub).is_ok();
    let outline = c.outline();
    std::fs::set_permissions(&sub, std::fs::Permissions::from_mode(0o700)).expect("opened");
    if reads_everything {
        println!("skipped: this user reads every folder (root)");
        return;
    }
    assert!(outline.contains("    blobs \"1 unclear blob\" [look-first]"), "{outline}");
    assert!(outline.contains("    revision \"main\" 11111111 [look-first]"), "{outline}");
}

#[test]
fn what_people_put_into_a_repository_is_looked_at_first() {
    let c = Cache::new();
    for repo in [
        "models--a--mixed",
        "models--b--compiled",
        "models--c--beside",
        "models--d--odd-blob",
        "models--e--listed",
    ] {
        c.kib(&format!("{repo}/blobs/{}", h64('a')), 4);
        c.snap(repo, '1', "f", &h64('a'));
        c.names(repo, "main", '1');
    }
    let commit = h40('1');
    c.kib(&format!("models--a--mixed/snapshots/{commit}/finetuned.pt"), 8);
    c.kib(&format!("models--b--compiled/snapshots/{commit}/__pycache__/m.cpython-311.pyc"), 8);
    c.kib("models--c--beside/my-run/weights.pt", 8);
    c.kib("models--d--odd-blob/blobs/my-weights.pt", 8);
    c.kib(&format!("models--e--listed/snapshots/{commit}/copied.bin"), 8);
    let tree = r#"{"format_version":1,"files":{"f":{"size":4096},"copied.bin":{"size":8192}}}"#;
    c.file(&format!("models--e--listed/trees/{commit}.json"), tree);
    assert_eq!(
        c.outline(),
        "\x20 model \"a/mixed\" [look-first] 40 40\n\
         \x20   revision \"main\" 11111111 [look-first] 24 24 {1 file is no part of the download and may be somebody's own}\n\
         \x20 model \"b/compiled\" [re-download] 44 44\n\
         \x20   revision \"main\" 11111111 [re-download] 28 28\n\
         \x20 model \"c/beside\" [look-first] 44 44 {1 entry in it did not come from the library}\n\
         \x20   revision \"main\" 11111111 [re-download] 16 16\n\
         \x20 model \"d/odd-blob\" [look-first] 40 40 {1 entry in it did not come from the library}\n\
         \x20   revision \"main\" 11111111 [re-download] 16 16\n\
         \x20 model \"e/listed\" [re-download] 48 48\n\
         \x20   revision \"main\" 11111111 [re-download] 28 28\n"
    );
}

#[test]
fn a_hard_linked_copy_is_one_file() {
    let c = Cache::new();
    let repo = "models--a--hard";
    c.kib(&format!("{repo}/blobs/{}", h64('a')), 100);
    c.snap(repo, '1', "w.bin", &h64('a'));
    c.names(repo, "main", '1');
    c.0.hard_link(
        &format!("{HUB}/{repo}/blobs/{}", h64('a')),
        &format!("{HUB}/{repo}/snapshots/{}/w.bin", h40('2')),
    );
    c.names(repo, "v2", '2');
    assert_eq!(
        c.outline(),
        "\x20 model \"a/hard\" [re-download] 136 136\n\
         \x20   revision \"main\" 11111111 [re-download] 112 12 {100.0 KiB in 1 file stay: other names hold them}\n\
         \x20   revision \"v2\" 22222222 [re-download] 108 8 {100.0 KiB in 1 file stay: other names hold them}\n"
    );
}

#[test]
fn what_is_being_downloaded_is_in_use() {
    let c = Cache::new();
    let (live, new) = ("models--a--live", "models--b--new");
    for repo in [live, new] {
        c.kib(&format!("{repo}/blobs/{}", h64('a')), 4);
        c.snap(repo, '1', "f", &h64('a'));
        c.names(repo, "main", '1');
    }
    let partial = format!("{live}/blobs/{}.0badc0de.incomplete", h64('b'));
    c.kib(&partial, 8);
    c.age(&partial, 5);
    c.kib(&format!("{live}/blobs/{}", h64('c')), 4);
    c.age(&format!("{new}/blobs/{}", h64('a')), 30);
    c.file(&format!(".locks/{live}/{}.lock", h64('b')), "");
    assert_eq!(
        c.outline(),
        "\x20 model \"a/live\" [in-use] 44 44 {something is being downloaded into it}\n\
         \x20   revision \"main\" 11111111 [in-use] 16 16 {something is being downloaded into this repository}\n\
         \x20   blobs \"1 new blob\" [in-use] 4 4 {written a moment ago, and no revision links to them yet}\n\
         \x20   partial \"unfinished download bbbbbbbb\" [in-use] 8 8 {being written}\n\
         \x20 model \"b/new\" [re-download] 32 32\n\
         \x20   revision \"main\" 11111111 [in-use] 16 16 {written a moment ago}\n\
         \x20 locks \"lock files\" [in-use] 8 8 {a download is going on}\n"
    );
}

#[test]
fn a_stalled_download_whose_lock_is_held_is_in_use() {
    let c = Cache::new();
    let repo = "models--a--slow";
    let partial = format!("{repo}/blobs/{}.0badc0de.incomplete", h64('b'));
    c.kib(&partial, 8);
    let lock = format!(".locks/{repo}/{}.lock", h64('b'));
    c.file(&lock, "");
    let verdict = || {
        let inventory = c.0.scan();
        let item = inventory.items().find(|i| i.kind == "partial").expect("a partial").clone();
        (inventory.verdict(item.id), item.leftover)
    };
    assert_eq!(verdict(), (Verdict::Safe, true), "a lock file alone proves nothing");
    let held = std::fs::File::open(c.0.path(&format!("{HUB}/{lock}"))).expect("open");
    held.lock().expect("locked");
    assert_eq!(verdict(), (Verdict::InUse, false));
    drop(held);
    // Another file's lock says nothing of this one.
    let other = format!(".locks/{repo}/{}.lock", h64('c'));
    c.file(&other, "");
    let held = std::fs::File::open(c.0.path(&format!("{HUB}/{other}"))).expect("open");
    held.lock().expect("locked");
    assert_eq!(verdict(), (Verdict::Safe, true));
}

#[test]
fn shared_contents_go_with_the_last_repository() {
    let c = Cache::new();
    let (a, b) = ("models--acme--a", "models--acme--b");
    let (one, both) = (h64('1'), h64('2'));
    c.shared('e', 100, &[(a, &one), (b, &one), ("models--gone--x", &one)]);
    c.shared('f', 200, &[(a, &both)]);
    c.shared('d', 50, &[(a, "not-there"), ("../../etc", "x"), ("models--gone--x", "y")]);
    c.share(a, &one, 'e');
    c.share(b, &one, 'e');
    c.share(a, &both, 'f');
    c.snap(a, '1', "model", &one);
    c.snap(a, '1', "extra", &both);
    c.snap(b, '1', "model", &one);
    c.snap(b, '2', "model", &one);
    c.names(a, "main", '1');
    c.names(b, "main", '1');
    c.file("CACHEDIR.TAG", "Signature: 8a477f597d28d172789f06886806bc55");
    c.file("version.txt", "1");
    assert_eq!(
        c.outline(),
        "\x20 model \"acme/a\" [re-download] 348 244\n\
         \x20   revision \"main\" 11111111 [re-download] 332 228\n\
         \x20 model \"acme/b\" [re-download] 144 40\n\
         \x20   revision \"main\" 11111111 [re-download] 120 12\n\
         \x20   !revision \"detached\" 22222222 [re-download] 116 8 {no branch or tag names it any more, or it was fetched by its hash}\n\
         \x20 !blobs \"1 unreferenced shared file\" [safe] 56 56 {no repository links to them}\n\
         \x20 marker \"shared file store\" [protected] 4 4 {the library knows the files that repositories share by it}\n\
         \x20 marker \"cache markers\" [protected] 8 8 {programs know the folder by them}\n"
    );
    let inventory = c.0.scan();
    let find = |name: &str| inventory.items().find(|i| i.name == name).expect(name).id;
    let m = inventory.measure_set(&[find("acme/a"), find("acme/b")]);
    assert_eq!(m.frees / 1024, 244 + 40 + 104);
}

#[test]
fn shared_contents_of_unknown_use_stay() {
    let c = Cache::new();
    let repo = "models--acme--a";
    // Linked, but its list is gone: the library would never free it.
    c.shared('e', 100, &[]);
    std::fs::remove_file(c.0.path(&format!("{HUB}/blobs/ee/{}.refs", h64('e')))).expect("removed");
    c.share(repo, &h64('1'), 'e');
    c.snap(repo, '1', "model", &h64('1'));
    c.names(repo, "main", '1');
    // Not linked, and no list, or a broken one, or one that names a repository that lies elsewhere.
    c.shared('a', 8, &[]);
    std::fs::remove_file(c.0.path(&format!("{HUB}/blobs/aa/{}.refs", h64('a')))).expect("removed");
    c.shared('b', 8, &[]);
    c.file(&format!("blobs/bb/{}.refs", h64('b')), [0xff, 0xfe]);
    c.shared('c', 8, &[("models--acme--away", "x")]);
    c.link("/mnt/big/models--acme--away", "models--acme--away");
    assert_eq!(
        c.outline(),
        "\x20 model \"acme/a\" [re-download] 132 32\n\
         \x20   revision \"main\" 11111111 [re-download] 116 16\n\
         \x20 blobs \"1 unlisted shared file in use\" [protected] 100 0 {not all who link to them are known, so they stay when a repository goes}\n\
         \x20 blobs \"3 unlisted shared files\" [look-first] 32 32 {no link to them was seen, but who uses them is not known for sure; `hf cache prune` keeps them}\n\
         \x20 marker \"shared file store\" [protected] 4 4 {the library knows the files that repositories share by it}\n\
         \x20 other \"other files\" [look-first] 24 0\n\
         problem: understand ~/hub/blobs/bb/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb.refs: \
         invalid utf-8 sequence of 1 bytes from index 0\n"
    );
}

#[test]
fn a_store_of_shared_contents_has_its_marker() {
    for marker in [None, Some("2\n"), Some("1"), Some("")] {
        let c = Cache::new();
        c.shared('e', 100, &[]);
        match marker {
            Some(text) => c.file("blobs/.huggingface-shared-blobs", text),
            None => std::fs::remove_file(c.0.path(&format!("{HUB}/blobs/.huggingface-shared-blobs")))
                .expect("gone"),
        }
        c.share("models--a--b", &h64('1'), 'e');
        c.snap("models--a--b", '1', "f", &h64('1'));
        let outline = c.outline();
        assert!(!outline.contains("shared"), "{outline}");
        assert!(outline.contains("1 link leads out"), "{outline}");
        assert!(outline.contains("other \"other files\" [look-first] 1"), "{outline}");
    }
}

#[test]
fn leftovers_of_shared_contents_and_of_tests_for_links() {
    let c = Cache::new();
    c.shared('e', 4, &[]);
    let lock = format!("blobs/aa/{}", h64('a'));
    c.file(&format!("{lock}.lock"), "");
    c.file(&format!("{lock}.refs"), "x");
    c.file(&format!("blobs/ee/{}.refs.0badc0de.tmp", h64('e')), "x");
    c.file("blobs/.huggingface-shared-blobs.0badc0de.tmp", "1");
    c.file("tmpab12_cd3/dummy_file_src", "");
    c.age("tmpab12_cd3", 86_400);
    c.file("tmpmystuff1/notes.txt", "");
    c.file("models--a--b/refs/main", h40('1'));
    let outline = c.outline();
    assert!(
        outline.contains(
            "  !temp \"leftovers of shared files\" [safe] 12 12 {lists and locks of files that are gone}\n"
        ),
        "{outline}"
    );
    assert!(
        outline.contains("  !temp \"tmpab12_cd3\" [safe] 4 4 {left by a test for symbolic links}\n"),
        "{outline}"
    );
    assert!(!outline.contains("tmpmystuff1"), "{outline}");
}

#[test]
fn checkpoints_and_logs_in_a_download_are_part_of_it() {
    // Another family would take them for a run of this box, and their blobs would look unreferenced.
    let c = Cache::new();
    let repo = "models--acme--run";
    c.kib(&format!("{repo}/blobs/{}", h64('a')), 4);
    c.snap(repo, '1', &format!("{}.descriptor.txt", h40('a')), &h64('a'));
    c.names(repo, "main", '1');
    assert_eq!(
        c.outline(),
        "\x20 model \"acme/run\" [re-download] 32 32\n\x20   revision \"main\" 11111111 [re-download] 16 16\n"
    );
}

#[test]
fn hostile_content_harms_nobody() {
    let c = Cache::new();
    let repo = "models--a--b";
    c.kib(&format!("{repo}/blobs/{}", h64('a')), 4);
    c.snap(repo, '1', "f", &h64('a'));
    c.file(&format!("{repo}/refs/ma\u{202e}in"), "\u{0}\u{1b}[31m");
    c.kib(&format!("{repo}/refs/huge"), 4);
    c.file(&format!("{repo}/snapshots/stray"), "x");
    c.file(&format!("{repo}/trees/{}.json", h40('1')), "[".repeat(100_000));
    c.link("nowhere", &format!("{repo}/refs/link"));
    let odd = std::ffi::OsString::from(crate::text::os_str(b"\xff\xfe"));
    let at = c.0.path(&format!("{HUB}/{repo}/snapshots/{}", h40('1'))).join(odd);
    std::os::unix::fs::symlink(crate::text::os_str(b"../../blobs/\xff"), at).expect("a link");
    let outline = c.outline();
    assert!(outline.contains("  model \"a/b\" [look-first]"), "{outline}");
    assert!(
        outline.contains(
            "{ma\\u{202e}in names a commit that is not here; 3 entries in it did not come from the library}"
        ),
        "{outline}"
    );
    assert!(outline.contains("1 file missing"), "{outline}");
    assert!(outline.contains("problem: understand"), "{outline}");
    assert!(!outline.contains(['\u{1b}', '\u{202e}']), "{outline}");
}

#[test]
fn a_cache_is_known_by_its_shape_and_look_alikes_are_not() {
    let f = Fixture::new();
    for repo in
        ["data/cache/models--acme--x", "old/models--gpt2", "plain/models--gpt2", "mine/models--backup"]
    {
        f.kib(&format!("{repo}/blobs/{}", h64('a')), 4);
        f.old_link(&format!("../../blobs/{}", h64('a')), &format!("{repo}/snapshots/{}/f", h40('1')));
    }
    f.file("old/version.txt", "1");
    for folder in ["a/models-2024", "b/models--", "c/datasets", "d/spaces_x", "e/models--x--"] {
        f.kib(&format!("{folder}/f"), 4);
    }
    let outline = f.outline();
    let stores: Vec<&str> = outline.lines().filter(|l| !l.starts_with(' ')).collect();
    assert_eq!(stores, ["hub: huggingface hub ~/data/cache", "hub: huggingface hub ~/old"]);
}

#[test]
fn places_follow_the_environment() {
    let f = Fixture::new();
    f.folder("llama/models--acme--x");
    f.folder("flat");
    let home = f.home();
    let places = |env: &Env| -> Vec<String> {
        let short = |p: &Place| crate::text::short_path(&p.path, &home);
        HuggingFace
            .places(env)
            .iter()
            .map(|p| format!("{}{}", short(p), if p.named_by.is_some() { "!" } else { "" }))
            .collect()
    };
    assert_eq!(places(&f.env), ["~/.cache/huggingface/hub"]);
    let env =
        f.env.clone().with_var("HF_HOME", "~/hf").with_var("XDG_CACHE_HOME", "/xdg").with_home("/home/bob");
    assert_eq!(places(&env), ["~/hf/hub", "/xdg/huggingface/hub", "/home/bob/.cache/huggingface/hub"]);
    let env = f.env.clone().with_var("HUGGINGFACE_HUB_CACHE", "/b").with_var("HF_HOME", "/c");
    assert_eq!(places(&env), ["/b!", "/c/hub", "~/.cache/huggingface/hub"]);
    let env = env.with_var("HF_HUB_CACHE", "$HF_HOME/a").with_var("KERNELS_CACHE", "/k");
    assert_eq!(places(&env), ["/c/a!", "/b", "/c/hub", "~/.cache/huggingface/hub", "/k!"]);
    let env = f
        .env
        .clone()
        .with_var("LLAMA_CACHE", home.join("flat"))
        .with_var("TRANSFORMERS_CACHE", home.join("llama"));
    assert_eq!(places(&env), ["~/.cache/huggingface/hub", "~/llama!"]);
}
