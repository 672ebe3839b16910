-- Derived from the events of ModelRegistry. Shares in millionths, prices for a million units of the modality's meters.
CREATE TABLE model (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    owner TEXT NOT NULL,
    pending_owner TEXT,
    kind TEXT NOT NULL,
    listed INTEGER NOT NULL,
    delist_reason INTEGER NOT NULL,
    version INTEGER NOT NULL,
    block INTEGER NOT NULL,
    log_index INTEGER NOT NULL,
    time INTEGER NOT NULL,
    tx TEXT NOT NULL
);
CREATE UNIQUE INDEX model_name ON model (name);
CREATE INDEX model_place ON model (block, log_index);
CREATE INDEX model_owner ON model (owner, block, log_index);

CREATE TABLE model_namespace (
    namespace TEXT PRIMARY KEY,
    holder TEXT NOT NULL
) WITHOUT ROWID;

-- A version that was repriced has the datasets and the stack of `source`; a version of its own is its own source.
CREATE TABLE model_version (
    model_id INTEGER NOT NULL,
    version INTEGER NOT NULL,
    source INTEGER NOT NULL,
    uri TEXT NOT NULL,
    cid TEXT NOT NULL,
    manifest_hash TEXT NOT NULL,
    parent_id INTEGER,
    parent_version INTEGER,
    task_category TEXT NOT NULL,
    modality TEXT NOT NULL,
    currency TEXT NOT NULL,
    input_price TEXT NOT NULL,
    output_price TEXT NOT NULL,
    treasury_ppm INTEGER NOT NULL,
    stack_ppm INTEGER NOT NULL,
    block INTEGER NOT NULL,
    log_index INTEGER NOT NULL,
    time INTEGER NOT NULL,
    tx TEXT NOT NULL,
    PRIMARY KEY (model_id, version)
) WITHOUT ROWID;
CREATE INDEX model_version_parent ON model_version (parent_id, parent_version);

CREATE TABLE model_dataset (
    model_id INTEGER NOT NULL,
    version INTEGER NOT NULL,
    dataset_id INTEGER NOT NULL,
    weight INTEGER NOT NULL,
    PRIMARY KEY (model_id, version, dataset_id)
) WITHOUT ROWID;
CREATE INDEX model_dataset_dataset ON model_dataset (dataset_id);

-- Rows of a stack. `beneficiary` is model (its owner is paid) or dataset (its holder is).
CREATE TABLE model_share (
    model_id INTEGER NOT NULL,
    version INTEGER NOT NULL,
    position INTEGER NOT NULL,
    beneficiary TEXT NOT NULL,
    beneficiary_id INTEGER NOT NULL,
    ppm INTEGER NOT NULL,
    PRIMARY KEY (model_id, version, position)
) WITHOUT ROWID;
CREATE INDEX model_share_beneficiary ON model_share (beneficiary, beneficiary_id);
