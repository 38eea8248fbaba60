#' Fit several correlated factors to the moments of items
#'
#' Each item belongs to one factor; factors have variance 1 and correlate.
#'
#' @inheritParams fit_moments
#' @param places A list with one integer vector for each factor: the places of its items.
#' @return A list: `converged`, `loadings` (estimate, std_error, standardized, standardized_error,
#'   a row for each item), `residuals` (the same), `intercepts` (estimate, std_error),
#'   `correlations` (first, second, estimate, std_error), `vcov` (loadings, residuals) and `fit`.
#' @export
fit_factors <- function(cov, mean, n, places) {
  shaped <- shape_moments(list(cov = cov, mean = mean, n = n))
  lines <- vapply(seq_along(places), function(factor) {
    paste0("f", factor, " =~ ", paste0("v", as.integer(places[[factor]]), collapse = " + "))
  }, "")
  call <- as.call(list(
    quote(lavaan::cfa), model = paste(lines, collapse = "\n"), sample.cov = quote(cov),
    sample.mean = quote(mean), sample.nobs = quote(n), sample.cov.rescale = FALSE, std.lv = TRUE,
    meanstructure = TRUE
  ))
  fit <- eval(call, list2env(shaped, parent = baseenv()))
  answer <- list(converged = lavaan::lavInspect(fit, "converged"))
  if (answer$converged) answer <- c(answer, describe_factors(fit, ncol(shaped$cov)))
  structure(answer, call = paste(deparse(call, width.cutoff = 500L), collapse = " "))
}

describe_factors <- function(fit, p) {
  raw <- lavaan::parameterEstimates(fit)
  standardized <- lavaan::standardizedSolution(fit)
  items <- paste0("v", seq_len(p))
  loads <- raw[raw$op == "=~", ]
  loads <- loads[match(items, loads$rhs), ]
  keys <- list(loadings = paste0(loads$lhs, "=~", items), residuals = paste0(items, "~~", items),
               intercepts = paste0(items, "~1"))
  pick <- function(table, kind, column) {
    table[[column]][match(keys[[kind]], paste0(table$lhs, table$op, table$rhs))]
  }
  both <- function(kind) {
    data.frame(
      estimate = pick(raw, kind, "est"), std_error = pick(raw, kind, "se"),
      standardized = pick(standardized, kind, "est.std"),
      standardized_error = pick(standardized, kind, "se")
    )
  }
  pairs <- raw[raw$op == "~~" & raw$lhs != raw$rhs, ]
  vcov <- unclass(lavaan::lavInspect(fit, "vcov"))
  wanted <- c(keys$loadings, keys$residuals)
  list(
    loadings = both("loadings"), residuals = both("residuals"), intercepts = both("intercepts"),
    correlations = data.frame(
      first = as.double(sub("f", "", pairs$lhs)), second = as.double(sub("f", "", pairs$rhs)),
      estimate = pairs$est, std_error = pairs$se
    ),
    vcov = unname(vcov[wanted, wanted]), fit = measure_fit(fit)
  )
}
