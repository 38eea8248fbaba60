# Two-way and nested reliabilities from R: psych::ICC on complete tables (where it is right), and
# REML components from lme4 on complete, incomplete and nested ones.
# Run: Rscript crossed.R, which writes crossed.json beside this file.
suppressPackageStartupMessages({library(psych); library(lme4)})

write_long <- function(wide) {
  long <- data.frame(
    clip = as.vector(row(wide)), rater = as.vector(col(wide)), rating = as.vector(wide)
  )
  long[order(long$clip, long$rater), ]
}

run_psych <- function(wide) {
  psych::ICC(wide, lmer = FALSE)$results[c("ICC", "lower bound", "upper bound")]
}

run_lme4 <- function(formula, long) {
  fit <- lmer(formula, long, control = lmerControl(optCtrl = list(xtol_abs = 1e-12, ftol_abs = 1e-12)))
  parts <- as.data.frame(VarCorr(fit))
  as.list(setNames(parts$vcov, parts$grp))
}

fleiss <- matrix(
  c(9, 2, 5, 8, 6, 1, 3, 2, 8, 4, 6, 8, 7, 1, 2, 6, 10, 5, 6, 9, 6, 2, 4, 7),
  ncol = 4, byrow = TRUE
)
set.seed(12)
crowd <- 2 + rnorm(30) + matrix(rnorm(30 * 5), 30) + rep(rnorm(5, 0, .7), each = 30)
crowd <- round(crowd, 2)
incomplete <- write_long(crowd)[-sample(150, 50), ]

subject <- rep(1:20, each = 4)
clips <- data.frame(subject = subject, clip = seq_along(subject))
level <- rnorm(20, 0, .8)[subject] + rnorm(80, 0, .7)
severity <- rnorm(25, 0, .5)
nested <- do.call(rbind, lapply(seq_along(subject), function(clip) {
  rater <- sample(25, sample(3:6, 1))
  data.frame(subject = subject[clip], clip = clip, rater = rater,
             rating = round(2 + level[clip] + severity[rater] + rnorm(length(rater), 0, .6), 2))
}))

out <- list(
  versions = list(R = R.version.string, psych = as.character(packageVersion("psych")),
                  lme4 = as.character(packageVersion("lme4"))),
  fleiss = list(ratings = write_long(fleiss), psych = run_psych(fleiss)),
  crowd = list(ratings = write_long(crowd), psych = run_psych(crowd),
               lme4 = run_lme4(rating ~ 1 + (1 | clip) + (1 | rater), write_long(crowd))),
  incomplete = list(ratings = incomplete,
                    lme4 = run_lme4(rating ~ 1 + (1 | clip) + (1 | rater), incomplete),
                    oneway = run_lme4(rating ~ 1 + (1 | clip), incomplete)),
  nested = list(ratings = nested,
                lme4 = run_lme4(rating ~ 1 + (1 | subject) + (1 | clip) + (1 | rater), nested))
)
folder <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(FALSE), value = TRUE)))
writeLines(jsonlite::toJSON(out, digits = NA, auto_unbox = TRUE, dataframe = "columns"),
           file.path(folder, "crossed.json"))
