# One-way reliabilities from R: mean squares by aov(), intervals by psych::ICC where it is right
# (complete tables). Run: Rscript oneway.R, which writes oneway.json beside this file.
suppressPackageStartupMessages(library(psych))

write_long <- function(wide) {
  long <- data.frame(
    clip = as.vector(row(wide)), rater = as.vector(col(wide)), rating = as.vector(wide)
  )
  long[order(long$clip, long$rater), ]
}

run_psych <- function(wide) {
  out <- psych::ICC(wide, lmer = FALSE)$results
  out[c("Single_raters_absolute", "Average_raters_absolute"),
      c("ICC", "lower bound", "upper bound")]
}

fleiss <- matrix(
  c(9, 2, 5, 8, 6, 1, 3, 2, 8, 4, 6, 8, 7, 1, 2, 6, 10, 5, 6, 9, 6, 2, 4, 7),
  ncol = 4, byrow = TRUE
)
set.seed(11)
crowd <- round(2 + rnorm(30) + matrix(rnorm(30 * 5), 30), 2)
counts <- sample(1:7, 25, replace = TRUE)
clip <- rep(seq_along(counts), counts)
rating <- round(2 + rnorm(25)[clip] + rnorm(length(clip)), 2)
squares <- summary(aov(rating ~ factor(clip)))[[1]]$`Mean Sq`

out <- list(
  versions = list(R = R.version.string, psych = as.character(packageVersion("psych"))),
  fleiss = list(ratings = write_long(fleiss), psych = run_psych(fleiss)),
  crowd = list(ratings = write_long(crowd), psych = run_psych(crowd)),
  unbalanced = list(
    ratings = data.frame(clip = clip, rater = seq_along(clip), rating = rating),
    ms_between = squares[1], ms_within = squares[2]
  )
)
folder <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(FALSE), value = TRUE)))
writeLines(jsonlite::toJSON(out, digits = NA, auto_unbox = TRUE, dataframe = "columns"),
           file.path(folder, "oneway.json"))
