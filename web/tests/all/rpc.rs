//! The ERC-20-shaped façade as a wallet asks it: what it answers, what it refuses, and what it does with nonsense.

use crate::fake;
use crate::fake::Fake;
use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use http_body_util::BodyExt;
use protocol::UnixMs;
use serde_json::{Value, json};
use tower::ServiceExt;

const NRG: &str = "0x4e52470000000000000000000000000000000001";
const CARBON: &str = "0x434f320000000000000000000000000000000001";
const TRANSFER: &str = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef";

struct Node {
    app: Router,
    fake: Fake,
}

impl Node {
    fn start() -> Self {
        let fake = Fake::start(fake::picture(UnixMs(1_793_016_000_000)));
        Self { app: web::router(fake.handles.clone(), fake::settings("demo", &[])), fake }
    }

    async fn post(&self, body: String) -> (StatusCode, String) {
        let request =
            Request::post("/rpc").header("host", "127.0.0.1:8080").header("authorization", "Bearer demo");
        let request = request.header("content-type", "application/json").body(Body::from(body));
        let answer = self.app.clone().oneshot(request.expect("a request")).await.expect("an answer");
        let status = answer.status();
        let bytes = answer.into_body().collect().await.expect("a body").to_bytes();
        (status, String::from_utf8(bytes.to_vec()).expect("text"))
    }

    async fn ask(&self, body: Value) -> Value {
        let (status, text) = self.post(body.to_string()).await;
        assert_eq!(status, StatusCode::OK, "{text}");
        serde_json::from_str(&text).expect("JSON")
    }

    async fn call(&self, method: &str, params: Value) -> Value {
        let answer = self.ask(json!({"jsonrpc": "2.0", "id": 7, "method": method, "params": params})).await;
        assert_eq!((&answer["jsonrpc"], &answer["id"]), (&json!("2.0"), &json!(7)), "{answer}");
        answer
    }

    async fn result(&self, method: &str, params: Value) -> Value {
        let answer = self.call(method, params).await;
        assert!(answer.get("error").is_none(), "{method}: {answer}");
        answer["result"].clone()
    }

    async fn code(&self, method: &str, params: Value) -> i64 {
        let answer = self.call(method, params).await;
        answer["error"]["code"].as_i64().unwrap_or_else(|| panic!("{method} is answered: {answer}"))
    }

    fn member(&self, n: usize) -> String {
        self.fake.picture.borrow().members[n].id.clone()
    }
}

fn word(digits: &str) -> String {
    format!("{digits:0>64}")
}

#[tokio::test]
async fn a_wallet_finds_a_chain() {
    let node = Node::start();
    let head = node.fake.picture.borrow().head.clone();
    let chain = 0x53_0000_0000_u64 + u64::from_str_radix(&head.chain[..8], 16).expect("hex");
    assert_eq!(node.result("eth_chainId", json!([])).await, json!(format!("{chain:#x}")));
    assert_eq!(node.result("net_version", json!([])).await, json!(chain.to_string()));
    let height = node.result("eth_blockNumber", Value::Null).await;
    assert_eq!(height, json!(format!("{:#x}", head.height)));
    let block = node.result("eth_getBlockByNumber", json!(["latest", true])).await;
    assert_eq!((&block["number"], &block["hash"]), (&height, &json!(format!("0x{}", head.block))));
    let again = node.result("eth_getBlockByHash", json!([block["hash"], true])).await;
    assert_eq!(again, block);
    assert_eq!(node.result("eth_getBlockByNumber", json!(["0xffffffffff", false])).await, Value::Null);
    assert_eq!(
        node.result("eth_getBlockByHash", json!([format!("0x{}", word("7")), false])).await,
        Value::Null
    );
    let history = node.result("eth_feeHistory", json!(["0x4", "latest", [10, 50]])).await;
    assert_eq!(history["baseFeePerGas"].as_array().map(Vec::len), Some(5));
    assert_eq!(history["reward"].as_array().map(Vec::len), Some(4));
    assert_eq!(node.result("eth_syncing", json!([])).await, json!(false));
    assert_eq!(node.result("eth_getBalance", json!([NRG, "latest"])).await, json!("0x0"));
    assert_eq!(node.result("eth_getCode", json!([NRG, "latest"])).await, json!("0xfe"));
    assert_eq!(
        node.result("eth_getCode", json!([format!("0x{}", node.member(0)), "latest"])).await,
        json!("0x")
    );
}

#[tokio::test]
async fn a_wallet_reads_a_token() {
    let node = Node::start();
    let (first, second) = (word(&node.member(0)), word(&node.member(1)));
    let nrg =
        async |data: String| node.result("eth_call", json!([{"to": NRG, "data": data}, "latest"])).await;
    let number = |units: u64| json!(format!("0x{units:064x}"));
    assert_eq!(nrg("0x313ce567".into()).await, number(3));
    assert_eq!(nrg("0x18160ddd".into()).await, number(312_500));
    assert_eq!(nrg(format!("0x70a08231{first}")).await, number(302_500));
    assert_eq!(nrg(format!("0xdd62ed3e{first}{second}")).await, number(5_000));
    let symbol = nrg("0x95d89b41".into()).await;
    assert_eq!(symbol, json!(format!("0x{}{}{:0<64}", word("20"), word("3"), "4e5247")));
    let carbon = json!([{"to": CARBON, "input": format!("0x70a08231{first}")}, "latest"]);
    assert_eq!(node.result("eth_call", carbon).await, number(56_250_000));
    assert_eq!(node.result("eth_call", json!([{"to": format!("0x{}", node.member(0))}])).await, json!("0x"));
}

#[tokio::test]
async fn events_are_found_by_address_topic_and_block() {
    let node = Node::start();
    let all = node.result("eth_getLogs", json!([{"fromBlock": "earliest", "toBlock": "latest"}])).await;
    assert_eq!(all.as_array().map(Vec::len), Some(2), "{all}");
    let (minted, moved) = (&all[0], &all[1]);
    assert_eq!(
        minted["topics"],
        json!([TRANSFER, format!("0x{}", word("")), format!("0x{}", word(&node.member(0)))])
    );
    let first = format!("0x{}", word(&node.member(0)));
    for (filter, found) in [
        (json!({"topics": [TRANSFER, first]}), vec![moved]),
        (json!({"topics": [[TRANSFER], null, [first, first]]}), vec![minted]),
        (json!({"topics": [null, null, null, null]}), vec![]),
        (json!({"address": CARBON}), vec![]),
        (json!({"address": [CARBON, NRG], "topics": []}), vec![minted, moved]),
        (json!({"blockHash": moved["blockHash"]}), vec![minted, moved]),
        (json!({"fromBlock": "0x1", "toBlock": "0x2"}), vec![]),
    ] {
        assert_eq!(node.result("eth_getLogs", json!([filter])).await, json!(found), "{filter}");
    }
    let receipt = node.result("eth_getTransactionReceipt", json!([moved["transactionHash"]])).await;
    assert_eq!((&receipt["logs"], &receipt["to"]), (&json!([moved]), &json!(NRG)));
    assert_eq!(receipt["status"], "0x1");
    let transaction = node.result("eth_getTransactionByHash", json!([moved["transactionHash"]])).await;
    assert_eq!(transaction["input"], json!(format!("0xa9059cbb{}{}", word(&node.member(1)), word("2710"))));
    let unknown = json!([format!("0x{}", word("1"))]);
    assert_eq!(node.result("eth_getTransactionReceipt", unknown.clone()).await, Value::Null);
    assert_eq!(node.result("eth_getTransactionByHash", unknown).await, Value::Null);
}

#[tokio::test]
async fn what_would_write_is_refused_with_its_reason() {
    let node = Node::start();
    for method in [
        "eth_sendRawTransaction",
        "eth_sendTransaction",
        "eth_sign",
        "personal_sign",
        "wallet_addEthereumChain",
    ] {
        let answer = node.call(method, json!(["0x00"])).await;
        assert_eq!(answer["error"]["code"], -32_004, "{answer}");
        assert!(
            answer["error"]["message"].as_str().is_some_and(|text| text.contains("not money")),
            "{answer}"
        );
    }
    assert_eq!(node.code("eth_newFilter", json!([{}])).await, -32_601);
    let transfer = format!("0xa9059cbb{}{}", word(&node.member(0)), word("1"));
    assert_eq!(node.code("eth_call", json!([{"to": NRG, "data": transfer}])).await, 3);
}

#[tokio::test]
async fn nonsense_is_answered_in_the_protocols_words() {
    let node = Node::start();
    for (method, params, code) in [
        ("eth_call", json!([]), -32_602),
        ("eth_call", json!([{"to": "0x12"}]), -32_602),
        ("eth_call", json!([{"to": NRG, "data": "zz"}]), -32_602),
        ("eth_call", json!([{"to": NRG, "data": "0x70a08231"}]), 3),
        ("eth_call", json!([{"to": NRG, "data": format!("0x70a08231{}", "ff".repeat(32))}]), 3),
        ("eth_call", json!([{"to": NRG, "data": "0x00000000"}]), 3),
        ("eth_call", json!([{"to": NRG, "data": "0x313ce567"}, "0x1"]), -32_000),
        ("eth_getBlockByNumber", json!(["soon", true]), -32_602),
        ("eth_getBlockByNumber", json!(["0x1", 1]), -32_602),
        ("eth_getBlockByHash", json!(["0x12", true]), -32_602),
        ("eth_getLogs", json!([{"fromBlock": "0x2", "toBlock": "0x1"}]), -32_602),
        ("eth_getLogs", json!([{"fromBlock": "0x0", "toBlock": "0xffffffffffffffff"}]), -32_005),
        ("eth_getLogs", json!([{"topics": [[], [], [], [], []]}]), -32_602),
        ("eth_getLogs", json!([{"topics": ["0x12"]}]), -32_602),
        ("eth_getLogs", json!([{"blockHash": format!("0x{}", word("9"))}]), -32_602),
        ("eth_getBalance", json!(["0x"]), -32_602),
        ("eth_feeHistory", json!([]), -32_602),
        ("eth_chainId", json!({}), -32_602),
        ("x", json!([]), -32_601),
    ] {
        assert_eq!(node.code(method, params.clone()).await, code, "{method} {params}");
    }
    for body in ["", "{"] {
        assert_eq!(node.post(body.to_owned()).await.0, StatusCode::BAD_REQUEST);
    }
    for (body, code) in [
        ("1", -32_600),
        ("[]", -32_600),
        ("{}", -32_600),
        (r#"{"id":1,"method":"eth_chainId"}"#, -32_600),
        (r#"{"jsonrpc":"2.0","id":{},"method":"eth_chainId"}"#, -32_600),
        (r#"{"jsonrpc":"2.0","id":1,"method":5}"#, -32_600),
    ] {
        let (status, text) = node.post(body.to_owned()).await;
        assert_eq!(status, StatusCode::OK);
        let answer: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(answer["error"]["code"], code, "{body}: {answer}");
    }
}

#[tokio::test]
async fn a_batch_is_bounded_and_notifications_are_not_answered() {
    let node = Node::start();
    let one = |id: Value| json!({"jsonrpc": "2.0", "id": id, "method": "eth_chainId"});
    let note = json!({"jsonrpc": "2.0", "method": "eth_chainId"});
    let answer = node.ask(json!([one(json!(1)), note, one(json!("two")), 5])).await;
    let ids: Vec<_> = answer.as_array().expect("a list").iter().map(|answer| answer["id"].clone()).collect();
    assert_eq!(ids, [json!(1), json!("two"), Value::Null]);
    let most: Vec<Value> = (0..50).map(|n| one(json!(n))).collect();
    assert_eq!(node.ask(json!(most)).await.as_array().map(Vec::len), Some(50));
    let more: Vec<Value> = (0..51).map(|n| one(json!(n))).collect();
    assert_eq!(node.ask(json!(more)).await["error"]["code"], -32_005);
    assert_eq!(node.post(note.to_string()).await, (StatusCode::NO_CONTENT, String::new()));
    let (status, _) = node.post(format!("[{}]", " ".repeat(70_000))).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
}
