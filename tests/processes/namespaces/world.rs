//! Network namespaces: hubs with a public address, everybody else behind a router of their own that translates
//! addresses, as at a clinic.

use std::net::Ipv4Addr;
use std::path::Path;
use std::process::Command;

use sumac_tests::switch::{Switch, Weather};

/// Every namespace of one run. Dropping it deletes them, and what still runs in them loses its network.
pub(crate) struct World {
    pub(crate) switch: Switch,
    names: Vec<String>,
}

/// Where a program runs, and under which address the open network sees it.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    namespace: String,
    pub(crate) public: Ipv4Addr,
}

impl Place {
    /// A command that runs a program there. The process is the program's own: `ip` becomes it.
    pub(crate) fn command(&self, program: &str) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.namespace, program]);
        command
    }
}

impl World {
    /// A network without anybody in it, or why this machine allows none.
    pub(crate) fn new(weather: Weather) -> Result<Self, String> {
        if !Path::new("/dev/net/tun").exists() {
            return Err("there is no /dev/net/tun".into());
        }
        let mut world = Self { switch: Switch::new(weather), names: Vec::new() };
        // Everything that a router needs, tried once.
        world.router("try", Ipv4Addr::new(203, 0, 113, 254))?;
        Ok(world)
    }

    /// A place with a public address.
    pub(crate) fn hub(&mut self, name: &str, last: u8) -> Result<Place, String> {
        let public = Ipv4Addr::new(203, 0, 113, last);
        let namespace = self.namespace(name)?;
        self.plug(&namespace, public)?;
        Ok(Place { namespace, public })
    }

    /// A place behind a router: it can dial out, and nobody can dial it. All of them have the same private address.
    pub(crate) fn clinic(&mut self, name: &str, last: u8) -> Result<Place, String> {
        let public = Ipv4Addr::new(203, 0, 113, last);
        let router = self.router(&format!("{name}r"), public)?;
        let inside = self.namespace(name)?;
        ip(&["-n", &router, "link", "add", "lan", "type", "veth", "peer", "name", "out", "netns", &inside])?;
        ip(&["-n", &router, "addr", "add", "192.168.1.1/24", "dev", "lan"])?;
        ip(&["-n", &router, "link", "set", "lan", "up"])?;
        ip(&["-n", &inside, "addr", "add", "192.168.1.2/24", "dev", "out"])?;
        ip(&["-n", &inside, "link", "set", "out", "up"])?;
        ip(&["-n", &inside, "link", "set", "lo", "up"])?;
        ip(&["-n", &inside, "route", "add", "default", "via", "192.168.1.1"])?;
        Ok(Place { namespace: inside, public })
    }

    /// A router that lets out what comes from inside under its own address, and lets in the answers only.
    fn router(&mut self, name: &str, public: Ipv4Addr) -> Result<String, String> {
        let namespace = self.namespace(name)?;
        self.plug(&namespace, public)?;
        let forward = "echo 1 > /proc/sys/net/ipv4/ip_forward";
        done(Command::new("ip").args(["netns", "exec", &namespace, "sh", "-c", forward]))?;
        done(Command::new("ip").args(["netns", "exec", &namespace, "nft", RULES]))?;
        Ok(namespace)
    }

    fn namespace(&mut self, name: &str) -> Result<String, String> {
        let namespace = format!("sumac{}-{name}", std::process::id());
        ip(&["netns", "add", &namespace])?;
        self.names.push(namespace.clone());
        Ok(namespace)
    }

    /// Gives a namespace its way to the open network.
    fn plug(&self, namespace: &str, public: Ipv4Addr) -> Result<(), String> {
        let device = format!("sm{}x{}", std::process::id(), public.octets()[3]);
        self.switch.plug(&device, public).map_err(|why| format!("no TUN device: {why}"))?;
        ip(&["link", "set", &device, "netns", namespace])?;
        ip(&["-n", namespace, "link", "set", &device, "name", "wan"])?;
        ip(&["-n", namespace, "addr", "add", &format!("{public}/24"), "dev", "wan"])?;
        ip(&["-n", namespace, "link", "set", "lo", "up"])?;
        ip(&["-n", namespace, "link", "set", "wan", "up"])
    }
}

impl Drop for World {
    fn drop(&mut self) {
        for name in &self.names {
            if let Err(why) = ip(&["netns", "del", name]) {
                eprintln!("{why}");
            }
        }
    }
}

fn ip(words: &[&str]) -> Result<(), String> {
    done(Command::new("ip").args(words))
}

/// Runs a command, which must succeed.
fn done(command: &mut Command) -> Result<(), String> {
    let ended = command.output().map_err(|why| format!("{command:?}: {why}"))?;
    if ended.status.success() {
        return Ok(());
    }
    Err(format!("{command:?}: {}", String::from_utf8_lossy(&ended.stderr).trim()))
}

/// Address translation, and a door that opens from inside only.
const RULES: &str = "add table ip nat; \
add chain ip nat post { type nat hook postrouting priority 100; }; \
add rule ip nat post oifname wan masquerade; \
add table ip guard; \
add chain ip guard through { type filter hook forward priority 0; policy drop; }; \
add rule ip guard through iifname lan accept; \
add rule ip guard through ct state established,related accept";
