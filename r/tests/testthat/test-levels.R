# Tolerance 1e-6: lavaan's optimiser stops within about 1e-7 of the maximum.
rows <- lavaan::Demo.twolevel[1:1000, ]
items <- c("y1", "y2", "y3")

test_that("two levels are what lavaan finds by hand", {
  mine <- fit_levels(rows[items], rows$cluster)
  model <- "level: 1\nw =~ y1 + y2 + y3\nlevel: 2\nb =~ y1 + y2 + y3"
  fit <- lavaan::cfa(model, data = rows, cluster = "cluster", std.lv = TRUE)
  raw <- lavaan::parameterEstimates(fit)
  loadings <- raw$est[raw$op == "=~"]
  expect_equal(mine$raw$estimate[c(1:3, 7:9)], loadings, tolerance = 1e-6)
  standardized <- lavaan::standardizedSolution(fit)
  expect_equal(mine$standardized$std_error[c(1:3, 7:9)],
               standardized$se[standardized$op == "=~"], tolerance = 1e-6)
  expect_equal(mine$clusters, length(unique(rows$cluster)))
  expect_equal(mine$fit$df, 0)
  expect_match(attr(mine, "call"), "f1 =~ v1 + v2 + v3", fixed = TRUE)
})

test_that("two items are refused", {
  expect_error(fit_levels(rows[c("y1", "y2")], rows$cluster), "three items")
})
