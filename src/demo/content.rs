//! What lies in the made-up box: something of every group, as the libraries lay it out.

use std::io;

use super::maker::Maker;

/// Fills the box.
///
/// # Errors
/// What the system says.
pub fn fill(m: &mut Maker) -> io::Result<()> {
    keras(m)?;
    hub(m)?;
    tensorflow(m)?;
    torch_and_kaggle(m)?;
    conda(m)?;
    runs(m)?;
    the_rest(m)?;
    m.days(20).age_folders()
}

fn keras(m: &mut Maker) -> io::Result<()> {
    m.days(64).text(".keras/keras.json", "{\"floatx\": \"float32\", \"backend\": \"tensorflow\"}\n")?;
    let weights = [
        ("vgg16_weights_tf_dim_ordering_tf_kernels", 9),
        ("resnet50_weights_tf_dim_ordering_tf_kernels_notop", 4),
        ("mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224", 1),
    ];
    for (name, mib) in weights {
        m.hdf5(&format!(".keras/models/{name}.h5"), mib * 1024, false)?;
    }
    m.hdf5(".keras/models/inception_v3_weights_tf_dim_ordering_tf_kernels.h5", 1024, true)?;
    m.days(200).zip(".keras/datasets/mnist.npz", 2048)?;
    m.room(".keras/datasets/cifar-10-batches-py-target_archive", 6 * 1024)?;
    for i in 1..=5 {
        let path = format!(".keras/datasets/cifar-10-batches-py-target/cifar-10-batches-py/data_batch_{i}");
        m.room(&path, 1024)?;
    }
    Ok(())
}

/// A commit, a hash of a blob: any hexadecimal digits that look the part.
fn hex(seed: u64, digits: usize) -> String {
    let mut x = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut out = String::new();
    while out.len() < digits {
        x ^= x >> 29;
        x = x.wrapping_mul(0xBF58_476D_1CE4_E5B9);
        out.push_str(&format!("{x:016x}"));
    }
    out.truncate(digits);
    out
}

fn hub(m: &mut Maker) -> io::Result<()> {
    let home = ".cache/huggingface";
    m.days(40).text(&format!("{home}/token"), "hf_this_is_no_real_token")?;
    let repo = format!("{home}/hub/models--acme--tiny-llm");
    let (main, old) = (hex(1, 40), hex(2, 40));
    m.text(&format!("{repo}/refs/main"), &main)?;
    for (i, (kib, revisions)) in
        [(14 * 1024, vec![&main]), (12 * 1024, vec![&old]), (512, vec![&main, &old])].into_iter().enumerate()
    {
        let blob = hex(10 + i as u64, 64);
        m.days(if i == 1 { 120 } else { 5 }).room(&format!("{repo}/blobs/{blob}"), kib)?;
        let name = if i == 2 { "tokenizer.json" } else { "model.safetensors" };
        for commit in revisions {
            m.link(&format!("../../blobs/{blob}"), &format!("{repo}/snapshots/{commit}/{name}"))?;
        }
    }
    m.days(9).room(&format!("{repo}/blobs/{}.0badc0de.incomplete", hex(30, 64)), 3 * 1024)?;
    let data = format!("{home}/hub/datasets--acme--corpus");
    let (commit, blob) = (hex(3, 40), hex(31, 64));
    m.days(48).text(&format!("{data}/refs/main"), &commit)?;
    m.room(&format!("{data}/blobs/{blob}"), 8 * 1024)?;
    m.link(
        &format!("../../../blobs/{blob}"),
        &format!("{data}/snapshots/{commit}/data/train-00000.parquet"),
    )?;
    let arrow = format!("{home}/datasets/acme___corpus/default/0.0.0/{}", hex(4, 40));
    let info = r#"{"builder_name": "parquet", "dataset_name": "corpus", "config_name": "default", "version": {"version_str": "0.0.0"}}"#;
    m.text(&format!("{arrow}/dataset_info.json"), info)?;
    m.room(&format!("{arrow}/corpus-train.arrow"), 11 * 1024)?;
    m.days(30).room(&format!("{arrow}/cache-{}.arrow", hex(5, 16)), 7 * 1024)
}

fn tensorflow(m: &mut Maker) -> io::Result<()> {
    let data = "tensorflow_datasets";
    let info = r#"{"name": "mnist", "version": "3.0.1", "fileFormat": "tfrecord", "downloadSize": "11594722", "moduleName": "tensorflow_datasets.image_classification.mnist", "splits": [{"name": "train", "numBytes": "37516072"}]}"#;
    m.days(90).text(&format!("{data}/mnist/3.0.1/dataset_info.json"), info)?;
    m.text(&format!("{data}/mnist/3.0.1/features.json"), "{}")?;
    m.room(&format!("{data}/mnist/3.0.1/mnist-train.tfrecord-00000-of-00001"), 5 * 1024)?;
    let archive = format!("{data}/downloads/mnist/cvdf-datasets_mnist_train-images-idx3-ubyte.gz");
    m.room(&archive, 3 * 1024)?;
    m.text(
        &format!("{archive}.INFO"),
        r#"{"dataset_names": ["mnist"], "original_fname": "train-images-idx3-ubyte.gz", "urls": ["https://storage.googleapis.com/cvdf-datasets/mnist/train-images-idx3-ubyte.gz"]}"#,
    )?;
    m.days(12).room(&format!("{data}/imagenette/incomplete.X7K2QD_1.0.0/part.tfrecord"), 2 * 1024)?;
    let modules = "tmp/tfhub_modules";
    let (whole, broken) = (hex(6, 40), hex(7, 40));
    m.days(33).room(&format!("{modules}/{whole}/saved_model.pb"), 512)?;
    m.room(&format!("{modules}/{whole}/variables/variables.data-00000-of-00001"), 4 * 1024)?;
    m.text(
        &format!("{modules}/{whole}.descriptor.txt"),
        "Module: https://tfhub.dev/google/universal-sentence-encoder/4\nDownload Time: 2026-10-19 12:14:01\nDownloader Hostname: gpu07 (PID:19930)\n",
    )?;
    m.room(&format!("{modules}/{broken}/variables/variables.index"), 4)?;
    m.text(&format!("{modules}/{broken}.descriptor.txt"), "Module: https://tfhub.dev/google/elmo/3\n")
}

fn torch_and_kaggle(m: &mut Maker) -> io::Result<()> {
    let hub = ".cache/torch/hub";
    m.days(51).room(&format!("{hub}/checkpoints/resnet50-0676ba61.pth"), 6 * 1024)?;
    m.text(&format!("{hub}/pytorch_vision_main/hubconf.py"), "dependencies = ['torch']\n")?;
    let gemma = ".cache/kagglehub/models/keras/gemma/keras/gemma_2b_en/3";
    m.days(75).room(&format!("{gemma}/model.weights.h5"), 9 * 1024)?;
    m.text(&format!("{gemma}.complete"), "")?;
    m.days(28).room(".cache/whisper/small.pt", 4 * 1024)?;
    m.days(3).room(&format!(".triton/cache/{}/kernel.cubin", hex(8, 52).to_uppercase()), 1024)
}

fn conda(m: &mut Maker) -> io::Result<()> {
    let root = "miniconda3";
    m.days(150).text(&format!("{root}/conda-meta/history"), "==> 2026-06-01 10:00:00 <==\n")?;
    m.text(&format!("{root}/bin/conda"), "#!/bin/sh\n")?;
    m.text(&format!("{root}/condabin/conda"), "#!/bin/sh\n")?;
    let channel = "https://conda.anaconda.org/conda-forge/linux-64";
    let packages = [
        ("pytorch-2.4.1-py311_cuda12", 13, true),
        ("numpy-1.26.4-py311_0", 2, true),
        ("mkl-2024.2.1-ha957f24_103", 8, false),
        ("cudatoolkit-12.4.1-h1", 18, false),
    ];
    let mut urls = String::new();
    for (name, mib, installed) in packages {
        m.days(90).room(&format!("{root}/pkgs/{name}.conda"), mib * 640)?;
        urls.push_str(&format!("{channel}/{name}.conda\n"));
        let mut parts = name.rsplitn(3, '-');
        let (build, version) = (parts.next().unwrap_or(""), parts.next().unwrap_or(""));
        let plain = parts.next().unwrap_or("");
        let record = format!(
            r#"{{"name": "{plain}", "version": "{version}", "build": "{build}", "subdir": "linux-64", "channel": "{channel}", "url": "{channel}/{name}.conda", "fn": "{name}.conda"}}"#
        );
        m.text(&format!("{root}/pkgs/{name}/info/index.json"), &record)?;
        m.text(&format!("{root}/pkgs/{name}/info/repodata_record.json"), &record)?;
        let library = format!("lib/lib{plain}.so");
        m.room(&format!("{root}/pkgs/{name}/{library}"), mib * 512)?;
        if installed {
            m.hard_link(&format!("{root}/pkgs/{name}/{library}"), &format!("{root}/envs/train/{library}"))?;
            let linked = record.replace("\"fn\"", "\"link\": {\"type\": 1}, \"fn\"");
            m.text(&format!("{root}/envs/train/conda-meta/{name}.json"), linked)?;
        }
    }
    m.text(&format!("{root}/pkgs/urls.txt"), urls)?;
    m.text(&format!("{root}/envs/train/conda-meta/history"), "==> 2026-08-20 10:00:00 <==\n")?;
    m.room(&format!("{root}/envs/train/lib/python3.11/site-packages/torch/lib/extra.so"), 2048)?;
    m.days(12).text(&format!("{root}/pkgs/cache/497deca9.json"), "{}")?;
    m.text(
        &format!("{root}/pkgs/cache/497deca9.info.json"),
        r#"{"url": "https://conda.anaconda.org/conda-forge/linux-64"}"#,
    )?;
    m.days(16).room(&format!("{root}/pkgs/cuda-nvcc-12.4.1-h1.conda.partial"), 2 * 1024)
}

fn runs(m: &mut Maker) -> io::Result<()> {
    for step in [500, 1000, 1500, 2000] {
        let at = format!("runs/llm-sft/checkpoint-{step}");
        m.days(6 - step / 500).room(&format!("{at}/model.safetensors"), 6 * 1024)?;
        m.room(&format!("{at}/optimizer.pt"), 4 * 1024)?;
        let best = (step / 1000).max(1) * 1000;
        let state = format!(
            r#"{{"best_metric": 0.81, "best_global_step": {best}, "best_model_checkpoint": "runs/llm-sft/checkpoint-{best}", "global_step": {step}, "log_history": []}}"#
        );
        // The last one was being written when the disk ran full: its state is missing.
        if step != 2000 {
            m.text(&format!("{at}/trainer_state.json"), state)?;
        }
    }
    for (epoch, loss) in [(1, "0.61"), (2, "0.48"), (3, "0.44")] {
        m.days(30 - epoch).zip(&format!("runs/vit/{epoch:02}-{loss}.keras"), 4 * 1024)?;
    }
    for run in ["train", "validation"] {
        m.days(27)
            .room(&format!("runs/vit/logs/{run}/events.out.tfevents.1792500000.gpu07.4121.0.v2"), 512)?;
    }
    m.room("runs/vit/logs/train/plugins/profile/2026_10_20_10_00_00/gpu07.xplane.pb", 3 * 1024)
}

fn the_rest(m: &mut Maker) -> io::Result<()> {
    let trash = ".local/share/Trash";
    m.days(9).room(&format!("{trash}/files/old-experiments/big.ckpt"), 6 * 1024)?;
    m.text(
        &format!("{trash}/info/old-experiments.trashinfo"),
        "[Trash Info]\nPath=/home/ana/work/old-experiments\nDeletionDate=2026-11-12T02:40:00\n",
    )?;
    m.days(1).text(
        "work/train.ipynb",
        "{\"cells\": [], \"nbformat\": 4, \"nbformat_minor\": 5, \"metadata\": {}}\n",
    )?;
    m.days(33).room("work/data/measurements.csv", 5 * 1024)?;
    m.days(70).room("Downloads/paper-figures.zip", 2 * 1024)
}
