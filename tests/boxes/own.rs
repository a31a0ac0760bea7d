//! A person's own table, and a cache it declares.

use std::io;

use mldu::demo::Maker;

const TABLE: &str = r#"
[[cache]]
id = "foolib"
name = "foolib"
category = "hub"
verdict = "re-download"
env = ["FOOLIB_HOME"]
path = ["cache:foolib"]
items = ["models/*"]
protect = ["credentials.json"]
partial = ["**/*.part"]
archives = ["models/*.zip"]
except = [{ match = "mine/*", verdict = "look-first", kind = "model of mine" }]
kind = "model"
hint = "foolib.load fetches it again"
"#;

pub fn fill(m: &mut Maker) -> io::Result<()> {
    m.days(50);
    m.room("data/.mldu-deleting-0123456789abcdef/half/weights.bin", 8)?;
    m.text(".config/mldu/caches.d/foolib.toml", TABLE)?;
    m.room(".cache/foolib/models/net/weights.bin", 16)?;
    m.room(".cache/foolib/models/net/weights.bin.part", 8)?;
    m.zip(".cache/foolib/models/net.zip", 8)?;
    m.room(".cache/foolib/mine/net/weights.bin", 8)?;
    m.text(".cache/foolib/credentials.json", "{}")
}
