# Refits a one-factor model in plain R: needs R and lavaan, not exprstats.
# Run it where the data file lies:  Rscript refit.R
# It writes factor_estimates.csv and factor_scores.csv.
# First computed with @engine@ by exprstats @version@.

file <- @file@
items <- @items@
by <- @by@
cluster <- @cluster@
parts <- @parts@
estimator <- @estimator@
missing <- @missing@
level <- @level@

suppressPackageStartupMessages(library(lavaan))
data <- utils::read.csv(file, check.names = FALSE, encoding = "UTF-8", colClasses = "character")

# lavaan gets the aliases v1, v2, ...: a name that looks like a call would be run.
aliases <- paste0("v", seq_along(items))
rows <- as.data.frame(lapply(stats::setNames(data[items], aliases), as.double))
if (!is.null(cluster)) rows$cluster <- as.integer(factor(data[[cluster]]))
model <- paste("f =~", paste(aliases, collapse = " + "))

contexts <- if (is.null(by)) character() else unique(data[[by]])
everyone <- rep(TRUE, nrow(rows))
subsets <- list(all = everyone)
if (!is.null(parts)) {
  split <- utils::read.csv(parts, colClasses = "character", encoding = "UTF-8")
  subsets <- list(train = data$subject %in% split$subject[split$part == "train"], all = everyone)
}

fit_rows <- function(keep) {
  arguments <- list(model = model, data = rows[keep, ], std.lv = TRUE, meanstructure = TRUE,
                    estimator = estimator, missing = missing)
  if (!is.null(cluster)) arguments$cluster <- "cluster"
  fit <- do.call("cfa", arguments)
  if (!lavInspect(fit, "converged")) stop("lavaan did not converge")
  fit
}
name_items <- function(alias) items[match(alias, aliases)]
list_estimates <- function(fit, context, part) {
  std <- standardizedSolution(fit, level = level)
  raw <- parameterEstimates(fit, level = level)
  pick <- function(table, op, term, estimate) {
    found <- table[table$op == op & table$lhs != "f" | table$op == op & op == "=~", ]
    alias <- if (op == "=~") found$rhs else found$lhs
    data.frame(context = context, part = part, term = term, item = name_items(alias),
               estimate = found[[estimate]], std_error = found$se,
               conf_low = found$ci.lower, conf_high = found$ci.upper)
  }
  rbind(
    pick(std, "=~", "loading", "est.std"), pick(std, "~~", "residual", "est.std"),
    pick(raw, "=~", "loading_raw", "est"), pick(raw, "~~", "residual_raw", "est"),
    pick(raw, "~1", "intercept", "est")
  )
}
score_rows <- function(fit, keep, context, fitted_on) {
  estimate <- lavInspect(fit, "est")
  loadings <- estimate$lambda[, 1]
  weights <- loadings / diag(estimate$theta)
  if (sum(loadings / sqrt(loadings^2 + diag(estimate$theta))) < 0) weights <- -weights
  answers <- sweep(as.matrix(rows[keep, aliases]), 2, estimate$nu[, 1])
  given <- !is.na(answers)
  if (missing == "listwise") given <- given & rowSums(given) == length(items)
  answers[!given] <- 0
  information <- as.double(given %*% (abs(loadings) * abs(weights)))
  data.frame(row = which(keep), context = context, fitted_on = fitted_on,
             score = ifelse(information > 0, as.double(answers %*% weights) / information, NA))
}

estimates <- scores <- list()
for (part in names(subsets)) {
  for (context in c(as.list(contexts), list(NULL))) {
    own <- if (is.null(context)) everyone else data[[by]] == context
    label <- if (is.null(context)) NA else context
    fit <- fit_rows(own & subsets[[part]])
    estimates[[length(estimates) + 1]] <- list_estimates(fit, label, part)
    # Scores come from the fit on training subjects where there is one, for all rows.
    if (part == names(subsets)[1]) {
      on <- if (is.null(context)) "all" else "context"
      scores[[length(scores) + 1]] <- score_rows(fit, own, label, on)
    }
  }
}
estimates <- do.call(rbind, estimates)
utils::write.csv(estimates, "factor_estimates.csv", row.names = FALSE, fileEncoding = "UTF-8")
utils::write.csv(do.call(rbind, scores), "factor_scores.csv", row.names = FALSE,
                 fileEncoding = "UTF-8")
print(estimates[estimates$term == "loading", ], row.names = FALSE, digits = 3)
