"""The REST API says what the contracts say, refuses what it does not understand, and never answers without bound."""

import asyncio
import csv
import io
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from cluster.chain import anvil
from cluster.chain.paths import root
from cluster.chain.rpc import Rpc
from cluster.testing.anvil import OPTIONS
from cluster.testing.suite import NATIVE
from indexer.api import app as module
from indexer.api.app import Api
from indexer.api.lists import LISTS
from indexer.store import Store
from indexer.sync import Indexer, Status
from tests.indexer.conftest import World, make_world
from tests.indexer.traffic import CID

PRICE = 10**18 + 7


@pytest.fixture
def story(world: World) -> World:
    """Two datasets; alice's is sold to bob with carol as referrer, reviewed, and gets a second version."""
    world.chain.rpc("evm_setAutomine", True)
    suite = world.suite
    alice, bob, carol = (world.chain.account(name) for name in ("alice", "bob", "carol"))
    prices = [(NATIVE, PRICE), (suite.usdc.address, 2_500_000)]
    content = (CID + b"\x11" * 32, b"\x22" * 32)
    license_id = b"CC-BY-4.0".ljust(32, b"\0")
    suite.registry.publish(("city-noise", content, "ipfs://one", license_id, 500, False, prices), sender=alice)
    free = ("free-birds", content, "=HYPERLINK(1)", b"MIT".ljust(32, b"\0"), 0, True, [])
    suite.registry.publish(free, sender=bob)
    suite.router.purchase(1, NATIVE, PRICE, bob, carol, sender=bob, value=PRICE)
    suite.registry.review(1, 4, "ipfs://review", sender=bob)
    suite.registry.addVersion(1, (CID + b"\x33" * 32, b"\x44" * 32), "ipfs://two", sender=alice)
    return world


async def index(world: World, database: Path) -> Status:
    store = Store(database)
    async with Rpc(world.url) as rpc:
        indexer = Indexer(store, world.manifest, rpc)
        await indexer.start()
        await indexer.catch_up()
    store.close()
    indexer.status.error = None
    return indexer.status


def client_of(world: World, database: Path) -> TestClient:
    status = asyncio.run(index(world, database))
    return TestClient(Api(str(database), 31337, status).app(), raise_server_exceptions=False)


@pytest.fixture
def api(story: World, tmp_path: Path) -> Iterator[TestClient]:
    with client_of(story, tmp_path / "index.db") as client:
        yield client


@pytest.fixture(scope="module")
def crowd() -> Iterator[World]:
    """After much traffic: every list has rows."""
    with anvil.running(options=OPTIONS) as url:
        made = make_world(url, seed=2)
        made.blocks(250)
        yield made
        made.chain.close()


@pytest.fixture(scope="module")
def busy(crowd: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with client_of(crowd, tmp_path_factory.mktemp("busy") / "index.db") as client:
        yield client


def test_a_dataset_by_slug_and_by_id_with_all_that_belongs_to_it(story: World, api: TestClient) -> None:
    found = api.get("/datasets/city-noise").json()
    assert found == api.get("/datasets/1").json()
    alice, bob = story.chain.account("alice").address, story.chain.account("bob").address
    assert (found["id"], found["creator"], found["holder"], found["license"]) == (
        1,
        alice,
        alice,
        "CC-BY-4.0",
    )
    assert (found["royaltyBps"], found["version"], found["uri"]) == (500, 2, "ipfs://two")
    assert (found["listed"], found["free"], found["delistReason"]) == (True, False, 0)
    assert (found["ratingSum"], found["ratingCount"], found["purchaseCount"]) == (4, 1, 1)
    assert found["prices"] == [
        {"currency": currency, "amount": amount}
        for currency, amount in sorted([(NATIVE, str(PRICE)), (story.suite.usdc.address, "2500000")])
    ]
    assert [version["version"] for version in found["versions"]] == [2, 1]
    assert found["cid"] == found["versions"][0]["cid"]
    assert re.fullmatch("b[a-z2-7]{58}", found["cid"])
    assert found["manifestHash"] == "0x" + "44" * 32
    assert [(r["reviewer"], r["rating"], r["uri"]) for r in found["reviews"]] == [(bob, 4, "ipfs://review")]


def test_a_purchase_and_what_it_gave_to_whom(story: World, api: TestClient) -> None:
    bob, carol = story.chain.account("bob").address, story.chain.account("carol").address
    (found,) = api.get("/purchases", params={"dataset": "city-noise"}).json()["data"]
    assert (found["buyer"], found["recipient"], found["referrer"], found["slug"]) == (
        bob,
        bob,
        carol,
        "city-noise",
    )
    shares = [int(found[name]) for name in ("toHolder", "toTreasury", "toReferrer")]
    assert sum(shares) == int(found["price"]) == PRICE
    for name in ("toHolder", "toTreasury", "toReferrer"):
        assert isinstance(found[name], str)
    earned = api.get(f"/earnings/{carol.lower()}").json()
    assert earned["data"] == [{"currency": NATIVE, "role": "referrer", "total": str(shares[2]), "count": 1}]
    assert earned["claimable"] == []
    for name in ("buyer", "recipient", "referrer"):
        assert api.get("/purchases", params={name: found[name]}).json()["data"] == [found]
        assert api.get("/purchases", params={name: NATIVE}).json()["data"] == []


@pytest.mark.parametrize("who", ["alice", "bob", "carol", NATIVE])
@pytest.mark.parametrize("key", ["city-noise", "2"])
def test_access_is_what_the_registry_answers(story: World, api: TestClient, who: str, key: str) -> None:
    account = who if who == NATIVE else story.chain.account(who).address
    found = api.get(f"/access/{key}/{account}").json()
    id_ = found["datasetId"]
    levels = ["Public", "Member", "Buyer", "Creator"]
    assert levels.index(found["accessLevel"]) == story.suite.registry.accessLevel(id_, account)
    assert found["canDownload"] == story.suite.registry.canDownload(id_, account)


def test_search_and_sort(api: TestClient) -> None:
    def slugs(**query: str) -> list[str]:
        return [row["slug"] for row in api.get("/datasets", params=query).json()["data"]]

    assert slugs() == ["free-birds", "city-noise"]
    assert slugs(sort="purchases") == ["city-noise", "free-birds"]
    assert slugs(q="NOISE") == ["city-noise"]
    assert slugs(q="cc-by") == ["city-noise"]
    assert slugs(q="ipfs noise") == slugs(q="  noise\tIPFS ") == ["city-noise"]
    assert slugs(q="noise birds") == []
    assert slugs(q="%") == slugs(q="_") == slugs(q="' OR 1=1 --") == []
    creator = api.get("/datasets/2").json()["creator"]
    assert slugs(creator=creator) == slugs(holder=creator.lower()) == ["free-birds"]


def test_what_is_not_on_offer_is_shown_to_who_asks_for_it(story: World, tmp_path: Path) -> None:
    alice, bob = story.chain.account("alice"), story.chain.account("bob")
    with client_of(story, tmp_path / "index.db") as api:

        def slugs(show: str | None = None) -> list[str]:
            asyncio.run(index(story, tmp_path / "index.db"))
            query = {} if show is None else {"show": show}
            return [row["slug"] for row in api.get("/datasets", params=query).json()["data"]]

        story.suite.registry.setListed(1, False, sender=alice)
        assert slugs() == slugs("offered") == ["free-birds"]
        story.suite.registry.delist(2, 7, sender=story.suite.admin)
        assert slugs() == []
        assert slugs("all") == ["free-birds", "city-noise"]
        assert api.get(f"/datasets?show=all&creator={bob.address}").json()["data"][0]["delistReason"] == 7
        assert api.get("/datasets/city-noise").json()["listed"] is False


@pytest.mark.parametrize("path", ["/datasets?show=all", "/datasets?show=all&sort=purchases", "/purchases"])
def test_pages_together_are_the_list_and_csv_says_the_same(busy: TestClient, path: str) -> None:
    join = "&" if "?" in path else "?"
    whole = busy.get(f"{path}{join}limit=100").json()["data"]
    assert len(whole) > 5
    rows, cursor = [], None
    while True:
        page = busy.get(f"{path}{join}limit=3" + (f"&after={cursor}" if cursor else "")).json()
        rows += page["data"]
        cursor = page["next"]
        if cursor is None:
            break
    assert rows == whole
    table = path.replace("?", ".csv?", 1) if "?" in path else f"{path}.csv"
    answer = busy.get(f"{table}{join}limit=5")
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.headers["x-next"] == busy.get(f"{path}{join}limit=5").json()["next"]
    lines = list(csv.DictReader(io.StringIO(answer.text, newline="")))
    assert len(lines) == 5
    for line, row in zip(lines, whole, strict=False):
        assert line.keys() == row.keys()
        assert line["tx"] == row["tx"]


def test_csv_is_no_place_for_formulas_and_has_a_header_when_empty(api: TestClient) -> None:
    lines = list(csv.DictReader(io.StringIO(api.get("/datasets.csv?q=birds").text)))
    assert [line["uri"] for line in lines] == ["'=HYPERLINK(1)"]
    assert api.get("/purchases.csv", params={"buyer": NATIVE}).text.startswith("datasetId,slug,buyer,")
    assert api.get(f"/earnings/{NATIVE}.csv").text == "currency,role,total,count\r\n"


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/datasets?limit=0", "from 1 to 100"),
        ("/datasets?limit=101", "from 1 to 100"),
        ("/datasets?limit=٣", "from 1 to 100"),
        ("/datasets?limit=1e2", "from 1 to 100"),
        ("/datasets?after=x", "`next`"),
        ("/datasets?after=99999999999999999999-1", "`next`"),
        ("/datasets?sort=rating", "newest or purchases"),
        ("/datasets?recipent=0x00", "no parameter 'recipent'"),
        ("/datasets?limit=1&limit=2", "given twice"),
        ("/datasets?creator=alice", "40 hexadecimal digits"),
        ("/datasets?q=" + "a" * 101, "at most 100"),
        ("/datasets?q=a%00b", "a NUL"),
        ("/datasets?show=mine", "offered or all"),
        ("/datasets/UPPER", "neither"),
        ("/datasets/99999999999999999999", "larger than any"),
        ("/purchases?buyer=0x12", "40 hexadecimal digits"),
        ("/purchases?dataset=a%20b", "neither"),
        ("/earnings/0xzz", "40 hexadecimal digits"),
        ("/access/1/bob", "40 hexadecimal digits"),
        ("/agents?id=1", "no parameter 'id'"),
        ("/agents/x", "give a number"),
        ("/agents/9223372036854775808", "give a number"),
        ("/agents/0/summary", "40 hexadecimal digits"),
        ("/agents/0/summary?clients=" + ",".join([NATIVE] * 101), "more than 100"),
        ("/feedback?agent=-1", "give a number"),
        ("/feedback?show=all", "counted or proven or revoked"),
        ("/feedback?tag1=a%00b", "no NUL"),
        ("/models/open", "neither"),
        ("/models/A/b", "neither"),
        ("/models?q=" + "a" * 101, "at most 100"),
        ("/tills?model=" + "9" * 78, "at most 256 bits"),
        ("/channel-changes?channel=0x12", "64 hexadecimal digits"),
        ("/tasks?after=1", "`next`"),
    ],
)
def test_a_wrong_parameter_is_told(api: TestClient, path: str, said: str) -> None:
    answer = api.get(path)
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert error["code"] == "invalid_parameter"
    assert said in error["message"]


@pytest.mark.parametrize(
    "path",
    [
        *("/datasets/77", "/datasets/no-such", "/access/77/" + NATIVE, "/purchases?dataset=77", "/agents/77"),
        *(f"/agents/77/summary?clients={NATIVE}", "/models/77", "/models/no/such", f"/operators/{NATIVE}"),
    ],
)
def test_what_is_not_there_is_404(api: TestClient, path: str) -> None:
    answer = api.get(path)
    kind = path.split("/")[1].removesuffix("s") if not path.startswith(("/access", "/purchases")) else "dataset"
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, f"{kind}_not_found")


def test_other_paths_and_methods_answer_in_the_same_form(api: TestClient) -> None:
    assert api.get("/nothing").json()["error"]["code"] == "not_found"
    assert api.post("/datasets").json()["error"]["code"] == "method_not_allowed"


def test_an_answer_is_good_until_the_next_block(story: World, api: TestClient, tmp_path: Path) -> None:
    first = api.get("/datasets")
    again = api.get("/datasets", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    story.chain.mine()
    asyncio.run(index(story, tmp_path / "index.db"))
    later = api.get("/datasets", headers={"if-none-match": first.headers["etag"]})
    assert later.status_code == 200
    assert int(later.headers["x-block"]) == int(first.headers["x-block"]) + 1


def test_status_health_and_metrics(story: World, api: TestClient) -> None:
    status = api.get("/status").json()
    assert status["indexed"] == status["head"] == story.head()
    assert (status["lag"], status["chainId"], status["error"]) == (0, 31337, None)
    assert api.get("/healthz").json() == {"ok": True}
    metrics = api.get("/metrics").text
    assert f"cluster_indexer_indexed_block {story.head()}.0" in metrics
    assert "cluster_indexer_reorganizations_total 0.0" in metrics


def test_what_it_waits_for_shows_in_its_health(tmp_path: Path) -> None:
    Store(tmp_path / "index.db").close()
    with TestClient(Api(str(tmp_path / "index.db"), 31337, Status(error="no node answered")).app()) as api:
        answer = api.get("/healthz")
        assert (answer.status_code, answer.json()["error"]["message"]) == (503, "no node answered")
        assert api.get("/datasets").json()["error"]["code"] == "not_ready"


def test_before_the_node_has_answered_head_and_lag_are_unknown(api: TestClient, tmp_path: Path) -> None:
    with TestClient(Api(str(tmp_path / "index.db"), 31337, Status()).app()) as restarted:
        status = restarted.get("/status").json()
        assert (status["head"], status["lag"], status["error"]) == (None, None, "starting")
        assert status["indexed"] == api.get("/status").json()["indexed"]
        assert "cluster_indexer_lag_blocks" not in restarted.get("/metrics").text


def test_nothing_is_answered_from_tables_that_a_migration_left_to_be_filled(api: TestClient, tmp_path: Path) -> None:
    store = Store(tmp_path / "index.db")
    store.db.execute("UPDATE cursor SET stale = 1")
    store.close()
    answer = api.get("/datasets")
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "not_ready")


def test_a_page_of_any_origin_may_read(api: TestClient) -> None:
    answer = api.get("/datasets", headers={"origin": "https://dapp.example"})
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "x-block" in answer.headers["access-control-expose-headers"]


def test_a_database_of_any_name_can_be_read(story: World, tmp_path: Path) -> None:
    with client_of(story, tmp_path / "50% of #1?.db") as api:
        assert api.get("/datasets/1").json()["slug"] == "city-noise"


def test_a_slow_question_is_cut_off(api: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_QUERY_S", -1.0)
    monkeypatch.setattr(module, "_CHECK_EVERY_STEPS", 1)
    answer = api.get("/datasets?q=a")
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "too_slow")


def test_the_reader_can_not_write(api: TestClient, tmp_path: Path) -> None:
    db = module.queries.open_reader(str(tmp_path / "index.db"))
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        db.execute("DELETE FROM dataset")
    db.close()


def test_the_description_names_every_route_and_every_field(crowd: World, busy: TestClient, tmp_path: Path) -> None:
    document = busy.get("/openapi.json").json()
    routes = {getattr(route, "path", "") for route in Api(str(tmp_path / "index.db"), 1, Status()).app().routes}
    assert document["paths"].keys() == {path.replace(":path", "") for path in routes} - {"/metrics", "/openapi.json"}
    schemas = document["components"]["schemas"]
    alice, bob = (crowd.chain.account(name).address for name in ("alice", "bob"))
    for path, template in {
        "/datasets/1": "/datasets/{key}",
        "/datasets?show=all": "/datasets",
        "/purchases": "/purchases",
        f"/earnings/{bob}": "/earnings/{account}",
        f"/access/1/{bob}": "/access/{key}/{account}",
        "/agents/0": "/agents/{id}",
        f"/agents/0/summary?clients={bob},{alice}&tag1=quality": "/agents/{id}/summary",
        "/models/1": "/models/{key}",
        f"/operators/{alice}": "/operators/{operator}",
        f"/accounts/{alice}": "/accounts/{account}",
        "/parameters": "/parameters",
        "/status": "/status",
        "/healthz": "/healthz",
        **{known.path: known.path for known in LISTS},
    }.items():
        described = document["paths"][template]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        found = busy.get(path).json()
        assert found.get("data", found), f"the traffic never filled {path}"
        _check(found, described, schemas)


def test_every_list_filters_by_each_parameter_and_its_pages_together_are_the_list(busy: TestClient) -> None:
    for known in LISTS:
        whole = busy.get(f"{known.path}?limit=100").json()["data"]
        places = [(row["block"], row["logIndex"]) for row in whole]
        assert places == sorted(places, reverse=True)
        first = busy.get(f"{known.path}?limit=1").json()
        assert first["data"] == whole[:1]
        rest = busy.get(f"{known.path}?limit=99&after={first['next']}").json() if first["next"] else {"data": []}
        assert first["data"] + rest["data"] == whole
        lines = list(csv.DictReader(io.StringIO(busy.get(f"{known.path}.csv?limit=100").text, newline="")))
        assert [line["tx"] for line in lines] == [row["tx"] for row in whole]
        for parameter in known.filters:
            if not parameter.column or parameter.condition:
                continue
            column = module.queries.camel(parameter.column)
            wanted = next(
                (row[column] for row in whole if row[column] not in (None, "") and "\\" not in str(row[column])), None
            )
            assert wanted is not None, (known.path, parameter.name)
            found = busy.get(known.path, params={parameter.name: wanted, "limit": 100}).json()["data"]
            assert found
            assert all(row[column] == wanted for row in found)
            if len(whole) < 100:
                assert found == [row for row in whole if row[column] == wanted]


def test_a_choice_parts_a_list(busy: TestClient) -> None:
    for path, name, parts in (
        ("/feedback", "show", ("counted", "revoked")),
        ("/validations", "state", ("pending", "answered")),
        ("/tasks", "state", ("open", "closed")),
        ("/locks", "state", ("open", "ended", "slashed")),
        ("/models", "kind", ("base", "hosted", "derived")),
    ):
        found = [busy.get(path, params={name: part, "limit": 100}).json()["data"] for part in parts]
        assert sorted(row["tx"] for part in found for row in part) == sorted(
            row["tx"] for row in busy.get(f"{path}?limit=100").json()["data"]
        )


def test_details_are_what_the_contracts_answer(crowd: World, busy: TestClient) -> None:
    suite = crowd.suite
    for account in crowd.traffic.accounts:
        found = busy.get(f"/accounts/{account.address}").json()
        for held in found["prepaid"]:
            assert int(held["amount"]) == suite.prepaid.balanceOf(account, held["currency"])
        for owed in found["claimable"]:
            contract = suite.contracts[owed["contract"]]
            assert int(owed["amount"]) == contract.claimable(owed["currency"], account)
        tier = found["member"]["tier"] if found["member"] else 0
        assert tier == suite.members.tierOf(account)[0]
        if suite.staking.isOperator(account):
            operator = busy.get(f"/operators/{account.address.lower()}").json()
            assert [int(pool["active"]) for pool in operator["pools"]] == list(suite.staking.activeStake(account))
            assert int(operator["available"]) == suite.staking.availableStake(account)
            for pool in operator["pools"]:
                assert int(pool["tokens"]) == suite.staking.poolOf(account, pool["own"]).tokens
    clients = [account.address for account in crowd.traffic.accounts]
    for row in busy.get("/agents?limit=100").json()["data"]:
        for tags in (("", ""), ("quality", ""), ("speed", "quality")):
            query = {"clients": ",".join(clients), "tag1": tags[0], "tag2": tags[1]}
            found = busy.get(f"/agents/{row['id']}/summary", params=query).json()
            told = (found["count"], int(found["summaryValue"]), found["summaryValueDecimals"])
            assert told == suite.reputation.getSummary(row["id"], clients, *tags)
    for row in busy.get("/models?limit=100").json()["data"]:
        model = busy.get(f"/models/{row['name']}").json()
        assert model == busy.get(f"/models/{row['id']}").json()
        for version in model["versions"]:
            stack = suite.models.stackOf(row["id"], version["version"])
            assert [share["ppm"] for share in version["stack"]] == [share.ppm for share in stack.rows]


def _check(value: Any, schema: dict[str, Any], schemas: dict[str, Any]) -> None:
    """The value has exactly the described fields, all the way down."""
    if "$ref" in schema:
        schema = schemas[schema["$ref"].rsplit("/", 1)[1]]
    kinds = {
        "object": dict,
        "array": list,
        "string": str,
        "integer": int,
        "boolean": bool,
        "null": type(None),
    }
    if "enum" in schema:
        assert value in schema["enum"]
        return
    wanted = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    assert isinstance(value, tuple(kinds[kind] for kind in wanted)), (value, schema)
    if "pattern" in schema:
        assert re.fullmatch(schema["pattern"], value)
    if isinstance(value, dict):
        assert value.keys() == schema["properties"].keys()
        for name, part in value.items():
            _check(part, schema["properties"][name], schemas)
    if isinstance(value, list):
        for part in value:
            _check(part, schema["items"], schemas)


def test_a_slug_of_digits_does_not_stand_in_for_an_id(story: World, tmp_path: Path) -> None:
    content = (CID + b"\x11" * 32, b"\x22" * 32)
    dave = story.chain.account("dave")
    story.suite.registry.publish(("001", content, "", bytes(32), 0, True, []), sender=dave)
    with client_of(story, tmp_path / "index.db") as api:
        assert api.get("/datasets/001").json()["slug"] == "city-noise"
        assert [row["id"] for row in api.get("/datasets?q=001").json()["data"]] == [3]


def test_every_example_of_the_manual_is_answered_or_names_a_dataset_that_is_not_there(api: TestClient) -> None:
    examples = re.findall(r"^\| `GET (\S+)`", (root() / "docs" / "indexer.md").read_text(), re.MULTILINE)
    assert len(examples) > 40
    for path in examples:
        answer = api.get(path)
        missing = "palmer-penguins" in path or path.startswith(("/agents/", "/models/", "/operators/"))
        assert answer.status_code == (404 if missing else 200), path
        if missing:
            assert answer.json()["error"]["code"].endswith("_not_found")


def test_every_metric_of_the_manual_is_there_and_no_other(api: TestClient) -> None:
    manual = (root() / "docs" / "indexer.md").read_text().split("prefix `cluster_indexer_`:")[1].split(".")[0]
    told = {f"cluster_indexer_{name}" for name in re.findall(r"`([a-z_]+)`", manual)}
    assert told == set(re.findall(r"^(cluster_indexer_\w+) ", api.get("/metrics").text, re.MULTILINE))
