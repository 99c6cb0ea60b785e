//! Units for systemd: the daemon, or a service with its timer. Only text; systemd.exec(5) says what each line keeps out.

use std::path::{Path, PathBuf};

use anyhow::Result;

use super::plan::Wanted;
use super::quote::{line, unit_argument, unit_path, unit_word};
use super::seal::sealed;

/// What a unit has to allow.
pub struct Needs {
    /// For the whole machine, as this user; None: for the user who writes it.
    pub user: Option<String>,
    /// Folders outside the home that are written: where sessions are shared.
    pub written: Vec<PathBuf>,
    /// Folders outside the home that are read: where agents write their sessions.
    pub read: Vec<PathBuf>,
    /// A model's server is started from here: it wants the graphics cards, and may make its code as it runs.
    pub starts_model: bool,
}

/// The daemon is told dead when it has not said for this long that it lives.
const WATCHDOG: &str = "5min";

/// A run that sends a hundred letters may need this long to end well.
const STOP: &str = "90s";

/// The unit of the daemon.
///
/// # Errors
/// When a path can't stand in a unit.
pub fn daemon(wanted: &Wanted, needs: &Needs) -> Result<String> {
    let body = format!(
        "{}\n[Service]\nType=notify\nNotifyAccess=main\nExecStart={}\nRestart=on-failure\nRestartSec=30s\n\
         # 2: wrong use or configuration, which a restart does not mend.\nRestartPreventExitStatus=2\n\
         WatchdogSec={WATCHDOG}\nTimeoutStopSec={STOP}\n{}\n[Install]\nWantedBy={}\n",
        unit("tidings: news for a lab, and its sessions", needs),
        command(wanted, "watch")?,
        service(wanted, needs)?,
        target(needs),
    );
    Ok(sealed(&words(wanted, needs)?, &body))
}

/// The unit of the pages.
///
/// # Errors
/// When a path can't stand in a unit.
pub fn pages(wanted: &Wanted, needs: &Needs) -> Result<String> {
    let body = format!(
        "{}\n[Service]\nType=exec\nExecStart={}\nRestart=on-failure\nRestartSec=30s\n\
         # 2: wrong use or configuration, which a restart does not mend.\nRestartPreventExitStatus=2\n{}\n\
         [Install]\nWantedBy={}\n",
        unit("tidings: its pages", needs),
        command(wanted, "serve")?,
        service(wanted, needs)?,
        target(needs),
    );
    Ok(sealed(&words(wanted, needs)?, &body))
}

/// The unit of one run, which its timer starts.
///
/// # Errors
/// When a path can't stand in a unit.
pub fn one_run(wanted: &Wanted, needs: &Needs) -> Result<String> {
    let body = format!(
        "{}\n[Service]\nType=oneshot\nExecStart={}\n# 75: another run is at work.\nSuccessExitStatus=75\n\
         TimeoutStartSec=2h\n{}",
        unit("tidings: one run", needs),
        command(wanted, "run")?,
        service(wanted, needs)?,
    );
    Ok(sealed(&words(wanted, needs)?, &body))
}

/// The timer of [`one_run`].
///
/// # Errors
/// When the home's path can't stand in a unit.
pub fn timer(wanted: &Wanted, needs: &Needs, minute: u8) -> Result<String> {
    let body = format!(
        "[Unit]\nDescription=tidings: a run each hour\n\n[Timer]\nOnCalendar=*:{minute:02}\n\
         # A machine that was off does the run that it missed.\nPersistent=true\n\n[Install]\nWantedBy=timers.target\n"
    );
    Ok(sealed(&words(wanted, needs)?, &body))
}

fn words(wanted: &Wanted, needs: &Needs) -> Result<String> {
    let edit = if needs.user.is_some() { "systemctl edit" } else { "systemctl --user edit" };
    let home = line(&wanted.home, "the home")?;
    Ok(format!("`tidings install systemd` wrote this for {home}, and replaces it; what is yours belongs into `{edit}`"))
}

/// The home that a unit of ours serves.
pub fn home_of(text: &str) -> Option<&str> {
    let (_, rest) = text.lines().next()?.split_once(" wrote this for ")?;
    rest.split_once(", and replaces it; ").map(|(home, _)| home)
}

/// Whether a unit of ours does runs; the one of the pages does not.
pub fn does_runs(text: &str) -> bool {
    let command = text.lines().find(|line| line.starts_with("ExecStart="));
    command.is_some_and(|line| line.ends_with(" watch") || line.ends_with(" run"))
}

fn unit(description: &str, needs: &Needs) -> String {
    // A user's systemd knows no network target.
    let network = if needs.user.is_some() { "Wants=network-online.target\nAfter=network-online.target\n" } else { "" };
    format!("[Unit]\nDescription={description}\n{network}")
}

/// What starts it with the machine, or with the user's systemd.
fn target(needs: &Needs) -> &'static str {
    if needs.user.is_some() { "multi-user.target" } else { "default.target" }
}

fn command(wanted: &Wanted, verb: &str) -> Result<String> {
    let program = unit_argument(line(&wanted.program, "the program")?);
    Ok(format!("{program} --home {} {verb}", unit_argument(line(&wanted.home, "the home")?)))
}

/// Who runs it, with what, and what it may touch.
fn service(wanted: &Wanted, needs: &Needs) -> Result<String> {
    let mut lines = Vec::new();
    if let Some(user) = &needs.user {
        lines.push(format!("User={user}"));
    }
    if let Some(secrets) = &wanted.secrets {
        lines.push(format!("EnvironmentFile={}", unit_path(line(secrets, "the file of secrets")?)));
    }
    lines.push("UMask=0077".to_owned());
    let mut written = vec![unit_word(line(&wanted.home, "the home")?)];
    for folder in &needs.written {
        // One that is not there yet must not keep it from starting.
        written.push(unit_word(&format!("-{}", line(folder, "the shared folder")?)));
    }
    lines.push("# It reads the system and agents' sessions, and writes its home alone.".to_owned());
    lines.push("ProtectSystem=strict".to_owned());
    lines.push(format!("ReadWritePaths={}", written.join(" ")));
    let private = |path: &Path| ["/home", "/root", "/run/user"].iter().any(|folder| path.starts_with(folder));
    let all = [&wanted.home, &wanted.program].into_iter().chain(&needs.written).chain(&needs.read);
    let protect_home = if all.into_iter().any(|path| private(path)) { "read-only" } else { "yes" };
    lines.push(format!("ProtectHome={protect_home}"));
    let always = [
        "PrivateUsers=yes",
        "PrivateTmp=yes",
        "NoNewPrivileges=yes",
        "ProtectKernelTunables=yes",
        "ProtectControlGroups=yes",
        "ProtectHostname=yes",
        "ProtectProc=invisible",
        "LockPersonality=yes",
        "RestrictNamespaces=yes",
        "RestrictRealtime=yes",
        "RestrictSUIDSGID=yes",
        "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK",
        "SystemCallArchitectures=native",
        "SystemCallFilter=@system-service",
        "SystemCallFilter=~@privileged",
        "SystemCallErrorNumber=EPERM",
    ];
    lines.extend(always.map(str::to_owned));
    // A user's systemd has none of these to give up, and ends with an error where it should.
    let of_machine = [
        "CapabilityBoundingSet=",
        "AmbientCapabilities=",
        "ProtectKernelModules=yes",
        "ProtectKernelLogs=yes",
        "ProtectClock=yes",
        "RemoveIPC=yes",
        "KeyringMode=private",
    ];
    if needs.user.is_some() {
        lines.extend(of_machine.map(str::to_owned));
    }
    match (needs.starts_model, needs.user.is_some()) {
        (true, _) => lines.push(
            "# The model's server that it starts wants the graphics cards, and may write code as it runs.".into(),
        ),
        (false, is_system) => {
            lines.push("MemoryDenyWriteExecute=yes".to_owned());
            lines.push("SystemCallFilter=~@resources".to_owned());
            lines.extend(is_system.then(|| "PrivateDevices=yes".to_owned()));
        }
    }
    Ok(lines.join("\n") + "\n")
}

/// What a person types once the unit is written or gone; the log is of the service of this name.
pub fn next(unit: &str, service: &str, is_system: bool, remove: bool) -> Vec<String> {
    let systemctl = if is_system { "sudo systemctl" } else { "systemctl --user" };
    if remove {
        return vec![format!("{systemctl} stop {unit}"), format!("{systemctl} daemon-reload")];
    }
    let mut next = vec![format!("{systemctl} daemon-reload"), format!("{systemctl} enable --now {unit}")];
    if !is_system {
        next.push("loginctl enable-linger    # so that it runs while you are not logged in".to_owned());
    }
    next.push(match is_system {
        true => format!("journalctl -u {service}     # what it says"),
        false => format!("journalctl --user -u {service}     # what it says"),
    });
    next
}

/// The folder of units.
pub fn folder(is_system: bool, config: Option<PathBuf>) -> Option<PathBuf> {
    if is_system { Some("/etc/systemd/system".into()) } else { config.map(|config| config.join("systemd/user")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted() -> Wanted {
        Wanted {
            home: "/home/ana/100% new".into(),
            program: "/opt/tidings/bin/tidings".into(),
            secrets: Some("/etc/tidings secrets".into()),
        }
    }

    fn needs(user: Option<&str>) -> Needs {
        Needs { user: user.map(str::to_owned), written: vec![], read: vec![], starts_model: false }
    }

    #[test]
    fn the_daemon_of_a_user() {
        insta::assert_snapshot!(daemon(&wanted(), &needs(None)).expect("written"), @r##"
        # `tidings install systemd` wrote this for /home/ana/100% new, and replaces it; what is yours belongs into `systemctl --user edit`; seal: 568f7e47289ec76a
        [Unit]
        Description=tidings: news for a lab, and its sessions

        [Service]
        Type=notify
        NotifyAccess=main
        ExecStart=/opt/tidings/bin/tidings --home "/home/ana/100%% new" watch
        Restart=on-failure
        RestartSec=30s
        # 2: wrong use or configuration, which a restart does not mend.
        RestartPreventExitStatus=2
        WatchdogSec=5min
        TimeoutStopSec=90s
        EnvironmentFile=/etc/tidings secrets
        UMask=0077
        # It reads the system and agents' sessions, and writes its home alone.
        ProtectSystem=strict
        ReadWritePaths="/home/ana/100%% new"
        ProtectHome=read-only
        PrivateUsers=yes
        PrivateTmp=yes
        NoNewPrivileges=yes
        ProtectKernelTunables=yes
        ProtectControlGroups=yes
        ProtectHostname=yes
        ProtectProc=invisible
        LockPersonality=yes
        RestrictNamespaces=yes
        RestrictRealtime=yes
        RestrictSUIDSGID=yes
        RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK
        SystemCallArchitectures=native
        SystemCallFilter=@system-service
        SystemCallFilter=~@privileged
        SystemCallErrorNumber=EPERM
        MemoryDenyWriteExecute=yes
        SystemCallFilter=~@resources

        [Install]
        WantedBy=default.target
        "##);
    }

    #[test]
    fn the_pages_start_as_the_daemon_does_and_do_no_runs() {
        let [pages, daemon] = [pages, daemon].map(|write| write(&wanted(), &needs(None)).expect("written"));
        assert!(does_runs(&daemon) && !does_runs(&pages));
        let differing = |text: &str, other: &str| -> Vec<String> {
            text.lines().skip(3).filter(|line| !other.contains(line)).map(str::to_owned).collect()
        };
        assert_eq!(
            differing(&pages, &daemon),
            ["Type=exec", "ExecStart=/opt/tidings/bin/tidings --home \"/home/ana/100%% new\" serve"]
        );
        assert_eq!(differing(&daemon, &pages).len(), 5, "{daemon}");
    }

    #[test]
    fn the_run_and_the_timer_of_a_machine() {
        let wanted = Wanted { home: "/srv/tidings".into(), secrets: None, ..wanted() };
        let needs = Needs { written: vec!["/srv/lab/sessions/ana".into()], starts_model: true, ..needs(Some("ana")) };
        let run = one_run(&wanted, &needs).expect("written");
        insta::assert_snapshot!(format!("{run}\n{}", timer(&wanted, &needs, 7).expect("written")), @r##"
        # `tidings install systemd` wrote this for /srv/tidings, and replaces it; what is yours belongs into `systemctl edit`; seal: d6e9bf31bcc7930c
        [Unit]
        Description=tidings: one run
        Wants=network-online.target
        After=network-online.target

        [Service]
        Type=oneshot
        ExecStart=/opt/tidings/bin/tidings --home /srv/tidings run
        # 75: another run is at work.
        SuccessExitStatus=75
        TimeoutStartSec=2h
        User=ana
        UMask=0077
        # It reads the system and agents' sessions, and writes its home alone.
        ProtectSystem=strict
        ReadWritePaths=/srv/tidings -/srv/lab/sessions/ana
        ProtectHome=yes
        PrivateUsers=yes
        PrivateTmp=yes
        NoNewPrivileges=yes
        ProtectKernelTunables=yes
        ProtectControlGroups=yes
        ProtectHostname=yes
        ProtectProc=invisible
        LockPersonality=yes
        RestrictNamespaces=yes
        RestrictRealtime=yes
        RestrictSUIDSGID=yes
        RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK
        SystemCallArchitectures=native
        SystemCallFilter=@system-service
        SystemCallFilter=~@privileged
        SystemCallErrorNumber=EPERM
        CapabilityBoundingSet=
        AmbientCapabilities=
        ProtectKernelModules=yes
        ProtectKernelLogs=yes
        ProtectClock=yes
        RemoveIPC=yes
        KeyringMode=private
        # The model's server that it starts wants the graphics cards, and may write code as it runs.

        # `tidings install systemd` wrote this for /srv/tidings, and replaces it; what is yours belongs into `systemctl edit`; seal: 0b23b9d60169701d
        [Unit]
        Description=tidings: a run each hour

        [Timer]
        OnCalendar=*:07
        # A machine that was off does the run that it missed.
        Persistent=true

        [Install]
        WantedBy=timers.target
        "##);
    }

    #[test]
    fn homes_of_people_are_hidden_where_nothing_of_them_is_needed() {
        for (home, read, shown) in [
            ("/srv/tidings", "/srv/sessions", "ProtectHome=yes"),
            ("/srv/tidings", "/home/ana/.claude/projects", "ProtectHome=read-only"),
            ("/home/ana/tidings", "/srv/sessions", "ProtectHome=read-only"),
        ] {
            let wanted = Wanted { home: home.into(), ..wanted() };
            let unit = daemon(&wanted, &Needs { read: vec![read.into()], ..needs(Some("ana")) }).expect("written");
            assert!(unit.contains(&format!("\n{shown}\n")), "{home} {read}: {unit}");
            assert_eq!(home_of(&unit), Some(home));
        }
    }
}
