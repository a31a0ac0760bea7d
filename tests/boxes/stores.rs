//! Stores of models beside the Hub cache: of programs that run them, of other hubs, of people who collect them.

use std::io;

use mldu::demo::Maker;

pub fn fill(m: &mut Maker) -> io::Result<()> {
    m.days(40);
    hugging_face(m)
}

fn hash(c: char) -> String {
    c.to_string().repeat(64)
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
