//! Caches that are one table of the catalog each, with what a table can say of them.

use std::io;

use mldu::demo::Maker;

pub fn fill(m: &mut Maker) -> io::Result<()> {
    m.days(70);
    models(m)?;
    data(m)?;
    compiled(m)
}

fn models(m: &mut Maker) -> io::Result<()> {
    m.room(".cache/whisper/large-v3.pt", 64)?;
    m.room(".cache/clip/ViT-B-32.pt", 64)?;
    m.room("stanza_resources/en/tokenize/combined.pt", 8)?;
    m.text("stanza_resources/resources.json", "{}")?;
    m.room(".cache/stanza/1.10.0/resources/en/pos/combined_charlm.pt", 8)?;
    m.room(".flair/models/ner-english/pytorch_model.bin", 16)?;
    m.room(".flair/embeddings/news-forward-0.4.1.pt", 8)?;
    m.room(".flair/datasets/conll_03/eng.train", 8)?;
    m.room("gensim-data/glove-wiki-gigaword-50/glove-wiki-gigaword-50.gz", 16)?;
    m.text("gensim-data/glove-wiki-gigaword-50/__init__.py", "")?;
    m.room("gensim-data/text8_tmp/text8.gz", 4)?;
    m.text("gensim-data/information.json", "{}")?;
    m.room(".allennlp/cache/0a1b.2c3d", 8)?;
    m.text(".allennlp/cache/0a1b.2c3d.json", "{\"url\": \"https://example.org/model.tar.gz\"}")?;
    m.room(".fastai/archive/imagenette2.tgz", 16)?;
    m.room(".fastai/archive/cifar10.tgz.part", 8)?;
    m.room(".fastai/data/imagenette2/train/a.jpeg", 8)?;
    m.room(".fastai/models/mine.pkl", 8)?;
    m.text(".fastai/config.ini", "[DEFAULT]\ndata = data\n")?;
    m.room(".EasyOCR/model/craft_mlt_25k.pth", 16)?;
    m.zip(".EasyOCR/model/temp.zip", 8)?;
    m.text(".EasyOCR/user_network/mine.yaml", "x: 1\n")?;
    m.room(".insightface/models/buffalo_l/det_10g.onnx", 16)?;
    m.zip(".insightface/models/buffalo_l.zip", 16)?;
    m.room(".cache/doctr/models/db_resnet50-79bd7d70.pt", 16)?;
    m.room(".torch/iopath_cache/detectron2/COCO-Detection/137849458/model_final_280758.pkl", 16)?;
    m.text(".torch/iopath_cache/detectron2/COCO-Detection/137849458/model_final_280758.pkl.lock", "")?;
    m.room(".torch/iopath_cache/detectron2/other.pkl.tmp", 4)?;
    m.room(".cache/mim/faster_rcnn_r50_fpn_1x_coco_20200130-047c8118.pth", 16)?;
    m.text(".cache/mim/faster-rcnn_r50_fpn_1x_coco.py", "model = dict()\n")?;
    m.room(".cache/mmengine/checkpoints/mine.pth", 8)?;
    m.text(".config/Ultralytics/settings.json", "{\"api_key\": \"secret\", \"weights_dir\": \"weights\"}")?;
    m.room(".config/Ultralytics/Arial.ttf", 8)
}

fn data(m: &mut Maker) -> io::Result<()> {
    m.zip("nltk_data/corpora/brown.zip", 8)?;
    m.room("nltk_data/corpora/brown/ca01", 4)?;
    m.zip("nltk_data/tokenizers/punkt_tab.zip", 8)?;
    m.room("nltk_data/corpora/wordnet.zip.tmp", 4)?;
    m.text("nltk_data/corpora/wordnet.zip.lock", "")?;
    m.room("scikit_learn_data/cal_housing.pkz", 8)?;
    m.room("scikit_learn_data/openml/openml.org/api/v1/json/data/61.gz", 4)?;
    m.room("scikit_learn_data/lfw_home/lfw-funneled.tgz.part_a1b2c3", 4)?;
    m.text(".cache/seaborn/iris.csv", "a,b\n1,2\n")?;
    m.room(".cache/openml/org/openml/www/datasets/61/dataset.arff", 4)?;
    m.text(".cache/openml/config", "apikey=secret\n")?;
    m.room(".ir_datasets/antique/collection.tsv", 8)?;
    m.room(".ir_datasets/antique/collection.tsv.tmp0", 4)?;
    m.text("work/pipeline/train_0.lockfile", "Created at: 1790000000")?;
    m.room("work/pipeline/train_0.data-00000-of-00001.tempstate15552858458358475657", 8)?;
    m.text("work/snapshots/1234567890123/snapshot.metadata", "x")?;
    m.room("work/snapshots/1234567890123/9876543210/00000000.shard/00000000.snapshot", 8)?;
    m.text("tmp/__autograph_generated_filea1b2c3d4.py", "x = 1\n")?;
    m.room("tmp/tmpconvert0/saved_model.pb", 4)
}

fn compiled(m: &mut Maker) -> io::Result<()> {
    m.text(".triton/cache/3X7AAK5R/add_kernel.ptx", ".version 8.4\n")?;
    m.text(".triton/cache/3X7AAK5R/tmp.pid_4711_0a1b/add_kernel.cubin", "x")?;
    m.text(".triton/override/3X7AAK5R/add_kernel.ttir", "module {}\n")?;
    m.text(".triton/dump/3X7AAK5R/add_kernel.ttir", "module {}\n")?;
    m.room(".triton/autotune/Fp16Matmul_2d_kernel.pickle", 4)?;
    m.room(".cache/torch/kernels/add_arch8.6_nvrtc12.4_sass_512_0a1b2c3d", 4)?;
    m.room(".cache/torch/kernels/add_arch8.6_nvrtc12.4_sass_512_0a1b2c3d_tmp_4711", 4)?;
    m.room(".nv/ComputeCache/0/4/b1c2d3e4f5a6", 16)?;
    m.room(".cache/flashinfer/0.7.2/90a/cached_ops/x.so", 8)?;
    m.room(".cache/flashinfer/cubins/x.cubin", 8)?;
    m.room(".cache/vllm/torch_compile_cache/0a1b2c3d/rank_0/graph.bin", 16)?;
    m.room(".cache/vllm/assets/vision/cherry.jpg", 4)?;
    m.room(".cache/numba/mod_0a1b/mod.fn-12.py311.1.nbc", 4)?;
    m.room(".cache/numba/mod_0a1b/mod.fn-12.py311.nbi.tmp.0a1b2c", 4)?;
    m.room(".cupy/kernel_cache/0a1b2c3d_2.cubin", 4)?;
    m.room("tmp/torchinductor_ana/fxgraph/ab/key/graph.py", 8)?;
    let extensions = ".cache/torch_extensions/py311_cu121";
    m.text(&format!("{extensions}/fused_adam/build.ninja"), "rule x\n")?;
    m.room(&format!("{extensions}/fused_adam/fused_adam.so"), 16)?;
    m.text(&format!("{extensions}/dead/build.ninja"), "rule x\n")?;
    m.text(&format!("{extensions}/dead/lock"), "")?;
    let key = "0a".repeat(32);
    m.room(&format!("work/jax_cache/jit_step-{key}-cache"), 8)?;
    m.room("work/xla_dump/module_0001.jit_step.before_optimizations.txt", 4)
}
