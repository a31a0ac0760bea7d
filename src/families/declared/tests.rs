//! Tables that are right, wrong and odd, and what is made of them.

use super::table::parse;
use super::*;
use crate::families::Families;
use crate::families::testing::Fixture;

const OWN: &str = ".config/mldu/caches.d/lab.toml";

fn table(more: &str) -> String {
    let rest = if more.contains("items =") { "" } else { "items = \"files\"\n" };
    let path = if more.contains("path =") { "" } else { "path = [\"cache:foolib\"]\n" };
    let head =
        "[[cache]]\nid = \"foolib\"\nname = \"foolib\"\ncategory = \"hub\"\nverdict = \"re-download\"\n";
    format!("{head}hint = \"foolib.load fetches it again\"\n{path}{rest}{more}\n")
}

/// What is wrong with a table, by itself.
fn wrong(more: &str) -> String {
    let (tables, broken) = parse(&table(more));
    assert!(tables.is_empty() && broken.len() == 1, "{more}: {broken:?}");
    broken[0].to_string()
}

#[test]
fn the_catalog_is_readable_and_says_where_each_layout_is_written_down() {
    let (tables, broken) = parse(CATALOG);
    assert!(broken.is_empty(), "{broken:?}");
    assert_eq!(tables.len(), built_in().len());
    assert!(tables.iter().all(|t| t.source.is_some() && !(t.env.is_empty() && t.path.is_empty())));
}

#[test]
fn a_broken_table_says_where_and_costs_only_itself() {
    let broken = "[[cache]]\nid = \"x\"\nname = \"X\"\ncategory = \"nope\"\n";
    let (tables, problems) = parse(&format!("# mine\n{}\n{broken}", table("")));
    assert_eq!(tables.len(), 1);
    let message = problems[0].to_string();
    assert!(message.starts_with("line 15, column 12: ") && message.contains("checkpoints"), "{message}");
    assert!(
        wrong("path = [\"cache/foolib\"]").starts_with("line 8, column 8: `cache/foolib` is not absolute")
    );
    let (tables, problems) = parse("[[cache]\nid = ");
    assert!(tables.is_empty() && problems[0].to_string().starts_with("line 1, column "), "{problems:?}");
    assert_eq!(parse("").1, []);
    assert!(parse("[cache]\nid = \"x\"\n").1[0].why.contains("sequence"));
}

#[test]
fn what_is_no_cache_is_refused_with_a_reason() {
    for (written, said) in [
        ("path = [\"~\"]", "is a home"),
        ("path = [\"~/\"]", "names no folder below"),
        ("path = [\"/\"]", "too near the root"),
        ("path = [\"/data\"]", "too near the root"),
        ("path = [\"foo\"]", "is not absolute"),
        ("path = [\"\"]", "is not absolute"),
        ("path = [\"~/../other\"]", "names no folder below"),
        ("path = [\"cache:\"]", "names no folder below"),
        ("path = [\"cache:/etc\"]", "names no folder below"),
        ("path = [\"/data/../etc\"]", "too near the root"),
        ("env = [\"$FOO\"]", "is no name of a variable"),
        ("env = [\"FOO/../..\"]", "names no folder below"),
        ("env = [\"\"]", "is no name of a variable"),
        ("items = \"folder\"", "unknown items `folder`"),
        ("items = []", "no items"),
        ("items = [\"../*\"]", "no path below the cache"),
        ("protect = [\"/etc/passwd\"]", "no path below the cache"),
        ("except = [{ match = \"x\" }]", "verdict"),
        ("except = [{ match = \"x\", verdict = \"in-use\" }]", "cannot be declared"),
        ("kind = \"\"", "says nothing"),
        ("note = \"a\\nb\"", "one line"),
        ("nonsense = 1", "unknown field"),
        ("id = \"twice\"", "duplicate key"),
    ] {
        let message = wrong(written);
        assert!(message.contains(said), "{written}: {message}");
    }
    let other = |from: &str, to: &str| parse(&table("").replace(from, to)).1[0].to_string();
    assert!(other("\"hub\"", "\"other\"").contains("no group for caches"));
    assert!(other("\"re-download\"", "\"in-use\"").contains("cannot be declared"));
    assert!(other("id = \"foolib\"", "id = \"Foo Lib\"").contains("is no id"));
    assert!(other("id = \"foolib\"", "id = \"other\"").contains("no cache at all"));
}

#[test]
fn each_key_means_what_it_says() {
    let mut f = Fixture::new();
    f.file(
        OWN,
        table(
            "env = [\"FOO_HOME/models\", \"FOO_OTHER\"]\nitems = [\"*.pt\", \"nets/*/\"]\nkind = \"model\"\n\
             note = \"large\"\nprotect = [\"key.json\", \"nets/*/secret\"]\npartial = [\"**/*.part\"]\n\
             archives = [\"*.zip\"]\nexcept = [\n\
             { match = \"mine\", verdict = \"look-first\", kind = \"own\", note = \"yours\", category = \"datasets\" },\n\
             { match = \"*.lock\", verdict = \"safe\", leftover = true, kind = \"lock\" }]",
        ),
    );
    let root = "foo/models";
    for name in ["a.pt", "b.pt", "key.json", "c.zip", "c/x", "d.zip", "e.lock", "x.part", "stray", "mine/x"] {
        f.kib(&format!("{root}/{name}"), 4);
    }
    f.kib(&format!("{root}/nets/one/w"), 4);
    f.kib(&format!("{root}/nets/one/secret"), 4);
    f.kib(&format!("{root}/nets/one/deep/w.part"), 4);
    f.kib(&format!("{root}/young.part"), 4);
    f.age(&format!("{root}/young.part"), 5);
    f.age(&format!("{root}/b.pt"), 5);
    f.link("/etc/passwd", &format!("{root}/link.pt"));
    f.env = f.env.clone().with_var("FOO_HOME", f.path("foo")).with_var("FOO_OTHER", f.path("no"));
    assert_eq!(
        f.outline(),
        "hub: foolib model ~/foo/models\n\
         \x20 model \"a.pt\" [re-download] 4 4 {large}\n\
         \x20 model \"b.pt\" [in-use] 4 4 {large; written less than ten minutes ago, or open}\n\
         \x20 !archive \"c.zip\" [re-download] 4 4 {unpacked beside it: c}\n\
         \x20 archive \"d.zip\" [re-download] 4 4\n\
         \x20 !lock \"e.lock\" [safe] 4 4\n\
         \x20 settings \"key.json\" [protected] 4 4\n\
         \x20 !partial \"x.part\" [safe] 4 4 {partial, and nobody writes it any more}\n\
         \x20 !partial \"young.part\" [in-use] 4 4 {written less than ten minutes ago, or open}\n\
         \x20 model \"one\" [re-download] 12 12 {large}\n\
         \x20 settings \"one/secret\" [protected] 4 4\n\
         \x20 !partial \"nets/one/deep/w.part\" [safe] 4 4 {partial, and nobody writes it any more}\n\
         \x20 other \"other files\" [look-first] 20 12\n\
         datasets: foolib model ~/foo/models\n\
         \x20 own \"mine\" [look-first] 8 8 {yours}\n"
    );
}

#[test]
fn own_tables_are_families_like_the_others() {
    let f = Fixture::new();
    f.file(OWN, table("kind = \"model\""));
    f.file(".config/mldu/caches.d/.hidden.toml", "nonsense");
    f.file(".config/mldu/caches.d/notes.txt", "nonsense");
    f.kib(".cache/foolib/net.bin", 8);
    assert_eq!(f.outline(), "hub: foolib model ~/.cache/foolib\n\x20 model \"net.bin\" [re-download] 8 8\n");
    let families = Families::of(&f.env);
    let about = families.find("foolib").expect("it is there").about();
    assert!(families.is_own("foolib") && !families.is_own("keras"));
    assert!(about.source.starts_with("your own table, ") && about.items == "each file in it: model");
    assert!(families.problems().is_empty());
}

#[test]
fn what_is_wrong_with_an_own_table_is_a_problem_of_the_scan_and_the_rest_works() {
    let mut f = Fixture::new();
    f.file(OWN, table("") + &table("").replace("\"foolib\"", "\"keras\"") + &table(""));
    f.file(".config/mldu/caches.d/a.toml", b"id = \"\xff\"");
    f.file(".config/mldu/caches.d/b.toml", table("path = [\"~\"]"));
    f.folder(".config/mldu/caches.d/c.toml");
    f.kib(".cache/foolib/net.bin", 8);
    f.env = f.env.clone().with_var("FOO", "relative/path");
    f.file(
        ".config/mldu/caches.d/d.toml",
        table("env = [\"FOO\"]").replace("\"foolib\"", "\"barlib\"").replace("cache:foolib", "cache:barlib"),
    );
    let outline = f.outline();
    for line in [
        "hub: foolib entry ~/.cache/foolib\n",
        "problem: load ~/.config/mldu/caches.d/a.toml: line 1, column 7: this is not UTF-8\n",
        "problem: load ~/.config/mldu/caches.d/b.toml: line 8, column 8: `~` is a home, and no cache\n",
        "problem: load ~/.config/mldu/caches.d/c.toml: it cannot be read, is no file, or is larger than 1 MiB\n",
        "problem: load ~/.config/mldu/caches.d/lab.toml: line 11, column 6: the id `keras` is taken by a family of mldu\n",
        "problem: load ~/.config/mldu/caches.d/lab.toml: line 20, column 6: the id `foolib` is taken by another of your tables\n",
        "the variable FOO is `relative/path`, which is not an absolute path\n",
    ] {
        assert!(outline.contains(line), "{line}\n{outline}");
    }
}

#[test]
fn a_home_or_what_is_above_it_is_no_cache_even_by_a_variable_or_a_link() {
    let mut f = Fixture::new();
    f.file(OWN, table("env = [\"FOO\"]\npath = [\"~/link\"]"));
    f.old_link(".", "link");
    f.env = f.env.clone().with_var("FOO", f.home());
    f.kib("precious", 4);
    let outline = f.outline();
    assert!(outline.contains("the table `foolib` calls it a cache, but it is a home"), "{outline}");
    assert!(!outline.contains("hub: "), "{outline}");
}

#[test]
fn hundreds_of_own_tables_do_no_harm() {
    let f = Fixture::new();
    let one = |n: usize| {
        table("").replace("\"foolib\"", &format!("\"lib-{n}\"")).replace(":foolib", &format!(":lib-{n}"))
    };
    f.file(OWN, (0..400).map(one).collect::<String>());
    f.kib(".cache/lib-399/net", 8);
    assert_eq!(f.outline(), "hub: lib-399 entry ~/.cache/lib-399\n\x20 entry \"net\" [re-download] 8 8\n");
}

#[test]
fn a_list_and_a_bucket_are_told_apart_from_a_folder() {
    let f = Fixture::new();
    f.file(OWN, table("env = [\"FOO:\"]\npath = [\"temp:foo\", \"/srv/shared/foo\"]"));
    let places = |value: &str| -> Vec<String> {
        let env = f.env.clone().with_var("FOO", value);
        let foolib = Families::of(&env).find("foolib").expect("it is there");
        let home = f.home().display().to_string();
        foolib.places(&env).iter().map(|p| p.path.display().to_string().replace(&home, "~")).collect()
    };
    assert_eq!(places("/a/b::~/c"), ["/a/b", "~/c", "~/tmp/foo", "/srv/shared/foo"]);
    assert_eq!(places("s3://bucket/x"), ["~/tmp/foo", "/srv/shared/foo"]);
}
