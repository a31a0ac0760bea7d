//! Totals: every inode once within each directory that contains it, whatever the order in which it was met.

use super::{NONE, Tree};
use crate::model::links::LinkSlot;
use crate::model::packed;
use crate::model::usage::{BLOCK, Usage};

/// Linked inodes are added up in so many parts at most, and in parts of at least so many.
const PARTS: u32 = 4;
const PART: u32 = 1 << 15;

impl Tree {
    /// Computes all totals anew: every inode once within each directory that contains it.
    pub fn roll_up(&mut self) {
        let mut linking: Vec<u32> = Vec::new();
        for (dir, at) in self.dirs.iter_mut().zip(0..) {
            let head = packed::head(&dir.block);
            if head.has_links() {
                linking.push(at);
            }
            let mut own = Usage::default();
            if dir.state.has_files() {
                own += head.itself;
                own += head.plain;
            }
            dir.newest = head.newest;
            dir.total = own;
        }
        for at in (1..self.dirs.len()).rev() {
            let (parent, total, newest) = (self.dirs[at].parent, self.dirs[at].total, self.dirs[at].newest);
            if parent != NONE {
                let above = &mut self.dirs[parent as usize];
                above.total += total;
                above.newest = above.newest.max(newest);
            }
        }
        self.roll_up_links(&linking);
        for dir in &mut self.dirs {
            if dir.newest == 0 {
                dir.newest = dir.mtime;
            }
        }
    }

    /// Adds every linked inode once to each directory that contains one of its names or more: for one inode
    /// after the other, climb from each name until a directory that has it already.
    fn roll_up_links(&mut self, linking: &[u32]) {
        let bound = self.links.bound() as u32;
        let mut stamp = vec![NONE; if bound == 0 { 0 } else { self.dirs.len() }];
        // A part of the inodes at a time: what this needs for a while is memory too. But each part looks at all who link.
        let part = bound.div_ceil(PARTS).max(PART);
        for from in (0..bound).step_by(part as usize) {
            self.roll_up_some_links(from, part, linking, &mut stamp);
        }
    }

    fn roll_up_some_links(&mut self, from: u32, part: u32, linking: &[u32], stamp: &mut [u32]) {
        let here = |slot: LinkSlot| slot.0.checked_sub(from).filter(|i| *i < part);
        // Names grouped by inode, by counting: first how many, then where they end, then who, from the end down.
        let mut begins = vec![0_u32; part as usize + 1];
        for dir in linking {
            for at in self.dirs[*dir as usize].head().links().filter_map(here) {
                begins[at as usize] += 1;
            }
        }
        let mut end = 0;
        for begin in &mut begins {
            end += *begin;
            *begin = end;
        }
        let mut names = vec![0_u32; end as usize];
        for dir in linking {
            for slot in self.dirs[*dir as usize].head().links().filter_map(here) {
                let place = &mut begins[slot as usize];
                *place -= 1;
                names[*place as usize] = *dir;
            }
        }
        for at in 0..part {
            let slot = from + at;
            let names = &names[begins[at as usize] as usize..begins[at as usize + 1] as usize];
            let Some(inode) = self.links.find(LinkSlot(slot)).filter(|_| !names.is_empty()) else { continue };
            let usage = Usage { on_disk: inode.blocks * BLOCK, apparent: inode.size, files: 1 };
            for &name in names {
                let mut at = name;
                while at != NONE && stamp[at as usize] != slot {
                    stamp[at as usize] = slot;
                    self.dirs[at as usize].total += usage;
                    at = self.dirs[at as usize].parent;
                }
            }
        }
    }
}
