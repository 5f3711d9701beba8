//! The Debian package: what is in it, and that a building's records outlive installing, removing and purging it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::harness::programs::{self, run};
use crate::harness::{pass_over, story_folder};
use crate::source::root;

/// Exposure of the service by systemd's own measure, tenths; lower is better.
const EXPOSURE_TENTHS_MAX: u32 = 20;

/// Programs that a package's scripts call, which note what they were asked for and do nothing.
const PRETENDED: [&str; 4] = ["adduser", "deluser", "systemctl", "chown"];

#[test]
fn the_package_keeps_a_buildings_records() {
    if !there_is("dpkg-deb") || !there_is("dpkg") {
        return pass_over("the Debian package, dpkg is not here");
    }
    let folder = story_folder("packaging-deb");
    let package = built(&folder);
    let info = run(Command::new("dpkg-deb").arg("--info").arg(&package)).ok();
    for line in ["Package: symbiose", "Depends: libc6 (>= 2.36), adduser", "postinst", "prerm", "postrm"] {
        assert!(info.contains(line), "{line} is not in {info}");
    }
    let contents = run(Command::new("dpkg-deb").arg("--contents").arg(&package)).ok();
    for path in ["./usr/bin/symbiose", "./lib/systemd/system/symbiose.service"] {
        assert!(
            contents.lines().any(|line| line.ends_with(path) && line.contains("root/root")),
            "{contents}"
        );
    }

    let machine = Machine::new(&folder);
    machine.dpkg(&["--install"], Some(&package));
    let state = machine.root.join("var/lib/symbiose");
    let key = fs::read(state.join("node.key")).unwrap();
    assert_eq!(fs::metadata(&state).unwrap().permissions().mode() & 0o777, 0o700);
    let config = fs::read_to_string(machine.root.join("etc/symbiose/node.toml")).unwrap();
    assert!(config.contains("data_dir = \"/var/lib/symbiose\""), "{config}");
    machine.was_asked("systemctl restart symbiose.service");

    fs::write(state.join("building.log"), "a year of records").unwrap();
    let kept = || {
        assert_eq!(fs::read(state.join("node.key")).unwrap(), key);
        assert_eq!(fs::read_to_string(state.join("building.log")).unwrap(), "a year of records");
        assert_eq!(fs::read_to_string(machine.root.join("etc/symbiose/node.toml")).unwrap(), config);
    };
    machine.dpkg(&["--remove", "symbiose"], None);
    machine.was_asked("systemctl stop symbiose.service");
    assert!(!machine.root.join("usr/bin/symbiose").exists());
    kept();
    machine.dpkg(&["--install"], Some(&package));
    kept();
    machine.dpkg(&["--purge", "symbiose"], None);
    kept();
    machine.dpkg(&["--install"], Some(&package));
    fs::write(state.join("PURGE"), "").unwrap();
    machine.dpkg(&["--purge", "symbiose"], None);
    assert!(!state.exists() && !machine.root.join("etc/symbiose").exists(), "who says so means it");
}

#[test]
fn the_service_is_boxed_in() {
    if !there_is("systemd-analyze") {
        return pass_over("the service's exposure, systemd-analyze is not here");
    }
    let unit = root().join("node/packaging/symbiose.service");
    let said =
        run(Command::new("systemd-analyze").args(["security", "--offline=true", "--no-pager"]).arg(&unit));
    let overall = said.out.lines().find(|line| line.contains("Overall exposure level")).unwrap_or_default();
    let figure = overall.split(": ").nth(1).and_then(|rest| rest.split_whitespace().next());
    let (whole, tenths) = figure.and_then(|figure| figure.split_once('.')).expect("a figure such as 1.5");
    let exposure = whole.parse::<u32>().unwrap() * 10 + tenths.parse::<u32>().unwrap();
    assert!(exposure <= EXPOSURE_TENTHS_MAX, "{overall}");
}

#[test]
fn the_script_says_what_it_does_not_know() {
    let script = root().join("node/packaging/deb.sh");
    assert_eq!(run(Command::new("bash").arg(&script).arg("--what")).exit, 2);
    let absent = run(Command::new("bash").arg(&script).args(["--binary", "/nowhere/symbiose"]));
    assert!(
        absent.exit == 1 && absent.err.contains("there is no program at /nowhere/symbiose"),
        "{absent:?}"
    );
}

/// The package made of the program under test.
fn built(folder: &Path) -> PathBuf {
    let script = root().join("node/packaging/deb.sh");
    let program = programs::symbiose().get_program().to_owned();
    let mut command = Command::new("bash");
    command.arg(script).arg("--binary").arg(program).arg("--out").arg(folder.join("out"));
    let said = run(&mut command).ok();
    PathBuf::from(said.lines().last().expect("the script names the package"))
}

/// A machine to install on: a folder with a database of packages, and programs that pretend.
struct Machine {
    root: PathBuf,
    tools: PathBuf,
}

impl Machine {
    fn new(folder: &Path) -> Self {
        let (root, tools) = (folder.join("machine"), folder.join("tools"));
        for dir in
            ["var/lib/dpkg/info", "var/lib/dpkg/updates", "var/lib/dpkg/triggers", "run/systemd/system"]
        {
            fs::create_dir_all(root.join(dir)).unwrap();
        }
        fs::write(root.join("var/lib/dpkg/status"), "").unwrap();
        fs::create_dir_all(&tools).unwrap();
        for name in PRETENDED {
            let path = tools.join(name);
            let text = format!("#!/bin/sh\necho \"{name} $*\" >>\"{}\"\n", folder.join("asked").display());
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        }
        Self { root, tools }
    }

    fn dpkg(&self, arguments: &[&str], package: Option<&Path>) {
        let path = format!("{}:{}", self.tools.display(), std::env::var("PATH").unwrap());
        let mut command = Command::new("dpkg");
        command.env("PATH", path).arg(format!("--root={}", self.root.display()));
        command.args([
            "--force-not-root",
            "--force-script-chrootless",
            "--force-depends",
            "--force-unsafe-io",
        ]);
        run(command.args(arguments).args(package)).ok();
    }

    #[track_caller]
    fn was_asked(&self, line: &str) {
        let asked = fs::read_to_string(self.root.with_file_name("asked")).unwrap();
        assert!(asked.lines().any(|asked| asked == line), "{line} is not among {asked}");
    }
}

fn there_is(program: &str) -> bool {
    Command::new(program).arg("--version").output().is_ok()
}
