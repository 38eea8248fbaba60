# Writes lavaan's own WLSMV answers for four items of psych's bfi, straight from its rows:
#   Rscript tests/oracles/measurement/ordered.R
suppressPackageStartupMessages(library(lavaan))
folder <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)))
items <- paste0("A", 2:5)
data <- psych::bfi[items]
data <- data[stats::complete.cases(data), ][1:700, ]
utils::write.csv(data, file.path(folder, "bfi.csv"), row.names = FALSE, quote = FALSE)
fit <- cfa(paste("f =~", paste(items, collapse = " + ")), data = data, ordered = items, std.lv = TRUE)
std <- standardizedSolution(fit)
std <- std[std$op %in% c("=~", "|"), ]
all <- fitMeasures(fit, c("chisq.scaled", "df", "pvalue.scaled", "srmr"))
out <- data.frame(
  lhs = c(std$lhs, rep("fit", 4)), op = c(std$op, rep("", 4)), rhs = c(std$rhs, names(all)),
  estimate = sprintf("%.12g", c(std$est.std, all)),
  std_error = c(sprintf("%.12g", std$se), rep("", 4)))
utils::write.csv(out, file.path(folder, "ordered.csv"), row.names = FALSE, quote = FALSE)
scores <- data.frame(mode = sprintf("%.10g", as.double(lavPredict(fit, method = "EBM"))))
utils::write.csv(scores, file.path(folder, "ordered_scores.csv"), row.names = FALSE, quote = FALSE)
writeLines(sprintf('{"R": "%s", "lavaan": "%s", "psych": "%s"}', getRversion(),
                   packageDescription("lavaan")$Version, packageDescription("psych")$Version),
           file.path(folder, "ordered.json"))
