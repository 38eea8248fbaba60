"""Study files and their analysis, with provenance."""

import lazy_loader

from exprstats.io.detection import Guess as Guess
from exprstats.io.detection import guess_roles as guess_roles

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
