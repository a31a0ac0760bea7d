//! A Hugging Face cache: repositories whose revisions are links to blobs, and the chunks of `hf-xet`.

use std::io;

use super::Forge;

const HOME: &str = ".cache/huggingface";

/// Fills a cache.
pub fn fill(forge: &mut Forge) -> io::Result<()> {
    for number in 0..forge.count(300) {
        repository(forge, number)?;
    }
    let server = format!("{HOME}/xet/https___cas_serv-tGqkUaZf_CUyJc9B");
    for _ in 0..forge.count(8_000) {
        let (shelf, key) = (forge.random.hex(2), forge.random.hex(40));
        let kib = forge.random.between(64, 65_536);
        forge.maker.days(45).room(&format!("{server}/chunk-cache/{shelf}/{key}/chunks"), kib)?;
    }
    Ok(())
}

fn repository(forge: &mut Forge, number: u64) -> io::Result<()> {
    let kind = if number % 3 == 2 { "datasets" } else { "models" };
    let name = format!("{}-{}b-v{number}", forge.random.word(), forge.random.between(1, 70));
    let at = format!("{HOME}/hub/{kind}--org{}--{name}", number % 40);
    let mut blobs = Vec::new();
    forge.maker.days(10 + (number % 300) as i64);
    let many = forge.random.between(8, 40);
    for i in 0..many {
        // Large files are named by their sha256, small ones by their git hash.
        let large = forge.random.percent(50);
        let hash = forge.random.hex(if large { 64 } else { 40 });
        if large {
            let mib = forge.random.between(64, 5_000);
            forge.weights(&format!("{at}/blobs/{hash}"), mib)?;
            blobs.push((hash, format!("model-{:05}-of-{many:05}.safetensors", i + 1)));
        } else {
            let text = format!("{{\"architectures\": [\"{name}\"], \"part\": {i}}}\n");
            forge.maker.text(&format!("{at}/blobs/{hash}"), text)?;
            blobs
                .push((hash, if i % 2 == 0 { format!("config-{i}.json") } else { format!("onnx/{i}.json") }));
        }
    }
    for revision in 0..forge.random.between(1, 3) {
        let commit = forge.random.hex(40);
        if revision == 0 {
            forge.maker.text(&format!("{at}/refs/main"), &commit)?;
        }
        for (hash, file) in &blobs {
            if revision == 0 || forge.random.percent(80) {
                let up = "../".repeat(2 + file.matches('/').count());
                forge.maker.link(&format!("{up}blobs/{hash}"), &format!("{at}/snapshots/{commit}/{file}"))?;
            }
        }
    }
    Ok(())
}
