//! What `PaddlePaddle`'s libraries download: models of `PaddleX` (and of `PaddleOCR` 3 through it), of `PaddleOCR` 2, of
//! `PaddleNLP`, and the weights and data sets of Paddle itself.
//!
//! Layout: paddlex 3.7.2, `utils/cache.py`, `inference/utils/official_models.py`; paddleocr 2.7, `paddleocr.py`
//! (`BASE_DIR`, `whl/{det,rec,cls,…}/…`, archives removed once unpacked); paddlenlp 2.8.1, `utils/env.py`,
//! `utils/downloader.py` (`~/.cache/paddle/hapi/weights`), `ops/ext_utils.py`.

use super::{About, Family, Folder, Place, StoreView};
use crate::env::Env;
use crate::model::category::Category;
use crate::model::item::{Found, NewItem};
use crate::model::verdict::Verdict;
use crate::text;

/// The family.
pub struct Paddle;

static ABOUT: About = About {
    id: "paddle",
    name: "PaddlePaddle",
    items: "a model",
    category: Category::Hub,
    verdict: Verdict::ReDownload,
    hint: "the library downloads it again on first use",
    source: "paddlex 3.7.2, utils/cache.py; paddleocr 2.7, paddleocr.py; paddlenlp 2.8.1, utils/env.py, utils/downloader.py",
    ..About::DEFAULT
};

/// What a download of `PaddleOCR` 2 ends in before it is unpacked.
const ARCHIVE: &str = ".tar";

impl Family for Paddle {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn places(&self, env: &Env) -> Vec<Place> {
        let mut places: Vec<Place> =
            Place::var(env, "PADDLE_PDX_CACHE_HOME", "paddlex").into_iter().collect();
        places.extend(Place::var(env, "PPNLP_HOME", "paddlenlp"));
        for home in env.homes() {
            places.push(Place::new(home.join(".paddlex"), "paddlex"));
            places.push(Place::new(home.join(".paddleocr"), "paddleocr"));
            places.push(Place::new(home.join(".paddlenlp"), "paddlenlp"));
            places.push(Place::new(home.join(".cache/paddle"), "paddle"));
        }
        places
    }

    fn items(&self, store: &StoreView<'_>) -> Found {
        let root = store.root();
        let items = match store.role() {
            "paddlex" => paddlex(store, &root),
            "paddleocr" => paddleocr(store, &root),
            "paddlenlp" => paddlenlp(store, &root),
            _ => paddle(store, &root),
        };
        Found { items, ..Found::default() }
    }
}

/// The folders in a folder, one item each.
fn each(store: &StoreView<'_>, root: &Folder<'_>, at: &str, kind: &'static str) -> Vec<NewItem> {
    let folders = root.folder_at(at).map(|f| f.folders()).unwrap_or_default();
    let item =
        |f: &Folder<'_>| live(store, f, NewItem::new(kind, f.shown(), Verdict::ReDownload).body(f.node()));
    folders.iter().filter(|f| !f.is_empty()).map(item).collect()
}

/// All of a folder as one item.
fn all(
    store: &StoreView<'_>,
    root: &Folder<'_>,
    at: &str,
    kind: &'static str,
    verdict: Verdict,
) -> Option<NewItem> {
    let folder = root.folder(at).filter(|f| !f.is_empty())?;
    Some(live(store, &folder, NewItem::new(kind, folder.shown(), verdict).body(folder.node())))
}

fn live(store: &StoreView<'_>, folder: &Folder<'_>, item: NewItem) -> NewItem {
    if store.is_live_below(folder) {
        return NewItem { verdict: Verdict::InUse, ..item.note("written a moment ago or open") };
    }
    item
}

fn paddlex(store: &StoreView<'_>, root: &Folder<'_>) -> Vec<NewItem> {
    let mut items = each(store, root, "official_models", "model");
    items.extend(all(store, root, "func_ret", "results", Verdict::Rebuild));
    for name in ["temp", "locks"] {
        items.extend(all(store, root, name, "temp", Verdict::Safe));
    }
    items
}

/// A model is a folder with `inference.pdmodel`, however deep; one with an archive in it was not unpacked.
fn paddleocr(store: &StoreView<'_>, root: &Folder<'_>) -> Vec<NewItem> {
    let mut items = Vec::new();
    let Some(whl) = root.folder("whl") else { return items };
    for folder in whl.walk() {
        let files = folder.files();
        let archive = |f: &&super::File<'_>| f.is_regular() && f.name().ends_with(ARCHIVE);
        let name = || text::path(store.below(folder.node()).strip_prefix("whl").unwrap_or(store.path()));
        if folder.has_file("inference.pdmodel") || folder.has_file("inference.json") {
            let mut item = NewItem::new("model", name(), Verdict::ReDownload).body(folder.node());
            item.without.extend(files.iter().filter(archive).map(|f| f.node));
            if !folder.has_file("inference.pdiparams") {
                item = item.leftover().note("not all of it was unpacked");
            }
            items.push(live(store, &folder, item));
        }
        for file in files.iter().filter(archive) {
            let item = NewItem::new("partial", file.shown(), Verdict::Safe).body(file.node);
            items.push(if store.is_live(file) {
                NewItem { verdict: Verdict::InUse, ..item.note("being written") }
            } else {
                item.leftover().note("an archive that was not unpacked, or not removed after")
            });
        }
    }
    items
}

fn paddlenlp(store: &StoreView<'_>, root: &Folder<'_>) -> Vec<NewItem> {
    let mut items = each(store, root, "models", "model");
    for task in root.folder("taskflow").map(|f| f.folders()).unwrap_or_default() {
        let below = format!("taskflow/{}", task.name());
        items.extend(each(store, root, &below, "model").into_iter().map(|mut item| {
            item.name = format!("{} {}", task.shown(), item.name);
            item
        }));
    }
    items
        .extend(each(store, root, "datasets", "dataset").into_iter().map(|i| i.category(Category::Datasets)));
    items.extend(all(store, root, "packages", "packages", Verdict::ReDownload));
    let built = all(store, root, "extensions", "extensions", Verdict::Rebuild);
    items.extend(built.map(|i| i.category(Category::CompileCaches)));
    items
}

fn paddle(store: &StoreView<'_>, root: &Folder<'_>) -> Vec<NewItem> {
    let weights = root.folder_at("hapi/weights").map(|f| f.files()).unwrap_or_default();
    let item = |f: &super::File<'_>| {
        let item = NewItem::new("weights", f.shown(), Verdict::ReDownload).body(f.node);
        if store.is_live(f) {
            return NewItem { verdict: Verdict::InUse, ..item.note("written a moment ago or open") };
        }
        item
    };
    let mut items: Vec<NewItem> =
        weights.iter().filter(|f| f.is_regular() && f.name().ends_with(".pdparams")).map(item).collect();
    items.extend(each(store, root, "dataset", "dataset").into_iter().map(|i| i.category(Category::Datasets)));
    items
}

#[cfg(test)]
mod tests {
    use crate::families::testing::Fixture;

    #[test]
    fn each_library_has_its_own_order() {
        let f = Fixture::new();
        f.kib(".paddlex/official_models/PP-OCRv5_server_det/inference.pdiparams", 16);
        f.kib(".paddlex/official_models/new/inference.pdiparams", 4);
        f.file(".paddlex/func_ret/ab.pickle", "x");
        f.file(".paddlex/locks/a.lock", "");
        f.kib(".paddlex/mine/x", 4);
        let det = ".paddleocr/whl/det/ch/ch_PP-OCRv4_det_infer";
        f.kib(&format!("{det}/inference.pdmodel"), 4);
        f.kib(&format!("{det}/inference.pdiparams"), 8);
        f.kib(".paddleocr/whl/rec/en/half/inference.pdmodel", 4);
        f.kib(".paddleocr/whl/rec/en/half/half.tar", 4);
        f.kib(".paddlenlp/models/ernie-3.0-base-zh/model_state.pdparams", 8);
        f.kib(".paddlenlp/taskflow/sentiment/skep/model.pdparams", 4);
        f.kib(".paddlenlp/datasets/ChnSentiCorp/train.tsv", 4);
        f.kib(".cache/paddle/hapi/weights/resnet50.pdparams", 8);
        f.kib(".cache/paddle/dataset/mnist/train.gz", 4);
        for root in [".paddlex", ".paddleocr", ".paddlenlp", ".cache/paddle"] {
            f.age_all(root);
        }
        f.age(".paddlex/official_models/new", 4);
        assert_eq!(
            f.outline(),
            "hub: paddle paddle ~/.cache/paddle\n\
             \x20 weights \"resnet50.pdparams\" [re-download] 8 8\n\
             hub: paddle paddlenlp ~/.paddlenlp\n\
             \x20 model \"ernie-3.0-base-zh\" [re-download] 12 12\n\
             \x20 model \"sentiment skep\" [re-download] 8 8\n\
             hub: paddle paddleocr ~/.paddleocr\n\
             \x20 model \"det/ch/ch_PP-OCRv4_det_infer\" [re-download] 16 16\n\
             \x20 !model \"rec/en/half\" [re-download] 8 8 {not all of it was unpacked}\n\
             \x20 !partial \"half.tar\" [safe] 4 4 {an archive that was not unpacked, or not removed after}\n\
             hub: paddle paddlex ~/.paddlex\n\
             \x20 model \"PP-OCRv5_server_det\" [re-download] 20 20\n\
             \x20 model \"new\" [in-use] 8 8 {written a moment ago or open}\n\
             \x20 results \"func_ret\" [rebuild] 8 8\n\
             \x20 temp \"locks\" [safe] 4 4\n\
             \x20 other \"other files\" [look-first] 16 8\n\
             datasets: paddle paddle ~/.cache/paddle\n\
             \x20 dataset \"mnist\" [re-download] 8 8\n\
             datasets: paddle paddlenlp ~/.paddlenlp\n\
             \x20 dataset \"ChnSentiCorp\" [re-download] 8 8\n"
        );
    }
}
