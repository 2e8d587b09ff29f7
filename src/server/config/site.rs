//! Where the browser's files lie: beside the program, wherever it is started from.

use std::path::{Path, PathBuf};

use super::setting_error::SettingError;

/// Where they may lie, seen from the program's folder: in a release archive, in a build (`target/release` and `target/site`), and
/// under a prefix such as `/usr/local` or `~/.cargo`.
const PLACES: [&str; 3] = ["site", "../site", "../share/reelgraph/site"];

/// The first place beside the program that holds them, else the first of all.
#[must_use]
pub fn beside_the_program() -> PathBuf {
    // A link to the program is followed: the files lie beside what it leads to.
    let program = std::env::current_exe().and_then(|program| program.canonicalize()).unwrap_or_default();
    beside(program.parent().unwrap_or(Path::new("")))
}

fn beside(folder: &Path) -> PathBuf {
    let places = PLACES.map(|place| folder.join(place));
    places.iter().find(|place| is_site(place)).unwrap_or(&places[0]).clone()
}

fn is_site(folder: &Path) -> bool {
    folder.join("pkg").is_dir()
}

/// Checks that the browser's files are there: without them a page would be drawn, and not do anything.
///
/// # Errors
/// Where they are not; the sentence says how to get them.
pub fn check(folder: &Path) -> Result<(), SettingError> {
    if is_site(folder) {
        return Ok(());
    }
    Err(SettingError(format!(
        "LEPTOS_SITE_ROOT: the browser's files are not in {}; take the folder `site` of a release archive, or run `make build` in the source \
         and take target/site, and put it there or name it by --site-root",
        folder.display()
    )))
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn the_site_is_found_beside_the_program() {
        for place in PLACES {
            let dir = tempfile::tempdir().unwrap();
            let bin = dir.path().join("bin");
            fs::create_dir_all(bin.join(place).join("pkg")).unwrap();
            assert_eq!(beside(&bin), bin.join(place));
            assert!(check(&beside(&bin)).is_ok());
        }
    }

    #[test]
    fn a_missing_site_is_told_with_a_way_to_get_it() {
        let dir = tempfile::tempdir().unwrap();
        let error = check(&beside(dir.path())).unwrap_err();
        assert!(error.0.starts_with("LEPTOS_SITE_ROOT: ") && error.0.contains("make build"), "{error}");
        assert!(error.0.contains(&dir.path().join("site").display().to_string()), "{error}");
    }
}
