from .errors import DataError as DataError
from .errors import DataWarning as DataWarning
from .errors import ExprStatsError as ExprStatsError
from .errors import ExprStatsWarning as ExprStatsWarning
from .errors import FitError as FitError
from .errors import FitWarning as FitWarning
from .errors import MissingDependency as MissingDependency
from .errors import OptionError as OptionError
from .errors import Problem as Problem
from .errors import RError as RError
from .errors import RWarning as RWarning
from .inference import Comparison as Comparison
from .inference import Metric as Metric
from .inference import compare_models as compare_models
from .models import Models as Models
from .models import fit_elastic as fit_elastic
from .models import guess_mean as guess_mean
from .models import guess_normal as guess_normal
from .models import guess_uniform as guess_uniform
from .models import split_subjects as split_subjects
from .models import stack_predictions as stack_predictions
from .reliability import Reliability as Reliability
from .reliability import rate_reliability as rate_reliability
from .simulate import Simulated as Simulated
from .simulate import simulate_again as simulate_again
from .simulate import simulate_expressiveness as simulate_expressiveness

__version__: str
