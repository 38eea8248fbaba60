# Elastic net weights of glmnet on R's own mtcars, for tests/models/test_penalties.py.
# Run: Rscript glmnet_path.R [OUT.json]
#
# glmnet scales a gaussian target to SD 1 before it applies lambda, so that its ridge part is
# lambda / SD(y) in the target's own unit. The target is scaled to SD 1 (divisor n) here, where
# the two objectives are the same.
library(glmnet)

scale_by_n <- function(column) {
  centred <- column - mean(column)
  centred / sqrt(mean(centred^2))
}
values <- as.matrix(mtcars[, -1])
truth <- scale_by_n(mtcars$mpg)
spread <- apply(values, 2, function(column) sqrt(mean((column - mean(column))^2)))
alphas <- c(1, .5, .1, .05, .01)
ratios <- c(0, .1, .3, .5, .7, 1)

rows <- list()
for (ratio in ratios) {
  fit <- glmnet(values, truth, alpha = ratio, lambda = alphas, standardize = TRUE,
                thresh = 1e-20, maxit = 1e7)
  for (i in seq_along(alphas)) {
    weights <- as.numeric(fit$beta[, i]) * spread
    rows[[length(rows) + 1]] <- sprintf(
      '{"alpha": %g, "l1_ratio": %g, "weights": [%s]}', alphas[i], ratio,
      paste(sprintf("%.15g", weights), collapse = ", "))
  }
}
matrix_rows <- apply(values, 1, function(row) paste0("[", paste(row, collapse = ", "), "]"))
out <- commandArgs(trailingOnly = TRUE)
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)))
out <- if (length(out)) out[1] else file.path(here, "glmnet_path.json")
writeLines(c(
  "{",
  sprintf('"R": "%s", "glmnet": "%s",', getRversion(), packageVersion("glmnet")),
  sprintf('"features": [%s],', paste0('"', colnames(values), '"', collapse = ", ")),
  sprintf('"values": [%s],', paste(matrix_rows, collapse = ",\n")),
  sprintf('"truth": [%s],', paste(sprintf("%.15g", truth), collapse = ", ")),
  sprintf('"rows": [%s]', paste(unlist(rows), collapse = ",\n")),
  "}"), out)
