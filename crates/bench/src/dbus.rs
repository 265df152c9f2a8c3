//! A method call with what a report says, over a bus of D-Bus as desktops have it.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, bail};
use zbus::blocking::connection::Builder;

use crate::{JobView, path, streams};

/// A bus of its own, for as long as it is needed.
struct Bus {
    process: Child,
    address: String,
}

impl Bus {
    /// Starts one, and installs it first where that can be done.
    fn start() -> Result<Self> {
        let mut process = match daemon().spawn() {
            Ok(process) => process,
            Err(_) => {
                let install = ["install", "--yes", "--no-install-recommends", "dbus-daemon"];
                let installed = Command::new("apt-get").args(install).stdout(Stdio::null()).status();
                if !installed.is_ok_and(|status| status.success()) {
                    bail!("there is no dbus-daemon, and it cannot be installed");
                }
                daemon().spawn().context("cannot start dbus-daemon")?
            }
        };
        let mut address = String::new();
        let printed = process.stdout.take().context("the bus says nothing")?;
        BufReader::new(printed).read_line(&mut address)?;
        Ok(Self { process, address: address.trim().to_owned() })
    }
}

fn daemon() -> Command {
    let mut daemon = Command::new("dbus-daemon");
    daemon.args(["--session", "--nofork", "--print-address"]).stdin(Stdio::null()).stdout(Stdio::piped());
    daemon
}

impl Drop for Bus {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// One call at a time, answered.
pub(crate) fn call(calls: u64) -> Result<()> {
    const NAME: &str = "org.example.Reports";
    let bus = Bus::start()?;
    let address = bus.address.as_str();
    let _view = Builder::address(address)?.name(NAME)?.serve_at("/job", JobView)?.build()?;
    let connection = Builder::address(address)?.build()?;
    let proxy = zbus::blocking::Proxy::new(&connection, NAME, "/job", "org.kde.JobViewV3")?;
    let mut times = Vec::new();
    for n in 0..calls {
        let begun = Instant::now();
        proxy.call_method("Update", &(path(n), n, calls))?;
        times.push(begun.elapsed().as_secs_f64());
    }
    streams::tell_calls("the same to nobody, a call over a bus of D-Bus", &mut times);
    Ok(())
}
