//! Environments are written down before anything of them goes.

use super::Runner;
use crate::removal::plan::{Action, Step};
use crate::removal::recipe::{self, Written};

impl Runner<'_> {
    /// Writes the environments of a line down before the first of its steps. Why it must stay if that was not possible:
    /// only the trash keeps what was in it.
    pub(super) fn unlisted(&mut self, step: &Step) -> Option<String> {
        let (env, lists) = (self.env, &mut self.report.lists);
        let environments = self.plan.lines.get(step.line()).map_or(&[][..], |l| &l.environments);
        let write = || {
            let date = jiff::Zoned::now().strftime("%Y%m%d-%H%M%S").to_string();
            let written: Vec<Written> = environments.iter().map(|e| recipe::write(env, e, &date)).collect();
            let why = written.iter().find_map(|w| w.files.as_ref().err().cloned());
            lists.extend(written);
            why
        };
        let why = self.listed.entry(step.line()).or_insert_with(write).clone()?;
        (step.action() == Action::Delete).then(|| format!("its list could not be written: {why}"))
    }
}
