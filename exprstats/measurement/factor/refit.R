# One factor of a set of items, by lavaan in plain R: needs R and lavaan, not exprstats.
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
# Loadings and residual variances to start from, where lavaan's own start ends at a lower maximum.
starts <- @starts@

suppressPackageStartupMessages(library(lavaan))
data <- utils::read.csv(file, check.names = FALSE, encoding = "UTF-8", colClasses = "character")
# Files that spreadsheets open begin with a mark.
names(data)[1] <- sub("^\ufeff", "", names(data)[1])

# lavaan gets the aliases v1, v2, ...: a name that looks like a call would be run.
aliases <- paste0("v", seq_along(items))
rows <- as.data.frame(lapply(stats::setNames(data[items], aliases), as.double))
if (!is.null(cluster)) rows$cluster <- as.integer(factor(data[[cluster]]))
model <- paste("f =~", paste(aliases, collapse = " + "))

contexts <- if (is.null(by)) character() else unique(data[[by]])
everyone <- rep(TRUE, nrow(rows))
subsets <- list(all = everyone)
if (!is.null(parts)) {
  split <- utils::read.csv(parts, check.names = FALSE, colClasses = "character",
                           encoding = "UTF-8")
  names(split)[1] <- sub("^\ufeff", "", names(split)[1])
  subsets <- list(train = data$subject %in% split$subject[split$part == "train"], all = everyone)
}

fit_rows <- function(keep, start = NULL) {
  arguments <- list(model = model, data = rows[keep, ], std.lv = TRUE, meanstructure = TRUE,
                    estimator = estimator, missing = missing)
  if (!is.null(cluster)) arguments$cluster <- "cluster"
  if (!is.null(start)) {
    arguments$start <- data.frame(lhs = c(rep("f", length(items)), aliases),
                                  op = rep(c("=~", "~~"), each = length(items)),
                                  rhs = rep(aliases, 2), est = start)
  }
  fit <- do.call("cfa", arguments)
  if (!lavInspect(fit, "converged")) stop("lavaan did not converge")
  fit
}
name_items <- function(alias) items[match(alias, aliases)]
# More of the factor is more of what most items measure: the standardised loadings add up to
# something positive; where they balance, the first one is positive.
find_sign <- function(loadings) {
  total <- if (abs(sum(loadings)) > 1e-9) sum(loadings) else loadings[1]
  if (total < 0) -1 else 1
}
list_estimates <- function(fit, context, part) {
  std <- standardizedSolution(fit, level = level)
  raw <- parameterEstimates(fit, level = level)
  sign <- find_sign(std$est.std[std$op == "=~"])
  row <- function(term, item, estimate, std_error = NA, conf_low = NA, conf_high = NA) {
    data.frame(context = context, part = part, term = term, item = item, estimate = estimate,
               std_error = std_error, conf_low = conf_low, conf_high = conf_high)
  }
  pick <- function(table, op, term, estimate) {
    found <- table[table$op == op & (table$lhs != "f" | op == "=~"), ]
    limits <- cbind(found$ci.lower, found$ci.upper)
    value <- found[[estimate]]
    if (op == "=~") {
      value <- sign * value
      if (sign < 0) limits <- -limits[, 2:1, drop = FALSE]
    }
    row(term, name_items(if (op == "=~") found$rhs else found$lhs), value, found$se,
        limits[, 1], limits[, 2])
  }
  loadings <- raw$est[raw$op == "=~"]
  residuals <- raw$est[raw$op == "~~" & raw$lhs != "f"]
  common <- sum(abs(loadings))^2
  information <- sum(loadings^2 / residuals)
  rbind(
    pick(std, "=~", "loading", "est.std"), pick(std, "~~", "residual", "est.std"),
    pick(raw, "=~", "loading_raw", "est"), pick(raw, "~~", "residual_raw", "est"),
    pick(raw, "~1", "intercept", "est"),
    # Items with a negative loading are turned round before they are summed.
    row("omega", NA, common / (common + sum(residuals))),
    row("ave", NA, mean(loadings^2 / (loadings^2 + residuals))),
    row("determinacy", NA, sqrt(information / (1 + information))),
    list_fit(fit, row)
  )
}
# With df = 0 any fit looks perfect. Under a robust test the statistic is the scaled one, and an
# index the robust one, where there is one, else the scaled one, else the plain one.
list_fit <- function(fit, row) {
  df <- lavInspect(fit, "test")[[1]]$df
  if (df == 0) return(row("df", NA, 0))
  all <- unclass(fitMeasures(fit))
  robust <- length(lavInspect(fit, "test")) > 1
  pick <- function(names) {
    for (ending in if (robust) c(".robust", ".scaled", "") else "") {
      found <- all[paste0(names, ending)]
      if (all(is.finite(found))) break
    }
    found
  }
  cfi <- pick(c("cfi", "tli"))
  rmsea <- pick(c("rmsea", "rmsea.ci.lower", "rmsea.ci.upper"))
  test <- if (robust) ".scaled" else ""
  plain <- missing == "listwise" && is.null(cluster)
  rbind(
    row("df", NA, df), row("chisq", NA, all[paste0("chisq", test)]),
    row("cfi", NA, cfi[1]), row("tli", NA, cfi[2]),
    # Means fit perfectly: counting them would make SRMR smaller than lavaan's default call prints.
    row("srmr", NA, all[if (plain) "srmr_bentler_nomean" else "srmr"]),
    row("rmsea", NA, rmsea[1], NA, rmsea[2], rmsea[3])
  )
}
score_rows <- function(fit, keep, context, fitted_on) {
  estimate <- lavInspect(fit, "est")
  residuals <- diag(estimate$theta)
  loadings <- estimate$lambda[, 1]
  loadings <- loadings * find_sign(loadings / sqrt(loadings^2 + residuals))
  # With a residual variance that is not positive (a Heywood case) scores are not defined.
  if (any(residuals <= 1e-6 * (loadings^2 + residuals))) residuals[] <- NA
  answers <- sweep(as.matrix(rows[keep, aliases]), 2, estimate$nu[, 1])
  given <- !is.na(answers)
  if (missing == "listwise") given <- given & rowSums(given) == length(items)
  answers[!given] <- 0
  information <- as.double(given %*% (loadings^2 / residuals))
  score <- as.double(answers %*% (loadings / residuals)) / information
  scored <- !is.na(information) & information > 0
  data.frame(row = which(keep), context = context, fitted_on = fitted_on,
             score = ifelse(scored, score, NA),
             factor_se = ifelse(scored, 1 / sqrt(information), NA))
}

estimates <- scores <- list()
for (part in names(subsets)) {
  for (context in c(as.list(contexts), list(NULL))) {
    own <- if (is.null(context)) everyone else data[[by]] == context
    label <- if (is.null(context)) NA else context
    start <- starts[[paste(part, label)]]
    fit <- try(fit_rows(own & subsets[[part]], start), silent = TRUE)
    if (inherits(fit, "try-error")) {
      message("No factor fits context ", label, ": ", fit)
      next
    }
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
