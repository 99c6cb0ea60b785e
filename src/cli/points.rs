//! Fail points: named moments at which a test ends the program as `kill -9` would. Only what `cargo test` builds has them.

use std::panic;
use std::process::Command;
use std::thread;

use fail::FailScenario;

/// Sets the points that FAILPOINTS names, for example `told-written=2*off->panic` (the third time told.jsonl is written).
/// None in builds without points. A panic raised by a point never unwinds: the process ends there by SIGKILL, so that no
/// destructor writes anything more.
pub fn set() -> Option<FailScenario<'static>> {
    if !fail::has_failpoints() {
        return None;
    }
    let usual = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        usual(panic);
        if panic.payload_as_str().is_some_and(|words| words.starts_with("failpoint ")) {
            // A process can't send itself a signal without libc; its child can.
            let _ = Command::new("/bin/sh").args(["-c", "kill -9 $PPID"]).status();
            loop {
                thread::park();
            }
        }
    }));
    Some(FailScenario::setup())
}
