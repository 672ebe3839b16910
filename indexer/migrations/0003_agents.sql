-- Derived from the events of IdentityRegistry, ReputationRegistry, ValidationRegistry and AgentActivity. Integers that a
-- contract lets grow beyond 63 bits are text. `block`, `log_index`, `time` and `tx` say where a row began.
--
-- `proven_…` is of feedback that a paid receipt backs and that is not revoked; the sum at 18 decimals.
CREATE TABLE agent (
    id INTEGER PRIMARY KEY,
    owner TEXT NOT NULL,
    approved TEXT,
    wallet TEXT,
    uri TEXT NOT NULL,
    client_count INTEGER NOT NULL,
    feedback_count INTEGER NOT NULL,
    proven_count INTEGER NOT NULL,
    proven_sum TEXT NOT NULL,
    proven_micro_dollars TEXT NOT NULL,
    request_count INTEGER NOT NULL,
    answer_count INTEGER NOT NULL,
    answer_sum INTEGER NOT NULL,
    block INTEGER NOT NULL,
    log_index INTEGER NOT NULL,
    time INTEGER NOT NULL,
    tx TEXT NOT NULL
);
CREATE INDEX agent_place ON agent (block, log_index);
CREATE INDEX agent_owner ON agent (owner, block, log_index);
CREATE INDEX agent_wallet ON agent (wallet, block, log_index);

-- Who may act for all agents of an owner (ERC-721 setApprovalForAll).
CREATE TABLE agent_operator (
    owner TEXT NOT NULL,
    operator TEXT NOT NULL,
    PRIMARY KEY (owner, operator)
) WITHOUT ROWID;

-- By the hash of the name: two names that are not text can look alike once their bytes are escaped.
CREATE TABLE agent_metadata (
    agent_id INTEGER NOT NULL,
    name_hash TEXT NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (agent_id, name_hash)
) WITHOUT ROWID;

-- Clients of an agent in order of their first feedback. `value_sum` is of what is not revoked, at 18 decimals.
CREATE TABLE agent_client (
    agent_id INTEGER NOT NULL,
    client TEXT NOT NULL,
    position INTEGER NOT NULL,
    given INTEGER NOT NULL,
    counted INTEGER NOT NULL,
    value_sum TEXT NOT NULL,
    PRIMARY KEY (agent_id, client)
) WITHOUT ROWID;
CREATE UNIQUE INDEX agent_client_position ON agent_client (agent_id, position);

-- `receipt…` say which row of which draw paid for it, NULL if it is not proven.
CREATE TABLE feedback (
    agent_id INTEGER NOT NULL,
    client TEXT NOT NULL,
    number INTEGER NOT NULL,
    value TEXT NOT NULL,
    value_decimals INTEGER NOT NULL,
    tag1 TEXT NOT NULL,
    tag2 TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    uri TEXT NOT NULL,
    content_hash TEXT NOT NULL,
    revoked INTEGER NOT NULL,
    response_count INTEGER NOT NULL,
    receipt TEXT,
    receipt_relay TEXT,
    receipt_batch INTEGER,
    receipt_row INTEGER,
    paid_micro_dollars TEXT,
    block INTEGER NOT NULL,
    log_index INTEGER NOT NULL,
    time INTEGER NOT NULL,
    tx TEXT NOT NULL,
    PRIMARY KEY (agent_id, client, number)
) WITHOUT ROWID;
CREATE INDEX feedback_place ON feedback (block, log_index);
CREATE INDEX feedback_agent ON feedback (agent_id, block, log_index);
CREATE INDEX feedback_client ON feedback (client, block, log_index);

CREATE TABLE feedback_response (
    block INTEGER NOT NULL,
    log_index INTEGER NOT NULL,
    agent_id INTEGER NOT NULL,
    client TEXT NOT NULL,
    number INTEGER NOT NULL,
    responder TEXT NOT NULL,
    uri TEXT NOT NULL,
    content_hash TEXT NOT NULL,
    time INTEGER NOT NULL,
    tx TEXT NOT NULL,
    PRIMARY KEY (block, log_index)
) WITHOUT ROWID;
CREATE INDEX feedback_response_feedback ON feedback_response (agent_id, client, number, block, log_index);

-- Requests whose key is not the hash that they were made with.
CREATE TABLE scoped_request (
    key_hash TEXT PRIMARY KEY,
    request_hash TEXT NOT NULL
) WITHOUT ROWID;

-- `response` is NULL until the first answer; `updated_at` is when it was asked or last answered.
CREATE TABLE validation (
    key_hash TEXT PRIMARY KEY,
    agent_id INTEGER NOT NULL,
    validator TEXT NOT NULL,
    request_hash TEXT NOT NULL,
    request_uri TEXT NOT NULL,
    response INTEGER,
    response_uri TEXT,
    response_hash TEXT,
    tag TEXT,
    updated_at INTEGER NOT NULL,
    block INTEGER NOT NULL,
    log_index INTEGER NOT NULL,
    time INTEGER NOT NULL,
    tx TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX validation_place ON validation (block, log_index);
CREATE INDEX validation_agent ON validation (agent_id, block, log_index);
CREATE INDEX validation_validator ON validation (validator, block, log_index);

CREATE TABLE task (
    id INTEGER PRIMARY KEY,
    agent_id INTEGER NOT NULL,
    parent INTEGER,
    input_hash TEXT NOT NULL,
    opened_by TEXT NOT NULL,
    batches INTEGER NOT NULL,
    steps TEXT NOT NULL,
    closed_at INTEGER,
    closed_by TEXT,
    output_hash TEXT,
    block INTEGER NOT NULL,
    log_index INTEGER NOT NULL,
    time INTEGER NOT NULL,
    tx TEXT NOT NULL
);
CREATE INDEX task_place ON task (block, log_index);
CREATE INDEX task_agent ON task (agent_id, block, log_index);
CREATE INDEX task_parent ON task (parent, block, log_index);

CREATE TABLE task_batch (
    task_id INTEGER NOT NULL,
    batch INTEGER NOT NULL,
    merkle_root TEXT NOT NULL,
    first_step TEXT NOT NULL,
    steps TEXT NOT NULL,
    logged_by TEXT NOT NULL,
    block INTEGER NOT NULL,
    log_index INTEGER NOT NULL,
    time INTEGER NOT NULL,
    tx TEXT NOT NULL,
    PRIMARY KEY (task_id, batch)
) WITHOUT ROWID;
