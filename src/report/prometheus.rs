//! What was found, for monitoring: Prometheus' text format (0.0.4), for the node exporter's textfile collector or a
//! Pushgateway. All numbers are of this moment, so there are no timestamps; no path of a person and no name of one is
//! a label.

use std::fmt::Write as _;

use crate::model::inventory::Inventory;
use crate::model::measure::Measure;
use crate::text;

/// A metric and what its series are made of.
struct Metric {
    name: &'static str,
    help: &'static str,
    series: Vec<(Vec<(&'static str, String)>, f64)>,
}

/// The text. `now` is in seconds since 1970.
pub fn text(inventory: &Inventory, now: i64) -> String {
    let mut out = String::new();
    for metric in metrics(inventory, now) {
        if metric.series.is_empty() {
            continue;
        }
        let _ = writeln!(out, "# HELP {} {}\n# TYPE {} gauge", metric.name, metric.help, metric.name);
        for (labels, value) in metric.series {
            let labels: Vec<String> = labels.iter().map(|(k, v)| format!("{k}=\"{}\"", escape(v))).collect();
            let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
            let _ = writeln!(out, "{}{labels} {value}", metric.name);
        }
    }
    out
}

fn metrics(inventory: &Inventory, now: i64) -> Vec<Metric> {
    let mut category = [
        Metric::new("mldu_category_bytes", "Bytes on disk of a group of caches on a mount, each inode once."),
        Metric::new("mldu_category_files", "Inodes of a group of caches on a mount."),
    ];
    let mut reclaimable = Metric::new(
        "mldu_reclaimable_bytes",
        "Bytes that come back if all goes that nobody misses (safe), or that can be downloaded again.",
    );
    let mut space = [
        Metric::new("mldu_mount_size_bytes", "Size of a mounted file system."),
        Metric::new(
            "mldu_mount_avail_bytes",
            "Bytes left on a mount for users; what is kept for root is not among them.",
        ),
        Metric::new("mldu_mount_used_ratio", "Used part of what users can have on a mount, from 0 to 1."),
        Metric::new("mldu_mount_inodes", "Inodes of a mounted file system, where their number is fixed."),
        Metric::new("mldu_mount_inodes_free", "Inodes left on a mount, where their number is fixed."),
    ];
    for mount in &inventory.mounts {
        let at = || vec![("mount", text::path(&mount.path))];
        for (group, Measure { usage, .. }) in inventory.groups_on(&mount.path) {
            let labels = [vec![("category", group.id().to_string())], at()].concat();
            category[0].series.push((labels.clone(), usage.on_disk as f64));
            category[1].series.push((labels, usage.files as f64));
        }
        let (safe, fetched) = inventory.can_go(Some(&mount.path));
        for (safety, bytes) in [("safe", safe), ("re-download", fetched)] {
            reclaimable.series.push(([at(), vec![("safety", safety.to_string())]].concat(), bytes as f64));
        }
        let Some(s) = mount.space else { continue };
        let inodes = [s.inodes, s.inodes_available].map(|n| n.map(|n| n as f64));
        let values = [Some(s.total as f64), Some(s.available as f64), Some(s.share()), inodes[0], inodes[1]];
        for (metric, value) in space.iter_mut().zip(values) {
            metric.series.extend(value.map(|value| (at(), value)));
        }
    }
    let scan = [
        Metric::of("mldu_scan_entries", "Entries that were read.", inventory.total().files as f64),
        Metric::of("mldu_scan_duration_seconds", "How long reading took.", inventory.progress.seconds),
        Metric::of("mldu_scan_errors", "Things that could not be read.", inventory.problems.count as f64),
        Metric::of("mldu_last_success_timestamp_seconds", "When this was written.", now as f64),
    ];
    category.into_iter().chain([reclaimable]).chain(space).chain(scan).collect()
}

impl Metric {
    fn new(name: &'static str, help: &'static str) -> Self {
        Self { name, help, series: Vec::new() }
    }

    fn of(name: &'static str, help: &'static str, value: f64) -> Self {
        Self { series: vec![(Vec::new(), value)], ..Self::new(name, help) }
    }
}

/// In a label a backslash, a quote and a new line are escaped. A name that is not text was made text before.
fn escape(value: &str) -> String {
    value.replace('\\', r"\\").replace('"', "\\\"").replace('\n', r"\n")
}
