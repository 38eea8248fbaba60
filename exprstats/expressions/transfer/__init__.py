"""Recall of acted emotions: features of clips, fused over modalities, and their classification."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
