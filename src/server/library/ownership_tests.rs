//! Which database may have which folder, and what a start leaves of the two counters.

#![expect(clippy::unwrap_used, reason = "what is not there fails the test")]

use std::{fs, path::PathBuf};

use serde_json::Map;
use sha2::Digest;
use tempfile::TempDir;

use super::*;
use crate::{
    domain::{Asset, AssetId, StoreMark, Timestamp, asset::Facts, origin::SourceType},
    server::store::{deleted, kinds::StoredAsset},
};

/// A folder with databases and a videos folder in it.
struct Place(TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn videos(&self) -> PathBuf {
        self.0.path().join("videos")
    }

    fn database(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    async fn db(&self, name: &str) -> Db {
        Db::open(&format!("sqlite://{}", self.database(name).display())).await.unwrap()
    }

    async fn open(&self, name: &str) -> Result<Standing> {
        let db = self.db(name).await;
        let opened = open(&db, &self.videos(), name).await;
        db.close().await;
        opened.map(|(_, standing)| standing)
    }

    /// The refusal, which names both and leaves the folder as it was.
    async fn refused(&self, name: &str) -> String {
        let before = self.listing();
        let told = self.open(name).await.unwrap_err();
        assert!(matches!(&told, Error::Api(error) if error.kind == ErrorKind::Conflict), "{told}");
        let told = told.to_string();
        assert!(told.contains(name) && told.contains("videos") && told.contains("VIDEOS_URL") && told.lines().count() == 1, "{told}");
        assert_eq!(self.listing(), before);
        told
    }

    fn listing(&self) -> Vec<(PathBuf, Option<Vec<u8>>)> {
        let (mut folders, mut found) = (vec![self.videos()], Vec::new());
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).into_iter().flatten() {
                let path = entry.unwrap().path();
                found.push((path.clone(), fs::read(&path).ok()));
                folders.extend(path.is_dir().then_some(path));
            }
        }
        found.sort();
        found
    }

    async fn counters(&self, name: &str) -> (u32, u32) {
        let db = self.db(name).await;
        let (ours, of_store) = (ours::get(db.reader()).await.unwrap().unwrap(), mark::read(&self.videos()).await.unwrap().unwrap());
        db.close().await;
        assert_eq!(ours.store_id, of_store.store_id);
        (ours.counter, of_store.counter)
    }

    /// Puts a file into the store, and gives its hash and its path there.
    fn file(&self, text: &str) -> (Sha256, String) {
        let hash = Sha256::new(sha2::Sha256::digest(text).into());
        let file_path = Content::file_path(&hash, "mp4");
        self.write(&file_path, text);
        (hash, file_path)
    }

    fn write(&self, file_path: &str, text: &str) {
        let path = self.videos().join(file_path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    async fn row(&self, name: &str, (hash, file_path): &(Sha256, String)) -> StoredAsset {
        let asset = Asset {
            id: AssetId::generate(),
            kind: AssetKind::ALL[0],
            name: "Walk".into(),
            file_hash: *hash,
            stream_hash: None,
            size_bytes: 1,
            media_type: None,
            source_type: SourceType::Uploaded,
            created_at: Timestamp::now(),
            deleted_at: None,
            damaged_at: None,
            facts: Facts::default(),
            generation: None,
            stitch: None,
            made_by: None,
            warning: None,
            uses: Vec::new(),
        };
        let row = StoredAsset { asset, file_path: file_path.clone(), mtime_ns: None, verified_at: None, other: Map::new() };
        let db = self.db(name).await;
        let mut tx = db.begin().await.unwrap();
        rows::insert(&mut tx, &row).await.unwrap();
        tx.commit().await.unwrap();
        db.close().await;
        row
    }

    fn copy(&self, from: &str, to: &str) {
        fs::copy(self.database(from), self.database(to)).unwrap();
    }
}

#[tokio::test]
async fn a_new_folder_is_claimed_and_every_start_raises_both() {
    let place = Place::new();
    for started in 1..=3 {
        assert_eq!(place.open("a.db").await.unwrap(), Standing::Current);
        assert_eq!(place.counters("a.db").await, (started, started));
    }
}

#[tokio::test]
async fn what_is_not_named_by_its_hash_makes_no_folder_somebodys() {
    let place = Place::new();
    let hash = "a".repeat(64);
    for file in [".gitkeep", "lost+found/#12", "holiday.mp4", ".staging/s-1.part", &format!("bb/{hash}.mp4"), ".posters/x.jpg"] {
        place.write(file, "x");
    }
    assert_eq!(place.open("a.db").await.unwrap(), Standing::Current);
}

#[tokio::test]
async fn an_unmarked_folder_is_claimed_only_by_a_database_that_knows_one_of_its_files() {
    let place = Place::new();
    let (known, _) = (place.file("known"), place.file("unknown"));
    place.refused("empty.db").await;
    place.row("other.db", &(Sha256::new([7; 32]), "07/07.mp4".into())).await;
    place.refused("other.db").await;
    place.row("own.db", &known).await;
    assert_eq!(place.open("own.db").await.unwrap(), Standing::Current);
    assert!(place.refused("empty.db").await.contains("another database"));
}

#[tokio::test]
async fn what_was_deleted_for_good_and_what_was_set_aside_tell_whose_it_is() {
    let place = Place::new();
    let file = place.file("left by a deletion");
    let row = place.row("own.db", &file).await;
    let db = place.db("own.db").await;
    let mut tx = db.begin().await.unwrap();
    deleted::remove(&mut tx, &row, "Deleted.").await.unwrap();
    tx.commit().await.unwrap();
    db.close().await;
    fs::create_dir_all(place.videos().join(".orphans")).unwrap();
    fs::rename(place.videos().join(&file.1), place.videos().join(".orphans").join(&file.1[3..])).unwrap();
    place.refused("empty.db").await;
    assert_eq!(place.open("own.db").await.unwrap(), Standing::Current);
}

#[tokio::test]
async fn a_marked_folder_is_its_databases_alone() {
    let place = Place::new();
    let file = place.file("one");
    place.row("own.db", &file).await;
    place.open("own.db").await.unwrap();
    // A row for a file that it holds makes no folder another's.
    place.row("unmarked.db", &file).await;
    let told = place.refused("unmarked.db").await;
    assert!(told.contains("another database") && told.contains("backup"), "{told}");
    let elsewhere = Place::new();
    elsewhere.open("marked.db").await.unwrap();
    fs::copy(elsewhere.database("marked.db"), place.database("marked.db")).unwrap();
    assert!(place.refused("marked.db").await.contains("another database"));
    assert_eq!(place.open("own.db").await.unwrap(), Standing::Current);
}

#[tokio::test]
async fn a_copy_is_behind_raises_nothing_and_may_remove_nothing_until_it_has_caught_up() {
    let place = Place::new();
    place.open("own.db").await.unwrap();
    place.copy("own.db", "copy.db");
    place.open("own.db").await.unwrap();
    for _ in 0..2 {
        assert_eq!(place.open("copy.db").await.unwrap(), Standing::Behind(2));
        assert_eq!(place.counters("copy.db").await, (1, 2));
    }
    let (own, copy, content) = (place.db("own.db").await, place.db("copy.db").await, Content::open(&place.videos()).await.unwrap());
    assert!(may_remove(&own, &content).await.unwrap() && !may_remove(&copy, &content).await.unwrap());
    let mut tx = copy.begin().await.unwrap();
    ours::catch_up(&mut tx, 2).await.unwrap();
    tx.commit().await.unwrap();
    assert!(may_remove(&copy, &content).await.unwrap());
    assert_eq!(place.open("copy.db").await.unwrap(), Standing::Current);
    // Now the other one is.
    assert!(!may_remove(&own, &content).await.unwrap());
    assert_eq!(place.open("own.db").await.unwrap(), Standing::Behind(3));
}

#[tokio::test]
async fn killed_between_the_two_it_is_not_behind() {
    let place = Place::new();
    place.open("own.db").await.unwrap();
    let db = place.db("own.db").await;
    let mut tx = db.begin().await.unwrap();
    ours::raise(&mut tx).await.unwrap();
    tx.commit().await.unwrap();
    db.close().await;
    assert_eq!(place.counters("own.db").await, (2, 1));
    assert_eq!(place.open("own.db").await.unwrap(), Standing::Current);
    assert_eq!(place.counters("own.db").await, (3, 3));

    // And at the first start, between the database's mark and the store's.
    let place = Place::new();
    place.row("own.db", &(Sha256::new([7; 32]), "07/07.mp4".into())).await;
    let db = place.db("own.db").await;
    let mut tx = db.begin().await.unwrap();
    let claimed = ours::claim(&mut tx, StoreId::generate()).await.unwrap();
    tx.commit().await.unwrap();
    db.close().await;
    assert_eq!(place.open("own.db").await.unwrap(), Standing::Current);
    assert_eq!(mark::read(&place.videos()).await.unwrap(), Some(StoreMark { counter: 1, ..claimed }));
}

#[tokio::test]
async fn a_folder_that_is_not_mounted_is_no_new_one() {
    let place = Place::new();
    let file = place.file("one");
    place.row("own.db", &file).await;
    place.open("own.db").await.unwrap();
    let elsewhere = place.0.path().join("disk");
    fs::rename(place.videos(), &elsewhere).unwrap();
    let told = place.refused("own.db").await;
    assert!(told.contains("mount it"), "{told}");
    fs::create_dir(place.videos()).unwrap();
    assert_eq!(place.refused("own.db").await, told);

    // The folder without its mark is known by its files.
    fs::remove_dir(place.videos()).unwrap();
    fs::rename(&elsewhere, place.videos()).unwrap();
    fs::remove_file(mark::path(&place.videos())).unwrap();
    assert_eq!(place.open("own.db").await.unwrap(), Standing::Current);
    assert_eq!(place.counters("own.db").await, (2, 2));

    // And where all is lost, what the refusal says helps.
    fs::remove_dir_all(place.videos()).unwrap();
    let told = place.refused("own.db").await;
    let text = &told[told.find('{').unwrap()..=told.find('}').unwrap()];
    place.write(".reelgraph.json", text);
    assert_eq!(place.open("own.db").await.unwrap(), Standing::Current);
}

#[tokio::test]
async fn a_database_without_assets_may_have_another_folder() {
    let place = Place::new();
    place.open("own.db").await.unwrap();
    fs::remove_dir_all(place.videos()).unwrap();
    assert_eq!(place.open("own.db").await.unwrap(), Standing::Current);
    assert_eq!(place.counters("own.db").await, (2, 2));
}

#[tokio::test]
async fn a_library_of_the_first_program_is_known_by_its_rows() {
    let place = Place::new();
    place.write("kept.mp4", "x");
    place.row("own.db", &(Sha256::new([7; 32]), "videos/kept.mp4".into())).await;
    place.open("own.db").await.unwrap();
    fs::remove_file(mark::path(&place.videos())).unwrap();
    assert_eq!(place.open("own.db").await.unwrap(), Standing::Current);
    // One whose files are all gone is still taken over.
    let place = Place::new();
    place.row("own.db", &(Sha256::new([7; 32]), "videos/lost.mp4".into())).await;
    assert_eq!(place.open("own.db").await.unwrap(), Standing::Current);
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_that_start_at_once_do_not_disturb_each_other() {
    let place = Place::new();
    place.open("own.db").await.unwrap();
    let starts = (0..8).map(async |_| place.open("own.db").await.unwrap());
    assert_eq!(futures_util::future::join_all(starts).await, [Standing::Current; 8]);
    let (ours, of_store) = place.counters("own.db").await;
    assert!(ours == 9 && of_store <= 9, "{of_store}");
    assert_eq!(place.open("own.db").await.unwrap(), Standing::Current);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_databases_that_claim_a_new_folder_at_once_one_gets_it() {
    let place = Place::new();
    let (one, other) = tokio::join!(place.open("one.db"), place.open("other.db"));
    assert!(one.is_ok() != other.is_ok(), "{one:?} {other:?}");
}

#[tokio::test]
async fn a_damaged_mark_stops_the_start_in_words() {
    let place = Place::new();
    place.open("own.db").await.unwrap();
    fs::write(mark::path(&place.videos()), "").unwrap();
    let told = place.open("own.db").await.unwrap_err().to_string();
    assert!(told.contains(".reelgraph.json") && told.contains("remove it"), "{told}");
    let db = place.db("own.db").await;
    assert!(may_remove(&db, &Content::open(&place.videos()).await.unwrap()).await.is_err());
}
