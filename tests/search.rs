//! Search as people write: the same words in other capitals, accents and widths, in scripts without blanks, as beginnings, as phrases and left out.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{
    Client, TestServer, clips,
    graphs::{definition, node, shot},
    process,
};

/// Workflows by a key, with name, description and the text of a prompt.
const CORPUS: &[(&str, &str, &str, &str)] = &[
    ("cafe", "Cafe\u{301} Müller", "Breakfast at the corner", "A waiter pours coffee, steam rises"),
    ("strasse", "Straße im Regen", "", "Night rain on cobblestones, neon"),
    ("istanbul", "İSTANBUL’da gece", "Diyarbakır ve Isparta", "A ferry crosses the Bosphorus"),
    ("greek", "Ο Σίσυφος", "Ἀθῆναι", "ΜΎΘΟΣ"),
    ("russian", "Ёлка и снег", "Новый год", "Дети у окна"),
    ("polish", "Łódź nocą", "Zażółć gęślą jaźń", ""),
    ("chinese", "雨夜追逐", "第3集：站台", "少女在雨中奔跑，列车进站"),
    ("traditional", "臺北的雨", "", "夜市燈光"),
    ("japanese", "東京タワーの夜", "ガラスの靴", "彼女は駅で待っている"),
    ("kana", "かがみ", "", "ﾊﾝｶｸ ｶﾅ"),
    ("korean", "비 오는 테스트", "서울역에서", "그녀가 편지를 읽는다"),
    ("decomposed", "\u{1110}\u{1166}\u{1109}\u{1173}\u{1110}\u{1173} 영상", "", ""),
    ("thai", "รถไฟขบวนสุดท้าย", "", "ฝนตกที่สถานี"),
    ("khmer", "រាត្រីភ្លៀង", "", ""),
    ("hindi", "हिन्दी फ़िल्म", "", "बारिश की रात"),
    ("arabic", "ليلة ممطرة", "", "القطار الأخير"),
    ("emoji", "Fire crew 👩\u{200d}🚒🔥", "❤\u{fe0f} and 👍🏽", ""),
    ("file", "shot-12_final.v2.mp4", "", "https://example.com/path?x=1"),
    ("code", "C++ & 50% off #3", "don’t stop", "16:9 or 9:16"),
    ("wide", "ＦＵＬＬ　ｗｉｄｔｈ ①②", "ﬁlm", "½ cup"),
    ("train", "The last train", "Last of the season", "The train leaves; last call"),
];

/// What is typed, and what it finds.
const QUERIES: &[(&str, &[&str])] = &[
    ("café", &["cafe"]),
    ("CAFÉ", &["cafe"]),
    ("cafe", &["cafe"]),
    ("cafe\u{301}", &["cafe"]),
    ("muller", &["cafe"]),
    ("coff", &["cafe"]),
    ("offee", &[]),
    ("strasse", &["strasse"]),
    ("STRASSE", &["strasse"]),
    ("straße", &["strasse"]),
    ("STRAẞE", &["strasse"]),
    ("rain neon", &["strasse"]),
    ("neon RAIN night", &["strasse"]),
    ("istanbul", &["istanbul"]),
    ("ISTANBUL", &["istanbul"]),
    ("İstanbul", &["istanbul"]),
    ("ıstanbul", &["istanbul"]),
    ("DİYARBAKIR", &["istanbul"]),
    ("diyarbakir", &["istanbul"]),
    ("ΣΊΣΥΦΟΣ", &["greek"]),
    ("σισυφος", &["greek"]),
    ("αθηναι", &["greek"]),
    ("μύθος", &["greek"]),
    ("елка", &["russian"]),
    ("НОВЫЙ ГОД", &["russian"]),
    ("lodz", &["polish"]),
    ("zazolc gesla", &["polish"]),
    ("雨夜", &["chinese"]),
    ("追逐", &["chinese"]),
    ("夜追", &["chinese"]),
    ("雨", &["chinese", "traditional"]),
    ("逐", &["chinese"]),
    ("雨追", &[]),
    ("第3集", &["chinese"]),
    ("3集", &["chinese"]),
    ("列车 雨中", &["chinese"]),
    ("臺北", &["traditional"]),
    ("タワー", &["japanese"]),
    ("ﾀﾜｰ", &["japanese"]),
    ("東京", &["japanese"]),
    ("駅で", &["japanese"]),
    ("カラス", &[]),
    ("がみ", &["kana"]),
    ("かみ", &[]),
    ("ハンカク", &["kana"]),
    ("테스트", &["korean", "decomposed"]),
    ("스트", &["korean", "decomposed"]),
    ("서울역", &["korean"]),
    ("รถไฟ", &["thai"]),
    ("สถานี", &["thai"]),
    ("ភ្លៀង", &["khmer"]),
    ("हिन्दी", &["hindi"]),
    ("बारिश", &["hindi"]),
    ("القطار", &["arabic"]),
    ("👩\u{200d}🚒", &["emoji"]),
    ("🔥", &["emoji"]),
    ("❤", &["emoji"]),
    ("👍", &["emoji"]),
    ("shot-12", &["file"]),
    ("12_final", &["file"]),
    ("final.v2", &["file"]),
    ("shot-final", &[]),
    ("shot final", &["file"]),
    ("example.com", &["file"]),
    ("c++", &["cafe", "strasse", "code", "wide", "emoji", "file", "train", "istanbul"]),
    ("50%", &["code"]),
    ("don't", &["code"]),
    ("16:9", &["code"]),
    ("full width", &["wide"]),
    ("film", &["wide"]),
    ("2", &["wide"]),
    ("\"last train\"", &["train"]),
    ("\"train last\"", &[]),
    ("\u{201c}last tra", &["train"]),
    ("last -train", &[]),
    ("night -rain", &[]),
    ("雨 -追逐", &["traditional"]),
    ("tra*n", &[]),
    ("AND", &["emoji"]),
    ("NEAR(last train)", &[]),
    ("name:last", &[]),
    ("!?…", &[]),
    ("-", &[]),
    ("\"", &[]),
    ("*", &[]),
    ("%", &[]),
    ("_", &[]),
    ("' OR 1=1 --", &["code"]),
];

fn encoded(typed: &str) -> String {
    typed.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// The names that a list gives for what is typed.
async fn found(client: &Client, list: &str, typed: &str) -> Vec<String> {
    let rows = client.get(&format!("{list}q={}", encoded(typed))).await.expect(200).json();
    rows.as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap().to_owned()).collect()
}

async fn create(client: &Client, name: &str, description: &str, text: &str) -> String {
    let graph = definition(&[node("p", "Prompt", json!({ "text": text })), shot("s", json!({ "provider": "animatic" }))], &[]);
    let workflow = json!({ "name": name, "description": description, "definition": graph });
    client.post("/api/workflows", &workflow).await.expect(201).json()["workflow_id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn every_query_finds_what_it_says_and_nothing_else() {
    let server = TestServer::start().await;
    let client = &server.client;
    for (_, name, description, text) in CORPUS {
        create(client, name, description, text).await;
    }
    let mut wrong = Vec::new();
    for (typed, keys) in QUERIES {
        let names = found(client, "/api/workflows?limit=200&", typed).await;
        let hits: BTreeSet<_> = CORPUS.iter().filter(|(_, name, ..)| names.contains(&(*name).to_owned())).map(|(key, ..)| *key).collect();
        if hits != keys.iter().copied().collect() {
            wrong.push(format!("{typed:?}: {hits:?} instead of {keys:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let everything = found(client, "/api/workflows?limit=200&", "  ").await;
    assert_eq!(everything.len(), CORPUS.len());
    let without = found(client, "/api/workflows?limit=200&", "-train").await;
    assert_eq!(without.len(), CORPUS.len() - 1);
}

#[tokio::test]
async fn whatever_is_typed_is_no_error() {
    let server = TestServer::start().await;
    let client = &server.client;
    create(client, "Episode", "", &"long ".repeat(2000)).await;
    let many: String = (0..5000).map(|number| char::from_u32(0x4e00 + number).unwrap()).collect();
    for typed in [
        "a ".repeat(5000),
        "a".repeat(10_000),
        "-".repeat(10_000),
        "\"".repeat(9_999),
        "-\"a ".repeat(2_500),
        many,
        "\u{0}\u{1}\u{7f}\u{fffd}\u{202e}".repeat(100),
        "👩\u{200d}🚒".repeat(500),
        "\u{301}".repeat(1000),
    ] {
        for list in ["/api/workflows?", "/api/videos?", "/api/videos?sort=name&", "/api/workflows?sort=created_at&"] {
            assert_eq!(found(client, list, &typed).await, Vec::<String>::new(), "{typed:.40}");
        }
    }
    assert_eq!(found(client, "/api/workflows?", &"long ".repeat(2000)).await, ["Episode"]);
    for raw in ["%FF%FE", "%C3%28", "%ED%A0%80"] {
        client.get(&format!("/api/workflows?q={raw}")).await;
    }
}

#[tokio::test]
async fn videos_are_found_by_name_and_prompt_from_the_moment_they_change() {
    let mut server = TestServer::start().await;
    let uploaded = server.client.upload("Cafe\u{301} 테스트.mp4", clips::short(0)).await.expect(201).json();
    let id = uploaded["video_id"].as_str().unwrap().to_owned();
    let shot = json!({ "provider": "animatic", "prompt": "Übergang im Schnee, 雪夜", "params": { "seconds": 4, "size": "720x1280" } });
    let job = server.client.post("/api/videos/generate", &shot).await.expect(202).json()["job_id"].as_str().unwrap().to_owned();
    server.client.wait_for(&format!("/api/jobs/{job}"), |job| job["status"] == "succeeded").await;
    let count = async |client: &Client, typed: &str| found(client, "/api/videos?", typed).await.len();
    for (typed, number) in [("CAFÉ", 1), ("테스트", 1), ("ubergang", 1), ("雪夜", 1), ("schnee -übergang", 0), ("mp4", 1)] {
        assert_eq!(count(&server.client, typed).await, number, "{typed}");
    }
    let rename = server.client.request(Method::PATCH, &format!("/api/videos/{id}")).json(&json!({ "name": "Straße" }));
    server.client.send(rename).await.expect(200);
    assert_eq!((count(&server.client, "strasse").await, count(&server.client, "café").await), (1, 0));
    server.restart().await;
    assert_eq!(count(&server.client, "strasse").await, 1);
    server.client.delete(&format!("/api/videos/{id}")).await.expect(204);
    assert_eq!(count(&server.client, "strasse").await, 0);
    server.client.post(&format!("/api/assets/{id}/restore"), &json!({})).await.expect(200);
    assert_eq!(count(&server.client, "strasse").await, 1);
}

#[tokio::test]
async fn workflows_are_found_by_what_they_say_now() {
    let server = TestServer::start().await;
    let client = &server.client;
    let id = create(client, "Episode", "", "A gate in the fog").await;
    assert_eq!(found(client, "/api/workflows?", "fog gate").await, ["Episode"]);
    let other = definition(&[node("n", "Note", json!({ "text": "Ask about the lantern" }))], &[]);
    client.put(&format!("/api/workflows/{id}"), &json!({ "definition": other })).await.expect(200);
    assert_eq!(found(client, "/api/workflows?", "fog").await, Vec::<String>::new());
    assert_eq!(found(client, "/api/workflows?", "lantern").await, ["Episode"]);
    // A phrase goes over no boundary of texts.
    create(client, "Two", "first part", "second half").await;
    assert_eq!(found(client, "/api/workflows?", "\"part second\"").await, Vec::<String>::new());
    client.delete(&format!("/api/workflows/{id}")).await.expect(204);
    assert_eq!(found(client, "/api/workflows?", "lantern").await, Vec::<String>::new());
}

#[tokio::test]
async fn pages_of_a_search_are_in_the_order_that_is_asked() {
    let mut server = TestServer::start().await;
    for number in 0..9 {
        create(&server.client, &format!("Rain {}", 9 - number), if number % 3 == 0 { "wet" } else { "" }, "").await;
    }
    // Three of one moment, and one from before all others that was stored last.
    let mut tx = server.state().studio.db.begin().await.unwrap();
    for (name, made) in [("Rain 4", "2026-02-01"), ("Rain 5", "2026-02-01"), ("Rain 6", "2026-02-01"), ("Rain 1", "2020-01-01")] {
        let set = sqlx::query("UPDATE workflows SET created_at = $1, search_row = NULL WHERE name = $2");
        set.bind(format!("{made}T00:00:00.000000Z")).bind(name).execute(&mut *tx).await.unwrap();
    }
    tx.commit().await.unwrap();
    server.restart().await;
    // Rows that are in no index are put there while the server runs.
    server.client.wait_for("/api/workflows?q=rain", |rows| rows.as_array().is_some_and(|rows| rows.len() == 9)).await;
    let all = async |query: &str| {
        let (mut names, mut path) = (Vec::new(), format!("/api/workflows?limit=2&{query}"));
        loop {
            let page = server.client.get(&path).await.expect(200);
            names.extend(page.json().as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap().to_owned()));
            match page.headers.get("link") {
                Some(link) => path = link.to_str().unwrap().trim_start_matches('<').split('>').next().unwrap().to_owned(),
                None => return names,
            }
        }
    };
    let number = |names: &[String]| -> String { names.iter().map(|name| name.rsplit(' ').next().unwrap()).collect() };
    let newest = all("q=rain&sort=-created_at").await;
    assert_eq!(number(&newest[..5]), "23789");
    assert_eq!((newest.len(), newest.last().unwrap().as_str()), (9, "Rain 1"));
    let mut oldest = all("q=rain&sort=created_at").await;
    oldest.reverse();
    assert_eq!(oldest, newest);
    assert_eq!(number(&all("q=rain&sort=name").await), "123456789");
    assert_eq!(number(&all("q=rain+-wet&sort=-name").await), "875421");
}

#[tokio::test]
async fn the_index_is_made_anew_by_a_command_beside_the_server() {
    let dir = tempfile::tempdir().unwrap();
    let server = process::ServerProcess::start(dir.path());
    create(&server.client, "Straße", "", "Regen").await;
    server.client.upload("雨夜.mp4", clips::short(1)).await.expect(201);
    let pool = sqlx::SqlitePool::connect(&format!("sqlite://{}", dir.path().join("media.db").display())).await.unwrap();
    // An index that has lost everything, and says what was never said.
    sqlx::query("INSERT INTO search(search) VALUES('delete-all')").execute(&pool).await.unwrap();
    sqlx::query("INSERT INTO search(rowid, kind, name, text) VALUES (7, 'workflow', 'ghost', '')").execute(&pool).await.unwrap();
    assert_eq!(found(&server.client, "/api/workflows?", "strasse").await, Vec::<String>::new());
    let (code, said, problem) = process::ran(dir.path(), "reindex", |_| {});
    assert_eq!(code, Some(0), "{problem}");
    assert!(said.contains("2 rows"), "{said}");
    assert_eq!(found(&server.client, "/api/workflows?", "strasse regen").await, ["Straße"]);
    assert_eq!(found(&server.client, "/api/videos?", "雨夜").await, ["雨夜.mp4"]);
    let rest: i64 = sqlx::query_scalar("SELECT count(*) FROM search WHERE search MATCH 'ghost'").fetch_one(&pool).await.unwrap();
    assert_eq!(rest, 0);
}

#[tokio::test]
async fn the_page_finds_as_the_api_does() {
    let server = TestServer::start().await;
    create(&server.client, "Café", "", "").await;
    create(&server.client, "Other", "", "").await;
    let page = server.client.get("/?q=CAFE").await.expect(200).text();
    assert!(page.contains("Café") && !page.contains("Other"));
    let none: Value = server.client.get("/api/workflows?q=nothing").await.expect(200).json();
    assert_eq!(none, json!([]));
}
