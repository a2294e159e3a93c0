"""A self-hosted control plane for affordable, accountable AI."""

__all__ = ("__version__",)

__version__ = "0.1.0"
