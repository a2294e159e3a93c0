"""What Portkey's providers stand for.

Source: github.com/Portkey-AI/gateway, `src/globals.ts` and `src/providers/*/api.ts`, read
2026-11-24: the names, and where each is asked by default.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from jevons.imports.source import Source

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ("PROVIDERS",)

PROVIDERS: Mapping[str, Source] = MappingProxyType(
    {
        "anthropic": Source("anthropic"),
        "azure-openai": Source("azure", needs_url=True),
        "cerebras": Source(url="https://api.cerebras.ai/v1"),
        "dashscope": Source("alibaba", "alibaba-intl"),
        "deepinfra": Source(url="https://api.deepinfra.com/v1/openai"),
        "deepseek": Source("deepseek"),
        "fireworks-ai": Source("fireworks"),
        "google": Source("google", dialect="gemini"),
        "groq": Source("groq"),
        "mistral-ai": Source("mistral"),
        "moonshot": Source("moonshot", "moonshot-cn"),
        "ollama": Source("ollama", dialect="ollama"),
        "openai": Source("openai"),
        "openrouter": Source("openrouter"),
        "perplexity-ai": Source(url="https://api.perplexity.ai"),
        "siliconflow": Source("siliconflow", "siliconflow-cn"),
        "together-ai": Source("together"),
        "vertex-ai": Source("vertex", dialect="gemini"),
        "x-ai": Source("xai"),
        "z-ai": Source("zai", "zai"),
        "zhipu": Source("zai", "bigmodel"),
    }
)
