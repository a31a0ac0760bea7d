//! What lies in the trash while the library whose store it is cleans up, and is then brought back.

use mldu::env::Env;
use mldu::model::marks::{Mark, Marks};
use mldu::removal::plan::How;
use mldu::removal::restore;
use serde_json::{Value, json};

use crate::client::Client;
use crate::world::{World, contents};

/// Moves one thing to the trash, lets the library do something, and brings it back byte for byte.
fn away(client: &Client, store: &str, wanted: &str, what: &str) -> Value {
    let world = World::on(&client.home, Env::fixed(&client.home));
    let inventory = world.scan();
    let item = inventory.items().find(|i| i.name == wanted || i.key.ends_with(wanted)).expect(wanted);
    let mut marks = Marks::default();
    marks.insert(Mark::Item(item.id));
    let before = contents(&client.home.join(store));
    let plan = world.plan(&inventory, &marks, How::Trash);
    assert!(plan.refused.is_empty(), "{:?}", plan.refused);
    let report = world.run(&plan);
    assert!(report.is_clean(), "{:?}", report.steps);
    let said = client.ask(what);
    for item in restore::plan(&world.trashed(), |_| true) {
        assert!(item.run().iter().all(|r| r.failed.is_none()), "{item:?}");
    }
    assert_eq!(contents(&client.home.join(store)), before, "it is back as it was");
    said
}

/// `hf cache prune` finds nothing of a revision that lies in the trash, and the library loads it when it is back.
#[test]
#[ignore = "needs the libraries of tests/interop/requirements.txt"]
fn a_revision() {
    let client = Client::make("hub");
    let old = "1".repeat(40);
    let said = away(&client, ".cache/huggingface/hub/models--acme--tiny", &old, "prune");
    assert_eq!(said["pruned"], json!([]), "there is nothing left to prune");
    assert!(said["repos"]["model acme/tiny"]["revisions"].get(&old).is_none());
    assert_eq!(client.ask("listed"), client.said, "both revisions load, as if nothing had been");
}

/// `dvc gc` removes nothing of a cache that lies in the trash, and the project comes out of it when it is back.
#[test]
#[ignore = "needs the libraries of tests/interop/requirements.txt"]
fn a_cache_of_versions() {
    let client = Client::make("dvc_repo");
    away(&client, "project/.dvc/cache", "objects", "clean");
    assert_eq!(client.verify()["after"], client.said["status"]);
}
