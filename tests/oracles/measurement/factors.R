# Writes lavaan's own Bartlett scores and standardised solution of its three-factor example:
#   Rscript tests/oracles/measurement/factors.R
suppressPackageStartupMessages(library(lavaan))
folder <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)))
data <- HolzingerSwineford1939
model <- "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9"
fit <- cfa(model, data = data, std.lv = TRUE, meanstructure = TRUE)
scores <- data.frame(clip = paste0("c", data$id), unclass(lavPredict(fit, method = "Bartlett")))
scores[-1] <- lapply(scores[-1], function(x) sprintf("%.12g", x))
utils::write.csv(scores, file.path(folder, "factors_scores.csv"), row.names = FALSE, quote = FALSE)
std <- standardizedSolution(fit)
std <- std[std$op != "~1" & !(std$op == "~~" & std$lhs == std$rhs & std$lhs %in% c("visual", "textual", "speed")), ]
out <- data.frame(lhs = std$lhs, op = std$op, rhs = std$rhs, estimate = sprintf("%.12g", std$est.std),
                  std_error = sprintf("%.12g", std$se))
utils::write.csv(out, file.path(folder, "factors.csv"), row.names = FALSE, quote = FALSE)
writeLines(sprintf('{"R": "%s", "lavaan": "%s"}', getRversion(), packageDescription("lavaan")$Version),
           file.path(folder, "factors.json"))
