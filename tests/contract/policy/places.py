"""Every place in a request where text can be, on every surface."""

from __future__ import annotations

import json
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ("PATHS", "PLACES", "UNREADABLE", "Body", "plain")

Body = dict[str, Any]

PATHS: Mapping[str, str] = MappingProxyType(
    {
        "chat": "/v1/chat/completions",
        "responses": "/v1/responses",
        "messages": "/v1/messages",
        "count": "/v1/messages/count_tokens",
        "embeddings": "/v1/embeddings",
    }
)

PICTURE = (
    "data:image/png;base64," + "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk" * 8
)
PAPER = "data:application/pdf;base64," + "JVBERi0xLjcKJeLjz9MKMSAwIG9iago8PC9UeXBlL0NhdGFsb2c" * 8


def plain(surface: str) -> Body:
    """Make a request that says nothing of anybody."""
    body: Body
    if surface == "chat":
        body = {"messages": [{"role": "user", "content": "Say hello."}]}
    elif surface == "responses":
        body = {"input": [{"role": "user", "content": "Say hello."}]}
    elif surface == "embeddings":
        body = {"input": ["Say hello."]}
    else:
        body = {"messages": [{"role": "user", "content": "Say hello."}]}
        body |= {"max_tokens": 50} if surface == "messages" else {}
    return body


def schema(text: str) -> Body:
    return {
        "type": "object",
        "properties": {"to": {"type": "string", "description": text}},
        "required": ["to"],
        "additionalProperties": False,
    }


def listed(text: str) -> Body:
    return {"type": "object", "properties": {"to": {"type": "string", "enum": [text, "nobody"]}}}


def named(text: str) -> Body:
    return {"type": "object", "properties": {text: {"type": "string"}}}


def parameters(text: str) -> Mapping[str, Body]:
    return {"described": schema(text), "listed": listed(text), "a property": named(text)}


def put_in(body: Body, *names: str, value: Any) -> None:
    """Put a value at a path, making objects on the way."""
    for name in names[:-1]:
        body = body.setdefault(name, {})
    body[names[-1]] = value


def add(body: Body, field: str, *items: Any) -> None:
    body[field] = [*body.get(field, ()), *items]


def field(*names: str) -> Callable[[Body, str], None]:
    return lambda body, text: put_in(body, *names, value=text)


# OpenAI's chat


def chat_tool(kind: str) -> Callable[[Body, str], None]:
    def put(body: Body, text: str) -> None:
        function = {"name": "send", "description": text if kind == "told" else "Sends."}
        if kind != "told":
            function["parameters"] = parameters(text)[kind]  # type: ignore[assignment] JSON
        add(body, "tools", {"type": "function", "function": function})

    return put


def chat_part(part: Callable[[str], Body]) -> Callable[[Body, str], None]:
    def put(body: Body, text: str) -> None:
        content = [{"type": "text", "text": "Look."}, part(text)]
        add(body, "messages", {"role": "user", "content": content})

    return put


def chat_message(make: Callable[[str], list[Body]]) -> Callable[[Body, str], None]:
    return lambda body, text: add(body, "messages", *make(text))


def chat_call(arguments: str, result: str) -> list[Body]:
    function = {"name": "send", "arguments": arguments}
    call = {"id": "call_1", "type": "function", "function": function}
    return [
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call_1", "content": result},
        {"role": "user", "content": "And?"},
    ]


def again(message: Body) -> list[Body]:
    return [message, {"role": "user", "content": "And?"}]


CHAT: Mapping[str, Callable[[Body, str], None]] = {
    "the system's words": chat_message(lambda text: [{"role": "system", "content": text}]),
    "the developer's words": chat_message(lambda text: [{"role": "developer", "content": text}]),
    "the user's words": chat_message(lambda text: [{"role": "user", "content": text}]),
    "a part": chat_part(lambda text: {"type": "text", "text": text}),
    "a name": chat_message(lambda text: [{"role": "user", "name": text, "content": "Hi"}]),
    "an answer": chat_message(lambda text: again({"role": "assistant", "content": text})),
    "past reasoning": chat_message(
        lambda text: again({"role": "assistant", "content": "Yes.", "reasoning_content": text})
    ),
    "a refusal": chat_message(
        lambda text: again({"role": "assistant", "content": None, "refusal": text})
    ),
    "arguments": chat_message(lambda text: chat_call(json.dumps({"to": text}), "Sent.")),
    "a name in arguments": chat_message(lambda text: chat_call(json.dumps({text: 1}), "Sent.")),
    "a result": chat_message(lambda text: chat_call("{}", text)),
    "a result in JSON": chat_message(lambda text: chat_call("{}", json.dumps({"who": text}))),
    "a tool": chat_tool("told"),
    "a parameter": chat_tool("described"),
    "a choice": chat_tool("listed"),
    "a property": chat_tool("a property"),
    "a shape": lambda body, text: put_in(
        body,
        "response_format",
        value={"type": "json_schema", "json_schema": {"name": "it", "schema": schema(text)}},
    ),
    "a shape's words": lambda body, text: put_in(
        body,
        "response_format",
        value={
            "type": "json_schema",
            "json_schema": {"name": "it", "description": text, "schema": schema("x")},
        },
    ),
    "the user field": field("user"),
    "the safety identifier": field("safety_identifier"),
    "the cache's key": field("prompt_cache_key"),
    "metadata": field("metadata", "for"),
    "a name in metadata": lambda body, text: put_in(body, "metadata", text, value="x"),
    "where to stop": lambda body, text: put_in(body, "stop", value=[text]),
    "what is foreseen": lambda body, text: put_in(
        body, "prediction", value={"type": "content", "content": text}
    ),
    "an unknown field": field("x_note"),
    "deep in an unknown field": lambda body, text: put_in(body, "x", value=[{"y": [text]}]),
    "the name of an unknown field": lambda body, text: put_in(body, text, value=1),
    "an unknown field of a message": chat_message(
        lambda text: [{"role": "user", "content": "Hi", "x_note": text}]
    ),
    "a picture's address": chat_part(
        lambda text: {"type": "image_url", "image_url": {"url": f"https://example.org/?q={text}"}}
    ),
    "beside a picture": chat_part(
        lambda text: {"type": "image_url", "image_url": {"url": PICTURE}, "x_note": text}
    ),
    "a file's name": chat_part(
        lambda text: {"type": "file", "file": {"filename": text, "file_data": PAPER}}
    ),
}

# OpenAI's Responses


def item(make: Callable[[str], list[Body]]) -> Callable[[Body, str], None]:
    return lambda body, text: add(body, "input", *make(text))


def said(part: Callable[[str], Body]) -> Callable[[Body, str], None]:
    return item(lambda text: [{"role": "user", "content": [part(text)]}])


def responses_tool(kind: str) -> Callable[[Body, str], None]:
    def put(body: Body, text: str) -> None:
        tool: Body = {"type": "function", "name": "send", "strict": False}
        told = {"description": text, "parameters": schema("x")}
        add(
            body,
            "tools",
            tool | (told if kind == "told" else {"parameters": parameters(text)[kind]}),
        )

    return put


def responses_call(arguments: str, result: str) -> list[Body]:
    return [
        {"type": "function_call", "call_id": "call_1", "name": "send", "arguments": arguments},
        {"type": "function_call_output", "call_id": "call_1", "output": result},
    ]


RESPONSES: Mapping[str, Callable[[Body, str], None]] = {
    "instructions": field("instructions"),
    "the user's words": item(lambda text: [{"role": "user", "content": text}]),
    "the developer's words": item(lambda text: [{"role": "developer", "content": text}]),
    "a part": said(lambda text: {"type": "input_text", "text": text}),
    "an answer": item(
        lambda text: [
            {
                "type": "message",
                "id": "msg_1",
                "status": "completed",
                "role": "assistant",
                "content": [{"type": "output_text", "text": text, "annotations": []}],
            },
            {"role": "user", "content": "And?"},
        ]
    ),
    "past reasoning": item(
        lambda text: [
            {
                "type": "reasoning",
                "id": "rs_1",
                "summary": [{"type": "summary_text", "text": text}],
            },
            {"role": "user", "content": "And?"},
        ]
    ),
    "arguments": item(lambda text: responses_call(json.dumps({"to": text}), "Sent.")),
    "a result": item(lambda text: responses_call("{}", text)),
    "a tool": responses_tool("told"),
    "a parameter": responses_tool("described"),
    "a choice": responses_tool("listed"),
    "a property": responses_tool("a property"),
    "a shape": lambda body, text: put_in(
        body, "text", "format", value={"type": "json_schema", "name": "it", "schema": schema(text)}
    ),
    "metadata": field("metadata", "for"),
    "the user field": field("user"),
    "the safety identifier": field("safety_identifier"),
    "the cache's key": field("prompt_cache_key"),
    "an unknown field": field("x_note"),
    "the name of an unknown field": lambda body, text: put_in(body, text, value=1),
    "an unknown item": item(lambda text: [{"type": "x_note", "note": text}]),
    "a picture's address": said(
        lambda text: {"type": "input_image", "image_url": f"https://example.org/?q={text}"}
    ),
    "a file's name": said(
        lambda text: {"type": "input_file", "filename": text, "file_data": PAPER}
    ),
}

# Anthropic's Messages


def turn(make: Callable[[str], list[Body]]) -> Callable[[Body, str], None]:
    return lambda body, text: add(body, "messages", *make(text))


def user(block: Callable[[str], Body]) -> Callable[[Body, str], None]:
    return turn(
        lambda text: [
            {"role": "assistant", "content": "Yes?"},
            {"role": "user", "content": [block(text), {"type": "text", "text": "Look."}]},
        ]
    )


def assistant(block: Callable[[str], Body]) -> Callable[[Body, str], None]:
    return turn(
        lambda text: [
            {"role": "assistant", "content": [block(text), {"type": "text", "text": "Yes."}]},
            {"role": "user", "content": "And?"},
        ]
    )


def claude_call(arguments: Body, result: Any) -> list[Body]:
    use = {"type": "tool_use", "id": "toolu_1", "name": "send", "input": arguments}
    told = {"type": "tool_result", "tool_use_id": "toolu_1", "content": result}
    return [{"role": "assistant", "content": [use]}, {"role": "user", "content": [told]}]


def claude_tool(kind: str) -> Callable[[Body, str], None]:
    def put(body: Body, text: str) -> None:
        told: Body = {"description": text, "input_schema": schema("x")}
        shaped = {} if kind == "told" else {"input_schema": parameters(text)[kind]}
        add(body, "tools", {"name": "send", **(shaped or told)})

    return put


MESSAGES: Mapping[str, Callable[[Body, str], None]] = {
    "the system's words": field("system"),
    "a block of the system's": lambda body, text: put_in(
        body, "system", value=[{"type": "text", "text": text}]
    ),
    "the user's words": turn(
        lambda text: [{"role": "assistant", "content": "Yes?"}, {"role": "user", "content": text}]
    ),
    "a part": user(lambda text: {"type": "text", "text": text}),
    "an answer": assistant(lambda text: {"type": "text", "text": text}),
    "past reasoning": assistant(
        lambda text: {"type": "thinking", "thinking": text, "signature": "c2ln"}
    ),
    "arguments": turn(lambda text: claude_call({"to": text}, "Sent.")),
    "a name in arguments": turn(lambda text: claude_call({text: 1}, "Sent.")),
    "a result": turn(lambda text: claude_call({}, text)),
    "a part of a result": turn(lambda text: claude_call({}, [{"type": "text", "text": text}])),
    "a tool": claude_tool("told"),
    "a parameter": claude_tool("described"),
    "a choice": claude_tool("listed"),
    "a property": claude_tool("a property"),
    "metadata": field("metadata", "user_id"),
    "where to stop": lambda body, text: put_in(body, "stop_sequences", value=[text]),
    "an unknown field": field("x_note"),
    "the name of an unknown field": lambda body, text: put_in(body, text, value=1),
    "a document": user(
        lambda text: {
            "type": "document",
            "source": {"type": "text", "media_type": "text/plain", "data": text},
        }
    ),
    "a document's title": user(
        lambda text: {
            "type": "document",
            "title": text,
            "source": {"type": "text", "media_type": "text/plain", "data": "x"},
        }
    ),
    "a picture's address": user(
        lambda text: {
            "type": "image",
            "source": {"type": "url", "url": f"https://example.org/?q={text}"},
        }
    ),
    "a file's name": user(
        lambda text: {
            "type": "document",
            "title": text,
            "source": {
                "type": "base64",
                "media_type": "application/pdf",
                "data": PAPER.partition(",")[2],
            },
        }
    ),
}

EMBEDDINGS: Mapping[str, Callable[[Body, str], None]] = {
    "a text": lambda body, text: add(body, "input", text),
    "the only text": field("input"),
    "the user field": field("user"),
    "an unknown field": field("x_note"),
}

PLACES: Mapping[str, Mapping[str, Callable[[Body, str], None]]] = MappingProxyType(
    {
        "chat": CHAT,
        "responses": RESPONSES,
        "messages": MESSAGES,
        "count": MESSAGES,
        "embeddings": EMBEDDINGS,
    }
)

UNREADABLE = frozenset({"a picture's address", "beside a picture", "a file's name"})
"""Places that are part of what cannot be looked through."""
