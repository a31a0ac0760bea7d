//! What training leaves behind: checkpoints of a trainer and of Keras, TensorBoard logs, and runs of a tracker.

use std::io;

use super::Forge;

/// How many steps a run keeps.
const STEPS: u64 = 20;

/// Fills a home.
pub fn fill(forge: &mut Forge) -> io::Result<()> {
    for run in 0..forge.count(60) {
        trainer(forge, run)?;
    }
    for run in 0..forge.count(40) {
        forge.maker.days(70);
        for epoch in 1..=30 {
            let name = format!("{epoch:02}-0.{:02}.keras", 90 - epoch);
            forge.maker.zip(&format!("outputs/keras-{run}/{name}"), 48 * 1024)?;
        }
    }
    for run in 0..forge.count(600) {
        events(forge, run)?;
    }
    for run in 0..forge.count(2_000) {
        tracked(forge, run)?;
    }
    Ok(())
}

fn trainer(forge: &mut Forge, run: u64) -> io::Result<()> {
    let at = format!("outputs/llm-{run:03}-{}", forge.random.word());
    for step in (1..=STEPS).map(|s| s * 500) {
        let at = format!("{at}/checkpoint-{step}");
        let best = (step / 1000).max(1) * 1000;
        let m = forge.maker.days(80 - (step / 500) as i64);
        m.text(&format!("{at}/config.json"), r#"{"model_type": "llama"}"#)?;
        m.text(&format!("{at}/tokenizer.json"), r#"{"version": "1.0"}"#)?;
        for zip in ["scheduler.pt", "training_args.bin"] {
            m.zip(&format!("{at}/{zip}"), 8)?;
        }
        for rank in 0..8 {
            m.zip(&format!("{at}/rng_state_{rank}.pth"), 16)?;
        }
        let shards: Vec<String> = (1..=4).map(|k| format!("model-{k:05}-of-00004.safetensors")).collect();
        let map: Vec<String> =
            shards.iter().enumerate().map(|(i, s)| format!(r#""layer.{i}": "{s}""#)).collect();
        m.text(
            &format!("{at}/model.safetensors.index.json"),
            format!(r#"{{"weight_map": {{{}}}}}"#, map.join(", ")),
        )?;
        for rank in 0..8 {
            let name = format!("zero_pp_rank_{rank}_mp_rank_00_optim_states.pt");
            m.zip(&format!("{at}/global_step{step}/{name}"), 3 << 20)?;
        }
        m.text(&format!("{at}/latest"), format!("global_step{step}"))?;
        for shard in &shards {
            forge.weights(&format!("{at}/{shard}"), 5_000)?;
        }
        let state = format!(
            r#"{{"best_metric": 0.81, "best_global_step": {best}, "best_model_checkpoint": "checkpoint-{best}", "epoch": 1.0, "global_step": {step}, "log_history": [], "max_steps": 10000}}"#
        );
        forge.maker.text(&format!("{at}/trainer_state.json"), state)?;
    }
    Ok(())
}

fn events(forge: &mut Forge, run: u64) -> io::Result<()> {
    const VERSION: &[u8] = b"\x09\0\0\0\0\0\0\0\0\x1a\x0dbrain.Event:2";
    const SCALAR: &[u8] = b"\x09\0\0\0\0\0\0\0\0\x10\x01\x2a\x0d\x0a\x0b\x0a\x04loss\x15\0\0\0?";
    forge.maker.days(35);
    for part in 0..8 {
        // One in sixteen was opened and closed again.
        let scalars = if part == 7 && run.is_multiple_of(2) { 0 } else { forge.random.between(20, 90) };
        let mut bytes = record(VERSION);
        (0..scalars).for_each(|_| bytes.extend(record(SCALAR)));
        let began = 1_700_000_000 + run * 60 + part;
        let name = format!("events.out.tfevents.{began}.gpu07.{}.{part}", 4_000 + run);
        forge.maker.text(&format!("logs/experiment-{run:04}/{name}"), bytes)?;
    }
    Ok(())
}

/// A record as `TensorFlow` frames it: length, its sum, the bytes, their sum (`lib/io/record_writer.h`).
fn record(bytes: &[u8]) -> Vec<u8> {
    let length = (bytes.len() as u64).to_le_bytes();
    [&length[..], &masked(&length).to_le_bytes(), bytes, &masked(bytes).to_le_bytes()].concat()
}

/// The CRC-32C of some bytes, rotated and shifted as `TensorFlow` does.
fn masked(bytes: &[u8]) -> u32 {
    let mut crc = !0_u32;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ 0x82F6_3B78 } else { crc >> 1 };
        }
    }
    (!crc).rotate_right(15).wrapping_add(0xA282_EAD8)
}

fn tracked(forge: &mut Forge, run: u64) -> io::Result<()> {
    let id = forge.random.hex(8);
    let at = format!("wandb/run-2024{:02}{:02}_{run:06}-{id}", run % 12 + 1, run % 28 + 1);
    forge.maker.days(55);
    for name in ["config.yaml", "requirements.txt", "output.log"] {
        forge.some_text(&format!("{at}/files/{name}"))?;
    }
    for name in ["wandb-metadata.json", "wandb-summary.json"] {
        forge.maker.text(&format!("{at}/files/{name}"), r#"{"_step": 1000, "loss": 0.42}"#)?;
    }
    let kib = forge.random.between(4, 4_096);
    forge.maker.room(&format!("{at}/run-{id}.wandb"), kib)
}
