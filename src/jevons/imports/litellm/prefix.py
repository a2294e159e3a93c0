"""What LiteLLM's provider prefixes stand for.

Source: docs.litellm.ai/docs/providers and `litellm/litellm_core_utils/get_llm_provider_logic.py`
of LiteLLM 1.80.0, read 2026-11-24: the part before the first slash of `litellm_params.model`,
where it is asked by default, and the variable that its key is looked for in.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from jevons.imports.source import Source

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ("PREFIXES", "prefix_of")

PREFIXES: Mapping[str, Source] = MappingProxyType(
    {
        "anthropic": Source("anthropic"),
        "azure": Source("azure", env="AZURE_API_KEY", needs_url=True),
        "cerebras": Source(url="https://api.cerebras.ai/v1", env="CEREBRAS_API_KEY"),
        "codestral": Source(url="https://codestral.mistral.ai/v1", env="CODESTRAL_API_KEY"),
        "custom_openai": Source(needs_url=True),
        "dashscope": Source("alibaba", "alibaba-intl"),
        "deepinfra": Source(url="https://api.deepinfra.com/v1/openai", env="DEEPINFRA_API_KEY"),
        "deepseek": Source("deepseek"),
        "fireworks_ai": Source("fireworks"),
        "friendliai": Source(url="https://api.friendli.ai/serverless/v1", env="FRIENDLIAI_API_KEY"),
        "gemini": Source("google", dialect="gemini"),
        "groq": Source("groq"),
        "hosted_vllm": Source("vllm", dialect="openai-chat", needs_url=True),
        "litellm_proxy": Source(needs_url=True),
        "llamafile": Source(url="http://127.0.0.1:8080/v1"),
        "lm_studio": Source("lm-studio", dialect="openai-chat", needs_url=True),
        "meta_llama": Source(url="https://api.llama.com/compat/v1", env="LLAMA_API_KEY"),
        "minimax": Source("minimax", "minimax-io", dialect="openai-chat"),
        "mistral": Source("mistral"),
        "moonshot": Source("moonshot", "moonshot-ai"),
        "nvidia_nim": Source(url="https://integrate.api.nvidia.com/v1", env="NVIDIA_NIM_API_KEY"),
        "ollama": Source("ollama", dialect="ollama"),
        "ollama_chat": Source("ollama", dialect="ollama"),
        "openai": Source("openai"),
        "openrouter": Source("openrouter"),
        "perplexity": Source(url="https://api.perplexity.ai", env="PERPLEXITYAI_API_KEY"),
        "sambanova": Source(url="https://api.sambanova.ai/v1", env="SAMBANOVA_API_KEY"),
        "together_ai": Source("together"),
        "vertex_ai": Source("vertex", dialect="gemini"),
        "volcengine": Source("volcengine", "ark-cn", env="VOLCENGINE_API_KEY"),
        "xai": Source("xai"),
        "zai": Source("zai", "zai"),
    }
)

_FAMILIES = (("claude-", "anthropic"), ("gpt-", "openai"), ("chatgpt-", "openai"))


def prefix_of(model: str, provider: str = "") -> tuple[str, str]:
    """Part a model into LiteLLM's prefix and what its server calls it.

    Args:
        model: As in `litellm_params.model`.
        provider: As in `custom_llm_provider`.

    Returns:
        Both; the prefix is empty if nothing says it.
    """
    first, slash, rest = model.partition("/")
    if provider:
        return provider, rest if first == provider and slash else model
    if slash:
        return first, rest
    for start, prefix in _FAMILIES:
        if model.startswith(start):
            return prefix, model
    return "", model
