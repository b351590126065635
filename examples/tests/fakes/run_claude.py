"""Runs a program whose Claude Agent SDK asks a stand-in for Anthropic's Messages API: `run_claude.py agent.py`.

The SDK's bundled program runs as it is. It finds neither the network nor a setting of this machine.
"""

import http.server
import json
import os
import runpy
import sys
import tempfile
import threading

from speech import NO_TOOL, tool_of, wish


class Messages(http.server.BaseHTTPRequestHandler):
    """`POST /v1/messages`, streamed. Whatever else the program asks for is not there."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if not self.path.startswith("/v1/messages") or "count_tokens" in self.path:
            self.answer(404, "application/json", b"{}")
            return
        body = "".join(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in events(asked))
        self.answer(200, "text/event-stream", body.encode())

    def do_GET(self):
        self.answer(404, "application/json", b"{}")

    def do_HEAD(self):
        self.do_GET()

    def answer(self, status, kind, body):
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments):
        """Its log is of no interest."""


def events(asked):
    block, reason = reply(asked)
    delta = (
        {"type": "input_json_delta", "partial_json": json.dumps(block["input"])}
        if block["type"] == "tool_use"
        else {"type": "text_delta", "text": block["text"]}
    )
    empty = {**block, "input": {}} if block["type"] == "tool_use" else {**block, "text": ""}
    usage = {"input_tokens": 1, "output_tokens": 1}
    message = {"id": "msg_1", "type": "message", "role": "assistant", "model": asked["model"], "content": []}
    yield {"type": "message_start", "message": {**message, "stop_reason": None, "stop_sequence": None, "usage": usage}}
    yield {"type": "content_block_start", "index": 0, "content_block": empty}
    yield {"type": "content_block_delta", "index": 0, "delta": delta}
    yield {"type": "content_block_stop", "index": 0}
    yield {"type": "message_delta", "delta": {"stop_reason": reason, "stop_sequence": None}, "usage": usage}
    yield {"type": "message_stop"}


def reply(asked):
    # The program adds messages of its own, so the prompt is not always the last part.
    contents = [message["content"] for message in asked["messages"] if message["role"] == "user"]
    parts = [part for content in contents for part in (content if isinstance(content, list) else [text(content)])]
    for part in parts:
        if part["type"] == "tool_result":
            found = part["content"]
            return text(found if isinstance(found, str) else found[0]["text"]), "end_turn"
    tool = tool_of([tool["name"] for tool in asked.get("tools", [])])
    arguments = next(filter(None, (wish(part.get("text", "")) for part in parts)), None)
    if arguments and tool:
        return {"type": "tool_use", "id": "toolu_1", "name": tool, "input": arguments}, "tool_use"
    return text(NO_TOOL), "end_turn"


def text(said):
    return {"type": "text", "text": said}


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Messages)
threading.Thread(target=server.serve_forever, daemon=True).start()
home = tempfile.mkdtemp()
for name in [name for name in os.environ if name.startswith(("ANTHROPIC", "AWS", "CLAUDE"))]:
    del os.environ[name]
os.environ |= {
    "ANTHROPIC_API_KEY": "fake",
    "ANTHROPIC_BASE_URL": f"http://127.0.0.1:{server.server_port}",
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    "CLAUDE_CONFIG_DIR": home,
    "DISABLE_AUTOUPDATER": "1",
    "HOME": home,
}
runpy.run_path(sys.argv[1], run_name="__main__")
