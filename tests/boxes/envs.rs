//! Python environments, and what installers of packages keep.

use std::io;

use mldu::demo::Maker;

pub fn fill(m: &mut Maker) -> io::Result<()> {
    m.days(40);
    venvs(m)?;
    uv(m)?;
    pip(m)?;
    others(m)?;
    rattler(m)
}

fn environment(m: &mut Maker, at: &str) -> io::Result<()> {
    m.text(&format!("{at}/pyvenv.cfg"), "home = /usr/bin\nversion = 3.11.7\n")?;
    m.text(&format!("{at}/bin/activate"), "# sh\n")?;
    m.link("/nonexistent/bin/python3", &format!("{at}/bin/python"))?;
    m.text(&format!("{at}/lib/python3.11/site-packages/six-1.17.0.dist-info/METADATA"), "Name: six\n")?;
    m.room(&format!("{at}/lib/python3.11/site-packages/six.py"), 32)
}

fn venvs(m: &mut Maker) -> io::Result<()> {
    m.text("boxes/web/pyproject.toml", "[project]\n")?;
    environment(m, "boxes/web/.venv")?;
    environment(m, ".cache/pypoetry/virtualenvs/web-DloK0xit-py3.11")?;
    environment(m, ".local/share/virtualenvs/web-0a1b2c3d")?;
    m.text(".local/share/virtualenvs/web-0a1b2c3d/.project", "/no/such/project")?;
    environment(m, ".local/share/uv/tools/ruff")?;
    m.text(".local/share/uv/tools/ruff/uv-receipt.toml", "[tool]\n")?;
    environment(m, "boxes/mixed")?;
    m.room("boxes/mixed/results.bin", 16)
}

fn uv(m: &mut Maker) -> io::Result<()> {
    let at = ".cache/uv";
    m.text(&format!("{at}/CACHEDIR.TAG"), "Signature: 8a477f597d28d172789f06886806bc55")?;
    for (id, name) in
        [("cqKuKdJVywR2s9wp", "six"), ("GPbB2klke0UnUdw7", "idna"), ("uJx0bzulJ3btDHHP", "gone")]
    {
        m.room(&format!("{at}/archive-v0/{id}/{name}/x.py"), 16)?;
        m.text(&format!("{at}/archive-v0/{id}/{name}-1.0.dist-info/METADATA"), "Name: x\n")?;
        if name != "gone" {
            let entry = format!("{at}/wheels-v8/pypi/{name}/1.0-py3-none-any");
            m.link(&format!("../../../archive-v0/{id}"), &entry)?;
            m.text(
                &format!("{entry}.http"),
                format!("{id} https://files.pythonhosted.org/packages/{name}.whl\0"),
            )?;
        }
    }
    m.link("../../../archive-v0/cqKuKdJVywR2s9wp", &format!("{at}/wheels-v8/url/0a/six/1.0-py3-none-any"))?;
    m.text(&format!("{at}/wheels-v7/pypi/six/1.0-py3-none-any.msgpack"), "x")?;
    m.text(&format!("{at}/simple-v28/pypi/six.rkyv"), "x")?;
    m.room(&format!("{at}/sdists-v11/pypi/docopt/0.6.2/ri80iLTpq3fL_nQO/docopt-0.6.2-py3-none-any.whl"), 16)?;
    m.text(&format!("{at}/sdists-v11/pypi/docopt/0.6.2/ri80iLTpq3fL_nQO/metadata.msgpack"), "x")?;
    m.text(
        &format!("{at}/git-v2/db/33529cb72cd08fad/FETCH_HEAD"),
        "a6b8d3eb\t\tHEAD of https://github.com/o/repo\n",
    )?;
    m.room(&format!("{at}/.tmpAbC123/part"), 4)?;
    // An environment that is linked into the cache.
    m.text("boxes/soft/uv.lock", "version = 1\n")?;
    environment(m, "boxes/soft/.venv")?;
    m.link(
        &format!("../../../../../../../{at}/archive-v0/GPbB2klke0UnUdw7/idna/x.py"),
        "boxes/soft/.venv/lib/python3.11/site-packages/idna/x.py",
    )?;
    m.room(".local/share/uv/python/cpython-3.12.1-linux-x86_64-gnu/bin/python3", 32)
}

fn pip(m: &mut Maker) -> io::Result<()> {
    let at = ".cache/pip";
    let hash = |n: &str| format!("{n}/0/0/0/0/{n}{}", "0".repeat(55));
    m.text(
        &format!("{at}/http-v2/{}", hash("a")),
        b"cc=4,\xb3x-pypi-file-project\xa5torch\xb3x-pypi-file-version\xa52.3.0",
    )?;
    m.room(&format!("{at}/http-v2/{}.body", hash("a")), 64)?;
    m.text(&format!("{at}/http-v2/{}", hash("b")), b"cc=4,\xacContent-Type\xa9text/html")?;
    m.text(&format!("{at}/http-v2/{}.body", hash("b")), "<html>")?;
    m.text(&format!("{at}/http-v2/{}.body", hash("c")), "half")?;
    m.text(&format!("{at}/http/{}", hash("d")), b"cc=4,\xb3x-pypi-file-project\xa3six")?;
    m.room(&format!("{at}/wheels/1a/b0/8c/4b75/docopt-0.6.2-py2.py3-none-any.whl"), 16)?;
    m.text(
        &format!("{at}/wheels/1a/b0/8c/4b75/origin.json"),
        r#"{"url":"https://files.pythonhosted.org/docopt-0.6.2.tar.gz"}"#,
    )?;
    m.text(&format!("{at}/selfcheck/0a1b"), "{}")?;
    m.text(".cache/pipenv/depcache3.11.json", "{}")
}

fn others(m: &mut Maker) -> io::Result<()> {
    let rest = "b25e76cf857f973e876f1cf61ab00fcfb0e21981d68dc5128b357f4eb9";
    m.room(&format!(".cache/pypoetry/artifacts/d7/9b/84/{rest}/idna-3.20-py3-none-any.whl"), 16)?;
    m.text(".cache/pypoetry/cache/repositories/PyPI/_http_/3/6/a/b/0/36ab.body", "x")?;
    m.room(".cache/pdm/packages/six-1.17.0-py2.py3-none-any.whl.cache/six.py", 16)?;
    m.text(".cache/pdm/hashes/0a", "x")?;
    m.room(".cache/virtualenv/wheel/3.11/image/1/CopyPipInstall/pip-26.3-py3-none-any/pip/x.py", 16)?;
    m.room(".cache/virtualenv/wheel/house/pip-26.3-py3-none-any.whl", 16)
}

fn rattler(m: &mut Maker) -> io::Result<()> {
    let at = ".cache/rattler/cache";
    m.text(&format!("{at}/pkgs/zlib-1.3-h1_0/info/index.json"), "{}")?;
    m.room(&format!("{at}/pkgs/zlib-1.3-h1_0/lib/libz.so"), 32)?;
    m.text(&format!("{at}/pkgs/zlib-1.3-h1_0.lock"), "x")?;
    m.room(&format!("{at}/pkgs/.numpy-2.0-py311_0aZ3f9k/lib/x"), 8)?;
    m.text(&format!("{at}/pkgs/.cache.lock"), "")?;
    m.text(&format!("{at}/repodata/0a1b2c3d.json"), "{}")?;
    m.text(&format!("{at}/uv-cache/CACHEDIR.TAG"), "x")?;
    m.room(&format!("{at}/uv-cache/archive-v0/x/y"), 4)?;
    m.text(&format!("{at}/uv-cache/simple-v28/pypi/y.rkyv"), "x")
}
