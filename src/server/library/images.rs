//! Still pictures: stored once by their bytes, under the same rules as clips, and found again.

use std::{path::PathBuf, sync::Arc};

use serde_json::Value;

use super::ingest::presentable_name;
use crate::{
    domain::{
        ApiError, AssetRef, ErrorKind, ImageId, Timestamp, WorkflowId,
        image::{Image, NodeImage, UploadedImage},
        origin::SourceType,
    },
    graph::{Node, format, nodes, spec::NodeSpec},
    server::{
        Error, Result,
        media::{
            content::{Change, Content},
            picture::{self, Facts},
            staging::StagedFile,
        },
        store::{
            Db,
            images::{self, StoredImage},
        },
    },
};

/// A file on its way to become an image.
#[derive(Debug)]
pub struct IncomingImage {
    /// Its bytes.
    pub file: StagedFile,
    /// Its name; made presentable by [`presentable_name`].
    pub name: String,
    /// Where it comes from.
    pub source_type: SourceType,
}

/// Stores a file as an image, or finds the image that has these bytes already. Once the file is being given its name, the caller going
/// away no longer stops it: file and row come together.
///
/// # Errors
/// [`ErrorKind::NotAnImage`]; the store's.
pub async fn ingest(db: &Db, content: &Content, incoming: IncomingImage) -> Result<UploadedImage> {
    let incoming = Arc::new(incoming);
    let attempt = async |facts: Option<Facts>| {
        let (db, content, incoming) = (db.clone(), content.clone(), incoming.clone());
        let keeping = tokio::spawn(async move { keep(&db, &content, &incoming, facts).await });
        keeping.await.map_err(|error| Error::Internal(format!("storing an image ended: {error}")))?
    };
    // What is known already need not be read.
    if let Some(known) = attempt(None).await? {
        return Ok(known);
    }
    let facts = picture::examine(incoming.file.path()).await?;
    attempt(Some(facts)).await?.ok_or_else(|| Error::Internal("a picture that was read was not stored".into()))
}

/// Stores the file under the turn to change the store; `None` where it is new and there are no facts yet.
async fn keep(db: &Db, content: &Content, incoming: &IncomingImage, facts: Option<Facts>) -> Result<Option<UploadedImage>> {
    let change = content.change().await;
    let hash = incoming.file.hash();
    if let Some(known) = images::by_hash(db.reader(), &hash).await? {
        bring_back(db, content, &change, incoming, &known).await?;
        return Ok(Some(uploaded(known.image, true)));
    }
    let Some(facts) = facts else { return Ok(None) };
    let file_path = change.publish(&incoming.file, facts.extension).await?;
    let new = StoredImage { image: new_image(incoming, facts), file_path };
    let Err(error) = insert(db, &new).await else { return Ok(Some(uploaded(new.image, false))) };
    // Another process may have been first. Where not even that can be asked, the sweep decides about the file.
    match images::by_hash(db.reader(), &hash).await? {
        Some(known) => {
            let duplicate = error.is_unique_violation();
            Ok(Some(uploaded(known.image, duplicate)))
        }
        None => {
            change.remove(&new.file_path).await?;
            Err(error)
        }
    }
}

/// These bytes are there: nothing is stored twice, but a lost file comes back.
async fn bring_back(db: &Db, content: &Content, change: &Change<'_>, incoming: &IncomingImage, known: &StoredImage) -> Result<()> {
    if content.holds(&known.file_path, known.image.size_bytes).await {
        return Ok(());
    }
    tracing::warn!(image = %known.image.id, file_path = known.file_path, "the file of this image was gone; the same bytes came again and replace it");
    let extension = match known.image.media_type.as_str() {
        "image/png" => "png",
        "image/webp" => "webp",
        _ => "jpg",
    };
    let file_path = change.publish(&incoming.file, extension).await?;
    let mut tx = db.begin().await?;
    images::set_file_path(&mut *tx, known.image.id, &file_path).await?;
    tx.commit().await?;
    Ok(())
}

async fn insert(db: &Db, new: &StoredImage) -> Result<()> {
    let mut tx = db.begin().await?;
    images::insert(&mut tx, new).await?;
    tx.commit().await?;
    Ok(())
}

fn new_image(incoming: &IncomingImage, facts: Facts) -> Image {
    Image {
        id: ImageId::generate(),
        name: presentable_name(&incoming.name),
        file_hash: incoming.file.hash(),
        size_bytes: i64::try_from(incoming.file.size_bytes()).unwrap_or(i64::MAX),
        width: facts.width,
        height: facts.height,
        media_type: facts.media_type.into(),
        source_type: incoming.source_type,
        created_at: Timestamp::now(),
    }
}

fn uploaded(image: Image, duplicate: bool) -> UploadedImage {
    UploadedImage { image_id: image.id, duplicate, image }
}

/// An image.
///
/// # Errors
/// [`ErrorKind::NotFound`].
pub async fn image(db: &Db, id: ImageId) -> Result<Image> {
    Ok(find(db, id).await?.image)
}

/// An image with the path of its file.
///
/// # Errors
/// [`ErrorKind::NotFound`]; [`ErrorKind::Gone`] where the file is missing or has another size than it was stored with.
pub async fn located(db: &Db, content: &Content, id: ImageId) -> Result<(StoredImage, PathBuf)> {
    let stored = find(db, id).await?;
    if content.holds(&stored.file_path, stored.image.size_bytes).await {
        let path = content.path_of(&stored.file_path);
        return Ok((stored, path));
    }
    tracing::error!(image = %id, file_path = stored.file_path, "the file of this image is missing from the store, or damaged");
    Err(Error::api(
        ErrorKind::Gone,
        "The file of this image is missing from the server's videos folder, or damaged. Upload the same file again to bring it back.",
    ))
}

/// The pictures of a workflow's nodes: those that its definition names, and the latest that runs made.
///
/// # Errors
/// The database's.
pub async fn of_workflow(db: &Db, id: WorkflowId, definition: &Value) -> Result<Vec<NodeImage>> {
    // A definition that this version does not read is shown without pictures.
    let Ok(graph) = format::read(definition) else { return Ok(Vec::new()) };
    let mut found = images::latest_of_workflow(db.reader(), id).await?;
    let makes = |node: &Node| nodes::spec(&node.node_type).is_some_and(NodeSpec::makes);
    found.retain(|one| graph.node(&one.node_id).is_some_and(|node| makes(node)));
    for node in graph.nodes() {
        if let Some(named) = nodes::given(node).and_then(AssetRef::image)
            && let Some(stored) = images::find(db.reader(), named).await?
        {
            found.push(NodeImage { node_id: node.id.clone(), image: stored.image });
        }
    }
    Ok(found)
}

async fn find(db: &Db, id: ImageId) -> Result<StoredImage> {
    Ok(images::find(db.reader(), id).await?.ok_or_else(|| ApiError::not_found("image"))?)
}
