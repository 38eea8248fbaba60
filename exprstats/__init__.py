"""From crowd ratings and video-derived behaviour to statistics that survive review.

The public names stand in ``__init__.pyi``; each is loaded when it is first used.
"""

import lazy_loader

__version__ = "0.1.0"
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
