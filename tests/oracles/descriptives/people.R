# Analyses of variance, t tests and correlations of people's scores, by base R.
# Run: Rscript people.R, which writes people.json beside this file.
set.seed(7)

# 14 people in two groups of unequal size, three contexts with 2, 3 and 4 clips each.
people <- sprintf("s%02d", 1:14)
sizes <- c(calm = 2, fear = 3, joy = 4)
clips <- do.call(rbind, lapply(people, function(person) {
  level <- rnorm(1)
  do.call(rbind, lapply(names(sizes), function(context) {
    k <- sizes[[context]]
    shift <- c(calm = 0, fear = .5, joy = 1.1)[[context]] * (1 + .4 * rnorm(1))
    data.frame(subject = person, context = context,
               score = round(level + shift + rnorm(k), 3), smile = NA, gaze = NA)
  }))
}))
clips$group <- ifelse(clips$subject <= "s05", "patient", "control")
clips$smile <- round(.5 * clips$score + rnorm(nrow(clips)), 3)
clips$gaze <- round(rexp(nrow(clips)), 3)

cells <- aggregate(score ~ subject + context + group, clips, mean)
wide <- reshape(cells, idvar = c("subject", "group"), timevar = "context", direction = "wide")
y <- as.matrix(wide[paste0("score.", names(sizes))])
colnames(y) <- names(sizes)

list_tests <- function(fit) {
  # Rows of a summary of aov with Error, by stratum.
  do.call(rbind, lapply(summary(fit), function(stratum) {
    found <- stratum[[1]]
    data.frame(term = trimws(rownames(found)), df = found$Df, ss = found$`Sum Sq`,
               f = if (is.null(found$`F value`)) NA else found$`F value`)
  }))
}
repeated <- list_tests(aov(score ~ context + Error(factor(subject) / context), cells))
mixed <- list_tests(aov(score ~ group * context + Error(factor(subject) / context), cells))
spherical <- anova(lm(y ~ 1), X = ~1, test = "Spherical")
grouped <- anova(lm(y ~ group, data = wide), X = ~1, test = "Spherical")
mauchly <- mauchly.test(lm(y ~ 1), X = ~1)
mauchly_grouped <- mauchly.test(lm(y ~ group, data = wide), X = ~1)
read_epsilon <- function(found) {
  as.numeric(sub(".*: *", "", grep("Greenhouse", attr(found, "heading"), value = TRUE)))
}

pair <- function(a, b) {
  found <- t.test(y[, a], y[, b], paired = TRUE)
  data.frame(context = a, versus = b, t = found$statistic, df = found$parameter,
             p = found$p.value, low = found$conf.int[1], high = found$conf.int[2])
}
pairs <- rbind(pair("calm", "fear"), pair("calm", "joy"), pair("fear", "joy"))
pairs$holm <- p.adjust(pairs$p, "holm")
groups <- t.test(rowMeans(y)[wide$group == "patient"], rowMeans(y)[wide$group == "control"])

# Contexts with people of their own: nine of each, from three disjoint thirds of the table.
apart <- cells[(cells$context == "calm" & cells$subject <= "s05") |
                 (cells$context == "fear" & cells$subject > "s05" & cells$subject <= "s09") |
                 (cells$context == "joy" & cells$subject > "s09"), ]
plain <- oneway.test(score ~ context, apart, var.equal = TRUE)
welch <- oneway.test(score ~ context, apart)
apart_t <- t.test(apart$score[apart$context == "calm"], apart$score[apart$context == "joy"])

# Repeated-measures correlation: an analysis of covariance with a line for each person.
correlate <- function(feature) {
  fit <- anova(lm(clips$score ~ factor(clips$subject) + clips[[feature]]))
  slope <- coef(lm(clips$score ~ clips[[feature]] + factor(clips$subject)))[2]
  means <- aggregate(clips[c("score", feature)], clips["subject"], mean)
  between <- cor.test(means$score, means[[feature]])
  data.frame(
    feature = feature,
    within = unname(sign(slope)) * sqrt(fit$`Sum Sq`[2] / sum(fit$`Sum Sq`[2:3])),
    within_p = fit$`Pr(>F)`[2], within_df = fit$Df[3],
    between = unname(between$estimate), between_p = between$p.value,
    between_low = between$conf.int[1], between_high = between$conf.int[2]
  )
}
features <- rbind(correlate("smile"), correlate("gaze"))

# Two questions of ratings: correlations between clips and within them.
ratings <- data.frame(clip = rep(1:20, each = 4), rater = rep(1:4, 20))
trait <- rnorm(20)[ratings$clip]
halo <- rnorm(80)
ratings$joy <- round(2 + trait + .8 * halo + .5 * rnorm(80))
ratings$motion <- round(2 + .6 * trait + .8 * halo + .5 * rnorm(80))
means <- aggregate(cbind(joy, motion) ~ clip, ratings, mean)
residual <- function(name) resid(lm(ratings[[name]] ~ factor(ratings$clip)))

out <- list(
  versions = list(R = R.version.string),
  clips = clips, repeated = repeated, mixed = mixed,
  epsilon = read_epsilon(spherical), epsilon_mixed = read_epsilon(grouped),
  gg = spherical$`G-G Pr`[1], gg_mixed = grouped$`G-G Pr`[1:2],
  mauchly = list(w = unname(mauchly$statistic), p = mauchly$p.value),
  mauchly_mixed = list(w = unname(mauchly_grouped$statistic), p = mauchly_grouped$p.value),
  pairs = pairs,
  groups = list(t = unname(groups$statistic), df = unname(groups$parameter), p = groups$p.value,
                low = groups$conf.int[1], high = groups$conf.int[2]),
  apart = list(rows = apart, f = unname(plain$statistic), p = plain$p.value,
               welch_f = unname(welch$statistic), welch_p = welch$p.value,
               welch_df = unname(welch$parameter), t = unname(apart_t$statistic),
               t_df = unname(apart_t$parameter), t_p = apart_t$p.value),
  features = features,
  ratings = ratings, between = cor(means$joy, means$motion),
  within = cor(residual("joy"), residual("motion"))
)
folder <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(FALSE), value = TRUE)))
writeLines(jsonlite::toJSON(out, digits = NA, auto_unbox = TRUE, dataframe = "columns"),
           file.path(folder, "people.json"))
