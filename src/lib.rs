//! mldu: see what fills the disk of a machine-learning box, and let go of it without regret.
//!
//! The map, from the top down; imports go down only (`tests/layering.rs`):
//!
//! * [`scan`] reads the disk in the background, [`families`] say what lies in it
//! * [`model`] holds the nouns: tree, stores, items, sums; values only
//! * [`env`] is the world around the program, [`sys`] the system calls, [`text`] everything that is shown

pub mod app;
pub mod cli;
pub mod commands;
pub mod demo;
pub mod diagnose;
pub mod env;
pub mod families;
pub mod model;
pub mod removal;
pub mod report;
pub mod scan;
pub mod settings;
pub mod sys;
pub mod text;
pub mod tui;
pub mod ui;

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;

use cli::{By, Cli, Command, FormArg, FreeArgs, TrashCommand};
use commands::carry::Carry;
use commands::interrupted::Act;
use commands::report::{As, Asked, Limit};
use commands::{Exit, complain};
use env::Env;
use removal::plan::How;
use report::Tell;
use report::places::Form;
use settings::Settings;

/// Runs the program.
pub fn run() -> ExitCode {
    sys::memory::keep_little();
    dispatch(Cli::parse()).into()
}

#[allow(clippy::too_many_lines, reason = "an arm for each command")]
fn dispatch(cli: Cli) -> Exit {
    if sys::user::is_elevated() {
        return complain("mldu does not run with more rights than you have (set-uid)");
    }
    if let Some(name) = cli.misplaced_command().filter(|name| !Path::new(name).exists()) {
        let _ = complain(&format!("what is to be done goes first: mldu {name} …, then its options"));
        return Exit::Usage;
    }
    let env = Arc::new(Env::real());
    if let Some(why) = commands::dead_home(&env) {
        let exit = complain(&why);
        return if matches!(cli.command, Some(Command::Why(_))) { Exit::Limit } else { exit };
    }
    let scan = match &cli.command {
        Some(Command::Report(args)) => &args.scan,
        Some(Command::Free(args)) => &args.scan,
        Some(Command::Clean(args)) => &args.scan,
        Some(Command::Plan(args)) => &args.scan,
        _ => &cli.scan,
    };
    let mut settings = match Settings::new(&env, scan, &cli.show, cli.read_only) {
        Ok(settings) => settings,
        Err(why) => {
            let _ = complain(&why);
            return Exit::Usage;
        }
    };
    if let Some(threads) = scan.threads {
        sys::limits::use_threads(threads.into());
    }
    if let Some(Command::Clean(args)) = &cli.command
        && let Some(why) = commands::clean::refused(args)
    {
        let _ = complain(why);
        return Exit::Usage;
    }
    if let Some(file) = &scan.import {
        match commands::export::open(file) {
            // Nothing of this machine has to do with what was exported on another one.
            Ok(import) => settings.scan.import = Some(Arc::new(import)),
            Err(why) => return complain(&why),
        }
        settings.scan.enter(Arc::new(Env::elsewhere()));
    }
    if cli.demo {
        return demonstrate(settings, cli.picture, cli.export.as_deref());
    }
    if settings.read_only && cli.command.as_ref().is_some_and(Command::changes_something) {
        return complain("started read-only: nothing is removed, and nothing is brought back");
    }
    match cli.command {
        Some(Command::Report(args)) => {
            let tell = match args.by {
                By::User => Tell::Users,
                By::Category if args.leftovers => Tell::Leftovers,
                By::Category => Tell::Groups,
            };
            let form = match (args.json, args.prom) {
                (true, _) => As::Json,
                (_, true) => As::Prometheus,
                _ => As::Table,
            };
            let limit = args.fail_above.map(|limit| match limit {
                cli::Limit::Percent(percent) => Limit::Percent(percent),
                cli::Limit::Bytes(bytes) => Limit::Bytes(bytes, args.category.clone()),
            });
            if matches!(limit, Some(Limit::Percent(_))) && !args.category.is_empty() {
                let _ = complain("--category goes with a size: a percentage is of a whole mount");
                return Exit::Usage;
            }
            commands::report::run(&settings, &Asked { tell, form, output: args.output, limit })
        }
        Some(Command::Families(args)) => {
            commands::families::run(&settings.scan.families, &env, &args.ids, args.json, settings.ascii)
        }
        Some(Command::Why(args)) => commands::why::run(&settings, &env, args.path.as_deref(), args.json),
        Some(Command::Where(args)) => {
            let form = match args.form {
                FormArg::Profile => Form::Profile,
                FormArg::Dockerfile => Form::Dockerfile,
                FormArg::Compose => Form::Compose,
            };
            let asked = commands::places::Asked { folder: args.folder, form, all: args.all, json: args.json };
            commands::places::run(&settings.scan.families, &env, &asked, settings.ascii)
        }
        Some(Command::Free(args)) => free(&settings, args),
        Some(Command::Clean(args)) => commands::clean::run(&settings, &args),
        Some(Command::Plan(args)) => commands::plan::run(&settings, &args),
        Some(Command::Apply(args)) => commands::apply::run(&settings, &args),
        Some(Command::Undo(args)) => commands::undo::run(&env, &args, settings.read_only),
        Some(Command::Log(args)) => {
            let wanted =
                commands::log::Wanted { run: args.run, since: args.since, last: args.last, json: args.json };
            commands::log::run(&env, settings.units, settings.now, &wanted)
        }
        Some(Command::Interrupted(args)) => {
            let wanted = commands::interrupted::Wanted {
                paths: args.paths,
                act: match (args.finish, args.undo) {
                    (true, _) => Some(Act::Finish),
                    (false, true) => Some(Act::Undo),
                    (false, false) => None,
                },
                run: args.run,
                yes: args.yes,
                json: args.json,
            };
            commands::interrupted::run(&settings, &wanted)
        }
        Some(Command::Trash { command: TrashCommand::List(args) }) => {
            commands::trash::list(&env, settings.units, &args)
        }
        Some(Command::Trash { command: TrashCommand::Empty(args) }) => {
            commands::trash::empty(&env, settings.units, &args, settings.read_only)
        }
        None => open(&settings, context(&settings), cli.export.as_deref()),
    }
}

/// So much back.
fn free(settings: &Settings, args: FreeArgs) -> Exit {
    let how = match (args.trash, args.delete) {
        (true, _) => Some(How::Trash),
        (_, true) => Some(How::ForGood),
        _ => None,
    };
    let carry = Carry { how, dry_run: args.dry_run, yes: args.yes, json: args.json };
    let wanted =
        commands::free::Wanted { amount: args.amount, on: args.on, look_first: args.look_first, carry };
    commands::free::run(settings, &wanted)
}

/// The interface, or the report where there is no terminal, or what was found in a file.
fn open(settings: &Settings, context: app::Context, export: Option<&Path>) -> Exit {
    if let Some(file) = export {
        commands::export::run(settings, file)
    } else if tui::terminal::is_there(settings.scan.import.as_ref().is_some_and(|i| i.piped))
        && !settings.dumb
    {
        tui::run(settings, context)
    } else {
        commands::report::run(settings, &Asked::default())
    }
}

/// The same on a made-up box.
fn demonstrate(mut settings: Settings, picture: bool, export: Option<&Path>) -> Exit {
    let demo = match demo::Demo::make(&settings.scan.env.temp(), settings.now) {
        Ok(demo) => demo,
        Err(e) => return complain(&format!("the demo could not be made: {e}")),
    };
    settings.scan.enter(demo.env());
    settings.scan.roots.clear();
    let mut context = context(&settings);
    context.demo = true;
    if picture {
        settings.scan.shown_mounts = Some(demo::full_disk());
        context.host = "gpu07".into();
        context.is_root = false;
    }
    open(&settings, context, export)
}

/// What the interface needs to know of the world.
fn context(settings: &Settings) -> app::Context {
    let env = &settings.scan.env;
    let asked: Vec<_> = settings.scan.roots.iter().map(|r| env.real_path(r)).collect();
    let mut looked_for: Vec<String> = settings
        .scan
        .families
        .places(env)
        .iter()
        .filter(|k| k.place.path.starts_with(env.home()) || k.place.named_by.is_some())
        .filter(|k| asked.is_empty() || asked.iter().any(|a| k.place.path.starts_with(a)))
        .map(|k| format!("{} {}", k.claim.about().name, text::short_path(&k.place.path, env.home())))
        .collect();
    looked_for.dedup();
    app::Context {
        home: env.home().to_path_buf(),
        host: if settings.scan.import.is_some() { String::new() } else { sys::user::host() },
        is_root: env.uid() == 0,
        units: settings.units,
        read_only: settings.read_only,
        demo: false,
        looked_for,
    }
}
