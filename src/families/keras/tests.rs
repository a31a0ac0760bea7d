//! Keras folders as Keras 2 and 3 leave them, and what only looks like them.

use super::Keras;
use crate::env::Env;
use crate::families::Family;
use crate::families::testing::Fixture;

/// An HDF5 file of so many bytes that says it ends at `end`.
fn hdf5(bytes: usize, end: u64) -> Vec<u8> {
    let mut content = vec![0; bytes];
    content[..8].copy_from_slice(b"\x89HDF\r\n\x1a\n");
    content[13] = 8;
    content[40..48].copy_from_slice(&end.to_le_bytes());
    content
}

/// A zip file of 4 KiB that begins with this entry, with or without its end.
fn zip(first: &str, whole: bool) -> Vec<u8> {
    let mut content = vec![0; 30];
    content[..4].copy_from_slice(b"PK\x03\x04");
    content[26] = first.len() as u8;
    content.extend_from_slice(first.as_bytes());
    content.resize(4096 - 22, 1);
    content.extend_from_slice(if whole { b"PK\x05\x06" } else { b"    " });
    content.resize(4096, 0);
    content
}

const OLD: i64 = 30 * 86_400;

#[test]
fn every_root_is_known() {
    let env =
        Env::fixed("/h").with_var("KERAS_HOME", "/data/k").with_var("TMPDIR", "/scratch").with_home("/other");
    let places = Keras.places(&env);
    let shown: Vec<String> = places.iter().map(|p| p.path.display().to_string()).collect();
    assert_eq!(shown, ["/data/k", "/h/.keras", "/other/.keras", "/scratch/.keras", "/tmp/.keras"]);
    assert_eq!(places[0].named_by.as_deref(), Some("$KERAS_HOME"));
    assert!(places[1..].iter().all(|p| p.named_by.is_none()));
}

#[test]
fn weights_are_named_as_people_call_them() {
    let name = |file: &str| super::models::weights(file).map(|w| format!("{} <{}>", w.name, w.origin));
    for (file, meant, there) in [
        ("vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5", "VGG16 without top", "vgg16/="),
        ("resnet152v2_weights_tf_dim_ordering_tf_kernels.h5", "ResNet152V2", "resnet/="),
        (
            "inception_resnet_v2_weights_tf_dim_ordering_tf_kernels.h5",
            "InceptionResNetV2",
            "inception_resnet_v2/=",
        ),
        (
            "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.4_224.h5",
            "MobileNetV2 α 1.4, 224 px",
            "mobilenet_v2/=",
        ),
        (
            "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_0.35_96_no_top.h5",
            "MobileNetV2 α 0.35, 96 px without top",
            "mobilenet_v2/=",
        ),
        ("mobilenet_7_5_160_tf_no_top.h5", "MobileNet α 0.75, 160 px without top", "mobilenet/="),
        (
            "weights_mobilenet_v3_large_minimalistic_224_1.0_float_no_top_v2.h5",
            "MobileNetV3 large minimalistic α 1.0, 224 px without top",
            "mobilenet_v3/=",
        ),
        (
            "weights_mobilenet_v3_small_224_0.75_float.h5",
            "MobileNetV3 small α 0.75, 224 px",
            "mobilenet_v3/=",
        ),
        ("efficientnetv2-b0_notop.h5", "EfficientNetV2B0 without top", "efficientnet_v2/="),
        ("convnext_xlarge.h5", "ConvNeXt xlarge", "convnext/="),
        ("regnety032.h5", "RegNetY032", "regnet/="),
        ("resnet-rs-101-i192_notop.h5", "ResNet-RS 101, 192 px without top", "resnet_rs/="),
        ("nasnet_large_no_top.h5", "NASNet large without top", "nasnet/NASNet-large-no-top.h5"),
    ] {
        let origin = format!(
            "https://storage.googleapis.com/tensorflow/keras-applications/{}",
            there.replace('=', file)
        );
        assert_eq!(name(file), Some(format!("{meant} <{origin}>")));
    }
    assert_eq!(
        name("efficientnetb7.h5").as_deref(),
        Some("EfficientNetB7 <https://storage.googleapis.com/keras-applications/efficientnetb7.h5>")
    );
    for own in [
        "vgg16.h5",
        "efficientnetb8.h5",
        "my_weights_tf_dim_ordering_tf_kernels.h5",
        "mobilenet_1_0_x_tf.h5",
        "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_best_224.h5",
        "regnetx2.h5",
        "regnet",
        "regneté02.h5",
        "convnext_tiny_finetuned.h5",
        "resnet-rs-50-ix.h5",
        "",
    ] {
        assert_eq!(name(own), None, "{own}");
    }
}

#[test]
fn models_are_told_from_a_persons_own() {
    let f = Fixture::new();
    let m = |name: &str| format!(".keras/models/{name}");
    f.file(&m("vgg16_weights_tf_dim_ordering_tf_kernels.h5"), hdf5(8192, 8192));
    f.file(&m("nasnet_mobile.h5"), hdf5(4096, 8192));
    f.file(&m("efficientnetb0.h5"), "<html>not found</html>");
    f.file(&m("efficientnetb1.h5"), "");
    f.file(&m("efficientnetb2.h5"), hdf5(4096, 8192));
    f.age(&m("efficientnetb2.h5"), 30);
    f.file(&m("imagenet_class_index.json"), "{}");
    f.file(&m("final.keras"), zip("config.json", true));
    f.file(&m("epoch-3.keras"), zip("config.json", false));
    f.file(&m("best.h5"), hdf5(4096, 8192));
    f.file(&m("notes.txt"), "mine");
    f.file(&m("running.h5"), hdf5(4096, 8192));
    f.age(&m("running.h5"), 599);
    f.file(&m("bert_tiny_en_uncased/model.h5"), hdf5(4096, 4096));
    f.file(&m("bert_tiny_en_uncased/vocab.txt"), "a\n");
    f.file(&m("gpt2_base_en/model.h5"), hdf5(4096, 9000));
    f.file(&m("bert_base_en/model.h5"), hdf5(4096, 4096));
    f.file(&m("bert_base_en/my_notes.txt"), "mine");
    f.file(&m("gs_bucket_tuned/config.json"), "{}");
    f.file(&m("gs_bucket_tuned/metadata.json"), "{}");
    f.kib(&m("saved/saved_model.pb"), 4);
    for folder in ["bert_tiny_en_uncased", "gpt2_base_en", "bert_base_en", "gs_bucket_tuned", "saved"] {
        f.age(&m(folder), OLD);
    }
    f.link("/elsewhere/vgg19.h5", &m("vgg19_weights_tf_dim_ordering_tf_kernels.h5"));
    f.file(".keras/keras.json", "{\"backend\": \"jax\"}");
    assert_eq!(
        f.outline(),
        "keras-models: keras root ~/.keras\n\
         \x20 folder \"bert_base_en\" [look-first] 12 12 {no origin is recorded: only the code that fetched it can fetch it again}\n\
         \x20 preset \"bert_tiny_en_uncased\" [re-download] 12 12\n\
         \x20 !preset \"gpt2_base_en\" [re-download] 8 8 {truncated: shorter than it says; delete it so that it is fetched again}\n\
         \x20 preset \"gs_bucket_tuned\" [re-download] 12 12 {copied from a bucket by keras-hub; its address is not recorded}\n\
         \x20 folder \"saved\" [look-first] 8 8 {no origin is recorded: only the code that fetched it can fetch it again}\n\
         \x20 model \"best.h5\" [look-first] 4 4 {not one Keras downloads: probably your own; truncated: shorter than it says}\n\
         \x20 model \"EfficientNetB0\" [look-first] 4 4 {named like one of Keras' own, but it is no HDF5 file}\n\
         \x20 !model \"EfficientNetB1\" [safe] 0 0 {truncated: shorter than it says; delete it so that it is fetched again}\n\
         \x20 model \"EfficientNetB2\" [in-use] 4 4 {may still be downloading: Keras writes straight to the final name}\n\
         \x20 model \"epoch-3.keras\" [look-first] 4 4 {not one Keras downloads: probably your own; truncated: shorter than it says}\n\
         \x20 model \"final.keras\" [look-first] 4 4 {not one Keras downloads: probably your own}\n\
         \x20 labels \"ImageNet class names\" [re-download] 4 4\n\
         \x20 !model \"NASNet mobile\" [safe] 4 4 {truncated: shorter than it says; delete it so that it is fetched again}\n\
         \x20 file \"notes.txt\" [look-first] 4 4 {no origin is recorded: only the code that fetched it can fetch it again}\n\
         \x20 model \"running.h5\" [in-use] 4 4 {may still be downloading: Keras writes straight to the final name}\n\
         \x20 model \"VGG16\" [re-download] 8 8\n\
         \x20 settings \"keras.json\" [protected] 4 4\n\
         \x20 other \"other files\" [look-first] 8 0\n"
    );
}

#[test]
fn archives_and_what_was_unpacked_from_them_are_one_thing() {
    let f = Fixture::new();
    let d = |name: &str| format!(".keras/datasets/{name}");
    // Keras 3 and Keras 2 side by side.
    f.kib(&d("cifar-10-batches-py-target_archive"), 16);
    f.kib(&d("cifar-10-batches-py-target/cifar-10-batches-py/data_batch_1"), 16);
    f.kib(&d("cifar-10-batches-py.tar.gz"), 16);
    f.kib(&d("cifar-10-batches-py/data_batch_1"), 16);
    // A person's own, in each naming.
    f.kib(&d("flowers_archive"), 8);
    f.kib(&d("flowers/rose.jpg"), 8);
    f.file(&d("jena.csv.zip"), zip("jena_2016.csv", true));
    f.kib(&d("jena_extracted/jena_2016.csv"), 4);
    f.file(&d("data.v1.zip"), zip("x", true));
    f.file(&d("data.v2.zip"), zip("x", false));
    f.kib(&d("data_extracted/x"), 4);
    f.kib(&d("photos.tar.gz"), 8);
    f.kib(&d("photos/a.jpg"), 4);
    f.file(&d("cats_and_dogs.zip"), zip("cats_and_dogs_filtered/train/1.jpg", true));
    f.kib(&d("cats_and_dogs_filtered/train/1.jpg"), 4);
    f.kib(&d("weather.csv.zip"), 4);
    f.kib(&d("weather.csv"), 4);
    for folder in [
        "cifar-10-batches-py-target/cifar-10-batches-py",
        "cifar-10-batches-py-target",
        "cifar-10-batches-py",
        "flowers",
        "jena_extracted",
        "data_extracted",
        "photos",
        "cats_and_dogs_filtered/train",
        "cats_and_dogs_filtered",
    ] {
        f.age(&d(folder), OLD);
    }
    let unrecorded = "{no origin is recorded: only the code that fetched it can fetch it again}";
    let again = "{without it Keras downloads again, though it is unpacked}";
    let free = "{unpacked again from the archive beside it; changes made in it would be lost}";
    let likely = "{probably unpacked from the archive beside it}";
    assert_eq!(
        f.outline(),
        format!(
            "datasets: keras root ~/.keras\n\
             \x20 dataset \"CIFAR-10\" [re-download] 40 40\n\
             \x20   !archive \"cifar-10-batches-py-target_archive\" [re-download] 16 16 {again}\n\
             \x20   extracted \"cifar-10-batches-py-target\" [rebuild] 24 24 {free}\n\
             \x20 !dataset \"CIFAR-10 (Keras 2)\" [re-download] 36 36 {{Keras 3 has its own copy; this one is for Keras 2}}\n\
             \x20   !archive \"cifar-10-batches-py.tar.gz\" [re-download] 16 16 {again}\n\
             \x20   extracted \"cifar-10-batches-py\" [rebuild] 20 20 {free}\n\
             \x20 dataset \"data.v1.zip\" [look-first] 16 16 {unrecorded}\n\
             \x20   !archive \"data.v1.zip\" [look-first] 4 4\n\
             \x20   !archive \"data.v2.zip\" [look-first] 4 4 {{truncated: shorter than it says}}\n\
             \x20   extracted \"data_extracted\" [look-first] 8 8 {{the archive beside it is truncated, so this may be all there is}}\n\
             \x20 dataset \"flowers\" [look-first] 20 20 {unrecorded}\n\
             \x20   !archive \"flowers_archive\" [look-first] 8 8\n\
             \x20   extracted \"flowers\" [rebuild] 12 12 {free}\n\
             \x20 dataset \"jena.csv.zip\" [look-first] 12 12 {unrecorded}\n\
             \x20   !archive \"jena.csv.zip\" [look-first] 4 4\n\
             \x20   extracted \"jena_extracted\" [rebuild] 8 8 {free}\n\
             \x20 dataset \"photos\" [look-first] 16 16 {unrecorded}\n\
             \x20   !archive \"photos.tar.gz\" [look-first] 8 8\n\
             \x20   extracted \"photos\" [look-first] 8 8 {likely}\n\
             \x20 dataset \"cats_and_dogs.zip\" [look-first] 16 16 {unrecorded}\n\
             \x20   !archive \"cats_and_dogs.zip\" [look-first] 4 4\n\
             \x20   extracted \"cats_and_dogs_filtered\" [look-first] 12 12 {likely}\n\
             \x20 dataset \"weather.csv.zip\" [look-first] 8 8 {unrecorded}\n\
             \x20   !archive \"weather.csv.zip\" [look-first] 4 4\n\
             \x20   extracted \"weather.csv\" [look-first] 4 4 {likely}\n"
        )
    );
}

#[test]
fn data_sets_without_a_pair() {
    let f = Fixture::new();
    let d = |name: &str| format!(".keras/datasets/{name}");
    f.file(&d("mnist.npz"), zip("x_train.npy", true));
    f.file(&d("imdb.npz"), zip("x_train.npy", false));
    f.file(&d("reuters.npz"), zip("x_train.npy", false));
    f.age(&d("reuters.npz"), 10);
    for file in super::datasets::FASHION {
        f.kib(&d(&format!("fashion-mnist/{file}")), 4);
    }
    f.age(&d("fashion-mnist"), OLD);
    f.kib(&d("cifar-100-python/train"), 4);
    f.age(&d("cifar-100-python"), OLD);
    f.kib(&d("cifar-10-batches-py-target_archive"), 4);
    f.kib(&d("old_extracted/a.csv"), 4);
    f.age(&d("old_extracted"), OLD);
    f.kib(&d("mine.csv"), 4);
    f.file(&d("mine.zip"), zip("a", false));
    f.kib(&d("unpacking_archive"), 4);
    f.kib(&d("unpacking/a"), 4); // its folder was made a moment ago
    f.kib(".keras/voices/a.wav", 4);
    f.age(".keras/voices", OLD);
    let unrecorded = "no origin is recorded: only the code that fetched it can fetch it again";
    let torn = "truncated: shorter than it says";
    let live = "may still be downloading: Keras writes straight to the final name";
    assert_eq!(
        f.outline(),
        format!(
            "datasets: keras root ~/.keras\n\
             \x20 !dataset \"CIFAR-100 (Keras 2)\" [re-download] 8 8 {{its archive is gone, so Keras downloads again anyway}}\n\
             \x20 dataset \"Fashion-MNIST\" [re-download] 20 20\n\
             \x20 folder \"old_extracted\" [look-first] 8 8 {{{unrecorded}; the archive it was unpacked from is gone}}\n\
             \x20 dataset \"CIFAR-10\" [re-download] 4 4\n\
             \x20 !dataset \"IMDB reviews\" [safe] 4 4 {{{torn}; delete it so that it is fetched again}}\n\
             \x20 file \"mine.csv\" [look-first] 4 4 {{{unrecorded}}}\n\
             \x20 archive \"mine.zip\" [look-first] 4 4 {{{unrecorded}; {torn}}}\n\
             \x20 dataset \"MNIST\" [re-download] 4 4\n\
             \x20 dataset \"Reuters newswire\" [in-use] 4 4 {{{live}}}\n\
             \x20 dataset \"unpacking\" [in-use] 12 12 {{{live}}}\n\
             \x20   !archive \"unpacking_archive\" [in-use] 4 4\n\
             \x20   extracted \"unpacking\" [in-use] 8 8\n\
             keras-models: keras root ~/.keras\n\
             \x20 folder \"voices\" [look-first] 8 8 {{{unrecorded}}}\n"
        )
    );
}

#[test]
fn fashion_mnist_keeps_what_is_not_its_own_out() {
    let f = Fixture::new();
    f.kib(".keras/datasets/fashion-mnist/train-labels-idx1-ubyte.gz", 4);
    f.kib(".keras/datasets/fashion-mnist/my_labels.csv", 4);
    assert_eq!(
        f.outline(),
        "datasets: keras root ~/.keras\n\
         \x20 dataset \"Fashion-MNIST\" [re-download] 4 4\n\
         keras-models: keras root ~/.keras\n\
         \x20 other \"other files\" [look-first] 16 4\n"
    );
}

#[test]
fn a_root_is_known_by_its_shape_and_others_are_not() {
    let f = Fixture::new();
    f.file("img/root/.keras/keras.json", "{}");
    f.file("img/root/.keras/models/nasnet_mobile.h5", hdf5(4096, 4096));
    f.file("img/home/.keras/datasets/mnist.npz", zip("a", true));
    // A project that happens to look a little like it, and a folder with nothing to tell.
    f.file("project/keras.json", "{}");
    f.file("project/models/nasnet_mobile.h5", hdf5(4096, 4096));
    f.file("project/datasets/mnist.npz", zip("a", true));
    f.file("odd/.keras/readme.txt", "");
    assert_eq!(
        f.outline(),
        "datasets: keras root ~/img/home/.keras\n\
         \x20 dataset \"MNIST\" [re-download] 4 4\n\
         keras-models: keras root ~/img/root/.keras\n\
         \x20 model \"NASNet mobile\" [re-download] 4 4\n\
         \x20 settings \"keras.json\" [protected] 4 4\n"
    );
}

#[test]
fn hostile_names_and_content_do_no_harm() {
    use std::os::unix::ffi::OsStrExt;
    let f = Fixture::new();
    let odd = std::ffi::OsStr::from_bytes(b"\xff\x1b[2J_archive");
    f.folder(".keras/datasets");
    std::fs::write(f.path(".keras/datasets").join(odd), "x").expect("a file");
    f.file(".keras/datasets/up.zip", zip("../../../etc/passwd", true));
    f.file(".keras/datasets/_archive", "x");
    f.file(".keras/datasets/.zip", "x");
    f.file(".keras/datasets/short.tar", "x");
    f.link("/etc", ".keras/datasets/up");
    f.link("..", ".keras/models");
    f.folder(".keras/keras.json");
    f.age(".keras/keras.json", OLD);
    let outline = f.outline();
    assert!(!outline.contains('\u{1b}') && !outline.contains("problem"), "{outline}");
    assert!(outline.contains("archive \"up.zip\" [look-first]"), "{outline}");
    assert!(outline.contains("\"\\xff\\e[2J_archive\""), "{outline}");
}
