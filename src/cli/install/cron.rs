//! Cron: the lines of a crontab that run a home, and the script that they start. Text in, text out.

use std::path::Path;

use anyhow::{Result, bail};
use sha2::{Digest, Sha256};

use super::plan::Wanted;
use super::quote;
use super::seal::{Seal, seal, sealed};

/// The log of a year of quiet runs has about this many bytes; one that is as long becomes cron.log.1, and the one before it
/// goes, so that both together stay below twice this and one run's words.
const LOG_BYTES: u32 = 1_000_000;

/// The minute of each hour that follows from the home's path: never 0, when everybody's jobs start.
pub fn minute(home: &Path) -> u8 {
    let hash = Sha256::digest(home.as_os_str().as_encoded_bytes());
    1 + (u16::from_be_bytes([hash[0], hash[1]]) % 59) as u8
}

/// The crontab with this home's lines in it; without `wanted`, with none of them. What else it says stays as it is.
///
/// # Errors
/// When this home's lines are there and somebody changed them, or their end is missing.
pub fn crontab(before: &str, home: &Path, wanted: Option<(&Path, u8)>) -> Result<String> {
    let home = quote::line(home, "the home")?;
    let (head, tail) = around(before, home)?;
    let Some((script, minute)) = wanted else { return Ok(format!("{head}{tail}")) };
    let script = quote::cron(&quote::shell(quote::line(script, "the script")?));
    // The day's look at a quiet hour for people's mail, and not in the minute of a run.
    let (check, hour) = ((minute + 30) % 60, 7);
    let lines =
        format!("{minute} * * * * /bin/sh {script} run\n{check} {hour} * * * /bin/sh {script} check\n{}\n", end(home));
    let block = sealed(&format!("{}`tidings install cron` wrote these lines", begin(home)), &lines);
    let line_end = if head.is_empty() || head.ends_with('\n') { "" } else { "\n" };
    Ok(format!("{head}{line_end}{block}{tail}"))
}

/// Whether a crontab has lines that run a home.
pub fn runs(crontab: &str, home: &Path) -> bool {
    home.to_str().is_some_and(|home| crontab.lines().any(|line| line.starts_with(&format!("# {}", begin(home)))))
}

fn begin(home: &str) -> String {
    format!("tidings: begin {home}: ")
}

fn end(home: &str) -> String {
    format!("# tidings: end {home}")
}

/// What stands before this home's lines, and what after.
fn around<'a>(text: &'a str, home: &str) -> Result<(&'a str, &'a str)> {
    let (begin, end) = (format!("# {}", begin(home)), end(home));
    let mut at = 0;
    let mut lines = Vec::new();
    for (number, line) in text.split_inclusive('\n').enumerate() {
        lines.push((number + 1, at, line));
        at += line.len();
    }
    let starts: Vec<_> = lines.iter().filter(|(_, _, line)| line.starts_with(&begin)).collect();
    let (number, start) = match starts[..] {
        [] => return Ok((text, "")),
        [(number, start, _)] => (*number, *start),
        [_, (number, ..), ..] => {
            bail!("line {number} of the crontab begins this home's lines a second time; take one out by `crontab -e`")
        }
    };
    let last = lines.iter().find(|(_, at, line)| *at > start && line.trim_end() == end);
    let Some((_, at, line)) = last else {
        bail!("line {number} of the crontab begins this home's lines, and none reads `{end}`; mend it by `crontab -e`");
    };
    let (block, tail) = (&text[start..at + line.len()], &text[at + line.len()..]);
    let block_of_ours = if block.ends_with('\n') { block.to_owned() } else { format!("{block}\n") };
    if seal(&block_of_ours) != Seal::Whole {
        bail!(
            "somebody changed this home's lines in the crontab (from line {number} on); move what is yours out of them by \
             `crontab -e`, delete the rest down to `{end}`, and try again"
        );
    }
    Ok((&text[..start], tail))
}

/// The script that cron starts, with `run` each hour and with `check` each day.
///
/// # Errors
/// When a path can't stand in it.
pub fn script(wanted: &Wanted) -> Result<String> {
    let home = quote::line(&wanted.home, "the home")?;
    let log = quote::shell(quote::line(&wanted.home.join("state/cron.log"), "the log")?);
    let mut program = quote::shell(quote::line(&wanted.program, "the program")?);
    let beside = wanted.program.parent().unwrap_or(Path::new("/usr/bin"));
    let path = quote::shell(&format!("{}:/usr/local/bin:/usr/bin:/bin", quote::line(beside, "the program's folder")?));
    program = format!("{program} --home {}", quote::shell(home));
    if let Some(secrets) = &wanted.secrets {
        program = format!("{program} --secrets {}", quote::shell(quote::line(secrets, "the file of secrets")?));
    }
    let body = format!(
        "# Cron starts it with few variables. What it prints goes to the log; cron mails what `check` says, where MAILTO is set.\n\
         PATH={path}\n\
         export PATH\n\
         umask 077\n\
         log={log}\n\
         # The log begins anew at {LOG_BYTES} bytes; the one before it stays as cron.log.1.\n\
         if [ -f \"$log\" ] && [ \"$(wc -c <\"$log\")\" -ge {LOG_BYTES} ]; then mv -f \"$log\" \"$log.1\"; fi\n\
         now=$(date -u +%Y-%m-%dT%H:%M:%SZ)\n\
         case \"$1\" in\n\
         run)\n\
         \x20 printf '== %s run\\n' \"$now\" >>\"$log\"\n\
         \x20 exec {program} run >>\"$log\" 2>&1\n\
         \x20 ;;\n\
         check)\n\
         \x20 said=$({program} status --check 2>&1) && exit 0\n\
         \x20 printf '== %s check: %s\\n' \"$now\" \"$said\" >>\"$log\"\n\
         \x20 printf '%s\\n' \"$said\"\n\
         \x20 exit 1\n\
         \x20 ;;\n\
         esac\n"
    );
    Ok(sealed("`tidings install cron` wrote this script and replaces it; yours belongs elsewhere", &body))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOME: &str = "/home/ana/tidings";
    const SCRIPT: &str = "/home/ana/tidings/state/cron.sh";
    const HERS: &str = "# Ana's own\nMAILTO=ana@lab.example\nPATH=/opt/bin\n\n5 4 * * 0 backup --to 100\\%\n";

    fn with(before: &str, home: &str) -> String {
        let script = Path::new(home).join("state/cron.sh");
        crontab(before, Path::new(home), Some((&script, 17))).expect("written")
    }

    fn without(before: &str, home: &str) -> String {
        crontab(before, Path::new(home), None).expect("taken out")
    }

    #[test]
    fn the_lines_of_a_crontab() {
        insta::assert_snapshot!(with(HERS, HOME), @r"
        # Ana's own
        MAILTO=ana@lab.example
        PATH=/opt/bin

        5 4 * * 0 backup --to 100\%
        # tidings: begin /home/ana/tidings: `tidings install cron` wrote these lines; seal: cddeab2eaba189ac
        17 * * * * /bin/sh /home/ana/tidings/state/cron.sh run
        47 7 * * * /bin/sh /home/ana/tidings/state/cron.sh check
        # tidings: end /home/ana/tidings
        ");
    }

    #[test]
    fn the_script_that_cron_starts() {
        let wanted = Wanted {
            home: "/home/ana/my tidings".into(),
            program: "/opt/tidings/bin/tidings".into(),
            secrets: Some("/home/ana/.config/it's secret".into()),
        };
        insta::assert_snapshot!(script(&wanted).expect("written"), @r##"
        # `tidings install cron` wrote this script and replaces it; yours belongs elsewhere; seal: 2dd18aacd0872c3f
        # Cron starts it with few variables. What it prints goes to the log; cron mails what `check` says, where MAILTO is set.
        PATH=/opt/tidings/bin:/usr/local/bin:/usr/bin:/bin
        export PATH
        umask 077
        log='/home/ana/my tidings/state/cron.log'
        # The log begins anew at 1000000 bytes; the one before it stays as cron.log.1.
        if [ -f "$log" ] && [ "$(wc -c <"$log")" -ge 1000000 ]; then mv -f "$log" "$log.1"; fi
        now=$(date -u +%Y-%m-%dT%H:%M:%SZ)
        case "$1" in
        run)
          printf '== %s run\n' "$now" >>"$log"
          exec /opt/tidings/bin/tidings --home '/home/ana/my tidings' --secrets '/home/ana/.config/it'\''s secret' run >>"$log" 2>&1
          ;;
        check)
          said=$(/opt/tidings/bin/tidings --home '/home/ana/my tidings' --secrets '/home/ana/.config/it'\''s secret' status --check 2>&1) && exit 0
          printf '== %s check: %s\n' "$now" "$said" >>"$log"
          printf '%s\n' "$said"
          exit 1
          ;;
        esac
        "##);
    }

    #[test]
    fn twice_changes_nothing_and_taking_out_leaves_what_was_there() {
        for before in ["", HERS, "# no end of line", "\n\n", "5 4 * * * x\r\n"] {
            let once = with(before, HOME);
            assert_eq!(with(&once, HOME), once, "{before:?}");
            let line_end = if before.is_empty() || before.ends_with('\n') { "" } else { "\n" };
            assert_eq!(without(&once, HOME), format!("{before}{line_end}"), "{before:?}");
        }
    }

    #[test]
    fn two_homes_stand_side_by_side_and_what_follows_them_stays() {
        let both = format!("{}1 1 * * * hers\n", with(&with(HERS, HOME), "/srv/tidings"));
        let moved = crontab(&both, Path::new(HOME), Some((Path::new(SCRIPT), 5))).expect("written");
        assert!(moved.contains("\n5 * * * * /bin/sh /home/ana/tidings/state/cron.sh run\n"), "{moved}");
        assert!(moved.contains("\n17 * * * * /bin/sh /srv/tidings/state/cron.sh run\n"), "{moved}");
        assert_eq!(without(&without(&moved, HOME), "/srv/tidings"), format!("{HERS}1 1 * * * hers\n"));
    }

    #[test]
    fn lines_that_a_person_changed_are_left_to_that_person() {
        let ours = with(HERS, HOME);
        for (changed, words) in [
            (
                ours.replace("17 * * * *", "*/5 * * * *"),
                "somebody changed this home's lines in the crontab (from line 6 on)",
            ),
            (ours.replace("# tidings: end", "# tidings: fin"), "none reads `# tidings: end /home/ana/tidings`"),
            (format!("{ours}{ours}"), "line 15 of the crontab begins this home's lines a second time"),
        ] {
            for wanted in [None, Some((Path::new(SCRIPT), 17))] {
                let error = crontab(&changed, Path::new(HOME), wanted).expect_err("left").to_string();
                assert!(error.contains(words), "{error}");
            }
        }
    }

    #[test]
    fn minutes_are_spread_and_never_the_full_hour() {
        let minutes: Vec<u8> = (0..1_000).map(|n| minute(Path::new(&format!("/home/u{n}/tidings")))).collect();
        assert!(minutes.iter().all(|minute| (1..60).contains(minute)));
        let most = (1..60).map(|at| minutes.iter().filter(|minute| **minute == at).count()).max();
        assert!(most < Some(40), "{most:?} of 1,000 in one minute");
    }
}
