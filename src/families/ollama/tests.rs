//! Models that share blobs, and what is left of others.

use crate::env::Env;
use crate::families::testing::{Fixture, outline};
use crate::families::{Family, ollama::Ollama};
use crate::model::item::Role;

const ROOT: &str = ".ollama/models";

fn hash(c: char) -> String {
    c.to_string().repeat(64)
}

fn layer(kind: &str, c: char) -> String {
    format!(r#"{{"mediaType":"application/vnd.ollama.image.{kind}","digest":"sha256:{}","size":1}}"#, hash(c))
}

fn manifest(layers: &[String]) -> String {
    let (config, layers) = layers.split_last().expect("a configuration");
    format!(
        r#"{{"schemaVersion":2,"mediaType":"application/vnd.docker.distribution.manifest.v2+json","config":{config},"layers":[{}]}}"#,
        layers.join(",")
    )
}

fn blob(f: &Fixture, c: char, kib: usize) {
    f.kib(&format!("{ROOT}/blobs/sha256-{}", hash(c)), kib);
}

fn tag(f: &Fixture, name: &str, content: &str) {
    f.file(&format!("{ROOT}/manifests/{name}"), content);
}

#[test]
fn models_share_blobs_and_leftovers_are_told_apart() {
    let f = Fixture::new();
    for (c, kib) in [('a', 64), ('b', 4), ('c', 4), ('d', 32), ('e', 8), ('f', 16)] {
        blob(&f, c, kib);
    }
    let llama = manifest(&[layer("model", 'a'), layer("license", 'b'), layer("config", 'c')]);
    tag(&f, "registry.ollama.ai/library/llama3/8b", &llama);
    tag(&f, "registry.ollama.ai/library/llama3/latest", &llama);
    tag(&f, "hf.co/acme/tiny-GGUF/Q4_K_M", &manifest(&[layer("model", 'd'), layer("config", 'c')]));
    let own = manifest(&[layer("model", 'a'), layer("system", 'e'), layer("config", 'c')]);
    tag(&f, "registry.ollama.ai/library/mine/latest", &format!("{own}\n"));
    tag(&f, "registry.ollama.ai/ann/gone/1", &manifest(&[layer("model", '1'), layer("config", 'c')]));
    let old = format!("{ROOT}/manifests/registry.ollama.ai/bob/old/latest");
    f.file(&old, manifest(&[layer("model", 'd'), layer("config", 'c')]));
    f.age(&old, 3 * 365 * 86_400);
    let part = |c: char| format!("{ROOT}/blobs/sha256-{}-partial", hash(c));
    f.kib(&part('2'), 8);
    f.file(&format!("{}-0", part('2')), "{}");
    f.file(&format!("{ROOT}/blobs/sha256-123456"), "x");
    f.file(".ollama/id_ed25519", "s3cret");
    f.file(".ollama/id_ed25519.pub", "ssh-ed25519");
    f.file(".ollama/history", "hello");
    f.file(".ollama/logs/server.log", "started");
    f.file(".ollama/backup/claude.json", "{}");
    let twin = |name: &str| format!("the same content as {name}");
    assert_eq!(
        f.outline(),
        format!(
            "hub: ollama home ~/.ollama\n\
             \x20 secret \"key of this machine\" [protected] 8 8 {{registries know the machine by it}}\n\
             \x20 settings \"backup\" [protected] 8 8 {{settings of other programs, kept before Ollama changed them}}\n\
             \x20 history \"typed prompts\" [look-first] 4 4\n\
             \x20 logs \"logs\" [safe] 4 4\n\
             \x20 model \"hf.co/acme/tiny-GGUF:Q4_K_M\" [re-download] 40 4 {{{}}}\n\
             \x20 !model \"ann/gone:1\" [re-download] 8 4 {{1 of 2 blobs missing: it does not run}}\n\
             \x20 model \"bob/old:latest\" [look-first] 40 4 {{nothing tells whether it was pulled or made here; {}}}\n\
             \x20 model \"llama3:8b\" [re-download] 76 4 {{{}}}\n\
             \x20 model \"llama3:latest\" [re-download] 76 4 {{{}}}\n\
             \x20 model \"mine:latest\" [look-first] 80 12 {{made here by `ollama create`}}\n\
             \x20 !blobs \"unreferenced 1 blob\" [safe] 16 16 {{no model is made of them; the server removes such when it starts}}\n\
             \x20 !partial \"unfinished download 22222222\" [safe] 12 12 {{the next pull would go on with it; the server removes it when it starts}}\n\
             \x20 !temp \"sha256-123456\" [safe] 4 4 {{left by a program that was stopped}}\n",
            twin("bob/old:latest"),
            twin("hf.co/acme/tiny-GGUF:Q4_K_M"),
            twin("llama3:latest"),
            twin("llama3:8b"),
        )
    );
}

#[test]
fn manifests_of_the_second_form_are_blobs_that_names_link_to() {
    let f = Fixture::new();
    for (c, kib) in [('a', 64), ('b', 32), ('c', 4)] {
        blob(&f, c, kib);
    }
    let put = |c: char, content: &str| f.file(&format!("{ROOT}/blobs/sha256-{}", hash(c)), content);
    put('1', &manifest(&[layer("model", 'a'), layer("license", 'c'), layer("config", 'c')]));
    put('2', &manifest(&[layer("model", 'b'), layer("license", 'c'), layer("config", 'c')]));
    let list = |digests: &[char]| {
        let one = |c: &char| format!(r#"{{"mediaType":"m","digest":"sha256:{}","runner":"x"}}"#, hash(*c));
        let all: Vec<String> = digests.iter().map(one).collect();
        format!(
            r#"{{"schemaVersion":2,"mediaType":"application/vnd.ollama.manifest.list.v2+json","manifests":[{}]}}"#,
            all.join(",")
        )
    };
    // One of the list was not pulled: it is for another kind of machine.
    put('3', &list(&['1', '2', '9']));
    put('4', &manifest(&[layer("model", 'b'), layer("config", 'c')]));
    let name = |below: &str| format!("{ROOT}/manifests-v2/registry.ollama.ai/library/{below}");
    let to = |c: char| format!("../../../../../blobs/sha256-{}", hash(c));
    f.old_link(&to('3'), &name("both/latest"));
    f.old_link(&to('1'), &name("one/latest"));
    f.hard_link(&format!("{ROOT}/blobs/sha256-{}", hash('2')), &name("hard/latest"));
    f.old_link("/etc/passwd", &name("out/latest"));
    assert_eq!(
        f.outline(),
        "hub: ollama home ~/.ollama\n\
         \x20 model \"both:latest\" 333333333333 [re-download] 116 8 {108.0 KiB in 1 file stay: other names hold them}\n\
         \x20 model \"hard:latest\" [re-download] 40 0 {40.0 KiB in 1 file stay: other names hold them}\n\
         \x20 model \"one:latest\" 111111111111 [re-download] 76 4\n\
         \x20 model \"out:latest\" [look-first] 0 0 {its manifest could not be understood}\n\
         \x20 blobs \"unclear 1 blob\" [look-first] 4 4 {not every manifest could be read, so a model may need them}\n"
    );
    std::fs::remove_file(f.path(&name("out/latest"))).expect("removed");
    let outline = f.outline();
    assert!(outline.contains("blobs \"manifest 1 blob\" [look-first]"), "{outline}");
}

#[test]
fn what_is_being_pulled_is_in_use() {
    let f = Fixture::new();
    blob(&f, 'a', 64);
    let partial = format!("{ROOT}/blobs/sha256-{}-partial", hash('b'));
    f.kib(&partial, 4);
    f.age(&partial, 5);
    let quiet = format!("{ROOT}/blobs/sha256-{}-partial", hash('c'));
    f.kib(&quiet, 4);
    f.folder(&format!("{ROOT}/manifests"));
    assert_eq!(
        f.outline(),
        "hub: ollama home ~/.ollama\n\
         \x20 blobs \"new 1 blob\" [in-use] 64 64 {a model may be on its way: its manifest is written last}\n\
         \x20 partial \"unfinished download bbbbbbbb\" [in-use] 4 4 {being written}\n\
         \x20 !partial \"unfinished download cccccccc\" [safe] 4 4 {the next pull would go on with it; the server removes it when it starts}\n\
         \x20 other \"other files\" [look-first] 16 4\n"
    );
}

#[test]
fn a_manifest_that_cannot_be_read_makes_no_blob_an_orphan() {
    let f = Fixture::new();
    blob(&f, 'a', 64);
    for (name, content) in [
        ("broken", "{\"layers\": ["),
        ("nothing", "null"),
        ("empty", "{}"),
        ("odd", r#"{"config": {"digest": "../../../etc/passwd"}, "layers": []}"#),
        ("types", r#"{"layers": {"digest": 7}}"#),
    ] {
        tag(&f, &format!("registry.ollama.ai/library/{name}/latest"), content);
    }
    let outline = f.outline();
    assert_eq!(outline.matches("[look-first]").count(), 6, "{outline}");
    assert!(outline.contains("blobs \"unclear 1 blob\" [look-first] 64 64"), "{outline}");
    assert!(!outline.contains("[safe]"), "{outline}");
}

#[test]
fn names_and_content_of_others_do_no_harm() {
    use std::os::unix::ffi::OsStrExt;
    let f = Fixture::new();
    blob(&f, 'a', 4);
    let at = f.folder(&format!("{ROOT}/manifests/host/space/name"));
    std::fs::write(at.join(std::ffi::OsStr::from_bytes(b"\xff\x1b[2J")), "{}").expect("a file");
    f.folder(&format!("{ROOT}/manifests/host/space/name/deeper/still"));
    f.folder(&format!("{ROOT}/blobs/sha256-{}", hash('b')));
    f.link("/etc", &format!("{ROOT}/manifests/host/linked"));
    f.link("/etc/passwd", &format!("{ROOT}/blobs/sha256-{}", hash('c')));
    f.folder(".ollama/id_ed25519");
    let outline = f.outline();
    assert!(!outline.contains('\u{1b}') && !outline.contains("[safe]"), "{outline}");
}

#[test]
fn a_store_is_known_by_its_shape_and_by_the_variable() {
    let mut f = Fixture::new();
    let full = manifest(&[layer("model", 'a'), layer("license", 'a'), layer("config", 'a')]);
    f.file("data/llm/manifests/registry.ollama.ai/library/llama3/8b", &full);
    f.kib(&format!("data/llm/blobs/sha256-{}", hash('a')), 4);
    f.file("other/.ollama/id_ed25519", "s3cret");
    // A registry of containers has both folders, too.
    f.kib("registry/blobs/sha256/ab/data", 4);
    f.file("registry/manifests/x", "{}");
    f.file("workspace/notes", "mine");
    f.env = f.env.clone().with_var("OLLAMA_MODELS", f.path("workspace"));
    assert_eq!(
        f.outline(),
        "hub: ollama models ~/data/llm\n\
         \x20 model \"llama3:8b\" [re-download] 8 8\n\
         hub: ollama home ~/other/.ollama\n\
         \x20 secret \"key of this machine\" [protected] 4 4 {registries know the machine by it}\n"
    );
    f.folder("workspace/blobs");
    assert!(f.outline().contains("hub: ollama models ~/workspace\n"), "{}", f.outline());
}

#[test]
fn places_are_those_of_the_variable_of_all_homes_and_of_the_service() {
    let env = Env::fixed("/h").with_var("OLLAMA_MODELS", "/data/llm").with_home("/other");
    let places: Vec<(String, bool)> =
        Ollama.places(&env).iter().map(|p| (p.path.display().to_string(), p.named_by.is_some())).collect();
    let expected = [
        ("/data/llm", true),
        ("/h/.ollama", false),
        ("/other/.ollama", false),
        ("/usr/share/ollama/.ollama", false),
    ];
    assert_eq!(places, expected.map(|(path, named)| (path.to_string(), named)));
}

#[test]
fn the_manifest_goes_before_the_blobs() {
    let f = Fixture::new();
    blob(&f, 'a', 4);
    tag(
        &f,
        "registry.ollama.ai/library/llama3/8b",
        &manifest(&[layer("license", 'a'), layer("config", 'a')]),
    );
    let inventory = f.scan();
    let item = inventory.items().find(|i| i.kind == "model").expect("a model");
    assert!(item.parts.iter().all(|p| p.role == Role::Pointer), "{}", outline(&inventory, &f.home()));
    assert_eq!((item.parts.len(), item.holds.len()), (1, 1));
    assert_eq!(item.origin.as_deref(), Some("https://ollama.com/library/llama3:8b"));
}
