# Cluster bootstrap of two models by R's boot: data, drawn clusters, draws and boot.ci intervals.
# Writes boot_clusters.json beside this script. Run: Rscript boot_clusters.R
suppressMessages({library(boot); library(jsonlite)})
folder <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)))
set.seed(20201)
sizes <- rep(c(2, 3, 4, 6), 6)
subject <- rep(sprintf("s%02d", seq_along(sizes)), sizes)
level <- rnorm(length(sizes))[match(subject, unique(subject))]
truth <- round(level + rnorm(length(subject)), 4)
data <- data.frame(
  clip = sprintf("c%03d", seq_along(subject)), subject = subject, truth = truth,
  a = round(.7 * truth + rnorm(length(truth), sd = .8), 4),
  b = round(.4 * truth + rt(length(truth), 4), 4)
)
groups <- split(seq_len(nrow(data)), data$subject)
measure <- function(clusters, drawn) {
  taken <- data[unlist(groups[clusters[drawn]]), ]
  rmse <- sapply(taken[c("a", "b")], function(p) sqrt(mean((p - taken$truth)^2)))
  mae <- sapply(taken[c("a", "b")], function(p) mean(abs(p - taken$truth)))
  r <- sapply(taken[c("a", "b")], function(p) cor(p, taken$truth))
  c(rmse, rmse[1] - rmse[2], mae, mae[1] - mae[2], r, r[1] - r[2])
}
draws <- 999
found <- boot(seq_along(groups), measure, R = draws)
drawn <- boot.array(found, indices = TRUE)
terms <- paste(rep(c("rmse", "mae", "correlation"), each = 3), c("a", "b", "a - b"))
rows <- lapply(seq_along(terms), function(index) {
  influence <- empinf(found, index = index, type = "jack")
  do.call(rbind, lapply(c(.95, .9), function(level) {
    plain <- boot.ci(found, conf = level, type = c("perc", "basic"), index = index)
    one <- function(L) boot.ci(found, conf = level, type = "bca", index = index, L = L)$bca[4:5]
    # The acceleration rests on influence values about their mean; boot's own are about t0.
    bca <- one(influence - mean(influence)); raw <- one(influence)
    data.frame(term = terms[index], level = level, estimate = found$t0[[index]],
      percentile_low = plain$percent[4], percentile_high = plain$percent[5],
      basic_low = plain$basic[4], basic_high = plain$basic[5],
      bca_low = bca[1], bca_high = bca[2], bca_raw_low = raw[1], bca_raw_high = raw[2])
  }))
})
write_json(list(
  made_by = "boot_clusters.R", r = R.version.string, boot = as.character(packageVersion("boot")),
  data = data, drawn = drawn - 1L, intervals = do.call(rbind, rows)
), file.path(folder, "boot_clusters.json"), digits = NA, dataframe = "columns", auto_unbox = TRUE)
