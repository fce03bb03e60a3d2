-- A library that lives on: what vanished from the disk is marked, and may come back or be pruned.
ALTER TABLE sources
    ADD COLUMN inode       bigint,
    ADD COLUMN device      bigint,
    ADD COLUMN vanished_at timestamptz;
COMMENT ON COLUMN sources.is_active IS 'Whether the last look at the folder it lies in found it there.';
COMMENT ON COLUMN sources.inode IS 'Inode when it was read: sources with the same device and inode are one file under several names; null for a stream and from before this was kept.';
COMMENT ON COLUMN sources.device IS 'The device that the inode belongs to, as the operating system numbered it then; null as for inode.';
COMMENT ON COLUMN sources.vanished_at IS 'When an import first missed it; null while it is active.';

-- Append-only, without a key: writers never wait for each other here. A run that came to its end leaves it empty.
CREATE TABLE loader.loose_contents (
    file_id  bigint NOT NULL
);
COMMENT ON TABLE loader.loose_contents IS 'Contents that lost a place: written in the transaction that takes the place, read at the end of a run, which marks those without an active one.';
COMMENT ON COLUMN loader.loose_contents.file_id IS 'The content: files.id.';

COMMENT ON VIEW file_names IS 'Name and full path of each content: its lowest active (source path, ordinal); no row for one that lies nowhere any more.';
