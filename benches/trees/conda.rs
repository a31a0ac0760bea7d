//! Conda: packages in `pkgs`, their archives beside them, and four environments made of hard links to them.

use std::io;

use super::Forge;

const ROOT: &str = "miniforge3";
const CHANNEL: &str = "https://conda.anaconda.org/conda-forge/linux-64";
const ENVIRONMENTS: &[&str] = &["torch", "jax", "vllm", "eval"];

/// How many packages are in an install at scale 1.
const PACKAGES: u64 = 320;

/// A package: its name with version and build, its record, and its files.
struct Package {
    stem: String,
    record: String,
    files: Vec<String>,
}

/// Fills an install.
pub fn fill(forge: &mut Forge) -> io::Result<()> {
    let m = forge.maker.days(150);
    m.text(&format!("{ROOT}/conda-meta/history"), "==> 2024-06-01 10:00:00 <==\n")?;
    m.text(&format!("{ROOT}/bin/conda"), "#!/bin/sh\n")?;
    m.text(&format!("{ROOT}/condabin/conda"), "#!/bin/sh\n")?;
    let mut packages = Vec::new();
    for number in 0..forge.count(PACKAGES).max(4) {
        packages.push(package(forge, number)?);
    }
    let urls: Vec<String> = packages.iter().map(|p| format!("{CHANNEL}/{}.conda\n", p.stem)).collect();
    forge.maker.text(&format!("{ROOT}/pkgs/urls.txt"), urls.concat())?;
    for name in ENVIRONMENTS {
        environment(forge, &format!("{ROOT}/envs/{name}"), &packages)?;
    }
    Ok(())
}

fn package(forge: &mut Forge, number: u64) -> io::Result<Package> {
    let name = if number == 0 { "python".into() } else { format!("{}-{number}", forge.random.word()) };
    let version = if number == 0 { "3.11.9".into() } else { format!("{}.{}.0", number % 7, number % 23) };
    let build = format!("h{}_0", forge.random.hex(7));
    let stem = format!("{name}-{version}-{build}");
    let files = layout(forge, &name, &version);
    let at = format!("{ROOT}/pkgs/{stem}");
    forge.maker.days(60 + (number % 90) as i64);
    for file in &files {
        match file.rsplit('.').next() {
            Some("so") => {
                let kib = 4 * forge.random.between(8, 4096);
                forge.maker.file(&format!("{at}/{file}"), kib, b"\x7fELF\x02\x01\x01", b"")?;
            }
            _ => forge.some_text(&format!("{at}/{file}"))?,
        }
    }
    let record = format!(
        r#""name": "{name}", "version": "{version}", "build": "{build}", "build_number": 0, "subdir": "linux-64", "depends": [], "fn": "{stem}.conda", "url": "{CHANNEL}/{stem}.conda", "channel": "{CHANNEL}""#
    );
    let paths: Vec<String> =
        files.iter().map(|f| format!(r#"{{"_path": "{f}", "path_type": "hardlink"}}"#)).collect();
    let m = &mut forge.maker;
    m.text(&format!("{at}/info/index.json"), format!("{{{record}}}"))?;
    m.text(&format!("{at}/info/repodata_record.json"), format!("{{{record}}}"))?;
    m.text(&format!("{at}/info/files"), files.join("\n"))?;
    m.text(
        &format!("{at}/info/paths.json"),
        format!(r#"{{"paths": [{}], "paths_version": 1}}"#, paths.join(", ")),
    )?;
    m.text(&format!("{at}/info/about.json"), r#"{"license": "MIT"}"#)?;
    m.zip(&format!("{ROOT}/pkgs/{stem}.conda"), 256 + 4 * files.len() as u64)?;
    Ok(Package { stem, record, files })
}

/// The files of a package: most are small, some are large, and the numbers differ a lot.
fn layout(forge: &mut Forge, name: &str, version: &str) -> Vec<String> {
    let random = &mut forge.random;
    let many = if random.percent(12) { random.between(600, 2000) } else { random.between(8, 220) };
    let site = format!("lib/python3.11/site-packages/{}", name.replace('-', "_"));
    let mut files: Vec<String> = ["METADATA", "RECORD", "WHEEL", "INSTALLER", "top_level.txt"]
        .iter()
        .map(|f| format!("{site}-{version}.dist-info/{f}"))
        .collect();
    let mut folders = vec![site.clone()];
    for i in 0..many {
        if random.percent(8) {
            let above = random.below(folders.len() as u64) as usize;
            folders.push(format!("{}/{}_{}", folders[above], random.word(), folders.len()));
        }
        let folder = &folders[random.below(folders.len() as u64) as usize];
        let extension = match random.below(20) {
            0 => "so",
            1 | 2 => "json",
            3 | 4 => "pyi",
            5 | 6 => "h",
            _ => "py",
        };
        files.push(format!("{folder}/{}_{i:x}.{extension}", random.word()));
    }
    files
}

fn environment(forge: &mut Forge, at: &str, packages: &[Package]) -> io::Result<()> {
    forge.maker.days(40).text(&format!("{at}/conda-meta/history"), "==> 2024-08-20 10:00:00 <==\n")?;
    for package in packages {
        if forge.random.percent(14) {
            continue;
        }
        for file in &package.files {
            forge
                .maker
                .hard_link(&format!("{ROOT}/pkgs/{}/{file}", package.stem), &format!("{at}/{file}"))?;
            let (folder, name) = file.rsplit_once('/').unwrap_or(("", file));
            if let Some(name) = name.strip_suffix(".py").filter(|_| forge.random.percent(60)) {
                forge.some_text(&format!("{at}/{folder}/__pycache__/{name}.cpython-311.pyc"))?;
            }
        }
        let files: Vec<String> = package.files.iter().map(|f| format!("\"{f}\"")).collect();
        let record = format!(
            r#"{{{}, "files": [{}], "link": {{"type": 1, "source": ""}}}}"#,
            package.record,
            files.join(", ")
        );
        forge.maker.text(&format!("{at}/conda-meta/{}.json", package.stem), record)?;
    }
    Ok(())
}
