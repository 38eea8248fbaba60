# Writes lavaan's own answers for HolzingerSwineford1939, straight from its rows, beside itself:
#   Rscript tests/oracles/measurement/holzinger.R
# holzinger.csv the data; holzinger_estimates.csv estimates, standard errors, limits, by school and
# pooled, for three and four items; holzinger_scores.csv Bartlett scores; holzinger.json versions.
suppressPackageStartupMessages(library(lavaan))
folder <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)))
save <- function(table, name) {
  numbers <- vapply(table, is.double, TRUE)
  table[numbers] <- lapply(table[numbers], function(x) ifelse(is.na(x), "", sprintf("%.15g", x)))
  utils::write.csv(table, file.path(folder, name), row.names = FALSE, quote = FALSE)
}

data <- HolzingerSwineford1939
data$school <- as.character(data$school)
data$clip <- paste0("c", data$id)
items <- paste0("x", 1:9)
save(data[c("clip", "school", items)], "holzinger.csv")

groups <- list(Pasteur = data$school == "Pasteur", `Grant-White` = data$school == "Grant-White",
               all = rep(TRUE, nrow(data)))
estimates <- scores <- list()
for (p in 3:4) {
  model <- paste("f =~", paste(items[1:p], collapse = " + "))
  for (group in names(groups)) {
    rows <- data[groups[[group]], ]
    fit <- cfa(model, data = rows, std.lv = TRUE, meanstructure = TRUE)
    raw <- as.data.frame(parameterEstimates(fit))
    std <- as.data.frame(standardizedSolution(fit))
    fits <- fitMeasures(fit)
    # SRMR as the default call prints it, which has no means.
    fits["srmr"] <- fitMeasures(cfa(model, data = rows, std.lv = TRUE), "srmr")
    keep <- c("lhs", "op", "rhs", "se", "ci.lower", "ci.upper")
    fit_rows <- data.frame(lhs = "fit", op = "", rhs = names(fits), se = NA_real_, ci.lower = NA_real_,
                           ci.upper = NA_real_, est = as.double(fits))
    fit_rows <- fit_rows[fit_rows$rhs %in% c("chisq", "df", "pvalue", "cfi", "tli", "rmsea",
                                             "rmsea.ci.lower", "rmsea.ci.upper", "srmr"), ]
    estimates[[length(estimates) + 1]] <- data.frame(items = p, group = group, kind =
      rep(c("raw", "standardized", "fit"), c(nrow(raw), nrow(std), nrow(fit_rows))),
      rbind(cbind(raw[keep], estimate = raw$est), cbind(std[keep], estimate = std$est.std),
            cbind(fit_rows[keep], estimate = fit_rows$est)))
    if (p == 3) {
      scores[[length(scores) + 1]] <- data.frame(group = group, clip = rows$clip,
        score = as.double(lavPredict(fit, method = "Bartlett")))
    }
  }
}
save(do.call(rbind, estimates), "holzinger_estimates.csv")
save(do.call(rbind, scores), "holzinger_scores.csv")
writeLines(sprintf('{"R": "%s", "lavaan": "%s"}', getRversion(), packageDescription("lavaan")$Version),
           file.path(folder, "holzinger.json"))
