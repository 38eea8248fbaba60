# CPU seconds of boot::boot with per-cluster sums and frequencies: Rscript boot_peer.R sums.csv draws
suppressMessages(library(boot))
given <- commandArgs(trailingOnly = TRUE)
sums <- as.matrix(read.csv(given[1]))
models <- ncol(sums) - 1
pairs <- combn(models, 2)
measure <- function(data, f) {
  total <- colSums(data * f)
  scores <- sqrt(total[-1] / total[1])
  c(scores, scores[pairs[1, ]] - scores[pairs[2, ]])
}
run <- function() {
  found <- boot(sums, measure, R = as.integer(given[2]), stype = "f")
  for (index in seq_along(found$t0)) boot.ci(found, type = "perc", index = index)
  2 * pmin(colMeans(found$t <= 0), colMeans(found$t >= 0))
}
cat(sum(system.time(run())[1:2]))
