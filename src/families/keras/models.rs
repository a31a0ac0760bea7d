//! `models/`: the names Keras Applications gives its weights, and the folders of keras-hub presets.
//!
//! Names: keras 3.15.1 and 2.15.0 `applications/*.py`; `keras_nlp` 0.4.1 and 0.6.4, `keras_cv` 0.6.4 `*_presets.py` and
//! `models/backbone.py`; `keras_hub` 0.32.0 `utils/preset_utils.py` (`tf_copy_gfile_to_cache`).

use super::{UNRECORDED, in_use, is_torn, known_file, unknown_file, unknown_folder};
use crate::families::{File, Folder, Range, StoreView};
use crate::model::item::NewItem;
use crate::model::verdict::Verdict;

const BASE: &str = "https://storage.googleapis.com/tensorflow/keras-applications/";
const EFFICIENTNET: &str = "https://storage.googleapis.com/keras-applications/";
const CLASS_NAMES: &str =
    "https://storage.googleapis.com/download.tensorflow.org/data/imagenet_class_index.json";
const NOT_KERAS: &str = "not one Keras downloads: probably your own";

/// What lies in `models/`.
pub fn items(store: &StoreView<'_>, folder: &Folder<'_>, found: &mut Vec<NewItem>) {
    for entry in folder.folders() {
        found.push(if is_preset(&entry) { preset(store, &entry) } else { unknown_folder(store, &entry) });
    }
    for file in folder.files().iter().filter(|f| f.is_regular()) {
        found.push(model(store, file));
    }
}

fn model(store: &StoreView<'_>, file: &File<'_>) -> NewItem {
    if file.name() == "imagenet_class_index.json" {
        let item = NewItem::new("labels", "ImageNet class names", Verdict::ReDownload).body(file.node);
        return known_file(store, file, item.origin(CLASS_NAMES));
    }
    let Some(weights) = weights(file.name()) else {
        let own = [".h5", ".hdf5", ".keras"].iter().any(|end| file.bytes.ends_with(end.as_bytes()));
        return unknown_file(
            store,
            file,
            if own { "model" } else { "file" },
            if own { NOT_KERAS } else { UNRECORDED },
        );
    };
    let item = NewItem::new("model", weights.name, Verdict::ReDownload).body(file.node);
    let item = known_file(store, file, item.origin(weights.origin));
    let magic = || store.read(file.node, Range::Head, 8).unwrap_or_default() == b"\x89HDF\r\n\x1a\n";
    if item.verdict == Verdict::ReDownload && !magic() {
        let item = item.note("named like one of Keras' own, but it is no HDF5 file");
        return NewItem { verdict: Verdict::LookFirst, ..item };
    }
    item
}

/// Weights Keras Applications downloads by itself.
#[derive(Debug, PartialEq, Eq)]
pub struct Weights {
    /// What people call them.
    pub name: String,
    /// Where Keras fetches them.
    pub origin: String,
}

impl Weights {
    fn new(label: String, top: bool, folder: &str, file: &str) -> Self {
        let name = if top { label } else { format!("{label} without top") };
        Self { name, origin: format!("{BASE}{folder}/{file}") }
    }
}

/// What a file name of `models/` stands for. "Without top" is without the classifier.
pub fn weights(file: &str) -> Option<Weights> {
    let stem = file.strip_suffix(".h5")?;
    kernels(stem, file)
        .or_else(|| mobilenet_v2(stem, file))
        .or_else(|| mobilenet(stem, file))
        .or_else(|| mobilenet_v3(stem, file))
        .or_else(|| nasnet(stem))
        .or_else(|| short(stem, file))
}

/// `<model>_weights_tf_dim_ordering_tf_kernels[_notop].h5`.
fn kernels(stem: &str, file: &str) -> Option<Weights> {
    let (stem, top) = without(stem, "_notop");
    let (label, folder) = match stem.strip_suffix("_weights_tf_dim_ordering_tf_kernels")? {
        "vgg16" => ("VGG16", "vgg16"),
        "vgg19" => ("VGG19", "vgg19"),
        "resnet50" => ("ResNet50", "resnet"),
        "resnet101" => ("ResNet101", "resnet"),
        "resnet152" => ("ResNet152", "resnet"),
        "resnet50v2" => ("ResNet50V2", "resnet"),
        "resnet101v2" => ("ResNet101V2", "resnet"),
        "resnet152v2" => ("ResNet152V2", "resnet"),
        "densenet121" => ("DenseNet121", "densenet"),
        "densenet169" => ("DenseNet169", "densenet"),
        "densenet201" => ("DenseNet201", "densenet"),
        "inception_v3" => ("InceptionV3", "inception_v3"),
        "inception_resnet_v2" => ("InceptionResNetV2", "inception_resnet_v2"),
        "xception" => ("Xception", "xception"),
        _ => return None,
    };
    Some(Weights::new(label.into(), top, folder, file))
}

/// `mobilenet_v2_weights_tf_dim_ordering_tf_kernels_<α>_<px>[_no_top].h5`.
fn mobilenet_v2(stem: &str, file: &str) -> Option<Weights> {
    let (stem, top) = without(stem, "_no_top");
    let rest = stem.strip_prefix("mobilenet_v2_weights_tf_dim_ordering_tf_kernels_")?;
    let (alpha, px) = rest.split_once('_').filter(|(alpha, px)| is_alpha(alpha) && is_number(px))?;
    Some(Weights::new(format!("MobileNetV2 α {alpha}, {px} px"), top, "mobilenet_v2", file))
}

/// `mobilenet_<α>_<px>_tf[_no_top].h5`, where `7_5` is an α of 0.75.
fn mobilenet(stem: &str, file: &str) -> Option<Weights> {
    let (stem, top) = without(stem, "_no_top");
    let rest = stem.strip_prefix("mobilenet_")?.strip_suffix("_tf")?;
    let (alpha, px) = [("1_0_", "1.0"), ("7_5_", "0.75"), ("5_0_", "0.50"), ("2_5_", "0.25")]
        .iter()
        .find_map(|(written, meant)| Some((meant, rest.strip_prefix(written)?)))
        .filter(|(_, px)| is_number(px))?;
    Some(Weights::new(format!("MobileNet α {alpha}, {px} px"), top, "mobilenet", file))
}

/// `weights_mobilenet_v3_<small|large>[_minimalistic]_224_<α>_float[_no_top_v2].h5`.
fn mobilenet_v3(stem: &str, file: &str) -> Option<Weights> {
    let (stem, top) = without(stem, "_no_top_v2");
    let rest = stem.strip_prefix("weights_mobilenet_v3_")?.strip_suffix("_float")?;
    let (kind, alpha) = rest.split_once("_224_").filter(|(_, alpha)| is_alpha(alpha))?;
    let kind = match kind {
        "small" => "small",
        "large" => "large",
        "small_minimalistic" => "small minimalistic",
        "large_minimalistic" => "large minimalistic",
        _ => return None,
    };
    Some(Weights::new(format!("MobileNetV3 {kind} α {alpha}, 224 px"), top, "mobilenet_v3", file))
}

/// `nasnet_<mobile|large>[_no_top].h5`, which has another name at its origin.
fn nasnet(stem: &str) -> Option<Weights> {
    let (stem, top) = without(stem, "_no_top");
    let (label, there) = match stem {
        "nasnet_mobile" => ("NASNet mobile", "NASNet-mobile"),
        "nasnet_large" => ("NASNet large", "NASNet-large"),
        _ => return None,
    };
    let end = if top { "" } else { "-no-top" };
    Some(Weights::new(label.into(), top, "nasnet", &format!("{there}{end}.h5")))
}

/// The newer families: `<model>[_notop].h5`.
fn short(stem: &str, file: &str) -> Option<Weights> {
    let (stem, top) = without(stem, "_notop");
    if let Some(n) = stem.strip_prefix("efficientnetb").filter(|n| is_one_of(n, "0 1 2 3 4 5 6 7")) {
        let weights = Weights::new(format!("EfficientNetB{n}"), top, "", file);
        return Some(Weights { origin: format!("{EFFICIENTNET}{file}"), ..weights });
    }
    if let Some(n) = stem.strip_prefix("efficientnetv2-").filter(|n| is_one_of(n, "b0 b1 b2 b3 s m l")) {
        let label = format!("EfficientNetV2{}", n.to_uppercase());
        return Some(Weights::new(label, top, "efficientnet_v2", file));
    }
    if let Some(n) = stem.strip_prefix("convnext_").filter(|n| is_one_of(n, "tiny small base large xlarge")) {
        return Some(Weights::new(format!("ConvNeXt {n}"), top, "convnext", file));
    }
    if let Some((letter, n)) = stem.strip_prefix("regnet").and_then(|r| r.split_at_checked(1))
        && is_one_of(letter, "x y")
        && n.len() == 3
        && is_number(n)
    {
        let label = format!("RegNet{}{n}", letter.to_uppercase());
        return Some(Weights::new(label, top, "regnet", file));
    }
    let (depth, px) = stem.strip_prefix("resnet-rs-")?.split_once("-i")?;
    (is_number(depth) && is_number(px))
        .then(|| Weights::new(format!("ResNet-RS {depth}, {px} px"), top, "resnet_rs", file))
}

fn without<'a>(stem: &'a str, end: &str) -> (&'a str, bool) {
    stem.strip_suffix(end).map_or((stem, true), |rest| (rest, false))
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

fn is_alpha(text: &str) -> bool {
    text.split_once('.').is_some_and(|(whole, part)| is_number(whole) && is_number(part))
}

fn is_one_of(text: &str, words: &str) -> bool {
    words.split_whitespace().any(|w| w == text)
}

/// The presets that once were folders here; later ones go to KaggleHub.
const PRESETS: &str = "\
    albert_base_en_uncased albert_extra_extra_large_en_uncased albert_extra_large_en_uncased \
    albert_large_en_uncased bart_base_en bart_large_en bart_large_en_cnn bert_base_en bert_base_en_uncased \
    bert_base_multi bert_base_zh bert_large_en bert_large_en_uncased bert_medium_en_uncased \
    bert_small_en_uncased bert_tiny_en_uncased bert_tiny_en_uncased_sst2 deberta_v3_base_en \
    deberta_v3_base_multi deberta_v3_extra_small_en deberta_v3_large_en deberta_v3_small_en \
    distil_bert_base_en distil_bert_base_en_uncased distil_bert_base_multi f_net_base_en f_net_large_en \
    gpt2_base_en gpt2_base_en_cnn_dailymail gpt2_extra_large_en gpt2_large_en gpt2_medium_en opt_125m_en \
    roberta_base_en roberta_large_en whisper_base_en whisper_base_multi whisper_large_multi \
    whisper_large_multi_v2 whisper_medium_en whisper_medium_multi whisper_small_en whisper_small_multi \
    whisper_tiny_en whisper_tiny_multi xlm_roberta_base_multi xlm_roberta_large_multi \
    csp_darknet_l_imagenet csp_darknet_tiny_imagenet densenet121_imagenet densenet169_imagenet \
    densenet201_imagenet efficientnetv2_b0_imagenet efficientnetv2_b0_imagenet_classifier \
    efficientnetv2_b1_imagenet efficientnetv2_b1_imagenet_classifier efficientnetv2_b2_imagenet \
    efficientnetv2_b2_imagenet_classifier efficientnetv2_s_imagenet efficientnetv2_s_imagenet_classifier \
    mit_b0_imagenet mobilenet_v3_large_imagenet mobilenet_v3_large_imagenet_classifier \
    mobilenet_v3_small_imagenet resnet50_imagenet resnet50_v2_imagenet resnet50_v2_imagenet_classifier \
    retinanet_resnet50_pascalvoc segformer_b0_imagenet yolo_v8_l_backbone_coco yolo_v8_m_backbone_coco \
    yolo_v8_m_pascalvoc yolo_v8_s_backbone_coco yolo_v8_xl_backbone_coco yolo_v8_xs_backbone_coco";

/// The only files such a folder has.
const PRESET_FILES: &str = "model.h5 model.weights.h5 vocab.txt vocab.json vocab.spm merges.txt";

/// A known preset with nothing in it but what belongs there, or a folder copied from a bucket by keras-hub.
fn is_preset(folder: &Folder<'_>) -> bool {
    let plain = folder.folders().is_empty() && folder.stores().is_empty();
    let files = folder.files();
    let known = is_one_of(folder.name(), PRESETS) && plain && !files.is_empty();
    (known && files.iter().all(|f| f.is_regular() && is_one_of(f.name(), PRESET_FILES))) || is_copied(folder)
}

/// `gs://bucket/preset` becomes `gs_bucket_preset`, which does not lead back.
fn is_copied(folder: &Folder<'_>) -> bool {
    let bucket = ["gs_", "s3_", "hdfs_"].iter().any(|scheme| folder.name().starts_with(scheme));
    bucket && folder.has_file("config.json") && folder.has_file("metadata.json")
}

fn preset(store: &StoreView<'_>, folder: &Folder<'_>) -> NewItem {
    let item = NewItem::new("preset", folder.shown(), Verdict::ReDownload).body(folder.node());
    if store.is_fresh(folder.touched()) {
        return in_use(item);
    }
    let files = folder.files();
    if files.iter().any(|f| f.is_regular() && f.bytes.ends_with(b".h5") && is_torn(store, f)) {
        // The rest of the folder is whole, so it is not safe to lose.
        return item.note(super::TORN).leftover();
    }
    if is_copied(folder) {
        item.note("copied from a bucket by keras-hub; its address is not recorded")
    } else {
        item
    }
}
