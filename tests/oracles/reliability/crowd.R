# What psych::ICC makes of a crowd: 150 clips, each rated by 6 of 40 workers, as the clips-by-workers
# matrix that it takes. Truth: ICC(1,1) = .40, ICC(1,6) = .80.
# Run: Rscript crowd.R, which writes crowd.json beside this file.
suppressPackageStartupMessages(library(psych))
set.seed(13)
wide <- matrix(NA_real_, 150, 40)
for (clip in 1:150) wide[clip, sample(40, 6)] <- rnorm(1, 0, sqrt(.4)) + rnorm(6, 0, sqrt(.6))
wide <- round(wide, 2)
at <- which(!is.na(wide), arr.ind = TRUE)
at <- at[order(at[, 1]), ]
printed <- suppressMessages(psych::ICC(wide, lmer = TRUE)$results)
keep <- c("Single_raters_absolute", "Average_raters_absolute")
out <- list(
  versions = list(R = R.version.string, psych = as.character(packageVersion("psych"))),
  ratings = data.frame(clip = at[, 1], rater = at[, 2], rating = wide[at]),
  psych = printed[keep, c("ICC", "lower bound", "upper bound")]
)
folder <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(FALSE), value = TRUE)))
writeLines(jsonlite::toJSON(out, digits = NA, auto_unbox = TRUE, dataframe = "columns"),
           file.path(folder, "crowd.json"))
