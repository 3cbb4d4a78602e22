//! Handlers against real servers: ngircd, miniircd, mosquitto and gpsd. Others have files of their
//! own.

use serde_json::json;

use super::{connect, has, request, send, until, values};
use crate::support::{Listener, Server, Session, eventually};

#[test]
fn ngircd_asks_before_001_and_a_wrong_pong_gets_only_a_notice() {
    let server = Server::ngircd_with("RequireAuthPing = yes");
    let mut session = Session::local();
    connect(&mut session, server.port, "irc", json!({ "nick": "bot" }));
    until(&mut session, "c", &json!({ "command": "PING" }));
    until(&mut session, "c", &json!({ "name": "RPL_WELCOME" }));
    let mut session = Session::local();
    connect(&mut session, server.port, "irc", json!({ "nick": "ann", "pong": false }));
    let ping = until(&mut session, "c", &json!({ "command": "PING" }));
    send(&mut session, json!({ "command": "PONG", "params": ["1"] }));
    let notice = until(&mut session, "c", &json!({ "command": "NOTICE" }));
    assert!(notice["message"]["params"][1].as_str().unwrap().contains("/QUOTE PONG"), "{notice}");
    send(&mut session, json!({ "command": "PONG", "params": ping["message"]["params"] }));
    until(&mut session, "c", &json!({ "name": "RPL_WELCOME" }));
}

#[test]
fn miniircd_has_no_capabilities_and_waits_for_the_end_of_their_negotiation() {
    let server = Server::miniircd();
    let mut session = Session::local();
    connect(&mut session, server.port, "irc", json!({ "nick": "bot", "capabilities": ["server-time"] }));
    let list = until(&mut session, "c", &json!({ "command": "CAP" }));
    assert_eq!(list["message"]["params"], json!(["*", "LS", ""]), "{list}");
    // It would not come without CAP END.
    until(&mut session, "c", &json!({ "name": "RPL_WELCOME" }));
    send(&mut session, json!({ "command": "JOIN", "params": ["#lab"] }));
    until(&mut session, "c", &json!({ "name": "RPL_ENDOFNAMES" }));
    send(&mut session, json!({ "command": "TOPIC", "params": ["#lab", "two words"] }));
    let topic = until(&mut session, "c", &json!({ "command": "TOPIC" }));
    assert_eq!(
        (&topic["message"]["params"], &topic["message"]["nick"]),
        (&json!(["#lab", "two words"]), &json!("bot"))
    );
    // A negotiation behind the registration it knows nothing of.
    send(&mut session, json!({ "command": "CAP", "params": ["LS"] }));
    until(&mut session, "c", &json!({ "name": "ERR_UNKNOWNCOMMAND" }));
    send(&mut session, json!({ "command": "PING", "params": ["still here"] }));
    let pong = until(&mut session, "c", &json!({ "command": "PONG" }));
    assert!(pong["message"]["params"].to_string().contains("still here"), "{pong}");
}

#[test]
fn mosquitto_refuses_in_the_shape_of_each_version() {
    let server = Server::mosquitto(false);
    for (version, code) in [("3.1.1", 5), ("5", 135)] {
        let mut session = Session::local();
        connect(&mut session, server.port, "mqtt", json!({ "version": version }));
        let refusal = until(&mut session, "c", &json!({ "type": "connack" }));
        has(&refusal["message"], json!({ "code": code, "reason": "not authorized" }));
        eventually("the server closes", || session.buffer_info("c")["connected"] == false);
    }
}

#[test]
fn mqtt_keeps_a_silent_connection_alive() {
    let server = Server::mosquitto(true);
    let mut session = Session::local();
    connect(&mut session, server.port, "mqtt", json!({ "keep_alive": 1 }));
    // Whoever is silent for one and a half times as long is thrown out.
    for _ in 0..3 {
        until(&mut session, "c", &json!({ "type": "pingresp" }));
    }
    assert_eq!(session.buffer_info("c")["connected"], true);
}

#[test]
fn gpsd_passes_on_what_a_receiver_says() {
    let receiver = Listener::new();
    let server = Server::gpsd(receiver.port());
    let mut receiver = receiver.accept();
    let mut session = Session::local();
    connect(&mut session, server.port, "nmea", json!({}));
    let greeting = until(&mut session, "c", &json!({}));
    assert_eq!(greeting["message"]["gpsd"]["class"], "VERSION", "{greeting}");
    send(&mut session, json!({ "text": "?WATCH={\"enable\":true,\"raw\":1};" }));
    let class = |session: &mut Session, class: &str| loop {
        let told = until(session, "c", &json!({}));
        if told["message"]["gpsd"]["class"] == class {
            return told["message"]["gpsd"].clone();
        }
    };
    has(&class(&mut session, "WATCH"), json!({ "enable": true, "raw": 1 }));
    receiver.say(concat!(
        "$GPGGA,092750.000,5321.6802,N,00630.3372,W,1,8,1.03,61.7,M,55.2,M,,*76\r\n",
        "$GPRMC,092750.000,A,5321.6802,N,00630.3372,W,0.02,31.66,280511,,,A*43\r\n",
    ));
    let fix = until(&mut session, "c", &json!({ "sentence": "GGA" }));
    has(&fix["message"], json!({ "talker": "GP", "altitude_m": 61.7, "satellites": 8 }));
    assert!((fix["message"]["lat"].as_f64().unwrap() - 53.361_336_667).abs() < 1e-8, "{fix}");
    has(&until(&mut session, "c", &json!({ "sentence": "RMC" }))["message"], json!({ "date": "2011-05-28" }));
    // A message of an AIS station, in two parts.
    receiver.say(concat!(
        "!AIVDM,2,1,3,B,55P5TL01VIaAL@7WKO@mBplU@<PDhh000000001S;AJ::4A80?4i@E53,0*3E\r\n",
        "!AIVDM,2,2,3,B,1@0000000000000,2*55\r\n",
    ));
    let whole = until(&mut session, "c", &json!({ "sentence": "VDM", "part": 2 }));
    has(&whole["message"]["ais"], json!({ "type": 5, "mmsi": 369_190_000, "shipname": "MT.MITCHELL" }));
    // It takes each segment as a whole command: half of one is refused before the other half is
    // there.
    session.send_text("c", "?VERS");
    let refusal = class(&mut session, "ERROR");
    assert!(refusal["message"].as_str().unwrap().contains("?VERS"), "{refusal}");
    send(&mut session, json!({ "text": "?VERSION;" }));
    assert!(class(&mut session, "VERSION")["release"].is_string());
}

#[test]
fn irc_registers_by_itself_and_stays_where_a_silent_client_is_asked() {
    let server = Server::ngircd();
    let mut session = Session::local();
    connect(&mut session, server.port, "irc", json!({ "nick": "bot" }));
    let welcome = until(&mut session, "c", &json!({ "name": "RPL_WELCOME" }));
    assert_eq!((&welcome["message"]["source"], &welcome["message"]["params"][0]), (&json!("irc.test"), &json!("bot")));
    send(&mut session, json!({ "command": "JOIN", "params": ["#lab"] }));
    until(&mut session, "c", &json!({ "name": "RPL_ENDOFNAMES" }));
    let ann = json!({
        "host": "127.0.0.1", "port": server.port, "connection_id": "ann", "handler": "irc",
        "handler_config": { "nick": "ann" },
    });
    session.call("tcp_connect", ann).ok();
    until(&mut session, "ann", &json!({ "name": "RPL_WELCOME" }));
    // A bot that answers whoever speaks to it, without a call.
    let response = json!({ "command": "PRIVMSG", "params": ["ann", "you said: $1"] }).to_string();
    let trigger = json!({
        "connection_id": "c", "trigger_id": "bot", "on": "message", "member": "params.1", "pattern": "^bot: (.*)$",
        "response": response, "response_encoding": "message",
    });
    session.call("tcp_set_trigger", trigger).ok();
    let message = json!({ "command": "PRIVMSG", "params": ["#lab", "bot: hello there"] });
    session
        .call(
            "tcp_send_message",
            json!({ "connection_id": "ann", "message": { "command": "JOIN", "params": ["#lab"] } }),
        )
        .ok();
    session.call("tcp_send_message", json!({ "connection_id": "ann", "message": message })).ok();
    let told = until(&mut session, "ann", &json!({ "command": "PRIVMSG", "nick": "bot" }));
    assert_eq!(told["message"]["params"], json!(["ann", "you said: hello there"]));
    // Whoever is silent for 5 s is asked, and the handler answers.
    until(&mut session, "c", &json!({ "command": "PING" }));
    assert_eq!(session.buffer_info("c")["connected"], true);
}

#[test]
fn mqtt_subscribes_publishes_and_acknowledges() {
    let server = Server::mosquitto(true);
    for version in ["3.1.1", "5"] {
        let mut session = Session::local();
        connect(&mut session, server.port, "mqtt", json!({ "version": version, "client_id": "bot" }));
        let welcome = until(&mut session, "c", &json!({ "type": "connack", "reason": "accepted" }));
        // Version 5 has properties that nobody has asked for, 3.1.1 has none.
        assert_eq!(welcome["message"]["properties"]["receive_maximum"].is_u64(), version == "5", "{welcome}");
        let told = request(&mut session, json!({ "type": "subscribe", "topics": [{ "filter": "lab/#", "qos": 2 }] }));
        has(&values(&told)[0], json!({ "type": "suback", "results": [{ "code": 2, "reason": "granted QoS 2" }] }));
        for qos in 0..=2 {
            let message = json!({ "type": "publish", "topic": "lab/fan", "payload": format!("on {qos}"), "qos": qos });
            if qos == 0 {
                send(&mut session, message);
            } else {
                has(&request(&mut session, message), json!({ "answered": true }));
            }
        }
        // Those that were acknowledged were told beside the answers, or come now.
        let all = json!({ "connection_id": "c", "after": 0, "until": 0, "limit": 1000 });
        eventually("all three come back", || {
            let told = session.call("tcp_messages", all.clone()).ok();
            let back = values(&told).into_iter().filter(|one| one["type"] == "publish").count();
            back == 3
        });
    }
}
