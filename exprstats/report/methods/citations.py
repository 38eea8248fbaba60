"""References of a report in APA style."""

from __future__ import annotations

import re
from collections.abc import Iterable

from exprstats.document.text import Text, say

# Sentences, and the keys of the works that they cite.
Told = tuple[list[Text], set[str]]

SOURCES: dict[str, Text] = {
    "bakdash": say(
        "Bakdash, J. Z., & Marusich, L. R. (2017). Repeated measures correlation. *Frontiers in "
        "Psychology*, *8*, Article 456. https://doi.org/10.3389/fpsyg.2017.00456"
    ),
    "baltrusaitis": say(
        "Baltrušaitis, T., Zadeh, A., Lim, Y. C., & Morency, L.-P. (2018). OpenFace 2.0: Facial "
        "behavior analysis toolkit. In *2018 13th IEEE International Conference on Automatic Face "
        "& Gesture Recognition (FG 2018)* (pp. 59–66). IEEE. https://doi.org/10.1109/FG.2018.00019"
    ),
    "bates": say(
        "Bates, D., Mächler, M., Bolker, B., & Walker, S. (2015). Fitting linear mixed-effects "
        "models using lme4. *Journal of Statistical Software*, *67*(1), 1–48. "
        "https://doi.org/10.18637/jss.v067.i01"
    ),
    "bartlett": say(
        "Bartlett, M. S. (1937). The statistical conception of mental factors. *British Journal "
        "of Psychology*, *28*(1), 97–104. https://doi.org/10.1111/j.2044-8295.1937.tb00863.x"
    ),
    "breiman": say(
        "Breiman, L. (2001). Random forests. *Machine Learning*, *45*(1), 5–32. "
        "https://doi.org/10.1023/A:1010933404324"
    ),
    "cameron": say(
        "Cameron, A. C., Gelbach, J. B., & Miller, D. L. (2011). Robust inference with multiway "
        "clustering. *Journal of Business & Economic Statistics*, *29*(2), 238–249. "
        "https://doi.org/10.1198/jbes.2010.07136"
    ),
    "brooks": say(
        "Brooks, J. A., Tiruvadi, V., Baird, A., Tzirakis, P., Li, H., Gagne, C., Oh, M., & Cowen, "
        "A. (2023). Emotion expression estimates to measure and improve multimodal "
        "social-affective interactions. In *ICMI '23 Companion*. ACM. "
        "https://doi.org/10.1145/3610661.3616129"
    ),
    "maaten": say(
        "van der Maaten, L., & Hinton, G. (2008). Visualizing data using t-SNE. *Journal of "
        "Machine Learning Research*, *9*, 2579–2605."
    ),
    "venna": say(
        "Venna, J., & Kaski, S. (2001). Neighborhood preservation in nonlinear projection methods: "
        "An experimental study. In *ICANN 2001* (pp. 485–491). Springer."
    ),
    "canay": say(
        "Canay, I. A., Romano, J. P., & Shaikh, A. M. (2017). Randomization tests under an "
        "approximate symmetry assumption. *Econometrica*, *85*(3), 1013–1030. "
        "https://doi.org/10.3982/ECTA13081"
    ),
    "cicchetti": say(
        "Cicchetti, D. V. (1994). Guidelines, criteria, and rules of thumb for evaluating normed "
        "and standardized assessment instruments in psychology. *Psychological Assessment*, "
        "*6*(4), 284–290. https://doi.org/10.1037/1040-3590.6.4.284"
    ),
    "cox": say(
        "Cox, D. R. (1958). Two further applications of a model for binary regression. "
        "*Biometrika*, *45*(3–4), 562–565. https://doi.org/10.1093/biomet/45.3-4.562"
    ),
    "lee": say(
        "Lee, Y., Barber, R. F., & Willett, R. (2023). *Distribution-free inference with "
        "hierarchical data*. arXiv. https://arxiv.org/abs/2306.06342"
    ),
    "cronbach": say(
        "Cronbach, L. J. (1951). Coefficient alpha and the internal structure of tests. "
        "*Psychometrika*, *16*(3), 297–334. https://doi.org/10.1007/BF02310555"
    ),
    "curran": say(
        "Curran, P. J., West, S. G., & Finch, J. F. (1996). The robustness of test statistics to "
        "nonnormality and specification error in confirmatory factor analysis. *Psychological "
        "Methods*, *1*(1), 16–29. https://doi.org/10.1037/1082-989X.1.1.16"
    ),
    "kezar": say(
        "Kezar, L., & Zhou, P. (2022). *The role of facial expressions and emotion in ASL*. arXiv. "
        "https://arxiv.org/abs/2201.07906"
    ),
    "hesterberg": say(
        "Hesterberg, T. C. (2015). What teachers should know about the bootstrap: Resampling in "
        "the undergraduate statistics curriculum. *The American Statistician*, *69*(4), 371–386. "
        "https://doi.org/10.1080/00031305.2015.1089789"
    ),
    "davison": say(
        "Davison, A. C., & Hinkley, D. V. (1997). *Bootstrap methods and their application*. "
        "Cambridge University Press. https://doi.org/10.1017/CBO9780511802843"
    ),
    "distefano": say(
        "DiStefano, C., Zhu, M., & Mîndrilă, D. (2009). Understanding and using factor scores: "
        "Considerations for the applied researcher. *Practical Assessment, Research, and "
        "Evaluation*, *14*, Article 20. https://doi.org/10.7275/da8t-4g52"
    ),
    "efron": say(
        "Efron, B., & Tibshirani, R. J. (1993). *An introduction to the bootstrap*. Chapman & Hall."
    ),
    "field": say(
        "Field, C. A., & Welsh, A. H. (2007). Bootstrapping clustered data. *Journal of the Royal "
        "Statistical Society: Series B (Statistical Methodology)*, *69*(3), 369–390. "
        "https://doi.org/10.1111/j.1467-9868.2007.00593.x"
    ),
    "fleiss": say(
        "Fleiss, J. L. (1971). Measuring nominal scale agreement among many raters. "
        "*Psychological Bulletin*, *76*(5), 378–382. https://doi.org/10.1037/h0031619"
    ),
    "gwet": say(
        "Gwet, K. L. (2014). *Handbook of inter-rater reliability* (4th ed.). Advanced Analytics."
    ),
    "seabold": say(
        "Seabold, S., & Perktold, J. (2010). statsmodels: Econometric and statistical modeling "
        "with Python. In *Proceedings of the 9th Python in Science Conference* (pp. 92–96). "
        "https://doi.org/10.25080/Majora-92bf1922-011"
    ),
    "shao": say(
        "Shao, J., & Wu, C. F. J. (1989). A general theory for jackknife variance estimation. "
        "*The Annals of Statistics*, *17*(3), 1176–1197. https://doi.org/10.1214/aos/1176347263"
    ),
    "sun": say(
        "Sun, J. J., Liu, T., Cowen, A. S., Schroff, F., Adam, H., & Prasad, G. (2020). *EEV "
        "dataset: Predicting expressions evoked by diverse videos*. arXiv. "
        "https://arxiv.org/abs/2001.05488"
    ),
    "friedman": say(
        "Friedman, J. H. (2001). Greedy function approximation: A gradient boosting machine. *The "
        "Annals of Statistics*, *29*(5), 1189–1232. https://doi.org/10.1214/aos/1013203451"
    ),
    "greenhouse": say(
        "Greenhouse, S. W., & Geisser, S. (1959). On methods in the analysis of profile data. "
        "*Psychometrika*, *24*(2), 95–112. https://doi.org/10.1007/BF02289823"
    ),
    "holm": say(
        "Holm, S. (1979). A simple sequentially rejective multiple test procedure. *Scandinavian "
        "Journal of Statistics*, *6*(2), 65–70."
    ),
    "hochreiter": say(
        "Hochreiter, S., & Schmidhuber, J. (1997). Long short-term memory. *Neural Computation*, "
        "*9*(8), 1735–1780. https://doi.org/10.1162/neco.1997.9.8.1735"
    ),
    "hu": say(
        "Hu, L., & Bentler, P. M. (1999). Cutoff criteria for fit indexes in covariance structure "
        "analysis: Conventional criteria versus new alternatives. *Structural Equation Modeling*, "
        "*6*(1), 1–55. https://doi.org/10.1080/10705519909540118"
    ),
    "kingma": say(
        "Kingma, D. P., & Ba, J. (2015). Adam: A method for stochastic optimization. "
        "*Proceedings of the 3rd International Conference on Learning Representations*. "
        "https://arxiv.org/abs/1412.6980"
    ),
    "joanes": say(
        "Joanes, D. N., & Gill, C. A. (1998). Comparing measures of sample skewness and kurtosis. "
        "*Journal of the Royal Statistical Society: Series D (The Statistician)*, *47*(1), "
        "183–189. https://doi.org/10.1111/1467-9884.00122"
    ),
    "lin": say(
        "Lin, V., Girard, J. M., & Morency, L.-P. (2020). Context-dependent models for predicting "
        "and characterizing facial expressiveness. In *Proceedings of the 3rd Workshop on "
        "Affective Content Analysis (AffCon 2020)*. https://arxiv.org/abs/1912.04523"
    ),
    "mcgraw": say(
        "McGraw, K. O., & Wong, S. P. (1996). Forming inferences about some intraclass "
        "correlation coefficients. *Psychological Methods*, *1*(1), 30–46. "
        "https://doi.org/10.1037/1082-989X.1.1.30"
    ),
    "meredith": say(
        "Meredith, W. (1993). Measurement invariance, factor analysis and factorial invariance. "
        "*Psychometrika*, *58*(4), 525–543. https://doi.org/10.1007/BF02294825"
    ),
    "olejnik": say(
        "Olejnik, S., & Algina, J. (2003). Generalized eta and omega squared statistics: Measures "
        "of effect size for some common research designs. *Psychological Methods*, *8*(4), "
        "434–447. https://doi.org/10.1037/1082-989X.8.4.434"
    ),
    "ouyang": say(
        "Ouyang, J., Koesmahargyo, V., Galatzer-Levy, I., & Zhang, L. (n.d.). [Emotional intensity "
        "from video with adaptive learning; unpublished manuscript]. AiCure."
    ),
    "pedregosa": say(
        "Pedregosa, F., Varoquaux, G., Gramfort, A., Michel, V., Thirion, B., Grisel, O., Blondel, "
        "M., Prettenhofer, P., Weiss, R., Dubourg, V., Vanderplas, J., Passos, A., Cournapeau, D., "
        "Brucher, M., Perrot, M., & Duchesnay, É. (2011). Scikit-learn: Machine learning in "
        "Python. *Journal of Machine Learning Research*, *12*, 2825–2830."
    ),
    "rosseel": say(
        "Rosseel, Y. (2012). lavaan: An R package for structural equation modeling. *Journal of "
        "Statistical Software*, *48*(2), 1–36. https://doi.org/10.18637/jss.v048.i02"
    ),
    "satorra": say(
        "Satorra, A., & Bentler, P. M. (2001). A scaled difference chi-square test statistic for "
        "moment structure analysis. *Psychometrika*, *66*(4), 507–514. "
        "https://doi.org/10.1007/BF02296192"
    ),
    "vallat": say(
        "Vallat, R. (2018). Pingouin: Statistics in Python. *Journal of Open Source Software*, "
        "*3*(31), Article 1026. https://doi.org/10.21105/joss.01026"
    ),
    "westfall": say(
        "Westfall, P. H., & Young, S. S. (1993). *Resampling-based multiple testing: Examples and "
        "methods for p-value adjustment*. Wiley."
    ),
    "zou": say(
        "Zou, H., & Hastie, T. (2005). Regularization and variable selection via the elastic net. "
        "*Journal of the Royal Statistical Society: Series B (Statistical Methodology)*, *67*(2), "
        "301–320. https://doi.org/10.1111/j.1467-9868.2005.00503.x"
    ),
}


def list_sources(keys: Iterable[str], *, r_version: str = "") -> tuple[Text, ...]:
    """Return the named works in alphabetical order, each once; "r" is R of that version."""
    known = SOURCES | {"r": _cite_r(r_version)}
    wanted = set(keys)
    return tuple(text for key, text in sorted(known.items()) if key in wanted)


def find_r_year(version: str) -> int | None:
    """Return the year of an R release, or None where the version does not tell.

    Since 2021 a minor version comes each spring, and its patches up to the second within the
    year; a third one comes early in the next.

    Examples
    --------
    >>> find_r_year("4.2.2"), find_r_year("4.2.3"), find_r_year("5.0.0")
    (2022, 2023, None)
    """
    found = re.fullmatch(r"4\.([1-9])\.(\d)", version)
    return 2020 + int(found[1]) + (int(found[2]) >= 3) if found else None


def _cite_r(version: str) -> Text:
    year = find_r_year(version)
    return say(
        "R Core Team. ({year}). *R: A language and environment for statistical computing*{version} "
        "[Computer software]. R Foundation for Statistical Computing. https://www.R-project.org/",
        year=year or "n.d.",
        version=f" (Version {version})" if version else "",
    )
