# Writes lavaan's own invariance and restriction tests of HolzingerSwineford1939, from its rows:
#   Rscript tests/oracles/measurement/invariance.R
# invariance.csv: steps for x1, x2, x3 and for x1 ... x4 (between schools) and of equal items.
suppressPackageStartupMessages(library(lavaan))
folder <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)))
data <- HolzingerSwineford1939
rows <- list()
keep <- function(case, fits) {
  tests <- do.call("lavTestLRT", unname(fits))
  for (step in seq_along(fits)) {
    m <- fitMeasures(fits[[step]], c("chisq", "df", "pvalue", "cfi", "rmsea", "srmr"))
    rows[[length(rows) + 1]] <<- data.frame(case = case, model = names(fits)[step], t(unclass(m)),
      chisq_change = tests[step, "Chisq diff"], df_change = tests[step, "Df diff"],
      p_change = tests[step, "Pr(>Chisq)"])
  }
}
for (p in 3:4) {
  model <- paste("f =~", paste0("x", 1:p, collapse = " + "))
  fit <- function(...) cfa(model, data = data, group = "school", meanstructure = TRUE, ...)
  keep(paste0("groups", p), list(
    configural = fit(), metric = fit(group.equal = "loadings"),
    scalar = fit(group.equal = c("loadings", "intercepts")),
    strict = fit(group.equal = c("loadings", "intercepts", "residuals"))))
}
free <- "f =~ x1 + x2 + x3"
equal <- "f =~ l*x1 + l*x2 + l*x3"
keep("items", list(
  congeneric = cfa(free, data, std.lv = TRUE), `tau-equivalent` = cfa(equal, data, std.lv = TRUE),
  parallel = cfa(paste0(equal, "; x1 ~~ e*x1; x2 ~~ e*x2; x3 ~~ e*x3"), data, std.lv = TRUE)))
out <- do.call(rbind, rows)
numbers <- vapply(out, is.numeric, TRUE)
out[numbers] <- lapply(out[numbers], function(x) ifelse(is.na(x), "", sprintf("%.12g", x)))
utils::write.csv(out, file.path(folder, "invariance.csv"), row.names = FALSE, quote = FALSE)
writeLines(sprintf('{"R": "%s", "lavaan": "%s"}', getRversion(), packageDescription("lavaan")$Version),
           file.path(folder, "invariance.json"))
