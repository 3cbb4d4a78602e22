//! spike
use cofferdam_registry::*;
use cofferdam_policy::Policy;
use serde_json::{json, Value, Map};
use std::time::Instant;
#[tokio::main]
async fn main() {
    let mut policy = Policy::empty();
    policy.add_flag("--allow-connect", "tcp://localhost:*").unwrap();
    let t = Instant::now();
    let r = Registry::open(Setup { policy, shipped: vec![], plugins: vec!["/work/main/plugins/target/wasm32-wasip2/release/tcp.wasm".into()], cache: Some("/tmp/spike-cache".into()) }).unwrap();
    println!("open {:?}", t.elapsed());
    r.settled().await;
    println!("settled {:?} {:?}", t.elapsed(), r.problems());
    let l = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = l.local_addr().unwrap().port();
    tokio::spawn(async move { loop { let (mut s, _) = l.accept().await.unwrap(); s.set_nodelay(true).unwrap(); tokio::spawn(async move { let (mut a, mut b) = s.split(); let _ = tokio::io::copy(&mut a, &mut b).await; }); } });
    let call = |tool: &str, args: Value| { let r = r.clone(); let tool = tool.to_owned(); async move {
        let Value::Object(arguments) = args else { panic!() };
        r.call(Call { tool, arguments, principal: Principal::local(), deadline: None, cancel: Default::default(), progress: None }).await.unwrap() } };
    for (tool, args) in [
        ("tcp_list_connections", json!({})),
        ("tcp_set_trigger", json!({"connection_id":"c","trigger_id":"t","pattern":"^PING (\\S+)","response":"PONG $1\r\n"})),
        ("tcp_connect", json!({"host":"localhost","port":port,"connection_id":"c"})),
        ("tcp_connect", json!({"host":"localhost","port":port,"connection_id":"c"})),
        ("tcp_send", json!({"connection_id":"c","data":"PING a\r\n"})),
        ("tcp_wait", json!({"connection_id":"c","until":"pattern","pattern":"PONG a"})),
        ("tcp_wait", json!({"connection_id":"c","until":"silence","silence_ms":100})),
        ("tcp_wait", json!({"connection_id":"c","until":"bytes","bytes":10,"timeout_ms":300})),
        ("tcp_read_buffer", json!({"connection_id":"c"})),
        ("tcp_connection_info", json!({"connection_id":"c"})),
        ("tcp_connect", json!({"host":"localhost","port":1,"connection_id":"d"})),
        ("tcp_connect", json!({"host":"10.0.0.1","port":1,"connection_id":"d"})),
        ("tcp_connect", json!({"host":"db.example","port":1,"connection_id":"d"})),
        ("tcp_connect", json!({"host":"127.1","port":1,"connection_id":"d"})),
        ("tcp_connect", json!({"host":"127.0.0.1","port":70000,"connection_id":"d"})),
        ("tcp_connect", json!({"host":"127.0.0.1"})),
        ("tcp_send", json!({"connection_id":"c","data":"zz","encoding":"hex"})),
        ("tcp_send", json!({"connection_id":"c","data":"end","end":true})),
        ("tcp_wait", json!({"connection_id":"c","until":"close"})),
        ("tcp_buffer_info", json!({"connection_id":"c"})),
        ("tcp_disconnect", json!({"connection_id":"c"})),
        ("tcp_disconnect", json!({"connection_id":"c"})),
        ("tcp_list_connections", json!({})),
    ] {
        let t = Instant::now();
        println!("→ {tool} {args}"); let a = call(tool, args).await; println!("  {} {:?} {}", a.is_error, t.elapsed(), a.content.join("|"));
    }
    let n = 20000; let t = Instant::now();
    for _ in 0..n { call("tcp_list_connections", json!({})).await; }
    println!("call {:?}", t.elapsed() / n);
    call("tcp_connect", json!({"host":"127.0.0.1","port":port,"connection_id":"e"})).await;
    let n = 5000; let t = Instant::now();
    for i in 0..n { let m = format!("m{i}\n"); call("tcp_send", json!({"connection_id":"e","data":m})).await; let a = call("tcp_wait", json!({"connection_id":"e","until":"pattern","pattern":m})).await; assert!(!a.is_error, "{a:?}"); assert_eq!(a.structured.unwrap()["satisfied"], true); }
    println!("send+wait {:?}", t.elapsed() / n);
    let _ = Map::<String,Value>::new();
}
