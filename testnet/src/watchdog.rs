//! Ends the node processes when this process dies without a word. A small shell waits on a pipe that only we hold
//! open; the end of the pipe is our end, however it came.

use std::io;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, ChildStdin, Command, Stdio};

use std::io::Write as _;

/// Keeps the list of process groups; at the end of its input asks them to stop, then ends them.
const SCRIPT: &str = r#"
groups=
while read -r sign group; do
  case $sign in
    +) groups="$groups $group" ;;
    -) kept=; for g in $groups; do [ "$g" = "$group" ] || kept="$kept $g"; done; groups=$kept ;;
  esac
done
for g in $groups; do kill -CONT "-$g"; kill -TERM "-$g"; done 2>/dev/null
[ -z "$groups" ] || sleep 3
for g in $groups; do kill -KILL "-$g"; done 2>/dev/null
"#;

/// The running watchdog.
#[derive(Debug)]
pub struct Watchdog {
    child: Child,
    pipe: Option<ChildStdin>,
}

impl Watchdog {
    /// Starts it, out of reach of the terminal's Ctrl-C.
    pub fn start() -> io::Result<Self> {
        let mut child = Command::new("/bin/sh")
            .args(["-c", SCRIPT])
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let pipe = child.stdin.take();
        Ok(Self { child, pipe })
    }

    /// Watches over a process group.
    pub fn watch(&mut self, group: u32) -> io::Result<()> {
        self.tell('+', group)
    }

    /// Forgets a process group that has ended.
    pub fn forget(&mut self, group: u32) -> io::Result<()> {
        self.tell('-', group)
    }

    fn tell(&mut self, sign: char, group: u32) -> io::Result<()> {
        match &mut self.pipe {
            Some(pipe) => writeln!(pipe, "{sign} {group}"),
            None => Ok(()),
        }
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        self.pipe = None;
        // It ends at once when it watches over nothing, which is how an orderly stop leaves it.
        drop(self.child.wait());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::process::ExitStatusExt as _;

    fn sleeper() -> Child {
        Command::new("/bin/sleep").arg("60").process_group(0).spawn().unwrap()
    }

    #[test]
    fn what_is_watched_ends_with_us_and_what_is_forgotten_stays() {
        let (mut watched, mut forgotten) = (sleeper(), sleeper());
        let mut watchdog = Watchdog::start().unwrap();
        watchdog.watch(watched.id()).unwrap();
        watchdog.watch(forgotten.id()).unwrap();
        watchdog.forget(forgotten.id()).unwrap();
        drop(watchdog);
        assert_eq!(watched.wait().unwrap().signal(), Some(15));
        assert_eq!(forgotten.try_wait().unwrap(), None);
        forgotten.kill().unwrap();
        forgotten.wait().unwrap();
    }
}
