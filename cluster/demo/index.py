"""What the indexer says: found before buying, and read back afterwards."""

import time
from typing import Any

import httpx

from cluster.demo.errors import NotAsTold

TIMEOUT_S = 20.0
PAUSE_S = 0.05


class Index:
    """The indexer's REST API."""

    def __init__(self, url: str) -> None:
        self._http = httpx.Client(base_url=url, timeout=TIMEOUT_S)

    def close(self) -> None:
        self._http.close()

    def wait_for(self, block: int) -> None:
        """Returns once a block is indexed. Raises `NotAsTold`."""
        until = time.monotonic() + TIMEOUT_S
        while self.get("/status")["indexed"] < block:
            if time.monotonic() > until:
                raise NotAsTold(f"block {block} was not indexed within {TIMEOUT_S:.0f} s")
            time.sleep(PAUSE_S)

    def find(self, words: str) -> dict[str, Any]:
        """The first dataset that a search finds. Raises `NotAsTold`."""
        found: list[dict[str, Any]] = self.get("/datasets", q=words, sort="purchases")["data"]
        if not found:
            raise NotAsTold(f"the indexer finds no dataset for {words!r}")
        return found[0]

    def story(self, slug: str, holder: str, buyers: list[str]) -> dict[str, Any]:
        """Dataset, purchases, the holder's earnings, and what each buyer may do."""
        return {
            "dataset": self.get(f"/datasets/{slug}"),
            "purchases": self.get("/purchases", dataset=slug)["data"],
            "earnings": self.get(f"/earnings/{holder}"),
            "access": [self.get(f"/access/{slug}/{buyer}") for buyer in buyers],
        }

    def get(self, path: str, **parameters: str) -> Any:
        response = self._http.get(path, params=parameters)
        response.raise_for_status()
        return response.json()
