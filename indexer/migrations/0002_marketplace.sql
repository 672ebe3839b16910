-- Derived from the events of ClusterToken, DatasetNFT, DatasetRegistry, PaymentRouter and AccessManager.
-- Amounts are decimal integers in the currency's smallest unit; addresses are checksummed; times are unix seconds.
CREATE TABLE dataset (
    id INTEGER PRIMARY KEY,
    slug TEXT,
    creator TEXT NOT NULL,
    holder TEXT NOT NULL,
    license TEXT NOT NULL,
    royalty_bps INTEGER NOT NULL,
    version INTEGER NOT NULL,
    cid TEXT NOT NULL,
    manifest_hash TEXT NOT NULL,
    uri TEXT NOT NULL,
    free INTEGER NOT NULL,
    listed INTEGER NOT NULL,
    delist_reason INTEGER NOT NULL,
    rating_sum INTEGER NOT NULL,
    rating_count INTEGER NOT NULL,
    block INTEGER NOT NULL,
    time INTEGER NOT NULL,
    tx TEXT NOT NULL
);
CREATE UNIQUE INDEX dataset_slug ON dataset (slug);
CREATE INDEX dataset_holder ON dataset (holder);
CREATE INDEX dataset_creator ON dataset (creator);

CREATE TABLE version (
    dataset_id INTEGER NOT NULL,
    version INTEGER NOT NULL,
    cid TEXT NOT NULL,
    manifest_hash TEXT NOT NULL,
    uri TEXT NOT NULL,
    block INTEGER NOT NULL,
    time INTEGER NOT NULL,
    tx TEXT NOT NULL,
    PRIMARY KEY (dataset_id, version)
) WITHOUT ROWID;

CREATE TABLE price (
    dataset_id INTEGER NOT NULL,
    currency TEXT NOT NULL,
    amount TEXT NOT NULL,
    PRIMARY KEY (dataset_id, currency)
) WITHOUT ROWID;

CREATE TABLE review (
    dataset_id INTEGER NOT NULL,
    reviewer TEXT NOT NULL,
    rating INTEGER NOT NULL,
    uri TEXT NOT NULL,
    block INTEGER NOT NULL,
    time INTEGER NOT NULL,
    tx TEXT NOT NULL,
    PRIMARY KEY (dataset_id, reviewer)
) WITHOUT ROWID;

CREATE TABLE purchase (
    block INTEGER NOT NULL,
    log_index INTEGER NOT NULL,
    dataset_id INTEGER NOT NULL,
    buyer TEXT NOT NULL,
    recipient TEXT NOT NULL,
    currency TEXT NOT NULL,
    price TEXT NOT NULL,
    holder TEXT NOT NULL,
    to_holder TEXT NOT NULL,
    to_treasury TEXT NOT NULL,
    referrer TEXT,
    to_referrer TEXT NOT NULL,
    time INTEGER NOT NULL,
    tx TEXT NOT NULL,
    PRIMARY KEY (block, log_index)
) WITHOUT ROWID;
CREATE UNIQUE INDEX purchase_access ON purchase (dataset_id, recipient);
CREATE INDEX purchase_recipient ON purchase (recipient);
CREATE INDEX purchase_buyer ON purchase (buyer);

CREATE TABLE earning (
    account TEXT NOT NULL,
    currency TEXT NOT NULL,
    role TEXT NOT NULL,
    total TEXT NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (account, currency, role)
) WITHOUT ROWID;

CREATE TABLE credit (
    account TEXT NOT NULL,
    currency TEXT NOT NULL,
    amount TEXT NOT NULL,
    PRIMARY KEY (account, currency)
) WITHOUT ROWID;

-- Money that left the router or a till other than by a purchase.
CREATE TABLE payout (
    block INTEGER NOT NULL,
    log_index INTEGER NOT NULL,
    kind TEXT NOT NULL,
    account TEXT NOT NULL,
    currency TEXT NOT NULL,
    receiver TEXT NOT NULL,
    amount TEXT NOT NULL,
    time INTEGER NOT NULL,
    tx TEXT NOT NULL,
    PRIMARY KEY (block, log_index)
) WITHOUT ROWID;
CREATE INDEX payout_account ON payout (account);

CREATE TABLE currency (
    address TEXT PRIMARY KEY,
    accepted INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE setting (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE token_balance (
    account TEXT PRIMARY KEY,
    amount TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE token_authorization (
    authorizer TEXT NOT NULL,
    nonce TEXT NOT NULL,
    state TEXT NOT NULL,
    PRIMARY KEY (authorizer, nonce)
) WITHOUT ROWID;

CREATE TABLE role_member (
    role_id INTEGER NOT NULL,
    account TEXT NOT NULL,
    delay INTEGER NOT NULL,
    since INTEGER NOT NULL,
    PRIMARY KEY (role_id, account)
) WITHOUT ROWID;

CREATE TABLE upgrade (
    block INTEGER NOT NULL,
    log_index INTEGER NOT NULL,
    contract TEXT NOT NULL,
    implementation TEXT NOT NULL,
    time INTEGER NOT NULL,
    tx TEXT NOT NULL,
    PRIMARY KEY (block, log_index)
) WITHOUT ROWID;
