//! How the database answers each list: by an index, whatever is asked. The statements are those that the running server tells in its log.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::{
    Client, clips,
    graphs::{definition, shot},
    process::ServerProcess,
};

/// Tables that have a handful of rows in any library: what a person has set up, or one row for all.
const SMALL: [&str; 7] = ["held", "upkeep", "store_mark", "sessions", "oldest_program", "_sqlx_migrations", "sqlite_master"];

/// Everything that lists, with every filter and order.
fn questions(workflow: &str, execution: &str) -> Vec<String> {
    let mut asked: Vec<String> =
        ["/", "/jobs", "/spend", "/metrics", "/?q=rain", "/?sort=name&status=draft", "/api/spend"].map(str::to_owned).into();
    let orders = |keys: &[&str]| keys.iter().flat_map(|key| [format!("sort={key}"), format!("sort=-{key}")]).collect::<Vec<_>>();
    let mut each = |list: &str, orders: Vec<String>, filters: &[String]| {
        let none = String::new();
        for order in orders.iter().chain([&none]) {
            for filter in filters.iter().chain([&none]) {
                asked.push(format!("{list}?limit=1&{order}&{filter}"));
            }
        }
    };
    let texts = |filters: &[&str]| filters.iter().map(|filter| (*filter).to_owned()).collect::<Vec<_>>();
    let mut videos =
        texts(&["source_type=uploaded", "min_width=2", "min_height=2", "min_duration=0.1", "max_duration=9", "q=rain", "q=-rain"]);
    videos.push(format!("workflow_id={workflow}"));
    each("/api/videos", orders(&["created_at", "name", "duration", "size"]), &videos);
    each("/api/assets", orders(&["created_at"]), &texts(&["kind=video", "kind=image", "trashed=true"]));
    each("/api/workflows", orders(&["created_at", "updated_at", "name"]), &texts(&["status=draft", "q=rain", "q=-rain"]));
    each("/api/executions", orders(&["created_at"]), &[format!("workflow_id={workflow}"), "status=succeeded".into()]);
    let jobs = [format!("execution_id={execution}"), "status=succeeded".into(), "kind=generate".into(), "kind=poster&status=queued".into()];
    each("/api/jobs", orders(&["created_at"]), &jobs);
    asked
}

/// Asks for each list, and for its next page where it has one.
async fn ask(client: &Client, questions: &[String]) {
    for question in questions {
        let answer = client.get(question).await.expect(200);
        if let Some(link) = answer.headers.get("link") {
            let next = link.to_str().unwrap().trim_start_matches('<').split('>').next().unwrap();
            client.get(next).await.expect(200);
        }
    }
}

/// The statements in a log of the database's.
fn statements(log: &str) -> BTreeSet<String> {
    let told = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()).filter(|line| line["target"] == "sqlx::query");
    let statement = |line: Value| {
        let whole = line["db.statement"].as_str().unwrap_or_default().trim().to_owned();
        if whole.is_empty() { line["summary"].as_str().unwrap_or_default().to_owned() } else { whole }
    };
    told.map(statement).filter(|sql| sql.trim_start().to_uppercase().starts_with("SELECT")).collect()
}

/// What is wrong with a plan: a table is read whole, or much may be sorted.
fn faults(sql: &str, plan: &[String]) -> Vec<String> {
    let mut faults = Vec::new();
    // The alias under which a view's rows, found by an index above, are gone through.
    let co_routines: Vec<&str> = if plan.iter().any(|step| step.starts_with("CO-ROUTINE uses")) { vec!["u"] } else { Vec::new() };
    for step in plan {
        let scanned = step.strip_prefix("SCAN ").and_then(|rest| rest.split(' ').next()).unwrap_or_default();
        let is_result =
            scanned.starts_with('(') || scanned == "CONSTANT" || step.contains("VIRTUAL TABLE") || co_routines.contains(&scanned);
        if !scanned.is_empty() && !SMALL.contains(&scanned) && !is_result && !step.contains("USING") {
            faults.push(step.clone());
        }
        if step == "USE TEMP B-TREE FOR ORDER BY" && !is_few(sql) {
            faults.push(step.clone());
        }
    }
    faults
}

/// Whether what a statement sorts is bounded by what one person made or does: the clips of a workflow, the jobs of a run or of the queue, what a
/// search found of which no more than 10,000 are sorted.
fn is_few(sql: &str) -> bool {
    let few = [
        "FROM search CROSS JOIN",
        "SELECT video_id FROM workflow_videos WHERE workflow_id",
        "SELECT job_id FROM execution_nodes WHERE execution_id",
        "execution_id =",
        "status IN ('queued', 'running', 'unknown')",
        // The uses of a page's assets; assets that had the same bytes; sums of as many rows as there are providers.
        "WHERE u.asset_id IN (",
        "FROM deleted_assets WHERE file_hash =",
        "GROUP BY provider",
    ];
    few.iter().chain(&SMALL).any(|part| sql.contains(part))
}

#[tokio::test]
async fn every_list_is_answered_by_an_index() {
    let dir = tempfile::tempdir().unwrap();
    let server = ServerProcess::start_with(dir.path(), |command| {
        command.env("RUST_LOG", "info,sqlx::query=debug").env("REELGRAPH_LOG_FORMAT", "json");
    });
    let client = &server.client;
    let graph = definition(&[shot("s", json!({ "prompt": "Rain" }))], &[]);
    let mut ids = (String::new(), String::new());
    for number in 0..2 {
        client.upload("rain.mp4", clips::short(number)).await.expect(201);
        let row = json!({ "name": format!("Rain {number}"), "definition": graph });
        ids.0 = client.post("/api/workflows", &row).await.expect(201).json()["workflow_id"].as_str().unwrap().to_owned();
        let run = json!({ "workflow_id": ids.0, "mode": "draft" });
        ids.1 = client.post("/api/executions", &run).await.expect(202).json()["execution_id"].as_str().unwrap().to_owned();
        client.wait_for(&format!("/api/executions/{}", ids.1), |run| run["finished_at"].is_string()).await;
    }
    ask(client, &questions(&ids.0, &ids.1)).await;
    let statements = statements(&server.ended());
    assert!(statements.len() > 100, "{} statements are told", statements.len());
    let pool = sqlx::SqlitePool::connect(&format!("sqlite://{}", dir.path().join("media.db").display())).await.unwrap();
    let mut wrong = Vec::new();
    for sql in &statements {
        let explain = format!("EXPLAIN QUERY PLAN {sql}");
        let plan: Vec<(i64, i64, i64, String)> = sqlx::query_as(sqlx::AssertSqlSafe(explain)).fetch_all(&pool).await.unwrap();
        let plan: Vec<String> = plan.into_iter().map(|(.., step)| step).collect();
        let faults = faults(sql, &plan);
        if !faults.is_empty() {
            wrong.push(format!("{sql}\n    {}", plan.join("\n    ")));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), statements.len(), wrong.join("\n\n"));
}
