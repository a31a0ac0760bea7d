//! Caches that are one table of the catalog each.

use std::io;

use mldu::demo::Maker;

pub fn fill(m: &mut Maker) -> io::Result<()> {
    m.days(70);
    m.room(".cache/whisper/large-v3.pt", 64)?;
    m.room(".cache/clip/ViT-B-32.pt", 64)?;
    m.text(".triton/cache/3X7AAK5R/add_kernel.ptx", ".version 8.4\n")?;
    m.room(".nv/ComputeCache/0/4/b1c2d3e4f5a6", 16)?;
    m.room(".cache/vllm/torch_compile_cache/0a1b2c3d/rank_0/graph.bin", 16)
}
