"""Figures from tidy tables: nothing is computed here, only arranged and drawn."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
