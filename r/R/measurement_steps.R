# Nested one-factor models, each step more restricted than the one before.

#' Test whether items are interchangeable
#'
#' Congeneric (each item its own loading and residual), tau-equivalent (equal loadings), parallel
#' (equal residuals too). With three items the first fits perfectly and the others can be tested.
#'
#' @param moments A list with one element: a list of `cov` (divisor n), `mean` and `n`.
#' @param rows NULL, or a list of double vectors, for a robust test instead of `moments`.
#' @param cluster NULL, or one id a row, for a test that allows for clusters.
#' @param missing `"listwise"`, or `"fiml"` with `rows`: incomplete rows count with what they have.
#' @return A list with one element for each step: `fit` and `change`; see `fit_steps()`.
#' @export
compare_restrictions <- function(moments = NULL, rows = NULL, cluster = NULL,
                                 missing = "listwise") {
  source <- prepare_source(moments, rows, cluster = cluster, missing = missing)
  items <- paste0("v", seq_len(source$p))
  equal <- paste("f =~", paste0("a * ", items, collapse = " + "))
  parallel <- paste(c(equal, paste0(items, " ~~ b * ", items)), collapse = "\n")
  steps <- list(
    congeneric = list(model = write_one_factor(source$p)),
    `tau-equivalent` = list(model = equal), parallel = list(model = parallel)
  )
  fit_steps(steps, source)
}

#' Test whether a factor is measured alike in several groups
#'
#' Configural (same items), metric (equal loadings), scalar (equal intercepts too), strict (equal
#' residuals too).
#'
#' @param moments A list with one element for each group; see `compare_restrictions()`.
#' @param rows,cluster,missing See `compare_restrictions()`.
#' @param group One group a row, with `rows`.
#' @return As `compare_restrictions()`.
#' @export
compare_groups <- function(moments = NULL, rows = NULL, group = NULL, cluster = NULL,
                           missing = "listwise") {
  source <- prepare_source(moments, rows, group, cluster, missing)
  model <- write_one_factor(source$p)
  equal <- c("loadings", "intercepts", "residuals")
  steps <- list(
    configural = list(model = model), metric = list(model = model, group.equal = equal[1]),
    scalar = list(model = model, group.equal = equal[1:2]),
    strict = list(model = model, group.equal = equal)
  )
  fit_steps(steps, source)
}

# What lavaan reads: moments of each group, or rows with integer groups and clusters.
prepare_source <- function(moments, rows, group = NULL, cluster = NULL, missing = "listwise") {
  if (is.null(rows)) {
    shaped <- lapply(unname(moments), shape_moments)
    if (length(shaped) > 1) names(shaped) <- paste0("g", seq_along(shaped))
    pick <- function(name) {
      found <- lapply(shaped, `[[`, name)
      if (length(found) == 1) found[[1]] else found
    }
    values <- list(cov = pick("cov"), mean = pick("mean"), n = pick("n"))
    words <- list(sample.cov = quote(cov), sample.mean = quote(mean), sample.nobs = quote(n),
                  sample.cov.rescale = FALSE)
    return(list(p = ncol(shaped[[1]]$cov), values = values, words = words))
  }
  columns <- lapply(unname(unclass(rows)), as.double)
  names(columns) <- paste0("v", seq_along(columns))
  p <- length(columns)
  robust <- missing == "listwise" || !is.null(cluster)
  words <- list(data = quote(rows), estimator = if (robust) "MLR" else "ML", missing = missing)
  if (!is.null(group)) {
    columns$g <- as.integer(group)
    words$group <- "g"
  }
  if (!is.null(cluster)) {
    columns$k <- as.integer(factor(cluster))
    words$cluster <- "k"
  }
  list(p = p, values = list(rows = as.data.frame(columns)), words = words)
}

shape_moments <- function(moment) {
  cov <- do.call(cbind, as.list(as.data.frame(moment$cov)))
  names <- paste0("v", seq_len(ncol(cov)))
  dimnames(cov) <- list(names, names)
  list(cov = cov, mean = stats::setNames(as.vector(moment$mean), names), n = as.double(moment$n))
}

# Fit every step; `fit` is measure_fit(), `change` the difference test against the step before.
fit_steps <- function(steps, source) {
  place <- list2env(source$values, parent = baseenv())
  calls <- lapply(steps, function(step) {
    as.call(c(quote(lavaan::cfa), step, source$words, std.lv = TRUE, meanstructure = TRUE))
  })
  fits <- lapply(calls, eval, envir = place)
  found <- lapply(fits, measure_fit)
  answer <- lapply(seq_along(fits), function(step) {
    list(
      converged = lavaan::lavInspect(fits[[step]], "converged"), fit = found[[step]],
      change = if (step > 1) test_change(fits[step + -1:0], found[step + -1:0])
    )
  })
  texts <- vapply(calls, function(call) paste(deparse(call, width.cutoff = 500L), collapse = " "), "")
  structure(stats::setNames(answer, names(steps)), call = unname(texts))
}

# The difference test of two fits, one step apart, with what `measure_fit()` found of each.
test_change <- function(fits, found) {
  # Against a model that fits perfectly the difference is the model's own test.
  if (found[[1]]$df == 0) return(found[[2]][c("chisq", "df", "pvalue")])
  # With a negative scaling factor (Satorra & Bentler, 2001) the test is not defined: NA, no warning.
  table <- suppressWarnings(lavaan::lavTestLRT(fits[[1]], fits[[2]]))
  list(chisq = table[2, "Chisq diff"], df = table[2, "Df diff"], pvalue = table[2, "Pr(>Chisq)"])
}
