"""Frames of face trackers to clip features, with the quality of what they rest on."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
