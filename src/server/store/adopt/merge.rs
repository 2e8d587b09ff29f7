//! From the seed's rows to ours, without touching a database: ids made canonical, equal hashes merged, references moved.

use std::{
    collections::{HashMap, HashSet},
    fmt::Display,
    hash::Hash,
    str::FromStr,
};

use serde_json::{Map, Value, json};
use sha2::Digest;
use uuid::Uuid;

use super::seed::{Seed, SeedAssociation, SeedGeneration, SeedVideo, SeedWorkflow};
use crate::{
    domain::{
        Asset, AssetKind, ExecutionId, NodeId, Sha256, Timestamp, VideoId, WorkflowId,
        asset::{Facts, Role},
        origin::{Generation, SourceType},
        video::VideoMetadata,
        workflow::WorkflowStatus,
    },
    server::store::{kinds::StoredAsset, uses::Use, workflows::WorkflowRow},
};

/// What takes the place of the seed's rows.
#[derive(Debug, Default)]
pub struct Adopted {
    pub videos: Vec<StoredAsset>,
    pub workflows: Vec<WorkflowRow>,
    pub associations: Vec<(WorkflowId, Use)>,
    /// Rows that were merged into another with the same hash.
    pub merged: usize,
    /// Rows that mean nothing here, each with the reason.
    pub left_out: Vec<String>,
}

impl Adopted {
    /// Converts the seed's rows. `find_file` tells how to name a file, if it is there.
    pub fn from_seed(seed: Seed, find_file: impl Fn(&str) -> Option<String>) -> Self {
        let mut adopted = Self::default();
        let mut video_ids = Ids::<VideoId>::new("video");
        let mut moved = HashMap::new();
        let groups = by_hash(seed.videos, &mut adopted.left_out);
        let kept: Vec<_> = groups.into_iter().map(|(hash, rows)| Kept::new(hash, rows, &mut video_ids, &mut moved)).collect();
        let mut generations: HashMap<String, SeedGeneration> = HashMap::new();
        for generation in seed.generations {
            match generation.video_id.clone() {
                Some(id) if moved.contains_key(&id) => drop(generations.entry(id).or_insert(generation)),
                id => adopted.left_out.push(format!("the generation of the unknown video {id:?} was left out")),
            }
        }
        for kept in kept {
            adopted.merged += kept.rows.len() - 1;
            adopted.videos.push(kept.video(&mut generations, &moved, &find_file));
        }
        let mut workflow_ids = Ids::<WorkflowId>::new("workflow");
        for row in seed.workflows {
            adopted.workflows.push(workflow(row, &mut workflow_ids, &moved));
        }
        adopted.associate(seed.associations, &video_ids, &workflow_ids, &moved);
        adopted
    }

    fn associate(
        &mut self,
        rows: Vec<SeedAssociation>,
        video_ids: &Ids<VideoId>,
        workflow_ids: &Ids<WorkflowId>,
        moved: &HashMap<String, VideoId>,
    ) {
        let made: HashMap<VideoId, Timestamp> = self.videos.iter().map(|new| (new.asset.id.into(), new.asset.created_at)).collect();
        let mut newest: HashMap<(WorkflowId, VideoId, NodeId), Use> = HashMap::new();
        for row in rows {
            let workflow_id = row.workflow_id.as_deref().and_then(|id| workflow_ids.known(id));
            let node_id = row.node_id.as_deref().and_then(|id| id.parse::<NodeId>().ok());
            let (Some(workflow_id), Some(node_id), Some(old_video)) = (workflow_id, node_id, row.video_id.as_deref()) else {
                self.left_out.push(format!("the association of video {:?} with workflow {:?} was left out", row.video_id, row.workflow_id));
                continue;
            };
            // A video that is not there any more keeps its association, as after a deletion.
            let video_id = moved.get(old_video).copied().unwrap_or_else(|| video_ids.of(old_video));
            let association = Use {
                asset: video_id.into(),
                node_id: node_id.clone(),
                node_type: row.node_type.filter(|name| !name.is_empty()).unwrap_or_else(|| "Unknown".into()),
                role: row.role.as_deref().and_then(Role::from_name).unwrap_or(Role::Intermediate),
                execution_id: row.execution_id.filter(|id| !id.is_empty()).map(|id| Ids::<ExecutionId>::new("execution").of(&id)),
                created_at: row.created_at.or_else(|| made.get(&video_id).copied()).unwrap_or_else(Timestamp::now),
            };
            let known = newest.entry((workflow_id, video_id, node_id)).or_insert_with(|| association.clone());
            if association.created_at > known.created_at {
                *known = association;
            }
        }
        self.associations = newest.into_iter().map(|((workflow_id, _, _), association)| (workflow_id, association)).collect();
    }
}

/// New names for old ids: a canonical one stays, any other UUID gets its canonical form, any other text always the same new id.
struct Ids<T> {
    kind: &'static str,
    known: HashMap<String, T>,
    taken: HashSet<T>,
}

impl<T: FromStr + Copy + Eq + Hash + Display> Ids<T> {
    fn new(kind: &'static str) -> Self {
        Self { kind, known: HashMap::new(), taken: HashSet::new() }
    }

    fn of(&self, old: &str) -> T {
        let uuid = Uuid::try_parse(old.trim()).unwrap_or_else(|_| self.derived(old));
        canonical(uuid)
    }

    fn derived(&self, old: &str) -> Uuid {
        let digest =
            sha2::Sha256::new().chain_update("reelgraph adopts ").chain_update(self.kind).chain_update(" ").chain_update(old).finalize();
        let bytes = std::array::from_fn(|place| digest[place]);
        uuid::Builder::from_random_bytes(bytes).into_uuid()
    }

    /// Takes up an old id; if two come to the same new one, the second gets another.
    fn take(&mut self, old: &str) -> T {
        let mut new = self.of(old);
        if self.taken.contains(&new) {
            new = canonical(self.derived(old));
        }
        self.taken.insert(new);
        self.known.insert(old.to_owned(), new);
        new
    }

    fn known(&self, old: &str) -> Option<T> {
        self.known.get(old).copied()
    }
}

fn canonical<T: FromStr>(uuid: Uuid) -> T {
    let text = uuid.as_hyphenated().to_string();
    // The hyphenated form of a UUID is what every id reads.
    text.parse().unwrap_or_else(|_| unreachable!("{text} is a canonical id"))
}

/// The rows of each hash, the earliest first, in the order of their earliest.
fn by_hash(rows: Vec<SeedVideo>, left_out: &mut Vec<String>) -> Vec<(Sha256, Vec<SeedVideo>)> {
    let mut groups: Vec<(Sha256, Vec<SeedVideo>)> = Vec::new();
    let mut places = HashMap::new();
    for row in rows {
        let hash = row.file_hash.as_deref().and_then(|hash| hash.trim().to_ascii_lowercase().parse::<Sha256>().ok());
        let Some(hash) = hash else {
            left_out.push(format!("video {:?} was left out, its hash is {:?}", row.id, row.file_hash));
            continue;
        };
        let place = *places.entry(hash).or_insert_with(|| {
            groups.push((hash, Vec::new()));
            groups.len() - 1
        });
        groups[place].1.push(row);
    }
    for (_, rows) in &mut groups {
        // Stable: of two without a time the one that was inserted first comes first.
        rows.sort_by_key(|row| (row.created_at.is_none(), row.created_at));
    }
    groups
}

/// The rows of one hash: the first stays, the others become part of it.
struct Kept {
    hash: Sha256,
    id: VideoId,
    rows: Vec<SeedVideo>,
}

impl Kept {
    fn new(hash: Sha256, rows: Vec<SeedVideo>, ids: &mut Ids<VideoId>, moved: &mut HashMap<String, VideoId>) -> Self {
        let id = ids.take(&old_id(&rows[0], hash));
        moved.extend(rows.iter().map(|row| (old_id(row, hash), id)));
        Self { hash, id, rows }
    }

    fn video(
        self,
        generations: &mut HashMap<String, SeedGeneration>,
        moved: &HashMap<String, VideoId>,
        find_file: impl Fn(&str) -> Option<String>,
    ) -> StoredAsset {
        let olds: Vec<_> = self.rows.iter().map(|row| old_id(row, self.hash)).collect();
        let files: Vec<_> = self.rows.iter().filter_map(|row| row.file_path.clone()).collect();
        let generation = olds.iter().find_map(|old| generations.remove(old)).map(generation);
        let mut rows = self.rows.into_iter();
        let row = rows.next().unwrap_or_default();
        let VideoMetadata { width, height, audio, stitch, made_by, warning, mut other } = metadata(row.metadata.as_deref(), moved);
        let size = row.resolution.as_deref().and_then(|text| text.split_once('x'));
        let size = size.and_then(|(width, height)| Some((width.trim().parse().ok()?, height.trim().parse().ok()?)));
        let others: Vec<_> = olds.iter().filter(|old| **old != self.id.to_string()).collect();
        if !others.is_empty() {
            other.insert("adopted_ids".into(), json!(others));
        }
        let facts = Facts {
            duration_seconds: row.duration_seconds,
            width: width.or(size.map(|size| size.0)),
            height: height.or(size.map(|size| size.1)),
            resolution: row.resolution,
            aspect_ratio: row.aspect_ratio,
            codec: row.codec,
            fps: row.fps,
            audio,
        };
        let asset = Asset {
            id: self.id.into(),
            kind: AssetKind::Video,
            name: row.name.filter(|name| !name.trim().is_empty()).unwrap_or_else(|| "Untitled".into()),
            file_hash: self.hash,
            stream_hash: None,
            size_bytes: row.size_bytes.unwrap_or_default(),
            media_type: None,
            source_type: row.source_type.as_deref().and_then(SourceType::from_name).unwrap_or(SourceType::Uploaded),
            created_at: row.created_at.unwrap_or_else(Timestamp::now),
            deleted_at: None,
            damaged_at: None,
            facts,
            generation,
            stitch,
            made_by,
            warning,
            uses: Vec::new(),
        };
        // The file of a merged row stands in for one that is gone.
        let file_path = files.iter().find_map(|file| find_file(file)).or_else(|| files.first().cloned());
        StoredAsset { file_path: file_path.unwrap_or_else(|| format!("{}.mp4", self.id)), asset, mtime_ns: None, verified_at: None, other }
    }
}

/// A row's id; SQLite lets a text key be null.
fn old_id(row: &SeedVideo, hash: Sha256) -> String {
    row.id.clone().unwrap_or_else(|| hash.to_string())
}

fn generation(row: SeedGeneration) -> Generation {
    Generation {
        provider: row.provider,
        model: row.model,
        prompt: row.prompt,
        generation_params: row.generation_params.map(json_or_text).unwrap_or_default(),
        job_id: row.job_id,
        provider_job_id: None,
        status: row.status,
        started_at: row.started_at,
        completed_at: row.completed_at,
    }
}

/// The metadata with its references moved. What does not read as ours is kept as `stored`.
fn metadata(text: Option<&str>, moved: &HashMap<String, VideoId>) -> VideoMetadata {
    let Some(text) = text else { return VideoMetadata::default() };
    let mut value = json_or_text(text.to_owned());
    move_ids(&mut value, moved);
    match serde_json::from_value(value.clone()) {
        Ok(metadata) if value.is_object() => metadata,
        _ if value.is_null() => VideoMetadata::default(),
        _ => VideoMetadata { other: Map::from_iter([("stored".to_owned(), value)]), ..VideoMetadata::default() },
    }
}

fn workflow(row: SeedWorkflow, ids: &mut Ids<WorkflowId>, moved: &HashMap<String, VideoId>) -> WorkflowRow {
    let id = ids.take(row.id.as_deref().unwrap_or("null"));
    let text = row.definition.unwrap_or_default();
    let (definition, node_count) = match serde_json::from_str::<Value>(&text) {
        Ok(mut value) => {
            let node_count = value["nodes"].as_array().map_or(0, Vec::len) as i64;
            // Without a reference to move the text stays as it is, to the letter.
            (if move_ids(&mut value, moved) { value.to_string() } else { text }, node_count)
        }
        Err(_) => (json!({"nodes": [], "connections": [], "unreadable": text}).to_string(), 0),
    };
    let created_at = row.created_at.or(row.updated_at).unwrap_or_else(Timestamp::now);
    WorkflowRow {
        id,
        name: row.name.filter(|name| !name.trim().is_empty()).unwrap_or_else(|| "Untitled".into()),
        description: row.description.filter(|text| !text.is_empty()),
        status: row.status.as_deref().and_then(WorkflowStatus::from_name).unwrap_or_default(),
        definition,
        node_count,
        revision: 1,
        created_at,
        updated_at: row.updated_at.unwrap_or(created_at),
        last_executed_at: row.last_executed_at,
        draft: None,
        unreadable_draft: None,
    }
}

fn json_or_text(text: String) -> Value {
    serde_json::from_str(&text).unwrap_or(Value::String(text))
}

/// Lets every reference to a video name its new id. True if one did.
fn move_ids(value: &mut Value, moved: &HashMap<String, VideoId>) -> bool {
    let mut any = false;
    let mut set = |value: &mut Value| {
        if let Value::String(text) = value
            && let Some(new) = moved.get(text).map(ToString::to_string).filter(|new| new != text)
        {
            *text = new;
            any = true;
        }
    };
    match value {
        Value::Object(members) => {
            for (name, member) in members.iter_mut() {
                match (name.as_str(), member) {
                    ("video_id" | "videoId", member) => set(member),
                    ("video_ids" | "videoIds" | "input_video_ids" | "inputVideoIds", Value::Array(members)) => {
                        members.iter_mut().for_each(&mut set)
                    }
                    _ => {}
                }
            }
            any | members.values_mut().fold(false, |any, member| move_ids(member, moved) | any)
        }
        Value::Array(members) => members.iter_mut().fold(false, |any, member| move_ids(member, moved) | any),
        _ => false,
    }
}
