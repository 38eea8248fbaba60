#' Fit one factor within and one between clusters
#'
#' Two-level maximum likelihood with both factors' variances fixed to 1. Items vary at both levels.
#'
#' @param rows A list of columns, or a data frame: the items, complete, three or more.
#' @param cluster One id a row.
#' @return A list: `converged`, `raw` and `standardized` (estimate, std_error; loadings and
#'   residual variances within, then between), `intercepts` (estimate, std_error), `vcov` of the
#'   raw estimates, `n`, `clusters` and `fit`.
#' @examples
#' rows <- lavaan::Demo.twolevel[1:1000, ]
#' fit_levels(rows[c("y1", "y2", "y3")], rows$cluster)$standardized
#' @export
fit_levels <- function(rows, cluster) {
  columns <- lapply(unname(unclass(rows)), as.double)
  p <- length(columns)
  if (p < 3) stop("one factor needs three items")
  names(columns) <- paste0("v", seq_len(p))
  columns$g <- as.integer(factor(cluster))
  call <- as.call(list(
    quote(lavaan::cfa), model = write_levels(p), data = quote(rows), cluster = "g", std.lv = TRUE
  ))
  if (p == 3) call$baseline <- FALSE
  fit <- eval(call, list2env(list(rows = as.data.frame(columns)), parent = baseenv()))
  answer <- list(converged = lavaan::lavInspect(fit, "converged"))
  if (answer$converged) answer <- c(answer, describe_levels(fit, p))
  structure(answer, call = paste(deparse(call, width.cutoff = 500L), collapse = " "))
}

# Model text of one factor at each level with p items, from an integer alone.
write_levels <- function(p) {
  items <- paste0("v", seq_len(p), collapse = " + ")
  sprintf("level: 1\nf1 =~ %s\nlevel: 2\nf2 =~ %s", items, items)
}

describe_levels <- function(fit, p) {
  items <- paste0("v", seq_len(p))
  keys <- c(paste0("f1=~", items, 1), paste0(items, "~~", items, 1),
            paste0("f2=~", items, 2), paste0(items, "~~", items, 2), paste0(items, "~1", 2))
  pick <- function(table, estimate, wanted) {
    rows <- table[match(wanted, paste0(table$lhs, table$op, table$rhs, table$level)), ]
    data.frame(estimate = rows[[estimate]], std_error = rows$se)
  }
  raw <- lavaan::parameterEstimates(fit)
  standardized <- lavaan::standardizedSolution(fit)
  # This table does not name its levels, but keeps the order of the other.
  standardized$level <- raw$level
  loose <- c(paste0("f1=~", items), paste0(items, "~~", items),
             paste0("f2=~", items, ".l2"), paste0(items, "~~", items, ".l2"))
  list(
    raw = pick(raw, "est", keys[seq_len(4 * p)]),
    standardized = pick(standardized, "est.std", keys[seq_len(4 * p)]),
    intercepts = pick(raw, "est", keys[4 * p + seq_len(p)]),
    vcov = unname(unclass(lavaan::lavInspect(fit, "vcov"))[loose, loose]),
    n = as.double(sum(lavaan::lavInspect(fit, "nobs"))),
    clusters = as.double(sum(lavaan::lavInspect(fit, "nclusters"))), fit = measure_fit(fit)
  )
}
