//! What a training run starts from: a data set of images, projects with their virtual environments, Keras models,
//! and compiled kernels.

use std::io;

use super::Forge;

/// Fills a home.
pub fn fill(forge: &mut Forge) -> io::Result<()> {
    images(forge)?;
    for project in 0..2 {
        project_with_packages(forge, &format!("src/project-{project}"))?;
    }
    for number in 0..forge.count(60) {
        let name = format!("{}net{number}_weights_tf_dim_ordering_tf_kernels", forge.random.word());
        let kib = 1024 * forge.random.between(10, 600);
        forge.maker.days(90).hdf5(&format!(".keras/models/{name}.h5"), kib, false)?;
    }
    kernels(forge)
}

fn images(forge: &mut Forge) -> io::Result<()> {
    forge.maker.days(300);
    for class in 0..forge.count(1_000) {
        let name = format!("n{:08}", 1_440_764 + class * 7_919 % 9_000_000);
        for i in 0..500 {
            let kib = forge.random.between(20, 200);
            forge.maker.room(&format!("data/imagenet/train/{name}/{name}_{}.JPEG", i * 37 + class), kib)?;
        }
    }
    Ok(())
}

fn project_with_packages(forge: &mut Forge, at: &str) -> io::Result<()> {
    forge.maker.days(25);
    forge.maker.text(&format!("{at}/.venv/pyvenv.cfg"), "home = /usr/bin\nversion = 3.11.9\n")?;
    let site = format!("{at}/.venv/lib/python3.11/site-packages");
    let mut left = forge.count(18_000);
    let mut number = 0;
    while left > 0 {
        let name = format!("{}_{number}", forge.random.word());
        let many = forge.random.between(20, 600).min(left);
        for i in 0..many {
            let folder = if i % 12 == 0 { format!("{name}/part_{}", i / 12) } else { name.clone() };
            let word = forge.random.word();
            forge.some_text(&format!("{site}/{folder}/{word}_{i:x}.py"))?;
        }
        forge
            .maker
            .text(&format!("{site}/{name}-1.0.{number}.dist-info/METADATA"), "Metadata-Version: 2.1\n")?;
        left -= many;
        number += 1;
    }
    Ok(())
}

fn kernels(forge: &mut Forge) -> io::Result<()> {
    forge.maker.days(14);
    for number in 0..forge.count(4_000) {
        let at = format!(".triton/cache/{}", forge.random.hex(52).to_uppercase());
        let word = forge.random.word();
        for kind in ["json", "ttir", "ttgir", "llir", "ptx", "cubin"] {
            forge.some_text(&format!("{at}/triton_{word}_{number}.{kind}"))?;
        }
    }
    Ok(())
}
