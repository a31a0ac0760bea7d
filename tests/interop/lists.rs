//! Environments that are made again from nothing but what mldu wrote of them before they went.

use mldu::env::Env;
use mldu::model::marks::{Mark, Marks};
use mldu::removal::execute::Report;
use mldu::removal::plan::{How, Plan};
use serde_json::json;

use crate::client::Client;
use crate::world::World;

/// Deletes all environments of a home for good.
fn delete_environments(client: &Client) -> (Plan, Report) {
    let world = World::on(&client.home, Env::fixed(&client.home));
    let inventory = world.scan();
    let mut marks = Marks::default();
    for item in inventory.items().filter(|i| i.kind == "environment") {
        marks.insert(Mark::Item(item.id));
    }
    let plan = world.plan(&inventory, &marks, How::ForGood);
    assert!(plan.refused.is_empty(), "{:?}", plan.refused);
    let report = world.run(&plan);
    assert!(report.is_clean(), "{:?}", report.steps);
    (plan, report)
}

/// One by venv and pip, with a package by address and one that is worked on where it is; one by uv.
#[test]
#[ignore = "needs the libraries of tests/interop/requirements.txt"]
fn pip_and_uv_make_their_environments_again_from_the_lists() {
    let client = Client::make("listed_pip");
    let (plan, report) = delete_environments(&client);
    assert_eq!((plan.lines.len(), report.lists.len()), (2, 2));
    let said = plan.lines.iter().find(|l| l.name == "api").expect("api").lists.join("; ");
    assert!(said.contains("of this machine: mine 0.4, words 2.0"), "{said}");
    let again = client.verify();
    assert_eq!(again["packages"], client.said, "the same packages as before");
    assert_eq!(again["ran"], "1.0 2.0 0.4");
    assert_eq!(again["lists"], json!(["api", "net"]));
}

/// One by rattler: the list is read by rattler's own parser, and what it names is what was there.
#[test]
#[ignore = "needs the libraries of tests/interop/requirements.txt"]
fn rattler_makes_its_environment_again_from_the_list() {
    let client = Client::make("listed_conda");
    let (_, report) = delete_environments(&client);
    assert_eq!(report.lists.len(), 1);
    let again = client.verify();
    assert_eq!(again["listed"], client.said["known"], "addresses and checksums as rattler recorded them");
    assert_eq!(again["installed"], client.said["installed"]);
}
