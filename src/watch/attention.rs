//! What is seen to all the time, also while something is imported: what was told, files that are quiet, folders that are new,
//! or go away, or come back.
//!
//! Notes what changed; imports nothing.

use std::path::Path;
use std::time::{Duration, Instant};

use super::notices::Notices;
use super::{Changes, Glances, How, Look, News, Watch, Why};
use crate::discover::{Anchor, FoundFile};

/// How often it is looked whether the folders are there.
const FOLDERS_EVERY: Duration = Duration::from_secs(1);

impl Watch {
    /// Begins to listen anew, to what stands of the folders.
    pub(super) fn listen(&mut self, tell: &mut impl FnMut(News<'_>)) {
        // Those of before are given back first: they count against the limit.
        self.notices = None;
        loop {
            let mut notices = Notices::start(self.board.clone());
            let told =
                self.folders.iter_mut().filter(|folder| folder.anchor.is_some() && folder.how == How::Told);
            let deaf = told.into_iter().find_map(|folder| {
                let followed = match &mut notices {
                    Ok(notices) => notices.follow(&folder.path),
                    Err(deaf) => Err(deaf.clone()),
                };
                match followed {
                    Ok(folders) => folder.folders = folders,
                    Err(deaf) => folder.how = How::Polled(Why::Deaf(deaf)),
                }
                (folder.how != How::Told).then_some(())
            });
            if deaf.is_none() {
                self.notices = notices.ok();
                break;
            }
        }
        let standing = self.folders.iter().filter_map(|folder| Some((folder, folder.anchor.as_ref()?)));
        let mut polled = Vec::new();
        for (folder, anchor) in standing {
            if folder.how != How::Told {
                polled.push(anchor.clone());
            }
            tell(News::Watching { folder, poll_every: self.settings.poll_every });
        }
        self.glances = Glances::at(polled, self.settings.poll_every);
    }

    /// Sees to everything that does not wait for an import: what was told is looked at, new folders are followed, and those
    /// that went away or came back are noticed.
    pub(super) async fn attend(&mut self, tell: &mut impl FnMut(News<'_>)) {
        for path in self.board.with(|changes| changes.unseen()) {
            let look = look(&path);
            self.board.with(|changes| changes.saw(&path, look));
            if look == Look::Folder {
                self.follow(&path, tell);
            }
        }
        let now = Instant::now();
        for path in self.board.with(|changes| changes.quiet(now, self.settings.patience)) {
            let look = look(&path);
            self.board.with(|changes| changes.saw_again(&path, look, now));
        }
        if now >= self.next_look {
            self.next_look = now + FOLDERS_EVERY;
            self.look_after_folders(now, tell);
        }
        if self.next_rescan.is_some_and(|next| now >= next) {
            self.next_rescan = self.settings.rescan_every.map(|every| now + every);
            self.board.tell(Changes::note_everything);
        }
        self.glances.attend(&self.board).await;
    }

    /// Has the operating system tell of a folder that is new, or may be read now.
    fn follow(&mut self, path: &Path, tell: &mut impl FnMut(News<'_>)) {
        let above = self.folders.iter_mut().find(|folder| path.starts_with(&folder.path));
        let Some(above) = above.filter(|folder| folder.anchor.is_some() && folder.how == How::Told) else {
            return;
        };
        let Some(notices) = &mut self.notices else { return };
        if let Err(deaf) = notices.follow(path) {
            above.how = How::Polled(Why::Deaf(deaf));
            self.listen(tell);
        }
    }

    fn look_after_folders(&mut self, now: Instant, tell: &mut impl FnMut(News<'_>)) {
        let mut is_changed = false;
        for folder in &mut self.folders {
            // Not even the folder itself could be watched: it may not be listed, until it may.
            if folder.anchor.is_some()
                && folder.how == How::Told
                && folder.folders == 0
                && let Some(Ok(folders)) = self.notices.as_mut().map(|notices| notices.follow(&folder.path))
                && folders > 0
            {
                folder.folders = folders;
                self.board.tell(|changes| changes.note(folder.path.clone(), now));
            }
            let was_away = folder.anchor.is_none();
            if folder.anchor.as_ref().is_some_and(Anchor::stands) {
                continue;
            }
            folder.anchor = Anchor::look(folder.path.clone()).ok();
            if folder.anchor.is_some() {
                is_changed = true;
                // What it lies on may be another file system now.
                folder.how = How::of(&folder.path, self.settings.polls);
                let path = &folder.path;
                tell(if was_away { News::Back(path) } else { News::Replaced(path) });
                self.board.tell(|changes| changes.note(folder.path.clone(), now));
            } else if !was_away {
                is_changed = true;
                tell(News::Away(&folder.path));
            }
        }
        if is_changed {
            self.listen(tell);
        }
    }
}

/// What lies at a path, seen from outside: a link is not followed.
fn look(path: &Path) -> Look {
    let metadata = match std::fs::symlink_metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Look::Absent,
        Err(_) => return Look::Other,
    };
    if metadata.is_dir() {
        Look::Folder
    } else if metadata.is_file() {
        let file = FoundFile::of(path.to_owned(), &metadata);
        Look::File(file.size, file.mtime_ns)
    } else {
        Look::Other
    }
}
