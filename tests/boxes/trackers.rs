//! Trackers of experiments, scratch of workers, Jupyter's copies and dumps.

use std::io;

use mldu::demo::Maker;

pub fn fill(m: &mut Maker) -> io::Result<()> {
    trackers(m)?;
    caches(m)?;
    scratch(m)?;
    notebooks(m)
}

fn trackers(m: &mut Maker) -> io::Result<()> {
    let runs = "exp/wandb";
    let log = b":W&B\xe1\xbe\0\0\0\0\0\x0b\0\x01\x08\x02\x8a\x01\x06\x1a\x01v\x42\x01n";
    m.days(40).text(&format!("{runs}/offline-run-20261001_101500-aaaa1111/run-aaaa1111.wandb"), log)?;
    m.text(&format!("{runs}/offline-run-20261002_101500-bbbb2222/run-bbbb2222.wandb"), log)?;
    m.text(&format!("{runs}/offline-run-20261002_101500-bbbb2222/run-bbbb2222.wandb.synced"), "")?;
    m.room(&format!("{runs}/run-20261003_101500-cccc3333/files/media/x.png"), 64)?;
    m.text(&format!("{runs}/run-20261003_101500-cccc3333/run-cccc3333.wandb"), log)?;
    m.link("run-20261003_101500-cccc3333", &format!("{runs}/latest-run"))?;
    m.link("offline-run-gone/logs/debug.log", &format!("{runs}/debug.log"))?;
    m.text(&format!("{runs}/settings"), "[default]\n")?;
    let run = "exp/mlruns/192000950322098636";
    m.text("exp/mlruns/0/meta.yaml", "name: Default\n")?;
    m.text(&format!("{run}/meta.yaml"), "name: vit\n")?;
    for (letter, stage) in [("a", "active"), ("b", "deleted")] {
        let at = format!("{run}/{}", letter.repeat(32));
        m.text(
            &format!("{at}/meta.yaml"),
            format!("lifecycle_stage: {stage}\nrun_name: {letter}\nstatus: 3\n"),
        )?;
        m.room(&format!("{at}/artifacts/model.pt"), 64)?;
    }
    m.text("exp/mlruns/.trash/5492/meta.yaml", "name: gone\n")?;
    m.room("exp/mlflow.db", 16)?;
    m.text("exp/.neptune/offline/run__0a0b/data-1.log", "{}")?;
    m.room("exp/.cometml-runs/0a0b.zip", 16)?;
    let hydra = "exp/outputs/2026-10-20/11-12-13";
    m.text(&format!("{hydra}/.hydra/config.yaml"), "lr: 1\n")?;
    m.text(&format!("{hydra}/.hydra/hydra.yaml"), "hydra: {}\n")?;
    m.text(&format!("{hydra}/.hydra/overrides.yaml"), "- lr=1\n")?;
    m.room(&format!("{hydra}/ckpt/epoch_1.pt"), 16)?;
    m.room(&format!("{hydra}/ckpt/epoch_2.pt"), 16)
}

fn caches(m: &mut Maker) -> io::Result<()> {
    m.days(30).room(".cache/wandb/artifacts/obj/md5/ab/cdef", 32)?;
    m.room(".cache/wandb/artifacts/tmp/tmpx1", 16)?;
    m.room(".local/share/wandb/artifacts/staging/tmp2jrqpqi7", 16)?;
    m.text("exp/.dvc/config", "[cache]\n    type = symlink\n")?;
    let (hash, dir) = ("0a".repeat(15), "0b".repeat(15));
    m.room(&format!("exp/.dvc/cache/files/md5/01/{hash}"), 32)?;
    m.text(&format!("exp/.dvc/cache/files/md5/02/{dir}.dir"), "[]")?;
    m.text(&format!("exp/.dvc/cache/files/md5/02/.{}.tmp", "aB-_z".repeat(4) + "xy"), "torn")?;
    m.room(&format!("exp/.dvc/cache/03/{hash}"), 16)?;
    m.text("exp/.dvc/tmp/exps/celery/1.msg", "{}")?;
    m.room(&format!("remote/files/md5/01/{hash}"), 32)?;
    m.room(".clearml/cache/storage_manager/global/0a0b.model.pt", 32)?;
    m.room(".clearml/cache/offline/offline-0a0b.zip", 16)?;
    let function = "exp/memory/joblib/__main__--exp-prepare/load";
    m.text(&format!("{function}/func_code.py"), "# first line: 3\n")?;
    m.room(&format!("{function}/{}/output.pkl", "c".repeat(32)), 32)?;
    m.text(&format!("{function}/{}/metadata.json", "c".repeat(32)), "{\"duration\": 90.5}")?;
    m.text(&format!("{function}/{}/output.pkl.{}-47-13", "d".repeat(32), "0a".repeat(16)), "torn")
}

fn scratch(m: &mut Maker) -> io::Result<()> {
    let session = "session_2026-10-12_11-12-13_123456_4194399";
    m.days(20).room(&format!("tmp/ray/{session}/ray_spilled_objects/0a0b"), 32)?;
    m.link(session, "tmp/ray/session_latest")?;
    m.room("tmp/dask-scratch-space/worker-0a0b/storage/a", 32)?;
    m.text("tmp/dask-scratch-space/worker-0a0b.dirlock", "")?;
    m.room("tmp/joblib_memmapping_folder_4194399_0a_0b/x.pkl", 16)?;
    m.room("tmp/spark-0a0b0c0d-0123-4567-89ab-0123456789ab/x", 16)
}

fn notebooks(m: &mut Maker) -> io::Result<()> {
    let whole = "{\n \"cells\": []\n}\n";
    m.days(5).text("notes/.ipynb_checkpoints/a-checkpoint.ipynb", whole)?;
    m.text("notes/.ipynb_checkpoints/b-checkpoint.ipynb", whole)?;
    m.text("notes/a.ipynb", "{\n \"cells\": [")?;
    m.text("notes/.~a.ipynb", whole)?;
    m.text("notes/c.ipynb.invalid", "{")?;
    m.text(".local/share/jupyter/runtime/jpserver-4194399.json", "{}")?;
    m.text(".local/share/jupyter/runtime/jupyter_cookie_secret", "x")?;
    let mut core = vec![0; 64];
    core[..6].copy_from_slice(b"\x7fELF\x02\x01");
    core[16] = 4;
    m.text("crash/core.4711", &core)?;
    m.room("crash/train.nsys-rep", 16)?;
    m.room("crash/train.sqlite", 16)
}
