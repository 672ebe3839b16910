"""A node's front door that can be shut at a chosen moment, with a command waiting outside."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

# Told the method and how many calls of it there were, with this one; says whether to shut the door, and on which side.
Rule = Callable[[str, int], str | None]


@dataclass
class Gate:
    """Forwards JSON-RPC to a node until its rule says otherwise: shut `before` a call, the node never hears of it;
    shut `after` it, the node does, and the caller never hears of that. From then on nobody gets an answer.
    """

    node: str
    rule: Rule = lambda _method, _count: None
    counts: dict[str, int] = field(default_factory=dict)
    shut: threading.Event = field(default_factory=threading.Event)
    done: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def handle(self, body: bytes) -> bytes | None:
        """The node's answer; None if there is none to give."""
        call = json.loads(body)
        with self.lock:
            if self.shut.is_set():
                return None
            method = call["method"]
            for name in (method, "any"):
                self.counts[name] = self.counts.get(name, 0) + 1
            side = self.rule(method, self.counts[method]) or self.rule("any", self.counts["any"])
            if side == "before":
                self.shut.set()
                return None
            answer = self._forward(body)
            if side == "after":
                self.shut.set()
                return None
            return answer

    def _forward(self, body: bytes) -> bytes:
        parts = urlsplit(self.node)
        connection = HTTPConnection(str(parts.hostname), parts.port, timeout=60)
        connection.request("POST", "/", body, {"content-type": "application/json"})
        answer = connection.getresponse().read()
        connection.close()
        return answer


@contextmanager
def gate(node: str, rule: Rule) -> Iterator[tuple[Gate, str]]:
    """A gate before a node, and its URL."""
    made = Gate(node, rule)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            answer = made.handle(self.rfile.read(int(self.headers["content-length"])))
            if answer is None:
                made.done.wait()
                self.close_connection = True
                return
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield made, f"http://127.0.0.1:{server.server_port}"
    finally:
        made.done.set()
        server.shutdown()
        server.server_close()
        thread.join()
