# Tolerance 1e-6: lavaan's optimiser stops within about 1e-7 of the maximum.
data <- lavaan::HolzingerSwineford1939
items <- c("x1", "x2", "x3")

by_hand <- function(rows) {
  lavaan::cfa("f =~ x1 + x2 + x3", data = rows, std.lv = TRUE, meanstructure = TRUE)
}

test_that("one factor is what lavaan finds by hand", {
  fit <- fit_one_factor(data, items)
  wanted <- lavaan::parameterEstimates(by_hand(data))
  loadings <- wanted[wanted$op == "=~", ]
  mine <- fit$parameters[fit$parameters$term == "loading", ]
  expect_equal(mine$item, items)
  expect_equal(mine$estimate, loadings$est, tolerance = 1e-6)
  expect_equal(mine$conf_low, loadings$ci.lower, tolerance = 1e-6)
  expect_match(attr(fit, "call"), "f =~ v1 + v2 + v3", fixed = TRUE)
})

test_that("three items are the closed form", {
  s <- cov(data[items]) * (nrow(data) - 1) / nrow(data)
  first <- sqrt(s[1, 2] * s[1, 3] / s[2, 3])
  expect_equal(fit_one_factor(data, items)$parameters$estimate[1:3],
               c(first, s[1, 2] / first, s[1, 3] / first), tolerance = 1e-6)
})

test_that("moments give what rows give", {
  s <- cov(data[items]) * (nrow(data) - 1) / nrow(data)
  rows <- fit_one_factor(data, items)
  moments <- fit_moments(s, colMeans(data[items]), nrow(data))
  expect_equal(moments$parameters, rows$parameters, tolerance = 1e-8)
  expect_equal(moments$standardized, rows$standardized, tolerance = 1e-8)
  expect_equal(moments$vcov, rows$vcov, tolerance = 1e-8)
})

test_that("a level moves the limits", {
  fit <- fit_one_factor(data, items, level = 0.5)
  row <- fit$parameters[1, ]
  expect_equal(row$conf_high, row$estimate + qnorm(0.75) * row$std_error, tolerance = 1e-8)
})

test_that("four items have fit measures and three have none", {
  expect_equal(fit_one_factor(data, items)$fit, list(df = 0))
  fit <- fit_one_factor(data, c(items, "x4"))$fit
  wanted <- lavaan::cfa("f =~ x1 + x2 + x3 + x4", data = data, std.lv = TRUE, meanstructure = TRUE)
  expect_equal(fit$chisq, unname(as.numeric(lavaan::fitMeasures(wanted, "chisq"))), tolerance = 1e-6)
  expect_equal(fit$df, 2)
})

test_that("scores keep their row and are lavaan's", {
  fit <- fit_one_factor(data, items)
  rows <- data
  rows$x2[5] <- NA
  scores <- score_bartlett(fit, rows)
  expect_equal(nrow(scores), nrow(data))
  expect_equal(which(is.na(scores$score)), 5)
  wanted <- as.double(lavaan::lavPredict(by_hand(data), method = "Bartlett"))
  expect_equal(scores$score[-5], wanted[-5], tolerance = 1e-6)
})

test_that("names never reach lavaan, which would run them", {
  trap <- basename(tempfile())  # lavaan drops spaces, which a folder may have
  loose <- sprintf('f =~ x1 + x2 + file.create("%s") * x3', trap)
  try(suppressWarnings(lavaan::cfa(loose, data = data)), silent = TRUE)
  expect_true(file.exists(trap))
  unlink(trap)
  rows <- data[items]
  names(rows)[3] <- sprintf('file.create("%s") * x3', trap)
  fit <- fit_one_factor(rows, names(rows))
  expect_false(file.exists(trap))
  expect_equal(fit$standardized$item[3], names(rows)[3])
})

test_that("two items are refused", {
  expect_error(fit_one_factor(data, items[1:2]), "three items")
})

# Why clusters are resampled by us: bootstrapLavaan draws rows, whatever `cluster` says. Ten copies
# of each row carry the information of one, so its standard error comes out too small by about √10.
test_that("bootstrapLavaan of lavaan 0.6 ignores clusters", {
  skip_if(utils::packageVersion("lavaan") >= "0.7")
  copies <- data[rep(1:120, each = 10), items]
  copies$g <- rep(1:120, each = 10)
  fit <- suppressWarnings(
    lavaan::cfa("f =~ x1 + x2 + x3", data = copies, std.lv = TRUE, cluster = "g")
  )
  robust <- lavaan::parameterEstimates(fit)$se[1]
  set.seed(1)
  drawn <- suppressWarnings(lavaan::bootstrapLavaan(fit, R = 20, FUN = function(x) lavaan::coef(x)[1]))
  expect_lt(stats::sd(drawn), 0.5 * robust)
})
