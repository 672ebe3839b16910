-- Derived from the events of OperatorStaking, MemberStaking and IdleIncentives. Stake is in wei of CP. A share of a pool
-- is worth tokens / shares of it, exactly.

-- `commission_bps` holds until `effective_at` (0: no change announced), then `next_commission_bps`. `locked` is the sum of
-- open locks. `currencies` are those in which delegators ever earned, a JSON list.
CREATE TABLE operator (
    operator TEXT PRIMARY KEY,
    uri TEXT NOT NULL,
    commission_bps INTEGER NOT NULL,
    max_commission_bps INTEGER NOT NULL,
    next_commission_bps INTEGER NOT NULL,
    effective_at INTEGER NOT NULL,
    locked TEXT NOT NULL,
    currencies TEXT NOT NULL,
    block INTEGER NOT NULL,
    log_index INTEGER NOT NULL,
    time INTEGER NOT NULL,
    tx TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX operator_place ON operator (block, log_index);

-- `own` is 1 for what the operator staked on itself. `shares` includes those that thaw.
CREATE TABLE stake_pool (
    operator TEXT NOT NULL,
    own INTEGER NOT NULL,
    tokens TEXT NOT NULL,
    shares TEXT NOT NULL,
    thawing TEXT NOT NULL,
    generation INTEGER NOT NULL,
    PRIMARY KEY (operator, own)
) WITHOUT ROWID;

-- Active shares. Those of an earlier generation than the pool's are worth nothing.
CREATE TABLE stake_position (
    operator TEXT NOT NULL,
    account TEXT NOT NULL,
    shares TEXT NOT NULL,
    generation INTEGER NOT NULL,
    tranches INTEGER NOT NULL,
    block INTEGER NOT NULL,
    log_index INTEGER NOT NULL,
    time INTEGER NOT NULL,
    tx TEXT NOT NULL,
    PRIMARY KEY (operator, account)
) WITHOUT ROWID;
CREATE INDEX stake_position_place ON stake_position (block, log_index);
CREATE INDEX stake_position_account ON stake_position (account, block, log_index);

-- Shares that thaw or have thawed, until they are taken out.
CREATE TABLE stake_tranche (
    operator TEXT NOT NULL,
    account TEXT NOT NULL,
    tranche INTEGER NOT NULL,
    shares TEXT NOT NULL,
    generation INTEGER NOT NULL,
    release_at INTEGER NOT NULL,
    block INTEGER NOT NULL,
    log_index INTEGER NOT NULL,
    time INTEGER NOT NULL,
    tx TEXT NOT NULL,
    PRIMARY KEY (operator, account, tranche)
) WITHOUT ROWID;
CREATE INDEX stake_tranche_place ON stake_tranche (block, log_index);
CREATE INDEX stake_tranche_account ON stake_tranche (account, block, log_index);

-- Every coming and going of stake. `kind` is staked, thawing or withdrawn; `amount` is NULL while shares thaw.
CREATE TABLE stake_change (
    block INTEGER NOT NULL,
    log_index INTEGER NOT NULL,
    operator TEXT NOT NULL,
    account TEXT NOT NULL,
    kind TEXT NOT NULL,
    shares TEXT NOT NULL,
    amount TEXT,
    receiver TEXT,
    time INTEGER NOT NULL,
    tx TEXT NOT NULL,
    PRIMARY KEY (block, log_index)
) WITHOUT ROWID;
CREATE INDEX stake_change_operator ON stake_change (operator, block, log_index);
CREATE INDEX stake_change_account ON stake_change (account, block, log_index);

-- `state` is open, ended or slashed.
CREATE TABLE stake_lock (
    operator TEXT NOT NULL,
    lock_id INTEGER NOT NULL,
    amount TEXT NOT NULL,
    opened_by TEXT NOT NULL,
    state TEXT NOT NULL,
    block INTEGER NOT NULL,
    log_index INTEGER NOT NULL,
    time INTEGER NOT NULL,
    tx TEXT NOT NULL,
    PRIMARY KEY (operator, lock_id)
) WITHOUT ROWID;
CREATE INDEX stake_lock_place ON stake_lock (block, log_index);
CREATE INDEX stake_lock_operator ON stake_lock (operator, block, log_index);

CREATE TABLE slash (
    block INTEGER NOT NULL,
    log_index INTEGER NOT NULL,
    operator TEXT NOT NULL,
    lock_id INTEGER NOT NULL,
    challenger TEXT,
    from_own TEXT NOT NULL,
    from_delegated TEXT NOT NULL,
    to_challenger TEXT NOT NULL,
    burnt TEXT NOT NULL,
    time INTEGER NOT NULL,
    tx TEXT NOT NULL,
    PRIMARY KEY (block, log_index)
) WITHOUT ROWID;
CREATE INDEX slash_operator ON slash (operator, block, log_index);
CREATE INDEX slash_challenger ON slash (challenger, block, log_index);

CREATE TABLE reward (
    block INTEGER NOT NULL,
    log_index INTEGER NOT NULL,
    operator TEXT NOT NULL,
    currency TEXT NOT NULL,
    payer TEXT NOT NULL,
    amount TEXT NOT NULL,
    to_operator TEXT NOT NULL,
    to_delegators TEXT NOT NULL,
    held TEXT NOT NULL,
    time INTEGER NOT NULL,
    tx TEXT NOT NULL,
    PRIMARY KEY (block, log_index)
) WITHOUT ROWID;
CREATE INDEX reward_operator ON reward (operator, block, log_index);

-- Sums of an operator's rewards; `held` is what waits until it has stake again.
CREATE TABLE reward_total (
    operator TEXT NOT NULL,
    currency TEXT NOT NULL,
    amount TEXT NOT NULL,
    to_operator TEXT NOT NULL,
    to_delegators TEXT NOT NULL,
    held TEXT NOT NULL,
    PRIMARY KEY (operator, currency)
) WITHOUT ROWID;

-- What a delegated share of a generation earned, in 2^-128 units.
CREATE TABLE reward_rate (
    operator TEXT NOT NULL,
    generation INTEGER NOT NULL,
    currency TEXT NOT NULL,
    earned_x128 TEXT NOT NULL,
    PRIMARY KEY (operator, generation, currency)
) WITHOUT ROWID;

-- The rate up to which a delegation was credited, of its position's generation.
CREATE TABLE reward_settled (
    operator TEXT NOT NULL,
    account TEXT NOT NULL,
    currency TEXT NOT NULL,
    earned_x128 TEXT NOT NULL,
    PRIMARY KEY (operator, account, currency)
) WITHOUT ROWID;

-- What an account is owed, in 2^-128 units, but for what its delegations earned since they were settled. The events do not
-- tell which delegations a claim settles: it takes from here what it took from them, so that this alone may be negative,
-- and never the whole.
CREATE TABLE reward_credit (
    account TEXT NOT NULL,
    currency TEXT NOT NULL,
    amount_x128 TEXT NOT NULL,
    PRIMARY KEY (account, currency)
) WITHOUT ROWID;

-- Currencies that rewards came in, in order of the first.
CREATE TABLE reward_currency (
    position INTEGER PRIMARY KEY,
    currency TEXT NOT NULL
);

-- All rewards and challengers' parts that OperatorStaking owes.
CREATE TABLE reward_owed (
    currency TEXT PRIMARY KEY,
    amount TEXT NOT NULL
) WITHOUT ROWID;

-- `cooling` is on its way out until `release_at`.
CREATE TABLE member (
    account TEXT PRIMARY KEY,
    staked TEXT NOT NULL,
    cooling TEXT NOT NULL,
    release_at INTEGER NOT NULL,
    block INTEGER NOT NULL,
    log_index INTEGER NOT NULL,
    time INTEGER NOT NULL,
    tx TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX member_place ON member (block, log_index);

-- `kind` is staked, cooling, canceled or withdrawn; `other` is who paid or where it went.
CREATE TABLE member_change (
    block INTEGER NOT NULL,
    log_index INTEGER NOT NULL,
    account TEXT NOT NULL,
    kind TEXT NOT NULL,
    amount TEXT NOT NULL,
    other TEXT,
    time INTEGER NOT NULL,
    tx TEXT NOT NULL,
    PRIMARY KEY (block, log_index)
) WITHOUT ROWID;
CREATE INDEX member_change_account ON member_change (account, block, log_index);

CREATE TABLE member_tier (
    tier INTEGER PRIMARY KEY,
    min_stake TEXT NOT NULL,
    discount_bps INTEGER NOT NULL,
    priority INTEGER NOT NULL
);

CREATE TABLE idle_operator (
    operator TEXT PRIMARY KEY,
    node TEXT,
    capacity_class INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE idle_class (
    capacity_class INTEGER PRIMARY KEY,
    weight INTEGER NOT NULL
);

-- `pot` and `weight` are what is not paid yet.
CREATE TABLE idle_epoch (
    epoch INTEGER PRIMARY KEY,
    pot TEXT NOT NULL,
    weight TEXT NOT NULL,
    first_pot TEXT NOT NULL,
    answers INTEGER NOT NULL,
    closes_at INTEGER NOT NULL,
    block INTEGER NOT NULL,
    log_index INTEGER NOT NULL,
    time INTEGER NOT NULL,
    tx TEXT NOT NULL
);
CREATE INDEX idle_epoch_place ON idle_epoch (block, log_index);

-- `paid` is NULL until it is.
CREATE TABLE idle_answer (
    epoch INTEGER NOT NULL,
    operator TEXT NOT NULL,
    answered_by TEXT NOT NULL,
    weight TEXT NOT NULL,
    paid TEXT,
    block INTEGER NOT NULL,
    log_index INTEGER NOT NULL,
    time INTEGER NOT NULL,
    tx TEXT NOT NULL,
    PRIMARY KEY (epoch, operator)
) WITHOUT ROWID;
CREATE INDEX idle_answer_place ON idle_answer (block, log_index);
CREATE INDEX idle_answer_operator ON idle_answer (operator, block, log_index);
