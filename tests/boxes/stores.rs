//! Stores of models beside the Hub cache: of programs that run them, of other hubs, of people who collect them.

use std::io;

use mldu::demo::Maker;

pub fn fill(m: &mut Maker) -> io::Result<()> {
    m.days(40);
    ollama(m)?;
    modelscope(m)?;
    hugging_face(m)?;
    programs(m)?;
    image_models(m)?;
    paddle(m)
}

fn hash(c: char) -> String {
    c.to_string().repeat(64)
}

/// Two models that share weights, one of them made here; one of the newer form, with its manifest among the blobs;
/// a download that was stopped, and a blob of nobody.
fn ollama(m: &mut Maker) -> io::Result<()> {
    let root = ".ollama/models";
    let blob = |c: char| format!("{root}/blobs/sha256-{}", hash(c));
    for (c, kib) in [('a', 96), ('b', 16), ('d', 32)] {
        m.room(&blob(c), kib)?;
    }
    m.text(&blob('c'), "{\"model_format\":\"gguf\"}")?;
    let layer = |kind: &str, c: char| {
        format!(
            r#"{{"mediaType":"application/vnd.ollama.image.{kind}","digest":"sha256:{}","size":9}}"#,
            hash(c)
        )
    };
    let manifest = |layers: &str| {
        format!(
            r#"{{"schemaVersion":2,"config":{{"mediaType":"application/vnd.docker.container.image.v1+json","digest":"sha256:{}","size":23}},"layers":[{layers}]}}"#,
            hash('c')
        )
    };
    let pulled = manifest(&[layer("model", 'a'), layer("license", 'b')].join(","));
    let library = "registry.ollama.ai/library";
    m.text(&format!("{root}/manifests/{library}/llama3/8b"), &pulled)?;
    let made = manifest(&[layer("model", 'a'), layer("system", 'b')].join(","));
    m.text(&format!("{root}/manifests/{library}/mine/latest"), format!("{made}\n"))?;
    m.text(&blob('e'), &pulled)?;
    m.link(
        &format!("../../../../../blobs/sha256-{}", hash('e')),
        &format!("{root}/manifests-v2/{library}/llama3/latest"),
    )?;
    m.room(&format!("{}-partial", blob('f')), 16)?;
    m.text(&format!("{}-partial-0", blob('f')), "{\"N\":0,\"Offset\":0,\"Size\":9,\"Completed\":4}")?;
    m.text(".ollama/id_ed25519", "no real key")?;
    m.text(".ollama/history", "hello\n")
}

/// The form of now and that of before, with the link that has the name with dots.
fn modelscope(m: &mut Maker) -> io::Result<()> {
    let root = ".cache/modelscope";
    m.room(&format!("{root}/models/Qwen--Qwen3-0.6B/snapshots/master/model.safetensors"), 32)?;
    m.room(&format!("{root}/models/Qwen--Qwen3-0.6B/snapshots/master/big.bin.incomplete"), 8)?;
    let old = format!("{root}/hub/models/Qwen");
    m.room(&format!("{old}/Qwen2___5-7B/model.safetensors"), 16)?;
    m.text(&format!("{old}/Qwen2___5-7B/.msc"), "")?;
    m.text(&format!("{old}/Qwen2___5-7B/.mv"), "Revision:master,CreatedAt:1733000000")?;
    m.link("Qwen2___5-7B", &format!("{old}/Qwen2.5-7B"))?;
    m.text(&format!("{root}/.lock/repo_{}.lock", hash('a')), "")?;
    m.text(".modelscope/credentials/session", "no real session")
}

/// A download to a folder, another home of the libraries, and the folder of sentence-transformers of long ago.
fn hugging_face(m: &mut Maker) -> io::Result<()> {
    let copy = "data/tiny-llm-copy";
    m.room(&format!("{copy}/model.safetensors"), 32)?;
    let known = format!("{}\n{}\n4000000000.5\n", "a1".repeat(20), hash('b'));
    m.text(&format!("{copy}/.cache/huggingface/download/model.safetensors.metadata"), known)?;
    m.text(&format!("{copy}/.cache/huggingface/.gitignore"), "*")?;
    m.text("data/hf/stored_tokens", "no real token")?;
    m.text("data/hf/hub/CACHEDIR.TAG", "Signature: 8a477f597d28d172789f06886806bc55\n")?;
    m.text("data/hf/hub/models--acme--nano/refs/main", "a1".repeat(20))?;
    let st = ".cache/torch/sentence_transformers/sentence-transformers_all-MiniLM-L6-v2";
    m.text(&format!("{st}/.gitattributes"), "*.bin filter=lfs\n")?;
    m.text(&format!("{st}/modules.json"), "[]")?;
    m.room(&format!("{st}/pytorch_model.bin"), 16)
}

fn programs(m: &mut Maker) -> io::Result<()> {
    let llama = ".cache/llama.cpp";
    m.room(&format!("{llama}/acme_tiny_tiny-q4.gguf"), 16)?;
    let said = r#"{"etag":"x","url":"https://huggingface.co/acme/tiny/resolve/main/tiny-q4.gguf"}"#;
    m.text(&format!("{llama}/acme_tiny_tiny-q4.gguf.json"), said)?;
    m.room(&format!("{llama}/big-00001-of-00002.gguf.downloadInProgress"), 8)?;
    m.room(".lmstudio/models/lmstudio-community/tiny-GGUF/tiny-Q4.gguf", 16)?;
    m.room(".lmstudio/models/ann/own/downloading_own.gguf.part", 8)?;
    m.text(".lmstudio/mcp.json", "{}")?;
    m.room(".cache/gpt4all/orca-mini-3b.Q4_0.gguf", 16)?;
    m.room(".local/share/nomic.ai/GPT4All/incomplete-llama.gguf", 8)
}

fn image_models(m: &mut Maker) -> io::Result<()> {
    let models = "ComfyUI/models";
    for shelf in ["checkpoints", "clip_vision", "upscale_models", "vae"] {
        m.text(&format!("{models}/{shelf}/put_models_here"), "")?;
    }
    m.room(&format!("{models}/checkpoints/base.safetensors"), 32)?;
    m.room(&format!("{models}/loras/style.safetensors"), 8)?;
    m.text(&format!("{models}/loras/style.civitai.info"), "{\"id\":7,\"modelId\":42}")
}

fn paddle(m: &mut Maker) -> io::Result<()> {
    m.room(".paddlex/official_models/PP-OCRv5_server_det/inference.pdiparams", 16)?;
    m.room(".paddleocr/whl/det/ch/ch_PP-OCRv4_det_infer/inference.pdmodel", 4)?;
    m.room(".paddleocr/whl/det/ch/ch_PP-OCRv4_det_infer/inference.pdiparams", 8)?;
    m.room(".paddlenlp/models/ernie-3.0-base-zh/model_state.pdparams", 8)
}
