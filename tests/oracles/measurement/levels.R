# Writes lavaan's own two-level answers for part of Demo.twolevel, straight from its rows:
#   Rscript tests/oracles/measurement/levels.R
# levels.csv the first 2,500 rows (200 clusters), items y1 ... y3; levels_estimates.csv raw and
# standardised estimates of both levels for y1 ... y3 (df 0) and the intraclass correlations;
# levels.json versions.
suppressPackageStartupMessages(library(lavaan))
folder <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)))
items <- paste0("y", 1:3)
data <- Demo.twolevel[seq_len(2500), c("cluster", items)]
data[items] <- round(data[items], 3)
data <- cbind(clip = paste0("c", seq_len(nrow(data))), data)
utils::write.csv(data, file.path(folder, "levels.csv"), row.names = FALSE, quote = FALSE)
model <- "level: 1\nwithin =~ y1 + y2 + y3\nlevel: 2\nbetween =~ y1 + y2 + y3"
fit <- cfa(model, data = data, cluster = "cluster", std.lv = TRUE)
raw <- as.data.frame(parameterEstimates(fit))
std <- as.data.frame(standardizedSolution(fit))
icc <- lavInspect(fit, "icc")
write <- function(x) ifelse(is.na(x), "", sprintf("%.15g", x))
out <- data.frame(
  level = c(raw$level, rep(0, 3)), lhs = c(raw$lhs, rep("icc", 3)), op = c(raw$op, rep("", 3)),
  rhs = c(raw$rhs, names(icc)), estimate = write(c(raw$est, icc)),
  std_error = write(c(raw$se, rep(NA, 3))), standard = write(c(std$est.std, rep(NA, 3))),
  standard_error = write(c(std$se, rep(NA, 3)))
)
utils::write.csv(out, file.path(folder, "levels_estimates.csv"), row.names = FALSE, quote = FALSE)
writeLines(sprintf('{"R": "%s", "lavaan": "%s"}', getRversion(), packageDescription("lavaan")$Version),
           file.path(folder, "levels.json"))
