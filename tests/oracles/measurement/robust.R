# Writes lavaan's own robust answers for part of Demo.twolevel, straight from its rows:
#   Rscript tests/oracles/measurement/robust.R
# twolevel.csv the first 60 clusters, items y1 ... y4, some answers missing; robust_estimates.csv
# standardised loadings and fit by MLR, FIML, both, and with clusters; robust.json versions.
suppressPackageStartupMessages(library(lavaan))
folder <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)))
items <- paste0("y", 1:4)
data <- Demo.twolevel[Demo.twolevel$cluster <= 60, c("cluster", items)]
data[items] <- round(data[items], 3)
data$y2[seq(3, nrow(data), by = 9)] <- NA
data$y4[seq(5, nrow(data), by = 13)] <- NA
data <- cbind(clip = paste0("c", seq_len(nrow(data))), data)
utils::write.csv(data, file.path(folder, "twolevel.csv"), row.names = FALSE, quote = FALSE, na = "")

model <- paste("f =~", paste(items, collapse = " + "))
cases <- list(
  mlr = list(estimator = "MLR"), fiml = list(missing = "fiml"),
  both = list(estimator = "MLR", missing = "fiml"), cluster = list(estimator = "MLR", cluster = "cluster"),
  cluster_fiml = list(estimator = "MLR", cluster = "cluster", missing = "fiml")
)
rows <- scores <- list()
for (case in names(cases)) {
  fit <- do.call("cfa", c(list(model, data = data, std.lv = TRUE, meanstructure = TRUE), cases[[case]]))
  std <- as.data.frame(standardizedSolution(fit))
  std <- std[std$op == "=~", ]
  all <- unclass(fitMeasures(fit))
  names <- c("chisq", "pvalue", "cfi", "rmsea")
  pick <- function(name) {
    found <- all[intersect(paste0(name, if (case == "fiml") "" else c(".robust", ".scaled")), names(all))]
    found[is.finite(found)][1]
  }
  rows[[case]] <- data.frame(case = case, term = c(rep("loading", 4), names), item = c(std$rhs, rep("", 4)),
    estimate = c(std$est.std, vapply(names, pick, 0)), std_error = c(std$se, rep(NA, 4)),
    n = sum(lavInspect(fit, "nobs")))
  if (case == "fiml") {
    full <- lavPredict(fit, method = "Bartlett", se = "standard")
    scores <- data.frame(clip = data$clip, bartlett = as.double(full),
                         std_error = as.double(attr(full, "se")[[1]]),
                         regression = as.double(lavPredict(fit, method = "EBM")))
  }
}
out <- do.call(rbind, rows)
out$estimate <- sprintf("%.15g", out$estimate)
out$std_error <- ifelse(is.na(out$std_error), "", sprintf("%.15g", out$std_error))
utils::write.csv(out, file.path(folder, "robust_estimates.csv"), row.names = FALSE, quote = FALSE)
scores[-1] <- lapply(scores[-1], function(x) sprintf("%.12g", x))
utils::write.csv(scores, file.path(folder, "robust_scores.csv"), row.names = FALSE, quote = FALSE)
writeLines(sprintf('{"R": "%s", "lavaan": "%s"}', getRversion(), packageDescription("lavaan")$Version),
           file.path(folder, "robust.json"))
