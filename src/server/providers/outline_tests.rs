//! The outline against `serde_json`, and texts found again by their pointers.

#![expect(clippy::unwrap_used)]

use proptest::prelude::*;
use serde_json::json;

use super::*;

fn read(json: &str, pointer: &str) -> Option<String> {
    text(json.as_bytes(), pointer, |text| {
        let mut read = String::new();
        text.read_to_string(&mut read).unwrap();
        read
    })
}

#[test]
fn a_long_text_is_cut_between_two_letters_and_read_whole_by_its_pointer() {
    let (long, wide) = ("x".repeat(100_000), "é".repeat(50_000));
    let json = json!({ "a/b": [1, { "~": long }], "wide": format!("x{wide}"), "end": null });
    let outline = of(json.to_string().as_bytes()).unwrap();
    assert_eq!(outline["a/b"][1]["~"], "x".repeat(16 * 1024));
    assert_eq!(outline["wide"], format!("x{}", "é".repeat(8 * 1024 - 1)));
    assert_eq!(outline["end"], Value::Null);
    assert_eq!(read(&json.to_string(), "/a~1b/1/~0").unwrap(), long);
    for nothing in ["/a~1b/2", "/a~1b/x", "/end", "/other", "/wide/0", ""] {
        assert_eq!(read(&json.to_string(), nothing), None, "{nothing}");
    }
}

#[test]
fn a_text_is_read_with_its_escapes() {
    assert_eq!(read(r#"{"a":"\/a\n\u002b\ud83d\ude00"}"#, "/a").unwrap(), "/a\n+😀");
}

#[test]
fn what_is_held_is_bounded_wherever_the_length_lies() {
    let million = 1 << 20;
    for much in [
        format!("[{}1]", "1,".repeat(million)),
        format!("{{\"{}\":1}}", "x".repeat(2 * million)),
        format!("[1{}]", "0".repeat(2 * million)),
        " ".repeat(2 * million),
        format!("[{}]", vec![format!("\"{}\"", "x".repeat(20_000)); 100].join(",")),
    ] {
        assert_eq!(of(much.as_bytes()), Err(NoOutline::TooMuch), "{}", &much[..40]);
    }
    assert!(of(format!("\"{}\"", "x".repeat(30 * million)).as_bytes()).is_ok());
    for wrong in ["", "{", "[1,]", "{\"a\":\"x", "nul", "{} {}", "\"\u{1}\"", &"[".repeat(100_000)] {
        assert_eq!(of(wrong.as_bytes()), Err(NoOutline::NotJson), "{}", &wrong[..wrong.len().min(40)]);
    }
    assert_eq!(of(&b"\"\xff\""[..]), Err(NoOutline::NotJson));
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf =
        prop_oneof![Just(Value::Null), any::<bool>().prop_map(Value::from), any::<i64>().prop_map(Value::from), ".*".prop_map(Value::from)];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(".{0,4}", inner, 0..6).prop_map(|members| members.into_iter().collect()),
        ]
    })
}

proptest! {
    #[test]
    fn short_json_is_its_own_outline(json in any_json()) {
        prop_assert_eq!(of(json.to_string().as_bytes()).unwrap(), json.clone());
        prop_assert_eq!(of(serde_json::to_string_pretty(&json).unwrap().as_bytes()).unwrap(), json);
    }
}
