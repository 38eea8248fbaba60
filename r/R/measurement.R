# One factor through lavaan. lavaan never sees a name: items are v1 ... vp, and the model text is
# built from integers, because lavaan evaluates calls that stand in a model.

#' Fit one factor to items
#'
#' Maximum likelihood with the factor's variance fixed to 1. Items may have any names.
#'
#' @param data A data frame, or a list of double vectors of one length.
#' @param items Names of the items among `data`, three or more.
#' @param estimator `"ML"` or `"MLR"`.
#' @param missing `"listwise"` or `"fiml"`.
#' @param cluster NULL, or one id a row for cluster-robust standard errors.
#' @param level Confidence level of the limits.
#' @param start NULL for lavaan's own starting values, or loadings and then residual variances.
#' @return A list of class `one_factor`; see `describe_fit()`.
#' @examples
#' fit_one_factor(lavaan::HolzingerSwineford1939, c("x1", "x2", "x3"))
#' @export
fit_one_factor <- function(data, items = names(data), estimator = "ML", missing = "listwise",
                           cluster = NULL, level = 0.95, start = NULL) {
  columns <- lapply(unclass(data)[items], as.double)
  if (length(columns) < 3) stop("one factor needs three items")
  names(columns) <- paste0("v", seq_along(columns))
  if (!is.null(cluster)) columns$g <- as.integer(factor(cluster))
  rows <- as.data.frame(columns)
  call <- as.call(list(
    quote(lavaan::cfa), model = write_one_factor(length(items)), data = quote(rows),
    std.lv = TRUE, meanstructure = TRUE, estimator = estimator, missing = missing
  ))
  if (!is.null(cluster)) call$cluster <- "g"
  if (length(items) == 3) call$baseline <- FALSE
  if (!is.null(start)) {
    start <- list_start(start)
    call$start <- quote(start)
  }
  finish_fit(eval(call), call, items, level)
}

#' Fit one factor to the moments of items
#'
#' The same maximum likelihood fit as from complete rows, at a cost that does not grow with them.
#'
#' @param cov Covariance matrix, divisor n, as a matrix or as a list of its columns.
#' @param mean Means of the items.
#' @param n Number of rows.
#' @param items Names of the items, for the answer only.
#' @inheritParams fit_one_factor
#' @return A list of class `one_factor`; see `describe_fit()`.
#' @export
fit_moments <- function(cov, mean, n, items = names(mean), level = 0.95, start = NULL) {
  force(items)
  cov <- do.call(cbind, as.list(as.data.frame(cov)))
  names <- paste0("v", seq_len(ncol(cov)))
  dimnames(cov) <- list(names, names)
  # A one-dimensional array would make lavaan return its starting values.
  mean <- stats::setNames(as.vector(mean), names)
  call <- as.call(list(
    quote(lavaan::cfa), model = write_one_factor(ncol(cov)), sample.cov = quote(cov),
    sample.mean = quote(mean), sample.nobs = as.double(n), sample.cov.rescale = FALSE,
    std.lv = TRUE, meanstructure = TRUE
  ))
  # Three items have no fit indices, so that their baseline model would be fitted for nothing.
  if (ncol(cov) == 3) call$baseline <- FALSE
  if (!is.null(start)) {
    start <- list_start(start)
    call$start <- quote(start)
  }
  finish_fit(eval(call), call, if (is.null(items)) names else items, level)
}

# Model text of one factor with p items, from an integer alone.
write_one_factor <- function(p) {
  paste("f =~", paste0("v", seq_len(p), collapse = " + "))
}

# Starting values as the table of parameters that lavaan takes them from.
list_start <- function(start) {
  names <- paste0("v", seq_len(length(start) / 2))
  data.frame(lhs = c(rep("f", length(names)), names), op = rep(c("=~", "~~"), each = length(names)),
             rhs = rep(names, 2), est = as.double(start))
}

finish_fit <- function(fit, call, items, level) {
  answer <- describe_fit(fit, items, level)
  attr(answer, "call") <- paste(deparse(call, width.cutoff = 500L), collapse = " ")
  structure(answer, class = "one_factor")
}

#' Describe a one-factor fit
#'
#' @param fit A lavaan object whose items are called v1 ... vp.
#' @param items Their true names.
#' @inheritParams fit_one_factor
#' @return A list: `items`, `n`, `converged`, `objective` (what the fit makes least),
#'   `parameters` and `standardized` (data frames: term,
#'   item, estimate, std_error, conf_low, conf_high), `vcov` (loadings, residuals, intercepts) and
#'   `fit` (chisq, df, pvalue, cfi, tli, rmsea with its 90% limits, srmr).
#' @export
describe_fit <- function(fit, items, level = 0.95) {
  answer <- list(
    items = items, n = as.double(sum(lavaan::lavInspect(fit, "nobs"))),
    converged = lavaan::lavInspect(fit, "converged"),
    objective = lavaan::lavInspect(fit, "optim")$fx
  )
  if (!answer$converged) return(answer)
  names <- paste0("v", seq_along(items))
  keys <- c(paste0("f=~", names), paste0(names, "~~", names), paste0(names, "~1"))
  raw <- lavaan::parameterEstimates(fit, level = level)
  answer$parameters <- pick_rows(raw, keys, items)
  vcov <- unclass(lavaan::lavInspect(fit, "vcov"))
  answer$vcov <- unname(vcov[keys, keys])
  answer$standardized <- standardize_fit(answer$parameters, answer$vcov, level)
  answer$fit <- measure_fit(fit)
  answer
}

pick_rows <- function(table, keys, items) {
  rows <- table[match(keys, paste0(table$lhs, table$op, table$rhs)), ]
  data.frame(
    term = rep(c("loading", "residual", "intercept"), each = length(items)),
    item = rep(items, 3), estimate = rows$est, std_error = rows$se,
    conf_low = rows$ci.lower, conf_high = rows$ci.upper
  )
}

# What lavaan's standardizedSolution() answers, by its derivatives written out: with one factor
# there are few, and finding them numerically would cost half as much as the fit.
standardize_fit <- function(parameters, vcov, level) {
  p <- nrow(parameters) / 3
  loadings <- parameters$estimate[seq_len(p)]
  residuals <- parameters$estimate[p + seq_len(p)]
  variance <- loadings^2 + residuals
  estimate <- loadings / sqrt(variance)
  slopes <- cbind(diag(residuals / variance^1.5), diag(-loadings / (2 * variance^1.5)))
  inner <- seq_len(2 * p)
  error <- sqrt(rowSums((slopes %*% vcov[inner, inner]) * slopes))
  estimate <- c(estimate, 1 - estimate^2)
  error <- c(error, 2 * abs(estimate[seq_len(p)]) * error)
  reach <- stats::qnorm(0.5 + level / 2) * error
  data.frame(
    parameters[inner, c("term", "item")], estimate = estimate, std_error = error,
    conf_low = estimate - reach, conf_high = estimate + reach
  )
}

# Fit indices; with df = 0 lavaan prints a perfect fit, which is no evidence, so none are given.
# Under a robust test the statistic is the scaled one; an index is lavaan's robust one where there
# is one (variant 2), else the scaled one (1), else the plain one (3; 0 where the test is plain).
measure_fit <- function(fit) {
  tests <- lavaan::lavInspect(fit, "test")
  if (tests[[1]]$df == 0) return(list(df = 0))
  all <- unclass(lavaan::fitMeasures(fit))
  robust <- length(tests) > 1
  test <- if (robust) ".scaled" else ""
  endings <- if (robust) c(".robust", ".scaled", "") else ""
  pick <- function(names) {
    whole <- vapply(endings, function(ending) all(is.finite(all[paste0(names, ending)])), TRUE)
    ending <- endings[match(TRUE, whole, nomatch = length(endings))]
    list(values = stats::setNames(as.double(all[paste0(names, ending)]), names),
         variant = if (robust) c(2, 1, 3)[match(ending, endings)] else 0)
  }
  cfi <- pick(c("cfi", "tli"))
  rmsea <- pick(c("rmsea", "rmsea.ci.lower", "rmsea.ci.upper"))
  as.list(c(
    chisq = as.double(all[paste0("chisq", test)]), df = as.double(all["df"]),
    pvalue = as.double(all[paste0("pvalue", test)]), cfi$values, rmsea$values,
    srmr = as.double(all[name_srmr(fit)]), variant.chisq = as.double(robust),
    variant.cfi = cfi$variant, variant.rmsea = rmsea$variant
  ))
}

# We always ask for means. lavaan's SRMR then counts their (perfect) fit and comes out smaller than
# the one it prints by default, which has no means with one group of complete, unclustered rows.
name_srmr <- function(fit) {
  options <- lavaan::lavInspect(fit, "options")
  plain <- options$missing == "listwise" && !isTRUE(options$categorical) &&
    lavaan::lavInspect(fit, "ngroups") == 1 && length(lavaan::lavInspect(fit, "cluster")) == 0
  if (plain && isTRUE(options$meanstructure)) "srmr_bentler_nomean" else "srmr"
}

#' Bartlett scores of new rows
#'
#' @param fit What `fit_one_factor()` returned.
#' @param data A data frame with the fit's items.
#' @return A data frame: `score` and `std_error`, in units of the factor's standard deviation, NA
#'   where an item is missing; one row for each row of `data`, in its order.
#' @examples
#' fit <- fit_one_factor(lavaan::HolzingerSwineford1939, c("x1", "x2", "x3"))
#' head(score_bartlett(fit, lavaan::HolzingerSwineford1939))
#' @export
score_bartlett <- function(fit, data) {
  estimate <- split(fit$parameters$estimate, fit$parameters$term)
  weight <- estimate$loading / estimate$residual
  information <- sum(estimate$loading * weight)
  rows <- do.call(cbind, lapply(unclass(data)[fit$items], as.double))
  score <- drop(sweep(rows, 2, estimate$intercept) %*% weight) / information
  data.frame(score = score, std_error = ifelse(is.na(score), NA, 1 / sqrt(information)))
}

#' @export
print.one_factor <- function(x, ...) {
  cat("One factor,", length(x$items), "items,", x$n, "rows\n")
  if (!x$converged) {
    cat("lavaan did not converge.\n")
    return(invisible(x))
  }
  cat("Standardized:\n")
  print(x$standardized, digits = 3, row.names = FALSE)
  if (x$fit$df == 0) cat("df = 0: fit cannot be tested with three items.\n")
  invisible(x)
}
