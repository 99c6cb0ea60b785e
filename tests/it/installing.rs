//! Installing: what is written for cron, systemd and Claude Code, and that a person's own lines stay.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use serde_json::Value;

use crate::command::{output, tidings};

/// A user's machine: a home folder, a tidings home with an odd name in it, and programs on a PATH of its own.
struct Machine {
    folder: tempfile::TempDir,
}

/// A crontab in a file, as the program of the same name keeps it.
const CRONTAB: &str = r#"#!/bin/sh
file="$HOME/crontab.txt"
case "$1" in
-l) [ -f "$file" ] || { echo "no crontab for ana" >&2; exit 1; }
    /bin/cat "$file" ;;
-)  /bin/cat >"$file.new"; /bin/mv "$file.new" "$file"; echo written >>"$HOME/crontab.log" ;;
esac
"#;

impl Machine {
    fn new() -> Machine {
        let folder = tempfile::tempdir().unwrap();
        let machine = Machine { folder };
        fs::create_dir_all(machine.home()).unwrap();
        fs::write(
            machine.home().join("sources.toml"),
            "[[source]]\nname = \"A\"\nfrom.feed = \"http://127.0.0.1:9/\"\n",
        )
        .unwrap();
        machine.program("crontab", CRONTAB);
        machine
    }

    fn user(&self) -> &Path {
        self.folder.path()
    }

    fn home(&self) -> PathBuf {
        self.user().join("50% news")
    }

    /// A script on the PATH.
    fn program(&self, name: &str, text: &str) -> PathBuf {
        let path = self.user().join("bin").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = tidings(&self.home());
        command.env("HOME", self.user()).env("PATH", self.user().join("bin")).arg("install").args(words);
        command
    }

    fn install(&self, words: &[&str]) -> (i32, String, String) {
        output(&mut self.command(words))
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.user().join(name)).unwrap()
    }

    /// Every file below the user's folder, but for those of the programs.
    fn files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let (mut files, mut folders) = (Vec::new(), vec![self.user().to_owned()]);
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if let Ok(bytes) = fs::read(&path) {
                    files.push((path, bytes));
                }
            }
        }
        files.sort();
        files
    }
}

#[test]
fn cron_is_shown_first_then_written_once_and_taken_out_without_a_trace() {
    let machine = Machine::new();
    let hers = "MAILTO=ana@lab.example\n5 4 * * 0 backup 100\\%";
    fs::write(machine.user().join("crontab.txt"), hers).unwrap();
    let before = machine.files();
    let (code, shown, stderr) = machine.install(&["cron", "--at", "17"]);
    assert_eq!((code, stderr.as_str()), (0, ""), "{shown}");
    assert!(shown.contains("your crontab: changed\n  after line 2:\n  + # tidings: begin "), "{shown}");
    assert!(shown.contains("Nothing was written; the same with --yes writes it."), "{shown}");
    assert!(!shown.contains("backup"), "a person's own lines are not shown: {shown}");
    assert_eq!(machine.files(), before);

    let (code, shown, stderr) = machine.install(&["cron", "--at", "17", "--yes"]);
    assert!(code == 0 && shown.contains("Written."), "{shown}{stderr}");
    let written = machine.read("crontab.txt");
    assert!(written.starts_with(&format!("{hers}\n# tidings: begin ")), "{written}");
    let line = written.lines().find(|line| line.starts_with("17 * * * * ")).unwrap();
    assert!(line.ends_with("50\\% news/state/cron.sh' run"), "{line}");
    let script = machine.home().join("state/cron.sh");
    assert_eq!(fs::metadata(&script).unwrap().permissions().mode() & 0o777, 0o600);

    let (_, shown, _) = machine.install(&["cron", "--at", "17", "--yes"]);
    assert!(shown.contains("your crontab: as it should be") && shown.ends_with("Nothing to do.\n"), "{shown}");
    assert_eq!(machine.read("crontab.log"), "written\n", "the crontab was written once");

    let (_, shown, _) = machine.install(&["cron", "--at", "40", "--yes"]);
    assert!(shown.contains("  - 17 * * * * ") && shown.contains("  + 40 * * * * "), "{shown}");
    let (code, ..) = machine.install(&["cron", "--remove", "--yes"]);
    assert_eq!((code, machine.read("crontab.txt")), (0, format!("{hers}\n")));
    assert!(!script.exists());
}

#[test]
fn the_script_runs_the_program_under_crons_bare_environment() {
    let machine = Machine::new();
    let program = machine.program(
        "tidings",
        "#!/bin/sh\nprintf '%s|' \"$@\" \"$PATH\"; echo; case \"$*\" in *--check*) echo 'No run has gone well'; exit 1;; esac\n",
    );
    let secrets = machine.user().join("it's secret");
    fs::write(&secrets, "TOKEN=hunter2\n").unwrap();
    fs::set_permissions(&secrets, fs::Permissions::from_mode(0o600)).unwrap();
    let (program, file) = (program.to_str().unwrap(), secrets.to_str().unwrap());
    let (code, shown, stderr) = machine.install(&["cron", "--yes", "--program", program, "--env-file", file]);
    assert_eq!(code, 0, "{stderr}");
    assert!(!shown.contains("hunter2") && !machine.read("50% news/state/cron.sh").contains("hunter2"), "{shown}");

    let cron = |what: &str| {
        let mut command = Command::new("/bin/sh");
        output(command.env_clear().arg(machine.home().join("state/cron.sh")).arg(what))
    };
    assert_eq!(cron("run"), (0, String::new(), String::new()), "cron has nothing to mail");
    let log = machine.home().join("state/cron.log");
    let said = fs::read_to_string(&log).unwrap();
    let home = machine.home();
    let words = format!("--home|{}|--secrets|{file}|run|{}:", home.display(), machine.user().join("bin").display());
    assert!(said.starts_with("== 20") && said.contains(&words), "{said}");
    assert_eq!(fs::metadata(&log).unwrap().permissions().mode() & 0o777, 0o600);

    let (code, mailed, _) = cron("check");
    assert!(code == 1 && mailed.ends_with("No run has gone well\n"), "{mailed}");
    assert!(fs::read_to_string(&log).unwrap().contains(" check: "));

    fs::write(&log, "x".repeat(1_000_000)).unwrap();
    assert_eq!(cron("run").0, 0);
    assert!(fs::metadata(&log).unwrap().len() < 1_000, "the log began anew");
    assert_eq!(fs::metadata(machine.home().join("state/cron.log.1")).unwrap().len(), 1_000_000);
}

#[test]
fn what_cannot_be_written_safely_is_told_and_nothing_is_written() {
    let machine = Machine::new();
    let open = machine.user().join("open.env");
    fs::write(&open, "A=b\n").unwrap();
    fs::set_permissions(&open, fs::Permissions::from_mode(0o644)).unwrap();
    let torn = machine.user().join("torn.env");
    fs::write(&torn, "A=b\nhunter2\n").unwrap();
    fs::set_permissions(&torn, fs::Permissions::from_mode(0o600)).unwrap();
    let before = machine.files();
    let check = |words: &[&str], remedy: &str| {
        let (code, stdout, stderr) = machine.install(words);
        assert!(code != 0 && stderr.contains(remedy), "{words:?}: {stdout}{stderr}");
        assert!(!stderr.contains("hunter2"), "{stderr}");
        assert_eq!(machine.files(), before, "{words:?}");
    };
    check(&["cron", "--yes", "--env-file", open.to_str().unwrap()], "`chmod 600` it");
    check(&["cron", "--yes", "--env-file", torn.to_str().unwrap()], "line 2: not NAME=value");
    check(&["cron", "--yes", "--env-file", "/nowhere/at/all"], "reading the file of secrets /nowhere/at/all");
    check(&["cron", "--yes", "--program", "/nowhere/tidings"], "looking for the program /nowhere/tidings");
    check(&["systemd", "--to", "/nowhere", "--name", "../evil"], "is no name for a unit");
    check(&["cron", "--yes", "--at", "60"], "60 is not in 0..60");

    let broken = |text: &str, remedy: &str| {
        machine.program("crontab", text);
        let before = machine.files();
        let (code, _, stderr) = machine.install(&["cron", "--yes"]);
        assert!(code == 1 && stderr.contains(remedy), "{stderr}");
        assert_eq!(machine.files(), before);
    };
    broken(
        "#!/bin/sh\necho 'you may not use this program' >&2; exit 1\n",
        "you may not use this program. Mend that first",
    );
    broken("#!/bin/sh\nprintf 'A=\\351\\n'\n", "not UTF-8");
    fs::remove_file(machine.user().join("bin/crontab")).unwrap();
    let (code, _, stderr) = machine.install(&["cron"]);
    assert!(code == 1 && stderr.contains("Is cron installed"), "{stderr}");

    let (code, _, stderr) = output(machine.command(&["claude-code"]).env_remove("HOME"));
    assert!(code == 1 && stderr.contains("HOME is not set"), "{stderr}");
    let (code, _, stderr) = output(machine.command(&["systemd"]).env_remove("HOME"));
    assert!(code == 1 && stderr.contains("HOME is not set"), "{stderr}");
    let empty = tempfile::tempdir().unwrap();
    let (code, _, stderr) = output(machine.command(&["cron", "--yes"]).env("TIDINGS_HOME", empty.path()));
    assert!(code == 1 && stderr.contains("tidings init"), "{stderr}");
}

#[test]
fn units_are_ours_until_somebody_changes_them() {
    let machine = Machine::new();
    let folder = machine.user().join("units");
    let to = folder.to_str().unwrap();
    let (code, shown, stderr) = machine.install(&["systemd", "--to", to, "--yes"]);
    assert!(code == 0 && shown.contains("  + Type=notify\n"), "{shown}{stderr}");
    let unit = folder.join("tidings.service");
    let text = fs::read_to_string(&unit).unwrap();
    assert!(text.contains("50%% news\" watch\n") && text.contains("\nReadWritePaths=\""), "{text}");
    assert_eq!(machine.install(&["systemd", "--to", to, "--yes"]).1.lines().last(), Some("Nothing to do."));

    // A second home takes a name of its own.
    let second = machine.user().join("second");
    fs::create_dir_all(&second).unwrap();
    fs::copy(machine.home().join("sources.toml"), second.join("sources.toml")).unwrap();
    let (code, _, stderr) = output(machine.command(&["systemd", "--to", to, "--yes"]).env("TIDINGS_HOME", &second));
    assert!(code == 1 && stderr.contains("serves the home") && stderr.contains("--name NAME"), "{stderr}");

    let (code, shown, _) = machine.install(&["systemd", "--timer", "--to", to, "--yes"]);
    assert_eq!(code, 0, "{shown}");
    let timer = fs::read_to_string(folder.join("tidings-run.timer")).unwrap();
    assert!(timer.contains("OnCalendar=*:") && timer.contains("Persistent=true"), "{timer}");

    let (code, shown, _) = machine.install(&["systemd", "--pages", "--to", to, "--yes"]);
    assert_eq!(code, 0, "{shown}");
    let pages = fs::read_to_string(folder.join("tidings-pages.service")).unwrap();
    assert!(pages.contains("50%% news\" serve\n") && pages.contains("\nType=exec\n"), "{pages}");

    let changed = text.replace("RestartSec=30s", "RestartSec=1s");
    fs::write(&unit, &changed).unwrap();
    for words in [&["systemd", "--to", to, "--yes"][..], &["systemd", "--to", to, "--remove", "--yes"]] {
        let (code, _, stderr) = machine.install(words);
        assert!(code == 1 && stderr.contains("somebody changed this file"), "{stderr}");
    }
    fs::write(&unit, "[Unit]\n").unwrap();
    let (code, _, stderr) = machine.install(&["systemd", "--to", to, "--yes"]);
    assert!(code == 1 && stderr.contains("a file that tidings did not write"), "{stderr}");
    assert_eq!(fs::read_to_string(&unit).unwrap(), "[Unit]\n");
    fs::write(&unit, text).unwrap();
    assert_eq!(machine.install(&["systemd", "--to", to, "--remove", "--yes"]).0, 0);
    assert!(!unit.exists());
}

#[test]
fn claude_codes_settings_are_written_through_a_link_and_keep_their_mode() {
    let machine = Machine::new();
    let real = machine.user().join("dotfiles/settings.json");
    fs::create_dir_all(real.parent().unwrap()).unwrap();
    fs::create_dir_all(machine.user().join(".claude")).unwrap();
    let hers = "{\n    \"model\": \"opus\",\n    \"env\": {\"API_KEY\": \"hers\"},\n    \"hooks\": {\n        \"Stop\": [ {\"hooks\": [{\"type\": \"command\", \"command\": \"bell\"}]} ]\n    }\n}\n";
    fs::write(&real, hers).unwrap();
    fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).unwrap();
    let link = machine.user().join(".claude/settings.json");
    std::os::unix::fs::symlink(&real, &link).unwrap();

    let (code, shown, stderr) = machine.install(&["claude-code", "--hooks", "--yes"]);
    assert_eq!(code, 0, "{stderr}");
    assert!(!shown.contains("hers") && shown.contains("+ hooks.SessionEnd: "), "{shown}");
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o640);
    let settings: Value = serde_json::from_str(&fs::read_to_string(&real).unwrap()).unwrap();
    assert_eq!(settings["hooks"]["Stop"].as_array().map(Vec::len), Some(2));
    let hook = &settings["hooks"]["SessionEnd"][0]["hooks"][0];
    assert!(hook["command"].as_str().unwrap().contains(" hook --home '/"), "{hook}");
    let servers: Value = serde_json::from_str(&machine.read(".claude.json")).unwrap();
    let server = &servers["mcpServers"]["tidings"];
    assert_eq!((&server["args"][0], &server["args"][2]), (&"mcp".into(), &machine.home().to_str().unwrap().into()));
    let mode = fs::metadata(machine.user().join(".claude.json")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    let (_, shown, _) = machine.install(&["claude-code", "--hooks", "--yes"]);
    assert!(shown.ends_with("Nothing to do.\n"), "{shown}");
    assert_eq!(machine.install(&["claude-code", "--remove", "--yes"]).0, 0);
    assert_eq!(fs::read_to_string(&real).unwrap(), hers, "every byte of hers");

    fs::write(&real, "{ broken").unwrap();
    let before = machine.files();
    let (code, _, stderr) = machine.install(&["claude-code", "--hooks", "--yes"]);
    assert!(code == 1 && stderr.contains("settings.json: it can't be read as JSON"), "{stderr}");
    assert_eq!(machine.files(), before, "nothing was written, the list of servers included");
    fs::remove_file(&real).unwrap();
    let (code, _, stderr) = machine.install(&["claude-code", "--hooks", "--yes"]);
    assert!(code == 1 && stderr.contains("is a link that leads nowhere"), "{stderr}");

    let project = machine.user().join("project");
    fs::create_dir_all(&project).unwrap();
    let words = ["claude-code", "--hooks", "--yes", "--project", project.to_str().unwrap()];
    assert_eq!(machine.install(&words).0, 0);
    assert!(project.join(".mcp.json").exists() && project.join(".claude/settings.local.json").exists());
}

#[test]
fn a_plan_can_be_read_by_programs() {
    let machine = Machine::new();
    let (code, stdout, stderr) = machine.install(&["cron", "--json"]);
    assert_eq!(code, 0, "{stderr}");
    let plan: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!((&plan["version"], &plan["written"]), (&1.into(), &false.into()));
    assert_eq!((&plan["changes"][0]["what"], &plan["changes"][1]["place"]), (&"new".into(), &"your crontab".into()));
}

#[test]
fn completions_and_manual_name_every_command() {
    let machine = Machine::new();
    let say = |words: &[&str]| output(tidings(&machine.home()).args(words));
    let (_, help, _) = say(&["--help"]);
    let commands: Vec<&str> = help
        .split_once("Commands:\n")
        .unwrap()
        .1
        .lines()
        .take_while(|line| !line.is_empty())
        .filter_map(|line| {
            line.strip_prefix("  ")?.split(' ').next().filter(|word| !word.is_empty() && *word != "help")
        })
        .collect();
    assert!(commands.contains(&"install"), "{commands:?}");
    for shell in ["bash", "zsh", "fish"] {
        let (code, script, _) = say(&["completions", shell]);
        assert!(code == 0 && commands.iter().all(|command| script.contains(command)), "{shell}");
    }
    let folder = machine.user().join("man");
    let (code, stdout, stderr) = say(&["man", folder.to_str().unwrap()]);
    assert_eq!(code, 0, "{stderr}");
    for command in &commands {
        let page = fs::read_to_string(folder.join(format!("tidings-{command}.1"))).unwrap();
        assert!(page.contains(".TH tidings-"), "{page}");
    }
    assert!(folder.join("tidings-install-cron.1").exists() && !folder.join("tidings-help.1").exists());
    let pages = fs::read_dir(&folder).unwrap().count();
    assert!(stdout.starts_with(&format!("{pages} pages in ")), "{stdout}");
    let (_, page, _) = say(&["man"]);
    assert!(page.contains(".SH SUBCOMMANDS") && page.contains("Exit codes"), "{page}");
}
