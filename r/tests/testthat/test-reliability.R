# Tolerance 1e-4: two optimisers on one criterion; closed forms hold to 1e-5.
skip_if_not_installed("lme4")

test_that("a balanced one-way table gives the ANOVA components", {
  set.seed(1)
  clip <- rep(1:20, each = 4)
  rating <- rnorm(20)[clip] + rnorm(80)
  squares <- summary(aov(rating ~ factor(clip)))[[1]]$`Mean Sq`
  found <- fit_components(rating, clip)$components
  expect_equal(unname(found), c((squares[1] - squares[2]) / 4, squares[2]), tolerance = 1e-5)
  expect_named(found, c("clip", "residual"))
})

test_that("crossed and nested components are lme4's own", {
  set.seed(2)
  rows <- expand.grid(clip = 1:30, rater = 1:6)
  rows$subject <- (rows$clip - 1) %/% 3
  rows$rating <- rnorm(10)[rows$subject + 1] + rnorm(30)[rows$clip] + rnorm(6)[rows$rater] +
    rnorm(180)
  by_hand <- lme4::lmer(rating ~ 1 + (1 | subject) + (1 | clip) + (1 | rater), rows)
  wanted <- as.data.frame(lme4::VarCorr(by_hand))
  found <- with(rows, fit_components(rating, clip, rater, subject))$components
  expect_named(found, c("subject", "clip", "rater", "residual"))
  expect_equal(unname(found[c("subject", "clip", "rater")]),
               wanted$vcov[match(c("subject", "clip", "rater"), wanted$grp)], tolerance = 1e-4)
})

test_that("ids may be any text, and a component at 0 is said to be so", {
  fit <- fit_components(c(1, 4, 4.1, 1, 1, 4.2), clip = c("a", "a", "b (", "b (", "1|x", "1|x"))
  expect_true(fit$singular)
  expect_equal(fit$components[["clip"]], 0, tolerance = 1e-6)
  expect_output(print(fit), "REML")
})
