//! Uploads whose probe hangs: each is answered in time, and holds nobody else up.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    sync::atomic::{AtomicUsize, Ordering},
    time::Instant,
};

use futures_util::future::join_all;

use crate::support::{PATIENCE, clips, process::ServerProcess};

/// So many probes hang.
const HUNG: usize = 50;

/// An ffprobe whose first [`HUNG`] runs never end; each leaves a folder behind.
fn half_dead(dir: &Path) {
    let path = std::env::var_os("PATH").unwrap();
    let real = std::env::split_paths(&path).map(|folder| folder.join("ffprobe")).find(|file| file.is_file()).unwrap();
    let (bin, hung) = (dir.join("bin"), dir.join("hung"));
    fs::create_dir(&bin).unwrap();
    fs::create_dir(&hung).unwrap();
    let script = format!(
        "#!/bin/sh\ni=0\nwhile [ $i -lt {HUNG} ]; do mkdir {}/$i 2>/dev/null && exec sleep 1000; i=$((i + 1)); done\nexec {} \"$@\"\n",
        hung.display(),
        real.display()
    );
    fs::write(bin.join("ffprobe"), script).unwrap();
    fs::set_permissions(bin.join("ffprobe"), fs::Permissions::from_mode(0o755)).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_hung_probes_hold_nobody_up_and_are_answered_in_time() {
    let dir = tempfile::tempdir().unwrap();
    half_dead(dir.path());
    let server = ServerProcess::start_with(dir.path(), |command| {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let path = std::env::join_paths(std::iter::once(dir.path().join("bin")).chain(std::env::split_paths(&path))).unwrap();
        command.env("PATH", path);
    });
    let began = Instant::now();
    let answered = AtomicUsize::new(0);
    let hung = join_all((0..HUNG).map(async |number| {
        let mut bytes = clips::short(1);
        bytes.extend([0, 0, 0, 9, b'f', b'r', b'e', b'e', number as u8]);
        let answer = server.client.upload("hung.mp4", bytes).await;
        answered.fetch_add(1, Ordering::SeqCst);
        answer
    }));
    let others = async {
        while fs::read_dir(dir.path().join("hung")).unwrap().count() < HUNG {
            assert!(began.elapsed() < PATIENCE, "the probes did not begin");
            tokio::time::sleep(std::time::Duration::from_millis(25)).await;
        }
        server.client.upload("other.mp4", clips::short(2)).await.expect(201);
        assert_eq!(answered.load(Ordering::SeqCst), 0, "the other upload waited for those that hang");
    };
    let (hung, ()) = tokio::join!(hung, others);
    for answer in hung {
        let problem = answer.problem(422);
        assert!(problem["detail"].as_str().unwrap().contains("takes too long"), "{problem}");
    }
    let left = fs::read_dir(dir.path().join("videos/.staging")).unwrap().count();
    assert_eq!(left, 0, "what was refused is still there");
    assert_eq!(server.terminate(), Some(0));
}
