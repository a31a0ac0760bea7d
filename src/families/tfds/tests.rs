//! Folders as TFDS leaves them, whole, unfinished and broken.

use super::Tfds;
use crate::env::Env;
use crate::families::Family;
use crate::families::testing::{Fixture, outline};

const HEX: &str = "0123456789abcdef0123456789abcdef";
/// A name as `resource.get_dl_fname` makes it.
const NAMED: &str = "127.0.0.1_8765_jena_2016J2opeB1r1hnV0R1gXPq6kMySkC-u17uFKFRRrs1qZRo";

fn info(module: &str, size: &str) -> String {
    format!(
        "{{\"name\": \"x\", \"moduleName\": \"{module}\", {size} \"version\": \"1.0.0\",
          \"location\": {{\"urls\": [\"https://me:secret@data.example/x?key=1\"]}}}}"
    )
}

#[test]
fn the_environment_comes_first() {
    let env = Env::fixed("/h")
        .with_var("TFDS_DATA_DIR", "/data/tfds")
        .with_var("TFDS_CACHE_DIR", "/data/tc")
        .with_var("XDG_CACHE_HOME", "/fast")
        .with_home("/other");
    let places = Tfds.places(&env);
    let shown: Vec<String> = places.iter().map(|p| format!("{} {}", p.role, p.path.display())).collect();
    assert_eq!(
        shown,
        [
            "data /data/tfds",
            "data /h/tensorflow_datasets",
            "data /other/tensorflow_datasets",
            "community /data/tc",
            "community /fast/tensorflow_datasets",
            "community /other/.cache/tensorflow_datasets",
        ]
    );
}

#[test]
fn a_prepared_version_comes_back_only_if_the_library_can_make_it() {
    let f = Fixture::new();
    let d = |name: &str| format!("tensorflow_datasets/{name}");
    let catalog = "tensorflow_datasets.image_classification.mnist";
    let made = |at: &str, info: &str| {
        f.file(&d(&format!("{at}/dataset_info.json")), info);
        f.file(&d(&format!("{at}/features.json")), "{}");
        f.kib(&d(&format!("{at}/x-train.tfrecord-00000-of-00001")), 8);
    };
    made("mnist/3.0.1", &info(catalog, "\"downloadSize\": \"11594722\","));
    made("c4/en/realnews/2.2.1", &info("tensorflow_datasets.text.c4", "\"downloadSize\": 7,"));
    made("imagenet2012/5.1.0", &info("tensorflow_datasets.datasets.imagenet2012.builder", ""));
    made("zero/1.0.0", &info(catalog, "\"downloadSize\": \"0\","));
    made("mine/small/1.2.3", &info("my_builders.mine", "\"downloadSize\": \"9\","));
    made("folder/1.0.0", &info("tensorflow_datasets.core.folder_dataset", "\"downloadSize\": \"9\","));
    made("nameless/1.0.0", "{\"downloadSize\": \"9\"}");
    made("garbled/1.0.0", "{\"name\": ");
    made("running/1.0.0", &info(catalog, "\"downloadSize\": \"9\","));
    made("shards/1.0.0", &info(catalog, "\"downloadSize\": \"9\","));
    f.kib(&d(&format!("shards/1.0.0/incomplete.{HEX}.x-train.tfrecord-00001-of-00002")), 4);
    f.file(&d("early/1.0.0/dataset_info.json"), info(catalog, "\"downloadSize\": \"9\","));
    f.kib(&d("gutted/1.0.0/x-train.tfrecord-00000-of-00001"), 4);
    f.folder(&d("emptied/1.0.0"));
    f.kib(&d("own/1.0.0/thesis.tex"), 4);
    f.file(&d("mine/.config/metadata.json"), "{}");
    f.age_all("tensorflow_datasets");
    f.age(&d("running/1.0.0/x-train.tfrecord-00000-of-00001"), 60);
    let inventory = f.scan();
    let hand = "{no download is recorded: it was made from files placed by hand, or from other data}";
    let nobody = "{nothing says which code made it}";
    let text = outline(&inventory, &f.home());
    let (items, problem) = text.split_once("problem: ").expect("a problem");
    assert_eq!(
        items,
        format!(
            "datasets: tfds data ~/tensorflow_datasets\n\
             \x20 dataset \"c4/en/realnews\" 2.2.1 [re-download] 20 20\n\
             \x20 dataset \"early\" 1.0.0 [look-first] 8 8 {{no features.json: made by tfds before 4.0, or by another program}}\n\
             \x20 !dataset \"emptied\" 1.0.0 [safe] 4 4 {{empty, but tfds takes it for a prepared data set; delete it to repair}}\n\
             \x20 dataset \"folder\" 1.0.0 [look-first] 20 20 {{made by the code in tensorflow_datasets.core.folder_dataset: only that can make it again}}\n\
             \x20 dataset \"garbled\" 1.0.0 [look-first] 20 20 {{its dataset_info.json cannot be understood}}\n\
             \x20 !dataset \"gutted\" 1.0.0 [look-first] 8 8 {{no dataset_info.json, but tfds takes it for a prepared data set and does not repair it}}\n\
             \x20 dataset \"imagenet2012\" 5.1.0 [look-first] 20 20 {hand}\n\
             \x20 dataset \"mine/small\" 1.2.3 [look-first] 20 20 {{made by the code in my_builders.mine: only that can make it again}}\n\
             \x20 dataset \"mnist\" 3.0.1 [re-download] 20 20\n\
             \x20 dataset \"nameless\" 1.0.0 [look-first] 20 20 {nobody}\n\
             \x20 dataset \"running\" 1.0.0 [in-use] 20 20 {{written less than ten minutes ago, or open}}\n\
             \x20 dataset \"shards\" 1.0.0 [re-download] 24 24\n\
             \x20   !unfinished \"x-train.tfrecord-00001-of-00002\" [safe] 4 4 {{never resumed: tfds begins anew}}\n\
             \x20 dataset \"zero\" 1.0.0 [look-first] 20 20 {hand}\n\
             \x20 other \"other files\" [look-first] 88 20\n"
        )
    );
    assert!(problem.starts_with("understand ~/tensorflow_datasets/garbled/1.0.0/dataset_info.json"));
    let mnist = inventory.items().find(|i| i.name == "mnist").expect("it is there");
    assert_eq!(mnist.origin.as_deref(), Some("https://***@data.example/x?***"));
}

#[test]
fn unfinished_work_is_safe_only_after_a_day() {
    let f = Fixture::new();
    let d = |name: &str| format!("tensorflow_datasets/{name}");
    f.kib(&d("a/small/incomplete.996U1R_1.2.3/bucket_x_000.tmp"), 8);
    f.kib(&d("b/1.2.3.incompleteAB12CD/x.tfrecord"), 8);
    f.folder(&d("c/incomplete.AAAAAA_1.0.0"));
    f.kib(&d("d/incomplete.BBBBBB_1.0.0/x"), 4);
    f.kib(&d("e/incomplete.CCCCCC_1.0.0/x"), 4);
    f.kib(&d(&format!("downloads/a/{NAMED}.csv.tmp.{HEX}/jena.csv")), 4);
    f.kib(&d(&format!("downloads/extracted/incomplete.{HEX}_ZIP.a.zip/x")), 4);
    f.kib(&d(&format!("downloads/extracted/ZIP.b.zip.incomplete_{HEX}/x")), 4);
    f.kib(&d(&format!("downloads/extracted/incomplete.{HEX}_GZIP.c.gz")), 4);
    f.kib(&d("downloads/incomplete.DDDDDD_titanic/train.csv"), 4);
    f.age_all("tensorflow_datasets");
    f.age(&d("d/incomplete.BBBBBB_1.0.0/x"), 86_399);
    f.age(&d("e/incomplete.CCCCCC_1.0.0"), 60);
    let anew = "[safe] 4 4 {never resumed: tfds begins anew}";
    assert_eq!(
        f.outline(),
        format!(
            "datasets: tfds data ~/tensorflow_datasets\n\
             \x20 !unfinished \"a/small 1.2.3\" [safe] 12 12 {{never resumed: tfds begins anew}}\n\
             \x20 !unfinished \"b 1.2.3\" [safe] 12 12 {{never resumed: tfds begins anew}}\n\
             \x20 !unfinished \"c 1.0.0\" {anew}\n\
             \x20 !unfinished \"d 1.0.0\" [look-first] 8 8 {{younger than a day, and some data sets take many hours: its maker may still run}}\n\
             \x20 !unfinished \"{NAMED}.csv\" [safe] 8 8 {{never resumed: tfds begins anew}}\n\
             \x20 !unfinished \"titanic\" [safe] 8 8 {{never resumed: tfds begins anew}}\n\
             \x20 !unfinished \"ZIP.b.zip\" [safe] 8 8 {{never resumed: tfds begins anew}}\n\
             \x20 !unfinished \"ZIP.a.zip\" [safe] 8 8 {{never resumed: tfds begins anew}}\n\
             \x20 !unfinished \"GZIP.c.gz\" {anew}\n\
             \x20 !unfinished \"e 1.0.0\" [in-use] 8 8 {{written less than ten minutes ago, or open}}\n"
        )
    );
}

#[test]
fn downloads_are_told_from_what_was_placed_by_hand() {
    let f = Fixture::new();
    let d = |name: &str| format!("tensorflow_datasets/downloads/{name}");
    let other = NAMED.replace("jena", "kite");
    let gone = NAMED.replace("jena", "gone");
    f.kib(&d(&format!("my_ds/{NAMED}.tar.gz")), 8);
    f.file(
        &d(&format!("my_ds/{NAMED}.tar.gz.INFO")),
        "{\"dataset_names\": [\"my_ds\", \"other\"], \"original_fname\": \"jena.tar.gz\",
          \"urls\": [\"https://me:pw@host.example/jena.tar.gz?sig=1\"]}",
    );
    f.kib(&d("flat.zip"), 4);
    f.file(&d("flat.zip.INFO"), "{\"urls\": [\"file:///mine/flat.zip\"], \"original_fname\": 7}");
    f.kib(&d("bad.zip"), 4);
    f.file(&d("bad.zip.INFO"), "[");
    f.kib(&d("fresh.zip"), 4);
    f.file(&d("fresh.zip.INFO"), "{}");
    f.kib(&d(&format!("{other}.csv")), 4);
    f.file(&d(&format!("{gone}.csv.INFO")), "{}");
    f.kib(&d("by_me.csv"), 4);
    f.kib(&d("titanic/train.csv"), 4);
    f.kib(&d("manual/ILSVRC2012/val.tar"), 8);
    f.kib(&d("manual/faces.zip"), 8);
    f.kib(&d(&format!("extracted/TAR_GZ.{NAMED}.tar.gz/a")), 4);
    f.kib(&d("extracted/ZIP.faces.zip/a"), 4);
    f.kib(&d(&format!("extracted/GZIP.{gone}.gz")), 4);
    f.kib(&d("extracted/ZIP.lost.zip/a"), 4);
    f.kib(&d("extracted/notes/a"), 4);
    f.age_all("tensorflow_datasets");
    f.age(&d("fresh.zip"), 5);
    let inventory = f.scan();
    let text = outline(&inventory, &f.home());
    let (items, problem) = text.split_once("problem: ").expect("a problem");
    assert_eq!(
        items,
        format!(
            "datasets: tfds data ~/tensorflow_datasets\n\
             \x20 manual \"ILSVRC2012\" [look-first] 12 12 {{placed by hand: no program fetches it}}\n\
             \x20 manual \"faces.zip\" [look-first] 8 8 {{placed by hand: no program fetches it}}\n\
             \x20 download \"jena.tar.gz\" [re-download] 12 12 {{fetched for my_ds, other}}\n\
             \x20 folder \"titanic\" [look-first] 8 8 {{no .INFO: fetched by the kaggle tool, or put there by hand}}\n\
             \x20 !info \"{gone}.csv.INFO\" [safe] 4 4 {{describes a download that is not there}}\n\
             \x20 !download \"{other}.csv\" [safe] 4 4 {{its .INFO is gone, so tfds does not see it}}\n\
             \x20 download \"bad.zip\" [look-first] 8 8 {{its .INFO cannot be understood}}\n\
             \x20 download \"flat.zip\" [look-first] 8 8 {{no address is recorded that it could be fetched from}}\n\
             \x20 download \"fresh.zip\" [in-use] 8 8 {{written less than ten minutes ago, or open}}\n\
             \x20 extracted \"jena.tar.gz\" [rebuild] 8 8 {{extracted again from the download beside it}}\n\
             \x20 extracted \"faces.zip\" [rebuild] 8 8 {{extracted again from the archive in manual}}\n\
             \x20 extracted \"lost.zip\" [look-first] 8 8 {{its archive is gone, and it was none that tfds downloaded}}\n\
             \x20 !extracted \"{gone}.gz\" [re-download] 4 4 {{its archive is gone, so tfds downloads it again anyway}}\n\
             \x20 other \"other files\" [look-first] 32 12\n"
        )
    );
    assert!(problem.starts_with("understand ~/tensorflow_datasets/downloads/bad.zip.INFO"));
    let jena = inventory.items().find(|i| i.name == "jena.tar.gz").expect("it is there");
    assert_eq!(jena.origin.as_deref(), Some("https://***@host.example/jena.tar.gz?***"));
}

#[test]
fn the_community_index_is_small_and_comes_back() {
    let f = Fixture::new();
    f.kib(".cache/tensorflow_datasets/community-datasets-list.jsonl", 4);
    f.kib(".cache/tensorflow_datasets/modules/tfds_community/ns/a.py", 4);
    f.kib(".cache/tensorflow_datasets/modules/mine.py", 4);
    f.age_all(".cache/tensorflow_datasets");
    assert_eq!(
        f.outline(),
        "datasets: tfds community ~/.cache/tensorflow_datasets\n\
         \x20 packages \"community data set code\" [re-download] 12 12 {fetched from GitHub again}\n\
         \x20 index \"community data sets\" [re-download] 4 4\n\
         \x20 other \"other files\" [look-first] 12 4\n"
    );
}

#[test]
fn other_programs_data_sets_are_left_alone() {
    let f = Fixture::new();
    // Hugging Face's, one folder deeper and in snake case, in the very place.
    f.file(
        &format!("tensorflow_datasets/glue/mrpc/0.0.0/{HEX}/dataset_info.json"),
        "{\"builder_name\": \"glue\", \"download_size\": 7}",
    );
    f.kib(&format!("tensorflow_datasets/glue/mrpc/0.0.0/{HEX}/glue-train.arrow"), 4);
    // Prepared versions outside the known places are not taken.
    f.file("work/mnist/3.0.1/dataset_info.json", info("tensorflow_datasets.x.y", "\"downloadSize\": \"9\","));
    f.file("work/mnist/3.0.1/features.json", "{}");
    f.age_all("tensorflow_datasets");
    assert_eq!(
        f.outline(),
        "datasets: tfds data ~/tensorflow_datasets\n\
         \x20 other \"other files\" [look-first] 28 24\n"
    );
}

#[test]
fn hostile_names_and_content_do_no_harm() {
    use std::os::unix::ffi::OsStrExt;
    let f = Fixture::new();
    let d = |name: &str| format!("tensorflow_datasets/{name}");
    let odd = std::ffi::OsStr::from_bytes(b"\xff\x1b[2J");
    let at = f.folder(&d("")).join(odd).join("1.0.0");
    std::fs::create_dir_all(&at).expect("a folder");
    std::fs::write(at.join("dataset_info.json"), "{\"moduleName\": \"a\\u001b[2J\", \"location\": []}")
        .expect("a file");
    std::fs::write(at.join("features.json"), "").expect("a file");
    f.file(&d("deep/1.0.0/dataset_info.json"), "[".repeat(100_000));
    f.file(
        &d("types/1.0.0/dataset_info.json"),
        "{\"moduleName\": [], \"downloadSize\": {}, \"location\": 3}",
    );
    f.file(&d("huge/1.0.0/dataset_info.json"), vec![b' '; 5 << 20]);
    f.folder(&d("folder/1.0.0/dataset_info.json"));
    f.link("/etc", &d("linked"));
    f.link("/etc/passwd", &d("link/1.0.0/dataset_info.json"));
    f.file(&d("downloads/a.INFO.INFO"), "");
    f.file(&d("downloads/.INFO"), "");
    f.file(&d("downloads/manual"), "");
    f.file(&d("downloads/extracted/ZIP."), "");
    let late = 700;
    let mut todo = vec![f.path("tensorflow_datasets")];
    while let Some(at) = todo.pop() {
        for entry in std::fs::read_dir(&at).expect("a folder").flatten() {
            if entry.file_type().is_ok_and(|t| t.is_dir()) {
                todo.push(entry.path());
            }
            if entry.file_type().is_ok_and(|t| !t.is_symlink()) {
                let then = std::time::UNIX_EPOCH
                    + std::time::Duration::from_secs((crate::families::testing::NOW - late) as u64);
                std::fs::File::open(entry.path()).and_then(|f| f.set_modified(then)).expect("a time");
            }
        }
    }
    let outline = f.outline();
    assert!(!outline.contains('\u{1b}'), "{outline}");
    assert!(outline.contains("dataset \"\\xff\\e[2J\" 1.0.0 [look-first]"), "{outline}");
    assert!(outline.contains("made by the code in a\\e[2J"), "{outline}");
    for broken in ["deep", "huge"] {
        assert!(outline.contains(&format!("problem: understand ~/{}", d(broken))), "{outline}");
    }
    assert!(!outline.contains("[safe]") && !outline.contains("[re-download]"), "{outline}");
}
