from .estimators import DeepClassifier as DeepClassifier
from .estimators import DeepMultilabel as DeepMultilabel
from .estimators import DeepRegressor as DeepRegressor
from .recipes import NetName as NetName
from .recipes import Recipe as Recipe
from .recipes import find_recipe as find_recipe
from .weights import load_weights as load_weights
from .weights import read_weights as read_weights
