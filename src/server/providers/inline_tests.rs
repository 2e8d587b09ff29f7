//! Clips out of base64 as gateways write it.

#![expect(clippy::unwrap_used)]

use base64::{Engine, engine::general_purpose};
use serde_json::json;

use super::*;
use crate::server::providers::sample_answers::MP4;

fn save(text: &str, largest: u64) -> Result<Vec<u8>, NotTaken> {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("clip.mp4");
    let answer = json!({ "clip": text }).to_string();
    Inline::found(&Body::Held(answer.into()), "AAAA", "/clip".into()).unwrap().save(&output, largest)?;
    Ok(std::fs::read(output).unwrap())
}

#[test]
fn base64_is_read_in_every_spelling() {
    for more in 0..5 {
        let clip = [MP4, &vec![0xfb; 200_000 + more]].concat();
        let standard = general_purpose::STANDARD.encode(&clip);
        let lines: Vec<&str> = standard.as_bytes().chunks(76).map(|line| str::from_utf8(line).unwrap()).collect();
        for text in [
            standard.clone(),
            general_purpose::STANDARD_NO_PAD.encode(&clip),
            general_purpose::URL_SAFE.encode(&clip),
            general_purpose::URL_SAFE_NO_PAD.encode(&clip),
            format!("data:video/mp4;base64,{standard}"),
            format!("DATA:video/mp4;codecs=avc1;base64,{standard}"),
            format!(" {}\r\n", lines.join("\r\n")),
        ] {
            assert!(may_be_base64(&text), "{}", &text[..60]);
            assert!(save(&text, 1 << 30).unwrap() == clip, "{}", &text[..60]);
        }
    }
}

#[test]
fn what_is_no_clip_is_told_apart() {
    let whole = general_purpose::STANDARD.encode([MP4, &[0; 3000]].concat());
    assert!(matches!(save(&whole, 3000), Err(NotTaken::TooLarge)));
    assert!(matches!(save(&whole[..whole.len() - 3], 1 << 30), Err(NotTaken::NotBase64)));
    assert!(matches!(save(&whole.replace("AAAAAA", "<html>"), 1 << 30), Err(NotTaken::NotBase64 | NotTaken::NotVideo)));
    assert!(matches!(save("YSB0ZXh0LCBubyB2aWRlbw==", 1 << 30), Err(NotTaken::NotVideo)));
    for wrong in ["", "<html>", "https://cdn.example/a.mp4", "data:text/plain,Sorry!"] {
        assert!(!may_be_base64(wrong), "{wrong}");
    }
    let folder = tempfile::tempdir().unwrap();
    let answer = Body::Held(r#"{"clip":1}"#.into());
    assert!(matches!(Inline::found(&answer, "AAAA", "/clip".into()).unwrap().save(&folder.path().join("x"), 1), Err(NotTaken::NotBase64)));
}
