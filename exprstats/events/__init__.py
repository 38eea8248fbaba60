"""Annotated intervals, their labels and co-occurrence; expressions that videos evoke."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
