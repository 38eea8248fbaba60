# CPU seconds of boot::boot over clusters: Rscript boot_peer.R table.csv draws rows|sums
# rows: first column the cluster (1, 2, …), then squared errors, taken row by row for each draw.
# sums: first column the cluster's rows, then its sums of squared errors, by frequencies.
suppressMessages(library(boot))
given <- commandArgs(trailingOnly = TRUE)
table <- as.matrix(read.csv(given[1]))
pairs <- combn(ncol(table) - 1, 2)
compare <- function(scores) c(scores, scores[pairs[1, ]] - scores[pairs[2, ]])
squares <- table[, -1]
held <- split(seq_len(nrow(table)), table[, 1])
by_rows <- function(data, drawn) {
  compare(sqrt(colMeans(squares[unlist(held[drawn], use.names = FALSE), ])))
}
by_sums <- function(data, counts) {
  total <- colSums(data * counts)
  compare(sqrt(total[-1] / total[1]))
}
run <- function() {
  draws <- as.integer(given[2])
  found <- if (given[3] == "rows") {
    boot(seq_along(held), by_rows, R = draws)
  } else {
    boot(table, by_sums, R = draws, stype = "f")
  }
  for (index in seq_along(found$t0)) boot.ci(found, type = "perc", index = index)
  2 * pmin(colMeans(found$t <= 0), colMeans(found$t >= 0))
}
cat(sum(system.time(run())[1:2]))
