//! Runs of the programs whose steps are folders or files of several processes.

use std::io;

use mldu::demo::Maker;

pub fn fill(m: &mut Maker) -> io::Result<()> {
    m.days(40);
    in_folders(m)?;
    in_files(m)
}

fn in_folders(m: &mut Maker) -> io::Result<()> {
    for n in [500, 1000] {
        let at = format!("runs/deepspeed/global_step{n}");
        m.room(&format!("{at}/mp_rank_00_model_states.pt"), 32)?;
        for rank in 0..3 {
            m.room(&format!("{at}/bf16_zero_pp_rank_{rank}_mp_rank_00_optim_states.pt"), 32)?;
        }
        let at = format!("runs/megatron/iter_{n:07}");
        for name in ["__0_0.distcp", ".metadata", "common.pt", "metadata.json"] {
            m.room(&format!("{at}/{name}"), 16)?;
        }
        let at = format!("runs/accelerate/step_{n}");
        for name in ["model.safetensors", "optimizer.bin", "random_states_0.pkl"] {
            m.room(&format!("{at}/{name}"), 16)?;
        }
        m.room(&format!("runs/titan/step-{n}/__0_0.distcp"), 16)?;
        m.room(&format!("runs/titan/step-{n}/.metadata"), 4)?;
    }
    m.text("runs/deepspeed/latest", "global_step1000")?;
    m.text("runs/megatron/latest_checkpointed_iteration.txt", "1000")?;
    m.room("runs/exported/__0_0.distcp", 16)?;
    m.room("runs/exported/.metadata", 4)?;
    let trial = "ray_results/tune/trial_0";
    m.room(&format!("{trial}/checkpoint_000000/model.pt"), 16)?;
    m.text(&format!("{trial}/result.json"), "{}\n")?;
    m.text(&format!("{trial}/params.json"), "{}\n")?;
    let of = r#"{"checkpoint_dir_name": "checkpoint_2026-10-20_09-00-00.000123", "metrics": {}}"#;
    m.room("ray_results/v2/checkpoint_2026-10-20_09-00-00.000123/model.pt", 16)?;
    m.text(
        "ray_results/v2/checkpoint_manager_snapshot.json",
        format!(r#"{{"checkpoint_results": [{of}], "latest_checkpoint_result": {of}}}"#),
    )
}

fn in_files(m: &mut Maker) -> io::Result<()> {
    for rank in 0..2 {
        m.zip(&format!("runs/fairseq/checkpoint1-shard{rank}.pt"), 16)?;
        m.zip(&format!("runs/fairseq/checkpoint2-shard{rank}.pt"), 16)?;
        m.zip(&format!("runs/composer/ep0-ba50-rank{rank}.pt"), 16)?;
        m.zip(&format!("runs/composer/ep1-ba100-rank{rank}.pt"), 16)?;
        m.link(&format!("ep1-ba100-rank{rank}.pt"), &format!("runs/composer/latest-rank{rank}.pt"))?;
    }
    for n in [1, 2] {
        m.zip(&format!("runs/mm/epoch_{n}.pth"), 16)?;
        m.zip(&format!("runs/timm/checkpoint-{n}.pth.tar"), 16)?;
        m.zip(&format!("runs/sb3/rl_model_{n}000_steps.zip"), 16)?;
        m.room(&format!("runs/sb3/rl_model_replay_buffer_{n}000_steps.pkl"), 32)?;
        m.zip(&format!("runs/nemo/asr--val_wer=0.2{n}-epoch={n}.ckpt"), 16)?;
    }
    m.text("runs/mm/last_checkpoint", "/old/box/mm/epoch_2.pth")?;
    m.zip("runs/timm/last.pth.tar", 16)?;
    m.room("runs/timm/tmp.pth.tar", 8)?;
    m.zip("runs/nemo/asr--val_wer=0.20-epoch=3.ckpt", 16)?;
    m.text("runs/nemo/asr--val_wer=0.20-epoch=3-unfinished", "")?;
    for name in ["best", "last", "epoch0"] {
        m.zip(&format!("runs/detect/train/weights/{name}.pt"), 16)?;
    }
    Ok(())
}
