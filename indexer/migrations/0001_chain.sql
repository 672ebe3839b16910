-- What was read from the chain: everything else follows from it.
CREATE TABLE block (
    number INTEGER PRIMARY KEY,
    hash BLOB NOT NULL,
    time INTEGER NOT NULL
);

CREATE TABLE log (
    block INTEGER NOT NULL,
    log_index INTEGER NOT NULL,
    address BLOB NOT NULL,
    tx BLOB NOT NULL,
    topics BLOB NOT NULL,
    data BLOB NOT NULL,
    PRIMARY KEY (block, log_index)
) WITHOUT ROWID;

-- Hashes of the blocks near the head, to find where a reorganization left the chain that was read.
CREATE TABLE recent_block (
    number INTEGER PRIMARY KEY,
    hash BLOB NOT NULL
);

CREATE TABLE checkpoint (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    chain_id INTEGER NOT NULL,
    block INTEGER NOT NULL,
    hash BLOB NOT NULL
);

-- Where the writer is, and how far back the journal can undo. While `journaling` is 0 the triggers write nothing.
CREATE TABLE cursor (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    block INTEGER NOT NULL,
    journaling INTEGER NOT NULL,
    undo_floor INTEGER NOT NULL
);

CREATE TABLE undo (
    seq INTEGER PRIMARY KEY,
    block INTEGER NOT NULL,
    statement TEXT NOT NULL
);
CREATE INDEX undo_block ON undo (block);
