-- Derived from the events of InferenceSettlement, PrepaidBalances, PriceFeeds, ReceiptRegistry and BatchSettlement. Model
-- ids are text here: money is taken for any number.

-- These are of several contracts from here on.
DROP TABLE credit;
DROP TABLE claim;
DROP TABLE surplus_rescue;

-- What a contract owes: shares of the router that could not be sent, parts of inference fees. `amount` is what can be
-- claimed, `total` all that was ever credited.
CREATE TABLE credit (
    contract TEXT NOT NULL,
    account TEXT NOT NULL,
    currency TEXT NOT NULL,
    amount TEXT NOT NULL,
    total TEXT NOT NULL,
    PRIMARY KEY (contract, account, currency)
) WITHOUT ROWID;
CREATE INDEX credit_account ON credit (account);

CREATE TABLE claim (
    block INTEGER NOT NULL,
    log_index INTEGER NOT NULL,
    contract TEXT NOT NULL,
    account TEXT NOT NULL,
    currency TEXT NOT NULL,
    receiver TEXT NOT NULL,
    amount TEXT NOT NULL,
    time INTEGER NOT NULL,
    tx TEXT NOT NULL,
    PRIMARY KEY (block, log_index)
) WITHOUT ROWID;
CREATE INDEX claim_account ON claim (account, block, log_index);

CREATE TABLE surplus_rescue (
    block INTEGER NOT NULL,
    log_index INTEGER NOT NULL,
    contract TEXT NOT NULL,
    currency TEXT NOT NULL,
    receiver TEXT NOT NULL,
    amount TEXT NOT NULL,
    time INTEGER NOT NULL,
    tx TEXT NOT NULL,
    PRIMARY KEY (block, log_index)
) WITHOUT ROWID;

-- Money for a version of a model by an operator. `funded` waits for a sweep, the others are sums of all sweeps; what was
-- sent to the till's address and not swept is in no event.
CREATE TABLE till (
    model_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    operator TEXT NOT NULL,
    currency TEXT NOT NULL,
    funded TEXT NOT NULL,
    swept TEXT NOT NULL,
    to_treasury TEXT NOT NULL,
    to_stack TEXT NOT NULL,
    to_operator TEXT NOT NULL,
    sweeps INTEGER NOT NULL,
    block INTEGER NOT NULL,
    log_index INTEGER NOT NULL,
    time INTEGER NOT NULL,
    tx TEXT NOT NULL,
    PRIMARY KEY (model_id, version, operator, currency)
) WITHOUT ROWID;
CREATE INDEX till_place ON till (block, log_index);
CREATE INDEX till_operator ON till (operator, block, log_index);

CREATE TABLE funding (
    block INTEGER NOT NULL,
    log_index INTEGER NOT NULL,
    model_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    operator TEXT NOT NULL,
    currency TEXT NOT NULL,
    payer TEXT NOT NULL,
    amount TEXT NOT NULL,
    time INTEGER NOT NULL,
    tx TEXT NOT NULL,
    PRIMARY KEY (block, log_index)
) WITHOUT ROWID;
CREATE INDEX funding_till ON funding (model_id, block, log_index);

CREATE TABLE sweep (
    block INTEGER NOT NULL,
    log_index INTEGER NOT NULL,
    model_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    operator TEXT NOT NULL,
    currency TEXT NOT NULL,
    amount TEXT NOT NULL,
    to_treasury TEXT NOT NULL,
    to_stack TEXT NOT NULL,
    to_operator TEXT NOT NULL,
    time INTEGER NOT NULL,
    tx TEXT NOT NULL,
    PRIMARY KEY (block, log_index)
) WITHOUT ROWID;
CREATE INDEX sweep_model ON sweep (model_id, block, log_index);
CREATE INDEX sweep_operator ON sweep (operator, block, log_index);

CREATE TABLE prepaid_balance (
    account TEXT NOT NULL,
    currency TEXT NOT NULL,
    amount TEXT NOT NULL,
    PRIMARY KEY (account, currency)
) WITHOUT ROWID;

-- `kind` is deposit or withdrawal; `other` is who paid or where it went.
CREATE TABLE prepaid_change (
    block INTEGER NOT NULL,
    log_index INTEGER NOT NULL,
    account TEXT NOT NULL,
    currency TEXT NOT NULL,
    kind TEXT NOT NULL,
    other TEXT NOT NULL,
    amount TEXT NOT NULL,
    time INTEGER NOT NULL,
    tx TEXT NOT NULL,
    PRIMARY KEY (block, log_index)
) WITHOUT ROWID;
CREATE INDEX prepaid_change_account ON prepaid_change (account, block, log_index);

-- Micro-dollars; `spent` is of the period of `period` seconds that began at `since`.
CREATE TABLE prepaid_grant (
    account TEXT NOT NULL,
    relay TEXT NOT NULL,
    spending_limit TEXT NOT NULL,
    period INTEGER NOT NULL,
    spent TEXT NOT NULL,
    since INTEGER NOT NULL,
    block INTEGER NOT NULL,
    log_index INTEGER NOT NULL,
    time INTEGER NOT NULL,
    tx TEXT NOT NULL,
    PRIMARY KEY (account, relay)
) WITHOUT ROWID;
CREATE INDEX prepaid_grant_place ON prepaid_grant (block, log_index);
CREATE INDEX prepaid_grant_account ON prepaid_grant (account, block, log_index);
CREATE INDEX prepaid_grant_relay ON prepaid_grant (relay, block, log_index);

-- Rows of usage. Of one that was refused (`refusal` says why) nothing was drawn, and only its place in the draw is known.
CREATE TABLE draw (
    block INTEGER NOT NULL,
    log_index INTEGER NOT NULL,
    account TEXT NOT NULL,
    relay TEXT NOT NULL,
    model_id TEXT,
    version INTEGER,
    operator TEXT,
    currency TEXT,
    micro_dollars TEXT NOT NULL,
    amount TEXT NOT NULL,
    refusal TEXT,
    draw_row INTEGER,
    time INTEGER NOT NULL,
    tx TEXT NOT NULL,
    PRIMARY KEY (block, log_index)
) WITHOUT ROWID;
CREATE INDEX draw_account ON draw (account, block, log_index);
CREATE INDEX draw_relay ON draw (relay, block, log_index);
CREATE INDEX draw_model ON draw (model_id, block, log_index);

-- Batches of receipts. `payments` is the root of the rows that were drawn; it and the three after it are of batches that were drawn from prepaid balances.
CREATE TABLE receipt_batch (
    relay TEXT NOT NULL,
    batch INTEGER NOT NULL,
    root TEXT NOT NULL,
    receipts INTEGER NOT NULL,
    paid INTEGER NOT NULL,
    payments TEXT,
    currency TEXT,
    micro_dollars TEXT,
    amount TEXT,
    block INTEGER NOT NULL,
    log_index INTEGER NOT NULL,
    time INTEGER NOT NULL,
    tx TEXT NOT NULL,
    PRIMARY KEY (relay, batch)
) WITHOUT ROWID;
CREATE INDEX receipt_batch_place ON receipt_batch (block, log_index);
CREATE INDEX receipt_batch_relay ON receipt_batch (relay, block, log_index);

-- Micro-dollars for a whole unit of the currency; `primary_feed` NULL: no price any more.
CREATE TABLE price_feed (
    currency TEXT PRIMARY KEY,
    primary_feed TEXT,
    secondary_feed TEXT,
    max_age INTEGER NOT NULL,
    max_deviation_bps INTEGER NOT NULL,
    decimals INTEGER NOT NULL,
    min_price TEXT NOT NULL,
    max_price TEXT NOT NULL
) WITHOUT ROWID;

-- x402 payment channels that were opened since the deployment. `balance` includes what was claimed.
CREATE TABLE channel (
    channel_id TEXT PRIMARY KEY,
    payer TEXT NOT NULL,
    payer_authorizer TEXT,
    receiver TEXT NOT NULL,
    receiver_authorizer TEXT NOT NULL,
    token TEXT NOT NULL,
    withdraw_delay INTEGER NOT NULL,
    salt TEXT NOT NULL,
    balance TEXT NOT NULL,
    claimed TEXT NOT NULL,
    withdrawing TEXT,
    withdrawing_since INTEGER,
    closed INTEGER NOT NULL,
    block INTEGER NOT NULL,
    log_index INTEGER NOT NULL,
    time INTEGER NOT NULL,
    tx TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX channel_place ON channel (block, log_index);
CREATE INDEX channel_by_payer ON channel (payer, block, log_index);
CREATE INDEX channel_by_receiver ON channel (receiver, block, log_index);

-- What was claimed by these channels for a receiver, and what was sent there.
CREATE TABLE channel_receiver (
    receiver TEXT NOT NULL,
    token TEXT NOT NULL,
    claimed TEXT NOT NULL,
    settled TEXT NOT NULL,
    PRIMARY KEY (receiver, token)
) WITHOUT ROWID;

-- `kind` is deposit, claim, refund, withdrawal begun or withdrawal.
CREATE TABLE channel_change (
    block INTEGER NOT NULL,
    log_index INTEGER NOT NULL,
    channel_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    sender TEXT,
    amount TEXT NOT NULL,
    time INTEGER NOT NULL,
    tx TEXT NOT NULL,
    PRIMARY KEY (block, log_index)
) WITHOUT ROWID;
CREATE INDEX channel_change_channel ON channel_change (channel_id, block, log_index);
