# Writes lavaan's own answers for its PoliticalDemocracy data (Bollen, 1989), straight from the rows:
#   Rscript tests/oracles/measurement/political.R
# political.csv the data; political_estimates.csv raw and standardised estimates and fit of three
# models: democracy in 1960 (4 items), industrialisation (3 items), all three factors (11 items);
# political_scores.csv Bartlett scores of the one-factor models; political.json versions.
suppressPackageStartupMessages(library(lavaan))
folder <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)))
data <- cbind(clip = paste0("c", seq_len(nrow(PoliticalDemocracy))), PoliticalDemocracy)
data[-1] <- lapply(data[-1], function(x) as.double(sprintf("%.10g", x)))
utils::write.csv(data, file.path(folder, "political.csv"), row.names = FALSE, quote = FALSE)
models <- list(
  democracy = "democracy =~ y1 + y2 + y3 + y4",
  industry = "industry =~ x1 + x2 + x3",
  all = "industry =~ x1 + x2 + x3\nearly =~ y1 + y2 + y3 + y4\nlate =~ y5 + y6 + y7 + y8"
)
write <- function(x) ifelse(is.na(x), "", sprintf("%.15g", x))
rows <- list()
scores <- data["clip"]
for (name in names(models)) {
  fit <- cfa(models[[name]], data = data, std.lv = TRUE, meanstructure = TRUE)
  raw <- as.data.frame(parameterEstimates(fit))
  std <- as.data.frame(standardizedSolution(fit))
  all <- fitMeasures(fit, c("chisq", "df", "pvalue", "cfi", "rmsea", "srmr"))
  # SRMR as the default call prints it, which has no means.
  all["srmr"] <- fitMeasures(cfa(models[[name]], data = data, std.lv = TRUE), "srmr")
  rows[[name]] <- data.frame(
    model = name, lhs = c(raw$lhs, rep("fit", 6)), op = c(raw$op, rep("", 6)),
    rhs = c(raw$rhs, names(all)), estimate = write(c(raw$est, all)),
    std_error = write(c(raw$se, rep(NA, 6))), standard = write(c(std$est.std, rep(NA, 6))),
    standard_error = write(c(std$se, rep(NA, 6)))
  )
  if (name != "all") scores[[name]] <- write(as.double(lavPredict(fit, method = "Bartlett")))
}
utils::write.csv(do.call(rbind, rows), file.path(folder, "political_estimates.csv"),
                 row.names = FALSE, quote = FALSE)
utils::write.csv(scores, file.path(folder, "political_scores.csv"), row.names = FALSE, quote = FALSE)
writeLines(sprintf('{"R": "%s", "lavaan": "%s"}', getRversion(), packageDescription("lavaan")$Version),
           file.path(folder, "political.json"))
