//! What is the same policy has the same text, and what is not has another.

use super::*;

fn text(policy: &str) -> String {
    let policy = crate::parse("p.toml", policy, &|name| (name == "LAB").then(|| "lab.example".to_owned())).unwrap();
    policy.canonical(&|settings| format!("<{}>", settings.len()))
}

const FILE: &str = r#"
[plugins.tcp]
connect = ["tcp://*.lab.example:22,8000-8099", { to = "tcp://db.lab.example:5432", within = ["10.0.0.0/8"] }]
limits = { call = "5 min" }
[plugins.modbus]
component = "/opt/plugins/modbus.wasm"
settings = { unit = 1, token = "s3cret" }
[plugins.files]
read = ["/var/log/"]
[deny]
ping = ["10.0.0.13"]
[names]
servers = ["192.0.2.53"]
"#;

#[test]
fn everything_is_in_it_and_settings_are_not_in_clear() {
    assert_eq!(
        text(FILE),
        r#"cofferdam policy 1
allow plugin files read /var/log
allow plugin tcp connect tcp://*.lab.example:22,8000-8099
allow plugin tcp connect tcp://db.lab.example:5432 within 10.0.0.0/8
deny every plugin ping 10.0.0.13
limit every plugin call_ms 50000
limit every plugin calls_per_minute 60000
limit every plugin compile_ms 120000
limit every plugin concurrent_calls 1024
limit every plugin connections 2048
limit every plugin cpu_ms 10000
limit every plugin descriptors 4096
limit every plugin log_lines 50
limit every plugin lookups 256
limit every plugin lookups_per_minute 3000
limit every plugin mailbox 1024
limit every plugin memory 268435456
limit every plugin output 4194304
limit plugin tcp call_ms 300000
limit plugin tcp calls_per_minute 60000
limit plugin tcp compile_ms 120000
limit plugin tcp concurrent_calls 1024
limit plugin tcp connections 2048
limit plugin tcp cpu_ms 10000
limit plugin tcp descriptors 4096
limit plugin tcp log_lines 50
limit plugin tcp lookups 256
limit plugin tcp lookups_per_minute 3000
limit plugin tcp mailbox 1024
limit plugin tcp memory 268435456
limit plugin tcp output 4194304
plugin modbus component "/opt/plugins/modbus.wasm"
plugin modbus settings <27>
names policy 192.0.2.53:53
"#
    );
}

#[test]
fn spelling_order_and_place_change_nothing() {
    let one = "[plugins.tcp]\nconnect = [\"tcp://a.${LAB}:22\", \"tcp://10.0.0.0/8:80,22\"]\nsettings = { a = 1, b = { c = 2, d = 3 } }";
    let other = "# the same\n[plugins.tcp]\nsettings = { b = { d = 3, c = 2 }, a = 1 }\n\
                 connect = ['tcp://10.0.0.0/8:22,80', 'TCP://A.lab.example.:22', 'tcp://a.lab.example:22']\n[limits]\ncall = \"50 s\"";
    assert_eq!(text(one), text(other));
    let mut flags = Policy::empty();
    flags.add_flag("--allow-connect", "tcp://a.example:22").unwrap();
    let file = crate::parse("p", "[defaults]\nconnect = [\"tcp://a.example:22\"]", &|_| None).unwrap();
    let plain = |policy: &Policy| policy.canonical(&|_| String::new());
    assert_eq!(plain(&flags), plain(&file));
}

#[test]
fn every_difference_that_matters_shows() {
    for (from, to) in [
        ("22,8000-8099", "22,8000-8098"),
        ("within = [\"10.0.0.0/8\"]", "within = [\"10.0.0.0/9\"]"),
        ("call = \"5 min\"", "call = \"6 min\""),
        ("[plugins.files]", "[plugins.other]\ncomponent = \"/x\"\n[plugins.files]"),
        ("modbus.wasm", "modbus2.wasm"),
        ("s3cret", "s3cretx"),
        ("[deny]", "[defaults]"),
        ("ping =", "resolve ="),
        ("192.0.2.53", "192.0.2.54"),
        ("[plugins.files]", "[plugins.file]"),
    ] {
        assert_ne!(text(FILE), text(&FILE.replace(from, to)), "{from}");
    }
    let machine = |server: &str| {
        let mut policy = Policy::empty();
        policy.set_machine_servers(vec![server.parse().unwrap()]);
        policy.canonical(&|_| String::new())
    };
    assert_ne!(machine("127.0.0.53:53"), machine("127.0.0.54:53"));
    // No text in a policy can make a line of its own.
    let forged = text("[plugins.x]\ncomponent = \"/a\\nallow every plugin read /\"");
    assert!(!forged.lines().any(|line| line == "allow every plugin read /\""), "{forged}");
    assert_eq!(forged.lines().filter(|line| line.starts_with("allow")).count(), 0, "{forged}");
}
