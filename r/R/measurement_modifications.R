#' Modification indices of a one-factor model
#'
#' What freeing each residual covariance would do to the test of fit.
#'
#' @inheritParams fit_moments
#' @return A data frame, largest index first: `first` and `second` (places of the items), `index`
#'   (the fall in chi-square, 1 df), `change` (the covariance expected) and `change_standardized`.
#' @export
list_modifications <- function(cov, mean, n) {
  shaped <- shape_moments(list(cov = cov, mean = mean, n = n))
  call <- quote(lavaan::cfa(
    model = model, sample.cov = cov, sample.mean = mean, sample.nobs = n,
    sample.cov.rescale = FALSE, std.lv = TRUE, meanstructure = TRUE
  ))
  place <- list2env(c(shaped, model = write_one_factor(ncol(shaped$cov))), parent = baseenv())
  fit <- eval(call, place)
  table <- lavaan::modindices(fit, op = "~~", sort. = TRUE)
  answer <- data.frame(
    first = as.double(sub("v", "", table$lhs)), second = as.double(sub("v", "", table$rhs)),
    index = table$mi, change = table$epc, change_standardized = table$sepc.all
  )
  structure(answer, call = paste(deparse(call, width.cutoff = 500L), collapse = " "))
}
