//! Still pictures over HTTP: upload, look, download.

use axum::{
    extract::{DefaultBodyLimit, Request, State},
    http::HeaderMap,
    response::Response,
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    download::{self, FileBytes, PartHeaders, TrashedQuery},
    extract::{Id, Query},
    problem::Failed,
    upload::{self, UploadForm},
};
use crate::{
    domain::{
        AssetKind, ImageId,
        error::Problem,
        image::{Image, UploadedImage},
    },
    server::{
        library::{assets, ingest::Kept},
        state::AppState,
    },
};

/// The routes.
pub fn router() -> OpenApiRouter<AppState> {
    let uploads = OpenApiRouter::new().routes(routes!(upload)).layer(DefaultBodyLimit::disable());
    OpenApiRouter::new().routes(routes!(get)).routes(routes!(download)).merge(uploads)
}

/// Stores an image. The same bytes again give the image that is there.
#[utoipa::path(post, path = "/api/images/upload", operation_id = "upload_image", tag = "images",
    request_body(content = UploadForm, content_type = "multipart/form-data"),
    responses(
        (status = 201, description = "Stored", body = UploadedImage),
        (status = 200, description = "These bytes were there already", body = UploadedImage),
        (status = 413, description = "Larger than 64 MiB or REELGRAPH_MAX_UPLOAD_BYTES", body = Problem),
        (status = 422, description = "No PNG, JPEG or WebP, too many pixels, or a wrong part", body = Problem),
    ))]
pub async fn upload(State(state): State<AppState>, request: Request) -> Result<Response, Failed> {
    let Kept { stored, duplicate, restored } = upload::receive_and_keep(&state, request, AssetKind::Image).await?;
    let asset = stored.asset;
    let (place, image) = (asset.reference(), Image::from(asset.clone()));
    Ok(upload::answer(place, duplicate, UploadedImage { image_id: image.id, duplicate, restored, image, asset }))
}

/// An image.
#[utoipa::path(get, path = "/api/images/{id}", operation_id = "get_image", tag = "images",
    params(("id" = ImageId, Path, description = "The image")), responses(
    (status = 200, description = "The image", body = Image),
))]
pub async fn get(State(state): State<AppState>, Id(id): Id<ImageId>) -> Result<axum::Json<Image>, Failed> {
    Ok(axum::Json(assets::image(&state.studio.db, id).await?))
}

/// The bytes of an image, whole or in part. HEAD gives the headers.
#[utoipa::path(get, path = "/api/images/{id}/download", operation_id = "download_image", tag = "images",
    params(("id" = ImageId, Path, description = "The image"), TrashedQuery, PartHeaders),
    responses(
    (status = 200, description = "The bytes", content((FileBytes = "image/*"))),
    (status = 206, description = "The asked-for part", content((FileBytes = "image/*"))),
    (status = 304, description = "What you have is right"),
))]
pub async fn download(
    State(state): State<AppState>,
    Id(id): Id<ImageId>,
    Query(query): Query<TrashedQuery>,
    request: HeaderMap,
) -> Result<Response, Failed> {
    download::of_asset(&state, id.into(), query, &request).await
}
