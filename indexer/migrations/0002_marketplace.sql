-- Derived from the events of ClusterToken, DatasetNFT, DatasetRegistry, PaymentRouter and AccessManager.
-- Amounts are decimal integers in the currency's smallest unit; addresses are checksummed; times are unix seconds.
CREATE TABLE dataset (
    id INTEGER PRIMARY KEY,
    slug TEXT,
    creator TEXT NOT NULL,
    holder TEXT NOT NULL,
    approved TEXT,
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
    purchase_count INTEGER NOT NULL,
    block INTEGER NOT NULL,
    time INTEGER NOT NULL,
    tx TEXT NOT NULL
);
CREATE UNIQUE INDEX dataset_slug ON dataset (slug);
CREATE INDEX dataset_holder ON dataset (holder);
CREATE INDEX dataset_creator ON dataset (creator);
CREATE INDEX dataset_purchase_count ON dataset (purchase_count, id);

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

-- Who may move all datasets of a holder (ERC-721 setApprovalForAll).
CREATE TABLE dataset_operator (
    holder TEXT NOT NULL,
    operator TEXT NOT NULL,
    PRIMARY KEY (holder, operator)
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
    treasury TEXT NOT NULL,
    to_treasury TEXT NOT NULL,
    referrer TEXT,
    to_referrer TEXT NOT NULL,
    time INTEGER NOT NULL,
    tx TEXT NOT NULL,
    PRIMARY KEY (block, log_index)
) WITHOUT ROWID;
CREATE UNIQUE INDEX purchase_access ON purchase (dataset_id, recipient);
CREATE INDEX purchase_dataset ON purchase (dataset_id, block, log_index);
CREATE INDEX purchase_recipient ON purchase (recipient, block, log_index);
CREATE INDEX purchase_buyer ON purchase (buyer, block, log_index);
CREATE INDEX purchase_referrer ON purchase (referrer, block, log_index);
CREATE INDEX purchase_holder ON purchase (holder, block, log_index);

-- What purchases gave each account, sent or credited. `role` is holder, treasury or referrer.
CREATE TABLE earning (
    account TEXT NOT NULL,
    currency TEXT NOT NULL,
    role TEXT NOT NULL,
    total TEXT NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (account, currency, role)
) WITHOUT ROWID;

-- What the router owes: shares that could not be sent. Emptied by claims.
CREATE TABLE credit (
    account TEXT NOT NULL,
    currency TEXT NOT NULL,
    amount TEXT NOT NULL,
    PRIMARY KEY (account, currency)
) WITHOUT ROWID;

CREATE TABLE claim (
    block INTEGER NOT NULL,
    log_index INTEGER NOT NULL,
    account TEXT NOT NULL,
    currency TEXT NOT NULL,
    receiver TEXT NOT NULL,
    amount TEXT NOT NULL,
    time INTEGER NOT NULL,
    tx TEXT NOT NULL,
    PRIMARY KEY (block, log_index)
) WITHOUT ROWID;
CREATE INDEX claim_account ON claim (account);

CREATE TABLE till_refund (
    block INTEGER NOT NULL,
    log_index INTEGER NOT NULL,
    dataset_id INTEGER NOT NULL,
    recipient TEXT NOT NULL,
    referrer TEXT,
    currency TEXT NOT NULL,
    receiver TEXT NOT NULL,
    amount TEXT NOT NULL,
    time INTEGER NOT NULL,
    tx TEXT NOT NULL,
    PRIMARY KEY (block, log_index)
) WITHOUT ROWID;
CREATE INDEX till_refund_recipient ON till_refund (recipient);

CREATE TABLE surplus_rescue (
    block INTEGER NOT NULL,
    log_index INTEGER NOT NULL,
    currency TEXT NOT NULL,
    receiver TEXT NOT NULL,
    amount TEXT NOT NULL,
    time INTEGER NOT NULL,
    tx TEXT NOT NULL,
    PRIMARY KEY (block, log_index)
) WITHOUT ROWID;

CREATE TABLE currency (
    address TEXT PRIMARY KEY,
    accepted INTEGER NOT NULL
) WITHOUT ROWID;

-- Single values that governance sets: treasury and paused of PaymentRouter, payment_router of DatasetRegistry,
-- authority and initialized of each.
CREATE TABLE setting (
    contract TEXT NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (contract, name)
) WITHOUT ROWID;

CREATE TABLE token_balance (
    account TEXT PRIMARY KEY,
    amount TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE token_delegate (
    account TEXT PRIMARY KEY,
    delegate TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE token_votes (
    account TEXT PRIMARY KEY,
    amount TEXT NOT NULL
) WITHOUT ROWID;

-- What became of an EIP-3009 nonce: used or canceled.
CREATE TABLE token_authorization (
    authorizer TEXT NOT NULL,
    nonce TEXT NOT NULL,
    state TEXT NOT NULL,
    PRIMARY KEY (authorizer, nonce)
) WITHOUT ROWID;

-- Members of the AccessManager's roles. Role ids are 64-bit, which is why they are text. `since` is when the member
-- counts from; `delay` (seconds between scheduling and executing) holds from `delay_since`.
CREATE TABLE role_member (
    role_id TEXT NOT NULL,
    account TEXT NOT NULL,
    since INTEGER NOT NULL,
    delay INTEGER NOT NULL,
    delay_since INTEGER NOT NULL,
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
