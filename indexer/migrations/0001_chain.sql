-- What was read from the chain: everything else follows from it.

-- Every block that has logs, every block near the head, and the one before the first.
CREATE TABLE block (
    number INTEGER PRIMARY KEY,
    hash BLOB NOT NULL,
    parent BLOB NOT NULL,
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

-- Whose logs these are. A database follows the same contracts for ever.
CREATE TABLE contract (
    name TEXT PRIMARY KEY,
    address TEXT NOT NULL
) WITHOUT ROWID;

-- The last block that was read.
CREATE TABLE checkpoint (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    chain_id INTEGER NOT NULL,
    block INTEGER NOT NULL,
    hash BLOB NOT NULL
);

-- `block` and `journaling` steer the triggers that write the undo journal; `undo_floor` is the lowest block that the
-- journal can go back to. `stale` is 1 between a migration and the replay that fills the new tables.
CREATE TABLE cursor (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    block INTEGER NOT NULL,
    journaling INTEGER NOT NULL,
    undo_floor INTEGER NOT NULL,
    stale INTEGER NOT NULL
);

CREATE TABLE undo (
    block INTEGER NOT NULL,
    step INTEGER NOT NULL,
    statement TEXT NOT NULL,
    PRIMARY KEY (block, step)
) WITHOUT ROWID;
