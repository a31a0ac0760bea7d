//! What lies beside the models in `~/.ollama`: the machine's key, settings, chats, logs.

use crate::families::{Folder, StoreView};
use crate::model::item::NewItem;
use crate::model::verdict::Verdict;

/// Finds it.
pub fn items(store: &StoreView<'_>, root: &Folder<'_>) -> Vec<NewItem> {
    let mut items = Vec::new();
    let key: Vec<_> = root.files().into_iter().filter(|f| f.name().starts_with("id_ed25519")).collect();
    if !key.is_empty() {
        let item = NewItem::new("secret", "key of this machine", Verdict::Protected);
        let item = key.iter().fold(item, |item, file| item.body(file.node));
        items.push(item.note("registries know the machine by it"));
    }
    for file in root.files().iter().filter(|f| ["config.json", "server.json"].contains(&f.name())) {
        items.push(NewItem::new("settings", file.shown(), Verdict::Protected).body(file.node));
    }
    for folder in root.folders().iter().filter(|f| ["config", "backup"].contains(&f.name())) {
        let item = NewItem::new("settings", folder.shown(), Verdict::Protected).body(folder.node());
        items.push(match folder.name() {
            "backup" => item.note("settings of other programs, kept before Ollama changed them"),
            _ => item,
        });
    }
    if let Some(file) = root.file("history") {
        let item = NewItem::new("history", "typed prompts", Verdict::LookFirst).body(file.node);
        items.push(item);
    }
    let chats: Vec<_> = root.files().into_iter().filter(|f| f.name().starts_with("db.sqlite")).collect();
    if !chats.is_empty() {
        let item = NewItem::new("chats", "chats and settings of the desktop program", Verdict::LookFirst);
        items.push(chats.iter().fold(item, |item, file| item.body(file.node)));
    }
    items.extend(root.folder("logs").and_then(|logs| self::logs(store, &logs)));
    items
}

fn logs(store: &StoreView<'_>, folder: &Folder<'_>) -> Option<NewItem> {
    let mut item = NewItem::new("logs", "logs", Verdict::Safe).key("logs");
    for file in folder.files() {
        if file.name().contains(".log") && !store.is_live(&file) {
            item = item.body(file.node);
        }
    }
    (!item.parts.is_empty()).then_some(item)
}
