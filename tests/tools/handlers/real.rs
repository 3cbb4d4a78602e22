//! Handlers against real servers: redis, fakeredis, ngircd, miniircd, mosquitto, nginx, pymodbus,
//! aiosmtpd and gpsd.

use cofferdam_xtask::peers;
use serde_json::{Value, json};

use super::{connect, has, request, send, values};
use crate::support::{Listener, Server, Session, eventually, scratch};

/// Takes one message after the other until one has these members, and gives that one.
#[track_caller]
pub fn until(session: &mut Session, id: &str, wanted: &Value) -> Value {
    let matches = |told: &Value| wanted.as_object().unwrap().iter().all(|(key, value)| told["message"][key] == *value);
    let mut seen = Vec::new();
    loop {
        let arguments = json!({ "connection_id": id, "limit": 1, "timeout_ms": 10_000 });
        let answer = session.call("tcp_messages", arguments).ok();
        assert_eq!(answer["satisfied"], true, "no {wanted} among {seen:?}: {answer}");
        for told in answer["messages"].as_array().unwrap() {
            if matches(told) {
                return told.clone();
            }
            seen.push(told.clone());
        }
    }
}

#[test]
fn redis_answers_requests_and_pushes_between_them() {
    let server = Server::redis();
    let mut session = Session::local();
    connect(&mut session, server.port, "redis", json!({ "protocol": 3, "client_name": "cofferdam" }));
    has(&until(&mut session, "c", &json!({ "type": "map" }))["message"]["value"], json!({ "proto": 3 }));
    let answer = |session: &mut Session, command: Value| {
        let told = request(session, json!({ "command": command }));
        assert_eq!(told["answered"], true, "{told}");
        values(&told).remove(0)
    };
    assert_eq!(
        answer(&mut session, json!(["SET", "key", "a\r\nb", "EX", 60])),
        json!({ "type": "status", "value": "OK" })
    );
    assert_eq!(answer(&mut session, json!(["GET", "key"])), json!({ "type": "bulk", "value": "a\r\nb" }));
    has(&answer(&mut session, json!(["LPUSH", "key", "x"])), json!({ "type": "error", "code": "WRONGTYPE" }));
    assert_eq!(
        answer(&mut session, json!(["HSET", "h", "a", "1", "b", "2"])),
        json!({ "type": "integer", "value": 2 })
    );
    has(&answer(&mut session, json!(["HGETALL", "h"])), json!({ "type": "map", "value": { "a": "1", "b": "2" } }));
    // What is subscribed to comes between answers and is none.
    send(&mut session, json!({ "command": ["SUBSCRIBE", "news"] }));
    until(&mut session, "c", &json!({ "type": "push", "kind": "subscribe" }));
    assert_eq!(answer(&mut session, json!(["PUBLISH", "news", "hi"])), json!({ "type": "integer", "value": 1 }));
    until(&mut session, "c", &json!({ "type": "push", "kind": "message", "channel": "news", "message": "hi" }));
}

#[test]
fn many_requests_at_once_to_redis_each_get_their_own() {
    let server = Server::redis();
    let mut session = Session::local();
    connect(&mut session, server.port, "redis", json!({}));
    let asked: Vec<(u64, usize)> = (0..50)
        .map(|n| {
            let message = json!({ "command": ["ECHO", format!("number {n}")] });
            (
                session.post_call(
                    "tcp_request",
                    json!({ "connection_id": "c", "message": message, "timeout_ms": 20_000 }),
                ),
                n,
            )
        })
        .collect();
    for (id, n) in asked {
        let told = session.called(id).ok();
        assert_eq!(values(&told), [json!({ "type": "bulk", "value": format!("number {n}") })], "{told}");
    }
}

#[test]
fn fakeredis_takes_hello_3_and_then_speaks_shapes_of_resp2() {
    let server = Server::python(peers::PYTHON_SERVERS[5], "redis_server.py", &[]);
    let mut session = Session::local();
    connect(&mut session, server.port, "redis", json!({ "protocol": 3 }));
    let hello = until(&mut session, "c", &json!({ "type": "map" }));
    assert_eq!(hello["message"]["value"]["proto"], 3, "{hello}");
    let mut answers = |command: Value| {
        let told = request(&mut session, json!({ "command": command }));
        assert_eq!(told["answered"], true, "{told}");
        values(&told)
    };
    answers(json!(["SADD", "set", "a"]));
    answers(json!(["SET", "key", "v"]));
    // The set comes as an array, and the code of every error behind ERR: what counts is the shape
    // that came.
    assert_eq!(answers(json!(["SMEMBERS", "set"])), [json!({ "type": "array", "value": ["a"] })]);
    let wrong = answers(json!(["LPUSH", "key", "x"])).remove(0);
    assert_eq!((&wrong["type"], &wrong["code"]), (&json!("error"), &json!("ERR")), "{wrong}");
    assert!(wrong.to_string().contains("WRONGTYPE"), "{wrong}");
    // A subscription and what it brings are arrays too, and are not taken for answers to what comes
    // behind them.
    has(&answers(json!(["SUBSCRIBE", "news", "more"]))[0], json!({ "kind": "subscribe", "channel": "news" }));
    let pong = answers(json!(["PING"])).remove(0);
    assert!(pong.to_string().to_lowercase().contains("pong"), "{pong}");
    has(&answers(json!(["UNSUBSCRIBE"]))[0], json!({ "kind": "unsubscribe" }));
    assert_eq!(answers(json!(["GET", "key"]))[0]["value"], "v");
    // It takes a protocol that nobody knows.
    let hello = answers(json!(["HELLO", 9])).remove(0);
    assert!(hello["type"] == "array" && hello["value"].as_array().unwrap().contains(&json!(9)), "{hello}");
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
    let server = Server::mosquitto();
    for version in ["3.1.1", "5"] {
        let mut session = Session::local();
        connect(&mut session, server.port, "mqtt", json!({ "version": version, "client_id": "bot" }));
        until(&mut session, "c", &json!({ "type": "connack", "reason": "accepted" }));
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

#[test]
fn a_web_server_answers_requests_of_one_connection_one_by_one() {
    let pages = scratch("pages");
    std::fs::write(pages.join("a.txt"), "first page").unwrap();
    std::fs::write(pages.join("b.txt"), "x".repeat(200_000)).unwrap();
    // A page that is put together while it is sent comes in chunks.
    std::fs::write(pages.join("c.html"), "<!--#set var=\"a\" value=\"chunked\" --><!--#echo var=\"a\" -->").unwrap();
    let server = Server::nginx(&pages);
    let mut session = Session::local();
    connect(&mut session, server.port, "http1", json!({ "host": "localhost" }));
    let told = request(&mut session, json!({ "target": "/a.txt" }));
    let first = &values(&told)[0];
    has(first, json!({ "type": "response", "status": 200, "body": "first page" }));
    assert!(first["headers"]["server"].as_str().unwrap().starts_with("nginx/"), "{first}");
    let told = request(&mut session, json!({ "method": "HEAD", "target": "/b.txt" }));
    let head = &values(&told)[0];
    assert_eq!((&head["status"], &head["headers"]["content-length"]), (&json!(200), &json!("200000")), "{head}");
    let told = request(&mut session, json!({ "target": "/c.html" }));
    let chunked = &values(&told)[0];
    assert_eq!((&chunked["body"], &chunked["headers"]["transfer-encoding"]), (&json!("chunked"), &json!("chunked")));
    has(&values(&request(&mut session, json!({ "target": "/none" })))[0], json!({ "status": 404 }));
    let told = request(&mut session, json!({ "target": "/b.txt" }));
    assert_eq!(values(&told)[0]["status"], 200);
    let whole = session.buffer_info("c")["bytes_received"].as_u64().unwrap();
    assert!(whole > 200_000, "{whole}");
    assert_eq!(session.call("tcp_list_connections", json!({})).ok()["connections"][0]["handler"], "http1");
}

#[test]
fn modbus_registers_of_a_real_server_are_read_and_written() {
    let server = Server::python(peers::PYTHON_SERVERS[0], "modbus_server.py", &[]);
    let mut session = Session::local();
    connect(&mut session, server.port, "modbus", json!({}));
    let answer = |session: &mut Session, message: Value| {
        let told = request(session, message);
        assert_eq!(told["answered"], true, "{told}");
        values(&told).remove(0)
    };
    let read = json!({ "function": "read_holding_registers", "address": 10, "count": 3 });
    has(&answer(&mut session, read.clone()), json!({ "values": [10, 11, 12], "unit": 1 }));
    let write = json!({ "function": "write_registers", "address": 10, "type": "f32", "values": [21.5] });
    has(&answer(&mut session, write), json!({ "answer": "write_registers", "address": 10, "count": 2 }));
    let float = json!({ "function": "read_holding_registers", "address": 10, "type": "f32" });
    has(&answer(&mut session, float), json!({ "values": [21.5] }));
    let coils = json!({ "function": "read_coils", "address": 0, "count": 4 });
    has(&answer(&mut session, coils), json!({ "values": [false, true, false, true] }));
    let beyond = json!({ "function": "read_holding_registers", "address": 60_000, "count": 1 });
    has(&answer(&mut session, beyond), json!({ "exception": "illegal_data_address" }));
    // This server answers the first only of several that come in one segment: none of ours is lost.
    let asked: Vec<(u64, u64)> = (20..40)
        .map(|address| {
            let message = json!({ "function": "read_input_registers", "address": address, "count": 1 });
            (
                session.post_call(
                    "tcp_request",
                    json!({ "connection_id": "c", "message": message, "timeout_ms": 20_000 }),
                ),
                address,
            )
        })
        .collect();
    for (id, address) in asked {
        let told = session.called(id).ok();
        assert_eq!(values(&told)[0]["values"], json!([address]), "{told}");
    }
}

#[test]
fn a_mail_arrives_as_it_was_written() {
    let folder = scratch("mail");
    let server = Server::python(peers::PYTHON_SERVERS[1], "smtp_server.py", &[&folder.display().to_string()]);
    let mut session = Session::local();
    connect(&mut session, server.port, "smtp", json!({ "ehlo": "client.test" }));
    let arguments = json!({ "connection_id": "c", "until": 2, "timeout_ms": 10_000 });
    let greeting = values(&session.call("tcp_messages", arguments).ok());
    has(&greeting[0], json!({ "code": 220 }));
    has(&greeting[1], json!({ "code": 250 }));
    assert!(greeting[1]["lines"].as_array().unwrap().len() > 1, "{greeting:?}");
    for (command, code) in [("MAIL FROM:<ann@client.test>", 250), ("RCPT TO:<bob@mail.test>", 250), ("DATA", 354)] {
        has(&values(&request(&mut session, json!({ "command": command })))[0], json!({ "code": code }));
    }
    // Lines that begin with a dot are doubled on their way, and bare line feeds become CR LF.
    let told = request(&mut session, json!({ "data": "Subject: x\n\n.\n..two\nend" }));
    has(&values(&told)[0], json!({ "code": 250, "enhanced": "2.0.0" }));
    let mail = std::fs::read(folder.join("1.eml")).unwrap();
    assert_eq!(String::from_utf8_lossy(&mail), "Subject: x\r\n\r\n.\r\n..two\r\nend\r\n");
    has(&values(&request(&mut session, json!({ "command": "QUIT" })))[0], json!({ "code": 221 }));
}
