#' Fit one factor to ordered items
#'
#' Weighted least squares with robust errors and test (WLSMV) over polychoric correlations.
#'
#' @param rows A list of vectors of whole numbers 1, 2, ... without gaps, one for each item.
#' @param level Confidence level of the limits.
#' @return A list: `converged`, `loadings` (estimate, std_error), `residuals` (the same),
#'   `thresholds` (item, estimate, std_error), `n` and `fit`.
#' @export
fit_ordered <- function(rows, level = 0.95) {
  columns <- lapply(unname(unclass(rows)), as.integer)
  names(columns) <- paste0("v", seq_along(columns))
  call <- as.call(list(
    quote(lavaan::cfa), model = write_one_factor(length(columns)), data = quote(rows),
    ordered = TRUE, estimator = "WLSMV", std.lv = TRUE
  ))
  fit <- eval(call, list2env(list(rows = as.data.frame(columns)), parent = baseenv()))
  answer <- list(converged = lavaan::lavInspect(fit, "converged"))
  if (answer$converged) answer <- c(answer, describe_ordered(fit, names(columns)))
  structure(answer, call = paste(deparse(call, width.cutoff = 500L), collapse = " "))
}

describe_ordered <- function(fit, items) {
  table <- lavaan::standardizedSolution(fit)
  pick <- function(keys) {
    rows <- table[match(keys, paste0(table$lhs, table$op, table$rhs)), ]
    data.frame(estimate = rows$est.std, std_error = rows$se)
  }
  cuts <- table[table$op == "|", ]
  list(
    loadings = pick(paste0("f=~", items)), residuals = pick(paste0(items, "~~", items)),
    thresholds = data.frame(
      item = as.double(match(cuts$lhs, items)), estimate = cuts$est.std, std_error = cuts$se
    ),
    n = as.double(lavaan::lavInspect(fit, "nobs")),
    fit = measure_fit(fit)
  )
}
